//! A progress bar on standard error.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar that only appears when the work takes longer than half a second.
pub(super) struct Meter {
    started: Instant,
    bar: Mutex<Option<ProgressBar>>,
    wanted: bool,
    hint: &'static str,
}

const PATIENCE: Duration = Duration::from_millis(500);

impl Meter {
    pub(super) fn new(wanted: bool) -> Self {
        Self { started: Instant::now(), bar: Mutex::new(None), wanted, hint: "" }
    }

    /// With a line below the bar, which stays on the screen when the program is interrupted.
    #[cfg(feature = "account")]
    pub(super) fn hinting(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// Says how much of `what` is done.
    pub(super) fn show(&self, what: impl Into<std::borrow::Cow<'static, str>>, done: usize, total: usize) {
        if !self.wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        let what = what.into();
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let lines = "{msg} {wide_bar} {pos}/{len}";
            let style = match self.hint {
                "" => ProgressStyle::with_template(lines),
                _ => ProgressStyle::with_template(&format!("{lines}\n{{prefix}}")),
            };
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total as u64).with_style(style).with_prefix(self.hint).with_message(what.clone())
        });
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(what);
    }

    pub(super) fn finish(&self) {
        let bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bar) = bar.as_ref() {
            bar.finish_and_clear();
        }
    }
}

//! A folder for what is not kept. It goes with the program, also when that is interrupted: what it holds is the
//! configuration of somebody's account.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A folder that only its owner can read.
pub(super) struct Scratch {
    folder: TempDir,
    #[cfg(unix)]
    signals: signal_hook::iterator::Handle,
}

impl Scratch {
    #[cfg(unix)]
    pub(super) fn new() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;
        use signal_hook::low_level::emulate_default_handler;

        let folder = TempDir::new()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let handle = signals.handle();
        let path = folder.path().to_owned();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                remove(&path);
                // Whoever started the program sees it end by the signal.
                if emulate_default_handler(signal).is_err() {
                    std::process::abort();
                }
            }
        });
        Ok(Self { folder, signals: handle })
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { folder: TempDir::new()? })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(unix)]
impl Drop for Scratch {
    fn drop(&mut self) {
        self.signals.close();
    }
}

/// Others still write while it is removed, and a folder in which something appears meanwhile is not empty.
#[cfg(unix)]
fn remove(folder: &Path) {
    for _ in 0..10 {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {}
            _ => return,
        }
    }
}

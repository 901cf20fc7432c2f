//! Texts within their limits.

use super::super::View;
use super::super::origin::{Origin, Origins};
use crate::finding::{Finding, Verdict};

/// Characters of ids and generator ids.
pub(super) const NAME: usize = 512;
pub(super) const TITLE: usize = 256;
pub const DESCRIPTION: usize = 1024;
pub(super) const REMEDY: usize = 512;
/// Characters of one related requirement.
pub(super) const REQUIREMENT: usize = 64;
/// Characters of a value of `ProductFields`, and of the details of a resource.
pub(super) const FIELD: usize = 2048;

/// At most so many characters, the last an ellipsis when something was cut off.
pub fn clip(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// What is wrong, what is not known, and the proof, as far as it has room.
pub(super) fn description(finding: &Finding, origin: &Origin<'_>, origins: &Origins<'_>, view: &View<'_>) -> String {
    let mut text = one_line(&finding.sentence());
    if finding.verdict == Verdict::Waived {
        text.push_str(" (waived)");
    }
    if !finding.reasons.is_empty() {
        let reasons: Vec<String> = finding.reasons.iter().map(|reason| one_line(reason)).collect();
        text = format!("{text}. Not known: {}", reasons.join("; "));
    }
    let mut steps = finding.evidence.iter().enumerate();
    for (index, step) in steps.by_ref() {
        let place = match (step.span, origin.live) {
            (None, _) => None,
            (Some(span), true) => origins.resource(span).map(|(_, held)| held.id.clone()),
            (Some(span), false) => Some(view.place(span)),
        };
        let label = one_line(&step.label);
        let step = place.map_or_else(|| label.clone(), |place| format!("{label} [{place}]"));
        let before = if index == 0 { ". Evidence: " } else { "; " };
        let left = finding.evidence.len() - index;
        // The first step is shown even when it must be cut.
        let room = DESCRIPTION.saturating_sub(text.chars().count() + " and 99 more".len());
        if index > 0 && before.len() + step.chars().count() > room {
            return format!("{text} and {left} more");
        }
        text = format!("{text}{before}{step}");
    }
    text
}

/// Clauses of a message stand on lines of their own.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

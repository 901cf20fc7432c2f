//! Whose a finding is, for formats that must say so: account, region, resource and time.
//!
//! A snapshot tells all of it. A template tells none of it, so it must be given.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::View;
use crate::finding::Finding;
use crate::input::collected::{Collected, GLOBAL, Held};
use crate::source::{FileId, Span};

/// When and for whom a report is made, as far as the input does not tell.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// The time of the report; else that at which a snapshot was collected.
    pub as_of: Option<Timestamp>,
    /// The account that templates are meant for.
    pub account: Option<String>,
    /// The region that templates are meant for.
    pub region: Option<String>,
    /// `aws` when not given.
    pub partition: Option<String>,
}

/// Whose a finding is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// Nothing for a template without `--account`.
    pub account: Option<&'a str>,
    /// [`crate::input::collected::GLOBAL`] for services without regions; nothing for a template without `--region`.
    pub region: Option<&'a str>,
    pub partition: &'a str,
    pub at: Option<Timestamp>,
    /// Nothing for a template, and for what could not be read.
    pub resource: Option<&'a Held>,
    /// Read of a snapshot, where places in files mean nothing to who reads the finding.
    pub live: bool,
}

/// Finds whose a place is.
#[derive(Debug)]
pub(super) struct Origins<'a> {
    by_file: BTreeMap<FileId, Vec<&'a Collected>>,
    occasion: &'a Occasion,
}

impl<'a> Origins<'a> {
    pub(super) fn of(view: &'a View<'a>) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<&Collected>> = BTreeMap::new();
        for part in &view.report.collected {
            by_file.entry(part.span.file).or_default().push(part);
        }
        Self { by_file, occasion: &view.occasion }
    }

    /// What was collected there.
    fn part(&self, span: Span) -> Option<&'a Collected> {
        self.by_file.get(&span.file)?.iter().find(|part| part.covers(span)).copied()
    }

    /// The resource of a snapshot that is written there.
    pub(super) fn resource(&self, span: Span) -> Option<(&'a Collected, &'a Held)> {
        let part = self.part(span)?;
        Some((part, part.resource_at(span)?))
    }

    /// Whose a place of a snapshot is: the ARN of its resource, or the account and region where it is in none. Nothing for other
    /// files.
    pub(super) fn owner(&self, span: Span) -> Option<String> {
        let part = self.part(span)?;
        Some(match part.resource_at(span) {
            Some(held) => held.id.clone(),
            None if part.region == GLOBAL => format!("account {}", part.account),
            None => format!("account {}, {}", part.account, part.region),
        })
    }

    /// The account and region that something is of which could not be read; nothing for what was.
    pub(super) fn unread(&self, span: Span) -> Option<(&'a str, &'a str)> {
        let part = self.part(span).filter(|part| part.resource_at(span).is_none())?;
        Some((&part.account, &part.region))
    }

    /// Where something is: in a live account whose it is, else `file:line:column`.
    pub(super) fn place(&self, view: &View<'_>, span: Span) -> String {
        self.owner(span).unwrap_or_else(|| view.place(span))
    }

    pub(super) fn origin(&self, finding: &Finding) -> Origin<'a> {
        let span = finding.subject.span;
        let occasion = self.occasion;
        let Some(part) = self.part(span) else {
            return Origin {
                account: occasion.account.as_deref(),
                region: occasion.region.as_deref(),
                partition: occasion.partition.as_deref().unwrap_or("aws"),
                at: occasion.as_of,
                resource: None,
                live: false,
            };
        };
        Origin {
            account: Some(&part.account),
            region: Some(&part.region),
            partition: &part.partition,
            at: occasion.as_of.or_else(|| part.at.as_deref()?.parse().ok()),
            resource: part.resource_at(span),
            live: true,
        }
    }
}

/// What must be given for a format that needs the time of each finding, and its account and region if `owner` says so.
pub(super) fn missing(view: &View<'_>, format: &str, owner: bool) -> Option<String> {
    let origins = Origins::of(view);
    let lacking = view.findings().find_map(|finding| {
        let origin = origins.origin(finding);
        let options: Vec<&str> = [
            (owner && origin.account.is_none()).then_some("`--account`"),
            (owner && origin.region.is_none()).then_some("`--region`"),
            origin.at.is_none().then_some("`--as-of`"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!options.is_empty()).then_some((finding.subject.span, options))
    });
    let (span, options) = lacking?;
    let file = &view.sources.file(span.file).name;
    let what = if options.as_slice() == ["`--as-of`"] { "a time" } else { "an account, a region and a time" };
    Some(format!("{format} findings have {what}, which `{file}` does not tell; give {}", options.join(", ")))
}

//! Source lines around the subject and the steps of its proof.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Snippet, normalize_untrusted_str};

use super::mask::Secrets;
use crate::report::View;
use crate::source::{FileId, SourceMap, Span};

/// Lines longer than this were written for programs, as plans are, and are not shown.
const MAX_LINE: usize = 500;

/// One excerpt a file, the subject's own first: that is where the user goes. Labels of the same place are joined.
pub(super) fn excerpts(
    view: &View<'_>,
    secrets: &Secrets,
    subject: Span,
    labelled: impl IntoIterator<Item = (Span, String)>,
) -> Vec<Element<'static>> {
    let mut places: Vec<Place> = Vec::new();
    for (span, label) in labelled {
        match places.iter_mut().find(|place| place.span == span) {
            Some(place) => place.label = format!("{}; {label}", place.label),
            None => places.push(Place { span, label }),
        }
    }
    if !places.iter().any(|place| place.span == subject) {
        places.insert(0, Place { span: subject, label: String::new() });
    }
    let mut files: Vec<FileId> = Vec::new();
    for place in &places {
        if !files.contains(&place.span.file) {
            files.push(place.span.file);
        }
    }
    files.sort_by_key(|file| *file != subject.file);
    files
        .into_iter()
        .flat_map(|file| {
            let here: Vec<&Place> = places.iter().filter(|place| place.span.file == file).collect();
            let text = &view.sources.file(file).text;
            if here.iter().any(|place| line(text, place.span).len() > MAX_LINE) {
                return places_only(view, subject, &here);
            }
            vec![snippet(view.sources, secrets, file, subject, &here).into()]
        })
        .collect()
}

/// The line in which a span starts.
fn line(text: &str, span: Span) -> Range<usize> {
    let at = (span.start as usize).min(text.len());
    let start = text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(at..).and_then(|tail| tail.find('\n')).map_or(text.len(), |end| at + end);
    start..end
}

/// Where a file is meant, without showing it.
fn places_only(view: &View<'_>, subject: Span, places: &[&Place]) -> Vec<Element<'static>> {
    let shown = places.iter().find(|place| place.span == subject).or(places.first());
    let origin = shown.map(|place| {
        let at = view.sources.position(place.span);
        let file = view.sources.file(place.span.file).name.clone();
        Origin::path(file).line(at.line as usize).char_column(at.column as usize).into()
    });
    let labels = places.iter().filter(|place| !place.label.is_empty());
    let labels = labels.map(|place| Level::NOTE.no_name().message(normalize_untrusted_str(&place.label)).into());
    origin.into_iter().chain(labels).collect()
}

struct Place {
    span: Span,
    label: String,
}

/// Cuts the lines between the first and the last place out of a file, so that a report costs what it shows. A place
/// of several lines is shown by its first one.
fn snippet(
    sources: &SourceMap,
    secrets: &Secrets,
    id: FileId,
    subject: Span,
    places: &[&Place],
) -> Snippet<'static, Annotation<'static>> {
    let file = sources.file(id);
    let text: &str = &file.text;
    let starts = || places.iter().map(|place| (place.span.start as usize).min(text.len()));
    let (first, last) = (starts().min().unwrap_or(0), starts().max().unwrap_or(0));
    let start = text.get(..first).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(last..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| last + at);
    let line = text.get(..start).map_or(0, |head| head.matches('\n').count()) + 1;
    let shown = secrets.mask(sources, id, start..end);
    let annotations = places.iter().map(|place| {
        let kind = if place.span == subject { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = if place.label.is_empty() { None } else { Some(place.label.clone()) };
        kind.span(shown.range(&first_line(text, place.span, end))).label(label)
    });
    let annotations: Vec<Annotation<'static>> = annotations.collect();
    Snippet::source(shown.text.clone()).path(file.name.clone()).line_start(line).annotations(annotations)
}

fn first_line(text: &str, span: Span, end: usize) -> Range<usize> {
    let from = (span.start as usize).min(end);
    let line_end = text.get(from..end).and_then(|tail| tail.find(['\n', '\r'])).map_or(end, |at| from + at);
    from..(span.end as usize).clamp(from, line_end)
}

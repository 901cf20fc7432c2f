//! The whole pipeline in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use crate::facts;
use crate::finding::{Finding, Report, RuleCount, Verdict};
use crate::graph::{self, Graph};
use crate::input::collected::Collected;
use crate::input::{self, Context, Loaded, Note, NoteLevel, Unit};
use crate::rule::RuleSet;
use crate::rule::merge::Merger;
use crate::rule::raw::{GuardFile, Worker};
use crate::source::{SourceMap, Span};
use crate::world::Incomplete;

/// A validated request: what to read and what to judge it by.
#[derive(Debug, Default)]
pub struct Request {
    pub paths: Vec<PathBuf>,
    pub context: Context,
    pub rules: RuleSet,
    /// What is known beforehand that a reader of the report should know.
    pub notes: Vec<Note>,
    /// Raw cfn-guard rule files, judged over the resources of each unit.
    pub guard: Vec<GuardFile>,
    /// Keep passes and not-applicables as findings too, not only as counts.
    pub keep_all: bool,
    /// Keep only findings about, or proven by, what a plan or change set changes.
    pub changed_only: bool,
}

/// Steps of a scan, for a progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Reading { done: usize, total: usize },
    Judging { done: usize, total: usize },
}

/// What one unit contributes.
#[derive(Debug, Default)]
pub struct Judged {
    pub findings: Vec<Finding>,
    pub notes: Vec<Note>,
    /// Rule id → verdict → subjects.
    pub counts: BTreeMap<String, BTreeMap<Verdict, usize>>,
    /// Resource type → resources, in the base world.
    pub resource_types: BTreeMap<String, usize>,
    /// Findings that are left out because nothing about them changes.
    pub unchanged: BTreeMap<Verdict, usize>,
    /// See [`Report::collected`].
    pub collected: Vec<Collected>,
    /// See [`Report::absent_modules`].
    pub absent_modules: BTreeMap<String, BTreeSet<String>>,
}

/// Reads and judges. Nothing is printed; what could not be read is in the report's notes.
pub fn scan(request: &Request, sources: &SourceMap, progress: &(dyn Fn(Progress) + Sync)) -> Report {
    judge_all(load(request, sources, progress), request, sources, progress)
}

/// Only reads.
pub fn load(request: &Request, sources: &SourceMap, progress: &(dyn Fn(Progress) + Sync)) -> Loaded {
    input::discover::load(&request.paths, &request.context, sources, &|done, total| {
        progress(Progress::Reading { done, total });
    })
}

/// Judges what was read.
pub fn judge_all(
    loaded: Loaded,
    request: &Request,
    sources: &SourceMap,
    progress: &(dyn Fn(Progress) + Sync),
) -> Report {
    let total = loaded.units.len();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let judged: Vec<Judged> = loaded
        .units
        .into_par_iter()
        .map(|unit| {
            let mut judged = judge(unit.as_ref(), &request.rules, request.keep_all);
            if !request.guard.is_empty() {
                judge_by_guard(unit.as_ref(), &request.guard, request.keep_all, &mut judged);
            }
            if request.changed_only {
                judged.keep_changed(unit.as_ref());
            }
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            progress(Progress::Judging { done, total });
            judged
        })
        .collect();

    let mut report = Report {
        files: loaded.files,
        notes: [request.notes.clone(), loaded.notes].concat(),
        terraform: loaded.terraform,
        ..Report::default()
    };
    let mut counts: BTreeMap<String, BTreeMap<Verdict, usize>> = BTreeMap::new();
    for part in judged {
        report.findings.extend(part.findings);
        report.notes.extend(part.notes);
        report.collected.extend(part.collected);
        for (source, calls) in part.absent_modules {
            report.absent_modules.entry(source).or_default().extend(calls);
        }
        for (rule, verdicts) in part.counts {
            let total = counts.entry(rule).or_default();
            for (verdict, number) in verdicts {
                *total.entry(verdict).or_default() += number;
            }
        }
        for (verdict, number) in part.unchanged {
            *report.unchanged.entry(verdict).or_default() += number;
        }
        for (kind, number) in part.resource_types {
            let understood = graph::understands(&kind);
            report.resource_types.entry(kind).or_insert((0, understood)).0 += number;
        }
    }
    report.rules = request
        .rules
        .rules
        .iter()
        .map(|rule| &rule.info)
        .chain(request.guard.iter().flat_map(|file| &file.rules))
        .map(|rule| RuleCount {
            rule: std::sync::Arc::clone(rule),
            verdicts: counts.remove(&rule.id).unwrap_or_default(),
        })
        .collect();
    sort(&mut report, sources);
    report
}

/// Judges one unit in all its worlds.
pub fn judge(unit: &dyn Unit, rules: &RuleSet, keep_all: bool) -> Judged {
    let worlds = unit.worlds();
    let mut merger = Merger::default();
    let mut judged = Judged { collected: unit.collected(), ..Judged::default() };
    for (index, world) in worlds.list.iter().enumerate() {
        let evaluation = unit.evaluate(world);
        if index == 0 {
            for resource in &evaluation.resources {
                match resource.absent_module() {
                    None if resource.is_foreign() || resource.is_unread() => {}
                    None => *judged.resource_types.entry(resource.kind.to_string()).or_default() += 1,
                    // A path that leads nowhere is an error already.
                    Some(source) if source.starts_with('.') => {}
                    Some(source) => {
                        let calls = judged.absent_modules.entry(source.to_owned()).or_default();
                        calls.insert(resource.address.to_string());
                    }
                }
            }
        }
        judged.notes.extend(evaluation.notes);
        merger.start_world(evaluation.conditions);
        // The graph is not needed any more when its facts are judged.
        let subjects = facts::derive(&Graph::new(evaluation.resources));
        for subject in subjects {
            merger.add(&subject, rules.judge(&subject));
        }
    }
    judged.notes.sort();
    judged.notes.dedup();
    judged.add(merger, worlds.incomplete.as_ref(), keep_all);
    judged
}

/// Adds the verdicts of raw Guard files over all worlds of a unit. A file that cannot be evaluated is an error.
fn judge_by_guard(unit: &dyn Unit, files: &[GuardFile], keep_all: bool, judged: &mut Judged) {
    let worlds = unit.worlds();
    let evaluations: Vec<_> = worlds.list.iter().map(|world| unit.evaluate(world)).collect();
    for file in files {
        let results = Worker::this_program()
            .map_err(|error| error.to_string())
            .and_then(|worker| file.judge(&evaluations, &worker));
        match results {
            Ok(results) => {
                let mut merger = Merger::default();
                for (evaluation, results) in evaluations.iter().zip(results) {
                    merger.start_world(evaluation.conditions.clone());
                    for result in results {
                        merger.add(&result.subject, [(result.rule, result.judgement)]);
                    }
                }
                judged.add(merger, worlds.incomplete.as_ref(), keep_all);
            }
            Err(error) => {
                let files = unit.files().join(", ");
                let message = format!("`{}` was not evaluated over {files}: {error}", file.name);
                judged.notes.push(Note { level: NoteLevel::Error, message, span: None, related: None });
            }
        }
    }
}

impl Judged {
    /// Leaves out the findings that have nothing to do with what changes.
    fn keep_changed(&mut self, unit: &dyn Unit) {
        let Some(changes) = unit.changes() else {
            let files = unit.files();
            let name = files.first().map_or("this input", String::as_str);
            let message = format!("`{name}` does not tell what changes, so all its findings are shown");
            self.notes.push(Note { level: NoteLevel::Warning, message, span: None, related: None });
            return;
        };
        let inside =
            |span: Span, place: &Span| span.file == place.file && place.start <= span.start && span.end <= place.end;
        let involved = |finding: &Finding| {
            let mut steps = finding.evidence.iter().filter_map(|step| step.span);
            changes.addresses.contains(&finding.subject.address)
                || steps.any(|span| changes.places.iter().any(|place| inside(span, place)))
        };
        let (unchanged, unchanged_counts) = (&mut self.unchanged, &mut self.counts);
        self.findings.retain(|finding| {
            let keep = involved(finding);
            if !keep {
                *unchanged.entry(finding.verdict).or_default() += 1;
                let counts = unchanged_counts.get_mut(&finding.rule.id);
                if let Some(number) = counts.and_then(|verdicts| verdicts.get_mut(&finding.verdict)) {
                    *number = number.saturating_sub(1);
                }
            }
            keep
        });
    }

    fn add(&mut self, merger: Merger, incomplete: Option<&Incomplete>, keep_all: bool) {
        let wanted = |verdict| keep_all || !matches!(verdict, Verdict::Pass | Verdict::NotApplicable);
        for merged in merger.finish(incomplete, wanted) {
            let verdicts = self.counts.entry(merged.rule.id.clone()).or_default();
            *verdicts.entry(merged.verdict).or_default() += 1;
            self.findings.extend(merged.finding);
        }
    }
}

/// File ids depend on reading order, so everything is ordered by names and offsets.
fn sort(report: &mut Report, sources: &SourceMap) {
    report.findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.verdict, finding.severity);
        key(b)
            .cmp(&key(a))
            .then_with(|| a.rule.id.cmp(&b.rule.id))
            .then_with(|| a.subject.kind.cmp(&b.subject.kind))
            .then_with(|| a.subject.id.cmp(&b.subject.id))
    });
    report.notes.sort_by_cached_key(|note| {
        let place = note.span.map(|span| (sources.file(span.file).name.clone(), span.start));
        (note.level, place, note.message.clone())
    });
    report.notes.dedup();
    let place = |part: &Collected| (part.account.clone(), part.region.clone(), part.service.clone());
    report.collected.sort_by_cached_key(place);
    report.files.sort();
}

//! What was covered and how it fared: a line for each rule that found something, the rest in a few lines.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::{fold, paint, unread};
use crate::finding::{Report, RuleCount, Severity, Verdict};
use crate::input::collected::GLOBAL;
use crate::input::snapshot::format::MANIFEST;
use crate::input::{Format, InputFile, Outcome};
use crate::report::{View, plural};

const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
pub(super) const BOLD: &str = "1";
const ALARM: &str = "1;37;41";

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let subjects: usize = view.report.rules.iter().map(RuleCount::subjects).sum();
    if !view.quiet {
        rules(view, out)?;
        coverage(view, out)?;
        if subjects > 0 && !view.report.nothing_listed() {
            return result(view, out);
        }
    }
    // An empty report must not look like a clean one, however little the user wants to read.
    if subjects == 0 || view.report.nothing_listed() { nothing(view, out) } else { Ok(()) }
}

/// The rules that need a look, as a table; those that only passed, as a list.
fn rules(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let met: Vec<&RuleCount> = view.report.rules.iter().filter(|count| count.subjects() > 0).collect();
    let quiet = |count: &&&RuleCount| {
        !view.all && count.of(Verdict::Pass) + count.of(Verdict::NotApplicable) == count.subjects()
    };
    let shown: Vec<&&RuleCount> = met.iter().filter(|count| !quiet(count)).collect();
    if !shown.is_empty() {
        let widest = shown.iter().map(|count| count.rule.id.chars().count()).max().unwrap_or(0).max(4);
        let head = format!("{:widest$}  failed  unknown  passed     n/a  demands", "rule");
        writeln!(out, "{}", paint(view, BOLD, &head))?;
        for count in shown {
            let cell = |number: usize, width: usize, sgr: &str| {
                let text = if number == 0 { "·".to_owned() } else { number.to_string() };
                let text = format!("{text:>width$}");
                if number == 0 { text } else { paint(view, sgr, &text) }
            };
            let failed = cell(count.of(Verdict::Fail) + count.of(Verdict::Error), 8, RED);
            let unknown = cell(count.of(Verdict::Unknown), 9, YELLOW);
            let passed = cell(count.of(Verdict::Pass), 8, GREEN);
            let not_applicable = cell(count.of(Verdict::NotApplicable), 8, "2");
            let demands = shorten(&count.rule.title, view.width.saturating_sub(widest + 35).max(20));
            writeln!(out, "{:widest$}{failed}{unknown}{passed}{not_applicable}  {demands}", count.rule.id)?;
        }
        writeln!(out)?;
    }
    for (what, passed) in [("passed", true), ("did not apply", false)] {
        let ids: Vec<String> = met
            .iter()
            .filter(|count| quiet(count) && (count.of(Verdict::Pass) > 0) == passed)
            .map(|count| {
                format!("{} ({})", count.rule.id, if passed { count.of(Verdict::Pass) } else { count.subjects() })
                    .replace(' ', "\u{a0}")
            })
            .collect();
        if !ids.is_empty() {
            listed(view, out, what, &ids.join(", "))?;
        }
    }
    Ok(())
}

/// `what: text`, wrapped with a hanging indentation. No-break spaces keep words together.
pub(super) fn listed(view: &View<'_>, out: &mut dyn Write, what: &str, text: &str) -> io::Result<()> {
    let indent = what.chars().count() + 2;
    let lines = fold(text, view.width.saturating_sub(indent).max(40)).join(&format!("\n{:indent$}", ""));
    writeln!(out, "{} {}", paint(view, BOLD, &format!("{what}:")), lines.replace('\u{a0}', " "))
}

fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn coverage(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = view.report;
    let files = |outcome: &Outcome| report.files.iter().filter(|file| file.outcome == *outcome).count();
    let resources: usize = report.resource_types.values().map(|(number, _)| number).sum();
    let mut read = format!("{} with {}", inputs(report), plural(resources, "resource"));
    // What stands beside the sections of a snapshot is read with them.
    let is_manifest = |file: &&InputFile| file.outcome == Outcome::Ignored && file.name.ends_with(MANIFEST);
    let manifests = report.files.iter().filter(|file| !report.collected.is_empty() && is_manifest(file)).count();
    let ignored = files(&Outcome::Ignored).saturating_sub(manifests);
    if ignored > 0 {
        read = format!("{read}; {} of other YAML or JSON ignored", plural(ignored, "file"));
    }
    listed(view, out, "read", &read)?;
    if files(&Outcome::Failed) > 0 {
        let failed = format!("{}; the errors above say why", plural(files(&Outcome::Failed), "file"));
        listed(view, out, "not read", &failed)?;
    }
    absent_modules(view, out)?;
    unread::write(view, out)?;
    if let Some(first) = report.terraform.foreign.first() {
        let number = report.terraform.foreign.len();
        let place = if number == 1 { format!("in `{first}`") } else { format!("the first in `{first}`") };
        listed(view, out, "not AWS", &format!("{}, {place}", plural(number, "Terraform root module")))?;
    }
    let mut blind: Vec<(&String, usize)> = report
        .resource_types
        .iter()
        .filter(|(_, (_, understood))| !understood)
        .map(|(kind, (number, _))| (kind, *number))
        .collect();
    if !blind.is_empty() {
        blind.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let total: usize = blind.iter().map(|(_, number)| number).sum();
        let shown: Vec<String> = blind.iter().take(6).map(|(kind, number)| format!("{kind}\u{a0}×{number}")).collect();
        let more = if blind.len() > 6 { format!(" and {} more types", blind.len() - 6) } else { String::new() };
        let text = format!("{} that no rule looks at yet: {}{more}", plural(total, "resource"), shown.join(", "));
        listed(view, out, "not judged", &text)?;
    }
    if !report.unchanged.is_empty() {
        let total: usize = report.unchanged.values().sum();
        let each: Vec<String> =
            report.unchanged.iter().rev().map(|(verdict, number)| format!("{number}\u{a0}{verdict}")).collect();
        let text = format!("{} about what does not change: {}", plural(total, "finding"), each.join(", "));
        listed(view, out, "left out", &text)?;
    }
    let idle = report.rules.iter().filter(|count| count.subjects() == 0).count();
    if idle > 0 {
        listed(view, out, "idle", &format!("{} met no subject", plural(idle, "rule")))?;
    }
    Ok(())
}

/// "2 templates and 3 Terraform root modules (12 modules, 40 files)".
fn inputs(report: &Report) -> String {
    let number = |wanted: fn(&Format) -> bool| {
        let read = |file: &&InputFile| matches!(&file.outcome, Outcome::Read(format) if wanted(format));
        report.files.iter().filter(read).count()
    };
    let templates = number(|format| matches!(format, Format::CloudFormation | Format::Sam));
    let plans = number(|format| *format == Format::TerraformPlan);
    let mut inputs = Vec::new();
    if report.terraform.roots > 0 {
        let files = plural(number(|format| *format == Format::Terraform), "file");
        let modules = match report.terraform.modules {
            modules if modules == report.terraform.roots => String::new(),
            modules => format!("{}, ", plural(modules, "module")),
        };
        inputs.push(format!("{} ({modules}{files})", plural(report.terraform.roots, "Terraform root module")));
    }
    if plans > 0 {
        inputs.push(plural(plans, "Terraform plan"));
    }
    let accounts: BTreeSet<&str> = report.collected.iter().map(|one| one.account.as_str()).collect();
    let regions: BTreeSet<&str> = report.collected.iter().map(|one| one.region.as_str()).collect();
    if !accounts.is_empty() {
        let regions = regions.into_iter().filter(|region| *region != GLOBAL).count();
        inputs.push(format!("{} ({})", plural(accounts.len(), "account"), plural(regions, "region")));
    }
    if templates > 0 || inputs.is_empty() {
        inputs.insert(0, plural(templates, "template"));
    }
    match inputs.as_slice() {
        [first, middle @ .., last] => {
            let middle: String = middle.iter().map(|input| format!(", {input}")).collect();
            format!("{first}{middle} and {last}")
        }
        inputs => inputs.concat(),
    }
}

/// What `terraform init` would bring, most wanted first.
fn absent_modules(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut absent: Vec<_> = view.report.absent_modules.iter().collect();
    absent.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    let total: usize = absent.iter().map(|(_, calls)| calls.len()).sum();
    if total == 0 {
        return Ok(());
    }
    let shown: Vec<String> = absent
        .iter()
        .take(6)
        .map(|(source, calls)| {
            let source = source.replace(' ', "\u{a0}");
            match calls.first() {
                Some(only) if calls.len() == 1 => {
                    let name = only.split_once('#').map_or(only.as_str(), |(_, name)| name);
                    format!("`{name}`:\u{a0}{source}")
                }
                _ => format!("{source}\u{a0}×{}", calls.len()),
            }
        })
        .collect();
    let more = if absent.len() > 6 { format!(" and {} more", absent.len() - 6) } else { String::new() };
    let text = format!(
        "{} whose resources are therefore unknown: {}{more}; run `terraform init` and scan again",
        plural(total, "module"),
        shown.join(", ")
    );
    listed(view, out, "not on disk", &text)
}

fn result(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = view.report;
    let count = |verdict| report.rules.iter().map(|count| count.of(verdict)).sum::<usize>();
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let mut parts: Vec<String> = severities
        .into_iter()
        .filter(|severity| report.failures(*severity) > 0)
        .map(|severity| {
            let sgr = if severity >= Severity::High { RED } else { YELLOW };
            paint(view, sgr, &format!("{} {severity}", report.failures(severity)))
        })
        .collect();
    if parts.is_empty() {
        parts.push(paint(view, GREEN, "no failures"));
    }
    for (verdict, sgr) in [(Verdict::Error, RED), (Verdict::Unknown, YELLOW), (Verdict::Waived, BOLD)] {
        if count(verdict) > 0 {
            parts.push(paint(view, sgr, &format!("{} {verdict}", count(verdict))));
        }
    }
    writeln!(out, "\n{}{}", paint(view, BOLD, "result: "), parts.join(", "))
}

fn nothing(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = view.report;
    let (why, what) = if report.rules.is_empty() {
        ("no rule was chosen", "check --rule and --skip-rule")
    } else if report.files_read() == 0 {
        (
            "no template, no Terraform module and no snapshot was found",
            "give one, or a directory that contains some; CloudFormation, SAM, cdk.out and Terraform are understood",
        )
    } else if report.nothing_listed() {
        ("no call that lists resources was answered", "check the credentials and their permissions")
    } else {
        ("no rule met a subject in what was read", "`sra-guard rules list` shows what rules judge")
    };
    let alarm = format!("NOTHING WAS CHECKED: {why}");
    let alarm = if view.color { paint(view, ALARM, &format!(" {alarm} ")) } else { alarm };
    writeln!(out, "\n{alarm}\n{what}")
}

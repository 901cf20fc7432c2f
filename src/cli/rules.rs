//! `rules` and `explain`: what is demanded, why, and whether the rules themselves hold.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::arguments::{ListFormat, RuleDirs, Rules, Select};
use super::{CLEAN, Error, FINDINGS, Terminal, all_rules, rule_set};
use crate::report::terminal::fold;
use crate::rule::{Rule, RuleSet, examples};

pub(super) fn run(command: &Rules, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    match command {
        Rules::List { select, format } => list(&rule_set(select)?, *format, terminal, out),
        Rules::Show { id, rules } => {
            let all = all_rules(rules)?;
            out.write_all(find(&all, id)?.text.as_bytes())?;
            Ok(CLEAN)
        }
        Rules::Test { select, mutate } => test(select, *mutate, out),
    }
}

fn find<'a>(rules: &'a RuleSet, id: &str) -> Result<&'a Rule, Error> {
    let found = rules.rules.iter().find(|rule| rule.info.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| Error::NoSuchRule(id.to_owned()))
}

fn list(rules: &RuleSet, format: ListFormat, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    match format {
        ListFormat::Terminal => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(terminal.width).unwrap_or(u16::MAX));
            table.set_header(["rule", "severity", "judges", "demands"]);
            for rule in &rules.rules {
                let info = &rule.info;
                table.add_row([info.id.as_str(), info.severity.key(), info.subject.as_str(), info.title.as_str()]);
            }
            writeln!(out, "{}", table.trim_fmt())?;
        }
        ListFormat::Json => {
            let list: Vec<_> = rules
                .rules
                .iter()
                .map(|rule| {
                    let info = &rule.info;
                    json!({
                        "id": info.id, "title": info.title, "severity": info.severity, "subject": info.subject,
                        "why": info.why, "remedy": info.remedy, "mappings": info.mappings,
                    })
                })
                .collect();
            serde_json::to_writer_pretty(&mut *out, &list).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        ListFormat::Markdown => out.write_all(markdown(rules).as_bytes())?,
    }
    Ok(CLEAN)
}

/// The table of rules for documents.
pub fn markdown(rules: &RuleSet) -> String {
    let head = "| rule | demands | severity | judges |\n|---|---|---|---|\n".to_owned();
    rules.rules.iter().fold(head, |text, rule| {
        let info = &rule.info;
        format!("{text}| {} | {} | {} | `{}` |\n", info.id, info.title, info.severity, info.subject)
    })
}

pub(super) fn explain(id: &str, dirs: &RuleDirs, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let rules = all_rules(dirs)?;
    let rule = find(&rules, id)?;
    let info = &rule.info;
    let (bold, plain) = if terminal.color { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    writeln!(out, "{bold}{} {}{plain}", info.id, info.title)?;
    writeln!(out, "severity {}, judges `{}`\n", info.severity, info.subject)?;
    let prose = |text: &str| fold(text, terminal.width.min(100)).join("\n");
    writeln!(out, "{bold}why{plain}\n{}\n", prose(&info.why))?;
    writeln!(out, "{bold}how to fix{plain}\n{}", prose(&info.remedy))?;
    for (format, snippet) in &info.snippets {
        writeln!(out, "\n{format}:")?;
        for line in snippet.trim_end().lines() {
            writeln!(out, "    {line}")?;
        }
    }
    if !info.mappings.is_empty() {
        writeln!(out, "\n{bold}mappings{plain}")?;
        for (framework, ids) in &info.mappings {
            writeln!(out, "{framework}: {}", ids.join(", "))?;
        }
    }
    let examples = rule.examples().map_err(|error| Error::Rules(error.to_string()))?;
    writeln!(out, "\n{bold}examples{plain} (`sra-guard rules show {}` prints them)", info.id)?;
    for example in &examples {
        writeln!(out, "{:<14} {}", example.expect.key(), example.name)?;
    }
    Ok(CLEAN)
}

fn test(select: &Select, mutate: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let all = all_rules(&select.dirs)?;
    let chosen = rule_set(select)?;
    let selected = |rule: &Rule| chosen.rules.iter().any(|other| other.info.id == rule.info.id);
    let report = examples::test(&all, &selected, mutate);
    for problem in &report.problems {
        writeln!(out, "failed: {problem}")?;
    }
    for survivor in &report.survivors {
        writeln!(out, "survived: {survivor}")?;
    }
    let plural = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let (rules, examples) = (plural(report.rules, "rule"), plural(report.examples, "example"));
    write!(out, "{rules}, {examples}, {} failed", report.problems.len())?;
    if mutate {
        write!(out, "; {}, {} survived", plural(report.mutants, "changed predicate"), report.survivors.len())?;
    }
    writeln!(out)?;
    Ok(if report.problems.is_empty() && report.survivors.is_empty() { CLEAN } else { FINDINGS })
}

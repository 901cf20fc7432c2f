//! Who may import whom. The pipeline points one way; a module that reaches back would make it a knot.

use std::fs;
use std::path::{Path, PathBuf};

/// Layer → layers of this crate that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("value", &["source"]),
    ("world", &["value"]),
    ("iam", &["value"]),
    ("input", &["source", "value", "world"]),
    ("graph", &["source", "value", "input", "iam"]),
    ("facts", &["source", "value", "input", "graph", "iam"]),
    ("finding", &["source", "value", "world", "input", "facts"]),
    ("rule", &["source", "value", "world", "input", "graph", "facts", "finding"]),
    ("report", &["source", "value", "world", "input", "graph", "facts", "finding"]),
    ("account", &["input", "finding", "report"]),
    ("scan", &["source", "value", "world", "input", "graph", "facts", "finding", "rule"]),
    ("diff", &["source", "value", "world", "input", "graph", "facts", "finding", "report", "scan"]),
];

/// Outside crate → the only files that may name it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("granit_parser", &["source/yaml"]),
    ("cfn_guard", &["rule/guard", "rule/raw"]),
    ("annotate_snippets", &["report/terminal"]),
    ("comfy_table", &["report/terminal", "cli"]),
    ("quick_junit", &["report/junit"]),
    ("clap", &["cli", "main"]),
    ("indicatif", &["cli"]),
    ("yaml_serde", &["rule/load"]),
    ("aws_config", &["account"]),
    ("aws_sdk_", &["account"]),
    ("aws_smithy_", &["account"]),
    ("aws_types", &["account"]),
    ("aws_credential_types", &["account"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// (path below `src` without `.rs`, its code without comments and unit tests)
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, lines.join("\n"))
        })
        .filter(|(name, _)| !name.ends_with("/tests"))
        .collect()
}

#[test]
fn layers_only_look_forward() {
    let mut wrong = Vec::new();
    for (name, code) in files() {
        let layer = name.split('/').next().unwrap();
        let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == layer) else { continue };
        for (other, _) in MAY_USE.iter().filter(|(other, _)| *other != layer && !allowed.contains(other)) {
            if code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};")) {
                wrong.push(format!("src/{name}.rs uses crate::{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether code names a crate, or for a name that ends with `_` one of a family of crates.
fn names(code: &str, krate: &str) -> bool {
    if krate.ends_with('_') { code.contains(krate) } else { code.contains(&format!("{krate}::")) }
}

#[test]
fn outside_crates_stay_behind_their_file() {
    let mut wrong = Vec::new();
    for (name, code) in files() {
        for (krate, homes) in ONLY_IN {
            let at_home = homes.iter().any(|home| name == *home || name.starts_with(&format!("{home}/")));
            if !at_home && names(&code, krate) {
                wrong.push(format!("src/{name}.rs names {krate}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_main_prints() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!(", "dbg!"];
    let wrong: Vec<String> = files()
        .into_iter()
        .filter(|(name, code)| name != "main" && printing.iter().any(|macro_name| code.contains(macro_name)))
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_source_file_outgrows_its_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let long: Vec<String> = paths
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > 700).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

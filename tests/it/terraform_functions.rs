//! Terraform's expressions and functions against what `terraform console` made of them.
//!
//! `recorded.json` is written by scripts/record-terraform-functions.py. Where sra-guard gives another result on
//! purpose, `differences.json` says which and why.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use sra_guard::input::files::Files;
use sra_guard::input::terraform::evaluate::{Assumptions, Configuration, Inputs};
use sra_guard::input::terraform::functions;
use sra_guard::input::terraform::library::Library;
use sra_guard::input::terraform::tree::Tree;
use sra_guard::input::terraform::types::{self, Type};
use sra_guard::input::terraform::value::Value;
use sra_guard::source::{SourceMap, hcl};
use sra_guard::value::Reason;

#[derive(Deserialize)]
struct Recorded {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    expression: String,
    #[serde(default)]
    json: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    error: bool,
    /// Terraform itself does not know it.
    #[serde(default)]
    unknown: bool,
}

/// What sra-guard makes of an expression, and why not the same.
#[derive(Deserialize)]
struct Difference {
    expression: String,
    ours: String,
    why: String,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/terraform-functions")
}

/// The recorded files, and a module beside them.
#[derive(Debug)]
struct Fixture {
    module: String,
}

impl Files for Fixture {
    fn read(&self, name: &str) -> Result<String, Reason> {
        if name == "main.tf" {
            return Ok(self.module.clone());
        }
        let path = fixtures().join("files").join(name);
        fs::read_to_string(path).map_err(|error| Reason::File(Arc::from(error.to_string())))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Reason> {
        let path = fixtures().join("files").join(folder);
        let entries = fs::read_dir(path).map_err(|error| Reason::File(Arc::from(error.to_string())))?;
        let name = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_dir() { name + "/" } else { name }
        };
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        if folder == "." {
            names.push("main.tf".to_owned());
        }
        names.sort();
        Ok(names)
    }

    fn exists(&self, name: &str) -> Option<bool> {
        Some(name == "main.tf" || fixtures().join("files").join(name).is_file())
    }
}

/// The value of each expression; `None` where it is an error.
fn evaluated(expressions: &[&str]) -> Vec<Option<Value>> {
    let mut module = String::new();
    for (index, expression) in expressions.iter().enumerate() {
        writeln!(module, "output \"e{index}\" {{ value = {expression} }}").unwrap();
    }
    let sources = SourceMap::default();
    let files: Arc<dyn Files> = Arc::new(Fixture { module });
    let library = Library::new(Arc::clone(&files), &sources);
    let tree = Tree::load(".", &library).unwrap();
    let mut notes = tree.notes.clone();
    let configuration = Configuration::new(tree, Inputs::default(), files, sources.clone());
    let mut found = configuration.evaluate(&Assumptions::default());
    notes.append(&mut found.notes);
    let wrong: Vec<u32> = notes.iter().filter_map(|note| note.span).map(|span| sources.position(span).line).collect();
    let value = |index: usize| {
        let line = u32::try_from(index + 1).unwrap();
        found.outputs.get(&*format!("e{index}")).filter(|_| !wrong.contains(&line)).cloned()
    };
    (0..expressions.len()).map(value).collect()
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "error".to_owned(),
        Some(value) => functions::json(value).map_or("unknown".to_owned(), |json| json.to_string()),
    }
}

/// A type as `type` of the console writes it.
fn recorded_type(written: &str) -> Type {
    let sources = SourceMap::default();
    let attribute = regex::Regex::new(r" ([^{},]*): ").unwrap();
    let written = attribute.replace_all(written, " \"$1\" = ").replace("dynamic", "any");
    let file = sources.add("type", written.as_str());
    types::parse(&hcl::parse_expression(file, &written, 0).unwrap()).unwrap()
}

/// Whether a value is of the type, as far as it says its type.
fn agrees(ours: &Type, recorded: &Type) -> bool {
    match (ours, recorded) {
        (Type::Any, _) | (Type::Bool, Type::Bool) | (Type::Number, Type::Number) | (Type::Text, Type::Text) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => agrees(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && agrees(&a.kind, &b.kind))
        }
        _ => false,
    }
}

#[test]
fn expressions_are_worth_what_terraform_console_says() {
    let read = |name: &str| fs::read_to_string(fixtures().join(name)).unwrap();
    let recorded: Recorded = serde_json::from_str(&read("recorded.json")).unwrap();
    let differences: Vec<Difference> = serde_json::from_str(&read("differences.json")).unwrap();
    let expressions: Vec<&str> = recorded.records.iter().map(|record| &*record.expression).collect();
    let listed = read("expressions.txt");
    let listed: Vec<&str> = listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(expressions, listed, "record them: scripts/record-terraform-functions.py");
    for difference in &differences {
        assert!(expressions.contains(&&*difference.expression), "{} is not recorded", difference.expression);
        assert!(!difference.why.is_empty());
    }
    let mut wrong = Vec::new();
    for (record, value) in recorded.records.iter().zip(evaluated(&expressions)) {
        let ours = shown(value.as_ref());
        let theirs = match record {
            Record { error: true, .. } => "error",
            Record { unknown: true, .. } => "unknown",
            Record { json, .. } => json,
        };
        let kind = value.as_ref().map(Type::of);
        let typed = || {
            record.error
                || record.unknown
                || kind.as_ref().is_some_and(|kind| agrees(kind, &recorded_type(&record.kind)))
        };
        match differences.iter().find(|difference| difference.expression == record.expression) {
            Some(difference) if difference.ours != ours => {
                wrong.push(format!("{}\n  now:    {ours}\n  listed: {}", record.expression, difference.ours));
            }
            Some(_) if ours == theirs && typed() => wrong.push(format!("{}\n  no longer differs", record.expression)),
            None if ours != theirs => {
                wrong.push(format!("{}\n  ours:   {ours}\n  theirs: {theirs}", record.expression));
            }
            None if !typed() => {
                wrong.push(format!("{}\n  ours:   {kind:?}\n  theirs: {}", record.expression, record.kind));
            }
            Some(_) | None => {}
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

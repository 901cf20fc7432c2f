//! Terraform as its users scan it: root modules and what they call, values for variables, what is absent.

mod discovery;
mod modules;
mod variables;

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::Folder;

/// Files of a folder, by name.
pub(crate) fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    for (name, text) in files {
        folder.write(name, text);
    }
    folder
}

/// The program, to run inside of a folder.
pub(crate) fn program(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    command.args(arguments).current_dir(folder.path()).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

pub(crate) fn run(folder: &Folder, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

/// Name → properties of the resources that the program printed.
pub(crate) fn resources(output: &Output) -> BTreeMap<String, Value> {
    let resources: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let resource = |resource: &Value| (resource["name"].as_str().unwrap().to_owned(), resource["properties"].clone());
    resources.as_array().unwrap().iter().map(resource).collect()
}

/// The properties of one resource.
pub(crate) fn resource(folder: &Folder, name: &str, arguments: &[&str]) -> Value {
    resources(&run(folder, &[&["resources"], arguments].concat())).remove(name).unwrap()
}

/// The terminal report.
pub(crate) fn report(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `file: outcome resources` for each input, then `level file:line message` for each note.
pub(crate) fn inputs(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let json = json(folder, arguments);
    let files = json["inputs"].as_array().unwrap().iter().map(|file| {
        format!("{}: {} {}", file["file"].as_str().unwrap(), file["outcome"].as_str().unwrap(), file["resources"])
    });
    files.chain(notes(&json)).collect()
}

pub(crate) fn notes(json: &Value) -> Vec<String> {
    let note = |note: &Value| {
        let place = note.get("location").map(|at| format!(" {}:{}", at["file"].as_str().unwrap(), at["line"]));
        format!(
            "{}{} {}",
            note["level"].as_str().unwrap(),
            place.unwrap_or_default(),
            note["message"].as_str().unwrap()
        )
    };
    json["notes"].as_array().unwrap().iter().map(note).collect()
}

pub(crate) fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let output = run(folder, &[&["scan", "--format", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

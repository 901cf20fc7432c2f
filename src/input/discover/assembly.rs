//! Cloud assemblies: what `cdk synth` writes to `cdk.out`.
//!
//! The manifest says which templates an app consists of. Others in the same directory are left over from an earlier
//! synthesis, and what lies in asset directories is code. Names and types are those of the AWS CDK's cloud assembly
//! schema.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{Note, NoteLevel};
use super::note;
use super::walk::{Candidate, Walk, name};
use crate::source::{Limits, Node, SourceMap, parse};

const MANIFEST: &str = "manifest.json";
const OUTPUT: &str = "cdk.out";

/// Manifests are small, whatever the size of the app.
const MAX_MANIFEST_BYTES: u64 = 32 << 20;

struct Assembly {
    directory: PathBuf,
    templates: Vec<PathBuf>,
}

/// Adds the templates that manifests name and takes away what only happens to lie beside them.
pub(super) fn apply(walk: &mut Walk) -> Vec<Note> {
    let mut notes = Vec::new();
    unsynthesised(walk, &mut notes);
    let manifests: Vec<PathBuf> = named(walk, MANIFEST).map(|candidate| candidate.path.clone()).collect();
    let assemblies: Vec<Assembly> = manifests.iter().filter_map(|path| read(path)).collect();
    for assembly in &assemblies {
        let wanted: BTreeSet<String> = assembly.templates.iter().map(|path| name(path)).collect();
        let directory = name(&assembly.directory);
        let inside = |path: &str| match directory.as_str() {
            "." => Some(path.to_owned()),
            directory => path.strip_prefix(directory)?.strip_prefix('/').map(str::to_owned),
        };
        let mut stale = Vec::new();
        walk.candidates.retain(|name, candidate| {
            let Some(below) = inside(name).filter(|_| !candidate.explicit) else { return true };
            if below.starts_with("asset.") && below.contains('/') {
                return false;
            }
            let leftover = !below.contains('/')
                && below.ends_with(".template.json")
                && !below.ends_with(".nested.template.json")
                && !wanted.contains(name);
            if leftover {
                stale.push(name.clone());
            }
            !leftover
        });
        for name in stale {
            let message = format!("`{name}` is not in the manifest of its cloud assembly and was not read");
            notes.push(note(NoteLevel::Warning, message, None));
        }
        for path in &assembly.templates {
            if path.is_file() {
                walk.add(path, false);
            } else {
                let message = format!("`{}` is missing, but `{directory}/{MANIFEST}` names it", name(path));
                notes.push(note(NoteLevel::Error, message, None));
            }
        }
    }
    for path in manifests {
        walk.candidates.retain(|_, candidate| {
            candidate.path != path || !assemblies.iter().any(|found| found.directory.join(MANIFEST) == path)
        });
    }
    notes
}

fn named<'w>(walk: &'w Walk, file: &'static str) -> impl Iterator<Item = &'w Candidate> {
    walk.candidates.values().filter(move |candidate| candidate.path.file_name().is_some_and(|name| name == file))
}

/// Apps whose output is excluded by `.gitignore`, as the CDK proposes, or not written yet.
fn unsynthesised(walk: &mut Walk, notes: &mut Vec<Note>) {
    let apps: Vec<PathBuf> =
        named(walk, "cdk.json").filter_map(|found| Some(found.path.parent()?.to_path_buf())).collect();
    let mut missing = Vec::new();
    for app in apps {
        let output = app.join(OUTPUT);
        if output.join(MANIFEST).is_file() {
            walk.directory(&output, false);
        } else {
            missing.push(name(&app));
        }
    }
    if let Some(first) = missing.first() {
        let message = match missing.len() {
            1 => format!("the CDK app in `{first}` is not synthesised: run `cdk synth` there, then scan again"),
            more => format!(
                "{more} CDK apps are not synthesised, the first in `{first}`: run `cdk synth` there, then scan again"
            ),
        };
        notes.push(note(NoteLevel::Warning, message, None));
    }
}

/// The assembly of a manifest; `None` for other files of that name.
fn read(path: &Path) -> Option<Assembly> {
    if path.metadata().ok()?.len() > MAX_MANIFEST_BYTES {
        return None;
    }
    let sources = SourceMap::default();
    let file = sources.add("", std::fs::read_to_string(path).ok()?);
    let manifest = parse(&sources, file, Limits::default()).ok()?.documents.into_iter().next()?;
    manifest.get("version").and_then(Node::as_str)?;
    let directory = path.parent()?;
    let templates = manifest.get("artifacts")?.as_map()?.iter().filter_map(|artifact| {
        let is_stack = artifact.value.get("type").and_then(Node::as_str) == Some("aws:cloudformation:stack");
        let template = artifact.value.get("properties")?.get("templateFile")?.as_str()?;
        // A manifest must not reach out of its own directory.
        let inside = !template.starts_with('/') && !template.split(['/', '\\']).any(|part| part == "..");
        (is_stack && inside).then(|| directory.join(template))
    });
    Some(Assembly { directory: directory.to_path_buf(), templates: templates.collect() })
}

//! Cloud assemblies: what `cdk synth` writes to `cdk.out`.
//!
//! The manifest says which templates an app consists of. Others in the same directory are left over from an earlier
//! synthesis, and what lies in asset directories is code. Names and types are those of the AWS CDK's cloud assembly
//! schema.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::construct::Constructs;
use super::super::{Note, NoteLevel};
use super::note;
use super::walk::{Candidate, Walk, name};
use crate::source::{Limits, Node, SourceMap, parse};

const MANIFEST: &str = "manifest.json";
const OUTPUT: &str = "cdk.out";

/// Manifests are small, whatever the size of the app.
const MAX_MANIFEST_BYTES: u64 = 32 << 20;

/// Assemblies of one run, those of stages included.
const MAX_ASSEMBLIES: usize = 10_000;

struct Assembly {
    directory: PathBuf,
    templates: Vec<PathBuf>,
    /// Assemblies of the app's stages.
    nested: Vec<PathBuf>,
}

/// Adds the templates that manifests name and takes away what only happens to lie beside them.
pub(super) fn apply(walk: &mut Walk, constructs: &mut Constructs) -> Vec<Note> {
    let mut notes = Vec::new();
    unsynthesised(walk, &mut notes);
    let mut manifests: Vec<PathBuf> = named(walk, MANIFEST).map(|candidate| candidate.path.clone()).collect();
    let mut assemblies: Vec<Assembly> = Vec::new();
    let mut at = 0;
    while let Some(manifest) = manifests.get(at).filter(|_| at < MAX_ASSEMBLIES) {
        if let Some(assembly) = read(manifest, constructs) {
            let nested = assembly.nested.iter().map(|directory| directory.join(MANIFEST));
            let nested: Vec<PathBuf> = nested.filter(|path| path.is_file() && !manifests.contains(path)).collect();
            manifests.extend(nested);
            assemblies.push(assembly);
        }
        at += 1;
    }
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
fn read(path: &Path, constructs: &mut Constructs) -> Option<Assembly> {
    let manifest = json(path)?;
    manifest.get("version").and_then(Node::as_str)?;
    let directory = path.parent()?;
    let mut assembly = Assembly { directory: directory.to_path_buf(), templates: Vec::new(), nested: Vec::new() };
    for artifact in manifest.get("artifacts")?.as_map()? {
        let artifact = &artifact.value;
        let property = |name: &str| {
            let named = artifact.get("properties")?.get(name)?.as_str()?;
            is_inside(named).then(|| directory.join(named))
        };
        match artifact.get("type").and_then(Node::as_str) {
            Some("aws:cloudformation:stack") => {
                let Some(template) = property("templateFile") else { continue };
                let shown = |file: &str| shown(file, directory);
                // Newer versions write the metadata to a file of its own.
                let apart = artifact.get("additionalMetadataFile").and_then(Node::as_str);
                let apart = apart.filter(|file| is_inside(file)).and_then(|file| json(&directory.join(file)));
                for metadata in artifact.get("metadata").into_iter().chain(apart.as_ref()) {
                    constructs.add(&name(&template), metadata, &shown);
                }
                assembly.templates.push(template);
            }
            Some("cdk:cloud-assembly") => assembly.nested.extend(property("directoryName")),
            _ => {}
        }
    }
    Some(assembly)
}

/// A manifest must not reach out of its own directory.
fn is_inside(file: &str) -> bool {
    !file.starts_with('/') && !file.split(['/', '\\']).any(|part| part == "..")
}

fn json(path: &Path) -> Option<Node> {
    if path.metadata().ok()?.len() > MAX_MANIFEST_BYTES {
        return None;
    }
    let sources = SourceMap::default();
    let file = sources.add("", std::fs::read_to_string(path).ok()?);
    parse(&sources, file, Limits::default()).ok()?.documents.into_iter().next()
}

/// A source file of the app as the user knows it: the app may have been synthesised on another machine, so it is the
/// longest end of the path that is there, seen from a directory that the assembly is in.
fn shown(file: &str, assembly: &Path) -> String {
    let file = file.replace('\\', "/");
    let parts: Vec<&str> = file.split('/').filter(|part| !part.is_empty()).collect();
    for app in assembly.ancestors().skip(1).take(3) {
        let app = if app.as_os_str().is_empty() { Path::new(".") } else { app };
        for from in 0..parts.len() {
            let end = parts.get(from..).unwrap_or_default().join("/");
            let path = app.join(&end);
            if is_inside(&end) && path.is_file() {
                return name(&path);
            }
        }
    }
    file
}

//! The modules that `terraform init` has fetched: `.terraform/modules/modules.json`.

use std::collections::BTreeMap;

use super::library::below;
use crate::input::files::{Files, resolve};
use crate::source::{Limits, Node, SourceMap, parse};

/// Dotted path of module calls → what is installed for it.
#[derive(Debug, Default)]
pub(super) struct Installed(BTreeMap<String, Module>);

#[derive(Debug)]
struct Module {
    source: String,
    /// Display name.
    directory: String,
}

impl Installed {
    /// What is installed for a root module; nothing when it is not initialised.
    pub(super) fn read(root: &str, files: &dyn Files) -> Self {
        let manifest = below(root, ".terraform/modules/modules.json");
        let Ok(text) = files.read(&manifest) else { return Self::default() };
        // No span leads into the manifest.
        let sources = SourceMap::default();
        let file = sources.add(manifest, text);
        let parsed = parse(&sources, file, Limits::default()).ok();
        let document = parsed.and_then(|parsed| parsed.documents.into_iter().next());
        let modules = document.as_ref().and_then(|document| document.get("Modules")).and_then(Node::as_seq);
        let entry = |module: &Node| {
            let text = |key: &str| module.get(key).and_then(Node::as_str);
            let directory = resolve(&below(root, "_"), text("Dir")?)?;
            Some((text("Key")?.to_owned(), Module { source: text("Source")?.to_owned(), directory }))
        };
        Self(modules.unwrap_or_default().iter().filter_map(entry).collect())
    }

    /// The directory of the module that a path of calls leads to. `None` when another source is installed there:
    /// then the configuration has changed since.
    pub(super) fn directory(&self, path: &str, source: &str) -> Option<&str> {
        let module = self.0.get(path)?;
        // The manifest names the registry too. How it writes other sources is not documented.
        let registry =
            !source.contains("::") && !source.contains("://") && source.split("//").next()?.split('/').count() == 3;
        (!registry || module.source.ends_with(source)).then_some(&*module.directory)
    }
}

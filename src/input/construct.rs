//! The constructs of a CDK app that resources come from, and where the app's source creates them.
//!
//! Templates of the CDK tell the path of each resource's construct in its metadata. The cloud assembly beside them knows
//! it too, and, when the app was synthesised with stack traces, the line. Source: AWS CDK, cloud assembly schema,
//! `ArtifactMetadataEntryType` and `MetadataEntry`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::{Changes, Evaluation, Resource, Unit};
use crate::source::Node;
use crate::value::Value;
use crate::world::{World, Worlds};

/// What a user of the CDK calls a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Construct {
    /// `AppStack/Handler/Resource`.
    pub path: Arc<str>,
    pub place: Option<Place>,
}

/// A line of the app's source, as the synthesis saw it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: Arc<str>,
    pub line: u32,
}

impl fmt::Display for Construct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " ({}:{})", place.file, place.line))
    }
}

/// What cloud assemblies know of constructs.
#[derive(Debug, Default)]
pub struct Constructs {
    /// By path.
    places: HashMap<Arc<str>, Place>,
    /// Name of a template → logical id → path.
    paths: BTreeMap<String, HashMap<Arc<str>, Arc<str>>>,
}

/// The path that a resource's own metadata tells.
pub fn path(metadata: Option<&Value>) -> Option<Arc<str>> {
    Some(Arc::from(metadata?.as_map()?.get("aws:cdk:path")?.as_str()?))
}

impl Constructs {
    /// Takes over the metadata of one stack of an assembly. `shown` tells how the user calls a file that a stack trace
    /// names.
    pub fn add(&mut self, template: &str, metadata: &Node, shown: &dyn Fn(&str) -> String) {
        let paths = self.paths.entry(template.to_owned()).or_default();
        for entry in metadata.as_map().unwrap_or_default() {
            let path: Arc<str> = Arc::from(entry.key.trim_start_matches('/'));
            for item in entry.value.as_seq().unwrap_or_default() {
                let kind = item.get("type").and_then(Node::as_str).unwrap_or_default();
                let trace = match kind {
                    "aws:cdk:logicalId" => {
                        if let Some(id) = item.get("data").and_then(Node::as_str) {
                            paths.insert(Arc::from(id), Arc::clone(&path));
                        }
                        item.get("trace")
                    }
                    "aws:cdk:creationStack" => item.get("data").or_else(|| item.get("trace")),
                    _ => None,
                };
                let frames = trace.and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str);
                if let Some((file, line)) = frames.filter_map(frame).find(|(file, _)| is_of_app(file)) {
                    let place = || Place { file: Arc::from(shown(file)), line };
                    self.places.entry(Arc::clone(&path)).or_insert_with(place);
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    fn complete(&self, resource: &mut Resource) {
        if resource.construct.is_none() {
            let (template, local) = resource.address.0.split_once('#').unwrap_or_default();
            let path = self.paths.get(template).and_then(|paths| paths.get(local));
            resource.construct = path.map(|path| Construct { path: Arc::clone(path), place: None });
        }
        if let Some(construct) = &mut resource.construct {
            construct.place = self.places.get(&construct.path).cloned();
        }
    }

    /// Lets units tell the constructs of their resources.
    pub fn tell(self, units: Vec<Box<dyn Unit>>) -> Vec<Box<dyn Unit>> {
        if self.is_empty() {
            return units;
        }
        let constructs = Arc::new(self);
        let constructed =
            |unit| -> Box<dyn Unit> { Box::new(Constructed { unit, constructs: Arc::clone(&constructs) }) };
        units.into_iter().map(constructed).collect()
    }
}

/// File and line of a frame: `new AppStack (/app/lib/app-stack.ts:12:5)`, `File "/app/app.py", line 12, in <module>`.
fn frame(text: &str) -> Option<(&str, u32)> {
    if let Some((file, rest)) = text.trim().strip_prefix("File \"").and_then(|rest| rest.split_once("\", line ")) {
        return Some((file, rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()?));
    }
    let place = text.rsplit_once('(').map_or(text, |(_, place)| place).trim().trim_end_matches(')');
    let place = place.trim_start_matches("at ").trim_start_matches("file://");
    let (before, last) = place.rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    Some(match before.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
        Some((file, Ok(line))) => (file, line),
        _ => (before, last),
    })
}

/// Whether a file is the app's own: not of a library, of Node.js, or of the bridge to other languages.
fn is_of_app(file: &str) -> bool {
    let foreign =
        ["node_modules/", "node:", "internal/", "jsii-", "@jsii", "site-packages/", "<anonymous>", "/dist-packages/"];
    !foreign.iter().any(|part| file.contains(part)) && file.contains(['/', '\\', '.'])
}

/// A unit of templates with what their assembly knows.
struct Constructed {
    unit: Box<dyn Unit>,
    constructs: Arc<Constructs>,
}

impl Unit for Constructed {
    fn files(&self) -> Vec<String> {
        self.unit.files()
    }

    fn worlds(&self) -> Worlds {
        self.unit.worlds()
    }

    fn evaluate(&self, world: &World) -> Evaluation {
        let mut evaluation = self.unit.evaluate(world);
        evaluation.resources.iter_mut().for_each(|resource| self.constructs.complete(resource));
        evaluation
    }

    fn changes(&self) -> Option<Changes> {
        self.unit.changes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_languages_are_read() {
        assert_eq!(frame("new AppStack (/app/lib/app-stack.ts:12:5)"), Some(("/app/lib/app-stack.ts", 12)));
        assert_eq!(frame("Object.<anonymous> (file:///app/bin/app.ts:7:1)"), Some(("/app/bin/app.ts", 7)));
        assert_eq!(frame("    at /app/x.js:3:4"), Some(("/app/x.js", 3)));
        assert_eq!(frame("  File \"/app/app.py\", line 12, in <module>"), Some(("/app/app.py", 12)));
        assert_eq!(frame("com.app.Main.main(Main.java:9)"), Some(("Main.java", 9)));
        assert_eq!(frame("C:\\app\\lib\\x.ts:3:4"), Some(("C:\\app\\lib\\x.ts", 3)));
        assert_eq!(frame("processTicksAndRejections"), None);
    }

    #[test]
    fn frames_of_libraries_are_passed_over() {
        assert!(is_of_app("/app/lib/app-stack.ts"));
        assert!(!is_of_app("/app/node_modules/aws-cdk-lib/core/lib/stack.js"));
        assert!(!is_of_app("node:internal/modules/cjs/loader"));
        assert!(!is_of_app("/tmp/jsii-kernel-x/lib/program.js"));
    }
}

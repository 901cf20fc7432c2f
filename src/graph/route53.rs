//! Route 53 records: which names lead to which front doors.

use super::{Resources, Typed, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Prop, Reference, Value};

#[derive(Debug, Default)]
pub struct Route53 {
    /// In source order.
    pub records: Vec<Record>,
}

#[derive(Clone, Debug)]
pub struct Record {
    /// The record set, or the group it stands in.
    pub address: Address,
    pub span: Span,
    /// Lower case, without the final dot.
    pub name: Typed<String>,
    /// The resources that its alias target or values refer to.
    pub targets: Vec<Address>,
}

impl Route53 {
    pub fn new(resources: &Resources) -> Self {
        let mut records = Vec::new();
        for resource in resources.of_kind("AWS::Route53::RecordSet") {
            records.push(record(resource, &resource.properties));
        }
        for resource in resources.of_kind("AWS::Route53::RecordSetGroup") {
            if let Prop::Known(sets) = resource.prop("RecordSets") {
                records.extend(sets.items().unwrap_or_default().iter().map(|set| record(resource, set)));
            }
        }
        Self { records }
    }

    /// The literal names of records that lead to a resource.
    pub fn names_of<'a>(&'a self, target: &'a Address) -> impl Iterator<Item = (&'a str, Span)> {
        self.records.iter().filter(|record| record.targets.contains(target)).filter_map(|record| match &record.name {
            Typed::Known(name, span) => Some((name.as_str(), *span)),
            Typed::Absent(_) | Typed::Unknown(..) => None,
        })
    }
}

fn record(resource: &Resource, set: &Value) -> Record {
    let mut targets = Vec::new();
    for path in ["AliasTarget.DNSName", "ResourceRecords"] {
        let Prop::Known(value) = set.prop(path) else { continue };
        for reference in value.references() {
            if let Reference::Resource { address, .. } = reference {
                targets.push(address.clone());
            }
        }
    }
    Record {
        address: resource.address.clone(),
        span: set.span,
        name: text(set.prop("Name")).map(|name| name.trim_end_matches('.').to_ascii_lowercase()),
        targets,
    }
}

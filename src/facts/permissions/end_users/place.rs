//! Which tables and indexes a statement's resources stand for.

use std::sync::Arc;

use super::Confinement;
use crate::facts::Step;
use crate::graph::Graph;
use crate::graph::dynamodb::{Key, Table};
use crate::iam::document::Element;
use crate::iam::pattern::{Pattern, Token};
use crate::input::Resource;
use crate::value::{Address, Reason};

/// Where one resource of a statement lies.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// Not in DynamoDB.
    Elsewhere,
    /// In a table of the graph: what follows the table's ARN or name.
    Table(&'a Table, Pattern),
    /// The resource part of any other ARN that DynamoDB's may match.
    Arn(Pattern),
    Unknown(Reason),
}

pub(super) fn of<'a>(graph: &'a Graph, resources: &Element) -> Vec<Place<'a>> {
    match resources {
        Element::Absent | Element::Except(_) => vec![Place::Arn(Pattern { tokens: vec![Token::Star] })],
        Element::Unknown(reason) => vec![Place::Unknown(reason.clone())],
        Element::Only(patterns) => patterns.iter().map(|pattern| place(graph, pattern)).collect(),
    }
}

/// Set when it is not certain that any of the places is in DynamoDB.
pub(super) fn reason(places: &[Place<'_>]) -> Option<Reason> {
    if places.iter().any(|place| matches!(place, Place::Table(..) | Place::Arn(_))) {
        return None;
    }
    places.iter().find_map(|place| match place {
        Place::Unknown(reason) => Some(reason.clone()),
        _ => None,
    })
}

fn place<'a>(graph: &'a Graph, pattern: &Pattern) -> Place<'a> {
    match pattern.tokens.as_slice() {
        [Token::Symbol(symbol), rest @ ..] => match owner(graph, symbol) {
            Some(resource) => match graph.dynamodb.table(&resource.address) {
                Some(table) => Place::Table(table, Pattern { tokens: rest.to_vec() }),
                None if is_open(resource) => Place::Unknown(Reason::Attribute(Arc::from(pattern.to_string()))),
                None => Place::Elsewhere,
            },
            None => Place::Unknown(Reason::Attribute(Arc::from(pattern.to_string()))),
        },
        [Token::Unknown(reason), ..] => Place::Unknown(reason.clone()),
        _ if !pattern.overlaps(&glob("arn:*:dynamodb:*")) => Place::Elsewhere,
        tokens => {
            let colon = tokens.iter().enumerate().filter(|(_, token)| **token == Token::Char(':')).nth(4);
            let tail = colon.map_or_else(Vec::new, |(at, _)| tokens.get(at + 1..).unwrap_or_default().to_vec());
            // A shorter ARN is padded with wildcards.
            if colon.is_none() { Place::Arn(glob("*")) } else { within(graph, Pattern { tokens: tail }) }
        }
    }
}

/// The resource part of a DynamoDB ARN.
fn within(graph: &Graph, tail: Pattern) -> Place<'_> {
    let name_at = "table/".len();
    if tail.literal_prefix().starts_with("table/") {
        let after = tail.tokens.get(name_at..).unwrap_or_default();
        if let [Token::Symbol(symbol), rest @ ..] = after
            && let Some(table) = owner(graph, symbol).and_then(|owner| graph.dynamodb.table(&owner.address))
        {
            return Place::Table(table, Pattern { tokens: rest.to_vec() });
        }
        let end = after.iter().position(|token| *token == Token::Char('/')).unwrap_or(after.len());
        let name = Pattern { tokens: after.get(..end).unwrap_or_default().to_vec() }.literal();
        let table = graph.dynamodb.tables.iter().find(|table| name.is_some() && table.table_name == name);
        if let Some(table) = table {
            return Place::Table(table, Pattern { tokens: after.get(end..).unwrap_or_default().to_vec() });
        }
    }
    Place::Arn(tail)
}

/// The resource that a symbol refers to, by `Ref` or by an attribute.
fn owner<'a>(graph: &'a Graph, symbol: &str) -> Option<&'a Resource> {
    let get = |address: &str| graph.resources.get(&Address(Arc::from(address)));
    get(symbol).or_else(|| symbol.rsplit_once('.').and_then(|(address, _)| get(address)))
}

/// Custom resources and nested stacks can return anything.
fn is_open(resource: &Resource) -> bool {
    !resource.kind.starts_with("AWS::") || resource.kind.starts_with("AWS::CloudFormation::")
}

/// Judges the indexes that a confined statement reaches: there `dynamodb:LeadingKeys` is the partition key of the
/// index, which confines only when it is that of the table.
pub(super) fn indexes(graph: &Graph, places: &[Place<'_>], evidence: &mut Vec<Step>) -> Confinement {
    let mut judged = Confinement::Confined;
    for place in places {
        let next = match place {
            Place::Elsewhere => Confinement::Confined,
            Place::Unknown(reason) => Confinement::Unknown(reason.clone()),
            Place::Table(table, rest) => {
                note_kind(table, evidence);
                let reaches = |index: &str| rest.matches(&format!("/index/{index}")) != Some(false);
                if rest.overlaps(&glob("/index/*")) {
                    in_table(table, reaches, evidence)
                } else {
                    Confinement::Confined
                }
            }
            Place::Arn(tail) if !tail.overlaps(&glob("table/*/index/*")) => Confinement::Confined,
            Place::Arn(tail) => anywhere(graph, tail, evidence),
        };
        match next {
            Confinement::Confined => {}
            open @ Confinement::Open(_) => return open,
            unknown @ Confinement::Unknown(_) => judged = unknown,
        }
    }
    judged
}

fn anywhere(graph: &Graph, tail: &Pattern, evidence: &mut Vec<Step>) -> Confinement {
    for table in &graph.dynamodb.tables {
        let name = table.table_name.as_deref().unwrap_or(&table.name);
        let reaches = |index: &str| tail.matches(&format!("table/{name}/index/{index}")) != Some(false);
        if let open @ Confinement::Open(_) = in_table(table, reaches, evidence) {
            return open;
        }
    }
    Confinement::Unknown(Reason::Outside(Arc::from(format!("every table with an index that matches `{tail}`"))))
}

fn in_table(table: &Table, reaches: impl Fn(&str) -> bool, evidence: &mut Vec<Step>) -> Confinement {
    let indexes = match &table.indexes {
        Ok(indexes) => indexes,
        Err(reason) => return Confinement::Unknown(reason.clone()),
    };
    let mut judged = Confinement::Confined;
    for index in indexes {
        if index.name.as_ref().is_ok_and(|name| !reaches(name)) {
            continue;
        }
        match (&table.partition_key, &index.partition_key, &index.name) {
            (Ok(own), Ok(other), _) if own.attribute == other.attribute => {}
            (Ok(own), Ok(other), Ok(name)) => {
                evidence.push(Step::new(
                    format!("index `{name}` of table `{}` is partitioned by `{}`", table.name, other.attribute),
                    index.span,
                ));
                return Confinement::Open(format!(
                    "in index `{name}` the leading key is `{}`, not `{}`",
                    other.attribute, own.attribute
                ));
            }
            (Err(reason), ..) | (_, Err(reason), _) | (.., Err(reason)) => {
                judged = Confinement::Unknown(reason.clone());
            }
        }
    }
    judged
}

/// A number never equals an identity: such a policy grants nothing, which is safe but surely not meant.
fn note_kind(table: &Table, evidence: &mut Vec<Step>) {
    if let Ok(Key { attribute, kind, span }) = &table.partition_key
        && kind == "N"
    {
        let label =
            format!("the partition key `{attribute}` of table `{}` is a number, which no identity equals", table.name);
        evidence.push(Step::new(label, *span));
    }
}

fn glob(text: &str) -> Pattern {
    Pattern::action(text)
}

//! What the resources come to together: which subnets the Internet leads to, and which ways in there are.
//!
//! Such a change is often made by a resource that is not called after it: a route makes a subnet public. Only what is known
//! on both sides, and in all worlds of an input, is compared.

use std::collections::{BTreeMap, HashSet};

use super::pair::Pairing;
use super::{Change, Place, ResourceChange, Side};
use crate::facts::{entry, network};
use crate::graph::Graph;
use crate::input::Unit;
use crate::source::Span;
use crate::value::Address;

/// What is said of a part of the architecture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    aspect: Aspect,
    address: Address,
    name: String,
    /// The request of a way in.
    part: String,
    /// `None` when it is not known.
    says: Option<String>,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// A way in from outside.
    EntryPath,
    Subnet,
}

impl Aspect {
    pub fn key(self) -> &'static str {
        match self {
            Self::EntryPath => "entry_path",
            Self::Subnet => "subnet",
        }
    }
}

/// A part of the architecture that is otherwise than before, appeared or is gone.
#[derive(Debug)]
pub struct ArchitectureChange {
    pub aspect: Aspect,
    /// `GET /posts`; empty for subnets.
    pub part: String,
    pub subject: Option<Place>,
    pub now: Option<Place>,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Worlds of an input beyond which its architecture is not compared.
const MAX_WORLDS: usize = 16;

type Key = (Aspect, Address, String);

/// The statements that hold in all worlds of an input.
pub(super) fn of(input: &dyn Unit) -> Vec<Statement> {
    let worlds = input.worlds();
    if worlds.incomplete.is_some() || worlds.list.len() > MAX_WORLDS {
        return Vec::new();
    }
    let mut found: BTreeMap<Key, (Statement, usize)> = BTreeMap::new();
    for world in &worlds.list {
        let graph = Graph::new(input.evaluate(world).resources);
        for statement in statements(&graph) {
            let key = (statement.aspect, statement.address.clone(), statement.part.clone());
            match found.get_mut(&key) {
                Some((known, times)) if known.says == statement.says => *times += 1,
                Some(_) => {}
                None => {
                    found.insert(key, (statement, 1));
                }
            }
        }
    }
    let always = found.into_values().filter(|(_, times)| *times == worlds.list.len());
    always.map(|(statement, _)| statement).collect()
}

fn statements(graph: &Graph) -> Vec<Statement> {
    let subnets = network::subnets(graph).into_iter().map(|(subnet, public)| {
        let says = |public: bool| if public { "public" } else { "private" }.to_owned();
        Statement {
            aspect: Aspect::Subnet,
            address: subnet.address.clone(),
            name: subnet.name.to_string(),
            part: String::new(),
            says: public.value.ok().map(says),
            span: subnet.name_span,
        }
    });
    let paths = entry::paths(graph).into_iter().filter_map(|path| {
        let door = graph.resources.get(&path.door)?;
        let says = path.internet_facing.value.ok().zip(path.authentication.value.ok()).map(|(internet, how)| {
            let from = if internet { "from the internet" } else { "from the private network" };
            let how = if how == "none" { "without authentication".to_owned() } else { format!("with `{how}`") };
            format!("{from} {how}")
        });
        Some(Statement {
            aspect: Aspect::EntryPath,
            address: path.door,
            name: door.name.to_string(),
            part: path.request,
            says,
            span: path.door_span,
        })
    });
    subnets.chain(paths).collect()
}

/// Compares what both sides say. `resources` tells which resources are on one side only for certain.
pub(super) fn compare(
    before: &Side,
    after: &Side,
    pairing: &Pairing,
    resources: &[ResourceChange],
) -> Vec<ArchitectureChange> {
    let mut one: BTreeMap<Key, &Statement> = BTreeMap::new();
    for statement in &before.architecture {
        if let Some(partner) = pairing.partner(&statement.address) {
            one.insert((statement.aspect, partner.clone(), statement.part.clone()), statement);
        }
    }
    let mut changes = Vec::new();
    for statement in &after.architecture {
        let key = (statement.aspect, statement.address.clone(), statement.part.clone());
        let known = one.remove(&key).filter(|known| known.says.is_some() && statement.says.is_some());
        if let Some(known) = known.filter(|known| known.says != statement.says) {
            changes.push(change(Some((before, known)), Some((after, statement))));
        }
    }
    let only = |wanted: Change, place: fn(&ResourceChange) -> Option<&Place>| -> HashSet<&str> {
        let found = resources.iter().filter(|change| change.change == wanted && !change.is_apart);
        found.filter_map(place).map(|place| place.id.as_str()).collect()
    };
    let of =
        |ids: &HashSet<&str>, statement: &&Statement| statement.says.is_some() && ids.contains(&*statement.address.0);
    let added = only(Change::Added, |change| change.after.as_ref());
    let added = after.architecture.iter().filter(|statement| of(&added, statement));
    changes.extend(added.map(|statement| change(None, Some((after, statement)))));
    let removed = only(Change::Removed, |change| change.before.as_ref());
    let removed = before.architecture.iter().filter(|statement| of(&removed, statement));
    changes.extend(removed.map(|statement| change(Some((before, statement)), None)));
    changes.sort_by_cached_key(|change| {
        let place = change.now.as_ref().or(change.subject.as_ref()).map(|place| place.id.clone());
        (change.aspect, place, change.part.clone())
    });
    changes
}

fn change(before: Option<(&Side, &Statement)>, after: Option<(&Side, &Statement)>) -> ArchitectureChange {
    let of = |(side, statement): (&Side, &Statement)| Place {
        id: statement.address.to_string(),
        name: statement.name.clone(),
        location: side.place(statement.span),
    };
    let said = after.or(before).map(|(_, statement)| statement);
    ArchitectureChange {
        aspect: said.map_or(Aspect::Subnet, |statement| statement.aspect),
        part: said.map(|statement| statement.part.clone()).unwrap_or_default(),
        subject: before.map(of),
        now: after.map(of),
        before: before.and_then(|(_, statement)| statement.says.clone()),
        after: after.and_then(|(_, statement)| statement.says.clone()),
    }
}

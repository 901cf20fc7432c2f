//! Conditions that the input leaves open, and the worlds in which they are decided.
//!
//! A template with `IsProd: !Equals [!Ref Stage, prod]` describes two architectures. Instead of teaching every
//! analysis about alternatives, the pipeline runs once for each *world*: an assignment of truth values to the open
//! atoms. Verdicts of the worlds are then merged per (rule, subject), and a finding that holds only in some of them
//! names the conditions (see [`crate::rule::merge`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::value::{Address, Reason};

/// A truth assignment to open atoms. An atom is the normal form of one `Fn::Equals` whose sides are not both given,
/// such as `template.yaml#Stage == prod`; its key is that text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    pub atoms: BTreeMap<Arc<str>, bool>,
}

/// The worlds of one unit of input.
#[derive(Clone, Debug)]
pub struct Worlds {
    /// The first is the base world: parameters at their defaults, what has no default counting as unequal.
    pub list: Vec<World>,
    /// Set when the bound was reached and `list` is only a part: a pass may then be unknown.
    pub incomplete: Option<Incomplete>,
}

/// That not all worlds are listed.
#[derive(Clone, Debug)]
pub struct Incomplete {
    pub reason: Reason,
    /// Resources that are in none of the missing worlds other than in a listed one, nor is anything that they are
    /// connected to.
    pub explored: BTreeSet<Address>,
}

/// Upper bound of worlds explored for one unit.
pub const MAX_WORLDS: usize = 256;

impl Worlds {
    /// The one world of an input that leaves nothing open.
    pub fn single() -> Self {
        Self { list: vec![World::default()], incomplete: None }
    }
}

impl World {
    pub fn truth(&self, atom: &str) -> Option<bool> {
        self.atoms.get(atom).copied()
    }
}

/// The truth of a named condition in one world, for "when `IsProd` is false".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedCondition {
    pub name: Arc<str>,
    pub holds: bool,
}

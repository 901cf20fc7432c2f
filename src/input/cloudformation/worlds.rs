//! Which worlds a unit has.
//!
//! Atoms are found by asking: the conditions of a group are evaluated under the assumptions made so far, and the
//! first open atom that comes up is assumed both ways. So an atom that a world never consults is not varied in it,
//! and what follows from an assumption (`Stage == prod` holds, so `Stage == dev` does not) is never assumed again.
//! Worlds come in the order of their distance from the base world: first it, then those that differ in one choice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Library;
use super::conditions::{Assumptions, Atom};
use super::stack::Run;
use super::usage::{ConditionId, Usages};
use crate::source::Span;
use crate::value::{Address, Reason};
use crate::world::{Incomplete, MAX_WORLDS, World, Worlds};

/// The worlds of a unit and what they are made of.
#[derive(Debug)]
pub(super) struct Plan {
    pub worlds: Worlds,
    /// The conditions that hold in some worlds and in others not.
    pub varied: BTreeMap<ConditionId, Span>,
    atoms: BTreeMap<Arc<str>, Atom>,
}

impl Plan {
    pub(super) fn of(library: &Library) -> Self {
        let run = Run::new(library, Assumptions::default());
        let usages = Usages::of(&run);
        let all = usages.places.clone();
        let mut search =
            Search { run, usages, all, atoms: BTreeMap::new(), found: Vec::new(), seen: BTreeSet::new(), effort: 0 };
        let mut finished = Vec::new();
        let complete = search.explore(&mut finished);
        let incomplete =
            (!complete).then(|| Incomplete { reason: search.reason(), explored: search.explored(&finished) });
        let mut list: Vec<World> = search.found;
        if list.is_empty() {
            list.push(World::default());
        }
        let varied = search.all.into_iter().enumerate().filter(|(index, _)| {
            let mut truths = search.seen.iter().map(|amounts| amounts.truths.get(*index));
            let first = truths.next();
            truths.any(|other| Some(other) != first)
        });
        Self {
            varied: varied.map(|(_, used)| used).collect(),
            worlds: Worlds { list, incomplete },
            atoms: search.atoms,
        }
    }

    /// What a world assumes. Atoms of other units say nothing.
    pub(super) fn assumptions(&self, world: &World) -> Assumptions {
        let mut assumptions = Assumptions::default();
        for (key, holds) in &world.atoms {
            if let Some(atom) = self.atoms.get(key) {
                assumptions.assume(atom, *holds);
            }
        }
        assumptions
    }
}

struct Search<'a> {
    run: Run<'a>,
    usages: Usages,
    all: BTreeMap<ConditionId, Span>,
    atoms: BTreeMap<Arc<str>, Atom>,
    found: Vec<World>,
    /// What each found world amounts to.
    seen: BTreeSet<Amounts>,
    /// Evaluations of a group's conditions so far.
    effort: usize,
}

/// What tells one world from another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Amounts {
    /// Of all used conditions, in order.
    truths: Vec<bool>,
    /// Of the open parameters that are values somewhere.
    values: Vec<String>,
}

/// Evaluations of conditions after which exploring stops.
const MAX_EFFORT: usize = 4_000;

/// More worlds than may be explored, or too much effort.
struct Full;

impl Search<'_> {
    /// `false` when not every world was found.
    fn explore(&mut self, finished: &mut Vec<BTreeSet<ConditionId>>) -> bool {
        let groups = self.usages.groups.clone();
        if self.settle(&Assumptions::default()).is_err() {
            return false;
        }
        let mut live: Vec<bool> = vec![true; groups.len()];
        for distance in 1_usize.. {
            if !live.contains(&true) {
                break;
            }
            for (group, live) in groups.iter().zip(&mut live) {
                if !*live {
                    continue;
                }
                match self.descend(group, &Assumptions::default(), distance) {
                    Ok(any) => *live = any,
                    Err(Full) => return false,
                }
                if !*live {
                    finished.push(group.clone());
                }
            }
        }
        true
    }

    /// Finds the worlds that differ from the base in exactly `distance` more choices; whether there are any.
    fn descend(&mut self, group: &BTreeSet<ConditionId>, at: &Assumptions, distance: usize) -> Result<bool, Full> {
        let Some(atom) = self.next_open(group, at)? else {
            if distance > 0 {
                return Ok(false);
            }
            if !at.contradictory() {
                self.settle(at)?;
            }
            return Ok(true);
        };
        let assume = |holds: bool| {
            let mut next = at.clone();
            next.assume(&atom, holds);
            next
        };
        let mut any = self.descend(group, &assume(atom.base), distance)?;
        if let Some(left) = distance.checked_sub(1) {
            any |= self.descend(group, &assume(!atom.base), left)?;
        }
        Ok(any)
    }

    fn next_open(&mut self, group: &BTreeSet<ConditionId>, at: &Assumptions) -> Result<Option<Atom>, Full> {
        self.effort += 1;
        if self.effort > MAX_EFFORT {
            return Err(Full);
        }
        self.run.restart(at.clone());
        for id in group {
            let span = self.all.get(id).copied();
            holds(&self.run, id, span);
            if let Some(atom) = self.run.open.take() {
                self.atoms.insert(Arc::clone(&atom.key), atom.clone());
                return Ok(Some(atom));
            }
        }
        Ok(None)
    }

    /// Adds the world of some assumptions, with everything else at its default, unless one that amounts to the same
    /// is there already.
    fn settle(&mut self, at: &Assumptions) -> Result<(), Full> {
        let all: BTreeSet<ConditionId> = self.all.keys().cloned().collect();
        let mut at = at.clone();
        while let Some(atom) = self.next_open(&all, &at)? {
            at.assume(&atom, atom.base);
        }
        let truths: Vec<bool> = self.all.iter().map(|(id, span)| holds(&self.run, id, Some(*span))).collect();
        let values = self.usages.symbols.iter().map(|symbol| self.run.shown(symbol)).collect();
        let amounts = Amounts { truths, values };
        if self.seen.contains(&amounts) {
            return Ok(());
        }
        if self.found.len() >= MAX_WORLDS {
            return Err(Full);
        }
        self.seen.insert(amounts);
        self.found.push(World { atoms: at.truths });
        Ok(())
    }

    /// The resources around which every condition was explored.
    fn explored(&self, finished: &[BTreeSet<ConditionId>]) -> BTreeSet<Address> {
        let around = self.usages.around.iter();
        let done = around.filter(|(_, conditions)| {
            conditions.is_empty() || finished.iter().any(|group| conditions.is_subset(group))
        });
        done.map(|(address, _)| address.clone()).collect()
    }

    fn reason(&self) -> Reason {
        let names: BTreeSet<&str> = self
            .atoms
            .values()
            .flat_map(asked)
            .map(|symbol| symbol.rsplit(['#', '/']).next().unwrap_or(symbol))
            .collect();
        let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > shown.len() { ", …" } else { "" };
        Reason::Conditions(Arc::from(format!(
            "{} open conditions combine to more than the {MAX_WORLDS} cases that are explored; give values for {}{more} with `--parameter` or `--parameters`",
            self.atoms.len(),
            shown.join(", "),
        )))
    }
}

/// The parameters that decide an atom; the text of what it compares when none is known.
fn asked(atom: &Atom) -> Vec<&str> {
    if !atom.symbols.is_empty() {
        return atom.symbols.iter().map(|symbol| &**symbol).collect();
    }
    let compared = atom.key.split(" == ").next().unwrap_or(&atom.key);
    let referred = compared.split("Ref ").skip(1).filter_map(|after| after.split([',', ' ', ')', ']']).next());
    let referred: Vec<&str> = referred.filter(|name| !name.is_empty()).collect();
    if referred.is_empty() { vec![compared] } else { referred }
}

/// The truth of a condition, wherever it is declared.
pub(super) fn holds(run: &Run<'_>, (prefix, name): &ConditionId, place: Option<Span>) -> bool {
    let Some(stack) = run.stacks.iter().find(|stack| stack.prefix == *prefix) else { return false };
    run.scope(stack).holds(name, place.unwrap_or(stack.template.root.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::cloudformation::conditions::Claim;

    #[test]
    fn what_is_asked_for_is_a_parameter_wherever_it_stands() {
        let asked_of = |key: &str, symbols: &[&str]| {
            let symbols = symbols.iter().map(|symbol| Arc::from(*symbol)).collect();
            let atom = Atom { key: Arc::from(key), claim: Claim::Opaque, base: false, symbols };
            asked(&atom).join(" ")
        };
        assert_eq!(asked_of("FindInMap RegionMap, Ref AWS::Region, Prefix == ", &[]), "AWS::Region");
        assert_eq!(asked_of("FindInMap Types, Ref Type, Insights == true", &["Type"]), "Type");
        assert_eq!(asked_of("AWS::Region == eu-west-1", &[]), "AWS::Region");
    }
}

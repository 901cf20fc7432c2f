//! Which worlds a root module has.
//!
//! Atoms are found by asking: the root module is evaluated under the assumptions made so far, and what comes up is
//! assumed both ways. Only atoms on which connected resources depend are combined, so unrelated ones do not multiply:
//! a world differs from the base world in the atoms of one group. A world that amounts to the same as another one, in
//! all that a rule may read, is left out. Worlds come in the order of their distance from the base world.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::groups::Groups;
use super::{Assumptions, Atom, Configuration, Evaluated};
use crate::input::Resource;
use crate::input::cloudformation::IGNORED_KEYS;
use crate::value::{Address, Kind, Reason, Value};
use crate::world::{Incomplete, MAX_WORLDS, NamedCondition, World, Worlds};

/// Evaluations after which exploring stops.
const MAX_EVALUATIONS: usize = 4_000;
/// Expressions evaluated in all worlds together, after which exploring stops.
const MAX_STEPS: usize = 40_000_000;

/// The worlds of a root module and what they are made of.
#[derive(Debug)]
pub struct Plan {
    pub worlds: Worlds,
    root: Arc<str>,
    /// By symbol.
    atoms: BTreeMap<Arc<str>, Atom>,
    /// Symbols of the atoms that hold in some worlds and in others not.
    varied: Vec<Arc<str>>,
    /// The base world, until it is asked for.
    base: Mutex<Option<Evaluated>>,
}

impl Plan {
    /// `root` is the display name of the root module's directory; `resources` are what rules see of a world.
    pub fn of(configuration: &Configuration, root: &str, resources: &dyn Fn(&Evaluated) -> Vec<Resource>) -> Self {
        let mut search = Search {
            configuration,
            root,
            resources,
            atoms: BTreeMap::new(),
            groups: Groups::default(),
            outcomes: HashMap::new(),
            found: Vec::new(),
            seen: HashSet::new(),
            evaluations: 0,
            steps: 0,
        };
        let first = configuration.evaluate(&Assumptions::default());
        if first.open.is_empty() {
            return Self {
                worlds: Worlds::single(),
                root: Arc::from(root),
                atoms: BTreeMap::new(),
                varied: Vec::new(),
                base: Mutex::new(Some(first)),
            };
        }
        search.keep(&Assumptions::default(), &first);
        let mut finished = Vec::new();
        let complete = search.explore(&mut finished);
        let incomplete =
            (!complete).then(|| Incomplete { reason: search.reason(), explored: search.explored(&finished) });
        let varied: Vec<Arc<str>> = search.atoms.keys().filter(|symbol| search.varies(symbol)).cloned().collect();
        let world = |truths: &BTreeMap<Arc<str>, bool>| World {
            atoms: truths.iter().map(|(symbol, holds)| (key(root, symbol), *holds)).collect(),
        };
        let mut list: Vec<World> = search.found.iter().map(world).collect();
        if list.is_empty() {
            list.push(World::default());
        }
        Self {
            worlds: Worlds { list, incomplete },
            root: Arc::from(root),
            atoms: search.atoms,
            varied,
            base: Mutex::default(),
        }
    }

    /// What a world assumes. Atoms of other units say nothing.
    pub fn assumptions(&self, world: &World) -> Assumptions {
        let mut assumptions = Assumptions::default();
        for atom in self.atoms.values() {
            if let Some(holds) = world.truth(&key(&self.root, &atom.symbol)) {
                assumptions.assume(atom, holds);
            }
        }
        assumptions
    }

    /// The answers to the questions that make a difference, in one world.
    pub fn conditions(&self, assumptions: &Assumptions) -> Vec<NamedCondition> {
        let named = self.varied.iter().filter_map(|symbol| {
            let holds = assumptions.implied(self.atoms.get(symbol)?)?;
            Some(NamedCondition { name: Arc::clone(symbol), holds })
        });
        named.collect()
    }

    /// What a world contains.
    pub fn evaluate(&self, configuration: &Configuration, assumptions: &Assumptions) -> Evaluated {
        let kept = self.base.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Some(base) if assumptions.truths.is_empty() => base,
            _ => configuration.evaluate(assumptions),
        }
    }
}

/// The key of an atom, unique in a run.
fn key(root: &str, symbol: &str) -> Arc<str> {
    Arc::from(format!("{root}#{symbol}"))
}

type Truths = BTreeMap<Arc<str>, bool>;

struct Search<'a> {
    configuration: &'a Configuration,
    root: &'a str,
    resources: &'a dyn Fn(&Evaluated) -> Vec<Resource>,
    atoms: BTreeMap<Arc<str>, Atom>,
    groups: Groups,
    /// By what was assumed.
    outcomes: HashMap<Truths, Outcome>,
    found: Vec<Truths>,
    /// What the found worlds amount to.
    seen: HashSet<(u64, u64)>,
    evaluations: usize,
    steps: usize,
}

/// What comes of some assumptions.
#[derive(Clone, Debug)]
struct Outcome {
    open: Arc<[Atom]>,
    print: (u64, u64),
}

/// More worlds than may be explored, or too much effort.
struct Full;

type Group = BTreeSet<Arc<str>>;

impl Search<'_> {
    /// `false` when not every world was found.
    fn explore(&mut self, finished: &mut Vec<Group>) -> bool {
        let base = Assumptions::default();
        if self.settle(&base).is_err() {
            return false;
        }
        for distance in 1_usize.. {
            let mut any = false;
            for group in self.groups.all() {
                if finished.contains(&group) {
                    continue;
                }
                match self.descend(&group, &base, None, distance) {
                    Ok(true) => any = true,
                    // Nothing lies so far from the base world, unless exploring has found the group to be larger.
                    Ok(false) if self.groups.all().contains(&group) => finished.push(group),
                    Ok(false) => any = true,
                    Err(Full) => return false,
                }
            }
            if !any {
                break;
            }
        }
        true
    }

    /// Finds the worlds that differ from the base in exactly `distance` more answers; whether there are any. `open` is
    /// what is known to be open beyond the assumptions.
    fn descend(
        &mut self,
        group: &Group,
        at: &Assumptions,
        open: Option<&[Atom]>,
        distance: usize,
    ) -> Result<bool, Full> {
        let open: Arc<[Atom]> = match open {
            Some(open) => Arc::from(open),
            None => self.outcome(at)?.open,
        };
        let next = open.iter().position(|atom| group.contains(&atom.symbol) && at.implied(atom).is_none());
        let Some(index) = next else { return self.leaf(group, at, distance) };
        let (Some(atom), Some(rest)) = (open.get(index), open.get(index + 1..)) else { return Ok(false) };
        let assume = |holds: bool| {
            let mut next = at.clone();
            next.assume(atom, holds);
            next
        };
        // As it was answered already, nothing else comes up.
        let mut any = self.descend(group, &assume(atom.base), Some(rest), distance)?;
        if let Some(left) = distance.checked_sub(1) {
            any |= self.descend(group, &assume(!atom.base), None, left)?;
        }
        Ok(any)
    }

    fn leaf(&mut self, group: &Group, at: &Assumptions, distance: usize) -> Result<bool, Full> {
        let open = self.outcome(at)?.open;
        if open.iter().any(|atom| group.contains(&atom.symbol)) {
            return self.descend(group, at, Some(&open), distance);
        }
        if distance > 0 {
            return Ok(false);
        }
        self.settle(at)?;
        Ok(true)
    }

    /// Adds the world of some assumptions, with everything else as in the base world, unless one that amounts to the
    /// same is there already.
    fn settle(&mut self, at: &Assumptions) -> Result<(), Full> {
        let mut at = at.clone();
        let outcome = loop {
            let outcome = self.outcome(&at)?;
            if outcome.open.is_empty() {
                break outcome;
            }
            for atom in outcome.open.iter() {
                at.assume(atom, atom.base);
            }
        };
        if self.seen.contains(&outcome.print) {
            return Ok(());
        }
        if self.found.len() >= MAX_WORLDS {
            return Err(Full);
        }
        self.seen.insert(outcome.print);
        self.found.push(at.truths);
        Ok(())
    }

    fn outcome(&mut self, at: &Assumptions) -> Result<Outcome, Full> {
        if let Some(known) = self.outcomes.get(&at.truths) {
            return Ok(known.clone());
        }
        if self.evaluations >= MAX_EVALUATIONS || self.steps >= MAX_STEPS {
            return Err(Full);
        }
        let evaluated = self.configuration.evaluate(at);
        Ok(self.keep(at, &evaluated))
    }

    fn keep(&mut self, at: &Assumptions, evaluated: &Evaluated) -> Outcome {
        self.evaluations += 1;
        self.steps += evaluated.steps;
        for atom in &evaluated.open {
            self.atoms.entry(Arc::clone(&atom.symbol)).or_insert_with(|| atom.clone());
        }
        self.groups.add(&evaluated.usage);
        let resources = (self.resources)(evaluated);
        let outcome = Outcome { open: evaluated.open.clone().into(), print: print(&resources) };
        self.outcomes.insert(at.truths.clone(), outcome.clone());
        outcome
    }

    fn varies(&self, symbol: &str) -> bool {
        let truths = || self.found.iter().filter_map(|truths| truths.get(symbol));
        truths().any(|holds| *holds) && truths().any(|holds| !holds)
    }

    /// The resources around which every question was answered both ways.
    fn explored(&self, finished: &[Group]) -> BTreeSet<Address> {
        let around = self.groups.around();
        let done = around
            .into_iter()
            .filter(|(_, atoms)| atoms.is_empty() || finished.iter().any(|group| atoms.is_subset(group)));
        done.map(|(address, _)| Address(key(self.root, &address))).collect()
    }

    fn reason(&self) -> Reason {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for symbol in self.atoms.keys() {
            let before = names.len();
            names.extend(variables(symbol));
            if names.len() == before && !symbol.contains("var.") {
                names.insert(symbol);
            }
        }
        let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > shown.len() { ", …" } else { "" };
        Reason::Conditions(Arc::from(format!(
            "{} open conditions combine to more than the {MAX_WORLDS} cases that are explored; give values for {}{more} with `--var`",
            self.atoms.len(),
            shown.join(", "),
        )))
    }
}

/// Names of the root module's variables in a symbol.
fn variables(symbol: &str) -> impl Iterator<Item = &str> {
    let named =
        |rest: &'_ str| rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    symbol.split("var.").skip(1).map(move |rest| rest.get(..named(rest)).unwrap_or(rest))
}

/// What a rule may read of the resources, in short. Places do not count.
fn print(resources: &[Resource]) -> (u64, u64) {
    let mut first = DefaultHasher::new();
    let mut second = DefaultHasher::new();
    second.write_u8(1);
    for resource in resources {
        let mut hasher = DefaultHasher::new();
        resource.address.hash(&mut hasher);
        resource.kind.hash(&mut hasher);
        resource.exported.hash(&mut hasher);
        resource.depends_on.hash(&mut hasher);
        hash(&resource.properties, &mut hasher);
        let own = hasher.finish();
        first.write_u64(own);
        second.write_u64(own.rotate_left(17) ^ 0x9e37_79b9_7f4a_7c15);
    }
    (first.finish(), second.finish())
}

fn hash(value: &Value, hasher: &mut DefaultHasher) {
    std::mem::discriminant(&value.kind).hash(hasher);
    match &value.kind {
        Kind::Null => {}
        Kind::Scalar(scalar) => scalar.text.hash(hasher),
        Kind::List(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash(item, hasher));
        }
        Kind::Map(map) => {
            map.open.hash(hasher);
            for member in &map.members {
                if &*member.key == "Tags" {
                    own_tags(&member.value).for_each(|tag| hash(tag, hasher));
                } else if !IGNORED_KEYS.contains(&&*member.key) {
                    member.key.hash(hasher);
                    hash(&member.value, hasher);
                }
            }
        }
        Kind::Ref(reference) => reference.hash(hasher),
        Kind::Text(parts) => {
            for part in parts {
                part.to_string().hash(hasher);
            }
        }
        Kind::Unknown(reason) => reason.hash(hasher),
    }
}

/// Tags that rules read.
fn own_tags(tags: &Value) -> impl Iterator<Item = &Value> {
    let items = tags.items().unwrap_or_default().iter();
    items.filter(|tag| tag.prop("Key").known().and_then(Value::as_str).is_some_and(|key| key.starts_with("sra:")))
}

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
use super::{Assumptions, Atom, Configuration, Depth, Evaluated, on_large_stack};
use crate::input::Resource;
use crate::input::cloudformation::IGNORED_KEYS;
use crate::input::terraform::condition::variables;
use crate::value::{Address, Kind, Reason, Value};
use crate::world::{Incomplete, MAX_WORLDS, NamedCondition, World, Worlds};

/// Evaluations after which exploring stops.
const MAX_EVALUATIONS: usize = 2_000;
/// Expressions evaluated in all worlds together, after which exploring stops.
const MAX_STEPS: usize = 5_000_000;

/// The worlds of a root module and what they are made of.
#[derive(Debug)]
pub struct Plan {
    pub worlds: Worlds,
    root: Arc<str>,
    /// By symbol.
    atoms: BTreeMap<Arc<str>, Atom>,
    /// Symbols of the atoms that hold in some worlds and in others not.
    varied: Vec<Arc<str>>,
    /// The only world, until it is asked for.
    only: Mutex<Option<Evaluated>>,
}

impl Plan {
    /// `root` is the display name of the root module's directory; `resources` are what rules see of a world.
    pub fn of(
        configuration: &Configuration,
        root: &str,
        resources: &(dyn Fn(&Evaluated) -> Vec<Resource> + Sync),
    ) -> Self {
        on_large_stack(|depth| Self::within(configuration, root, resources, depth))
    }

    fn within(
        configuration: &Configuration,
        root: &str,
        resources: &dyn Fn(&Evaluated) -> Vec<Resource>,
        depth: Depth,
    ) -> Self {
        let first = configuration.evaluate_within(&Assumptions::default(), depth);
        if first.open.is_empty() {
            return Self {
                worlds: Worlds::single(),
                root: Arc::from(root),
                atoms: BTreeMap::new(),
                varied: Vec::new(),
                only: Mutex::new(Some(first)),
            };
        }
        let mut search = Search {
            configuration,
            depth,
            root,
            resources,
            atoms: BTreeMap::new(),
            groups: Groups::default(),
            outcomes: HashMap::new(),
            found: Vec::new(),
            seen: HashSet::new(),
            inert: HashMap::new(),
            evaluations: 0,
            steps: 0,
        };
        search.learn(&first);
        let mut finished = Vec::new();
        let complete = search.explore(&mut finished);
        let incomplete =
            (!complete).then(|| Incomplete { reason: search.reason(), explored: search.explored(&finished) });
        let varied: Vec<Arc<str>> = search.atoms.keys().filter(|symbol| search.varies(symbol)).cloned().collect();
        let world = |truths: &Truths| World {
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
            only: Mutex::default(),
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
        let kept = self.only.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.unwrap_or_else(|| configuration.evaluate(assumptions))
    }
}

/// The key of an atom, unique in a run.
fn key(root: &str, symbol: &str) -> Arc<str> {
    Arc::from(format!("{root}#{symbol}"))
}

type Truths = BTreeMap<Arc<str>, bool>;
type Group = BTreeSet<Arc<str>>;
/// Atoms that are answered otherwise than in the base world.
type Flips = BTreeSet<Arc<str>>;

struct Search<'a> {
    configuration: &'a Configuration,
    depth: Depth,
    root: &'a str,
    resources: &'a dyn Fn(&Evaluated) -> Vec<Resource>,
    atoms: BTreeMap<Arc<str>, Atom>,
    groups: Groups,
    outcomes: HashMap<Flips, Outcome>,
    found: Vec<Truths>,
    /// What the found worlds amount to.
    seen: HashSet<Print>,
    /// Of a group, the atoms that make no difference.
    inert: HashMap<Group, Flips>,
    evaluations: usize,
    steps: usize,
}

/// What comes of some answers.
#[derive(Clone, Debug)]
struct Outcome {
    /// Of the questions that came up.
    truths: Arc<Truths>,
    print: Print,
}

type Print = (u64, u64);

/// More worlds than may be explored, or too much effort.
struct Full;

impl Search<'_> {
    /// `false` when not every world was found.
    fn explore(&mut self, finished: &mut Vec<Group>) -> bool {
        if self.add(&Flips::new()).is_err() {
            return false;
        }
        for distance in 1_usize.. {
            let mut any = false;
            for group in self.groups.all() {
                if finished.contains(&group) {
                    continue;
                }
                match self.distant(&group, distance) {
                    // Nothing lies so far from the base world, unless exploring has found the group to be larger.
                    Ok(false) if self.groups.all().contains(&group) => finished.push(group),
                    Ok(_) => any = true,
                    Err(Full) => return false,
                }
            }
            if !any {
                break;
            }
        }
        true
    }

    /// Adds the worlds that differ from the base world in this many answers of a group; whether there are any.
    fn distant(&mut self, group: &Group, distance: usize) -> Result<bool, Full> {
        let sets = self.sets(group, distance)?;
        for flips in &sets {
            let new = self.add(flips)?;
            if new && self.is_awake(group, flips)? {
                // What makes no difference alone does together with others: every combination counts.
                self.inert.insert(group.clone(), Flips::new());
                for nearer in 1..=distance {
                    for flips in self.sets(group, nearer)? {
                        self.add(&flips)?;
                    }
                }
                return Ok(true);
            }
        }
        Ok(!sets.is_empty())
    }

    /// The sets of this many answers of a group that may be given otherwise, by what comes up under those before.
    fn sets(&mut self, group: &Group, distance: usize) -> Result<Vec<Flips>, Full> {
        let inert = self.inert_of(group)?;
        let mut level = vec![Flips::new()];
        for _ in 0..distance {
            let mut next = Vec::new();
            let mut known = HashSet::new();
            for flips in level {
                let outcome = self.outcome(&flips)?;
                // An answer to a question that does not come up any more changes nothing.
                if !flips.iter().all(|symbol| outcome.truths.contains_key(symbol)) {
                    continue;
                }
                for symbol in outcome.truths.keys() {
                    if !group.contains(symbol) || inert.contains(symbol) || flips.contains(symbol) {
                        continue;
                    }
                    let mut more = flips.clone();
                    more.insert(Arc::clone(symbol));
                    if self.is_possible(&more) && known.insert(more.clone()) {
                        next.push(more);
                    }
                }
            }
            level = next;
        }
        Ok(level)
    }

    /// Whether answers do not contradict each other.
    fn is_possible(&self, flips: &Flips) -> bool {
        let mut assumptions = Assumptions::default();
        for atom in flips.iter().filter_map(|symbol| self.atoms.get(symbol)) {
            if assumptions.implied(atom) == Some(atom.base) {
                return false;
            }
            assumptions.assume(atom, !atom.base);
        }
        true
    }

    /// The atoms of a group that make no difference to the base world, neither each alone nor all together.
    fn inert_of(&mut self, group: &Group) -> Result<Flips, Full> {
        if let Some(known) = self.inert.get(group) {
            return Ok(known.clone());
        }
        let base = self.outcome(&Flips::new())?;
        let mut inert = Flips::new();
        for symbol in base.truths.keys().filter(|symbol| group.contains(*symbol)) {
            let outcome = self.outcome(&Flips::from([Arc::clone(symbol)]))?;
            if outcome.print == base.print && outcome.truths.keys().eq(base.truths.keys()) {
                inert.insert(Arc::clone(symbol));
            }
        }
        self.inert.insert(group.clone(), inert.clone());
        if self.is_awake(group, &Flips::new())? {
            inert.clear();
            self.inert.insert(group.clone(), Flips::new());
        }
        Ok(inert)
    }

    /// Whether the atoms that make no difference to the base world make one where some answers differ.
    fn is_awake(&mut self, group: &Group, flips: &Flips) -> Result<bool, Full> {
        let inert = self.inert.get(group).cloned().unwrap_or_default();
        let outcome = self.outcome(flips)?;
        let mut all = flips.clone();
        for symbol in inert.iter().filter(|symbol| outcome.truths.contains_key(*symbol)) {
            all.insert(Arc::clone(symbol));
            if !self.is_possible(&all) {
                all.remove(symbol);
            }
        }
        if all == *flips {
            return Ok(false);
        }
        let other = self.outcome(&all)?;
        Ok(other.print != outcome.print || !other.truths.keys().eq(outcome.truths.keys()))
    }

    /// Adds the world of some answers, unless one that amounts to the same is there already; whether it is new.
    fn add(&mut self, flips: &Flips) -> Result<bool, Full> {
        let outcome = self.outcome(flips)?;
        if self.seen.contains(&outcome.print) {
            return Ok(false);
        }
        if self.found.len() >= MAX_WORLDS {
            return Err(Full);
        }
        self.seen.insert(outcome.print);
        self.found.push(outcome.truths.as_ref().clone());
        Ok(true)
    }

    fn outcome(&mut self, flips: &Flips) -> Result<Outcome, Full> {
        if let Some(known) = self.outcomes.get(flips) {
            return Ok(known.clone());
        }
        let mut at = Assumptions::default();
        for atom in flips.iter().filter_map(|symbol| self.atoms.get(symbol)) {
            at.assume(atom, !atom.base);
        }
        // Everything else is as in the base world.
        for atom in self.atoms.values() {
            if at.implied(atom).is_none() {
                at.assume(atom, atom.base);
            }
        }
        let evaluated = loop {
            if self.evaluations >= MAX_EVALUATIONS || self.steps >= MAX_STEPS {
                return Err(Full);
            }
            let evaluated = self.configuration.evaluate_within(&at, self.depth);
            self.learn(&evaluated);
            if evaluated.open.is_empty() {
                break evaluated;
            }
            for atom in &evaluated.open {
                at.assume(atom, atom.base);
            }
        };
        let asked: HashSet<&Arc<str>> = evaluated.asked.iter().collect();
        at.truths.retain(|symbol, _| asked.contains(symbol));
        let print = print(&(self.resources)(&evaluated));
        let outcome = Outcome { truths: Arc::new(at.truths), print };
        self.outcomes.insert(flips.clone(), outcome.clone());
        Ok(outcome)
    }

    fn learn(&mut self, evaluated: &Evaluated) {
        self.evaluations += 1;
        self.steps += evaluated.steps;
        for atom in &evaluated.open {
            self.atoms.entry(Arc::clone(&atom.symbol)).or_insert_with(|| atom.clone());
        }
        self.groups.add(&evaluated.usage);
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
            names.extend(variables(symbol));
        }
        let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > shown.len() { ", …" } else { "" };
        let advice = match shown.as_slice() {
            [] => String::new(),
            _ => format!("; give values for {}{more} with `--var`", shown.join(", ")),
        };
        Reason::Conditions(Arc::from(format!(
            "{} open conditions combine to more than the {MAX_WORLDS} cases that are explored{advice}",
            self.atoms.len(),
        )))
    }
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
            for item in items {
                hash(item, hasher);
            }
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

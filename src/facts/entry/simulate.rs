//! Which rule of a listener a request gets, and which rules no request can get.
//!
//! A listener tries its rules by priority and takes the first whose conditions all hold; the default rule comes last.
//! Conditions whose values are not known are neither a match nor a mismatch, so the answers here are three-valued or
//! one-sided: a rule is called dead only when every request that could match it is provably taken by earlier rules.

use super::pattern::{Block, Glob};
use crate::graph::Typed;
use crate::graph::elbv2::{Condition, Rule, Test};

/// What conditions look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) host: String,
    /// Without the query string; starts with `/`.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) source: String,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            host: "host.example".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            source: "203.0.113.7".to_owned(),
        }
    }
}

/// One test of a rule, ready to be matched.
#[derive(Clone, Debug)]
enum Set {
    Path(Vec<Glob>),
    Host(Vec<Glob>),
    Header(String, Vec<Glob>),
    Method(Vec<String>),
    Query(Vec<(Option<Glob>, Glob)>),
    SourceIp(Vec<Block>),
}

/// A condition whose known values are `set`; it may match more when it is not `whole`.
#[derive(Clone, Debug)]
struct Part {
    set: Set,
    whole: bool,
}

/// The conditions of a rule.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    parts: Vec<Part>,
    /// A condition of which nothing is known.
    blind: bool,
    /// A rule without any condition that is not the default: not valid, matches nothing for certain.
    void: bool,
    is_default: bool,
    priority: Option<i64>,
}

/// Earlier rules that are compared with a rule, and combinations of its values: past these a rule counts as alive.
const MAX_EARLIER: usize = 200;
const MAX_COMBINATIONS: usize = 128;

/// Rules of a listener for which a witness is sought, and requests that are tried for each.
const MAX_WITNESSED: usize = 300;
const MAX_TRIES: usize = 16;

fn known(values: &[Typed<String>]) -> (Vec<&str>, bool) {
    let texts: Vec<&str> = values.iter().filter_map(|value| value.known().map(String::as_str)).collect();
    let whole = texts.len() == values.len();
    (texts, whole)
}

fn globs(values: &[Typed<String>], more: bool, read: fn(&str) -> Glob) -> (Vec<Glob>, bool) {
    let (texts, whole) = known(values);
    (texts.into_iter().map(read).collect(), whole && !more)
}

impl Part {
    fn new(condition: &Condition) -> Option<Self> {
        let (set, whole) = match &condition.test {
            Test::Path { values, regex } => {
                let (globs, whole) = globs(values, !regex.is_empty(), Glob::sensitive);
                (Set::Path(globs), whole)
            }
            Test::Host { values, regex } => {
                let (globs, whole) = globs(values, !regex.is_empty(), Glob::folded);
                (Set::Host(globs), whole)
            }
            Test::Header { name, values, regex } => {
                let (globs, whole) = globs(values, !regex.is_empty(), Glob::folded);
                (Set::Header(name.known()?.to_ascii_lowercase(), globs), whole)
            }
            Test::Method { values } => {
                let (texts, whole) = known(values);
                (Set::Method(texts.into_iter().map(str::to_owned).collect()), whole)
            }
            Test::Query { pairs } => {
                let read = |(key, value): &(Typed<String>, Typed<String>)| match (key, value.known()) {
                    (Typed::Known(key, _), Some(value)) => Some((Some(Glob::escaped(key)), Glob::escaped(value))),
                    (Typed::Absent(_), Some(value)) => Some((None, Glob::escaped(value))),
                    _ => None,
                };
                let found: Vec<_> = pairs.iter().filter_map(read).collect();
                let whole = found.len() == pairs.len();
                (Set::Query(found), whole)
            }
            Test::SourceIp { values } => {
                let (texts, whole) = known(values);
                let blocks: Vec<_> = texts.iter().filter_map(|text| Block::parse(text)).collect();
                let whole = whole && blocks.len() == texts.len();
                (Set::SourceIp(blocks), whole)
            }
            Test::Unknown(_) => return None,
        };
        Some(Self { set, whole })
    }

    /// Whether the request satisfies it; `None` when unknown values could.
    fn admits(&self, request: &Request) -> Option<bool> {
        let hit = match &self.set {
            Set::Path(globs) => globs.iter().any(|glob| glob.matches(&request.path)),
            Set::Host(globs) => globs.iter().any(|glob| glob.matches(&request.host)),
            Set::Header(name, globs) => request
                .headers
                .iter()
                .any(|(key, value)| key.eq_ignore_ascii_case(name) && globs.iter().any(|glob| glob.matches(value))),
            Set::Method(methods) => methods.contains(&request.method),
            Set::Query(pairs) => pairs.iter().any(|(key, value)| {
                request.query.iter().any(|(given_key, given)| {
                    key.as_ref().is_none_or(|key| key.matches(given_key)) && value.matches(given)
                })
            }),
            Set::SourceIp(blocks) => {
                Block::parse(&request.source).is_some_and(|source| blocks.iter().any(|block| block.includes(source)))
            }
        };
        (hit || self.whole).then_some(hit)
    }

    /// Splits a condition into one for each of its values.
    fn alternatives(&self) -> Vec<Self> {
        fn each<T: Clone>(items: &[T], make: impl Fn(Vec<T>) -> Set) -> Vec<Set> {
            items.iter().map(|item| make(vec![item.clone()])).collect()
        }
        let sets = match &self.set {
            Set::Path(globs) => each(globs, Set::Path),
            Set::Host(globs) => each(globs, Set::Host),
            Set::Header(name, globs) => each(globs, |one| Set::Header(name.clone(), one)),
            Set::Method(methods) => each(methods, Set::Method),
            Set::Query(pairs) => each(pairs, Set::Query),
            Set::SourceIp(blocks) => each(blocks, Set::SourceIp),
        };
        sets.into_iter().map(|set| Self { set, whole: true }).collect()
    }

    /// Whether every request that satisfies `other` satisfies `self`.
    fn includes(&self, other: &Self) -> bool {
        fn all<T>(theirs: &[T], ours: &[T], includes: impl Fn(&T, &T) -> bool) -> bool {
            theirs.iter().all(|narrow| ours.iter().any(|wide| includes(wide, narrow)))
        }
        match (&self.set, &other.set) {
            (Set::Path(ours), Set::Path(theirs)) | (Set::Host(ours), Set::Host(theirs)) => {
                all(theirs, ours, Glob::includes)
            }
            (Set::Header(name, ours), Set::Header(other, theirs)) => name == other && all(theirs, ours, Glob::includes),
            (Set::Method(ours), Set::Method(theirs)) => all(theirs, ours, |wide, narrow| wide == narrow),
            (Set::Query(ours), Set::Query(theirs)) => all(theirs, ours, |wide, narrow| {
                let keys = match (&wide.0, &narrow.0) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(wide), Some(narrow)) => wide.includes(narrow),
                };
                keys && wide.1.includes(&narrow.1)
            }),
            (Set::SourceIp(ours), Set::SourceIp(theirs)) => all(theirs, ours, |wide, narrow| wide.includes(*narrow)),
            _ => false,
        }
    }

    /// Satisfied by every request: paths always start with a slash.
    fn is_universal(&self) -> bool {
        match &self.set {
            Set::Path(globs) => globs.iter().any(|glob| glob.includes(&Glob::sensitive("/*"))),
            _ => false,
        }
    }
}

impl Matcher {
    pub(super) fn new(rule: &Rule) -> Self {
        let conditions = rule.conditions.known().map(Vec::as_slice);
        let parts: Vec<_> = conditions.unwrap_or_default().iter().filter_map(Part::new).collect();
        let blind = conditions.is_none_or(|conditions| conditions.len() != parts.len());
        Self {
            blind,
            void: !rule.is_default && conditions.is_some_and(<[Condition]>::is_empty),
            parts,
            is_default: rule.is_default,
            priority: rule.priority.known().copied(),
        }
    }

    /// Whether the request satisfies all conditions; `None` when that depends on something unknown.
    pub(super) fn admits(&self, request: &Request) -> Option<bool> {
        let answers: Vec<_> = self.parts.iter().map(|part| part.admits(request)).collect();
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        (!self.void && !self.blind && answers.iter().all(Option::is_some)).then_some(true)
    }

    /// Certainly tried before `other`.
    fn precedes(&self, other: &Self) -> bool {
        match (self.priority, other.priority) {
            _ if self.is_default => false,
            (Some(_), _) if other.is_default => true,
            (Some(ours), Some(theirs)) => ours < theirs,
            _ => false,
        }
    }

    /// Takes every request that satisfies all of `parts`.
    fn takes(&self, parts: &[Part]) -> bool {
        !self.blind
            && !self.void
            && self.parts.iter().all(|ours| ours.is_universal() || parts.iter().any(|theirs| ours.includes(theirs)))
    }

    /// The conditions as alternatives of which each has one value a condition. Conditions that are not wholly known
    /// are left out, which only makes the alternatives wider.
    fn alternatives(&self) -> Option<Vec<Vec<Part>>> {
        let mut found: Vec<Vec<Part>> = vec![Vec::new()];
        for part in self.parts.iter().filter(|part| part.whole) {
            let choices = part.alternatives();
            if found.len() * choices.len() > MAX_COMBINATIONS {
                return None;
            }
            found = found
                .iter()
                .flat_map(|before| {
                    choices.iter().map(|choice| [before.as_slice(), std::slice::from_ref(choice)].concat())
                })
                .collect();
        }
        Some(found)
    }
}

/// The index of the rule that a request gets; `None` when that depends on something unknown.
/// The rules are those of one listener in the order in which they are tried.
pub(super) fn choose(rules: &[Matcher], request: &Request) -> Option<usize> {
    for (index, rule) in rules.iter().enumerate() {
        let ordered = rule.is_default || rule.priority.is_some();
        match rule.admits(request) {
            Some(true) if ordered => {
                // A rule of unknown priority that might match could be tried first.
                let rival = |other: &Matcher| {
                    !other.is_default && other.priority.is_none() && other.admits(request) != Some(false)
                };
                return (!rules.iter().any(rival)).then_some(index);
            }
            Some(false) => {}
            Some(true) | None => return None,
        }
    }
    None
}

/// The earlier rules that together take every request which a rule could match: then it is dead. Empty when it may be
/// reached.
pub(super) fn shadowed_by(rules: &[Matcher], index: usize) -> Vec<usize> {
    let Some(rule) = rules.get(index) else { return Vec::new() };
    let earlier: Vec<_> =
        rules.iter().enumerate().filter(|(_, other)| other.precedes(rule)).take(MAX_EARLIER).collect();
    let Some(alternatives) = rule.alternatives().filter(|_| !earlier.is_empty()) else { return Vec::new() };
    let mut found = Vec::new();
    for alternative in alternatives {
        // Most rules do not even take one request of it.
        let one = request(&alternative, "");
        let mut takers = earlier.iter().filter(|(_, other)| other.admits(&one) != Some(false));
        match takers.find(|(_, other)| other.takes(&alternative)) {
            Some((taker, _)) if found.contains(taker) => {}
            Some((taker, _)) => found.push(*taker),
            None => return Vec::new(),
        }
    }
    found.sort_unstable();
    found
}

/// A request that certainly gets the rule.
pub(super) fn witness(rules: &[Matcher], index: usize) -> Option<Request> {
    let rule = rules.get(index)?;
    if rule.blind || rule.void || rules.len() > MAX_WITNESSED {
        return None;
    }
    let fillers = ["", "x", "admin", "zz9"];
    let mut tries = Vec::new();
    for alternative in rule.alternatives()? {
        tries.extend(fillers.iter().map(|filler| request(&alternative, filler)));
    }
    if !rule.parts.iter().any(|part| matches!(part.set, Set::Path(_))) {
        let pathless = tries.clone();
        tries.extend(pathless.into_iter().map(|request| Request { path: "/zz9".to_owned(), ..request }));
    }
    tries.into_iter().take(MAX_TRIES).find(|request| choose(rules, request) == Some(index))
}

fn request(parts: &[Part], filler: &str) -> Request {
    let mut request = Request::default();
    for part in parts {
        match &part.set {
            Set::Path(globs) => set(&mut request.path, globs.first().map(|glob| path(glob, filler))),
            Set::Host(globs) => set(&mut request.host, globs.first().map(|glob| glob.sample(filler))),
            Set::Header(name, globs) => {
                request.headers.extend(globs.first().map(|glob| (name.clone(), glob.sample(filler))));
            }
            Set::Method(methods) => set(&mut request.method, methods.first().cloned()),
            Set::Query(pairs) => request.query.extend(pairs.first().map(|(key, value)| {
                (key.as_ref().map_or_else(|| "x".to_owned(), |key| key.sample(filler)), value.sample(filler))
            })),
            Set::SourceIp(blocks) => set(&mut request.source, blocks.first().map(|block| block.first().to_string())),
        }
    }
    request
}

/// A sample that starts with a slash where the pattern admits one.
fn path(glob: &Glob, filler: &str) -> String {
    let sample = glob.sample(filler);
    let slashed = format!("/{sample}");
    if !sample.starts_with('/') && glob.matches(&slashed) { slashed } else { sample }
}

fn set(field: &mut String, value: Option<String>) {
    if let Some(value) = value {
        *field = value;
    }
}

impl std::fmt::Display for Request {
    /// `GET /admin/x`, and what else of it a condition asked for. Header and query values stay out: a condition on a
    /// header is how a secret between a CDN and its origin is checked.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let usual = Self::default();
        write!(f, "{} ", self.method)?;
        if self.host != usual.host {
            write!(f, "https://{}", self.host)?;
        }
        f.write_str(&self.path)?;
        for (key, _) in &self.query {
            write!(f, " with query parameter {key}")?;
        }
        for (name, _) in &self.headers {
            write!(f, " with header {name}")?;
        }
        if self.source != usual.source {
            write!(f, " from {}", self.source)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

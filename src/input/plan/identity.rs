//! Literal ids and ARNs as what they are: the identity of another resource of the same document.
//!
//! In a state every reference is a literal. One that is the id or ARN of exactly one other resource is that
//! resource's, as it is where the configuration is read; a name is only when the argument's own name says what it
//! names, because equal words are no identity.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::link;
use super::record::{Recorded, Records};
use crate::input::terraform::instance::Instance;
use crate::input::terraform::map;
use crate::input::terraform::value::{Attribute, Kind, Member, Object, Part, Piece, Text, Value};
use crate::source::{Node, Span};

/// What ids and ARNs stand for.
#[derive(Debug, Default)]
pub(super) struct Identities<'n> {
    by_text: HashMap<&'n str, Vec<Attribute>>,
}

/// An id that somebody chose is at least this long when it is taken for one wherever it stands.
const OPAQUE: usize = 10;

/// Arguments that say in which network something is.
const NETWORK: [&str; 7] =
    ["security_group_ids", "security_groups", "subnet_id", "subnet_ids", "subnets", "vpc_id", "vpc_security_group_ids"];

/// Larger collections are not searched.
const MAX_DEPTH: usize = 64;

impl<'n> Identities<'n> {
    pub(super) fn of(records: &Records<'n>) -> Self {
        let mut identities = Self::default();
        for recorded in records.list.iter().filter(|recorded| recorded.managed) {
            let computed = map::attributes(&recorded.kind).filter(|path| !matches!(*path, "id" | "arn" | "name"));
            for path in ["arn", "id", "name"].into_iter().chain(computed) {
                identities.add(recorded, path);
            }
        }
        identities
    }

    fn add(&mut self, recorded: &Recorded<'n>, path: &str) {
        let text = recorded.values.and_then(|values| values.get(path)).and_then(Node::as_str);
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        let known = self.by_text.entry(text).or_default();
        if known.iter().all(|other| other.instance != recorded.address) {
            known.push(Attribute {
                instance: Arc::clone(&recorded.address),
                kind: Arc::clone(&recorded.kind),
                path: Arc::from(path),
            });
        }
    }

    /// The instances that have an id, ARN or name.
    pub(super) fn having(&self, text: &str) -> impl Iterator<Item = &Arc<str>> {
        self.by_text.get(text).into_iter().flatten().map(|attribute| &attribute.instance)
    }

    /// Leaves out where the service has put an instance that is not told where to be: its default network, of which
    /// no more is known than that.
    pub(super) fn without_default_network(&self, arguments: Value, configured: &dyn Fn(&str) -> bool) -> Value {
        let Some(object) = arguments.as_object() else { return arguments };
        let outside =
            |value: &Value| matches!(&value.kind, Kind::Text(text) if !self.by_text.contains_key(&*text.text));
        let is_default = |member: &Member| {
            NETWORK.contains(&&*member.key)
                && !configured(&member.key)
                && member.value.elements().map_or_else(|| outside(&member.value), |items| items.iter().all(outside))
        };
        let mut kept = Object::new(object.members().iter().filter(|member| !is_default(member)).cloned().collect());
        kept.open.clone_from(&object.open);
        Value::object(arguments.span, kept)
    }

    /// Follows the literals of an instance.
    pub(super) fn link(&self, instance: &mut Instance) {
        let own = Arc::clone(&instance.address);
        if let Some(linked) = self.linked(&instance.arguments, &own, "", MAX_DEPTH) {
            instance.arguments = linked;
        }
    }

    /// `None` when nothing changes.
    fn linked(&self, value: &Value, own: &str, path: &str, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let kind = match &value.kind {
            Kind::Text(text) if value.origin.is_none() && !value.sensitive => return self.text(value, text, own, path),
            Kind::List(items) => Kind::List(self.items(items, own, path, depth)?),
            Kind::Set(items) => Kind::Set(self.items(items, own, path, depth)?),
            Kind::Object(object) => {
                // Tags name whatever they like.
                if matches!(path, "tags" | "tags_all") {
                    return None;
                }
                let mut changed = false;
                let members = object.members().iter().map(|member| {
                    let inner = if path.is_empty() { member.key.to_string() } else { format!("{path}.{}", member.key) };
                    let linked = self.linked(&member.value, own, &inner, depth);
                    changed |= linked.is_some();
                    Member { value: linked.unwrap_or_else(|| member.value.clone()), ..member.clone() }
                });
                let mut replaced = Object::new(members.collect());
                replaced.open.clone_from(&object.open);
                changed.then_some(())?;
                Kind::Object(Arc::new(replaced))
            }
            _ => return None,
        };
        Some(value.clone().with(kind))
    }

    fn items(&self, items: &[Value], own: &str, path: &str, depth: usize) -> Option<Arc<[Value]>> {
        let mut changed = false;
        let replaced: Vec<Value> = items
            .iter()
            .map(|item| {
                let linked = self.linked(item, own, path, depth);
                changed |= linked.is_some();
                linked.unwrap_or_else(|| item.clone())
            })
            .collect();
        changed.then(|| replaced.into())
    }

    fn text(&self, value: &Value, text: &Text, own: &str, path: &str) -> Option<Value> {
        if let Some(attribute) = self.whole(&text.text, own, path) {
            return Some(match &*attribute.path {
                // Its name is what it was given; the provider makes the rest.
                "name" => with_origin(value, attribute),
                _ => value.clone().with(Kind::Attribute(Arc::new(attribute.clone()))),
            });
        }
        let parts = self.parts(value, text, own).or_else(|| self.named_part(value, text, own))?;
        Some(value.clone().with(Kind::Partial(parts.into())))
    }

    /// `integrations/abc123`: what stands before an id says whose it is.
    fn named_part(&self, value: &Value, text: &Text, own: &str) -> Option<Vec<Part>> {
        let (what, id) = text.text.split_once('/')?;
        let mut known = self.by_text.get(id)?.iter().filter(|attribute| names(what, &attribute.kind));
        let attribute = known.next().filter(|attribute| &*attribute.instance != own)?;
        let literal = Part::Literal(slice(text, 0, what.len() + 1), value.span);
        let id = Part::Value(Value::new(value.span, Kind::Attribute(Arc::new(attribute.clone()))));
        known.next().is_none().then(|| vec![literal, id])
    }

    /// The one other resource that a text identifies.
    fn whole(&self, text: &str, own: &str, path: &str) -> Option<&Attribute> {
        let known = self.by_text.get(text)?;
        // What identifies the resource itself is no reference.
        if known.iter().any(|attribute| &*attribute.instance == own) && !link::is_link("", path) {
            return None;
        }
        let others = || known.iter().filter(|attribute| &*attribute.instance != own);
        let suits = |attribute: &&Attribute| names(path, &attribute.kind);
        let mut suiting = others().filter(suits);
        if let Some(first) = suiting.next() {
            return suiting.next().is_none().then_some(first);
        }
        let mut candidates = others().filter(|attribute| &*attribute.path != "name" && is_opaque(text));
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    }

    /// A text with the ids and ARNs of other resources in it.
    fn parts(&self, value: &Value, text: &Text, own: &str) -> Option<Vec<Part>> {
        let whole: &str = &text.text;
        let mut parts = Vec::new();
        let (mut from, mut at) = (0, 0);
        while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
            let Some((length, attribute)) = self.leading(rest, own) else {
                let word = rest.find(is_delimiter).unwrap_or(rest.len());
                at += word + rest.get(word..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                continue;
            };
            if at > from {
                parts.push(Part::Literal(slice(text, from, at), value.span));
            }
            parts.push(Part::Value(Value::new(value.span, Kind::Attribute(Arc::new(attribute.clone())))));
            at += length;
            from = at;
        }
        if parts.is_empty() {
            return None;
        }
        if from < whole.len() {
            parts.push(Part::Literal(slice(text, from, whole.len()), value.span));
        }
        Some(parts)
    }

    /// The longest ARN, or else the id, of one other resource that a text begins with, and its length.
    fn leading(&self, text: &str, own: &str) -> Option<(usize, &Attribute)> {
        let one = |word: &str| match self.by_text.get(word).map(Vec::as_slice) {
            Some([only]) if &*only.instance != own && &*only.path != "name" => Some(only),
            _ => None,
        };
        if !text.starts_with("arn:") {
            let end = text.find(is_delimiter).unwrap_or(text.len());
            let word = text.get(..end)?;
            if let Some(attribute) = one(word).filter(|_| is_opaque(word)) {
                return Some((end, attribute));
            }
            return None;
        }
        let stop = text.find(|char: char| char.is_whitespace() || "\"'`,;<>(){}[]\\".contains(char));
        let mut end = stop.unwrap_or(text.len());
        loop {
            if let Some(attribute) = text.get(..end).and_then(one) {
                return Some((end, attribute));
            }
            end = text.get(..end)?.rfind([':', '/'])?;
        }
    }
}

fn with_origin(value: &Value, attribute: &Attribute) -> Value {
    let mut value = value.clone();
    value.origin = Some(Arc::new(attribute.clone()));
    value
}

fn is_delimiter(char: char) -> bool {
    !(char.is_alphanumeric() || char == '-' || char == '_')
}

/// Whether nobody would choose such a text: an ARN, or an id that a service made, such as `subnet-0a1b2c3d`,
/// `eu-west-1_AbCdEfGhI`, or letters and digits.
fn is_opaque(text: &str) -> bool {
    if text.starts_with("arn:") {
        return true;
    }
    let mixed = |word: &str| {
        word.chars().all(|char| char.is_ascii_alphanumeric())
            && word.contains(|char: char| char.is_ascii_digit())
            && word.contains(|char: char| char.is_ascii_alphabetic())
    };
    let hex = |word: &str| word.len() >= 8 && word.chars().all(|char| char.is_ascii_hexdigit());
    let pool = text.split_once('_').is_some_and(|(region, id)| {
        region.split('-').count() >= 3 && region.ends_with(|char: char| char.is_ascii_digit()) && !id.is_empty()
    });
    let prefixed = text.rsplit_once('-').is_some_and(|(prefix, id)| !prefix.is_empty() && hex(id));
    pool || prefixed || text.len() >= OPAQUE && mixed(text)
}

/// Whether an argument's name says that it takes a resource of a type: `user_pool_id` an `aws_cognito_user_pool`.
fn names(path: &str, kind: &str) -> bool {
    let argument = path.rsplit('.').next().unwrap_or(path);
    let stem = ["_ids", "_id", "_arns", "_arn", "_names", "_name", "_identifier"]
        .iter()
        .find_map(|ending| argument.strip_suffix(ending))
        .unwrap_or_else(|| argument.strip_suffix('s').unwrap_or(argument));
    let stem = stem.rsplit_once("vpc_").map_or(stem, |(_, rest)| rest);
    let same = |stem: &str| !stem.is_empty() && kind.strip_suffix(stem).is_some_and(|rest| rest.ends_with('_'));
    // `api_id` takes an HTTP API, `rest_api_id` a REST one; `function_name` a Lambda function.
    match stem {
        "api" => kind == "aws_apigatewayv2_api",
        "zone" => kind == "aws_route53_zone",
        "load_balancer" => matches!(kind, "aws_lb" | "aws_alb"),
        "target_group" => matches!(kind, "aws_lb_target_group" | "aws_alb_target_group"),
        "cluster" => kind == "aws_ecs_cluster",
        _ => same(stem),
    }
}

/// A part of a text with its places.
fn slice(text: &Text, from: usize, to: usize) -> Text {
    let part = text.text.get(from..to).unwrap_or_default();
    let pieces = text.pieces.as_ref().map(|pieces| {
        let ends = pieces.iter().skip(1).map(|piece| piece.start as usize).chain([text.text.len()]);
        let inside = pieces.iter().zip(ends).filter(|(piece, end)| (piece.start as usize) < to && *end > from);
        inside.map(|(piece, end)| cut(*piece, end, from..to)).collect()
    });
    Text { text: Arc::from(part), pieces }
}

/// What is left of a piece that ends at `end`.
fn cut(piece: Piece, end: usize, kept: Range<usize>) -> Piece {
    let start = piece.start as usize;
    let (first, last) = (start.max(kept.start), end.min(kept.end));
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    // Only what maps byte for byte can be cut.
    let literal = (piece.span.end - piece.span.start) as usize == end - start;
    let span = if literal {
        Span { start: piece.span.start + offset(first - start), end: piece.span.end - offset(end - last), ..piece.span }
    } else {
        piece.span
    };
    Piece { start: offset(first - kept.start), span }
}

//! Terraform's values, in one world.
//!
//! As in [`crate::value`], a value never hides a choice: it is known, the attribute of a resource that the provider
//! computes, text of which a part is one of those, or unknown with the reason. What Terraform itself only knows after
//! apply but an architecture needs (the id of *that* subnet) is therefore known here.

use std::sync::Arc;

use crate::source::Span;
pub use crate::source::hcl::Number;
use crate::value::Reason;

#[derive(Clone, Debug)]
pub struct Value {
    /// Where it is written. What a variable, local or output hands on keeps the span of the place that uses it; the
    /// elements of a collection keep their own.
    pub span: Span,
    pub kind: Kind,
    /// The resource attribute that a value was read from (`aws_iam_role.app.name` with a literal `name`), so that
    /// whoever follows a link need not go by names.
    pub origin: Option<Arc<Attribute>>,
    /// From a variable or output marked `sensitive`, or `sensitive(…)`: never shown.
    pub sensitive: bool,
    /// Of a list or object: its elements share one type, as `tolist` and `list(string)` make them, so it is a list or
    /// map in Terraform's terms. As it is written (`[…]`, `{…}`) it is a tuple or object, which never equals one.
    /// Of a set: it is a list in truth, of which the order is not known.
    pub uniform: bool,
    /// Levels below and size of the whole, for the bounds of [`Value::new`].
    depth: u8,
    weight: u32,
}

/// Levels of a value. Whoever walks one may recurse.
const MAX_DEPTH: u8 = 100;

/// Size of a value: its elements at any depth, shared ones as often as they occur, and its text.
const MAX_WEIGHT: u32 = 1_000_000;

/// Bytes of text that weigh as much as an element.
const BYTES_PER_ELEMENT: usize = 32;

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    /// Text with at least one part that is no literal. Adjacent literals are one part.
    Partial(Arc<[Part]>),
    /// `jsonencode(…)` of a value, and documents of data sources: text whose structure (and so whose spans) is kept.
    Json(Arc<Value>),
    /// A list or tuple.
    List(Arc<[Value]>),
    /// Distinct, in Terraform's order. Also a list of which the order is not known; see [`Value::is_unordered`].
    Set(Arc<[Value]>),
    /// A map or object.
    Object(Arc<Object>),
    /// An attribute that is only known after apply.
    Attribute(Arc<Attribute>),
    /// Only as an element of a list or set: an unknown number of further elements.
    Rest(Arc<Unknown>),
    Unknown(Arc<Unknown>),
}

#[derive(Clone, Debug)]
pub struct Text {
    pub text: Arc<str>,
    /// For text that may be a document (it has a line break or a brace): the pieces that it was written as, in order
    /// and without gaps.
    pub pieces: Option<Arc<[Piece]>>,
}

/// Text from byte `start` to the next piece, and where it is written; see
/// [`TemplatePart::Literal`](crate::source::hcl::TemplatePart::Literal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: u32,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Part {
    /// With the place of the whole.
    Literal(Text, Span),
    /// Its kind is `Attribute` or `Unknown`.
    Value(Value),
}

#[derive(Clone, Debug, Default)]
pub struct Object {
    /// Sorted by key, each once.
    members: Vec<Member>,
    /// Set when further members may exist: a key that is not among the members is unknown, not absent.
    pub open: Option<Arc<Unknown>>,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub key: Arc<str>,
    pub key_span: Span,
    pub value: Value,
}

/// An attribute of a resource instance that its configuration does not set, such as `arn`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    /// Address of the instance: `module.vpc.aws_subnet.private[0]`.
    pub instance: Arc<str>,
    /// `aws_subnet`.
    pub kind: Arc<str>,
    /// `arn`, `vpc_config.0.vpc_id`; empty for the resource itself.
    pub path: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Unknown {
    pub reason: Reason,
    /// The normal form of the expression that is not known, as seen from the root module: `var.create`,
    /// `length(var.subnets)`. Two unknowns with one symbol have one value. `None` when there is no short form. Of
    /// further elements: the collection that has as many.
    pub symbol: Option<Arc<str>>,
    /// Of further elements: what is known of each.
    pub element: Option<Arc<Value>>,
}

impl Unknown {
    pub fn new(reason: Reason, symbol: Option<Arc<str>>) -> Self {
        Self { reason, symbol, element: None }
    }
}

impl Value {
    /// A value that would be too deep or too large is unknown instead.
    pub fn new(span: Span, kind: Kind) -> Self {
        let (depth, weight) = kind.extent();
        let limit = match (depth > MAX_DEPTH, weight > MAX_WEIGHT) {
            (true, _) => "the value nests too deeply",
            (_, true) => "the value is too large",
            _ => return Self { span, kind, origin: None, sensitive: false, uniform: false, depth, weight },
        };
        Self::unknown(span, Reason::Limit(Arc::from(limit)), None)
    }

    pub fn text(span: Span, text: impl Into<Arc<str>>) -> Self {
        Self::new(span, Kind::Text(Text { text: text.into(), pieces: None }))
    }

    pub fn null(span: Span) -> Self {
        Self::new(span, Kind::Null)
    }

    pub fn unknown(span: Span, reason: Reason, symbol: Option<Arc<str>>) -> Self {
        Self::new(span, Kind::Unknown(Arc::new(Unknown::new(reason, symbol))))
    }

    pub fn list(span: Span, items: impl Into<Arc<[Value]>>) -> Self {
        Self::new(span, Kind::List(items.into()))
    }

    pub fn object(span: Span, object: Object) -> Self {
        Self::new(span, Kind::Object(Arc::new(object)))
    }

    /// The size that bounds what is made of values: elements at any depth, shared ones as often as they occur.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// The same value in another form: its place, origin and marks stay.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        let made = Self::new(self.span, kind);
        Self { origin: self.origin, sensitive: self.sensitive, ..made }
    }

    /// A list or object as a list or map of one type, a set as a list without a known order; see [`Value::uniform`].
    #[must_use]
    pub fn collected(mut self) -> Self {
        self.uniform = matches!(self.kind, Kind::List(_) | Kind::Set(_) | Kind::Object(_));
        self
    }

    /// A list of which the order is not known. One element may stand in it several times.
    pub fn unordered(span: Span, items: impl Into<Arc<[Value]>>) -> Self {
        Self::new(span, Kind::Set(items.into())).collected()
    }

    #[must_use]
    pub fn marked(mut self, sensitive: bool) -> Self {
        self.sensitive = sensitive;
        self
    }

    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Whether it, or anything in it, is sensitive.
    pub fn sensitive_within(&self) -> bool {
        self.sensitive
            || match &self.kind {
                Kind::List(items) | Kind::Set(items) => items.iter().any(Self::sensitive_within),
                Kind::Object(object) => object.members.iter().any(|member| member.value.sensitive_within()),
                Kind::Json(inner) => inner.sensitive_within(),
                _ => false,
            }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The elements of a list or set that is wholly known as a collection; its elements may be unknown.
    pub fn items(&self) -> Option<&[Self]> {
        self.elements().filter(|items| !items.iter().any(|item| matches!(item.kind, Kind::Rest(_))))
    }

    /// The elements of a list or set, [`Kind::Rest`] included.
    pub fn elements(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(items) | Kind::Set(items) => Some(items),
            _ => None,
        }
    }

    /// A set of which the order depends on what is not known, or a list in such an order.
    pub fn is_unordered(&self) -> bool {
        let open = |item: &Self| match &item.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => false,
            Kind::Rest(_) => true,
            _ => super::symbol::reason(item).is_some(),
        };
        match &self.kind {
            Kind::Set(items) => (items.len() > 1 || self.items().is_none()) && items.iter().any(open),
            _ => false,
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A member of an object; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }
}

impl Kind {
    fn extent(&self) -> (u8, u32) {
        let of_text = |text: &Text| u32::try_from(text.text.len() / BYTES_PER_ELEMENT).unwrap_or(u32::MAX);
        let around = |depth: u8, weight: u32| (depth.saturating_add(1), weight.saturating_add(1));
        let largest =
            |(depth, weight): (u8, u32), value: &Value| (depth.max(value.depth), weight.saturating_add(value.weight));
        let of_element = |unknown: &Unknown| match &unknown.element {
            Some(element) => around(element.depth, element.weight),
            None => (0, 1),
        };
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Attribute(_) | Self::Unknown(_) => (0, 1),
            Self::Rest(unknown) => of_element(unknown),
            Self::Text(text) => (0, of_text(text).saturating_add(1)),
            Self::Partial(parts) => {
                let weights = parts.iter().map(|part| match part {
                    Part::Literal(text, _) => of_text(text).saturating_add(1),
                    Part::Value(value) => value.weight,
                });
                (0, weights.fold(1, u32::saturating_add))
            }
            Self::Json(inner) => around(inner.depth, inner.weight),
            Self::List(items) | Self::Set(items) => {
                let (depth, weight) = items.iter().fold((0, 0), largest);
                around(depth, weight)
            }
            Self::Object(object) => {
                let (depth, weight) = object.members.iter().map(|member| &member.value).fold((0, 0), largest);
                let (open, more) = object.open.as_deref().map_or((0, 0), of_element);
                around(depth.max(open), weight.saturating_add(more))
            }
        }
    }
}

impl Object {
    /// Of equal keys the last one counts.
    pub fn new(mut members: Vec<Member>) -> Self {
        // The sort is stable, so among equal keys the order of writing remains.
        members.sort_by(|a, b| a.key.cmp(&b.key));
        members.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Self { members, open: None }
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn into_members(self) -> Vec<Member> {
        self.members
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members.binary_search_by(|member| (*member.key).cmp(key)).ok().and_then(|at| self.members.get(at))
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    #[test]
    fn values_that_double_or_nest_without_end_become_unknown() {
        let span = Span::new(SourceMap::default().add("t.tf", ""), 0, 0);
        let limit = |value: &Value| match &value.kind {
            Kind::Unknown(unknown) => unknown.reason.to_string(),
            _ => String::new(),
        };
        let mut doubled = Value::text(span, "x".repeat(64));
        for _ in 0..30 {
            doubled = Value::list(span, [doubled.clone(), doubled]);
        }
        let mut nested = Value::null(span);
        for _ in 0..300 {
            nested = Value::object(span, Object::new(vec![Member { key: "a".into(), key_span: span, value: nested }]));
            if let Kind::Unknown(_) = nested.kind {
                break;
            }
        }
        assert_eq!(limit(&nested), "the value nests too deeply");
        while doubled.items().is_some() {
            doubled = doubled.items().unwrap()[0].clone();
        }
        assert_eq!(limit(&doubled), "the value is too large");
    }
}

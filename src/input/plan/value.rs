//! The arguments of one instance: what the plan knows, and for the rest what its references and the configuration
//! beside it tell.

use std::sync::Arc;

use super::configuration::Expression;
use super::link;
use super::record::Recorded;
use super::reference::{Resolver, Scope};
use super::written::{self, Reconciler};
use crate::input::terraform::policy_document;
use crate::input::terraform::value::{Attribute, Kind, Member, Number, Object, Part, Piece, Text, Value};
use crate::source::embedded::TextMap;
use crate::source::{Node, NodeValue, Scalar, SourceMap, Span};
use crate::value::Reason;

/// Attributes of many types that no configuration sets.
const COMPUTED: [&str; 3] = ["id", "arn", "tags_all"];

/// Reads the values of instances.
pub(super) struct Reader<'r, 'n> {
    pub sources: &'r SourceMap,
    /// Leads to what is not known yet.
    pub unknown: Resolver<'r, 'n>,
    /// Leads to everything.
    pub known: Resolver<'r, 'n>,
}

/// One value, as each part of a plan tells it.
#[derive(Clone, Copy)]
struct Place<'p, 'n> {
    value: Option<&'n Node>,
    unknown: Option<&'n Node>,
    sensitive: [Option<&'n Node>; 2],
    expression: Expression<'n>,
    /// The expression is that of something around the value, and may lead to what stands beside it.
    shared: bool,
    /// What stands around is configured in a way that the plan tells, so what is not is left to the provider.
    told: bool,
    /// What the configuration beside the plan makes of it.
    written: Option<&'p Value>,
    /// Where to point when the plan has no place for it.
    span: Span,
}

/// The argument that a value is (a part of).
struct Argument<'p, 'n> {
    recorded: &'p Recorded<'n>,
    scope: &'p Scope<'n>,
    /// `vpc_config.subnet_ids`.
    path: &'p str,
}

impl<'n> Reader<'_, 'n> {
    /// The arguments of an instance, with what the provider computed. `written` are those that the configuration
    /// beside the plan gives it.
    pub(super) fn arguments(&self, recorded: &Recorded<'n>, written: Option<&Value>) -> Value {
        let module = self.known.configuration.module(&recorded.calls);
        let resource = module.and_then(|module| module.resource(&recorded.local));
        let place = Place {
            value: recorded.values,
            unknown: recorded.unknown,
            sensitive: recorded.sensitive,
            expression: resource.map_or(Expression::Absent, Expression::of_resource),
            shared: false,
            told: resource.is_some(),
            written,
            span: recorded.name_span,
        };
        let scope = self.known.scope(recorded);
        let mut arguments = self.object(place, &Argument { recorded, scope: &scope, path: "" });
        // What is not set is missing where the block is written.
        let planned = || recorded.values.map_or(recorded.span, |values| values.span);
        arguments.span = written.map_or_else(planned, |written| written.span);
        arguments
    }

    fn reconciler(&self) -> Reconciler<'_, 'n> {
        Reconciler { sources: self.sources, records: self.known.records }
    }

    /// `None` when there is nothing: not written, and computed by the provider.
    fn value(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Option<Value> {
        let sensitive = place.sensitive.iter().flatten().any(|node| is_true(node));
        let mut value = if place.unknown.is_some_and(is_true) {
            self.hole(place, argument)?
        } else {
            self.partly(place, argument)?
        };
        value.sensitive |= sensitive;
        Some(value)
    }

    /// Something that is known at least in its outline.
    fn partly(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Option<Value> {
        let Some(node) = place.value else {
            return match place.unknown.map(|unknown| &unknown.value) {
                Some(NodeValue::Map(members)) if !members.is_empty() => Some(self.object(place, argument)),
                Some(NodeValue::Seq(items)) if !items.is_empty() => Some(self.list(place, argument)),
                _ => place.written.cloned(),
            };
        };
        match &node.value {
            NodeValue::Null => None,
            NodeValue::Scalar(scalar) => {
                let value = self.scalar(node.span, scalar);
                Some(match place.written {
                    Some(written) => self.reconciler().reconciled(value, written),
                    None => self.traced(value, &scalar.text, place.expression, argument),
                })
            }
            NodeValue::Seq(_) => Some(self.list(place, argument)),
            NodeValue::Map(_) => Some(self.object(place, argument)),
        }
    }

    fn object(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Value {
        let entries = |node: Option<&'n Node>| node.and_then(Node::as_map).unwrap_or_default();
        let written = place.written.and_then(written::only);
        let expression = match place.expression {
            Expression::Blocks([only]) => Expression::Block(only),
            other => other,
        };
        // The configuration beside the plan says what it sets here, down to the last argument.
        let is_whole = written.is_some_and(|object| object.open.is_none());
        let mut members = Vec::new();
        let mut keys: Vec<(&str, Span)> =
            entries(place.value).iter().map(|entry| (&*entry.key, entry.key_span)).collect();
        let known = keys.len();
        for entry in entries(place.unknown) {
            if place.value.is_none_or(|value| value.entry(&entry.key).is_none()) {
                keys.push((&entry.key, place.span));
            }
        }
        for (index, (key, key_span)) in keys.iter().enumerate() {
            let member = written.and_then(|object| object.member(key));
            let span = if index < known { *key_span } else { place.span };
            let inner = Place {
                value: place.value.and_then(|value| value.get(key)),
                unknown: below(place.unknown, key),
                sensitive: place.sensitive.map(|node| below(node, key)),
                expression: match expression {
                    // Blocks that the provider takes as one argument have one expression together.
                    Expression::References(_) => expression,
                    _ => expression.member(key),
                },
                shared: matches!(expression, Expression::References(_)),
                told: is_whole || place.told && !matches!(expression, Expression::Absent | Expression::References(_)),
                written: member.map(|member| &member.value),
                span,
            };
            let path = if argument.path.is_empty() { (*key).to_owned() } else { format!("{}.{key}", argument.path) };
            if let Some(value) = self.value(inner, &Argument { path: &path, ..*argument }) {
                let key_span = member.map_or(span, |member| member.key_span);
                members.push(Member { key: Arc::from(*key), key_span, value });
            }
        }
        // What the plan has no value of, it leaves out altogether.
        let told = |key: &str| place.value.is_some() || keys.iter().any(|(known, _)| *known == key);
        let rest = written.map(Object::members).unwrap_or_default();
        members.extend(rest.iter().filter(|member| !told(&member.key)).cloned());
        let span = written::place(place.written, place.value.map_or(place.span, |value| value.span));
        Value::object(span, Object::new(members))
    }

    fn list(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Value {
        let items = |node: Option<&'n Node>| node.and_then(Node::as_seq).unwrap_or_default();
        let (values, unknown) = (items(place.value), items(place.unknown));
        let length = values.len().max(unknown.len());
        let blocks = match place.expression {
            Expression::Blocks(blocks) => pair(blocks, values),
            _ => Vec::new(),
        };
        let written = self.reconciler().pair(place.written, values, length);
        let is_block = |value: Option<&Node>| value.is_some_and(|value| value.as_map().is_some());
        let holes: Vec<usize> = (0..length).filter(|at| unknown.get(*at).is_some_and(is_true)).collect();
        let mut filled = self.elements(place, argument, holes.len()).into_iter();
        let each = (0..length).map(|at| {
            let inner = Place {
                value: values.get(at),
                unknown: unknown.get(at),
                sensitive: place.sensitive.map(|node| items(node).get(at).or(node.filter(|node| is_true(node)))),
                expression: match place.expression {
                    whole @ Expression::References(_) if is_block(values.get(at)) => whole,
                    _ => blocks.get(at).copied().unwrap_or_default(),
                },
                shared: true,
                told: place.told && blocks.get(at).is_some_and(|block| !block.is_absent()),
                written: written.get(at).copied().flatten(),
                span: values.get(at).map_or(place.span, |value| value.span),
            };
            if holes.contains(&at)
                && inner.written.is_none()
                && let Some(attribute) = filled.next()
            {
                return Value::new(inner.span, Kind::Attribute(Arc::new(attribute)));
            }
            let value = match inner.value {
                // Elements of text are told apart by what they say.
                Some(Node { span, value: NodeValue::Scalar(scalar), .. })
                    if inner.written.is_none() && !holes.contains(&at) =>
                {
                    let known = self.scalar(*span, scalar);
                    Some(self.traced(known, &scalar.text, place.expression, argument))
                }
                _ => self.value(inner, argument),
            };
            value.unwrap_or_else(|| {
                if holes.contains(&at) { not_known(inner.span, argument) } else { Value::null(inner.span) }
            })
        });
        let span = written::place(place.written, place.value.map_or(place.span, |value| value.span));
        Value::list(span, each.collect::<Vec<Value>>())
    }

    /// The attributes that the unknown elements of a list are, in their order, when the references tell.
    fn elements(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>, holes: usize) -> Vec<Attribute> {
        let expression = place.expression;
        if holes == 0 || !matches!(expression, Expression::References(_)) {
            return Vec::new();
        }
        let origins = self.unknown.origins(expression, argument.scope);
        let fit = !origins.unclear
            && origins.attributes.len() == holes
            && link::is_link(&argument.recorded.kind, argument.path);
        let named = |attribute: &Attribute| link::named(attribute, argument.path);
        if fit { origins.attributes.iter().map(named).collect() } else { Vec::new() }
    }

    /// What is only known after apply. `None` when the provider computes it.
    fn hole(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Option<Value> {
        let is_unknown = |value: &Value| matches!(value.kind, Kind::Unknown(_));
        let written = place.written.filter(|written| !written.is_null());
        match written {
            Some(written) if !is_unknown(written) => Some(written.clone()),
            Some(written) => {
                self.told(place, argument).filter(|told| !is_unknown(told)).or_else(|| Some(written.clone()))
            }
            None => self.told(place, argument),
        }
    }

    /// The same by the plan alone.
    fn told(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Option<Value> {
        match place.expression {
            Expression::Absent if place.told || COMPUTED.contains(&argument.path) => None,
            Expression::Absent => Some(not_known(place.span, argument)),
            Expression::Constant(node) => {
                let known = Place { value: Some(node), unknown: None, expression: Expression::Absent, ..place };
                self.value(known, argument)
            }
            Expression::References(_) => Some(self.referred(place, argument)),
            Expression::Block(block) => {
                let entries = block.as_map().unwrap_or_default();
                let members = entries.iter().filter_map(|entry| {
                    let inner = Place { expression: Expression::of(&entry.value), ..place };
                    let path = format!("{}.{}", argument.path, entry.key);
                    let value = self.told(inner, &Argument { path: &path, ..*argument })?;
                    Some(Member { key: Arc::from(&*entry.key), key_span: place.span, value })
                });
                Some(Value::object(place.span, Object::new(members.collect())))
            }
            Expression::Blocks(blocks) => {
                let blocks = blocks
                    .iter()
                    .filter_map(|block| self.told(Place { expression: Expression::Block(block), ..place }, argument));
                Some(Value::list(place.span, blocks.collect::<Vec<Value>>()))
            }
        }
    }

    /// The attribute that an argument hands on, or all of them when it takes several.
    fn referred(&self, place: Place<'_, 'n>, argument: &Argument<'_, 'n>) -> Value {
        let origins = self.unknown.origins(place.expression, argument.scope);
        if let (false, [only]) = (origins.unclear, origins.attributes.as_slice())
            && let Some(document) = self.document(only, place.span)
        {
            return document;
        }
        if origins.unclear || !link::is_link(&argument.recorded.kind, argument.path) {
            return not_known(place.span, argument);
        }
        let attribute = |attribute: &Attribute| {
            let whole = Value::new(place.span, Kind::Attribute(Arc::new(link::named(attribute, argument.path))));
            if !link::is_beginning(attribute) {
                return whole;
            }
            let parts = [Part::Value(whole), Part::Value(not_known(place.span, argument))];
            Value::new(place.span, Kind::Partial(Arc::new(parts)))
        };
        match origins.attributes.as_slice() {
            [] => not_known(place.span, argument),
            several if link::takes_several(argument.path) && (!place.shared || several.len() == 1) => {
                Value::list(place.span, several.iter().map(attribute).collect::<Vec<Value>>())
            }
            [only] => attribute(only),
            _ => not_known(place.span, argument),
        }
    }

    /// The policy of an `aws_iam_policy_document` that is only read at apply.
    fn document(&self, attribute: &Attribute, span: Span) -> Option<Value> {
        if &*attribute.kind != "data.aws_iam_policy_document"
            || !matches!(&*attribute.path, "json" | "minified_json" | "")
        {
            return None;
        }
        let data = self.known.records.at(&attribute.instance)?;
        Some(policy_document::document(&self.arguments(data, None)).at(span))
    }

    fn scalar(&self, span: Span, scalar: &Scalar) -> Value {
        scalar_value(span, scalar, self.sources)
    }

    /// A known value with the attribute that it was read from, when the references lead to one that has this value.
    fn traced(&self, mut value: Value, text: &str, expression: Expression<'n>, argument: &Argument<'_, 'n>) -> Value {
        if !matches!(expression, Expression::References(_)) || !matches!(value.kind, Kind::Text(_)) || text.is_empty() {
            return value;
        }
        let origins = self.known.origins(expression, argument.scope);
        let found = origins.attributes.iter().find_map(|attribute| self.having(attribute, text));
        if let Some((attribute, computed)) = found {
            if computed {
                value.kind = Kind::Attribute(Arc::new(attribute));
            } else {
                value.origin = Some(Arc::new(attribute));
            }
        }
        value
    }

    /// The attribute itself, or one of the instance when it is not told which, that has a value; and whether the
    /// provider computes it.
    fn having(&self, attribute: &Attribute, text: &str) -> Option<(Attribute, bool)> {
        let recorded = self.known.records.at(&attribute.instance).filter(|recorded| recorded.managed)?;
        let has = |path: &str| recorded.values?.get(path)?.as_str().filter(|value| *value == text);
        let path = [&*attribute.path, "id", "arn", "name"].into_iter().find(|path| has(path).is_some())?;
        let module = self.known.configuration.module(&recorded.calls);
        let configured = module
            .and_then(|module| module.resource(&recorded.local))
            .is_some_and(|resource| !Expression::of_resource(resource).member(path).is_absent());
        Some((Attribute { path: Arc::from(path), ..attribute.clone() }, !configured))
    }
}

/// What the plan does not tell, and what would.
fn not_known(span: Span, argument: &Argument<'_, '_>) -> Value {
    let reason = format!(
        "`{}` of `{}` is only known after apply; the configuration beside the plan can tell more",
        argument.path, argument.recorded.address
    );
    Value::unknown(span, Reason::NotUnderstood(Arc::from(reason)), None)
}

/// A scalar of JSON.
pub(super) fn scalar_value(span: Span, scalar: &Scalar, sources: &SourceMap) -> Value {
    let kind = match (scalar.plain, &*scalar.text) {
        (true, "true") => Kind::Bool(true),
        (true, "false") => Kind::Bool(false),
        (true, number) => match number.parse() {
            Ok(whole) => Kind::Number(Number::Whole(whole)),
            Err(_) => number.parse().map_or(Kind::Null, |float| Kind::Number(Number::Float(float))),
        },
        (false, text) => {
            // Only documents are looked into.
            let pieces = text.contains(['{', '\n']).then(|| {
                let map = TextMap::new(sources, span, text);
                map.pieces()
                    .map(|(start, span)| Piece { start: u32::try_from(start).unwrap_or(u32::MAX), span })
                    .collect()
            });
            Kind::Text(Text { text: Arc::from(text), pieces })
        }
    };
    Value::new(span, kind)
}

pub(super) fn is_true(node: &Node) -> bool {
    matches!(&node.value, NodeValue::Scalar(scalar) if scalar.plain && &*scalar.text == "true")
}

/// The mark of a member; a mark of the whole is one of each member.
fn below<'n>(marks: Option<&'n Node>, key: &str) -> Option<&'n Node> {
    let marks = marks?;
    if is_true(marks) { Some(marks) } else { marks.get(key) }
}

/// The block of the configuration that each value of a nested block comes from, where literals tell.
fn pair<'n>(blocks: &'n [Node], values: &[Node]) -> Vec<Expression<'n>> {
    let fits = |block: &Node, value: &Node| {
        let mut arguments = block.as_map().unwrap_or_default().iter();
        arguments.all(|argument| match (argument.value.get("constant_value"), value.get(&argument.key)) {
            (Some(constant), Some(value)) => constant.as_str() == value.as_str(),
            _ => true,
        })
    };
    let of_value = |value: &Node| {
        let mut fitting = blocks.iter().filter(|block| fits(block, value));
        match (blocks, fitting.next(), fitting.next()) {
            ([only], ..) if values.len() == 1 => Expression::Block(only),
            (_, Some(only), None) => Expression::Block(only),
            _ => Expression::Absent,
        }
    };
    values.iter().map(of_value).collect()
}

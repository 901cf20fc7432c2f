//! The intrinsic functions.
//!
//! Source: CloudFormation user guide, "Intrinsic function reference", and "`AWS::LanguageExtensions` transform".
//! What cannot be computed before deployment keeps its references: a part of an attribute (`Fn::Select` of a
//! `Fn::Split` of an ARN) is text with that reference and an unknown part, so that it still leads to its resource.

use std::sync::Arc;

use super::scope::{Mode, Scope, place};
use super::{cidr, text};
use crate::input::assemble::assemble;
use crate::input::not_understood;
use crate::source::{Node, NodeValue, Span};
use crate::value::{Kind, Part, Reason, Reference, Value};

/// A function call in any of its spellings: `!Sub x`, `Fn::Sub: x`, `!Base64 {Fn::Sub: x}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'n> {
    /// Without `Fn::` or `!`.
    pub name: &'n str,
    pub argument: &'n Node,
    /// The argument's tag is the call itself.
    tagged: bool,
    pub span: Span,
}

impl<'n> Call<'n> {
    pub(super) fn of(node: &'n Node) -> Option<Self> {
        if let Some(tag) = &node.tag {
            let name = tag.name.strip_prefix('!').unwrap_or(&tag.name);
            return Some(Self { name, argument: node, tagged: true, span: node.span });
        }
        let [entry] = node.as_map()? else { return None };
        let name = match &*entry.key {
            "Ref" => "Ref",
            key => key.strip_prefix("Fn::").filter(|name| !name.starts_with("ForEach::") && *name != "Transform")?,
        };
        Some(Self { name, argument: &entry.value, tagged: false, span: node.span })
    }

    /// The arguments as they are written, when they are a list.
    pub(super) fn arguments(&self) -> Option<&'n [Node]> {
        if !self.tagged && self.argument.tag.is_some() {
            return None;
        }
        self.argument.as_seq()
    }

    /// The argument when it is plain text.
    pub(super) fn plain(&self) -> Option<&'n str> {
        if !self.tagged && self.argument.tag.is_some() {
            return None;
        }
        self.argument.as_str()
    }
}

impl<'a> Scope<'_, 'a> {
    pub(super) fn call(&self, call: &Call<'_>) -> Option<Value> {
        let value = self.dispatch(call)?;
        if self.mode == Mode::Symbolic && value.reason().is_some() {
            return Some(self.opaque(call));
        }
        Some(value)
    }

    fn dispatch(&self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        Some(match call.name {
            "Ref" => match call.plain() {
                Some(name) => return self.reference(&self.substitute(name), span),
                None => self.malformed("`Ref` needs a name", span),
            },
            "GetAtt" => return self.get_att(call),
            "If" => return self.choose(call),
            "Sub" => self.sub(call),
            "Join" => self.join(call),
            "Select" => return self.select(call),
            "Split" => self.split(call),
            "FindInMap" => return self.find_in_map(call),
            "ImportValue" => return self.import(call),
            "Cidr" => self.cidr(call),
            // The analyses want to know the content, not its encoding; structure says more than its text.
            "Base64" | "ToJsonString" => return self.argument(call).map(|value| moved(value, span)),
            "GetAZs" => Value::new(span, Kind::Ref(Reference::Pseudo(Arc::from("AWS::AvailabilityZones")))),
            "Length" => self.length(call),
            "Transform" => self.transform(call.argument, span),
            "GetStackOutput" => self.foreign_output(call),
            "And" | "Or" | "Not" | "Equals" | "Condition" => {
                self.malformed(format!("`{}` only has a meaning in a condition", call.name), span)
            }
            name => self.malformed(format!("`{name}` is not a known function"), span),
        })
    }

    /// The evaluated argument of a call.
    pub(super) fn argument(&self, call: &Call<'_>) -> Option<Value> {
        if call.tagged {
            // `!Base64` directly over `Fn::Sub: …`: the tag is dealt with, the mapping below it is a call.
            let inner = match &call.argument.value {
                NodeValue::Map(entries) => match entries.as_slice() {
                    [entry] if entry.key.starts_with("Fn::") || &*entry.key == "Ref" => {
                        let name = entry.key.strip_prefix("Fn::").unwrap_or(&entry.key);
                        Some(Call { name, argument: &entry.value, tagged: false, span: call.span })
                    }
                    _ => None,
                },
                _ => None,
            };
            return inner.map_or_else(|| Some(self.untagged(call.argument)), |inner| self.call(&inner));
        }
        self.eval(call.argument)
    }

    fn choose(&self, call: &Call<'_>) -> Option<Value> {
        let Some([condition, when_true, when_false]) = call.arguments() else {
            return Some(self.malformed("`Fn::If` needs a condition and two values", call.span));
        };
        let Some(name) =
            condition.as_str().filter(|_| condition.tag.as_ref().is_none_or(|tag| &*tag.name == "!Condition"))
        else {
            return Some(self.malformed("`Fn::If` needs the name of a condition", condition.span));
        };
        let holds = self.holds(&self.substitute(name), condition.span);
        self.eval(if holds { when_true } else { when_false })
    }

    fn get_att(&self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        if let Some(text) = call.plain() {
            let text = self.substitute(text);
            return match text.split_once('.') {
                Some((name, attribute)) => self.attribute(name, attribute, span),
                None => Some(self.malformed("`Fn::GetAtt` needs `Resource.Attribute`", span)),
            };
        }
        let Some([name, attributes @ ..]) = call.arguments().filter(|items| items.len() > 1) else {
            return Some(self.malformed("`Fn::GetAtt` needs a resource and an attribute", span));
        };
        let mut texts = Vec::with_capacity(attributes.len());
        for attribute in attributes {
            let value = self.eval(attribute)?;
            match value.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => {
                    return Some(derived(
                        span,
                        std::slice::from_ref(&value),
                        "the attribute of `Fn::GetAtt` is not known",
                    ));
                }
            }
        }
        // `AWS::LanguageExtensions` computes the name, for example by `Fn::Sub` of a loop variable.
        let name = self.eval(name)?;
        match name.as_str() {
            Some(name) => self.attribute(&self.substitute(name), &texts.join("."), span),
            None => Some(self.malformed("`Fn::GetAtt` needs the name of a resource", name.span)),
        }
    }

    fn sub(&self, call: &Call<'_>) -> Value {
        let (template, variables) = match (call.plain(), call.arguments()) {
            (Some(text), _) => (text, None),
            (None, Some([text])) if text.as_str().is_some() => (text.as_str().unwrap_or_default(), None),
            (None, Some([text, variables])) if text.as_str().is_some() && variables.as_map().is_some() => {
                (text.as_str().unwrap_or_default(), Some(variables))
            }
            _ => return self.malformed("`Fn::Sub` needs a text, or a text and a mapping", call.span),
        };
        let template = self.substitute(template);
        self.run.spend(template.len());
        let mut parts = Vec::new();
        for piece in text::pieces(&template) {
            let name = match piece {
                text::Piece::Literal(text) => {
                    parts.push(Part::Literal(Arc::from(text)));
                    continue;
                }
                text::Piece::Name(name) => name,
            };
            let value = match (variables.and_then(|map| map.get(name)), name.split_once('.')) {
                (Some(node), _) => self.eval(node),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, call.span),
                (None, None) => self.reference(name, call.span),
            };
            let more = value.map_or_else(|| Some(Vec::new()), text::parts_of).unwrap_or_else(|| {
                let what = format!("`${{{name}}}` is not text");
                self.warn(what.clone(), call.span);
                vec![Part::Unknown(not_understood(what))]
            });
            self.spend_text(&more);
            parts.extend(more);
        }
        self.bounded(call.span, parts)
    }

    fn join(&self, call: &Call<'_>) -> Value {
        let span = call.span;
        let Some([delimiter, items]) = call.arguments() else {
            return self.malformed("`Fn::Join` needs a delimiter and a list", span);
        };
        let Some(delimiter) = delimiter.as_str() else {
            return self.malformed("`Fn::Join` needs a literal delimiter", delimiter.span);
        };
        let delimiter: Arc<str> = Arc::from(delimiter);
        let Some(list) = self.eval(items) else { return Value::text_at(span, "") };
        let Kind::List(items) = list.kind else {
            return derived(span, std::slice::from_ref(&list), "the items of this list are not known");
        };
        let mut parts = Vec::with_capacity(items.len() * 2);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                parts.push(Part::Literal(Arc::clone(&delimiter)));
            }
            let at = item.span;
            let Some(more) = text::parts_of(item) else {
                return self.malformed("`Fn::Join` joins texts only", at);
            };
            self.spend_text(&more);
            parts.extend(more);
        }
        self.bounded(span, parts)
    }

    fn spend_text(&self, parts: &[Part]) {
        let bytes = parts.iter().map(|part| if let Part::Literal(text) = part { text.len() } else { 1 }).sum();
        self.run.spend(bytes);
    }

    /// Text, unless the evaluation has produced too much already.
    fn bounded(&self, span: Span, parts: Vec<Part>) -> Value {
        if self.run.spend(1) {
            return assemble(span, parts);
        }
        Value::unknown(span, Reason::Limit(Arc::from("the template expands to too much text")))
    }

    fn select(&self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        let Some([index, list]) = call.arguments() else {
            return Some(self.malformed("`Fn::Select` needs an index and a list", span));
        };
        let index = self.eval(index)?;
        let list = self.eval(list)?;
        let Some(number) = index.as_i64() else {
            return Some(derived(span, &[list, index], "the index of `Fn::Select` is not known"));
        };
        let at = usize::try_from(number).ok();
        match list.kind {
            Kind::List(items) => match at.and_then(|at| items.into_iter().nth(at)) {
                Some(item) => Some(moved(item, span)),
                None => Some(self.malformed(format!("the list has no item {number}"), span)),
            },
            Kind::Ref(Reference::Pseudo(name)) if &*name == "AWS::AvailabilityZones" => {
                let zone = Reference::Pseudo(Arc::from(format!("{name}[{number}]")));
                Some(Value::new(span, Kind::Ref(zone)))
            }
            kind => {
                let list = Value { span, kind };
                Some(derived(span, std::slice::from_ref(&list), "the items of this list are not known"))
            }
        }
    }

    fn split(&self, call: &Call<'_>) -> Value {
        let span = call.span;
        let Some([delimiter, source]) = call.arguments() else {
            return self.malformed("`Fn::Split` needs a delimiter and a text", span);
        };
        let Some(delimiter) = delimiter.as_str().filter(|text| !text.is_empty()) else {
            return self.malformed("`Fn::Split` needs a literal delimiter", delimiter.span);
        };
        let Some(source) = self.eval(source) else { return self.malformed("`Fn::Split` needs a text", span) };
        let unknown = || derived(span, std::slice::from_ref(&source), "this text is only known after deployment");
        let Some(parts) = text::parts_of(source.clone()) else {
            return self.malformed("`Fn::Split` needs a text", source.span);
        };
        let exact = parts.iter().all(|part| match part {
            Part::Literal(_) => true,
            // Ids and ARNs contain no comma; other delimiters may well occur in them.
            Part::Ref(Reference::Resource { .. }) => delimiter == "," && parts.len() > 1,
            Part::Ref(Reference::Pseudo(name)) => {
                matches!(&**name, "AWS::Region" | "AWS::AccountId") && matches!(delimiter, ":" | "/" | "," | "." | "|")
                    || &**name == "AWS::StackName" && matches!(delimiter, ":" | "/" | "," | "." | "|")
            }
            Part::Unknown(_) => false,
        });
        if !exact {
            return unknown();
        }
        Value::new(span, Kind::List(text::split(span, &parts, delimiter)))
    }

    fn find_in_map(&self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        let Some([map, first, second, rest @ ..]) = call.arguments().filter(|items| items.len() <= 4) else {
            return Some(self.malformed("`Fn::FindInMap` needs a mapping and two keys", span));
        };
        let default = rest.first().and_then(|options| options.get("DefaultValue"));
        let keys: Vec<Value> = [map, first, second].into_iter().filter_map(|key| self.eval(key)).collect();
        let [name, first, second] = keys.as_slice() else {
            return Some(self.malformed("`Fn::FindInMap` needs a mapping and two keys", span));
        };
        let Some(name) = name.as_str() else { return Some(unknown_key(span, name)) };
        let Some(mapping) = self.stack.mappings.get(name).map(|declared| declared.node) else {
            return match default {
                Some(node) => self.eval(node).map(|value| moved(value, span)),
                None => Some(self.malformed(format!("mapping `{name}` is not declared"), span)),
            };
        };
        let Some(second) = second.as_str() else { return Some(unknown_key(span, second)) };
        let Some(first) = first.as_str() else {
            // Whatever the first key will be, the value may be the same.
            let mut all = mapping.as_map().unwrap_or_default().iter().map(|entry| entry.value.get(second));
            let Some(Some(one)) = all.next() else { return Some(unknown_key(span, first)) };
            if default.is_none() && all.all(|other| other.is_some_and(|other| same(one, other))) {
                return self.eval(one).map(|value| moved(value, span));
            }
            return Some(unknown_key(span, first));
        };
        match (mapping.get(first).and_then(|inner| inner.get(second)), default) {
            (Some(node), _) | (None, Some(node)) => self.eval(node).map(|value| moved(value, span)),
            (None, None) if mapping.get("Fn::Transform").is_some() => {
                Some(Value::unknown(span, Reason::Transform(Arc::from("AWS::Include"))))
            }
            (None, None) => Some(self.malformed(format!("mapping `{name}` has no `{first}.{second}`"), span)),
        }
    }

    fn import(&self, call: &Call<'_>) -> Option<Value> {
        let name = self.argument(call)?;
        let text = name.template().unwrap_or_else(|| "?".to_owned());
        match self.run.exporter(&self.stack.template.name, &text) {
            Some((root, output)) => self.output(root, output, call.span),
            None => Some(Value::unknown(call.span, Reason::Import(Arc::from(text)))),
        }
    }

    /// `Fn::GetStackOutput`: an output of a stack that is known only by its name.
    fn foreign_output(&self, call: &Call<'_>) -> Value {
        let text = |key: &str| {
            let value = call.argument.get(key).and_then(|node| self.eval(node));
            value.and_then(|value| value.template()).unwrap_or_else(|| "?".to_owned())
        };
        let what = format!("output `{}` of stack `{}`", text("OutputName"), text("StackName"));
        Value::unknown(call.span, Reason::Outside(Arc::from(what)))
    }

    /// The output that an `Fn::ImportValue` takes its value from.
    pub(super) fn exporter(&self, call: &Call<'_>) -> Option<(usize, &'a str)> {
        self.run.exporter(&self.stack.template.name, &self.argument(call)?.template()?)
    }

    fn cidr(&self, call: &Call<'_>) -> Value {
        let span = call.span;
        let arguments = call.arguments().filter(|items| matches!(items.len(), 2 | 3));
        let Some([block, count, bits @ ..]) = arguments else {
            return self.malformed("`Fn::Cidr` needs an address block, a count and a number of bits", span);
        };
        let Some(block) = self.eval(block).map(|block| self.address_block(block)) else {
            return self.malformed("`Fn::Cidr` needs an address block", span);
        };
        let number = |node: &Node| self.eval(node).and_then(|value| value.as_i64());
        // Without a number of bits each block gets 8.
        let bits = bits.first().map_or(Some(8), number);
        match (block.as_str(), number(count), bits) {
            (Some(text), Some(count), Some(bits)) => match cidr::blocks(text, count, bits) {
                Some(blocks) => {
                    Value::new(span, Kind::List(blocks.into_iter().map(|text| Value::text_at(span, text)).collect()))
                }
                None => self.malformed(format!("`{text}` cannot be cut into {count} blocks of {bits} bits"), span),
            },
            _ => derived(span, std::slice::from_ref(&block), "the address block is only known after deployment"),
        }
    }

    /// The literal block behind `!GetAtt Vpc.CidrBlock`.
    fn address_block(&self, block: Value) -> Value {
        let Kind::Ref(Reference::Resource { address, attribute: Some(attribute), .. }) = &block.kind else {
            return block;
        };
        if &**attribute != "CidrBlock" {
            return block;
        }
        let name = address.0.strip_prefix(&*self.stack.prefix).unwrap_or_default();
        let declared = self.stack.resources.get(name).map(|declared| declared.node);
        let property = declared.and_then(|node| node.get("Properties")).and_then(|node| node.get("CidrBlock"));
        property.and_then(|node| self.eval(node)).unwrap_or(block)
    }

    fn length(&self, call: &Call<'_>) -> Value {
        let span = call.span;
        match self.argument(call) {
            Some(Value { kind: Kind::List(items), .. }) => Value::text_at(span, items.len().to_string()),
            Some(other) => derived(span, &[other], "the length of this list is not known"),
            None => self.malformed("`Fn::Length` needs a list", span),
        }
    }

    /// The local snippet that an `AWS::Include` names.
    pub(super) fn included(&self, node: &Node) -> Option<&'a Node> {
        let node = only(node);
        if node.get("Name").and_then(Node::as_str) != Some(super::template::INCLUDE) {
            return None;
        }
        let location = self.eval(node.get("Parameters")?.get("Location")?)?;
        self.run.library.documents.document(&self.stack.template.name, location.as_str()?).ok()
    }

    /// `Fn::Transform`: what a local snippet says, else unknown.
    pub(super) fn transform(&self, node: &Node, span: Span) -> Value {
        let name = only(node).get("Name").and_then(Node::as_str).unwrap_or("without a name");
        match self.included(node).and_then(|snippet| self.eval(snippet)) {
            Some(value) => moved(value, span),
            None => Value::unknown(span, Reason::Transform(Arc::from(name))),
        }
    }
}

/// The one item of a list, as macros may be written; else the node itself.
fn only(node: &Node) -> &Node {
    match node.as_seq() {
        Some([item]) => item,
        _ => node,
    }
}

/// A value that moves, as a whole, to where a function's result stands.
fn moved(mut value: Value, span: Span) -> Value {
    if let Kind::List(_) | Kind::Map(_) = value.kind {
        // Structured values keep their inner spans: they point at what was written.
        value.span = span;
    } else {
        place(&mut value, span);
    }
    value
}

/// What can be said of a value computed from `from`: the references that it mentions, and that more is not known.
fn derived(span: Span, from: &[Value], why: &str) -> Value {
    let references = from.iter().flat_map(Value::references).cloned();
    let mut parts: Vec<Part> = references.map(Part::Ref).collect();
    let reason = from.iter().find_map(Value::reason).cloned();
    parts.push(Part::Unknown(reason.unwrap_or_else(|| match parts.first() {
        Some(Part::Ref(reference)) => Reason::Attribute(Arc::from(reference.to_string())),
        _ => not_understood(why),
    })));
    assemble(span, parts)
}

fn unknown_key(span: Span, key: &Value) -> Value {
    let reason = key.reason().cloned().or_else(|| match key.references().first() {
        Some(Reference::Pseudo(name)) => Some(Reason::Parameter(Arc::clone(name))),
        _ => None,
    });
    Value::unknown(span, reason.unwrap_or_else(|| not_understood("a key of `Fn::FindInMap` is not known")))
}

/// Whether two nodes say the same, wherever they stand.
fn same(left: &Node, right: &Node) -> bool {
    match (&left.value, &right.value) {
        (NodeValue::Scalar(left), NodeValue::Scalar(right)) => text::canonical(left) == text::canonical(right),
        (NodeValue::Seq(left), NodeValue::Seq(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => false,
    }
}

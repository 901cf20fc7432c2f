//! The data source `aws_iam_policy_document`: a policy as blocks, of which the provider makes JSON.
//!
//! Source: the data source's page in the documentation of the Terraform AWS provider. What the page leaves open (how
//! versions and ids are merged, that a list of one is written as its element, that lists are in descending order) is
//! as the provider's releases behave.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::structure;
use super::value::{Kind, Member, Object, Part, Text, Unknown, Value};
use crate::source::Span;
use crate::value::Reason;

/// The document that the arguments describe, as the text of `json` and `minified_json`.
pub(in crate::input) fn document(arguments: &Value) -> Value {
    let span = arguments.span;
    let Some(given) = arguments.as_object() else { return arguments.clone() };
    let mut merged = Merged::default();
    for argument in ["source_json", "source_policy_documents"] {
        merged.add_all(given.get(argument));
    }
    merged.add_own(given, span);
    for argument in ["override_policy_documents", "override_json"] {
        merged.add_all(given.get(argument));
    }
    if let Some(open) = &given.open {
        merged.statements.push(Value::new(span, Kind::Rest(Arc::clone(open))));
    }
    Value::new(span, Kind::Json(Arc::new(merged.finish(span))))
}

#[derive(Default)]
struct Merged {
    id: Option<Value>,
    version: Option<Value>,
    statements: Vec<Value>,
}

impl Merged {
    /// Documents as text; a single one counts as a list.
    fn add_all(&mut self, documents: Option<&Value>) {
        let Some(documents) = documents else { return };
        match documents.elements() {
            Some(elements) => elements.iter().for_each(|element| self.add(element)),
            None => self.add(documents),
        }
    }

    fn add(&mut self, text: &Value) {
        match &text.kind {
            Kind::Null => return,
            Kind::Text(text) if text.text.trim().is_empty() => return,
            _ => {}
        }
        if is_policy_arn(text) {
            return self.merge(text.clone());
        }
        let Some(document) = structure(text) else { return self.add_unread(text) };
        let Some(object) = document.as_object() else { return self.add_unread(text) };
        let version = object.get("Version").cloned();
        self.adopt(object.get("Id").cloned(), version);
        match object.get("Statement") {
            None => {}
            Some(statements) => match statements.elements() {
                Some(elements) => elements.iter().for_each(|statement| self.merge(statement.clone())),
                None => self.merge(statements.clone()),
            },
        }
        if let Some(open) = &object.open {
            self.merge(Value::new(text.span, Kind::Rest(Arc::clone(open))));
        }
    }

    /// A document that cannot be read may hold any statement.
    fn add_unread(&mut self, text: &Value) {
        let unknown = unknown_of(text).unwrap_or_else(|| {
            let reason = Reason::NotUnderstood(Arc::from("the policy document is no valid JSON"));
            Arc::new(Unknown::new(reason, None))
        });
        self.merge(Value::new(text.span, Kind::Rest(unknown)));
    }

    fn add_own(&mut self, given: &Object, span: Span) {
        let version = written(given.get("version")).cloned().unwrap_or_else(|| Value::text(span, "2012-10-17"));
        self.adopt(written(given.get("policy_id")).cloned(), Some(version));
        let Some(statements) = given.get("statement") else { return };
        match statements.elements() {
            Some(blocks) => blocks.iter().for_each(|block| self.merge(statement(block))),
            None => self.merge(statement(statements)),
        }
    }

    /// A later version upgrades an earlier one; of ids the last one counts.
    fn adopt(&mut self, id: Option<Value>, version: Option<Value>) {
        self.id = id.or(self.id.take());
        let newer = match (&self.version, &version) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(known), Some(new)) => match (text_of(known), text_of(new)) {
                (Some(known), Some(new)) => new > known,
                (known, _) => known.is_some(),
            },
        };
        if newer {
            self.version = version;
        }
    }

    /// A statement takes the place of an earlier one with its id.
    fn merge(&mut self, statement: Value) {
        let sid = sid_of(&statement);
        match &sid {
            Sid::None => {}
            Sid::Known(sid) => {
                let same = |known: &Value| matches!(sid_of(known), Sid::Known(known) if known == *sid);
                if let Some(at) = self.statements.iter().position(same)
                    && let Some(place) = self.statements.get_mut(at)
                {
                    *place = statement;
                    return;
                }
                self.doubt(|known| matches!(known, Sid::Unknown(_)), None);
            }
            // It may be any of those that have an id.
            Sid::Unknown(unknown) => self.doubt(|known| !matches!(known, Sid::None), Some(unknown)),
        }
        self.statements.push(statement);
    }

    /// Statements that may have been replaced are no longer known.
    fn doubt(&mut self, which: impl Fn(&Sid) -> bool, because: Option<&Arc<Unknown>>) {
        for statement in &mut self.statements {
            let sid = sid_of(statement);
            if !which(&sid) || matches!(statement.kind, Kind::Rest(_) | Kind::Unknown(_)) {
                continue;
            }
            let own = if let Sid::Unknown(unknown) = &sid { Some(unknown) } else { None };
            if let Some(unknown) = because.or(own) {
                *statement = Value::new(statement.span, Kind::Unknown(Arc::clone(unknown)));
            }
        }
    }

    fn finish(self, span: Span) -> Value {
        let member = |key: &str, value: Value| Member { key: Arc::from(key), key_span: value.span, value };
        let mut members = Vec::new();
        members.extend(self.version.map(|version| member("Version", version)));
        members.extend(self.id.map(|id| member("Id", id)));
        if !self.statements.is_empty() {
            members.push(member("Statement", Value::list(span, self.statements)));
        }
        Value::object(span, Object::new(members))
    }
}

enum Sid {
    None,
    Known(Arc<str>),
    Unknown(Arc<Unknown>),
}

/// What `policy` of a policy that is looked up is known by; it stands among the statements for those of that policy.
fn is_policy_arn(text: &Value) -> bool {
    let literals: Vec<&str> = match &text.kind {
        Kind::Text(text) => vec![&text.text],
        Kind::Partial(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Literal(text, _) => Some(&*text.text),
                Part::Value(_) => None,
            })
            .collect(),
        _ => return false,
    };
    literals.first().is_some_and(|first| first.starts_with("arn:"))
        && literals.iter().any(|literal| literal.contains(":policy/"))
}

fn sid_of(statement: &Value) -> Sid {
    let sid = match &statement.kind {
        Kind::Object(object) => match (object.get("Sid"), &object.open) {
            (Some(sid), _) => sid,
            (None, Some(open)) => return Sid::Unknown(Arc::clone(open)),
            (None, None) => return Sid::None,
        },
        _ => statement,
    };
    match (&sid.kind, unknown_of(sid)) {
        (Kind::Text(text), _) if text.text.is_empty() => Sid::None,
        (Kind::Text(text), _) => Sid::Known(Arc::clone(&text.text)),
        (_, Some(unknown)) => Sid::Unknown(unknown),
        // Text that holds an attribute is no valid id.
        (_, None) => Sid::None,
    }
}

/// One `statement` block in JSON's terms.
fn statement(block: &Value) -> Value {
    let Some(given) = block.as_object() else { return block.clone() };
    let mut members = Vec::new();
    let mut put = |key: &str, from: &Member, value: Option<Value>| {
        members.extend(value.map(|value| Member { key: Arc::from(key), key_span: from.key_span, value }));
    };
    for member in given.members() {
        let value = &member.value;
        match &*member.key {
            "sid" => put("Sid", member, written(Some(value)).cloned()),
            "effect" => put("Effect", member, written(Some(value)).cloned()),
            "actions" => put("Action", member, set(value)),
            "not_actions" => put("NotAction", member, set(value)),
            "resources" => put("Resource", member, set(value).map(with_variables)),
            "not_resources" => put("NotResource", member, set(value).map(with_variables)),
            "principals" => put("Principal", member, principals(value)),
            "not_principals" => put("NotPrincipal", member, principals(value)),
            "condition" => put("Condition", member, conditions(value)),
            _ => {}
        }
    }
    if given.open.is_none() && !members.iter().any(|member| &*member.key == "Effect") {
        let value = Value::text(block.span, "Allow");
        members.push(Member { key: Arc::from("Effect"), key_span: block.span, value });
    }
    let mut object = Object::new(members);
    object.open.clone_from(&given.open);
    Value::object(block.span, object)
}

/// `{type, identifiers}` blocks as a mapping of types; the type `*` by itself is everyone.
fn principals(blocks: &Value) -> Option<Value> {
    let Some(blocks) = elements_or_unknown(blocks) else { return Some(blocks.clone()) };
    if let [block] = blocks
        && block.get("type").and_then(text_of).as_deref() == Some("*")
        && let Some(identifiers) = block.get("identifiers").and_then(set)
        && text_of(&identifiers).as_deref() == Some("*")
    {
        return Some(identifiers);
    }
    grouped(blocks, |block| Some((vec![block.get("type")?], block.get("identifiers")?)))
}

/// `{test, variable, values}` blocks as a mapping of operators to mappings of keys.
fn conditions(blocks: &Value) -> Option<Value> {
    let Some(blocks) = elements_or_unknown(blocks) else { return Some(blocks.clone()) };
    grouped(blocks, |block| Some((vec![block.get("test")?, block.get("variable")?], block.get("values")?)))
}

/// The blocks of a list; none for null. `None` when the list itself is not known.
fn elements_or_unknown(blocks: &Value) -> Option<&[Value]> {
    match &blocks.kind {
        Kind::Null => Some(&[]),
        Kind::Object(_) => Some(std::slice::from_ref(blocks)),
        _ => blocks.elements(),
    }
}

/// Collects the values of blocks under their keys, nested as deep as there are keys.
fn grouped<'a>(blocks: &'a [Value], read: impl Fn(&'a Value) -> Option<(Vec<&'a Value>, &'a Value)>) -> Option<Value> {
    let whole = blocks.iter().map(|block| block.span).reduce(Span::join)?;
    let mut root = Group::at(whole);
    for block in blocks {
        let Some((keys, values)) = read(block) else {
            root.open = root.open.or_else(|| unknown_of(block));
            continue;
        };
        let mut at = &mut root;
        let mut known = true;
        for key in keys {
            let Some(name) = text_of(key) else {
                at.open = unknown_of(key).or_else(|| at.open.take());
                known = false;
                break;
            };
            at = at.child(&name, key.span, block.span);
        }
        if known {
            at.values.push(values.clone());
        }
    }
    Some(root.finish())
}

/// A mapping in the making, or the values of a key.
struct Group {
    span: Span,
    children: BTreeMap<Arc<str>, (Span, Group)>,
    values: Vec<Value>,
    open: Option<Arc<Unknown>>,
}

impl Group {
    fn at(span: Span) -> Self {
        Self { span, children: BTreeMap::new(), values: Vec::new(), open: None }
    }

    fn child(&mut self, name: &Arc<str>, key_span: Span, span: Span) -> &mut Self {
        &mut self.children.entry(Arc::clone(name)).or_insert_with(|| (key_span, Self::at(span))).1
    }

    fn finish(self) -> Value {
        if !self.values.is_empty() {
            return with_variables(self.all_values());
        }
        let members = self.children.into_iter().map(|(key, (key_span, group))| {
            let value = group.finish();
            Member { key, key_span, value }
        });
        let mut object = Object::new(members.collect());
        object.open = self.open;
        Value::object(self.span, object)
    }

    fn all_values(&self) -> Value {
        if let [only] = self.values.as_slice() {
            return single(only);
        }
        let mut all = Vec::new();
        for values in &self.values {
            match values.elements() {
                Some(elements) => all.extend_from_slice(elements),
                None => all.push(values.clone()),
            }
        }
        Value::list(self.span, all)
    }
}

/// A list without duplicates in descending order, where that can be told; a list of one is its element. `None` for
/// none.
fn set(values: &Value) -> Option<Value> {
    let Some(elements) = values.elements() else {
        return written(Some(values)).cloned();
    };
    let texts: Option<Vec<Arc<str>>> = elements.iter().map(text_of).collect();
    let mut sorted = elements.to_vec();
    if texts.is_some() {
        sorted.sort_by_key(|element| std::cmp::Reverse(text_of(element)));
        sorted.dedup_by_key(|element| text_of(element));
    }
    match sorted.as_slice() {
        [] => None,
        _ => Some(single(&Value::list(values.span, sorted))),
    }
}

fn single(values: &Value) -> Value {
    match values.elements() {
        Some([only]) if !matches!(only.kind, Kind::Rest(_)) => only.clone(),
        _ => values.clone(),
    }
}

/// What is written and not empty.
fn written(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match &value.kind {
        Kind::Null => false,
        Kind::Text(text) => !text.text.is_empty(),
        _ => true,
    })
}

/// The text of a known scalar, as it would be in JSON.
fn text_of(value: &Value) -> Option<Arc<str>> {
    match &value.kind {
        Kind::Text(text) => Some(Arc::clone(&text.text)),
        Kind::Bool(known) => Some(Arc::from(known.to_string())),
        Kind::Number(number) => Some(Arc::from(number.to_string())),
        _ => None,
    }
}

/// `&{aws:username}` is written for IAM's `${aws:username}`, which Terraform would take for its own.
fn with_variables(value: Value) -> Value {
    let kind = match &value.kind {
        Kind::Text(text) if text.text.contains("&{") => Kind::Text(replaced(text)),
        Kind::Partial(parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Literal(text, span) => Part::Literal(replaced(text), *span),
                Part::Value(_) => part.clone(),
            });
            Kind::Partial(parts.collect())
        }
        Kind::List(items) => Kind::List(items.iter().cloned().map(with_variables).collect()),
        Kind::Set(items) => Kind::Set(items.iter().cloned().map(with_variables).collect()),
        _ => return value,
    };
    value.with(kind)
}

/// Both forms are of equal length, so that the pieces stay where they are.
fn replaced(text: &Text) -> Text {
    Text { text: text.text.replace("&{", "${").into(), pieces: text.pieces.clone() }
}

/// Why a value is not known.
fn unknown_of(value: &Value) -> Option<Arc<Unknown>> {
    match &value.kind {
        Kind::Rest(unknown) | Kind::Unknown(unknown) => Some(Arc::clone(unknown)),
        Kind::Partial(parts) => parts.iter().find_map(|part| match part {
            Part::Value(value) => unknown_of(value),
            Part::Literal(..) => None,
        }),
        Kind::Attribute(attribute) => {
            let name = format!("{}.{}", attribute.instance, attribute.path);
            let reason = Reason::Attribute(Arc::from(name.as_str()));
            Some(Arc::new(Unknown::new(reason, Some(Arc::from(name)))))
        }
        Kind::Object(object) => object.open.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

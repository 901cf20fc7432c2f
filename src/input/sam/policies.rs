//! `Policies`: AWS managed names, ARNs, inline documents and the transform's own policy templates.

use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::value::{Kind, Value};

use super::Transform;
use super::shape::{At, Fields, get};

/// The policy templates of AWS SAM. Version, date and licence: `policy_templates.json`, key `Origin`.
static TEMPLATES: &str = include_str!("policy_templates.json");
/// AWS managed policies whose path is not `/`, by name. Origin: as above.
static MANAGED: &str = include_str!("managed_policy_paths.json");

fn parsed(cell: &'static OnceLock<Json>, text: &str) -> &'static Json {
    cell.get_or_init(|| serde_json::from_str(text).unwrap_or(Json::Null))
}

fn template(name: &str) -> Option<&'static Json> {
    static CELL: OnceLock<Json> = OnceLock::new();
    parsed(&CELL, TEMPLATES).get("Templates")?.get(name)
}

/// What a `Policies` property amounts to.
#[derive(Default)]
pub(super) struct Policies {
    pub(super) managed: Vec<Value>,
    /// Entries of `AWS::IAM::Role.Policies`.
    pub(super) inline: Vec<Value>,
}

impl Policies {
    /// Adds a managed policy unless it is there already.
    pub(super) fn attach(&mut self, arn: Value) {
        if !self.managed.iter().any(|known| known.template().is_some() && known.template() == arn.template()) {
            self.managed.push(arn);
        }
    }

    pub(super) fn embed(&mut self, policy: Value) {
        self.inline.push(policy);
    }
}

/// An inline policy of a role.
pub(super) fn inline(at: At, name: &str, document: Value) -> Value {
    at.map([("PolicyName", at.text(name)), ("PolicyDocument", document)])
}

/// A policy document of one statement that allows actions on a resource.
pub(super) fn allowing(at: At, actions: &[&str], resource: Value) -> Value {
    document(at, [allow(at, actions, resource)])
}

pub(super) fn allow(at: At, actions: &[&str], resource: Value) -> Value {
    at.map([("Effect", at.text("Allow")), ("Action", at.texts(actions)), ("Resource", resource)])
}

pub(super) fn document(at: At, statements: impl IntoIterator<Item = Value>) -> Value {
    at.map([("Version", at.text("2012-10-17")), ("Statement", at.list(statements))])
}

/// The trust of a role that a service assumes.
pub(super) fn trusting(at: At, service: &str) -> Value {
    let statement = Fields::new(at.0)
        .set("Effect", at.text("Allow"))
        .set("Action", at.texts(&["sts:AssumeRole"]))
        .set("Principal", at.map([("Service", at.texts(&[service]))]))
        .done();
    document(at, [statement])
}

impl Transform<'_> {
    /// The ARN of an AWS managed policy, from its name with or without path.
    pub(super) fn aws_managed(&self, at: At, name: &str) -> Value {
        static CELL: OnceLock<Json> = OnceLock::new();
        let path = parsed(&CELL, MANAGED).get("Paths").and_then(|paths| paths.get(name)).and_then(Json::as_str);
        let path = path.unwrap_or_default();
        at.joined([
            at.text("arn:"),
            (self.template.pseudo)("AWS::Partition"),
            at.text(format!(":iam::aws:policy/{path}{name}")),
        ])
    }

    /// Reads a `Policies` property into `into`. `role` is the logical id of the role, for policy names.
    pub(super) fn read_policies(&mut self, policies: Option<&Value>, role: &str, into: &mut Policies) {
        let Some(policies) = policies else { return };
        let Some(items) = policies.items() else {
            into.managed.push(policies.clone());
            return;
        };
        for (index, policy) in items.iter().enumerate() {
            let at = At(policy.span);
            let name = format!("{role}Policy{index}");
            match &policy.kind {
                Kind::Null => {}
                Kind::Scalar(scalar) if scalar.text.starts_with("arn:") => into.attach(policy.clone()),
                Kind::Scalar(scalar) => into.attach(self.aws_managed(at, &scalar.text)),
                Kind::Ref(_) | Kind::Text(_) => into.attach(policy.clone()),
                Kind::Unknown(_) => into.managed.push(policy.clone()),
                Kind::Map(map) if map.get("Statement").is_some() => into.embed(inline(at, &name, policy.clone())),
                Kind::Map(map) => {
                    let found = match map.members.as_slice() {
                        [member] => template(&member.key).map(|template| (member, template)),
                        _ => None,
                    };
                    let document = match (found, &map.open) {
                        (_, Some(reason)) => Value::unknown(policy.span, reason.clone()),
                        (Some((member, template)), None) => {
                            self.fill_template(&member.key, template, &member.value, At(member.key_span))
                        }
                        (None, None) => {
                            let names: Vec<&str> = map.members.iter().map(|member| &*member.key).collect();
                            let message = format!(
                                "`{}` is neither a policy document nor a known policy template",
                                names.join("`, `")
                            );
                            self.warn(&message, policy.span);
                            at.not_understood(message)
                        }
                    };
                    into.embed(inline(at, &name, document));
                }
                Kind::List(_) => into.managed.push(at.not_understood("a policy was expected here")),
            }
        }
    }

    fn fill_template(&mut self, name: &str, template: &Json, parameters: &Value, at: At) -> Value {
        let missing = template
            .get("Parameters")
            .and_then(Json::as_object)
            .and_then(|wanted| wanted.keys().find(|key| get(parameters, key).is_none()));
        if let (Some(missing), Kind::Map(_) | Kind::Null) = (missing, &parameters.kind) {
            let message = format!("policy template `{name}` needs a value for `{missing}`");
            self.warn(&message, at.0);
            return at.not_understood(message);
        }
        let value = |name: &str| match get(parameters, name) {
            Some(value) => value.clone(),
            None => Value::unknown(parameters.span, super::reason_of(parameters)),
        };
        template.get("Definition").map_or_else(|| at.map([]), |definition| self.evaluate(definition, at, &value))
    }

    /// A document of the data files, with its `Ref`s and `Fn::Sub`s resolved by `value` and the pseudo parameters.
    pub(super) fn evaluate(&self, json: &Json, at: At, value: &dyn Fn(&str) -> Value) -> Value {
        match json {
            Json::Null => Value::new(at.0, Kind::Null),
            Json::Bool(flag) => at.plain(flag),
            Json::Number(number) => at.plain(number),
            Json::String(text) => at.text(text.as_str()),
            Json::Array(items) => at.list(items.iter().map(|item| self.evaluate(item, at, value))),
            Json::Object(map) => {
                if let Some(name) = map.get("Ref").and_then(Json::as_str) {
                    return self.named(name, value);
                }
                let pattern = map.get("Fn::Sub");
                if let Some(pattern) = pattern.and_then(Json::as_str) {
                    return at.filled(pattern, &|name| self.named(name, value));
                }
                if let Some([Json::String(pattern), Json::Object(names)]) =
                    pattern.and_then(Json::as_array).map(Vec::as_slice)
                {
                    return at.filled(pattern, &|name| match names.get(name) {
                        Some(json) => self.evaluate(json, at, value),
                        None => self.named(name, value),
                    });
                }
                at.map(map.iter().map(|(key, json)| (key.as_str(), self.evaluate(json, at, value))))
            }
        }
    }

    fn named(&self, name: &str, value: &dyn Fn(&str) -> Value) -> Value {
        if name.starts_with("AWS::") { (self.template.pseudo)(name) } else { value(name) }
    }
}

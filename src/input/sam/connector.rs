//! Connectors: the policies that let one resource use another.

use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::input::Resource;
use crate::value::{Kind, Reference, Value};

use super::policies::document;
use super::shape::{At, Fields, get, members, text};
use super::{Serverless, Transform};

/// What a connector grants, by the types that it connects. Version, date and licence: key `Origin`.
static PROFILES: &str = include_str!("connector_profiles.json");

fn profiles() -> &'static Json {
    static CELL: OnceLock<Json> = OnceLock::new();
    CELL.get_or_init(|| serde_json::from_str(PROFILES).unwrap_or(Json::Null))
}

/// One end of a connector.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) kind: String,
    pub(super) arn: Option<Value>,
    /// Its role, as a reference.
    pub(super) role: Option<Value>,
    pub(super) resource: Option<Value>,
    pub(super) queue_url: Option<Value>,
    pub(super) name: Option<Value>,
    pub(super) qualifier: Option<Value>,
}

/// The connectors written below a resource, as if they were resources of their own.
pub(super) fn embedded(id: &str, resource: &Resource, connectors: &Value) -> impl Iterator<Item = Serverless> {
    members(Some(connectors))
        .iter()
        .map(|member| {
            let at = At(member.key_span);
            let mut from = Fields::new(at.0).set("Id", at.text(id));
            if let Some(reference) = get(&member.value, "Properties.SourceReference") {
                from = from.copy(reference, &["Qualifier"]);
            }
            let properties = match get(&member.value, "Properties") {
                Some(properties) => Fields::new(properties.span)
                    .copy(properties, &["Destination", "Permissions"])
                    .set("Source", from.done())
                    .done(),
                None => at.map([]),
            };
            let resource = Resource {
                kind: "AWS::Serverless::Connector".into(),
                name_span: member.key_span,
                properties: properties.clone(),
                ..resource.clone()
            };
            Serverless { id: format!("{id}{}", member.key), short: "Connector".to_owned(), properties, resource }
        })
        .collect::<Vec<_>>()
        .into_iter()
}

impl Transform<'_> {
    pub(super) fn connector(&mut self, source: &Serverless) {
        let at = source.at();
        let permissions: Vec<String> = get(&source.properties, "Permissions")
            .and_then(Value::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let (Some(from), Some(to)) = (get(&source.properties, "Source"), get(&source.properties, "Destination")) else {
            self.warn("a connector needs a source and a destination", at.0);
            return;
        };
        let many = matches!(to.kind, Kind::List(_));
        for (index, to) in to.items().unwrap_or_default().iter().enumerate() {
            let (source_end, destination_end) = (self.end(from, to), self.end(to, from));
            let (Some(from), Some(to)) = (source_end, destination_end) else {
                self.warn("a connector names a resource that is not in the template", to.span);
                continue;
            };
            let id = if many { format!("{}\u{0}{index}", source.id) } else { source.id.clone() };
            self.connect(source, &id, at, &from, &to, &permissions);
        }
    }

    /// One end, by its logical id or by its properties.
    fn end(&mut self, value: &Value, other: &Value) -> Option<Link> {
        let Some(id) = get(value, "Id").and_then(|id| self.referred(id)) else {
            let kind = text(value, "Type")?;
            let main = kind
                .strip_prefix(super::PREFIX)
                .and_then(|short| super::MAIN.iter().find(|(known, _)| *known == short).map(|(_, kind)| *kind));
            let part = |key: &str| get(value, key).cloned();
            return Some(Link {
                kind: main.unwrap_or(kind).to_owned(),
                arn: part("Arn"),
                role: part("RoleName"),
                resource: part("ResourceId"),
                queue_url: part("QueueUrl"),
                name: part("Name"),
                qualifier: part("Qualifier"),
            });
        };
        let resource = self.existing(&id)?.clone();
        let profile = profiles().get("Resources").and_then(|all| all.get(&*resource.kind));
        let at = At(value.span);
        let output = |key: &str| {
            let output = profile?.get("Outputs")?.get(key)?;
            if output.get("Ref").is_some() {
                return Some(self.reference(at, &id));
            }
            match output.get("Fn::GetAtt").and_then(Json::as_array).map(Vec::as_slice) {
                Some([_, Json::String(attribute)]) => Some(self.attribute(at, &id, attribute)),
                _ => output.as_str().map(|text| at.text(text)),
            }
        };
        let role = match profile.and_then(|profile| profile.get("Inputs")?.get("Role")) {
            Some(Json::String(property)) => get(&resource.properties, property).cloned(),
            Some(_) => self.rule_role(&resource, other),
            None => None,
        };
        // A role that is only known as text is none of the template.
        let role = role.and_then(|role| match role.kind {
            Kind::Ref(Reference::Resource { address, .. }) => {
                Some(Value::new(at.0, Kind::Ref(Reference::Resource { address, attribute: None, written: None })))
            }
            _ => None,
        });
        Some(Link {
            kind: resource.kind.to_string(),
            arn: output("Arn"),
            role,
            resource: output("Id"),
            queue_url: output("Url"),
            name: output("Name"),
            qualifier: get(value, "Qualifier").cloned().or_else(|| output("Qualifier")),
        })
    }

    /// The role with which a rule uses the other end.
    fn rule_role(&self, rule: &Resource, other: &Value) -> Option<Value> {
        let wanted = get(other, "Id").and_then(|id| self.referred(id));
        get(&rule.properties, "Targets").and_then(Value::items)?.iter().find_map(|target| {
            let arn = get(target, "Arn")?;
            let same = wanted.is_some() && self.referred(arn) == wanted
                || get(other, "Arn").and_then(Value::template).is_some_and(|other| Some(other) == arn.template());
            same.then(|| get(target, "RoleArn").cloned())?
        })
    }

    /// Emits what lets `from` use `to`. An id of one of several destinations ends with `NUL` and its index.
    pub(super) fn connect(
        &mut self,
        source: &Serverless,
        id: &str,
        at: At,
        from: &Link,
        to: &Link,
        permissions: &[String],
    ) {
        let (id, index) = match id.split_once('\u{0}') {
            Some((id, index)) => (id, format!("Destination{index}")),
            None => (id, String::new()),
        };
        let Some(profile) = profiles().get("Permissions").and_then(|all| all.get(&from.kind)?.get(&to.kind)) else {
            let message = format!("a connector from `{}` to `{}` is not understood", from.kind, to.kind);
            self.warn(&message, at.0);
            return;
        };
        let Some(details) = profile.get("Properties") else { return };
        let owner = if details.get("SourcePolicy").and_then(Json::as_bool) == Some(true) { from } else { to };
        let granted: Vec<(&String, &Json)> = details
            .get("AccessCategories")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .filter(|(name, _)| permissions.contains(name))
            .collect();
        let missing = || at.not_understood("the connector does not tell what it connects");
        let value = |name: &str| {
            let (link, part) = match name.split_once('.') {
                Some(("Source", part)) => (from, part),
                Some(("Destination", part)) => (to, part),
                _ => return missing(),
            };
            let value = match part {
                "Arn" => &link.arn,
                "ResourceId" => &link.resource,
                "Name" => &link.name,
                "Qualifier" => &link.qualifier,
                _ => &None,
            };
            value.clone().unwrap_or_else(missing)
        };
        let statements = |transform: &Self| {
            let all = granted.iter().filter_map(|(_, category)| category.get("Statement")?.as_array()).flatten();
            document(at, all.map(|statement| transform.profile(statement, at, &value)).collect::<Vec<_>>())
        };
        match profile.get("Type").and_then(Json::as_str) {
            Some("AWS_IAM_ROLE_MANAGED_POLICY") => {
                let Some(role) = owner.role.clone() else {
                    self.warn("the role of a connector is not in the template", at.0);
                    return;
                };
                let fields = at.map([("PolicyDocument", statements(self)), ("Roles", at.list([role]))]);
                self.emit(source, &format!("{id}Policy{index}"), "AWS::IAM::ManagedPolicy", at, fields);
            }
            Some("AWS_SQS_QUEUE_POLICY") => {
                let url = owner.queue_url.clone().unwrap_or_else(missing);
                let fields = at.map([("PolicyDocument", statements(self)), ("Queues", at.list([url]))]);
                self.emit(source, &format!("{id}QueuePolicy{index}"), "AWS::SQS::QueuePolicy", at, fields);
            }
            Some("AWS_SNS_TOPIC_POLICY") => {
                let topic = owner.arn.clone().unwrap_or_else(missing);
                let fields = at.map([("PolicyDocument", statements(self)), ("Topics", at.list([topic]))]);
                self.emit(source, &format!("{id}TopicPolicy{index}"), "AWS::SNS::TopicPolicy", at, fields);
            }
            Some("AWS_LAMBDA_PERMISSION") => {
                let function = owner.arn.clone().unwrap_or_else(missing);
                for (name, category) in &granted {
                    let mut fields = Fields::new(at.0).set("FunctionName", function.clone());
                    for (key, json) in category.as_object().into_iter().flatten() {
                        fields = fields.set(key, self.profile(json, at, &value));
                    }
                    let id = format!("{id}{name}LambdaPermission{index}");
                    self.emit(source, &id, "AWS::Lambda::Permission", at, fields.done());
                }
            }
            _ => {}
        }
    }

    /// A part of a profile: `%{Source.Arn}` stands for a property of an end, `${AWS::Region}` for a pseudo parameter.
    fn profile(&self, json: &Json, at: At, value: &dyn Fn(&str) -> Value) -> Value {
        match json {
            Json::String(text) => at.filled(&text.replace("%{", "${"), &|name| {
                if name.starts_with("AWS::") { (self.template.pseudo)(name) } else { value(name) }
            }),
            Json::Array(items) => at.list(items.iter().map(|item| self.profile(item, at, value))),
            Json::Object(map) => at.map(map.iter().map(|(key, json)| (key.as_str(), self.profile(json, at, value)))),
            Json::Null | Json::Bool(_) | Json::Number(_) => self.evaluate(json, at, value),
        }
    }
}

//! The Serverless transform: `AWS::Serverless::*` resources become the CloudFormation resources they stand for.
//!
//! It works on evaluated values of one world, so it meets no conditions and no intrinsics other than references.
//! What it generates follows AWS's own translator as far as security goes: routes with their authorizers, roles with
//! their policies, permissions, URLs, event source mappings. Every generated value points at the line that caused it.

mod api_event;
mod connector;
mod deployment;
mod domain;
mod events;
mod function;
mod globals;
mod graphql;
mod http_api;
mod openapi;
mod policies;
mod pull;
mod resource_policy;
mod rest_api;
mod rest_auth;
mod schedule;
mod shape;
mod simple;
mod state_machine;
mod websocket;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::input::{Format, Note, NoteLevel, Resource, not_understood};
use crate::source::Span;
use crate::value::{Address, Kind, Part, Reason, Reference, Value};

use shape::At;

/// What the transform needs to know of the template whose resources it expands.
pub struct Template<'a> {
    /// The evaluated `Globals` section.
    pub globals: Option<&'a Value>,
    /// An address is this, followed by a logical id: `template.yaml#` or `template.yaml#Nested/`.
    pub prefix: &'a str,
    /// The value of a pseudo parameter such as `AWS::Partition`: its literal text when it is given, else the reference.
    pub pseudo: &'a dyn Fn(&str) -> Value,
    /// An evaluated attribute beside `Properties` that [`Resource`] does not carry (`Connectors`, `IgnoreGlobals`),
    /// by logical id and attribute name.
    pub attribute: &'a dyn Fn(&str, &str) -> Option<Value>,
    /// A YAML or JSON file that the template names (`DefinitionUri: api.yaml`), relative to the template, as literal
    /// values: intrinsics in it are not evaluated.
    pub file: &'a dyn Fn(&str) -> Result<Value, Reason>,
}

/// Whether a name that the template does not declare may still be one that the transform generates (`MyFunctionRole`,
/// `ServerlessRestApi`, `MyFunction.Alias`): then a `Ref`, `Fn::GetAtt` or `Fn::Sub` of it evaluates to a reference to
/// `{prefix}{name}`, not to an error. `declares` tells the type of a declared resource.
pub fn may_generate(name: &str, declares: &dyn Fn(&str) -> Option<String>) -> bool {
    if ["ServerlessRestApi", "ServerlessHttpApi", "ServerlessUsagePlan", "ServerlessApiKey"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        return true;
    }
    // Generated ids start with the id of the resource that causes them.
    name.char_indices()
        .skip(1)
        .any(|(end, _)| name.get(..end).and_then(declares).is_some_and(|kind| kind.starts_with("AWS::Serverless::")))
}

/// Replaces every `AWS::Serverless::*` resource of one template by what it stands for; other resources stay, with the
/// changes that events make to them (notifications of a bucket, triggers of a user pool).
pub fn expand(template: &Template<'_>, resources: Vec<Resource>, notes: &mut Vec<Note>) -> Vec<Resource> {
    let mut transform = Transform {
        template,
        notes,
        position: 0,
        slots: BTreeMap::new(),
        places: HashMap::new(),
        rest_apis: Vec::new(),
        http_apis: Vec::new(),
        renamed: BTreeMap::new(),
        usage_plan: None,
        deployments: Vec::new(),
    };
    transform.run(resources)
}

/// One run of the transform over the resources of a template.
struct Transform<'a> {
    template: &'a Template<'a>,
    notes: &'a mut Vec<Note>,
    /// Place among the template's resources of what is being expanded.
    position: usize,
    /// The result, by place.
    slots: BTreeMap<usize, Vec<Resource>>,
    /// Where in `slots` each address is.
    places: HashMap<Address, (usize, usize)>,
    rest_apis: Vec<openapi::Api>,
    http_apis: Vec<openapi::Api>,
    /// `MyFunction.Alias` → the logical id that it stands for.
    renamed: BTreeMap<String, String>,
    /// Of the APIs that share one usage plan: where it goes and what is in it.
    usage_plan: Option<rest_auth::SharedPlan>,
    deployments: Vec<deployment::Deployment>,
}

/// A Serverless resource with its globals.
#[derive(Clone)]
struct Serverless {
    id: String,
    /// Without `AWS::Serverless::`.
    short: String,
    properties: Value,
    resource: Resource,
}

impl Serverless {
    fn at(&self) -> At {
        At(self.resource.name_span)
    }
}

/// What an event invokes: how other resources name it and its ARN.
#[derive(Clone)]
struct Target {
    name: Value,
    arn: Value,
}

const PREFIX: &str = "AWS::Serverless::";

/// The main resource that each type stands for.
const MAIN: &[(&str, &str)] = &[
    ("Function", "AWS::Lambda::Function"),
    ("Api", "AWS::ApiGateway::RestApi"),
    ("HttpApi", "AWS::ApiGatewayV2::Api"),
    ("WebSocketApi", "AWS::ApiGatewayV2::Api"),
    ("StateMachine", "AWS::StepFunctions::StateMachine"),
    ("SimpleTable", "AWS::DynamoDB::Table"),
    ("LayerVersion", "AWS::Lambda::LayerVersion"),
    ("Application", "AWS::CloudFormation::Stack"),
    ("GraphQLApi", "AWS::AppSync::GraphQLApi"),
    ("CapacityProvider", "AWS::Lambda::CapacityProvider"),
    ("Connector", ""),
];

impl Transform<'_> {
    fn run(&mut self, resources: Vec<Resource>) -> Vec<Resource> {
        let end = resources.len();
        let mut connectors = Vec::new();
        let mut pending = Vec::new();
        let mut first = None;
        for (position, resource) in resources.into_iter().enumerate() {
            self.position = position;
            let id = self.id_of(&resource.address);
            if let Some(value) = (self.template.attribute)(&id, "Connectors") {
                connectors.extend(connector::embedded(&id, &resource, &value).map(|one| (position, one)));
            }
            let Some(short) = resource.kind.strip_prefix(PREFIX).map(str::to_owned) else {
                self.place(resource);
                continue;
            };
            if first.is_none() {
                first = Some(resource.clone());
            }
            if !MAIN.iter().any(|(known, _)| *known == short) {
                let message = format!("`{}` is not understood; what it deploys is not checked", resource.kind);
                self.warn(&message, resource.name_span);
                self.place(resource);
                continue;
            }
            let ignored = (self.template.attribute)(&id, "IgnoreGlobals");
            let properties = globals::merged(&resource.properties, self.template.globals, &short, ignored.as_ref());
            let source = Serverless { id, short, properties, resource };
            if let Kind::Unknown(reason) = &source.properties.kind {
                let unknown = Value::unknown(source.properties.span, reason.clone());
                self.emit_main(&source, unknown);
                continue;
            }
            match source.short.as_str() {
                "Api" => self.declare_rest_api(source, position),
                "HttpApi" => self.declare_http_api(source, position),
                "Connector" => connectors.push((position, source)),
                _ => pending.push((position, source)),
            }
        }
        for (section, span) in globals::sections(self.template.globals) {
            if !MAIN.iter().any(|(known, _)| *known == section) {
                self.warn(&format!("globals of `{section}` are not understood"), span);
            }
        }
        self.declare_implicit_apis(end, first);
        for (position, source) in pending {
            self.position = position;
            match source.short.as_str() {
                "Function" => self.function(&source),
                "StateMachine" => self.state_machine(&source),
                "GraphQLApi" => self.graphql_api(&source),
                "WebSocketApi" => self.websocket_api(&source),
                _ => self.simple(&source),
            }
        }
        for api in std::mem::take(&mut self.rest_apis) {
            self.rest_api(api);
        }
        for api in std::mem::take(&mut self.http_apis) {
            self.http_api(api);
        }
        self.shared_usage_plan();
        self.shift_deployments();
        for (position, source) in connectors {
            self.position = position;
            self.connector(&source);
        }
        let mut result: Vec<Resource> = std::mem::take(&mut self.slots).into_values().flatten().collect();
        if !self.renamed.is_empty() {
            for resource in &mut result {
                self.rename(&mut resource.properties);
            }
        }
        result
    }

    fn id_of(&self, address: &Address) -> String {
        address.0.strip_prefix(self.template.prefix).unwrap_or(&address.0).to_owned()
    }

    fn address(&self, id: &str) -> Address {
        Address(Arc::from(format!("{}{id}", self.template.prefix)))
    }

    fn warn(&mut self, message: &str, span: Span) {
        let note = Note { level: NoteLevel::Warning, message: message.to_owned(), span: Some(span), related: None };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// `!Ref id`.
    fn reference(&self, at: At, id: &str) -> Value {
        Value::new(at.0, Kind::Ref(Reference::Resource { address: self.address(id), attribute: None, written: None }))
    }

    /// `!GetAtt id.attribute`.
    fn attribute(&self, at: At, id: &str, attribute: &str) -> Value {
        let attribute = Some(Arc::from(attribute));
        Value::new(at.0, Kind::Ref(Reference::Resource { address: self.address(id), attribute, written: None }))
    }

    /// Text with pseudo parameters and `names` filled in, as `Fn::Sub` does.
    fn filled(&self, at: At, template: &str, names: &[(&str, &Value)]) -> Value {
        at.filled(template, &|name| {
            if name.starts_with("AWS::") {
                return (self.template.pseudo)(name);
            }
            names
                .iter()
                .find(|(known, _)| *known == name)
                .map_or_else(|| at.not_understood(format!("`{name}` has no value")), |(_, value)| (*value).clone())
        })
    }

    /// The logical id that a value refers to, by `Ref` or as literal text.
    fn referred(&self, value: &Value) -> Option<String> {
        match &value.kind {
            Kind::Ref(Reference::Resource { address, .. }) => {
                address.0.strip_prefix(self.template.prefix).map(str::to_owned)
            }
            Kind::Scalar(scalar) => Some(scalar.text.to_string()),
            _ => None,
        }
    }

    /// A resource already in the result, to change it.
    fn existing(&mut self, id: &str) -> Option<&mut Resource> {
        let (slot, index) = self.places.get(&self.address(id))?;
        self.slots.get_mut(slot)?.get_mut(*index)
    }

    fn place(&mut self, resource: Resource) {
        let slot = self.slots.entry(self.position).or_default();
        self.places.insert(resource.address.clone(), (self.position, slot.len()));
        slot.push(resource);
    }

    /// Adds a generated resource where its source stands. One that exists already stays.
    fn emit(&mut self, source: &Serverless, id: &str, kind: &str, at: At, properties: Value) {
        if self.existing(id).is_some() {
            return;
        }
        let resource = Resource {
            address: self.address(id),
            name: Arc::from(id),
            kind: Arc::from(kind),
            properties,
            name_span: at.0,
            origin: Some(Arc::from(format!("generated by `{}`", source.resource.kind))),
            format: Format::Sam,
            ..source.resource.clone()
        };
        self.place(resource);
    }

    /// Adds the main resource, which keeps its logical id.
    fn emit_main(&mut self, source: &Serverless, properties: Value) {
        let kind = MAIN.iter().find(|(short, _)| *short == source.short).map_or("", |(_, kind)| *kind);
        self.emit(source, &source.id, kind, source.at(), properties);
    }

    fn rename(&self, value: &mut Value) {
        match &mut value.kind {
            Kind::Ref(reference) => self.rename_reference(reference),
            Kind::Text(parts) => {
                for part in parts {
                    if let Part::Ref(reference) = part {
                        self.rename_reference(reference);
                    }
                }
            }
            Kind::List(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Kind::Map(map) => map.members.iter_mut().for_each(|member| self.rename(&mut member.value)),
            Kind::Null | Kind::Scalar(_) | Kind::Unknown(_) => {}
        }
    }

    fn rename_reference(&self, reference: &mut Reference) {
        let Reference::Resource { address, attribute, .. } = reference else { return };
        let Some(id) = address.0.strip_prefix(self.template.prefix) else { return };
        if let Some(to) = self.renamed.get(id) {
            *address = self.address(to);
        } else if let Some(name) = attribute.as_ref() {
            // `${MyFunction.Alias}` in a `Fn::Sub` reads as an attribute.
            if let Some(to) = self.renamed.get(&format!("{id}.{name}")) {
                *address = self.address(to);
                *attribute = None;
            }
        }
    }
}

/// The letters and digits of a text, for logical ids.
fn alphanumeric(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Why something that was looked for in a value is not known.
fn reason_of(value: &Value) -> Reason {
    value.reason().cloned().unwrap_or_else(|| match &value.kind {
        Kind::Ref(reference) => Reason::Attribute(Arc::from(reference.to_string())),
        _ => not_understood("literal text was expected here"),
    })
}

/// `Tags` of a Serverless resource (a mapping) as the list that most resources take.
fn tag_list(at: At, tags: Option<&Value>) -> Option<Value> {
    let tags = tags?;
    match &tags.kind {
        Kind::Map(map) if map.open.is_none() => Some(at.list(map.members.iter().map(|member| {
            let at = At(member.key_span);
            at.map([("Key", at.text(&*member.key)), ("Value", member.value.clone())])
        }))),
        Kind::Map(_) | Kind::Unknown(_) => Some(Value::unknown(tags.span, reason_of(tags))),
        _ => Some(tags.clone()),
    }
}

impl std::fmt::Debug for Template<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! The definition of an API while events and `Auth` write into it.

use crate::source::Span;
use crate::value::{Kind, Map, Member, Reason, Value};

use super::shape::{At, get, given, map_mut, members};
use super::{Serverless, Transform};

pub(super) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
pub(super) const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// Members of a path that are not methods.
const NOT_METHODS: &[&str] = &["summary", "description", "parameters", "servers", "$ref"];

/// An API of the template, or the one that the transform makes for events that name none.
pub(super) struct Api {
    pub(super) source: Serverless,
    pub(super) position: usize,
    /// Made by the transform: it goes away when no event uses it.
    pub(super) implicit: bool,
    /// The transform writes the definition, so events add their routes to it.
    pub(super) managed: bool,
    /// The definition comes from a file: the service takes it as it is.
    pub(super) imported: bool,
    pub(super) body: Option<Value>,
    /// `RouteSettings` that events of an HTTP API give.
    pub(super) route_settings: Vec<Member>,
}

impl Api {
    pub(super) fn auth(&self) -> Option<&Value> {
        given(&self.source.properties, "Auth")
    }

    fn paths(&mut self) -> Option<&mut Map> {
        let at = self.source.at();
        let body = self.body.as_mut().and_then(map_mut)?;
        body.enter("paths", at.0, || at.map([])).and_then(map_mut)
    }

    pub(super) fn has_paths(&self) -> bool {
        self.body
            .as_ref()
            .and_then(|body| get(body, "paths"))
            .and_then(Value::as_map)
            .is_some_and(|paths| !paths.members.is_empty() || paths.open.is_some())
    }

    /// Notes that routes exist whose path or method is not known.
    pub(super) fn open_paths(&mut self, reason: Reason) {
        if let Some(paths) = self.paths() {
            paths.open = Some(reason);
        }
    }

    /// The mapping of one method, made when it is missing. `None` when the definition is not known.
    pub(super) fn operation(&mut self, path: (&str, Span), method: (&str, Span), at: At) -> Option<&mut Value> {
        let item = self.paths()?.enter(path.0, path.1, || at.map([]))?;
        map_mut(item)?.enter(method.0, method.1, || at.map([]))
    }

    pub(super) fn has_integration(&self, path: &str, method: &str) -> bool {
        self.body
            .as_ref()
            .and_then(|body| get(body, "paths")?.as_map()?.get(path)?.as_map()?.get(method)?.as_map()?.get(INTEGRATION))
            .is_some()
    }

    /// Does something to every method that has an integration.
    pub(super) fn each_operation(&mut self, mut work: impl FnMut(&str, &str, &mut Map)) {
        let Some(paths) = self.paths() else { return };
        for path in &mut paths.members {
            let Kind::Map(item) = &mut path.value.kind else { continue };
            for method in &mut item.members {
                if NOT_METHODS.contains(&&*method.key) {
                    continue;
                }
                let Kind::Map(operation) = &mut method.value.kind else { continue };
                if operation.get(INTEGRATION).is_some() {
                    work(&path.key, &normal_method(&method.key), operation);
                }
            }
        }
    }

    /// The methods of each path, for what is granted by path.
    pub(super) fn path_methods(&self) -> Vec<(String, Vec<String>)> {
        let paths = self.body.as_ref().and_then(|body| get(body, "paths"));
        let methods = |item: &Value| members(Some(item)).iter().map(|member| member.key.to_string()).collect();
        members(paths).iter().map(|path| (path.key.to_string(), methods(&path.value))).collect()
    }

    /// A mapping at the top of the definition, or below it.
    pub(super) fn section(&mut self, keys: &[&str]) -> Option<&mut Map> {
        let at = self.source.at();
        let mut map = self.body.as_mut().and_then(map_mut)?;
        for key in keys {
            map = map.enter(key, at.0, || at.map([])).and_then(map_mut)?;
        }
        Some(map)
    }

    /// Where authorizers are declared: Swagger 2.0 and OpenAPI 3 differ.
    pub(super) fn schemes(&mut self) -> Option<&mut Map> {
        let three = self.body.as_ref().is_some_and(|body| get(body, "openapi").is_some());
        if three { self.section(&["components", "securitySchemes"]) } else { self.section(&["securityDefinitions"]) }
    }
}

/// Method names are lower case; `ANY` has a name of its own.
pub(super) fn normal_method(method: &str) -> String {
    let method = method.to_ascii_lowercase();
    if method == "any" { ANY_METHOD.to_owned() } else { method }
}

/// The requirements of an operation.
pub(super) fn requirements(operation: &Map) -> Vec<Value> {
    operation
        .get("security")
        .and_then(|security| match &security.kind {
            Kind::List(items) => Some(items.clone()),
            Kind::Unknown(_) => Some(vec![security.clone()]),
            _ => None,
        })
        .unwrap_or_default()
}

/// Writes the requirements back. One that is not known makes all of them unknown.
pub(super) fn require(operation: &mut Map, at: At, requirements: Vec<Value>) {
    let unknown = requirements.iter().find(|one| matches!(one.kind, Kind::Unknown(_))).cloned();
    operation.put("security", at.0, unknown.unwrap_or_else(|| at.list(requirements)));
}

/// Whether a requirement names one of `names`; unknown ones may.
pub(super) fn names_one(requirement: &Value, names: &[&str]) -> bool {
    match &requirement.kind {
        Kind::Map(map) => map.members.iter().any(|member| names.contains(&&*member.key)),
        _ => false,
    }
}

impl Transform<'_> {
    /// The definition that an API names with `DefinitionUri`: a local file, else nothing that can be read.
    pub(super) fn definition_file(&mut self, uri: &Value) -> Option<Value> {
        let name = uri.as_str().filter(|name| !name.starts_with("s3://") && !name.starts_with("https://"))?;
        match (self.template.file)(name) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.warn(&format!("the definition cannot be read: {reason}"), uri.span);
                Some(Value::unknown(uri.span, reason))
            }
        }
    }

    pub(super) fn definition_location(uri: &Value) -> Value {
        let at = At(uri.span);
        match uri.as_str().and_then(|uri| uri.strip_prefix("s3://")).and_then(|uri| uri.split_once('/')) {
            Some((bucket, key)) => at.map([("Bucket", at.text(bucket)), ("Key", at.text(key))]),
            None => uri.clone(),
        }
    }

    pub(super) fn declare_api(&mut self, source: Serverless, position: usize, skeleton: Value, implicit: bool) -> Api {
        let body = given(&source.properties, "DefinitionBody").cloned();
        let uri = given(&source.properties, "DefinitionUri").cloned();
        let (body, managed, imported) = match (body, uri) {
            (Some(body), _) => (Some(body), false, false),
            (None, Some(uri)) => (self.definition_file(&uri), false, true),
            (None, None) => (Some(skeleton), true, false),
        };
        Api { source, position, implicit, managed, imported, body, route_settings: Vec::new() }
    }

    /// The APIs for events that name none, at the end of the template.
    pub(super) fn declare_implicit_apis(&mut self, position: usize, first: Option<crate::input::Resource>) {
        let Some(first) = first else { return };
        for short in ["Api", "HttpApi"] {
            let id = if short == "Api" { "ServerlessRestApi" } else { "ServerlessHttpApi" };
            let apis = if short == "Api" { &self.rest_apis } else { &self.http_apis };
            if apis.iter().any(|api| api.source.id == id) {
                continue;
            }
            let at = At(first.name_span);
            let own = if short == "Api" { at.map([("StageName", at.text("Prod"))]) } else { at.map([]) };
            let properties = super::globals::merged(&own, self.template.globals, short, None);
            let kind = format!("{}{short}", super::PREFIX).into();
            let resource = crate::input::Resource {
                kind,
                properties: own,
                metadata: None,
                depends_on: Vec::new(),
                deletion_policy: None,
                construct: None,
                ..first.clone()
            };
            let source = Serverless { id: id.to_owned(), short: short.to_owned(), properties, resource };
            let skeleton = self.skeleton(&source);
            let api = self.declare_api(source, position, skeleton, true);
            if short == "Api" {
                self.rest_apis.push(api);
            } else {
                self.http_apis.push(api);
            }
        }
    }

    /// An empty definition.
    pub(super) fn skeleton(&self, source: &Serverless) -> Value {
        let at = source.at();
        let version = get(&source.properties, "OpenApiVersion").and_then(Value::as_str);
        let version = match (source.short.as_str(), version) {
            ("HttpApi", _) => ("openapi", "3.0.1"),
            (_, Some(version)) if version.starts_with('3') => ("openapi", version),
            _ => ("swagger", "2.0"),
        };
        let title = Value { span: at.0, ..(self.template.pseudo)("AWS::StackName") };
        at.map([
            (version.0, at.text(version.1)),
            ("info", at.map([("version", at.text("1.0")), ("title", title)])),
            ("paths", at.map([])),
        ])
    }
}

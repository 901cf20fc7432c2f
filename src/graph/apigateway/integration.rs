//! What a route ends at: a function, a direct call of an AWS service, a private listener, a URL, or nothing.

use std::sync::Arc;

use super::super::lambda::FunctionRef;
use super::super::{Link, Target, Typed, target, text};
use super::Reader;
use crate::input::not_understood;
use crate::source::Span;
use crate::value::{Prop, Reason, Value};

#[derive(Clone, Debug)]
pub struct Integration {
    /// API Gateway answers by itself (`MOCK`).
    pub mock: Typed<bool>,
    pub destination: Destination,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Destination {
    /// Mock, or no integration.
    None,
    Function(FunctionRef),
    /// A call of an AWS service under a role of its own: `states:SendTaskSuccess`. When the URI names a path instead
    /// of an action, the action is `*`: `s3:*`.
    Action {
        action: String,
        role: Typed<Target>,
    },
    /// A load balancer or listener behind a VPC link.
    Private(Target),
    Url(String),
    Unknown(Reason),
}

/// Property names of the forms in which integrations are written.
pub(super) struct Names {
    kind: &'static str,
    uri: &'static str,
    credentials: &'static str,
    subtype: &'static str,
    connection_type: &'static str,
    connection: &'static str,
}

pub(super) const METHOD: Names = Names {
    kind: "Type",
    uri: "Uri",
    credentials: "Credentials",
    subtype: "Subtype",
    connection_type: "ConnectionType",
    connection: "ConnectionId",
};

pub(super) const V2: Names = Names {
    kind: "IntegrationType",
    uri: "IntegrationUri",
    credentials: "CredentialsArn",
    subtype: "IntegrationSubtype",
    connection_type: "ConnectionType",
    connection: "ConnectionId",
};

pub(super) const OPENAPI: Names = Names {
    kind: "type",
    uri: "uri",
    credentials: "credentials",
    subtype: "integrationSubtype",
    connection_type: "connectionType",
    connection: "connectionId",
};

const PRIVATE: &[&str] = &[
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ServiceDiscovery::Service",
];

impl Integration {
    pub(super) fn none(span: Span) -> Self {
        Self { mock: Typed::Known(false, span), destination: Destination::None, span }
    }

    pub(super) fn unknown(reason: Reason, span: Span) -> Self {
        Self { mock: Typed::Unknown(reason.clone(), span), destination: Destination::Unknown(reason), span }
    }
}

impl Reader<'_> {
    pub(super) fn integration(&self, prop: Prop<'_>, names: &Names) -> Integration {
        let written = match prop {
            Prop::Known(written) => written,
            Prop::Absent(span) => return Integration::none(span),
            Prop::Unknown(reason, span) => return Integration::unknown(reason.clone(), span),
        };
        let kind = text(written.prop(names.kind));
        let mock = match &kind {
            Typed::Known(kind, span) => Typed::Known(kind.eq_ignore_ascii_case("mock"), *span),
            Typed::Absent(span) => Typed::Known(false, *span),
            Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
        };
        let destination = match &mock {
            Typed::Known(true, _) => Destination::None,
            _ => self.destination(written, names),
        };
        Integration { mock, destination, span: written.span }
    }

    fn destination(&self, written: &Value, names: &Names) -> Destination {
        let role = || target(self.resources, written.prop(names.credentials), &["AWS::IAM::Role"]);
        match text(written.prop(names.subtype)) {
            Typed::Known(subtype, _) => return Destination::Action { action: subtype_action(&subtype), role: role() },
            Typed::Unknown(reason, _) => return Destination::Unknown(reason),
            Typed::Absent(_) => {}
        }
        let uri = match written.prop(names.uri) {
            Prop::Known(uri) => uri,
            Prop::Absent(_) => return Destination::None,
            Prop::Unknown(reason, _) => return Destination::Unknown(reason.clone()),
        };
        if text(written.prop(names.connection_type)).known().is_some_and(|kind| kind == "VPC_LINK") {
            return self.behind_link(uri, written.prop(names.connection));
        }
        let template = uri.template().unwrap_or_default();
        match service_action(&uri.masked().unwrap_or_default()) {
            Some(action) => Destination::Action { action, role: role() },
            None if template.starts_with("http") => Destination::Url(template),
            None if template.contains("stageVariables.") => {
                Destination::Unknown(not_understood("the integration depends on a stage variable"))
            }
            None => Destination::Function(self.lambda.resolve(self.resources, uri)),
        }
    }

    /// HTTP APIs name the listener; REST APIs name a URL and, through the link, a network load balancer.
    fn behind_link(&self, uri: &Value, connection: Prop<'_>) -> Destination {
        if let Link::To(resource) = self.resources.link(uri, PRIVATE) {
            return Destination::Private(Target::Resource(resource.address.clone()));
        }
        let Some(connection) = connection.known() else {
            return Destination::Unknown(Reason::Outside(Arc::from("the VPC link")));
        };
        match self.resources.link(connection, &["AWS::ApiGateway::VpcLink"]) {
            Link::To(link) => {
                let balancers = link.prop("TargetArns").known().and_then(Value::items).unwrap_or_default();
                match balancers.first().map(|first| self.resources.link(first, PRIVATE)) {
                    Some(Link::To(balancer)) => Destination::Private(Target::Resource(balancer.address.clone())),
                    Some(Link::Outside(arn)) => Destination::Private(Target::Outside(arn)),
                    Some(Link::Unknown(reason)) => Destination::Unknown(reason),
                    None => Destination::Unknown(Reason::Outside(Arc::from("the target of the VPC link"))),
                }
            }
            Link::Outside(_) => match uri.as_str() {
                Some(uri) => Destination::Private(Target::Outside(uri.to_owned())),
                None => Destination::Unknown(Reason::Outside(Arc::from("the VPC link"))),
            },
            Link::Unknown(reason) => Destination::Unknown(reason),
        }
    }
}

/// `arn:aws:apigateway:{region}:{subdomain.service|service}:{path|action}/{service_api}` → `service:Action`. `None`
/// for functions and for what has another form; references are masked. Source: API Gateway API reference, `Integration.uri`.
fn service_action(uri: &str) -> Option<String> {
    let mut fields = uri.splitn(6, ':');
    let (arn, _partition, gateway) = (fields.next()?, fields.next()?, fields.next()?);
    let (_region, service, api) = (fields.next()?, fields.next()?, fields.next()?);
    let service = service.rsplit('.').next().unwrap_or(service);
    if arn != "arn" || gateway != "apigateway" || service == "lambda" || service.contains(['?', '$']) {
        return None;
    }
    match api.split_once('/')? {
        ("action", action) => Some(format!("{service}:{}", action.split('&').next().unwrap_or(action))),
        ("path", _) => Some(format!("{service}:*")),
        _ => None,
    }
}

/// `StepFunctions-StartExecution` → `states:StartExecution`. Source: API Gateway developer guide, "Integration subtype
/// reference".
fn subtype_action(subtype: &str) -> String {
    let (service, action) = subtype.split_once('-').unwrap_or((subtype, "*"));
    let prefix = match service {
        "StepFunctions" => "states".to_owned(),
        "EventBridge" => "events".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    format!("{prefix}:{action}")
}

#[cfg(test)]
mod tests {
    use super::{service_action, subtype_action};

    #[test]
    fn service_uris_name_the_action() {
        let action = |uri| service_action(uri);
        assert_eq!(
            action("arn:$:apigateway:$:states:action/SendTaskSuccess").as_deref(),
            Some("states:SendTaskSuccess")
        );
        assert_eq!(action("arn:aws:apigateway:eu-west-1:s3:path/{bucket}/{key}").as_deref(), Some("s3:*"));
        assert_eq!(action("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations"), None);
        assert_eq!(action("https://example.com/"), None);
    }

    #[test]
    fn subtypes_name_the_action() {
        assert_eq!(subtype_action("StepFunctions-StartExecution"), "states:StartExecution");
        assert_eq!(subtype_action("EventBridge-PutEvents"), "events:PutEvents");
        assert_eq!(subtype_action("SQS-SendMessage"), "sqs:SendMessage");
    }
}

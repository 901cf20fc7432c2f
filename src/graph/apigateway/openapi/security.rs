//! Security schemes and requirements of an OpenAPI document, as API Gateway imports them.

use std::sync::Arc;

use super::super::super::Typed;
use super::super::{Authorization, AuthorizerKey, AuthorizerLink, Protocol};
use super::AUTHORIZER;
use crate::input::not_understood;
use crate::source::Span;
use crate::value::{Address, Kind, Map, Member, Prop, Reason, Value};

/// `securityDefinitions` (OpenAPI 2) or `components.securitySchemes` (OpenAPI 3).
pub(super) struct Schemes<'a> {
    members: Vec<&'a Member>,
    open: Option<(Reason, Span)>,
}

pub(super) struct Imported {
    pub(super) authorization: Authorization,
    pub(super) api_key_required: Typed<bool>,
}

/// What one scheme makes API Gateway check.
enum Check {
    Iam,
    /// With the authorization type that the authorizer's type means.
    Authorizer(Typed<String>, Arc<str>),
    ApiKey,
    /// Documentation only, or not defined at all.
    Nothing(String),
    Unknown(Reason),
}

impl<'a> Schemes<'a> {
    pub(super) fn read(document: &'a Value) -> Self {
        let mut schemes = Self { members: Vec::new(), open: None };
        for path in ["securityDefinitions", "components.securitySchemes"] {
            match document.prop(path) {
                Prop::Known(value) => {
                    if let Kind::Map(Map { members, open }) = &value.kind {
                        schemes.members.extend(members);
                        if let Some(reason) = open {
                            schemes.open = Some((reason.clone(), value.span));
                        }
                    } else {
                        let reason = value.reason().cloned();
                        let reason = reason.unwrap_or_else(|| not_understood("security schemes were expected here"));
                        schemes.open = Some((reason, value.span));
                    }
                }
                Prop::Unknown(reason, span) => schemes.open = Some((reason.clone(), span)),
                Prop::Absent(_) => {}
            }
        }
        schemes
    }

    pub(super) fn with_authorizer(&self) -> impl Iterator<Item = &'a Member> + '_ {
        self.members.iter().copied().filter(|scheme| {
            !scheme.value.prop(AUTHORIZER).is_absent() && !matches!(scheme.value.kind, Kind::Unknown(_))
        })
    }

    fn check(&self, name: &str) -> Check {
        let Some(scheme) = self.members.iter().find(|scheme| &*scheme.key == name) else {
            return match &self.open {
                Some((reason, _)) => Check::Unknown(reason.clone()),
                None => Check::Nothing(format!("security scheme `{name}` is not defined")),
            };
        };
        match scheme.value.prop("x-amazon-apigateway-authtype") {
            Prop::Known(kind) if kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4")) => {
                return Check::Iam;
            }
            Prop::Unknown(reason, _) => return Check::Unknown(reason.clone()),
            _ => {}
        }
        match scheme.value.prop(AUTHORIZER) {
            Prop::Known(authorizer) => Check::Authorizer(authorization_type(authorizer), Arc::clone(&scheme.key)),
            Prop::Unknown(reason, _) => Check::Unknown(reason.clone()),
            Prop::Absent(_) => {
                let is = |key: &str, wanted: &str| {
                    let value = scheme.value.prop(key).known().and_then(Value::as_str);
                    value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
                };
                if is("type", "apiKey") && is("name", "x-api-key") {
                    Check::ApiKey
                } else {
                    Check::Nothing(format!("security scheme `{name}` has no `{AUTHORIZER}`"))
                }
            }
        }
    }

    /// What an operation demands: its own `security`, else the document's.
    pub(super) fn authorization(
        &self,
        document: &Value,
        operation: &Value,
        span: Span,
        api: &Address,
        protocol: Protocol,
    ) -> Imported {
        if let Prop::Known(kind) = operation.prop("x-amazon-apigateway-auth.type")
            && kind.as_str() == Some("AWS_IAM")
        {
            let note = "`x-amazon-apigateway-auth` demands a signed request".to_owned();
            return imported(Typed::Known("AWS_IAM".to_owned(), kind.span), span, note);
        }
        match (operation.prop("security"), document.prop("security")) {
            (Prop::Known(own), _) => self.requirements(own, api),
            (Prop::Unknown(reason, span), _) | (Prop::Absent(_), Prop::Unknown(reason, span)) => {
                imported(Typed::Unknown(reason.clone(), span), span, "`security` is not known".to_owned())
            }
            (Prop::Absent(_), Prop::Absent(_)) => {
                let note = "the operation has no `security`".to_owned();
                imported(Typed::Known("NONE".to_owned(), span), span, note)
            }
            (Prop::Absent(_), Prop::Known(root)) => {
                let mut result = self.requirements(root, api);
                let protects = result.authorization.kind.known().is_none_or(|kind| kind != "NONE");
                // REST imports apply `security` per operation: the document-wide one has been reported not to reach
                // the methods, so it proves nothing.
                if protocol == Protocol::Rest && protects {
                    let reason = not_understood(
                        "a REST API applies `security` of single operations; whether the document's own reaches this \
                         one is not documented: repeat it on the operation",
                    );
                    result.authorization.kind = Typed::Unknown(reason, root.span);
                }
                result.authorization.note = format!("{} (document-wide `security`)", result.authorization.note);
                result
            }
        }
    }

    fn requirements(&self, security: &Value, api: &Address) -> Imported {
        let span = security.span;
        let none = |note: String| imported(Typed::Known("NONE".to_owned(), span), span, note);
        let unknown =
            |reason: Reason| imported(Typed::Unknown(reason, span), span, "`security` is not known".to_owned());
        let Some(requirements) = security.items() else {
            return unknown(not_understood("`security` is not a list"));
        };
        if requirements.is_empty() {
            return none("`security: []` removes every requirement".to_owned());
        }
        let (mut found, mut api_key, mut optional, mut nothing) = (None, false, false, None);
        for requirement in requirements {
            let Kind::Map(map) = &requirement.kind else {
                let reason = requirement.reason().cloned();
                return unknown(reason.unwrap_or_else(|| not_understood("a security requirement was expected here")));
            };
            if let Some(reason) = &map.open {
                return unknown(reason.clone());
            }
            optional |= map.members.is_empty();
            for member in &map.members {
                match self.check(&member.key) {
                    Check::ApiKey => api_key = true,
                    Check::Nothing(why) => nothing = nothing.or(Some(why)),
                    check => found = found.or(Some((check, member))),
                }
            }
        }
        let mut result = match found {
            Some(_) if optional => unknown(not_understood(
                "`security` offers `{}` beside an authorizer; which of them API Gateway imports is not documented",
            )),
            Some((Check::Unknown(reason), _)) => unknown(reason),
            Some((Check::Authorizer(kind, scheme), member)) => {
                let key = AuthorizerKey { address: api.clone(), scheme: Some(Arc::clone(&scheme)) };
                let mut result = imported(kind, span, format!("`security` demands authorizer `{scheme}`"));
                result.authorization.authorizer = Typed::Known(AuthorizerLink::Declared(key), member.key_span);
                result.authorization.scopes = match member.value.items() {
                    Some(scopes) => Typed::Known(scopes.to_vec(), member.value.span),
                    None => Typed::Absent(member.value.span),
                };
                result
            }
            Some((_, member)) => {
                let demands = format!("`security` demands a signed request (`{}`)", member.key);
                imported(Typed::Known("AWS_IAM".to_owned(), span), span, demands)
            }
            None if api_key => none("`security` only demands an API key".to_owned()),
            None => none(nothing.unwrap_or_else(|| "`security` demands nothing".to_owned())),
        };
        result.api_key_required = Typed::Known(api_key, span);
        result
    }
}

/// Source: API Gateway developer guide, "x-amazon-apigateway-authorizer object".
fn authorization_type(authorizer: &Value) -> Typed<String> {
    match super::text(authorizer.prop("type")) {
        Typed::Known(kind, span) => match kind.to_ascii_lowercase().as_str() {
            "token" | "request" => Typed::Known("CUSTOM".to_owned(), span),
            "cognito_user_pools" => Typed::Known("COGNITO_USER_POOLS".to_owned(), span),
            "jwt" => Typed::Known("JWT".to_owned(), span),
            _ => Typed::Unknown(not_understood(format!("authorizer type `{kind}` is not known")), span),
        },
        Typed::Absent(span) => Typed::Unknown(not_understood("the authorizer has no `type`"), span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
    }
}

fn imported(kind: Typed<String>, span: Span, note: String) -> Imported {
    Imported {
        authorization: Authorization { kind, authorizer: Typed::Absent(span), scopes: Typed::Absent(span), note },
        api_key_required: Typed::Known(false, span),
    }
}

//! Cognito: user pools with their clients and domains, identity pools with their roles.
//!
//! Defaults ("Amazon Cognito user pools API reference", `CreateUserPool` and `CreateUserPoolClient`): MFA `OFF`, threat
//! protection `OFF`, tier `ESSENTIALS`; a client has no secret and no OAuth flows unless it says so.

pub mod url;

use std::sync::Arc;

use super::{Resources, Target, Typed, boolean, list, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Reason, Value};
pub use url::{Host, Url};

pub const USER_POOL: &str = "AWS::Cognito::UserPool";
pub const CLIENT: &str = "AWS::Cognito::UserPoolClient";
pub const DOMAIN: &str = "AWS::Cognito::UserPoolDomain";
pub const IDENTITY_POOL: &str = "AWS::Cognito::IdentityPool";

#[derive(Debug, Default)]
pub struct Cognito {
    /// In source order, like all lists here.
    pub pools: Vec<UserPool>,
    pub clients: Vec<Client>,
    pub domains: Vec<Domain>,
    pub identity_pools: Vec<IdentityPool>,
}

#[derive(Clone, Debug)]
pub struct UserPool {
    pub address: Address,
    /// `ON`, `OFF` or `OPTIONAL`; never `Absent`.
    pub mfa: Typed<String>,
    /// `SMS_MFA`, `SOFTWARE_TOKEN_MFA`, `EMAIL_OTP`.
    pub factors: Typed<Vec<Typed<String>>>,
    /// `ENFORCED`, `AUDIT` or `OFF`; never `Absent`.
    pub threat_protection: Typed<String>,
    /// `LITE`, `ESSENTIALS` or `PLUS`; never `Absent`.
    pub tier: Typed<String>,
}

#[derive(Clone, Debug)]
pub struct Client {
    pub address: Address,
    pub name: Arc<str>,
    pub name_span: Span,
    pub pool: Typed<Target>,
    /// Never `Absent`, like [`Self::oauth`].
    pub secret: Typed<bool>,
    /// `AllowedOAuthFlowsUserPoolClient`: without it flows, scopes and callbacks have no effect.
    pub oauth: Typed<bool>,
    /// `code`, `implicit`, `client_credentials`.
    pub flows: Typed<Vec<Typed<String>>>,
    pub scopes: Typed<Vec<Typed<String>>>,
    pub callbacks: Typed<Vec<Url>>,
    pub logouts: Typed<Vec<Url>>,
    pub default_redirect: Typed<Url>,
    /// `COGNITO` or the names of identity providers.
    pub providers: Typed<Vec<Typed<String>>>,
}

#[derive(Clone, Debug)]
pub struct Domain {
    pub address: Address,
    pub pool: Typed<Target>,
    /// A prefix, or a full name when it is a custom domain.
    pub domain: Typed<String>,
}

#[derive(Clone, Debug)]
pub struct IdentityPool {
    pub address: Address,
    /// `AllowUnauthenticatedIdentities`, which is required.
    pub guests: Typed<bool>,
    /// The role that guests get, from a role attachment.
    pub guest_role: Typed<Target>,
}

impl Cognito {
    pub fn new(resources: &Resources) -> Self {
        let all = |kind, read: fn(&Resources, &Resource) -> Client| -> Vec<Client> {
            resources.of_kind(kind).map(|resource| read(resources, resource)).collect()
        };
        Self {
            pools: resources.of_kind(USER_POOL).map(UserPool::new).collect(),
            clients: all(CLIENT, Client::new),
            domains: resources
                .of_kind(DOMAIN)
                .map(|resource| Domain {
                    address: resource.address.clone(),
                    pool: target(resources, resource.prop("UserPoolId"), &[USER_POOL]),
                    domain: text(resource.prop("Domain")),
                })
                .collect(),
            identity_pools: resources.of_kind(IDENTITY_POOL).map(|pool| IdentityPool::new(resources, pool)).collect(),
        }
    }

    pub fn client(&self, address: &Address) -> Option<&Client> {
        self.clients.iter().find(|client| client.address == *address)
    }

    /// The clients of a pool, and the reason when a client exists whose pool cannot be told.
    pub fn clients_of(&self, pool: &Address) -> (Vec<&Client>, Option<Reason>) {
        let clients = self.clients.iter().filter(|client| client.pool.address() == Some(pool)).collect();
        let open = self.clients.iter().find_map(|client| match &client.pool {
            Typed::Unknown(reason, _) => Some(reason.clone()),
            Typed::Known(..) | Typed::Absent(_) => None,
        });
        (clients, open)
    }
}

impl UserPool {
    fn new(resource: &Resource) -> Self {
        let word = |path: &str, default: &str| {
            text(resource.prop(path)).map(|word| word.to_ascii_uppercase()).or_default(default.to_owned())
        };
        let mfa = word("MfaConfiguration", "OFF").map(|word| match word.as_str() {
            // A bare YAML `ON` or `OFF` may have become a boolean on its way.
            "TRUE" => "ON".to_owned(),
            "FALSE" => "OFF".to_owned(),
            _ => word,
        });
        Self {
            address: resource.address.clone(),
            mfa,
            factors: texts(list(resource.prop("EnabledMfas"))),
            threat_protection: word("UserPoolAddOns.AdvancedSecurityMode", "OFF"),
            tier: word("UserPoolTier", "ESSENTIALS"),
        }
    }
}

impl Client {
    fn new(resources: &Resources, resource: &Resource) -> Self {
        let urls = |path: &str| {
            list(resource.prop(path)).map(|items| items.iter().map(|item| Url::read(item, resources)).collect())
        };
        let default_redirect = match resource.prop("DefaultRedirectURI") {
            crate::value::Prop::Known(value) => Typed::Known(Url::read(value, resources), value.span),
            crate::value::Prop::Absent(span) => Typed::Absent(span),
            crate::value::Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
        };
        Self {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            name_span: resource.name_span,
            pool: target(resources, resource.prop("UserPoolId"), &[USER_POOL]),
            secret: boolean(resource.prop("GenerateSecret")).or_default(false),
            oauth: boolean(resource.prop("AllowedOAuthFlowsUserPoolClient")).or_default(false),
            flows: texts(list(resource.prop("AllowedOAuthFlows"))),
            scopes: texts(list(resource.prop("AllowedOAuthScopes"))),
            callbacks: urls("CallbackURLs"),
            logouts: urls("LogoutURLs"),
            default_redirect,
            providers: texts(list(resource.prop("SupportedIdentityProviders"))),
        }
    }

    /// Signs in only through identity providers other than the pool itself.
    pub fn is_federation_only(&self) -> Option<bool> {
        match &self.providers {
            // Without a list the pool's own users may sign in.
            Typed::Absent(_) => Some(false),
            Typed::Unknown(..) => None,
            Typed::Known(providers, _) if providers.is_empty() => Some(false),
            // A provider's name is never `COGNITO`, so a reference to one is another provider.
            Typed::Known(providers, _) => {
                let own = providers.iter().any(|name| name.known().is_some_and(|name| name == "COGNITO"));
                let open = providers.iter().any(|name| !matches!(name, Typed::Known(..)) && !is_reference(name));
                if own {
                    Some(false)
                } else if open {
                    None
                } else {
                    Some(true)
                }
            }
        }
    }

    /// A machine's client: the client-credentials grant is its only flow.
    pub fn is_machine_only(&self) -> Option<bool> {
        match (&self.oauth, &self.flows) {
            (Typed::Known(false, _), _) | (_, Typed::Absent(_)) => Some(false),
            (Typed::Known(true, _), Typed::Known(flows, _)) => {
                if flows.iter().any(|flow| flow.known().is_none()) {
                    return None;
                }
                Some(
                    !flows.is_empty()
                        && flows.iter().all(|flow| flow.known().is_some_and(|f| f == "client_credentials")),
                )
            }
            _ => None,
        }
    }

    /// Whether a flow is allowed; `None` when the list is not wholly known and does not show it.
    pub fn allows_flow(&self, flow: &str) -> Option<bool> {
        includes(&self.flows, flow)
    }
}

/// Whether a list of words has one of them.
pub fn includes(words: &Typed<Vec<Typed<String>>>, wanted: &str) -> Option<bool> {
    let words = match words {
        Typed::Absent(_) => return Some(false),
        Typed::Unknown(..) => return None,
        Typed::Known(words, _) => words,
    };
    if words.iter().any(|word| word.known().is_some_and(|word| word == wanted)) {
        return Some(true);
    }
    words.iter().all(|word| word.known().is_some()).then_some(false)
}

fn is_reference(word: &Typed<String>) -> bool {
    matches!(word, Typed::Unknown(Reason::Attribute(_), _))
}

impl IdentityPool {
    fn new(resources: &Resources, resource: &Resource) -> Self {
        let attachment = resources.of_kind("AWS::Cognito::IdentityPoolRoleAttachment").find(|attachment| {
            target(resources, attachment.prop("IdentityPoolId"), &[IDENTITY_POOL]).address() == Some(&resource.address)
        });
        let guest_role = attachment.map_or(Typed::Absent(resource.span), |attachment| {
            target(resources, attachment.prop("Roles.unauthenticated"), &[super::iam::ROLE])
        });
        Self {
            address: resource.address.clone(),
            guests: boolean(resource.prop("AllowUnauthenticatedIdentities")).or_default(false),
            guest_role,
        }
    }
}

/// Each item as literal text.
fn texts(items: Typed<Vec<Value>>) -> Typed<Vec<Typed<String>>> {
    items.map(|items| {
        let one = |item: &Value| match (&item.kind, item.as_str()) {
            (_, Some(text)) => Typed::Known(text.to_owned(), item.span),
            (Kind::Ref(reference), None) => {
                Typed::Unknown(Reason::Attribute(Arc::from(reference.to_string())), item.span)
            }
            (_, None) => {
                let reason = item.reason().cloned();
                Typed::Unknown(
                    reason.unwrap_or_else(|| Reason::NotUnderstood(Arc::from("text was expected here"))),
                    item.span,
                )
            }
        };
        items.iter().map(one).collect()
    })
}

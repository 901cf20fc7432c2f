//! Statements of functions' and layers' resource policies: who is let in, and from which source.

use crate::facts::{Describe as _, Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::lambda::{FunctionRef, LayerPermission, Permission};
use crate::graph::{Graph, Target, Typed};
use crate::input::not_understood;
use crate::value::{Address, Kind, Part, Reason, Reference, Value};

use super::source;
use super::url::{literal, only_through_url};

/// Terraform's data source for the organisation of the account.
const ORGANIZATION: &str = "data.aws_organizations_organization.";

pub(super) const SUBJECT: SubjectKind = SubjectKind { name: "invoke_permissions", shape: InvokePermission::shape };

fact_struct! {
    /// One statement of the resource policy of a function or a layer.
    pub struct InvokePermission {
        /// `function` or `layer`.
        on: String,
        /// Logical id, name or ARN of the function or layer; `?` when it is not known.
        target: String,
        /// As it is written; references as `${Name}`.
        principal: String,
        /// `everyone`, `service`, `own_account` or `account`.
        principal_kind: Fact<String>,
        /// The id of another account, when it is literal; else empty.
        principal_account: String,
        /// A condition demands that the caller belongs to an organisation.
        organization: Fact<bool>,
        /// What the statement says of the source: `pinned` (an ARN or an account), `broad_route` (an API, but more
        /// methods or paths than lead to the function), `no_account` (an S3 bucket name, which another account may
        /// come to own), `wildcard` or `none`.
        source: Fact<String>,
        /// The statement allows every Lambda action.
        every_action: Fact<bool>,
        /// Counts only for anonymous calls through a Function URL, which `function_urls` are about.
        only_through_url: Fact<bool>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let functions = graph.lambda.permissions.iter().filter_map(|permission| {
        let resource = graph.resources.get(&permission.address)?;
        Some(Subject::of(SUBJECT.name, resource, &of_function(graph, permission)))
    });
    let layers = graph.lambda.layer_permissions.iter().filter_map(|permission| {
        let resource = graph.resources.get(&permission.address)?;
        Some(Subject::of(SUBJECT.name, resource, &of_layer(graph, permission)))
    });
    functions.chain(layers).collect()
}

fn of_function(graph: &Graph, permission: &Permission) -> InvokePermission {
    let (kind, account) = principal(graph, &permission.principal, &permission.address);
    let every_action = permission.action.known().map(|action| ["*", "lambda:*"].contains(&action.as_str()));
    let allowed = match permission.action.known() {
        Some(action) => format!("the allowed action is `{action}`"),
        None => "the allowed action".to_owned(),
    };
    let action = vec![Step::new(allowed, permission.action.span())];
    InvokePermission {
        on: "function".to_owned(),
        target: function_name(graph, &permission.function),
        principal: written(&permission.principal),
        principal_kind: kind,
        principal_account: account,
        organization: organization(&permission.principal_org_id),
        source: source::of(graph, permission),
        every_action: match (every_action, &permission.action) {
            (Some(every), _) => Fact::known(every, action),
            (None, Typed::Unknown(reason, _)) => Fact::unknown(reason.clone(), action),
            (None, _) => Fact::unknown(not_understood("`Action` is not set"), action),
        },
        only_through_url: match only_through_url(permission) {
            Some(only) => Fact::known(
                only,
                vec![Step::new("a permission for anonymous callers of a Function URL", permission.action.span())],
            ),
            None => Fact::unknown(not_understood("what the permission is for is not known"), Vec::new()),
        },
    }
}

/// `lambda:GetLayerVersion` is the only action of a layer's policy, and it has no sources.
fn of_layer(graph: &Graph, permission: &LayerPermission) -> InvokePermission {
    let (kind, account) = principal(graph, &permission.principal, &permission.address);
    InvokePermission {
        on: "layer".to_owned(),
        target: target_name(graph, &permission.layer),
        principal: written(&permission.principal),
        principal_kind: kind,
        principal_account: account,
        organization: organization(&permission.organization_id),
        source: Fact::known("none".to_owned(), Vec::new()),
        every_action: Fact::known(false, Vec::new()),
        only_through_url: Fact::known(false, Vec::new()),
    }
}

pub(super) fn function_name(graph: &Graph, function: &FunctionRef) -> String {
    target_name(graph, &function.function)
}

fn target_name(graph: &Graph, target: &Typed<Target>) -> String {
    match target.known() {
        Some(Target::Resource(address)) => {
            graph.resources.get(address).map_or_else(String::new, |resource| resource.name.to_string())
        }
        Some(Target::Outside(name)) => name.clone(),
        None => "?".to_owned(),
    }
}

fn written(value: &Typed<Value>) -> String {
    value.known().and_then(Value::shown).unwrap_or_else(|| "?".to_owned())
}

fn organization(condition: &Typed<Value>) -> Fact<bool> {
    match condition {
        Typed::Known(_, span) => Fact::known(true, vec![Step::new("the caller's organisation is pinned", *span)]),
        Typed::Absent(_) => Fact::known(false, Vec::new()),
        // An organisation's id has no wildcards: whatever the parameter is, it names one.
        Typed::Unknown(Reason::Parameter(_) | Reason::Import(_), span) => {
            Fact::known(true, vec![Step::new("the caller's organisation is pinned", *span)])
        }
        // Of the organisation itself, it is its id and always there.
        Typed::Unknown(Reason::LookedUp(address), span) if address.contains(ORGANIZATION) => {
            Fact::known(true, vec![Step::new("the caller's organisation is pinned", *span)])
        }
        Typed::Unknown(reason, span) => {
            Fact::unknown(reason.clone(), vec![Step::new("the caller's organisation", *span)])
        }
    }
}

/// The kind of a principal, and the id of another account. `permission` is whose: in a live account its ARN tells the own one.
fn principal(graph: &Graph, principal: &Typed<Value>, permission: &Address) -> (Fact<String>, String) {
    let step = |label: String| vec![Step::new(label, principal.span())];
    let known = |kind: &str| {
        let label = format!("the principal is `{}`", written(principal));
        Fact::known(kind.to_owned(), step(label))
    };
    let value = match principal {
        Typed::Known(value, _) => value,
        Typed::Absent(_) => {
            return (
                Fact::unknown(not_understood("`Principal` is not set"), step("the principal".to_owned())),
                String::new(),
            );
        }
        Typed::Unknown(reason, _) => {
            return (Fact::unknown(reason.clone(), step("the principal".to_owned())), String::new());
        }
    };
    if let Some(text) = literal(principal) {
        let account = account_of(text);
        let kind = match text {
            "*" => known("everyone"),
            _ if is_service(text) => known("service"),
            _ if account.is_some() && account.as_deref() == permission.account() => {
                return (known("own_account"), String::new());
            }
            _ if account.is_some() => known("account"),
            _ => Fact::unknown(
                not_understood(format!("principal `{text}` is not known")),
                step("the principal".to_owned()),
            ),
        };
        return (kind, account.unwrap_or_default());
    }
    let own = |reference: &Reference| match reference {
        Reference::Pseudo(name) => &**name == "AWS::AccountId",
        Reference::Resource { address, .. } => {
            graph.resources.get(address).is_some_and(|resource| resource.kind.starts_with("AWS::IAM::"))
        }
    };
    let kind = match &value.kind {
        Kind::Ref(reference) if own(reference) => known("own_account"),
        Kind::Text(parts) => {
            let template = value.template().unwrap_or_default();
            let owned = parts.iter().any(|part| matches!(part, Part::Ref(reference) if own(reference)));
            if is_service(&template) {
                known("service")
            } else if owned {
                known("own_account")
            } else if let Some(account) = account_of(&template) {
                return (known("account"), account);
            } else {
                let reason = value.reason().cloned();
                let reason = reason.unwrap_or_else(|| not_understood(format!("principal `{template}` is not known")));
                Fact::unknown(reason, step("the principal".to_owned()))
            }
        }
        _ => Fact::unknown(not_understood("a principal was expected here"), step("the principal".to_owned())),
    };
    (kind, String::new())
}

fn is_service(principal: &str) -> bool {
    !principal.contains([':', '?'])
        && (principal.ends_with(".amazonaws.com")
            || principal.ends_with(".amazonaws.com.cn")
            || principal.ends_with(".amazon.com"))
        || principal.ends_with(".${AWS::URLSuffix}")
        || principal.ends_with(".${AWS::Region}.amazonaws.com")
}

/// An account id, by itself or in an IAM ARN.
fn account_of(principal: &str) -> Option<String> {
    let account = match principal.strip_prefix("arn:") {
        Some(arn) => arn.split(':').nth(3)?,
        None => principal,
    };
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{account_of, is_service};

    #[test]
    fn principals_are_told_apart() {
        assert!(is_service("s3.amazonaws.com"));
        assert!(is_service("alexa-appkit.amazon.com"));
        assert!(is_service("logs.${AWS::Region}.amazonaws.com"));
        assert!(is_service("apigateway.${AWS::URLSuffix}"));
        assert!(!is_service("arn:aws:iam::111122223333:root"));
        assert_eq!(account_of("arn:aws:iam::111122223333:role/x").as_deref(), Some("111122223333"));
        assert_eq!(account_of("111122223333").as_deref(), Some("111122223333"));
        assert_eq!(account_of("*"), None);
    }
}

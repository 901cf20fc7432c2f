//! Function URLs, and permissions that would let everyone through one.

use crate::facts::{Describe as _, Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::lambda::{FunctionRef, Permission, Qualifier, Url};
use crate::graph::{Graph, Typed};
use crate::value::{Reason, Value};

pub(super) const SUBJECT: SubjectKind = SubjectKind { name: "function_urls", shape: FunctionUrl::shape };

fact_struct! {
    /// A Function URL, or a permission for one that was not scanned.
    pub struct FunctionUrl {
        /// Logical id, name or ARN of the function; `?` when it is not known.
        function: String,
        /// A URL is declared; false for a permission alone.
        declared: bool,
        /// `NONE` or `AWS_IAM`. A permission alone has that which it allows.
        auth_type: Fact<String>,
        /// A permission lets everyone invoke the function through the URL.
        public_permission: Fact<bool>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = graph.lambda.urls.iter().filter_map(|url| of_url(graph, url)).collect();
    subjects.extend(graph.lambda.permissions.iter().filter_map(|permission| of_permission(graph, permission)));
    subjects
}

fn of_url(graph: &Graph, url: &Url) -> Option<Subject> {
    let resource = graph.resources.get(&url.address)?;
    let label = match &url.auth_type {
        Typed::Known(kind, _) => format!("`AuthType` is `{kind}`"),
        _ => "`AuthType`".to_owned(),
    };
    let facts = FunctionUrl {
        function: super::permission::function_name(graph, &url.function),
        declared: true,
        auth_type: Fact::of(url.auth_type.clone(), label),
        public_permission: public_permission(graph, url),
    };
    Some(Subject::of(SUBJECT.name, resource, &facts))
}

fn public_permission(graph: &Graph, url: &Url) -> Fact<bool> {
    let mut unclear = None;
    for permission in graph.lambda.permissions.about(url.function.function.known()) {
        match (same_door(permission, url), is_public(permission)) {
            (Some(false), _) | (_, Some(false)) => {}
            (Some(true), Some(true)) => {
                let (name, span) = match graph.resources.get(&permission.address) {
                    Some(resource) => (resource.name.to_string(), resource.name_span),
                    None => (String::new(), permission.action.span()),
                };
                return Fact::known(true, vec![Step::new(format!("permission `{name}` lets everyone through"), span)]);
            }
            _ => unclear = Some(vec![Step::new("a permission for a Function URL", permission.action.span())]),
        }
    }
    match unclear {
        Some(steps) => {
            Fact::unknown(crate::input::not_understood("whom a permission lets through is not known"), steps)
        }
        None => Fact::known(false, Vec::new()),
    }
}

/// Whether a permission is for the same function in the same published form; `None` when that is not known.
fn same_door(permission: &Permission, url: &Url) -> Option<bool> {
    let function = match (permission.function.function.known(), url.function.function.known()) {
        (Some(own), Some(other)) => Some(own == other),
        _ => None,
    };
    let qualifier = match (&permission.function.qualifier, &url.function.qualifier) {
        (Qualifier::Unknown(_), _) | (_, Qualifier::Unknown(_)) => None,
        (own, other) => Some(own == other),
    };
    match (function, qualifier) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether everyone may call the URL without credentials; `None` when that is not known. Source: Lambda developer
/// guide, "Control access to Lambda function URLs".
fn is_public(permission: &Permission) -> Option<bool> {
    let action = match permission.action.known() {
        Some(action) => ["lambda:InvokeFunctionUrl", "lambda:*", "*"].iter().any(|it| it.eq_ignore_ascii_case(action)),
        None => return None,
    };
    let everyone = match &permission.principal {
        Typed::Known(principal, _) => principal.as_str() == Some("*"),
        Typed::Absent(_) => false,
        Typed::Unknown(..) => return if action { None } else { Some(false) },
    };
    let unconditional = [&permission.principal_org_id, &permission.source_arn, &permission.source_account]
        .iter()
        .all(|condition| matches!(condition, Typed::Absent(_)));
    let anonymous = match &permission.function_url_auth_type {
        Typed::Known(kind, _) => Some(kind == "NONE"),
        Typed::Absent(_) => Some(true),
        Typed::Unknown(..) => None,
    };
    match (action && everyone && unconditional, anonymous) {
        (false, _) => Some(false),
        (true, anonymous) => anonymous,
    }
}

/// A permission for anonymous calls opens any URL that the function ever gets; when the URL itself is declared as open,
/// that is where the finding belongs.
fn of_permission(graph: &Graph, permission: &Permission) -> Option<Subject> {
    let resource = graph.resources.get(&permission.address)?;
    let named = match &permission.function_url_auth_type {
        Typed::Known(kind, _) => kind == "NONE",
        Typed::Absent(_) => false,
        Typed::Unknown(..) => true,
    };
    let public = is_public(permission);
    if !named || public == Some(false) {
        return None;
    }
    let mut unread = None;
    for url in graph.lambda.urls.about(permission.function.function.known()) {
        let open = match &url.auth_type {
            Typed::Known(kind, _) => Some(kind != "AWS_IAM"),
            Typed::Absent(_) => Some(false),
            Typed::Unknown(..) => None,
        };
        match (same_door(permission, url), open) {
            (Some(true), Some(true)) => return None,
            (Some(false), _) | (_, Some(false)) => {}
            _ => unread = unread.or_else(|| unread_part(permission, url)),
        }
    }
    let span = permission.function_url_auth_type.span();
    let (auth_type, public_permission) = if let Some(reason) = unread {
        let step = || vec![Step::new("whether a Function URL that is open is behind it", resource.name_span)];
        (Fact::unknown(reason.clone(), step()), Fact::unknown(reason, step()))
    } else if public == Some(true) {
        let everyone = Step::new("everyone may invoke the function through a Function URL", resource.name_span);
        let none = Step::new("`FunctionUrlAuthType` is `NONE`", span);
        (Fact::known("NONE".to_owned(), vec![none]), Fact::known(true, vec![everyone]))
    } else {
        let reason = unknown_part(permission);
        let step = || vec![Step::new("whom the permission lets through a Function URL", resource.name_span)];
        (Fact::unknown(reason.clone(), step()), Fact::unknown(reason, step()))
    };
    let facts = FunctionUrl {
        function: super::permission::function_name(graph, &permission.function),
        declared: false,
        auth_type,
        public_permission,
    };
    Some(Subject::of(SUBJECT.name, resource, &facts))
}

/// The read of an account whose failure keeps one from telling whether a permission is for a URL that is open.
fn unread_part(permission: &Permission, url: &Url) -> Option<Reason> {
    let of_function = |function: &FunctionRef| match (&function.function, &function.qualifier) {
        (Typed::Unknown(reason, _), _) | (_, Qualifier::Unknown(reason)) => Some(reason.clone()),
        _ => None,
    };
    let auth_type = match &url.auth_type {
        Typed::Unknown(reason, _) => Some(reason.clone()),
        _ => None,
    };
    let parts = [of_function(&permission.function), of_function(&url.function), auth_type];
    parts.into_iter().flatten().find(Reason::is_failed_read)
}

/// What keeps one from telling whether a permission is for everyone.
fn unknown_part(permission: &Permission) -> Reason {
    let parts = [
        match &permission.function_url_auth_type {
            Typed::Unknown(reason, _) => Some(reason),
            _ => None,
        },
        match &permission.principal {
            Typed::Unknown(reason, _) => Some(reason),
            _ => None,
        },
        match &permission.action {
            Typed::Unknown(reason, _) => Some(reason),
            _ => None,
        },
    ];
    let known = || crate::input::not_understood("whom a permission lets through is not known");
    parts.into_iter().flatten().next().cloned().unwrap_or_else(known)
}

/// Whether a permission only counts for calls through a Function URL that asks for no credentials: then the URL's rule
/// judges it.
pub(super) fn only_through_url(permission: &Permission) -> Option<bool> {
    let action = permission.action.known()?;
    if action.eq_ignore_ascii_case("lambda:InvokeFunctionUrl") {
        return match &permission.function_url_auth_type {
            Typed::Known(kind, _) => Some(kind == "NONE"),
            Typed::Absent(_) => Some(false),
            Typed::Unknown(..) => None,
        };
    }
    if action.eq_ignore_ascii_case("lambda:InvokeFunction") {
        return permission.invoked_via_function_url.known().copied();
    }
    Some(false)
}

/// A literal principal.
pub(super) fn literal(value: &Typed<Value>) -> Option<&str> {
    value.known().and_then(Value::as_str)
}

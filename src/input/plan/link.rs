//! Which arguments hand on an id, ARN or name of another resource, so that a reference in them is their value.

use std::sync::Arc;

use crate::input::terraform::map;
use crate::input::terraform::value::Attribute;

/// Arguments that take an id, ARN or name but do not say so in their name.
const LINKS: [&str; 20] = [
    "bucket",
    "cluster",
    "credentials",
    "authorizer_credentials",
    "function_name",
    "group",
    "groups",
    "instance",
    "instances",
    "integration_uri",
    "authorizer_uri",
    "role",
    "roles",
    "security_groups",
    "source_security_group",
    "subnets",
    "target_groups",
    "uri",
    "user",
    "users",
];

/// Arguments that take text which is made of an attribute, and so hardly ever the attribute itself.
const TEXTS: [&str; 1] = ["issuer"];

const ENDINGS: [&str; 6] = ["_id", "_ids", "_arn", "_arns", "_name", "_identifier"];

/// Attributes that are only the beginning of what an argument takes.
const BEGINNINGS: [&str; 1] = ["execution_arn"];

/// Whether an argument (by its path without indices) leads to other resources.
pub(super) fn is_link(kind: &str, path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    LINKS.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || !TEXTS.contains(&name) && map::links(kind).any(|link| link == path)
}

/// Whether an argument takes several ids, ARNs or names.
pub(super) fn takes_several(path: &str) -> bool {
    path.ends_with("vpc_zone_identifier") || path.ends_with('s') && !path.ends_with("credentials")
}

pub(super) fn is_beginning(attribute: &Attribute) -> bool {
    BEGINNINGS.contains(&&*attribute.path)
}

/// A reference whose attribute is not told, because an index stands before it, is one of what the argument takes.
pub(super) fn named(attribute: &Attribute, argument: &str) -> Attribute {
    if !attribute.path.is_empty() {
        return attribute.clone();
    }
    let name = argument.trim_end_matches('s');
    let path = match () {
        () if name.ends_with("arn") => "arn",
        () if name.ends_with("name") => "name",
        () if name.ends_with("uri") => "invoke_arn",
        () => "id",
    };
    Attribute { path: Arc::from(path), ..attribute.clone() }
}

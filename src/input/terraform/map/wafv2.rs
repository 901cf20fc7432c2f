//! WAF: web ACLs and what they stand before.

use super::Returns::{GetAtt, Sub};
use super::Shape::{Link, Plain, Tags, With};
use super::{Mapper, Row, Service, property};
use crate::input::terraform::value as tf;
use crate::value::Value;

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row::new(
        "aws_wafv2_web_acl",
        "AWS::WAFv2::WebACL",
        &[
            property("Name", "name", Plain),
            property("Description", "description", Plain),
            property("DefaultAction", "default_action", With(first)),
            property("Rules", "rule", With(|rules, mapper| mapper.renamed(rules))),
            property("Scope", "scope", Plain),
            property("VisibilityConfig", "visibility_config", With(first)),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("Id")), ("arn", GetAtt("Arn")), ("name", Sub("${@name}"))],
    ),
    Row::new(
        "aws_wafv2_web_acl_association",
        "AWS::WAFv2::WebACLAssociation",
        &[property("ResourceArn", "resource_arn", Link), property("WebACLArn", "web_acl_arn", Link)],
        &[],
    ),
    Row::new(
        "aws_wafv2_ip_set",
        "AWS::WAFv2::IPSet",
        &[
            property("Name", "name", Plain),
            property("Addresses", "addresses", Plain),
            property("IPAddressVersion", "ip_address_version", Plain),
            property("Scope", "scope", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("Id")), ("arn", GetAtt("Arn"))],
    ),
];

/// The one block of its name, renamed.
fn first(value: &tf::Value, mapper: &Mapper<'_>) -> Value {
    mapper.renamed(value.elements().and_then(<[_]>::first).unwrap_or(value))
}

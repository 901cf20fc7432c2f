//! WAF: which web ACL stands before which resource.

use super::{Resources, Target, Typed, target};
use crate::source::Span;
use crate::value::{Address, Reason};

/// What a web ACL can be associated with by a resource of its own ("`AssociateWebACL`", AWS WAFV2 API reference).
/// CloudFront distributions name theirs themselves.
const PROTECTED: &[&str] = &[
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::AppSync::GraphQLApi",
    "AWS::Cognito::UserPool",
];

#[derive(Debug, Default)]
pub struct Wafv2 {
    /// In source order.
    pub associations: Vec<Association>,
}

#[derive(Clone, Debug)]
pub struct Association {
    pub span: Span,
    /// What is protected.
    pub resource: Typed<Target>,
}

impl Wafv2 {
    pub fn new(resources: &Resources) -> Self {
        let association = |resource: &crate::input::Resource| Association {
            span: resource.name_span,
            resource: target(resources, resource.prop("ResourceArn"), PROTECTED),
        };
        Self { associations: resources.of_kind("AWS::WAFv2::WebACLAssociation").map(association).collect() }
    }

    /// The association that protects a resource; an error when there is one of which that cannot be told.
    pub fn protecting(&self, address: &Address) -> Result<Option<&Association>, Reason> {
        let mine = |association: &&Association| association.resource.address() == Some(address);
        if let Some(found) = self.associations.iter().find(mine) {
            return Ok(Some(found));
        }
        let open = self.associations.iter().find_map(|association| match &association.resource {
            Typed::Unknown(reason, _) => Some(reason.clone()),
            Typed::Known(..) | Typed::Absent(_) => None,
        });
        open.map_or(Ok(None), Err)
    }
}

//! AWS WAF: web ACLs, and what stands behind them.
//!
//! ACLs of a region protect what lives there. Those of CloudFront are read at its home region, and each distribution
//! names its own. What an ACL protects is asked for by type of resource, for the types that can be judged.

mod web_acl;

use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::types::{ResourceType, Scope as Of, WebAclSummary};

use super::{Scope, Service};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

const READS: &[&Read] = &[&ACLS, &ACL, &PROTECTED];

pub(super) const REGIONAL: Service = Service {
    name: "wafv2",
    scope: Scope::Regional,
    reads: READS,
    collect: |reader| Box::pin(collect(reader, Of::Regional)),
};

/// The ACLs of CloudFront. Source: "`ListWebACLs`", AWS WAFV2 API Reference, `Scope`.
pub(super) const GLOBAL: Service = Service {
    name: "wafv2",
    scope: Scope::Global,
    reads: READS,
    collect: |reader| Box::pin(collect(reader, Of::Cloudfront)),
};

const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";
const ACLS: Read = Read::list("wafv2:ListWebACLs", &["AWS::WAFv2::WebACL", ASSOCIATION]);
const ACL: Read = Read::detail("wafv2:GetWebACL");
const PROTECTED: Read = Read::list("wafv2:ListResourcesForWebACL", &[ASSOCIATION]);

const TYPES: &[ResourceType] = &[
    ResourceType::ApplicationLoadBalancer,
    ResourceType::ApiGateway,
    ResourceType::Appsync,
    ResourceType::CognitioUserPool,
];

async fn collect(reader: &Reader, scope: Of) {
    let client = &Client::new(&reader.config);
    let page = |marker| {
        let call = client.list_web_acls().scope(scope.clone()).limit(100).set_next_marker(marker);
        async move {
            let answer = call.send().await?;
            // The marker of a last page that is not full is told too.
            let next = answer.next_marker.filter(|_| answer.web_acls.as_ref().is_some_and(|list| !list.is_empty()));
            Ok((answer.web_acls.unwrap_or_default(), next))
        }
    };
    let acls = reader.pages(&ACLS, page).await;
    let scope = &scope;
    reader.each(acls, |acl| async move { read(reader, client, scope, &acl).await }).await;
}

async fn read(reader: &Reader, client: &Client, scope: &Of, acl: &WebAclSummary) {
    let arn = acl.arn().unwrap_or_default();
    let call = client.get_web_acl().set_name(acl.name.clone()).set_id(acl.id.clone()).scope(scope.clone()).send();
    let detail = reader.get(&ACL, arn, call).await.map(|answer| answer.web_acl);
    reader.push(web_acl::of_acl(acl, scope, detail.as_ref().map(Option::as_ref).map_err(|unread| *unread)));
    if *scope == Of::Cloudfront {
        return;
    }
    for kind in TYPES {
        let page = |_| {
            let call = client.list_resources_for_web_acl().web_acl_arn(arn).resource_type(kind.clone()).send();
            async move { Ok((call.await?.resource_arns.unwrap_or_default(), None)) }
        };
        for resource in reader.pages(&PROTECTED, page).await {
            reader.push(of_association(arn, &resource));
        }
    }
}

fn of_association(acl: &str, resource: &str) -> Item {
    Item::new(ASSOCIATION, format!("{acl}/{resource}")).set("WebACLArn", acl).set("ResourceArn", resource)
}

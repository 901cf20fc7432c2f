//! Whose a host is: which names lead to front doors of the architecture.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::cognito::{Host, Url};
use crate::graph::elbv2::{Listener, Test};
use crate::graph::{Graph, Typed, list, text};
use crate::source::Span;
use crate::value::{Address, Reason};

/// Names of front doors that the architecture declares, lower case, with the place that declares them.
#[derive(Debug)]
pub(super) struct Hosts<'a> {
    graph: &'a Graph,
    own: BTreeMap<String, Span>,
}

/// Resource types whose own domain is a front door of the architecture.
const FRONT_DOORS: &[&str] = &[
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudFront::Distribution",
    "AWS::Amplify::App",
];

impl<'a> Hosts<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut own = BTreeMap::new();
        for record in &graph.route53.records {
            add(&mut own, &record.name);
        }
        for kind in ["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", "AWS::Amplify::Domain"] {
            for resource in graph.resources.of_kind(kind) {
                add(&mut own, &text(resource.prop("DomainName")));
            }
        }
        for resource in graph.resources.of_kind("AWS::CloudFront::Distribution") {
            if let Typed::Known(aliases, _) = list(resource.prop("DistributionConfig.Aliases")) {
                for alias in &aliases {
                    if let Some(name) = alias.as_str() {
                        own.entry(name.to_ascii_lowercase()).or_insert(alias.span);
                    }
                }
            }
        }
        for (_, rule) in graph.elbv2.all_rules() {
            let Some(conditions) = rule.conditions.known() else { continue };
            for condition in conditions {
                if let Test::Host { values, .. } = &condition.test {
                    values
                        .iter()
                        .filter(|value| value.known().is_some_and(|name| !name.contains(['*', '?'])))
                        .for_each(|value| add(&mut own, value));
                }
            }
        }
        Self { graph, own }
    }

    /// `own`, `reserved`, `loopback`, `wildcard` or `none` (no host at all); a name that nothing scanned declares is
    /// unknown, because DNS is often managed elsewhere.
    pub(super) fn owner(&self, url: &Url) -> Result<&'static str, Reason> {
        match &url.host {
            // `myapp://signed-in` names a place in an application, not a host.
            _ if url.scheme.as_ref().is_ok_and(|scheme| !matches!(scheme.as_str(), "http" | "https")) => Ok("none"),
            Host::Absent => Ok("none"),
            Host::Unknown(reason) => Err(reason.clone()),
            Host::Of(address) if self.is_front_door(address) => Ok("own"),
            Host::Of(address) => Err(Reason::Attribute(Arc::from(format!("{address} host")))),
            Host::Name(name) if name.contains('*') => Ok("wildcard"),
            Host::Name(name) if is_loopback(name) => Ok("loopback"),
            Host::Name(name) if is_reserved(name) => Ok("reserved"),
            Host::Name(name) if self.own.contains_key(name) => Ok("own"),
            Host::Name(name) => Err(Reason::Outside(Arc::from(format!("the host `{name}`")))),
        }
    }

    fn is_front_door(&self, address: &Address) -> bool {
        self.graph.resources.get(address).is_some_and(|resource| FRONT_DOORS.contains(&&*resource.kind))
    }

    /// Whether a URL's host leads to the load balancer of a listener: its DNS name, a record, a host condition of the
    /// listener's rules, or an exact name of a certificate that the listener serves.
    pub(super) fn is_of_listener(&self, url: &Url, listener: &Listener) -> Result<bool, Reason> {
        let load_balancer = listener.load_balancer.address();
        match &url.host {
            Host::Absent => Ok(false),
            Host::Unknown(reason) => Err(reason.clone()),
            Host::Of(address) if Some(address) == load_balancer => Ok(true),
            Host::Of(address) if self.is_front_door(address) => Ok(false),
            Host::Of(address) => Err(Reason::Attribute(Arc::from(format!("{address} host")))),
            Host::Name(name) => {
                let recorded =
                    load_balancer.is_some_and(|to| self.graph.route53.names_of(to).any(|(own, _)| own == name));
                if recorded || Self::host_conditions(listener).any(|own| own == *name) || self.certified(listener, name)
                {
                    return Ok(true);
                }
                match self.owner(url) {
                    // A name that leads elsewhere in the architecture, or to nobody's host.
                    Ok(_) => Ok(false),
                    Err(reason) => Err(reason),
                }
            }
        }
    }

    fn host_conditions(listener: &Listener) -> impl Iterator<Item = String> {
        let conditions = listener.rules.iter().filter_map(|rule| rule.conditions.known()).flatten();
        conditions
            .filter_map(|condition| match &condition.test {
                Test::Host { values, .. } => Some(values),
                _ => None,
            })
            .flatten()
            .filter_map(|value| value.known().map(|name| name.to_ascii_lowercase()))
    }

    /// A wildcard name proves nothing about one host, so only exact names count.
    fn certified(&self, listener: &Listener, name: &str) -> bool {
        let Some(certificates) = listener.certificates.known() else { return false };
        certificates.iter().flat_map(crate::value::Value::references).any(|reference| {
            let crate::value::Reference::Resource { address, .. } = reference else { return false };
            self.graph.acm.certificate(address).is_some_and(|certificate| certificate.names(name))
        })
    }
}

fn add(own: &mut BTreeMap<String, Span>, name: &Typed<String>) {
    if let Typed::Known(name, span) = name {
        own.entry(name.trim_end_matches('.').to_ascii_lowercase()).or_insert(*span);
    }
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.") || name == "[" || name == "0.0.0.0"
}

/// RFC 2606 and RFC 6761: names that can never be one's own.
fn is_reserved(name: &str) -> bool {
    let under = |domain: &str| name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    ["example.com", "example.net", "example.org", "example", "test", "invalid"].into_iter().any(under)
}

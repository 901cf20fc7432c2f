//! Classic load balancers: only what the network sees of them.
//!
//! Defaults: `Scheme` internet-facing ("`AWS::ElasticLoadBalancing::LoadBalancer`", AWS CloudFormation template
//! reference).

use super::{Resources, Typed, integer, list, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::Address;

pub const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancing::LoadBalancer";

/// In source order.
#[derive(Debug, Default)]
pub struct Elb {
    pub load_balancers: Vec<LoadBalancer>,
}

#[derive(Clone, Debug)]
pub struct LoadBalancer {
    pub address: Address,
    pub span: Span,
    pub internet_facing: Typed<bool>,
    /// The ports of its listeners.
    pub ports: Typed<Vec<Typed<i64>>>,
}

impl Elb {
    pub fn new(resources: &Resources) -> Self {
        Self { load_balancers: resources.of_kind(LOAD_BALANCER).map(load_balancer).collect() }
    }
}

fn load_balancer(resource: &Resource) -> LoadBalancer {
    LoadBalancer {
        address: resource.address.clone(),
        span: resource.name_span,
        internet_facing: text(resource.prop("Scheme")).map(|scheme| scheme != "internal").or_default(true),
        ports: list(resource.prop("Listeners"))
            .map(|listeners| listeners.iter().map(|listener| integer(listener.prop("LoadBalancerPort"))).collect()),
    }
}

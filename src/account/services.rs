//! What is read of each service, one file a service.
//!
//! A file names its calls as [`Read`]s, makes them, and pushes the resources that they tell. To read more: add a `Read`
//! to its `READS` (a test compares them with the calls that are made, and the printed policy follows from them).
//!
//! Lists are asked for in the largest pages that the API reference of the service allows.

mod acm;
mod apigateway;
mod apigatewayv2;
mod appsync;
mod autoscaling;
mod cloudfront;
mod cognito_identity;
mod cognito_idp;
mod dynamodb;
mod ec2;
mod ecs;
mod elb;
mod elbv2;
#[cfg(test)]
mod fixture;
mod iam;
mod lambda;
mod route53;
mod servicediscovery;
mod states;
mod tags;
mod wafv2;

use std::future::Future;
use std::pin::Pin;

use super::reader::{Read, Reader};

/// A service as it is collected.
pub struct Service {
    /// Name of the section's file: `ec2`.
    pub name: &'static str,
    pub scope: Scope,
    /// Every call that `collect` can make.
    pub reads: &'static [&'static Read],
    pub collect: for<'r> fn(&'r Reader) -> Reading<'r>,
}

/// Reading a service, which ends when all its items are pushed.
pub type Reading<'r> = Pin<Box<dyn Future<Output = ()> + Send + 'r>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Regional,
    /// Once an account, at the partition's home region.
    Global,
}

/// All services, sorted by name.
pub const SERVICES: &[Service] = &[
    acm::SERVICE,
    apigateway::SERVICE,
    apigatewayv2::SERVICE,
    appsync::SERVICE,
    autoscaling::SERVICE,
    cloudfront::SERVICE,
    cognito_identity::SERVICE,
    cognito_idp::SERVICE,
    dynamodb::SERVICE,
    ec2::SERVICE,
    ecs::SERVICE,
    elb::SERVICE,
    elbv2::SERVICE,
    iam::SERVICE,
    lambda::SERVICE,
    route53::SERVICE,
    servicediscovery::SERVICE,
    states::SERVICE,
    wafv2::GLOBAL,
    wafv2::REGIONAL,
];

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).field("scope", &self.scope).finish_non_exhaustive()
    }
}

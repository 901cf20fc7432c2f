//! An account of any size: networks with instances, roles with policies, functions. Every part follows from its number.

mod functions;
pub(crate) mod identities;
mod network;

use super::{ACCOUNT, Part, REGION};

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub instances: usize,
    pub roles: usize,
    pub functions: usize,
}

/// Functions between two that are in a VPC, have a resource policy, an alias, a URL, an event source.
const EVERY_INSIDE: usize = 4;
const EVERY_POLICY: usize = 3;
const EVERY_ALIAS: usize = 10;
const EVERY_URL: usize = 50;
const EVERY_SOURCE: usize = 8;

/// About as many policies as AWS has. Only those that something attaches matter.
const AWS_POLICIES: usize = 1200;

/// Security groups between two that let everybody in.
const EVERY_OPEN: usize = 100;

pub(crate) const SUBNETS_OF_A_VPC: usize = 6;

impl Size {
    pub(crate) fn vpcs(&self) -> usize {
        self.instances.div_ceil(500)
    }

    pub(crate) fn subnets(&self) -> usize {
        self.vpcs() * SUBNETS_OF_A_VPC
    }

    /// Of each VPC its main one, and one for each subnet.
    pub(crate) fn route_tables(&self) -> usize {
        self.vpcs() + self.subnets()
    }

    pub(crate) fn nat_gateways(&self) -> usize {
        self.subnets() / 2
    }

    /// Beside the default one of each VPC.
    pub(crate) fn groups(&self) -> usize {
        self.vpcs() * 25
    }

    pub(crate) fn open_groups(&self) -> usize {
        self.groups().div_ceil(EVERY_OPEN)
    }

    /// Of the instances, of NAT gateways, and those that functions share.
    pub(crate) fn interfaces(&self) -> usize {
        self.instances + self.nat_gateways() + self.subnets() / 2
    }

    pub(crate) fn users(&self) -> usize {
        self.roles / 100
    }

    pub(crate) fn user_groups(&self) -> usize {
        self.roles / 500
    }

    /// Those that an account has beside AWS's own.
    pub(crate) fn policies(&self) -> usize {
        self.roles / 20
    }

    /// Everything that one listing tells.
    pub(crate) fn identities(&self) -> usize {
        self.roles + self.users() + self.user_groups() + self.policies() + AWS_POLICIES
    }

    pub(crate) fn profiles(&self) -> usize {
        self.roles / 5
    }

    pub(crate) fn aliases(&self) -> usize {
        self.functions.div_ceil(EVERY_ALIAS)
    }

    pub(crate) fn urls(&self) -> usize {
        self.functions.div_ceil(EVERY_URL)
    }

    pub(crate) fn permissions(&self) -> usize {
        self.functions.div_ceil(EVERY_POLICY)
    }

    pub(crate) fn event_sources(&self) -> usize {
        self.functions.div_ceil(EVERY_SOURCE)
    }

    /// What answers for all of it.
    pub(crate) fn parts(self) -> Vec<Part> {
        vec![
            Box::new(move |call| network::answer(self, call)),
            Box::new(move |call| identities::answer(self, call)),
            Box::new(move |call| functions::answer(self, call)),
        ]
    }
}

fn role_name(role: usize) -> String {
    format!("service-role-{role:05}")
}

fn role_arn(role: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/service/{}", role_name(role))
}

/// Every fifth role is an instance's.
fn profile_arn(profile: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:instance-profile/service/{}", role_name(profile * 5))
}

fn subnet_id(subnet: usize) -> String {
    format!("subnet-{subnet:017x}")
}

fn group_id(group: usize) -> String {
    format!("sg-{group:017x}")
}

fn function_arn(function: usize) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", function_name(function))
}

fn function_name(function: usize) -> String {
    format!("function-{function:05}")
}

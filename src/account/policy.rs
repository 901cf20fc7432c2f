//! The permissions that collecting needs, and no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::recorded;
use super::services::SERVICES;

/// IAM actions of every call, sorted; those that read code only when that is asked for.
pub fn actions(read_code: bool) -> BTreeSet<&'static str> {
    let reads = SERVICES.iter().flat_map(|service| service.reads).filter(|read| read_code || !read.for_code);
    reads.map(|read| read.permission()).chain(["ec2:DescribeRegions"]).collect()
}

/// An identity policy for whoever collects. `sts:GetCallerIdentity` needs no permission.
pub fn document(read_code: bool) -> Value {
    reading(&actions(read_code))
}

/// The same for whoever collects what an aggregator of AWS Config knows.
pub fn document_for_aggregator() -> Value {
    reading(&recorded::ACTIONS.into_iter().collect())
}

fn reading(actions: &BTreeSet<&str>) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "SraGuardReads", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

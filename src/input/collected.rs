//! What a snapshot tells beside its resources: whose they are, which reads went well, and when.
//!
//! Whoever keeps findings elsewhere needs it: a finding that is not made any more is only resolved when what it was about
//! was looked at.

use super::snapshot::format::Outcome;
use crate::source::{Scalar, Span};

/// What was collected of one service, in one region of one account.
#[derive(Clone, Debug)]
pub struct Collected {
    /// Twelve digits.
    pub account: String,
    /// [`GLOBAL`] for services without regions.
    pub region: String,
    pub partition: String,
    pub service: String,
    /// When, in UTC, as the snapshot's manifest says.
    pub at: Option<String>,
    pub span: Span,
    /// Types of resources that were listed to the end, sorted.
    pub listed: Vec<String>,
    pub failed: Vec<Failed>,
    /// In the order of their spans.
    pub resources: Vec<Held>,
}

/// A read that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub api: String,
    pub outcome: Outcome,
    /// What the caller must be allowed to do for it.
    pub permission: String,
    /// What the service said.
    pub error: Option<String>,
    /// Where the snapshot says so.
    pub span: Span,
    /// The resource that it was about, when it was about one.
    pub of: Option<String>,
    /// Types of resources of which there may be more than were read.
    pub hides: Vec<String>,
}

/// A resource of a snapshot.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its ARN; for a part of a resource, that resource's ARN and what tells the part.
    pub id: String,
    /// `AWS::EC2::Subnet`.
    pub kind: String,
    pub name: Option<String>,
    pub span: Span,
    /// Its properties that are neither lists nor objects.
    pub scalars: Vec<(String, Scalar)>,
}

/// Region of the services that have none.
pub const GLOBAL: &str = "global";

impl Collected {
    /// The resource that is written there.
    pub fn resource_at(&self, span: Span) -> Option<&Held> {
        let after = self.resources.partition_point(|held| held.span.start <= span.start);
        let held = self.resources.get(after.checked_sub(1)?)?;
        (held.span.file == span.file && span.end <= held.span.end).then_some(held)
    }

    /// Whether something is written within it.
    pub fn covers(&self, span: Span) -> bool {
        self.span.file == span.file && self.span.start <= span.start && span.end <= self.span.end
    }
}

/// The partition that a region is in. Source: AWS General Reference, "Amazon Resource Names (ARNs)".
pub fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Where account-wide services are read, and what is said about them is kept. Source: "Global services", AWS Fault
/// Isolation Boundaries.
pub fn home_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

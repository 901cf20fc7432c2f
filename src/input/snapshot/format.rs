//! What a snapshot file holds. The reader works on the text, so that every value keeps its place; these types are what
//! is written, and the source of the published schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version that this program writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// Marks an object that stands for a value that could not be read: `{"Unread": "lambda:GetPolicy"}`.
pub const UNREAD: &str = "Unread";

/// A file of a snapshot. A snapshot is one such file, or a folder of them (`<account>/<region>/<service>.json`) beside a
/// manifest; both may be compressed with gzip.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Snapshot {
    /// Version of this format.
    pub sra_guard_snapshot: u32,
    pub sections: Vec<Section>,
}

/// What was read of one service, in one region of one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Section {
    /// Twelve digits.
    pub account: String,
    /// `us-east-1`; `global` for services that have no regions.
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// `ec2`.
    pub service: String,
    /// What was called and how it ended, sorted.
    pub reads: Vec<ReadRecord>,
    /// What was found, sorted by type and id.
    pub resources: Vec<Item>,
}

/// How the calls of one API ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ReadRecord {
    /// The API, as IAM names services: `ec2:DescribeSubnets`.
    pub api: String,
    pub outcome: Outcome,
    /// How often it was asked for: a list counts once, whatever its pages.
    pub calls: u64,
    /// The resource that it was about, when it is about one and did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The permission that the caller needs for it.
    pub permission: String,
    /// What the service said, when it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Types of resources of which there may be more than were read, because this did not end well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hides: Vec<String>,
    /// Types of resources of which all were read, because this ended well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finds: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok,
    /// The caller lacks the permission.
    Denied,
    /// The service kept asking to slow down.
    Throttled,
    /// The region does not have the service or the API.
    Unsupported,
    /// Anything else: the error says what.
    Failed,
    /// Where the service that was asked keeps records, it keeps none of this.
    Unrecorded,
}

/// One resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Item {
    /// `AWS::EC2::Subnet`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its ARN; for a part of a resource, that resource's ARN and what tells the part. Unique.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Texts that mean this resource wherever they stand, by what `CloudFormation` returns them for: `Ref`, or an
    /// attribute such as `Arn`. Names that people choose are not among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// In the shape of `CloudFormation`'s resource type reference. An object with `Unread` alone is a value that could not
    /// be read, with the API that would tell it. A function whose code was asked for has `CodePackage`: `File`, the path of
    /// its deployment package from the section's folder, with `Sha256` in hexadecimal digits; or `Omitted`, with why there
    /// is none.
    pub properties: Map<String, Value>,
}

/// What stands beside the sections of a snapshot folder, for who reads it and for resuming.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Manifest {
    /// Version of this format.
    pub sra_guard_manifest: u32,
    /// Version of the program that collected.
    pub tool: String,
    /// When collecting began, in UTC: `2026-01-02T03:04:05Z`.
    pub collected_at: String,
    /// What was asked for: account → regions. No regions stand for an account that could not be entered.
    pub accounts: BTreeMap<String, Vec<String>>,
    /// The sections that each account has. A file that is not there leaves unknown what it would tell.
    pub services: Vec<Expected>,
    /// Whether everything that was asked for was gone through. What could not be read is in the sections.
    pub complete: bool,
}

/// A service of which there is a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Expected {
    /// `ec2`.
    pub service: String,
    /// One section an account, under `global`; else one for each region.
    pub global: bool,
    /// Types of resources that the section may tell.
    pub types: Vec<String>,
}

/// Name of the file beside the sections.
pub const MANIFEST: &str = "manifest.json";

/// Stands for a service in the section of an account that could not be entered.
pub const ENTRY: &str = "account";

/// What is in a file of a snapshot folder.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is needed")]
enum File {
    Snapshot(Snapshot),
    Manifest(Manifest),
}

/// The JSON Schema of the files of a snapshot.
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

impl Outcome {
    pub fn key(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unsupported => "unsupported",
            Self::Failed => "failed",
            Self::Unrecorded => "unrecorded",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        [Self::Ok, Self::Denied, Self::Throttled, Self::Unsupported, Self::Failed, Self::Unrecorded]
            .into_iter()
            .find(|outcome| outcome.key() == key)
    }
}

//! Which types the recorders of an account record today.
//!
//! Items stay after their recorder was stopped or told to leave their type out, and tell a state of then. So they count only
//! while their type is recorded; and only of a type that is recorded, a resource without an item does not exist.
//!
//! Source: AWS Config API reference, `RecordingGroup`, `RecordingStrategy` and `ExclusionByResourceTypes`; AWS Config
//! developer guide, "Recording AWS Resources" and "Working with the Configuration Recorder". AWS Config records its recorders
//! themselves, without being told to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::item::{Recorded, at, pascal};
use crate::input::collected::GLOBAL;

/// The type of the items that tell of recorders.
pub(super) const RECORDER: &str = "AWS::Config::ConfigurationRecorder";

/// Recorders that other services keep for themselves are called so, and tell customers nothing.
const SERVICE_LINKED: &str = "AWSConfigurationRecorderFor";

/// Where the users, groups, roles and policies of IAM can be recorded: the regions in which AWS Config was before February
/// 2022. Source: AWS Config developer guide, "Recording AWS Resources", "Global resources".
const IAM_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Where distributions of CloudFront are recorded. Source: the same.
const EDGE_REGION: &str = "us-east-1";

/// What is known of a type in an account and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// All its resources have items.
    Recorded,
    /// Why its items, if there are any, are of the past.
    Unrecorded(&'static str),
    /// No recorder is known.
    Open,
}

/// Why a type is not recorded.
pub(super) const STOPPED: &str = "its recorder is stopped";
const LEFT_OUT: &str = "its recorder leaves this type out";
const NOT_ARRIVED: &str = "what the recorder of this type records did not arrive";
const NOT_GLOBAL: &str = "no recorder of the account records this global type";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Recorder {
    running: bool,
    /// What it records did not arrive.
    unread: bool,
    /// Once a day, so that what it tells may be a day old.
    daily: bool,
    strategy: Strategy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Strategy {
    /// All types; those of IAM only when `global`.
    All {
        global: bool,
    },
    Only(BTreeSet<String>),
    Except(BTreeSet<String>),
    /// Not understood.
    Unknown,
}

/// The recorders of all accounts, by account and region.
#[derive(Debug, Default)]
pub(super) struct Recorders(BTreeMap<(String, String), Vec<Recorder>>);

impl Recorders {
    /// Of the last states of items, deleted ones included. `unread` are accounts and regions of which nothing current is
    /// known.
    pub(super) fn of(items: &[Recorded<'_>], unread: &BTreeMap<(String, String), String>) -> Self {
        let mut recorders = Self::default();
        for item in items.iter().filter(|item| item.kind == RECORDER) {
            if let Some(recorder) = Recorder::of(item) {
                let place = (item.account.to_owned(), item.region().to_owned());
                let unread = unread.contains_key(&place);
                recorders.0.entry(place).or_default().push(Recorder { unread, ..recorder });
            }
        }
        recorders
    }

    /// What is known of a type of items. `region` is [`GLOBAL`] for services without regions.
    pub(super) fn standing(&self, account: &str, region: &str, source: &str) -> Standing {
        if region == GLOBAL {
            return self.global(account, source);
        }
        let Some(recorders) = self.0.get(&(account.to_owned(), region.to_owned())) else { return Standing::Open };
        of(recorders.iter(), source, LEFT_OUT)
    }

    fn global(&self, account: &str, source: &str) -> Standing {
        let own = self.0.iter().filter(|((owner, _), _)| owner == account);
        let mut known = own.clone().peekable();
        if known.peek().is_none() {
            return Standing::Open;
        }
        let is_iam = source.starts_with("AWS::IAM::");
        let able = |region: &str| if is_iam { IAM_REGIONS.contains(&region) } else { region == EDGE_REGION };
        let able: Vec<&Recorder> =
            known.filter(|((_, region), _)| able(region)).flat_map(|(_, recorders)| recorders).collect();
        if able.is_empty() { Standing::Open } else { of(able.into_iter(), source, NOT_GLOBAL) }
    }

    /// Accounts and regions that are recorded once a day only.
    pub(super) fn daily(&self) -> impl Iterator<Item = (&str, &str)> {
        let daily = self.0.iter().filter(|(_, recorders)| recorders.iter().any(|recorder| recorder.daily));
        daily.map(|((account, region), _)| (account.as_str(), region.as_str()))
    }
}

/// What several recorders together make of a type.
fn of<'r>(recorders: impl Iterator<Item = &'r Recorder> + Clone, source: &str, left_out: &'static str) -> Standing {
    let mut running = recorders.filter(|recorder| recorder.running).peekable();
    if running.peek().is_none() {
        return Standing::Unrecorded(STOPPED);
    }
    let records: Vec<(Option<bool>, bool)> =
        running.map(|recorder| (recorder.strategy.records(source), recorder.unread)).collect();
    if records.contains(&(Some(true), false)) {
        Standing::Recorded
    } else if records.contains(&(Some(true), true)) {
        Standing::Unrecorded(NOT_ARRIVED)
    } else if records.iter().any(|(records, _)| records.is_none()) {
        Standing::Open
    } else {
        Standing::Unrecorded(left_out)
    }
}

impl Recorder {
    /// `None` for one that a service keeps for itself.
    fn of(item: &Recorded<'_>) -> Option<Self> {
        // The item has the shape of CloudFormation, the answers of its own API that of the service.
        let shaped = pascal(item.configuration);
        let name = at(&shaped, "Name").and_then(Value::as_str).or(item.name).unwrap_or(item.id);
        if name.starts_with(SERVICE_LINKED) {
            return None;
        }
        let stopped = at(&shaped, "Recording").and_then(Value::as_bool) == Some(false);
        let daily = at(&shaped, "RecordingMode.RecordingFrequency").and_then(Value::as_str) == Some("DAILY");
        let strategy = Strategy::of(at(&shaped, "RecordingGroup"));
        Some(Self { running: !stopped && !item.is_deleted(), unread: false, daily, strategy })
    }
}

impl Strategy {
    /// `useOnly` goes before what is listed; without it, what is listed says which strategy it is.
    fn of(group: Option<&Value>) -> Self {
        let Some(group) = group else { return Self::Unknown };
        let flag = |path: &str| at(group, path).and_then(Value::as_bool) == Some(true);
        let kinds = |path: &str| -> BTreeSet<String> {
            let listed = at(group, path).and_then(Value::as_array).into_iter().flatten();
            listed.filter_map(|kind| kind.as_str().map(str::to_owned)).collect()
        };
        let (only, except) = (kinds("ResourceTypes"), kinds("ExclusionByResourceTypes.ResourceTypes"));
        let all = Self::All { global: flag("IncludeGlobalResourceTypes") };
        match at(group, "RecordingStrategy.UseOnly").and_then(Value::as_str) {
            Some("ALL_SUPPORTED_RESOURCE_TYPES") => all,
            Some("INCLUSION_BY_RESOURCE_TYPES") => Self::Only(only),
            Some("EXCLUSION_BY_RESOURCE_TYPES") => Self::Except(except),
            None if flag("AllSupported") => all,
            None if !only.is_empty() => Self::Only(only),
            None if !except.is_empty() => Self::Except(except),
            _ => Self::Unknown,
        }
    }

    /// `None` when that is not known.
    fn records(&self, source: &str) -> Option<bool> {
        match self {
            Self::All { global } => Some(*global || !source.starts_with("AWS::IAM::")),
            Self::Only(kinds) => Some(kinds.contains(source)),
            Self::Except(kinds) => Some(!kinds.contains(source)),
            Self::Unknown => None,
        }
    }
}

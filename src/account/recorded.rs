//! What an AWS Config aggregator knows of its accounts, as a snapshot: no account is entered, and no service but AWS Config
//! is asked.
//!
//! An aggregator is asked three things: what it collects, how the last collecting from each account and region went, and
//! the items themselves. What it does not collect, or could not, is unknown.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use aws_sdk_config::Client;
use aws_sdk_config::error::DisplayErrorContext;
use aws_sdk_config::types::{AggregatedSourceStatus, AggregatedSourceStatusType, AggregatedSourceType};
use serde_json::Value;

use super::collect::{self, Request};
use crate::input::collected::GLOBAL;
use crate::input::config_items::{self as recording, Extent};
use crate::input::snapshot::format::{Manifest, VERSION};

/// The permissions that this takes, in the account and region of the aggregator.
pub const ACTIONS: [&str; 3] = [
    "config:DescribeConfigurationAggregatorSourcesStatus",
    "config:DescribeConfigurationAggregators",
    "config:SelectAggregateResourceConfig",
];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the aggregator `{aggregator}` cannot be asked: {why}; this takes `{api}` in its account and region")]
    Asked { aggregator: String, api: &'static str, why: String },
    #[error("the aggregator `{0}` collects from none of the accounts and regions that were asked for")]
    Empty(String),
    #[error(transparent)]
    Write(#[from] collect::Error),
}

/// Which part of what an aggregator collects is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// All when there are none.
    pub accounts: BTreeSet<String>,
    /// All when there are none. Services without regions are in any case.
    pub regions: BTreeSet<String>,
}

/// What is in the folder.
#[derive(Debug)]
pub struct Snapshot {
    pub manifest: Manifest,
    /// Services of regions.
    pub services: usize,
    /// What whoever reads it should know, in sentences.
    pub said: Vec<String>,
}

/// Items a page. Source: AWS Config API reference, `SelectAggregateResourceConfig`, `Limit`.
const PAGE: i32 = 100;

/// Accounts that one query names, so that it stays below 4,096 characters. Source: the same, `Expression`.
const ACCOUNTS_AT_ONCE: usize = 150;

/// Collects what an aggregator records. `progress` is told of each type: its name, how many are done, of how many.
pub async fn collect(
    config: &SdkConfig,
    aggregator: &str,
    wanted: &Wanted,
    request: &Request,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<Snapshot, Error> {
    collect::open(&request.folder)?;
    let asking = Asking { client: Client::new(config), aggregator, wanted };
    let types = asking.types().await?;
    let sources = asking.sources().await?;
    let mut items: Vec<Value> = Vec::new();
    let kinds: Vec<&str> = std::iter::once(recording::RECORDER).chain(recording::recorded_types()).collect();
    for (done, kind) in kinds.iter().enumerate() {
        progress(kind, done, kinds.len());
        asking.items(kind, &mut items).await?;
    }
    let mut said = sources.said(aggregator);
    let extent = Extent { complete: true, unread: sources.unread(wanted, &items), types };
    let recording = recording::recording(&items, &extent);
    if recording.sections.is_empty() {
        return Err(Error::Empty(aggregator.to_owned()));
    }
    let daily = recording.daily.iter().filter(|(account, region)| wanted.has(account, region)).count();
    if daily > 0 {
        let regions =
            if daily == 1 { "1 region of an account is" } else { &format!("{daily} regions of accounts are") };
        said.push(format!("{regions} recorded once a day only, so that may be a day old"));
    }
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for section in &recording.sections {
        let regions = accounts.entry(section.account.clone()).or_default();
        if section.region != GLOBAL && !regions.contains(&section.region) {
            regions.push(section.region.clone());
        }
    }
    let services = recording.sections.len();
    for section in recording.sections {
        collect::write_section(&request.folder, section)?;
    }
    let manifest = Manifest {
        sra_guard_manifest: VERSION,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        collected_at: request.now.clone(),
        accounts,
        services: recording::expected(),
        complete: true,
    };
    collect::write_manifest(&request.folder, &manifest)?;
    Ok(Snapshot { manifest, services, said })
}

struct Asking<'a> {
    client: Client,
    aggregator: &'a str,
    wanted: &'a Wanted,
}

impl Asking<'_> {
    fn failed(&self, api: &'static str, error: &(dyn std::error::Error + 'static)) -> Error {
        let why = DisplayErrorContext(error).to_string();
        Error::Asked { aggregator: self.aggregator.to_owned(), api, why }
    }

    /// The types that it is limited to; `None` for all.
    async fn types(&self) -> Result<Option<BTreeSet<String>>, Error> {
        let [_, api, _] = ACTIONS;
        let call = self.client.describe_configuration_aggregators().configuration_aggregator_names(self.aggregator);
        let answer = call.send().await.map_err(|error| self.failed(api, &error))?;
        let is_it = |name: Option<&str>| name == Some(self.aggregator);
        let found =
            answer.configuration_aggregators().iter().find(|known| is_it(known.configuration_aggregator_name()));
        let Some(found) = found else {
            let why =
                "there is none of this name in this account and region; name its region with `--aggregator-region`";
            let why = why.to_owned();
            return Err(Error::Asked { aggregator: self.aggregator.to_owned(), api, why });
        };
        let Some(filters) = found.aggregator_filters() else { return Ok(None) };
        if filters.service_principal().is_some_and(|filter| !filter.value().is_empty()) {
            // Only what these services record for themselves, of which nothing is known.
            return Ok(Some(BTreeSet::new()));
        }
        let kinds = filters.resource_type().map(|filter| filter.value().iter().cloned().collect::<BTreeSet<_>>());
        Ok(kinds.filter(|kinds| !kinds.is_empty()))
    }

    /// How collecting from each account and region went.
    async fn sources(&self) -> Result<Sources, Error> {
        let [api, ..] = ACTIONS;
        let call = self.client.describe_configuration_aggregator_sources_status();
        let mut pages = call.configuration_aggregator_name(self.aggregator).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(source) = pages.next().await {
            found.push(source.map_err(|error| self.failed(api, &error))?);
        }
        Ok(Sources(found))
    }

    /// All items of a type. One that cannot be read would be missing, and what is missing must not look absent.
    async fn items(&self, kind: &str, items: &mut Vec<Value>) -> Result<(), Error> {
        let [_, _, api] = ACTIONS;
        for expression in self.wanted.queries(kind) {
            let query = self.client.select_aggregate_resource_config().expression(expression).limit(PAGE);
            let mut pages = query.configuration_aggregator_name(self.aggregator).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| self.failed(api, &error))?;
                for text in page.results() {
                    items.push(serde_json::from_str(text).map_err(|error| Error::Asked {
                        aggregator: self.aggregator.to_owned(),
                        api,
                        why: format!("an item is no JSON ({error})"),
                    })?);
                }
            }
        }
        Ok(())
    }
}

impl Wanted {
    fn has(&self, account: &str, region: &str) -> bool {
        (self.accounts.is_empty() || self.accounts.contains(account))
            && (self.regions.is_empty() || self.regions.contains(region))
    }

    /// The queries that find all items of a type. What services without regions have is recorded in any region, and so is
    /// the recorder that tells about it.
    fn queries(&self, kind: &str) -> Vec<String> {
        let quoted = |names: &[&String]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let mut expression = format!(
            "SELECT resourceId, resourceName, resourceType, arn, accountId, awsRegion, configurationItemStatus, \
             configurationItemCaptureTime, configuration, supplementaryConfiguration, tags WHERE resourceType = '{kind}'"
        );
        let anywhere = kind == recording::RECORDER || recording::is_global(kind);
        if !anywhere && !self.regions.is_empty() {
            let regions: Vec<&String> = self.regions.iter().collect();
            expression = format!("{expression} AND awsRegion IN ({})", quoted(&regions));
        }
        let accounts: Vec<&String> = self.accounts.iter().collect();
        if accounts.is_empty() {
            return vec![expression];
        }
        let chunks = accounts.chunks(ACCOUNTS_AT_ONCE);
        chunks.map(|accounts| format!("{expression} AND accountId IN ({})", quoted(accounts))).collect()
    }
}

/// How collecting went, by account and region.
struct Sources(Vec<AggregatedSourceStatus>);

impl Sources {
    /// The accounts and regions of which nothing current is known: those that could not be collected from, and those that
    /// nothing came from.
    fn unread(&self, wanted: &Wanted, items: &[Value]) -> BTreeMap<(String, String), String> {
        let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let told: BTreeSet<(String, String)> =
            items.iter().map(|item| (text(item, "accountId"), text(item, "awsRegion"))).collect();
        let mut unread = BTreeMap::new();
        for source in self.0.iter().filter(|source| source.source_type() == Some(&AggregatedSourceType::Account)) {
            let (Some(account), Some(region)) = (source.source_id(), source.aws_region()) else { continue };
            let place = (account.to_owned(), region.to_owned());
            if !wanted.has(account, region) {
                continue;
            }
            if let Some(why) = problem(source) {
                unread.insert(place, why);
            } else if !told.contains(&place) {
                unread.insert(place, "the aggregator has no item of it, so nothing is recorded there".to_owned());
            }
        }
        unread
    }

    fn said(&self, aggregator: &str) -> Vec<String> {
        let failed = self.0.iter().filter_map(|source| {
            let why = problem(source)?;
            let place = [source.source_id(), source.aws_region()].into_iter().flatten().collect::<Vec<_>>().join(", ");
            let whole = source.source_type() == Some(&AggregatedSourceType::Organization);
            let then = if whole { "accounts of it may be missing" } else { "what it has is unknown" };
            Some(format!("`{aggregator}` and {place}: {why}; {then}"))
        });
        failed.collect()
    }
}

/// Why what an aggregator has of a source does not count. Source: AWS Config API reference, `AggregatedSourceStatus`.
fn problem(source: &AggregatedSourceStatus) -> Option<String> {
    let said =
        source.last_error_message().or(source.last_error_code()).map(|why| format!(" ({why})")).unwrap_or_default();
    match source.last_update_status() {
        Some(AggregatedSourceStatusType::Succeeded) => None,
        Some(AggregatedSourceStatusType::Outdated) => Some(format!("what the aggregator has is out of date{said}")),
        _ => Some(format!("the aggregator could not collect from there{said}")),
    }
}

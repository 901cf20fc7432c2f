//! What an AWS Config aggregator knows of its accounts, as a snapshot: no account is entered, and no service but AWS Config
//! is asked.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_config::Client;
use aws_sdk_config::error::DisplayErrorContext;
use serde_json::Value;

use super::collect::{self, Request};
use crate::input::config_items as recording;
use crate::input::snapshot::format::{Manifest, VERSION};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the aggregator `{aggregator}` cannot be queried: {why}; this takes `config:SelectAggregateResourceConfig` in its \
         account and region"
    )]
    Query { aggregator: String, why: String },
    #[error("the aggregator `{0}` has no resources; name one of this account and region that collects from accounts")]
    Empty(String),
    #[error(transparent)]
    Write(#[from] collect::Error),
}

/// Items a page. Source: AWS Config API reference, `SelectAggregateResourceConfig`, `Limit`.
const PAGE: i32 = 100;

/// Collects what an aggregator records. `progress` is told of each type: its name, how many are done, of how many. Returns
/// what is in the folder, and how many services of regions those are.
pub async fn collect(
    config: &SdkConfig,
    aggregator: &str,
    request: &Request,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<(Manifest, usize), Error> {
    collect::open(&request.folder)?;
    let client = Client::new(config);
    let kinds = recording::recorded_types();
    let mut items: Vec<Value> = Vec::new();
    for (done, kind) in kinds.iter().enumerate() {
        progress(kind, done, kinds.len());
        let expression = format!(
            "SELECT resourceId, resourceName, resourceType, arn, accountId, awsRegion, configurationItemStatus, \
             configurationItemCaptureTime, configuration, supplementaryConfiguration, tags WHERE resourceType = '{kind}'"
        );
        let query = client.select_aggregate_resource_config().expression(expression).limit(PAGE);
        let mut pages = query.configuration_aggregator_name(aggregator).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Error::Query {
                aggregator: aggregator.to_owned(),
                why: DisplayErrorContext(&error).to_string(),
            })?;
            // One that cannot be read would be missing, and what is missing must not look absent.
            for text in page.results() {
                items.push(serde_json::from_str(text).map_err(|error| Error::Query {
                    aggregator: aggregator.to_owned(),
                    why: format!("an item is no JSON ({error})"),
                })?);
            }
        }
    }
    let sections = recording::sections(&items, true);
    if sections.is_empty() {
        return Err(Error::Empty(aggregator.to_owned()));
    }
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for section in &sections {
        let regions = accounts.entry(section.account.clone()).or_default();
        if section.region != collect::GLOBAL && !regions.contains(&section.region) {
            regions.push(section.region.clone());
        }
    }
    let services = sections.len();
    for section in sections {
        collect::write_section(&request.folder, section)?;
    }
    let manifest = Manifest {
        sra_guard_manifest: VERSION,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        collected_at: request.now.clone(),
        accounts,
        complete: true,
    };
    collect::write_manifest(&request.folder, &manifest)?;
    Ok((manifest, services))
}

//! Lambda: functions, who may invoke them, under which aliases and URLs, and layers that others may use.
//!
//! Every alias has a resource policy of its own. Versions have one, too, but there may be thousands of them: those are
//! read that an alias, a URL or an event source leads to.

mod function;
mod package;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{AliasConfiguration, FunctionConfiguration, LayerVersionsListItem, LayersListItem};

use super::{Scope, Service};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "lambda",
    scope: Scope::Regional,
    reads: &[
        &FUNCTIONS,
        &CONCURRENCY,
        &ALIASES,
        &POLICY,
        &URLS,
        &EVENT_SOURCES,
        &LAYERS,
        &LAYER_VERSIONS,
        &LAYER_POLICY,
        &package::CODE,
    ],
    collect: |reader| Box::pin(collect(reader)),
};

const ALIAS_KIND: &str = "AWS::Lambda::Alias";
const VERSION_KIND: &str = "AWS::Lambda::Version";
const URL_KIND: &str = "AWS::Lambda::Url";
const PERMISSION_KIND: &str = "AWS::Lambda::Permission";
const LAYER_KIND: &str = "AWS::Lambda::LayerVersion";
const LAYER_PERMISSION_KIND: &str = "AWS::Lambda::LayerVersionPermission";
const EVENT_SOURCE_KIND: &str = "AWS::Lambda::EventSourceMapping";

const FUNCTIONS: Read =
    Read::list("lambda:ListFunctions", &[ALIAS_KIND, "AWS::Lambda::Function", PERMISSION_KIND, URL_KIND, VERSION_KIND]);
const CONCURRENCY: Read = Read::detail("lambda:GetFunctionConcurrency");
const ALIASES: Read = Read::list("lambda:ListAliases", &[ALIAS_KIND, VERSION_KIND]);
const POLICY: Read = Read::detail("lambda:GetPolicy");
const URLS: Read = Read::list("lambda:ListFunctionUrlConfigs", &[URL_KIND]);
const EVENT_SOURCES: Read = Read::list("lambda:ListEventSourceMappings", &[EVENT_SOURCE_KIND]);
const LAYERS: Read = Read::list("lambda:ListLayers", &[LAYER_KIND, LAYER_PERMISSION_KIND]);
const LAYER_VERSIONS: Read = Read::list("lambda:ListLayerVersions", &[LAYER_KIND, LAYER_PERMISSION_KIND]);
const LAYER_POLICY: Read = Read::detail("lambda:GetLayerVersionPolicy");

/// The most that lists answer with at once. That of aliases has no such number. Source: Lambda API Reference.
const PAGE: i32 = 50;
const SOURCES_PAGE: i32 = 100;

/// The service's word for "no such policy", "no such function".
const ABSENT: &[&str] = &["ResourceNotFoundException"];

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    tokio::join!(functions(reader, client), layers(reader, client));
}

async fn functions(reader: &Reader, client: &Client) {
    let (functions, sources) = tokio::join!(
        reader.list(&FUNCTIONS, client.list_functions().max_items(PAGE).into_paginator().items().send()),
        reader.list(
            &EVENT_SOURCES,
            client.list_event_source_mappings().max_items(SOURCES_PAGE).into_paginator().items().send()
        )
    );
    let mut polled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        if let Some((function, version)) = source.function_arn().and_then(versioned) {
            polled.entry(function.to_owned()).or_default().insert(version.to_owned());
        }
        reader.push(function::of_event_source(source));
    }
    let read = |function: FunctionConfiguration| {
        let versions = polled.get(function.function_arn().unwrap_or_default()).cloned().unwrap_or_default();
        read_function(reader, client, function, versions)
    };
    reader.each(functions, read).await;
}

/// The function and the version that a qualified ARN names: `…:function:f:3`.
fn versioned(arn: &str) -> Option<(&str, &str)> {
    let (function, version) = arn.rsplit_once(':')?;
    let number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    (number && function.contains(":function:")).then_some((function, version))
}

async fn read_function(
    reader: &Reader,
    client: &Client,
    listed: FunctionConfiguration,
    mut versions: BTreeSet<String>,
) {
    let (Some(arn), Some(name)) = (listed.function_arn(), listed.function_name()) else { return };
    let (concurrency, aliases, urls, package) = tokio::join!(
        reader.get(&CONCURRENCY, arn, client.get_function_concurrency().function_name(name).send()),
        reader.list(&ALIASES, client.list_aliases().function_name(name).into_paginator().items().send()),
        reader.list(
            &URLS,
            client.list_function_url_configs().function_name(name).max_items(PAGE).into_paginator().items().send()
        ),
        package::package(reader, client, &listed),
    );
    let reserved = concurrency.map(|output| output.reserved_concurrent_executions());
    reader.push(function::of_function(&listed, reserved).set("CodePackage", package));
    reader.extend(urls.iter().map(|url| function::of_url(arn, url)));
    for alias in &aliases {
        versions.extend(leads_to(alias));
        reader.push(function::of_alias(arn, alias));
    }
    reader.extend(versions.iter().map(|version| function::of_version(arn, version)));
    let names = aliases.iter().filter_map(AliasConfiguration::name).map(str::to_owned);
    let qualifiers = std::iter::once(None).chain(names.chain(versions.iter().cloned()).map(Some));
    reader.each(qualifiers, |qualifier| permissions(reader, client, (arn, name), qualifier)).await;
}

fn leads_to(alias: &AliasConfiguration) -> impl Iterator<Item = String> {
    let weighted = alias.routing_config().and_then(|routing| routing.additional_version_weights());
    let further = weighted.into_iter().flat_map(|weights| weights.keys());
    let all = alias.function_version().into_iter().chain(further.map(String::as_str));
    all.filter(|version| *version != "$LATEST").map(str::to_owned)
}

async fn permissions(reader: &Reader, client: &Client, function: (&str, &str), qualifier: Option<String>) {
    let (arn, name) = function;
    let of = qualifier.as_ref().map_or_else(|| arn.to_owned(), |qualifier| format!("{arn}:{qualifier}"));
    let call = client.get_policy().function_name(name).set_qualifier(qualifier).send();
    let found = reader.find(&POLICY, &of, ABSENT, call).await.map(|output| output.and_then(|output| output.policy));
    reader.extend(policy::of_function(&of, text(&found)));
}

async fn layers(reader: &Reader, client: &Client) {
    let layers = reader.list(&LAYERS, client.list_layers().max_items(PAGE).into_paginator().items().send()).await;
    let versions = |layer: LayersListItem| async move {
        let Some(name) = layer.layer_name() else { return };
        let pages = client.list_layer_versions().layer_name(name).max_items(PAGE).into_paginator().items().send();
        let versions = reader.list(&LAYER_VERSIONS, pages).await;
        reader.each(versions, |version| layer_version(reader, client, name, version)).await;
    };
    reader.each(layers, versions).await;
}

async fn layer_version(reader: &Reader, client: &Client, layer: &str, version: LayerVersionsListItem) {
    let Some(arn) = version.layer_version_arn() else { return };
    reader.push(function::of_layer(layer, &version));
    let call = client.get_layer_version_policy().layer_name(layer).version_number(version.version()).send();
    let found =
        reader.find(&LAYER_POLICY, arn, ABSENT, call).await.map(|output| output.and_then(|output| output.policy));
    reader.extend(policy::of_layer(arn, text(&found)));
}

fn text(policy: &Result<Option<String>, Unread>) -> Result<Option<&str>, Unread> {
    policy.as_ref().map(Option::as_deref).map_err(|unread| *unread)
}

fn part(arn: &str, part: &str, kind: &str) -> Item {
    Item::new(kind, format!("{arn}/{part}"))
}

#[cfg(test)]
mod tests;

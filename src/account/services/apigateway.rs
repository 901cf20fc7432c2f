//! REST APIs of API Gateway, as they are deployed.
//!
//! A stage serves the snapshot that its deployment made of the resources, whatever they have become since. So the
//! routes, their authorizers and the policy come from the stage's export, as the API's `Body`. Stages that serve another
//! deployment, or with other stage variables, are an API each, which says by `RestApiId` and `Stages` what it stands for:
//! custom domains lead to stages. The resources themselves are not read: what they say may not be what is served, so they
//! cannot stand in for an export that failed. Of the deployment that a canary tries out, the service only tells the methods
//! and what they ask of callers.

mod api;
mod export;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::error::SdkError;
use aws_sdk_apigateway::types::{DomainName, RestApi, Stage};
use serde_json::Value;

use super::apigatewayv2::arn;
use super::{Scope, Service};
use crate::account::reader::{Read, Reader, Unread};

pub(super) const SERVICE: Service = Service {
    name: "apigateway",
    scope: Scope::Regional,
    reads: &[&APIS, &STAGES, &EXPORT, &DEPLOYMENT, &DOMAINS, &MAPPINGS, &LINKS],
    collect: |reader| Box::pin(collect(reader)),
};

const API_KIND: &str = "AWS::ApiGateway::RestApi";
const STAGE_KIND: &str = "AWS::ApiGateway::Stage";
const DOMAIN_KIND: &str = "AWS::ApiGateway::DomainName";
const MAPPING_KIND: &str = "AWS::ApiGateway::BasePathMapping";
const LINK_KIND: &str = "AWS::ApiGateway::VpcLink";

/// The permission for reading anything of API Gateway (service authorization reference, "Actions defined by Amazon API
/// Gateway Management").
const PERMISSION: &str = "apigateway:GET";

const APIS: Read = Read::list("apigateway:GetRestApis", &[API_KIND, STAGE_KIND]).needs(PERMISSION);
const STAGES: Read = Read::detail("apigateway:GetStages").needs(PERMISSION);
const EXPORT: Read = Read::detail("apigateway:GetExport").needs(PERMISSION);
const DEPLOYMENT: Read = Read::detail("apigateway:GetDeployment").needs(PERMISSION);
const DOMAINS: Read = Read::list("apigateway:GetDomainNames", &[DOMAIN_KIND, MAPPING_KIND]).needs(PERMISSION);
const MAPPINGS: Read = Read::list("apigateway:GetBasePathMappings", &[MAPPING_KIND]).needs(PERMISSION);
const LINKS: Read = Read::list("apigateway:GetVpcLinks", &[LINK_KIND]).needs(PERMISSION);

/// The most that the service answers with (API reference, `GetRestApis`).
const PAGE: i32 = 500;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    tokio::join!(apis(reader, client), domains(reader, client), links(reader, client));
}

async fn apis(reader: &Reader, client: &Client) {
    let pages = client.get_rest_apis().limit(PAGE).into_paginator().items().send();
    let apis = reader.list(&APIS, pages).await;
    reader.each(apis, |api| read_api(reader, client, api)).await;
}

async fn read_api(reader: &Reader, client: &Client, api: RestApi) {
    let Some(id) = api.id() else { return };
    let arn = &arn(reader, &format!("restapis/{id}"));
    let stages = reader.get(&STAGES, arn, client.get_stages().rest_api_id(id).send()).await;
    let stages = match stages {
        Ok(answer) => answer.item.unwrap_or_default(),
        Err(unread) => return reader.push(api::of_api(arn, &api, Some(Err(unread)))),
    };
    reader.extend(stages.iter().map(|stage| api::of_stage(arn, id, stage)));
    let served = served(&stages);
    let export = |alike: Vec<Stage>| async move {
        let body = match alike.first() {
            Some(stage) => exported(reader, client, arn, id, stage).await,
            None => Err(Unread(STAGES.api)),
        };
        (alike, body)
    };
    let is_one = served.len() == 1;
    let mut exports = reader.map(served, export).await.into_iter();
    // An API without a stage serves nothing.
    let (alike, body) = exports.next().unzip();
    let told_apart = alike.as_deref().filter(|_| !is_one).map(api::names);
    reader.push(api::of_api(arn, &api, body).set("Stages", told_apart));
    reader.extend(exports.map(|(alike, body)| api::of_other_stages(arn, &api, &alike, body)));
    for (stage, deployment) in stages.iter().filter_map(|stage| Some((stage, canary(stage)?))) {
        let call = client.get_deployment().rest_api_id(id).deployment_id(deployment).embed("apisummary").send();
        let of = format!("{arn}/deployments/{deployment}");
        let answer = reader.get(&DEPLOYMENT, &of, call).await;
        let body = answer.and_then(|answer| answer.api_summary.ok_or(Unread(DEPLOYMENT.api)));
        reader.push(api::of_canary(arn, &api, stage, body.map(|summary| export::of_summary(&summary))));
    }
}

/// The deployment that a part of a stage's requests gets instead of the stage's own.
fn canary(stage: &Stage) -> Option<&str> {
    let settings = stage.canary_settings().filter(|settings| settings.percent_traffic() > 0.0)?;
    settings.deployment_id().filter(|own| stage.deployment_id() != Some(*own))
}

/// The stages of each deployment and set of variables, in the order of their names.
fn served(stages: &[Stage]) -> Vec<Vec<Stage>> {
    let mut sorted: Vec<&Stage> = stages.iter().collect();
    sorted.sort_by_key(|stage| stage.stage_name());
    let mut seen: Vec<Vec<Stage>> = Vec::new();
    for stage in sorted {
        let same = |other: &Stage| {
            other.deployment_id() == stage.deployment_id()
                && pairs(other.variables()) == pairs(stage.variables())
                && stage.deployment_id().is_some()
        };
        match seen.iter_mut().find(|alike| alike.first().is_some_and(same)) {
            Some(alike) => alike.push(stage.clone()),
            None => seen.push(vec![stage.clone()]),
        }
    }
    seen
}

fn pairs(variables: Option<&HashMap<String, String>>) -> BTreeMap<&String, &String> {
    variables.into_iter().flatten().collect()
}

async fn exported(reader: &Reader, client: &Client, arn: &str, api: &str, stage: &Stage) -> Result<Value, Unread> {
    let name = stage.stage_name().unwrap_or_default();
    let call = client.get_export().rest_api_id(api).stage_name(name).export_type("oas30").accepts("application/json");
    let call = call.parameters("extensions", "apigateway");
    let body = async {
        let answer = call.send().await?;
        let document = answer.body().and_then(|body| serde_json::from_slice(body.as_ref()).ok());
        let body = document.and_then(|document: Value| export::of_export(document, stage.variables()));
        body.ok_or_else(|| SdkError::construction_failure("no OpenAPI 3 document"))
    };
    reader.get(&EXPORT, &format!("{arn}/stages/{name}"), body).await
}

async fn domains(reader: &Reader, client: &Client) {
    let domains = reader.list(&DOMAINS, client.get_domain_names().limit(PAGE).into_paginator().items().send()).await;
    reader.each(domains, |domain| read_domain(reader, client, domain)).await;
}

async fn read_domain(reader: &Reader, client: &Client, domain: DomainName) {
    let Some(name) = domain.domain_name() else { return };
    let arn = domain.domain_name_arn().map_or_else(|| arn(reader, &format!("domainnames/{name}")), str::to_owned);
    reader.push(api::of_domain(&arn, &domain));
    // Only private domains have an id beside their name.
    let call = client.get_base_path_mappings().domain_name(name).set_domain_name_id(domain.domain_name_id.clone());
    let mappings = reader.list(&MAPPINGS, call.limit(PAGE).into_paginator().items().send()).await;
    reader.extend(mappings.iter().map(|mapping| api::of_mapping(&arn, mapping)));
}

async fn links(reader: &Reader, client: &Client) {
    let links = reader.list(&LINKS, client.get_vpc_links().limit(PAGE).into_paginator().items().send()).await;
    for link in &links {
        let id = link.id().unwrap_or_default();
        reader.push(api::of_link(&arn(reader, &format!("vpclinks/{id}")), link));
    }
}

#[cfg(test)]
mod tests;

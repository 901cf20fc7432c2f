//! HTTP and WebSocket APIs of API Gateway.
//!
//! Custom domains are shared with REST APIs: those are told here that lead to one of these APIs.

mod api;

use std::collections::BTreeSet;

use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::types::{Api, Authorizer, DomainName, Route};

use super::{Scope, Service};
use crate::account::reader::{Read, Reader};

pub(super) const SERVICE: Service = Service {
    name: "apigatewayv2",
    scope: Scope::Regional,
    reads: &[&APIS, &ROUTES, &INTEGRATIONS, &AUTHORIZERS, &AUTHORIZER, &STAGES, &DOMAINS, &MAPPINGS, &LINKS],
    collect: |reader| Box::pin(collect(reader)),
};

const API_KIND: &str = "AWS::ApiGatewayV2::Api";
const ROUTE_KIND: &str = "AWS::ApiGatewayV2::Route";
const INTEGRATION_KIND: &str = "AWS::ApiGatewayV2::Integration";
const AUTHORIZER_KIND: &str = "AWS::ApiGatewayV2::Authorizer";
const STAGE_KIND: &str = "AWS::ApiGatewayV2::Stage";
const DOMAIN_KIND: &str = "AWS::ApiGatewayV2::DomainName";
const MAPPING_KIND: &str = "AWS::ApiGatewayV2::ApiMapping";
/// Of a REST API, below a path of several levels: only this version of the service tells those. Source: Amazon API Gateway
/// Developer Guide, "Use API mappings to map API stages to a custom domain name for REST APIs".
const REST_MAPPING_KIND: &str = "AWS::ApiGateway::BasePathMapping";
const LINK_KIND: &str = "AWS::ApiGatewayV2::VpcLink";

/// The permission for reading anything of API Gateway (service authorization reference, "Actions defined by Amazon API
/// Gateway Management V2").
const PERMISSION: &str = "apigateway:GET";

const APIS: Read =
    Read::list("apigatewayv2:GetApis", &[API_KIND, AUTHORIZER_KIND, INTEGRATION_KIND, ROUTE_KIND, STAGE_KIND])
        .needs(PERMISSION);
const ROUTES: Read = Read::list("apigatewayv2:GetRoutes", &[ROUTE_KIND]).needs(PERMISSION);
const INTEGRATIONS: Read = Read::list("apigatewayv2:GetIntegrations", &[INTEGRATION_KIND]).needs(PERMISSION);
const AUTHORIZERS: Read = Read::list("apigatewayv2:GetAuthorizers", &[AUTHORIZER_KIND]).needs(PERMISSION);
const AUTHORIZER: Read = Read::detail("apigatewayv2:GetAuthorizer").needs(PERMISSION);
const STAGES: Read = Read::list("apigatewayv2:GetStages", &[STAGE_KIND]).needs(PERMISSION);
const DOMAINS: Read =
    Read::list("apigatewayv2:GetDomainNames", &[DOMAIN_KIND, MAPPING_KIND, REST_MAPPING_KIND]).needs(PERMISSION);
const MAPPINGS: Read = Read::list("apigatewayv2:GetApiMappings", &[MAPPING_KIND, REST_MAPPING_KIND]).needs(PERMISSION);
const LINKS: Read = Read::list("apigatewayv2:GetVpcLinks", &[LINK_KIND]).needs(PERMISSION);

/// The most that the service answers with (Amazon API Gateway quotas).
const PAGE: &str = "500";

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    tokio::join!(apis(reader, client), links(reader, client));
}

async fn apis(reader: &Reader, client: &Client) {
    let (apis, domains) = tokio::join!(
        reader.pages(&APIS, |token| async move {
            let answer = client.get_apis().max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        }),
        reader.pages(&DOMAINS, |token| async move {
            let answer = client.get_domain_names().max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        })
    );
    let known: BTreeSet<String> = apis.iter().filter_map(Api::api_id).map(str::to_owned).collect();
    let known = &known;
    tokio::join!(
        reader.each(apis, |api| read_api(reader, client, api)),
        reader.each(domains, |domain| read_domain(reader, client, domain, known))
    );
}

async fn read_api(reader: &Reader, client: &Client, api: Api) {
    let Some(id) = api.api_id() else { return };
    let arn = &arn(reader, &format!("apis/{id}"));
    reader.push(api::of_api(arn, &api));
    let (routes, integrations, authorizers, stages) = tokio::join!(
        reader.pages(&ROUTES, |token| async move {
            let answer = client.get_routes().api_id(id).max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        }),
        reader.pages(&INTEGRATIONS, |token| async move {
            let answer = client.get_integrations().api_id(id).max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        }),
        reader.pages(&AUTHORIZERS, |token| async move {
            let answer = client.get_authorizers().api_id(id).max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        }),
        reader.pages(&STAGES, |token| async move {
            let answer = client.get_stages().api_id(id).max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        })
    );
    let missing = missing(&routes, &authorizers);
    reader.extend(routes.iter().map(|route| api::of_route(arn, id, route)));
    reader.extend(integrations.iter().map(|it| api::of_integration(arn, id, it)));
    reader.extend(authorizers.iter().map(|it| api::of_authorizer(arn, id, it)));
    reader.extend(stages.iter().map(|stage| api::of_stage(arn, id, stage)));
    let fallback = |authorizer: String| async move {
        let call = client.get_authorizer().api_id(id).authorizer_id(&authorizer).send();
        let of = format!("{arn}/authorizers/{authorizer}");
        if let Ok(Some(told)) = reader.find(&AUTHORIZER, &of, &["NotFoundException"], call).await {
            reader.push(api::of_authorizer(arn, id, &api::authorizer(told)));
        }
    };
    reader.each(missing, fallback).await;
}

/// Authorizers that routes name and that the list does not have: it was not read, or not to its end.
fn missing(routes: &[Route], authorizers: &[Authorizer]) -> BTreeSet<String> {
    let named = routes.iter().filter_map(Route::authorizer_id).filter(|id| !id.is_empty());
    let listed = |id: &&str| !authorizers.iter().any(|it| it.authorizer_id() == Some(id));
    named.filter(listed).map(str::to_owned).collect()
}

async fn read_domain(reader: &Reader, client: &Client, domain: DomainName, apis: &BTreeSet<String>) {
    let Some(name) = domain.domain_name() else { return };
    let mappings = reader
        .pages(&MAPPINGS, |token| async move {
            let call = client.get_api_mappings().domain_name(name).max_results(PAGE).set_next_token(token);
            call.send().await.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        })
        .await;
    let arn = arn(reader, &format!("domainnames/{name}"));
    let (own, rest): (Vec<_>, Vec<_>) = mappings.iter().partition(|it| it.api_id().is_some_and(|id| apis.contains(id)));
    if !own.is_empty() {
        reader.push(api::of_domain(&arn, &domain));
    }
    reader.extend(own.into_iter().map(|mapping| api::of_mapping(&arn, mapping)));
    reader.extend(rest.into_iter().filter_map(|mapping| api::of_rest_mapping(&arn, name, mapping)));
}

async fn links(reader: &Reader, client: &Client) {
    let links = reader
        .pages(&LINKS, |token| async move {
            let answer = client.get_vpc_links().max_results(PAGE).set_next_token(token).send().await;
            answer.map(|answer| (answer.items.unwrap_or_default(), answer.next_token))
        })
        .await;
    for link in &links {
        let id = link.vpc_link_id().unwrap_or_default();
        reader.push(api::of_link(&arn(reader, &format!("vpclinks/{id}")), link));
    }
}

/// ARNs of API Gateway have no account.
pub(super) fn arn(reader: &Reader, path: &str) -> String {
    format!("arn:{}:apigateway:{}::/{path}", reader.partition, reader.region)
}

#[cfg(test)]
mod tests;

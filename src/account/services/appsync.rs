//! `AppSync`: GraphQL APIs and how their callers prove who they are.

use aws_sdk_appsync::Client;
use aws_sdk_appsync::types::{
    AdditionalAuthenticationProvider, GraphqlApi, LambdaAuthorizerConfig, LogConfig, OpenIdConnectConfig,
};

use super::{Scope, Service};
use crate::account::item::{Object, tags, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service =
    Service { name: "appsync", scope: Scope::Regional, reads: &[&APIS], collect: |reader| Box::pin(collect(reader)) };

const APIS: Read = Read::list("appsync:ListGraphqlApis", &["AWS::AppSync::GraphQLApi"]);

async fn collect(reader: &Reader) {
    let client = Client::new(&reader.config);
    let apis = reader.list(&APIS, client.list_graphql_apis().max_results(25).into_paginator().items().send()).await;
    reader.extend(apis.iter().map(of_api));
}

fn of_api(api: &GraphqlApi) -> Item {
    let pool = api.user_pool_config().map(|pool| {
        of_pool(pool.user_pool_id(), pool.aws_region(), pool.app_id_client_regex())
            .set("DefaultAction", pool.default_action().as_str())
    });
    let uri = |kind: &str| api.uris().and_then(|uris| uris.get(kind));
    let providers = api.additional_authentication_providers();
    Item::new("AWS::AppSync::GraphQLApi", api.arn().unwrap_or_default())
        .name(api.name())
        .means("Ref", api.arn())
        .means("ApiId", api.api_id())
        .means("GraphQLUrl", uri("GRAPHQL"))
        .means("RealtimeUrl", uri("REALTIME"))
        .set("Name", api.name())
        .set("ApiType", word(api.api_type()))
        .set("AuthenticationType", word(api.authentication_type()))
        .set("UserPoolConfig", pool)
        .set("OpenIDConnectConfig", api.open_id_connect_config().map(of_issuer))
        .set("LambdaAuthorizerConfig", api.lambda_authorizer_config().map(of_authorizer))
        .set(
            "AdditionalAuthenticationProviders",
            (!providers.is_empty()).then(|| providers.iter().map(of_provider).collect::<Vec<_>>()),
        )
        .set("Visibility", word(api.visibility()))
        .set("IntrospectionConfig", word(api.introspection_config()))
        .set("QueryDepthLimit", api.query_depth_limit())
        .set("ResolverCountLimit", api.resolver_count_limit())
        .set("XrayEnabled", api.xray_enabled())
        .set("LogConfig", api.log_config().map(of_logging))
        .set("Tags", tags(api.tags()))
}

fn of_provider(provider: &AdditionalAuthenticationProvider) -> Object {
    let pool = provider.user_pool_config();
    Object::new()
        .set("AuthenticationType", word(provider.authentication_type()))
        .set("UserPoolConfig", pool.map(|it| of_pool(it.user_pool_id(), it.aws_region(), it.app_id_client_regex())))
        .set("OpenIDConnectConfig", provider.open_id_connect_config().map(of_issuer))
        .set("LambdaAuthorizerConfig", provider.lambda_authorizer_config().map(of_authorizer))
}

fn of_pool(id: &str, region: &str, clients: Option<&str>) -> Object {
    Object::new().set("UserPoolId", id).set("AwsRegion", region).set("AppIdClientRegex", clients)
}

fn of_issuer(provider: &OpenIdConnectConfig) -> Object {
    Object::new().set("Issuer", provider.issuer()).set("ClientId", provider.client_id())
}

fn of_authorizer(authorizer: &LambdaAuthorizerConfig) -> Object {
    Object::new()
        .set("AuthorizerUri", authorizer.authorizer_uri())
        .set("AuthorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds())
        .set("IdentityValidationExpression", authorizer.identity_validation_expression())
}

fn of_logging(logging: &LogConfig) -> Object {
    Object::new()
        .set("FieldLogLevel", logging.field_log_level().as_str())
        .set("CloudWatchLogsRoleArn", logging.cloud_watch_logs_role_arn())
        .set("ExcludeVerboseContent", logging.exclude_verbose_content())
}

#[cfg(test)]
mod tests {
    use aws_sdk_appsync::types::{AuthenticationType, CognitoUserPoolConfig};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_authenticate_is_told() {
        let pool = CognitoUserPoolConfig::builder().user_pool_id("eu-west-1_abc").aws_region("eu-west-1");
        let api = GraphqlApi::builder()
            .arn("arn:aws:appsync:eu-west-1:111122223333:apis/abc")
            .api_id("abc")
            .authentication_type(AuthenticationType::ApiKey)
            .additional_authentication_providers(
                AdditionalAuthenticationProvider::builder()
                    .authentication_type(AuthenticationType::AmazonCognitoUserPools)
                    .user_pool_config(pool.build().unwrap())
                    .build(),
            )
            .build();
        let item = of_api(&api);
        assert_eq!(item.ids["Ref"], item.id);
        assert_eq!(item.properties["AuthenticationType"], "API_KEY");
        assert_eq!(
            item.properties["AdditionalAuthenticationProviders"],
            json!([{
                "AuthenticationType": "AMAZON_COGNITO_USER_POOLS",
                "UserPoolConfig": {"UserPoolId": "eu-west-1_abc", "AwsRegion": "eu-west-1"},
            }])
        );
    }
}

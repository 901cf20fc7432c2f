use aws_sdk_apigatewayv2::operation::get_authorizer::GetAuthorizerOutput;
use aws_sdk_apigatewayv2::types::{
    ApiMapping, AuthorizationType, AuthorizerType, Integration, IntegrationType, JwtConfiguration,
    MutualTlsAuthentication, Stage,
};
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:apigateway:eu-west-1::/apis/a1b2c3";

#[test]
fn a_route_names_its_api_its_authorizer_and_its_integration() {
    let route = Route::builder()
        .route_id("r1")
        .route_key("POST /posts")
        .authorization_type(AuthorizationType::Jwt)
        .authorizer_id("z9")
        .authorization_scopes("posts/write")
        .target("integrations/i1")
        .build();
    let item = api::of_route(ARN, "a1b2c3", &route);
    assert_eq!(item.name.as_deref(), Some("POST /posts"));
    assert_eq!(
        serde_json::Value::from(item.properties),
        json!({
            "ApiId": "a1b2c3", "RouteKey": "POST /posts", "AuthorizationType": "JWT", "AuthorizerId": "z9",
            "AuthorizationScopes": ["posts/write"], "Target": "integrations/i1",
        })
    );
    let listed = Authorizer::builder().authorizer_id("z9").build();
    assert!(missing(std::slice::from_ref(&route), &[listed]).is_empty());
    assert_eq!(missing(&[route], &[]).into_iter().collect::<Vec<_>>(), ["z9"]);
}

#[test]
fn an_authorizer_that_is_asked_for_alone_is_the_same_as_in_the_list() {
    let jwt = JwtConfiguration::builder().issuer("https://issuer.example").audience("c1").build();
    let listed = Authorizer::builder()
        .authorizer_id("z9")
        .name("users")
        .authorizer_type(AuthorizerType::Jwt)
        .identity_source("$request.header.Authorization")
        .jwt_configuration(jwt.clone())
        .build();
    let alone = GetAuthorizerOutput::builder()
        .authorizer_id("z9")
        .name("users")
        .authorizer_type(AuthorizerType::Jwt)
        .identity_source("$request.header.Authorization")
        .jwt_configuration(jwt)
        .build();
    let item = api::of_authorizer(ARN, "a1b2c3", &api::authorizer(alone));
    assert_eq!(item, api::of_authorizer(ARN, "a1b2c3", &listed));
    assert_eq!(item.properties["JwtConfiguration"], json!({"Issuer": "https://issuer.example", "Audience": ["c1"]}));
}

#[test]
fn what_an_integration_or_a_stage_sets_is_not_kept() {
    let integration = Integration::builder()
        .integration_id("i1")
        .integration_type(IntegrationType::HttpProxy)
        .integration_uri("https://backend.example")
        .request_parameters("append:header.x-key", "planted-secret")
        .build();
    let stage = Stage::builder().stage_name("$default").stage_variables("key", "planted-secret").build();
    let items = [api::of_integration(ARN, "a1b2c3", &integration), api::of_stage(ARN, "a1b2c3", &stage)];
    assert_eq!(items[1].properties["StageVariables"], json!({"key": "****"}));
    assert!(!serde_json::to_string(&items).unwrap().contains("planted-secret"));
}

#[test]
fn a_mapping_leads_to_the_domain_and_the_api() {
    let domain_arn = "arn:aws:apigateway:eu-west-1::/domainnames/api.example.com";
    let truststore = MutualTlsAuthentication::builder().truststore_uri("s3://bucket/roots.pem").build();
    let domain = DomainName::builder().domain_name("api.example.com").mutual_tls_authentication(truststore).build();
    let domain = api::of_domain(domain_arn, &domain);
    assert_eq!(domain.properties["MutualTlsAuthentication"]["TruststoreUri"], "s3://bucket/roots.pem");
    let mapping = api::of_mapping(domain_arn, &ApiMapping::builder().api_mapping_id("m1").api_id("a1b2c3").build());
    assert_eq!(mapping.properties["DomainName"], domain.ids["Ref"].as_str());
    assert_eq!(mapping.properties["ApiId"], "a1b2c3");
}

#[test]
fn a_rest_api_below_several_levels_is_mapped_by_what_this_version_tells() {
    let mapping = |key: &str| {
        let mapping = ApiMapping::builder().api_id("rest1").stage("live").api_mapping_key(key).build();
        api::of_rest_mapping("arn:d", "shop.example.com", &mapping)
    };
    assert!(mapping("orders").is_none(), "the other version tells it");
    let item = mapping("orders/v1").unwrap();
    assert_eq!((item.kind.as_str(), item.id.as_str()), (REST_MAPPING_KIND, "arn:d/basepathmappings/orders/v1"));
    assert_eq!(
        serde_json::Value::from(item.properties),
        json!({"DomainName": "shop.example.com", "RestApiId": "rest1", "BasePath": "orders/v1", "Stage": "live"})
    );
}

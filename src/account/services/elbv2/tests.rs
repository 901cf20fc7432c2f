use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateOidcActionConditionalBehaviorEnum, AuthenticateOidcActionConfig,
    AvailabilityZone, JwtValidationActionAdditionalClaim, JwtValidationActionConfig, LoadBalancerSchemeEnum,
    TargetDescription, TargetGroup, TargetHealth, TargetHealthDescription, TargetHealthStateEnum, TargetTypeEnum,
};
use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/front/50dc6c495c0c9188";

#[test]
fn a_load_balancer_is_known_by_its_arn_its_path_and_its_domain() {
    let balancer = LoadBalancer::builder()
        .load_balancer_arn(ARN)
        .load_balancer_name("front")
        .dns_name("Front-1.us-east-1.elb.amazonaws.com")
        .r#type(LoadBalancerTypeEnum::Application)
        .scheme(LoadBalancerSchemeEnum::InternetFacing)
        .vpc_id("vpc-1")
        .security_groups("sg-1")
        .availability_zones(AvailabilityZone::builder().subnet_id("subnet-1").build())
        .build();
    let attribute = LoadBalancerAttribute::builder().key("deletion_protection.enabled").value("false").build();
    let item = of_load_balancer(&balancer, Ok(vec![attribute]), Err(Unread("elasticloadbalancing:DescribeTags")));
    let ids: Vec<(&str, &str)> = item.ids.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    assert_eq!(
        ids,
        [
            ("DNSName", "front-1.us-east-1.elb.amazonaws.com"),
            ("LoadBalancerFullName", "app/front/50dc6c495c0c9188"),
            ("Ref", ARN),
        ]
    );
    assert_eq!(
        Value::Object(item.properties),
        json!({
            "Name": "front",
            "Type": "application",
            "Scheme": "internet-facing",
            "VpcId": "vpc-1",
            "SecurityGroups": ["sg-1"],
            "Subnets": ["subnet-1"],
            "LoadBalancerAttributes": [{ "Key": "deletion_protection.enabled", "Value": "false" }],
            "Tags": { "Unread": "elasticloadbalancing:DescribeTags" },
        })
    );
}

#[test]
fn an_oidc_action_keeps_everything_but_the_client_secret() {
    let config = AuthenticateOidcActionConfig::builder()
        .issuer("https://idp.example.org")
        .client_id("client")
        .client_secret("planted")
        .session_timeout(3600)
        .on_unauthenticated_request(AuthenticateOidcActionConditionalBehaviorEnum::Allow)
        .build();
    let action =
        Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).order(1).authenticate_oidc_config(config).build();
    let object = Object::new().set("Action", action::of_action(&action));
    let value = crate::account::item::Property::property(object).unwrap();
    assert_eq!(
        value,
        json!({ "Action": {
            "Type": "authenticate-oidc",
            "Order": 1,
            "AuthenticateOidcConfig": {
                "Issuer": "https://idp.example.org",
                "ClientId": "client",
                "SessionTimeout": 3600,
                "OnUnauthenticatedRequest": "allow",
            },
        } })
    );
}

#[test]
fn a_token_validation_keeps_its_claims() {
    let claim = JwtValidationActionAdditionalClaim::builder().name("aud").values("client").build();
    let config = JwtValidationActionConfig::builder()
        .issuer("https://idp.example.org")
        .jwks_endpoint("https://idp.example.org/keys")
        .additional_claims(claim)
        .build();
    let action = Action::builder().r#type(ActionTypeEnum::JwtValidation).jwt_validation_config(config).build();
    let value = crate::account::item::Property::property(action::of_action(&action)).unwrap();
    assert_eq!(
        value,
        json!({
            "Type": "jwt-validation",
            "JwtValidationConfig": {
                "JwksEndpoint": "https://idp.example.org/keys",
                "Issuer": "https://idp.example.org",
                "AdditionalClaims": [{ "Name": "aud", "Values": ["client"] }],
            },
        })
    );
}

#[test]
fn a_list_hides_what_is_asked_for_by_its_items() {
    let of = |read: &Read, inner: &Read| inner.finds.iter().all(|kind| read.finds.contains(kind));
    assert!(of(&LOAD_BALANCERS, &listener::LISTENERS) && of(&listener::LISTENERS, &listener::RULES));
}

#[test]
fn what_drains_is_registered_no_more() {
    let target = |id: &str, state| {
        TargetHealthDescription::builder()
            .target(TargetDescription::builder().id(id).port(8080).build())
            .target_health(TargetHealth::builder().state(state).build())
            .build()
    };
    let group = TargetGroup::builder()
        .target_group_arn("arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1")
        .target_group_name("web")
        .target_type(TargetTypeEnum::Instance)
        .build();
    let health = vec![target("i-1", TargetHealthStateEnum::Unhealthy), target("i-2", TargetHealthStateEnum::Draining)];
    let item = target_group::of_group(&group, Ok(Vec::new()), Ok(health), Ok(None));
    assert_eq!(item.ids.get("TargetGroupFullName").map(String::as_str), Some("targetgroup/web/1"));
    assert_eq!(
        Value::Object(item.properties),
        json!({
            "Name": "web",
            "TargetType": "instance",
            "Targets": [{ "Id": "i-1", "Port": 8080, "Health": "unhealthy" }],
            "TargetGroupAttributes": [],
        })
    );
}

use aws_sdk_cloudfront::types::{
    Aliases, CustomHeaders, CustomOriginConfig, HttpVersion, OriginCustomHeader, OriginProtocolPolicy, Origins,
    PriceClass, ViewerProtocolPolicy,
};
use aws_smithy_types::DateTime;
use serde_json::{Value, json};

use super::*;

fn summary() -> DistributionSummary {
    let header = OriginCustomHeader::builder().header_name("X-Origin-Verify").header_value("planted").build().unwrap();
    let custom = CustomOriginConfig::builder()
        .http_port(80)
        .https_port(443)
        .origin_protocol_policy(OriginProtocolPolicy::HttpsOnly)
        .build()
        .unwrap();
    let origin = Origin::builder()
        .id("alb")
        .domain_name("My-Alb-1.us-east-1.elb.amazonaws.com")
        .custom_headers(CustomHeaders::builder().quantity(1).items(header).build().unwrap())
        .custom_origin_config(custom)
        .build()
        .unwrap();
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id("alb")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
        .build()
        .unwrap();
    DistributionSummary::builder()
        .id("E1")
        .arn("arn:aws:cloudfront::111122223333:distribution/E1")
        .status("Deployed")
        .last_modified_time(DateTime::from_secs(0))
        .domain_name("d1.cloudfront.net")
        .aliases(Aliases::builder().quantity(1).items("app.example.org").build().unwrap())
        .origins(Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(behavior)
        .comment("")
        .price_class(PriceClass::PriceClassAll)
        .enabled(true)
        .web_acl_id("")
        .http_version(HttpVersion::Http2)
        .is_ipv6_enabled(true)
        .staging(false)
        .build()
        .unwrap()
}

#[test]
fn a_distribution_keeps_the_names_of_custom_headers_but_not_their_values() {
    let item = of_distribution(&summary(), Ok(None));
    let properties = Value::Object(item.properties);
    assert!(!properties.to_string().contains("planted"));
    assert_eq!(
        properties,
        json!({ "DistributionConfig": {
            "Enabled": true,
            "Aliases": ["app.example.org"],
            "Origins": [{
                "Id": "alb",
                "DomainName": "my-alb-1.us-east-1.elb.amazonaws.com",
                "OriginCustomHeaders": [{ "HeaderName": "X-Origin-Verify" }],
                "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only" },
            }],
            "DefaultCacheBehavior": { "TargetOriginId": "alb", "ViewerProtocolPolicy": "redirect-to-https" },
            "HttpVersion": "http2",
            "IPV6Enabled": true,
            "Staging": false,
        } })
    );
}

#[test]
fn logs_that_could_not_be_read_are_not_off() {
    let item = of_distribution(&summary(), Err(Unread("cloudfront:GetDistributionConfig")));
    let config = Value::Object(item.properties);
    assert_eq!(
        config.pointer("/DistributionConfig/Logging"),
        Some(&json!({ "Unread": "cloudfront:GetDistributionConfig" }))
    );
}

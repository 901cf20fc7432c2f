//! REST APIs are judged as they are deployed: by the export of the stage, never by what the resources have become.

use serde_json::{Value as Json, json};
use sra_guard::finding::{Finding, Verdict};

use super::wire::{ACCOUNT, Call, Part, REGION, Wire};
use super::{collected_by, judged};
use crate::loopback::Answer;

const API: &str = "a1b2c3d4e5";

/// The list of the API alone; `disabled` is its own endpoint.
fn listed(disabled: bool) -> Json {
    json!({ "item": [{
        "id": API, "name": "orders", "createdDate": 1_735_689_600, "apiKeySource": "HEADER",
        "endpointConfiguration": { "types": ["REGIONAL"], "ipAddressType": "ipv4" },
        "disableExecuteApiEndpoint": disabled, "rootResourceId": "root000001", "tags": {},
    }] })
}

/// A custom domain that demands a certificate and leads to a stage by a path, which the versions of the API tell: the older
/// one only when it has one level.
fn guarded(stage: &'static str, path: &'static str) -> Part {
    Box::new(move |call: &Call| {
        let (domain, truststore) = ("partners.example.com", json!({ "truststoreUri": "s3://trust/roots.pem" }));
        let is_one_level = !path.contains('/');
        let old = json!({ "basePath": path, "restApiId": API, "stage": stage });
        let answer = match call.api.as_str() {
            "apigateway:GetRestApis" => listed(true),
            "apigateway:GetDomainNames" => json!({ "item": [{
                "domainName": domain, "regionalDomainName": format!("d-1.execute-api.{REGION}.amazonaws.com"),
                "endpointConfiguration": { "types": ["REGIONAL"] }, "mutualTlsAuthentication": truststore,
            }] }),
            "apigateway:GetBasePathMappings" => json!({ "item": if is_one_level { vec![old] } else { Vec::new() } }),
            "apigatewayv2:GetDomainNames" => json!({ "items": [{
                "domainName": domain, "mutualTlsAuthentication": truststore,
            }] }),
            "apigatewayv2:GetApiMappings" => json!({ "items": [{
                "apiId": API, "apiMappingId": "m1", "apiMappingKey": path, "stage": stage,
            }] }),
            _ => return None,
        };
        Some(Answer::ok(answer.to_string()))
    })
}

/// An API with a stage of each name, whose export answers as told.
fn api(stages: &'static [&'static str], export: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Part {
    Box::new(move |call: &Call| {
        let answer = match call.api.as_str() {
            "apigateway:GetRestApis" => listed(false),
            "apigateway:GetStages" => {
                let stage = |name: &&str| {
                    json!({
                        "deploymentId": format!("d-{name}"), "stageName": name, "cacheClusterEnabled": false,
                        "methodSettings": {}, "createdDate": 1_735_689_600, "lastUpdatedDate": 1_735_689_600,
                        "tracingEnabled": false, "variables": { "backend": name },
                    })
                };
                json!({ "item": stages.iter().map(stage).collect::<Vec<_>>() })
            }
            "apigateway:GetExport" => {
                assert_eq!(call.parameter("extensions"), Some("apigateway"));
                return Some(export(&call.names[1]));
            }
            _ => return None,
        };
        Some(Answer::ok(answer.to_string()))
    })
}

/// What a stage serves, as API Gateway exports it: an operation with a security requirement, or without any.
fn exported(security: Option<Json>) -> Answer {
    let mut operation = json!({
        "parameters": [{ "name": "id", "in": "query", "schema": { "type": "string" } }],
        "responses": { "200": { "description": "200 response", "content": {} } },
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy", "httpMethod": "POST", "passthroughBehavior": "when_no_match",
            "uri": format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/arn:aws:lambda:{REGION}:\
                {ACCOUNT}:function:orders-${{stageVariables.backend}}/invocations"),
            "requestParameters": { "integration.request.header.key": "'planted-secret'" },
        },
    });
    if let Some(security) = security {
        operation["security"] = json!([security]);
    }
    let document = json!({
        "openapi": "3.0.1",
        "info": { "title": "orders", "version": "2025-01-01T00:00:00Z" },
        "servers": [{
            "url": format!("https://{API}.execute-api.{REGION}.amazonaws.com/{{basePath}}"),
            "variables": { "basePath": { "default": "live" } },
        }],
        "paths": { "/orders": { "post": operation } },
        "components": { "schemas": {}, "securitySchemes": {
            "sigv4": {
                "type": "apiKey", "name": "Authorization", "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
            "customers": {
                "type": "apiKey", "name": "Authorization", "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": [format!("arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_a")],
                },
            },
        } },
    });
    Answer { headers: vec![("content-type", "application/json".to_owned())], ..Answer::ok(document.to_string()) }
}

/// Judges an account that has this and nothing else. Tells the findings about who may call a route, and the API calls.
fn audited(part: Part) -> (Vec<Finding>, Vec<String>) {
    audited_with(vec![part])
}

fn audited_with(parts: Vec<Part>) -> (Vec<Finding>, Vec<String>) {
    let wire = Wire::start(parts);
    let folder = collected_by(|| async { vec![wire.session(aws_config::retry::RetryConfig::disabled()).await] });
    let (report, _) = judged(&folder, ACCOUNT);
    let findings = report.findings.into_iter().filter(|finding| finding.rule.id == "SRA-API-001").collect();
    let calls = wire.calls().into_iter().map(|call| call.api);
    (findings, calls.filter(|api| api.starts_with("apigateway:")).collect())
}

fn verdicts(findings: &[Finding]) -> Vec<(String, Verdict)> {
    findings.iter().map(|finding| (finding.subject.id.clone(), finding.verdict)).collect()
}

#[test]
fn each_stage_is_judged_by_what_it_serves() {
    let open_and_closed = |stage: &str| match stage {
        "live" => exported(Some(json!({ "sigv4": [] }))),
        "shop" => exported(Some(json!({ "customers": ["orders/write"] }))),
        _ => exported(None),
    };
    let (findings, calls) = audited(api(&["live", "shop", "test"], open_and_closed));
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{API}");
    let expected = [
        (format!("{arn}/stages/test/api:POST /orders"), Verdict::Fail),
        (format!("{arn}/stages/shop/api:POST /orders"), Verdict::Pass),
        (format!("{arn}:POST /orders"), Verdict::Pass),
    ];
    let mut found = verdicts(&findings);
    found.sort_by_key(|(subject, verdict)| (*verdict != Verdict::Fail, subject.len() < 80, subject.clone()));
    assert_eq!(found, expected);
    let asked = |api: &str| calls.iter().filter(|call| *call == api).count();
    assert_eq!(asked("apigateway:GetExport"), 3);
    assert_eq!(asked("apigateway:GetResources") + asked("apigateway:GetAuthorizers"), 0, "they are not what is served");
}

#[test]
fn what_cannot_be_exported_is_unknown_and_says_which_permission_is_missing() {
    let denied = |_: &str| Answer::error(403, "AccessDeniedException", json!({ "message": "no" }).to_string());
    let (findings, _) = audited(api(&["live"], denied));
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!(finding.verdict, Verdict::Unknown);
    assert!(format!("{:?}", finding.reasons).contains("apigateway:GET"), "{:?}", finding.reasons);

    // What is no answer to what was asked for says nothing of what is served.
    let other = |_: &str| Answer::ok(json!({ "swagger": "2.0", "paths": { "/orders": { "post": {} } } }).to_string());
    let (findings, _) = audited(api(&["live"], other));
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!(finding.verdict, Verdict::Unknown);
    assert!(format!("{:?}", finding.reasons).contains("apigateway:GetExport"), "{:?}", finding.reasons);
}

#[test]
fn one_stage_that_cannot_be_exported_leaves_the_others_known() {
    let one = |stage: &str| match stage {
        "live" => Answer::error(403, "AccessDeniedException", json!({ "message": "no" }).to_string()),
        _ => exported(None),
    };
    let (findings, _) = audited(api(&["live", "test"], one));
    let mut found: Vec<Verdict> = findings.iter().map(|finding| finding.verdict).collect();
    found.sort();
    assert_eq!(found.len(), 2, "{findings:#?}");
    assert!(found.contains(&Verdict::Fail) && found.contains(&Verdict::Unknown), "{findings:#?}");
}

#[test]
fn a_domain_that_demands_a_certificate_guards_the_stage_that_it_leads_to() {
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{API}");
    let (live, test) = (format!("{arn}:POST /orders"), format!("{arn}/stages/test/api:POST /orders"));
    for path in ["orders", "orders/v1"] {
        for (stage, of_live, of_test) in
            [("live", Verdict::Pass, Verdict::Fail), ("test", Verdict::Fail, Verdict::Pass)]
        {
            let (findings, _) = audited_with(vec![guarded(stage, path), api(&["live", "test"], |_| exported(None))]);
            let mut found = verdicts(&findings);
            found.sort_by_key(|(subject, _)| *subject != live);
            assert_eq!(found, [(live.clone(), of_live), (test.clone(), of_test)], "{stage}, {path}");
        }
    }
}

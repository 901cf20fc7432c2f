//! What only a live account tells: whose an id is, and where a name is.

use serde_json::{Value as Json, json};
use sra_guard::finding::{Finding, Verdict};
use sra_guard::graph::{Link, Resources};
use sra_guard::input::Unit;
use sra_guard::input::snapshot::{self, Seen};
use sra_guard::scan;
use sra_guard::source::{Limits, SourceMap, Span, parse};
use sra_guard::value::Value;
use sra_guard::world::World;

use crate::support::rules;

fn unit(resources: &Json) -> Box<dyn Unit> {
    read_unit(&json!([]), resources)
}

fn read_unit(reads: &Json, resources: &Json) -> Box<dyn Unit> {
    let section = json!({
        "Account": "111122223333", "Region": "eu-central-1", "Partition": "aws", "Service": "lambda", "Reads": reads,
        "Resources": resources,
    });
    let text = json!({ "SraGuardSnapshot": 1, "Sections": [section] }).to_string();
    let sources = SourceMap::default();
    let file = sources.add("snapshot.json", text);
    let parsed = parse(&sources, file, Limits::default()).unwrap();
    let Some(Seen::Snapshot(document)) = snapshot::see(&parsed.documents[0]) else { panic!("no snapshot") };
    let origin = snapshot::Origin { name: "snapshot.json".to_owned(), at: None };
    snapshot::units(vec![(origin, file, document)], &sources).remove(0)
}

fn role(account: &str, name: &str) -> Json {
    json!({ "Type": "AWS::IAM::Role", "Id": format!("arn:aws:iam::{account}:role/{name}"), "Properties": { "RoleName": name } })
}

fn function(region: &str) -> Json {
    let arn = format!("arn:aws:lambda:{region}:111122223333:function:same");
    json!({ "Type": "AWS::Lambda::Function", "Id": arn, "Properties": { "FunctionName": "same" } })
}

#[test]
fn an_arn_leads_to_what_is_in_its_account_and_region_only() {
    let functions = [function("eu-central-1"), function("us-east-1"), role("111122223333", "shared")];
    let evaluation = unit(&json!(functions)).evaluate(&World::default());
    let span: Span = evaluation.resources[0].span;
    let resources = Resources::new(evaluation.resources);
    let led = |text: &str, kind: &str| match resources.link(&Value::text_at(span, text), &[kind]) {
        Link::To(resource) => resource.address.to_string(),
        Link::Outside(_) => "outside".to_owned(),
        Link::Unknown(reason) => reason.to_string(),
    };
    let function = "AWS::Lambda::Function";
    let there = "arn:aws:lambda:us-east-1:111122223333:function:same";
    assert_eq!(led(there, function), there);
    assert_eq!(led("arn:aws:lambda:us-east-1:999999999999:function:same", function), "outside");
    assert_eq!(led("arn:aws:iam::999999999999:role/shared", "AWS::IAM::Role"), "outside");
    assert_eq!(led("arn:aws:iam::111122223333:role/shared", "AWS::IAM::Role"), "arn:aws:iam::111122223333:role/shared");
    // A name alone may mean either.
    assert_eq!(led("same", function), "outside");
}

#[test]
fn the_own_account_is_no_other_one() {
    let verdict = |principal: &str| {
        let own = function("eu-central-1");
        let id = format!("{}/policy/grant", own["Id"].as_str().unwrap());
        let permission = json!({
            "Type": "AWS::Lambda::Permission", "Id": id,
            "Properties": { "FunctionName": "same", "Action": "lambda:InvokeFunction", "Principal": principal },
        });
        let findings: Vec<Finding> = scan::judge(unit(&json!([own, permission])).as_ref(), rules(), true).findings;
        findings.into_iter().find(|finding| finding.rule.id == "SRA-LAM-002").unwrap().verdict
    };
    assert_eq!(verdict("111122223333"), verdict("arn:aws:iam::111122223333:root"));
    assert_ne!(verdict("111122223333"), Verdict::Fail);
    assert_eq!(verdict("999999999999"), Verdict::Fail);
}

/// The verdicts of a rule by the name of the subject, with the evidence of each.
fn verdicts(rule: &str, resources: &Json) -> Vec<(String, Verdict, String)> {
    let findings: Vec<Finding> = scan::judge(unit(resources).as_ref(), rules(), true).findings;
    let of_rule = findings.into_iter().filter(|finding| finding.rule.id == rule);
    let told = of_rule.map(|finding| {
        let steps: Vec<&str> = finding.evidence.iter().map(|step| step.label.as_str()).collect();
        (finding.subject.name.clone(), finding.verdict, steps.join("; "))
    });
    told.collect()
}

fn worker(policy: &str) -> Json {
    let trust = json!({ "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" },
    }] });
    json!({
        "Type": "AWS::IAM::Role", "Id": "arn:aws:iam::111122223333:role/worker",
        "Properties": { "RoleName": "worker", "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [policy] },
    })
}

/// A policy of AWS as the account has it.
fn published(arn: &str, document: &Json) -> Json {
    json!({
        "Type": "AWS::IAM::ManagedPolicy", "Id": arn, "Name": arn.rsplit('/').next(),
        "Properties": {
            "ManagedPolicyName": arn.rsplit('/').next(), "Path": "/", "DefaultVersionId": "v99",
            "UpdateDate": "2030-01-02T03:04:05Z", "PolicyDocument": document,
        },
    })
}

fn allowing(action: &str) -> Json {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
}

#[test]
fn a_policy_of_aws_is_judged_by_the_document_that_the_account_has() {
    let (wide, limited, new) = (
        "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/PublishedAfterThisVersion",
    );
    let judged = |arn: &str, document: &Json| {
        let mut found = verdicts("SRA-IAM-001", &json!([worker(arn), published(arn, document)]));
        let (_, verdict, evidence) = found.remove(0);
        assert!(found.is_empty(), "{found:?}");
        (verdict, evidence)
    };
    // The data of this program says the opposite of each.
    assert_eq!(judged(wide, &allowing("dynamodb:GetItem")).0, Verdict::Pass);
    let (verdict, evidence) = judged(limited, &allowing("logs:*"));
    assert_eq!(verdict, Verdict::Fail);
    assert!(evidence.contains("`AWSLambdaBasicExecutionRole` (v99 of 2030-01-02) grants `logs:*`"), "{evidence}");
    // It says nothing of these.
    assert_eq!(judged(new, &allowing("*")).0, Verdict::Fail);
    assert_eq!(judged(new, &allowing("s3:GetObject")).0, Verdict::Pass);
    // What was not read is what the data says, if anything.
    let unread = json!({ "Unread": "iam:GetAccountAuthorizationDetails" });
    assert_eq!(judged(wide, &unread).0, Verdict::Fail);
    assert_eq!(judged(limited, &unread).0, Verdict::Pass);
    assert_eq!(judged(new, &unread).0, Verdict::Unknown);
    assert_eq!(verdicts("SRA-IAM-001", &json!([worker(wide)]))[0].1, Verdict::Fail);
}

/// The reasons of the unknowns of a rule, of one section with reads.
fn reasons(rule: &str, reads: &Json, resources: &Json) -> String {
    let findings = scan::judge(read_unit(reads, resources).as_ref(), rules(), true).findings.into_iter();
    let unknown = findings.filter(|finding| finding.rule.id == rule && finding.verdict == Verdict::Unknown);
    unknown.map(|finding| format!("{:?}", finding.reasons)).collect()
}

#[test]
fn a_policy_of_aws_that_nothing_tells_is_read_or_else_newer_than_the_program() {
    let new = "arn:aws:iam::aws:policy/PublishedAfterThisVersion";
    let read = |outcome: &str| {
        let kinds = json!(["AWS::IAM::ManagedPolicy"]);
        let (finds, hides) = if outcome == "ok" { (kinds, json!([])) } else { (json!([]), kinds) };
        json!([{
            "Api": "iam:GetAccountAuthorizationDetails", "Permission": "iam:GetAccountAuthorizationDetails",
            "Outcome": outcome, "Calls": 1, "Finds": finds, "Hides": hides,
        }])
    };
    let said = |outcome: &str, resources: &Json| reasons("SRA-IAM-001", &read(outcome), resources);
    let alone = json!([worker(new)]);
    for outcome in ["denied", "throttled", "failed"] {
        let said = said(outcome, &alone);
        assert!(said.contains("iam:GetAccountAuthorizationDetails"), "{outcome}: {said}");
        assert!(!said.contains("update sra-guard"), "{outcome}: {said}");
    }
    let without = json!([worker(new), published(new, &json!({ "Unread": "iam:GetAccountAuthorizationDetails" }))]);
    let unread = said("ok", &without);
    assert!(unread.contains("iam:GetAccountAuthorizationDetails") && !unread.contains("update"), "{unread}");
    // All policies were read, and this was not among them.
    let newer = said("ok", &alone);
    assert!(newer.contains("update sra-guard") && !newer.contains("iam:Get"), "{newer}");
}

#[test]
fn what_aws_writes_is_nobody_else_s_to_name_the_actions_of() {
    let (aws, own) = ("arn:aws:iam::aws:policy/Theirs", "arn:aws:iam::111122223333:policy/Ours");
    let both = json!([worker(aws), published(aws, &allowing("*")), published(own, &allowing("*"))]);
    let found: Vec<String> = verdicts("SRA-IAM-002", &both).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(found, ["Ours"]);
}

#[test]
fn a_role_that_is_linked_to_a_service_is_aws_s() {
    let place = |path: &str| {
        let mut role = worker("arn:aws:iam::aws:policy/AdministratorAccess");
        role["Id"] = json!(format!("arn:aws:iam::111122223333:role{path}worker"));
        role["Properties"]["Path"] = json!(path);
        role["Properties"]["Policies"] = json!([{ "PolicyName": "inline", "PolicyDocument": allowing("s3:*") }]);
        let anybody = json!({ "Federated": "cognito-identity.amazonaws.com" });
        let statement = json!({ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": anybody });
        let statements = role["Properties"]["AssumeRolePolicyDocument"]["Statement"].as_array_mut().unwrap();
        statements.push(statement);
        let of = |rule: &str| -> Vec<Verdict> {
            verdicts(rule, &json!([role.clone()])).into_iter().map(|(_, verdict, _)| verdict).collect()
        };
        (of("SRA-IAM-001"), [of("SRA-IAM-002"), of("SRA-IDP-003"), of("SRA-DDB-001")].concat())
    };
    let fails = [Verdict::Fail; 2];
    for path in ["/", "/service-role/", "/team/"] {
        let (wide, others) = place(path);
        assert_eq!(wide, [Verdict::Fail], "{path}");
        assert!(others.starts_with(&fails), "{path}: {others:?}");
    }
    // Nothing of it fails, and the role is still there.
    assert_eq!(place("/aws-service-role/example.amazonaws.com/"), (vec![Verdict::NotApplicable], Vec::new()));
}

#[test]
fn an_open_route_that_only_a_canary_serves_is_found() {
    let unread = json!({ "Unread": "apigateway:GetExport" });
    let route = |method: &str, operation: &Json| {
        json!({
            "Type": "AWS::ApiGateway::RestApi", "Id": "arn:aws:apigateway:eu-central-1::/restapis/a1/stages/live/canary",
            "Name": "orders (canary of stage live)",
            "Properties": { "Name": "orders", "Body": {
                "openapi": "3.0.1", "paths": { "/orders": { method: operation } },
                "components": { "securitySchemes": {
                    "AWS_IAM": { "type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4" },
                } },
            } },
        })
    };
    let of = |operation: &Json| verdicts("SRA-API-001", &json!([route("delete", operation)]))[0].1;
    assert_eq!(of(&json!({ "x-amazon-apigateway-integration": unread })), Verdict::Fail);
    let signed = json!({ "security": [{ "AWS_IAM": unread }], "x-amazon-apigateway-integration": unread });
    assert_eq!(of(&signed), Verdict::Pass);
}

#[test]
fn a_certificate_guards_the_stages_that_its_domain_leads_to() {
    const ARN: &str = "arn:aws:apigateway:eu-central-1::/restapis/a1";
    let api = |of: &str, properties: Json| {
        let operation =
            json!({ "x-amazon-apigateway-integration": { "type": "http_proxy", "uri": "https://example.org" } });
        let mut api = json!({
            "Type": "AWS::ApiGateway::RestApi", "Id": format!("{ARN}{of}"), "Name": format!("api{of}"),
            "Ids": if of.is_empty() { json!({ "Ref": "a1" }) } else { json!({}) },
            "Properties": {
                "DisableExecuteApiEndpoint": true,
                "Body": { "openapi": "3.0.1", "paths": { "/orders": { "delete": operation } } },
            },
        });
        api["Properties"].as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        api
    };
    let domain = |name: &str, store: Option<&str>| {
        let mut domain = json!({
            "Type": "AWS::ApiGateway::DomainName", "Id": format!("arn:domains/{name}"), "Ids": { "Ref": name },
            "Properties": { "DomainName": name },
        });
        if let Some(store) = store {
            domain["Properties"]["MutualTlsAuthentication"] = json!({ "TruststoreUri": store });
        }
        domain
    };
    let mapping = |domain: &str, stage: Json| {
        let mut mapping = json!({
            "Type": "AWS::ApiGateway::BasePathMapping", "Id": format!("arn:domains/{domain}/{stage}"),
            "Properties": { "DomainName": domain, "RestApiId": "a1" },
        });
        if !stage.is_null() {
            mapping["Properties"]["Stage"] = stage;
        }
        mapping
    };
    let (guarded, open) = ("partners.example.com", "shop.example.com");
    let judged_with = |reads: &Json, mappings: &[Json]| {
        let mut resources = vec![
            api("", json!({ "Stages": ["dev"] })),
            api("/stages/live/api", json!({ "RestApiId": "a1", "Stages": ["live", "next"] })),
            api("/stages/live/canary", json!({ "RestApiId": "a1", "Stages": ["live"] })),
            domain(guarded, Some("s3://trust/roots.pem")),
            domain(open, None),
        ];
        resources.extend_from_slice(mappings);
        let mut found = scan::judge(read_unit(reads, &Json::Array(resources)).as_ref(), rules(), true).findings;
        found.retain(|finding| finding.rule.id == "SRA-API-001");
        found.sort_by_key(|finding| finding.subject.name.clone());
        let verdicts: Vec<Verdict> = found.into_iter().map(|finding| finding.verdict).collect();
        <[Verdict; 3]>::try_from(verdicts).unwrap()
    };
    let judged = |mappings: &[Json]| judged_with(&json!([]), mappings);
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);
    // Of `dev`; of `live` and `next`; of the canary of `live`.
    assert_eq!(judged(&[mapping(guarded, json!("live"))]), [fail, pass, pass]);
    assert_eq!(judged(&[mapping(guarded, json!("next"))]), [fail, pass, fail]);
    assert_eq!(judged(&[mapping(guarded, json!("dev"))]), [pass, fail, fail]);
    assert_eq!(judged(&[mapping(guarded, json!("live")), mapping(open, json!("dev"))]), [fail, pass, pass]);
    assert_eq!(judged(&[mapping(guarded, json!("live")), mapping(open, json!("next"))]), [fail, fail, pass]);
    // Callers name the stage.
    assert_eq!(judged(&[mapping(guarded, Json::Null)]), [pass, pass, pass]);
    assert_eq!(judged(&[mapping(guarded, Json::Null), mapping(open, json!("live"))]), [pass, fail, fail]);
    // What was not read may be the mapping that leads there, unless one without a certificate is known.
    let denied = json!([{
        "Api": "apigateway:GetBasePathMappings", "Permission": "apigateway:GET", "Outcome": "denied", "Calls": 1,
        "Finds": [], "Hides": ["AWS::ApiGateway::BasePathMapping"],
    }]);
    assert_eq!(judged_with(&denied, &[mapping(guarded, json!("live"))]), [Verdict::Unknown; 3]);
    assert_eq!(judged_with(&denied, &[mapping(open, json!("live"))]), [Verdict::Unknown, fail, fail]);
}

#[test]
fn of_many_that_share_a_role_few_are_named() {
    let function = |number: usize, component: Option<&str>| {
        let name = format!("f{number:02}");
        let tags: Vec<Json> = component.iter().map(|value| json!({ "Key": "sra:component", "Value": value })).collect();
        json!({
            "Type": "AWS::Lambda::Function", "Id": format!("arn:aws:lambda:eu-central-1:111122223333:function:{name}"),
            "Name": name, "Properties": {
                "FunctionName": name, "Role": "arn:aws:iam::111122223333:role/worker", "Tags": tags,
            },
        })
    };
    let mut resources: Vec<Json> = (0..12).map(|number| function(number, None)).collect();
    resources.extend((12..15).map(|number| function(number, Some("orders"))));
    let message = |resources: &[Json], name: &str| {
        let findings: Vec<Finding> = scan::judge(unit(&json!(resources)).as_ref(), rules(), true).findings;
        let of_rule = |finding: &&Finding| finding.rule.id == "SRA-LAM-003" && &*finding.subject.name == name;
        findings.iter().find(of_rule).unwrap().message.clone()
    };
    let name = |numbers: std::ops::Range<usize>| -> Vec<String> {
        numbers.map(|number| format!("function `f{number:02}`")).collect()
    };
    let scanned = [resources.clone(), vec![worker("arn:aws:iam::aws:policy/AWSLambdaExecute")]].concat();
    // With and without the role itself.
    for resources in [resources.as_slice(), scanned.as_slice()] {
        // Eleven others without a component, and three of another.
        let first = message(resources, "f00");
        assert!(first.contains(&format!("{}, 10 more", name(1..5).join(", "))), "{first}");
        // Those of one component may share.
        let last = message(resources, "f13");
        assert!(last.contains(&format!("{}, 8 more", name(0..4).join(", "))), "{last}");
    }
    let component = [&resources[12..], &scanned[15..]].concat();
    assert!(!message(&component, "f13").contains("shares"));
}

#[test]
fn what_two_pages_of_a_list_name_is_one_resource() {
    let resources = [function("eu-central-1"), role("111122223333", "shared"), function("eu-central-1")];
    let evaluation = unit(&json!(resources)).evaluate(&World::default());
    let kinds: Vec<&str> = evaluation.resources.iter().map(|resource| &*resource.kind).collect();
    assert_eq!(kinds, ["AWS::Lambda::Function", "AWS::IAM::Role"]);
}

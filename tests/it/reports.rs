//! Machine-readable reports keep to their schemas, whatever the input was like.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use sra_guard::finding::{Report, Verdict};
use sra_guard::report::{FORMATS, View, json};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::{Folder, occasion, root, rules};

fn scanned(paths: Vec<PathBuf>) -> (Report, SourceMap) {
    let sources = SourceMap::default();
    let request = Request { paths, rules: rules().clone(), keep_all: true, ..Request::default() };
    let report = scan(&request, &sources, &|_| {});
    (report, sources)
}

fn written(format: &str, report: &Report, sources: &SourceMap, all: bool) -> String {
    let view = View { report, sources, all, quiet: false, color: false, width: 100, occasion: occasion() };
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut bytes = Vec::new();
    (format.write)(&view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Every example, and an input with everything that can be wrong: broken syntax, a template that is none, names that
/// a URI or XML must escape, characters of several bytes before a place.
fn inputs() -> Vec<(Report, SourceMap)> {
    let broken = Folder::new();
    broken.write("good & <näme>.yaml", BAD_CLIENT);
    broken.write("cut.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  A: {Type: [\n");
    broken.write("cut.json", "{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {");
    broken.write("twice.yaml", "Resources:\n  A: {Type: AWS::S3::Bucket}\n  A: {Type: AWS::S3::Bucket}\n");
    broken.write("list.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources: [a]\n");
    vec![scanned(vec![root("examples")]), scanned(vec![broken.path().to_owned()]), scanned(vec![])]
}

const BAD_CLIENT: &str = "Resources:
  Pool: {Type: AWS::Cognito::UserPool}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {ClientName: ünïcödé, UserPoolId: !Ref Pool, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: [implicit]}
";

fn problems(schema: &Value, instance: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_committed_report_schema_is_the_generated_one() {
    let file = root("reports/report.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&json::schema()).unwrap());
    if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "reports/report.schema.json is stale: run the tests with SRA_GUARD_UPDATE=1");
}

#[test]
fn json_reports_conform_to_their_schema() {
    for (report, sources) in inputs() {
        let instance: Value = serde_json::from_str(&written("json", &report, &sources, true)).unwrap();
        assert_eq!(problems(&json::schema(), &instance), [""; 0]);
    }
}

#[test]
fn sarif_conforms_to_the_standard() {
    let text = std::fs::read_to_string(root("tests/data/sarif-schema-2.1.0.json")).unwrap();
    // As published, one pattern has a bracket too many, which not every dialect of regular expressions takes.
    let schema: Value = serde_json::from_str(&text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$")).unwrap();
    let (mut results, mut notifications) = (0, 0);
    for (report, sources) in inputs() {
        let log: Value = serde_json::from_str(&written("sarif", &report, &sources, true)).unwrap();
        assert_eq!(problems(&schema, &log), [""; 0]);
        results += log.pointer("/runs/0/results").and_then(Value::as_array).unwrap().len();
        let found = log.pointer("/runs/0/invocations/0/toolExecutionNotifications");
        notifications += found.and_then(Value::as_array).unwrap().len();
        places_are_sound(&log);
    }
    assert!(results > 50 && notifications > 2, "{results} results and {notifications} notifications prove nothing");
}

/// Findings of a live account too: of these, the resources have types and details.
fn with_account() -> Vec<(Report, SourceMap)> {
    let snapshot = Folder::new();
    snapshot.write("account.json", ACCOUNT);
    let mut all = inputs();
    all.push(scanned(vec![snapshot.path().to_owned()]));
    all
}

const ACCOUNT: &str = r#"{"SraGuardSnapshot": 1, "Sections": [
  {"Account": "444455556666", "Region": "eu-central-1", "Partition": "aws", "Service": "dynamodb", "Reads": [], "Resources": [
    {"Type": "AWS::Lambda::Function", "Id": "arn:aws:lambda:eu-central-1:444455556666:function:f", "Name": "f",
     "Ids": {"Arn": "arn:aws:lambda:eu-central-1:444455556666:function:f"},
     "Properties": {"FunctionName": "f", "Timeout": 3, "Role": "arn:aws:iam::444455556666:role/r"}}]},
  {"Account": "444455556666", "Region": "global", "Partition": "aws", "Service": "iam",
   "Reads": [{"Api": "iam:ListUsers", "Outcome": "denied", "Calls": 1, "Permission": "iam:ListUsers", "Hides": ["AWS::IAM::User"]}],
   "Resources": [
    {"Type": "AWS::IAM::Role", "Id": "arn:aws:iam::444455556666:role/r", "Name": "r",
     "Ids": {"Arn": "arn:aws:iam::444455556666:role/r"},
     "Properties": {"RoleName": "r", "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
       "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}]}
]}"#;

fn schema_of(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root("tests/data").join(file)).unwrap()).unwrap()
}

#[test]
fn asff_keeps_to_the_documented_constraints() {
    let schema = schema_of("asff.schema.json");
    let mut seen = std::collections::BTreeSet::new();
    for (report, sources) in with_account() {
        let findings: Value = serde_json::from_str(&written("asff", &report, &sources, true)).unwrap();
        assert_eq!(problems(&schema, &findings), [""; 0]);
        for finding in findings.as_array().unwrap() {
            assert!(finding.to_string().len() <= 240 << 10);
            let id = finding["Id"].as_str().unwrap().to_owned();
            assert!(seen.insert(id.clone()), "{id} is there twice");
        }
    }
    assert!(seen.len() > 50);
}

#[test]
fn asff_of_an_account_names_its_resources() {
    let snapshot = Folder::new();
    snapshot.write("account.json", ACCOUNT);
    let (report, sources) = scanned(vec![snapshot.path().to_owned()]);
    let findings: Value = serde_json::from_str(&written("asff", &report, &sources, false)).unwrap();
    let findings = findings.as_array().unwrap();
    let of = |finding: &&Value| finding["Resources"][0]["Id"] == "arn:aws:iam::444455556666:role/r";
    let finding = findings.iter().find(of).unwrap();
    assert_eq!(finding["AwsAccountId"], "444455556666");
    assert_eq!(finding["ProductArn"], "arn:aws:securityhub:us-east-1:444455556666:product/444455556666/default");
    assert_eq!(finding["Resources"][0]["Type"], "AwsIamRole");
    assert_eq!(finding["Resources"][0]["Details"]["AwsIamRole"]["RoleName"], "r");
    assert!(finding["Description"].as_str().unwrap().contains("[arn:aws:iam::444455556666:role/r]"), "{finding:#}");
    assert!(!finding.to_string().contains("account.json"), "places in files say nothing in a console");
}

#[test]
fn ocsf_conforms_to_its_class() {
    let schema = schema_of("ocsf-compliance-finding.schema.json");
    let mut events = 0;
    for (report, sources) in with_account() {
        let found: Value = serde_json::from_str(&written("ocsf", &report, &sources, true)).unwrap();
        assert_eq!(problems(&schema, &found), [""; 0]);
        for event in found.as_array().unwrap() {
            let number = |key: &str| event[key].as_u64().unwrap();
            assert_eq!(number("type_uid"), number("class_uid") * 100 + number("activity_id"));
            assert_eq!(number("class_uid") / 1000, number("category_uid"));
            for (key, captions) in [
                ("severity", &["Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal"][..]),
                ("status", &["Unknown", "New", "In Progress", "Suppressed", "Resolved", "Archived"]),
            ] {
                let caption = captions[usize::try_from(number(&format!("{key}_id"))).unwrap()];
                assert_eq!(event[key], caption, "{key}");
            }
        }
        events += found.as_array().unwrap().len();
    }
    assert!(events > 50);
}

/// What the standard demands in words only.
fn places_are_sound(value: &Value) {
    match value {
        Value::Object(object) => {
            if let Some(locations) = object.get("locations") {
                assert!(!locations.as_array().unwrap().is_empty(), "empty locations in {value}");
            }
            if let Some(region) = object.get("region") {
                let number = |key: &str| region.get(key).and_then(Value::as_u64).unwrap();
                let (start, end) =
                    ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
                assert!((1, 1) <= start && start.1 >= 1 && end.1 >= 1 && start <= end, "inverted {region}");
            }
            if let Some(uri) = object.get("uri").and_then(Value::as_str) {
                let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/%:".contains(c);
                assert!(!uri.is_empty() && uri.chars().all(allowed), "unescaped {uri}");
            }
            object.values().for_each(places_are_sound);
        }
        Value::Array(items) => items.iter().for_each(places_are_sound),
        _ => {}
    }
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    for (report, sources) in inputs() {
        let text = written("junit", &report, &sources, true);
        let tags = tags(&text);
        let number = |tag: &str, name: &str| -> usize { attribute(tag, name).unwrap().parse().unwrap() };
        let count = |verdict: &[Verdict]| report.findings.iter().filter(|f| verdict.contains(&f.verdict)).count();
        let broken = report.notes.iter().filter(|note| note.level == sra_guard::input::NoteLevel::Error).count();

        let whole = tags.iter().find(|tag| tag.starts_with("testsuites")).unwrap();
        assert_eq!(number(whole, "tests"), report.findings.len() + broken);
        assert_eq!(number(whole, "failures"), count(&[Verdict::Fail]));
        assert_eq!(number(whole, "errors"), count(&[Verdict::Unknown, Verdict::Error]) + broken);
        for name in ["tests", "failures", "errors"] {
            let suites = tags.iter().filter(|tag| tag.starts_with("testsuite "));
            assert_eq!(number(whole, name), suites.map(|suite| number(suite, name)).sum::<usize>(), "{name}");
        }
        let elements = |name: &str| tags.iter().filter(|tag| tag.split([' ', '/']).next() == Some(name)).count();
        assert_eq!(elements("testcase"), number(whole, "tests"));
        assert_eq!(elements("failure"), number(whole, "failures"));
        assert_eq!(elements("error"), number(whole, "errors"));
        assert!(tags.iter().all(|tag| attribute(tag, "name") != Some("")), "a test without a name in\n{text}");
    }
}

/// The tags of an XML text in order, attributes included; fails when they do not nest or a text is not escaped.
fn tags(text: &str) -> Vec<&str> {
    let (mut tags, mut open, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once('<') {
        for entity in before.split('&').skip(1) {
            let name = entity.split(';').next().unwrap();
            assert!(["lt", "gt", "amp", "quot", "apos"].contains(&name) || name.starts_with('#'), "`&{name}`");
        }
        let (tag, tail) = after.split_once('>').unwrap();
        rest = tail;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.starts_with('?') {
            tags.push(tag);
            if !tag.ends_with('/') {
                open.push(tag.split([' ', '\n']).next().unwrap());
            }
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    tags
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// What a template says in the places where secrets stand.
pub(crate) const SECRETS: &str = "Parameters:
  ApiKey: {Type: String, NoEcho: true, Default: s3cret-default}
  Word:
    Type: String
    NoEcho: true
    Default: s3cret-second
Conditions:
  Odd: !Equals [!Ref ApiKey, s3cret-compared]
Resources:
  Pool: {Type: AWS::Cognito::UserPool}
  Provider:
    Type: AWS::Cognito::UserPoolIdentityProvider
    Properties:
      UserPoolId: !Ref Pool
      ProviderName: Corp
      ProviderType: OIDC
      ProviderDetails:
        client_id: app
        client_secret: s3cret-provider
        authorize_scopes: openid
        oidc_issuer: http://idp.example.com
  LoadBalancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: [subnet-1, subnet-2]}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref LoadBalancer
      Port: 80
      Protocol: HTTP
      DefaultActions:
        - Type: authenticate-oidc
          Order: 1
          AuthenticateOidcConfig:
            ClientId: app
            ClientSecret: s3cret-listener
            Issuer: http://idp.example.com
            AuthorizationEndpoint: http://idp.example.com/a
            TokenEndpoint: http://idp.example.com/t
            UserInfoEndpoint: http://idp.example.com/u
        - Type: forward
          Order: 2
          TargetGroupArn: !Ref Targets
  Header:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions:
        - Field: http-header
          HttpHeaderConfig: {HttpHeaderName: x-origin-token, Values: [s3cret-header]}
      Actions: [{Type: forward, TargetGroupArn: !Ref Targets}]
  Targets: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Targets: [{Id: !GetAtt Function.Arn}]}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Function, Action: 'lambda:InvokeFunction', Principal: '*'}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Environment: {Variables: {DB_PASSWORD: s3cret-variable, OTHER: '{{resolve:secretsmanager:s3cret-name}}'}}
      Code: {ZipFile: x}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'sts:AssumeRole'}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']
";

#[test]
fn no_report_contains_a_secret_of_a_template() {
    let folder = Folder::new();
    folder.write("template.yaml", SECRETS);
    let (report, sources) = scanned(vec![folder.path().to_owned()]);
    assert!(report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail).count() > 3);
    let mut wrong = String::new();
    for format in FORMATS {
        let text = written(format.name, &report, &sources, true);
        for line in text.lines().filter(|line| line.contains("s3cret") || line.contains("{{resolve")) {
            let _ = writeln!(wrong, "{}: {line}", format.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

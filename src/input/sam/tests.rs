//! What whole templates become. `snapshots/` holds one file a template.

use std::fmt::Write as _;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::input::Evaluation;
use crate::input::cloudformation::evaluate_text;
use crate::source::SourceMap;
use crate::value::{Kind, Prop, Value};

fn evaluated(body: &str) -> (SourceMap, Evaluation) {
    evaluate_text(&format!("Transform: AWS::Serverless-2016-10-31\n{body}"))
}

fn shown(value: &Value) -> Json {
    match &value.kind {
        Kind::Null => Json::Null,
        Kind::List(items) => items.iter().map(shown).collect(),
        Kind::Map(map) => {
            let members = map.members.iter().map(|member| (member.key.to_string(), shown(&member.value)));
            let open = map.open.iter().map(|reason| ("…".to_owned(), json!(reason.to_string())));
            Json::Object(members.chain(open).collect::<JsonMap<_, _>>())
        }
        Kind::Unknown(reason) => json!(format!("unknown: {reason}")),
        Kind::Scalar(_) | Kind::Ref(_) | Kind::Text(_) => json!(value.template()),
    }
}

/// Every resource with the line that it points at.
fn rendered(body: &str) -> String {
    let (sources, evaluation) = evaluated(body);
    let mut text = String::new();
    for resource in &evaluation.resources {
        let line = sources.position(resource.name_span).line;
        let origin = resource.origin.as_deref().unwrap_or("as written");
        writeln!(text, "{} {} (line {line}, {origin})", resource.kind, resource.name).unwrap();
        text += &serde_json::to_string_pretty(&shown(&resource.properties)).unwrap();
        text += "\n";
    }
    for note in &evaluation.notes {
        let line = note.span.map_or(0, |span| sources.position(span).line);
        writeln!(text, "{:?} at line {line}: {}", note.level, note.message).unwrap();
    }
    text
}

fn snapshot(shown: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(std::thread::current().name().unwrap().rsplit(':').next().unwrap(), shown);
    });
}

fn property<'e>(evaluation: &'e Evaluation, name: &str, path: &str) -> Prop<'e> {
    let resource = evaluation.resources.iter().find(|resource| &*resource.name == name).unwrap();
    resource.prop(path)
}

fn names(evaluation: &Evaluation) -> Vec<&str> {
    evaluation.resources.iter().map(|resource| &*resource.name).collect()
}

/// The requirements of one operation.
fn security(body: &str, api: &str, path: &str, method: &str) -> Json {
    let (_, evaluation) = evaluated(body);
    let body = property(&evaluation, api, "Body").known().unwrap();
    let operation = body.as_map().unwrap().get("paths").unwrap().as_map().unwrap().get(path).unwrap();
    operation.as_map().unwrap().get(method).unwrap().as_map().unwrap().get("security").map_or(Json::Null, shown)
}

const FUNCTION: &str = "
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: i.h
      Runtime: nodejs22.x
";

#[test]
fn a_function_with_globals_policies_and_queue() {
    let shown = rendered(
        "Globals:
  Function:
    Runtime: nodejs22.x
    Tracing: Active
    Environment: {Variables: {A: global, B: global}}
    Layers: [global]
    Architectures: [x86_64]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
  Jobs:
    Type: AWS::SQS::Queue
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      CodeUri: src/
      Environment: {Variables: {B: own}}
      Layers: [own]
      Architectures: [arm64]
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      PermissionsBoundary: arn:aws:iam::123456789012:policy/edge
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Jobs.Arn}
      Policies:
        - AmazonS3ReadOnlyAccess
        - CloudWatchLambdaInsightsExecutionRolePolicy
        - AWSLambdaBasicExecutionRole
        - arn:aws:iam::123456789012:policy/own
        - DynamoDBReadPolicy: {TableName: !Ref Orders}
        - Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]
        - MisspeltPolicy: {}
        - SQSPollerPolicy: {}
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 1}
",
    );
    snapshot(&shown);
}

#[test]
fn an_implicit_api_with_authorizers() {
    let shown = rendered(&format!(
        "Globals:
  Api:
    Auth:
      DefaultAuthorizer: Users
      AddDefaultAuthorizerToCorsPreflight: false
      Authorizers:
        Users: {{UserPoolArn: !GetAtt Pool.Arn, AuthorizationScopes: [read]}}
        Custom: {{FunctionArn: !GetAtt F.Arn, FunctionPayloadType: REQUEST, Identity: {{Headers: [X-Key], ReauthorizeEvery: 0}}}}
      ResourcePolicy:
        IpRangeWhitelist: [192.0.2.0/24]
    Cors: \"'https://example.com'\"
Resources:
  Pool:
    Type: AWS::Cognito::UserPool{FUNCTION}      Events:
        Read: {{Type: Api, Properties: {{Path: '/items/{{id}}', Method: GET}}}}
        Write: {{Type: Api, Properties: {{Path: '/items/{{id}}', Method: put, Auth: {{Authorizer: Custom}}}}}}
        Open: {{Type: Api, Properties: {{Path: /health, Method: any, Auth: {{Authorizer: NONE}}}}}}
        Signed: {{Type: Api, Properties: {{Path: /admin, Method: post, Auth: {{Authorizer: AWS_IAM, ApiKeyRequired: true}}}}}}
        SignUp: {{Type: Cognito, Properties: {{UserPool: !Ref Pool, Trigger: PreSignUp}}}}
"
    ));
    snapshot(&shown);
}

#[test]
fn an_http_api_with_jwt_and_a_public_url() {
    let shown = rendered(&format!(
        "Resources:
  Site:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        EnableIamAuthorizer: true
        Authorizers:
          Jwt:
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [read]
            JwtConfiguration: {{Issuer: 'https://id.example.com', Audience: [web]}}
      CorsConfiguration: {{AllowOrigins: ['https://example.com'], AllowCredentials: true}}{FUNCTION}      AutoPublishAlias: live
      FunctionUrlConfig: {{AuthType: NONE}}
      Events:
        Read: {{Type: HttpApi, Properties: {{ApiId: !Ref Site, Path: /read, Method: get}}}}
        Write: {{Type: HttpApi, Properties: {{ApiId: !Ref Site, Path: /write, Method: post, Auth: {{AuthorizationScopes: [write]}}}}}}
        Signed: {{Type: HttpApi, Properties: {{ApiId: !Ref Site, Path: /signed, Method: post, Auth: {{Authorizer: AWS_IAM}}}}}}
        Open: {{Type: HttpApi, Properties: {{ApiId: !Ref Site, Path: /open, Method: get, Auth: {{Authorizer: NONE}}}}}}
Outputs:
  Alias: {{Value: !Ref F.Alias}}
"
    ));
    snapshot(&shown);
}

#[test]
fn a_state_machine_and_its_connectors() {
    let shown = rendered(&format!(
        "Resources:
  Topic:
    Type: AWS::SNS::Topic
  Table:
    Type: AWS::Serverless::SimpleTable
    Properties: {{SSESpecification: {{SSEEnabled: true}}}}
  Flow:
    Type: AWS::Serverless::StateMachine
    Connectors:
      Publish: {{Properties: {{Destination: {{Id: Topic}}, Permissions: [Write]}}}}
    Properties:
      Definition: {{StartAt: A, States: {{A: {{Type: Pass, End: true}}}}}}
      Tracing: {{Enabled: true}}
      Policies: [LambdaInvokePolicy: {{FunctionName: !Ref F}}]
      Events:
        Daily: {{Type: Schedule, Properties: {{Schedule: rate(1 day), DeadLetterConfig: {{Type: SQS}}}}}}
        Later: {{Type: ScheduleV2, Properties: {{ScheduleExpression: rate(1 hour)}}}}{FUNCTION}
  Store:
    Type: AWS::Serverless::Connector
    Properties:
      Source: {{Id: F}}
      Destination: [{{Id: Table}}, {{Id: Nowhere}}]
      Permissions: [Read]
"
    ));
    snapshot(&shown);
}

#[test]
fn a_default_authorizer_that_is_not_known_leaves_every_route_unknown() {
    let body = format!(
        "Parameters: {{Default: {{Type: String}}}}
Resources:
  A:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {{DefaultAuthorizer: !Ref Default, Authorizers: {{Own: {{UserPoolArn: 'arn:aws:x'}}}}}}{FUNCTION}      Events:
        One: {{Type: Api, Properties: {{RestApiId: !Ref A, Path: /one, Method: get}}}}
        Two: {{Type: Api, Properties: {{RestApiId: !Ref A, Path: /two, Method: get, Auth: {{Authorizer: Own}}}}}}
"
    );
    assert!(security(&body, "A", "/one", "get").as_str().unwrap().starts_with("unknown"));
    assert_eq!(security(&body, "A", "/two", "get"), json!([{"Own": []}]));
}

#[test]
fn authorizers_that_are_not_known_may_be_any() {
    let body = format!(
        "Parameters: {{All: {{Type: String}}}}
Resources:
  A:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth: {{DefaultAuthorizer: Own, Authorizers: !Ref All, EnableIamAuthorizer: !Ref All}}{FUNCTION}      Events:
        One: {{Type: HttpApi, Properties: {{ApiId: !Ref A, Path: /one, Method: get}}}}
"
    );
    assert_eq!(security(&body, "A", "/one", "get"), json!([{"Own": []}]));
    let (_, evaluation) = evaluated(&body);
    assert!(matches!(property(&evaluation, "A", "Body.components.securitySchemes.Own"), Prop::Unknown(..)));
    assert_eq!(evaluation.notes, []);
}

#[test]
fn an_api_key_that_may_be_demanded_leaves_the_route_unknown() {
    let body = format!(
        "Parameters: {{Key: {{Type: String}}}}
Resources:
  A: {{Type: AWS::Serverless::Api, Properties: {{StageName: p, Auth: {{ApiKeyRequired: !Ref Key}}}}}}{FUNCTION}      Events:
        One: {{Type: Api, Properties: {{RestApiId: !Ref A, Path: /one, Method: get}}}}
"
    );
    assert!(security(&body, "A", "/one", "get").as_str().unwrap().starts_with("unknown"));
}

#[test]
fn the_permissions_of_a_url_are_as_unknown_as_its_type() {
    let (_, evaluation) = evaluated(&format!(
        "Parameters: {{Type: {{Type: String}}}}\nResources:{FUNCTION}      FunctionUrlConfig: {{AuthType: !Ref Type}}\n"
    ));
    assert!(matches!(property(&evaluation, "FUrlPublicPermissions", "Principal"), Prop::Unknown(..)));
    let (_, evaluation) = evaluated(&format!("Resources:{FUNCTION}      FunctionUrlConfig: {{AuthType: AWS_IAM}}\n"));
    assert_eq!(names(&evaluation), ["F", "FUrl", "FRole"]);
}

#[test]
fn a_path_that_is_not_known_leaves_the_paths_open() {
    let (_, evaluation) = evaluated(&format!(
        "Parameters: {{Path: {{Type: String}}}}\nResources:{FUNCTION}      Events:\n        One: {{Type: Api, Properties: {{Path: !Ref Path, Method: get}}}}\n"
    ));
    assert!(matches!(property(&evaluation, "ServerlessRestApi", "Body.paths./other"), Prop::Unknown(..)));
}

#[test]
fn a_definition_of_the_user_keeps_its_own_security_and_gets_the_default_elsewhere() {
    let body = "Resources:
  A:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: AWS_IAM, ApiKeyRequired: true}
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /one: {get: {x-amazon-apigateway-integration: {type: mock}}}
          /two: {get: {security: [{mine: []}], x-amazon-apigateway-integration: {type: mock}}}
";
    assert_eq!(security(body, "A", "/one", "get"), json!([{"AWS_IAM": []}, {"api_key": []}]));
    assert_eq!(security(body, "A", "/two", "get"), json!([{"mine": []}, {"AWS_IAM": []}, {"api_key": []}]));
    let (_, evaluation) = evaluated(body);
    assert!(property(&evaluation, "A", "Body.components.securitySchemes.AWS_IAM").known().is_some());
}

#[test]
fn an_authorizer_that_is_not_declared_is_a_warning() {
    let (_, evaluation) = evaluated(&format!(
        "Resources:{FUNCTION}      Events:\n        One: {{Type: Api, Properties: {{Path: /, Method: get, Auth: {{Authorizer: Nobody}}}}}}\n"
    ));
    assert!(evaluation.notes.iter().any(|note| note.message.contains("`Nobody`")));
}

#[test]
fn unknown_policies_make_the_role_unknown() {
    let (_, evaluation) =
        evaluated(&format!("Parameters: {{Arn: {{Type: String}}}}\nResources:{FUNCTION}      Policies: [!Ref Arn]\n"));
    assert!(property(&evaluation, "FRole", "ManagedPolicyArns").known().unwrap().reason().is_some());
}

#[test]
fn a_given_role_is_used_as_it_is() {
    let (_, evaluation) = evaluated(&format!(
        "Resources:{FUNCTION}      Role: arn:aws:iam::123456789012:role/own\n      Policies: [x]\n"
    ));
    assert_eq!(names(&evaluation), ["F"]);
}

#[test]
fn an_unknown_type_is_kept_and_warned_about() {
    let (_, evaluation) = evaluated("Resources:\n  X:\n    Type: AWS::Serverless::Teleporter\n");
    assert_eq!(names(&evaluation), ["X"]);
    assert!(evaluation.notes.iter().any(|note| note.message.contains("Teleporter")));
}

#[test]
fn references_to_generated_names_are_followed() {
    let (_, evaluation) = evaluated(&format!(
        "Resources:{FUNCTION}      AutoPublishAlias: live
  Other:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref F.Alias
      Principal: !GetAtt FRole.Arn
"
    ));
    let shown = |path| property(&evaluation, "Other", path).known().and_then(Value::template);
    assert_eq!(shown("FunctionName").as_deref(), Some("${FAliaslive}"));
    assert_eq!(shown("Principal").as_deref(), Some("${FRole.Arn}"));
}

#[test]
fn malformed_properties_never_panic() {
    for (key, value) in [
        ("Events", "[1]"),
        ("Events", "{A: {Type: Api, Properties: x}}"),
        ("Events", "{A: {Type: Api, Properties: {Path: {}, Method: []}}}"),
        ("Events", "{A: {Type: SNS}, B: {Type: S3}, C: {Type: Cognito}, D: {Type: MQ}, E: {Type: HttpApi}}"),
        ("Policies", "{Statement: x}"),
        ("Policies", "[[a], {}, null]"),
        ("FunctionUrlConfig", "[]"),
        ("EventInvokeConfig", "{DestinationConfig: [x]}"),
        ("AutoPublishAlias", "{a: b}"),
        ("DeploymentPreference", "x"),
        ("CapacityProviderConfig", "x"),
    ] {
        let (_, evaluation) = evaluated(&format!("Resources:{FUNCTION}      {key}: {value}\n"));
        assert!(names(&evaluation).contains(&"F"), "{key}: {value}");
    }
    for kind in [
        "Api",
        "HttpApi",
        "WebSocketApi",
        "StateMachine",
        "GraphQLApi",
        "SimpleTable",
        "LayerVersion",
        "Application",
        "Connector",
        "CapacityProvider",
    ] {
        for properties in
            ["x", "[]", "{Auth: x, Domain: [], Cors: [], Routes: [], Source: x, Destination: [x], Events: 1}"]
        {
            evaluated(&format!("Resources:\n  X:\n    Type: AWS::Serverless::{kind}\n    Properties: {properties}\n"));
        }
    }
}

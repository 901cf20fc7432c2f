use super::*;
use crate::graph::Graph;
use crate::input::cloudformation::evaluate_text;

fn graph(text: &str) -> Graph {
    Graph::new(evaluate_text(text).1.resources)
}

/// `protocol label authorization`, by order of appearance.
fn routes(text: &str) -> Vec<String> {
    let graph = graph(text);
    let kind = |route: &Route| match &route.authorization.kind {
        Typed::Known(kind, _) => kind.clone(),
        _ => "?".to_owned(),
    };
    graph
        .apigateway
        .routes
        .iter()
        .map(|route| format!("{} {} {}", route.protocol.key(), route.label(), kind(route)))
        .collect()
}

fn body(protocol: &str, document: &str) -> String {
    let kind = if protocol == "rest" { "AWS::ApiGateway::RestApi" } else { "AWS::ApiGatewayV2::Api" };
    let document = document.replace('\n', "\n        ");
    format!("Resources:\n  Api:\n    Type: {kind}\n    Properties:\n      Body:\n        {document}\n")
}

#[test]
fn paths_are_joined_down_the_resource_tree() {
    let text = "
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Posts: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: posts}}
  One: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref Posts, PathPart: '{id}'}}
  LoopA: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref LoopB, PathPart: a}}
  LoopB: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref LoopA, PathPart: b}}
  Root: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: any}}
  Deep: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref One, HttpMethod: PUT, AuthorizationType: AWS_IAM}}
  Loop: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref LoopA, HttpMethod: PUT, AuthorizationType: !ImportValue kind}}
";
    assert_eq!(routes(text), ["rest ANY / NONE", "rest PUT /posts/{id} AWS_IAM", "rest PUT ? ?"]);
}

#[test]
fn route_keys_are_methods_paths_and_socket_routes() {
    let text = "
Parameters:
  Path: {Type: String}
Resources:
  Web: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  Chat: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: WEBSOCKET}}
  A: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Web, RouteKey: 'any /a'}}
  B: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Web, RouteKey: $default}}
  C: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Web, RouteKey: !Sub 'POST ${Path}'}}
  D: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Chat, RouteKey: $default}}
  E: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !ImportValue chat, RouteKey: $connect}}
";
    assert_eq!(
        routes(text),
        [
            "http ANY /a NONE",
            "http $default NONE",
            "http POST ? NONE",
            "websocket $default NONE",
            "websocket $connect NONE"
        ]
    );
}

#[test]
fn quick_create_makes_one_open_route() {
    let api = |rest: &str| {
        format!(
            "Resources: {{Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: a, ProtocolType: HTTP, Target: 'https://example.com'{rest}}}}}}}"
        )
    };
    assert_eq!(routes(&api("")), ["http $default NONE"]);
    assert_eq!(routes(&api(", RouteKey: GET /posts")), ["http GET /posts NONE"]);
}

#[test]
fn operations_are_authorized_by_what_api_gateway_imports() {
    let document = |security: &str| {
        body(
            "http",
            &format!(
                "
openapi: 3.0.1
paths:
  /posts:
    post:
      {security}
      x-amazon-apigateway-integration: {{type: http_proxy, uri: 'https://example.com'}}
components:
  securitySchemes:
    jwt: {{type: oauth2, x-amazon-apigateway-authorizer: {{type: jwt}}}}
    lambda: {{type: apiKey, x-amazon-apigateway-authorizer: {{type: request}}}}
    pool: {{type: apiKey, x-amazon-apigateway-authorizer: {{type: cognito_user_pools}}}}
    odd: {{type: apiKey, x-amazon-apigateway-authorizer: {{type: other}}}}
    signed: {{type: apiKey, x-amazon-apigateway-authtype: awsSigv4}}
    key: {{type: apiKey, name: x-api-key, in: header}}
    bearer: {{type: http, scheme: bearer}}
"
            ),
        )
    };
    let cases = [
        ("description: none", "NONE"),
        ("security: []", "NONE"),
        ("security: [{jwt: [posts]}]", "JWT"),
        ("security: [{lambda: []}]", "CUSTOM"),
        ("security: [{pool: []}]", "COGNITO_USER_POOLS"),
        ("security: [{signed: []}]", "AWS_IAM"),
        ("security: [{key: []}]", "NONE"),
        ("security: [{bearer: []}]", "NONE"),
        ("security: [{undefined: []}]", "NONE"),
        ("security: [{}]", "NONE"),
        ("security: [{key: []}, {jwt: []}]", "JWT"),
        ("security: [{key: [], jwt: []}]", "JWT"),
        ("security: [{}, {jwt: []}]", "?"),
        ("security: [{odd: []}]", "?"),
        ("security: nonsense", "?"),
        ("x-amazon-apigateway-auth: {type: AWS_IAM}", "AWS_IAM"),
    ];
    for (security, wanted) in cases {
        assert_eq!(routes(&document(security)), [format!("http POST /posts {wanted}")], "{security}");
    }
}

#[test]
fn document_wide_security_counts_for_http_apis_only() {
    let document = "
openapi: 3.0.1
security: [{signed: []}]
paths:
  /posts:
    x-amazon-apigateway-any-method: {description: any}
components:
  securitySchemes:
    signed: {type: apiKey, x-amazon-apigateway-authtype: awsSigv4}
";
    assert_eq!(routes(&body("http", document)), ["http ANY /posts AWS_IAM"]);
    assert_eq!(routes(&body("rest", document)), ["rest ANY /posts ?"]);
}

#[test]
fn what_cannot_be_read_is_noted() {
    let unread = |text: &str| graph(text).apigateway.apis[0].unread.len();
    assert_eq!(unread(&body("rest", "{paths: {/: {get: {}}}}")), 0);
    assert_eq!(unread(&body("rest", "{paths: {/: {$ref: other.yaml}}}")), 1);
    assert_eq!(unread(&body("rest", "{paths: !ImportValue paths}")), 1);
    assert_eq!(unread("Resources: {Api: {Type: AWS::ApiGateway::RestApi, Properties: {Body: nonsense}}}"), 1);
    assert_eq!(
        unread("Resources: {Api: {Type: AWS::ApiGateway::RestApi, Properties: {BodyS3Location: {Bucket: b}}}}"),
        1
    );
}

#[test]
fn integrations_end_at_functions_actions_and_listeners() {
    let text = "
Resources:
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  Board: {Type: AWS::Lambda::Function, Properties: {FunctionName: board}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Port: 80}}
  I1: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Board.Arn}}
  I2: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationSubtype: StepFunctions-StartExecution, CredentialsArn: 'arn:aws:iam::111122223333:role/r'}}
  I3: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY, ConnectionType: VPC_LINK, ConnectionId: link, IntegrationUri: !Ref Listener}}
  R1: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /1, Target: !Sub 'integrations/${I1}'}}
  R2: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /2, Target: !Join ['/', [integrations, !Ref I2]]}}
  R3: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /3, Target: !Sub 'integrations/${I3}'}}
  R4: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /4, Target: integrations/abc}}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  M1:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Rest
      ResourceId: !GetAtt Rest.RootResourceId
      HttpMethod: GET
      Integration: {Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Board.Arn}/invocations'}
  M2:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Rest
      ResourceId: !GetAtt Rest.RootResourceId
      HttpMethod: PUT
      Integration: {Type: AWS, Uri: !Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/SendTaskSuccess'}
";
    let graph = graph(text);
    let ends: Vec<String> = graph
        .apigateway
        .routes
        .iter()
        .map(|route| match &route.integration.destination {
            Destination::Function(function) => format!("function {}", function.address().unwrap()),
            Destination::Action { action, .. } => action.clone(),
            Destination::Private(target) => format!("private {}", target.address().unwrap()),
            Destination::Unknown(_) => "unknown".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        ends,
        [
            "function template.yaml#Board",
            "states:SendTaskSuccess",
            "function template.yaml#Board",
            "states:StartExecution",
            "private template.yaml#Listener",
            "unknown",
        ]
    );
}

#[test]
fn network_policies_are_told_from_others() {
    let api = |statement: &str| {
        format!(
            "Resources: {{Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Policy: {{Statement: {statement}}}}}}}}}"
        )
    };
    let narrows = |statement: &str| graph(&api(statement)).apigateway.apis[0].network_policy.known().copied();
    assert_eq!(
        narrows("{Effect: Allow, Principal: '*', Condition: {IpAddress: {aws:SourceIp: 198.51.100.0/24}}}"),
        Some(true)
    );
    assert_eq!(
        narrows(
            "[{Effect: Allow, Principal: '*'}, {Effect: Deny, Condition: {StringNotEquals: {aws:SourceVpce: vpce-1}}}]"
        ),
        Some(true)
    );
    assert_eq!(narrows("[{Effect: Allow, Principal: '*'}]"), Some(false));
    let everywhere = "{Effect: Allow, Principal: '*', Condition: {IpAddress: {aws:SourceIp: [0.0.0.0/0]}}}";
    assert_eq!(narrows(everywhere), Some(false));
    let listed =
        "[{Effect: Allow, Principal: '*'}, {Effect: Deny, Condition: {IpAddress: {aws:SourceIp: 198.51.100.7}}}]";
    assert_eq!(narrows(listed), Some(false));
    let unlisted = "{Effect: Allow, Principal: '*', Condition: {NotIpAddress: {aws:SourceIp: 198.51.100.7}}}";
    assert_eq!(narrows(unlisted), Some(false));
    assert_eq!(narrows("!ImportValue statements"), None);
}

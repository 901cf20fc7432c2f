use serde_json::json;

use super::{property, same};

#[test]
fn a_rest_api_with_its_tree() {
    same(
        r#"
resource "aws_api_gateway_rest_api" "api" {
  name = "api"
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}
resource "aws_api_gateway_resource" "posts" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "posts"
}
resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = aws_api_gateway_resource.posts.id
  http_method   = "GET"
  authorization = "COGNITO_USER_POOLS"
  authorizer_id = aws_api_gateway_authorizer.users.id
}
resource "aws_api_gateway_method" "post" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = aws_api_gateway_resource.posts.id
  http_method   = "POST"
  authorization = "NONE"
}
resource "aws_api_gateway_integration" "get" {
  rest_api_id             = aws_api_gateway_rest_api.api.id
  resource_id             = aws_api_gateway_resource.posts.id
  http_method             = aws_api_gateway_method.get.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.fn.invoke_arn
}
resource "aws_api_gateway_integration" "post" {
  rest_api_id = aws_api_gateway_method.post.rest_api_id
  resource_id = aws_api_gateway_resource.posts.id
  http_method = "POST"
  type        = "MOCK"
}
resource "aws_api_gateway_method_response" "ok" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  resource_id = aws_api_gateway_resource.posts.id
  http_method = aws_api_gateway_method.post.http_method
  status_code = "200"
}
resource "aws_api_gateway_authorizer" "users" {
  name          = "users"
  rest_api_id   = aws_api_gateway_rest_api.api.id
  type          = "COGNITO_USER_POOLS"
  provider_arns = [aws_cognito_user_pool.pool.arn]
}
resource "aws_cognito_user_pool" "pool" { name = "pool" }
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
}
resource "aws_api_gateway_deployment" "deployment" {
  rest_api_id = aws_api_gateway_rest_api.api.id
}
resource "aws_api_gateway_stage" "stage" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  deployment_id = aws_api_gateway_deployment.deployment.id
  stage_name    = "prod"
}
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.stage.stage_name
  method_path = "*/*"
  settings {
    logging_level = "INFO"
  }
}
resource "aws_api_gateway_rest_api_policy" "policy" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  policy      = jsonencode({ Statement = [{ Effect = "Deny", Principal = "*", Action = "*", Resource = "*" }] })
}
resource "aws_lambda_permission" "invoke" {
  function_name = aws_lambda_function.fn.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_stage.stage.execution_arn}/GET/posts"
}
"#,
        "
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: api
      EndpointConfiguration: {Types: [REGIONAL]}
      Policy: {Statement: [{Action: '*', Effect: Deny, Principal: '*', Resource: '*'}]}
  Posts:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: posts}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Posts
      HttpMethod: GET
      AuthorizationType: COGNITO_USER_POOLS
      AuthorizerId: !Ref Users
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub
          'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Posts
      HttpMethod: POST
      AuthorizationType: NONE
      Integration: {Type: MOCK}
      MethodResponses: [{StatusCode: '200'}]
  Users:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: users
      IdentitySource: method.request.header.Authorization
      ProviderARNs: [!GetAtt Pool.Arn]
      Type: COGNITO_USER_POOLS
  Pool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: pool}}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Role: 'arn:aws:iam::111122223333:role/x'}
  Deployment: {Type: AWS::ApiGateway::Deployment, Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      StageName: prod
      DeploymentId: !Ref Deployment
      MethodSettings: [{LoggingLevel: INFO, ResourcePath: '/*', HttpMethod: '*'}]
  Invoke:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod/GET/posts'
",
    );
}

#[test]
fn an_http_api_with_routes() {
    same(
        r#"
resource "aws_apigatewayv2_api" "api" {
  name          = "api"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.api.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  jwt_configuration {
    audience = [aws_cognito_user_pool_client.client.id]
    issuer   = "https://${aws_cognito_user_pool.pool.endpoint}"
  }
}
resource "aws_apigatewayv2_integration" "integration" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.fn.arn
  payload_format_version = "2.0"
}
resource "aws_apigatewayv2_route" "route" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "GET /posts"
  target             = "integrations/${aws_apigatewayv2_integration.integration.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.jwt.id
}
resource "aws_apigatewayv2_stage" "stage" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true
  route_settings {
    route_key              = "GET /posts"
    throttling_burst_limit = 5
  }
}
resource "aws_apigatewayv2_domain_name" "domain" {
  domain_name = "api.acme.io"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/x"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}
resource "aws_apigatewayv2_api_mapping" "mapping" {
  api_id      = aws_apigatewayv2_api.api.id
  domain_name = aws_apigatewayv2_domain_name.domain.id
  stage       = aws_apigatewayv2_stage.stage.id
}
resource "aws_cognito_user_pool" "pool" { name = "pool" }
resource "aws_cognito_user_pool_client" "client" {
  name         = "client"
  user_pool_id = aws_cognito_user_pool.pool.id
}
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
}
"#,
        "
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: api, ProtocolType: HTTP}}
  Jwt:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: jwt
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: {Audience: [!Ref Client], Issuer: !Sub 'https://${Pool.ProviderName}'}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Fn.Arn
      PayloadFormatVersion: '2.0'
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: GET /posts
      AuthorizationType: JWT
      AuthorizerId: !Ref Jwt
      Target: !Sub integrations/${Integration}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Api
      StageName: $default
      AutoDeploy: true
      RouteSettings: {GET /posts: {ThrottlingBurstLimit: 5}}
  Domain:
    Type: AWS::ApiGatewayV2::DomainName
    Properties:
      DomainName: api.acme.io
      DomainNameConfigurations:
      - CertificateArn: arn:aws:acm:eu-west-1:111122223333:certificate/x
        EndpointType: REGIONAL
        SecurityPolicy: TLS_1_2
  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: {ApiId: !Ref Api, DomainName: !Ref Domain, Stage: !Ref Stage}
  Pool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: pool}}
  Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool, ClientName: client}}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Role: 'arn:aws:iam::111122223333:role/x'}
",
    );
}

#[test]
fn a_body_may_be_yaml_with_references() {
    let text = r#"
resource "aws_api_gateway_rest_api" "api" {
  body = templatefile("api.yaml", { uri = aws_lambda_function.fn.invoke_arn })
}
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
}
# file: api.yaml
openapi: 3.0.1
paths:
  /posts:
    get:
      x-amazon-apigateway-integration:
        type: aws_proxy
        uri: ${uri}
"#;
    let get = property(text, "aws_api_gateway_rest_api.api", "Body.paths");
    let integration = &get["/posts"]["get"]["x-amazon-apigateway-integration"];
    assert_eq!(integration["type"], "aws_proxy");
    let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
    assert!(uri.ends_with(":lambda:path/2015-03-31/functions/${aws_lambda_function.fn.Arn}/invocations"), "{uri}");
}

#[test]
fn an_integration_of_an_unknown_method_leaves_none_without_one() {
    let integration = |verb: &str| {
        let text = format!(
            r#"
resource "aws_api_gateway_rest_api" "api" {{ name = "api" }}
resource "aws_api_gateway_method" "m" {{
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = aws_api_gateway_rest_api.api.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}}
resource "aws_api_gateway_integration" "i" {{
  rest_api_id = aws_api_gateway_rest_api.api.id
  resource_id = aws_api_gateway_rest_api.api.root_resource_id
  http_method = {verb}
  type        = "MOCK"
}}
"#
        );
        let (_, evaluation) = super::evaluated(&text);
        let method = evaluation.resources.iter().find(|it| &*it.kind == "AWS::ApiGateway::Method").unwrap();
        let map = method.properties.as_map().unwrap();
        map.get("Integration").map_or(json!(null), crate::value::Value::to_json)
    };
    assert_eq!(integration("\"GET\""), json!({"Type": "MOCK"}));
    assert_eq!(integration("\"PUT\""), json!(null));
    assert!(integration("uuid()").get("unknown").is_some());
}

#[test]
fn the_path_of_a_resource_is_made_of_its_segments() {
    let text = r#"
resource "aws_api_gateway_rest_api" "api" { name = "api" }
resource "aws_api_gateway_resource" "posts" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "posts"
}
resource "aws_api_gateway_resource" "post" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_resource.posts.id
  path_part   = "{id}"
}
resource "aws_lambda_permission" "p" {
  source_arn = "${aws_api_gateway_rest_api.api.execution_arn}/*/GET${aws_api_gateway_resource.post.path}"
}
"#;
    let arn = property(text, "aws_lambda_permission.p", "SourceArn");
    let wanted =
        "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${aws_api_gateway_rest_api.api}/*/GET/posts/{id}";
    assert_eq!(arn, json!({"Fn::Sub": wanted}));
}

#[test]
fn what_a_block_does_not_say_is_what_the_provider_computes() {
    let text = r#"
resource "aws_apigatewayv2_domain_name" "d" {
  domain_name = "api.acme.io"
  domain_name_configuration {
    endpoint_type = "REGIONAL"
  }
}
resource "aws_sns_topic" "t" {
  display_name = aws_apigatewayv2_domain_name.d.domain_name_configuration[0].target_domain_name
}
"#;
    let name = property(text, "aws_sns_topic.t", "DisplayName");
    assert_eq!(name, json!({"Fn::GetAtt": "aws_apigatewayv2_domain_name.d.RegionalDomainName"}));
}

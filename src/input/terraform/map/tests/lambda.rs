use serde_json::json;

use super::{property, same};

#[test]
fn a_function_and_who_may_invoke_it() {
    same(
        r#"
data "aws_caller_identity" "me" {}
resource "aws_lambda_function" "fn" {
  function_name                  = "fn"
  role                           = aws_iam_role.fn_role.arn
  handler                        = "index.handler"
  runtime                        = "nodejs22.x"
  filename                       = "fn.zip"
  memory_size                    = 128
  reserved_concurrent_executions = -1
  kms_key_arn                    = ""
  environment {
    variables = { TABLE = aws_dynamodb_table.table.name }
  }
  vpc_config {
    subnet_ids         = ["subnet-1"]
    security_group_ids = []
  }
}
resource "aws_iam_role" "fn_role" { assume_role_policy = "{}" }
resource "aws_dynamodb_table" "table" {
  name     = "items"
  hash_key = "pk"
  attribute {
    name = "pk"
    type = "S"
  }
  global_secondary_index {
    name            = "by-owner"
    hash_key        = "owner"
    projection_type = "ALL"
  }
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.fn.arn
  function_version = "1"
}
resource "aws_lambda_permission" "api" {
  function_name = aws_lambda_function.fn.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http.execution_arn}/*/*/items"
}
resource "aws_lambda_permission" "bucket" {
  function_name  = aws_lambda_function.fn.function_name
  qualifier      = aws_lambda_alias.live.name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = "arn:aws:s3:::b"
  source_account = data.aws_caller_identity.me.account_id
}
resource "aws_apigatewayv2_api" "http" {
  name          = "http"
  protocol_type = "HTTP"
}
resource "aws_lambda_function_url" "url" {
  function_name      = aws_lambda_function.fn.function_name
  authorization_type = "NONE"
  cors {
    allow_origins = ["*"]
  }
}
resource "aws_lambda_event_source_mapping" "queue_events" {
  event_source_arn = aws_sqs_queue.queue.arn
  function_name    = aws_lambda_function.fn.arn
}
resource "aws_sqs_queue" "queue" {
  name   = "queue"
  policy = jsonencode({ Statement = [] })
}
"#,
        "
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: fn
      Role: !GetAtt FnRole.Arn
      Environment: {Variables: {TABLE: items}}
      Handler: index.handler
      MemorySize: 128
      Runtime: nodejs22.x
      VpcConfig: {SecurityGroupIds: [], SubnetIds: [subnet-1]}
  FnRole: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: items
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      GlobalSecondaryIndexes:
      - IndexName: by-owner
        Projection: {ProjectionType: ALL}
        KeySchema: [{AttributeName: owner, KeyType: HASH}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !GetAtt Fn.Arn, FunctionVersion: '1', Name: live}
  Api:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Fn
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Http}/*/*/items'
  Bucket:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      Principal: s3.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
      SourceArn: arn:aws:s3:::b
      FunctionName: !Ref Live
  Http: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: http, ProtocolType: HTTP}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Fn, AuthType: NONE, Cors: {AllowOrigins: ['*']}}
  UrlPermission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Fn, Action: lambda:InvokeFunctionUrl, Principal: '*', FunctionUrlAuthType: NONE}
  QueueEvents:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !GetAtt Fn.Arn, EventSourceArn: !GetAtt Queue.Arn}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: queue}}
  QueuePolicy: {Type: AWS::SQS::QueuePolicy, Properties: {PolicyDocument: {Statement: []}, Queues: [!Ref Queue]}}
",
    );
}

#[test]
fn a_qualifier_is_part_of_the_function_s_name() {
    let named = |function: &str, qualifier: &str| {
        let text = format!(
            r#"
resource "aws_lambda_function" "fn" {{
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
}}
resource "aws_lambda_permission" "p" {{
  function_name = {function}
  qualifier     = {qualifier}
}}
"#
        );
        property(&text, "aws_lambda_permission.p", "FunctionName")
    };
    let function = "aws_lambda_function.fn.function_name";
    assert_eq!(named(function, "\"live\""), json!({"Fn::Sub": "${aws_lambda_function.fn}:live"}));
    assert_eq!(named("\"other\"", "\"live\""), json!("other:live"));
    assert_eq!(named(function, "null"), json!({"Ref": "aws_lambda_function.fn"}));
}

#[test]
fn a_published_version_is_a_resource() {
    same(
        r#"
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
  publish       = true
}
resource "aws_lambda_permission" "by_number" {
  function_name = aws_lambda_function.fn.function_name
  qualifier     = aws_lambda_function.fn.version
}
resource "aws_lambda_permission" "by_arn" {
  function_name = aws_lambda_function.fn.qualified_arn
}
resource "aws_apigatewayv2_integration" "integration" {
  integration_uri = aws_lambda_function.fn.qualified_invoke_arn
}
"#,
        "
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Role: 'arn:aws:iam::111122223333:role/x'}
  FnVersion: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
  ByNumber: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref FnVersion}}
  ByArn: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref FnVersion}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      IntegrationUri: !Sub
        'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FnVersion}/invocations'
",
    );
}

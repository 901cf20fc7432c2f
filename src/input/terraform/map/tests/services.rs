use serde_json::json;

use super::{property, same};

#[test]
fn a_state_machine_and_an_activity() {
    same(
        r#"
resource "aws_sfn_state_machine" "machine" {
  name     = "machine"
  role_arn = aws_iam_role.role.arn
  definition = jsonencode({
    StartAt = "Wait"
    States = {
      Wait = { Type = "Task", Resource = aws_sfn_activity.activity.id, End = true }
    }
  })
}
resource "aws_sfn_activity" "activity" { name = "activity" }
resource "aws_iam_role" "role" { assume_role_policy = "{}" }
"#,
        "
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: machine
      DefinitionString:
        StartAt: Wait
        States:
          Wait:
            End: true
            Resource: !Sub 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:activity:${Activity.Name}'
            Type: Task
      RoleArn: !GetAtt Role.Arn
  Activity: {Type: AWS::StepFunctions::Activity, Properties: {Name: activity}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
",
    );
}

#[test]
fn a_bucket_with_its_companions() {
    same(
        r#"
resource "aws_s3_bucket" "b" { bucket = "b" }
resource "aws_s3_bucket_public_access_block" "block" {
  bucket              = aws_s3_bucket.b.id
  block_public_acls   = true
  block_public_policy = true
}
resource "aws_s3_bucket_versioning" "versions" {
  bucket = "b"
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_s3_bucket_acl" "acl" {
  bucket = aws_s3_bucket.b.bucket
  acl    = "public-read"
}
resource "aws_s3_bucket_policy" "policy" {
  bucket = aws_s3_bucket.b.id
  policy = jsonencode({ Statement = [] })
}
"#,
        "
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: b
      AccessControl: PublicRead
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: 'false'
        RestrictPublicBuckets: 'false'
      VersioningConfiguration: {Status: Enabled}
  Policy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B, PolicyDocument: {Statement: []}}}
",
    );
}

#[test]
fn targets_belong_to_their_rule_and_keys_are_renamed_in_batch_documents() {
    same(
        r#"
resource "aws_cloudwatch_event_rule" "nightly" {
  schedule_expression = "rate(1 day)"
  is_enabled          = false
}
resource "aws_cloudwatch_event_target" "run" {
  rule      = aws_cloudwatch_event_rule.nightly.name
  target_id = "run"
  arn       = aws_batch_job_definition.job.arn
}
resource "aws_batch_job_definition" "job" {
  name = "job"
  type = "container"
  container_properties = jsonencode({
    image            = "i"
    jobRoleArn       = aws_iam_role.role.arn
    logConfiguration = { logDriver = "awslogs", options = { awslogs-group = "g" } }
  })
}
resource "aws_iam_role" "role" { assume_role_policy = "{}" }
"#,
        "
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      State: DISABLED
      Targets: [{Arn: !Ref Job, Id: run}]
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      JobDefinitionName: job
      ContainerProperties:
        Image: i
        JobRoleArn: !GetAtt Role.Arn
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: g}}
      Type: container
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
",
    );
}

#[test]
fn secret_texts_are_not_read() {
    let text = r#"
resource "aws_ssm_parameter" "secret" {
  name  = "/secret"
  type  = "SecureString"
  value = "hunter2"
}
resource "aws_ssm_parameter" "plain" {
  name  = "/plain"
  type  = "String"
  value = aws_vpc.v.id
}
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
"#;
    assert_eq!(property(text, "aws_ssm_parameter.secret", "Value"), json!(null));
    assert_eq!(property(text, "aws_ssm_parameter.plain", "Value"), json!({"Ref": "aws_vpc.v"}));
}

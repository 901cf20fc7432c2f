use serde_json::{Value as Json, json};

use super::{evaluated, property, same};

#[test]
fn a_role_with_all_that_is_attached_to_it() {
    same(
        r#"
resource "aws_iam_role" "app" {
  name                 = "app"
  permissions_boundary = aws_iam_policy.boundary.arn
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  tags                 = { team = "a" }
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
  inline_policy {
    name   = "inline"
    policy = <<-JSON
      {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "${aws_s3_bucket.data.arn}/*"}}
    JSON
  }
  inline_policy {}
}
resource "aws_s3_bucket" "data" {}
resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = data.aws_iam_policy_document.boundary.json
}
data "aws_iam_policy_document" "boundary" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
resource "aws_iam_policy" "own" {
  policy = data.aws_iam_policy_document.boundary.json
}
resource "aws_iam_role_policy" "separate" {
  name   = "separate"
  role   = aws_iam_role.app.id
  policy = data.aws_iam_policy_document.boundary.json
}
resource "aws_iam_role_policy_attachment" "basic" {
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
resource "aws_iam_role_policy_attachment" "own" {
  role       = "app"
  policy_arn = aws_iam_policy.own.arn
}
resource "aws_iam_instance_profile" "app" {
  role = aws_iam_role.app.name
}
"#
        .replace("\"app\" {\n  role = ", "\"profile\" {\n  role = ")
        .as_str(),
        "
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument:
        Statement: [{Action: sts:AssumeRole, Effect: Allow, Principal: {Service: lambda.amazonaws.com}}]
        Version: '2012-10-17'
      ManagedPolicyArns:
      - arn:aws:iam::aws:policy/ReadOnlyAccess
      - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
      PermissionsBoundary: !Ref Boundary
      Policies:
      - PolicyName: inline
        PolicyDocument:
          Version: '2012-10-17'
          Statement: {Effect: Allow, Action: s3:Get*, Resource: !Sub '${Data.Arn}/*'}
      Tags: [{Key: team, Value: a}]
  Data: {Type: AWS::S3::Bucket, Properties: {}}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: boundary
      PolicyDocument:
        Statement: [{Action: s3:*, Effect: Allow, Resource: '*'}]
        Version: '2012-10-17'
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{Action: s3:*, Effect: Allow, Resource: '*'}]
        Version: '2012-10-17'
      Roles: [app]
  Separate:
    Type: AWS::IAM::RolePolicy
    Properties:
      PolicyName: separate
      PolicyDocument:
        Statement: [{Action: s3:*, Effect: Allow, Resource: '*'}]
        Version: '2012-10-17'
      RoleName: !Ref App
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref App]}}
",
    );
}

/// What is attached to a role `a` by an attachment to `role`.
fn attached(role: &str, policy: &str) -> Json {
    let text = format!(
        r#"
variable "given" {{}}
data "aws_iam_role" "found" {{ name = "x" }}
resource "aws_iam_role" "a" {{
  name               = "a"
  assume_role_policy = "{{}}"
}}
resource "aws_iam_role" "b" {{
  name               = "${{var.given}}-b"
  assume_role_policy = "{{}}"
}}
resource "aws_iam_user" "u" {{ name = "u" }}
resource "aws_cloudwatch_event_rule" "computed" {{}}
resource "aws_iam_role_policy_attachment" "it" {{
  role       = {role}
  policy_arn = {policy}
}}
"#
    );
    let of = |role: &str| property(&text, &format!("aws_iam_role.{role}"), "ManagedPolicyArns");
    json!([of("a"), of("b")])
}

#[test]
fn attachments_join_by_reference_and_name_and_never_vanish() {
    let aws = r#""arn:aws:iam::aws:policy/ReadOnlyAccess""#;
    let arns = json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    for here in ["aws_iam_role.a.name", "aws_iam_role.a.id", r#""a""#] {
        assert_eq!(attached(here, aws), json!([arns, null]), "{here}");
    }
    assert_eq!(attached(r#""${var.given}-b""#, aws), json!([null, arns]));
    assert_eq!(attached(r#""elsewhere""#, aws), json!([null, null]));
    assert_eq!(attached("var.given", aws), json!([null, null]));
    assert_eq!(attached("data.aws_iam_role.found.name", aws), json!([null, null]));
    let maybe = attached("uuid()", aws);
    assert!(maybe[0][0].get("unknown").is_some() && maybe[1][0].get("unknown").is_some(), "{maybe}");
    let open = attached("aws_iam_role.a.name", "var.given");
    assert_eq!(open[0][0]["unknown"], "variable `given` has no value; give it with `--var given=…`");
}

#[test]
fn a_policy_names_whom_it_is_attached_to() {
    let text = r#"
resource "aws_iam_policy" "p" { policy = "{}" }
resource "aws_iam_role" "r" { assume_role_policy = "{}" }
resource "aws_iam_user" "u" { name = "u" }
resource "aws_iam_group" "g" { name = "g" }
resource "aws_iam_policy_attachment" "all" {
  name       = "all"
  roles      = [aws_iam_role.r.name]
  users      = [aws_iam_user.u.name, "other"]
  policy_arn = aws_iam_policy.p.arn
}
resource "aws_iam_group_policy_attachment" "g" {
  group      = aws_iam_group.g.name
  policy_arn = aws_iam_policy.p.arn
}
resource "aws_iam_role_policy_attachments_exclusive" "r" {
  role_name   = aws_iam_role.r.name
  policy_arns = [aws_iam_policy.p.arn, "arn:aws:iam::aws:policy/ReadOnlyAccess"]
}
resource "aws_iam_user_group_membership" "m" {
  user   = aws_iam_user.u.name
  groups = [aws_iam_group.g.name]
}
"#;
    let policy = |path: &str| property(text, "aws_iam_policy.p", path);
    assert_eq!(policy("Roles"), json!([{"Ref": "aws_iam_role.r"}]));
    assert_eq!(policy("Users"), json!([{"Ref": "aws_iam_user.u"}, "other"]));
    assert_eq!(policy("Groups"), json!([{"Ref": "aws_iam_group.g"}]));
    let role = property(text, "aws_iam_role.r", "ManagedPolicyArns");
    assert_eq!(role, json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"]));
    assert_eq!(property(text, "aws_iam_user.u", "Groups"), json!([{"Ref": "aws_iam_group.g"}]));
}

#[test]
fn a_document_in_a_file_points_into_the_file() {
    let (sources, evaluation) = evaluated(
        r#"
resource "aws_iam_policy" "p" { policy = file("${path.module}/policy.json") }
# file: policy.json
{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
}
"#,
    );
    let statement = evaluation.resources[0].prop("PolicyDocument.Statement").known().unwrap();
    let action = statement.items().unwrap()[0].prop("Action").span();
    assert_eq!((sources.file(action.file).name.as_str(), sources.slice(action).as_str()), ("policy.json", "\"s3:*\""));
}

#[test]
fn a_link_by_name_leads_to_what_has_the_name_and_not_to_what_the_name_was_taken_from() {
    let text = r#"
resource "random_pet" "p" {}
resource "aws_ecs_cluster" "c" { name = "app" }
resource "aws_iam_role" "taken" { name = aws_ecs_cluster.c.name }
resource "aws_iam_role" "random" { name = random_pet.p.id }
resource "aws_iam_role" "computed" { name_prefix = "app" }
resource "aws_iam_role_policy" "taken" { role = aws_iam_role.taken.name }
resource "aws_iam_role_policy" "random" { role = aws_iam_role.random.name }
resource "aws_iam_role_policy" "directly" { role = random_pet.p.id }
resource "aws_iam_instance_profile" "taken" {
  name = aws_iam_role.taken.name
  role = aws_iam_role.taken.name
}
resource "aws_iam_instance_profile" "computed" {
  name = aws_iam_role.computed.name
  role = aws_iam_role.computed.name
}
resource "aws_instance" "taken" { iam_instance_profile = aws_iam_instance_profile.taken.name }
resource "aws_instance" "computed" { iam_instance_profile = aws_iam_instance_profile.computed.name }
"#;
    let reference = |address: &str, path: &str, to: &str| assert_eq!(property(text, address, path), json!({"Ref": to}));
    reference("aws_iam_role_policy.taken", "RoleName", "aws_iam_role.taken");
    reference("aws_iam_role_policy.random", "RoleName", "aws_iam_role.random");
    reference("aws_instance.taken", "IamInstanceProfile", "aws_iam_instance_profile.taken");
    reference("aws_instance.computed", "IamInstanceProfile", "aws_iam_instance_profile.computed");
    let roles = |profile: &str| property(text, &format!("aws_iam_instance_profile.{profile}"), "Roles");
    assert_eq!(roles("taken"), json!([{"Ref": "aws_iam_role.taken"}]));
    assert_eq!(roles("computed"), json!([{"Ref": "aws_iam_role.computed"}]));
    assert_eq!(property(text, "aws_iam_role_policy.directly", "RoleName"), json!({"Fn::GetAtt": "random_pet.p.id"}));
}

use serde_json::json;

use super::property;

/// The value of a property that is `value`.
fn given(value: &str) -> serde_json::Value {
    let text = format!(
        r#"
provider "aws" {{
  alias  = "other"
  region = "us-east-1"
}}
data "aws_partition" "p" {{}}
data "aws_region" "r" {{}}
data "aws_caller_identity" "i" {{}}
data "aws_caller_identity" "other" {{ provider = aws.other }}
variable "secret" {{
  default   = "hunter2"
  sensitive = true
}}
resource "aws_sns_topic" "t" {{ display_name = {value} }}
"#
    );
    let (_, evaluation) = super::evaluated(&text);
    let properties = evaluation.resources[0].properties.as_map().unwrap();
    properties.get("DisplayName").unwrap().to_json()
}

#[test]
fn the_account_and_region_are_pseudo_parameters() {
    assert_eq!(given("data.aws_caller_identity.i.account_id"), json!({"Ref": "AWS::AccountId"}));
    assert_eq!(given("data.aws_region.r.name"), json!({"Ref": "AWS::Region"}));
    let arn = given(r#""arn:${data.aws_partition.p.partition}:s3:::x.${data.aws_partition.p.dns_suffix}""#);
    assert_eq!(arn, json!("arn:aws:s3:::x.amazonaws.com"));
    assert!(given("data.aws_caller_identity.other.account_id").get("unknown").is_some());
}

#[test]
fn json_is_text_where_no_document_is_expected() {
    let text = given(r#"jsonencode({ id = "$context.requestId", topic = aws_sns_topic.t.arn })"#);
    assert_eq!(text, json!({"Fn::Sub": r#"{"id":"$context.requestId","topic":"${aws_sns_topic.t}"}"#}));
}

#[test]
fn sensitive_values_are_not_read() {
    assert_eq!(given("var.secret"), json!({"unknown": "a sensitive value is not read"}));
}

#[test]
fn default_tags_yield_to_a_resource_s_own() {
    let text = r#"
provider "aws" {
  default_tags {
    tags = { team = "default", stage = "prod" }
  }
}
resource "aws_sns_topic" "t" { tags = { team = "own" } }
resource "aws_sns_topic" "u" {}
"#;
    let tags = |address| property(text, address, "Tags");
    let stage = json!({"Key": "stage", "Value": "prod"});
    assert_eq!(tags("aws_sns_topic.t"), json!([stage, {"Key": "team", "Value": "own"}]));
    assert_eq!(tags("aws_sns_topic.u"), json!([stage, {"Key": "team", "Value": "default"}]));
}

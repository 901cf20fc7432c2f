//! What findings show as proof: a pass as well as a failure points at the lines that decide it.

use std::collections::BTreeMap;

use sra_guard::finding::{Finding, Verdict};
use sra_guard::scan::{self, Request};
use sra_guard::source::SourceMap;

use crate::support::{Folder, findings_of_files, good_terraform, rules};

/// The labels of the evidence of the only finding of a rule about a subject.
fn proof<'f>(findings: &'f [Finding], rule: &str, subject: &str, verdict: Verdict) -> Vec<&'f str> {
    let mut of_rule = findings.iter().filter(|finding| finding.rule.id == rule && finding.subject.name == subject);
    let finding = of_rule.next().unwrap();
    assert!(of_rule.next().is_none());
    assert_eq!(finding.verdict, verdict, "{}", finding.message);
    finding.evidence.iter().map(|step| step.label.as_str()).collect()
}

fn judged(main: &str) -> Vec<Finding> {
    findings_of_files(&BTreeMap::from([("main.tf".to_owned(), main.to_owned())]))
}

#[test]
fn a_workload_in_a_private_subnet_shows_the_route_table_that_keeps_it_there() {
    let findings = judged(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "app" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_route_table" "private" { vpc_id = aws_vpc.main.id }
resource "aws_route_table_association" "app" {
  subnet_id      = aws_subnet.app.id
  route_table_id = aws_route_table.private.id
}
resource "aws_instance" "app" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.small"
  subnet_id     = aws_subnet.app.id
}
"#,
    );
    let proof = proof(&findings, "SRA-NET-001", "aws_instance.app", Verdict::Pass);
    assert_eq!(
        proof,
        [
            "`aws_instance.app` stands in subnet `aws_subnet.app`",
            "subnet `aws_subnet.app` is associated with route table `aws_route_table.private`",
            "route table `aws_route_table.private` has no route to an internet gateway",
        ]
    );
}

#[test]
fn passes_of_the_good_architecture_show_more_than_where_the_subject_stands() {
    for finding in findings_of_files(&good_terraform()) {
        let bare = format!("`{}` is declared here", finding.subject.name);
        let only = finding.evidence.iter().all(|step| step.label == bare);
        assert!(finding.verdict != Verdict::Pass || !only, "{} {}", finding.rule.id, finding.subject.id);
    }
}

#[test]
fn one_more_path_through_the_same_load_balancer_is_no_further_front() {
    let findings = judged(
        r#"
variable "other" { type = string }
resource "aws_lb" "front" { name = "front" }
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type = "authenticate-oidc"
    authenticate_oidc {
      authorization_endpoint = "https://idp.acme-workloads.com/auth"
      client_id              = "app"
      client_secret          = "secret"
      issuer                 = "https://idp.acme-workloads.com"
      token_endpoint         = "https://idp.acme-workloads.com/token"
      user_info_endpoint     = "https://idp.acme-workloads.com/user"
    }
  }
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_lb_listener_rule" "other" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10
  condition {
    path_pattern { values = ["/other"] }
  }
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.other.arn
  }
}
resource "aws_lb_target_group" "app" { name = "app" }
resource "aws_lb_target_group" "other" { name = "other" }
resource "aws_lb_target_group_attachment" "app" {
  target_group_arn = aws_lb_target_group.app.arn
  target_id        = aws_instance.app.id
}
resource "aws_lb_target_group_attachment" "other" {
  target_group_arn = aws_lb_target_group.other.arn
  target_id        = var.other
}
resource "aws_instance" "app" { ami = "ami-0123456789abcdef0" }
"#,
    );
    let proof = proof(&findings, "SRA-EDGE-006", "aws_instance.app", Verdict::NotApplicable);
    assert_eq!(proof, ["`aws_lb.front` leads to it: default action of listener `aws_lb_listener.https`"]);
}

#[test]
fn what_a_planned_resource_does_not_set_is_missing_in_its_source() {
    const SOURCE: &str = r#"
resource "aws_instance" "app" {
  ami = "ami-0123456789abcdef0"
}
"#;
    const PLAN: &str = r#"{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [
  {"address": "aws_instance.app", "mode": "managed", "type": "aws_instance", "name": "app",
   "provider_name": "registry.terraform.io/hashicorp/aws", "values": {"ami": "ami-0123456789abcdef0"}}]}},
 "resource_changes": [{"address": "aws_instance.app", "mode": "managed", "type": "aws_instance", "name": "app",
   "change": {"actions": ["create"], "before": null, "after": {"ami": "ami-0123456789abcdef0"}, "after_unknown": {"id": true}}}],
 "configuration": {"root_module": {"resources": [{"address": "aws_instance.app", "mode": "managed", "type": "aws_instance",
   "name": "app", "expressions": {"ami": {"constant_value": "ami-0123456789abcdef0"}}}]}}}"#;
    let folder = Folder::new();
    folder.write("main.tf", SOURCE);
    folder.write("plan.json", PLAN);
    let sources = SourceMap::default();
    let request = Request { paths: vec![folder.path().to_owned()], rules: rules().clone(), ..Request::default() };
    let report = scan::scan(&request, &sources, &|_| {});
    let failed = report.findings.iter().find(|finding| finding.rule.id == "SRA-NET-001").unwrap();
    assert_eq!(failed.verdict, Verdict::Fail);
    let files: Vec<bool> =
        (failed.evidence.iter()).map(|step| sources.file(step.span.unwrap().file).name.ends_with("main.tf")).collect();
    assert_eq!(files, [true, true]);
}

#[test]
fn an_open_port_that_a_load_balancer_serves_shows_its_listener() {
    let findings = judged(
        r#"
resource "aws_security_group" "door" { name = "door" }
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.door.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}
resource "aws_lb" "front" {
  name            = "front"
  security_groups = [aws_security_group.door.id]
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type = "fixed-response"
    fixed_response { content_type = "text/plain" }
  }
}
"#,
    );
    let of = |rule: &str| findings.iter().find(|finding| finding.rule.id == rule).unwrap();
    let listener = of("SRA-ALB-002").subject.span;
    for rule in ["SRA-NET-004", "SRA-NET-005"] {
        let finding = of(rule);
        assert_eq!(finding.verdict, Verdict::Pass);
        let served = "load balancer `aws_lb.front` listens there";
        let step = finding.evidence.iter().find(|step| step.label == served).unwrap();
        assert!(step.span.unwrap().start > listener.start, "{rule}");
        assert!(finding.evidence.iter().all(|step| step.label != "the rule opens port 80"), "{rule}");
    }
}

#[test]
fn a_role_without_managed_policies_says_so() {
    let findings = judged(
        r#"
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
"#,
    );
    let proof = proof(&findings, "SRA-IAM-001", "aws_iam_role.app", Verdict::Pass);
    assert_eq!(proof, ["no managed policy of AWS is attached to role `aws_iam_role.app`"]);
}

#[test]
fn attributes_are_named_as_terraform_names_them() {
    let findings = judged(
        r#"
resource "aws_cloudwatch_event_rule" "nightly" { schedule_expression = "rate(1 day)" }
resource "aws_sns_topic" "orders" { name = "orders" }
resource "aws_lambda_permission" "nightly" {
  function_name = "report"
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.nightly.arn
}
"#,
    );
    let proof = proof(&findings, "SRA-LAM-002", "aws_lambda_permission.nightly", Verdict::Pass);
    assert!(proof.contains(&"`source_arn` is `aws_cloudwatch_event_rule.nightly.arn`"), "{proof:?}");
}

#[test]
fn a_property_of_another_resource_is_named_as_its_argument() {
    let findings = findings_of_files(&good_terraform());
    let subject = "module.function[\"partners\"].aws_lambda_function.this";
    let proof = proof(&findings, "SRA-EDGE-006", subject, Verdict::Pass);
    assert!(proof.contains(&"`authorization` is `AWS_IAM`"), "{proof:?}");
}

#[test]
fn a_policy_of_aws_that_a_document_includes_says_what_it_grants() {
    let findings = judged(
        r#"
data "aws_partition" "current" {}
data "aws_iam_policy" "admin" {
  arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AdministratorAccess"
}
data "aws_iam_policy_document" "all" {
  source_policy_documents = [data.aws_iam_policy.admin.policy]
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::acme-reports/*"]
  }
}
resource "aws_iam_policy" "all" { policy = data.aws_iam_policy_document.all.json }
"#,
    );
    let of_rule = findings.iter().filter(|finding| finding.rule.id == "SRA-IAM-002");
    let verdicts: Vec<(Verdict, &str)> =
        of_rule.map(|finding| (finding.verdict, finding.evidence[0].label.as_str())).collect();
    assert_eq!(verdicts, [(Verdict::Fail, "`*` is every action of every service"), (Verdict::Pass, "`s3:getobject`")]);
}

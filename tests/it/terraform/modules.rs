//! What modules contribute, and what is said about those that are not there.

use super::{folder, json, report, resource, run};

/// A function that anybody may call, in a module.
const OPEN: &str = r#"
variable "name" {}
resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = "arn:aws:iam::111122223333:role/app"
}
resource "aws_lambda_function_url" "this" {
  function_name      = aws_lambda_function.this.function_name
  authorization_type = "NONE"
}
resource "aws_lambda_permission" "this" {
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this.function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}
"#;

#[test]
fn a_module_called_twice_is_judged_twice_and_each_finding_tells_its_call() {
    let main = "module \"first\" {\n  source = \"./open\"\n  name   = \"a\"\n}\n\n\
                module \"second\" {\n  source = \"./open\"\n  name   = \"b\"\n}\n";
    let folder = folder(&[("main.tf", main), ("open/main.tf", OPEN)]);
    let json = json(&folder, &[".", "--rule", "SRA-LAM-001"]);
    let found: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let (at, call) = (&finding["location"], &finding["subject"]["called_at"][0]);
            let name = finding["subject"]["name"].as_str().unwrap();
            format!("{name} {}:{} {}:{}", at["file"], at["line"], call["file"], call["line"])
        })
        .collect();
    assert_eq!(
        found,
        [
            "module.first.aws_lambda_function_url.this \"open/main.tf\":7 \"main.tf\":1",
            "module.second.aws_lambda_function_url.this \"open/main.tf\":7 \"main.tf\":6",
        ]
    );
    let report = report(&folder, &["scan", "--rule", "SRA-LAM-001"]);
    assert!(report.contains("::: main.tf:6:8") && report.contains("the module is called here"), "{report}");
}

#[test]
fn an_absent_module_is_named_and_nothing_that_needs_it_passes() {
    let main = r#"
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.1.0"
}
resource "aws_instance" "app" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = module.vpc.private_subnets[0]
}
"#;
    let folder = folder(&[("main.tf", main)]);
    let report = report(&folder, &["scan", "--rule", "SRA-NET-001"]);
    assert!(
        report.contains("not known: module `vpc` (terraform-aws-modules/vpc/aws 5.1.0) is not on disk; run"),
        "{report}"
    );
    assert!(report.contains("not on disk: 1 module whose resources are therefore unknown:"), "{report}");
    assert!(report.contains("`module.vpc`: terraform-aws-modules/vpc/aws 5.1.0"), "{report}");
    assert_eq!(run(&folder, &["scan"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["scan", "--strict"]).status.code(), Some(1));
    assert_eq!(
        json(&folder, &["."])["summary"]["terraform_absent"]["terraform-aws-modules/vpc/aws 5.1.0"][0],
        ".#module.vpc"
    );
}

#[test]
fn what_terraform_has_fetched_is_read() {
    let main =
        "module \"net\" {\n  source  = \"acme/net/aws\"\n  version = \"1.0.0\"\n  cidr    = \"10.7.0.0/16\"\n}\n";
    let manifest = r#"{"Modules": [
        {"Key": "", "Source": "", "Dir": "."},
        {"Key": "net", "Source": "registry.terraform.io/acme/net/aws", "Version": "1.0.0", "Dir": ".terraform/modules/net"}
    ]}"#;
    let folder = folder(&[
        ("live/main.tf", main),
        ("live/.terraform/modules/modules.json", manifest),
        (
            "live/.terraform/modules/net/main.tf",
            "variable \"cidr\" {}\nresource \"aws_vpc\" \"v\" {\n  cidr_block = var.cidr\n}\n",
        ),
    ]);
    let vpc = resource(&folder, "module.net.aws_vpc.v", &["live"]);
    assert_eq!(vpc["CidrBlock"], "10.7.0.0/16");
}

#[test]
fn an_override_file_has_the_last_word() {
    let folder = folder(&[
        ("main.tf", "resource \"aws_vpc\" \"v\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n"),
        ("z_override.tf", "resource \"aws_vpc\" \"v\" {\n  cidr_block = \"10.9.0.0/16\"\n}\n"),
    ]);
    assert_eq!(resource(&folder, "aws_vpc.v", &[])["CidrBlock"], "10.9.0.0/16");
}

#[test]
fn files_are_read_below_the_scanned_folders_only() {
    let folder = folder(&[
        (
            "live/main.tf",
            "resource \"aws_iam_policy\" \"p\" {\n  policy = file(\"${path.module}/../policy.json\")\n}\n",
        ),
        ("policy.json", "{\"Version\": \"2012-10-17\", \"Statement\": []}"),
    ]);
    let policy = |arguments: &[&str]| resource(&folder, "aws_iam_policy.p", arguments)["PolicyDocument"].clone();
    assert_eq!(policy(&["."])["Version"], "2012-10-17");
    let refused = policy(&["live"]).to_string();
    assert!(refused.contains("policy.json` lies outside of the scanned folders"), "{refused}");
}

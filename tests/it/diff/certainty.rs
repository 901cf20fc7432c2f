//! What is said to be added, removed or drifted is certain: no pair is guessed, and what was not read or not evaluated is
//! neither there nor gone.

use serde_json::{Value, json};

use super::{
    ACCOUNT, FUNCTION, TEMPLATE, changed, diff, document, function, listed, resources, snapshot_of, url, written,
};
use crate::support::Folder;

fn section(region: &str, service: &str, reads: &Value, resources: &[Value]) -> Value {
    json!({ "Account": ACCOUNT, "Region": region, "Partition": "aws", "Service": service, "Reads": reads,
        "Resources": resources })
}

fn snapshot(sections: &[Value]) -> String {
    json!({ "SraGuardSnapshot": 1, "Sections": sections }).to_string()
}

fn lists(kinds: &[&str]) -> Value {
    json!([{ "Api": "ec2:Describe", "Outcome": "ok", "Calls": 1, "Permission": "ec2:Describe", "Finds": kinds }])
}

const NETWORK: &str = "\
Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16, Tags: [{ Key: Name, Value: shop }] }
  One:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Net, CidrBlock: 10.0.1.0/24, MapPublicIpOnLaunch: false }
  Two:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Net, CidrBlock: 10.0.2.0/24, MapPublicIpOnLaunch: false }
";

/// The network of an account, with subnets of these ranges.
fn network(name: &str, ranges: &[&str]) -> String {
    let arn = |path: &str| format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:{path}");
    let mut resources =
        vec![json!({ "Type": "AWS::EC2::VPC", "Id": arn("vpc/vpc-1"), "Name": name, "Ids": { "Ref": "vpc-1" },
        "Properties": { "CidrBlock": "10.0.0.0/16", "Tags": [{ "Key": "Name", "Value": name }] } })];
    for (index, range) in ranges.iter().enumerate() {
        let id = format!("subnet-{index}");
        resources.push(json!({ "Type": "AWS::EC2::Subnet", "Id": arn(&format!("subnet/{id}")), "Ids": { "Ref": id },
            "Properties": { "VpcId": "vpc-1", "CidrBlock": range, "MapPublicIpOnLaunch": true } }));
    }
    snapshot(&[section("eu-west-1", "ec2", &lists(&["AWS::EC2::VPC", "AWS::EC2::Subnet"]), &resources)])
}

#[test]
fn a_network_of_the_same_range_is_the_same_only_with_the_same_subnets() {
    let folder = Folder::new();
    let nameless = NETWORK.replace(", Tags: [{ Key: Name, Value: shop }]", "");
    let template = written(&folder, "template.yaml", &nameless);
    let same = written(&folder, "same.json", &network("shop", &["10.0.1.0/24", "10.0.2.0/24"]));
    let (_, found) = document(&template, &same);
    assert_eq!(found["paired"], 3, "{found:#}");
    assert_eq!(found["resources"].as_array().unwrap().len(), 2, "both subnets give addresses out: {found:#}");
    let other = written(&folder, "other.json", &network("shop", &["10.0.128.0/20"]));
    let (_, found) = document(&template, &other);
    assert_eq!(found["paired"], 0, "{found:#}");
    assert!(resources(&found).iter().all(|(change, _, _)| change == "unpaired"), "{found:#}");
}

#[test]
fn a_network_of_another_name_is_another() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", NETWORK);
    let same = written(&folder, "same.json", &network("shop", &["10.0.1.0/24", "10.0.2.0/24"]));
    assert_eq!(document(&template, &same).1["paired"], 3);
    let other = written(&folder, "other.json", &network("office", &["10.0.1.0/24", "10.0.2.0/24"]));
    assert_eq!(document(&template, &other).1["paired"], 0);
}

/// A function that a stack has made.
fn marked(name: &str, stack: &str, logical: &str) -> Value {
    let mut function = function(name);
    function["Properties"]["Tags"] = json!([
        { "Key": "aws:cloudformation:stack-name", "Value": stack },
        { "Key": "aws:cloudformation:logical-id", "Value": logical },
    ]);
    function
}

#[test]
fn a_logical_id_is_a_name_in_its_stack_only() {
    let folder = Folder::new();
    let two = |timeout: u32| {
        format!(
            "Resources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties: {{ Timeout: {timeout} }}\n  B:\n    \
             Type: AWS::Lambda::Function\n    Properties: {{ Timeout: 3 }}\n"
        )
    };
    let template = written(&folder, "template.yaml", &two(9));
    // Both stacks have an `A`, but only one is made of this template.
    let functions =
        [marked("x", "shop", "A"), marked("y", "shop", "B"), marked("z", "office", "A"), marked("w", "office", "C")];
    let account = written(&folder, "account.json", &snapshot_of(&listed(), &functions));
    let (_, found) = document(&template, &account);
    let of = |change: &str| -> Vec<String> {
        resources(&found).into_iter().filter(|(told, _, _)| told == change).map(|(_, _, name)| name).collect()
    };
    assert_eq!(of("changed"), ["x"], "{found:#}");
    assert_eq!(
        found["resources"].as_array().unwrap().iter().find(|one| one["change"] == "changed").unwrap()["paired_by"],
        "logical_id"
    );
    assert_eq!(of("added"), ["w", "z"]);
    // Of a stack with which it has little in common, a template is not.
    let others: Vec<Value> = ["C", "D", "E", "F", "G"].iter().map(|id| marked(&id.to_lowercase(), "big", id)).collect();
    let others: Vec<Value> = others.into_iter().chain([marked("x", "big", "A")]).collect();
    let account = written(&folder, "big.json", &snapshot_of(&listed(), &others));
    let (_, found) = document(&template, &account);
    assert_eq!(found["paired"], 0, "{found:#}");
    // Nor is it of a stack that is no more likely than another.
    let twins = [marked("x", "one", "A"), marked("y", "one", "B"), marked("z", "two", "A"), marked("w", "two", "B")];
    let account = written(&folder, "twins.json", &snapshot_of(&listed(), &twins));
    assert_eq!(document(&template, &account).1["paired"], 0);
}

#[test]
fn what_is_marked_as_another_resource_is_not_paired_by_its_name() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", &TEMPLATE.replace("      FunctionName: orders\n", ""));
    let name = "shop-Orders-1A2B3C4D5E6F";
    let account = written(&folder, "a.json", &snapshot_of(&listed(), &[marked(name, "shop", "Orders"), function("b")]));
    assert_eq!(document(&template, &account).1["paired"], 1);
    let account = written(&folder, "b.json", &snapshot_of(&listed(), &[marked(name, "shop", "Others"), function("b")]));
    assert_eq!(document(&template, &account).1["paired"], 0);
}

#[test]
fn nothing_is_removed_that_a_region_which_was_not_read_may_have() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", TEMPLATE);
    let kinds = ["AWS::Lambda::Function", "AWS::Lambda::Url"];
    let read = |region: &str| section(region, "lambda", &lists(&kinds), &[]);
    let network = |region: &str| section(region, "ec2", &lists(&["AWS::EC2::VPC"]), &[]);
    let roles = section("global", "iam", &lists(&["AWS::IAM::Role"]), &[]);
    let removed = |sections: &[Value]| {
        let account = written(&folder, "account.json", &snapshot(sections));
        resources(&document(&template, &account).1).iter().filter(|(change, _, _)| change == "removed").count()
    };
    assert_eq!(removed(&[roles.clone(), network("eu-west-1"), read("eu-west-1")]), 2);
    assert_eq!(removed(&[roles.clone(), network("eu-west-1"), read("eu-west-1"), network("us-east-1")]), 0);
    let both = [roles.clone(), network("eu-west-1"), read("eu-west-1"), network("us-east-1"), read("us-east-1")];
    assert_eq!(removed(&both), 2);
    // Roles are in no region, so that their list is all of them.
    let role = "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: { RoleName: r }\n";
    let role = written(&folder, "role.yaml", role);
    let account = written(&folder, "account.json", &snapshot(&both));
    let (_, found) = document(&role, &account);
    assert_eq!(resources(&found), [("removed".to_owned(), "AWS::IAM::Role".to_owned(), "R".to_owned())]);
}

/// What a template does not say in full, by what is added to it.
const OPEN: &[(&str, &str)] = &[
    (
        "a loop over what is not known",
        "  Fn::ForEach::More: [N, !Ref Names, { 'F${N}': { Type: AWS::SNS::Topic } }]\nTransform: AWS::LanguageExtensions\n\
         Parameters: { Names: { Type: CommaDelimitedList } }\n",
    ),
    ("a macro", "Transform: [Macro]\n"),
    ("a transform within", "  Fn::Transform: { Name: Macro }\n"),
    (
        "a nested template that is elsewhere",
        "  Nested:\n    Type: AWS::CloudFormation::Stack\n    Properties: { TemplateURL: https://s3.amazonaws.com/b/t.yaml }\n",
    ),
    (
        "a nested template that is not there",
        "  Nested:\n    Type: AWS::CloudFormation::Stack\n    Properties: { TemplateURL: gone.yaml }\n",
    ),
    ("a module", "  M:\n    Type: Company::Functions::More::MODULE\n"),
];

#[test]
fn nothing_is_added_to_a_template_that_may_declare_it() {
    let folder = Folder::new();
    let account = [function("orders"), url("AWS_IAM"), function("other"), other_url()];
    let account = written(&folder, "account.json", &snapshot_of(&listed(), &account));
    let told = |template: &str| {
        let template = written(&folder, "template.yaml", template);
        let (_, found) = document(&template, &account);
        let added = resources(&found).iter().filter(|(change, _, _)| change == "added").count();
        (added, changed(&found).iter().filter(|(change, _, _)| change == "new").count())
    };
    assert_eq!(told(TEMPLATE), (2, 2), "without all that, the others are new");
    for (what, more) in OPEN {
        assert_eq!(told(&format!("{TEMPLATE}{more}")), (0, 0), "{what}");
    }
}

fn other_url() -> Value {
    let mut other = url("NONE");
    let function = FUNCTION.replace("orders", "other");
    other["Id"] = json!(format!("{function}/url"));
    other["Properties"]["TargetFunctionArn"] = json!(function);
    other
}

#[test]
fn a_function_that_is_there_only_sometimes_may_be_any() {
    let folder = Folder::new();
    let account = written(&folder, "account.json", &snapshot_of(&listed(), &[function("orders"), function("other")]));
    let conditional = format!(
        "{TEMPLATE}  More:\n    Type: AWS::Lambda::Function\n    Condition: Sometimes\n    Properties: {{ Timeout: 3 }}\n\
         Parameters: {{ Stage: {{ Type: String }} }}\nConditions: {{ Sometimes: !Equals [!Ref Stage, prod] }}\n"
    );
    let template = written(&folder, "template.yaml", &conditional);
    let (_, found) = document(&template, &account);
    let told: Vec<_> = resources(&found).into_iter().map(|(change, _, name)| (change, name)).collect();
    assert!(told.contains(&("unpaired".to_owned(), "other".to_owned())), "{told:?}");
    assert!(told.contains(&("unpaired".to_owned(), "More".to_owned())), "{told:?}");
}

#[test]
fn modules_and_loops_of_terraform_may_make_anything() {
    let own = "resource \"aws_lambda_function\" \"orders\" {\n  function_name = \"orders\"\n  \
               role = \"arn:aws:iam::111122223333:role/r\"\n  timeout = 3\n}\n";
    let repeated = "variable \"names\" { type = set(string) }\nresource \"aws_lambda_function\" \"more\" {\n  \
                    for_each = var.names\n  function_name = each.key\n  role = \"arn:aws:iam::111122223333:role/r\"\n}\n";
    let module = "module \"more\" {\n  source = \"example/more/aws\"\n}\n";
    for (more, added) in [("", 1), (repeated, 0), (module, 0)] {
        let folder = Folder::new();
        folder.write("module/main.tf", &format!("{own}{more}"));
        let account = snapshot_of(&listed(), &[function("orders"), function("other")]);
        let account = written(&folder, "account.json", &account);
        let (_, found) = document(folder.path().join("module").to_str().unwrap(), &account);
        let told = resources(&found);
        assert_eq!(told.iter().filter(|(change, _, _)| change == "added").count(), added, "{more}: {told:?}");
        assert!(told.iter().all(|(_, _, name)| name != "orders"), "{told:?}");
    }
}

#[test]
fn another_logical_id_is_another_resource() {
    let folder = Folder::new();
    let a = written(&folder, "a.yaml", &TEMPLATE.replace("      FunctionName: orders\n", ""));
    let b =
        written(&folder, "b.yaml", &TEMPLATE.replace("      FunctionName: orders\n", "").replace("Orders", "Invoices"));
    let (_, found) = document(&a, &b);
    let told: Vec<_> = resources(&found).into_iter().map(|(change, _, name)| (change, name)).collect();
    assert!(told.contains(&("added".to_owned(), "Invoices".to_owned())), "{told:?}");
    assert!(told.contains(&("removed".to_owned(), "Orders".to_owned())), "{told:?}");
    let (code, text) = diff(&[&a, &b]);
    assert!(code.is_ok() && text.contains("+ AWS::Lambda::Function `Invoices`"), "{text}");
}

//! Modules, overrides and calls, from files in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::library::Library;
use super::tree::Tree;
use super::{files_of, module::Module};
use crate::input::files::MemoryFiles;
use crate::source::{SourceMap, Span};

struct Read {
    sources: SourceMap,
    tree: Tree,
}

impl Read {
    fn of(text: &str) -> Self {
        Self::files(files_of(text), ".")
    }

    fn files(files: BTreeMap<String, String>, root: &str) -> Self {
        let sources = SourceMap::default();
        let library = Library::new(Arc::new(MemoryFiles(files)), &sources);
        let tree = Tree::load(root, &library).unwrap();
        Self { sources, tree }
    }

    fn root(&self) -> &Module {
        self.tree.module(self.tree.root).unwrap()
    }

    /// `file:line: message (related file:line)`.
    fn notes(&self) -> Vec<String> {
        let place = |span: Span| format!("{}:{}", self.sources.file(span.file).name, self.sources.position(span).line);
        let mut notes: Vec<String> = self
            .tree
            .notes
            .iter()
            .map(|note| {
                let at = note.span.map(|span| format!("{}: ", place(span))).unwrap_or_default();
                let related = note.related.as_ref().map(|(span, _)| format!(" ({})", place(*span)));
                format!("{at}{}{}", note.message, related.unwrap_or_default())
            })
            .collect();
        notes.sort();
        notes
    }

    /// `directory.call → directory or why not`, in order.
    fn calls(&self) -> Vec<String> {
        let directory = |index: usize| self.tree.module(index).unwrap().directory.to_string();
        let calls = self.tree.calls.iter().map(|((from, name), to)| {
            let to = to.as_ref().map_or_else(ToString::to_string, |to| directory(*to));
            format!("{} {name} → {to}", directory(*from))
        });
        calls.collect()
    }

    fn argument(&self, resource: usize, name: &str) -> String {
        let block = &self.root().resources[resource].block;
        self.sources.slice(block.body.attribute(name).unwrap().value.span)
    }
}

#[test]
fn a_module_is_all_files_of_its_directory() {
    let read = Read::of(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
data "aws_region" "now" {}
locals { a = 1 }
# file: more.tf
variable "name" {
  type      = "string"
  sensitive = true
}
locals { b = local.a }
output "id" { value = aws_vpc.main.id }
provider "aws" { region = "eu-west-1" }
provider "aws" {
  alias = "west"
}
terraform {}
moved {
  from = a.b
  to   = a.c
}
# file: readme.txt
nothing
"#,
    );
    let root = read.root();
    assert_eq!(read.notes(), Vec::<String>::new());
    assert_eq!(root.files.iter().map(|name| &**name).collect::<Vec<_>>(), ["main.tf", "more.tf"]);
    assert_eq!(read.sources.slice(root.resources[0].name_span), r#""aws_vpc" "main""#);
    assert_eq!((&*root.data[0].kind, root.locals.len(), root.outputs.len()), ("aws_region", 2, 1));
    assert_eq!(root.providers.keys().map(|name| &**name).collect::<Vec<_>>(), ["aws", "aws.west"]);
    let variable = &root.variables["name"];
    assert!(variable.sensitive && variable.nullable);
    assert_eq!(format!("{:?}", variable.kind.as_ref().unwrap().kind), r#"Variable("string")"#);
}

#[test]
fn what_is_declared_twice_is_an_error_at_both_places() {
    let read = Read::of(
        r#"resource "aws_vpc" "main" {}
variable "a" {}
locals { x = 1 }
# file: other.tf
variable "a" {}
resource "aws_vpc" "main" {}
locals { x = 2 }
provider "aws" {}
provider "aws" {}
nonsense "x" {}
resource "aws_vpc" {}
output "empty" {}
"#,
    );
    assert_eq!(
        read.notes(),
        [
            "other.tf:1: variable `a` is declared twice (main.tf:2)",
            "other.tf:2: resource `aws_vpc.main` is declared twice (main.tf:1)",
            "other.tf:3: local value `x` is declared twice (main.tf:3)",
            "other.tf:5: provider `aws` is declared twice (other.tf:4)",
            "other.tf:6: block `nonsense` is not understood and not read",
            "other.tf:7: `resource` needs two labels, type and name, before its `{`",
            "other.tf:8: output `empty` has no `value`",
        ]
    );
}

#[test]
fn override_files_change_what_others_declare() {
    let read = Read::of(
        r#"
resource "aws_lb" "web" {
  internal = true
  name     = "a"
  subnet_mapping { subnet_id = "a" }
  subnet_mapping { subnet_id = "b" }
  dynamic "access_logs" {
    for_each = []
    content {}
  }
  lifecycle {
    prevent_destroy = true
  }
}
locals { a = 1 }
# file: b_override.tf
resource "aws_lb" "web" {
  internal = "b"
}
locals { a = 2 }
# file: a_override.tf
resource "aws_lb" "web" {
  internal = "a"
  subnet_mapping { subnet_id = "c" }
  access_logs { bucket = "x" }
  lifecycle {
    create_before_destroy = true
  }
}
resource "aws_lb" "none" {}
provider "aws" { region = "eu-west-1" }
"#,
    );
    let block = &read.root().resources[0].block;
    let count = |kind: &'static str| block.body.blocks_of(kind).count();
    assert_eq!((read.argument(0, "internal"), read.argument(0, "name")), ("\"b\"".to_owned(), "\"a\"".to_owned()));
    assert_eq!((count("subnet_mapping"), count("dynamic"), count("access_logs"), count("lifecycle")), (1, 0, 1, 1));
    assert_eq!(block.body.blocks_of("lifecycle").next().unwrap().body.attributes.len(), 2);
    assert_eq!(read.sources.slice(read.root().locals["a"].value.span), "2");
    assert!(read.root().providers.contains_key("aws"));
    assert_eq!(read.notes(), ["a_override.tf:9: resource `aws_lb.none` overrides nothing: no other file declares it"]);
}

#[test]
fn a_tofu_file_replaces_the_terraform_file_of_its_name() {
    let read = Read::of(
        "variable \"tf\" {}\n# file: main.tofu\nvariable \"tofu\" {}\n# file: more.tf\nvariable \"more\" {}\n# file: .hidden.tf\nvariable \"hidden\" {}\n",
    );
    assert_eq!(read.root().variables.keys().map(|name| &**name).collect::<Vec<_>>(), ["more", "tofu"]);
}

#[test]
fn calls_lead_to_directories() {
    let files = files_of(
        r#"
module "near" { source = "./modules/vpc" }
module "again" { source = "./modules/../modules/vpc/" }
module "gone" { source = "./modules/gone" }
module "fetched" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.1.0"
}
module "other" { source = "terraform-aws-modules/alb/aws" }
module "git" { source = "git::https://user:token@example.com/a.git" }
module "odd" { source = var.where }
# file: modules/vpc/main.tf
module "inner" { source = "../inner" }
module "deep" { source = "a/b/aws" }
# file: modules/inner/main.tf
variable "x" {}
# file: .terraform/modules/fetched/main.tf
variable "y" {}
# file: .terraform/modules/deep/sub/main.tf
variable "z" {}
# file: .terraform/modules/modules.json
{"Modules": [
  {"Key": "", "Source": "", "Dir": "."},
  {"Key": "fetched", "Source": "registry.terraform.io/terraform-aws-modules/vpc/aws", "Version": "5.1.0", "Dir": ".terraform/modules/fetched"},
  {"Key": "other", "Source": "registry.terraform.io/terraform-aws-modules/ecs/aws", "Dir": ".terraform/modules/fetched"},
  {"Key": "again.deep", "Source": "registry.terraform.io/a/b/aws", "Dir": ".terraform/modules/deep/sub"}
]}
"#,
    );
    let read = Read::files(files, ".");
    assert_eq!(
        read.calls(),
        [
            ". again → modules/vpc",
            ". fetched → .terraform/modules/fetched",
            ". git → module `git` (git::https://****@example.com/a.git) is not on disk; run `terraform init` and scan again",
            ". gone → module `gone` is not read: folder `modules/gone` does not exist",
            ". near → modules/vpc",
            ". odd → the `source` of module `odd` is no literal text, so it is not read",
            ". other → module `other` (terraform-aws-modules/alb/aws) is not on disk; run `terraform init` and scan again",
            "modules/vpc deep → .terraform/modules/deep/sub",
            "modules/vpc inner → modules/inner",
        ]
    );
    assert_eq!(
        read.notes(),
        [
            "main.tf:11: the `source` of module `odd` is no literal text, so it is not read",
            "main.tf:4: module `gone` is not read: folder `modules/gone` does not exist",
        ]
    );
}

#[test]
fn calls_in_a_circle_and_too_deep_ones_are_errors() {
    let read = Read::of(
        r#"module "a" { source = "./a" }
# file: a/main.tf
module "b" { source = "../b" }
# file: b/main.tf
module "a" { source = "../a" }
module "self" { source = "./" }
"#,
    );
    assert_eq!(
        read.notes(),
        [
            "b/main.tf:1: module `a` leads back to `a`, which calls it",
            "b/main.tf:2: module `self` leads back to `b`, which calls it",
        ]
    );
    let chain: String = (0..100).map(|n| format!("# file: m{n}/main.tf\nmodule \"next\" {{ source = \"../m{}\" }}\nmodule \"far\" {{ source = \"../m{}\" }}\n", n + 1, n + 2)).collect();
    let read = Read::files(files_of(&format!("{chain}# file: m100/main.tf\n# file: m101/main.tf\nlocals {{}}")), "m0");
    assert!(read.notes().iter().any(|note| note.contains("deeper than 64 calls")), "{:?}", read.notes());
}

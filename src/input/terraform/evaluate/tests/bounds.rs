//! Whatever is written, an evaluation ends, soon, and with a note that says where.

use std::rc::Rc;

use super::super::run::{MAX_DEPTH_HERE, Run};
use super::{Assumptions, evaluate};
use crate::source::SourceMap;

#[test]
fn long_chains_of_references_end_with_a_note() {
    let chain: String = (0..20_000).map(|at| format!("  n{at} = local.n{}\n", at + 1)).collect();
    let outcome = evaluate(&format!("locals {{\n{chain}  n20000 = 1\n}}\noutput \"x\" {{ value = local.n0 }}\n"));
    let notes = outcome.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].ends_with("the chain of references that leads here is too long to be followed"), "{notes:?}");
}

#[test]
fn values_that_nest_or_double_end_as_unknown() {
    let nested: String = (0..2_000).map(|at| format!("  n{at} = [local.n{}]\n", at + 1)).collect();
    let doubled: String = (0..60).map(|at| format!("  d{at} = \"${{local.d{0}}}${{local.d{0}}}\"\n", at + 1)).collect();
    let shared: String = (0..60).map(|at| format!("  s{at} = [local.s{0}, local.s{0}]\n", at + 1)).collect();
    let outcome = evaluate(&format!(
        "locals {{\n{nested}  n2000 = 1\n{doubled}  d60 = \"xy\"\n{shared}  s60 = 1\n}}\n\
         output \"n\" {{ value = local.n0 }}\noutput \"d\" {{ value = local.d0 }}\noutput \"s\" {{ value = local.s0 }}\n"
    ));
    for name in ["n", "d", "s"] {
        let shown = outcome.output(name);
        assert!(shown.contains('?') && shown.len() < 10_000_000, "{name} has {} characters", shown.len());
    }
}

#[test]
fn loops_within_loops_end_with_a_note() {
    let outcome = evaluate(
        r#"
locals { r = range(1000) }
output "x" { value = [for a in local.r : [for b in local.r : [for c in local.r : a + b + c]]] }
resource "aws_vpc" "after" { cidr_block = "10.0.0.0/16" }
"#,
    );
    assert!(
        outcome.notes().iter().any(|note| note.ends_with("expands to more than is evaluated")),
        "{:?}",
        outcome.notes()
    );
    assert_eq!(outcome.addresses(), ["aws_vpc.after"]);
}

#[test]
fn what_depends_on_itself_is_an_error_that_names_the_chain() {
    let outcome = evaluate(
        r#"
resource "aws_instance" "a" { peers = [aws_instance.b.id] }
resource "aws_instance" "b" { peers = [aws_instance.a.id] }
resource "aws_vpc" "x" { cidr_block = aws_vpc.y.cidr_block }
resource "aws_vpc" "y" { cidr_block = aws_vpc.x.cidr_block }
resource "aws_vpc" "n" { count = length(aws_vpc.n) }
module "m" {
  source = "./m"
  x      = module.m.y
}
output "m" { value = module.m.y }
# file: m/main.tf
variable "x" {}
output "y" { value = var.x }
"#,
    );
    assert_eq!(
        outcome.notes(),
        [
            "main.tf:5 `aws_vpc.x.cidr_block` depends on itself: `aws_vpc.x.cidr_block` → `aws_vpc.y.cidr_block` → `aws_vpc.x.cidr_block`",
            "main.tf:6 `aws_vpc.n` depends on itself: `aws_vpc.n` → `aws_vpc.n`",
            "main.tf:9 `module.m.output.y` depends on itself: `module.m.output.y` → `module.m.var.x` → `module.m.output.y`",
        ]
    );
    // What Terraform only refuses because it plans whole resources is no cycle here.
    assert_eq!(outcome.shown("aws_instance.a", "peers"), "[@aws_instance.b.id]");
}

#[test]
fn too_many_instances_are_a_note() {
    let outcome = evaluate("resource \"aws_vpc\" \"x\" { count = 1000000000 }\nresource \"aws_vpc\" \"y\" {}\n");
    assert_eq!(outcome.notes(), ["main.tf:1 more than 10000 instances are not evaluated"]);
    assert_eq!(outcome.addresses(), ["aws_vpc.x[*]", "aws_vpc.y"]);
}

#[test]
fn an_evaluation_leaves_nothing_behind() {
    let text = "
        resource \"aws_vpc\" \"main\" {}
        module \"app\" {
          source = \"./app\"
          vpc    = aws_vpc.main.id
        }
        output \"subnet\" { value = module.app.subnet }
# file: app/main.tf
        variable \"vpc\" {}
        resource \"aws_subnet\" \"app\" { vpc_id = var.vpc }
        output \"subnet\" { value = aws_subnet.app.id }
";
    let sources = SourceMap::default();
    let configuration = super::configuration(text, &[], &sources);
    let assumptions = Assumptions::default();
    let run = Run::new(&configuration, &assumptions, MAX_DEPTH_HERE);
    assert_eq!(run.everything().instances.len(), 2);
    let modules: Vec<_> = run.modules.borrow().iter().map(Rc::downgrade).collect();
    assert_eq!(modules.len(), 2);
    run.finish();
    assert!(modules.iter().all(|module| module.upgrade().is_none()));
}

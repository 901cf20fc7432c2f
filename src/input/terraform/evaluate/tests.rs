use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Assumptions, Configuration, Evaluated, Inputs};
use crate::input::files::{Files, MemoryFiles};
use crate::input::terraform::files_of;
use crate::input::terraform::library::Library;
use crate::input::terraform::tree::Tree;
use crate::input::terraform::value::{Kind, Part, Value};
use crate::source::SourceMap;

mod bounds;
mod laws;

struct Outcome {
    evaluated: Evaluated,
    sources: SourceMap,
}

fn configuration(text: &str, given: &[(&str, Value)], sources: &SourceMap) -> Configuration {
    let files: Arc<dyn Files> = Arc::new(MemoryFiles(files_of(text)));
    let library = Library::new(Arc::clone(&files), sources);
    let tree = Tree::load(".", &library).unwrap();
    assert_eq!(tree.notes, []);
    let variables: BTreeMap<Arc<str>, Value> =
        given.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
    Configuration::new(tree, Inputs { variables, ..Inputs::default() }, files, sources.clone())
}

fn evaluate(text: &str) -> Outcome {
    let sources = SourceMap::default();
    let evaluated = configuration(text, &[], &sources).evaluate(&Assumptions::default());
    Outcome { evaluated, sources }
}

impl Outcome {
    fn addresses(&self) -> Vec<&str> {
        self.evaluated.instances.iter().map(|instance| &*instance.address).collect()
    }

    fn notes(&self) -> Vec<String> {
        let place = |note: &crate::input::Note| {
            note.span.map(|span| format!("{}:{}", self.sources.file(span.file).name, self.sources.position(span).line))
        };
        let mut notes: Vec<&crate::input::Note> = self.evaluated.notes.iter().collect();
        notes.sort_by_key(|note| note.span);
        notes.iter().map(|note| format!("{} {}", place(note).unwrap_or_default(), note.message)).collect()
    }

    /// An argument of an instance, shown.
    fn shown(&self, address: &str, path: &str) -> String {
        let instance = self.evaluated.instances.iter().find(|instance| &*instance.address == address);
        let Some(instance) = instance else { return format!("no {address}") };
        let mut at = &instance.arguments;
        for key in path.split('.') {
            let next = match key.parse::<usize>() {
                Ok(index) => at.elements().and_then(|items| items.get(index)),
                Err(_) => at.get(key),
            };
            match next {
                Some(next) => at = next,
                None => return "absent".to_owned(),
            }
        }
        show(at)
    }

    fn output(&self, name: &str) -> String {
        self.evaluated.outputs.get(name).map_or("absent".to_owned(), show)
    }
}

fn show(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(known) => known.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{:?}", text.text),
        Kind::Partial(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text, _) => text.text.to_string(),
                Part::Value(value) => format!("<{}>", show(value)),
            })
            .collect(),
        Kind::Json(inner) => format!("json({})", show(inner)),
        Kind::List(items) => format!("[{}]", all(items)),
        Kind::Set(items) => format!("set[{}]", all(items)),
        Kind::Object(object) => {
            let mut members: Vec<String> =
                object.members().iter().map(|member| format!("{} = {}", member.key, show(&member.value))).collect();
            members.extend(object.open.iter().map(|_| "…".to_owned()));
            format!("{{{}}}", members.join(", "))
        }
        Kind::Attribute(attribute) => format!("@{}.{}", attribute.instance, attribute.path),
        Kind::Rest(unknown) => format!("{}...", unknown.symbol.as_deref().unwrap_or("?")),
        Kind::Unknown(unknown) => format!("?{}", unknown.symbol.as_deref().unwrap_or_default()),
    }
}

#[test]
fn references_lead_to_resources_and_to_what_they_configure() {
    let outcome = evaluate(
        r#"
variable "cidr" { default = "10.0.0.0/16" }
locals { name = "main-${var.cidr}" }
resource "aws_vpc" "main" {
  cidr_block = var.cidr
  tags = { Name = local.name }
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = aws_vpc.main.cidr_block
  arn_like   = "${aws_vpc.main.arn}/x"
  nothing    = null
}
output "subnet" { value = aws_subnet.a }
"#,
    );
    assert_eq!(outcome.notes(), [""; 0]);
    assert_eq!(outcome.addresses(), ["aws_vpc.main", "aws_subnet.a"]);
    assert_eq!(outcome.shown("aws_vpc.main", "tags.Name"), "\"main-10.0.0.0/16\"");
    assert_eq!(outcome.shown("aws_subnet.a", "vpc_id"), "@aws_vpc.main.id");
    assert_eq!(outcome.shown("aws_subnet.a", "cidr_block"), "\"10.0.0.0/16\"");
    assert_eq!(outcome.shown("aws_subnet.a", "arn_like"), "<@aws_vpc.main.arn>/x");
    assert_eq!(outcome.shown("aws_subnet.a", "nothing"), "absent");
    let subnet = &outcome.evaluated.instances[1];
    assert!(subnet.exported && !outcome.evaluated.instances[0].exported);
    let origin = subnet.arguments.get("cidr_block").unwrap().origin.clone().unwrap();
    assert_eq!((&*origin.instance, &*origin.path), ("aws_vpc.main", "cidr_block"));
}

#[test]
fn count_and_for_each_make_instances_that_references_see() {
    let outcome = evaluate(
        r#"
variable "zones" { default = ["a", "b"] }
resource "aws_subnet" "x" {
  count = 2
  availability_zone = var.zones[count.index]
}
resource "aws_route_table_association" "x" {
  for_each  = { for index, subnet in aws_subnet.x : index => subnet.id }
  subnet_id = each.value
  key       = each.key
}
resource "aws_lb" "x" {
  subnets = aws_subnet.x[*].id
  legacy  = aws_subnet.x.*.id
  first   = aws_subnet.x[0].id
  last    = (aws_subnet.x[*].availability_zone)[1]
  all     = [for association in aws_route_table_association.x : association.id]
  none    = aws_instance.none[*].id
  tried   = try(aws_instance.none[0].id, "nothing")
}
resource "aws_instance" "none" { count = 0 }
"#,
    );
    assert_eq!(outcome.notes(), [""; 0]);
    assert_eq!(
        outcome.addresses(),
        [
            "aws_subnet.x[0]",
            "aws_subnet.x[1]",
            "aws_route_table_association.x[\"0\"]",
            "aws_route_table_association.x[\"1\"]",
            "aws_lb.x"
        ]
    );
    assert_eq!(outcome.shown("aws_subnet.x[1]", "availability_zone"), "\"b\"");
    assert_eq!(outcome.shown("aws_route_table_association.x[\"1\"]", "subnet_id"), "@aws_subnet.x[1].id");
    assert_eq!(outcome.shown("aws_lb.x", "subnets"), "[@aws_subnet.x[0].id, @aws_subnet.x[1].id]");
    assert_eq!(outcome.shown("aws_lb.x", "legacy"), "[@aws_subnet.x[0].id, @aws_subnet.x[1].id]");
    assert_eq!(outcome.shown("aws_lb.x", "first"), "@aws_subnet.x[0].id");
    assert_eq!(outcome.shown("aws_lb.x", "last"), "\"b\"");
    assert_eq!(outcome.shown("aws_lb.x", "none"), "[]");
    let all = r#"[@aws_route_table_association.x["0"].id, @aws_route_table_association.x["1"].id]"#;
    assert_eq!(outcome.shown("aws_lb.x", "all"), all);
    assert_eq!(outcome.shown("aws_lb.x", "tried"), "\"nothing\"");
}

#[test]
fn modules_are_called_with_arguments_and_hand_back_outputs() {
    let outcome = evaluate(
        r#"
module "net" {
  source = "./modules/net"
  for_each = toset(["blue", "green"])
  name = each.key
}
resource "aws_lb" "x" { subnets = [for m in module.net : m.subnet] }
resource "aws_lb" "y" { subnet = module.net["blue"].subnet }
# file: modules/net/main.tf
variable "name" {}
resource "aws_subnet" "this" { name = "${var.name}-${path.module}" }
output "subnet" { value = aws_subnet.this.id }
"#,
    );
    assert_eq!(outcome.notes(), [""; 0]);
    assert_eq!(
        outcome.addresses(),
        ["aws_lb.x", "aws_lb.y", "module.net[\"blue\"].aws_subnet.this", "module.net[\"green\"].aws_subnet.this"]
    );
    assert_eq!(outcome.shown("module.net[\"green\"].aws_subnet.this", "name"), "\"green-modules/net\"");
    assert_eq!(outcome.shown("aws_lb.y", "subnet"), "@module.net[\"blue\"].aws_subnet.this.id");
    assert_eq!(outcome.evaluated.instances[2].calls.len(), 1);
}

#[test]
fn what_is_wrong_is_noted_at_its_place_and_the_rest_goes_on() {
    let outcome = evaluate(
        r#"
variable "region" { default = "eu-west-1" }
resource "aws_subnet" "main" {
  a = var.regoin
  b = [1, local.nope]
  c = aws_subnet.mian.id
  d = 1 + "x"
  e = var.region
  f = "x" ? 1 : 2
  g = nope(1)
}
locals {
  one = local.two
  two = local.one
}
output "cycle" { value = local.one }
"#,
    );
    assert_eq!(
        outcome.notes(),
        [
            "main.tf:4 `var.regoin` is not declared in module `.`; did you mean `var.region`?",
            "main.tf:5 `local.nope` is not declared in module `.`",
            "main.tf:6 `aws_subnet.mian` is not declared in module `.`; did you mean `aws_subnet.main`?",
            "main.tf:7 a number is required",
            "main.tf:9 a bool is required",
            "main.tf:10 there is no function named `nope`",
            "main.tf:14 `local.one` depends on itself: `local.one` → `local.two` → `local.one`",
        ]
    );
    assert_eq!(outcome.shown("aws_subnet.main", "b"), "[1, ?]");
    assert_eq!(outcome.shown("aws_subnet.main", "e"), "\"eu-west-1\"");
}

#[test]
fn what_is_made_of_unknown_elements_keeps_its_form() {
    let outcome = evaluate(
        r#"
variable "cidrs" { type = list(string) }
resource "aws_acm_certificate" "c" { domain_name = "example.org" }
resource "aws_route53_record" "v" {
  for_each = { for dvo in aws_acm_certificate.c.domain_validation_options : dvo.domain_name => { name = dvo.resource_record_name, type = "CNAME" } }
  name = each.value.name
  type = each.value.type
}
resource "aws_acm_certificate_validation" "v" {
  validation_record_fqdns = [for record in aws_route53_record.v : record.fqdn]
}
resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = [for cidr in var.cidrs : { cidr = cidr, port = 22 }]
    content {
      from_port   = ingress.value.port
      cidr_blocks = [ingress.value.cidr]
    }
  }
  dynamic "egress" {
    for_each = [for cidr in var.cidrs : cidr if contains([], cidr)]
    content { cidr_blocks = [egress.value] }
  }
}
"#,
    );
    assert_eq!(outcome.notes(), [""; 0]);
    assert_eq!(
        outcome.shown("aws_route53_record.v[*]", "name"),
        "@aws_acm_certificate.c.domain_validation_options.*.resource_record_name"
    );
    assert_eq!(outcome.shown("aws_route53_record.v[*]", "type"), "\"CNAME\"");
    let validation = "aws_acm_certificate_validation.v";
    assert_eq!(outcome.shown(validation, "validation_record_fqdns"), "[@aws_route53_record.v[*].fqdn]");
    assert_eq!(outcome.shown("aws_security_group.g", "ingress"), "[{cidr_blocks = [?var.cidrs[*]], from_port = 22}]");
    assert_eq!(outcome.shown("aws_security_group.g", "egress"), "absent");
    let open: Vec<&str> = outcome.evaluated.open.iter().map(|atom| &*atom.symbol).collect();
    assert_eq!(open, ["length(var.cidrs) > 0"]);
}

mod worlds {
    use std::collections::BTreeMap;

    use crate::input::terraform::{files_of, unit_from_files};
    use crate::input::{Context, Unit};
    use crate::source::SourceMap;

    fn unit(text: &str) -> Box<dyn Unit> {
        let files: BTreeMap<String, String> = files_of(text);
        unit_from_files(&files, ".", &Context::default(), &SourceMap::default()).unwrap()
    }

    /// What holds in each world, and the resources that are there.
    fn worlds(text: &str) -> Vec<String> {
        let unit = unit(text);
        let worlds = unit.worlds();
        assert!(worlds.incomplete.is_none());
        let shown = worlds.list.iter().map(|world| {
            let evaluation = unit.evaluate(world);
            let conditions: Vec<String> = evaluation
                .conditions
                .iter()
                .map(|condition| format!("{}{}", if condition.holds { "" } else { "not " }, condition.name))
                .collect();
            let names: Vec<&str> = evaluation.resources.iter().map(|resource| &*resource.name).collect();
            format!("{}: {}", conditions.join(", "), names.join(" "))
        });
        shown.collect()
    }

    #[test]
    fn a_variable_without_a_value_makes_two_worlds() {
        let text = r#"
variable "create" { type = bool }
resource "aws_vpc" "a" { count = var.create ? 1 : 0 }
resource "aws_vpc" "b" { count = !var.create ? 1 : 0 }
module "m" {
  source = "./m"
  on     = var.create
}
# file: m/main.tf
variable "on" {}
resource "aws_vpc" "c" { count = var.on == true ? 1 : 0 }
"#;
        assert_eq!(worlds(text), ["var.create: aws_vpc.a[0] module.m.aws_vpc.c[0]", "not var.create: aws_vpc.b[0]"]);
    }

    #[test]
    fn a_variable_has_one_value_at_a_time() {
        let text = r#"
variable "env" {}
resource "aws_vpc" "a" {
  count = var.env == "prod" ? 1 : 0
  cidr_block = var.env
}
resource "aws_subnet" "b" {
  count  = contains(["dev", "prod"], var.env) ? 1 : 0
  vpc_id = one(aws_vpc.a[*].id)
}
"#;
        assert_eq!(
            worlds(text),
            [
                "not var.env == \"dev\", not var.env == \"prod\": ",
                "var.env == \"dev\", not var.env == \"prod\": aws_subnet.b[0]",
                "not var.env == \"dev\", var.env == \"prod\": aws_vpc.a[0] aws_subnet.b[0]",
            ]
        );
    }

    #[test]
    fn what_has_no_short_form_is_one_question_by_the_name_of_its_local() {
        let long = "n".repeat(200);
        let text = format!(
            r#"
variable "names" {{}}

locals {{
  on  = contains(concat(var.names, ["{long}"]), "x")
}}
resource "aws_vpc" "a" {{ count = local.on ? 1 : 0 }}
resource "aws_vpc" "b" {{ count = local.on == true ? 1 : 0 }}
resource "aws_vpc" "c" {{ count = !local.on ? 1 : 0 }}
module "m" {{
  source = "./m"
  on     = local.on
  off    = alltrue([for name in var.names : name != "{long}"])
}}
# file: m/main.tf
variable "on" {{}}
variable "off" {{}}
resource "aws_vpc" "d" {{ count = var.on && var.off ? 1 : 0 }}
resource "aws_vpc" "e" {{ count = var.off ? 1 : 0 }}
"#
        );
        assert_eq!(
            worlds(&text),
            [
                "local.on, module.m.var.off: aws_vpc.a[0] aws_vpc.b[0] module.m.aws_vpc.d[0] module.m.aws_vpc.e[0]",
                "not local.on, module.m.var.off: aws_vpc.c[0] module.m.aws_vpc.e[0]",
                "local.on, not module.m.var.off: aws_vpc.a[0] aws_vpc.b[0]",
                "not local.on, not module.m.var.off: aws_vpc.c[0]",
            ]
        );
        let text = r#"
variable "roles" {}
locals { all = { for name, role in var.roles : name => role if role.enabled } }
resource "aws_vpc" "f" { for_each = local.all }
resource "aws_vpc" "g" { for_each = local.all }
"#;
        assert_eq!(worlds(text), ["length(local.all) > 0: aws_vpc.f[*] aws_vpc.g[*]", "not length(local.all) > 0: "]);
    }

    #[test]
    fn unrelated_questions_do_not_multiply() {
        let names = ["a", "b", "c", "d", "e"];
        let one = |name: &&str| {
            format!(
                "variable \"{name}\" {{ type = bool }}\nresource \"aws_security_group\" \"{name}\" {{ count = var.{name} ? 1 : 0 }}\n"
            )
        };
        let text: String = names.iter().map(one).collect();
        assert_eq!(worlds(&text).len(), 6);
        let joined = format!(
            "{text}resource \"aws_instance\" \"x\" {{ vpc_security_group_ids = concat(aws_security_group.a[*].id, aws_security_group.b[*].id) }}\n"
        );
        assert_eq!(worlds(&joined).len(), 7);
    }

    #[test]
    fn what_no_rule_reads_makes_no_world() {
        let text = r#"
variable "env" {}
variable "big" {}
resource "aws_instance" "a" {
  instance_type = var.big ? "m5.large" : "t3.small"
  tags = { Env = var.env == "prod" ? "production" : "other" }
}
"#;
        assert_eq!(worlds(text), [": aws_instance.a"]);
    }

    #[test]
    fn one_instance_stands_for_an_unknown_number() {
        let text = r#"
variable "zones" { type = list(string) }
resource "aws_subnet" "a" {
  count = length(var.zones)
  availability_zone = var.zones[count.index]
}
resource "aws_lb" "x" { subnets = aws_subnet.a[*].id }
resource "aws_route_table_association" "r" {
  count = length(aws_subnet.a)
  subnet_id = element(aws_subnet.a[*].id, count.index)
}
resource "aws_route_table_association" "s" {
  for_each = { for i, s in aws_subnet.a : i => s.id }
  subnet_id = each.value
}
"#;
        assert_eq!(
            worlds(text),
            [
                "length(var.zones) > 0: aws_subnet.a[*] aws_lb.x aws_route_table_association.r[*] aws_route_table_association.s[*]",
                "not length(var.zones) > 0: aws_lb.x",
            ]
        );
    }
}

#[test]
fn what_is_looked_up_by_the_identity_of_a_resource_is_that_resource() {
    let outcome = evaluate(
        r#"
        resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
        resource "aws_subnet" "a" { vpc_id = aws_vpc.main.id }
        data "aws_subnet" "a" { id = aws_subnet.a.id }
        data "aws_vpc" "other" { id = "vpc-1" }
        output "vpc" { value = data.aws_subnet.a.vpc_id }
        output "cidr" { value = data.aws_vpc.other.cidr_block }
        "#,
    );
    assert_eq!(outcome.output("vpc"), "@aws_vpc.main.id");
    assert_eq!(outcome.output("cidr"), "?data.aws_vpc.other.cidr_block");
}

#[test]
fn data_sources_that_only_read_files_are_read() {
    let outcome = evaluate(
        r#"
variable "role" {}
data "template_file" "policy" {
  template = file("policy.tpl")
  vars = { bucket = "logs", role = var.role }
}
data "local_file" "plain" { filename = "${path.module}/plain.txt" }
output "rendered" { value = data.template_file.policy.rendered }
output "plain" { value = data.local_file.plain.content }
# file: policy.tpl
bucket ${bucket} for ${role}
# file: plain.txt
as it is
"#,
    );
    assert_eq!(outcome.notes(), [""; 0]);
    assert_eq!(outcome.output("rendered"), "bucket logs for <?var.role>\n");
    assert_eq!(outcome.output("plain"), r#""as it is\n""#);
}

#[test]
fn defaults_that_do_not_work_are_errors_only_where_a_provider_is_configured() {
    let module = r#"
variable "names" { default = [] }
resource "aws_sqs_queue" "first" { name = var.names[0] }
"#;
    let levels = |text: &str| evaluate(text).evaluated.notes.iter().map(|note| note.level).collect::<Vec<_>>();
    assert_eq!(levels(module), [crate::input::NoteLevel::Warning]);
    assert_eq!(levels(&format!("{module}provider \"aws\" {{}}\n")), [crate::input::NoteLevel::Error]);
}

use super::*;
use crate::input::terraform::value::Part;
use crate::source::{Limits, parse};

/// The instances of a document, as `address argument = value` lines.
pub(super) fn read(json: &str) -> Vec<String> {
    let sources = SourceMap::default();
    let file = sources.add("plan.json", json);
    let root = parse(&sources, file, Limits::default()).unwrap().documents.remove(0);
    let Some(Seen::Document(document)) = see(&root) else { panic!("no plan") };
    let mut lines = Vec::new();
    for instance in instances(&document, &BTreeMap::new(), &sources) {
        for member in instance.arguments.as_object().unwrap().members() {
            lines.push(format!("{} {} = {}", instance.address, member.key, shown(&member.value)));
        }
    }
    lines
}

fn shown(value: &Value) -> String {
    let list = |items: &[Value]| format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "));
    let text = match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(known) => known.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{:?}", text.text),
        Kind::Partial(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text, _) => text.text.to_string(),
                Part::Value(value) => format!("${{{}}}", shown(value)),
            })
            .collect(),
        Kind::Json(inner) => format!("json {}", shown(inner)),
        Kind::List(items) | Kind::Set(items) => list(items),
        Kind::Object(object) => {
            let members = object.members().iter().map(|member| format!("{}: {}", member.key, shown(&member.value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Kind::Attribute(attribute) => format!("{}.{}", attribute.instance, attribute.path),
        Kind::Rest(_) | Kind::Unknown(_) => "?".to_owned(),
    };
    match &value.origin {
        Some(origin) => format!("{text} from {}.{}", origin.instance, origin.path),
        None => text,
    }
}

/// A plan of the given resources: `(address, values, after_unknown)`, with a configuration.
fn plan(resources: &[(&str, &str, &str)], configuration: &str) -> String {
    let parts = |address: &str| {
        let local = address.rsplit_once("module.").map_or(address, |(_, rest)| rest.split_once('.').unwrap().1);
        let (plain, index) = match local.split_once('[') {
            Some((plain, index)) => (plain, format!(r#", "index": {}"#, index.trim_end_matches(']'))),
            None => (local, String::new()),
        };
        let (kind, name) = plain.split_once('.').unwrap();
        let address = address.replace('"', "\\\"");
        format!(r#""address": "{address}", "mode": "managed", "type": "{kind}", "name": "{name}"{index}"#)
    };
    let values: Vec<String> =
        resources.iter().map(|(address, values, _)| format!(r#"{{{}, "values": {values}}}"#, parts(address))).collect();
    let changes: Vec<String> = resources
        .iter()
        .map(|(address, values, unknown)| {
            let change =
                format!(r#"{{"actions": ["create"], "before": null, "after": {values}, "after_unknown": {unknown}}}"#);
            format!(r#"{{{}, "change": {change}}}"#, parts(address))
        })
        .collect();
    format!(
        r#"{{"format_version": "1.2", "terraform_version": "1.11.4",
            "planned_values": {{"root_module": {{"resources": [{}]}}}},
            "resource_changes": [{}], "configuration": {{"root_module": {configuration}}}}}"#,
        values.join(","),
        changes.join(",")
    )
}

#[test]
fn a_reference_in_place_of_an_unknown_id_is_its_value() {
    let json = plan(
        &[
            ("aws_vpc.main", r#"{"cidr_block": "10.0.0.0/16"}"#, r#"{"id": true, "arn": true}"#),
            ("aws_subnet.a", r#"{"cidr_block": "10.0.0.0/24"}"#, r#"{"id": true, "vpc_id": true, "tags_all": true}"#),
        ],
        r#"{"resources": [
            {"address": "aws_vpc.main", "expressions": {"cidr_block": {"constant_value": "10.0.0.0/16"}}},
            {"address": "aws_subnet.a", "expressions": {
                "cidr_block": {"constant_value": "10.0.0.0/24"},
                "vpc_id": {"references": ["aws_vpc.main.id", "aws_vpc.main"]}}}]}"#,
    );
    assert_eq!(
        read(&json),
        [
            r#"aws_vpc.main cidr_block = "10.0.0.0/16""#,
            r#"aws_subnet.a cidr_block = "10.0.0.0/24""#,
            "aws_subnet.a vpc_id = aws_vpc.main.id",
        ]
    );
}

#[test]
fn references_lead_through_variables_and_outputs() {
    let json = plan(
        &[
            ("module.net.aws_subnet.private[0]", "{}", r#"{"id": true}"#),
            ("module.net.aws_subnet.private[1]", "{}", r#"{"id": true}"#),
            (
                "module.app[\"x\"].aws_lambda_function.api",
                r#"{"vpc_config": [{}]}"#,
                r#"{"vpc_config": [{"subnet_ids": true}], "role": true}"#,
            ),
            ("module.app[\"x\"].aws_iam_role.api", "{}", r#"{"arn": true}"#),
        ],
        r#"{"module_calls": {
            "net": {"module": {
                "outputs": {"private": {"expression": {"references": ["aws_subnet.private"]}}},
                "resources": [{"address": "aws_subnet.private", "expressions": {}}]}},
            "app": {
                "expressions": {"subnets": {"references": ["module.net.private", "module.net"]}},
                "for_each_expression": {},
                "module": {"resources": [
                    {"address": "aws_lambda_function.api", "expressions": {
                        "role": {"references": ["aws_iam_role.api.arn", "aws_iam_role.api"]},
                        "vpc_config": [{"subnet_ids": {"references": ["var.subnets"]}}]}},
                    {"address": "aws_iam_role.api", "expressions": {}}]}}}}"#,
    );
    assert_eq!(
        read(&json),
        [
            r#"module.app["x"].aws_lambda_function.api role = module.app["x"].aws_iam_role.api.arn"#,
            r#"module.app["x"].aws_lambda_function.api vpc_config = [{subnet_ids: [module.net.aws_subnet.private[0].id, module.net.aws_subnet.private[1].id]}]"#,
        ]
    );
}

#[test]
fn instances_correspond_by_their_keys() {
    let json = plan(
        &[
            ("aws_subnet.a[\"x\"]", "{}", r#"{"id": true}"#),
            ("aws_subnet.a[\"y\"]", "{}", r#"{"id": true}"#),
            ("aws_route_table_association.a[\"y\"]", "{}", r#"{"subnet_id": true}"#),
            ("aws_route_table_association.b[\"x\"]", "{}", r#"{"subnet_id": true}"#),
            ("aws_nat_gateway.c[0]", "{}", r#"{"subnet_id": true}"#),
        ],
        r#"{"resources": [
            {"address": "aws_route_table_association.a", "expressions": {
                "subnet_id": {"references": ["aws_subnet.a", "each.key"]}}},
            {"address": "aws_route_table_association.b", "for_each_expression": {"references": ["aws_subnet.a"]},
                "expressions": {"subnet_id": {"references": ["each.value.id", "each.value"]}}},
            {"address": "aws_nat_gateway.c", "expressions": {
                "subnet_id": {"references": ["aws_subnet.a[\"x\"].id", "aws_subnet.a[\"x\"]", "aws_subnet.a"]}}}]}"#,
    );
    assert_eq!(
        read(&json),
        [
            r#"aws_route_table_association.a["y"] subnet_id = aws_subnet.a["y"].id"#,
            r#"aws_route_table_association.b["x"] subnet_id = aws_subnet.a["x"].id"#,
            r#"aws_nat_gateway.c[0] subnet_id = aws_subnet.a["x"].id"#,
        ]
    );
}

#[test]
fn what_the_references_do_not_tell_stays_unknown() {
    let json = plan(
        &[
            ("aws_s3_bucket.b", "{}", r#"{"id": true, "arn": true}"#),
            ("aws_s3_bucket_policy.b", "{}", r#"{"bucket": true, "policy": true}"#),
            ("aws_instance.i", "{}", r#"{"subnet_id": true, "vpc_security_group_ids": true}"#),
        ],
        r#"{"resources": [
            {"address": "aws_s3_bucket.b", "expressions": {}},
            {"address": "aws_s3_bucket_policy.b", "expressions": {
                "bucket": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]},
                "policy": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]}}},
            {"address": "aws_instance.i", "expressions": {"subnet_id": {"references": ["local.subnet"]}}}]}"#,
    );
    assert_eq!(
        read(&json),
        [
            "aws_s3_bucket_policy.b bucket = aws_s3_bucket.b.id",
            "aws_s3_bucket_policy.b policy = ?",
            "aws_instance.i subnet_id = ?",
        ]
    );
}

#[test]
fn a_policy_that_is_only_read_at_apply_keeps_its_structure() {
    let json = r#"{"format_version": "1.2", "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [
            {"address": "aws_dynamodb_table.t", "mode": "managed", "type": "aws_dynamodb_table", "name": "t", "values": {}},
            {"address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p", "values": {}},
            {"address": "data.aws_iam_policy_document.d", "mode": "data", "type": "aws_iam_policy_document", "name": "d",
             "values": {"statement": [{"actions": ["dynamodb:GetItem"], "effect": null}]}}]}},
        "resource_changes": [
            {"address": "aws_dynamodb_table.t", "change": {"actions": ["create"], "after_unknown": {"arn": true}}},
            {"address": "aws_iam_policy.p", "change": {"actions": ["create"], "after_unknown": {"policy": true}}},
            {"address": "data.aws_iam_policy_document.d", "change": {"actions": ["read"],
             "after_unknown": {"json": true, "statement": [{"resources": true, "actions": [false]}]}}}],
        "configuration": {"root_module": {"resources": [
            {"address": "aws_iam_policy.p", "expressions": {
                "policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}},
            {"address": "data.aws_iam_policy_document.d", "expressions": {"statement": [{
                "actions": {"constant_value": ["dynamodb:GetItem"]},
                "resources": {"references": ["aws_dynamodb_table.t.arn", "aws_dynamodb_table.t"]}}]}}]}}}"#;
    // It may be the ARN itself or what is below it.
    let policy =
        r#"json {Statement: [{Action: "dynamodb:GetItem", Effect: "Allow", Resource: ?}], Version: "2012-10-17"}"#;
    assert_eq!(read(json), [format!("aws_iam_policy.p policy = {policy}")]);
}

#[test]
fn literal_ids_of_a_state_are_the_resources_that_have_them() {
    let json = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
        {"address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v",
         "values": {"id": "vpc-0a1b2c3d4e5f60718", "cidr_block": "10.0.0.0/16"}},
        {"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r",
         "values": {"id": "app", "name": "app", "arn": "arn:aws:iam::111122223333:role/app"}},
        {"address": "aws_lambda_function.f", "mode": "managed", "type": "aws_lambda_function", "name": "f",
         "values": {"id": "app", "function_name": "app", "role": "arn:aws:iam::111122223333:role/app",
           "tags": {"Vpc": "vpc-0a1b2c3d4e5f60718"}}},
        {"address": "aws_iam_role_policy.p", "mode": "managed", "type": "aws_iam_role_policy", "name": "p",
         "values": {"role": "app", "policy": "{\"Resource\":\"arn:aws:iam::111122223333:role/app/x\"}"}},
        {"address": "aws_subnet.s", "mode": "managed", "type": "aws_subnet", "name": "s",
         "values": {"vpc_id": "vpc-0a1b2c3d4e5f60718", "availability_zone": "eu-west-1a"}}]}}}"#;
    let found = read(json);
    let has = |line: &str| assert!(found.iter().any(|found| found == line), "{line} in {found:#?}");
    has("aws_subnet.s vpc_id = aws_vpc.v.id");
    has(r#"aws_subnet.s availability_zone = "eu-west-1a""#);
    has("aws_lambda_function.f role = aws_iam_role.r.arn");
    has(r#"aws_lambda_function.f function_name = "app""#);
    has(r#"aws_lambda_function.f tags = {Vpc: "vpc-0a1b2c3d4e5f60718"}"#);
    has("aws_iam_role_policy.p role = aws_iam_role.r.id");
    has(r#"aws_iam_role_policy.p policy = {"Resource":"${aws_iam_role.r.arn}/x"}"#);
}

#[test]
fn state_files_are_read_as_they_are() {
    let json = r#"{"version": 4, "terraform_version": "1.5.7", "serial": 3, "lineage": "x", "outputs": {}, "resources": [
        {"mode": "managed", "type": "aws_vpc", "name": "v", "provider": "p",
         "instances": [{"attributes": {"id": "vpc-0a1b2c3d4e5f60718"}}]},
        {"module": "module.net[\"a\"]", "mode": "managed", "type": "aws_subnet", "name": "s", "provider": "p", "instances": [
            {"index_key": 0, "attributes": {"vpc_id": "vpc-0a1b2c3d4e5f60718"}, "sensitive_attributes": []},
            {"index_key": "k", "attributes": {"vpc_id": "vpc-1"}, "dependencies": ["aws_vpc.v"]},
            {"index_key": "old", "deposed": "x", "attributes": {"vpc_id": "vpc-2"}}]}]}"#;
    assert_eq!(
        read(json),
        [
            r#"aws_vpc.v id = "vpc-0a1b2c3d4e5f60718""#,
            r#"module.net["a"].aws_subnet.s[0] vpc_id = aws_vpc.v.id"#,
            r#"module.net["a"].aws_subnet.s["k"] vpc_id = "vpc-1""#,
        ]
    );
}

#[test]
fn sensitive_values_are_taken_out_of_the_text() {
    let json = r#"{"format_version": "1.2", "terraform_version": "1.11.4",
        "variables": {"token": {"value": "s3cret-0"}},
        "planned_values": {"root_module": {"resources": [{"address": "aws_x.y", "mode": "managed", "type": "aws_x", "name": "y",
            "values": {"password": "s3cret-1", "list": ["a", "s3cret-2"]},
            "sensitive_values": {"password": true, "list": [false, true]}}]}},
        "configuration": {"root_module": {"variables": {"token": {"sensitive": true}}, "resources": [
            {"address": "aws_x.y", "type": "aws_x", "expressions": {"password": {"constant_value": "s3cret-3"}}}]}}}"#;
    let sources = SourceMap::default();
    let file = sources.add("plan.json", json);
    let root = parse(&sources, file, Limits::default()).unwrap().documents.remove(0);
    let Some(Seen::Document(document)) = see(&root) else { panic!("no plan") };
    let unit = unit(file, *document, None, &sources);
    let text = sources.file(file).text.clone();
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(text.len(), json.len());
    assert_eq!(unit.evaluate(&World::default()).resources.len(), 1);
}

#[test]
fn only_what_changes_or_loses_something_counts_as_changed() {
    let json = r#"{"format_version": "1.2", "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [
            {"address": "aws_lb.a", "mode": "managed", "type": "aws_lb", "name": "a",
             "values": {"arn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/50dc6c495c0c9188"}},
            {"address": "aws_lb.b", "mode": "managed", "type": "aws_lb", "name": "b", "values": {}},
            {"address": "aws_lb.c", "mode": "managed", "type": "aws_lb", "name": "c", "values": {}}]}},
        "resource_changes": [
            {"address": "aws_lb.a", "change": {"actions": ["no-op"]}},
            {"address": "aws_lb.b", "change": {"actions": ["delete", "create"]}},
            {"address": "aws_lb.c", "change": {"actions": ["no-op"]}},
            {"address": "aws_wafv2_web_acl_association.a", "change": {"actions": ["delete"], "before": {"resource_arn":
             "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/50dc6c495c0c9188"}}}]}"#;
    let sources = SourceMap::default();
    let file = sources.add("plan.json", json);
    let root = parse(&sources, file, Limits::default()).unwrap().documents.remove(0);
    let Some(Seen::Document(document)) = see(&root) else { panic!("no plan") };
    let changes = unit(file, *document, None, &sources).changes().unwrap();
    let addresses: Vec<String> = changes.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["plan.json#aws_lb.a", "plan.json#aws_lb.b"]);
}

#[test]
fn what_wrappers_print_around_a_plan_is_passed_over() {
    let plan = r#"{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{}}}"#;
    let text = readable(format!("[command]/bin/terraform show -json p\n{plan}%0A\n::set-output name=exitcode::0\n"));
    assert_eq!(text.trim(), plan);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(plan.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(may_be_one(&wide));
    assert_eq!(wide_text(&wide).as_deref(), Some(plan));
    assert!(advice("p", b"{\"@level\":\"info\",\"@module\":\"terraform.ui\"}").is_some());
}

#[test]
fn the_default_network_is_no_place_that_somebody_chose() {
    let json = plan(
        &[(
            "aws_instance.i",
            r#"{"subnet_id": "subnet-0a1b2c3d", "vpc_security_group_ids": ["sg-0a1b2c3d"], "ami": "ami-1"}"#,
            "{}",
        )],
        r#"{"resources": [{"address": "aws_instance.i", "expressions": {"ami": {"constant_value": "ami-1"}}}]}"#,
    );
    assert_eq!(read(&json), [r#"aws_instance.i ami = "ami-1""#]);
}

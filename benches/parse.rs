//! How long reading the text of a template or a Terraform file takes: `cargo bench --bench parse`.

use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use sra_guard::source::{Limits, SourceMap, hcl, parse};

fn main() {
    divan::main();
}

/// Resources of the small template, and of one as large as CloudFormation takes.
const SIZES: [usize; 2] = [5, 500];

fn yaml(resources: usize) -> String {
    let mut text = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n".to_owned();
    for index in 0..resources {
        let _ = write!(
            text,
            "  # The rule of service {index}\n  Rule{index}:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    \
             Properties:\n      ListenerArn: !Ref Listener\n      Priority: {index}\n      Conditions:\n        - Field: \
             path-pattern\n          Values: [\"/service{index}/*\"]\n      Actions:\n        - Type: forward\n          \
             TargetGroupArn: !Sub 'arn:${{AWS::Partition}}:elasticloadbalancing:${{AWS::Region}}:targetgroup/{index}'\n"
        );
    }
    text
}

fn json(resources: usize) -> String {
    let members: Vec<String> = (0..resources)
        .map(|index| {
            format!(
                r#"    "Rule{index}": {{
      "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
      "Properties": {{
        "ListenerArn": {{"Ref": "Listener"}},
        "Priority": {index},
        "Conditions": [{{"Field": "path-pattern", "Values": ["/service{index}/*"]}}],
        "Actions": [{{"Type": "forward", "TargetGroupArn": {{"Fn::Sub": "arn:${{AWS::Partition}}:elb:{index}"}}}}]
      }}
    }}"#
            )
        })
        .collect();
    format!("{{\n  \"Resources\": {{\n{}\n  }}\n}}\n", members.join(",\n"))
}

fn terraform(resources: usize) -> String {
    let resource = |index: usize| {
        format!(
            "resource \"aws_sqs_queue\" \"q{index}\" {{\n  name = \"${{var.stage}}-queue-{index}\"\n  \
             kms_master_key_id = aws_kms_key.main.arn\n}}\n\n"
        )
    };
    (0..resources).map(resource).collect()
}

fn measure(bencher: Bencher<'_, '_>, text: &str) {
    let sources = SourceMap::default();
    let file = sources.add("template", text);
    bencher.counter(BytesCount::of_str(text)).bench(|| parse(&sources, file, Limits::default()));
}

#[divan::bench(args = SIZES)]
fn yaml_template(bencher: Bencher<'_, '_>, resources: usize) {
    measure(bencher, &yaml(resources));
}

#[divan::bench(args = SIZES)]
fn json_template(bencher: Bencher<'_, '_>, resources: usize) {
    measure(bencher, &json(resources));
}

/// Files with as many resources as whole estates have.
#[divan::bench(args = [500, 10_000])]
fn terraform_file(bencher: Bencher<'_, '_>, resources: usize) {
    let text = terraform(resources);
    let sources = SourceMap::default();
    let file = sources.add("main.tf", text.as_str());
    bencher.counter(BytesCount::of_str(&text)).bench(|| hcl::parse(&sources, file));
}

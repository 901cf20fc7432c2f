//! One template, one value: what each function evaluates to.

mod conditions;
mod coverage;
mod documents;
mod robustness;
mod stacks;

use super::*;
use crate::value::{Reason, Reference};

/// The evaluation of `Resources: {X: {Type: A::B::C, Properties: {P: <expression>}}}` beside other sections.
fn property(sections: &str, expression: &str) -> (Value, Vec<Note>) {
    let text = format!(
        "{sections}\nResources:\n  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}\n  X:\n    Type: A::B::C\n    Properties:\n      P: {expression}\n"
    );
    let (_, evaluation) = evaluate_text(&text);
    let found = evaluation.resources.iter().find(|resource| &*resource.name == "X");
    let value = found.and_then(|resource| resource.properties.as_map()?.get("P").cloned());
    let value = value.unwrap_or_else(|| {
        let span = found.map_or(crate::source::Span::new(SourceMap::default().add("", ""), 0, 0), |found| found.span);
        Value::new(span, Kind::Null)
    });
    (value, evaluation.notes)
}

fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "absent".to_owned(),
        Kind::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Kind::Map(map) => {
            let members = map.members.iter().map(|member| format!("{}: {}", member.key, shown(&member.value)));
            let open = map.open.iter().map(|_| "…".to_owned());
            format!("{{{}}}", members.chain(open).collect::<Vec<_>>().join(", "))
        }
        Kind::Unknown(reason) => format!("unknown: {reason}"),
        _ => value.template().unwrap(),
    }
}

#[track_caller]
fn says(sections: &str, expression: &str, expected: &str) {
    let (value, notes) = property(sections, expression);
    assert_eq!(shown(&value), expected, "{notes:#?}");
    assert!(notes.is_empty(), "{notes:#?}");
}

#[track_caller]
fn complains(sections: &str, expression: &str, expected: &str, note: &str) {
    let (value, notes) = property(sections, expression);
    assert!(shown(&value).contains(expected), "{}", shown(&value));
    assert!(notes.iter().any(|found| found.message.contains(note) && found.span.is_some()), "{notes:#?}");
}

const PARAMETERS: &str = "
Parameters:
  Name: {Type: String, Default: shop}
  Open: {Type: String}
  Secret: {Type: String, NoEcho: true, Default: hunter2}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /top/name}
  Only: {Type: String, AllowedValues: [one]}
Mappings:
  M: {a: {x: '1', y: same}, b: {x: '2', y: same}}";

#[test]
fn references_resolve() {
    says(PARAMETERS, "!Ref Name", "shop");
    says(PARAMETERS, "{Ref: Name}", "shop");
    says(PARAMETERS, "!Ref Open", "unknown: parameter `Open` has no value; give it with `--parameter Open=…`");
    says(PARAMETERS, "!Ref Names", "[a, b, c]");
    says(PARAMETERS, "!Ref Only", "one");
    says(PARAMETERS, "!Ref Stored", "unknown: a dynamic reference to `ssm` is resolved at deployment");
    says("", "!Ref Vpc", "${Vpc}");
    says("", "!GetAtt Vpc.CidrBlock", "${Vpc.CidrBlock}");
    says("", "{'Fn::GetAtt': [Vpc, CidrBlock]}", "${Vpc.CidrBlock}");
    says("", "!Ref AWS::NoValue", "absent");
    says("", "[a, !Ref AWS::NoValue, b]", "[a, b]");
    says("", "!Ref AWS::Region", "${AWS::Region}");
    says("", "!Ref AWS::Partition", "aws");
    says("", "!Ref AWS::URLSuffix", "amazonaws.com");
    complains("", "!Ref Nope", "`Nope` is not declared", "neither a parameter nor a resource");
    complains("", "!GetAtt Nope.Arn", "`Nope` is not declared", "neither a parameter nor a resource");
    complains(PARAMETERS, "!GetAtt Name.Arn", "has no attribute `Arn`", "`Name` is a parameter");
    says("", "{'Fn::GetAtt': [!Sub 'Vpc', CidrBlock]}", "${Vpc.CidrBlock}");
    complains("", "!GetAtt Vpc", "Resource.Attribute", "Resource.Attribute");
}

#[test]
fn secrets_are_never_values() {
    says(PARAMETERS, "!Ref Secret", "unknown: parameter `Secret` has no value; give it with `--parameter Secret=…`");
    says(PARAMETERS, "!Sub 'p=${Secret}'", "p=?");
    says(
        "",
        "'{{resolve:secretsmanager:top}}'",
        "unknown: a dynamic reference to `secretsmanager` is resolved at deployment",
    );
    says(PARAMETERS, "!Sub '{{resolve:ssm:${Name}}}!'", "?!");
    says(
        "",
        "!Join ['', ['{{resolve:', 'ssm:/top', '}}']]",
        "unknown: a dynamic reference to `ssm` is resolved at deployment",
    );
}

#[test]
fn text_is_assembled() {
    says(PARAMETERS, "!Sub '${Name}-x'", "shop-x");
    says(PARAMETERS, "!Sub '${!Name}-${Name}'", "${Name}-shop");
    says(PARAMETERS, "!Sub ['${Name}-${v}', {v: !Ref Vpc}]", "shop-${Vpc}");
    says(
        "",
        "{'Fn::Sub': 'arn:${AWS::Partition}:ec2:${AWS::Region}:x/${Vpc.CidrBlock}'}",
        "arn:aws:ec2:${AWS::Region}:x/${Vpc.CidrBlock}",
    );
    says(PARAMETERS, "!Join [':', [arn, !Ref Name, !Ref Vpc]]", "arn:shop:${Vpc}");
    says(PARAMETERS, "!Join ['-', !Ref Names]", "a-b-c");
    says(PARAMETERS, "!Base64 {'Fn::Sub': '${Name}'}", "shop");
    says(
        PARAMETERS,
        "!Base64\n        Fn::Sub: |\n          #!/bin/sh\n          echo ${Name}\n",
        "#!/bin/sh\necho shop\n",
    );
    says("", "{'Fn::ToJsonString': {a: !Ref Vpc}}", "{a: ${Vpc}}");
    complains(PARAMETERS, "!Sub '${Names}'", "is not text", "is not text");
    complains("", "!Join x", "needs a delimiter", "needs a delimiter");
}

#[test]
fn lists_are_taken_apart() {
    says(PARAMETERS, "!Select [1, !Ref Names]", "b");
    says("", "!Select ['0', [!Ref Vpc, b]]", "${Vpc}");
    says("", "!Split [',', 'a,b']", "[a, b]");
    says("", "!Split [',', !Join [',', [!Ref Vpc, b]]]", "[${Vpc}, b]");
    says("", "!Select [4, !Split [':', !Sub 'arn:aws:x::${AWS::AccountId}:y']]", "${AWS::AccountId}");
    says("", "!Select [2, !Split ['/', !GetAtt Vpc.Url]]", "${Vpc.Url}?");
    says("", "!Select [0, !GetAtt Vpc.Ipv6CidrBlocks]", "${Vpc.Ipv6CidrBlocks}?");
    says("", "!Select [0, !GetAZs '']", "${AWS::AvailabilityZones[0]}");
    says("", "!Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]", "10.0.1.0/24");
    says("", "!Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 4, 64]]", "${Vpc.Ipv6CidrBlocks}?");
    says(PARAMETERS, "{'Fn::Length': !Ref Names}", "3");
    complains("", "!Select [7, [a]]", "no item 7", "no item 7");
}

#[test]
fn mappings_are_looked_up() {
    says(PARAMETERS, "!FindInMap [M, a, x]", "1");
    says(PARAMETERS, "!FindInMap [M, !Ref AWS::Region, y]", "same");
    says(
        PARAMETERS,
        "!FindInMap [M, !Ref Open, x]",
        "unknown: parameter `Open` has no value; give it with `--parameter Open=…`",
    );
    says(PARAMETERS, "!FindInMap [M, c, x, {DefaultValue: d}]", "d");
    complains(PARAMETERS, "!FindInMap [M, c, x]", "has no `c.x`", "has no `c.x`");
    complains(PARAMETERS, "!FindInMap [N, c, x]", "`N` is not declared", "`N` is not declared");
}

#[test]
fn loops_unroll_in_properties_and_sections() {
    says(
        "",
        "{'Fn::ForEach::L': [I, [a, b-c], {'K${I}': !Sub 'v-${I}', '&{I}': {Ref: I}}]}",
        "{Ka: v-a, a: a, Kb-c: v-b-c, bc: b-c}",
    );
    let (_, evaluation) = evaluate_text(
        "Parameters: {Zones: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::Subnets:
    - Zone
    - !Ref Zones
    - 'Subnet${Zone}':
        Type: AWS::EC2::Subnet
        Properties: {Name: !Sub 'n-${Zone}', Peer: !GetAtt 'Subnet${Zone}.Arn'}
",
    );
    let names: Vec<_> = evaluation.resources.iter().map(|found| found.address.to_string()).collect();
    assert_eq!(names, ["template.yaml#Subneta", "template.yaml#Subnetb"]);
    assert_eq!(shown(&evaluation.resources[1].properties), "{Name: n-b, Peer: ${Subnetb.Arn}}");
}

#[test]
fn transforms_leave_a_mapping_open() {
    let (value, _) = property("", "{a: 1, 'Fn::Transform': {Name: Macro}}");
    assert_eq!(shown(&value), "{a: 1, …}");
    assert!(matches!(value.prop("b"), crate::value::Prop::Unknown(Reason::Transform(_), _)));
    says("", "!Transform {Name: Macro}", "unknown: transform `Macro` is not evaluated; scan the processed template");
    complains("", "!Nope x", "`Nope` is not a known function", "not a known function");
}

#[test]
fn values_from_elsewhere_stand_where_they_are_used() {
    let (sources, evaluation) = evaluate_text(
        "Parameters: {P: {Type: String, Default: deep}}\nResources:\n  X: {Type: A::B::C, Properties: {P: !Ref P}}\n",
    );
    let value = evaluation.resources[0].properties.as_map().unwrap().get("P").unwrap().clone();
    assert_eq!(sources.position(value.span).line, 3);
    assert_eq!(value.as_str(), Some("deep"));
}

#[test]
fn a_resource_that_a_packaging_tool_makes_is_not_skipped_in_silence() {
    let (_, evaluation) = evaluate_text(
        "Resources:\n  A: {Type: !Rain::Module x.yml}\n  B: {Type: {'Rain::Module': x.yml}}\n  C: {Type: [a]}\n  D: {Type: 'AWS::EC2::VPC'}\n",
    );
    let notes: Vec<&str> = evaluation.notes.iter().map(|note| note.message.as_str()).collect();
    let made = "is made by `Rain::Module`, which is not evaluated; scan the packaged template";
    assert_eq!(
        notes,
        [
            format!("resource `A` {made}").as_str(),
            format!("resource `B` {made}").as_str(),
            "resource `C` has a type that is no text"
        ]
    );
}

#[test]
fn a_resource_carries_its_attributes() {
    let (_, evaluation) = evaluate_text(
        "Resources:\n  A: {Type: 'AWS::EC2::VPC', DependsOn: B, DeletionPolicy: Retain, Metadata: {k: v}}\n  B: {Type: 'AWS::EC2::VPC'}\n  C: {Properties: {}}\n",
    );
    let first = &evaluation.resources[0];
    assert_eq!(first.depends_on, [evaluation.resources[1].address.clone()]);
    assert_eq!(first.deletion_policy.as_ref().and_then(Value::as_str), Some("Retain"));
    assert_eq!(evaluation.resources.len(), 2);
    assert_eq!(evaluation.notes[0].message, "resource `C` has no type");
    let reference = Reference::Resource { address: first.address.clone(), attribute: None, written: None };
    assert_eq!(reference.to_string(), "A");
}

//! Several templates: nesting, imports, includes.

use super::*;
use crate::input::files::MemoryFiles;

fn load(scanned: &[&str], files: &[(&str, &str)], context: &Context) -> Vec<Box<dyn Unit>> {
    let sources = SourceMap::default();
    let files = MemoryFiles(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    let templates = scanned
        .iter()
        .map(|name| {
            let file = sources.add(*name, files.read(name).unwrap());
            (file, parse(&sources, file, Limits::default()).unwrap().documents.remove(0))
        })
        .collect();
    units(templates, context, &sources, &files)
}

fn resources(unit: &dyn Unit, world: usize) -> Vec<String> {
    let world = unit.worlds().list[world].clone();
    let evaluation = unit.evaluate(&world);
    let shown = evaluation.resources.iter().map(|found| format!("{} {}", found.address, shown(&found.properties)));
    shown.collect()
}

const PARENT: &str = "
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {Public: !Equals [!Ref Stage, prod]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC'}
  Net:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./nested/net.yaml
      Parameters: {Vpc: !Ref Vpc, Stage: !Ref Stage, Zones: !Join [',', [a, !Ref Vpc]]}
  User: {Type: X::Y::Z, Properties: {P: !GetAtt Net.Outputs.Subnet, Q: !Sub '${Net.Outputs.Name}!'}}
";

const CHILD: &str = "
Parameters:
  Vpc: {Type: 'AWS::EC2::VPC::Id'}
  Stage: {Type: String}
  Zones: {Type: CommaDelimitedList}
  Size: {Type: String, Default: small}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Small: !Equals [!Ref Size, small]
Resources:
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, Z: !Ref Zones, P: !If [Prod, x, y], S: !If [Small, s, l]}}
Outputs:
  Subnet: {Value: !Ref Subnet}
  Name: {Value: !Sub '${Stage}-net'}
";

#[test]
fn a_nested_stack_sees_its_parent_and_its_parent_sees_it() {
    let files = [("a/main.yaml", PARENT), ("a/nested/net.yaml", CHILD)];
    let units = load(&["a/main.yaml", "a/nested/net.yaml"], &files, &Context::default());
    assert_eq!(units.len(), 1);
    assert_eq!(units[0].files(), ["a/main.yaml", "a/nested/net.yaml"]);
    let base = resources(&*units[0], 0);
    assert_eq!(base[0], "a/main.yaml#Vpc {}");
    assert_eq!(base[2], "a/main.yaml#User {P: ${Subnet}, Q: dev-net!}");
    assert_eq!(base[3], "a/main.yaml#Net/Subnet {VpcId: ${Vpc}, Z: [a, ${Vpc}], P: y, S: s}");
    // The default of the child stands, since the parent does not give another value; the parent's is open.
    let worlds = units[0].worlds();
    assert_eq!(worlds.list.len(), 2);
    let names = units[0].evaluate(&worlds.list[1]).conditions;
    assert_eq!(names, [NamedCondition { name: Arc::from("Net/Prod"), holds: true }]);
    assert_eq!(resources(&*units[0], 1)[2], "a/main.yaml#User {P: ${Subnet}, Q: prod-net!}");
}

#[test]
fn a_nested_template_beside_the_scanned_one_is_read() {
    let files = [("main.yaml", PARENT), ("nested/net.yaml", CHILD)];
    let units = load(&["main.yaml"], &files, &Context::default());
    assert_eq!(resources(&*units[0], 0).len(), 4);
}

#[test]
fn given_parameters_without_a_template_or_a_right_are_noted() {
    let parameters = [("Stage", "prod"), ("Stagee", "prod")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = Context { parameters: parameters.to_vec(), ..Context::default() };
    let text = "Parameters: {Stage: {Type: String, AllowedValues: [dev]}}\nResources: {X: {Type: A::B::C}}\n";
    let units = load(&["a.yaml", "b.yaml"], &[("a.yaml", text), ("b.yaml", text)], &context);
    let notes = |unit: &dyn Unit| -> Vec<String> {
        unit.evaluate(&World::default()).notes.into_iter().map(|note| note.message).collect()
    };
    assert_eq!(
        notes(&*units[0]),
        ["no template has the given parameter `Stagee`", "the given value of `Stage` is not an allowed one"]
    );
    assert_eq!(notes(&*units[1]), ["the given value of `Stage` is not an allowed one"]);
}

#[test]
fn parameters_that_are_computed_are_unknown() {
    let parent = PARENT
        .replace("Parameters: {Vpc:", "Parameters: !If [Public, {}, {Vpc:")
        .replace("!Ref Vpc]]}", "!Ref Vpc]]}]");
    let files = [("main.yaml", &*parent), ("nested/net.yaml", CHILD)];
    let units = load(&["main.yaml"], &files, &Context::default());
    let found = resources(&*units[0], 0);
    assert!(found[3].contains("VpcId: unknown: the parameters"), "{found:?}");
}

#[test]
fn a_missing_nested_template_is_a_note() {
    let units = load(&["main.yaml"], &[("main.yaml", PARENT)], &Context::default());
    let evaluation = units[0].evaluate(&World::default());
    assert!(evaluation.notes.iter().any(|note| note.message.contains("`nested/net.yaml`")), "{:?}", evaluation.notes);
    assert_eq!(shown(evaluation.resources[2].properties.as_map().unwrap().get("P").unwrap()), "${Net.Outputs.Subnet}");
}

#[test]
fn templates_that_nest_each_other_end() {
    let text = "Resources:\n  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: b.yaml, Parameters: {P: !GetAtt N.Outputs.O}}}\nOutputs: {O: {Value: !GetAtt N.Outputs.O}}\n";
    let other = text.replace("b.yaml", "a.yaml");
    let units = load(&["a.yaml", "b.yaml"], &[("a.yaml", text), ("b.yaml", &other)], &Context::default());
    assert_eq!(units.len(), 1);
    let evaluation = units[0].evaluate(&World::default());
    assert!(evaluation.notes.iter().any(|note| note.message.contains("nests too deeply")));
}

const EXPORTS: &str = "
Resources: {Vpc: {Type: 'AWS::EC2::VPC'}}
Outputs:
  A: {Value: !Ref Vpc, Export: {Name: shared-vpc}}
  B: {Value: !Ref Vpc, Export: {Name: !Sub '${AWS::StackName}-net'}}
";
const IMPORTS: &str = "
Parameters: {Net: {Type: String, Default: core}}
Resources:
  X: {Type: X::Y::Z, Properties: {P: !ImportValue shared-vpc, Q: !ImportValue {'Fn::Sub': '${Net}-net'}, R: !ImportValue gone}}
";

#[test]
fn imports_lead_to_the_template_that_exports() {
    let units = load(&["a.yaml", "b.yaml"], &[("a.yaml", EXPORTS), ("b.yaml", IMPORTS)], &Context::default());
    assert_eq!(units.len(), 1);
    let found = resources(&*units[0], 0);
    assert_eq!(
        found[1],
        "b.yaml#X {P: ${Vpc}, Q: ${Vpc}, R: unknown: `gone` is imported; scan the one template that exports it as well}"
    );
    let two = load(
        &["a.yaml", "b.yaml", "c.yaml"],
        &[("a.yaml", EXPORTS), ("b.yaml", IMPORTS), ("c.yaml", EXPORTS)],
        &Context::default(),
    );
    assert_eq!(two.len(), 3);
    assert!(resources(&*two[1], 0)[0].contains("P: unknown: `shared-vpc` is imported"));
}

#[test]
fn local_snippets_are_included() {
    let text = "
Parameters: {Name: {Type: String, Default: n}}
Resources:
  X: {Type: X::Y::Z, Properties: {a: 1, 'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: ./s.yaml}}}}
  Y: {Type: X::Y::Z, Properties: {a: 1, 'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: 's3://b/s.yaml'}}}}
";
    let units = load(&["m.yaml"], &[("m.yaml", text), ("s.yaml", "b: {Ref: Name}\n")], &Context::default());
    assert_eq!(resources(&*units[0], 0), ["m.yaml#X {a: 1, b: n}", "m.yaml#Y {a: 1, …}"]);
}

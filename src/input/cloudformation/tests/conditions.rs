//! Templates with conditions: the worlds that they have and what each contains.

use super::*;

/// Each world as `condition=T …: resource(property) …`.
fn worlds(text: &str, context: &Context) -> Vec<String> {
    let sources = SourceMap::default();
    let unit = unit_from_text("t.yaml", text, context, &sources).unwrap();
    let worlds = unit.worlds();
    assert!(worlds.incomplete.is_none());
    worlds
        .list
        .iter()
        .map(|world| {
            let evaluation = unit.evaluate(world);
            assert!(evaluation.notes.is_empty(), "{:?}", evaluation.notes);
            let conditions = evaluation
                .conditions
                .iter()
                .map(|condition| format!("{}={}", condition.name, if condition.holds { "T" } else { "F" }));
            let resources = evaluation.resources.iter().map(|resource| {
                let property = resource.properties.as_map().and_then(|map| map.get("P"));
                let property = property.map(|value| format!("({})", shown(value))).unwrap_or_default();
                format!("{}{property}", resource.name)
            });
            let (conditions, resources): (Vec<_>, Vec<_>) = (conditions.collect(), resources.collect());
            format!("{}: {}", conditions.join(" "), resources.join(" "))
        })
        .collect()
}

fn given(parameters: &[(&str, &str)]) -> Context {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Context { parameters, ..Context::default() }
}

const STAGES: &str = "
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, test, prod]}
  Debug: {Type: String, Default: 'false'}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Equals [dev, !Ref Stage]
  IsDebug: !Equals [!Ref Debug, true]
  NotDebug: !Not [Condition: IsDebug]
  Loud: !Or [!Condition IsDebug, !Condition IsDev]
  Quiet: !And [!Not [!Condition IsProd], !Condition NotDebug]
  Never: !Equals [!Ref Stage, nowhere]
";

#[test]
fn an_open_condition_has_both_branches() {
    let text = format!(
        "{STAGES}\nResources:\n  A: {{Type: X::Y::Z, Condition: IsProd, Properties: {{P: !If [IsProd, !Ref Stage, n]}}}}\n  B: {{Type: X::Y::Z, Properties: {{P: !Ref Stage}}}}\n"
    );
    assert_eq!(worlds(&text, &Context::default()), ["IsProd=F: B(dev)", "IsProd=T: A(prod) B(prod)"]);
    assert_eq!(worlds(&text, &given(&[("Stage", "prod")])), [": A(prod) B(prod)"]);
    assert_eq!(worlds(&text, &given(&[("Stage", "test")])), [": B(test)"]);
}

#[test]
fn values_of_one_parameter_exclude_each_other() {
    let text = format!(
        "{STAGES}\nResources:\n  A: {{Type: X::Y::Z, Properties: {{P: !If [IsProd, big, !If [IsDev, small, !Ref Stage]]}}}}\n"
    );
    assert_eq!(
        worlds(&text, &Context::default()),
        ["IsDev=T IsProd=F: A(small)", "IsDev=F IsProd=F: A(test)", "IsDev=F IsProd=T: A(big)"]
    );
}

#[test]
fn an_excluded_default_is_not_assumed() {
    let text = "
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsDev: !Equals [!Ref Stage, dev]}
Resources:
  A: {Type: X::Y::Z, Properties: {P: !Sub '${Stage}-x', Q: !If [IsDev, 1, 2]}}
";
    assert_eq!(worlds(text, &Context::default()), ["IsDev=T: A(dev-x)", "IsDev=F: A(?-x)"]);
}

#[test]
fn values_that_are_not_allowed_are_never_assumed() {
    let text = format!("{STAGES}\nResources:\n  A: {{Type: X::Y::Z, Condition: Never}}\n  B: {{Type: X::Y::Z}}\n");
    assert_eq!(worlds(&text, &Context::default()), [": B"]);
}

#[test]
fn unused_conditions_open_nothing() {
    let text = format!("{STAGES}\nResources:\n  B: {{Type: X::Y::Z}}\nOutputs:\n  O: {{Value: !If [IsProd, a, b]}}\n");
    assert_eq!(worlds(&text, &Context::default()), [": B"]);
}

#[test]
fn logic_combines() {
    let text = format!(
        "{STAGES}\nResources:\n  A: {{Type: X::Y::Z, Properties: {{P: !If [Loud, loud, !If [Quiet, quiet, neither]]}}}}\n"
    );
    assert_eq!(
        worlds(&text, &Context::default()),
        [
            "Loud=T Quiet=T: A(loud)",
            "Loud=F Quiet=T: A(quiet)",
            "Loud=T Quiet=F: A(loud)",
            "Loud=F Quiet=F: A(neither)",
        ]
    );
}

#[test]
fn unconnected_conditions_are_not_multiplied() {
    let text = format!(
        "{STAGES}
Resources:
  A: {{Type: X::Y::Z, Condition: IsProd}}
  B: {{Type: X::Y::Z, Condition: IsDebug}}
"
    );
    assert_eq!(worlds(&text, &Context::default()).len(), 3);
    let connected = format!(
        "{STAGES}
Resources:
  A: {{Type: X::Y::Z, Condition: IsProd, Properties: {{P: !Ref B}}}}
  B: {{Type: X::Y::Z, Condition: IsDebug}}
"
    );
    assert_eq!(worlds(&connected, &Context::default()).len(), 4);
    let hub = format!(
        "{STAGES}
Resources:
  V: {{Type: 'AWS::EC2::VPC'}}
  A: {{Type: X::Y::Z, Condition: IsProd, Properties: {{P: !Ref V}}}}
  B: {{Type: X::Y::Z, Condition: IsDebug, Properties: {{P: !Ref V}}}}
"
    );
    assert_eq!(worlds(&hub, &Context::default()).len(), 3);
}

#[test]
fn an_emptiness_test_of_a_list_is_open() {
    let text = "
Parameters: {Subnets: {Type: CommaDelimitedList, Default: ''}}
Conditions: {Has: !Not [!Equals [!Join ['', !Ref Subnets], '']]}
Resources:
  A: {Type: X::Y::Z, Properties: {P: !If [Has, !Ref Subnets, none]}}
";
    assert_eq!(
        worlds(text, &Context::default()),
        ["Has=F: A(none)", "Has=T: A(unknown: parameter `Subnets` has no value; give it with `--parameter Subnets=…`)",]
    );
}

#[test]
fn two_parameters_may_be_the_same() {
    let text = "
Parameters: {A: {Type: String, Default: x}, B: {Type: String, Default: y}}
Conditions:
  Same: !Equals [!Ref B, !Ref A]
  Ax: !Equals [!Ref A, x]
  Bx: !Equals [!Ref B, x]
Resources:
  R: {Type: X::Y::Z, Properties: {P: !Sub ['${a}${b}${s}', {a: !If [Ax, t, f], b: !If [Bx, t, f], s: !If [Same, t, f]}]}}
";
    let mut found: Vec<_> = worlds(text, &Context::default());
    found.sort();
    assert_eq!(
        found,
        [
            "Ax=F Bx=F Same=F: R(fff)",
            "Ax=F Bx=F Same=T: R(fft)",
            "Ax=F Bx=T Same=F: R(ftf)",
            "Ax=T Bx=F Same=F: R(tff)",
            "Ax=T Bx=T Same=T: R(ttt)",
        ]
    );
}

#[test]
fn the_region_is_open_unless_given() {
    let text = "
Conditions: {Home: !Equals [!Ref 'AWS::Region', eu-central-1]}
Resources:
  A: {Type: X::Y::Z, Properties: {P: !If [Home, !Ref 'AWS::Region', away]}}
";
    assert_eq!(worlds(text, &Context::default()), ["Home=F: A(away)", "Home=T: A(eu-central-1)"]);
    let here = Context { region: Some("eu-central-1".to_owned()), ..Context::default() };
    assert_eq!(worlds(text, &here), [": A(eu-central-1)"]);
}

#[test]
fn alternatives_that_amount_to_the_same_are_one_world() {
    let text = format!(
        "{STAGES}
  Known: !Or [!Equals [!Ref Debug, a], !Equals [!Ref Debug, b], !Equals [!Ref Debug, c]]
Resources:
  A: {{Type: X::Y::Z, Condition: Known}}
"
    );
    assert_eq!(worlds(&text, &Context::default()), ["Known=F: ", "Known=T: A"]);
}

#[test]
fn secret_defaults_decide_but_are_not_shown() {
    let text = "
Parameters: {Key: {Type: String, NoEcho: true, Default: hunter2}}
Conditions: {Has: !Not [!Equals [!Ref Key, '']]}
Resources:
  A: {Type: X::Y::Z, Properties: {P: !If [Has, !Ref Key, none]}}
";
    let found = worlds(text, &Context::default());
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("Has=T: A(unknown: parameter `Key`"));
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn too_many_conditions_are_incomplete_and_say_so() {
    let twelve = |line: fn(usize) -> String| (0..12).map(line).collect::<Vec<_>>().concat();
    let text = [
        "Parameters:\n",
        &twelve(|index| format!("  P{index}: {{Type: String, Default: 'no'}}\n")),
        "Conditions:\n",
        &twelve(|index| format!("  C{index}: !Equals [!Ref P{index}, 'yes']\n")),
        "Resources:\n  A:\n    Type: X::Y::Z\n    Properties:\n",
        &twelve(|index| format!("      K{index}: !If [C{index}, a, b]\n")),
        "  B: {Type: X::Y::Z}\n  C: {Type: X::Y::Z, Properties: {P: !Ref A}}\n  D: {Type: X::Y::Z, Condition: C1}\n",
    ]
    .concat();
    let sources = SourceMap::default();
    let unit = unit_from_text("t.yaml", &text, &Context::default(), &sources).unwrap();
    let worlds = unit.worlds();
    assert_eq!(worlds.list.len(), crate::world::MAX_WORLDS);
    let incomplete = worlds.incomplete.unwrap();
    let explored: Vec<String> = incomplete.explored.iter().map(ToString::to_string).collect();
    assert_eq!(explored, ["t.yaml#B", "t.yaml#D"]);
    let reason = incomplete.reason.to_string();
    assert!(reason.starts_with("12 open conditions") && reason.contains("`P0`"), "{reason}");
    let flips = |world: &World| world.atoms.values().filter(|holds| **holds).count();
    assert_eq!(flips(&worlds.list[0]), 0);
    assert!((1..=12).all(|index| flips(&worlds.list[index]) == 1));
    assert!((13..64).all(|index| flips(&worlds.list[index]) == 2));
}

#[test]
fn cycles_and_nonsense_are_errors_with_both_branches() {
    for (condition, message) in [
        ("!Condition Other\n  Other: !Condition C", "depends on itself"),
        ("!Condition Missing", "is not declared"),
        ("!Equals [a]", "not a condition"),
        ("[1, 2]", "not a condition"),
        ("!And []", "not a condition"),
    ] {
        let text = format!("Conditions:\n  C: {condition}\nResources:\n  A: {{Type: X::Y::Z, Condition: C}}\n");
        let sources = SourceMap::default();
        let unit = unit_from_text("t.yaml", &text, &Context::default(), &sources).unwrap();
        let worlds = unit.worlds();
        let evaluations: Vec<_> = worlds.list.iter().map(|world| unit.evaluate(world)).collect();
        assert_eq!(evaluations.iter().map(|found| found.resources.len()).sum::<usize>(), 1, "{condition}");
        assert_eq!(evaluations.len(), 2, "{condition}");
        let errors: Vec<_> = evaluations[0].notes.iter().filter(|note| note.level == NoteLevel::Error).collect();
        assert!(errors.iter().any(|note| note.message.contains(message)), "{condition}: {errors:?}");
    }
}

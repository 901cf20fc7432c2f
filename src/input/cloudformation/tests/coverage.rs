//! The law of worlds: whatever is deployed is one of them, and each of them can be deployed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const VALUES: [&str; 3] = ["x", "y", "z"];

/// A condition over the parameters `A`, `B` and `C`, each with the allowed values `x`, `y` and `z`.
fn condition(opaque: bool) -> impl Strategy<Value = String> {
    let parameter = prop_oneof![Just("A"), Just("B"), Just("C")];
    let value = prop_oneof![Just("x"), Just("y"), Just("z"), Just("w")];
    let literal = (parameter.clone(), value).prop_map(|(name, value)| format!("!Equals [!Ref {name}, {value}]"));
    let same =
        (parameter.clone(), parameter.clone()).prop_map(|(left, right)| format!("!Equals [!Ref {left}, !Ref {right}]"));
    let joined = (parameter.clone(), parameter)
        .prop_map(|(left, right)| format!("!Equals [!Join ['-', [!Ref {left}, !Ref {right}]], x-y]"));
    let leaf = if opaque { prop_oneof![literal, same, joined].boxed() } else { prop_oneof![literal, same].boxed() };
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!Not [{one}]")),
            proptest::collection::vec(inner.clone(), 2..3).prop_map(|all| format!("!And [{}]", all.join(", "))),
            proptest::collection::vec(inner, 2..3).prop_map(|all| format!("!Or [{}]", all.join(", "))),
        ]
    })
}

fn template(conditions: &[String], defaults: &[usize]) -> String {
    let parameters: Vec<String> = ["A", "B", "C"]
        .iter()
        .zip(defaults)
        .map(|(name, default)| {
            // A fourth choice is no default at all.
            let default = VALUES.get(*default).map(|value| format!(", Default: {value}")).unwrap_or_default();
            format!("  {name}: {{Type: String, AllowedValues: [x, y, z]{default}}}\n")
        })
        .collect();
    let lines: Vec<String> =
        conditions.iter().enumerate().map(|(index, condition)| format!("  C{index}: {condition}\n")).collect();
    let uses: Vec<String> =
        (0..conditions.len()).map(|index| format!("      K{index}: !If [C{index}, t, f]\n")).collect();
    let values = "      A: !Ref A\n      B: !Ref B\n      C: !Ref C\n";
    [
        "Parameters:\n",
        &parameters.concat(),
        "Conditions:\n",
        &lines.concat(),
        "Resources:\n  R:\n    Type: X::Y::Z\n    Properties:\n",
        &uses.concat(),
        values,
    ]
    .concat()
}

/// What a world decides (`tft`) and the values that the parameters have in it.
fn outcomes(text: &str, context: &Context) -> BTreeSet<(String, Vec<Option<String>>)> {
    let sources = SourceMap::default();
    let unit = unit_from_text("t.yaml", text, context, &sources).unwrap();
    let worlds = unit.worlds();
    assert!(worlds.incomplete.is_none());
    worlds
        .list
        .iter()
        .map(|world| {
            let evaluation = unit.evaluate(world);
            let map = evaluation.resources[0].properties.as_map().unwrap().clone();
            let truths = map.members.iter().filter(|member| member.key.starts_with('K'));
            let truths = truths.map(|member| member.value.as_str().unwrap().to_owned()).collect::<String>();
            let values = ["A", "B", "C"].map(|name| map.get(name).and_then(Value::as_str).map(str::to_owned));
            (truths, values.to_vec())
        })
        .collect()
}

/// The outcome of every deployment.
fn deployments(text: &str) -> BTreeSet<(String, Vec<Option<String>>)> {
    let mut found = BTreeSet::new();
    for a in VALUES {
        for b in VALUES {
            for c in VALUES {
                let given = [("A", a), ("B", b), ("C", c)].map(|(name, value)| (name.to_owned(), value.to_owned()));
                let context = Context { parameters: given.to_vec(), ..Context::default() };
                found.extend(outcomes(text, &context));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_deployment_is_a_world(
        conditions in proptest::collection::vec(condition(true), 1..4),
        defaults in proptest::collection::vec(0_usize..4, 3),
    ) {
        let text = template(&conditions, &defaults);
        let worlds: BTreeSet<String> = outcomes(&text, &Context::default()).into_iter().map(|(truths, _)| truths).collect();
        for (truths, values) in deployments(&text) {
            prop_assert!(worlds.contains(&truths), "{values:?} gives {truths}, the worlds are {worlds:?}\n{text}");
        }
    }

    #[test]
    fn every_world_can_be_deployed(
        conditions in proptest::collection::vec(condition(false), 1..4),
        defaults in proptest::collection::vec(0_usize..4, 3),
    ) {
        let text = template(&conditions, &defaults);
        let deployments: BTreeSet<String> = deployments(&text).into_iter().map(|(truths, _)| truths).collect();
        for (truths, values) in outcomes(&text, &Context::default()) {
            prop_assert!(deployments.contains(&truths), "no deployment has {truths}, as with {values:?}\n{text}");
        }
    }
}

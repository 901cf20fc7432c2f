use super::*;

const RULE: &str = "id: X-1
title: Nothing is open
severity: high
tier: core
subject: api_routes
needs: [effect, declared_public]
why: Because.
applies: |
  declared_public == false
assert: |
  effect == 'write'
remedy: {text: Do it.}
";

fn error(text: &str) -> String {
    Rule::parse(Path::new("x.yaml"), text).unwrap_err().to_string()
}

#[test]
fn a_rule_is_what_its_file_says() {
    let rule = Rule::parse(Path::new("x.yaml"), RULE).unwrap();
    assert_eq!((rule.info.id.as_str(), rule.info.remedy.as_str()), ("X-1", "Do it."));
    assert_eq!(rule.predicate.get().unwrap().reads.iter().collect::<Vec<_>>(), ["declared_public", "effect"]);
}

#[test]
fn what_is_wrong_with_a_file_is_an_error_with_its_place() {
    for (from, to, expected) in [
        ("effect ==", "efect ==", "x.yaml:11:3: there is no fact `efect`"),
        ("effect == 'write'", "effect == 'write'\n  declared_public = 1", "x.yaml:12:19: cannot parse"),
        ("declared_public == false", "declared_public == 'no'", "x.yaml:9:3: a boolean is never equal to a text"),
        ("[effect, declared_public]", "[effect]", "x.yaml:6:1: the predicate also reads `declared_public`"),
        ("[effect,", "[effect, api,", "x.yaml:6:1: the predicate does not read `api`"),
        ("api_routes", "api_rotes", "x.yaml:5:1: there is no subject kind `api_rotes`"),
        ("title:", "titel:", "x.yaml:2:1: unknown field `titel`"),
        ("high", "hihg", "x.yaml:3:11: "),
        ("Nothing is open", "Nothing is open.", "x.yaml:2:1: the title is a short sentence"),
        ("{text: Do it.}", "{cloudformation: x}", "x.yaml:12:1: `text` is missing"),
        ("high", "{default: low, when: [{if: 'efect == \"x\"', then: high}]}", "x.yaml:3:39: there is no fact `efect`"),
    ] {
        let found = error(&RULE.replacen(from, to, 1));
        assert!(found.starts_with(expected), "{from} → {to}: {found}");
    }
}

#[test]
fn parameters_are_constants_of_the_predicate() {
    let rule =
        RULE.replace("== 'write'", "in params.effects").replace("why:", "params: {effects: [read, write]}\nwhy:");
    Rule::parse(Path::new("x.yaml"), &rule).unwrap();
    let wrong = rule.replace("[read, write]", "[1, 2]");
    assert_eq!(error(&wrong), "x.yaml:12:3: a text is never equal to a number");
}

#[test]
fn ids_are_unique() {
    let rule = Rule::parse(Path::new("a.yaml"), RULE).unwrap();
    let mut rules = RuleSet { rules: vec![rule.clone()] };
    let error = rules.add(RuleSet { rules: vec![Rule { file: PathBuf::from("b.yaml"), ..rule }] }).unwrap_err();
    assert_eq!(error.to_string(), "b.yaml:1:1: rule `X-1` is already defined in a.yaml");
}

#[test]
fn patterns_name_rules_and_families() {
    for (pattern, id, matches) in [
        ("SRA-ALB-001", "SRA-ALB-001", true),
        ("sra-alb", "SRA-ALB-001", true),
        ("SRA-ALB-*", "SRA-ALB-001", true),
        ("SRA-AL", "SRA-ALB-001", false),
        ("SRA-AL*", "SRA-ALB-001", true),
        ("SRA-ALB-0011", "SRA-ALB-001", false),
    ] {
        assert_eq!(id_matches(pattern, id), matches, "{pattern}");
    }
}

use proptest::prelude::*;

use super::{Block, Glob, Matcher, Part, Request, Set, choose, shadowed_by, witness};

fn rule(priority: i64, parts: Vec<Set>) -> Matcher {
    let parts = parts.into_iter().map(|set| Part { set, whole: true }).collect();
    Matcher { parts, blind: false, void: false, is_default: false, priority: Some(priority) }
}

fn default() -> Matcher {
    Matcher { parts: Vec::new(), blind: false, void: false, is_default: true, priority: None }
}

fn path(patterns: &[&str]) -> Set {
    Set::Path(patterns.iter().map(|pattern| Glob::sensitive(pattern)).collect())
}

fn get(path: &str) -> Request {
    Request { path: path.to_owned(), ..Request::default() }
}

#[test]
fn the_first_rule_by_priority_takes_a_request() {
    let rules = [rule(1, vec![path(&["/a*"])]), rule(2, vec![path(&["/ab"])]), default()];
    assert_eq!(choose(&rules, &get("/ab")), Some(0));
    assert_eq!(choose(&rules, &get("/b")), Some(2));
    assert_eq!(shadowed_by(&rules, 1), [0]);
    assert!(shadowed_by(&rules, 2).is_empty());
}

#[test]
fn a_default_behind_a_rule_for_all_paths_is_dead() {
    let rules = [rule(9, vec![path(&["/*"])]), default()];
    assert_eq!(shadowed_by(&rules, 1), [0]);
    assert_eq!(witness(&rules, 1), None);
}

#[test]
fn a_pattern_that_starts_with_a_wildcard_stands_for_paths_too() {
    let rules = [rule(1, vec![path(&["/*"])]), rule(2, vec![path(&["*.php"])]), default()];
    assert_eq!(shadowed_by(&rules, 1), [0]);
}

#[test]
fn several_rules_together_shadow_the_values_of_one() {
    let narrow = rule(3, vec![path(&["/a/x", "/b/y"])]);
    let rules = [rule(1, vec![path(&["/a/*"])]), rule(2, vec![path(&["/b/*"])]), narrow, default()];
    assert_eq!(shadowed_by(&rules, 2), [0, 1]);
}

#[test]
fn a_further_condition_keeps_an_earlier_rule_from_shadowing() {
    let guarded = vec![path(&["/*"]), Set::Header("x-origin".to_owned(), vec![Glob::folded("secret")])];
    let rules = [rule(1, guarded), rule(2, vec![path(&["/a"])]), default()];
    assert!(shadowed_by(&rules, 1).is_empty());
    assert_eq!(witness(&rules, 1).unwrap(), get("/a"));
}

#[test]
fn unknown_values_decide_nothing() {
    let mut unknown = rule(1, vec![path(&["/a*"])]);
    unknown.parts[0].whole = false;
    let rules = [unknown, rule(2, vec![path(&["/ab"])]), rule(3, vec![path(&["/c"])]), default()];
    // What is known of the first rule is enough to shadow the second, and not enough to tell who gets `/c`.
    assert_eq!(shadowed_by(&rules, 1), [0]);
    assert_eq!(choose(&rules, &get("/c")), None);
    let mut late = rule(1, vec![path(&["/*"])]);
    late.priority = None;
    assert!(shadowed_by(&[rule(2, vec![path(&["/x"])]), late.clone(), default()], 0).is_empty());
    assert_eq!(choose(&[rule(2, vec![path(&["/x"])]), late, default()], &get("/x")), None);
}

#[test]
fn a_witness_keeps_header_values_to_itself() {
    let rules = [rule(1, vec![Set::Header("x-origin".to_owned(), vec![Glob::folded("s3cret")])]), default()];
    let shown = witness(&rules, 0).unwrap().to_string();
    assert_eq!(shown, "GET / with header x-origin");
}

fn sets() -> impl Strategy<Value = Set> {
    let glob = "/[ab*?]{0,4}";
    prop_oneof![
        prop::collection::vec(glob, 1..3)
            .prop_map(|texts| Set::Path(texts.iter().map(|text| Glob::sensitive(text)).collect())),
        prop::collection::vec("[ab*?]{1,3}", 1..3)
            .prop_map(|texts| Set::Host(texts.iter().map(|text| Glob::folded(text)).collect())),
        prop::collection::vec("(GET|POST|PUT)", 1..3).prop_map(Set::Method),
        prop::collection::vec(("[ab*]{1,2}", "[ab*?]{0,3}"), 1..3).prop_map(|pairs| Set::Query(
            pairs.iter().map(|(key, value)| (Some(Glob::escaped(key)), Glob::escaped(value))).collect()
        )),
        prop::collection::vec("[ab*?]{1,3}", 1..3)
            .prop_map(|texts| Set::Header("h".to_owned(), texts.iter().map(|text| Glob::folded(text)).collect())),
        prop::collection::vec((0u8..4, 6u32..=8), 1..3).prop_map(|blocks| Set::SourceIp(
            blocks.iter().filter_map(|(high, prefix)| Block::parse(&format!("{high}.0.0.0/{prefix}"))).collect()
        )),
    ]
}

prop_compose! {
    fn listener()(rules in prop::collection::vec((1i64..40, prop::collection::vec(sets(), 1..3)), 0..6)) -> Vec<Matcher> {
        let mut rules = rules;
        rules.sort_by_key(|(priority, _)| *priority);
        rules.dedup_by_key(|(priority, _)| *priority);
        rules.into_iter().map(|(priority, parts)| rule(priority, parts)).chain([default()]).collect()
    }
}

prop_compose! {
    fn request()(
        path in "/[ab]{0,4}", host in "[ab]{1,3}", method in "(GET|POST|PUT)",
        query in prop::collection::vec(("[ab]{1,2}", "[ab]{0,3}"), 0..2),
        headers in prop::collection::vec(("h".prop_map(String::from), "[ab]{1,3}"), 0..2), high in 0u8..4,
    ) -> Request {
        Request { method, host, path, query, headers, source: format!("{high}.1.2.3") }
    }
}

/// What a listener does, written down as plainly as possible.
fn naive(rules: &[Matcher], request: &Request) -> Option<usize> {
    fn like(glob: &Glob, text: &str) -> bool {
        glob.matches(text)
    }
    rules.iter().position(|rule| {
        rule.parts.iter().all(|part| match &part.set {
            Set::Path(globs) => globs.iter().any(|glob| like(glob, &request.path)),
            Set::Host(globs) => globs.iter().any(|glob| like(glob, &request.host)),
            Set::Header(_, globs) => request.headers.iter().any(|(_, it)| globs.iter().any(|glob| like(glob, it))),
            Set::Method(methods) => methods.contains(&request.method),
            Set::Query(pairs) => pairs.iter().any(|(key, value)| {
                request.query.iter().any(|(k, v)| key.as_ref().is_none_or(|key| like(key, k)) && like(value, v))
            }),
            Set::SourceIp(blocks) => blocks.iter().any(|block| block.includes(Block::parse(&request.source).unwrap())),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_choice_agrees_with_a_naive_matcher(rules in listener(), request in request()) {
        prop_assert_eq!(choose(&rules, &request), naive(&rules, &request));
    }

    #[test]
    fn no_request_reaches_a_rule_that_is_called_dead(rules in listener(), requests in prop::collection::vec(request(), 12)) {
        for request in &requests {
            if let Some(index) = naive(&rules, request) {
                prop_assert!(shadowed_by(&rules, index).is_empty(), "{request:?} reaches rule {index}");
            }
        }
    }

    #[test]
    fn a_witness_reaches_its_rule(rules in listener()) {
        for index in 0..rules.len() {
            if let Some(request) = witness(&rules, index) {
                prop_assert_eq!(naive(&rules, &request), Some(index));
                prop_assert!(shadowed_by(&rules, index).is_empty());
            }
        }
    }
}

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::facts::tree::Field;
use crate::facts::{Shape, TreeKind};
use crate::input::not_understood;
use crate::rule::compile::{Params, Texts, compile};

thread_local! {
    /// Set where Guard differs by design: a question about the values of an empty selection, a
    /// `when` that does not apply, and `some` with a
    /// query on the right, for which Guard compares the sets of both sides.
    pub(in crate::rule) static GUARD_DIFFERS: Cell<bool> = const { Cell::new(false) };
}

fn fields() -> Vec<Field> {
    let field = |name, shape| Field { name, doc: String::new(), shape };
    let list = |shape| Shape::List(Box::new(shape));
    let fact = |shape| Shape::Fact(Box::new(shape));
    let port = vec![field("number", fact(Shape::Int)), field("tags", fact(list(Shape::Text)))];
    let rule = vec![
        field("action", fact(Shape::Text)),
        field("open", fact(Shape::Bool)),
        field("ports", fact(list(Shape::Map { about: String::new(), fields: port }))),
    ];
    vec![
        field("protocol", fact(Shape::Text)),
        field("port", fact(Shape::Int)),
        field("public", fact(Shape::Bool)),
        field("rules", fact(list(Shape::Map { about: String::new(), fields: rule }))),
        field("names", fact(list(fact(Shape::Text)))),
    ]
}

fn tree(kind: TreeKind) -> Tree {
    kind.into()
}

fn text(value: &str) -> Tree {
    tree(TreeKind::Text(value.into()))
}

fn unknown() -> Tree {
    tree(TreeKind::Unknown(not_understood("not given")))
}

fn subject(rules: Tree, names: Tree) -> Tree {
    tree(TreeKind::Map(vec![
        ("protocol", text("HTTP")),
        ("port", tree(TreeKind::Int(80))),
        ("public", tree(TreeKind::Bool(true))),
        ("rules", rules),
        ("names", names),
    ]))
}

fn rule(action: Tree, open: Tree) -> Tree {
    tree(TreeKind::Map(vec![("action", action), ("open", open), ("ports", list(vec![]))]))
}

fn list(items: Vec<Tree>) -> Tree {
    tree(TreeKind::List(items))
}

fn bool(value: bool) -> Tree {
    tree(TreeKind::Bool(value))
}

fn outcome(lets: &str, assert: &str, subject: &Tree) -> (Truth, Vec<String>, Vec<String>) {
    let texts = Texts { lets: lets.to_owned(), assert: assert.to_owned(), ..Texts::default() };
    let predicate = compile(&texts, &fields(), &Params::default()).unwrap();
    let bare = Scope { item: subject, variables: &[], outer: None, name: "Web" };
    let values = bare.values(&predicate.lets);
    let outcome = Scope { variables: &values, ..bare }.block(&predicate.assert);
    let reasons = outcome.reasons.iter().map(ToString::to_string).collect();
    (outcome.truth, outcome.messages, reasons)
}

fn truth(lets: &str, assert: &str, subject: &Tree) -> Truth {
    outcome(lets, assert, subject).0
}

fn error(lets: &str, assert: &str) -> String {
    let texts = Texts { lets: lets.to_owned(), assert: assert.to_owned(), ..Texts::default() };
    compile(&texts, &fields(), &Params::default()).unwrap_err().message
}

#[test]
fn what_is_known_is_compared_as_in_guard() {
    let subject = subject(list(vec![rule(text("forward"), bool(true))]), list(vec![text("a"), text("b")]));
    for holds in [
        "protocol == \"HTTP\"",
        "protocol == /^HT/",
        "not protocol == 'TCP'",
        "protocol != 'TCP'",
        "protocol in ['TCP', /TTP$/]",
        "port == 80",
        "port in r[80,443]",
        "port > 79\nport <= 80",
        "public == true",
        "public == false or port == 80",
        "rules !empty",
        "rules[*].open == true",
        "some names[*] == 'a'",
        "names[*] in ['a', 'b', 'c']",
        "names[ this == 'c' ] empty",
        "rules[ action == 'forward' open == true ] !empty",
        "rules[*] { action == 'forward' }",
        "rules[ action == 'redirect' ] { open == false }",
        "when public == false { port == 1 }",
    ] {
        assert_eq!(truth("", holds, &subject), Truth::True, "{holds}");
    }
    for fails in ["protocol != /^HT/", "port < 80", "names[*] == 'a'", "rules empty", "some names[*] == 'c'"] {
        assert_eq!(truth("", fails, &subject), Truth::False, "{fails}");
    }
}

#[test]
fn every_element_of_nothing_holds_and_some_does_not() {
    let subject = subject(list(vec![]), list(vec![]));
    assert_eq!(truth("", "names[*] == 'a'", &subject), Truth::True);
    assert_eq!(truth("", "names[*] != 'a'", &subject), Truth::True);
    assert_eq!(truth("", "some names[*] == 'a'", &subject), Truth::False);
    assert_eq!(truth("", "protocol not in names", &subject), Truth::True);
    assert_eq!(truth("", "protocol in names", &subject), Truth::False);
    assert_eq!(truth("", "some rules[*] { open == true }", &subject), Truth::False);
}

#[test]
fn an_unknown_operand_makes_the_comparison_unknown_unless_another_decides() {
    let subject = subject(list(vec![rule(text("forward"), unknown())]), list(vec![unknown(), text("a")]));
    assert_eq!(truth("", "rules[*].open == true", &subject), Truth::Unknown);
    assert_eq!(truth("", "some names[*] == 'a'", &subject), Truth::True);
    assert_eq!(truth("", "names[*] == 'b'", &subject), Truth::False);
    assert_eq!(truth("", "names[*] == 'a'", &subject), Truth::Unknown);
    assert_eq!(truth("", "protocol in names", &subject), Truth::Unknown);
    assert_eq!(truth("", "protocol in names or port == 80", &subject), Truth::True);
    assert_eq!(outcome("", "names[*] == 'a'", &subject).2, ["not given"]);
}

#[test]
fn a_filter_keeps_what_may_match() {
    let subject = subject(list(vec![rule(text("forward"), unknown())]), unknown());
    let open = "let open = rules[ open == true ]";
    assert_eq!(truth(open, "%open empty", &subject), Truth::Unknown);
    assert_eq!(truth(open, "%open !empty", &subject), Truth::Unknown);
    assert_eq!(truth(open, "%open.action == 'forward'", &subject), Truth::True);
    assert_eq!(truth(open, "%open.action == 'redirect'", &subject), Truth::Unknown);
    assert_eq!(truth(open, "some %open.action == 'redirect'", &subject), Truth::False);
    assert_eq!(truth("", "names empty", &subject), Truth::Unknown);
    assert_eq!(truth("", "names[*] == 'a'", &subject), Truth::Unknown);
    assert_eq!(truth("", "names[ this == 'a' ] empty", &subject), Truth::Unknown);
}

#[test]
fn counts_have_bounds() {
    let rules = vec![rule(text("a"), unknown()), rule(text("b"), bool(true)), rule(text("c"), bool(false))];
    let subject = subject(list(rules), unknown());
    let count = "let n = count(rules[ open == true ])";
    assert_eq!(truth(count, "%n >= 1", &subject), Truth::True);
    assert_eq!(truth(count, "%n > 1", &subject), Truth::Unknown);
    assert_eq!(truth(count, "%n < 3", &subject), Truth::True);
    assert_eq!(truth(count, "%n == 0", &subject), Truth::False);
    assert_eq!(truth(count, "%n in [1, 2]", &subject), Truth::Unknown);
    assert_eq!(truth(count, "%n in r[1,2]", &subject), Truth::True);
    assert_eq!(truth(count, "port > %n", &subject), Truth::True);
    let names = "let n = count(names[*])";
    assert_eq!(truth(names, "%n >= 0", &subject), Truth::True);
    assert_eq!(truth(names, "%n < 100", &subject), Truth::Unknown);
}

#[test]
fn messages_are_those_of_the_clauses_that_failed() {
    let rules = vec![rule(text("a"), bool(true)), rule(text("b"), bool(false))];
    let subject = subject(list(rules), list(vec![text("x"), text("y")]));
    let assert = "rules[*] { open == false <<{action} is open on {name}>> }\nport == 443 <<port {port}, names {names}>>\npublic == true <<no>>";
    let (truth, messages, _) = outcome("", assert, &subject);
    assert_eq!(truth, Truth::False);
    assert_eq!(messages, ["a is open on Web", "port 80, names x, y"]);
}

#[test]
fn what_can_never_be_right_is_refused() {
    for (assert, message) in [
        ("protocl == 'a'", "there is no fact `protocl`"),
        ("port == 'a'", "a number is never equal to a text"),
        ("public == /x/", "a boolean is never equal to"),
        ("protocol > 1", "a text is never equal to a number"),
        ("rules[*] == 'a'", "an object is compared by its facts"),
        ("names == 'a'", "a list is compared by its elements"),
        ("rules.open == true", "write `[*].open`"),
        ("protocol[ this == 'a' ] empty", "a filter needs a list"),
        ("public empty", "a boolean is never empty"),
        ("protocol exists", "every fact exists"),
        ("port is_int", "types of facts are fixed"),
        ("port == 1.5", "not a whole number"),
        ("protocol == null", "never null"),
        ("rules[0].open == true", "no fixed order"),
        ("other", "alone is no clause"),
        ("not some names[*] == 'a'", "`not some`"),
        ("rules { open == true }", "write `[*]`"),
        ("names[*] empty", "without `[*]`"),
        ("%x empty", "variable `x` is not defined"),
        ("port == params.x", "no parameter `x`"),
        ("public == true <<{nothing}>>", "is no fact"),
        ("protocol == 'a' }\nrule b { port == 1", "not a set of named rules"),
    ] {
        let found = error("", assert);
        assert!(found.contains(message), "{assert}: {found}");
    }
    assert!(error("let x = rules", "port == 1").contains("never used"));
}

#[test]
fn a_literal_that_looks_like_an_expression_is_a_text() {
    let subject = subject(list(vec![]), list(vec![text("/HTTP/")]));
    assert_eq!(truth("", "protocol == \"/HTTP/\"", &subject), Truth::False);
    assert_eq!(truth("", "names[*] == \"/HTTP/\"", &subject), Truth::True);
}

fn scalar_text() -> impl Strategy<Value = Tree> {
    prop_oneof![3 => prop::sample::select(vec!["a", "b", "c", "HTTP"]).prop_map(text), 1 => Just(unknown())]
}

fn any_int() -> impl Strategy<Value = Tree> {
    prop_oneof![3 => (0..4i64).prop_map(|n| tree(TreeKind::Int(n))), 1 => Just(unknown())]
}

fn any_bool() -> impl Strategy<Value = Tree> {
    prop_oneof![3 => any::<bool>().prop_map(bool), 1 => Just(unknown())]
}

fn any_list(element: impl Strategy<Value = Tree>) -> impl Strategy<Value = Tree> {
    prop_oneof![4 => prop::collection::vec(element, 0..4).prop_map(list), 1 => Just(unknown())]
}

prop_compose! {
    fn any_rule()(action in scalar_text(), open in any_bool(), ports in any_list(any_port())) -> Tree {
        tree(TreeKind::Map(vec![("action", action), ("open", open), ("ports", ports)]))
    }
}

prop_compose! {
    fn any_port()(number in any_int(), tags in any_list(scalar_text())) -> Tree {
        tree(TreeKind::Map(vec![("number", number), ("tags", tags)]))
    }
}

prop_compose! {
    fn any_subject()(
        protocol in scalar_text(), port in any_int(), public in any_bool(),
        rules in any_list(any_rule()), names in any_list(scalar_text()),
    ) -> Tree {
        tree(TreeKind::Map(vec![
            ("protocol", protocol), ("port", port), ("public", public), ("rules", rules), ("names", names),
        ]))
    }
}

const LETS: &str = "let open = rules[ open == true ]
let ports = %open.ports[ number > 1 ]
let many = count(rules[ action in [\"a\", \"b\"] ])
let tags = rules[*].ports[*].tags[*]";

fn clause() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "protocol == \"a\"",
        "protocol != /[ab]/",
        "port in r(0,2]",
        "port not in [1, 3]",
        "public == true",
        "some names[*] == \"b\"",
        "names[*] != \"b\"",
        "protocol in names",
        "protocol not in %tags",
        "names empty",
        "names !empty",
        "%open empty",
        "%open !empty",
        "%open.action == \"a\"",
        "some %open.action != protocol",
        "%ports !empty",
        "%ports[ tags !empty ] empty",
        "some %ports.number < 3",
        "%many > 1",
        "%many in [0, 2]",
        "%many != port",
        "port >= %many",
        "rules[*] { open == true or action == \"c\" }",
        "some rules[*] { when open == true { ports !empty } }",
        "rules[ ports[ number == 2 ] !empty ] { let mine = action\n ports[*] { some tags[*] == %mine } }",
        "when public == true { port > 0 }",
        "when names empty { public == false }",
        "not names[*] == \"a\"",
    ])
    .prop_map(str::to_owned)
}

fn predicate() -> impl Strategy<Value = String> {
    let line = prop::collection::vec(clause(), 1..3).prop_map(|clauses| clauses.join(" or "));
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
}

/// Replaces the node with the given number, in depth-first order, by an unknown one.
fn forget(tree: &Tree, at: &mut usize) -> Tree {
    let root = matches!(&tree.kind, TreeKind::Map(members) if members.iter().any(|(key, _)| *key == "protocol"));
    if !root {
        if *at == 0 {
            *at = usize::MAX;
            return unknown();
        }
        *at = at.saturating_sub(1);
    }
    let kind = match &tree.kind {
        TreeKind::List(items) => TreeKind::List(items.iter().map(|item| forget(item, at)).collect()),
        TreeKind::Map(members) => TreeKind::Map(members.iter().map(|(key, item)| (*key, forget(item, at))).collect()),
        other => other.clone(),
    };
    kind.into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn knowing_less_never_changes_a_verdict_but_to_unknown(
        subject in any_subject(), assert in predicate(), at in 0..40usize,
    ) {
        let texts = Texts { lets: LETS.to_owned(), assert: format!("{assert}\n{USE_ALL}"), ..Texts::default() };
        let predicate = compile(&texts, &fields(), &Params::default()).unwrap();
        let truth = |subject: &Tree| {
            let bare = Scope { item: subject, variables: &[], outer: None, name: "Web" };
            let values = bare.values(&predicate.lets);
            let outcome = Scope { variables: &values, ..bare }.block(&predicate.assert);
            prop_assert_eq!(outcome.truth == Truth::Unknown, !outcome.reasons.is_empty());
            Ok(outcome.truth)
        };
        let before = truth(&subject)?;
        let after = truth(&forget(&subject, &mut { at }))?;
        prop_assert!(after == before || after == Truth::Unknown, "{before:?} became {after:?}");
    }
}

/// Keeps every variable in use.
const USE_ALL: &str = "%open empty or %open !empty or %ports empty or %many >= 0 or protocol in %tags";

fn without_unknown(tree: &Tree) -> Tree {
    let kind = match &tree.kind {
        TreeKind::List(items) => {
            let known = |item: &&Tree| !matches!(item.kind, TreeKind::Unknown(_));
            TreeKind::List(items.iter().filter(known).map(without_unknown).collect())
        }
        TreeKind::Map(members) => {
            let member = |(key, member): &(&'static str, Tree)| {
                let known = match (&member.kind, *key) {
                    (TreeKind::Unknown(_), "protocol" | "action") => text("a"),
                    (TreeKind::Unknown(_), "port" | "number") => tree_of(TreeKind::Int(1)),
                    (TreeKind::Unknown(_), "public" | "open") => bool(true),
                    (TreeKind::Unknown(_), _) => list(vec![]),
                    _ => without_unknown(member),
                };
                (*key, known)
            };
            TreeKind::Map(members.iter().map(member).collect())
        }
        other => other.clone(),
    };
    kind.into()
}

fn tree_of(kind: TreeKind) -> Tree {
    kind.into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_known_facts_guard_agrees(subject in any_subject(), assert in predicate()) {
        let subject = without_unknown(&subject);
        GUARD_DIFFERS.set(false);
        let ours = truth(LETS, &format!("{assert}\n{USE_ALL}"), &subject);
        if !GUARD_DIFFERS.get() {
            let rules = format!("{LETS}\nrule asserts {{\n{assert}\n{USE_ALL}\n}}");
            let results = crate::rule::guard::evaluate(&rules, &[subject.to_json(None).to_string()]).unwrap();
            let fails = !results[0]["not_compliant"].as_array().unwrap().is_empty();
            let guard = if fails { Truth::False } else { Truth::True };
            prop_assert_eq!(ours, guard, "{}\n{}", assert, subject.to_json(None));
        }
    }
}

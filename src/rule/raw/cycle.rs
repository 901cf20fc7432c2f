//! Rules and variables of a Guard file that depend on themselves: cfn-guard follows them until its stack is
//! exhausted, which no caller can catch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// A rule, or a variable of a rule (or of the file).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Rule(String),
    Variable { rule: Option<String>, name: String },
}

/// The names that depend on themselves, or on such; empty when there are none.
pub(super) fn cyclic(tree: &Json) -> Vec<String> {
    let mut depends: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    let list = |json: &Json, key: &str| json.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    collect(&Json::Array(list(tree, "assignments")), None, None, &mut depends);
    let parameterized = list(tree, "parameterized_rules").into_iter().filter_map(|rule| rule.get("rule").cloned());
    for rule in list(tree, "guard_rules").into_iter().chain(parameterized) {
        let name = rule.get("rule_name").and_then(Json::as_str).unwrap_or_default().to_owned();
        collect(&rule, Some(&Name::Rule(name.clone())), Some(&name), &mut depends);
    }
    // What a rule does not define is the file's.
    let defined: BTreeSet<Name> = depends.keys().cloned().collect();
    for targets in depends.values_mut() {
        let resolve = |name: &Name| match name {
            Name::Variable { name, .. } if !defined.contains(&Name::Variable { rule: None, name: name.clone() }) => {
                None
            }
            Name::Variable { name: variable, .. } if !defined.contains(name) => {
                Some(Name::Variable { rule: None, name: variable.clone() })
            }
            _ => None,
        };
        *targets = targets.iter().map(|name| resolve(name).unwrap_or_else(|| name.clone())).collect();
    }
    // Names without open dependencies go, until none is left or only cycles are.
    loop {
        let done: BTreeSet<Name> = depends
            .iter()
            .filter(|(_, targets)| targets.iter().all(|target| !depends.contains_key(target)))
            .map(|(name, _)| name.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        depends.retain(|name, _| !done.contains(name));
    }
    depends.into_keys().map(|(Name::Rule(name) | Name::Variable { name, .. })| name).collect()
}

/// Notes what `owner` refers to. An assignment is an owner of its own.
fn collect(json: &Json, owner: Option<&Name>, rule: Option<&str>, depends: &mut BTreeMap<Name, BTreeSet<Name>>) {
    if let Some(owner) = owner {
        depends.entry(owner.clone()).or_default();
    }
    match json {
        Json::Array(items) => items.iter().for_each(|item| collect(item, owner, rule, depends)),
        Json::Object(members) => {
            if let (Some(Json::String(name)), Some(value)) = (members.get("var"), members.get("value")) {
                let variable = Name::Variable { rule: rule.map(str::to_owned), name: name.clone() };
                return collect(value, Some(&variable), rule, depends);
            }
            for (key, member) in members {
                let target = match (key.as_str(), member) {
                    ("Key", Json::String(text)) => text
                        .strip_prefix('%')
                        .map(|name| Name::Variable { rule: rule.map(str::to_owned), name: name.to_owned() }),
                    ("dependent_rule", Json::String(name)) => Some(Name::Rule(name.clone())),
                    _ => None,
                };
                match (target, owner) {
                    (Some(target), Some(owner)) => drop(depends.entry(owner.clone()).or_default().insert(target)),
                    _ => collect(member, owner, rule, depends),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::guard;

    fn of(text: &str) -> Vec<String> {
        cyclic(&guard::tree(text).unwrap())
    }

    #[test]
    fn what_would_exhaust_the_stack_is_found() {
        assert_eq!(of("let x = %y\nlet y = %x\nrule r { %x empty\n}"), ["r", "x", "y"]);
        assert_eq!(of("let x = %x\nrule r { a == 1\n}"), ["x"]);
        assert_eq!(of("rule r { r\n}"), ["r"]);
        assert_eq!(of("rule a { b\n}\nrule b when a { x == 1\n}"), ["a", "b"]);
        assert_eq!(of("rule p(x) { p(%x)\n}\nrule r { p(y)\n}"), ["p", "r"]);
    }

    #[test]
    fn what_ends_is_not() {
        let empty: [String; 0] = [];
        assert_eq!(
            of("let x = a\nrule r { let y = %x\n %y empty\n}\nrule s { let x = b\n let z = %x\n %z == 1\n r\n}"),
            empty
        );
    }
}

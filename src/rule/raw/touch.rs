//! What a Guard rule may look at, whatever it then concludes.
//!
//! cfn-guard has no unknown: a filter or `when` over an unknown value decides as if it were known. So each rule is
//! walked once more without deciding anything: every query is followed, filters let everything through (but for
//! those on the resource type, which is always known), and whatever unknown value is met is noted. It is a superset
//! of what the evaluator looks at.

use std::collections::{BTreeMap, BTreeSet};

use fancy_regex::Regex;
use serde_json::Value as Json;

use super::document::{OPEN, unknown};

/// What one rule may look at.
#[derive(Debug, Default)]
pub(super) struct Touched<'d> {
    /// Resources whose properties are asked about.
    pub reached: BTreeSet<&'d str>,
    /// Resource → reasons of the unknown values met in it.
    pub unknown: BTreeMap<&'d str, BTreeSet<String>>,
    /// Resources in which an unknown value may decide whether a failed check counts: it stands in a condition, in a
    /// filter, beside an `or`.
    pub decisive: BTreeSet<&'d str>,
    /// Unknown values that may decide about any resource.
    pub general: BTreeSet<String>,
}

/// Steps after which a walk gives up: rules of a few clauses over a thousand resources need a fraction.
const MAX_STEPS: usize = 2_000_000;

/// Nesting of rules, blocks, filters and variables.
const MAX_DEPTH: usize = 100;

pub(super) fn walk<'d>(tree: &Json, rule: &str, document: &'d Json) -> Touched<'d> {
    let mut walk = Walk { tree, touched: Touched::default(), steps: 0, depth: 0 };
    let root = Node { json: document, resource: None, depth: 0 };
    let mut file = Scope { item: root, variables: BTreeMap::new(), outer: None };
    file.define(array(tree, "assignments"));
    walk.rule(rule, &[], &file, How { decisive: false, counts: true, item: None });
    walk.touched
}

#[derive(Clone, Copy)]
struct Node<'d> {
    json: &'d Json,
    resource: Option<&'d str>,
    /// 0: the document, 1: `Resources`, 2: a resource.
    depth: usize,
}

#[derive(Clone, Copy)]
struct How<'d> {
    /// The outcome decides whether other checks count.
    decisive: bool,
    /// What is asked about is a subject of the rule, not just a condition.
    counts: bool,
    /// The resource that the enclosing block or filter looks at.
    item: Option<&'d str>,
}

struct Scope<'s, 'd> {
    item: Node<'d>,
    variables: BTreeMap<&'s str, Variable<'s, 'd>>,
    outer: Option<&'s Scope<'s, 'd>>,
}

enum Variable<'s, 'd> {
    Value(&'s Json),
    Nodes(Vec<Node<'d>>),
}

impl<'s> Scope<'s, '_> {
    fn define(&mut self, assignments: &'s [Json]) {
        for assignment in assignments {
            if let (Some(Json::String(name)), Some(value)) = (assignment.get("var"), assignment.get("value")) {
                self.variables.insert(name, Variable::Value(value));
            }
        }
    }
}

struct Walk<'t, 'd> {
    tree: &'t Json,
    touched: Touched<'d>,
    steps: usize,
    depth: usize,
}

impl<'d> Walk<'_, 'd> {
    fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.depth > MAX_DEPTH {
            self.touched.general.insert("the rule takes too many steps to follow".to_owned());
            return false;
        }
        true
    }

    fn note(&mut self, node: Node<'d>, reason: &str, how: How<'d>) {
        if let Some(resource) = node.resource {
            self.touched.unknown.entry(resource).or_default().insert(reason.to_owned());
            if how.decisive {
                self.touched.decisive.insert(resource);
            }
        }
        if node.resource.is_none() || (how.decisive && how.item != node.resource) {
            self.touched.general.insert(reason.to_owned());
        }
    }

    /// A rule by name, with the arguments of a parameterised one.
    fn rule(&mut self, name: &str, arguments: &[Vec<Node<'d>>], file: &Scope<'_, 'd>, how: How<'d>) {
        let named = |rule: &&Json| rule.get("rule_name").and_then(Json::as_str) == Some(name);
        let tree = self.tree;
        let mut scope = Scope { item: file.item, variables: BTreeMap::new(), outer: Some(file) };
        let found = array(tree, "guard_rules").iter().find(named).or_else(|| {
            let mut parameterized = array(tree, "parameterized_rules").iter();
            let found = parameterized.find(|rule| rule.get("rule").is_some_and(|rule| named(&rule)))?;
            for (name, nodes) in array(found, "parameter_names").iter().zip(arguments) {
                scope.variables.insert(name.as_str().unwrap_or_default(), Variable::Nodes(nodes.clone()));
            }
            found.get("rule")
        });
        let Some(rule) = found else {
            return;
        };
        let block = rule.get("block").unwrap_or(&Json::Null);
        scope.define(array(block, "assignments"));
        let condition = How { decisive: true, counts: false, ..how };
        self.clauses(array(rule, "conditions"), &scope, condition);
        self.clauses(array(block, "conjunctions"), &scope, how);
    }

    fn clauses(&mut self, conjunctions: &[Json], scope: &Scope<'_, 'd>, how: How<'d>) {
        for alternatives in conjunctions {
            let alternatives = alternatives.as_array().map_or(&[][..], Vec::as_slice);
            let how = How { decisive: how.decisive || alternatives.len() > 1, ..how };
            for clause in alternatives {
                self.depth += 1;
                if self.step() {
                    self.clause(clause, scope, how);
                }
                self.depth -= 1;
            }
        }
    }

    fn clause(&mut self, clause: &Json, scope: &Scope<'_, 'd>, how: How<'d>) {
        let Some((kind, body)) = clause.as_object().and_then(|members| members.iter().next()) else {
            return;
        };
        match kind.as_str() {
            "Clause" => match body.get("access_clause") {
                None => self.clause(body, scope, how),
                Some(access) => self.access(access, scope, how),
            },
            "BlockClause" => {
                let query = body.get("query").unwrap_or(&Json::Null);
                let how = How { decisive: how.decisive || some(query), ..how };
                let nodes = self.query(array(query, "query"), scope, how, false);
                self.blocks(nodes, body.get("block").unwrap_or(&Json::Null), &[], scope, how);
            }
            "WhenBlock" => {
                let parts = body.as_array().map_or(&[][..], Vec::as_slice);
                if let [conditions, block] = parts {
                    let conditions = conditions.as_array().map_or(&[][..], Vec::as_slice);
                    self.clauses(conditions, scope, How { decisive: true, counts: false, ..how });
                    let mut inner = Scope { item: scope.item, variables: BTreeMap::new(), outer: Some(scope) };
                    inner.define(array(block, "assignments"));
                    self.clauses(array(block, "conjunctions"), &inner, how);
                }
            }
            "TypeBlock" => {
                let nodes = self.query(array(body, "query"), scope, how, false);
                let conditions = array(body, "conditions");
                self.blocks(nodes, body.get("block").unwrap_or(&Json::Null), conditions, scope, how);
            }
            "NamedRule" | "ParameterizedNamedRule" => {
                let named = body.get("named_rule").unwrap_or(body);
                let how = How { decisive: true, ..how };
                let mut arguments = Vec::new();
                for parameter in array(body, "parameters") {
                    arguments.push(self.value(parameter, scope, how));
                }
                let name = named.get("dependent_rule").and_then(Json::as_str).unwrap_or_default();
                let mut file = scope;
                while let Some(outer) = file.outer {
                    file = outer;
                }
                self.rule(name, &arguments, file, how);
            }
            _ => {}
        }
    }

    fn blocks(&mut self, nodes: Vec<Node<'d>>, block: &Json, conditions: &[Json], scope: &Scope<'_, 'd>, how: How<'d>) {
        for node in nodes {
            let mut inner = Scope { item: node, variables: BTreeMap::new(), outer: Some(scope) };
            inner.define(array(block, "assignments"));
            let how = How { item: node.resource, ..how };
            self.clauses(conditions, &inner, How { decisive: true, counts: false, ..how });
            self.clauses(array(block, "conjunctions"), &inner, how);
        }
    }

    fn access(&mut self, access: &Json, scope: &Scope<'_, 'd>, how: How<'d>) {
        let query = access.get("query").unwrap_or(&Json::Null);
        let how = How { decisive: how.decisive || some(query), ..how };
        let right = access.get("compare_with").filter(|right| !right.is_null());
        self.query(array(query, "query"), scope, how, right.is_some());
        if let Some(right) = right {
            self.value(right, scope, How { decisive: true, counts: false, ..how });
        }
    }

    /// The right side of a comparison, or an argument.
    fn value(&mut self, value: &Json, scope: &Scope<'_, 'd>, how: How<'d>) -> Vec<Node<'d>> {
        if let Some(access) = value.get("AccessClause") {
            return self.query(array(access, "query"), scope, how, true);
        }
        if let Some(call) = value.get("FunctionCall") {
            for parameter in array(call, "parameters") {
                self.value(parameter, scope, How { decisive: true, ..how });
            }
        }
        Vec::new()
    }

    /// `whole`: what is found is compared as a whole, with everything in it.
    fn query(&mut self, parts: &[Json], scope: &Scope<'_, 'd>, how: How<'d>, whole: bool) -> Vec<Node<'d>> {
        let Some((first, others)) = parts.split_first() else {
            return Vec::new();
        };
        self.depth += 1;
        let (mut nodes, rest) = match first.get("Key").and_then(Json::as_str).and_then(|key| key.strip_prefix('%')) {
            Some(name) => (self.variable(name, scope, how), others),
            None if first.as_str() == Some("This") => (vec![scope.item], others),
            None => (vec![scope.item], parts),
        };
        let mut previous = first;
        for part in rest {
            let mut next = Vec::new();
            for node in nodes {
                if self.step() {
                    self.part(node, part, previous, scope, how, &mut next);
                }
            }
            nodes = next;
            previous = part;
        }
        for node in &nodes {
            if let (Some(resource), true) = (node.resource, how.counts) {
                self.touched.reached.insert(resource);
            }
            self.find_unknown(*node, whole, how);
        }
        self.depth -= 1;
        nodes
    }

    fn variable(&mut self, name: &str, scope: &Scope<'_, 'd>, how: How<'d>) -> Vec<Node<'d>> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            match scope.variables.get(name) {
                Some(Variable::Nodes(nodes)) => return nodes.clone(),
                Some(Variable::Value(value)) => {
                    return match value.get("AccessClause") {
                        // Whoever uses it says whether all of it is compared.
                        Some(access) => self.query(array(access, "query"), scope, how, false),
                        None => self.value(value, scope, how),
                    };
                }
                None => at = scope.outer,
            }
        }
        Vec::new()
    }

    fn part(
        &mut self,
        node: Node<'d>,
        part: &Json,
        previous: &Json,
        scope: &Scope<'_, 'd>,
        how: How<'d>,
        next: &mut Vec<Node<'d>>,
    ) {
        if let Some(reason) = unknown(node.json) {
            return self.note(node, reason, how);
        }
        let Some((kind, argument)) = part.as_object().and_then(|members| members.iter().next()) else {
            return next.push(node);
        };
        match (kind.as_str(), node.json) {
            ("Key", Json::Object(members)) => {
                let key = argument.as_str().unwrap_or_default();
                // Guard also tries other spellings of a key: `bucketName` for `BucketName`.
                let plain = |key: &str| key.replace(['_', '-'], "").to_lowercase();
                let any = key.starts_with('%');
                if let Some((key, member)) = members.get_key_value(key) {
                    next.push(node.member(key, member));
                    return;
                }
                let wanted = plain(key);
                next.extend(
                    node.members()
                        .filter(|(key, _)| any || plain(key) == wanted)
                        .map(|(key, member)| node.member(key, member)),
                );
                self.find_open(node, how);
                if node.depth == 2
                    && ["UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "DependsOn"].contains(&key)
                {
                    self.note(node, &format!("`{key}` is not part of what rules see"), how);
                }
            }
            ("Key" | "Index", Json::Array(items)) => {
                next.extend(items.iter().map(|item| Node { json: item, ..node.down() }));
            }
            ("AllIndices" | "AllValues", Json::Array(items)) => {
                next.extend(items.iter().map(|item| Node { json: item, ..node.down() }));
            }
            ("AllIndices", Json::Object(_)) if argument.is_null() => next.push(node),
            ("AllIndices" | "AllValues" | "MapKeyFilter", Json::Object(_)) => {
                self.find_open(node, how);
                next.extend(node.members().map(|(key, member)| node.member(key, member)));
                if let Some(right) = argument.get(1).and_then(|filter| filter.get("compare_with")) {
                    self.value(right, scope, How { decisive: true, counts: false, ..how });
                }
            }
            ("Filter", json) => {
                let conjunctions = argument.get(1).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                let candidates: Vec<Node<'d>> = match json {
                    Json::Array(items) => items.iter().map(|item| Node { json: item, ..node.down() }).collect(),
                    Json::Object(_) if previous.get("Key").is_some() => {
                        self.find_open(node, how);
                        node.members().map(|(key, member)| node.member(key, member)).collect()
                    }
                    _ => vec![node],
                };
                for candidate in candidates.into_iter().filter(|node| !excluded(conjunctions, node.json)) {
                    let inner = Scope { item: candidate, variables: BTreeMap::new(), outer: Some(scope) };
                    let how = How { decisive: true, counts: false, item: candidate.resource };
                    self.clauses(conjunctions, &inner, how);
                    next.push(candidate);
                }
            }
            _ => next.push(node),
        }
    }

    fn find_open(&mut self, node: Node<'d>, how: How<'d>) {
        if let Some(Json::String(reason)) = node.json.get(OPEN) {
            self.note(node, reason, how);
        }
    }

    fn find_unknown(&mut self, node: Node<'d>, whole: bool, how: How<'d>) {
        if !self.step() {
            return;
        }
        if let Some(reason) = unknown(node.json) {
            self.note(node, reason, how);
        }
        if whole {
            self.find_open(node, how);
            match node.json {
                Json::Array(items) => {
                    for json in items {
                        self.find_unknown(Node { json, ..node }, whole, how);
                    }
                }
                Json::Object(members) => {
                    for json in members.values() {
                        self.find_unknown(Node { json, ..node }, whole, how);
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'d> Node<'d> {
    fn down(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn member(self, key: &'d str, json: &'d Json) -> Self {
        let resource = if self.depth == 1 { Some(key) } else { self.resource };
        Self { json, resource, depth: self.depth + 1 }
    }

    fn members(self) -> impl Iterator<Item = (&'d str, &'d Json)> {
        let members = self.json.as_object().into_iter().flatten();
        members.filter(|(key, _)| *key != OPEN).map(|(key, json)| (key.as_str(), json))
    }
}

/// Whether a filter asks for another resource type.
fn excluded(conjunctions: &[Json], json: &Json) -> bool {
    let Some(of) = json.get("Type").and_then(Json::as_str) else {
        return false;
    };
    conjunctions.iter().any(|alternatives| {
        let [only] = alternatives.as_array().map_or(&[][..], Vec::as_slice) else {
            return false;
        };
        let Some(clause) = only.get("Clause") else {
            return false;
        };
        let access = clause.get("access_clause").unwrap_or(&Json::Null);
        let of_type = matches!(access.pointer("/query/query"), Some(Json::Array(parts))
            if matches!(parts.as_slice(), [part] if part.get("Key").and_then(Json::as_str) == Some("Type")));
        let operator = access.pointer("/comparator/0").and_then(Json::as_str);
        let plain = access.pointer("/comparator/1") == Some(&Json::Bool(false))
            && clause.get("negation") == Some(&Json::Bool(false))
            && matches!(operator, Some("Eq" | "In"));
        let values = match access.pointer("/compare_with/Value/value") {
            Some(Json::Array(values)) => values.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => return false,
        };
        let is = |value: &Json| match value.as_str() {
            Some(text) => match text.strip_prefix('/').and_then(|text| text.strip_suffix('/')) {
                Some(regex) => Regex::new(regex).map_or(true, |regex| regex.is_match(of).unwrap_or(true)),
                None => text == of,
            },
            None => true,
        };
        of_type && plain && !values.iter().any(is)
    })
}

fn array<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn some(query: &Json) -> bool {
    query.get("match_all") == Some(&Json::Bool(false))
}

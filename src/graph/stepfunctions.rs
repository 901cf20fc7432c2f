//! Step Functions state machines, their states flattened out of branches and iterations.
//!
//! Source: "Amazon States Language" and "Wait for a Callback with the Task Token", AWS Step Functions developer guide.

use std::sync::Arc;

use super::{Resources, Target, Typed, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Value};

#[derive(Debug, Default)]
pub struct StepFunctions {
    /// In source order.
    pub machines: Vec<StateMachine>,
}

#[derive(Clone, Debug)]
pub struct StateMachine {
    pub address: Address,
    /// `STANDARD` or `EXPRESS`; never `Absent`.
    pub kind: Typed<String>,
    pub role: Typed<Target>,
    /// Where `TimeoutSeconds` of the whole machine stands.
    pub timeout: Option<Span>,
    /// Every state at any depth, or why the definition cannot be read.
    pub states: Result<Vec<State>, Reason>,
}

#[derive(Clone, Debug)]
pub struct State {
    /// `Outer/Branch[0]/Inner`.
    pub path: String,
    pub span: Span,
    pub body: Value,
    /// States around it whose `Catch` also catches its errors, the innermost first.
    pub enclosing: Vec<Value>,
    /// The mapping of states that it stands in: where `Next` leads.
    pub siblings: Value,
}

/// Nesting of `Parallel` and `Map` beyond this is not followed.
const MAX_DEPTH: usize = 16;

impl StepFunctions {
    pub fn new(resources: &Resources) -> Self {
        let machine = |resource: &Resource| {
            let body = definition(resource);
            let timeout = body.as_ref().ok().map(|body| body.prop("TimeoutSeconds"));
            StateMachine {
                timeout: timeout.filter(|bound| !bound.is_absent()).map(|bound| bound.span()),
                address: resource.address.clone(),
                kind: text(resource.prop("StateMachineType"))
                    .map(|word| word.to_ascii_uppercase())
                    .or_default("STANDARD".to_owned()),
                role: target(resources, resource.prop("RoleArn"), &[super::iam::ROLE]),
                states: body.map(|body| {
                    let mut states = Vec::new();
                    flatten(&body, "", &[], &mut states, 0);
                    states
                }),
            }
        };
        Self { machines: resources.of_kind("AWS::StepFunctions::StateMachine").map(machine).collect() }
    }
}

fn definition(resource: &Resource) -> Result<Value, Reason> {
    match resource.prop("Definition") {
        Prop::Known(body) => return Ok(substituted(resource, body)),
        Prop::Unknown(reason, _) => return Err(reason.clone()),
        Prop::Absent(_) => {}
    }
    match resource.prop("DefinitionString") {
        Prop::Known(body) if body.as_map().is_some() => Ok(substituted(resource, body)),
        Prop::Known(body) => {
            let reason = body.reason().cloned();
            Err(reason
                .unwrap_or_else(|| Reason::NotUnderstood(Arc::from("the state machine's definition is no valid JSON"))))
        }
        Prop::Unknown(reason, _) => Err(reason.clone()),
        Prop::Absent(_) => Err(Reason::File(Arc::from(
            "the state machine's definition is not in the template; scan it with a local definition",
        ))),
    }
}

/// Puts `DefinitionSubstitutions` in place of `${Name}`.
fn substituted(resource: &Resource, body: &Value) -> Value {
    let Prop::Known(substitutions) = resource.prop("DefinitionSubstitutions") else { return body.clone() };
    let Some(map) = substitutions.as_map() else { return body.clone() };
    let mut body = body.clone();
    for member in &map.members {
        replace(&mut body, &format!("${{{}}}", member.key), &member.value);
    }
    body
}

fn replace(body: &mut Value, placeholder: &str, by: &Value) {
    match &mut body.kind {
        Kind::Scalar(scalar) if scalar.text.contains(placeholder) => {
            if *scalar.text == *placeholder {
                body.kind = by.kind.clone();
            } else if let Some(text) = by.as_str() {
                scalar.text = scalar.text.replace(placeholder, text).into();
            } else {
                let mut parts = Vec::new();
                for (index, piece) in scalar.text.split(placeholder).enumerate() {
                    if index > 0 {
                        parts.push(part_of(by));
                    }
                    if !piece.is_empty() {
                        parts.push(crate::value::Part::Literal(Arc::from(piece)));
                    }
                }
                body.kind = Kind::Text(parts);
            }
        }
        Kind::List(items) => items.iter_mut().for_each(|item| replace(item, placeholder, by)),
        Kind::Map(map) => map.members.iter_mut().for_each(|member| replace(&mut member.value, placeholder, by)),
        Kind::Null | Kind::Scalar(_) | Kind::Ref(_) | Kind::Text(_) | Kind::Unknown(_) => {}
    }
}

fn part_of(value: &Value) -> crate::value::Part {
    match &value.kind {
        Kind::Ref(reference) => crate::value::Part::Ref(reference.clone()),
        _ => crate::value::Part::Unknown(
            value
                .reason()
                .cloned()
                .unwrap_or_else(|| Reason::NotUnderstood(Arc::from("a substitution is not plain text"))),
        ),
    }
}

fn flatten(scope: &Value, prefix: &str, enclosing: &[Value], states: &mut Vec<State>, depth: usize) {
    let Prop::Known(siblings) = scope.prop("States") else { return };
    let Some(map) = siblings.as_map().filter(|_| depth < MAX_DEPTH) else { return };
    for member in &map.members {
        let path = format!("{prefix}{}", member.key);
        let body = &member.value;
        states.push(State {
            path: path.clone(),
            span: member.key_span,
            body: body.clone(),
            enclosing: enclosing.to_vec(),
            siblings: siblings.clone(),
        });
        let mut around = vec![body.clone()];
        around.extend_from_slice(enclosing);
        if let Prop::Known(branches) = body.prop("Branches") {
            for (index, branch) in branches.items().unwrap_or_default().iter().enumerate() {
                flatten(branch, &format!("{path}/Branch[{index}]/"), &around, states, depth + 1);
            }
        }
        for key in ["ItemProcessor", "Iterator"] {
            if let Prop::Known(inner) = body.prop(key) {
                flatten(inner, &format!("{path}/{key}/"), &around, states, depth + 1);
            }
        }
    }
}

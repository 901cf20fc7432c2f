//! API resource policies, as far as they narrow down from where an API can be called.

use super::super::Typed;
use crate::input::not_understood;
use crate::value::{Kind, Prop, Value};

/// Condition keys that tell a caller's network. Source: API Gateway developer guide, "AWS condition keys that can be
/// used in API Gateway resource policies".
const NETWORK_KEYS: &[&str] =
    &["aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"];

/// Whether a policy demands a network origin: some denial hits everyone outside one, or every allowance is for one.
///
/// A denial of listed addresses narrows nothing: it leaves the rest of the internet in.
pub(super) fn narrows_network(policy: Prop<'_>) -> Typed<bool> {
    let policy = match policy {
        Prop::Known(policy) => policy,
        Prop::Absent(span) => return Typed::Known(false, span),
        Prop::Unknown(reason, span) => return Typed::Unknown(reason.clone(), span),
    };
    let statements = match policy.prop("Statement") {
        Prop::Known(statements) => statements.items().unwrap_or_default(),
        Prop::Absent(span) if policy.as_map().is_some() => return Typed::Known(false, span),
        Prop::Absent(span) => return Typed::Unknown(not_understood("a policy document was expected here"), span),
        Prop::Unknown(reason, span) => return Typed::Unknown(reason.clone(), span),
    };
    let effect =
        |statement: &Value, wanted: &str| statement.prop("Effect").known().and_then(Value::as_str) == Some(wanted);
    let denies = statements.iter().any(|it| effect(it, "Deny") && depends_on_network(it, excludes));
    let mut allows = statements.iter().filter(|it| effect(it, "Allow")).peekable();
    let all_allowances = allows.peek().is_some() && allows.all(|it| depends_on_network(it, includes));
    Typed::Known(denies || all_allowances, policy.span)
}

/// Operators that match the networks that are not listed, and requests without the key.
fn excludes(operator: &str) -> bool {
    let operator = base(operator);
    operator.contains("not") || operator == "null"
}

/// Operators that only match listed networks. With `IfExists` they match requests without the key, too.
fn includes(operator: &str) -> bool {
    !excludes(operator) && !operator.to_ascii_lowercase().ends_with("ifexists")
}

/// An operator's name without its set prefix, in lower case.
fn base(operator: &str) -> String {
    let operator = operator.to_ascii_lowercase();
    operator.rsplit(':').next().unwrap_or_default().to_owned()
}

fn depends_on_network(statement: &Value, narrows: fn(&str) -> bool) -> bool {
    let Some(Kind::Map(condition)) = statement.prop("Condition").known().map(|condition| &condition.kind) else {
        return false;
    };
    let operators = condition.members.iter().filter(|operator| narrows(&operator.key));
    operators.filter_map(|operator| operator.value.as_map()).any(|operator| {
        operator.members.iter().any(|member| {
            NETWORK_KEYS.contains(&member.key.to_ascii_lowercase().as_str()) && !is_everywhere(&member.value)
        })
    })
}

fn is_everywhere(ranges: &Value) -> bool {
    let everywhere = |range: &Value| range.as_str().is_some_and(|range| ["0.0.0.0/0", "::/0", "*"].contains(&range));
    ranges.items().is_some_and(|ranges| ranges.iter().any(everywhere))
}

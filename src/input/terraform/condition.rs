//! How an open question is told to people: that `var.env` is `"prod"` rather than that `var.env == "prod"` is true,
//! and whether they can answer it.

use crate::world::NamedCondition;

/// Said once after conditions that no variable of the root module decides.
const OPEN: &str = ", which the files do not tell";

/// "`var.public` is true and `module.vpc.subnets` is empty, which the files do not tell".
pub fn said(conditions: &[NamedCondition]) -> String {
    let (given, open): (Vec<_>, Vec<_>) =
        conditions.iter().partition(|condition| variables(&condition.name).next().is_some());
    let phrases: Vec<String> = given.iter().chain(&open).map(|condition| phrase(condition)).collect();
    format!("{}{}", phrases.join(" and "), if open.is_empty() { "" } else { OPEN })
}

/// Names of the root module's variables in a symbol.
pub fn variables(symbol: &str) -> impl Iterator<Item = &str> {
    const START: &str = "var.";
    symbol.match_indices(START).filter_map(|(at, _)| {
        let (before, rest) = (symbol.get(..at)?, symbol.get(at + START.len()..)?);
        let name = rest.split(|c: char| !is_of_name(c) || c == '.').next()?;
        (!before.ends_with(is_of_name)).then_some(name)
    })
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || ['_', '-', '.'].contains(&c)
}

fn phrase(condition: &NamedCondition) -> String {
    let (name, holds) = (&*condition.name, condition.holds);
    let is = if holds { "is" } else { "is not" };
    if let Some((left, right)) = apart(name, " == ") {
        return match right {
            "null" => format!("{} {is} null", quoted(left)),
            _ => format!("{} {is} {}", quoted(left), quoted(right)),
        };
    }
    if let Some((left, bound)) = apart(name, " > ") {
        let counted = left.strip_prefix("length(").and_then(|inner| inner.strip_suffix(')'));
        return match (counted, bound, holds) {
            (Some(collection), "0", true) => format!("{} is not empty", quoted(collection)),
            (Some(collection), "0", false) => format!("{} is empty", quoted(collection)),
            (_, _, true) => format!("{} is above {}", quoted(left), quoted(bound)),
            (_, _, false) => format!("{} is at most {}", quoted(left), quoted(bound)),
        };
    }
    format!("{} is {holds}", quoted(name))
}

/// An expression, with the place that may stand after it outside the quotes.
fn quoted(expression: &str) -> String {
    let place = expression.rsplit_once(" (").filter(|(_, place)| {
        let mut parts = place.strip_suffix(')').unwrap_or_default().rsplit(':');
        let mut is_number = || parts.next().is_some_and(|part| part.parse::<usize>().is_ok());
        is_number() && is_number()
    });
    match place {
        Some((expression, place)) => format!("`{expression}` ({place}"),
        None => format!("`{expression}`"),
    }
}

/// The two sides of an operator that is outside of brackets and quotes, and the only operator there.
fn apart<'s>(symbol: &'s str, operator: &str) -> Option<(&'s str, &'s str)> {
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    let mut found = None;
    for (at, c) in symbol.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if text => escaped = true,
            '"' => text = !text,
            _ if text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '&' | '|' | '?' if depth == 0 => return None,
            ' ' if depth == 0 && symbol.get(at..).is_some_and(|rest| rest.starts_with(operator)) => {
                if found.is_some() {
                    return None;
                }
                found = Some((symbol.get(..at)?, symbol.get(at + operator.len()..)?));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn one(name: &str, holds: bool) -> String {
        said(&[NamedCondition { name: Arc::from(name), holds }])
    }

    #[test]
    fn a_question_is_told_by_its_answer() {
        assert_eq!(one("var.public", true), "`var.public` is true");
        assert_eq!(one(r#"var.env == "prod""#, true), r#"`var.env` is `"prod"`"#);
        assert_eq!(one(r#"var.env == "prod""#, false), r#"`var.env` is not `"prod"`"#);
        assert_eq!(one("var.certificate == null", false), "`var.certificate` is not null");
        assert_eq!(one("length(var.subnets) > 0", true), "`var.subnets` is not empty");
        assert_eq!(one("length(var.subnets) > 0", false), "`var.subnets` is empty");
        assert_eq!(one("length(var.subnets) > 2", false), "`length(var.subnets)` is at most `2`");
        assert_eq!(one(r#"contains(var.names, "a == b")"#, true), r#"`contains(var.names, "a == b")` is true"#);
        assert_eq!(one("(var.a == var.b) == var.c", true), "`(var.a == var.b)` is `var.c`");
        assert_eq!(one("length(keys(var.a)) > 0 && var.b", true), "`length(keys(var.a)) > 0 && var.b` is true");
    }

    #[test]
    fn who_cannot_be_asked_is_told_so_once_and_last() {
        assert_eq!(
            one(r#"module.alb.security_group_id == "self""#, false),
            r#"`module.alb.security_group_id` is not `"self"`, which the files do not tell"#
        );
        assert_eq!(
            one("length(local.roles (main.tf:91:14)) > 0", true),
            "`local.roles` (main.tf:91:14) is not empty, which the files do not tell"
        );
        let conditions = [("data.aws_vpc.main.default", true), ("var.public", false), ("module.a.local.b", true)];
        let conditions = conditions.map(|(name, holds)| NamedCondition { name: Arc::from(name), holds });
        assert_eq!(
            said(&conditions),
            "`var.public` is false and `data.aws_vpc.main.default` is true and `module.a.local.b` is true, \
             which the files do not tell"
        );
    }

    #[test]
    fn only_variables_of_the_root_module_can_be_given() {
        let found = |symbol| variables(symbol).collect::<Vec<_>>();
        assert_eq!(found("length(var.subnets) > 0 && !var.multi-az.on"), ["subnets", "multi-az"]);
        assert_eq!(found("module.vpc.var.create ? x : local.var.y"), [""; 0]);
    }
}

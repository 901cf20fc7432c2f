//! Assembling text of which parts are only known after deployment.

use std::sync::Arc;

use crate::source::{Scalar, Span};
use crate::value::{Kind, Part, Reason, Value};

/// The simplest value that says the same: adjacent literals are merged, wholly literal text is a scalar, a lone
/// reference is a reference. Dynamic references (`{{resolve:service:…}}`) become unknown and lose their text.
pub(super) fn assemble(span: Span, parts: Vec<Part>) -> Value {
    let dynamic = parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains(DYNAMIC)));
    let mut merged = merge(if dynamic { mask_dynamic(parts) } else { parts });
    let kind = match merged.len() {
        0 => Kind::Scalar(Scalar { text: Box::from(""), plain: false }),
        1 => match merged.pop() {
            Some(Part::Literal(text)) => Kind::Scalar(Scalar { text: Box::from(&*text), plain: false }),
            Some(Part::Ref(reference)) => Kind::Ref(reference),
            Some(Part::Unknown(reason)) => Kind::Unknown(reason),
            None => Kind::Null,
        },
        _ => Kind::Text(merged),
    };
    Value { span, kind }
}

const DYNAMIC: &str = "{{resolve:";

/// What a change set says in place of what is not known yet. Source: CloudFormation user guide, "View a change set".
const AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// A literal scalar; the common case costs one search.
pub(super) fn literal(span: Span, scalar: &Scalar) -> Value {
    if scalar.text.contains(AFTER_APPLY) {
        let known: Vec<&str> = scalar.text.split(AFTER_APPLY).collect();
        let why = "it is only known after the change set is executed; scan its template as well";
        let unknown = Part::Unknown(Reason::NotUnderstood(Arc::from(why)));
        let mut parts = Vec::new();
        for (index, text) in known.into_iter().enumerate() {
            parts.extend((index > 0).then(|| unknown.clone()));
            parts.extend((!text.is_empty()).then(|| Part::Literal(Arc::from(text))));
        }
        return assemble(span, parts);
    }
    if scalar.text.contains(DYNAMIC) {
        return assemble(span, vec![Part::Literal(Arc::from(&*scalar.text))]);
    }
    Value { span, kind: Kind::Scalar(scalar.clone()) }
}

fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    let mut pending = String::new();
    for part in parts {
        if let Part::Literal(text) = &part {
            pending.push_str(text);
            continue;
        }
        if !pending.is_empty() {
            merged.push(Part::Literal(Arc::from(std::mem::take(&mut pending))));
        }
        merged.push(part);
    }
    if !pending.is_empty() {
        merged.push(Part::Literal(Arc::from(pending)));
    }
    merged
}

/// Replaces each `{{resolve:service:…}}` by an unknown that names only the service. What stands inside, references
/// included, is dropped.
fn mask_dynamic(parts: Vec<Part>) -> Vec<Part> {
    let mut masked = Vec::with_capacity(parts.len());
    let mut inside = false;
    let parts = merge(parts);
    for (index, part) in parts.iter().enumerate() {
        let closed_later =
            || parts.iter().skip(index + 1).any(|part| matches!(part, Part::Literal(text) if text.contains("}}")));
        let Part::Literal(text) = part else {
            if !inside {
                masked.push(part.clone());
            }
            continue;
        };
        let mut rest: &str = text;
        loop {
            if inside {
                let Some((_, after)) = rest.split_once("}}") else { break };
                inside = false;
                rest = after;
            }
            // Without its end it is no dynamic reference, unless it is joined with one later.
            let found = rest.split_once(DYNAMIC).filter(|(_, after)| after.contains("}}") || closed_later());
            let Some((before, after)) = found else {
                masked.push(Part::Literal(Arc::from(rest)));
                break;
            };
            masked.push(Part::Literal(Arc::from(before)));
            let service =
                after.split([':', '}']).next().filter(|name| !name.is_empty()).unwrap_or("an unnamed service");
            masked.push(Part::Unknown(Reason::DynamicReference(Arc::from(service))));
            inside = true;
            rest = after;
        }
    }
    masked.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn span() -> Span {
        Span::new(SourceMap::default().add("t", ""), 0, 0)
    }

    #[test]
    fn dynamic_references_lose_their_text() {
        let value = assemble(span(), vec![Part::Literal(Arc::from("u:{{resolve:ssm-secure:/top/secret:1}}@h"))]);
        assert_eq!(value.template().as_deref(), Some("u:?@h"));
        assert!(!format!("{value:?}").contains("top"));
        let whole = assemble(span(), vec![Part::Literal(Arc::from("{{resolve:secretsmanager:x}}"))]);
        assert_eq!(whole.kind, Kind::Unknown(Reason::DynamicReference(Arc::from("secretsmanager"))));
        let unclosed = assemble(span(), vec![Part::Literal(Arc::from("{{resolve:ssm:/a"))]);
        assert_eq!(unclosed.as_str(), Some("{{resolve:ssm:/a"));
    }
}

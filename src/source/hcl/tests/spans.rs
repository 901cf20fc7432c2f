//! Whatever was read can be read again from where it stands.

use proptest::prelude::*;

use super::*;

/// Calls `see` with every expression below one, itself included.
fn walk<'a>(expression: &'a Expression, see: &mut dyn FnMut(&'a Expression)) {
    see(expression);
    match &expression.kind {
        ExpressionKind::Template(parts) => walk_parts(parts, see),
        ExpressionKind::List(items) => items.iter().for_each(|item| walk(item, see)),
        ExpressionKind::Object(items) => items.iter().for_each(|item| {
            walk(&item.key, see);
            walk(&item.value, see);
        }),
        ExpressionKind::Traversal(of, steps) => {
            walk(of, see);
            for step in steps {
                if let Step::Index(index) = step {
                    walk(index, see);
                }
            }
        }
        ExpressionKind::Unary(_, of) => walk(of, see),
        ExpressionKind::Binary(_, sides) => [&sides.0, &sides.1].into_iter().for_each(|side| walk(side, see)),
        ExpressionKind::Conditional(of) => {
            walk(&of.condition, see);
            walk(&of.then, see);
            walk(&of.otherwise, see);
        }
        ExpressionKind::For(of) => {
            let parts = [Some(&of.collection), of.key.as_ref(), Some(&of.value), of.condition.as_ref()];
            parts.into_iter().flatten().for_each(|part| walk(part, see));
        }
        ExpressionKind::Call(call) => call.arguments.iter().for_each(|argument| walk(argument, see)),
        ExpressionKind::Null | ExpressionKind::Bool(_) | ExpressionKind::Number(_) | ExpressionKind::Variable(_) => {}
    }
}

fn walk_parts<'a>(parts: &'a [TemplatePart], see: &mut dyn FnMut(&'a Expression)) {
    for part in parts {
        match part {
            TemplatePart::Literal(..) => {}
            TemplatePart::Interpolation(of) => walk(of, see),
            TemplatePart::If(of) => {
                walk(&of.condition, see);
                walk_parts(&of.then, see);
                walk_parts(&of.otherwise, see);
            }
            TemplatePart::For(of) => {
                walk(&of.collection, see);
                walk_parts(&of.body, see);
            }
        }
    }
}

fn names<'a>(body: &'a Body, see: &mut dyn FnMut(&'a Name)) {
    body.attributes.iter().for_each(|attribute| see(&attribute.name));
    for block in &body.blocks {
        see(&block.kind);
        block.labels.iter().for_each(&mut *see);
        names(&block.body, see);
    }
}

fn values<'a>(body: &'a Body, see: &mut dyn FnMut(&'a Expression)) {
    body.attributes.iter().for_each(|attribute| walk(&attribute.value, see));
    body.blocks.iter().for_each(|block| values(&block.body, see));
}

pub(super) fn reads_again(sources: &SourceMap, body: &Body) {
    names(body, &mut |name| assert_eq!(sources.slice(name.span), *name.text));
    let mut keys = Vec::new();
    values(body, &mut |expression| {
        let text = sources.slice(expression.span);
        match &expression.kind {
            ExpressionKind::Object(items) => keys.extend(items.iter().map(|item| item.key.span)),
            ExpressionKind::Traversal(_, steps) => {
                for step in steps {
                    if let Step::Attribute(name) = step {
                        assert_eq!(sources.slice(name.span), *name.text);
                    }
                }
            }
            ExpressionKind::Call(call) if !call.name.text.contains(':') => {
                assert_eq!(sources.slice(call.name.span), *call.name.text);
            }
            _ => {}
        }
        let bare_key = keys.contains(&expression.span) && !text.starts_with(['"', '(']);
        if bare_key && expression.literal_text().is_some() {
            assert_eq!(expression.literal_text().unwrap(), text);
            return;
        }
        let again = parse_expression(expression.span.file, &text, expression.span.start as usize);
        assert_eq!(again.as_ref(), Ok(expression), "{text}");
        if let ExpressionKind::Template(parts) = &expression.kind {
            for part in parts {
                literal_reads_again(sources, part);
            }
        }
    });
}

fn literal_reads_again(sources: &SourceMap, part: &TemplatePart) {
    let TemplatePart::Literal(text, span) = part else { return };
    let written = sources.slice(*span);
    if written.len() == text.len() {
        assert_eq!(written, **text);
    } else {
        let quoted = format!("\"{written}\"");
        assert_eq!(parse_expression(span.file, &quoted, 0).unwrap().literal_text().as_deref(), Some(&**text));
    }
}

/// Source text of an expression, with blanks, comments and parentheses where they may stand.
fn expression() -> impl Strategy<Value = String> {
    let name = "[a-z_][a-z0-9_-]{0,3}".prop_filter("a word of the language", |name| {
        !matches!(name.as_str(), "for" | "in" | "if" | "null" | "true" | "false")
    });
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "[0-9]{1,3}(\\.[0-9]{1,2})?(e[0-9])?",
        name.clone(),
        r#""([a-zé $%.{}\n-]|\\n|\\"|\$\$\{|\\u00e9){0,6}""#
            .prop_map(|text| text.replace('\n', " ").replace("${", "$ {").replace("%{", "% {")),
        "<<-?EOT\n([ a-z\"\\\\$]{0,8}\n){0,4} *EOT\n".prop_map(|text| format!("trim({text})")),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let (a, b, c) = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            (a.clone(), "[+*/%<>-]|&&|==|<=|\\|\\|", b.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (a.clone(), b.clone(), c.clone()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            inner.clone().prop_map(|a| format!("(\n{a} # b\n)")),
            inner.clone().prop_map(|a| format!("! {a}")),
            (inner.clone(), name.clone(), b.clone()).prop_map(|(a, n, b)| format!("({a}) . {n}[{b}][*].0.*.{n}")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(",\n"))),
            prop::collection::vec((name.clone(), b.clone()), 0..4).prop_map(|items| {
                let items = items.iter().map(|(key, value)| format!("{key} = ({value})\n"));
                format!("{{ {} }}", items.collect::<String>())
            }),
            (a.clone(), b.clone()).prop_map(|(a, b)| format!("{{ ({a}) : ({b}), \"x\" = 1 }}")),
            (name.clone(), a.clone(), b.clone()).prop_map(|(n, a, b)| format!("[for {n} in {a} : {b} if {n}]")),
            (name.clone(), a.clone(), b.clone()).prop_map(|(n, a, b)| format!("{{for i, {n} in {a} : {b} => {n}...}}")),
            (name.clone(), a.clone(), b.clone()).prop_map(|(n, a, b)| format!("{n}({a}, {b}...)")),
            (a.clone(), b.clone()).prop_map(|(a, b)| format!("\"é ${{~ {a} }} \\n %{{ if {b} ~}} x %{{ endif }}\"")),
            a.prop_map(|a| format!("join(<<-EOT\n    x\n      ${{ {a} }}\n    EOT\n, b)")),
        ]
    })
}

proptest! {
    #[test]
    fn expressions_read_again_from_their_spans(text in expression()) {
        let text = format!("\u{feff}b \"l\" l {{\r\n  a = ({text})\r\n}}\n");
        let (sources, parsed) = parsed(&text);
        prop_assert_eq!(&parsed.errors, &[]);
        reads_again(&sources, &parsed.body);
    }
}

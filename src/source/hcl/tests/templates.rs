use super::*;

/// A template and what Terraform 1.11 renders.
const RENDERED: &[(&str, &str)] = &[
    ("<<EOT\n  one\n    two\nEOT\n", "  one\n    two\n"),
    ("<<-EOT\n    one\n      two\n\n    three\n    EOT\n", "one\n  two\n\nthree\n"),
    ("<<-EOT\n    one\n  \n    two\n  EOT\n", "one\n  \ntwo\n"),
    ("<<-EOT\n    one\n  ${\"x\"} two\n    EOT\n", "  one\nx two\n"),
    ("<<-EOT\n    one\n${\"x\"} two\n    EOT\n", "    one\nx two\n"),
    ("<<-EOT\n    one ${\"x\"}\n      ${\"y\"}\n    three\n    EOT\n", "one x\n  y\nthree\n"),
    ("<<-EOT\n\t\tone\n\t  two\n  EOT\n", "one\n two\n"),
    ("<<-EOT\n    $${one}\n      %%{two}\n  EOT\n", "${one}\n  %{two}\n"),
    ("<<EOT\n%{ for x in [\"p\", \"q\"] ~}\n  item ${x}\n%{ endfor ~}\nend\nEOT\n", "  item p\n  item q\nend\n"),
    (
        "<<-EOT\n    %{ for x in [\"p\", \"q\"] ~}\n    item ${x}\n    %{ endfor ~}\n    end\n    EOT\n",
        "    item p\n    item q\n    end\n",
    ),
    (
        "<<-EOT\n    start\n    %{~ for x in [\"p\", \"q\"] }\n    item ${x}\n    %{~ endfor }\n    end\n    EOT\n",
        "    start\n\n    item p\n\n    item q\n\n    end\n",
    ),
    (
        "<<EOT\n%{ if true }yes%{ else }no%{ endif }\n%{~ if false ~} yes %{~ else ~} no %{~ endif ~}\n tail\nEOT\n",
        "yesno tail\n",
    ),
    ("\"x \\n ${~ \"y\" ~} \\t z\"\n", "xyz"),
    ("\"  ${~ \"y\" ~}  \"\n", "y"),
    ("\"q\\\"q\\\\n \\u00e9 \\U0001F600 $${a} %%{b} $$ %% $ % $a\"\n", "q\"q\\n é 😀 ${a} %{b} $$ %% $ % $a"),
    ("\"$$${b} %%%{c}\"\n", "$${b} %%{c}"),
    ("\"cost $\"\n", "cost $"),
    ("<<EOT\r\none\r\n  two\r\nEOT\r\n", "one\r\n  two\r\n"),
    ("<<-EOT\r\n    one\r\n\r\n      two\r\n    EOT\r\n", "one\r\n\r\n  two\r\n"),
    ("\"${\"a${\"b\"}c\"}\"\n", "abc"),
    ("<<EOT\n  one\n  EOT\n", "  one\n"),
    ("<<EOT\nC:\\new\\u0041 \"q\"\nEOT\n", "C:\\new\\u0041 \"q\"\n"),
    ("<<EOT\none\n\n\n${~ \"x\" ~}\n\n\ntwo\nEOT\n", "one\n\nx\n\ntwo\n"),
    ("upper(<<EOT\nabc\nEOT\n)\n", "ABC\n"),
    ("\"\"\n", ""),
    ("<<EOT\nEOT\n", ""),
    ("<<EOT\nx ${\n \"y\"\n} z\nEOT\n", "x y z\n"),
    ("<<-EOT\n\u{a0}\u{a0}one\n\u{a0}two\nEOT\n", "\u{a0}one\ntwo\n"),
    ("\"a%{ if true } b %{ endif }c\"\n", "a b c"),
    ("\"  ${~ \"y\" }\"\n", "y"),
    ("\"  \\n $${b}  \\n ${~ \"y\" }\"\n", "  \n ${b}y"),
    ("<<-EOT\n  ${\"x\"}\n  EOT\n", "x\n"),
    ("<<-EOT\n    one ${\"x\" ~}\n      two\n    three\n  EOT\n", "one x      two\nthree\n"),
];

/// Renders what needs no more than literals.
fn render(parts: &[TemplatePart], variable: &str) -> String {
    parts.iter().map(|part| render_part(part, variable)).collect()
}

fn render_part(part: &TemplatePart, variable: &str) -> String {
    match part {
        TemplatePart::Literal(text, _) => text.to_string(),
        TemplatePart::Interpolation(of) => render_value(of, variable),
        TemplatePart::If(of) if of.condition.kind == ExpressionKind::Bool(true) => render(&of.then, variable),
        TemplatePart::If(of) => render(&of.otherwise, variable),
        TemplatePart::For(of) => {
            let ExpressionKind::List(items) = &of.collection.kind else { panic!("{of:?}") };
            items.iter().map(|item| render(&of.body, &render_value(item, variable))).collect()
        }
    }
}

fn render_value(value: &Expression, variable: &str) -> String {
    match &value.kind {
        ExpressionKind::Template(parts) => render(parts, variable),
        ExpressionKind::Variable(_) => variable.to_owned(),
        ExpressionKind::Call(call) => render_value(&call.arguments[0], variable).to_uppercase(),
        _ => panic!("{value:?}"),
    }
}

#[test]
fn templates_read_as_terraform_renders_them() {
    for (source, wanted) in RENDERED {
        let body = clean(&format!("a = {source}"));
        assert_eq!(render_value(&body.attributes[0].value, ""), *wanted, "{source}");
    }
}

#[test]
fn a_file_that_is_a_template_is_read_line_by_line() {
    let rendered = [
        ("one\n\n  ${~ \"x\" ~}  \n\n two\n", "one\n\nx\n two\n"),
        (
            "%{ for x in [\"p\", \"q\"] ~}\n  item ${x}\n%{ endfor ~}\n\"q\" \\n $${b}\n",
            "  item p\n  item q\n\"q\" \\n ${b}\n",
        ),
        ("a\n\n%{ if true ~}\n\n  b\n\n%{~ endif }\nc", "a\n\n\n  b\n\nc"),
        ("\u{feff}a$\r\n${\"b\"}", "a$\r\nb"),
    ];
    let file = SourceMap::default().add("user-data.tftpl", "");
    for (text, wanted) in rendered {
        assert_eq!(render(&parse_template(file, text).unwrap(), ""), wanted, "{text}");
    }
}

#[test]
fn literal_pieces_stand_where_they_are_written() {
    let text = "a = <<-EOT\n    {\n      \"k\": \"$${v}\",\n    }${x}\n    EOT\n";
    let (sources, parsed) = parsed(text);
    let ExpressionKind::Template(parts) = &parsed.body.attributes[0].value.kind else { panic!() };
    let literals: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            TemplatePart::Literal(text, span) => Some((text.to_string(), sources.slice(*span))),
            _ => None,
        })
        .collect();
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(
        literals,
        [same("{\n"), same("  \"k\": \""), ("${".to_owned(), "$${".to_owned()), same("v}\",\n"), same("}"), same("\n")]
    );
}

#[test]
fn directives_that_do_not_match_are_errors() {
    assert_eq!(shown("\"%{ if a }b\""), "1:2 the directive `if` is not closed with `endif`");
    assert_eq!(shown("\"%{ for a in b }%{ endif }\""), "1:2 the directive `for` is not closed with `endfor`");
    assert_eq!(shown("\"a%{ else }\""), "1:3 `else` without a `if` before it");
    assert_eq!(shown("\"%{ when }\""), "1:5 expected `if`, `else`, `endif`, `for` or `endfor`, found `when`");
}

#[test]
fn an_emptied_literal_keeps_a_template_a_text() {
    assert_eq!(shown("\"${a}\""), "'${a}'");
    assert_eq!(shown("\" ${~ a}\""), "'\"\"${a}'");
}

mod hostile;
mod json;
mod spans;
mod templates;

use super::*;
use crate::source::SourceMap;

fn parsed(text: &str) -> (SourceMap, Parsed) {
    let sources = SourceMap::default();
    let file = sources.add("main.tf", text);
    let parsed = parse(&sources, file);
    (sources, parsed)
}

/// Errors as `line:column message`.
fn errors(text: &str) -> Vec<String> {
    let (sources, parsed) = parsed(text);
    parsed.errors.iter().map(|error| format!("{} {}", sources.position(error.span), error.message)).collect()
}

fn clean(text: &str) -> Body {
    let (_, parsed) = parsed(text);
    assert_eq!(parsed.errors, []);
    parsed.body
}

/// An expression as an S-expression.
fn shown(text: &str) -> String {
    let sources = SourceMap::default();
    let file = sources.add("main.tf", text);
    match parse_expression(file, text, 0) {
        Ok(expression) => show(&expression),
        Err(error) => format!("{} {}", sources.position(error.span), error.message),
    }
}

fn show(expression: &Expression) -> String {
    let all = |items: &[Expression]| items.iter().map(|item| format!(" {}", show(item))).collect::<String>();
    match &expression.kind {
        ExpressionKind::Null => "null".to_owned(),
        ExpressionKind::Bool(value) => value.to_string(),
        ExpressionKind::Number(Number::Whole(number)) => number.to_string(),
        ExpressionKind::Number(Number::Float(number)) => format!("{number:?}"),
        ExpressionKind::Template(parts) => show_parts(parts),
        ExpressionKind::List(items) => format!("(list{})", all(items)),
        ExpressionKind::Object(items) => {
            let items = items.iter().map(|item| format!(" {}={}", show(&item.key), show(&item.value)));
            format!("(object{})", items.collect::<String>())
        }
        ExpressionKind::Variable(name) => name.to_string(),
        ExpressionKind::Traversal(of, steps) => {
            let steps = steps.iter().map(|step| match step {
                Step::Attribute(name) => format!(".{}", name.text),
                Step::Index(index) => format!("[{}]", show(index)),
                Step::Splat(_) => "[*]".to_owned(),
                Step::AttributeSplat(_) => ".*".to_owned(),
            });
            format!("{}{}", show(of), steps.collect::<String>())
        }
        ExpressionKind::Unary(operator, of) => format!("({operator:?} {})", show(of)),
        ExpressionKind::Binary(operator, sides) => format!("({operator:?} {} {})", show(&sides.0), show(&sides.1)),
        ExpressionKind::Conditional(of) => {
            format!("(if {} {} {})", show(&of.condition), show(&of.then), show(&of.otherwise))
        }
        ExpressionKind::For(of) => {
            let key = of.key_variable.as_ref().map(|key| format!("{key},")).unwrap_or_default();
            let to = of.key.as_ref().map(|key| format!("{}=>", show(key))).unwrap_or_default();
            let grouping = if of.grouping { "..." } else { "" };
            let condition = of.condition.as_ref().map(|test| format!(" if {}", show(test))).unwrap_or_default();
            let (value, collection) = (&of.value_variable, show(&of.collection));
            format!("(for {key}{value} in {collection}: {to}{}{grouping}{condition})", show(&of.value))
        }
        ExpressionKind::Call(call) => {
            let dots = if call.expand_last { "..." } else { "" };
            format!("({}(){}{dots})", call.name.text, all(&call.arguments))
        }
    }
}

fn show_parts(parts: &[TemplatePart]) -> String {
    let parts = parts.iter().map(|part| match part {
        TemplatePart::Literal(text, _) => format!("{text:?}"),
        TemplatePart::Interpolation(of) => format!("${{{}}}", show(of)),
        TemplatePart::If(of) => {
            format!("<if {} {} else {}>", show(&of.condition), show_parts(&of.then), show_parts(&of.otherwise))
        }
        TemplatePart::For(of) => format!("<for {} in {} {}>", of.value, show(&of.collection), show_parts(&of.body)),
    });
    format!("'{}'", parts.collect::<String>())
}

#[test]
fn operators_group_by_precedence_and_to_the_left() {
    assert_eq!(shown("1 + 2 * 3 - 4"), "(Subtract (Add 1 (Multiply 2 3)) 4)");
    assert_eq!(shown("a || b && c == d"), "(Or a (And b (Equal c d)))");
    assert_eq!(shown("!a.b && -c[0] < 1"), "(And (Not a.b) (Less (Negate c[0]) 1))");
    assert_eq!(shown("(a || b) && c"), "(And (Or a b) c)");
    assert_eq!(shown("a ? b : c ? d : e"), "(if a b (if c d e))");
    assert_eq!(shown("a / b // c\n % d"), "(Modulo (Divide a b) d)");
}

#[test]
fn references_keep_every_step() {
    assert_eq!(shown("aws_x.y[0].z[*].id"), "aws_x.y[0].z[*].id");
    assert_eq!(shown("a.0.1.b"), "a[0][1].b");
    assert_eq!(shown("a.*.b[0]"), "a.*.b[0]");
    assert_eq!(shown("(a.*).b"), "a.*.b");
    assert_eq!(shown("a[\"k\"].b-c"), "a['\"k\"'].b-c");
    assert_eq!(shown("f(a...)[0]"), "(f() a...)[0]");
    assert_eq!(shown("provider::aws::arn_parse(x).id"), "(provider::aws::arn_parse() x).id");
}

#[test]
fn collections_and_for() {
    assert_eq!(shown("[1, [2,],\n 3\n]"), "(list 1 (list 2) 3)");
    assert_eq!(
        shown("{ a = 1, \"b${c}\" : 2\n (d) = 3\n true = 4, e.f = 5, }"),
        "(object '\"a\"'=1 '\"b\"${c}'=2 d=3 '\"true\"'=4 e.f=5)"
    );
    assert_eq!(shown("{ for = 1 }"), "(object '\"for\"'=1)");
    assert_eq!(shown("[for x in y : x.z if x != null]"), "(for x in y: x.z if (NotEqual x null))");
    assert_eq!(shown("{\n for k, v in m :\n k => v.id... if\n v.on }"), "(for k,v in m: k=>v.id... if v.on)");
    // A new line ends an expression in an object, but not in the other brackets.
    assert_eq!(shown("{ a = (b\n + c) }"), "(object '\"a\"'=(Add b c))");
    assert_eq!(shown("{ a = b\n + c }"), "2:2 expected a value, found `+`");
}

#[test]
fn a_body_keeps_order_labels_and_spans() {
    let text = "locals {\n  a = 1 # one\n}\r\nresource \"aws_x\" y {\n  on { z = true }\n}\n";
    let body = clean(text);
    let heads: Vec<_> = body.blocks.iter().map(|block| (&*block.kind.text, block.labels.len())).collect();
    assert_eq!(heads, [("locals", 0), ("resource", 2)]);
    let (sources, parsed) = parsed(text);
    let resource = &parsed.body.blocks[1];
    assert_eq!(sources.slice(resource.span), "resource \"aws_x\" y {\n  on { z = true }\n}");
    assert_eq!(sources.slice(resource.labels[0].span), "aws_x");
    assert_eq!(resource.body.blocks[0].body.attribute("z").unwrap().value.kind, ExpressionKind::Bool(true));
}

#[test]
fn one_malformed_block_does_not_hide_the_others() {
    let text = "resource \"a\" \"b\" {\n  x = [1, 2\n}\nresource \"c\" \"d\" {\n  y = 1\n}\n";
    let (_, parsed) = parsed(text);
    assert_eq!(parsed.body.blocks.len(), 1);
    assert_eq!(errors(text), ["3:1 expected `,` or `]`, found `}`"]);
    assert_eq!(errors("a = 1\na = 2\n"), ["1:1 `a` is set again further down; it may be set only once"]);
}

/// The first labels of the blocks that were read.
fn read(text: &str) -> Vec<String> {
    let (_, parsed) = parsed(text);
    parsed
        .body
        .blocks
        .iter()
        .map(|block| block.labels.first().map_or(String::new(), |label| label.text.to_string()))
        .collect()
}

#[test]
fn reading_goes_on_behind_a_block_that_is_not_closed() {
    let text = "module \"a\" {\n  x = {\n}\nmodule \"b\" {\n  y {\n}\nmodule \"c\" {\n}\n";
    assert_eq!(read(text), ["c"]);
    assert_eq!(errors(text), ["1:1 the block `module` is not closed", "4:1 the block `module` is not closed"]);
    let text = "data \"a\" \"x\" {\n\ndata \"b\" \"x\" {\n}\n";
    assert_eq!(read(text), ["b"]);
    assert_eq!(errors(text), ["1:1 the block `data` is not closed"]);
}

#[test]
fn what_looks_like_a_block_in_a_text_is_none() {
    let text = "module \"a\" {\n  x = <<EOT\nmodule \"b\" {\nEOT\n  y = = 1\n  z = \"}\"\n}\nmodule \"c\" {}\n";
    assert_eq!(read(text), ["c"]);
    assert_eq!(errors(text), ["5:7 expected a value, found `=`"]);
    let text = "module \"a\" {\n  x = 1 1\n  /* } */ # }\n  y = \"${f(\"}\")}\"\n}\nmodule \"c\" {}\n";
    assert_eq!(read(text), ["c"]);
}

#[test]
fn an_argument_that_is_malformed_costs_its_line_only() {
    let (_, parsed) = parsed("a = 1\nb = 1 +\nc = [\n  1 2,\n]\nd = 2\n");
    let names: Vec<_> = parsed.body.attributes.iter().map(|attribute| &*attribute.name.text).collect();
    assert_eq!(names, ["a", "d"]);
    assert_eq!(parsed.errors.len(), 2);
}

#[test]
fn what_terraform_takes_is_taken() {
    // The last of the values of a key counts; both are kept for whoever evaluates.
    assert_eq!(shown("{ a = 1, a = 2 }"), "(object '\"a\"'=1 '\"a\"'=2)");
    assert_eq!(shown("{ for k in m : k => k == 1 ? 2 :\n 3 }"), "(for k in m: k=>(if (Equal k 1) 2 3))");
    assert_eq!(clean("\u{feff}a = 1\r\nb {\r\n}\r\n").blocks.len(), 1);
    assert_eq!(clean("a { b = 1 }\nc \"d\" \"e\" {} // f\ng = 1").blocks.len(), 2);
}

#[test]
fn what_leaves_no_doubt_is_an_error_and_read() {
    let text = "a {\n  x = 1\n  \"y\" = \"\\d\"\n  x = 2\n}\n";
    let (_, parsed) = parsed(text);
    let body = &parsed.body.blocks[0].body;
    assert_eq!(body.attribute("x").unwrap().value.kind, ExpressionKind::Number(Number::Whole(2)));
    assert_eq!(body.attribute("y").unwrap().value.literal_text().unwrap(), "\\d");
    assert_eq!(
        errors(text),
        [
            "2:3 `x` is set again further down; it may be set only once",
            "3:3 an argument's name is not quoted",
            "3:10 `\\d` is not an escape; a backslash is written `\\\\`"
        ]
    );
    assert_eq!(errors("a {\n  b = 1 }\n"), ["2:9 `}` stands on a line of its own"]);
    assert_eq!(errors("a { b = 1\n}\n"), ["1:1 a block that starts on its header's line is one argument"]);
    assert_eq!(errors("a { b {} }\n"), ["1:1 a block that starts on its header's line is one argument"]);
}

#[test]
fn numbers_are_whole_as_long_as_they_are() {
    assert_eq!(shown("[1.50, 1.0, 1e3, 9007199254740993, 0.1]"), "(list 1.5 1 1000 9007199254740993 0.1)");
    assert_eq!(shown("340282366920938463463374607431768211456"), "3.402823669209385e38");
    assert_eq!(shown("10.0.0.0"), "1:1 not a number; a text is written in quotes");
    assert_eq!(shown("1x"), "1:1 not a number; a text is written in quotes");
}

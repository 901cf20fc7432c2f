use super::*;

fn parsed_json(name: &str, text: &str) -> (SourceMap, Parsed) {
    let sources = SourceMap::default();
    let file = sources.add(name, text);
    let parsed = parse(&sources, file);
    (sources, parsed)
}

fn outline(body: &Body) -> Vec<String> {
    let mut lines: Vec<String> =
        body.attributes.iter().map(|of| format!("{} = {}", of.name.text, show(&of.value))).collect();
    for block in &body.blocks {
        let labels = block.labels.iter().map(|label| format!(" {}", label.text)).collect::<String>();
        lines.push(format!("{}{labels} {{", block.kind.text));
        lines.extend(outline(&block.body).into_iter().map(|line| format!("  {line}")));
    }
    lines
}

fn outlined(text: &str) -> Vec<String> {
    let (_, parsed) = parsed_json("main.tf.json", text);
    assert_eq!(parsed.errors, []);
    outline(&parsed.body)
}

#[test]
fn blocks_of_the_language_are_blocks_and_others_are_objects() {
    let text = r#"{"//": "generated", "resource": {"//": 1, "aws_x": {
        "a": {"ingress": {"cidr": ["${var.c}"]}, "lifecycle": {"ignore_changes": ["tags[\"k\"]", "x"]}},
        "b": [{"n": -1.5}, {"n": 1e2}]},
        "aws_y": [{"c": {}}]}, "locals": [{"l": null}, {"m": true}], "moved": null}"#;
    assert_eq!(
        outlined(text),
        [
            "resource aws_x a {",
            "  ingress = (object '\"cidr\"'=(list '${var.c}'))",
            "  lifecycle {",
            "    ignore_changes = (list tags['\"k\"'] x)",
            "resource aws_x b {",
            "  n = -1.5",
            "resource aws_x b {",
            "  n = 100",
            "resource aws_y c {",
            "locals {",
            "  l = null",
            "locals {",
            "  m = true",
        ]
    );
}

#[test]
fn dynamic_blocks_and_references_in_strings() {
    let text = r#"{"resource": {"aws_x": {"a": {
        "provider": "aws.west", "depends_on": ["module.m", "${aws_y.z}"],
        "dynamic": {"ingress": {"for_each": "${var.s}", "content": {"port": "${ingress.value}"}}}}}},
        "variable": {"v": {"type": "list(string)", "default": "${no}"}},
        "moved": [{"from": "aws_x.a", "to": "aws_x.b[0]"}]}"#;
    assert_eq!(
        outlined(text),
        [
            "resource aws_x a {",
            "  provider = aws.west",
            "  depends_on = (list module.m aws_y.z)",
            "  dynamic ingress {",
            "    for_each = '${var.s}'",
            "    content {",
            "      port = '${ingress.value}'",
            "variable v {",
            "  type = (list() string)",
            "  default = '\"${no}\"'",
            "moved {",
            "  from = aws_x.a",
            "  to = aws_x.b[0]",
        ]
    );
}

#[test]
fn values_are_not_evaluated() {
    let (_, parsed) = parsed_json("prod.auto.tfvars.json", r#"{"a": "${b}", "resource": {"c": [1]}}"#);
    assert_eq!(outline(&parsed.body), ["a = '\"${b}\"'", "resource = (object '\"c\"'=(list 1))"]);
}

#[test]
fn spans_lie_in_the_file_behind_escapes_too() {
    let text = r#"{"output": {"o": {"value": "\u00e9\"\ud83d\ude00 ${aws_x.y}\n${z} $${w}"}}}"#;
    let (sources, parsed) = parsed_json("o.tf.json", text);
    assert_eq!(parsed.errors, []);
    let block = &parsed.body.blocks[0];
    assert_eq!(sources.slice(block.labels[0].span), "o");
    let ExpressionKind::Template(parts) = &block.body.attributes[0].value.kind else { panic!() };
    let shown: Vec<_> = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Literal(text, span) => format!("{text} <- {}", sources.slice(*span)),
            TemplatePart::Interpolation(of) => sources.slice(of.span),
            _ => panic!(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "é <- \\u00e9",
            "\" <- \\\"",
            "😀 <- \\ud83d\\ude00",
            "  <-  ",
            "aws_x.y",
            "\n <- \\n",
            "z",
            "  <-  ",
            "${ <- $${",
            "w} <- w}"
        ]
    );
}

#[test]
fn what_is_not_understood_is_an_error() {
    let errors = |text: &str| {
        let (sources, parsed) = parsed_json("e.tf.json", text);
        let shown = |error: &SyntaxError| format!("{} {}", sources.position(error.span), error.message);
        parsed.errors.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(errors(r#"{"resources": {}}"#), ["1:3 `resources` is not a kind of block"]);
    assert_eq!(errors(r#"{"locals": 1}"#), ["1:12 `locals` takes an object or a list of objects"]);
    assert_eq!(errors("{\n\"locals\": {\"a\": \"${\"}}"), ["2:20 expected a value, found the end of the text"]);
    assert_eq!(
        errors(r#"{"locals": {"a": 1, "a": 2}}"#),
        ["1:13 `a` is set again further down; only the last is read"]
    );
    assert_eq!(errors("{"), ["1:2 expected a key in double quotes, found the end of the file"]);
}

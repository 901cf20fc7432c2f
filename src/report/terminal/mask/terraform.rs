//! Secrets that Terraform files spell out, told by the names of what they are assigned to.
//!
//! The syntax tree says what is a literal and what a reference. What it does not hold, comments, blocks that could not
//! be read and the documents and scripts within heredocs, is searched line by line.

use std::ops::Range;

use super::in_lines;
use crate::report::secret::{is_harmless, is_secret};
use crate::source::hcl::{Body, Expression, ExpressionKind, ObjectItem, TemplatePart, parse};
use crate::source::{FileId, SourceMap, Span};

/// Functions whose texts name things rather than being them.
const NAMING: &[&str] = &["file", "filebase64", "templatefile", "lookup"];

pub(super) fn is_terraform(name: &str) -> bool {
    [".tf", ".tfvars", ".tf.json", ".tfvars.json"].iter().any(|end| name.ends_with(end))
}

/// What a file spells out.
pub(super) struct Spelled {
    /// Secrets, in order, none of them over a line's end.
    secrets: Vec<Range<usize>>,
    /// Documents and scripts in heredocs, in order.
    documents: Vec<Range<usize>>,
}

impl Spelled {
    pub(super) fn of(sources: &SourceMap, file: FileId) -> Self {
        let source = sources.file(file);
        let mut search = Search { text: &source.text, hidden: Vec::new(), documents: Vec::new() };
        search.assignments();
        search.body(&parse(sources, file).body, false);
        let (secrets, mut documents) = (united(search.hidden), search.documents);
        documents.sort_by_key(|range| range.start);
        Self { secrets, documents }
    }

    /// The secrets within some whole lines of the file's text.
    pub(super) fn within(&self, text: &str, lines: &Range<usize>) -> Vec<Range<usize>> {
        let mut hidden = inside(&self.secrets, lines).to_vec();
        for document in inside(&self.documents, lines) {
            let here = document.start.max(lines.start)..document.end.min(lines.end);
            hidden.extend(in_lines(text, here.clone()));
            script(text, here, &mut hidden);
        }
        united(hidden)
    }
}

/// Those of sorted ranges that overlap another.
fn inside<'a>(ranges: &'a [Range<usize>], lines: &Range<usize>) -> &'a [Range<usize>] {
    let from = ranges.partition_point(|range| range.end <= lines.start);
    let upto = ranges.partition_point(|range| range.start < lines.end);
    ranges.get(from..upto).unwrap_or_default()
}

fn united(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, before| {
        let overlap = next.start < before.end;
        if overlap {
            before.end = before.end.max(next.end);
        }
        overlap
    });
    ranges
}

struct Search<'a> {
    text: &'a str,
    hidden: Vec<Range<usize>>,
    documents: Vec<Range<usize>>,
}

impl Search<'_> {
    /// `told` says that what surrounds the body makes its `default` or `value` a secret.
    fn body(&mut self, body: &Body, told: bool) {
        let told = told || body.attributes.iter().any(|attribute| tells(&attribute.name.text, &attribute.value));
        for attribute in &body.attributes {
            let name = &attribute.name.text;
            self.expression(&attribute.value, is_secret(name) || told && is_value(name));
        }
        for block in &body.blocks {
            // A header that an origin demands is how a CDN proves itself.
            let told = &*block.kind.text == "custom_header" || block.labels.iter().any(|label| is_secret(&label.text));
            self.body(&block.body, told);
        }
    }

    fn expression(&mut self, expression: &Expression, secret: bool) {
        match &expression.kind {
            ExpressionKind::Template(parts) => self.template(expression.span, parts, secret),
            ExpressionKind::Number(_) if secret => self.hide(expression.span),
            ExpressionKind::List(items) => items.iter().for_each(|item| self.expression(item, secret)),
            ExpressionKind::Object(items) => self.object(items, secret),
            ExpressionKind::Traversal(of, _) | ExpressionKind::Unary(_, of) => self.expression(of, secret),
            ExpressionKind::Conditional(of) => {
                self.expression(&of.then, secret);
                self.expression(&of.otherwise, secret);
            }
            ExpressionKind::For(of) => {
                self.expression(&of.collection, secret);
                self.expression(&of.value, secret);
            }
            ExpressionKind::Call(call) => {
                let secret = secret && !NAMING.contains(&&*call.name.text);
                call.arguments.iter().for_each(|argument| self.expression(argument, secret));
            }
            ExpressionKind::Null
            | ExpressionKind::Bool(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::Binary(..) => {}
        }
    }

    fn object(&mut self, items: &[ObjectItem], secret: bool) {
        let key = |item: &ObjectItem| item.key.literal_text().unwrap_or_default();
        let told = items.iter().any(|item| tells(&key(item), &item.value));
        for item in items {
            let key = key(item);
            let named = is_secret(&key) || told && is_value(&key) || secret && !is_harmless(&key);
            self.expression(&item.value, named);
        }
    }

    fn template(&mut self, span: Span, parts: &[TemplatePart], secret: bool) {
        let literal = |part: &TemplatePart| matches!(part, TemplatePart::Literal(..));
        let whole = parts.iter().all(literal) && parts.len() == 1;
        for part in parts {
            match part {
                TemplatePart::Literal(text, _) if secret && !is_literal(text) => {}
                TemplatePart::Literal(_, at) if secret => self.hide(if whole { span } else { *at }),
                TemplatePart::Literal(text, at) if text.contains('\n') => {
                    self.documents.push(at.start as usize..at.end as usize);
                }
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(of) => self.expression(of, secret),
                TemplatePart::If(of) => {
                    self.template(span, &of.then, secret);
                    self.template(span, &of.otherwise, secret);
                }
                TemplatePart::For(of) => self.template(span, &of.body, secret),
            }
        }
    }

    /// Hides a place, each of its lines by itself so that lines keep their numbers. Of a heredoc, the markers stay.
    fn hide(&mut self, span: Span) {
        let (mut at, end) = (span.start as usize, span.end as usize);
        let text = self.text.get(at..end).unwrap_or_default();
        let heredoc = text.starts_with("<<");
        let last = text.matches('\n').count();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let body = line.trim();
            let start = at + (line.len() - line.trim_start().len());
            if !body.is_empty() && !(heredoc && (index == 0 || index == last)) {
                self.hidden.push(start..start + body.len());
            }
            at += line.len();
        }
    }

    /// `key = "value"` and `key: "value"`, wherever it stands.
    fn assignments(&mut self) {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            for (sign, _) in line.match_indices(['=', ':']) {
                let (head, tail) = (line.get(..sign).unwrap_or_default(), line.get(sign + 1..).unwrap_or_default());
                let value = tail.trim_start();
                let Some(length) = quoted_length(value) else { continue };
                let inside = value.get(1..length - 1).unwrap_or_default();
                if is_secret(last_word(head)) && is_literal(inside) && !inside.contains("${") {
                    let start = at + sign + 1 + (tail.len() - value.len());
                    self.hidden.push(start..start + length);
                }
            }
            at += line.len();
        }
    }
}

/// `KEY=value` as a shell reads it.
fn script(text: &str, range: Range<usize>, hidden: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    for line in text.get(range).unwrap_or_default().split_inclusive('\n') {
        for (equals, _) in line.match_indices('=') {
            let (head, value) = (line.get(..equals).unwrap_or_default(), line.get(equals + 1..).unwrap_or_default());
            let end = value.find([' ', '\t', '\r', '\n', ';', '&', '"', '\'']).unwrap_or(value.len());
            if is_secret(last_word(head)) && is_literal(value.get(..end).unwrap_or_default()) {
                hidden.push(at + equals + 1..at + equals + 1 + end);
            }
        }
        at += line.len();
    }
}

/// Whether an argument says that the `default` or `value` beside it is a secret.
fn tells(name: &str, value: &Expression) -> bool {
    match name {
        "sensitive" => value.kind == ExpressionKind::Bool(true),
        "name" | "key" | "Name" | "Key" => value.literal_text().is_some_and(|text| is_secret(&text)),
        "type" => value.literal_text().is_some_and(|text| text == "SecureString"),
        // What a load balancer demands of a header.
        "http_header_name" => true,
        _ => false,
    }
}

fn is_value(name: &str) -> bool {
    matches!(name, "default" | "value" | "values" | "Value" | "Values")
}

fn is_literal(text: &str) -> bool {
    let text = text.trim();
    text.contains(char::is_alphanumeric)
        && !text.starts_with("arn:")
        && !text.starts_with("{{resolve:")
        && !text.starts_with('$')
        && !matches!(text, "true" | "false" | "null" | "seconds" | "minutes" | "hours" | "days")
}

/// The key before an assignment's sign, without its quotes.
fn last_word(head: &str) -> &str {
    let head = head.trim_end().trim_end_matches(['"', '\'', '\\']);
    let key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = head.char_indices().rev().take_while(|(_, c)| key(*c)).last();
    start.and_then(|(start, _)| head.get(start..)).unwrap_or_default()
}

/// The length, with its quotes, of the quoted text at the start.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    if !text.starts_with('"') {
        return None;
    }
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(at + 1),
            '\n' => return None,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Secrets;
    use super::*;

    fn shown(text: &str) -> String {
        shown_in("main.tf", text)
    }

    fn shown_in(name: &str, text: &str) -> String {
        let sources = SourceMap::default();
        let file = sources.add(name, text);
        Secrets::default().mask(&sources, file, 0..text.len()).text
    }

    #[test]
    fn literals_of_secret_arguments_are_masked() {
        assert_eq!(shown("password = \"hunter2\"\n"), "password = ****\n");
        assert_eq!(shown("a {\n  client_secret = \"x\\\"y\" # z\n}\n"), "a {\n  client_secret = **** # z\n}\n");
        assert_eq!(shown("password = 12345678\n"), "password = ****\n");
        assert_eq!(shown("tokens = [\"x1\", var.b]\n"), "tokens = [****, var.b]\n");
        assert_eq!(shown("url_token = \"${var.user}:hunter2\"\n"), "url_token = \"${var.user}****\"\n");
        assert_eq!(shown("password = var.p != \"a\" ? var.p : \"b2\"\n"), "password = var.p != \"a\" ? var.p : ****\n");
        assert_eq!(
            shown("env = { DB_PASSWORD = \"x1\", STAGE = \"p\" }\n"),
            "env = { DB_PASSWORD = ****, STAGE = \"p\" }\n"
        );
        assert_eq!(shown("secrets = { db = \"x1\", db_arn = \"a\" }\n"), "secrets = { db = ****, db_arn = \"a\" }\n");
        assert_eq!(
            shown("x = jsonencode([{ name = \"API_TOKEN\", value = \"x1\" }])\n"),
            "x = jsonencode([{ name = \"API_TOKEN\", value = **** }])\n"
        );
    }

    #[test]
    fn references_and_settings_stay() {
        for text in [
            "password = random_password.db.result\n",
            "password = \"${var.password}\"\n",
            "password = file(\"secret.txt\")\n",
            "secret_string = data.aws_secretsmanager_secret_version.db[\"main\"].secret_string\n",
            "secret_arn = \"arn:aws:secretsmanager:eu-west-1:111122223333:secret:app\"\n",
            "secret = \"arn:aws:secretsmanager:eu-west-1:111122223333:secret:app\"\n",
            "metadata_options {\n  http_tokens = \"optional\"\n}\n",
            "token_validity_units {\n  access_token = \"hours\"\n}\n",
            "generate_secret = true\n",
            "variable \"stage\" {\n  default = \"prod\"\n}\n",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn heredocs_are_masked_line_by_line() {
        assert_eq!(
            shown("private_key = <<-EOF\n  -----BEGIN\n\n  MIIE\n  EOF\nport = 1\n"),
            "private_key = <<-EOF\n  ****\n\n  ****\n  EOF\nport = 1\n"
        );
        assert_eq!(
            shown("secret_string = <<EOF\n{\"user\": \"${var.u}\", \"k\": \"x\"}\nEOF\n"),
            "secret_string = <<EOF\n****${var.u}****\nEOF\n"
        );
        assert_eq!(
            shown(
                "user_data = <<EOF\nexport DB_PASSWORD=hunter2; run --token=abc $A\nTOKEN=$B\n{\"password\": \"x\"}\nEOF\n"
            ),
            "user_data = <<EOF\nexport DB_PASSWORD=****; run --token=**** $A\nTOKEN=$B\n{\"password\": ****}\nEOF\n"
        );
    }

    #[test]
    fn documents_in_heredocs_are_masked_by_name() {
        let text = "c = <<EOF\n[{\n  \"name\": \"DB_PASSWORD\",\n  \"value\": \"x1\"\n}]\nEOF\n";
        assert_eq!(shown(text), text.replace("\"x1\"", "****"));
    }

    #[test]
    fn a_default_or_value_is_masked_by_what_stands_beside_it() {
        let variable =
            |name: &str, rest: &str, value: &str| format!("variable \"{name}\" {{\n{rest}  default = {value}\n}}\n");
        assert_eq!(shown(&variable("db_password", "", "\"x1\"")), variable("db_password", "", "****"));
        assert_eq!(
            shown(&variable("a", "  sensitive = true\n", "\"x1\"")),
            variable("a", "  sensitive = true\n", "****")
        );
        assert_eq!(
            shown(
                "p {\n  type = \"SecureString\"\n  value = \"x1\"\n}\nc {\n  custom_header {\n    name = \"x\"\n    value = \"y1\"\n  }\n}\n"
            ),
            "p {\n  type = \"SecureString\"\n  value = ****\n}\nc {\n  custom_header {\n    name = \"x\"\n    value = ****\n  }\n}\n"
        );
        assert_eq!(
            shown("http_header {\n  http_header_name = \"x-origin\"\n  values = [\"x1\"]\n}\n"),
            "http_header {\n  http_header_name = \"x-origin\"\n  values = [****]\n}\n"
        );
    }

    #[test]
    fn comments_and_what_cannot_be_read_are_masked_too() {
        assert_eq!(shown("# password = \"hunter2\"\n"), "# password = ****\n");
        assert_eq!(shown("a {\n  password = \"x1\"\n  b = = 1\n"), "a {\n  password = ****\n  b = = 1\n");
    }

    #[test]
    fn the_json_form_is_masked_the_same() {
        let text = r#"{"variable": {"v": {"sensitive": true, "default": "x1"}}, "locals": {"password": "x\n2"}}"#;
        let masked = r#"{"variable": {"v": {"sensitive": true, "default": ****}}, "locals": {"password": ****}}"#;
        assert_eq!(shown_in("v.tf.json", text), masked);
    }

    #[test]
    fn ranges_follow_their_text_in_an_excerpt() {
        let text = "password = \"hunter2\"\nport = 1\ntoken = \"abc\" # x\n";
        let sources = SourceMap::default();
        let file = sources.add("main.tf", text);
        let start = text.find("port").unwrap();
        let masked = Secrets::default().mask(&sources, file, start..text.len());
        assert_eq!(masked.text, "port = 1\ntoken = **** # x\n");
        let x = text.find("# x").unwrap();
        assert_eq!(masked.text.get(masked.range(&(x..x + 3))), Some("# x"));
    }
}

//! Keeps passwords and keys that a template spells out from being copied into a report.
//!
//! Only what an excerpt shows passes through here; messages and labels never contain such values. A value is masked
//! when it is a literal and its key (or the name beside it, or `NoEcho`) says that it is a secret; references stay.

mod terraform;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::report::secret::{MASK, is_secret};
use crate::source::{FileId, SourceMap};
use terraform::Spelled;

/// Of a longer line, a document in one line, only the braces around a value are searched for what it is.
const LONG: usize = 1000;

/// The secrets of the files that excerpts were cut from.
#[derive(Default)]
pub(super) struct Secrets {
    terraform: RefCell<BTreeMap<FileId, Spelled>>,
}

impl Secrets {
    /// The lines of `excerpt`, which starts and ends at line boundaries of the file's text.
    pub(super) fn mask(&self, sources: &SourceMap, id: FileId, excerpt: Range<usize>) -> Masked {
        let file = sources.file(id);
        if !terraform::is_terraform(&file.name) {
            return masked(&file.text, excerpt.clone(), in_lines(&file.text, excerpt));
        }
        let mut known = self.terraform.borrow_mut();
        let spelled = known.entry(id).or_insert_with(|| Spelled::of(sources, id));
        masked(&file.text, excerpt.clone(), spelled.within(&file.text, &excerpt))
    }
}

/// An excerpt of a text without its secrets.
pub(super) struct Masked {
    pub(super) text: String,
    start: usize,
    /// What was taken out, in offsets of the whole text, in order.
    hidden: Vec<Range<usize>>,
}

impl Masked {
    /// Where a range of the whole text is in the excerpt.
    pub(super) fn range(&self, range: &Range<usize>) -> Range<usize> {
        let from = self.offset(range.start);
        from..self.offset(range.end).max(from)
    }

    fn offset(&self, offset: usize) -> usize {
        let mut at = offset.saturating_sub(self.start);
        for hidden in self.hidden.iter().filter(|hidden| hidden.start < offset) {
            let covered = hidden.end.min(offset) - hidden.start;
            let replaced = if offset >= hidden.end { MASK.len() } else { covered.min(MASK.len()) };
            at = at - covered + replaced;
        }
        at
    }
}

/// Secrets in lines of YAML or JSON, in order. The range starts and ends at line boundaries of `text`.
fn in_lines(text: &str, excerpt: Range<usize>) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut at = excerpt.start;
    // Indentation of a secret key whose value stands on the lines below it.
    let mut below: Option<usize> = None;
    for line in text.get(excerpt.clone()).unwrap_or_default().split_inclusive('\n') {
        let body = line.trim_end();
        let indent = indentation(body);
        if below.is_some_and(|parent| indent > parent || body.is_empty()) {
            let pair = Pair::all(body).next().is_some();
            if !body.is_empty() && !pair {
                hidden.push(at + indent..at + body.len());
            }
        } else {
            below = None;
        }
        for pair in Pair::all(body) {
            let secret = is_secret(pair.key)
                || matches!(pair.key, "Default" | "Value" | "Values" | "ParameterValue" | "value")
                    && if body.len() > LONG { tells(braced(body, &pair.value)) } else { named_secret(text, at, body) };
            let value = body.get(pair.value.clone()).unwrap_or_default();
            if secret && (value.is_empty() || value.starts_with(['|', '>'])) {
                below = Some(indent);
            } else if secret && is_literal(value) {
                hidden.push(at + pair.value.start..at + pair.value.end);
            }
        }
        at += line.len();
    }
    hidden
}

fn masked(text: &str, excerpt: Range<usize>, hidden: Vec<Range<usize>>) -> Masked {
    let mut shown = String::new();
    let mut from = excerpt.start;
    for range in &hidden {
        shown.push_str(text.get(from..range.start).unwrap_or_default());
        shown.push_str(MASK);
        from = range.end;
    }
    shown.push_str(text.get(from..excerpt.end).unwrap_or_default());
    Masked { text: shown, start: excerpt.start, hidden }
}

/// `key: value` of one line, with the range of the value's own text in that line.
struct Pair<'a> {
    key: &'a str,
    value: Range<usize>,
}

impl<'a> Pair<'a> {
    /// The pairs of a line; several when it is JSON or a flow mapping.
    fn all(line: &'a str) -> impl Iterator<Item = Self> {
        line.match_indices(':').filter_map(|(colon, _)| Self::at(line, colon))
    }

    fn at(line: &'a str, colon: usize) -> Option<Self> {
        let (head, tail) = (line.get(..colon)?, line.get(colon + 1..)?);
        let quoted = head.trim_end().ends_with(['"', '\'']);
        if !(tail.is_empty() || tail.starts_with([' ', '\t']) || quoted) {
            return None;
        }
        let head = head.trim_end().trim_end_matches(['"', '\'']);
        let key = head.rsplit(['"', '\'', '{', ',', ' ', '\t']).next()?;
        if key.is_empty() {
            return None;
        }
        let start = colon + 1 + (tail.len() - tail.trim_start().len());
        let rest = line.get(start..)?;
        let flow = head.contains('{') || quoted;
        let length = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => closing(rest, quote),
            Some('[') => rest.find(']').map_or(rest.len(), |at| at + 1),
            _ if flow => rest.find([',', '}']).unwrap_or(rest.len()),
            _ => rest.len(),
        };
        Some(Self { key, value: start..start + length })
    }
}

/// The length of a quoted text with its quotes.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if quote == '"' && !escaped => escaped = true,
            c if c == quote && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

fn is_literal(value: &str) -> bool {
    let plain = value.trim_matches(['"', '\'']);
    let reference = value.starts_with(['!', '{', '*', '&'])
        || plain.starts_with("{{resolve:")
        || plain.starts_with("arn:")
        || plain.starts_with("AWS::")
        || value.starts_with('[') && value.contains(['!', '{']);
    let word = matches!(plain.to_ascii_lowercase().as_str(), "" | "true" | "false" | "null" | "~" | "[]");
    !reference && !word
}

/// Whether the mapping in which a line stands, or the key above it, tells that its value is a secret: `NoEcho`, or a
/// `Name` that sounds like one.
fn named_secret(text: &str, at: usize, line: &str) -> bool {
    let indent = indentation(line);
    let tells = |line: &str| indentation(line) == indent && tells(line);
    // A dash starts another item of the list: its first line still belongs to the mapping, what is beyond does not.
    let inside = |line: &str| line.trim().is_empty() || margin(line) >= indent;
    if tells(line) || text.get(at..).unwrap_or_default().lines().skip(1).take_while(|line| inside(line)).any(tells) {
        return true;
    }
    let mut first = inside(line);
    for above in text.get(..at).unwrap_or_default().lines().rev() {
        if first && tells(above) {
            return true;
        }
        first &= inside(above);
        if !above.trim().is_empty() && indentation(above) < indent {
            return Pair::all(above).any(|pair| is_secret(pair.key));
        }
    }
    false
}

/// Whether one of a line's pairs says that the value beside it is a secret.
fn tells(line: &str) -> bool {
    Pair::all(line).any(|pair| {
        let value = line.get(pair.value.clone()).unwrap_or_default().trim_matches(['"', '\'']);
        match pair.key {
            "NoEcho" => !value.eq_ignore_ascii_case("false"),
            "Name" | "Key" | "ParameterKey" | "name" => is_secret(value),
            // A header that a load balancer demands is how a CDN proves itself.
            "HttpHeaderName" => true,
            _ => false,
        }
    })
}

/// What stands in the same braces as a value.
fn braced<'a>(line: &'a str, value: &Range<usize>) -> &'a str {
    let start = line.get(..value.start).and_then(|head| head.rfind('{')).unwrap_or(0);
    let end = line.get(value.end..).and_then(|tail| tail.find('}')).map_or(line.len(), |length| value.end + length);
    line.get(start..end).unwrap_or_default()
}

/// Columns of white space before a line's text.
fn margin(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Columns before a line's first key; the dash of a list item counts as white space.
fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().trim_start_matches("- ").trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str, excerpt: Range<usize>) -> Masked {
        let sources = SourceMap::default();
        let file = sources.add("template.yaml", text);
        Secrets::default().mask(&sources, file, excerpt)
    }

    fn shown(text: &str) -> String {
        mask(text, 0..text.len()).text
    }

    #[test]
    fn literals_of_secret_keys_are_masked() {
        assert_eq!(shown("  ClientSecret: hunter2"), "  ClientSecret: ****");
        assert_eq!(shown("  - DB_PASSWORD: \"a: b\""), "  - DB_PASSWORD: ****");
        assert_eq!(shown("MasterUserPassword: 12345678"), "MasterUserPassword: ****");
        assert_eq!(shown(r#"{"ApiToken": "a\"b", "Port": 1}"#), r#"{"ApiToken": ****, "Port": 1}"#);
        assert_eq!(shown("{private_key: abc, Port: 1}"), "{private_key: ****, Port: 1}");
        assert_eq!(shown(r#""SECRET":"x","B":"y""#), r#""SECRET":****,"B":"y""#);
        assert_eq!(shown("Tokens: [a, b]"), "Tokens: ****");
        assert_eq!(shown("Password: ünï"), "Password: ****");
    }

    #[test]
    fn references_and_settings_stay() {
        for line in [
            "ClientSecret: !Ref Secret",
            "ClientSecret: !Sub '${Secret}'",
            "ClientSecret: '{{resolve:secretsmanager:app}}'",
            "\"ClientSecret\": {\"Ref\": \"Secret\"}",
            "SecretArn: arn:aws:secretsmanager:eu-west-1:111122223333:secret:app",
            "GenerateSecret: true",
            "RefreshTokenValidity: 3650",
            "TokenEndpoint: https://idp.example.com/token",
            "MinimumLength: 8",
            "Description: the password: see the manual",
        ] {
            let expected = line.replace("password: see the manual", "password: ****");
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn values_on_the_lines_below_are_masked() {
        assert_eq!(shown("PrivateKey: |\n  abc\n  def\nPort: 1"), "PrivateKey: |\n  ****\n  ****\nPort: 1");
        assert_eq!(shown("Tokens:\n  - abc\nPort: 1"), "Tokens:\n  - ****\nPort: 1");
        assert_eq!(
            shown("AppSecret:\n  Type: AWS::SecretsManager::Secret"),
            "AppSecret:\n  Type: AWS::SecretsManager::Secret"
        );
    }

    #[test]
    fn a_default_or_value_is_masked_by_what_stands_beside_it() {
        assert_eq!(shown("P:\n  NoEcho: true\n  Default: x1"), "P:\n  NoEcho: true\n  Default: ****");
        assert_eq!(shown("P: {NoEcho: true, Default: x1}"), "P: {NoEcho: true, Default: ****}");
        assert_eq!(shown("- Name: DB_PASSWORD\n  Value: x1"), "- Name: DB_PASSWORD\n  Value: ****");
        assert_eq!(shown("DbPassword:\n  Type: String\n  Default: x1"), "DbPassword:\n  Type: String\n  Default: ****");
        assert_eq!(shown("{HttpHeaderName: x-origin, Values: [x1]}"), "{HttpHeaderName: x-origin, Values: ****}");
        assert_eq!(shown("HttpHeaderName: x-origin\nValues:\n- x1"), "HttpHeaderName: x-origin\nValues:\n- ****");
        for harmless in ["- Name: STAGE\n  Value: prod\n- Name: TOKEN", "- Name: TOKEN\n- Name: STAGE\n  Value: prod"] {
            assert_eq!(shown(harmless), harmless);
        }
    }

    #[test]
    fn a_document_in_one_line_is_masked_object_by_object() {
        let object = |name: &str, value: &str| format!("{{\"Name\":\"{name}\",\"Value\":{value}}},");
        let text = [object("DB_PASSWORD", "\"x1\""), object("STAGE", "\"p\"").repeat(50)].concat();
        assert_eq!(shown(&text), text.replace("\"x1\"", "****"));
    }

    #[test]
    fn what_stands_beside_it_counts_outside_the_excerpt_too() {
        let text = "P:\n  NoEcho: true\n  Default: x1\n";
        let start = text.find("  Default").unwrap();
        assert_eq!(mask(text, start..text.len()).text, "  Default: ****\n");
    }

    #[test]
    fn ranges_follow_their_text() {
        let text = "A: 1\nPassword: hunter2\nB: 2";
        let masked = mask(text, 5..text.len());
        let b = text.find("B: 2").unwrap();
        assert_eq!(masked.text.get(masked.range(&(b..b + 1))), Some("B"));
        let value = text.find("hunter2").unwrap();
        assert_eq!(masked.text.get(masked.range(&(value..value + 7))), Some(MASK));
    }
}

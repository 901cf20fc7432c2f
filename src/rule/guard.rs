//! The predicate language is cfn-guard's: its parser reads every predicate, its evaluator runs raw rule files and
//! serves as the oracle of ours. The only file that names that crate.
//!
//! The parser's tree is private, but it serialises. Serialisation renders a regular expression as the text `/…/`
//! and a range as `(1,5]`, which a string literal may look like too. So each string literal gets a mark before
//! parsing ([`MARK`]), which tells it apart afterwards.

use std::io::Cursor;

use cfn_guard::commands::Executable as _;
use cfn_guard::commands::validate::{OutputFormatType, ShowSummaryType};
use cfn_guard::utils::reader::{ReadBuffer, Reader};
use cfn_guard::utils::writer::{WriteBuffer, Writer};
use cfn_guard::{CommandBuilder as _, ValidateBuilder};
use serde_json::Value as Json;

/// Precedes the content of each quoted string in the tree.
pub(super) const MARK: char = '\u{1}';

/// Longest predicate or raw rule file, in bytes.
pub(super) const MAX_TEXT: usize = 256 * 1024;

/// Deepest nesting of brackets, those in texts and expressions included.
const MAX_DEPTH: usize = 64;

/// Where in the given text, 1-based, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParseError {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// The clauses of one predicate as cfn-guard's tree of a rule's block (`assignments`, `conjunctions`), and the map
/// from its positions back to the text.
pub(super) struct Parsed {
    pub block: Json,
    pub positions: Positions,
}

/// Undoes what wrapping and marking did to lines and columns.
pub(super) struct Positions {
    /// `(line, column)` of each mark in the text that was parsed.
    marks: Vec<(usize, usize)>,
}

impl Positions {
    pub(super) fn original(&self, line: usize, column: usize) -> (usize, usize) {
        let marks = self.marks.iter().filter(|(at, mark)| *at == line && *mark < column).count();
        (line.saturating_sub(1).max(1), column.saturating_sub(marks).max(1))
    }
}

/// Parses the lines of a predicate.
pub(super) fn parse(text: &str) -> Result<Parsed, ParseError> {
    let fail = |message: &str| ParseError { line: 1, column: 1, message: message.to_owned() };
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
        return Err(fail("the predicate contains a control character"));
    }
    let (marked, marks) = mark(&format!("rule predicate {{\n{text}\n}}"));
    let positions = Positions { marks };
    let mut tree = tree(&marked).map_err(|error| {
        let (line, column) = positions.original(error.line, error.column);
        ParseError { line, column, message: error.message.replace(MARK, "") }
    })?;
    let only_clauses = ["assignments", "parameterized_rules"]
        .iter()
        .all(|key| tree.get(*key).and_then(Json::as_array).is_some_and(Vec::is_empty));
    let rules = tree.get_mut("guard_rules").and_then(Json::as_array_mut).map(std::mem::take).unwrap_or_default();
    match <[Json; 1]>::try_from(rules) {
        Ok([mut rule]) if only_clauses && rule.get("conditions").is_some_and(Json::is_null) => {
            Ok(Parsed { block: rule.get_mut("block").map(Json::take).unwrap_or_default(), positions })
        }
        _ => Err(fail("a predicate is a list of clauses, not a set of named rules")),
    }
}

/// cfn-guard's parse tree of a rule file: `assignments`, `guard_rules`, `parameterized_rules`.
pub(super) fn tree(text: &str) -> Result<Json, ParseError> {
    let fail = |message: &str| ParseError { line: 1, column: 1, message: message.to_owned() };
    if text.len() > MAX_TEXT {
        return Err(fail("too long to be parsed as Guard rules"));
    }
    // The parser recurses.
    let deepest = text.chars().scan(0_usize, |depth, c| {
        match c {
            '[' | '{' | '(' => *depth += 1,
            ']' | '}' | ')' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if deepest.max().unwrap_or(0) > MAX_DEPTH {
        return Err(fail("brackets are nested too deeply"));
    }
    let parse = || match cfn_guard::commands::validate::parse_rules(text, "rules") {
        Ok(Some(tree)) => serde_json::to_value(&tree).map_err(|error| fail(&error.to_string())),
        Ok(None) => Err(fail("there is no rule in it")),
        Err(error) => Err(syntax_error(&error.to_string())),
    };
    // Its unreachable places have been reached before.
    std::panic::catch_unwind(parse).unwrap_or_else(|_| Err(fail("cfn-guard's parser crashes on this")))
}

/// Runs cfn-guard's own evaluator: one result a document, in order, each with `compliant`, `not_applicable` and
/// `not_compliant` (see its structured output). Give it only rules that [`tree`] accepts: a cycle aborts the process.
pub fn evaluate(rules: &str, documents: &[String]) -> Result<Vec<Json>, String> {
    let payload = serde_json::json!({"rules": [rules], "data": documents}).to_string();
    let fail = |error: cfn_guard::Error| error.to_string();
    let command = ValidateBuilder::default()
        .payload(true)
        .structured(true)
        .output_format(OutputFormatType::JSON)
        .show_summary(vec![ShowSummaryType::None])
        .try_build()
        .map_err(fail)?;
    let mut reader = Reader::new(ReadBuffer::Cursor(Cursor::new(payload.into_bytes())));
    let mut writer = Writer::new_with_err(WriteBuffer::Vec(Vec::new()), WriteBuffer::Vec(Vec::new())).map_err(fail)?;
    command.execute(&mut writer, &mut reader).map_err(fail)?;
    let output = writer.into_string().map_err(fail)?;
    let results: Vec<Json> = serde_json::from_str(&output).map_err(|error| error.to_string())?;
    // A rule file that does not parse is dropped in silence.
    if results.len() == documents.len() {
        Ok(results)
    } else {
        Err(format!("cfn-guard gave {} results for {} documents", results.len(), documents.len()))
    }
}

/// Inserts a mark after the opening quote of each string, outside of comments, messages and regular expressions.
fn mark(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut marks = Vec::new();
    let (mut line, mut column) = (1, 1);
    // What ends the token that the walk is in.
    let mut inside: Option<char> = None;
    let mut previous = ' ';
    for c in text.chars() {
        marked.push(c);
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        match inside {
            Some('>') if c == '>' && previous == '>' => inside = None,
            Some('>') => {}
            Some(end) if c == end && (end == '\n' || previous != '\\') => inside = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' => {
                    inside = Some(c);
                    marked.push(MARK);
                    marks.push((line, column));
                    column += 1;
                }
                '/' => inside = Some('/'),
                '#' => inside = Some('\n'),
                '<' if previous == '<' => inside = Some('>'),
                _ => {}
            },
        }
        // A message that starts with `>` does not close at once, and `<<<` opens once.
        previous = if inside == Some('>') && c == '<' { ' ' } else { c };
    }
    (marked, marks)
}

/// cfn-guard's message: `… at line 7 at column 5, when handling CONTEXT, fragment REST`.
fn syntax_error(text: &str) -> ParseError {
    let number = |after: &str| {
        let rest = text.split_once(after)?.1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    };
    let (line, column) = (number(" at line ").unwrap_or(1), number(" at column ").unwrap_or(1));
    let context = text.split_once("when handling ").and_then(|(_, rest)| rest.split_once(", fragment"));
    let (context, fragment) = context.unwrap_or_default();
    let near = fragment.trim().lines().next().unwrap_or_default();
    let near = near.trim_end_matches('`');
    let mut message = if near.is_empty() || near == "}" {
        "cannot parse the end".to_owned()
    } else {
        format!("cannot parse `{near}`")
    };
    if !context.trim().is_empty() {
        message = format!("{message}: {}", context.trim());
    }
    ParseError { line, column, message }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_regular_expressions_and_ranges_stay_apart() {
        let parsed = parse("a in [\"/x/\", /x/] # it's \"quoted\"\nb == r(1,5] <<don't \"x\">>\nc == 'y'").unwrap();
        let text = parsed.block.to_string();
        assert!(text.contains("[\"\\u0001/x/\",\"/x/\"]"), "{text}");
        assert!(text.contains("\"(1,5]\""), "{text}");
        assert!(text.contains("don't \\\"x\\\""), "{text}");
        assert!(text.contains("\"\\u0001y\""), "{text}");
    }

    #[test]
    fn positions_are_those_of_the_text() {
        let error = parse("a == 1\nb == \"x\" or c keys 1").err().unwrap();
        assert_eq!((error.line, error.column), (2, 15), "{}", error.message);
        let parsed = parse("b == \"x\" or c == 2").unwrap();
        let at = parsed.block.pointer("/conjunctions/0/1/Clause/Clause/access_clause/location").unwrap().clone();
        let number = |key: &str| usize::try_from(at[key].as_u64().unwrap()).unwrap();
        assert_eq!(parsed.positions.original(number("line"), number("column")), (1, 13));
    }

    #[test]
    fn the_official_evaluator_answers_for_each_document() {
        let rules = "rule a { x == 1 <<one>>\n}\nrule b when y exists { x > 0\n}";
        let results = evaluate(rules, &["{\"x\": 1}".to_owned(), "{\"x\": 2, \"y\": 0}".to_owned()]).unwrap();
        assert_eq!(results[0]["compliant"][0], "a");
        assert_eq!(results[0]["not_applicable"][0], "b");
        assert_eq!(results[1]["not_compliant"][0]["Rule"]["name"], "a");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_takes_the_parser_down(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..30)) {
            let text = tokens.concat();
            let (marked, marks) = mark(&text);
            prop_assert_eq!(marked.replace(MARK, ""), text.as_str());
            prop_assert_eq!(marked.matches(MARK).count(), marks.len());
            let _ = parse(&text);
            let _ = tree(&text);
        }
    }

    const TOKENS: &[&str] = &[
        "rule ",
        "r",
        " { ",
        " }",
        "[",
        "]",
        "*",
        "%",
        "x",
        ".",
        " == ",
        " in ",
        " or ",
        "\n",
        "'",
        "\"",
        "/",
        "\\",
        "<<",
        ">>",
        "#",
        "r(1,2]",
        "when ",
        "some ",
        "not ",
        "!",
        " empty",
        " exists",
        "let ",
        " = ",
        "count(",
        ")",
        "1",
        "é",
        "|",
        "this",
        "AWS::S3::Bucket",
        "keys",
        ",",
        "-",
        "1.5e9",
        "99999999999999999999",
    ];

    #[test]
    fn a_predicate_cannot_break_out_of_its_rule() {
        assert!(parse("a == 1 }\nrule other { b == 2").is_err());
    }
}

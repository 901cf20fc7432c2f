//! Policy documents written as JSON text, as `Fn::Sub` and `Fn::Join` templates like to have them.

use std::sync::Arc;

use super::policy::symbol;
use crate::iam::document::Raw;
use crate::iam::managed;
use crate::iam::pattern::Piece;
use crate::value::{Kind, Part, Value};

/// What is not literal stands as one character of a private area while the text is parsed.
const FIRST_HOLE: u32 = 0xE000;
const LAST_HOLE: u32 = 0xF8FF;

/// `None` when the value is no text, or no JSON once its holes are filled.
pub(super) fn read(value: &Value) -> Option<Raw> {
    let literal;
    let parts = match &value.kind {
        Kind::Scalar(scalar) => {
            literal = [Part::Literal(Arc::from(&*scalar.text))];
            literal.as_slice()
        }
        Kind::Text(parts) => parts,
        _ => return None,
    };
    let mut text = String::new();
    let mut holes = Vec::new();
    for part in parts {
        match part {
            Part::Literal(literal) if literal.chars().any(|char| hole(char).is_some()) => return None,
            Part::Literal(literal) => text.push_str(literal),
            Part::Ref(reference) => {
                text.push(next(&holes)?);
                holes.push(Piece::Symbol(symbol(reference)));
            }
            Part::Unknown(reason) => {
                text.push(next(&holes)?);
                holes.push(Piece::Unknown(reason.clone()));
            }
        }
    }
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let json = serde_json::from_str(&text).ok()?;
    Some(managed::raw(&json, &|text| Raw::Text(pieces(text, &holes))))
}

fn next(holes: &[Piece]) -> Option<char> {
    let code = FIRST_HOLE + u32::try_from(holes.len()).ok()?;
    if code > LAST_HOLE { None } else { char::from_u32(code) }
}

fn hole(char: char) -> Option<usize> {
    let code = u32::from(char);
    (FIRST_HOLE..=LAST_HOLE).contains(&code).then(|| usize::try_from(code - FIRST_HOLE).ok())?
}

fn pieces(text: &str, holes: &[Piece]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    for char in text.chars() {
        match hole(char).and_then(|index| holes.get(index)) {
            None => literal.push(char),
            Some(piece) => {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(Arc::from(std::mem::take(&mut literal))));
                }
                pieces.push(piece.clone());
            }
        }
    }
    if !literal.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(Arc::from(literal)));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document::Document;
    use crate::source::{SourceMap, Span};
    use crate::value::{Reason, Reference};

    #[test]
    fn references_inside_the_text_stay_references() {
        let span = Span::new(SourceMap::default().add("t.json", ""), 0, 0);
        let reference = Reference::Pseudo(Arc::from("AWS::Region"));
        let parts = vec![
            Part::Literal(Arc::from(
                r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:"#,
            )),
            Part::Ref(reference),
            Part::Literal(Arc::from("::")),
            Part::Unknown(Reason::Parameter(Arc::from("Bucket"))),
            Part::Literal(Arc::from(r#"/*"}}"#)),
        ];
        let raw = read(&Value::new(span, Kind::Text(parts))).unwrap();
        let document = Document::read(&raw);
        assert_eq!(document.statements[0].resources.patterns()[0].to_string(), "arn:aws:s3:${AWS::Region}::…/*");
        assert!(read(&Value::text_at(span, "not json")).is_none());
        assert!(read(&Value::text_at(span, "{\"Statement\": \"\u{e000}\"}")).is_none());
    }
}

//! Encodings of text, and documents.

mod csv;
mod json;
mod yaml;

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::strings::MAX_TEXT;
use super::{Call, Function, Outcome, Stop, Takes, function};
use crate::input::terraform::value::Kind;

pub(in crate::input::terraform) use json::text as rendered;
pub(in crate::input::terraform) use json::write as write_json;

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64decode", &[Takes::Text], None, |call| text_of(call, &decoded(call, 0)?)),
    function("base64encode", &[Takes::Text], None, |call| call.give_text(STANDARD.encode(&*call.text(0)?))),
    function("base64gunzip", &[Takes::Text], None, |call| {
        let mut text = Vec::new();
        let compressed = decoded(call, 0)?;
        let limit = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX);
        match GzDecoder::new(compressed.as_slice()).take(limit + 1).read_to_end(&mut text) {
            Ok(length) if length > MAX_TEXT => Err(Stop::Limit("too long a text")),
            Ok(_) => text_of(call, &text),
            Err(_) => call.refuse(0, "is not compressed text"),
        }
    }),
    function("base64gzip", &[Takes::Text], None, |call| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let written = encoder.write_all(call.text(0)?.as_bytes()).and_then(|()| encoder.finish());
        call.give_text(STANDARD.encode(written.map_err(|error| Stop::Error(Some(0), error.to_string()))?))
    }),
    function("csvdecode", &[Takes::Text], None, csv::decode),
    function("jsondecode", &[Takes::Text], None, json::decode),
    function("jsonencode", &[Takes::Nullable], None, |call| call.give(Kind::Json(Arc::new(call.argument(0)?.clone())))),
    function("textdecodebase64", &[Takes::Text, Takes::Text], None, |call| {
        let (bytes, charset) = (decoded(call, 0)?, charset(call, 1)?);
        match charset.decode(&bytes) {
            Some(text) => call.give_text(text),
            None => call.refuse(0, "is not text in this encoding"),
        }
    }),
    function("textencodebase64", &[Takes::Text, Takes::Text], None, |call| {
        let (text, charset) = (call.text(0)?, charset(call, 1)?);
        match charset.encode(&text) {
            Some(bytes) => call.give_text(STANDARD.encode(bytes)),
            None => call.refuse(0, "has characters that this encoding does not have"),
        }
    }),
    function("urldecode", &[Takes::Text], None, urldecode),
    function("urlencode", &[Takes::Text], None, |call| {
        let mut encoded = String::new();
        for byte in call.text(0)?.bytes() {
            match byte {
                b' ' => encoded.push('+'),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        call.give_text(encoded)
    }),
    function("yamldecode", &[Takes::Text], None, yaml::decode),
    function("yamlencode", &[Takes::Nullable], None, yaml::encode),
];

fn decoded(call: &Call<'_>, index: usize) -> Result<Vec<u8>, Stop> {
    // Line breaks are passed over, as in Go.
    let text = call.text(index)?.replace(['\r', '\n'], "");
    STANDARD.decode(text).or_else(|_| call.refuse(index, "is not Base64"))
}

fn text_of(call: &Call<'_>, bytes: &[u8]) -> Outcome {
    match std::str::from_utf8(bytes) {
        Ok(text) => call.give_text(text),
        Err(_) => call.refuse(0, "is not the Base64 of text in UTF-8"),
    }
}

fn urldecode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit =
                    |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => high * 16 + low,
                    _ => return call.refuse(0, "has a `%` without two hexadecimal digits"),
                }
            }
            _ => byte,
        });
    }
    call.give_text(String::from_utf8_lossy(&bytes).into_owned())
}

/// The encodings that configurations use; Terraform takes every name that IANA lists.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { little: bool, mark: bool },
}

fn charset(call: &Call<'_>, index: usize) -> Result<Charset, Stop> {
    match call.text(index)?.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" => Ok(Charset::Utf8),
        "US-ASCII" | "ASCII" => Ok(Charset::Ascii),
        "ISO-8859-1" | "LATIN1" => Ok(Charset::Latin1),
        "UTF-16LE" => Ok(Charset::Utf16 { little: true, mark: false }),
        "UTF-16BE" => Ok(Charset::Utf16 { little: false, mark: false }),
        "UTF-16" => Ok(Charset::Utf16 { little: false, mark: true }),
        _ => Err(Stop::Unknown),
    }
}

impl Charset {
    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Latin1 => text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect(),
            Self::Utf16 { little, mark } => {
                let mark = mark.then_some(0xFEFF);
                let units = mark.into_iter().chain(text.encode_utf16());
                Some(units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect())
            }
        }
    }

    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Ascii => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned()),
            Self::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Self::Utf16 { little, mark } => {
                let mut units: Vec<u16> = bytes
                    .chunks(2)
                    .map(|pair| <[u8; 2]>::try_from(pair).ok())
                    .map(|pair| {
                        pair.map(|pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
                    })
                    .collect::<Option<_>>()?;
                if mark && units.first() == Some(&0xFFFE) {
                    units = units.into_iter().map(u16::swap_bytes).collect();
                }
                let from = usize::from(mark && units.first() == Some(&0xFEFF));
                String::from_utf16(units.get(from..)?).ok()
            }
        }
    }
}

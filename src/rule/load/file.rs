//! The rule file as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer};

use super::LoadError;
use crate::finding::{Severity, Verdict};
use crate::rule::compile::{ParamValue, Params};
use crate::rule::{Example, Tier};

/// Formats in which remedies and examples are written.
const FORMATS: [&str; 3] = ["cloudformation", "sam", "terraform"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    pub id: String,
    pub title: String,
    pub severity: Severities,
    pub tier: Tier,
    pub subject: String,
    pub needs: Vec<String>,
    pub why: String,
    #[serde(default)]
    params: BTreeMap<String, Param>,
    #[serde(rename = "let")]
    pub lets: Option<String>,
    pub applies: Option<String>,
    pub assert: String,
    pub remedy: BTreeMap<String, String>,
    #[serde(default)]
    pub mappings: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    examples: Vec<ExampleFile>,
}

#[derive(Debug)]
pub(super) enum Severities {
    Fixed(Severity),
    Conditional(Cases),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cases {
    pub default: Severity,
    pub when: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[serde(rename = "if")]
    pub condition: String,
    pub then: Severity,
}

/// By hand, because serde's untagged enums lose the place of an error.
impl<'de> Deserialize<'de> for Severities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrCases;

        impl<'de> Visitor<'de> for OneOrCases {
            type Value = Severities;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a severity, or `{default: …, when: [{if: …, then: …}]}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Severities, E> {
                Severity::deserialize(text.into_deserializer()).map(Severities::Fixed)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Severities, A::Error> {
                Cases::deserialize(MapAccessDeserializer::new(map)).map(Severities::Conditional)
            }
        }

        deserializer.deserialize_any(OneOrCases)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a boolean, a whole number, a text, or a list of them")]
enum Param {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Int(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    name: String,
    expect: Expect,
    severity: Option<Severity>,
    #[serde(default)]
    also: Vec<String>,
    cloudformation: Option<String>,
    sam: Option<String>,
    terraform: Option<String>,
}

impl ExampleFile {
    /// Format key and text of each template that is written.
    fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = [&self.cloudformation, &self.sam, &self.terraform];
        FORMATS.into_iter().zip(texts).filter_map(|(format, text)| Some((format, text.as_deref()?)))
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
}

/// A YAML error with its place.
pub(super) struct Malformed {
    line: usize,
    column: usize,
    message: String,
}

impl Malformed {
    pub(super) fn in_file(self, file: &Path) -> LoadError {
        LoadError { file: file.to_owned(), line: self.line, column: self.column, message: self.message }
    }
}

impl RuleFile {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        yaml_serde::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
            Malformed { line, column, message }
        })
    }

    /// What serde cannot check: the key at fault, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let id_ok = !self.id.is_empty() && self.id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !id_ok {
            return Err(("id", format!("`{}` is no rule id: letters, digits, `-`, `_` and `.`", self.id)));
        }
        if self.title.trim().is_empty() || self.title.ends_with('.') {
            return Err(("title", "the title is a short sentence without a full stop".to_owned()));
        }
        if self.why.trim().is_empty() {
            return Err(("why", "the reason is missing".to_owned()));
        }
        if self.remedy.get("text").is_none_or(|text| text.trim().is_empty()) {
            return Err(("remedy", "`text` is missing: what to do, in words".to_owned()));
        }
        if let Some(key) = self.remedy.keys().find(|key| *key != "text" && !FORMATS.contains(&key.as_str())) {
            return Err(("remedy", format!("`{key}` is no format; known: {}", FORMATS.join(", "))));
        }
        for example in &self.examples {
            if example.templates().count() != 1 {
                let formats = FORMATS.map(|format| format!("`{format}`")).join(", ");
                let message = format!("example `{}` needs one template, in one of {formats}", example.name);
                return Err(("examples", message));
            }
        }
        Ok(())
    }

    pub(super) fn params(&self) -> Params {
        let value = |scalar: &Scalar| match scalar {
            Scalar::Bool(value) => ParamValue::Bool(*value),
            Scalar::Int(value) => ParamValue::Int(*value),
            Scalar::Text(value) => ParamValue::Text(value.clone()),
        };
        let values = |param: &Param| match param {
            Param::One(scalar) => vec![value(scalar)],
            Param::Many(scalars) => scalars.iter().map(value).collect(),
        };
        self.params.iter().map(|(name, param)| (name.clone(), values(param))).collect()
    }

    pub(super) fn examples(self) -> Vec<Example> {
        let example = |example: ExampleFile| {
            let (format, source) = example.templates().next().unwrap_or_default();
            let (format, source) = (format.to_owned(), source.to_owned());
            let expect = match example.expect {
                Expect::Pass => Verdict::Pass,
                Expect::Fail => Verdict::Fail,
                Expect::Unknown => Verdict::Unknown,
                Expect::NotApplicable => Verdict::NotApplicable,
            };
            let ExampleFile { name, severity, also, .. } = example;
            Example { name, expect, severity, also, format, source }
        };
        self.examples.into_iter().map(example).collect()
    }
}

/// The text up to its last section, `examples`; the whole text when another section follows.
pub(super) fn without_examples(text: &str) -> &str {
    let Some(at) = text.find("\nexamples:") else {
        return text;
    };
    let (head, examples) = text.split_at_checked(at + 1).unwrap_or((text, ""));
    let another = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    if examples.lines().skip(1).any(another) { text } else { head }
}

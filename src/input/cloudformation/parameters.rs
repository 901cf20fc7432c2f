//! Declared parameters, and the values that users keep in parameter files.

use std::sync::Arc;

use super::text::canonical;
use crate::source::{Limits, Node, NodeValue, Scalar, SourceMap, parse};

/// A parameter's declaration.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    kind: &'a str,
    pub default: Option<&'a Scalar>,
    pub no_echo: bool,
    allowed: Option<Vec<&'a Scalar>>,
}

impl<'a> Parameter<'a> {
    pub(super) fn decode(node: &'a Node) -> Self {
        let scalar = |node: &'a Node| match &node.value {
            NodeValue::Scalar(scalar) => Some(scalar),
            _ => None,
        };
        Self {
            kind: node.get("Type").and_then(Node::as_str).unwrap_or("String"),
            default: node.get("Default").and_then(scalar),
            no_echo: node.get("NoEcho").and_then(scalar).is_some_and(|flag| flag.as_bool() != Some(false)),
            allowed: node
                .get("AllowedValues")
                .and_then(Node::as_seq)
                .map(|items| items.iter().filter_map(scalar).collect()),
        }
    }

    pub(super) fn is_list(&self) -> bool {
        self.kind == "CommaDelimitedList"
            || self.kind.starts_with("List<")
            || self.kind.contains("Value<List<")
            || self.kind.contains("Value<CommaDelimitedList")
    }

    /// The value is the *name* of a Systems Manager parameter; what `Ref` gives is looked up at deployment.
    /// Source: CloudFormation user guide, "Specify existing resources at runtime with CloudFormation-supplied
    /// parameter types".
    pub(super) fn is_stored(&self) -> bool {
        self.kind.starts_with("AWS::SSM::Parameter::Value<")
    }

    /// Whether a given text is such a name: the declared one, or a path. Any other text stands for the value itself, so
    /// that a scan can be told what the lookup will give.
    pub(super) fn names_stored(&self, text: &str) -> bool {
        self.is_stored() && (text.starts_with('/') || self.default_text() == Some(text))
    }

    pub(super) fn default_text(&self) -> Option<&'a str> {
        self.default.map(canonical)
    }

    pub(super) fn allows(&self, text: &str) -> bool {
        self.is_list()
            || self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|value| canonical(value) == text))
    }

    /// The only allowed value that `excluded` leaves.
    pub(super) fn only_choice(&self, excluded: impl Fn(&str) -> bool) -> Option<&'a str> {
        if self.is_list() {
            return None;
        }
        let mut left = self.allowed.as_ref()?.iter().map(|value| canonical(value)).filter(|text| !excluded(text));
        let first = left.next()?;
        left.all(|other| other == first).then_some(first)
    }
}

/// Reads a parameter file in any of the shapes that AWS tools use: the AWS CLI's list of `ParameterKey` and
/// `ParameterValue`, `CodePipeline`'s `{"Parameters": {…}}`, a flat mapping, and `samconfig`'s list of `Key=Value`
/// texts; also what `describe-stacks` (of one stack) and `describe-change-set` write. Entries that keep the previous
/// value (`UsePreviousValue`) or hide it (`NoEcho`) say nothing. `None` when it is none of them.
pub fn parameters_from_file(root: &Node) -> Option<Vec<(String, String)>> {
    match &root.value {
        NodeValue::Seq(items) => {
            let kept = |item: &&Node| item.get("ParameterValue").is_none() && item.get("UsePreviousValue").is_some();
            let hidden = |item: &&Node| item.get("ParameterValue").and_then(Node::as_str) == Some("****");
            let given = items.iter().filter(|item| !kept(item) && !hidden(item));
            given.map(one_of_list).collect()
        }
        NodeValue::Map(entries) => match (root.get("Parameters"), root.get("Stacks").and_then(Node::as_seq)) {
            (Some(inner), _) => parameters_from_file(inner),
            (None, Some([stack])) => stack.get("Parameters").map_or(Some(Vec::new()), parameters_from_file),
            (None, Some(_)) => None,
            (None, None) => entries.iter().map(|entry| Some((entry.key.to_string(), text_of(&entry.value)?))).collect(),
        },
        _ => None,
    }
}

/// As [`parameters_from_file`], for a text that is not parsed yet; the error says what is wrong with it.
pub fn parameters_from_text(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
    let sources = SourceMap::default();
    let file = sources.add(name, text);
    let parsed = parse(&sources, file, Limits::default())
        .map_err(|error| format!("`{name}:{}`: {error}", sources.position(error.span)))?;
    let root = parsed.documents.first().ok_or_else(|| format!("`{name}` is empty"))?;
    parameters_from_file(root).ok_or_else(|| {
        format!("`{name}` is not a parameter file: a list of `ParameterKey` and `ParameterValue`, or a mapping")
    })
}

fn one_of_list(item: &Node) -> Option<(String, String)> {
    if let Some(text) = item.as_str() {
        let (key, value) = text.split_once('=')?;
        return Some((key.to_owned(), value.to_owned()));
    }
    // Of a parameter that is stored elsewhere, what the lookup gave.
    let value = item.get("ResolvedValue").or_else(|| item.get("ParameterValue"))?;
    Some((item.get("ParameterKey")?.as_str()?.to_owned(), text_of(value)?))
}

fn text_of(node: &Node) -> Option<String> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(canonical(scalar).to_owned()),
        NodeValue::Seq(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        _ => None,
    }
}

/// What a stack knows of a parameter's value.
#[derive(Debug)]
pub(super) enum Binding<'a> {
    /// By the user.
    Given(Arc<str>),
    /// By the parent stack, to be evaluated in its scope.
    Parent(&'a Node, super::template::Loops),
    /// By the parent stack, in a way that is not read.
    Computed,
    /// By nobody: in a root stack the user may still choose any value, in a nested stack the default stands.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_shape_of_a_parameter_file_is_read() {
        let expected = vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x,y".to_owned())];
        for text in [
            r#"[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "C", "UsePreviousValue": true}, {"ParameterKey": "B", "ParameterValue": "x,y"}]"#,
            r#"{"Parameters": {"A": 1, "B": "x,y"}, "Tags": {}}"#,
            r#"{"Parameters": ["A=1", "B=x,y"]}"#,
            "A: 1\nB: [x, y]\n",
            r#"{"Stacks": [{"StackName": "s", "Parameters": [{"ParameterKey": "A", "ParameterValue": "/a", "ResolvedValue": "1"},
                {"ParameterKey": "Secret", "ParameterValue": "****"}, {"ParameterKey": "B", "ParameterValue": "x,y"}]}]}"#,
        ] {
            assert_eq!(parameters_from_text("p.json", text), Ok(expected.clone()), "{text}");
        }
        assert!(parameters_from_text("p.json", "[1]").unwrap_err().contains("not a parameter file"));
        assert!(parameters_from_text("p.json", "{").is_err());
    }
}

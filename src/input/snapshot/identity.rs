//! Literal ids and ARNs as the resources that they mean.
//!
//! Each resource of a snapshot says which texts mean it. Such a text becomes a reference wherever it stands, alone or in
//! a longer text (`arn:…:function:f:live`, `https://cognito-idp.…/us-east-1_abc`), so that the graph meets what it meets in
//! a template. Within a longer text only ARNs and whole words count.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::{Node, Scalar};
use crate::value::{Address, Kind, Part, Reference};

/// What texts mean.
#[derive(Debug, Default)]
pub(super) struct Identities<'n> {
    /// Text → (the id of the resource, attribute); `None` when several resources claim it.
    by_text: HashMap<&'n str, Option<(&'n str, &'n str)>>,
}

impl<'n> Identities<'n> {
    pub(super) fn of(resources: impl Iterator<Item = &'n Node>) -> Self {
        let mut identities = Self::default();
        for resource in resources {
            let Some(id) = resource.get("Id").and_then(Node::as_str) else { continue };
            for entry in resource.get("Ids").and_then(Node::as_map).unwrap_or_default() {
                let Some(text) = entry.value.as_str().filter(|text| !text.is_empty()) else { continue };
                let known = identities.by_text.entry(text).or_insert(Some((id, &entry.key)));
                // `Ref` and `Arn` of one resource are often the same text; `Ref` goes before.
                match known {
                    Some((other, attribute)) if *other == id => {
                        if &*entry.key == "Ref" {
                            *attribute = &entry.key;
                        }
                    }
                    _ => *known = None,
                }
            }
        }
        identities
    }

    /// A scalar of the resource `own`. What identifies a resource is no reference to itself.
    pub(super) fn kind(&self, scalar: &Scalar, own: &str) -> Kind {
        if scalar.plain {
            return Kind::Scalar(scalar.clone());
        }
        if let Some(reference) = self.reference(&scalar.text, own) {
            return Kind::Ref(reference);
        }
        let parts = self.parts(&scalar.text, own);
        if parts.iter().any(|part| matches!(part, Part::Ref(_))) {
            Kind::Text(parts)
        } else {
            Kind::Scalar(scalar.clone())
        }
    }

    fn reference(&self, text: &str, own: &str) -> Option<Reference> {
        let (id, attribute) = (*self.by_text.get(text)?)?;
        let attribute = (attribute != "Ref").then(|| Arc::from(attribute));
        let written = Some(Arc::from(text));
        (id != own).then(|| Reference::Resource { address: Address(Arc::from(id)), attribute, written })
    }

    fn parts(&self, text: &str, own: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let (mut from, mut at) = (0, 0);
        let literal = |from: usize, to: usize| text.get(from..to).filter(|text| !text.is_empty()).map(Arc::from);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((length, reference)) = self.leading(rest, own) {
                parts.extend(literal(from, at).map(Part::Literal));
                parts.push(Part::Ref(reference));
                at += length;
                from = at;
                continue;
            }
            // To the start of the next word.
            let word = rest.find(is_delimiter).unwrap_or(rest.len());
            at += word + rest.get(word..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        }
        parts.extend(literal(from, text.len()).map(Part::Literal));
        parts
    }

    /// The longest ARN, or else the word, that a text begins with and that means a resource, with its length.
    fn leading(&self, text: &str, own: &str) -> Option<(usize, Reference)> {
        if !text.starts_with("arn:") {
            let end = text.find(is_delimiter).unwrap_or(text.len());
            return Some((end, self.reference(text.get(..end)?, own)?));
        }
        let stop = text.find(|char: char| char.is_whitespace() || "\"'`,;<>(){}[]\\*?".contains(char));
        // A pattern is no ARN: `…:function:f*` means more than `f`.
        let mut end = match stop.and_then(|stop| text.get(stop..)).and_then(|rest| rest.chars().next()) {
            Some('*' | '?') => text.get(..stop?)?.rfind([':', '/'])?,
            _ => stop.unwrap_or(text.len()),
        };
        loop {
            if let Some(reference) = self.reference(text.get(..end)?, own) {
                return Some((end, reference));
            }
            end = text.get(..end)?.rfind([':', '/'])?;
        }
    }
}

fn is_delimiter(char: char) -> bool {
    !(char.is_ascii_alphanumeric() || char == '-' || char == '_')
}

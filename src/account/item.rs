//! Resources in the shape of `CloudFormation`, made of the SDK's answers.
//!
//! The SDK's types cannot be serialised, so each service names the properties that it takes over. What is not named is not
//! kept: that is also how secrets stay out of snapshots.

use std::collections::{BTreeMap, HashMap};
use std::hash::RandomState;

use serde_json::{Map, Value};

use super::reader::Unread;
use crate::input::document::percent_decoded;
use crate::input::snapshot::format::{Item, UNREAD};

/// Something that becomes a property; `None` is a property that is not there.
pub trait Property {
    fn property(self) -> Option<Value>;
}

impl Item {
    /// `id` is the ARN, or for a part of a resource the ARN of that resource, a slash and what tells the part.
    pub fn new(kind: &str, id: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), id: id.into(), ..Self::default() }
    }

    /// What people call it: a name, or the `Name` tag.
    #[must_use]
    pub fn name(mut self, name: Option<impl Into<String>>) -> Self {
        self.name = name.map(Into::into).filter(|name: &String| !name.is_empty());
        self
    }

    /// A text that means this resource wherever it stands: `attribute` is `Ref`, or what `Fn::GetAtt` calls it. Only for
    /// what the service makes (ids, ARNs, domain names), not for names that people choose.
    #[must_use]
    pub fn means(mut self, attribute: &str, text: Option<impl Into<String>>) -> Self {
        if let Some(text) = text {
            self.ids.insert(attribute.to_owned(), text.into());
        }
        self
    }

    #[must_use]
    pub fn set(mut self, key: &str, value: impl Property) -> Self {
        if let Some(value) = value.property() {
            self.properties.insert(key.to_owned(), value);
        }
        self
    }
}

/// An object of properties, for those within properties.
#[derive(Clone, Debug, Default)]
pub struct Object(Map<String, Value>);

impl Object {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn set(mut self, key: &str, value: impl Property) -> Self {
        if let Some(value) = value.property() {
            self.0.insert(key.to_owned(), value);
        }
        self
    }

    /// `None` when nothing was set.
    pub fn filled(self) -> Option<Self> {
        (!self.0.is_empty()).then_some(self)
    }
}

/// What stands for a value that is a secret, or may be one.
pub const MASK: &str = "****";

/// Several words or texts; nothing when there are none.
pub fn words<W: AsRef<str>>(words: &[W]) -> Option<Vec<&str>> {
    (!words.is_empty()).then(|| words.iter().map(AsRef::as_ref).collect())
}

/// What the SDK hands out as a mapping of texts.
type Texts = HashMap<String, String, RandomState>;

/// A mapping of texts, sorted; nothing when it is empty.
pub fn texts(values: Option<&Texts>) -> Option<Object> {
    let sorted: BTreeMap<&String, &String> = values.into_iter().flatten().collect();
    sorted.into_iter().fold(Object::new(), |object, (key, value)| object.set(key, value)).filled()
}

/// The keys of a mapping whose values may be secrets.
pub fn masked(values: Option<&Texts>) -> Option<Object> {
    let sorted: BTreeMap<&String, &String> = values.into_iter().flatten().collect();
    sorted.into_keys().fold(Object::new(), |object, key| object.set(key, MASK)).filled()
}

/// Tags as most types of `CloudFormation` write them: a list of keys and values, sorted.
pub fn tags(values: Option<&Texts>) -> Option<Vec<Object>> {
    let sorted: BTreeMap<&String, &String> = values.into_iter().flatten().collect();
    let list: Vec<Object> =
        sorted.into_iter().map(|(key, value)| Object::new().set("Key", key).set("Value", value)).collect();
    (!list.is_empty()).then_some(list)
}

/// A document that the service hands out as text: a policy, a state machine, an API's body. Policies of IAM are
/// percent-encoded on the wire (IAM API reference, `GetAccountAuthorizationDetails`). What is no JSON stays text.
pub fn document(text: &str) -> Value {
    let parsed = |text: &str| serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string());
    parsed(text).or_else(|| parsed(&percent_decoded(text)?)).unwrap_or_else(|| Value::from(text))
}

/// A word of a closed vocabulary, as the service writes it. One that the SDK does not know stays as it came.
pub fn word<W: AsRef<str>>(value: Option<&W>) -> Option<&str> {
    value.map(AsRef::as_ref)
}

impl Property for Value {
    fn property(self) -> Option<Value> {
        (!self.is_null()).then_some(self)
    }
}

impl Property for Object {
    fn property(self) -> Option<Value> {
        Some(Value::Object(self.0))
    }
}

impl Property for &str {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl Property for String {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl Property for &String {
    fn property(self) -> Option<Value> {
        Some(Value::from(self.as_str()))
    }
}

impl Property for bool {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl Property for i32 {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl Property for i64 {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl Property for f64 {
    fn property(self) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl<P: Property> Property for Option<P> {
    fn property(self) -> Option<Value> {
        self.and_then(Property::property)
    }
}

impl<P: Property> Property for Vec<P> {
    fn property(self) -> Option<Value> {
        Some(self.into_iter().filter_map(Property::property).collect())
    }
}

impl Property for &[String] {
    fn property(self) -> Option<Value> {
        Some(self.iter().map(String::as_str).collect())
    }
}

/// What could not be read says so in its place.
impl<P: Property> Property for Result<P, Unread> {
    fn property(self) -> Option<Value> {
        match self {
            Ok(value) => value.property(),
            Err(Unread(api)) => Some(serde_json::json!({ UNREAD: api })),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_there_becomes_a_property() {
        let item = Item::new("AWS::EC2::Subnet", "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1")
            .name(None::<&str>)
            .means("Ref", Some("subnet-1"))
            .set("VpcId", Some("vpc-1"))
            .set("OutpostArn", None::<&str>)
            .set("Tags", Vec::<&str>::new())
            .set("Policy", Err::<&str, _>(Unread("ec2:GetPolicy")))
            .set("Options", Object::new().set("Enabled", true));
        let expected = json!({
            "VpcId": "vpc-1", "Tags": [], "Policy": {"Unread": "ec2:GetPolicy"}, "Options": {"Enabled": true},
        });
        assert_eq!(Value::Object(item.properties), expected);
        assert!(Object::new().set("Nothing", None::<bool>).filled().is_none());
    }

    #[test]
    fn documents_are_read_plain_or_percent_encoded() {
        let policy = json!({"Version": "2012-10-17"});
        assert_eq!(document(r#"{"Version": "2012-10-17"}"#), policy);
        assert_eq!(document("%7B%22Version%22%3A%20%222012-10-17%22%7D"), policy);
        assert_eq!(document("not a document, 100%"), json!("not a document, 100%"));
    }
}

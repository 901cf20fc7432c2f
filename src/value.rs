//! Evaluated values: what a template says once its intrinsics are resolved in one *world*.
//!
//! A world fixes the truth of every condition that the input leaves open (see [`crate::world`]), so a value here is
//! either known, a reference to a resource of the graph, partly known text, or unknown with the reason. It never
//! hides a choice. Absence is not a value: a property that is not written is not in its mapping.

use std::fmt;
use std::sync::Arc;

use crate::source::{Scalar, Span};

/// The address of a resource, unique in a run: `template.yaml#LogicalId`, or `template.yaml#Nested/LogicalId` for a
/// resource of a nested stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub Arc<str>);

impl Address {
    /// Whether it is the ARN of something in a live account.
    pub fn is_arn(&self) -> bool {
        self.0.starts_with("arn:")
    }

    /// The account of an ARN.
    pub fn account(&self) -> Option<&str> {
        self.0.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
    }

    /// The file or directory that it is in.
    pub fn home(&self) -> &str {
        // A Terraform instance key may hold any character.
        let plain = self.0.split_once('[').map_or(&*self.0, |(plain, _)| plain);
        plain.rsplit_once('#').map_or("", |(home, _)| home)
    }

    /// The address without its file and the stacks that it is nested in. `aws_lambda_function.fn/version` is in no stack
    /// but a part of the Terraform resource.
    pub fn name(&self) -> &str {
        if self.is_arn() {
            return &self.0;
        }
        let local = self.0.split_once('#').map_or(&*self.0, |(_, local)| local);
        let (plain, _) = local.split_once('[').unwrap_or((local, ""));
        let stacks = plain.rsplit_once('/').map(|(stacks, _)| stacks).filter(|stacks| !stacks.contains('.'));
        stacks.and_then(|stacks| local.get(stacks.len() + 1..)).unwrap_or(local)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where the value is written. A value that comes from a parameter's default or a mapping keeps the span of the
    /// place that uses it, so that evidence points at the property.
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Scalar(Scalar),
    List(Vec<Value>),
    Map(Map),
    /// The whole value is one reference: `!Ref X`, `!GetAtt X.Arn`, `!Ref AWS::Region`.
    Ref(Reference),
    /// Text of which some part is not a literal: `!Sub arn:aws:…:${Api}/*`.
    Text(Vec<Part>),
    Unknown(Reason),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    pub members: Vec<Member>,
    /// Set when further members may exist that could not be read (a transform): a key that is not among the
    /// members is then unknown, not absent.
    pub open: Option<Reason>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub key: Arc<str>,
    pub key_span: Span,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Literal(Arc<str>),
    Ref(Reference),
    Unknown(Reason),
}

/// A symbolic reference: known to *be* that thing though its text is only known after deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// `attribute` is `None` for `Ref`, else the attribute of `Fn::GetAtt` (`Arn`, `Outputs.X`, …). `written` is the id or
    /// ARN that a live account has in its place.
    Resource { address: Address, attribute: Option<Arc<str>>, written: Option<Arc<str>> },
    /// A pseudo parameter without a given value: `AWS::Region`, `AWS::AccountId`, `AWS::StackName`, ….
    Pseudo(Arc<str>),
}

/// Why something is unknown. Its text names what would resolve it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A parameter without a value.
    Parameter(Arc<str>),
    /// A Terraform variable without a value.
    Variable(Arc<str>),
    /// `Fn::ImportValue` of an export that no scanned template declares (or that several declare).
    Import(Arc<str>),
    /// `{{resolve:…}}`: the service of the reference only, never its text.
    DynamicReference(Arc<str>),
    /// An attribute that only exists after deployment, as `resource.attribute`.
    Attribute(Arc<str>),
    /// A reference to something outside of what was read.
    Outside(Arc<str>),
    /// What Terraform looks up when it plans, by the address of the data source.
    LookedUp(Arc<str>),
    /// A macro or transform that is not evaluated.
    Transform(Arc<str>),
    /// Malformed or not understood: what and why.
    NotUnderstood(Arc<str>),
    /// A companion file that cannot be read: its name and why.
    File(Arc<str>),
    /// A bound was reached: which.
    Limit(Arc<str>),
    /// Conditions that could not all be explored.
    Conditions(Arc<str>),
    /// A read of a live account that was refused, by the permission that is missing: `service:Action`.
    Denied(Arc<str>),
    /// A read of a live account that failed otherwise: which and why.
    Unread(Arc<str>),
}

impl Reason {
    /// A read of a live account did not end well.
    pub fn is_failed_read(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Unread(_))
    }

    /// Whether an unknown id may still turn out to be a resource of the input that uses it. A value that is handed in
    /// (a parameter, an import, a dynamic reference, a literal) exists before the stack does, so it cannot.
    pub fn may_be_declared(&self) -> bool {
        !matches!(
            self,
            Self::Parameter(_)
                | Self::Variable(_)
                | Self::Import(_)
                | Self::DynamicReference(_)
                | Self::Outside(_)
                | Self::LookedUp(_)
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) if &**name == "AWS::Region" => {
                f.write_str("the region is not given; give it with `--region …`")
            }
            Self::Parameter(name) if &**name == "AWS::AccountId" => {
                f.write_str("the account is not given; give it with `--account …`")
            }
            Self::Parameter(name) => write!(f, "parameter `{name}` has no value; give it with `--parameter {name}=…`"),
            Self::Variable(name) => write!(f, "variable `{name}` has no value; give it with `--var {name}=…`"),
            Self::Import(name) => write!(f, "`{name}` is imported; scan the one template that exports it as well"),
            Self::DynamicReference(service) => {
                write!(f, "a dynamic reference to `{service}` is resolved at deployment")
            }
            Self::Attribute(name) => write!(f, "`{name}` is only known after deployment"),
            Self::Outside(what) => write!(f, "{what} is not declared in what was scanned"),
            Self::LookedUp(address) => {
                write!(f, "data source `{address}` is looked up when Terraform plans; scan the plan instead")
            }
            Self::Transform(name) => write!(f, "transform `{name}` is not evaluated; scan the processed template"),
            Self::NotUnderstood(what)
            | Self::File(what)
            | Self::Limit(what)
            | Self::Conditions(what)
            | Self::Unread(what) => f.write_str(what),
            Self::Denied(action) => write!(f, "`{action}` was refused; allow it and collect again"),
        }
    }
}

/// A property as a reader meets it. Absent means that the service's default decides.
#[derive(Clone, Copy, Debug)]
pub enum Prop<'a> {
    Known(&'a Value),
    /// With the span of the mapping in which it is missing.
    Absent(Span),
    Unknown(&'a Reason, Span),
}

impl Value {
    pub fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind }
    }

    pub fn text_at(span: Span, text: impl Into<Box<str>>) -> Self {
        Self { span, kind: Kind::Scalar(Scalar { text: text.into(), plain: false }) }
    }

    pub fn unknown(span: Span, reason: Reason) -> Self {
        Self { span, kind: Kind::Unknown(reason) }
    }

    /// Follows a path of keys such as `"VpcConfig.SubnetIds"`. Null counts as absent, as in CloudFormation's
    /// `AWS::NoValue`; anything below an unknown value is unknown.
    pub fn prop(&self, path: &str) -> Prop<'_> {
        let mut at = self;
        for key in path.split('.') {
            at = match &at.kind {
                Kind::Map(map) => match (map.get(key), &map.open) {
                    (Some(value), _) => value,
                    (None, Some(reason)) => return Prop::Unknown(reason, at.span),
                    (None, None) => return Prop::Absent(at.span),
                },
                Kind::Unknown(reason) => return Prop::Unknown(reason, at.span),
                _ => return Prop::Absent(at.span),
            };
        }
        match &at.kind {
            Kind::Null => Prop::Absent(at.span),
            Kind::Unknown(reason) => Prop::Unknown(reason, at.span),
            _ => Prop::Known(at),
        }
    }

    /// The literal text of a fully known scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.as_bool(),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.as_i64(),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list; a single value counts as a list of one, as IAM and many services accept it.
    /// `None` when the value is unknown.
    pub fn items(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            Kind::Unknown(_) => None,
            Kind::Null => Some(&[]),
            _ => Some(std::slice::from_ref(self)),
        }
    }

    /// Every resource that the value mentions, in order of appearance, at any depth.
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.collect_references(&mut found);
        found
    }

    fn collect_references<'a>(&'a self, found: &mut Vec<&'a Reference>) {
        match &self.kind {
            Kind::Ref(reference) => found.push(reference),
            Kind::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Ref(reference) => Some(reference),
                _ => None,
            })),
            Kind::List(items) => items.iter().for_each(|item| item.collect_references(found)),
            Kind::Map(map) => map.members.iter().for_each(|member| member.value.collect_references(found)),
            Kind::Null | Kind::Scalar(_) | Kind::Unknown(_) => {}
        }
    }

    /// [`Self::template`] for messages: where a live account has the id of a resource, the id and not what it means.
    pub fn shown(&self) -> Option<String> {
        match &self.kind {
            Kind::Ref(reference) => Some(reference.shown()),
            Kind::Text(parts) => Some(parts.iter().map(Part::shown).collect()),
            _ => self.template(),
        }
    }

    /// The text with `${Name.Attribute}` in place of references and `?` in place of unknown parts: for patterns.
    /// `None` for lists, mappings and wholly unknown values.
    pub fn template(&self) -> Option<String> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar.text.to_string()),
            Kind::Ref(reference) => Some(format!("${{{reference}}}")),
            Kind::Text(parts) => Some(parts.iter().map(Part::to_string).collect()),
            Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) => None,
        }
    }

    /// Like [`Self::template`], but with `$` for every `${…}`, literal ones included: so colons and slashes only
    /// separate fields.
    pub fn masked(&self) -> Option<String> {
        let template = self.template()?;
        let mut text = String::with_capacity(template.len());
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            text.push('$');
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        Some(text)
    }

    /// For people and debugging: references as `Ref` and `Fn::GetAtt`, partly known text as `Fn::Sub`, the rest as
    /// `{"unknown": "<reason>"}`.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::{Value as Json, json};
        match &self.kind {
            Kind::Null => Json::Null,
            Kind::Scalar(scalar) => match (scalar.plain, scalar.as_bool(), scalar.as_i64()) {
                (true, Some(value), _) => json!(value),
                // A long or zero-padded number is an identifier.
                (true, _, Some(number)) if number.to_string() == *scalar.text => json!(number),
                _ => json!(scalar.text),
            },
            Kind::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Kind::Map(map) => {
                let members = map.members.iter().map(|member| (member.key.to_string(), member.value.to_json()));
                Json::Object(members.collect())
            }
            Kind::Ref(reference @ (Reference::Resource { attribute: None, .. } | Reference::Pseudo(_))) => {
                json!({ "Ref": reference.to_string() })
            }
            Kind::Ref(reference) => json!({ "Fn::GetAtt": reference.to_string() }),
            Kind::Text(_) => json!({ "Fn::Sub": self.template() }),
            Kind::Unknown(reason) => json!({ "unknown": reason.to_string() }),
        }
    }

    /// The first reason why the value is not wholly known, at any depth. References count as known.
    pub fn reason(&self) -> Option<&Reason> {
        match &self.kind {
            Kind::Unknown(reason) => Some(reason),
            Kind::Text(parts) => parts.iter().find_map(|part| match part {
                Part::Unknown(reason) => Some(reason),
                _ => None,
            }),
            Kind::List(items) => items.iter().find_map(Self::reason),
            Kind::Map(map) => map.open.as_ref().or_else(|| map.members.iter().find_map(|member| member.value.reason())),
            Kind::Null | Kind::Scalar(_) | Kind::Ref(_) => None,
        }
    }
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| &*member.key == key)
    }
}

impl Part {
    fn shown(&self) -> String {
        match self {
            Self::Ref(reference) => reference.shown(),
            Self::Literal(_) | Self::Unknown(_) => self.to_string(),
        }
    }
}

impl Reference {
    fn shown(&self) -> String {
        match self {
            Self::Resource { written: Some(written), .. } => written.to_string(),
            Self::Resource { .. } | Self::Pseudo(_) => format!("${{{self}}}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Ref(reference) => write!(f, "${{{reference}}}"),
            Self::Unknown(_) => f.write_str("?"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { address, attribute, .. } => {
                f.write_str(address.name())?;
                attribute.as_ref().map_or(Ok(()), |attribute| write!(f, ".{attribute}"))
            }
            Self::Pseudo(name) => f.write_str(name),
        }
    }
}

impl<'a> Prop<'a> {
    pub fn span(&self) -> Span {
        match self {
            Self::Known(value) => value.span,
            Self::Absent(span) | Self::Unknown(_, span) => *span,
        }
    }

    /// The value when there is one.
    pub fn known(self) -> Option<&'a Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent(_) | Self::Unknown(..) => None,
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_pseudo_parameter_names_the_option_that_gives_it() {
        let said = |name: &str| Reason::Parameter(Arc::from(name)).to_string();
        assert_eq!(said("AWS::Region"), "the region is not given; give it with `--region …`");
        assert_eq!(said("AWS::AccountId"), "the account is not given; give it with `--account …`");
        assert_eq!(said("Stage"), "parameter `Stage` has no value; give it with `--parameter Stage=…`");
    }
}

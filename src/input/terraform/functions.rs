//! Terraform's built-in functions, over values of which parts may be unknown.
//!
//! A function gives as much as can be known: `concat` of a known and an unknown list is a list that starts with the
//! known elements, `join` keeps references as parts of the text. Only `try` and `can` are not here, because they need
//! the expressions of their arguments. Source: the function reference of the Terraform language documentation, and
//! `terraform metadata functions`.

mod encoding;
mod files;
mod format;
mod hashes;
mod lists;
mod maps;
mod network;
mod numbers;
mod patterns;
mod sets;
mod strings;
mod time;
mod types;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::symbol;
use super::types::{Type, convert};
use super::value::{Attribute, Kind, Number, Object, Piece, Unknown, Value};
use crate::source::Span;
use crate::value::Reason;

/// What functions need from the module that calls them.
pub trait Host {
    /// Reads a file. `path` is as the function was given it; a relative one starts from where `path.root` and
    /// `path.module` start.
    fn read(&self, path: &str) -> Result<Content, Unread>;

    /// The files at any depth below a directory, as paths relative to it with `/`, in any order.
    fn list(&self, directory: &str) -> Result<Vec<String>, Unread>;

    /// Renders a template with these variables: the text of a file (`templatefile`) or of a value (`templatestring`).
    fn render(&self, template: Template<'_>, variables: &Arc<Object>, span: Span) -> Result<Value, CallError>;
}

#[derive(Clone, Copy, Debug)]
pub enum Template<'a> {
    /// As for [`Host::read`].
    File(&'a str),
    Text(&'a Value),
}

/// A file of a module.
#[derive(Clone, Debug)]
pub struct Content {
    pub bytes: Arc<[u8]>,
    /// Where its text is, when spans can point into it.
    pub pieces: Option<Arc<[Piece]>>,
}

/// Why there is no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no such file: Terraform would fail.
    Absent,
    /// There may be such a file: it is outside of what was scanned, or too large.
    Unknown(Reason),
}

/// A call that Terraform refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// Index of the argument that is wrong.
    pub argument: Option<usize>,
    /// With the function's name.
    pub message: String,
}

/// Whether there is such a function; those of providers may always be.
pub fn exists(name: &str) -> bool {
    let name = name.strip_prefix("core::").unwrap_or(name);
    name.contains("::") || FUNCTIONS.contains_key(name)
}

/// Calls a function.
#[expect(clippy::needless_pass_by_value, reason = "the arguments are made for the call")]
pub fn call(name: &str, arguments: Vec<Value>, span: Span, host: &dyn Host) -> Result<Value, CallError> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let error =
        |argument: Option<usize>, message: String| CallError { argument, message: format!("`{name}`: {message}") };
    let Some(function) = FUNCTIONS.get(name) else {
        if name.contains("::") {
            let reason = Reason::NotUnderstood(Arc::from(format!("function `{name}` is not evaluated")));
            return Ok(Value::unknown(span, reason, symbol::of_call(name, &arguments)));
        }
        return Err(CallError { argument: None, message: format!("there is no function named `{name}`") });
    };
    let least = function.parameters.len();
    if arguments.len() < least || (function.more.is_none() && arguments.len() > least) {
        let plural = if least == 1 { "" } else { "s" };
        return Err(error(None, format!("takes {least} argument{plural}, not {}", arguments.len())));
    }
    let mut converted = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let takes = function.parameters.get(index).copied().or(function.more).unwrap_or(Takes::Any);
        if argument.is_null() && !matches!(takes, Takes::Nullable) {
            return Err(error(Some(index), "an argument must not be null".to_owned()));
        }
        let value = match takes.kind() {
            Some(kind) => convert(argument.clone(), &kind).map_err(|bad| error(Some(index), bad.to_string()))?,
            None => argument.clone(),
        };
        converted.push(value);
    }
    let sensitive = match function.marks {
        Marks::Flow => arguments.iter().any(Value::sensitive_within),
        Marks::Stay => arguments.iter().any(|argument| argument.sensitive),
        Marks::Given => false,
    };
    let call = Call { name, arguments: &converted, span, host };
    match (function.body)(&call) {
        Ok(value) => {
            let sensitive = value.sensitive || sensitive;
            Ok(value.marked(sensitive).at(span))
        }
        Err(Stop::Error(argument, message)) => Err(error(argument, message)),
        Err(Stop::Call(error)) => Err(error),
        Err(Stop::Limit(limit)) => {
            let reason = Reason::Limit(Arc::from(format!("`{name}` makes {limit}")));
            Ok(Value::unknown(span, reason, None).marked(sensitive))
        }
        Err(Stop::Unrepeatable) => Ok(Value::unknown(span, not_known(name), None).marked(sensitive)),
        Err(Stop::Unknown) => {
            let reason = arguments.iter().find_map(symbol::reason);
            let reason = reason.unwrap_or_else(|| not_known(name));
            let symbol = symbol::of_call(name, &arguments);
            Ok(Value::unknown(span, reason, symbol).marked(sensitive))
        }
    }
}

/// One function.
struct Function {
    name: &'static str,
    parameters: &'static [Takes],
    /// What any further arguments are.
    more: Option<Takes>,
    body: fn(&Call<'_>) -> Outcome,
    marks: Marks,
}

/// Whether sensitive arguments make the result sensitive.
#[derive(Clone, Copy)]
enum Marks {
    /// A sensitive part of any argument does.
    Flow,
    /// Elements are handed on with their own marks; only sensitive arguments as a whole do.
    Stay,
    /// The function decides.
    Given,
}

/// What a parameter converts its argument to.
#[derive(Clone, Copy)]
enum Takes {
    Any,
    /// Anything, null included; all others refuse null.
    Nullable,
    Number,
    Text,
    /// A list of one type.
    List,
    Texts,
    Bools,
    Set,
    /// A map of lists of text.
    TextLists,
}

impl Takes {
    fn kind(self) -> Option<Type> {
        Some(match self {
            Self::Any | Self::Nullable => return None,
            Self::Number => Type::Number,
            Self::Text => Type::Text,
            Self::List => Type::List(Box::new(Type::Any)),
            Self::Texts => Type::List(Box::new(Type::Text)),
            Self::Bools => Type::List(Box::new(Type::Bool)),
            Self::Set => Type::Set(Box::new(Type::Any)),
            Self::TextLists => Type::Map(Box::new(Type::List(Box::new(Type::Text)))),
        })
    }
}

const fn function(
    name: &'static str,
    parameters: &'static [Takes],
    more: Option<Takes>,
    body: fn(&Call<'_>) -> Outcome,
) -> Function {
    Function { name, parameters, more, body, marks: Marks::Flow }
}

impl Function {
    const fn marks(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }
}

static FUNCTIONS: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let all = [
        encoding::FUNCTIONS,
        files::FUNCTIONS,
        format::FUNCTIONS,
        hashes::FUNCTIONS,
        lists::FUNCTIONS,
        maps::FUNCTIONS,
        network::FUNCTIONS,
        numbers::FUNCTIONS,
        patterns::FUNCTIONS,
        sets::FUNCTIONS,
        strings::FUNCTIONS,
        time::FUNCTIONS,
        types::FUNCTIONS,
    ];
    all.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// A call with converted arguments.
struct Call<'a> {
    name: &'a str,
    arguments: &'a [Value],
    span: Span,
    host: &'a dyn Host,
}

type Outcome = Result<Value, Stop>;

/// Why a function has no result of its own.
enum Stop {
    /// The argument and what is wrong with it.
    Error(Option<usize>, String),
    Call(CallError),
    /// Each call gives another value.
    Unrepeatable,
    /// What it makes too much of.
    Limit(&'static str),
    /// It depends on what is not known.
    Unknown,
}

impl<'a> Call<'a> {
    fn argument(&self, index: usize) -> Result<&'a Value, Stop> {
        self.arguments.get(index).ok_or(Stop::Error(None, "takes more arguments".to_owned()))
    }

    /// A known text.
    fn text(&self, index: usize) -> Result<Arc<str>, Stop> {
        known_text(self.argument(index)?)
    }

    fn number(&self, index: usize) -> Result<Number, Stop> {
        match &self.argument(index)?.kind {
            Kind::Number(number) => Ok(*number),
            _ => Err(Stop::Unknown),
        }
    }

    fn whole(&self, index: usize) -> Result<i128, Stop> {
        match self.number(index)? {
            Number::Whole(whole) => Ok(whole),
            Number::Float(_) => self.refuse(index, "a whole number is required"),
        }
    }

    /// A number of elements or characters.
    fn count(&self, index: usize) -> Result<usize, Stop> {
        let whole = self.whole(index)?;
        usize::try_from(whole).or_else(|_| self.refuse(index, "must not be negative"))
    }

    /// The elements of a list or set, of which the number is known.
    fn items(&self, index: usize) -> Result<&'a [Value], Stop> {
        let elements = self.elements(index)?;
        if elements.iter().any(|element| matches!(element.kind, Kind::Rest(_))) {
            return Err(Stop::Unknown);
        }
        Ok(elements)
    }

    /// The elements of a list or set, [`Kind::Rest`] included.
    fn elements(&self, index: usize) -> Result<&'a [Value], Stop> {
        let value = self.argument(index)?;
        match value.elements() {
            Some(elements) => Ok(elements),
            None if is_open(value) => Err(Stop::Unknown),
            None => self.refuse(index, "a list or set is required"),
        }
    }

    /// The elements of a list of which the order matters.
    fn ordered(&self, index: usize) -> Result<&'a [Value], Stop> {
        let value = self.argument(index)?;
        match &value.kind {
            Kind::List(items) => Ok(items),
            _ if value.is_unordered() || is_open(value) => Err(Stop::Unknown),
            _ => self.refuse(index, "a list is required"),
        }
    }

    fn object(&self, index: usize) -> Result<&'a Object, Stop> {
        let value = self.argument(index)?;
        match value.as_object() {
            Some(object) => Ok(object),
            None if is_open(value) => Err(Stop::Unknown),
            None => self.refuse(index, "a map or object is required"),
        }
    }

    /// What the call gives for an argument that is not known.
    fn derived(&self, index: usize, hole: &Value) -> Value {
        let mut arguments = self.arguments.to_vec();
        if let Some(argument) = arguments.get_mut(index) {
            *argument = hole.clone();
        }
        Value::unknown(hole.span, self.reason(hole), symbol::of_call(self.name, &arguments)).marked(hole.sensitive)
    }

    /// Why the result is not known where it depends on a value.
    fn reason(&self, value: &Value) -> Reason {
        let reason = symbol::reason(value).or_else(|| self.arguments.iter().find_map(symbol::reason));
        reason.unwrap_or_else(|| not_known(self.name))
    }

    /// Perhaps a further element of the result. That depends on `unsure`.
    fn further(&self, unsure: &Value, element: Option<&Value>) -> Value {
        let symbol = symbol::of_call(self.name, self.arguments);
        let element = element.filter(|element| !matches!(element.kind, Kind::Rest(_)));
        let unknown = Unknown { reason: self.reason(unsure), symbol, element: element.cloned().map(Arc::new) };
        let sensitive = unsure.sensitive || element.is_some_and(|element| element.sensitive);
        Value::new(unsure.span, Kind::Rest(unknown.into())).marked(sensitive)
    }

    #[expect(clippy::unused_self, reason = "it reads as what the call does")]
    fn refuse<T>(&self, index: usize, message: &str) -> Result<T, Stop> {
        Err(Stop::Error(Some(index), message.to_owned()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "most functions end with it")]
    fn give(&self, kind: Kind) -> Outcome {
        Ok(Value::new(self.span, kind))
    }

    #[expect(clippy::unnecessary_wraps, reason = "most functions end with it")]
    fn give_text(&self, text: impl Into<Arc<str>>) -> Outcome {
        Ok(Value::text(self.span, text))
    }

    #[expect(clippy::unnecessary_wraps, reason = "most functions end with it")]
    fn give_list(&self, items: Vec<Value>) -> Outcome {
        Ok(Value::list(self.span, items))
    }
}

fn not_known(function: &str) -> Reason {
    Reason::Attribute(Arc::from(format!("{function}()")))
}

/// Not known as a whole: it may be of any type.
fn is_open(value: &Value) -> bool {
    matches!(value.kind, Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_))
}

/// An unknown number of elements in the place of a value that is not known.
fn rest_of(value: &Value) -> Option<Value> {
    Some(Value::new(value.span, Kind::Rest(symbol::unknown(value)?)).marked(value.sensitive))
}

/// An element of such a value.
fn element_of(value: &Value, index: usize) -> Option<Value> {
    let kind = if let Kind::Attribute(attribute) = &value.kind {
        let path = Arc::from(format!("{}.{index}", attribute.path).trim_start_matches('.'));
        Kind::Attribute(Arc::new(Attribute { path, ..(**attribute).clone() }))
    } else {
        let unknown = symbol::unknown(value)?;
        // Where in the whole a further element stands is not known.
        let whole = unknown.symbol.as_ref().filter(|_| !matches!(value.kind, Kind::Rest(_)));
        let symbol = whole.map(|symbol| Arc::from(format!("{symbol}[{index}]")));
        Kind::Unknown(Arc::new(Unknown::new(unknown.reason.clone(), symbol)))
    };
    Some(Value::new(value.span, kind).marked(value.sensitive))
}

fn known_text(value: &Value) -> Result<Arc<str>, Stop> {
    match &value.kind {
        Kind::Text(text) => Ok(Arc::clone(&text.text)),
        Kind::Json(inner) => match rendered(inner, value.span).kind {
            Kind::Text(text) => Ok(text.text),
            _ => Err(Stop::Unknown),
        },
        _ => Err(Stop::Unknown),
    }
}

pub(super) use encoding::rendered;
pub(super) use encoding::write_json;

/// A wholly known value as JSON, as `jsonencode` writes it.
pub fn json(value: &Value) -> Option<Arc<str>> {
    match rendered(value, value.span).kind {
        Kind::Text(text) => Some(text.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! `count` and `for_each`: which instances there are.

use std::collections::HashSet;
use std::sync::Arc;

use super::expression::{Scope, symbol_of};
use super::loops::whole;
use super::operators::unknown_in;
use super::run::{Fault, Run};
use crate::input::not_understood;
use crate::input::terraform::types::{number, to_number};
use crate::input::terraform::value::{Attribute, Kind, Member, Object, Unknown, Value};
use crate::source::Span;
use crate::source::hcl::Body;

/// Instances of one resource or module call.
const MAX_INSTANCES: usize = 10_000;

/// Stands for the key of an instance that stands for all.
pub(super) const ANY: &str = "[*]";
/// The key of it in the map of all instances.
pub(super) const ANY_KEY: &str = "*";

/// What tells one instance from the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Repetition {
    /// What follows the address: nothing, `[0]`, `["a"]`, `[*]`.
    pub suffix: Arc<str>,
    /// The key in the map of all instances.
    pub key: Option<Arc<str>>,
    /// `count.index`.
    pub index: Option<Value>,
    /// `each.key` and `each.value`.
    pub each: Option<(Value, Value)>,
}

/// How an expression sees the instances.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The one by itself.
    Single,
    /// A list, of which one element may stand for all.
    Counted(Option<Arc<Unknown>>),
    /// A map; there may be more.
    Keyed(Option<Arc<Unknown>>),
}

pub(super) struct Repetitions {
    pub shape: Shape,
    pub list: Vec<Repetition>,
}

impl Repetition {
    /// What `count` and `for_each` of a block give to an instance of which nothing is known.
    pub(super) fn of_any(body: &Body, span: Span) -> Self {
        let unknown = || Value::unknown(span, not_understood("it differs between instances"), None);
        Self {
            index: body.attribute("count").map(|_| unknown()),
            each: body.attribute("for_each").map(|_| (unknown(), unknown())),
            ..Self::default()
        }
    }
}

impl Repetitions {
    fn none(shape: Shape) -> Self {
        Self { shape, list: Vec::new() }
    }
}

impl<'a> Run<'a> {
    /// The instances of a block at an address. `scope` is that of the module.
    pub(super) fn repetitions(&self, body: &Body, address: &Arc<str>, scope: Scope<'_, 'a>) -> Repetitions {
        let (attribute, result) = if let Some(count) = body.attribute("count") {
            (count, self.evaluate(&count.value, scope).and_then(|value| self.counted(value, address, scope)))
        } else if let Some(each) = body.attribute("for_each") {
            (each, self.evaluate(&each.value, scope).and_then(|value| self.keyed(&value, address, scope)))
        } else {
            return Repetitions { shape: Shape::Single, list: vec![Repetition::default()] };
        };
        match result {
            Ok(repetitions) => repetitions,
            Err(fault) => {
                let counted = &*attribute.name.text == "count";
                let value = self.wrong(&fault, attribute.value.span);
                self.some(&value, counted, address)
            }
        }
    }

    fn counted(&self, value: Value, address: &Arc<str>, scope: Scope<'_, 'a>) -> Result<Repetitions, Fault> {
        let span = value.span;
        let value = to_number(value).map_err(|mismatch| Fault::new(span, format!("`count`: {mismatch}")))?;
        let number = match &value.kind {
            Kind::Number(number) => *number,
            Kind::Null => return Err(Fault::new(span, "`count` cannot be null")),
            _ => {
                let name = self.named(&value, scope);
                let any = self.is_above(&name, 0, span)?;
                return Ok(if any {
                    self.some(&value, true, address)
                } else {
                    Repetitions::none(Shape::Counted(None))
                });
            }
        };
        let count = number::whole(number).and_then(|count| usize::try_from(count).ok());
        let count =
            count.ok_or_else(|| Fault::new(span, format!("`count` is {number}, which is no number of instances")))?;
        if count > MAX_INSTANCES {
            return Err(Fault::new(span, format!("more than {MAX_INSTANCES} instances are not evaluated")));
        }
        let list = (0..count).map(|index| Repetition {
            suffix: Arc::from(format!("[{index}]")),
            key: None,
            index: Some(Value::new(span, whole(index))),
            each: None,
        });
        Ok(Repetitions { shape: Shape::Counted(None), list: list.collect() })
    }

    fn keyed(&self, value: &Value, address: &Arc<str>, scope: Scope<'_, 'a>) -> Result<Repetitions, Fault> {
        let span = value.span;
        let mut list = Vec::new();
        let mut more = None;
        let mut seen = HashSet::new();
        // Where one element stands for all, it is there in this world.
        if let Some((one, all)) = self.one_for_all(value) {
            let mut some = self.some(&Value::new(span, Kind::Unknown(all)), false, address);
            if let Some(Repetition { each: Some((key, element)), .. }) = some.list.first_mut() {
                *element = one.clone();
                if matches!(value.kind, Kind::Set(_)) {
                    *key = one.clone();
                }
            }
            return Ok(some);
        }
        let mut add = |key: Arc<str>, each: Value, value: Value| {
            if seen.insert(Arc::clone(&key)) {
                let suffix = Arc::from(format!("[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\"")));
                list.push(Repetition { suffix, key: Some(key), index: None, each: Some((each, value)) });
            }
        };
        match &value.kind {
            Kind::Object(object) => {
                more.clone_from(&object.open);
                for member in object.members() {
                    let key = self.key_value(&member.key, member.key_span);
                    add(Arc::clone(&member.key), key, member.value.clone());
                }
            }
            Kind::Set(items) | Kind::List(items) => {
                // An empty one is taken for a set: that is what a conditional makes of it.
                if matches!(value.kind, Kind::List(_)) && !items.is_empty() {
                    let message = "`for_each` needs a map or a set of texts, not a list; write `toset(…)` around it";
                    self.wrong(&Fault::new(span, message), span);
                }
                for item in items.iter() {
                    match &item.kind {
                        Kind::Rest(rest) => more = Some(Arc::clone(rest)),
                        _ => match self.key(item) {
                            Some(key) => add(key?, item.clone(), item.clone()),
                            None => more = Some(unknown_in(&[item])),
                        },
                    }
                }
            }
            Kind::Unknown(unknown) => more = Some(Arc::clone(unknown)),
            Kind::Attribute(attribute) => more = Some(self.computed(attribute, value)),
            Kind::Null => return Err(Fault::new(span, "`for_each` cannot be null")),
            _ => return Err(Fault::new(span, "`for_each` needs a map or a set of texts")),
        }
        if list.len() > MAX_INSTANCES {
            return Err(Fault::new(span, format!("more than {MAX_INSTANCES} instances are not evaluated")));
        }
        let mut shape = Shape::Keyed(None);
        if let Some(more) = more {
            let collection = Value::new(span, Kind::Unknown(more));
            if self.has_elements(&collection, scope)? {
                let mut some = self.some(&collection, false, address);
                if let (Kind::Unknown(more), Some(first)) = (&collection.kind, some.list.first_mut())
                    && let (Some(element), Some((_, value))) = (&more.element, &mut first.each)
                {
                    *value = element.as_ref().clone();
                }
                shape = some.shape;
                list.extend(some.list);
            }
        }
        Ok(Repetitions { shape, list })
    }

    /// One instance that stands for all of an unknown number.
    fn some(&self, of: &Value, counted: bool, address: &Arc<str>) -> Repetitions {
        let span = of.span;
        self.symbolic.borrow_mut().insert(Arc::clone(address));
        let reason = unknown_in(&[of]).reason.clone();
        let part = |name: &str| Value::unknown(span, reason.clone(), Some(Arc::from(name)));
        let (index, each) = if counted {
            (Some(part(&format!("{address}{ANY}.count.index"))), None)
        } else {
            let each = match symbol_of(of) {
                Some(symbol) => (part(&format!("keys({symbol}){ANY}")), part(&format!("{symbol}{ANY}"))),
                None => (part(&format!("{address}{ANY}.each.key")), part(&format!("{address}{ANY}.each.value"))),
            };
            (None, Some(each))
        };
        let more = Arc::new(Unknown::new(reason, Some(Arc::clone(address))));
        Repetitions {
            shape: if counted { Shape::Counted(Some(more)) } else { Shape::Keyed(Some(more)) },
            list: vec![Repetition { suffix: Arc::from(ANY), key: Some(Arc::from(ANY_KEY)), index, each }],
        }
    }
}

/// What an expression sees at the address of a resource or module: its instances by themselves, as a list, or as a map.
pub(super) fn seen(repetitions: &Repetitions, address: &Arc<str>, kind: &Arc<str>, span: Span) -> Value {
    let instance = |repetition: &Repetition| {
        let instance = instance_address(address, repetition);
        Value::new(span, Kind::Attribute(Arc::new(Attribute { instance, kind: Arc::clone(kind), path: Arc::from("") })))
    };
    match &repetitions.shape {
        Shape::Single => repetitions.list.first().map_or_else(|| Value::null(span), instance),
        Shape::Counted(more) => {
            let mut items: Vec<Value> = repetitions.list.iter().map(instance).collect();
            items.extend(more.iter().map(|more| Value::new(span, Kind::Rest(Arc::clone(more)))));
            Value::list(span, items)
        }
        Shape::Keyed(more) => {
            let member = |repetition: &Repetition| {
                let key = repetition.key.clone().unwrap_or_default();
                Member { key, key_span: span, value: instance(repetition) }
            };
            let mut object = Object::new(repetitions.list.iter().map(member).collect());
            object.open.clone_from(more);
            Value::object(span, object)
        }
    }
}

pub(super) fn instance_address(address: &Arc<str>, repetition: &Repetition) -> Arc<str> {
    if repetition.suffix.is_empty() {
        Arc::clone(address)
    } else {
        Arc::from(format!("{address}{}", repetition.suffix))
    }
}

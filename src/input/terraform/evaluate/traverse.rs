//! Steps into values: `.name`, `[key]`, splats.

use std::sync::Arc;

use super::data::data_attribute;
use super::expression::{Scope, symbol_of};
use super::resource::originating;
use super::run::{Fault, Node, Run};
use crate::input::terraform::symbol;
use crate::input::terraform::types::{number, to_number};
use crate::input::terraform::value::{Attribute, Kind, Number, Unknown, Value};
use crate::input::terraform::variables::near;
use crate::source::Span;
use crate::source::hcl::Step;
use crate::value::Reason;

impl<'a> Run<'a> {
    pub(super) fn steps(&self, mut value: Value, steps: &[Step], scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        for (index, step) in steps.iter().enumerate() {
            let rest = steps.get(index + 1..).unwrap_or_default();
            value = match step {
                Step::Attribute(name) => {
                    Self::of_blocks(&value, &name.text, name.span, || self.member(&value, &name.text, name.span))?
                }
                Step::Index(key) => {
                    let key = self.evaluate(key, scope)?;
                    let name = match &key.kind {
                        Kind::Number(number) => number.to_string(),
                        _ => String::new(),
                    };
                    Self::of_blocks(&value, &name, key.span, || self.index(&value, &key))?
                }
                Step::Splat(span) => return self.splat(&value, rest, *span, scope),
                Step::AttributeSplat(span) => {
                    let attributes = rest.iter().take_while(|step| matches!(step, Step::Attribute(_))).count();
                    let (each, rest) = rest.split_at(attributes);
                    let list = self.splat(&value, each, *span, scope)?;
                    return self.steps(list, rest, scope);
                }
            };
        }
        Ok(value)
    }

    /// A step into nested blocks that were read from a resource: what is not configured there is computed.
    fn of_blocks(
        of: &Value,
        name: &str,
        span: Span,
        step: impl FnOnce() -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        let origin = match (&of.kind, &of.origin) {
            (Kind::List(_) | Kind::Object(_), Some(origin)) if !name.is_empty() => origin,
            _ => return step(),
        };
        if of.as_object().is_some_and(|object| object.open.is_none() && object.get(name).is_none()) {
            return Ok(extended(origin, name, span));
        }
        let path = || Arc::new(Attribute { path: Arc::from(format!("{}.{name}", origin.path)), ..(**origin).clone() });
        Ok(originating(step()?, true, false, path))
    }

    fn splat(&self, value: &Value, steps: &[Step], span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let list = match &value.kind {
            Kind::List(items) | Kind::Set(items) => {
                let mut found = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.spend(1);
                    if let Kind::Rest(more) = &item.kind {
                        found.push(self.splat_further(more, steps, item.span, scope));
                        continue;
                    }
                    let each = Self::of_blocks(value, &index.to_string(), item.span, || Ok(item.clone()))?;
                    found.push(self.steps(each, steps, scope)?.at(item.span));
                }
                let list = Value::list(span, found);
                // Of a list or set it is a list, of a tuple a tuple.
                let uniform = value.uniform || matches!(value.kind, Kind::Set(_));
                if uniform { list.collected() } else { list }
            }
            Kind::Null => Value::list(span, []),
            // Whether it is one thing or a collection is not known.
            Kind::Unknown(unknown) => Value::list(span, [self.splat_further(unknown, steps, span, scope)]),
            Kind::Attribute(attribute) if !attribute.path.is_empty() => {
                let mut more = Unknown::clone(&super::operators::unknown_in(&[value]));
                more.element = Some(Arc::new(extended(attribute, "*", span)));
                Value::list(span, [self.splat_further(&more, steps, span, scope)])
            }
            _ => {
                let one = self.steps(value.clone(), steps, scope)?;
                Value::list(span, [one])
            }
        };
        Ok(list.marked(value.sensitive))
    }

    /// A splat of elements of which it is not known how many there are.
    fn splat_further(&self, more: &Unknown, steps: &[Step], span: Span, scope: Scope<'_, 'a>) -> Value {
        let symbolic = more.symbol.as_ref().is_some_and(|symbol| self.symbolic.borrow().contains(symbol));
        if steps.is_empty() || symbolic {
            return Value::new(span, Kind::Rest(Arc::new(more.clone())));
        }
        let element = self.silently(|| self.steps(self.further(more, span), steps, scope));
        let element = element.unwrap_or_else(|| Value::unknown(span, more.reason.clone(), None));
        Value::new(span, Kind::Rest(Arc::new(Unknown { element: Some(Arc::new(element)), ..more.clone() })))
    }

    /// `.name`.
    pub(super) fn member(&self, of: &Value, name: &str, span: Span) -> Result<Value, Fault> {
        let value = match &of.kind {
            Kind::Object(object) => match (object.member(name), &object.open) {
                (Some(member), _) => member.value.clone(),
                (None, Some(open)) => match self.stand_in(of, false) {
                    Some(one) => one,
                    None => self.below(open, &format!(".{name}"), span),
                },
                (None, None) => {
                    let names = object.members().iter().map(|member| &*member.key);
                    let advice = near(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                    return Err(Fault::new(span, format!("this object has no attribute `{name}`{advice}")));
                }
            },
            Kind::Unknown(unknown) => self.below(unknown, &format!(".{name}"), span),
            Kind::Attribute(attribute) if attribute.path.is_empty() => return self.of_instance(attribute, name, span),
            Kind::Attribute(attribute) => extended(attribute, name, span),
            Kind::Null => return Err(Fault::new(span, format!("a null value has no attribute `{name}`"))),
            Kind::List(items) | Kind::Set(items) => {
                let resources = items.iter().any(|item| matches!(&item.kind, Kind::Attribute(a) if a.path.is_empty()));
                let advice = if resources { "; there are several instances: choose one, as in `[0]`" } else { "" };
                return Err(Fault::new(span, format!("a list or set has no attribute `{name}`{advice}")));
            }
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Partial(_) | Kind::Json(_) | Kind::Rest(_) => {
                return Err(Fault::new(span, format!("only objects have attributes, such as `{name}`")));
            }
        };
        let sensitive = of.sensitive || value.sensitive;
        Ok(value.at(span).marked(sensitive))
    }

    /// `[key]`.
    pub(super) fn index(&self, of: &Value, key: &Value) -> Result<Value, Fault> {
        let span = key.span;
        if key.is_null() {
            return Err(Fault::new(span, "an index cannot be null"));
        }
        let value = match &of.kind {
            Kind::Object(object) => match self.key(key) {
                Some(name) => {
                    let name = name?;
                    match (object.member(&name), &object.open) {
                        (Some(member), _) => member.value.clone(),
                        (None, open) => match (self.stand_in(of, false), open) {
                            (Some(one), _) => one,
                            (None, Some(open)) => self.below(open, &format!("[\"{name}\"]"), span),
                            (None, None) if matches!(key.kind, Kind::Text(_) | Kind::Number(_) | Kind::Bool(_)) => {
                                let names = object.members().iter().map(|member| &*member.key);
                                let advice = near(&name, names);
                                let advice = advice.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                                return Err(Fault::new(
                                    span,
                                    format!("there is no element with the key `{name}`{advice}"),
                                ));
                            }
                            (None, None) => self.some_element(of, key, span),
                        },
                    }
                }
                None => self.some_element(of, key, span),
            },
            Kind::List(items) => return self.item(of, items, key),
            Kind::Unknown(unknown) => match symbol_of(key) {
                Some(shown) => self.below(unknown, &format!("[{shown}]"), span),
                None => Value::unknown(span, unknown.reason.clone(), None),
            },
            Kind::Attribute(attribute) if attribute.path.is_empty() => {
                if let Kind::Text(text) = &key.kind {
                    return self.of_instance(attribute, &text.text, span);
                }
                let message =
                    format!("`{}` has neither `count` nor `for_each`, so it has no index", attribute.instance);
                return Err(Fault::new(span, message));
            }
            Kind::Attribute(attribute) => match &key.kind {
                Kind::Text(text) => extended(attribute, &text.text, span),
                Kind::Number(number) => extended(attribute, &number.to_string(), span),
                _ => self.some_element(of, key, span),
            },
            Kind::Null => return Err(Fault::new(span, "a null value has no elements")),
            Kind::Set(_) if of.is_unordered() => self.some_element(of, key, span),
            Kind::Set(_) => {
                return Err(Fault::new(
                    span,
                    "a set has no order, so its elements have no index; write `tolist(…)` around it",
                ));
            }
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Partial(_) | Kind::Json(_) | Kind::Rest(_) => {
                return Err(Fault::new(span, "only lists, maps and objects have elements"));
            }
        };
        let sensitive = of.sensitive || value.sensitive || key.sensitive;
        Ok(value.at(span).marked(sensitive))
    }

    fn item(&self, of: &Value, items: &[Value], key: &Value) -> Result<Value, Fault> {
        let span = key.span;
        let key = to_number(key.clone()).map_err(|mismatch| Fault::new(span, mismatch.to_string()))?;
        let sensitive = of.sensitive || key.sensitive;
        let first = matches!(key.kind, Kind::Number(Number::Whole(0)));
        if let Some(one) = self.stand_in(of, first) {
            return Ok(one.at(span));
        }
        let Kind::Number(position) = &key.kind else {
            return Ok(self.some_element(of, &key, span).marked(sensitive));
        };
        let at = number::whole(*position).and_then(|position| usize::try_from(position).ok());
        let open = items.iter().position(|item| matches!(item.kind, Kind::Rest(_)));
        let found = match (at.and_then(|at| items.get(at)), open) {
            (found, Some(open)) if at.is_none_or(|at| at >= open) => {
                let _ = found;
                self.some_element(of, &key, span)
            }
            (Some(item), _) => item.clone(),
            (None, _) => {
                let message = format!("there is no element {position} in a list of {}", items.len());
                return Err(Fault::new(span, message));
            }
        };
        let sensitive = sensitive || found.sensitive;
        Ok(found.at(span).marked(sensitive))
    }

    /// The element that stands for all, for one that is asked for. Where it is tried, it counts that there may be no
    /// such one, unless that is `certain`.
    fn stand_in(&self, of: &Value, certain: bool) -> Option<Value> {
        let (one, _) = self.one_for_all(of)?;
        (certain || !self.trying.get()).then(|| one.clone())
    }

    /// An element of which it is not known which one it is.
    fn some_element(&self, of: &Value, key: &Value, span: Span) -> Value {
        // Where it is tried, it counts that there may be no such element.
        if let Some([Value { kind: Kind::Rest(more), .. }]) = of.elements()
            && !self.trying.get()
            && let Some(element) = &more.element
            && !matches!(element.kind, Kind::Unknown(_))
        {
            return element.as_ref().clone();
        }
        let unknown = super::operators::unknown_in(&[key, of]);
        let symbol = symbol_of(of).zip(symbol_of(key)).map(|(of, key)| Arc::from(format!("{of}[{key}]")));
        self.unknown(span, unknown.reason.clone(), symbol)
    }

    /// A part of something unknown.
    fn below(&self, unknown: &Unknown, step: &str, span: Span) -> Value {
        let symbol = unknown.symbol.as_ref().map(|symbol| Arc::from(format!("{symbol}{step}")));
        self.unknown(span, unknown.reason.clone(), symbol)
    }

    /// An attribute of what stands at an address.
    pub(super) fn of_instance(&self, attribute: &Arc<Attribute>, name: &str, span: Span) -> Result<Value, Fault> {
        let node = self.nodes.borrow().get(&attribute.instance).cloned();
        match node {
            Some(Node::Module(module)) => self.output(&module, name, span),
            Some(Node::Resource(resource)) if resource.is_data => data_attribute(self, &resource, name, span),
            Some(Node::Resource(resource)) => self.resource_attribute(&resource, attribute, name, span),
            None => Ok(extended(attribute, name, span)),
        }
    }
}

/// A computed attribute, or a part of one.
pub(super) fn extended(attribute: &Attribute, name: &str, span: Span) -> Value {
    let path: Arc<str> = match &*attribute.path {
        "" => Arc::from(name),
        path => Arc::from(format!("{path}.{name}")),
    };
    if path.len() > 400 {
        return Value::unknown(span, Reason::Attribute(symbol::name(attribute)), None);
    }
    let (instance, kind) = (Arc::clone(&attribute.instance), Arc::clone(&attribute.kind));
    Value::new(span, Kind::Attribute(Arc::new(Attribute { instance, kind, path })))
}

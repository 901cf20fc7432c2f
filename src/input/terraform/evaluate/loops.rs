//! `for` expressions.

use std::sync::Arc;

use super::expand::ANY_KEY;
use super::expression::{Scope, counted, symbol_of};
use super::operators::unknown_in;
use super::run::{Fault, Run};
use super::traverse::extended;
use crate::input::terraform::value::{Attribute, Kind, Member, Number, Object, Unknown, Value};
use crate::source::Span;
use crate::source::hcl::For;

/// A variable of a `for` expression or dynamic block.
#[derive(Clone, Copy)]
pub(super) struct Binding<'s> {
    pub name: &'s str,
    pub value: &'s Value,
    pub outer: Option<&'s Binding<'s>>,
}

impl Binding<'_> {
    pub(super) fn find(&self, name: &str) -> Option<&Value> {
        let mut at = Some(self);
        while let Some(binding) = at {
            if binding.name == name {
                return Some(binding.value);
            }
            at = binding.outer;
        }
        None
    }
}

/// What is gone through, in order.
pub(super) struct Turns {
    pub list: Vec<Turn>,
    /// That order is not known.
    unordered: bool,
    /// Set when the only turn stands for all that there are.
    pub all: Option<Arc<Unknown>>,
}

pub(super) enum Turn {
    One {
        key: Value,
        value: Value,
    },
    /// An unknown number of them.
    More(Arc<Unknown>),
}

impl<'a> Run<'a> {
    /// The elements of a collection with their keys.
    pub(super) fn turns(&self, collection: &Value) -> Result<Turns, Fault> {
        let span = collection.span;
        if let Some((one, all)) = self.one_for_all(collection) {
            let key = Value::unknown(span, all.reason.clone(), None);
            return Ok(Turns { list: vec![Turn::One { key, value: one.clone() }], unordered: false, all: Some(all) });
        }
        let mut list = Vec::new();
        match &collection.kind {
            Kind::List(items) | Kind::Set(items) => {
                let unordered = collection.is_unordered();
                let set = matches!(collection.kind, Kind::Set(_)) && !collection.uniform;
                let mut before = None;
                for (index, item) in items.iter().enumerate() {
                    let key = match (&item.kind, &before) {
                        (Kind::Rest(more), _) => {
                            list.push(Turn::More(Arc::clone(more)));
                            before = Some(more);
                            continue;
                        }
                        _ if unordered => Value::unknown(span, unknown_in(&[collection]).reason.clone(), None),
                        _ if set => item.clone(),
                        // How many stand before it is not known.
                        (_, Some(more)) => Value::unknown(span, more.reason.clone(), None),
                        (_, None) => Value::new(span, whole(index)),
                    };
                    list.push(Turn::One { key, value: item.clone() });
                }
            }
            Kind::Object(object) => {
                list.extend(object.members().iter().map(|member| Turn::One {
                    key: self.key_value(&member.key, member.key_span),
                    value: member.value.clone(),
                }));
                list.extend(object.open.iter().map(|more| Turn::More(Arc::clone(more))));
            }
            Kind::Unknown(unknown) => list.push(Turn::More(Arc::clone(unknown))),
            Kind::Attribute(attribute) => list.push(Turn::More(self.computed(attribute, collection))),
            Kind::Null => return Err(Fault::new(span, "a null value cannot be gone through")),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Partial(_) | Kind::Json(_) | Kind::Rest(_) => {
                return Err(Fault::new(span, "only lists, sets, maps and objects can be gone through"));
            }
        }
        self.spend(list.len());
        list.retain(|turn| !matches!(turn, Turn::More(more) if self.is_surely_empty(more)));
        let is_open = list.iter().any(|turn| matches!(turn, Turn::More(_)));
        // The key of what is added to an object can come before any other.
        let unordered = collection.is_unordered() || is_open && collection.elements().is_none();
        Ok(Turns { list, unordered, all: None })
    }

    /// A collection that is only known after apply.
    pub(super) fn computed(&self, attribute: &Attribute, collection: &Value) -> Arc<Unknown> {
        let mut more = Unknown::clone(&unknown_in(&[collection]));
        more.element = Some(Arc::new(extended(attribute, "*", collection.span)));
        if let (Some(symbol), ("aws_acm_certificate", "domain_validation_options")) =
            (&more.symbol, (&*attribute.kind, &*attribute.path))
        {
            // A certificate is for one name at least.
            self.asked.at_least(&Arc::from(format!("length({symbol})")), 1);
        }
        Arc::new(more)
    }

    /// Whether this world assumes that a collection has no (further) elements.
    fn is_surely_empty(&self, more: &Unknown) -> bool {
        let Some(symbol) = &more.symbol else { return false };
        matches!(self.asked.assumed(&format!("length({}) > 0", counted(symbol))), Some(Kind::Bool(false)))
    }

    pub(super) fn for_expression(&self, each: &For, span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let collection = self.evaluate(&each.collection, scope)?;
        let sensitive = collection.sensitive;
        let turns = self.turns(&collection)?;
        let mut gathered = Gathered::default();
        for turn in &turns.list {
            let (key, value) = match turn {
                Turn::One { key, value } => (key, value),
                Turn::More(more) => {
                    gathered.more(self.further_turns(each, more, span, scope), span);
                    continue;
                }
            };
            let outer = Binding { name: &each.value_variable, value, outer: scope.bindings };
            let inner = each.key_variable.as_deref().map(|name| Binding { name, value: key, outer: Some(&outer) });
            let scope = scope.bound(inner.as_ref().unwrap_or(&outer));
            self.turn(each, span, scope, turns.all.is_some(), &mut gathered)?;
        }
        gathered.more(turns.all, span);
        let value = if each.key.is_none() {
            if turns.unordered { Value::unordered(span, gathered.items) } else { Value::list(span, gathered.items) }
        } else {
            let Gathered { members, open, .. } = gathered;
            let mut object = if each.grouping { grouped(members, open.as_ref(), span) } else { Object::new(members) };
            object.open = open;
            Value::object(span, object)
        };
        Ok(value.marked(sensitive))
    }

    /// What comes of the elements of which it is not known how many there are. `None` when none meets the condition.
    fn further_turns(&self, each: &For, more: &Unknown, span: Span, scope: Scope<'_, 'a>) -> Option<Arc<Unknown>> {
        let value = self.further(more, span);
        let key = Value::unknown(span, more.reason.clone(), None);
        let outer = Binding { name: &each.value_variable, value: &value, outer: scope.bindings };
        let inner = each.key_variable.as_deref().map(|name| Binding { name, value: &key, outer: Some(&outer) });
        let scope = scope.bound(inner.as_ref().unwrap_or(&outer));
        // How many meet a condition is another question than how many there are.
        let mut symbol = more.symbol.clone();
        if let Some(condition) = &each.condition {
            let holds = self.silently(|| self.evaluate(condition, scope)).map(|holds| holds.kind);
            match holds {
                Some(Kind::Bool(false)) => return None,
                Some(Kind::Bool(true)) => {}
                _ => symbol = None,
            }
        }
        let element = self.silently(|| self.evaluate(&each.value, scope)).filter(|_| !each.grouping);
        let same = |element: &Value| symbol_of(element).is_some_and(|made| symbol_of(&value) == Some(made));
        let element = element.filter(|element| more.element.is_some() || !same(element));
        Some(Arc::new(Unknown { reason: more.reason.clone(), symbol, element: element.map(Arc::new) }))
    }

    fn turn(
        &self,
        each: &For,
        span: Span,
        scope: Scope<'_, 'a>,
        all: bool,
        gathered: &mut Gathered,
    ) -> Result<(), Fault> {
        if let Some(condition) = &each.condition {
            let condition = self.evaluate(condition, scope)?;
            if !self.decide(condition, scope)? {
                return Ok(());
            }
        }
        let value = self.evaluate(&each.value, scope);
        let value = self.recover(value, each.value.span)?;
        let Some(key) = &each.key else {
            gathered.items.push(value);
            return Ok(());
        };
        if all {
            gathered.members.push(Member { key: Arc::from(ANY_KEY), key_span: key.span, value });
            return Ok(());
        }
        let found = self.evaluate(key, scope)?;
        match self.key(&found) {
            Some(name) => {
                let member = Member { key: name?, key_span: key.span, value };
                if !each.grouping && !gathered.keys.insert(Arc::clone(&member.key)) {
                    let message = format!(
                        "two elements have the key `{}`; write `...` after the value to group them",
                        member.key
                    );
                    self.recover(Err(Fault::new(span, message)), span)?;
                }
                gathered.members.push(member);
            }
            None => gathered.open = Some(unknown_in(&[&found])),
        }
        Ok(())
    }
}

#[derive(Default)]
struct Gathered {
    items: Vec<Value>,
    members: Vec<Member>,
    keys: std::collections::HashSet<Arc<str>>,
    open: Option<Arc<Unknown>>,
}

impl Gathered {
    /// Adds an unknown number of elements.
    fn more(&mut self, more: Option<Arc<Unknown>>, span: Span) {
        let Some(more) = more else { return };
        self.items.push(Value::new(span, Kind::Rest(Arc::clone(&more))));
        self.open.get_or_insert(more);
    }
}

/// Of each key, all of its values; `more` may be of any key.
fn grouped(mut members: Vec<Member>, more: Option<&Arc<Unknown>>, span: Span) -> Object {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    let mut groups: Vec<(Member, Vec<Value>)> = Vec::new();
    for member in members {
        match groups.last_mut() {
            Some((first, values)) if first.key == member.key => values.push(member.value),
            _ => {
                let value = member.value.clone();
                groups.push((member, vec![value]));
            }
        }
    }
    let members = groups.into_iter().map(|(member, mut values)| {
        values.extend(more.map(|more| Value::new(span, Kind::Rest(Arc::new(Unknown::new(more.reason.clone(), None))))));
        Member { value: Value::list(span, values), ..member }
    });
    Object::new(members.collect())
}

pub(super) fn whole(index: usize) -> Kind {
    Kind::Number(Number::Whole(i128::try_from(index).unwrap_or(i128::MAX)))
}

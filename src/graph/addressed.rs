//! Items by their own addresses, so that whoever follows a link to one need not ask each.

use std::collections::HashMap;
use std::ops::Deref;

use crate::value::Address;

/// Items in their order. Of several with one address, the first is found.
#[derive(Debug)]
pub struct Addressed<T> {
    items: Vec<T>,
    at: HashMap<Address, usize>,
}

impl<T> Default for Addressed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), at: HashMap::new() }
    }
}

impl<T> Deref for Addressed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> Addressed<T> {
    pub fn new(items: Vec<T>, address: impl Fn(&T) -> &Address) -> Self {
        let mut at = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            at.entry(address(item).clone()).or_insert(index);
        }
        Self { items, at }
    }

    pub fn get(&self, address: &Address) -> Option<&T> {
        self.at.get(address).and_then(|index| self.items.get(*index))
    }

    /// For what is added to an item once all are there; its address stays.
    pub fn get_mut(&mut self, address: &Address) -> Option<&mut T> {
        self.at.get(address).and_then(|index| self.items.get_mut(*index))
    }
}

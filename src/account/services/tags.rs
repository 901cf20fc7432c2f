//! Tags, which each service hands out in a type of its own.

use crate::account::item::Object;

/// A list of `Key` and `Value`; no property at all when there are none.
pub(super) type Tags = Option<Vec<Object>>;

/// Tags sorted by key, because services hand them out in any order.
pub(super) fn of<'t>(pairs: impl Iterator<Item = (Option<&'t str>, Option<&'t str>)>) -> Tags {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    let tags = pairs.into_iter().map(|(key, value)| Object::new().set("Key", key).set("Value", value));
    Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty())
}

//! Items by what they point to, so that whoever looks for those of one target need not ask each.

use std::collections::HashMap;
use std::ops::Deref;

use super::{Target, Typed};

/// Items in their order, each with one pointer.
#[derive(Debug)]
pub struct Pointing<T> {
    items: Vec<T>,
    known: HashMap<Target, Vec<usize>>,
    /// Those that may lead anywhere.
    open: Vec<usize>,
}

impl<T> Default for Pointing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), known: HashMap::new(), open: Vec::new() }
    }
}

impl<T> Deref for Pointing<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> Pointing<T> {
    pub fn new(items: Vec<T>, pointer: impl Fn(&T) -> &Typed<Target>) -> Self {
        Self::by(items, |item| pointer(item).known())
    }

    /// `None` for what may lead to something else than its pointer says.
    pub fn by(items: Vec<T>, target: impl Fn(&T) -> Option<&Target>) -> Self {
        let mut known: HashMap<Target, Vec<usize>> = HashMap::new();
        let mut open = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match target(item) {
                Some(target) => known.entry(target.clone()).or_default().push(index),
                None => open.push(index),
            }
        }
        Self { items, known, open }
    }

    /// The items that lead to a target or may do so, in their order; [`super::ec2::leads_to`] tells which.
    pub fn near(&self, wanted: &Target) -> impl Iterator<Item = &T> + use<'_, T> {
        let known = self.known.get(wanted).map_or(&[][..], Vec::as_slice);
        let mut near = [known, &self.open].concat();
        near.sort_unstable();
        near.into_iter().filter_map(|index| self.items.get(index))
    }

    /// The same for what may itself not be known: then every item may lead there.
    pub fn about(&self, wanted: Option<&Target>) -> impl Iterator<Item = &T> + use<'_, T> {
        let (near, all) = match wanted {
            Some(wanted) => (Some(self.near(wanted)), None),
            None => (None, Some(self.items.iter())),
        };
        near.into_iter().flatten().chain(all.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{SourceMap, Span};
    use crate::value::Reason;

    #[test]
    fn what_is_not_known_is_near_everything_in_its_place() {
        let span = Span { file: SourceMap::default().add("a.yaml", ""), start: 0, end: 0 };
        let outside = |id: &str| Target::Outside(id.to_owned());
        let known = |id: &str| Typed::Known(outside(id), span);
        let unknown = Typed::Unknown(Reason::Parameter(Arc::from("Id")), span);
        let items = vec![(1, known("a")), (2, unknown), (3, known("b")), (4, known("a"))];
        let pointing = Pointing::new(items, |(_, pointer)| pointer);
        let near = |id: &str| pointing.near(&outside(id)).map(|(number, _)| *number).collect::<Vec<_>>();
        assert_eq!(near("a"), [1, 2, 4]);
        assert_eq!(near("b"), [2, 3]);
        assert_eq!(near("c"), [2]);
        assert_eq!(pointing.about(Some(&outside("b"))).count(), 2);
        assert_eq!(pointing.about(None).count(), 4);
    }
}

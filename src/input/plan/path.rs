//! Addresses and references in plans: `module.vpc["a"].aws_subnet.x[0].id`.

use std::fmt;
use std::sync::Arc;

/// An instance's key as it stands in brackets: `0`, `"a"`.
pub(super) type Key = Arc<str>;

/// One step of an address or reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'t> {
    Name(&'t str),
    /// What stands between brackets, with its quotes.
    Index(&'t str),
}

/// The steps of a text; a bracket that is not closed ends it.
pub(super) fn steps(text: &str) -> Vec<Step<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '.' => rest = rest.get(1..).unwrap_or_default(),
            '[' => {
                let inside = rest.get(1..).unwrap_or_default();
                let Some(end) = closing(inside) else { break };
                found.extend(inside.get(..end).map(Step::Index));
                rest = inside.get(end + 1..).unwrap_or_default();
            }
            _ => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                found.extend(rest.get(..end).map(Step::Name));
                rest = rest.get(end..).unwrap_or_default();
            }
        }
    }
    found
}

/// Where the bracket closes that opens before `text`.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// One module call on the way to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Call {
    pub name: Arc<str>,
    pub key: Option<Key>,
}

/// The instance of a module; empty for the root module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Calls(pub Vec<Call>);

impl Calls {
    /// Of an address such as `module.vpc["a"].module.b`; what follows is left out.
    pub(super) fn of(address: &str) -> Self {
        let all = steps(address);
        let mut rest = all.as_slice();
        let mut calls = Vec::new();
        while let [Step::Name("module"), Step::Name(name), after @ ..] = rest {
            let (key, after) = split_key(after);
            calls.push(Call { name: Arc::from(*name), key: key.map(Arc::from) });
            rest = after;
        }
        Self(calls)
    }

    pub(super) fn parent(&self) -> Option<(Self, &Call)> {
        let (last, before) = self.0.split_last()?;
        Some((Self(before.to_vec()), last))
    }
}

/// A leading index, and what follows.
pub(super) fn split_key<'s, 't>(steps: &'s [Step<'t>]) -> (Option<&'t str>, &'s [Step<'t>]) {
    match steps {
        [Step::Index(key), rest @ ..] => (Some(key), rest),
        _ => (None, steps),
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, call) in self.0.iter().enumerate() {
            write!(f, "{}module.{}", if index == 0 { "" } else { "." }, call.name)?;
            call.key.as_ref().map_or(Ok(()), |key| write!(f, "[{key}]"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_any_character() {
        use Step::{Index, Name};
        let found = steps(r#"module.a["x.y]\"["].aws_subnet.b[0].id"#);
        let wanted =
            [Name("module"), Name("a"), Index(r#""x.y]\"[""#), Name("aws_subnet"), Name("b"), Index("0"), Name("id")];
        assert_eq!(found, wanted);
        assert_eq!(steps("a[\"b"), [Name("a")]);
    }

    #[test]
    fn modules_are_told_from_what_is_in_them() {
        let calls = Calls::of(r#"module.a["k"].module.b.aws_vpc.c"#);
        assert_eq!(calls.to_string(), r#"module.a["k"].module.b"#);
        assert_eq!(Calls::of("aws_vpc.c"), Calls::default());
    }
}

//! Kleene logic over facts: what is decided by one known fact stays decided whatever the others turn out to be.

use super::{Fact, Step};

impl Fact<bool> {
    /// True when one of them is; its proof is that one's.
    pub fn any(facts: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(facts, true)
    }

    /// False when one of them is; its proof is that one's.
    pub fn all(facts: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(facts, false)
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { value: self.value.map(|value| !value), evidence: self.evidence }
    }

    pub fn is(&self, value: bool) -> bool {
        self.value == Ok(value)
    }

    /// `decisive` settles the result; without one, an unknown leaves it open; else it is the opposite.
    fn fold(facts: impl IntoIterator<Item = Self>, decisive: bool) -> Self {
        let mut open: Option<Self> = None;
        let mut evidence: Vec<Step> = Vec::new();
        for fact in facts {
            match fact.value {
                Ok(value) if value == decisive => return fact,
                Ok(_) => evidence.extend(fact.evidence),
                Err(_) => open = open.or(Some(fact)),
            }
        }
        open.unwrap_or_else(|| {
            let mut seen = Vec::new();
            for step in evidence {
                if !seen.contains(&step) {
                    seen.push(step);
                }
            }
            Self::known(!decisive, seen)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::value::Reason;

    fn fact(value: Option<bool>) -> Fact<bool> {
        match value {
            Some(value) => Fact::known(value, Vec::new()),
            None => Fact::unknown(Reason::Parameter(Arc::from("P")), Vec::new()),
        }
    }

    #[test]
    fn one_decisive_fact_outweighs_unknowns() {
        let any = |values: &[Option<bool>]| Fact::any(values.iter().copied().map(fact)).value.ok();
        let all = |values: &[Option<bool>]| Fact::all(values.iter().copied().map(fact)).value.ok();
        assert_eq!(any(&[None, Some(true)]), Some(true));
        assert_eq!(any(&[None, Some(false)]), None);
        assert_eq!(any(&[]), Some(false));
        assert_eq!(all(&[None, Some(false)]), Some(false));
        assert_eq!(all(&[None, Some(true)]), None);
        assert_eq!(all(&[]), Some(true));
    }
}

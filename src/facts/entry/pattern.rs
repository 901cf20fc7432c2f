//! The patterns of listener rule conditions: matching, and whether one matches all that another does.

use std::collections::{BTreeMap, BTreeSet};

/// `*` stands for any number of characters, `?` for exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    tokens: Vec<Token>,
    folded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    One,
    Many,
}

/// Pairs of state sets that an inclusion test may visit. Honest patterns, which have at most 128 characters and a few
/// wildcards, stay far below.
const MAX_STATES: usize = 4_000;

impl Glob {
    pub(super) fn sensitive(text: &str) -> Self {
        Self::read(text, false, false)
    }

    /// Upper and lower case are the same.
    pub(super) fn folded(text: &str) -> Self {
        Self::read(text, true, false)
    }

    /// As [`Self::folded`], and a backslash makes the next `*`, `?` or backslash literal.
    pub(super) fn escaped(text: &str) -> Self {
        Self::read(text, true, true)
    }

    fn read(text: &str, folded: bool, escapes: bool) -> Self {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(next) = chars.next() {
            match next {
                '\\' if escapes && matches!(chars.peek(), Some('*' | '?' | '\\')) => {
                    tokens.extend(chars.next().map(Token::Literal));
                }
                '*' if tokens.last() == Some(&Token::Many) => {}
                '*' => tokens.push(Token::Many),
                '?' => tokens.push(Token::One),
                other if folded => tokens.extend(other.to_lowercase().map(Token::Literal)),
                other => tokens.push(Token::Literal(other)),
            }
        }
        Self { tokens, folded }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> =
            if self.folded { text.chars().flat_map(char::to_lowercase).collect() } else { text.chars().collect() };
        let (mut token, mut at) = (0, 0);
        // Where to go on when the text does not fit: after the last `*`, which then takes one character more.
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            let fits = match self.tokens.get(token) {
                Some(Token::Many) => {
                    retry = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                Some(Token::One) => true,
                Some(Token::Literal(wanted)) => text.get(at) == Some(wanted),
                None => false,
            };
            match retry.as_mut() {
                _ if fits => (token, at) = (token + 1, at + 1),
                Some((after, from)) => {
                    *from += 1;
                    (token, at) = (*after, *from);
                }
                None => return false,
            }
        }
        self.tokens.iter().skip(token).all(|token| *token == Token::Many)
    }

    /// Whether every text that `other` matches is matched by `self`. `false` also when it takes too long to tell.
    pub(super) fn includes(&self, other: &Self) -> bool {
        if !self.matches(&other.sample("")) {
            return false;
        }
        let (Some(ours), Some(theirs)) = (Automaton::new(self), Automaton::new(other)) else { return self == other };
        let named: BTreeSet<char> = ours.literals.keys().chain(theirs.literals.keys()).copied().collect();
        // `None` stands for every character that neither pattern names.
        let symbols: Vec<Option<char>> = named.into_iter().map(Some).chain([None]).collect();
        let mut seen = BTreeSet::new();
        let mut open = vec![(theirs.start(), ours.start())];
        while let Some((their, our)) = open.pop() {
            if theirs.accepts(their) && !ours.accepts(our) {
                return false;
            }
            for symbol in &symbols {
                let next = (theirs.advance(their, *symbol), ours.advance(our, *symbol));
                if next.0 != 0 && seen.insert(next) {
                    open.push(next);
                }
            }
            if seen.len() > MAX_STATES {
                return false;
            }
        }
        true
    }

    /// A text that it matches, with `many` for each `*`.
    pub(super) fn sample(&self, many: &str) -> String {
        let mut text = String::new();
        for token in &self.tokens {
            match token {
                Token::Literal(read) => text.push(*read),
                Token::One => text.push('x'),
                Token::Many => text.push_str(many),
            }
        }
        text
    }
}

/// A pattern as an automaton whose states are the places before and after its tokens, one bit each.
struct Automaton {
    literals: BTreeMap<char, u128>,
    one: u128,
    many: u128,
    end: u128,
}

impl Automaton {
    /// `None` for a pattern that is too long.
    fn new(glob: &Glob) -> Option<Self> {
        let mut automaton = Self { literals: BTreeMap::new(), one: 0, many: 0, end: 1 };
        for token in &glob.tokens {
            let bit = automaton.end;
            match token {
                Token::Literal(read) => *automaton.literals.entry(*read).or_default() |= bit,
                Token::One => automaton.one |= bit,
                Token::Many => automaton.many |= bit,
            }
            automaton.end = bit.checked_mul(2)?;
        }
        Some(automaton)
    }

    fn start(&self) -> u128 {
        self.close(1)
    }

    /// A `*` may match nothing, so the place before it includes the one after it. No two stand side by side.
    fn close(&self, states: u128) -> u128 {
        states | ((states & self.many) << 1)
    }

    fn advance(&self, states: u128, read: Option<char>) -> u128 {
        let literal = read.and_then(|read| self.literals.get(&read)).copied().unwrap_or(0);
        self.close(((states & (literal | self.one)) << 1) | (states & self.many))
    }

    fn accepts(&self, states: u128) -> bool {
        states & self.end != 0
    }
}

/// An IPv4 or IPv6 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    v6: bool,
    network: u128,
    prefix: u32,
}

impl Block {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let (v6, bits, width) = match address.parse::<std::net::IpAddr>().ok()? {
            std::net::IpAddr::V4(v4) => (false, u128::from(u32::from(v4)), 32),
            std::net::IpAddr::V6(v6) => (true, u128::from(v6), 128),
        };
        let prefix = prefix.map_or(Some(width), |text| text.parse().ok().filter(|prefix| *prefix <= width))?;
        let network = if prefix == 0 { 0 } else { (bits >> (width - prefix)) << (width - prefix) };
        Some(Self { v6, network, prefix })
    }

    pub(super) fn includes(self, other: Self) -> bool {
        let width = if self.v6 { 128 } else { 32 };
        let same = |shift: u32| shift >= 128 || self.network >> shift == other.network >> shift;
        self.v6 == other.v6 && self.prefix <= other.prefix && same(width - self.prefix)
    }

    /// The first address of the block.
    pub(super) fn first(self) -> std::net::IpAddr {
        if self.v6 {
            std::net::IpAddr::V6(self.network.into())
        } else {
            std::net::IpAddr::V4(u32::try_from(self.network).unwrap_or_default().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Block, Glob};

    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                naive(rest, text) || text.split_first().is_some_and(|(_, text)| naive(pattern, text))
            }
            (Some((b'?', rest)), Some((_, text))) => naive(rest, text),
            (Some((wanted, rest)), Some((read, text))) => wanted == read && naive(rest, text),
            _ => false,
        }
    }

    #[test]
    fn an_escaped_wildcard_is_literal_and_case_is_folded() {
        let glob = Glob::escaped(r"A\*b?");
        assert!(glob.matches("a*Bx"));
        assert!(!glob.matches("aabx"));
    }

    #[test]
    fn inclusion_of_well_known_patterns() {
        let includes = |a: &str, b: &str| Glob::sensitive(a).includes(&Glob::sensitive(b));
        assert!(includes("/*", "/admin/*"));
        assert!(includes("/a*", "/a?b*"));
        assert!(includes("*a*", "*ba"));
        assert!(!includes("/login", "/login*"));
        assert!(!includes("/Admin", "/admin"));
        assert!(!includes("/a?", "/a*"));
        let long = "a".repeat(300);
        assert!(includes(&long, &long));
        assert!(!includes(&format!("{long}*"), &long));
    }

    #[test]
    fn a_block_includes_its_parts_only() {
        let block = |text: &str| Block::parse(text).unwrap();
        assert!(block("10.0.0.0/8").includes(block("10.1.2.3")));
        assert!(!block("10.1.0.0/16").includes(block("10.0.0.0/8")));
        assert!(block("::/0").includes(block("2001:db8::/32")));
        assert!(!block("0.0.0.0/0").includes(block("::/0")));
        assert_eq!(Block::parse("10.0.0.0/33"), None);
    }

    proptest! {
        #[test]
        fn matching_agrees_with_a_naive_matcher(pattern in "[ab*?/]{0,7}", text in "[abc/]{0,7}") {
            prop_assert_eq!(Glob::sensitive(&pattern).matches(&text), naive(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn inclusion_never_claims_what_a_text_refutes(
            wide in "[ab*?]{0,6}", narrow in "[ab*?]{0,6}", text in "[abc]{0,7}",
        ) {
            let (wide, narrow) = (Glob::sensitive(&wide), Glob::sensitive(&narrow));
            if wide.includes(&narrow) {
                prop_assert!(!narrow.matches(&text) || wide.matches(&text));
            }
        }

        #[test]
        fn a_sample_matches_its_pattern(pattern in "[ab*?/]{0,9}", many in "[ab]{0,3}") {
            let glob = Glob::sensitive(&pattern);
            prop_assert!(glob.matches(&glob.sample(&many)));
        }
    }
}

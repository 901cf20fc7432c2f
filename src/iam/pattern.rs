//! Strings of a policy: literal text with `*` and `?`, policy variables, and parts whose text is only known later.

use std::fmt;
use std::sync::Arc;

use crate::value::Reason;

/// What a string in a policy is made of, before wildcards and variables are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(Arc<str>),
    /// Known to be one thing without wildcards, though its text is only known after deployment: `${Table.Arn}`.
    Symbol(Arc<str>),
    Unknown(Reason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Char(char),
    /// `?`: exactly one character.
    One,
    /// `*`: any text, the empty one included.
    Star,
    /// A policy variable such as `${aws:PrincipalTag/team}`, in lower case.
    Variable {
        name: Arc<str>,
        default: Option<Arc<str>>,
    },
    Symbol(Arc<str>),
    Unknown(Reason),
}

/// A pattern over strings. Equality is by tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub tokens: Vec<Token>,
}

/// How literal text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `${…}` is a policy variable: only in documents of version 2012-10-17.
    pub variables: bool,
    /// Actions compare without case; resources and most values do not.
    pub fold_case: bool,
}

/// Longest string that is read as a pattern, in bytes: the longest ARN there is. Source: "Amazon Resource Names" (IAM
/// API reference, `arnType`).
const MAX_PATTERN: usize = 2048;

impl Piece {
    /// Bytes of literal text.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Symbol(_) | Self::Unknown(_) => 0,
        }
    }
}

impl Pattern {
    pub fn new(pieces: &[Piece], reading: Reading) -> Self {
        if pieces.iter().map(Piece::size).sum::<usize>() > MAX_PATTERN {
            let reason = Reason::Limit(Arc::from("a text of the policy is longer than any ARN"));
            return Self { tokens: vec![Token::Unknown(reason)] };
        }
        let mut tokens = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => read_literal(text, reading, &mut tokens),
                Piece::Symbol(name) => tokens.push(Token::Symbol(Arc::clone(name))),
                Piece::Unknown(reason) => tokens.push(Token::Unknown(reason.clone())),
            }
        }
        Self { tokens }
    }

    /// A pattern without variables, compared without case: an action.
    pub fn action(text: &str) -> Self {
        Self::new(&[Piece::Literal(Arc::from(text))], Reading { variables: false, fold_case: true })
    }

    /// The first part that is not known and could be anything.
    pub fn reason(&self) -> Option<&Reason> {
        self.tokens.iter().find_map(|token| match token {
            Token::Unknown(reason) => Some(reason),
            _ => None,
        })
    }

    /// Nothing but `*`.
    pub fn is_any(&self) -> bool {
        !self.tokens.is_empty() && self.tokens.iter().all(|token| *token == Token::Star)
    }

    pub fn has_wildcard(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Star | Token::One))
    }

    /// The text, when every token is a literal character.
    pub fn literal(&self) -> Option<String> {
        self.tokens
            .iter()
            .map(|token| match token {
                Token::Char(char) => Some(*char),
                _ => None,
            })
            .collect()
    }

    /// The literal characters before the first other token.
    pub fn literal_prefix(&self) -> String {
        self.tokens
            .iter()
            .map_while(|token| match token {
                Token::Char(char) => Some(*char),
                _ => None,
            })
            .collect()
    }

    /// Whether the pattern matches a text. `None` when that depends on a part that is not known: a variable, a symbol
    /// or an unknown.
    pub fn matches(&self, text: &str) -> Option<bool> {
        let text: Vec<char> = text.chars().collect();
        let possible = glob(&self.tokens, &text, is_open, |token, char| match token {
            Token::Char(own) => own == char,
            _ => true,
        });
        let certain = !self.tokens.iter().any(|token| is_open(token) && *token != Token::Star);
        if possible && !certain { None } else { Some(possible) }
    }

    /// Whether every text of `other` is certainly matched by this pattern. Symbols and variables are compared by name;
    /// what is unknown is only covered by `*`. Sound, and complete for patterns without `?`.
    pub fn covers(&self, other: &Self) -> bool {
        glob(
            &self.tokens,
            &other.tokens,
            |token| *token == Token::Star,
            |own, token| match own {
                Token::One => matches!(token, Token::Char(_) | Token::One),
                Token::Unknown(_) => false,
                _ => own == token,
            },
        )
    }

    /// Whether some text may be matched by both patterns, as far as known: `false` is certain.
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.tokens, &other.tokens)
    }
}

/// Whether a token may stand for text of any length.
fn is_open(token: &Token) -> bool {
    !matches!(token, Token::Char(_) | Token::One)
}

/// Wildcard matching with backtracking to the last unbounded token only, which suffices because such a token can take
/// over whatever an earlier one gave up: O(pattern × text), no recursion.
fn glob<T>(
    pattern: &[Token],
    text: &[T],
    unbounded: impl Fn(&Token) -> bool,
    one: impl Fn(&Token, &T) -> bool,
) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(element) = text.get(read) {
        match pattern.get(at) {
            Some(token) if unbounded(token) => {
                retry = Some((at, read));
                at += 1;
            }
            Some(token) if one(token, element) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                at = star + 1;
                read = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(unbounded)
}

/// Reachability in the product of both patterns, with everything that is not a character as a star.
fn overlap(left: &[Token], right: &[Token]) -> bool {
    let star = |token: Option<&Token>| token.is_some_and(is_open);
    let width = right.len() + 1;
    let mut reachable = vec![false; (left.len() + 1) * width];
    let mark = |reachable: &mut Vec<bool>, index: usize| {
        if let Some(cell) = reachable.get_mut(index) {
            *cell = true;
        }
    };
    mark(&mut reachable, 0);
    for at in 0..=left.len() {
        for other in 0..=right.len() {
            if !reachable.get(at * width + other).copied().unwrap_or(false) {
                continue;
            }
            let (mine, theirs) = (left.get(at), right.get(other));
            // A star may end, or swallow whatever the other side has next.
            if star(mine) {
                mark(&mut reachable, (at + 1) * width + other);
                if theirs.is_some() {
                    mark(&mut reachable, at * width + other + 1);
                }
            }
            if star(theirs) {
                mark(&mut reachable, at * width + other + 1);
                if mine.is_some() {
                    mark(&mut reachable, (at + 1) * width + other);
                }
            }
            let same = match (mine, theirs) {
                (Some(Token::Char(a)), Some(Token::Char(b))) => a == b,
                (Some(Token::One), Some(Token::Char(_) | Token::One)) | (Some(Token::Char(_)), Some(Token::One)) => {
                    true
                }
                _ => false,
            };
            if same {
                mark(&mut reachable, (at + 1) * width + other + 1);
            }
        }
    }
    reachable.last().copied().unwrap_or(false)
}

fn read_literal(text: &str, reading: Reading, tokens: &mut Vec<Token>) {
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if reading.variables
            && let Some((inside, after)) = rest.strip_prefix("${").and_then(|tail| tail.split_once('}'))
        {
            tokens.push(match inside {
                "*" | "?" | "$" => Token::Char(inside.chars().next().unwrap_or('$')),
                _ => variable(inside),
            });
            rest = after;
            continue;
        }
        match char {
            '*' if tokens.last() == Some(&Token::Star) => {}
            '*' => tokens.push(Token::Star),
            '?' => tokens.push(Token::One),
            _ if reading.fold_case => tokens.extend(char.to_lowercase().map(Token::Char)),
            _ => tokens.push(Token::Char(char)),
        }
        rest = rest.get(char.len_utf8()..).unwrap_or_default();
    }
}

fn variable(inside: &str) -> Token {
    let (name, default) = match inside.split_once(',') {
        Some((name, default)) => (name, Some(Arc::from(default.trim().trim_matches('\'')))),
        None => (inside, None),
    };
    Token::Variable { name: Arc::from(name.trim().to_lowercase()), default }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.tokens {
            match token {
                Token::Char(char) => write!(f, "{char}")?,
                Token::One => f.write_str("?")?,
                Token::Star => f.write_str("*")?,
                Token::Variable { name, .. } => write!(f, "${{{name}}}")?,
                // People know a reference without the template it stands in.
                Token::Symbol(name) => write!(f, "${{{}}}", name.rsplit(['#', '/']).next().unwrap_or(name))?,
                Token::Unknown(_) => f.write_str("…")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const READING: Reading = Reading { variables: true, fold_case: false };

    fn pattern(text: &str) -> Pattern {
        Pattern::new(&[Piece::Literal(Arc::from(text))], READING)
    }

    /// The definition, without any cleverness.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => naive(rest, text) || !text.is_empty() && naive(pattern, &text[1..]),
            (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
            ([a, rest @ ..], [b, tail @ ..]) => a == b && naive(rest, tail),
            _ => false,
        }
    }

    fn holds(glob: &str, text: &str) -> bool {
        naive(&glob.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(glob in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(pattern(&glob).matches(&text), Some(holds(&glob, &text)));
        }

        #[test]
        fn what_is_covered_is_matched(wide in "[ab*?]{0,6}", narrow in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            if pattern(&wide).covers(&pattern(&narrow)) && holds(&narrow, &text) {
                prop_assert!(holds(&wide, &text));
            }
        }

        #[test]
        fn patterns_with_a_common_text_overlap(left in "[ab*?]{0,6}", right in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            if holds(&left, &text) && holds(&right, &text) {
                prop_assert!(pattern(&left).overlaps(&pattern(&right)));
            }
        }

        #[test]
        fn an_unknown_part_never_makes_an_answer_certain(before in "[ab*]{0,4}", hidden in "[ab*]{0,3}", after in "[ab*]{0,4}", text in "[ab]{0,6}") {
            let unknown = Pattern::new(
                &[
                    Piece::Literal(Arc::from(before.as_str())),
                    Piece::Unknown(Reason::Parameter(Arc::from("P"))),
                    Piece::Literal(Arc::from(after.as_str())),
                ],
                READING,
            );
            let known = holds(&format!("{before}{hidden}{after}"), &text);
            prop_assert!(unknown.matches(&text).is_none_or(|answer| answer == known));
            let wide = pattern(&format!("{before}{hidden}{after}"));
            prop_assert!(!unknown.covers(&wide) || unknown.reason().is_none());
        }
    }

    #[test]
    fn variables_are_read_and_their_escapes_are_literal() {
        assert_eq!(pattern("${*}").literal().as_deref(), Some("*"));
        let tokens = pattern("a/${AWS:username, 'guest'}").tokens;
        assert_eq!(tokens[2], Token::Variable { name: Arc::from("aws:username"), default: Some(Arc::from("guest")) });
        let old = Pattern::new(&[Piece::Literal(Arc::from("${x}"))], Reading { variables: false, fold_case: false });
        assert_eq!(old.literal().as_deref(), Some("${x}"));
        assert_eq!(pattern("${open").literal().as_deref(), Some("${open"));
    }

    #[test]
    fn symbols_are_compared_by_what_they_refer_to() {
        let of = |name: &str, rest: &str| {
            Pattern::new(&[Piece::Symbol(Arc::from(name)), Piece::Literal(Arc::from(rest))], READING)
        };
        assert!(of("t#Table.Arn", "*").covers(&of("t#Table.Arn", "/index/x")));
        assert!(!of("t#Table.Arn", "*").covers(&of("t#Other.Arn", "")));
        assert_eq!(of("t#Table.Arn", "/x").matches("arn/y"), Some(false));
        assert_eq!(of("t#Table.Arn", "/x").matches("arn/x"), None);
    }
}

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

impl Pattern {
    pub fn new(pieces: &[Piece], reading: Reading) -> Self {
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
                Token::Variable { name, .. } | Token::Symbol(name) => write!(f, "${{{name}}}")?,
                Token::Unknown(_) => f.write_str("…")?,
            }
        }
        Ok(())
    }
}

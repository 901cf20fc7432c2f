//! Rule files → [`RuleSet`]: the built-in ones, discovered from `rules/` at build time, and a user's own.

//! The predicate language: cfn-guard's syntax, parsed by the `cfn-guard` crate, compiled once into our own tree.
//! The only file that names that crate.

/// A compiled predicate.
#[derive(Clone, Debug)]
pub struct Predicate;

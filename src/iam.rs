//! The IAM policy language: documents, patterns, what they grant, and the dated data that names AWS's own policies
//! and actions. It knows nothing of the graph: whoever has a document turns it into a [`document::Raw`] tree.
//!
//! Source of the semantics: "IAM JSON policy elements reference" and "Policy evaluation logic" (IAM User Guide).

pub mod breadth;
pub mod catalogue;
pub mod condition;
pub mod document;
pub mod managed;
pub mod pattern;
pub mod shards;

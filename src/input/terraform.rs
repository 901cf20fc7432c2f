//! Terraform: root modules as source, and what plans and states say.
//!
//! `module` (a directory as it is written) → `evaluate` (instances, in one world) → `map` (CloudFormation's terms).

mod decode;
pub mod functions;
pub mod instance;
pub mod map;
pub mod module;
mod policy_document;
pub mod symbol;
pub mod types;
pub mod value;

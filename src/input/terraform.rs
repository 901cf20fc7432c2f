//! Terraform: root modules as source, and what plans and states say.
//!
//! `module` (a directory as it is written) → `evaluate` (instances, in one world) → `map` (CloudFormation's terms).

pub mod instance;
pub mod map;
pub mod module;
pub mod value;

//! How much a policy grants, by its content.

//! IAM roles and policies.

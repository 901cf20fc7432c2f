//! `sra-guard`: judges AWS architectures against the Security Reference Architecture.
//!
//! ```text
//!  text ──source──▶ spanned nodes ──input──▶ resources ──graph──▶ architecture ──facts──▶ facts ──rule──▶ findings ──report──▶ bytes
//!                                  (once for each world of open conditions)   ▲
//!                                                                       iam (policy language)
//! ```
//!
//! Invariants:
//! 1. Unknown is never pass. Turning any known input into an unknown one never improves a verdict.
//! 2. Absent is not unknown: the service's default decides.
//! 3. Conditions are named: a finding that holds only in some branch says so.
//! 4. Same input, same bytes out.
//! 5. No panic on any input; every walk is bounded, and past a bound the answer is unknown or an error.
//! 6. A broken rule or an unreadable file is an error, never a silent skip.
//! 7. Rules and reports do no I/O; only `main` prints; who may import whom is a test (`tests/it/layers.rs`).
//! 8. Secrets never leave the reader.

#[cfg(feature = "account")]
pub mod account;
pub mod cli;
pub mod diff;
pub mod facts;
pub mod finding;
pub mod graph;
pub mod iam;
pub mod input;
pub mod report;
pub mod rule;
pub mod scan;
pub mod source;
pub mod value;
pub mod world;

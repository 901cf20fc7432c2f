//! All integration tests in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a step that fails is a test that fails"
)]

mod cdk;
mod cli;
mod config_items;
mod deployed;
mod diff;
mod evidence;
mod examples;
mod folders;
mod guard;
mod kinds;
mod laws;
mod layers;
#[cfg(feature = "account")]
mod live;
#[cfg(feature = "account")]
mod loopback;
mod mapping;
mod mutants;
mod network;
#[cfg(feature = "account")]
mod publish;
mod readme;
mod reports;
mod rules;
mod schema;
mod snapshot;
mod support;
mod terraform;
mod terraform_functions;
mod twins;
mod unknowns;

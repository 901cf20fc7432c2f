//! What went wrong, in words for who must put it right: what the service said, or why it was not reached, without the layers
//! of the SDK in between.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::account::reader::{CallError, ended};
use crate::input::snapshot::format::Outcome;

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    why: String,
    /// A permission is missing.
    pub(super) denied: bool,
    /// The service answered.
    pub(super) answered: bool,
}

impl Refusal {
    /// Of a call of the SDK.
    pub(super) fn of_call<E: ProvideErrorMetadata + StdError + Send + Sync + 'static>(error: &CallError<E>) -> Self {
        // Without credentials no call is made.
        if let Some(credentials) = credentials(error).next() {
            return Self::of(credentials);
        }
        let (outcome, why) = ended(error);
        Self { why, denied: outcome == Outcome::Denied, answered: error.raw_response().is_some() }
    }

    /// Of what gives credentials.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let said = causes(error).filter_map(|cause| cause.downcast_ref::<ErrorMetadata>()).last();
        if let Some((code, metadata)) = said.and_then(|said| Some((said.code()?, said))) {
            let why =
                metadata.message().map_or_else(|| code.to_owned(), |message| format!("{code}: {}", line(message)));
            return Self {
                why,
                denied: ["AccessDenied", "Forbidden"].iter().any(|denied| code.starts_with(denied)),
                answered: true,
            };
        }
        let innermost = causes(error).last().map(ToString::to_string).unwrap_or_default();
        Self { why: line(&innermost), denied: false, answered: false }
    }

    pub(super) fn saying(why: &str) -> Self {
        Self { why: why.to_owned(), denied: false, answered: true }
    }

    /// What to look at when a role is refused.
    pub(super) fn hint(&self) -> &'static str {
        if self.denied {
            "; check that the role exists, that its trust policy allows who asks, and the external id that it may want"
        } else {
            ""
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// What should have given credentials and did not, the outermost first.
pub(super) fn credentials<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a CredentialsError> {
    causes(error).filter_map(|cause| cause.downcast_ref::<CredentialsError>())
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

/// The first line, which says it; whatever else a program has printed may be long.
fn line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason is given").to_owned()
}

//! What clients are made of: credentials, region, pace and patience.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::refusal::{self, Refusal};
use super::regions::ALL;
use super::{Access, Error};
use crate::input::collected::home_region;

/// One attempt of a call takes at most this long.
const ATTEMPT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// Attempts of the SDKs when nobody says how many. Source: "Retry behavior", AWS SDKs and Tools Reference Guide.
const UNTOLD: u32 = 3;

/// Attempts of a call when nobody says how many. Of thousands of calls to a service that slows its callers down, some are
/// refused several times in turn, and one that is given up leaves something unknown.
const ATTEMPTS: u32 = 8;

/// What the trail of an account calls the session.
pub(super) const SESSION_NAME: &str = "sra-guard";

impl Access {
    /// With the credentials that the AWS CLI would use.
    pub(super) async fn config(&self) -> Result<SdkConfig, Error> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(self.timeout.unwrap_or(ATTEMPT))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.regions.iter().find(|region| *region != ALL) {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let config = loader.load().await;
        // As many attempts as the environment or the profile says, but each service's pace follows its answers.
        let told = config.retry_config().map(RetryConfig::max_attempts).filter(|attempts| *attempts != UNTOLD);
        let attempts = told.unwrap_or(ATTEMPTS);
        let config = config.to_builder().retry_config(RetryConfig::adaptive().with_max_attempts(attempts)).build();
        // Which regions there are can be asked in any.
        let anywhere = (self.all_regions() && config.region().is_none()).then(|| Region::new(home_region("aws")));
        let config = match anywhere {
            Some(region) => config.to_builder().region(region).build(),
            None => config,
        };
        Box::pin(self.with_profile(config)).await
    }

    /// With the credentials of the role that was asked for.
    pub(super) async fn assume(&self, config: &SdkConfig, role: &str) -> Result<SdkConfig, Error> {
        let Some(device) = &self.mfa_serial else { return self.assume_without_code(config, role).await };
        let external_id = self.external_id.as_deref();
        let wanted = super::mfa::Wanted { role, external_id, device, session: None, seconds: None };
        Ok(with(config, self.assume_with_code(config, &wanted).await?))
    }

    pub(super) async fn assume_without_code(&self, config: &SdkConfig, role: &str) -> Result<SdkConfig, Error> {
        let external_id = self.external_id.as_deref();
        self.assume_role(config, &Role { arn: role, external_id, session: None, length: None }).await
    }

    /// With the credentials of a role, which is assumed at once, so that it is known whether it can be.
    pub(super) async fn assume_role(&self, config: &SdkConfig, role: &Role<'_>) -> Result<SdkConfig, Error> {
        if config.region().is_none() {
            return Err(Error::NoRegion);
        }
        let mut provider = AssumeRoleProvider::builder(role.arn).configure(config);
        provider = provider.session_name(role.session.unwrap_or(SESSION_NAME));
        if let Some(id) = role.external_id {
            provider = provider.external_id(id);
        }
        if let Some(length) = role.length {
            provider = provider.session_length(length);
        }
        let provider = provider.build().await;
        match provider.provide_credentials().await {
            // The provider renews what runs out.
            Ok(_) => Ok(with(config, provider)),
            Err(error) => match refusal::credentials(&error).nth(1) {
                Some(error) => Err(self.without_credentials(error).await),
                None => Err(Error::Role { role: role.arn.to_owned(), why: Refusal::of(&error) }),
            },
        }
    }
}

/// A role to assume.
pub(super) struct Role<'a> {
    pub arn: &'a str,
    pub external_id: Option<&'a str>,
    /// What the trail of the account calls the session.
    pub session: Option<&'a str>,
    /// How long each session shall last.
    pub length: Option<Duration>,
}

pub(super) fn with(config: &SdkConfig, credentials: impl ProvideCredentials + 'static) -> SdkConfig {
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

/// Refuses what cannot be called instead of a service.
pub(super) fn check(endpoint: Option<&str>) -> Result<(), Error> {
    let is_address = |endpoint: &str| {
        let rest = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
        rest.is_some_and(|host| host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '['))
    };
    match endpoint {
        Some(endpoint) if !is_address(endpoint) => Err(Error::NoAddress(endpoint.to_owned())),
        _ => Ok(()),
    }
}

//! What clients are made of: credentials, region, pace and patience.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};

use super::{ALL, Access, Error, innermost};

/// One attempt of a call takes at most this long.
const ATTEMPT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

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
        let attempts = config.retry_config().map_or(3, RetryConfig::max_attempts);
        let config = config.to_builder().retry_config(RetryConfig::adaptive().with_max_attempts(attempts)).build();
        Ok(match self.with_mfa(&config).await? {
            Some(credentials) => with(&config, credentials),
            None => config,
        })
    }

    /// With the credentials of a role, which is assumed at once, so that it is known whether it can be.
    pub(super) async fn assume(&self, config: &SdkConfig, role: &str) -> Result<SdkConfig, Error> {
        if let Some(device) = &self.mfa_serial {
            let wanted = super::mfa::Wanted {
                profile: self.profile.as_deref().unwrap_or("default"),
                role,
                external_id: self.external_id.as_deref(),
                device,
                seconds: None,
            };
            return Ok(with(config, self.assume_with_code(config, &wanted).await?));
        }
        let mut provider = AssumeRoleProvider::builder(role).session_name(SESSION_NAME).configure(config);
        if let Some(id) = &self.external_id {
            provider = provider.external_id(id);
        }
        let provider = provider.build().await;
        match provider.provide_credentials().await {
            // The provider renews what runs out.
            Ok(_) => {
                let credentials = SharedCredentialsProvider::new(provider);
                Ok(config.to_builder().credentials_provider(credentials).build())
            }
            Err(error) => Err(Error::Role { role: role.to_owned(), why: innermost(&error) }),
        }
    }
}

fn with(config: &SdkConfig, credentials: Credentials) -> SdkConfig {
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

//! Credentials, roles and regions: as the AWS CLI finds them.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::error::DisplayErrorContext;

/// Who reads, and where.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub profile: Option<String>,
    /// Regions by name, or `all` that the account has enabled; none is the profile's or the environment's.
    pub regions: Vec<String>,
    /// Assumed with the credentials that are found.
    pub role: Option<String>,
    pub external_id: Option<String>,
    /// Instead of the services' own addresses: an emulator, or a proxy.
    pub endpoint: Option<String>,
    /// For one attempt of one call.
    pub timeout: Option<Duration>,
}

/// Credentials that work, for one account.
#[derive(Clone, Debug)]
pub struct Session {
    /// In the region in which account-wide services are read.
    pub config: SdkConfig,
    pub account: String,
    pub partition: String,
    pub regions: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no region is given; give one with `--region`, or set it in the profile or in AWS_REGION")]
    NoRegion,
    #[error("the credentials do not work: {0}; check the profile, or sign in again")]
    Identity(String),
    #[error("the enabled regions of account {account} cannot be listed ({why}); name them with `--region`")]
    Regions { account: String, why: String },
    #[error("`{0}` is no ARN of an account")]
    NoArn(String),
}

/// Sends one attempt of a call at most this long.
const ATTEMPT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

impl Access {
    /// Finds credentials and asks whose they are.
    pub async fn open(&self) -> Result<Session, Error> {
        let config = self.config().await;
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let identity = identity.map_err(|error| Error::Identity(innermost(&error)))?;
        let arn = identity.arn().unwrap_or_default();
        let partition = arn.split(':').nth(1).ok_or_else(|| Error::NoArn(arn.to_owned()))?.to_owned();
        let account = identity.account().ok_or_else(|| Error::NoArn(arn.to_owned()))?.to_owned();
        let regions = match self.regions.as_slice() {
            [] => vec![region],
            [all] if all == "all" => enabled(&config, &account).await?,
            named => named.to_vec(),
        };
        Ok(Session { config, account, partition, regions })
    }

    async fn config(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(self.timeout.unwrap_or(ATTEMPT))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.regions.iter().find(|region| *region != "all") {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let config = loader.load().await;
        // As many attempts as the environment or the profile says, but each service's pace follows its answers.
        let attempts = config.retry_config().map_or(3, RetryConfig::max_attempts);
        let mut builder = config.to_builder().retry_config(RetryConfig::adaptive().with_max_attempts(attempts));
        if let Some(role) = &self.role {
            let mut provider = AssumeRoleProvider::builder(role).session_name("sra-guard").configure(&config);
            if let Some(id) = &self.external_id {
                provider = provider.external_id(id);
            }
            builder = builder.credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                provider.build().await,
            ));
        }
        builder.build()
    }
}

impl Session {
    /// What clients of a region are made of.
    pub fn in_region(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// Where account-wide services are read. Source: "Global services", AWS Fault Isolation Boundaries.
    pub fn home_region(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "cn-northwest-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

/// The regions that an account has enabled.
async fn enabled(config: &SdkConfig, account: &str) -> Result<Vec<String>, Error> {
    let answer = aws_sdk_ec2::Client::new(config).describe_regions().all_regions(false).send().await;
    let answer = answer.map_err(|error| Error::Regions { account: account.to_owned(), why: innermost(&error) })?;
    let mut regions: Vec<String> =
        answer.regions().iter().filter_map(|region| region.region_name().map(str::to_owned)).collect();
    regions.sort();
    Ok(regions)
}

/// What went wrong, without the layers that it went through.
fn innermost<E: std::error::Error + 'static>(error: &E) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    if text.is_empty() { DisplayErrorContext(error).to_string() } else { text }
}

//! Credentials, accounts and regions: as the AWS CLI finds them.
//!
//! `config` makes what clients are made of, `mfa` asks for the code that some roles want, `members` finds further accounts.
//! An account that cannot be entered is no failure of the others: it is [`Closed`], and the snapshot says so.

mod config;
mod members;
mod mfa;

use std::path::PathBuf;
use std::time::Duration;

use aws_config::{Region, SdkConfig};

pub use members::Entry;

use crate::input::collected::home_region;

/// Who reads, and where.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub profile: Option<String>,
    /// Regions by name, or `all` that the account has enabled; none is the profile's or the environment's.
    pub regions: Vec<String>,
    /// Role to assume with the credentials that are found: an ARN; in other accounts also its name alone.
    pub role: Option<String>,
    pub external_id: Option<String>,
    /// Device whose code the role asks for, unless the profile names one.
    pub mfa_serial: Option<String>,
    /// Instead of the services' own addresses: an emulator, or a proxy.
    pub endpoint: Option<String>,
    /// For one attempt of one call.
    pub timeout: Option<Duration>,
    pub accounts: Accounts,
    /// Asks whoever sits at the terminal for the code of an MFA device; `None` when nobody does.
    pub ask: Option<Ask>,
}

/// Asks for the code of a device. `None` when none is given.
pub type Ask = fn(&str) -> Option<String>;

/// Which accounts to read.
#[derive(Clone, Debug, Default)]
pub enum Accounts {
    /// That of the credentials.
    #[default]
    Own,
    /// Those that a file lists.
    Listed(PathBuf),
    /// All active ones of the organization, or of these of its units and what is below them.
    Organization { units: Vec<String> },
}

/// Credentials that work, for one account.
#[derive(Clone, Debug)]
pub struct Session {
    /// In the region that was named first.
    pub config: SdkConfig,
    pub account: String,
    pub partition: String,
    pub regions: Vec<String>,
}

/// An account that could not be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub account: String,
    pub partition: String,
    /// What was tried: `sts:AssumeRole`.
    pub api: &'static str,
    pub why: String,
    /// The permission is missing; else it may work another time.
    pub denied: bool,
}

/// The accounts that were asked for.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    pub sessions: Vec<Session>,
    pub closed: Vec<Closed>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no region is given; give one with `--region`, or set it in the profile or in AWS_REGION")]
    NoRegion,
    #[error("the credentials do not work: {0}; check the profile, or sign in again")]
    Identity(String),
    #[error("the enabled regions of account {account} cannot be listed ({why}); name them with `--region`")]
    Regions { account: String, why: String },
    #[error("`{0}` is no ARN of an identity")]
    NoArn(String),
    #[error("`{0}` is no ARN of a role; the name alone is enough only with `--accounts` or `--organization`")]
    NoRole(String),
    #[error("`--assume-role` is needed: the name of the role to assume in each account")]
    NoRoleName,
    #[error("{0}")]
    Accounts(String),
    #[error(
        "the accounts of the organization cannot be listed: {0}; this takes the management account or a delegated administrator"
    )]
    Organization(String),
    #[error("the configuration of the AWS CLI cannot be read: {0}")]
    Profile(String),
    #[error(
        "profile `{profile}` asks for a code of the MFA device `{device}`; run this in a terminal, or use credentials of a session"
    )]
    NoCode { profile: String, device: String },
    #[error("role `{role}` cannot be assumed: {why}")]
    Role { role: String, why: String },
}

impl Access {
    /// Finds credentials and asks whose they are, in each account that is asked for.
    pub async fn open(&self) -> Result<Opened, Error> {
        let config = self.config().await?;
        match &self.accounts {
            Accounts::Own => {
                let config = match &self.role {
                    Some(role) if !role.starts_with("arn:") => return Err(Error::NoRole(role.clone())),
                    Some(role) => self.assume(&config, role).await?,
                    None => config,
                };
                Ok(Opened { sessions: vec![self.session(config).await?], closed: Vec::new() })
            }
            Accounts::Listed(path) => {
                let entries = members::listed(path).map_err(Error::Accounts)?;
                self.enter(&config, entries).await
            }
            Accounts::Organization { units } => {
                let entries = members::of_organization(&config, units).await?;
                self.enter(&config, entries).await
            }
        }
    }

    /// Assumes the role in each account but the own one.
    async fn enter(&self, config: &SdkConfig, entries: Vec<Entry>) -> Result<Opened, Error> {
        let own = self.identity(config).await?;
        let mut opened = Opened::default();
        for entry in entries {
            let role = match (&entry.role, &self.role) {
                (Some(role), _) => Some(role.clone()),
                (None, Some(role)) if role.starts_with("arn:") => return Err(Error::NoRoleName),
                (None, Some(name)) => Some(format!("arn:{}:iam::{}:role/{name}", own.partition, entry.account)),
                (None, None) => None,
            };
            let session = match role {
                _ if entry.role.is_none() && entry.account == own.account => self.session(config.clone()).await,
                Some(role) => match self.assume(config, &role).await {
                    Ok(config) => self.session(config).await,
                    Err(error) => Err(error),
                },
                None => return Err(Error::NoRoleName),
            };
            match session {
                Ok(session) => opened.sessions.push(session),
                Err(error) => opened.closed.push(Closed {
                    account: entry.account,
                    partition: own.partition.clone(),
                    api: "sts:AssumeRole",
                    denied: matches!(error, Error::Role { .. } | Error::Identity(_)),
                    why: error.to_string(),
                }),
            }
        }
        Ok(opened)
    }

    async fn session(&self, config: SdkConfig) -> Result<Session, Error> {
        let identity = self.identity(&config).await?;
        let regions = match self.regions.as_slice() {
            [] => vec![config.region().ok_or(Error::NoRegion)?.to_string()],
            [all] if all == ALL => enabled(&config, &identity.account).await?,
            named => named.to_vec(),
        };
        Ok(Session { config, account: identity.account, partition: identity.partition, regions })
    }

    /// Whose credentials they are.
    async fn identity(&self, config: &SdkConfig) -> Result<Identity, Error> {
        if config.region().is_none() {
            return Err(Error::NoRegion);
        }
        let answer = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| Error::Identity(innermost(&error)))?;
        let arn = answer.arn().unwrap_or_default();
        match (arn.split(':').nth(1), answer.account()) {
            (Some(partition), Some(account)) => {
                Ok(Identity { account: account.to_owned(), partition: partition.to_owned() })
            }
            _ => Err(Error::NoArn(arn.to_owned())),
        }
    }
}

struct Identity {
    account: String,
    partition: String,
}

/// All regions that an account has enabled.
const ALL: &str = "all";

impl Session {
    /// What clients of a region are made of.
    pub fn in_region(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }

    /// Where account-wide services are read.
    pub fn home_region(&self) -> &'static str {
        home_region(&self.partition)
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
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

//! Credentials, accounts and regions: as the AWS CLI finds them.
//!
//! | file | |
//! |---|---|
//! | `config` | what clients are made of |
//! | `profile` | the profile that was asked for, and those that it builds upon |
//! | `mfa` | roles that want a code |
//! | `members` | further accounts |
//! | `regions` | names of regions, and which of them an account has enabled |
//! | `refusal` | what went wrong, in words |
//!
//! An account that cannot be entered is no failure of the others: it is [`Closed`], and the snapshot says so.

mod config;
mod members;
mod mfa;
mod profile;
mod refusal;
mod regions;

use std::path::PathBuf;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use futures_util::StreamExt as _;

pub use members::{Entry, listed};
pub use regions::is_name as is_region_name;

use self::members::is_role;
use self::refusal::Refusal;
use crate::input::collected::home_region;

/// Who reads, and where.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub profile: Option<String>,
    /// Regions by name, or `all` that the account has enabled; none is the profile's or the environment's.
    pub regions: Vec<String>,
    /// Do not ask which regions there are: for who reads nothing in them.
    pub regions_as_named: bool,
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

/// Asks a question. `None` when it is not answered.
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

/// An account that could not be entered, or one region of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub account: String,
    pub partition: String,
    /// Nothing for the whole account.
    pub region: Option<String>,
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
    #[error("`{0}` is no region; they are called like `eu-central-1`, and `all` stands for those that are enabled")]
    NoRegionName(String),
    #[error("`{region}` is no region of partition `{partition}`, which account {account} is in; check its name")]
    NoSuchRegion { region: String, partition: String, account: String },
    #[error("region `{region}` is not enabled in account {account}; leave it out, or give `--region all`")]
    Disabled { region: String, account: String },
    #[error("the enabled regions of account {account} cannot be listed ({why}); name them with `--region`")]
    Regions { account: String, why: Refusal },
    #[error("`{0}` is no address to call; write for instance `http://127.0.0.1:4566`")]
    NoAddress(String),
    #[error("{0}")]
    Credentials(String),
    #[error(
        "the credentials are refused in region `{region}`: {why}; check the profile and the region, or sign in again"
    )]
    Identity { region: String, why: Refusal },
    #[error(
        "whose credentials these are cannot be asked in region `{region}`: {why}; check the region and the network"
    )]
    Unreachable { region: String, why: Refusal },
    #[error("`{0}` is no ARN of an identity")]
    NoArn(String),
    #[error("`{0}` is no ARN of a role; the name alone is enough only with `--accounts` or `--organization`")]
    NoRole(String),
    #[error("`{0}` is a role of one account; with `--accounts` and `--organization` give the name of a role alone")]
    NoRoleName(String),
    #[error("`--assume-role` is needed: the name of the role to assume in each account")]
    NoRoleGiven,
    #[error("{0}")]
    Accounts(String),
    #[error(
        "the accounts of the organization cannot be listed: {0}; this takes the management account or a delegated administrator"
    )]
    Organization(Refusal),
    #[error("what is in organizational unit `{unit}` cannot be listed: {why}; check its id")]
    Unit { unit: String, why: Refusal },
    #[error("there is no active account in {0}")]
    NoMembers(String),
    #[error("none of the {count} accounts can be entered; of {account}: {why}")]
    AllClosed { count: usize, account: String, why: String },
    #[error("the configuration of the AWS CLI cannot be read: {0}")]
    Profile(String),
    #[error("there is no profile `{0}` in the configuration of the AWS CLI; `aws configure list-profiles` lists them")]
    NoProfile(String),
    #[error("profile `{of}` builds upon profile `{name}`, which does not exist; check its `source_profile`")]
    NoSourceProfile { name: String, of: String },
    #[error(
        "role `{role}` wants a code of the MFA device `{device}`; run this in a terminal, or give credentials of a session \
         that was begun with a code"
    )]
    NoCode { role: String, device: String },
    #[error("no code of the MFA device `{0}` was given, six digits")]
    NotAnswered(String),
    #[error("no session can be begun with the MFA device `{device}`: {why}")]
    Session { device: String, why: Refusal },
    #[error("role `{role}` cannot be assumed: {why}{hint}", hint = .why.hint())]
    Role { role: String, why: Refusal },
}

impl Error {
    /// Whether a permission is missing; else it may work another time.
    fn is_denial(&self) -> bool {
        match self {
            Self::Identity { why, .. } | Self::Role { why, .. } | Self::Regions { why, .. } => why.denied,
            _ => false,
        }
    }
}

/// Accounts that are entered at once.
const AT_ONCE: usize = 8;

impl Access {
    /// Finds credentials and asks whose they are, in each account that is asked for. `progress` is told how many accounts were
    /// tried, of how many.
    pub async fn open(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Opened, Error> {
        regions::check(&self.regions)?;
        config::check(self.endpoint.as_deref())?;
        let own_role = match (&self.accounts, &self.role) {
            (Accounts::Own, Some(role)) if is_role(role) => Some(role),
            (Accounts::Own, Some(role)) => return Err(Error::NoRole(role.clone())),
            (_, Some(role)) if role.starts_with("arn:") => return Err(Error::NoRoleName(role.clone())),
            _ => None,
        };
        let listed = match &self.accounts {
            Accounts::Listed(path) => members::listed(path).map_err(Error::Accounts)?,
            _ => Vec::new(),
        };
        if self.role.is_none() && listed.iter().any(|entry| entry.role.is_none()) {
            return Err(Error::NoRoleGiven);
        }
        let config = Box::pin(self.config()).await?;
        match &self.accounts {
            Accounts::Own => {
                let config = match own_role {
                    Some(role) => self.assume(&config, role).await?,
                    None => config,
                };
                let (session, closed) = self.session(config).await?;
                match closed.into_iter().next().and_then(|closed| closed.region) {
                    Some(region) => Err(Error::Disabled { region, account: session.account }),
                    None => Ok(Opened { sessions: vec![session], closed: Vec::new() }),
                }
            }
            Accounts::Listed(_) => self.enter(config, listed, progress).await,
            Accounts::Organization { units } => {
                let entries = members::of_organization(&config, units).await?;
                self.enter(config, entries, progress).await
            }
        }
    }

    /// Assumes the role in each account but the own one.
    async fn enter(
        &self,
        config: SdkConfig,
        entries: Vec<Entry>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Opened, Error> {
        let own = self.identity(&config).await?;
        // A code opens one session, from which all roles are assumed.
        let config = match &self.mfa_serial {
            Some(device) => self.with_session(config, device).await?,
            None => config,
        };
        let count = entries.len();
        let tried = futures_util::stream::iter(entries).map(|entry| async {
            let entered = self.enter_one(&config, &own, &entry).await;
            (entry.account, entered)
        });
        let mut tried = std::pin::pin!(tried.buffered(AT_ONCE).enumerate());
        let mut opened = Opened::default();
        while let Some((before, (account, entered))) = tried.next().await {
            progress(before + 1, count);
            match entered {
                Ok((session, closed)) => {
                    opened.sessions.push(session);
                    opened.closed.extend(closed);
                }
                Err(error @ (Error::NoRegion | Error::NoSuchRegion { .. })) => return Err(error),
                Err(error) => opened.closed.push(Closed {
                    account,
                    partition: own.partition.clone(),
                    region: None,
                    api: if matches!(error, Error::Regions { .. }) { regions::LIST } else { "sts:AssumeRole" },
                    denied: error.is_denial(),
                    why: error.to_string(),
                }),
            }
        }
        match opened.closed.first() {
            Some(closed) if opened.sessions.is_empty() => {
                let (account, why) = (closed.account.clone(), closed.why.clone());
                Err(Error::AllClosed { count, account, why })
            }
            _ => Ok(opened),
        }
    }

    async fn enter_one(
        &self,
        config: &SdkConfig,
        own: &Identity,
        entry: &Entry,
    ) -> Result<(Session, Vec<Closed>), Error> {
        let role = match (&entry.role, &self.role) {
            (Some(role), _) => role.clone(),
            (None, _) if entry.account == own.account => return self.session(config.clone()).await,
            (None, Some(name)) => format!("arn:{}:iam::{}:role/{name}", own.partition, entry.account),
            (None, None) => return Err(Error::NoRoleGiven),
        };
        self.session(self.assume_without_code(config, &role).await?).await
    }

    /// The session of credentials, and the regions that the account has not enabled.
    async fn session(&self, config: SdkConfig) -> Result<(Session, Vec<Closed>), Error> {
        let Identity { account, partition } = self.identity(&config).await?;
        let (regions, disabled) = self.regions(&config, &account, &partition).await?;
        let closed = disabled.into_iter().map(|region| Closed {
            account: account.clone(),
            partition: partition.clone(),
            api: regions::STATUS,
            why: Error::Disabled { region: region.clone(), account: account.clone() }.to_string(),
            region: Some(region),
            denied: false,
        });
        let closed = closed.collect();
        Ok((Session { config, account, partition, regions }, closed))
    }

    /// Whose credentials they are.
    async fn identity(&self, config: &SdkConfig) -> Result<Identity, Error> {
        let region = config.region().ok_or(Error::NoRegion)?.to_string();
        let answer = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.refused(&error, region).await),
        };
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

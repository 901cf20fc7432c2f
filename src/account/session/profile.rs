//! The profile that was asked for, and those that it builds upon.
//!
//! The SDK follows `role_arn` and `source_profile` of a profile by itself, but never asks for a code of an MFA device, and
//! assumes roles at the service's own address whatever other was given. So those chains are followed here. It also takes keys
//! of the environment before a profile that was asked for by name, which the AWS CLI does not. Source: "Configuration and
//! credential precedence" and "Using an IAM role in the AWS CLI", AWS Command Line Interface user guide.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::os_shim_internal::{Env, Fs};

use super::config::{Role, with};
use super::mfa::Wanted;
use super::refusal::Refusal;
use super::{Access, Error};
use crate::account::reader::CallError;

/// A chain of profiles is not longer than this.
const MAX_CHAIN: usize = 8;

impl Access {
    /// With the credentials of the profile, as far as the SDK does not find them by itself.
    pub(super) async fn with_profile(&self, config: SdkConfig) -> Result<SdkConfig, Error> {
        let profiles = profiles(&Fs::default(), &Env::default()).await?;
        let name = self.profile_name(&profiles);
        if profiles.get_profile(&name).is_none() {
            let wanted = self.profile.is_some() || is_set("AWS_PROFILE");
            return if wanted { Err(Error::NoProfile(name)) } else { Ok(config) };
        }
        if self.profile.is_none() && is_set("AWS_ACCESS_KEY_ID") {
            return Ok(config);
        }
        let chain = chain(&profiles, &name)?;
        if let Some(other) = chain.iter().find(|profile| profile.get("login_session").is_some()) {
            let name = other.name();
            return Err(Error::Credentials(format!(
                "profile `{name}` was signed in with `aws login`, which this program cannot use; put its credentials into the \
                 environment with `aws configure export-credentials --profile {name} --format env`"
            )));
        }
        let is_followed = |profile: &&Profile| {
            profile.get("mfa_serial").is_some() || (self.endpoint.is_some() && profile.get("role_arn").is_some())
        };
        let builds_upon = |profile: &&Profile| profile.get("source_profile").is_some();
        let first = chain.iter().rposition(|profile| is_followed(profile) && builds_upon(profile));
        match first.and_then(|first| Some((first, chain.get(first)?))) {
            Some((first, innermost)) => {
                let links = chain.iter().take(first + 1).rev().copied();
                self.follow(base(&config, innermost), links).await
            }
            None if self.profile.is_some() => Ok(with(&config, provider(&config, &name))),
            None => Ok(config),
        }
    }

    /// Assumes the roles of profiles, one from the other.
    async fn follow(&self, base: SdkConfig, profiles: impl Iterator<Item = &Profile>) -> Result<SdkConfig, Error> {
        if base.region().is_none() {
            return Err(Error::NoRegion);
        }
        let mut config = base;
        for profile in profiles {
            let Some(arn) = profile.get("role_arn") else { continue };
            let seconds = profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok());
            let (external_id, session) = (profile.get("external_id"), profile.get("role_session_name"));
            config = if let Some(device) = profile.get("mfa_serial") {
                let wanted = Wanted { role: arn, external_id, device, session, seconds };
                with(&config, self.assume_with_code(&config, &wanted).await?)
            } else {
                let length = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
                self.assume_role(&config, &Role { arn, external_id, session, length }).await?
            };
        }
        Ok(config)
    }

    fn profile_name(&self, profiles: &ProfileSet) -> String {
        self.profile.clone().unwrap_or_else(|| profiles.selected_profile().to_owned())
    }

    /// Why a call was refused that tells whose the credentials are.
    pub(super) async fn refused<E>(&self, error: &CallError<E>, region: String) -> Error
    where
        E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if let Some(error) = super::refusal::credentials(error).last() {
            return self.without_credentials(error).await;
        }
        let why = Refusal::of_call(error);
        if why.answered { Error::Identity { region, why } } else { Error::Unreachable { region, why } }
    }

    /// Why there are no credentials, and where to get some.
    pub(super) async fn without_credentials(&self, error: &CredentialsError) -> Error {
        let why = Refusal::of(error);
        let profiles = profiles(&Fs::default(), &Env::default()).await.ok();
        let name = profiles.as_ref().map(|profiles| self.profile_name(profiles)).unwrap_or_default();
        let chain = profiles.as_ref().and_then(|profiles| chain(profiles, &name).ok()).unwrap_or_default();
        let setting = |key: &str| chain.iter().find_map(|profile| profile.get(key)).map(str::to_owned);
        let is_sso = setting("sso_session").or_else(|| setting("sso_start_url")).is_some();
        let whose = if chain.is_empty() { "the credentials".to_owned() } else { format!("those of profile `{name}`") };
        Error::Credentials(match error {
            CredentialsError::CredentialsNotLoaded(_) if self.profile.is_none() => {
                "there are no credentials, neither in the environment, nor in a profile, nor of a container or an instance; \
                 sign in, or name a profile with `--profile`"
                    .to_owned()
            }
            _ if is_sso && why.denied => {
                format!("profile `{name}` gets no credentials: {why}; check that its account and role are assigned to you")
            }
            _ if is_sso => format!(
                "the single sign-on of profile `{name}` is missing or has expired ({why}); sign in with `aws sso login \
                 --profile {name}`"
            ),
            _ => match setting("web_identity_token_file").or_else(|| std::env::var("AWS_WEB_IDENTITY_TOKEN_FILE").ok()) {
                Some(file) if !why.answered => {
                    format!("there are no credentials: the web identity token `{file}` cannot be used: {why}")
                }
                _ => format!("there are no credentials, because {whose} cannot be had: {}", program(&why)),
            },
        })
    }
}

/// What a `credential_process` has said, if it is one that failed.
fn program(why: &Refusal) -> String {
    let why = why.to_string();
    match why.split_once("external process exited with code ") {
        Some((_, rest)) => {
            format!("`credential_process` failed, {}", rest.replace(". Stderr:", ":").trim_end_matches(':'))
        }
        None => why,
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// With the credentials of the profile that another builds upon.
fn base(config: &SdkConfig, profile: &Profile) -> SdkConfig {
    let name = profile.get("source_profile").unwrap_or_default();
    let keys = profile.get("aws_access_key_id").zip(profile.get("aws_secret_access_key"));
    match keys.filter(|_| name == profile.name()) {
        // It assumes its role with keys of its own.
        Some((key, secret)) => {
            let token = profile.get("aws_session_token").map(str::to_owned);
            with(config, Credentials::new(key, secret, token, None, "Profile"))
        }
        None => with(config, provider(config, name)),
    }
}

fn provider(config: &SdkConfig, profile: &str) -> ProfileFileCredentialsProvider {
    let settings = ProviderConfig::without_region().with_region(config.region().cloned());
    ProfileFileCredentialsProvider::builder().configure(&settings).profile_name(profile).build()
}

/// The profiles of the AWS CLI's two files.
#[expect(clippy::default_trait_access, reason = "the type is that of a crate which the SDK's users need not name")]
async fn profiles(files: &Fs, environment: &Env) -> Result<ProfileSet, Error> {
    let profiles = aws_config::profile::load(files, environment, &Default::default(), None).await;
    profiles.map_err(|error| Error::Profile(Refusal::of(&error).to_string()))
}

/// A profile and those that it builds upon, one by the other.
fn chain<'p>(profiles: &'p ProfileSet, name: &str) -> Result<Vec<&'p Profile>, Error> {
    let mut chain: Vec<&Profile> = Vec::new();
    let mut next = profiles.get_profile(name);
    while let Some(profile) = next.filter(|_| chain.len() < MAX_CHAIN) {
        if chain.iter().any(|known| known.name() == profile.name()) {
            break;
        }
        chain.push(profile);
        let Some(source) = profile.get("source_profile") else { break };
        next = profiles.get_profile(source);
        if next.is_none() {
            return Err(Error::NoSourceProfile { name: source.to_owned(), of: profile.name().to_owned() });
        }
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn set(config: &'static str) -> ProfileSet {
        let (env, files) =
            (Env::from_slice(&[("HOME", "/home/me")]), Fs::from_slice(&[("/home/me/.aws/config", config)]));
        profiles(&files, &env).await.unwrap()
    }

    #[tokio::test]
    async fn a_chain_follows_source_profiles_once() {
        let config = "[profile audit]\nsource_profile = hub\n[profile hub]\nsource_profile = base\nmfa_serial = device\n\
                      [profile base]\nsource_profile = audit\n";
        let set = set(config).await;
        let names: Vec<&str> = chain(&set, "audit").unwrap().iter().map(|profile| profile.name()).collect();
        assert_eq!(names, ["audit", "hub", "base"]);
        assert!(chain(&set, "nobody").unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_chain_that_leads_nowhere_is_named() {
        let set = set("[profile audit]\nsource_profile = hub\n[profile hub]\nsource_profile = none\n").await;
        let error = chain(&set, "audit").unwrap_err().to_string();
        assert!(error.starts_with("profile `hub` builds upon profile `none`, which does not exist"), "{error}");
    }
}

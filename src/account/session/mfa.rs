//! Roles that ask for a code of an MFA device.
//!
//! The SDK follows `role_arn` and `source_profile` of a profile by itself, but never asks for a code; the AWS CLI does. So a
//! profile with `mfa_serial` (or one that its chain of `source_profile` leads to) is followed here. Source: "Using an IAM
//! role in the AWS CLI", AWS Command Line Interface user guide.

use aws_config::SdkConfig;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::os_shim_internal::{Env, Fs};

use super::config::SESSION_NAME;
use super::{Access, Error, innermost};

/// A role and the device whose code it wants.
pub(super) struct Wanted<'a> {
    pub profile: &'a str,
    pub role: &'a str,
    pub external_id: Option<&'a str>,
    pub device: &'a str,
    /// How long the session shall last.
    pub seconds: Option<i32>,
}

/// A chain of profiles is not longer than this.
const MAX_CHAIN: usize = 8;

impl Access {
    /// Credentials of the profile, when it or one that it builds upon asks for a code.
    pub(super) async fn with_mfa(&self, config: &SdkConfig) -> Result<Option<Credentials>, Error> {
        let profiles = profiles(&Fs::default(), &Env::default()).await?;
        let name = self.profile.clone().unwrap_or_else(|| profiles.selected_profile().to_owned());
        // Keys in the environment come before profiles, unless a profile is asked for.
        if self.profile.is_none() && std::env::var_os("AWS_ACCESS_KEY_ID").is_some() {
            return Ok(None);
        }
        let chain = chain(&profiles, &name);
        let Some(first) = chain.iter().rposition(|profile| profile.get("mfa_serial").is_some()) else {
            return Ok(None);
        };
        // From what the innermost of them builds upon, outwards.
        let Some(base) = chain.get(first).and_then(|profile| profile.get("source_profile")) else { return Ok(None) };
        let provider = ProfileFileCredentialsProvider::builder().profile_name(base).build();
        let mut config = config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        let mut credentials = None;
        for profile in chain.iter().take(first + 1).rev() {
            let Some(role) = profile.get("role_arn") else { continue };
            let assumed = match profile.get("mfa_serial") {
                Some(device) => {
                    let wanted = Wanted {
                        profile: profile.name(),
                        role,
                        external_id: profile.get("external_id"),
                        device,
                        seconds: profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok()),
                    };
                    self.assume_with_code(&config, &wanted).await?
                }
                None => assume(&config, role, profile.get("external_id")).await?,
            };
            config = config.to_builder().credentials_provider(SharedCredentialsProvider::new(assumed.clone())).build();
            credentials = Some(assumed);
        }
        Ok(credentials)
    }

    /// Assumes a role with a code that is asked for.
    pub(super) async fn assume_with_code(&self, config: &SdkConfig, wanted: &Wanted<'_>) -> Result<Credentials, Error> {
        let code = self.ask.and_then(|ask| ask(wanted.device));
        let code =
            code.ok_or_else(|| Error::NoCode { profile: wanted.profile.to_owned(), device: wanted.device.to_owned() })?;
        let answer = aws_sdk_sts::Client::new(config)
            .assume_role()
            .role_arn(wanted.role)
            .role_session_name(SESSION_NAME)
            .set_external_id(wanted.external_id.map(str::to_owned))
            .set_duration_seconds(wanted.seconds)
            .serial_number(wanted.device)
            .token_code(code.trim())
            .send()
            .await;
        credentials(wanted.role, answer.map(|answer| answer.credentials))
    }
}

async fn assume(config: &SdkConfig, role: &str, external_id: Option<&str>) -> Result<Credentials, Error> {
    let answer = aws_sdk_sts::Client::new(config)
        .assume_role()
        .role_arn(role)
        .role_session_name(SESSION_NAME)
        .set_external_id(external_id.map(str::to_owned))
        .send()
        .await;
    credentials(role, answer.map(|answer| answer.credentials))
}

fn credentials<E: std::error::Error + 'static>(
    role: &str,
    answer: Result<Option<aws_sdk_sts::types::Credentials>, E>,
) -> Result<Credentials, Error> {
    let failed = |why: String| Error::Role { role: role.to_owned(), why };
    let given = answer.map_err(|error| failed(innermost(&error)))?;
    let given = given.ok_or_else(|| failed("the answer has no credentials".to_owned()))?;
    let expiry = std::time::SystemTime::try_from(given.expiration).ok();
    let (key, secret) = (given.access_key_id, given.secret_access_key);
    Ok(Credentials::new(key, secret, Some(given.session_token), expiry, "AssumeRole"))
}

/// The profiles of the AWS CLI's two files.
#[expect(clippy::default_trait_access, reason = "the type is that of a crate which the SDK's users need not name")]
async fn profiles(files: &Fs, environment: &Env) -> Result<ProfileSet, Error> {
    let profiles = aws_config::profile::load(files, environment, &Default::default(), None).await;
    profiles.map_err(|error| Error::Profile(innermost(&error)))
}

/// A profile and those that it builds upon, one by the other.
fn chain<'p>(profiles: &'p ProfileSet, name: &str) -> Vec<&'p Profile> {
    let mut chain: Vec<&Profile> = Vec::new();
    let mut next = profiles.get_profile(name);
    while let Some(profile) = next.filter(|_| chain.len() < MAX_CHAIN) {
        if chain.iter().any(|known| known.name() == profile.name()) {
            break;
        }
        chain.push(profile);
        next = profile.get("source_profile").and_then(|name| profiles.get_profile(name));
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_chain_follows_source_profiles_once() {
        let config = "[profile audit]\nsource_profile = hub\n[profile hub]\nsource_profile = base\nmfa_serial = device\n\
                      [profile base]\nsource_profile = audit\n";
        let (env, files) =
            (Env::from_slice(&[("HOME", "/home/me")]), Fs::from_slice(&[("/home/me/.aws/config", config)]));
        let set = profiles(&files, &env).await.unwrap();
        let names: Vec<&str> = chain(&set, "audit").iter().map(|profile| profile.name()).collect();
        assert_eq!(names, ["audit", "hub", "base"]);
        assert!(chain(&set, "nobody").is_empty());
    }
}

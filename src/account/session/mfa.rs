//! Roles that ask for a code of an MFA device. The AWS CLI asks for it, the SDK never does.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;

use super::config::{SESSION_NAME, with};
use super::refusal::Refusal;
use super::{Access, Error};
use crate::account::reader::CallError;

/// A role and the device whose code it wants.
pub(super) struct Wanted<'a> {
    pub role: &'a str,
    pub external_id: Option<&'a str>,
    pub device: &'a str,
    /// What the trail of the account calls the session.
    pub session: Option<&'a str>,
    /// How long the session shall last.
    pub seconds: Option<i32>,
}

/// How often a code is asked for.
const TRIES: usize = 3;

impl Access {
    /// Assumes a role with a code that is asked for.
    pub(super) async fn assume_with_code(&self, config: &SdkConfig, wanted: &Wanted<'_>) -> Result<Credentials, Error> {
        let nobody = || Error::NoCode { role: wanted.role.to_owned(), device: wanted.device.to_owned() };
        let client = aws_sdk_sts::Client::new(config);
        let mut left = TRIES;
        loop {
            let code = self.code(wanted.device, left, nobody)?;
            left -= 1;
            let call = client.assume_role().role_arn(wanted.role).set_duration_seconds(wanted.seconds);
            let call = call.role_session_name(wanted.session.unwrap_or(SESSION_NAME)).serial_number(wanted.device);
            let answer = call.set_external_id(wanted.external_id.map(str::to_owned)).token_code(code).send().await;
            match given(answer.map(|answer| answer.credentials)) {
                Ok(credentials) => return Ok(credentials),
                Err(why) if left > 0 && is_about_the_code(&why) => {}
                Err(why) => return Err(Error::Role { role: wanted.role.to_owned(), why }),
            }
        }
    }

    /// A session that one code opens, for as many roles as there are: a device takes each code once. Source: "Secure API
    /// access with MFA", IAM user guide.
    pub(super) async fn with_session(&self, config: SdkConfig, device: &str) -> Result<SdkConfig, Error> {
        let roles = self.role.clone().unwrap_or_default();
        let nobody = || Error::NoCode { role: roles.clone(), device: device.to_owned() };
        let client = aws_sdk_sts::Client::new(&config);
        let mut left = TRIES;
        loop {
            let code = self.code(device, left, nobody)?;
            left -= 1;
            let answer = client.get_session_token().serial_number(device).token_code(code).send().await;
            match given(answer.map(|answer| answer.credentials)) {
                Ok(credentials) => return Ok(with(&config, credentials)),
                Err(why) if left > 0 && is_about_the_code(&why) => {}
                Err(why) => return Err(Error::Session { device: device.to_owned(), why }),
            }
        }
    }

    /// A code that may be right.
    fn code(&self, device: &str, left: usize, nobody: impl Fn() -> Error) -> Result<String, Error> {
        let ask = self.ask.ok_or_else(nobody)?;
        let mut question = format!("code of the MFA device {device}");
        if left < TRIES {
            question = format!("that code was refused; the next {question}");
        }
        for _ in 0..TRIES {
            let Some(code) = ask(&question) else { break };
            let code: String = code.split_whitespace().collect();
            if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
                return Ok(code);
            }
            question = format!("a code has six digits; the code of the MFA device {device}");
        }
        Err(Error::NotAnswered(device.to_owned()))
    }
}

/// A code that was mistyped, used before or is too old. Source: "Troubleshooting IAM roles" and the API reference of AWS STS
/// name no error code for it but `AccessDenied`.
fn is_about_the_code(why: &Refusal) -> bool {
    why.to_string().contains("MultiFactorAuthentication failed")
}

fn given<E>(answer: Result<Option<aws_sdk_sts::types::Credentials>, CallError<E>>) -> Result<Credentials, Refusal>
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let given = answer.map_err(|error| Refusal::of_call(&error))?;
    let given = given.ok_or_else(|| Refusal::saying("the answer has no credentials"))?;
    let expiry = std::time::SystemTime::try_from(given.expiration).ok();
    let (key, secret) = (given.access_key_id, given.secret_access_key);
    Ok(Credentials::new(key, secret, Some(given.session_token), expiry, "AssumeRole"))
}

//! User pools themselves.

use aws_sdk_cognitoidentityprovider::operation::get_user_pool_mfa_config::GetUserPoolMfaConfigOutput;
use aws_sdk_cognitoidentityprovider::types::{
    AccountRecoverySettingType, LambdaConfigType, PasswordPolicyType, RecoveryOptionType, SoftwareTokenMfaConfigType,
    UserPoolAddOnsType, UserPoolDescriptionType, UserPoolPolicyType, UserPoolType,
};

use crate::account::item::{Object, texts, word, words};
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

pub(super) fn of_pool(
    arn: &str,
    listed: &UserPoolDescriptionType,
    described: Result<&UserPoolType, &Unread>,
    mfa: Result<GetUserPoolMfaConfigOutput, Unread>,
) -> Item {
    let id = listed.id().unwrap_or_default();
    let item = Item::new("AWS::Cognito::UserPool", arn)
        .name(listed.name())
        .means("Ref", Some(id))
        .means("Arn", Some(arn))
        .set("UserPoolName", listed.name());
    let item = with_mfa(item, described.ok(), mfa);
    let pool = match described {
        Ok(pool) => pool,
        Err(unread) => {
            let hidden = [
                "AccountRecoverySetting",
                "AdminCreateUserConfig",
                "AutoVerifiedAttributes",
                "DeletionProtection",
                "LambdaConfig",
                "Policies",
                "UserPoolAddOns",
                "UserPoolTier",
            ];
            return hidden.into_iter().fold(item, |item, key| item.set(key, Err::<String, _>(*unread)));
        }
    };
    let creation = pool.admin_create_user_config();
    let updates = pool.user_attribute_update_settings().map(|settings| {
        let attributes = settings.attributes_require_verification_before_update();
        let names = words(attributes);
        Object::new().set("AttributesRequireVerificationBeforeUpdate", names)
    });
    let devices = pool.device_configuration().map(|devices| {
        Object::new()
            .set("ChallengeRequiredOnNewDevice", devices.challenge_required_on_new_device())
            .set("DeviceOnlyRememberedOnUserPrompt", devices.device_only_remembered_on_user_prompt())
    });
    item.set("Policies", pool.policies().map(of_policies))
        .set(
            "AdminCreateUserConfig",
            creation.map(|it| Object::new().set("AllowAdminCreateUserOnly", it.allow_admin_create_user_only())),
        )
        .set("LambdaConfig", pool.lambda_config().and_then(of_triggers))
        .set("UserPoolAddOns", pool.user_pool_add_ons().map(of_add_ons))
        .set("UserPoolTier", word(pool.user_pool_tier()))
        .set("DeletionProtection", word(pool.deletion_protection()))
        .set("AccountRecoverySetting", pool.account_recovery_setting().map(of_recovery))
        .set("AutoVerifiedAttributes", words(pool.auto_verified_attributes()))
        .set("AliasAttributes", words(pool.alias_attributes()))
        .set("UsernameAttributes", words(pool.username_attributes()))
        .set("UserAttributeUpdateSettings", updates)
        .set("DeviceConfiguration", devices)
        .set("UserPoolTags", texts(pool.user_pool_tags()))
}

/// The factors are only told by a call of their own; whether they are demanded also by the pool's description.
fn with_mfa(item: Item, pool: Option<&UserPoolType>, mfa: Result<GetUserPoolMfaConfigOutput, Unread>) -> Item {
    let described = word(pool.and_then(UserPoolType::mfa_configuration));
    let mfa = match mfa {
        Ok(mfa) => mfa,
        Err(unread) => {
            let mode = described.ok_or(unread);
            return item.set("MfaConfiguration", mode).set("EnabledMfas", Err::<String, _>(unread));
        }
    };
    let factors = [
        ("SMS_MFA", mfa.sms_mfa_configuration().is_some()),
        ("SOFTWARE_TOKEN_MFA", mfa.software_token_mfa_configuration().is_some_and(SoftwareTokenMfaConfigType::enabled)),
        ("EMAIL_OTP", mfa.email_mfa_configuration().is_some()),
    ];
    let enabled: Vec<&str> = factors.into_iter().filter(|(_, enabled)| *enabled).map(|(name, _)| name).collect();
    let passkeys = mfa.web_authn_configuration();
    item.set("MfaConfiguration", word(mfa.mfa_configuration()).or(described))
        .set("EnabledMfas", words(&enabled))
        .set("WebAuthnRelyingPartyID", passkeys.and_then(|it| it.relying_party_id()))
        .set("WebAuthnUserVerification", word(passkeys.and_then(|it| it.user_verification())))
        .set("WebAuthnFactorConfiguration", word(passkeys.and_then(|it| it.factor_configuration())))
}

fn of_policies(policies: &UserPoolPolicyType) -> Object {
    let first = policies.sign_in_policy().map(|policy| {
        let factors = words(policy.allowed_first_auth_factors());
        Object::new().set("AllowedFirstAuthFactors", factors)
    });
    Object::new().set("PasswordPolicy", policies.password_policy().map(of_password)).set("SignInPolicy", first)
}

fn of_password(policy: &PasswordPolicyType) -> Object {
    Object::new()
        .set("MinimumLength", policy.minimum_length())
        .set("RequireUppercase", policy.require_uppercase())
        .set("RequireLowercase", policy.require_lowercase())
        .set("RequireNumbers", policy.require_numbers())
        .set("RequireSymbols", policy.require_symbols())
        .set("PasswordHistorySize", policy.password_history_size())
        .set("TemporaryPasswordValidityDays", policy.temporary_password_validity_days())
}

fn of_triggers(triggers: &LambdaConfigType) -> Option<Object> {
    let tokens = triggers.pre_token_generation_config().map(|config| {
        Object::new().set("LambdaArn", config.lambda_arn()).set("LambdaVersion", config.lambda_version().as_str())
    });
    let sms = triggers.custom_sms_sender().map(|sender| {
        Object::new().set("LambdaArn", sender.lambda_arn()).set("LambdaVersion", sender.lambda_version().as_str())
    });
    let email = triggers.custom_email_sender().map(|sender| {
        Object::new().set("LambdaArn", sender.lambda_arn()).set("LambdaVersion", sender.lambda_version().as_str())
    });
    Object::new()
        .set("PreSignUp", triggers.pre_sign_up())
        .set("CustomMessage", triggers.custom_message())
        .set("PostConfirmation", triggers.post_confirmation())
        .set("PreAuthentication", triggers.pre_authentication())
        .set("PostAuthentication", triggers.post_authentication())
        .set("DefineAuthChallenge", triggers.define_auth_challenge())
        .set("CreateAuthChallenge", triggers.create_auth_challenge())
        .set("VerifyAuthChallengeResponse", triggers.verify_auth_challenge_response())
        .set("PreTokenGeneration", triggers.pre_token_generation())
        .set("PreTokenGenerationConfig", tokens)
        .set("UserMigration", triggers.user_migration())
        .set("CustomSMSSender", sms)
        .set("CustomEmailSender", email)
        .set("KMSKeyID", triggers.kms_key_id())
        .filled()
}

fn of_add_ons(add_ons: &UserPoolAddOnsType) -> Object {
    let flows = add_ons
        .advanced_security_additional_flows()
        .map(|flows| Object::new().set("CustomAuthMode", word(flows.custom_auth_mode())));
    Object::new()
        .set("AdvancedSecurityMode", add_ons.advanced_security_mode().as_str())
        .set("AdvancedSecurityAdditionalFlows", flows)
}

fn of_recovery(setting: &AccountRecoverySettingType) -> Object {
    let option = |option: &RecoveryOptionType| {
        Object::new().set("Name", option.name().as_str()).set("Priority", option.priority())
    };
    Object::new().set("RecoveryMechanisms", setting.recovery_mechanisms().iter().map(option).collect::<Vec<_>>())
}

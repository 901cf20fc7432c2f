//! App clients.

use aws_sdk_cognitoidentityprovider::types::{UserPoolClientDescription, UserPoolClientType};

use super::CLIENT_KIND;
use crate::account::item::{Object, word, words};
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

pub(super) fn id_of(pool: &str, client: &str) -> String {
    format!("{pool}/client/{client}")
}

pub(super) fn of_client(
    arn: &str,
    pool: &str,
    listed: &UserPoolClientDescription,
    described: Result<UserPoolClientType, Unread>,
) -> Item {
    let id = listed.client_id().unwrap_or_default();
    let item = Item::new(CLIENT_KIND, id_of(arn, id))
        .name(listed.client_name())
        .means("Ref", Some(id))
        .set("UserPoolId", pool)
        .set("ClientName", listed.client_name());
    let client = match described {
        Ok(client) => client,
        Err(unread) => {
            let hidden = [
                "AllowedOAuthFlows",
                "AllowedOAuthFlowsUserPoolClient",
                "AllowedOAuthScopes",
                "CallbackURLs",
                "DefaultRedirectURI",
                "EnableTokenRevocation",
                "ExplicitAuthFlows",
                "GenerateSecret",
                "LogoutURLs",
                "PreventUserExistenceErrors",
                "SupportedIdentityProviders",
            ];
            return hidden.into_iter().fold(item, |item, key| item.set(key, Err::<String, _>(unread)));
        }
    };
    let flows = words(client.allowed_o_auth_flows());
    let sign_in = words(client.explicit_auth_flows());
    let units = client.token_validity_units().map(|units| {
        Object::new()
            .set("AccessToken", word(units.access_token()))
            .set("IdToken", word(units.id_token()))
            .set("RefreshToken", word(units.refresh_token()))
    });
    let rotation = client.refresh_token_rotation().map(|rotation| {
        Object::new()
            .set("Feature", rotation.feature().as_str())
            .set("RetryGracePeriodSeconds", rotation.retry_grace_period_seconds())
    });
    item.set("GenerateSecret", client.client_secret().is_some())
        .set("AllowedOAuthFlowsUserPoolClient", client.allowed_o_auth_flows_user_pool_client().unwrap_or(false))
        .set("AllowedOAuthFlows", flows)
        .set("AllowedOAuthScopes", words(client.allowed_o_auth_scopes()))
        .set("CallbackURLs", words(client.callback_urls()))
        .set("LogoutURLs", words(client.logout_urls()))
        .set("DefaultRedirectURI", client.default_redirect_uri())
        .set("SupportedIdentityProviders", words(client.supported_identity_providers()))
        .set("ExplicitAuthFlows", sign_in)
        .set("PreventUserExistenceErrors", word(client.prevent_user_existence_errors()))
        .set("EnableTokenRevocation", client.enable_token_revocation())
        .set("RefreshTokenRotation", rotation)
        .set("AccessTokenValidity", client.access_token_validity())
        .set("IdTokenValidity", client.id_token_validity())
        .set("RefreshTokenValidity", client.refresh_token_validity())
        .set("TokenValidityUnits", units)
        .set("AuthSessionValidity", client.auth_session_validity())
        .set("ReadAttributes", words(client.read_attributes()))
        .set("WriteAttributes", words(client.write_attributes()))
}

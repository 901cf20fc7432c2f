//! Cognito identity pools: whom they let in, and the roles that they hand out.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_cognitoidentity::Client;
use aws_sdk_cognitoidentity::operation::describe_identity_pool::DescribeIdentityPoolOutput;
use aws_sdk_cognitoidentity::operation::get_identity_pool_roles::GetIdentityPoolRolesOutput;
use aws_sdk_cognitoidentity::operation::get_principal_tag_attribute_map::GetPrincipalTagAttributeMapOutput;
use aws_sdk_cognitoidentity::types::{CognitoIdentityProvider, IdentityPoolShortDescription, MappingRule, RoleMapping};

use super::{Scope, Service};
use crate::account::item::{Object, texts, word, words};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "cognito-identity",
    scope: Scope::Regional,
    reads: &[&POOLS, &POOL, &ROLES, &PRINCIPAL_TAGS],
    collect: |reader| Box::pin(collect(reader)),
};

const POOLS: Read = Read::list(
    "cognito-identity:ListIdentityPools",
    &[
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::IdentityPoolPrincipalTag",
        "AWS::Cognito::IdentityPoolRoleAttachment",
    ],
);
const POOL: Read = Read::detail("cognito-identity:DescribeIdentityPool");
const ROLES: Read = Read::detail("cognito-identity:GetIdentityPoolRoles");
const PRINCIPAL_TAGS: Read = Read::detail("cognito-identity:GetPrincipalTagAttributeMap");

/// The most that the service answers with (API reference, `ListIdentityPools`).
const PAGE: i32 = 60;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let pages = client.list_identity_pools().max_results(PAGE).into_paginator().items().send();
    let pools = reader.list(&POOLS, pages).await;
    reader.each(pools, |pool| read_pool(reader, client, pool)).await;
}

async fn read_pool(reader: &Reader, client: &Client, listed: IdentityPoolShortDescription) {
    let Some(id) = listed.identity_pool_id() else { return };
    let arn = &reader.arn("cognito-identity", &format!("identitypool/{id}"));
    let (pool, roles) = tokio::join!(
        reader.get(&POOL, arn, client.describe_identity_pool().identity_pool_id(id).send()),
        reader.get(&ROLES, arn, client.get_identity_pool_roles().identity_pool_id(id).send())
    );
    let providers = pool.as_ref().map(tagged_providers).unwrap_or_default();
    reader.push(of_pool(arn, &listed, pool));
    if let Some(roles) = of_roles(arn, id, roles) {
        reader.push(roles);
    }
    for provider in providers {
        let call = client.get_principal_tag_attribute_map().identity_pool_id(id).identity_provider_name(&provider);
        let tags = reader.find(&PRINCIPAL_TAGS, arn, &["ResourceNotFoundException"], call.send()).await;
        if let Some(item) = of_tags(arn, id, &provider, tags) {
            reader.push(item);
        }
    }
}

/// The providers of which tags may be taken: user pools by name, others by ARN.
fn tagged_providers(pool: &DescribeIdentityPoolOutput) -> Vec<String> {
    let pools = pool.cognito_identity_providers().iter().filter_map(CognitoIdentityProvider::provider_name);
    let others = pool.open_id_connect_provider_arns().iter().chain(pool.saml_provider_arns()).map(String::as_str);
    let mut names: Vec<String> = pools.chain(others).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn of_pool(
    arn: &str,
    listed: &IdentityPoolShortDescription,
    described: Result<DescribeIdentityPoolOutput, Unread>,
) -> Item {
    let item = Item::new("AWS::Cognito::IdentityPool", arn)
        .name(listed.identity_pool_name())
        .means("Ref", listed.identity_pool_id())
        .set("IdentityPoolName", listed.identity_pool_name());
    let pool = match described {
        Ok(pool) => pool,
        Err(unread) => {
            let hidden = ["AllowUnauthenticatedIdentities", "AllowClassicFlow", "CognitoIdentityProviders"];
            return hidden.into_iter().fold(item, |item, key| item.set(key, Err::<bool, _>(unread)));
        }
    };
    let providers = pool.cognito_identity_providers();
    item.set("AllowUnauthenticatedIdentities", pool.allow_unauthenticated_identities())
        .set("AllowClassicFlow", pool.allow_classic_flow())
        .set(
            "CognitoIdentityProviders",
            (!providers.is_empty()).then(|| providers.iter().map(of_provider).collect::<Vec<_>>()),
        )
        .set("OpenIdConnectProviderARNs", words(pool.open_id_connect_provider_arns()))
        .set("SamlProviderARNs", words(pool.saml_provider_arns()))
        .set("SupportedLoginProviders", texts(pool.supported_login_providers()))
        .set("DeveloperProviderName", pool.developer_provider_name())
}

fn of_provider(provider: &CognitoIdentityProvider) -> Object {
    Object::new()
        .set("ProviderName", provider.provider_name())
        .set("ClientId", provider.client_id())
        .set("ServerSideTokenCheck", provider.server_side_token_check())
}

/// Nothing for a pool that hands out no roles.
fn of_roles(arn: &str, pool: &str, roles: Result<GetIdentityPoolRolesOutput, Unread>) -> Option<Item> {
    let item =
        Item::new("AWS::Cognito::IdentityPoolRoleAttachment", format!("{arn}/roles")).set("IdentityPoolId", pool);
    let roles = match roles {
        Ok(roles) => roles,
        Err(unread) => {
            return Some(item.set("Roles", Err::<String, _>(unread)).set("RoleMappings", Err::<String, _>(unread)));
        }
    };
    let handed_out = texts(roles.roles());
    let mappings = of_mappings(roles.role_mappings());
    (handed_out.is_some() || mappings.is_some()).then(|| item.set("Roles", handed_out).set("RoleMappings", mappings))
}

fn of_mappings(mappings: Option<&HashMap<String, RoleMapping>>) -> Option<Object> {
    let sorted: BTreeMap<&String, &RoleMapping> = mappings.into_iter().flatten().collect();
    sorted.into_iter().fold(Object::new(), |all, (provider, it)| all.set(provider, of_mapping(provider, it))).filled()
}

fn of_mapping(provider: &str, mapping: &RoleMapping) -> Object {
    let rule = |rule: &MappingRule| {
        Object::new()
            .set("Claim", rule.claim())
            .set("MatchType", rule.match_type().as_str())
            .set("Value", rule.value())
            .set("RoleARN", rule.role_arn())
    };
    let rules = mapping.rules_configuration().map(|it| it.rules().iter().map(rule).collect::<Vec<_>>());
    Object::new()
        .set("IdentityProvider", provider)
        .set("Type", mapping.r#type().as_str())
        .set("AmbiguousRoleResolution", word(mapping.ambiguous_role_resolution()))
        .set("RulesConfiguration", rules.map(|rules| Object::new().set("Rules", rules)))
}

fn of_tags(
    arn: &str,
    pool: &str,
    provider: &str,
    tags: Result<Option<GetPrincipalTagAttributeMapOutput>, Unread>,
) -> Option<Item> {
    let item = Item::new("AWS::Cognito::IdentityPoolPrincipalTag", format!("{arn}/tags/{provider}"))
        .set("IdentityPoolId", pool)
        .set("IdentityProviderName", provider);
    match tags {
        Ok(tags) => {
            let tags = tags?;
            let named = texts(tags.principal_tags());
            let used = named.is_some() || tags.use_defaults() == Some(true);
            used.then(|| item.set("UseDefaults", tags.use_defaults()).set("PrincipalTags", named))
        }
        Err(unread) => {
            Some(item.set("UseDefaults", Err::<bool, _>(unread)).set("PrincipalTags", Err::<bool, _>(unread)))
        }
    }
}

#[cfg(test)]
mod tests;

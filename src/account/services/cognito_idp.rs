//! Cognito user pools, with their clients, domains, identity providers, resource servers and groups.
//!
//! Secrets of clients and of identity providers stay out: of a client only whether it has one, of a provider what it is.

mod client;
mod pool;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{
    DomainDescriptionType, GroupType, IdentityProviderType, ProviderDescription, ResourceServerScopeType,
    ResourceServerType, UserPoolClientDescription, UserPoolDescriptionType,
};

use super::{Scope, Service};
use crate::account::item::{Object, texts, word, words};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "cognito-idp",
    scope: Scope::Regional,
    reads: &[&POOLS, &POOL, &MFA, &CLIENTS, &CLIENT, &DOMAIN, &PROVIDERS, &PROVIDER, &SERVERS, &GROUPS],
    collect: |reader| Box::pin(collect(reader)),
};

const CLIENT_KIND: &str = "AWS::Cognito::UserPoolClient";
const DOMAIN_KIND: &str = "AWS::Cognito::UserPoolDomain";
const PROVIDER_KIND: &str = "AWS::Cognito::UserPoolIdentityProvider";
const SERVER_KIND: &str = "AWS::Cognito::UserPoolResourceServer";
const GROUP_KIND: &str = "AWS::Cognito::UserPoolGroup";

const POOLS: Read = Read::list(
    "cognito-idp:ListUserPools",
    &["AWS::Cognito::UserPool", CLIENT_KIND, DOMAIN_KIND, GROUP_KIND, PROVIDER_KIND, SERVER_KIND],
);
const POOL: Read = Read::detail("cognito-idp:DescribeUserPool");
const MFA: Read = Read::detail("cognito-idp:GetUserPoolMfaConfig");
const CLIENTS: Read = Read::list("cognito-idp:ListUserPoolClients", &[CLIENT_KIND]);
const CLIENT: Read = Read::detail("cognito-idp:DescribeUserPoolClient");
const DOMAIN: Read = Read::detail("cognito-idp:DescribeUserPoolDomain");
const PROVIDERS: Read = Read::list("cognito-idp:ListIdentityProviders", &[PROVIDER_KIND]);
const PROVIDER: Read = Read::detail("cognito-idp:DescribeIdentityProvider");
const SERVERS: Read = Read::list("cognito-idp:ListResourceServers", &[SERVER_KIND]);
const GROUPS: Read = Read::list("cognito-idp:ListGroups", &[GROUP_KIND]);

/// The most that the service answers with (API reference: `ListUserPools`, `ListUserPoolClients`,
/// `ListIdentityProviders`, `ListResourceServers`).
const PAGE: i32 = 60;
const FEW: i32 = 50;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let pages = client.list_user_pools().max_results(PAGE).into_paginator().items().send();
    let pools = reader.list(&POOLS, pages).await;
    reader.each(pools, |pool| read_pool(reader, client, pool)).await;
}

/// A pool of which more is read.
struct Place<'a> {
    reader: &'a Reader,
    client: &'a Client,
    id: &'a str,
    arn: &'a str,
}

async fn read_pool(reader: &Reader, client: &Client, listed: UserPoolDescriptionType) {
    let Some(id) = listed.id() else { return };
    let arn = &reader.arn("cognito-idp", &format!("userpool/{id}"));
    let place = Place { reader, client, id, arn };
    tokio::join!(place.pool_and_domains(&listed), place.clients(), place.providers(), place.servers(), place.groups());
}

impl Place<'_> {
    async fn pool_and_domains(&self, listed: &UserPoolDescriptionType) {
        let (described, mfa) = tokio::join!(
            self.reader.get(&POOL, self.arn, self.client.describe_user_pool().user_pool_id(self.id).send()),
            self.reader.get(&MFA, self.arn, self.client.get_user_pool_mfa_config().user_pool_id(self.id).send())
        );
        let described = described.and_then(|output| output.user_pool.ok_or(Unread(POOL.api)));
        match &described {
            Ok(pool) => {
                if let Some(domain) = pool.domain() {
                    self.reader.push(of_domain(self.arn, self.id, domain, Ok(None)));
                }
                if let Some(domain) = pool.custom_domain() {
                    let call = self.client.describe_user_pool_domain().domain(domain).send();
                    let told = self.reader.get(&DOMAIN, self.arn, call).await.map(|output| output.domain_description);
                    self.reader.push(of_domain(self.arn, self.id, domain, told));
                }
            }
            // The pool may have a domain that nobody saw.
            Err(unread) => {
                let domain = Item::new(DOMAIN_KIND, format!("{}/domain", self.arn)).set("UserPoolId", self.id);
                self.reader.push(domain.set("Domain", Err::<String, _>(*unread)));
            }
        }
        self.reader.push(pool::of_pool(self.arn, listed, described.as_ref(), mfa));
    }

    async fn clients(&self) {
        let call = self.client.list_user_pool_clients().user_pool_id(self.id).max_results(PAGE);
        let listed = self.reader.list(&CLIENTS, call.into_paginator().items().send()).await;
        let describe = |listed: UserPoolClientDescription| async move {
            let Some(id) = listed.client_id() else { return };
            let call = self.client.describe_user_pool_client().user_pool_id(self.id).client_id(id).send();
            let described = self.reader.get(&CLIENT, &client::id_of(self.arn, id), call).await;
            let described = described.and_then(|output| output.user_pool_client.ok_or(Unread(CLIENT.api)));
            self.reader.push(client::of_client(self.arn, self.id, &listed, described));
        };
        self.reader.each(listed, describe).await;
    }

    async fn providers(&self) {
        let call = self.client.list_identity_providers().user_pool_id(self.id).max_results(PAGE);
        let listed = self.reader.list(&PROVIDERS, call.into_paginator().items().send()).await;
        let describe = |listed: ProviderDescription| async move {
            let name = listed.provider_name().unwrap_or_default();
            let call = self.client.describe_identity_provider().user_pool_id(self.id).provider_name(name).send();
            let described = self.reader.get(&PROVIDER, &format!("{}/provider/{name}", self.arn), call).await;
            let described = described.and_then(|output| output.identity_provider.ok_or(Unread(PROVIDER.api)));
            self.reader.push(of_provider(self.arn, self.id, &listed, described));
        };
        self.reader.each(listed, describe).await;
    }

    async fn servers(&self) {
        let call = self.client.list_resource_servers().user_pool_id(self.id).max_results(FEW);
        for server in self.reader.list(&SERVERS, call.into_paginator().items().send()).await {
            self.reader.push(of_server(self.arn, self.id, &server));
        }
    }

    async fn groups(&self) {
        let call = self.client.list_groups().user_pool_id(self.id).limit(PAGE);
        for group in self.reader.list(&GROUPS, call.into_paginator().items().send()).await {
            self.reader.push(of_group(self.arn, self.id, &group));
        }
    }
}

/// A prefix, or a full name with a certificate of its own.
fn of_domain(arn: &str, pool: &str, domain: &str, told: Result<Option<DomainDescriptionType>, Unread>) -> Item {
    let item = Item::new(DOMAIN_KIND, format!("{arn}/domain/{domain}"))
        .name(Some(domain))
        .set("UserPoolId", pool)
        .set("Domain", domain);
    let told = match told {
        Ok(told) => told,
        Err(unread) => return item.set("CustomDomainConfig", Err::<String, _>(unread)),
    };
    let Some(told) = told else { return item };
    let custom = told.custom_domain_config().map(|custom| {
        Object::new()
            .set("CertificateArn", custom.certificate_arn())
            .set("SecurityPolicy", word(custom.security_policy()))
    });
    item.means("CloudFrontDistribution", told.cloud_front_distribution().filter(|host| !host.is_empty()))
        .set("CustomDomainConfig", custom)
        .set("ManagedLoginVersion", told.managed_login_version())
}

/// Details of providers that say where it is. Others may be secrets (`client_secret`, `private_key`), or are the
/// provider's metadata as a whole.
const PUBLIC_DETAILS: &[&str] = &[
    "ActiveEncryptionCertificate",
    "EncryptedResponses",
    "IDPInit",
    "IDPSignout",
    "MetadataURL",
    "RequestSigningAlgorithm",
    "SLORedirectBindingURI",
    "SSORedirectBindingURI",
    "attributes_request_method",
    "attributes_url",
    "authorize_scopes",
    "authorize_url",
    "client_id",
    "jwks_uri",
    "oidc_issuer",
    "token_request_method",
    "token_url",
];

fn of_provider(
    arn: &str,
    pool: &str,
    listed: &ProviderDescription,
    described: Result<IdentityProviderType, Unread>,
) -> Item {
    let name = listed.provider_name().unwrap_or_default();
    let item = Item::new(PROVIDER_KIND, format!("{arn}/provider/{name}"))
        .name(Some(name))
        .set("UserPoolId", pool)
        .set("ProviderName", name)
        .set("ProviderType", word(listed.provider_type()));
    let provider = match described {
        Ok(provider) => provider,
        Err(unread) => return item.set("ProviderDetails", Err::<String, _>(unread)),
    };
    let details = provider.provider_details().map(|details| {
        let detail = |object: Object, key: &&str| object.set(key, details.get(*key));
        PUBLIC_DETAILS.iter().fold(Object::new(), detail)
    });
    let identifiers = provider.idp_identifiers();
    item.set("ProviderDetails", details)
        .set("AttributeMapping", texts(provider.attribute_mapping()))
        .set("IdpIdentifiers", words(identifiers))
}

fn of_server(arn: &str, pool: &str, server: &ResourceServerType) -> Item {
    let identifier = server.identifier().unwrap_or_default();
    let scope = |scope: &ResourceServerScopeType| {
        Object::new().set("ScopeName", scope.scope_name()).set("ScopeDescription", scope.scope_description())
    };
    Item::new(SERVER_KIND, format!("{arn}/server/{identifier}"))
        .name(server.name())
        .set("UserPoolId", pool)
        .set("Identifier", identifier)
        .set("Name", server.name())
        .set("Scopes", server.scopes().iter().map(scope).collect::<Vec<_>>())
}

fn of_group(arn: &str, pool: &str, group: &GroupType) -> Item {
    let name = group.group_name().unwrap_or_default();
    Item::new(GROUP_KIND, format!("{arn}/group/{name}"))
        .name(Some(name))
        .set("UserPoolId", pool)
        .set("GroupName", name)
        .set("RoleArn", group.role_arn())
        .set("Precedence", group.precedence())
}

#[cfg(test)]
mod tests;

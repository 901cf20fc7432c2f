//! Resources, methods and authorizers as they are now.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Authorizer, Integration, Method, Resource};

use super::{AUTHORIZER_KIND, METHOD_KIND, RESOURCE_KIND};
use crate::account::item::{Object, word, words};
use crate::input::snapshot::format::Item;

/// A resource with its methods. The root is no resource of its own: the API means it.
pub(super) fn of_resource(arn: &str, api: &str, resource: &Resource) -> Vec<Item> {
    let id = resource.id().unwrap_or_default();
    let own = resource.parent_id().map(|parent| {
        Item::new(RESOURCE_KIND, format!("{arn}/resources/{id}"))
            .name(resource.path())
            .means("Ref", Some(id))
            .set("RestApiId", api)
            .set("ParentId", parent)
            .set("PathPart", resource.path_part())
    });
    let methods: BTreeMap<&String, &Method> = resource.resource_methods().into_iter().flatten().collect();
    let methods = methods.into_iter().map(|(name, method)| {
        let path = resource.path().unwrap_or_default();
        of_method(arn, api, id, name, method).name(Some(format!("{name} {path}")))
    });
    own.into_iter().chain(methods).collect()
}

fn of_method(arn: &str, api: &str, resource: &str, name: &str, method: &Method) -> Item {
    let scopes = method.authorization_scopes();
    Item::new(METHOD_KIND, format!("{arn}/resources/{resource}/methods/{name}"))
        .set("RestApiId", api)
        .set("ResourceId", resource)
        .set("HttpMethod", name)
        .set("AuthorizationType", method.authorization_type())
        .set("AuthorizerId", method.authorizer_id().filter(|id| !id.is_empty()))
        .set("AuthorizationScopes", words(scopes))
        .set("ApiKeyRequired", method.api_key_required())
        .set("OperationName", method.operation_name())
        .set("Integration", method.method_integration().map(of_integration))
}

/// Parameters and templates stay out: they may hold keys that the integration sends.
fn of_integration(integration: &Integration) -> Object {
    Object::new()
        .set("Type", word(integration.r#type()))
        .set("Uri", integration.uri())
        .set("IntegrationHttpMethod", integration.http_method())
        .set("Credentials", integration.credentials())
        .set("ConnectionType", word(integration.connection_type()))
        .set("ConnectionId", integration.connection_id())
        .set("IntegrationTarget", integration.integration_target())
}

pub(super) fn of_authorizer(arn: &str, api: &str, authorizer: &Authorizer) -> Item {
    let id = authorizer.id().unwrap_or_default();
    let pools = authorizer.provider_arns();
    Item::new(AUTHORIZER_KIND, format!("{arn}/authorizers/{id}"))
        .name(authorizer.name())
        .means("Ref", Some(id))
        .set("RestApiId", api)
        .set("Name", authorizer.name())
        .set("Type", word(authorizer.r#type()))
        .set("AuthType", authorizer.auth_type())
        .set("AuthorizerUri", authorizer.authorizer_uri())
        .set("AuthorizerCredentials", authorizer.authorizer_credentials())
        .set("AuthorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds())
        .set("IdentitySource", authorizer.identity_source())
        .set("ProviderARNs", words(pools))
}

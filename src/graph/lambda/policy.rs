//! Statements of resource policies: `AWS::Lambda::Permission` and `AWS::Lambda::LayerVersionPermission`.

use super::super::{Resources, Target, Typed, boolean, target, text};
use super::{FunctionRef, Lambda};
use crate::input::Resource;
use crate::value::{Address, Prop, Value};

#[derive(Clone, Debug)]
pub struct Permission {
    pub address: Address,
    pub function: FunctionRef,
    pub action: Typed<String>,
    /// A service, an account, an IAM ARN or `*`. A reference (`!Ref AWS::AccountId`) stays a value.
    pub principal: Typed<Value>,
    pub source_arn: Typed<Value>,
    pub source_account: Typed<Value>,
    pub principal_org_id: Typed<Value>,
    /// `AWS_IAM` or `NONE`.
    pub function_url_auth_type: Typed<String>,
    pub invoked_via_function_url: Typed<bool>,
    /// Alexa skills are pinned by their id.
    pub event_source_token: Typed<Value>,
}

#[derive(Clone, Debug)]
pub struct LayerPermission {
    pub address: Address,
    pub layer: Typed<Target>,
    pub principal: Typed<Value>,
    pub organization_id: Typed<Value>,
}

pub(super) fn permission(lambda: &Lambda, resources: &Resources, resource: &Resource) -> Permission {
    Permission {
        address: resource.address.clone(),
        function: lambda.resolve_prop(resources, resource, "FunctionName"),
        action: text(resource.prop("Action")),
        principal: value(resource.prop("Principal")),
        source_arn: value(resource.prop("SourceArn")),
        source_account: value(resource.prop("SourceAccount")),
        principal_org_id: value(resource.prop("PrincipalOrgID")),
        function_url_auth_type: text(resource.prop("FunctionUrlAuthType")),
        invoked_via_function_url: boolean(resource.prop("InvokedViaFunctionUrl")).or_default(false),
        event_source_token: value(resource.prop("EventSourceToken")),
    }
}

pub(super) fn layer(resources: &Resources, resource: &Resource) -> LayerPermission {
    LayerPermission {
        address: resource.address.clone(),
        layer: target(resources, resource.prop("LayerVersionArn"), &["AWS::Lambda::LayerVersion"]),
        principal: value(resource.prop("Principal")),
        organization_id: value(resource.prop("OrganizationId")),
    }
}

fn value(prop: Prop<'_>) -> Typed<Value> {
    match prop {
        Prop::Known(value) => Typed::Known(value.clone(), value.span),
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
    }
}

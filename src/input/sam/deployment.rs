//! `DeploymentPreference` of functions: the CodeDeploy resources that shift traffic, and the role that they use.

use crate::value::Value;

use super::policies::trusting;
use super::shape::{At, Fields, get, given};
use super::{Serverless, Transform};

const APPLICATION: &str = "ServerlessDeploymentApplication";
const ROLE: &str = "CodeDeployServiceRole";

/// A function whose deployments are shifted.
pub(super) struct Deployment {
    source: Serverless,
    preference: Value,
}

impl Transform<'_> {
    pub(super) fn deployment(&mut self, source: &Serverless) {
        let Some(preference) = given(&source.properties, "DeploymentPreference") else { return };
        if get(preference, "Enabled").and_then(Value::as_bool) != Some(false) {
            self.deployments.push(Deployment { source: source.clone(), preference: preference.clone() });
        }
    }

    pub(super) fn shift_deployments(&mut self) {
        let deployments = std::mem::take(&mut self.deployments);
        let Some(Deployment { source: first, preference }) = deployments.first() else { return };
        let at = At(preference.span);
        self.emit(
            first,
            APPLICATION,
            "AWS::CodeDeploy::Application",
            at,
            at.map([("ComputePlatform", at.text("Lambda"))]),
        );
        if deployments.iter().any(|one| given(&one.preference, "Role").is_none()) {
            let policy = self.aws_managed(at, "AWSCodeDeployRoleForLambda");
            let properties = at.map([
                ("AssumeRolePolicyDocument", trusting(at, "codedeploy.amazonaws.com")),
                ("ManagedPolicyArns", at.list([policy])),
            ]);
            self.emit(first, ROLE, "AWS::IAM::Role", at, properties);
        }
        for Deployment { source, preference } in &deployments {
            let at = At(preference.span);
            let role = given(preference, "Role").cloned().unwrap_or_else(|| self.attribute(at, ROLE, "Arn"));
            let properties = Fields::new(at.0)
                .set("ApplicationName", self.reference(at, APPLICATION))
                .set("ServiceRoleArn", role)
                .copy_as(preference, "Type", "DeploymentConfigName")
                .copy(preference, &["TriggerConfigurations"]);
            let id = format!("{}DeploymentGroup", source.id);
            self.emit(source, &id, "AWS::CodeDeploy::DeploymentGroup", at, properties.done());
        }
    }
}

//! Resources that stand for exactly one other: tables, layers, nested applications, capacity providers.

use crate::value::{Kind, Value};

use super::policies::trusting;
use super::shape::{At, Fields, get, given, text};
use super::{Serverless, Transform, tag_list};

impl Transform<'_> {
    pub(super) fn simple(&mut self, source: &Serverless) {
        let properties = match source.short.as_str() {
            "SimpleTable" => simple_table(source),
            "LayerVersion" => layer(source),
            "CapacityProvider" => self.capacity_provider(source),
            _ => application(source),
        };
        self.emit_main(source, properties);
    }

    /// A capacity provider with the role that manages its instances.
    fn capacity_provider(&mut self, source: &Serverless) -> Value {
        let properties = &source.properties;
        let at = source.at();
        let role = get(properties, "OperatorRole").cloned().unwrap_or_else(|| {
            let id = format!("{}OperatorRole", source.id);
            let policy = self.aws_managed(at, "AWSLambdaManagedEC2ResourceOperator");
            let fields = at.map([
                ("AssumeRolePolicyDocument", trusting(at, "lambda.amazonaws.com")),
                ("ManagedPolicyArns", at.list([policy])),
            ]);
            self.emit(source, &id, "AWS::IAM::Role", at, fields);
            self.attribute(at, &id, "Arn")
        });
        Fields::new(source.resource.properties.span)
            .copy(properties, &["CapacityProviderName", "VpcConfig", "InstanceRequirements", "KmsKeyArn"])
            .set("PermissionsConfig", at.map([("CapacityProviderOperatorRoleArn", role)]))
            .copy_as(properties, "ScalingConfig", "CapacityProviderScalingConfig")
            .maybe("Tags", tag_list(at, get(properties, "Tags")))
            .done()
    }
}

fn simple_table(source: &Serverless) -> Value {
    let properties = &source.properties;
    let at = At(get(properties, "PrimaryKey").map_or(source.at().0, |key| key.span));
    let name = get(properties, "PrimaryKey.Name").cloned().unwrap_or_else(|| at.text("id"));
    let kind = match text(properties, "PrimaryKey.Type") {
        Some("Number") => "N",
        Some("Binary") => "B",
        _ => "S",
    };
    let throughput = given(properties, "ProvisionedThroughput").cloned();
    let billing = throughput.is_none().then(|| at.text("PAY_PER_REQUEST"));
    Fields::new(source.resource.properties.span)
        .set(
            "AttributeDefinitions",
            at.list([at.map([("AttributeName", name.clone()), ("AttributeType", at.text(kind))])]),
        )
        .set("KeySchema", at.list([at.map([("AttributeName", name), ("KeyType", at.text("HASH"))])]))
        .maybe("ProvisionedThroughput", throughput)
        .maybe("BillingMode", billing)
        .copy(properties, &["PointInTimeRecoverySpecification", "SSESpecification", "TableName"])
        .maybe("Tags", tag_list(source.at(), get(properties, "Tags")))
        .done()
}

fn layer(source: &Serverless) -> Value {
    let properties = &source.properties;
    let at = source.at();
    Fields::new(source.resource.properties.span)
        .set("LayerName", get(properties, "LayerName").cloned().unwrap_or_else(|| at.text(source.id.as_str())))
        .copy_as(properties, "ContentUri", "Content")
        .copy(properties, &["Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"])
        .done()
}

/// A nested stack. An application of the Serverless Application Repository has no template that could be read.
fn application(source: &Serverless) -> Value {
    let properties = &source.properties;
    let at = source.at();
    let location = match get(properties, "Location") {
        Some(location) if matches!(location.kind, Kind::Map(_)) => {
            At(location.span).not_understood("an application of the Serverless Application Repository is not read")
        }
        Some(location) => location.clone(),
        None => at.not_understood("`Location` is missing"),
    };
    Fields::new(source.resource.properties.span)
        .set("TemplateURL", location)
        .copy(properties, &["Parameters", "NotificationARNs", "TimeoutInMinutes"])
        .maybe("Tags", tag_list(at, get(properties, "Tags")))
        .done()
}

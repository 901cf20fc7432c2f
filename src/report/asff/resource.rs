//! Resources with details, by the type names of the format.

use serde_json::{Map, Value, json};

use super::super::origin::Origin;
use super::text::{FIELD, clip};
use crate::finding::SubjectRef;
use crate::input::collected::{GLOBAL, Held};
use crate::source::Scalar;

/// What the format says about a type of resources.
struct Known {
    /// As `CloudFormation` calls it.
    kind: &'static str,
    /// As the format calls it.
    name: &'static str,
    /// Properties that are called the same in both, by what the format takes them for.
    texts: &'static [&'static str],
    numbers: &'static [&'static str],
    flags: &'static [&'static str],
}

const fn known(kind: &'static str, name: &'static str, texts: &'static [&'static str]) -> Known {
    Known { kind, name, texts, numbers: &[], flags: &[] }
}

impl Known {
    const fn numbers(self, numbers: &'static [&'static str]) -> Self {
        Self { numbers, ..self }
    }

    const fn flags(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }
}

/// Types that the format has of its own, sorted. Every other type is `Other`. Source: Security Hub user guide, "Resources
/// ASFF object", and the types `Aws…Details` of the API reference.
const KNOWN: &[Known] = &[
    known("AWS::AmazonMQ::Broker", "AwsAmazonMqBroker", &[]),
    known("AWS::ApiGateway::RestApi", "AwsApiGatewayRestApi", &["Name", "Description"]),
    known("AWS::ApiGateway::Stage", "AwsApiGatewayStage", &["StageName", "DeploymentId", "ClientCertificateId"])
        .flags(&["TracingEnabled", "CacheClusterEnabled"]),
    known("AWS::ApiGatewayV2::Api", "AwsApiGatewayV2Api", &["Name", "ProtocolType", "RouteSelectionExpression"]),
    known("AWS::ApiGatewayV2::Stage", "AwsApiGatewayV2Stage", &["StageName", "DeploymentId", "ClientCertificateId"])
        .flags(&["AutoDeploy"]),
    known("AWS::AppSync::GraphQLApi", "AwsAppSyncGraphQlApi", &["Name", "AuthenticationType"]).flags(&["XrayEnabled"]),
    known(
        "AWS::AutoScaling::AutoScalingGroup",
        "AwsAutoScalingAutoScalingGroup",
        &["LaunchConfigurationName", "HealthCheckType"],
    )
    .flags(&["CapacityRebalance"]),
    known("AWS::AutoScaling::LaunchConfiguration", "AwsAutoScalingLaunchConfiguration", &["ImageId", "InstanceType"])
        .flags(&["AssociatePublicIpAddress", "EbsOptimized"]),
    known(
        "AWS::CertificateManager::Certificate",
        "AwsCertificateManagerCertificate",
        &["DomainName", "CertificateAuthorityArn", "KeyAlgorithm"],
    ),
    known("AWS::CloudFront::Distribution", "AwsCloudFrontDistribution", &[]),
    known("AWS::CodeBuild::Project", "AwsCodeBuildProject", &["Name", "ServiceRole", "EncryptionKey"]),
    known("AWS::DynamoDB::Table", "AwsDynamoDbTable", &["TableName"]).flags(&["DeletionProtectionEnabled"]),
    known(
        "AWS::EC2::ClientVpnEndpoint",
        "AwsEc2ClientVpnEndpoint",
        &["ClientCidrBlock", "TransportProtocol", "ServerCertificateArn", "VpcId"],
    )
    .numbers(&["VpnPort", "SessionTimeoutHours"])
    .flags(&["SplitTunnel"]),
    known("AWS::EC2::EIP", "AwsEc2Eip", &["PublicIp", "InstanceId", "NetworkBorderGroup"]),
    known("AWS::EC2::Instance", "AwsEc2Instance", &["ImageId", "KeyName", "SubnetId"]),
    known("AWS::EC2::LaunchTemplate", "AwsEc2LaunchTemplate", &["LaunchTemplateName"]),
    known("AWS::EC2::NetworkAcl", "AwsEc2NetworkAcl", &["VpcId"]),
    known("AWS::EC2::NetworkInterface", "AwsEc2NetworkInterface", &[]).flags(&["SourceDestCheck"]),
    known("AWS::EC2::RouteTable", "AwsEc2RouteTable", &["VpcId"]),
    known("AWS::EC2::SecurityGroup", "AwsEc2SecurityGroup", &["GroupName", "VpcId"]),
    known("AWS::EC2::Subnet", "AwsEc2Subnet", &["AvailabilityZone", "CidrBlock", "VpcId"])
        .flags(&["AssignIpv6AddressOnCreation", "MapPublicIpOnLaunch"]),
    known("AWS::EC2::TransitGateway", "AwsEc2TransitGateway", &["Description"]).numbers(&["AmazonSideAsn"]),
    known("AWS::EC2::VPC", "AwsEc2Vpc", &[]),
    known("AWS::EC2::VPCPeeringConnection", "AwsEc2VpcPeeringConnection", &[]),
    known("AWS::ECS::Cluster", "AwsEcsCluster", &["ClusterName"]),
    known(
        "AWS::ECS::Service",
        "AwsEcsService",
        &["Cluster", "LaunchType", "PlatformVersion", "Role", "SchedulingStrategy", "ServiceName", "TaskDefinition"],
    )
    .numbers(&["DesiredCount"])
    .flags(&["EnableExecuteCommand"]),
    known(
        "AWS::ECS::TaskDefinition",
        "AwsEcsTaskDefinition",
        &["Cpu", "Memory", "ExecutionRoleArn", "TaskRoleArn", "Family", "IpcMode", "PidMode", "NetworkMode"],
    ),
    known("AWS::EKS::Cluster", "AwsEksCluster", &["Name", "RoleArn", "Version"]),
    known("AWS::ElasticLoadBalancing::LoadBalancer", "AwsElbLoadBalancer", &["LoadBalancerName", "Scheme"]),
    known("AWS::ElasticLoadBalancingV2::LoadBalancer", "AwsElbv2LoadBalancer", &["IpAddressType", "Scheme", "Type"]),
    known("AWS::IAM::Group", "AwsIamGroup", &["GroupName", "Path"]),
    known("AWS::IAM::ManagedPolicy", "AwsIamPolicy", &["Description", "Path"]),
    known("AWS::IAM::Role", "AwsIamRole", &["RoleName", "Path"]).numbers(&["MaxSessionDuration"]),
    known("AWS::IAM::User", "AwsIamUser", &["UserName", "Path"]),
    known("AWS::Kinesis::Stream", "AwsKinesisStream", &["Name"]).numbers(&["RetentionPeriodHours"]),
    known(
        "AWS::Lambda::Function",
        "AwsLambdaFunction",
        &["FunctionName", "Handler", "KmsKeyArn", "PackageType", "Role", "Runtime"],
    )
    .numbers(&["MemorySize", "Timeout"]),
    known("AWS::Lambda::LayerVersion", "AwsLambdaLayerVersion", &[]),
    known("AWS::MSK::Cluster", "AwsMskCluster", &[]),
    known("AWS::Route53::HostedZone", "AwsRoute53HostedZone", &[]),
    known("AWS::S3::Bucket", "AwsS3Bucket", &[]),
    known("AWS::SNS::Topic", "AwsSnsTopic", &["TopicName", "KmsMasterKeyId"]),
    known("AWS::SQS::Queue", "AwsSqsQueue", &["QueueName", "KmsMasterKeyId"]),
    known("AWS::StepFunctions::StateMachine", "AwsStepFunctionStateMachine", &["RoleArn"]),
    known("AWS::WAFv2::WebACL", "AwsWafv2WebAcl", &["Name", "Description"]),
];

/// The resource that a finding is about.
pub(super) fn of_subject(subject: &SubjectRef, origin: &Origin<'_>) -> Value {
    let scalars = origin.resource.map(|held| held.scalars.as_slice()).unwrap_or_default();
    made(&subject.address.0, &subject.resource_type, Some(&subject.name), scalars, origin.partition, origin.region)
}

/// A resource that is part of the proof.
pub(super) fn of_held(held: &Held, partition: &str, region: &str) -> Value {
    made(&held.id, &held.kind, held.name.as_deref(), &held.scalars, partition, Some(region))
}

fn made(
    id: &str,
    kind: &str,
    name: Option<&str>,
    scalars: &[(String, Scalar)],
    partition: &str,
    region: Option<&str>,
) -> Value {
    let known = KNOWN.iter().find(|known| known.kind == kind);
    let mut other = Map::from_iter([("CloudFormationType".to_owned(), json!(clip(kind, FIELD)))]);
    if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
        other.insert("Name".to_owned(), json!(clip(name, FIELD)));
    }
    let mut details = Map::new();
    if let Some(known) = known {
        let own = details_of(known, scalars);
        if !own.is_empty() {
            details.insert(known.name.to_owned(), Value::Object(own));
        }
    }
    details.insert("Other".to_owned(), Value::Object(other));
    let mut resource = Map::from_iter([
        ("Type".to_owned(), json!(known.map_or("Other", |known| known.name))),
        ("Id".to_owned(), json!(id)),
        ("Partition".to_owned(), json!(partition)),
    ]);
    if let Some(region) = region.filter(|region| *region != GLOBAL) {
        resource.insert("Region".to_owned(), json!(region));
    }
    resource.insert("Details".to_owned(), Value::Object(details));
    Value::Object(resource)
}

/// Values of the wrong kind, and empty texts, are left out: the whole finding would be refused for them.
fn details_of(known: &Known, scalars: &[(String, Scalar)]) -> Map<String, Value> {
    let value = |key: &str, scalar: &Scalar| -> Option<Value> {
        if known.texts.contains(&key) {
            return (!scalar.text.trim().is_empty()).then(|| json!(clip(&scalar.text, FIELD)));
        }
        if known.numbers.contains(&key) {
            return scalar.as_i64().and_then(|number| i32::try_from(number).ok()).map(Value::from);
        }
        known.flags.contains(&key).then(|| scalar.as_bool())?.map(Value::from)
    };
    let mut details: Vec<(String, Value)> =
        scalars.iter().filter_map(|(key, scalar)| Some((key.clone(), value(key, scalar)?))).collect();
    details.sort_by(|(a, _), (b, _)| a.cmp(b));
    details.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_and_named_after_the_service() {
        assert!(KNOWN.is_sorted_by(|a, b| a.kind < b.kind));
        assert!(KNOWN.iter().all(|known| known.name.starts_with("Aws") && known.kind.starts_with("AWS::")));
    }

    #[test]
    fn only_values_of_the_right_kind_are_taken_over() {
        let scalar = |text: &str| Scalar { text: text.into(), plain: true };
        let scalars = [
            ("Timeout".to_owned(), scalar("3")),
            ("MemorySize".to_owned(), scalar("much")),
            ("Runtime".to_owned(), scalar("")),
            ("Handler".to_owned(), scalar("a.b")),
            ("Secret".to_owned(), scalar("s")),
        ];
        let made = made("arn", "AWS::Lambda::Function", None, &scalars, "aws", Some(GLOBAL));
        let details = json!({
            "AwsLambdaFunction": { "Handler": "a.b", "Timeout": 3 },
            "Other": { "CloudFormationType": "AWS::Lambda::Function" },
        });
        assert_eq!(made, json!({ "Type": "AwsLambdaFunction", "Id": "arn", "Partition": "aws", "Details": details }));
    }
}

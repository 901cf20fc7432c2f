//! What becomes of each type of configuration item.

mod autoscaling;
mod classic;
mod ec2;
mod edge;

use serde_json::{Value, json};

use super::item::{Made, Recorded, at, document, harmless, pascal};
use crate::input::snapshot::format::Item;

/// How AWS Config tells a type of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// By items of this type.
    By(&'static str),
    /// By items of this type, but not all of them, and why.
    Partly(&'static str, &'static str),
    /// Not in a way that is read here, and why.
    Not(&'static str),
}

impl Told {
    /// The type of the items.
    pub(super) fn source(&self) -> Option<&'static str> {
        match self {
            Self::By(source) | Self::Partly(source, _) => Some(source),
            Self::Not(_) => None,
        }
    }
}

const NOT_RECORDED: Told = Told::Not("no item tells it");

/// The types that rules may need of an account. Source: AWS Config developer guide, "Supported Resource Types"; AWS Config
/// API reference, `ResourceType`.
pub(super) const KNOWN: &[(&str, Told)] = &[
    ("AWS::ApiGateway::Authorizer", NOT_RECORDED),
    ("AWS::ApiGateway::BasePathMapping", NOT_RECORDED),
    ("AWS::ApiGateway::DomainName", NOT_RECORDED),
    (
        "AWS::ApiGateway::Method",
        Told::Not("AWS Config records what is written of it, which may not be what is deployed"),
    ),
    ("AWS::ApiGateway::Resource", NOT_RECORDED),
    ("AWS::ApiGateway::RestApi", Told::By("AWS::ApiGateway::RestApi")),
    ("AWS::ApiGateway::Stage", Told::By("AWS::ApiGateway::Stage")),
    ("AWS::ApiGateway::VpcLink", NOT_RECORDED),
    ("AWS::ApiGatewayV2::Api", Told::By("AWS::ApiGatewayV2::Api")),
    ("AWS::ApiGatewayV2::ApiMapping", NOT_RECORDED),
    ("AWS::ApiGatewayV2::Authorizer", NOT_RECORDED),
    ("AWS::ApiGatewayV2::DomainName", NOT_RECORDED),
    ("AWS::ApiGatewayV2::Integration", Told::By("AWS::ApiGatewayV2::Integration")),
    ("AWS::ApiGatewayV2::Route", NOT_RECORDED),
    ("AWS::ApiGatewayV2::Stage", Told::By("AWS::ApiGatewayV2::Stage")),
    ("AWS::ApiGatewayV2::VpcLink", NOT_RECORDED),
    ("AWS::AppSync::GraphQLApi", Told::By("AWS::AppSync::GraphQLApi")),
    ("AWS::AutoScaling::AutoScalingGroup", Told::By("AWS::AutoScaling::AutoScalingGroup")),
    ("AWS::AutoScaling::LaunchConfiguration", Told::By("AWS::AutoScaling::LaunchConfiguration")),
    ("AWS::CertificateManager::Certificate", Told::By("AWS::ACM::Certificate")),
    ("AWS::CloudFront::Distribution", Told::By("AWS::CloudFront::Distribution")),
    ("AWS::Cognito::IdentityPool", Told::By("AWS::Cognito::IdentityPool")),
    ("AWS::Cognito::IdentityPoolRoleAttachment", NOT_RECORDED),
    ("AWS::Cognito::UserPool", Told::By("AWS::Cognito::UserPool")),
    ("AWS::Cognito::UserPoolClient", Told::By("AWS::Cognito::UserPoolClient")),
    ("AWS::Cognito::UserPoolDomain", NOT_RECORDED),
    ("AWS::Cognito::UserPoolGroup", Told::By("AWS::Cognito::UserPoolGroup")),
    ("AWS::DynamoDB::Table", Told::By("AWS::DynamoDB::Table")),
    ("AWS::EC2::CarrierGateway", Told::By("AWS::EC2::CarrierGateway")),
    ("AWS::EC2::EIP", Told::By("AWS::EC2::EIP")),
    ("AWS::EC2::Instance", Told::By("AWS::EC2::Instance")),
    ("AWS::EC2::InternetGateway", Told::By("AWS::EC2::InternetGateway")),
    ("AWS::EC2::LaunchTemplate", Told::By("AWS::EC2::LaunchTemplate")),
    ("AWS::EC2::NatGateway", Told::By("AWS::EC2::NatGateway")),
    ("AWS::EC2::NetworkInterface", Told::By("AWS::EC2::NetworkInterface")),
    ("AWS::EC2::PrefixList", Told::Partly("AWS::EC2::PrefixList", "the prefix lists of AWS itself are not recorded")),
    ("AWS::EC2::Route", Told::By("AWS::EC2::RouteTable")),
    ("AWS::EC2::RouteTable", Told::By("AWS::EC2::RouteTable")),
    ("AWS::EC2::SecurityGroup", Told::By("AWS::EC2::SecurityGroup")),
    ("AWS::EC2::Subnet", Told::By("AWS::EC2::Subnet")),
    ("AWS::EC2::SubnetRouteTableAssociation", Told::By("AWS::EC2::RouteTable")),
    ("AWS::EC2::VPC", Told::By("AWS::EC2::VPC")),
    ("AWS::EC2::VPCBlockPublicAccessExclusion", Told::By("AWS::EC2::VPCBlockPublicAccessExclusion")),
    ("AWS::EC2::VPCBlockPublicAccessOptions", Told::By("AWS::EC2::VPCBlockPublicAccessOptions")),
    ("AWS::EC2::VPCEndpoint", Told::By("AWS::EC2::VPCEndpoint")),
    ("AWS::EC2::VPCGatewayAttachment", Told::By("AWS::EC2::InternetGateway")),
    ("AWS::EC2::VPNGateway", Told::By("AWS::EC2::VPNGateway")),
    ("AWS::ECS::CapacityProvider", Told::By("AWS::ECS::CapacityProvider")),
    ("AWS::ECS::Cluster", Told::By("AWS::ECS::Cluster")),
    ("AWS::ECS::Service", Told::By("AWS::ECS::Service")),
    ("AWS::ECS::Task", NOT_RECORDED),
    ("AWS::ECS::TaskDefinition", Told::By("AWS::ECS::TaskDefinition")),
    ("AWS::ECS::TaskSet", Told::By("AWS::ECS::TaskSet")),
    ("AWS::ElasticLoadBalancing::LoadBalancer", Told::By("AWS::ElasticLoadBalancing::LoadBalancer")),
    ("AWS::ElasticLoadBalancingV2::Listener", Told::By("AWS::ElasticLoadBalancingV2::Listener")),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", NOT_RECORDED),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", Told::By("AWS::ElasticLoadBalancingV2::LoadBalancer")),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", Told::By("AWS::ElasticLoadBalancingV2::TargetGroup")),
    ("AWS::IAM::Group", Told::By("AWS::IAM::Group")),
    ("AWS::IAM::InstanceProfile", Told::By("AWS::IAM::Role")),
    ("AWS::IAM::ManagedPolicy", Told::By("AWS::IAM::Policy")),
    ("AWS::IAM::Role", Told::By("AWS::IAM::Role")),
    ("AWS::IAM::User", Told::By("AWS::IAM::User")),
    ("AWS::Lambda::Alias", NOT_RECORDED),
    ("AWS::Lambda::EventSourceMapping", NOT_RECORDED),
    ("AWS::Lambda::Function", Told::By("AWS::Lambda::Function")),
    ("AWS::Lambda::LayerVersion", NOT_RECORDED),
    ("AWS::Lambda::LayerVersionPermission", NOT_RECORDED),
    ("AWS::Lambda::Permission", Told::By("AWS::Lambda::Function")),
    ("AWS::Lambda::Url", NOT_RECORDED),
    ("AWS::Lambda::Version", NOT_RECORDED),
    ("AWS::Route53::RecordSet", NOT_RECORDED),
    ("AWS::ServiceDiscovery::Service", Told::By("AWS::ServiceDiscovery::Service")),
    ("AWS::StepFunctions::StateMachine", Told::By("AWS::StepFunctions::StateMachine")),
    ("AWS::WAFv2::WebACLAssociation", NOT_RECORDED),
];

/// The types that the graph knows and that are no types of their own in any snapshot: why.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("AWS::AmazonMQ::Broker", OTHER),
    ("AWS::Amplify::App", OTHER),
    ("AWS::Amplify::Domain", OTHER),
    ("AWS::ApiGatewayV2::ApiGatewayManagedOverrides", WRITTEN),
    ("AWS::AppRunner::Service", OTHER),
    ("AWS::Batch::JobDefinition", OTHER),
    ("AWS::CloudFormation::", WRITTEN),
    ("AWS::CloudFormation::CustomResource", WRITTEN),
    ("AWS::CloudFormation::Stack", WRITTEN),
    ("AWS::CodeBuild::Project", OTHER),
    ("AWS::DocDB::DBCluster", OTHER),
    ("AWS::DynamoDB::GlobalTable", "a table with replicas is recorded as a table"),
    ("AWS::EC2::EIPAssociation", "the address tells what it is associated with"),
    ("AWS::EC2::NetworkInterfaceAttachment", "the interface tells what it is attached to"),
    ("AWS::EC2::SecurityGroupEgress", "the group tells its rules"),
    ("AWS::EC2::SecurityGroupIngress", "the group tells its rules"),
    ("AWS::EC2::SubnetCidrBlock", "the subnet tells its ranges"),
    ("AWS::ECS::ClusterCapacityProviderAssociations", "the cluster tells its capacity providers"),
    ("AWS::EFS::MountTarget", OTHER),
    ("AWS::EKS::PodIdentityAssociation", OTHER),
    ("AWS::IAM::", "the services of IAM as a whole, no type"),
    ("AWS::IAM::GroupPolicy", "the group tells its policies"),
    ("AWS::IAM::Policy", "whom it is attached to tells it"),
    ("AWS::IAM::RolePolicy", "the role tells its policies"),
    ("AWS::IAM::UserPolicy", "the user tells its policies"),
    ("AWS::Kinesis::Stream", OTHER),
    ("AWS::MSK::Cluster", OTHER),
    ("AWS::Route53::RecordSetGroup", WRITTEN),
    ("AWS::S3::Bucket", OTHER),
    ("AWS::SQS::Queue", OTHER),
    ("AWS::SSM::Parameter", OTHER),
];

const OTHER: &str = "no service that is collected has it, so in an account it is something outside";
const WRITTEN: &str = "only templates have it";

/// Types that are recorded in `CloudFormation`'s shape, with the property that `Ref` returns; the resource id where there
/// is none.
const SHAPED: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::Integration", "IntegrationId"),
    ("AWS::AppSync::GraphQLApi", "Arn"),
    ("AWS::Cognito::IdentityPool", "Id"),
    ("AWS::Cognito::UserPool", "UserPoolId"),
    ("AWS::Cognito::UserPoolClient", "ClientId"),
    ("AWS::Cognito::UserPoolGroup", ""),
    ("AWS::EC2::CarrierGateway", "CarrierGatewayId"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateId"),
    ("AWS::EC2::PrefixList", "PrefixListId"),
    ("AWS::EC2::VPCBlockPublicAccessExclusion", "ExclusionId"),
    ("AWS::EC2::VPCBlockPublicAccessOptions", "AccountId"),
    ("AWS::ECS::CapacityProvider", ""),
    ("AWS::ECS::Cluster", ""),
    ("AWS::ECS::Service", "ServiceArn"),
    ("AWS::ECS::TaskDefinition", "TaskDefinitionArn"),
    ("AWS::ECS::TaskSet", "Id"),
    ("AWS::ElasticLoadBalancingV2::Listener", "ListenerArn"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupArn"),
    ("AWS::ServiceDiscovery::Service", "Id"),
    ("AWS::StepFunctions::StateMachine", "Arn"),
];

pub(super) fn is_global(kind: &str) -> bool {
    ["AWS::IAM::", "AWS::CloudFront::", "AWS::Route53::"].iter().any(|service| kind.starts_with(service))
}

/// Whether AWS Config has recorded a type in all its regions for long. What it reads through the registry of
/// `CloudFormation` it may record in some regions only, whatever the recorder is told. Source: AWS Config developer guide,
/// "Resource Coverage by Region Availability".
pub(super) fn is_everywhere(source: &str) -> bool {
    !SHAPED.iter().any(|(shaped, _)| *shaped == source)
}

/// The resources that an item tells.
pub(super) fn resources(item: &Recorded<'_>) -> Vec<Item> {
    let made = match item.kind {
        kind if kind.starts_with("AWS::EC2::") && !SHAPED.iter().any(|(shaped, _)| *shaped == kind) => {
            ec2::resources(item)
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => vec![load_balancer(item)],
        "AWS::ElasticLoadBalancing::LoadBalancer" => vec![classic::load_balancer(item)],
        "AWS::AutoScaling::AutoScalingGroup" => vec![autoscaling::group(item)],
        "AWS::AutoScaling::LaunchConfiguration" => vec![autoscaling::configuration(item)],
        "AWS::ACM::Certificate" => vec![edge::certificate(item)],
        "AWS::CloudFront::Distribution" => vec![edge::distribution(item)],
        "AWS::IAM::Role" => role(item),
        "AWS::IAM::User" => vec![holder(item, "UserName", "userName", "userPolicyList").maybe("Groups", groups(item))],
        "AWS::IAM::Group" => vec![holder(item, "GroupName", "groupName", "groupPolicyList")],
        "AWS::IAM::Policy" => vec![policy(item)],
        "AWS::Lambda::Function" => function(item),
        "AWS::ApiGateway::RestApi" => vec![rest_api(item)],
        "AWS::ApiGateway::Stage" => vec![stage(item, "RestApiId", "restapis")],
        "AWS::ApiGatewayV2::Api" => vec![http_api(item)],
        "AWS::ApiGatewayV2::Stage" => vec![stage(item, "ApiId", "apis")],
        "AWS::DynamoDB::Table" => vec![table(item)],
        _ => shaped(item).into_iter().collect(),
    };
    made.into_iter().map(|made| made.0).collect()
}

fn shaped(item: &Recorded<'_>) -> Option<Made> {
    let (kind, reference) = SHAPED.iter().find(|(kind, _)| *kind == item.kind)?;
    let made = item.resource(kind);
    let members = harmless(item.configuration);
    let made = members.as_object().into_iter().flatten().fold(made, |made, (key, value)| made.set(key, value.clone()));
    let text = item.text(reference).or((!reference.is_empty()).then_some(item.id));
    let made = made.means("Ref", text).means("Arn", Some(&item.arn()));
    // Only written, never read.
    Some(match *kind {
        "AWS::Cognito::UserPoolClient" => made.unread(&["GenerateSecret"], "cognito-idp:DescribeUserPoolClient"),
        // Others than CloudFormation register targets too.
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            made.unread(&["Targets"], "elasticloadbalancing:DescribeTargetHealth")
        }
        _ => made,
    })
}

fn load_balancer(item: &Recorded<'_>) -> Made {
    let zones = item.list("availabilityZones").iter().filter_map(|zone| at(zone, "subnetId").cloned());
    let groups = item.list("securityGroups").iter().filter_map(|group| super::item::plain(group).cloned());
    let arn = item.arn();
    let made = item.resource(item.kind).named(item.text("loadBalancerName"));
    let made = made.means("Ref", Some(&arn)).means("DNSName", item.text("dNSName")).take(
        item.configuration,
        &[
            ("loadBalancerName", "Name"),
            ("type", "Type"),
            ("scheme", "Scheme"),
            ("vpcId", "VpcId"),
            ("ipAddressType", "IpAddressType"),
        ],
    );
    let made = made.set("Subnets", zones.collect::<Vec<_>>()).set("SecurityGroups", groups.collect::<Vec<_>>());
    let attributes = at(item.supplementary, "LoadBalancerAttributes").and_then(Value::as_array);
    match attributes {
        Some(attributes) => made.set("LoadBalancerAttributes", attributes.iter().map(pascal).collect::<Vec<_>>()),
        None => made.unread(&["LoadBalancerAttributes"], "elasticloadbalancing:DescribeLoadBalancerAttributes"),
    }
}

/// What has policies of IAM.
fn holder(item: &Recorded<'_>, property: &str, name: &str, policies: &str) -> Made {
    let inline = item.list(policies).iter().map(|policy| {
        json!({ "PolicyName": policy.get("policyName"), "PolicyDocument": document(policy.get("policyDocument")) })
    });
    let attached = item.list("attachedManagedPolicies").iter().filter_map(|policy| at(policy, "policyArn").cloned());
    let (inline, attached): (Vec<Value>, Vec<Value>) = (inline.collect(), attached.collect());
    let made = item.resource(item.kind).named(item.text(name)).means("Arn", Some(&item.arn()));
    let rows =
        [(name, property), ("path", "Path"), ("permissionsBoundary.permissionsBoundaryArn", "PermissionsBoundary")];
    let made = made.take(item.configuration, &rows);
    let made = made.maybe("Policies", (!inline.is_empty()).then_some(inline));
    made.maybe("ManagedPolicyArns", (!attached.is_empty()).then_some(attached))
}

fn groups(item: &Recorded<'_>) -> Option<Vec<Value>> {
    let groups = item.list("groupList");
    (!groups.is_empty()).then(|| groups.to_vec())
}

fn role(item: &Recorded<'_>) -> Vec<Made> {
    let trust = document(item.get("assumeRolePolicyDocument"));
    let own = holder(item, "RoleName", "roleName", "rolePolicyList").set("AssumeRolePolicyDocument", trust);
    let profiles = item.list("instanceProfileList").iter().filter_map(|profile| {
        let arn = at(profile, "arn")?.as_str()?;
        let made = Made::new("AWS::IAM::InstanceProfile", arn.to_owned()).means("Arn", Some(arn));
        let rows = [("instanceProfileName", "InstanceProfileName"), ("path", "Path")];
        let name = at(profile, "instanceProfileName").and_then(Value::as_str);
        Some(made.named(name).take(profile, &rows).set("Roles", vec![item.arn()]))
    });
    std::iter::once(own).chain(profiles).collect()
}

fn policy(item: &Recorded<'_>) -> Made {
    let default = item.list("policyVersionList").iter();
    let mut default = default.filter(|version| at(version, "isDefaultVersion").and_then(Value::as_bool) == Some(true));
    let text = document(default.next().and_then(|version| version.get("document")));
    let arn = item.arn();
    let made = item.resource("AWS::IAM::ManagedPolicy").named(item.text("policyName"));
    // What attaches a policy of AWS keeps its ARN, by which it is known to be AWS's.
    let own = (arn.split(':').nth(4) != Some("aws")).then_some(arn.as_str());
    let rows = [("policyName", "ManagedPolicyName"), ("path", "Path")];
    made.means("Ref", own).take(item.configuration, &rows).set("PolicyDocument", text)
}

fn function(item: &Recorded<'_>) -> Vec<Made> {
    let arn = item.arn();
    let made = item.resource(item.kind).named(item.text("functionName")).means("Arn", Some(&arn));
    let made = made.take(
        item.configuration,
        &[
            ("functionName", "FunctionName"),
            ("role", "Role"),
            ("runtime", "Runtime"),
            ("handler", "Handler"),
            ("packageType", "PackageType"),
            ("architectures", "Architectures"),
            ("memorySize", "MemorySize"),
            ("timeout", "Timeout"),
        ],
    );
    let network = item
        .get("vpcConfig")
        .map(pascal)
        .filter(|config| config.get("SubnetIds").and_then(Value::as_array).is_some_and(|subnets| !subnets.is_empty()));
    let reserved = at(item.supplementary, "Concurrency.reservedConcurrentExecutions");
    let made = made.maybe("VpcConfig", network).maybe("ReservedConcurrentExecutions", reserved.cloned());
    // Values of variables are not recorded, and their names only in part.
    let made = made.unread(&["Environment"], "lambda:GetFunctionConfiguration");
    let mut all = vec![made];
    all.extend(permissions(item, &arn));
    all
}

const PERMISSION: &str = "AWS::Lambda::Permission";

/// The statements of a function's policy. Source: "Working with resource-based IAM policies in Lambda", AWS Lambda developer
/// guide. A statement of another form, or a policy that is not recorded, is a permission of which nothing is known.
fn permissions(item: &Recorded<'_>, arn: &str) -> Vec<Made> {
    let unknown = |part: &str| {
        let made = Made::new(PERMISSION, format!("{arn}/{part}")).set("FunctionName", arn);
        made.unread(&["Action", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn"], "lambda:GetPolicy")
    };
    let policy = document(item.supplementary.get("Policy"));
    let Some(statements) = policy.get("Statement").and_then(Value::as_array) else { return vec![unknown("policy")] };
    let permitted = statements.iter().enumerate().map(|(index, statement)| {
        let sid = statement.get("Sid").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
        let part = format!("policy/{sid}");
        permission(statement, arn, &part).unwrap_or_else(|| unknown(&part))
    });
    permitted.collect()
}

fn permission(statement: &Value, arn: &str, part: &str) -> Option<Made> {
    let principal = match statement.get("Principal")? {
        Value::Object(kinds) if kinds.len() == 1 => kinds.values().next()?.as_str()?,
        other => other.as_str()?,
    };
    let root = principal.strip_suffix(":root").and_then(|arn| arn.split(':').nth(4));
    let action = statement.get("Action")?.as_str()?;
    if statement.get("Effect")?.as_str()? != "Allow" {
        return None;
    }
    let mut made = Made::new(PERMISSION, format!("{arn}/{part}"))
        .set("FunctionName", arn)
        .set("Action", action)
        .set("Principal", root.unwrap_or(principal));
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    for (key, value) in operators.filter_map(|(_, keys)| keys.as_object()).flatten() {
        let known = CONDITIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        let (_, property) = known?;
        made = made.set(property, value.as_str()?);
    }
    Some(made)
}

const CONDITIONS: &[(&str, &str)] = &[
    ("aws:SourceArn", "SourceArn"),
    ("aws:SourceAccount", "SourceAccount"),
    ("aws:PrincipalOrgID", "PrincipalOrgID"),
    ("lambda:EventSourceToken", "EventSourceToken"),
    ("lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
    ("lambda:InvokedViaFunctionUrl", "InvokedViaFunctionUrl"),
];

fn rest_api(item: &Recorded<'_>) -> Made {
    let made = item.resource(item.kind).named(item.text("name")).means("Ref", Some(item.text("id").unwrap_or(item.id)));
    let rows = [("name", "Name"), ("apiKeySource", "ApiKeySourceType")];
    let made = made.take(item.configuration, &rows);
    let made = made.maybe("EndpointConfiguration", item.get("endpointConfiguration").map(pascal));
    let made = match item.get("policy") {
        Some(policy) => made.set("Policy", document(Some(policy))),
        None => made.unread(&["Policy"], "apigateway:GET"),
    };
    match item.get("disableExecuteApiEndpoint") {
        Some(disabled) => made.set("DisableExecuteApiEndpoint", disabled.clone()),
        None => made.unread(&["DisableExecuteApiEndpoint"], "apigateway:GET"),
    }
}

fn http_api(item: &Recorded<'_>) -> Made {
    let made =
        item.resource(item.kind).named(item.text("name")).means("Ref", Some(item.text("apiId").unwrap_or(item.id)));
    let rows = [
        ("name", "Name"),
        ("protocolType", "ProtocolType"),
        ("routeSelectionExpression", "RouteSelectionExpression"),
        ("disableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
    ];
    let made = made.means("ApiEndpoint", item.text("apiEndpoint")).take(item.configuration, &rows);
    made.maybe("CorsConfiguration", item.get("corsConfiguration").map(pascal))
}

/// The ARN of a stage ends with `/restapis/<id>/stages/<name>`.
fn stage(item: &Recorded<'_>, property: &str, collection: &str) -> Made {
    let arn = item.arn();
    let api = arn.split_once(&format!("/{collection}/")).and_then(|(_, rest)| rest.split('/').next());
    let made = item.resource(item.kind).named(item.text("stageName"));
    let rows = [
        ("stageName", "StageName"),
        ("deploymentId", "DeploymentId"),
        ("autoDeploy", "AutoDeploy"),
        ("tracingEnabled", "TracingEnabled"),
        ("clientCertificateId", "ClientCertificateId"),
    ];
    let made = made.take(item.configuration, &rows);
    let logs = item.get("accessLogSettings").map(pascal);
    let made = made.maybe(if property == "ApiId" { "AccessLogSettings" } else { "AccessLogSetting" }, logs);
    match api {
        Some(api) => made.set(property, api),
        None => made.unread(&[property], "apigateway:GET"),
    }
}

fn table(item: &Recorded<'_>) -> Made {
    let indexes = |path: &str| {
        let indexes = item.list(path).iter().map(|index| {
            let kept = ["indexName", "keySchema", "projection"];
            let kept = kept.iter().filter_map(|key| Some(((*key).to_owned(), index.get(*key)?.clone())));
            pascal(&Value::Object(kept.collect()))
        });
        let indexes: Vec<Value> = indexes.collect();
        (!indexes.is_empty()).then_some(indexes)
    };
    let shaped = |path: &str| item.get(path).map(pascal);
    let made = item.resource(item.kind).named(item.text("tableName")).means("Arn", Some(&item.arn()));
    let made = made.means("StreamArn", item.text("latestStreamArn"));
    let rows = [("tableName", "TableName"), ("billingModeSummary.billingMode", "BillingMode")];
    let made = made.take(item.configuration, &rows);
    let made =
        made.maybe("AttributeDefinitions", shaped("attributeDefinitions")).maybe("KeySchema", shaped("keySchema"));
    let made = made.maybe("GlobalSecondaryIndexes", indexes("globalSecondaryIndexes"));
    let made = made.maybe("LocalSecondaryIndexes", indexes("localSecondaryIndexes"));
    let status = "ContinuousBackupsDescription.pointInTimeRecoveryDescription.pointInTimeRecoveryStatus";
    let recovery = at(item.supplementary, status).and_then(Value::as_str).map(|status| status == "ENABLED");
    let made = made.maybe(
        "PointInTimeRecoverySpecification",
        recovery.map(|enabled| json!({ "PointInTimeRecoveryEnabled": enabled })),
    );
    made.unread(&["ResourcePolicy"], "dynamodb:GetResourcePolicy")
}

#[cfg(test)]
mod tests;

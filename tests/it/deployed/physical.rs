//! What a service calls the resources that it makes: ids, ARNs and attributes of each type.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::plain::REGION;

/// What a resource is once it exists.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub(crate) struct Physical {
    /// What `Ref` returns.
    #[serde(rename = "Ref")]
    pub reference: String,
    /// What `Fn::GetAtt` returns.
    #[serde(rename = "Attributes")]
    pub attributes: BTreeMap<String, String>,
}

/// Types whose `Ref` is a name that somebody chose.
const NAMED: &[&str] = &[
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::DynamoDB::Table",
    "AWS::ECS::Cluster",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    // The function's ARN.
    "AWS::Lambda::Url",
    "AWS::Route53::RecordSet",
];

/// The property that holds the name that somebody chose, or that the deployment makes up.
pub(crate) fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::ECS::Cluster" => "ClusterName",
        "AWS::ECS::Service" => "ServiceName",
        "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" => "Name",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::StepFunctions::StateMachine" => "StateMachineName",
        _ => return None,
    })
}

impl Physical {
    /// Texts that mean it wherever they stand.
    pub(crate) fn meaning(&self, kind: &str) -> BTreeMap<String, String> {
        let mut meaning = self.attributes.clone();
        meaning.retain(|attribute, _| !matches!(attribute.as_str(), "RootResourceId" | "CanonicalHostedZoneID"));
        if !NAMED.contains(&kind) && !matches!(kind, "AWS::EC2::Route" | "AWS::Lambda::Permission") {
            meaning.insert("Ref".to_owned(), self.reference.clone());
        }
        meaning
    }

    /// The id that a snapshot gives it: its ARN, or that of the resource that it is a part of and what tells the part.
    pub(crate) fn id(&self, kind: &str, properties: &Json, account: &str) -> String {
        if let Some(arn) = ["Arn", "LoadBalancerArn", "TargetGroupArn", "ListenerArn", "RuleArn", "ServiceArn"]
            .iter()
            .find_map(|attribute| self.attributes.get(*attribute))
        {
            return arn.clone();
        }
        let own = &self.reference;
        if own.starts_with("arn:") && kind != "AWS::Lambda::Url" {
            return own.clone();
        }
        let text = |key: &str| properties[key].as_str().unwrap_or_default();
        let of_region = |service: &str, path: &str| format!("arn:aws:{service}:{REGION}:{account}:{path}");
        let of_gateway = |path: &str| format!("arn:aws:apigateway:{REGION}::{path}");
        let user_pool = |part: &str| of_region("cognito-idp", &format!("userpool/{}/{part}", text("UserPoolId")));
        match kind {
            "AWS::EC2::Instance" => of_region("ec2", &format!("instance/{own}")),
            "AWS::EC2::VPC" => of_region("ec2", &format!("vpc/{own}")),
            "AWS::EC2::Subnet" => of_region("ec2", &format!("subnet/{own}")),
            "AWS::EC2::SecurityGroup" => of_region("ec2", &format!("security-group/{own}")),
            "AWS::EC2::Route" => of_region("ec2", &format!("route-table/{}/{own}", text("RouteTableId"))),
            "AWS::Lambda::Url" => format!("{own}/url"),
            "AWS::Lambda::Permission" => {
                let function = text("FunctionName");
                let name = function.rsplit(':').next().unwrap_or(function);
                format!("{}/policy/{own}", of_region("lambda", &format!("function:{name}")))
            }
            "AWS::Cognito::UserPoolClient" => user_pool(&format!("client/{own}")),
            "AWS::Cognito::UserPoolDomain" => user_pool(&format!("domain/{own}")),
            "AWS::Cognito::IdentityPool" => of_region("cognito-identity", &format!("identitypool/{own}")),
            "AWS::ApiGateway::RestApi" => of_gateway(&format!("/restapis/{own}")),
            "AWS::ApiGateway::Resource" => of_gateway(&format!("/restapis/{}/resources/{own}", text("RestApiId"))),
            "AWS::ApiGateway::Authorizer" => of_gateway(&format!("/restapis/{}/authorizers/{own}", text("RestApiId"))),
            "AWS::ApiGateway::Method" => of_gateway(&format!(
                "/restapis/{}/resources/{}/methods/{}",
                text("RestApiId"),
                text("ResourceId"),
                text("HttpMethod")
            )),
            "AWS::ApiGatewayV2::Api" => of_gateway(&format!("/apis/{own}")),
            "AWS::ApiGatewayV2::Route" => of_gateway(&format!("/apis/{}/routes/{own}", text("ApiId"))),
            "AWS::ApiGatewayV2::Authorizer" => of_gateway(&format!("/apis/{}/authorizers/{own}", text("ApiId"))),
            "AWS::ApiGatewayV2::Integration" => of_gateway(&format!("/apis/{}/integrations/{own}", text("ApiId"))),
            "AWS::ApiGatewayV2::Stage" => of_gateway(&format!("/apis/{}/stages/{own}", text("ApiId"))),
            _ => format!("{}/{own}", of_region("other", kind)),
        }
    }
}

/// An identity as the service would make it. `number` tells resources apart; `properties` are evaluated.
pub(crate) fn made_up(kind: &str, name: &str, number: usize, properties: &Json, account: &str) -> Physical {
    let text = |key: &str| properties[key].as_str().unwrap_or_default();
    let of_region = |service: &str, path: &str| format!("arn:aws:{service}:{REGION}:{account}:{path}");
    let id = |prefix: &str| format!("{prefix}-{number:017x}");
    let short = |prefix: &str| format!("{prefix}{number:07}");
    let hex = format!("{number:016x}");
    let physical = |reference: String, attributes: &[(&str, String)]| Physical {
        reference,
        attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    };
    let with_id = |attribute: &str, id: String| physical(id.clone(), &[(attribute, id)]);
    let elb = |path: String| of_region("elasticloadbalancing", &path);
    let behind = |key: &str| text(key).split_once('/').map(|(_, path)| path.to_owned()).unwrap_or_default();
    match kind {
        "AWS::EC2::VPC" => with_id("VpcId", id("vpc")),
        "AWS::EC2::InternetGateway" => with_id("InternetGatewayId", id("igw")),
        "AWS::EC2::Subnet" => with_id("SubnetId", id("subnet")),
        "AWS::EC2::RouteTable" => with_id("RouteTableId", id("rtb")),
        "AWS::EC2::NatGateway" => with_id("NatGatewayId", id("nat")),
        "AWS::EC2::SecurityGroup" => with_id("GroupId", id("sg")),
        "AWS::EC2::EIP" => physical(format!("198.51.100.{number}"), &[("AllocationId", id("eipalloc"))]),
        "AWS::EC2::SubnetRouteTableAssociation" => physical(id("rtbassoc"), &[]),
        "AWS::EC2::Route" => {
            let destination = ["DestinationCidrBlock", "DestinationIpv6CidrBlock"].map(text).concat();
            physical(destination, &[])
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            let arn = elb(format!("loadbalancer/app/{name}/{hex}"));
            let dns = format!("{name}-{number}.{REGION}.elb.amazonaws.com");
            let zone = "Z215JYRZR1TBD5".to_owned();
            physical(arn.clone(), &[("LoadBalancerArn", arn), ("DNSName", dns), ("CanonicalHostedZoneID", zone)])
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            with_id("TargetGroupArn", elb(format!("targetgroup/{name}/{hex}")))
        }
        "AWS::ElasticLoadBalancingV2::Listener" => {
            with_id("ListenerArn", elb(format!("listener/{}/{hex}", behind("LoadBalancerArn"))))
        }
        "AWS::ElasticLoadBalancingV2::ListenerRule" => {
            with_id("RuleArn", elb(format!("listener-rule/{}/{hex}", behind("ListenerArn"))))
        }
        "AWS::IAM::Role" => {
            let arn = format!("arn:aws:iam::{account}:role/{name}");
            physical(name.to_owned(), &[("Arn", arn), ("RoleId", format!("AROA{number:017}"))])
        }
        "AWS::Lambda::Function" => {
            physical(name.to_owned(), &[("Arn", of_region("lambda", &format!("function:{name}")))])
        }
        "AWS::Lambda::Url" => {
            let url = format!("https://{number:032x}.lambda-url.{REGION}.on.aws/");
            physical(text("TargetFunctionArn").to_owned(), &[("FunctionUrl", url)])
        }
        "AWS::ECS::Cluster" => physical(name.to_owned(), &[("Arn", of_region("ecs", &format!("cluster/{name}")))]),
        "AWS::ECS::TaskDefinition" => {
            with_id("TaskDefinitionArn", of_region("ecs", &format!("task-definition/{}:1", text("Family"))))
        }
        "AWS::ECS::Service" => with_id("ServiceArn", of_region("ecs", &format!("service/{}/{name}", text("Cluster")))),
        "AWS::Cognito::UserPool" => {
            let pool = format!("{REGION}_{}", short("pool"));
            let provider = format!("cognito-idp.{REGION}.amazonaws.com/{pool}");
            physical(
                pool.clone(),
                &[
                    ("Arn", of_region("cognito-idp", &format!("userpool/{pool}"))),
                    ("UserPoolId", pool),
                    ("ProviderURL", format!("https://{provider}")),
                    ("ProviderName", provider),
                ],
            )
        }
        "AWS::Cognito::UserPoolClient" => with_id("ClientId", format!("{number:026}")),
        "AWS::Cognito::UserPoolDomain" => physical(text("Domain").to_owned(), &[]),
        "AWS::Cognito::UserPoolResourceServer" => physical(text("Identifier").to_owned(), &[]),
        "AWS::Cognito::IdentityPool" => physical(format!("{REGION}:00000000-0000-4000-8000-{number:012x}"), &[]),
        "AWS::DynamoDB::Table" => {
            physical(name.to_owned(), &[("Arn", of_region("dynamodb", &format!("table/{name}")))])
        }
        "AWS::ApiGateway::RestApi" => {
            physical(short("api"), &[("RestApiId", short("api")), ("RootResourceId", short("root"))])
        }
        "AWS::ApiGateway::Resource" => with_id("ResourceId", short("res")),
        "AWS::ApiGateway::Deployment" => with_id("DeploymentId", short("dep")),
        "AWS::ApiGateway::Stage" => physical(text("StageName").to_owned(), &[]),
        "AWS::ApiGateway::Authorizer" | "AWS::ApiGatewayV2::Authorizer" => with_id("AuthorizerId", short("aut")),
        "AWS::ApiGatewayV2::Api" => with_id("ApiId", short("api")),
        "AWS::ApiGatewayV2::Integration" => with_id("IntegrationId", short("int")),
        "AWS::ApiGatewayV2::Route" => with_id("RouteId", short("rou")),
        "AWS::StepFunctions::StateMachine" => with_id("Arn", of_region("states", &format!("stateMachine:{name}"))),
        "AWS::CertificateManager::Certificate" => {
            physical(of_region("acm", &format!("certificate/00000000-0000-4000-8000-{number:012x}")), &[])
        }
        "AWS::Route53::HostedZone" => with_id("Id", short("Z0")),
        _ => physical(name.to_owned(), &[]),
    }
}

/// `{"Ref": …}`, `{"Fn::GetAtt": …}` and `{"Fn::Join": …}` as the texts that they return.
pub(crate) fn resolved(value: &Json, made: &BTreeMap<String, Physical>) -> Json {
    let text = |value: &Json| resolved(value, made).as_str().unwrap_or_default().to_owned();
    if let Some(name) = value.get("Ref").and_then(Json::as_str) {
        return json!(made[name].reference);
    }
    if let Some(at) = value.get("Fn::GetAtt").and_then(Json::as_array) {
        let (name, attribute) = (at[0].as_str().unwrap_or_default(), at[1].as_str().unwrap_or_default());
        let known = made[name].attributes.get(attribute);
        return json!(known.unwrap_or_else(|| panic!("`{attribute}` of `{name}` is not made up")));
    }
    if let Some(join) = value.get("Fn::Join").and_then(Json::as_array) {
        let parts: Vec<String> = join[1].as_array().into_iter().flatten().map(text).collect();
        return json!(parts.join(join[0].as_str().unwrap_or_default()));
    }
    match value {
        Json::Array(items) => items.iter().map(|item| resolved(item, made)).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), resolved(value, made)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => value.clone(),
    }
}

/// The names of resources that a value uses.
pub(crate) fn uses(value: &Json, found: &mut Vec<String>) {
    if let Some(name) = value.get("Ref").and_then(Json::as_str) {
        found.push(name.to_owned());
    } else if let Some(name) = value.get("Fn::GetAtt").and_then(|at| at[0].as_str()) {
        found.push(name.to_owned());
    } else if let Some(items) = value.as_array() {
        for item in items {
            uses(item, found);
        }
    } else if let Some(members) = value.as_object() {
        for member in members.values() {
            uses(member, found);
        }
    }
}

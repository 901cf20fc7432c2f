"""Deploys resources in CloudFormation's shape through the services' own APIs, property by property: the emulator's own
CloudFormation drops properties silently.

    deploy.py ENDPOINT REGION < deployments > results

Standard input holds one deployment a line: `{"account", "resources": [{"logical", "kind", "properties", "after"}]}`, where
properties may hold `Ref`, `Fn::GetAtt` and `Fn::Join`. Each line of the output tells what became of one:
`{"account", "made": {logical: {"Ref", "Attributes", "Properties"}}}`, or `{"account", "refused"}` with what the service said.
"""

import io
import json
import sys
import zipfile

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ENDPOINT, REGION = sys.argv[1:3]
CREDENTIALS = Credentials("", "emulated")
MAKERS = {}
CLIENTS = {}


def client(service):
    """One for all accounts: making one takes longer than most calls."""
    if service not in CLIENTS:
        session = botocore.session.Session()
        session._credentials = CREDENTIALS
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        CLIENTS[service] = boto3.Session(botocore_session=session).client(
            service, region_name=REGION, endpoint_url=ENDPOINT, config=config
        )
    return CLIENTS[service]


def makes(kind):
    def remember(function):
        MAKERS["AWS::" + kind] = function
        return function

    return remember


def only(properties, *keys):
    return {key: properties[key] for key in keys if key in properties}


def without(properties, *keys):
    return {key: value for key, value in properties.items() if key not in keys}


def lower(value):
    """Keys as services of the newer kind spell them: `networkConfiguration`."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lower(item) for key, item in value.items()}
    return [lower(item) for item in value] if isinstance(value, list) else value


def text(document):
    return document if isinstance(document, str) else json.dumps(document)


# --- network


@makes("EC2::VPC")
def vpc(_, properties):
    made = client("ec2").create_vpc(CidrBlock=properties["CidrBlock"])["Vpc"]["VpcId"]
    for key in ("EnableDnsHostnames", "EnableDnsSupport"):
        if key in properties:
            client("ec2").modify_vpc_attribute(VpcId=made, **{key: {"Value": properties[key]}})
    return made, {"VpcId": made}


@makes("EC2::InternetGateway")
def internet_gateway(*_):
    made = client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    return made, {"InternetGatewayId": made}


@makes("EC2::VPCGatewayAttachment")
def gateway_attachment(logical, properties):
    client("ec2").attach_internet_gateway(**properties)
    return logical, {}


@makes("EC2::Subnet")
def subnet(_, properties):
    given = only(properties, "VpcId", "CidrBlock", "AvailabilityZone")
    made = client("ec2").create_subnet(**given)["Subnet"]["SubnetId"]
    if properties.get("MapPublicIpOnLaunch"):
        client("ec2").modify_subnet_attribute(SubnetId=made, MapPublicIpOnLaunch={"Value": True})
    return made, {"SubnetId": made}


@makes("EC2::RouteTable")
def route_table(_, properties):
    made = client("ec2").create_route_table(VpcId=properties["VpcId"])["RouteTable"]["RouteTableId"]
    return made, {"RouteTableId": made}


@makes("EC2::Route")
def route(logical, properties):
    client("ec2").create_route(**properties)
    return logical, {}


@makes("EC2::SubnetRouteTableAssociation")
def association(_, properties):
    return client("ec2").associate_route_table(**properties)["AssociationId"], {}


@makes("EC2::EIP")
def address(*_):
    made = client("ec2").allocate_address(Domain="vpc")
    return made["PublicIp"], {"AllocationId": made["AllocationId"]}


@makes("EC2::NatGateway")
def nat_gateway(_, properties):
    made = client("ec2").create_nat_gateway(**properties)["NatGateway"]["NatGatewayId"]
    return made, {"NatGatewayId": made}


def permission(rule):
    made = {"IpProtocol": str(rule["IpProtocol"])}
    made.update({key: int(rule[key]) for key in ("FromPort", "ToPort") if key in rule})
    description = only(rule, "Description")
    if "CidrIp" in rule:
        made["IpRanges"] = [{"CidrIp": rule["CidrIp"], **description}]
    if "CidrIpv6" in rule:
        made["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **description}]
    if "SourceSecurityGroupId" in rule:
        made["UserIdGroupPairs"] = [{"GroupId": rule["SourceSecurityGroupId"], **description}]
    return made


@makes("EC2::SecurityGroup")
def security_group(logical, properties):
    name, description = properties.get("GroupName", f"desk-{logical}"), properties["GroupDescription"]
    given = only(properties, "VpcId")
    made = client("ec2").create_security_group(GroupName=name, Description=description, **given)["GroupId"]
    rules = [permission(rule) for rule in properties.get("SecurityGroupIngress", [])]
    if rules:
        client("ec2").authorize_security_group_ingress(GroupId=made, IpPermissions=rules)
    return made, {"GroupId": made}


@makes("EC2::FlowLog")
def flow_log(_, properties):
    given = without(properties, "ResourceId")
    made = client("ec2").create_flow_logs(ResourceIds=[properties["ResourceId"]], **given)["FlowLogIds"][0]
    return made, {"Id": made}


@makes("S3::Bucket")
def bucket(logical, properties):
    name = properties.get("BucketName", f"desk-{logical}-{CREDENTIALS.access_key}".lower())
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name, {"Arn": f"arn:aws:s3:::{name}"}


@makes("EC2::Instance")
def instance(_, properties):
    given = without(properties, "IamInstanceProfile", "Tags")
    if "IamInstanceProfile" in properties:
        given["IamInstanceProfile"] = {"Name": properties["IamInstanceProfile"]}
    if properties.get("Tags"):
        given["TagSpecifications"] = [{"ResourceType": "instance", "Tags": properties["Tags"]}]
    made = client("ec2").run_instances(MinCount=1, MaxCount=1, **given)["Instances"][0]
    return made["InstanceId"], {"InstanceId": made["InstanceId"], "PrivateIp": made["PrivateIpAddress"]}


@makes("EC2::LaunchTemplate")
def launch_template(logical, properties):
    given = {"LaunchTemplateName": f"desk-{logical}", **properties}
    made = client("ec2").create_launch_template(**given)["LaunchTemplate"]["LaunchTemplateId"]
    return made, {"LaunchTemplateId": made}


@makes("AutoScaling::AutoScalingGroup")
def auto_scaling_group(logical, properties):
    name = properties.get("AutoScalingGroupName", f"desk-{logical}")
    given = without(properties, "AutoScalingGroupName", "VPCZoneIdentifier", "MinSize", "MaxSize")
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=int(properties["MinSize"]),
        MaxSize=int(properties["MaxSize"]),
        VPCZoneIdentifier=",".join(properties["VPCZoneIdentifier"]),
        **given,
    )
    return name, {}


# --- identities and permissions


@makes("IAM::Role")
def role(logical, properties):
    name = properties.get("RoleName", f"desk-{logical}")
    trust = text(properties["AssumeRolePolicyDocument"])
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    for arn in properties.get("ManagedPolicyArns", []):
        client("iam").attach_role_policy(RoleName=name, PolicyArn=arn)
    for policy in properties.get("Policies", []):
        document = text(policy["PolicyDocument"])
        client("iam").put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    return name, {"Arn": made["Arn"], "RoleId": made["RoleId"]}


@makes("IAM::InstanceProfile")
def instance_profile(logical, properties):
    name = properties.get("InstanceProfileName", f"desk-{logical}")
    made = client("iam").create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    for role in properties["Roles"]:
        client("iam").add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    return name, {"Arn": made}


@makes("SecretsManager::Secret")
def secret(logical, properties):
    return client("secretsmanager").create_secret(Name=f"desk-{logical}", **properties)["ARN"], {}


@makes("Cognito::UserPool")
def user_pool(logical, properties):
    given = without(properties, "UserPoolName", "EnabledMfas", "MfaConfiguration")
    name = properties.get("UserPoolName", f"desk-{logical}")
    made = client("cognito-idp").create_user_pool(PoolName=name, **given)["UserPool"]
    if properties.get("MfaConfiguration", "OFF") != "OFF":
        token = "SOFTWARE_TOKEN_MFA" in properties.get("EnabledMfas", [])
        client("cognito-idp").set_user_pool_mfa_config(
            UserPoolId=made["Id"],
            MfaConfiguration=properties["MfaConfiguration"],
            SoftwareTokenMfaConfiguration={"Enabled": token},
        )
    provider = f"cognito-idp.{REGION}.amazonaws.com/{made['Id']}"
    return made["Id"], {
        "Arn": made["Arn"],
        "UserPoolId": made["Id"],
        "ProviderName": provider,
        "ProviderURL": f"https://{provider}",
    }


@makes("Cognito::UserPoolClient")
def user_pool_client(logical, properties):
    given = {"ClientName": f"desk-{logical}", **properties}
    made = client("cognito-idp").create_user_pool_client(**given)["UserPoolClient"]["ClientId"]
    return made, {"ClientId": made}


@makes("Cognito::UserPoolDomain")
def user_pool_domain(_, properties):
    client("cognito-idp").create_user_pool_domain(**properties)
    return properties["Domain"], {}


@makes("Cognito::UserPoolIdentityProvider")
def identity_provider(_, properties):
    client("cognito-idp").create_identity_provider(**properties)
    return properties["ProviderName"], {}


@makes("Cognito::UserPoolResourceServer")
def resource_server(_, properties):
    client("cognito-idp").create_resource_server(**properties)
    return properties["Identifier"], {}


@makes("Cognito::IdentityPool")
def identity_pool(logical, properties):
    given = {"IdentityPoolName": f"desk-{logical}", **properties}
    return client("cognito-identity").create_identity_pool(**given)["IdentityPoolId"], {}


@makes("Cognito::IdentityPoolRoleAttachment")
def identity_pool_roles(logical, properties):
    client("cognito-identity").set_identity_pool_roles(**properties)
    return logical, {}


# --- functions


@makes("Lambda::Function")
def function(logical, properties):
    name = properties.get("FunctionName", f"desk-{logical}")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", properties["Code"]["ZipFile"])
    given = without(properties, "FunctionName", "Code", "Tags")
    made = client("lambda").create_function(FunctionName=name, Code={"ZipFile": archive.getvalue()}, **given)
    return name, {"Arn": made["FunctionArn"]}


@makes("Lambda::Permission")
def function_permission(logical, properties):
    client("lambda").add_permission(StatementId=logical, **properties)
    return logical, {}


@makes("Lambda::Url")
def function_url(_, properties):
    name = properties["TargetFunctionArn"]
    made = client("lambda").create_function_url_config(FunctionName=name, **only(properties, "AuthType", "Cors"))
    return made["FunctionArn"], {"FunctionUrl": made["FunctionUrl"]}


@makes("StepFunctions::StateMachine")
def state_machine(logical, properties):
    name = properties.get("StateMachineName", f"desk-{logical}")
    definition = text(properties.get("DefinitionString") or properties["Definition"])
    made = client("stepfunctions").create_state_machine(
        name=name, roleArn=properties["RoleArn"], definition=definition
    )
    return made["stateMachineArn"], {"Arn": made["stateMachineArn"]}


# --- front end


@makes("ElasticLoadBalancingV2::LoadBalancer")
def load_balancer(logical, properties):
    given = {"Name": f"desk-{logical}", **without(properties, "LoadBalancerAttributes")}
    made = client("elbv2").create_load_balancer(**given)["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    if properties.get("LoadBalancerAttributes"):
        attributes = properties["LoadBalancerAttributes"]
        client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    return arn, {
        "LoadBalancerArn": arn,
        "DNSName": made["DNSName"],
        "CanonicalHostedZoneID": made["CanonicalHostedZoneId"],
    }


@makes("ElasticLoadBalancingV2::TargetGroup")
def target_group(logical, properties):
    given = {"Name": f"desk-{logical}", **without(properties, "Targets", "TargetGroupAttributes")}
    arn = client("elbv2").create_target_group(**given)["TargetGroups"][0]["TargetGroupArn"]
    if properties.get("TargetGroupAttributes"):
        attributes = properties["TargetGroupAttributes"]
        client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    if properties.get("Targets"):
        client("elbv2").register_targets(TargetGroupArn=arn, Targets=properties["Targets"])
    return arn, {"TargetGroupArn": arn}


@makes("ElasticLoadBalancingV2::Listener")
def listener(_, properties):
    arn = client("elbv2").create_listener(**properties)["Listeners"][0]["ListenerArn"]
    return arn, {"ListenerArn": arn}


@makes("ElasticLoadBalancingV2::ListenerRule")
def listener_rule(_, properties):
    arn = client("elbv2").create_rule(**properties)["Rules"][0]["RuleArn"]
    return arn, {"RuleArn": arn}


@makes("ECS::Cluster")
def cluster(logical, properties):
    name = properties.get("ClusterName", f"desk-{logical}")
    return name, {"Arn": client("ecs").create_cluster(clusterName=name)["cluster"]["clusterArn"]}


@makes("ECS::TaskDefinition")
def task_definition(_, properties):
    made = client("ecs").register_task_definition(**lower(properties))["taskDefinition"]["taskDefinitionArn"]
    return made, {"TaskDefinitionArn": made}


@makes("ECS::Service")
def service(logical, properties):
    given = {"serviceName": f"desk-{logical}", "desiredCount": 1, **lower(properties)}
    made = client("ecs").create_service(**given)["service"]["serviceArn"]
    return made, {"ServiceArn": made}


@makes("CertificateManager::Certificate")
def certificate(_, properties):
    return client("acm").request_certificate(**properties)["CertificateArn"], {}


@makes("Route53::HostedZone")
def hosted_zone(logical, properties):
    made = client("route53").create_hosted_zone(Name=properties["Name"], CallerReference=logical)
    zone = made["HostedZone"]["Id"].rsplit("/", 1)[-1]
    return zone, {"Id": zone}


@makes("Route53::RecordSet")
def record_set(_, properties):
    record = without(properties, "HostedZoneId")
    record["AliasTarget"]["EvaluateTargetHealth"] = False
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    client("route53").change_resource_record_sets(HostedZoneId=properties["HostedZoneId"], ChangeBatch=batch)
    return properties["Name"], {}


# --- data and APIs


@makes("DynamoDB::Table")
def table(logical, properties):
    given = {"TableName": f"desk-{logical}", **properties}
    made = client("dynamodb").create_table(**given)["TableDescription"]
    return made["TableName"], {"Arn": made["TableArn"]}


@makes("ApiGateway::RestApi")
def rest_api(_, properties):
    made = client("apigateway").create_rest_api(**lower(properties))["id"]
    root = client("apigateway").get_resources(restApiId=made)["items"][0]["id"]
    return made, {"RestApiId": made, "RootResourceId": root}


@makes("ApiGateway::Authorizer")
def rest_authorizer(_, properties):
    given = lower(without(properties, "ProviderARNs"))
    made = client("apigateway").create_authorizer(providerARNs=properties.get("ProviderARNs", []), **given)["id"]
    return made, {"AuthorizerId": made}


@makes("ApiGateway::Resource")
def rest_resource(_, properties):
    made = client("apigateway").create_resource(**lower(properties))["id"]
    return made, {"ResourceId": made}


@makes("ApiGateway::Method")
def rest_method(logical, properties):
    given = lower(without(properties, "Integration"))
    client("apigateway").put_method(**{"authorizationType": "NONE", **given})
    integration = lower(properties["Integration"])
    method = only(given, "restApiId", "resourceId", "httpMethod")
    client("apigateway").put_integration(**method, **integration)
    return logical, {}


@makes("ApiGateway::Deployment")
def rest_deployment(_, properties):
    made = client("apigateway").create_deployment(**lower(properties))["id"]
    return made, {"DeploymentId": made}


@makes("ApiGateway::Stage")
def rest_stage(_, properties):
    return client("apigateway").create_stage(**lower(properties))["stageName"], {}


@makes("ApiGatewayV2::Api")
def http_api(_, properties):
    made = client("apigatewayv2").create_api(**without(properties, "Tags", "FailOnWarnings"))["ApiId"]
    return made, {"ApiId": made}


def part_of_http_api(kind, operation, key):
    @makes(f"ApiGatewayV2::{kind}")
    def part(_, properties):
        made = getattr(client("apigatewayv2"), operation)(**without(properties, "Tags"))[key]
        return made, {key: made}


part_of_http_api("Authorizer", "create_authorizer", "AuthorizerId")
part_of_http_api("Integration", "create_integration", "IntegrationId")
part_of_http_api("Route", "create_route", "RouteId")
part_of_http_api("Stage", "create_stage", "StageName")


class Deployment:
    """Makes resources after those that they use."""

    def __init__(self, resources):
        self.resources = {resource["logical"]: resource for resource in resources}
        self.made = {}

    def make(self, logical):
        if logical not in self.made:
            resource = self.resources[logical]
            for other in resource["after"]:
                self.make(other)
            properties = self.evaluated(resource["properties"])
            reference, attributes = MAKERS[resource["kind"]](logical, properties)
            self.made[logical] = {"Ref": reference, "Attributes": attributes, "Properties": properties}
        return self.made[logical]

    def evaluated(self, value):
        if isinstance(value, list):
            return [self.evaluated(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return self.make(value["Ref"])["Ref"]
        if set(value) == {"Fn::GetAtt"}:
            logical, attribute = value["Fn::GetAtt"]
            return self.make(logical)["Attributes"][attribute]
        if set(value) == {"Fn::Join"}:
            delimiter, parts = value["Fn::Join"]
            return delimiter.join(self.evaluated(parts))
        return {key: self.evaluated(item) for key, item in value.items()}


def main():
    for line in sys.stdin:
        given = json.loads(line)
        CREDENTIALS.access_key = f"EMULATED{given['account']}"
        deployment = Deployment(given["resources"])
        result = {"account": given["account"], "made": deployment.made}
        try:
            for logical in deployment.resources:
                deployment.make(logical)
        except ClientError as error:
            result = {"account": given["account"], "refused": str(error)}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

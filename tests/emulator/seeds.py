"""Systems that people built by following an article, made by the same calls.

    seeds.py ENDPOINT SYSTEM ACCOUNT

`board`    a bulletin board: an HTTP API with a JWT authorizer, a function and a table
`vpn`      a load balancer that signs users in before a function that associates Client VPN networks
`task`     a task that somebody started in a public subnet, and no service
`secrets`  whatever may hold a secret; prints each, one a line
"""

import base64
import io
import json
import sys
import zipfile

import boto3
from botocore.config import Config

ENDPOINT, SYSTEM, ACCOUNT = sys.argv[1:4]
REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def client(service):
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=f"EMULATED{ACCOUNT}",
        aws_secret_access_key="emulated",
        config=Config(retries={"total_max_attempts": 1}),
    )


def role(name, *policies):
    iam = client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    return arn


def function(name, runtime, role_arn, **more):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context):\n    return {}\n")
    made = client("lambda").create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=role_arn,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": code.getvalue()},
        **more,
    )
    return made["FunctionArn"]


def board():
    cognito, api = client("cognito-idp"), client("apigatewayv2")
    pool = cognito.create_user_pool(
        PoolName="Demo-Cognito-Userpool",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OFF",
    )["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="me-demo-domain", UserPoolId=pool)
    app = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="DemoAppClient",
        GenerateSecret=False,
        CallbackURLs=["https://example.com"],
        AllowedOAuthFlows=["implicit"],
        AllowedOAuthScopes=["openid", "email", "phone"],
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    client("dynamodb").create_table(
        TableName="Demo-DyanmoDB",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    arn = role("Demo-IAM-Lambda", "AmazonDynamoDBFullAccess", "CloudWatchFullAccess")
    post = function("Demo-Post-Lambda", "python3.11", arn)
    demo = api.create_api(Name="Demo-APIGateway", ProtocolType="HTTP")["ApiId"]
    api.create_stage(ApiId=demo, StageName="$default", AutoDeploy=True)
    integration = api.create_integration(
        ApiId=demo, IntegrationType="AWS_PROXY", IntegrationUri=post, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    route = api.create_route(ApiId=demo, RouteKey="POST /post", Target=f"integrations/{integration}")["RouteId"]
    client("lambda").add_permission(
        FunctionName="Demo-Post-Lambda",
        StatementId="apigw",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{demo}/*/*/post",
    )
    issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
    authorizer = api.create_authorizer(
        ApiId=demo,
        AuthorizerType="JWT",
        Name="DemoCognito-Grant",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Audience": [app], "Issuer": issuer},
    )["AuthorizerId"]
    api.update_route(ApiId=demo, RouteId=route, AuthorizationType="JWT", AuthorizerId=authorizer)


def network():
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    subnets = []
    for number, zone in enumerate("ab"):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=REGION + zone)
        subnets.append(made["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    return vpc, subnets


def vpn():
    cognito, balancing, ec2, route53 = (client(of) for of in ("cognito-idp", "elbv2", "ec2", "route53"))
    zone = route53.create_hosted_zone(Name="awsexample.com", CallerReference="1")["HostedZone"]["Id"]
    host = "api.awsexample.com"
    certificate = client("acm").request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]
    email = [{"Name": "email", "Required": True}]
    pool = cognito.create_user_pool(PoolName="ALB for Client VPN", Schema=email)["UserPool"]
    cognito.create_user_pool_domain(Domain="us-east-1example", UserPoolId=pool["Id"])
    cognito.create_identity_provider(
        UserPoolId=pool["Id"],
        ProviderName="IAMIdentityCenter",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://portal.sso.ap-northeast-1.amazonaws.com/saml/metadata/Ex"},
        AttributeMapping={"email": "email"},
    )
    app = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName="ALB for Client VPN",
        GenerateSecret=True,
        CallbackURLs=[f"https://{host}/oauth2/idpresponse"],
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["IAMIdentityCenter"],
    )["UserPoolClient"]["ClientId"]
    arn = role("LambdaRole-ClientVPN", "AmazonEC2FullAccess", "CloudWatchLogsFullAccess")
    name = "AWSClientVPN-AssociatingSubnets"
    associate = function(name, "python3.13", arn, Timeout=60)
    group = balancing.create_target_group(Name="AssociatingSubnets-alb", TargetType="lambda")
    group = group["TargetGroups"][0]["TargetGroupArn"]
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="AWS-ALB_Invoke-targetgroup",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=group,
    )
    balancing.register_targets(TargetGroupArn=group, Targets=[{"Id": associate}])
    vpc, subnets = network()
    door = ec2.create_security_group(
        GroupName="ALB-sg", Description="Security group for ALB allowing HTTPS traffic", VpcId=vpc
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=door, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0"
    )
    balancer = balancing.create_load_balancer(
        Name="AssociatingSubnets-alb",
        Subnets=subnets,
        SecurityGroups=[door],
        Scheme="internet-facing",
        Type="application",
        IpAddressType="ipv4",
    )["LoadBalancers"][0]
    sign_in = {"UserPoolArn": pool["Arn"], "UserPoolClientId": app, "UserPoolDomain": "us-east-1example"}
    balancing.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[
            {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": sign_in},
            {"Type": "forward", "Order": 2, "TargetGroupArn": group},
        ],
    )
    alias = {
        "HostedZoneId": "Z35SXDOTRQ7X7K",
        "DNSName": balancer["DNSName"],
        "EvaluateTargetHealth": False,
    }
    record = {"Name": host, "Type": "A", "AliasTarget": alias}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    ec2.create_client_vpn_endpoint(
        ClientCidrBlock="10.100.0.0/22",
        ServerCertificateArn=certificate,
        AuthenticationOptions=[
            {
                "Type": "federated-authentication",
                "FederatedAuthentication": {"SAMLProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"},
            }
        ],
        ConnectionLogOptions={"Enabled": False},
    )


def secrets():
    planted = []

    def secret(what):
        planted.append(f"planted-{what}-5eC8eT")
        return planted[-1]

    def encoded(what):
        planted.append(base64.b64encode(secret(what).encode()).decode())
        return planted[-1]

    cognito, ec2 = client("cognito-idp"), client("ec2")
    pool = cognito.create_user_pool(PoolName="users")["UserPool"]["Id"]
    app = cognito.create_user_pool_client(UserPoolId=pool, ClientName="app", GenerateSecret=True)
    planted.append(app["UserPoolClient"]["ClientSecret"])
    cognito.create_identity_provider(
        UserPoolId=pool,
        ProviderName="partner",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": "partner",
            "client_secret": secret("provider"),
            "oidc_issuer": "https://id.example.com",
            "attributes_request_method": "GET",
            "authorize_scopes": "openid",
        },
    )
    variables = {"Variables": {"DB_PASSWORD": secret("variable")}}
    function("worker", "python3.13", role("worker"), Environment=variables)
    client("ecs").register_task_definition(
        family="worker",
        containerDefinitions=[
            {
                "name": "worker",
                "image": "worker",
                "memory": 128,
                "environment": [{"name": "DB_PASSWORD", "value": secret("container")}],
            }
        ],
    )
    vpc, subnets = network()
    ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnets[0], UserData=secret("instance")
    )
    planted.append(base64.b64encode(planted[-1].encode()).decode())
    template = {"ImageId": "ami-12345678", "UserData": encoded("template")}
    ec2.create_launch_template(LaunchTemplateName="workers", LaunchTemplateData=template)
    group = client("elbv2").create_target_group(Name="workers", Protocol="HTTP", Port=80, VpcId=vpc)
    group = group["TargetGroups"][0]["TargetGroupArn"]
    balancer = client("elbv2").create_load_balancer(Name="workers", Subnets=subnets)["LoadBalancers"][0]
    certificate = client("acm").request_certificate(DomainName="workers.example.com")["CertificateArn"]
    client("elbv2").create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[
            {
                "Type": "authenticate-oidc",
                "Order": 1,
                "AuthenticateOidcConfig": {
                    "Issuer": "https://id.example.com",
                    "AuthorizationEndpoint": "https://id.example.com/authorize",
                    "TokenEndpoint": "https://id.example.com/token",
                    "UserInfoEndpoint": "https://id.example.com/user",
                    "ClientId": "workers",
                    "ClientSecret": secret("listener"),
                },
            },
            {"Type": "forward", "Order": 2, "TargetGroupArn": group},
        ],
    )
    print("\n".join(planted))


def task():
    vpc, subnets = network()
    client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ecs = client("ecs")
    ecs.create_cluster(clusterName="jobs")
    ecs.register_task_definition(
        family="job",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "job", "image": "public.ecr.aws/docker/library/busybox:1", "memory": 512}],
    )
    group = client("ec2").create_security_group(GroupName="job", Description="job", VpcId=vpc)["GroupId"]
    network_of_task = {"subnets": subnets[:1], "securityGroups": [group], "assignPublicIp": "ENABLED"}
    ecs.run_task(
        cluster="jobs",
        taskDefinition="job",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network_of_task},
    )


{"board": board, "vpn": vpn, "task": task, "secrets": secrets}[SYSTEM]()

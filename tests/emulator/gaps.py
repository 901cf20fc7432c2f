"""What moto 5.2.5 lacks or gets wrong, of the operations that an audit calls. No file of moto is edited: responses get the
missing operations, models the missing facts. Each says which documented behaviour of AWS it follows.
"""

import json
import re
import threading
import urllib.parse

from moto.core.responses import ActionResult, BaseResponse


def close():
    for gap in (
        accounts,
        aws_managed_policies,
        authorizers,
        identity_pool_roles,
        web_acl_resources,
        function_urls,
        function_networks,
        function_permissions,
        client_vpn,
        listener_actions,
        second_factors,
        stage_exports,
        block_public_access,
        capacity_providers,
        running_tasks,
        unimplemented_operations,
    ):
        gap()


def accounts():
    """The access key id `EMULATED111122223333` is of the account 111122223333, so tests need not set accounts up."""
    import moto.iam.models as models

    original = models.get_account_id_from

    def get_account_id_from(access_key):
        found = re.fullmatch(r"EMULATED(\d{12})", access_key)
        return found[1] if found else original(access_key)

    models.get_account_id_from = get_account_id_from


def aws_managed_policies():
    """AWS managed policies exist once something attaches them. Loading all of them takes seconds per account."""
    import moto.iam.aws_managed_policies as data
    import moto.iam.models as models

    lock, documents = threading.Lock(), {}

    def existing(backend, arn):
        found = re.fullmatch(r"arn:aws[a-z-]*:iam::aws:policy/(?:.+/)?([^/]+)", arn)
        if not found or arn in backend.managed_policies:
            return
        with lock:
            if not documents:
                documents.update(json.loads(data.aws_managed_policies_data))
        if found[1] in documents:
            policy = models.AWSManagedPolicy.from_data(
                found[1], backend.account_id, backend.region_name, documents[found[1]]
            )
            if policy.arn == arn:
                backend.managed_policies[arn] = policy

    for name in ("attach_role_policy", "attach_user_policy", "attach_group_policy", "get_policy"):
        original = getattr(models.IAMBackend, name)

        def patched(self, policy_arn, *others, original=original, **named):
            existing(self, policy_arn)
            return original(self, policy_arn, *others, **named)

        setattr(models.IAMBackend, name, patched)


def authorizers():
    """API Gateway V2 API reference, `GetAuthorizers`."""
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    def get_authorizers(self):
        api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
        return 200, {}, json.dumps({"items": [found.to_json() for found in api.authorizers.values()]})

    ApiGatewayV2Response.get_authorizers = get_authorizers


def identity_pool_roles():
    """Amazon Cognito identity pools API reference, `SetIdentityPoolRoles` and `GetIdentityPoolRoles`."""
    from moto.cognitoidentity.responses import CognitoIdentityResponse

    roles = {}

    def set_identity_pool_roles(self):
        given = json.loads(self.body)
        self.backend.describe_identity_pool(given["IdentityPoolId"])
        roles[given["IdentityPoolId"]] = given
        return "{}"

    def get_identity_pool_roles(self):
        pool = self._get_param("IdentityPoolId")
        self.backend.describe_identity_pool(pool)
        kept = {key: value for key, value in roles.get(pool, {}).items() if key in ("Roles", "RoleMappings")}
        return json.dumps({"IdentityPoolId": pool, **kept})

    CognitoIdentityResponse.set_identity_pool_roles = set_identity_pool_roles
    CognitoIdentityResponse.get_identity_pool_roles = get_identity_pool_roles


def web_acl_resources():
    """AWS WAFV2 API reference, `ListResourcesForWebACL`: load balancers unless another type is named."""
    from moto.wafv2.responses import WAFV2Response

    part = {
        "APPLICATION_LOAD_BALANCER": ":loadbalancer/app/",
        "API_GATEWAY": ":/restapis/",
        "COGNITO_USER_POOL": ":userpool/",
        "APPSYNC": ":appsync:",
    }

    def list_resources_for_web_acl(self):
        given = json.loads(self.body)
        kind = part.get(given.get("ResourceType", "APPLICATION_LOAD_BALANCER"), "\0")
        resources = self.wafv2_backend.wacls[given["WebACLArn"]].associated_resources
        answer = {"ResourceArns": [arn for arn in resources if kind in arn]}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer)

    WAFV2Response.list_resources_for_web_acl = list_resources_for_web_acl


def function_urls():
    """Lambda API reference, `ListFunctionUrlConfigs`."""
    import moto.awslambda.urls as urls
    from moto.awslambda.responses import LambdaResponse

    def list_function_url_configs(self):
        function = self.backend.get_function(self.path.split("/")[-2])
        config = getattr(function, "url_config", None)
        return 200, {}, json.dumps({"FunctionUrlConfigs": [config.to_dict()] if config else []})

    LambdaResponse.list_function_url_configs = list_function_url_configs
    path = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls/?$"
    urls.url_paths[path] = LambdaResponse.dispatch


def function_networks():
    """The VPC of a function is that of its subnets (Lambda API reference, `VpcConfigResponse`)."""
    import moto.awslambda.models as models
    from moto.ec2 import ec2_backends

    def vpc_config(self):
        if not self._vpc_config:
            return None
        config = dict(self._vpc_config)
        if config.get("SubnetIds"):
            subnet = ec2_backends[self.account_id][self.region].get_subnet(config["SubnetIds"][0])
            config["VpcId"] = subnet.vpc_id
        return config

    models.LambdaFunction.vpc_config = property(vpc_config)


def function_permissions():
    """What a permission demands of calls through a URL is a condition of its statement (Lambda developer guide, "Control
    access to Lambda function URLs")."""
    import moto.awslambda.policy as policies

    original = policies.Policy.decode_policy

    def decode_policy(self, statement):
        url, through = statement.pop("FunctionUrlAuthType", None), statement.pop("InvokedViaFunctionUrl", None)
        token = statement.pop("EventSourceToken", None)
        policy = original(self, statement)
        conditions = statement.setdefault("Condition", {})
        if url is not None:
            conditions.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = url
        if token is not None:
            conditions.setdefault("StringEquals", {})["lambda:EventSourceToken"] = token
        if through is not None:
            conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": str(through).lower()}
        if not conditions:
            del statement["Condition"]
        return policy

    policies.Policy.decode_policy = decode_policy


def client_vpn():
    """Amazon EC2 API reference: Client VPN endpoints, the networks that they are associated with, authorization rules."""
    from moto.ec2.responses import EC2Response

    endpoints = {}

    def place(self):
        return self.current_account, self.region

    def create_client_vpn_endpoint(self):
        given = self.params
        name = f"cvpn-endpoint-{len(endpoints) + 1:017x}"
        options = [
            {
                "Type": option["Type"],
                "FederatedAuthentication": {
                    "SamlProviderArn": (option.get("FederatedAuthentication") or {}).get("SAMLProviderArn")
                },
            }
            for option in given.get("AuthenticationOptions", given.get("Authentication", []))
        ]
        endpoint = {
            "ClientVpnEndpointId": name,
            "Status": {"Code": "pending-associate"},
            "CreationTime": "2026-01-01T00:00:00",
            "DnsName": f"*.{name}.prod.clientvpn.{self.region}.amazonaws.com",
            "ClientCidrBlock": given.get("ClientCidrBlock"),
            "ServerCertificateArn": given.get("ServerCertificateArn"),
            "SplitTunnel": given.get("SplitTunnel", False),
            "VpnProtocol": "openvpn",
            "TransportProtocol": given.get("TransportProtocol", "udp"),
            "VpnPort": given.get("VpnPort", 443),
            "AuthenticationOptions": options,
            "ConnectionLogOptions": given.get("ConnectionLogOptions", {"Enabled": False}),
            "VpcId": given.get("VpcId"),
            "SecurityGroupIds": given.get("SecurityGroupIds", []),
        }
        endpoints[name] = {"place": place(self), "endpoint": endpoint, "networks": []}
        answer = ("ClientVpnEndpointId", "Status", "DnsName")
        return ActionResult({key: endpoint[key] for key in answer})

    def describe_client_vpn_endpoints(self):
        wanted = self.params.get("ClientVpnEndpointIds")
        found = [
            known["endpoint"]
            for name, known in endpoints.items()
            if known["place"] == place(self) and (not wanted or name in wanted)
        ]
        return ActionResult({"ClientVpnEndpoints": found})

    def associate_client_vpn_target_network(self):
        known = endpoints[self.params["ClientVpnEndpointId"]]
        name = f"cvpn-assoc-{len(known['networks']) + 1:017x}"
        known["endpoint"]["Status"] = {"Code": "available"}
        network = {
            "AssociationId": name,
            "TargetNetworkId": self.params["SubnetId"],
            "ClientVpnEndpointId": self.params["ClientVpnEndpointId"],
            "Status": {"Code": "associated"},
        }
        known["networks"].append(network)
        return ActionResult({"AssociationId": name, "Status": {"Code": "associating"}})

    def describe_client_vpn_target_networks(self):
        known = endpoints[self.params["ClientVpnEndpointId"]]
        return ActionResult({"ClientVpnTargetNetworks": known["networks"]})

    def describe_client_vpn_authorization_rules(self):
        return ActionResult({"AuthorizationRules": []})

    for operation in (
        create_client_vpn_endpoint,
        describe_client_vpn_endpoints,
        associate_client_vpn_target_network,
        describe_client_vpn_target_networks,
        describe_client_vpn_authorization_rules,
    ):
        setattr(EC2Response, operation.__name__, operation)


def listener_actions():
    """Elastic Load Balancing API reference: defaults of `AuthenticateCognitoActionConfig`, a forward to one group as
    `ForwardConfig`, no client secret in answers, and `jwt-validation` actions."""
    import moto.elbv2.models as models

    original = models.FakeAction.__init__
    defaults = {
        "SessionCookieName": "AWSELBAuthSessionCookie",
        "Scope": "openid",
        "SessionTimeout": 604800,
        "OnUnauthenticatedRequest": "authenticate",
    }

    def made(self, data):
        if data.get("Type") == "authenticate-cognito":
            for key, value in defaults.items():
                data["AuthenticateCognitoConfig"].setdefault(key, value)
        if data.get("Type") == "authenticate-oidc":
            data["AuthenticateOidcConfig"].pop("ClientSecret", None)
        if data.get("Type") == "forward" and "TargetGroupArn" in data and "ForwardConfig" not in data:
            data["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": data["TargetGroupArn"], "Weight": 1}]}
        original(self, data)

    models.FakeAction.__init__ = made
    validate = models.ELBv2Backend._validate_actions
    models.ELBv2Backend._validate_actions = lambda self, actions: validate(
        self, [action for action in actions if action.type != "jwt-validation"]
    )


def second_factors():
    """`DescribeUserPool` tells what `SetUserPoolMfaConfig` has set (Amazon Cognito user pools API reference)."""
    import moto.cognitoidp.models as models

    original = models.CognitoIdpUserPool.to_json

    def to_json(self, extended=False):
        described = original(self, extended=extended)
        if extended and getattr(self, "mfa_config", None):
            described["MfaConfiguration"] = self.mfa_config
        return described

    models.CognitoIdpUserPool.to_json = to_json


def stage_exports():
    """A stage is exported as its deployment found the resources, with their security (API Gateway API reference, `GetExport`;
    developer guide, "Export a REST API from API Gateway" and "OpenAPI extensions for API Gateway").
    """
    import moto.apigateway.models as models
    from moto.apigateway.responses import APIGatewayResponse

    original = models.RestAPI.create_deployment

    def create_deployment(self, *others, **named):
        made = original(self, *others, **named)
        made.document = exported(self)
        return made

    def get_export(self):
        api, stage = self.path.split("/")[-5], self.path.split("/")[-3]
        deployment = self.backend.get_stage(api, stage).deployment_id
        document = self.backend.get_rest_api(api).deployments[deployment].document
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()

    models.RestAPI.create_deployment = create_deployment
    APIGatewayResponse.get_export = get_export


def exported(api):
    """An API as a document of OpenAPI 3 with the extensions of API Gateway."""
    header = {"type": "apiKey", "in": "header"}
    schemes, paths = {}, {}
    for authorizer in api.get_authorizers():
        told = authorizer.to_json()
        kind = "cognito_user_pools" if told["type"] == "COGNITO_USER_POOLS" else "custom"
        source = told.get("identitySource", "").rsplit(".", 1)[-1]
        kept = ("providerARNs", "authorizerUri", "authorizerCredentials", "identitySource", "authorizerResultTtlInSeconds")
        schemes[authorizer.name] = {
            **header,
            "name": source or "Unused",
            "x-amazon-apigateway-authtype": kind,
            "x-amazon-apigateway-authorizer": {
                "type": told["type"].lower(),
                **{key: told[key] for key in kept if told.get(key) is not None},
            },
        }
    names = {authorizer.id: authorizer.name for authorizer in api.get_authorizers()}
    for resource in api.resources.values():
        for name, method in resource.resource_methods.items():
            demands = {}
            if method.authorization_type == "AWS_IAM":
                schemes["sigv4"] = {**header, "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"}
                demands["sigv4"] = []
            elif method.authorizer_id:
                demands[names[method.authorizer_id]] = method.authorization_scopes or []
            if method.api_key_required:
                schemes["api_key"] = {**header, "name": "x-api-key"}
                demands["api_key"] = []
            operation = {"responses": {}}
            if demands:
                operation["security"] = [demands]
            if method.method_integration:
                integration = {key: value for key, value in method.method_integration.to_json().items() if value}
                operation["x-amazon-apigateway-integration"] = {**integration, "type": integration["type"].lower()}
            key = "x-amazon-apigateway-any-method" if name == "ANY" else name.lower()
            paths.setdefault(resource.get_path(), {})[key] = operation
    document = {
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": "2025-01-01T00:00:00Z"},
        "servers": [{"url": f"https://{api.id}.execute-api.{api.region_name}.amazonaws.com/{{basePath}}"}],
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }
    if api.policy:
        document["x-amazon-apigateway-policy"] = json.loads(api.policy)
    return document


def block_public_access():
    """Amazon EC2 API reference: VPC Block Public Access is off, and excludes nothing, until somebody turns it on."""
    from moto.ec2.responses import EC2Response

    options, exclusions = {}, {}

    def place(self):
        return self.current_account, self.region

    def modify_vpc_block_public_access_options(self):
        options[place(self)] = self.params["InternetGatewayBlockMode"]
        return describe_vpc_block_public_access_options(self)

    def describe_vpc_block_public_access_options(self):
        account, region = place(self)
        mode = options.get((account, region), "off")
        told = {
            "AwsAccountId": account,
            "AwsRegion": region,
            "State": "default-state" if mode == "off" else "update-complete",
            "InternetGatewayBlockMode": mode,
            "ManagedBy": "account",
            "ExclusionsAllowed": "allowed",
        }
        return ActionResult({"VpcBlockPublicAccessOptions": told})

    def create_vpc_block_public_access_exclusion(self):
        made = exclusions.setdefault(place(self), [])
        name = f"vpcbpa-exclude-{len(made) + 1:017x}"
        kind, of = ("subnet", self.params["SubnetId"]) if self.params.get("SubnetId") else ("vpc", self.params["VpcId"])
        account, region = place(self)
        made.append(
            {
                "ExclusionId": name,
                "InternetGatewayExclusionMode": self.params["InternetGatewayExclusionMode"],
                "ResourceArn": f"arn:aws:ec2:{region}:{account}:{kind}/{of}",
                "State": "create-complete",
            }
        )
        return ActionResult({"VpcBlockPublicAccessExclusion": made[-1]})

    def describe_vpc_block_public_access_exclusions(self):
        return ActionResult({"VpcBlockPublicAccessExclusions": exclusions.get(place(self), [])})

    for operation in (
        modify_vpc_block_public_access_options,
        describe_vpc_block_public_access_options,
        create_vpc_block_public_access_exclusion,
        describe_vpc_block_public_access_exclusions,
    ):
        setattr(EC2Response, operation.__name__, operation)


def capacity_providers():
    """Amazon ECS API reference, `DescribeCapacityProviders`: without names, all of them, those of Fargate among them."""
    from moto.ecs.responses import EC2ContainerServiceResponse

    def describe_capacity_providers(self):
        backend, names = self.ecs_backend, self._get_param("capacityProviders")
        own, failures = backend.describe_capacity_providers(names or list(backend.capacity_providers))
        fargate = [] if names else [{"name": name, "status": "ACTIVE"} for name in ("FARGATE", "FARGATE_SPOT")]
        return ActionResult({"capacityProviders": fargate + own, "failures": failures})

    EC2ContainerServiceResponse.describe_capacity_providers = describe_capacity_providers


def running_tasks():
    """A cluster counts the tasks that no service keeps as well (Amazon ECS API reference, `Cluster`)."""
    import moto.ecs.models as models

    original = models.EC2ContainerServiceBackend.run_task

    def run_task(self, cluster_str, *others, **named):
        tasks = original(self, cluster_str, *others, **named)
        self._get_cluster(cluster_str).running_tasks_count += len(tasks)
        return tasks

    models.EC2ContainerServiceBackend.run_task = run_task


QUERY = ("autoscaling", "cloudformation", "ec2", "elbv2", "iam", "rds", "sts")


def unimplemented_operations():
    """An operation that moto lacks is answered as AWS answers one that it does not know, instead of a page with status 500
    that clients try again. Writes go one at a time: moto's models are not made for more."""
    original = BaseResponse.call_action
    lock = threading.RLock()

    def call_action(self):
        action = ""
        try:
            action = self._get_action() or ""
            if re.match(r"(Describe|List|Get|Batch[A-Z]*Get|Select)", action):
                return original(self)
            with lock:
                return original(self)
        except NotImplementedError:
            return unknown(self.service_name, action)

    BaseResponse.call_action = call_action


def unknown(service, action):
    message = f"the emulator has no {action}"
    if service not in QUERY:
        code = "UnknownOperationException"
        body = json.dumps({"__type": code, "message": message})
        return 400, {"status": 400, "x-amzn-errortype": code}, body
    error = f"<Code>InvalidAction</Code><Message>{message}</Message>"
    if service == "ec2":
        body = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>r</RequestID></Response>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>r</RequestId></ErrorResponse>"
    return 400, {"status": 400, "Content-Type": "text/xml"}, body

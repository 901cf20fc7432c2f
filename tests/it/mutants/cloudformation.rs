//! The flaws as edits of `tests/fixtures/good/template.yaml`.

use super::Edit;

pub(crate) const EDITS: &[Edit] = &[
    // --- network
    ("route the application to the internet gateway", "NatGatewayId: !Ref Nat\n", "GatewayId: !Ref Igw\n"),
    (
        "route only IPv6 to the internet gateway",
        "      DestinationCidrBlock: 0.0.0.0/0\n      NatGatewayId: !Ref Nat\n",
        "      DestinationIpv6CidrBlock: ::/0\n      GatewayId: !Ref Igw\n",
    ),
    (
        "route half of the address space to the internet gateway",
        "      DestinationCidrBlock: 0.0.0.0/0\n      NatGatewayId: !Ref Nat\n",
        "      DestinationCidrBlock: 128.0.0.0/1\n      GatewayId: !Ref Igw\n",
    ),
    ("place the service in a public subnet", "Subnets: [!Ref AppA, !Ref AppB]", "Subnets: [!Ref AppA, !Ref PublicB]"),
    (
        "associate an application subnet with the public table",
        "{SubnetId: !Ref AppB, RouteTableId: !Ref AppRt}",
        "{SubnetId: !Ref AppB, RouteTableId: !Ref PublicRt}",
    ),
    ("give the tasks public addresses", "AssignPublicIp: DISABLED", "AssignPublicIp: ENABLED"),
    (
        "let the whole VPC reach the application",
        "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}",
        "CidrIp: 10.0.0.0/16}",
    ),
    (
        "let a foreign group reach the application",
        "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}",
        "SourceSecurityGroupId: sg-0123456789abcdef0}",
    ),
    ("open the application to the internet", "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}", "CidrIp: 0.0.0.0/0}"),
    (
        "open SSH to the internet on the front door",
        "FromPort: 80, ToPort: 80, CidrIp",
        "FromPort: 22, ToPort: 22, CidrIp",
    ),
    (
        "open every port of the front door",
        "{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp",
        "{IpProtocol: \"-1\", CidrIp",
    ),
    (
        "open a port without a listener",
        "FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0",
        "FromPort: 8443, ToPort: 8443, CidrIp: 10.0.0.0/8",
    ),
    // --- load balancer
    (
        "forward cleartext",
        "        - Type: redirect\n          RedirectConfig: {Protocol: HTTPS, Port: \"443\", StatusCode: HTTP_301}\n",
        "        - Type: forward\n          TargetGroupArn: !Ref DeskTargets\n",
    ),
    ("redirect to cleartext", "RedirectConfig: {Protocol: HTTPS", "RedirectConfig: {Protocol: \"#{protocol}\""),
    ("allow TLS 1.0", "SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06", "SslPolicy: ELBSecurityPolicy-TLS-1-0-2015-04"),
    ("leave the TLS policy to the default", "      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06\n", ""),
    (
        "add an unauthenticated rule to the application",
        "Values: [/logout]}\n      Actions:\n        - Type: forward\n          TargetGroupArn: !Ref LogoutTargets",
        "Values: [\"/admin/*\"]}\n      Actions:\n        - Type: forward\n          TargetGroupArn: !Ref DeskTargets",
    ),
    (
        "let unauthenticated requests through",
        "OnUnauthenticatedRequest: authenticate",
        "OnUnauthenticatedRequest: allow",
    ),
    (
        "let unauthenticated requests to reports through",
        "OnUnauthenticatedRequest: deny",
        "OnUnauthenticatedRequest: allow",
    ),
    ("exempt more paths than logout", "Values: [/logout]", "Values: [\"/logout*\"]"),
    (
        "let any load balancer invoke the report function",
        "      SourceArn: !Sub arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/desk-reports/*\n",
        "",
    ),
    // --- APIs
    (
        "drop the authorizer of a write method",
        "      AuthorizationType: COGNITO_USER_POOLS\n      AuthorizerId: !Ref PartnerAuthorizer\n      AuthorizationScopes: [orders/write]\n",
        "      AuthorizationType: NONE\n",
    ),
    (
        "ask only for an API key",
        "      AuthorizationType: COGNITO_USER_POOLS\n      AuthorizerId: !Ref PartnerAuthorizer\n      AuthorizationScopes: [orders/write]\n",
        "      ApiKeyRequired: true\n",
    ),
    ("open a read method", "      AuthorizationType: AWS_IAM\n", ""),
    (
        "exempt a write route from the default authorizer",
        "Method: POST, Path: /orders}",
        "Method: POST, Path: /orders, Auth: {Authorizer: NONE}}",
    ),
    (
        "exempt a read route from the default authorizer",
        "Method: GET, Path: /orders}",
        "Method: GET, Path: /orders, Auth: {Authorizer: NONE}}",
    ),
    ("drop the default authorizer", "        DefaultAuthorizer: Customers\n", ""),
    ("accept any audience", "              audience: [!Ref CustomerClient]\n", ""),
    ("trust tokens of another pool", "amazonaws.com/${Customers}", "amazonaws.com/${Staff}"),
    ("accept the client of another pool", "audience: [!Ref CustomerClient]", "audience: [!Ref DeskClient]"),
    // --- functions
    ("open a function URL", "AuthType: AWS_IAM", "AuthType: NONE"),
    (
        "let any API invoke the partner function",
        "      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PartnerApi}/*/POST/orders\n",
        "",
    ),
    (
        "let everybody invoke the partner function",
        "      Principal: apigateway.amazonaws.com\n      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PartnerApi}/*/POST/orders\n",
        "      Principal: \"*\"\n",
    ),
    (
        "lend a function the role of the workflow",
        "            return {\"statusCode\": 302, \"headers\": {\"Location\": \"/\"}}\n",
        "            return {\"statusCode\": 302, \"headers\": {\"Location\": \"/\"}}\n      Role: !GetAtt ApprovalRole.Arn\n",
    ),
    // --- identities
    (
        "switch the second factor off",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"OFF\"\n      AdminCreateUserConfig",
    ),
    (
        "make the second factor optional",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: OPTIONAL\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
    ),
    (
        "leave the second factor to the default",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      AdminCreateUserConfig",
    ),
    (
        "allow the implicit grant",
        "      AllowedOAuthFlows: [code]\n      AllowedOAuthScopes: [openid, orders/write]",
        "      AllowedOAuthFlows: [code, implicit]\n      AllowedOAuthScopes: [openid, orders/write]",
    ),
    ("return to a foreign host", "https://desk.acme-workloads.com/signed-in", "https://example.com"),
    ("return over cleartext", "https://desk.acme-workloads.com/signed-in", "http://desk.acme-workloads.com/signed-in"),
    ("return to a wildcard", "https://desk.acme-workloads.com/signed-in", "https://*.acme-workloads.com/signed-in"),
    (
        "return to the wrong path of the load balancer",
        "https://desk.acme-workloads.com/oauth2/idpresponse",
        "https://desk.acme-workloads.com/callback",
    ),
    ("sign in through a public client", "      GenerateSecret: true\n", ""),
    (
        "sign in through the client of another pool",
        "            UserPoolClientId: !Ref DeskClient\n            UserPoolDomain: !Ref StaffDomain\n            OnUnauthenticatedRequest: authenticate",
        "            UserPoolClientId: !Ref CustomerClient\n            UserPoolDomain: !Ref StaffDomain\n            OnUnauthenticatedRequest: authenticate",
    ),
    ("hand credentials to guests", "AllowUnauthenticatedIdentities: false", "AllowUnauthenticatedIdentities: true"),
    (
        "trust every identity pool",
        "              StringEquals:\n                cognito-identity.amazonaws.com:aud: !Ref Browser\n",
        "",
    ),
    (
        "trust guests of the pool",
        "              ForAnyValue:StringLike:\n                cognito-identity.amazonaws.com:amr: authenticated\n",
        "",
    ),
    ("fall for an absent amr", "ForAnyValue:StringLike", "ForAllValues:StringLike"),
    // --- permissions
    (
        "attach a managed policy that allows everything in DynamoDB",
        "        - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "        - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonDynamoDBFullAccess",
    ),
    (
        "make a function administrator",
        "      Runtime: python3.13\n      Handler: index.handler\n      InlineCode: |\n        def handler(event, context):\n            print(\"asked\")\n",
        "      Runtime: python3.13\n      Handler: index.handler\n      Policies: AdministratorAccess\n      InlineCode: |\n        def handler(event, context):\n            print(\"asked\")\n",
    ),
    (
        "allow every DynamoDB action inline",
        "Action: dynamodb:PutItem, Resource: !GetAtt Orders.Arn",
        "Action: \"dynamodb:*\", Resource: \"*\"",
    ),
    (
        "allow every action inline",
        "Action: lambda:InvokeFunction, Resource: !GetAtt AskFunction.Arn",
        "Action: \"*\", Resource: \"*\"",
    ),
    (
        "let users read each other's rows",
        "                Condition:\n                  ForAllValues:StringEquals:\n                    dynamodb:LeadingKeys: [\"${cognito-identity.amazonaws.com:sub}\"]\n",
        "",
    ),
    (
        "scope rows by a single-valued operator",
        "ForAllValues:StringEquals",
        "StringEquals:\n                    aws:PrincipalType: AssumedRole\n                  StringEqualsIfExists",
    ),
    (
        "scope rows by a suffix",
        "ForAllValues:StringEquals:\n                    dynamodb:LeadingKeys: [\"${",
        "ForAllValues:StringLike:\n                    dynamodb:LeadingKeys: [\"*${",
    ),
    // --- workflow
    ("wait for an approval without end", "            HeartbeatSeconds: 86400\n", ""),
    ("forget to hand out the token", "                token.$: $$.Task.Token\n", "                order.$: $.order\n"),
    (
        "approve without signing in",
        "Method: POST, Path: /decisions}",
        "Method: POST, Path: /decisions, Auth: {Authorizer: NONE}}",
    ),
    (
        "allow approval only",
        "Action: [states:SendTaskSuccess, states:SendTaskFailure]",
        "Action: states:SendTaskSuccess",
    ),
];

//! One good architecture without a finding, and one-edit flaws of it: each is caught by the rule that is meant for
//! it and by no other.

use std::fs;
use std::path::Path;

use crate::support::failed_rules;

/// (what the edit does, text that occurs once, its replacement, the rules that must fail)
type Mutant = (&'static str, &'static str, &'static str, &'static [&'static str]);

const MUTANTS: &[Mutant] = &[
    // --- network
    (
        "route the application to the internet gateway",
        "NatGatewayId: !Ref Nat\n",
        "GatewayId: !Ref Igw\n",
        &["SRA-NET-001"],
    ),
    (
        "route only IPv6 to the internet gateway",
        "      DestinationCidrBlock: 0.0.0.0/0\n      NatGatewayId: !Ref Nat\n",
        "      DestinationIpv6CidrBlock: ::/0\n      GatewayId: !Ref Igw\n",
        &["SRA-NET-001"],
    ),
    (
        "route half of the address space to the internet gateway",
        "      DestinationCidrBlock: 0.0.0.0/0\n      NatGatewayId: !Ref Nat\n",
        "      DestinationCidrBlock: 128.0.0.0/1\n      GatewayId: !Ref Igw\n",
        &["SRA-NET-001"],
    ),
    (
        "place the service in a public subnet",
        "Subnets: [!Ref AppA, !Ref AppB]",
        "Subnets: [!Ref AppA, !Ref PublicB]",
        &["SRA-NET-001"],
    ),
    (
        "associate an application subnet with the public table",
        "{SubnetId: !Ref AppB, RouteTableId: !Ref AppRt}",
        "{SubnetId: !Ref AppB, RouteTableId: !Ref PublicRt}",
        &["SRA-NET-001"],
    ),
    ("give the tasks public addresses", "AssignPublicIp: DISABLED", "AssignPublicIp: ENABLED", &["SRA-NET-002"]),
    (
        "let the whole VPC reach the application",
        "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}",
        "CidrIp: 10.0.0.0/16}",
        &["SRA-NET-003"],
    ),
    (
        "let a foreign group reach the application",
        "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}",
        "SourceSecurityGroupId: sg-0123456789abcdef0}",
        &["SRA-NET-003"],
    ),
    (
        "open the application to the internet",
        "SourceSecurityGroupId: !GetAtt DoorSg.GroupId}",
        "CidrIp: 0.0.0.0/0}",
        &["SRA-NET-003", "SRA-NET-004"],
    ),
    (
        "open SSH to the internet on the front door",
        "FromPort: 80, ToPort: 80, CidrIp",
        "FromPort: 22, ToPort: 22, CidrIp",
        &["SRA-NET-004", "SRA-NET-005"],
    ),
    (
        "open every port of the front door",
        "{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp",
        "{IpProtocol: \"-1\", CidrIp",
        &["SRA-NET-004", "SRA-NET-005"],
    ),
    (
        "open a port without a listener",
        "FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0",
        "FromPort: 8443, ToPort: 8443, CidrIp: 10.0.0.0/8",
        &["SRA-NET-005"],
    ),
    // --- load balancer
    (
        "forward cleartext",
        "        - Type: redirect\n          RedirectConfig: {Protocol: HTTPS, Port: \"443\", StatusCode: HTTP_301}\n",
        "        - Type: forward\n          TargetGroupArn: !Ref DeskTargets\n",
        &["SRA-ALB-001", "SRA-ALB-004", "SRA-NET-005"],
    ),
    (
        "redirect to cleartext",
        "RedirectConfig: {Protocol: HTTPS",
        "RedirectConfig: {Protocol: \"#{protocol}\"",
        &["SRA-ALB-001"],
    ),
    (
        "allow TLS 1.0",
        "SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06",
        "SslPolicy: ELBSecurityPolicy-TLS-1-0-2015-04",
        &["SRA-ALB-002"],
    ),
    (
        "leave the TLS policy to the default",
        "      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06\n",
        "",
        &["SRA-ALB-002"],
    ),
    (
        "add an unauthenticated rule to the application",
        "Values: [/logout]}\n      Actions:\n        - Type: forward\n          TargetGroupArn: !Ref LogoutTargets",
        "Values: [\"/admin/*\"]}\n      Actions:\n        - Type: forward\n          TargetGroupArn: !Ref DeskTargets",
        &["SRA-ALB-004"],
    ),
    (
        "let unauthenticated requests through",
        "OnUnauthenticatedRequest: authenticate",
        "OnUnauthenticatedRequest: allow",
        &["SRA-ALB-005"],
    ),
    (
        "let unauthenticated requests to reports through",
        "OnUnauthenticatedRequest: deny",
        "OnUnauthenticatedRequest: allow",
        &["SRA-ALB-005"],
    ),
    ("exempt more paths than logout", "Values: [/logout]", "Values: [\"/logout*\"]", &["SRA-ALB-006"]),
    (
        "let any load balancer invoke the report function",
        "      SourceArn: !Sub arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/desk-reports/*\n",
        "",
        &["SRA-ALB-013", "SRA-LAM-002"],
    ),
    // --- APIs
    (
        "drop the authorizer of a write method",
        "      AuthorizationType: COGNITO_USER_POOLS\n      AuthorizerId: !Ref PartnerAuthorizer\n      AuthorizationScopes: [orders/write]\n",
        "      AuthorizationType: NONE\n",
        &["SRA-API-001", "SRA-EDGE-006"],
    ),
    (
        "ask only for an API key",
        "      AuthorizationType: COGNITO_USER_POOLS\n      AuthorizerId: !Ref PartnerAuthorizer\n      AuthorizationScopes: [orders/write]\n",
        "      ApiKeyRequired: true\n",
        &["SRA-API-001", "SRA-EDGE-006"],
    ),
    ("open a read method", "      AuthorizationType: AWS_IAM\n", "", &["SRA-API-002", "SRA-EDGE-006"]),
    (
        "exempt a write route from the default authorizer",
        "Method: POST, Path: /orders}",
        "Method: POST, Path: /orders, Auth: {Authorizer: NONE}}",
        &["SRA-API-001"],
    ),
    (
        "exempt a read route from the default authorizer",
        "Method: GET, Path: /orders}",
        "Method: GET, Path: /orders, Auth: {Authorizer: NONE}}",
        &["SRA-API-002"],
    ),
    (
        "drop the default authorizer",
        "        DefaultAuthorizer: Customers\n",
        "",
        &["SRA-API-001", "SRA-API-002", "SRA-SFN-003"],
    ),
    ("accept any audience", "              audience: [!Ref CustomerClient]\n", "", &["SRA-API-003"]),
    ("trust tokens of another pool", "amazonaws.com/${Customers}", "amazonaws.com/${Staff}", &["SRA-API-003"]),
    (
        "accept the client of another pool",
        "audience: [!Ref CustomerClient]",
        "audience: [!Ref DeskClient]",
        &["SRA-API-003"],
    ),
    // --- functions
    ("open a function URL", "AuthType: AWS_IAM", "AuthType: NONE", &["SRA-LAM-001", "SRA-EDGE-006"]),
    (
        "let any API invoke the partner function",
        "      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PartnerApi}/*/POST/orders\n",
        "",
        &["SRA-LAM-002"],
    ),
    (
        "let everybody invoke the partner function",
        "      Principal: apigateway.amazonaws.com\n      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PartnerApi}/*/POST/orders\n",
        "      Principal: \"*\"\n",
        &["SRA-LAM-002"],
    ),
    (
        "lend a function the role of the workflow",
        "        def handler(event, context):\n            print(\"asked\")\n",
        "        def handler(event, context):\n            print(\"asked\")\n      Role: !GetAtt ApprovalRole.Arn\n",
        &["SRA-LAM-003"],
    ),
    // --- identities
    (
        "switch the second factor off",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"OFF\"\n      AdminCreateUserConfig",
        &["SRA-COG-001"],
    ),
    (
        "make the second factor optional",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: OPTIONAL\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        &["SRA-COG-001"],
    ),
    (
        "leave the second factor to the default",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      MfaConfiguration: \"ON\"\n      EnabledMfas: [SOFTWARE_TOKEN_MFA]\n      AdminCreateUserConfig",
        "    Type: AWS::Cognito::UserPool\n    Properties:\n      AdminCreateUserConfig",
        &["SRA-COG-001"],
    ),
    (
        "allow the implicit grant",
        "      AllowedOAuthFlows: [code]\n      AllowedOAuthScopes: [openid, orders/write]",
        "      AllowedOAuthFlows: [code, implicit]\n      AllowedOAuthScopes: [openid, orders/write]",
        &["SRA-COG-002"],
    ),
    ("return to a foreign host", "https://desk.acme-workloads.com/signed-in", "https://example.com", &["SRA-COG-009"]),
    (
        "return over cleartext",
        "https://desk.acme-workloads.com/signed-in",
        "http://desk.acme-workloads.com/signed-in",
        &["SRA-COG-009"],
    ),
    (
        "return to a wildcard",
        "https://desk.acme-workloads.com/signed-in",
        "https://*.acme-workloads.com/signed-in",
        &["SRA-COG-009"],
    ),
    (
        "return to the wrong path of the load balancer",
        "https://desk.acme-workloads.com/oauth2/idpresponse",
        "https://desk.acme-workloads.com/callback",
        &["SRA-COG-010"],
    ),
    ("sign in through a public client", "      GenerateSecret: true\n", "", &["SRA-COG-010"]),
    (
        "sign in through the client of another pool",
        "            UserPoolClientId: !Ref DeskClient\n            UserPoolDomain: !Ref StaffDomain\n            OnUnauthenticatedRequest: authenticate",
        "            UserPoolClientId: !Ref CustomerClient\n            UserPoolDomain: !Ref StaffDomain\n            OnUnauthenticatedRequest: authenticate",
        &["SRA-COG-010"],
    ),
    (
        "hand credentials to guests",
        "AllowUnauthenticatedIdentities: false",
        "AllowUnauthenticatedIdentities: true",
        &["SRA-IDP-001"],
    ),
    (
        "trust every identity pool",
        "              StringEquals:\n                cognito-identity.amazonaws.com:aud: !Ref Browser\n",
        "",
        &["SRA-IDP-003"],
    ),
    (
        "trust guests of the pool",
        "              ForAnyValue:StringLike:\n                cognito-identity.amazonaws.com:amr: authenticated\n",
        "",
        &["SRA-IDP-003"],
    ),
    ("fall for an absent amr", "ForAnyValue:StringLike", "ForAllValues:StringLike", &["SRA-IDP-003"]),
    // --- permissions
    (
        "attach a managed policy that allows everything in DynamoDB",
        "        - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "        - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonDynamoDBFullAccess",
        &["SRA-IAM-001"],
    ),
    (
        "make a function administrator",
        "      Runtime: python3.13\n      Handler: index.handler\n      InlineCode: |\n        def handler(event, context):\n            print(\"asked\")\n",
        "      Runtime: python3.13\n      Handler: index.handler\n      Policies: AdministratorAccess\n      InlineCode: |\n        def handler(event, context):\n            print(\"asked\")\n",
        &["SRA-IAM-001"],
    ),
    (
        "allow every DynamoDB action inline",
        "Action: dynamodb:PutItem, Resource: !GetAtt Orders.Arn",
        "Action: \"dynamodb:*\", Resource: \"*\"",
        &["SRA-IAM-002"],
    ),
    (
        "allow every action inline",
        "Action: lambda:InvokeFunction, Resource: !GetAtt AskFunction.Arn",
        "Action: \"*\", Resource: \"*\"",
        &["SRA-IAM-002"],
    ),
    (
        "let users read each other's rows",
        "                Condition:\n                  ForAllValues:StringEquals:\n                    dynamodb:LeadingKeys: [\"${cognito-identity.amazonaws.com:sub}\"]\n",
        "",
        &["SRA-DDB-001"],
    ),
    (
        "scope rows by a single-valued operator",
        "ForAllValues:StringEquals",
        "StringEquals:\n                    aws:PrincipalType: AssumedRole\n                  StringEqualsIfExists",
        &["SRA-DDB-001"],
    ),
    (
        "scope rows by a suffix",
        "ForAllValues:StringEquals:\n                    dynamodb:LeadingKeys: [\"${",
        "ForAllValues:StringLike:\n                    dynamodb:LeadingKeys: [\"*${",
        &["SRA-DDB-001"],
    ),
    // --- workflow
    ("wait for an approval without end", "            HeartbeatSeconds: 86400\n", "", &["SRA-SFN-003"]),
    (
        "forget to hand out the token",
        "                token.$: $$.Task.Token\n",
        "                order.$: $.order\n",
        &["SRA-SFN-003"],
    ),
    (
        "approve without signing in",
        "Method: POST, Path: /decisions}",
        "Method: POST, Path: /decisions, Auth: {Authorizer: NONE}}",
        &["SRA-API-001", "SRA-SFN-003"],
    ),
    (
        "allow approval only",
        "Action: [states:SendTaskSuccess, states:SendTaskFailure]",
        "Action: states:SendTaskSuccess",
        &["SRA-SFN-003"],
    ),
];

fn good() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/good/template.yaml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_good_architecture_has_no_finding() {
    let found = failed_rules(&good());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_flaw_is_caught_by_its_rule_and_no_other() {
    let good = good();
    let mut wrong = Vec::new();
    for (flaw, text, replacement, expected) in MUTANTS {
        let occurrences = good.matches(text).count();
        assert_eq!(occurrences, 1, "`{flaw}`: its text stands {occurrences} times in the good architecture");
        let mutant = good.replacen(text, replacement, 1);
        let mut found: Vec<String> = failed_rules(&mutant).into_iter().map(|(rule, _)| rule).collect();
        found.sort();
        found.dedup();
        let mut expected: Vec<String> = expected.iter().map(|rule| (*rule).to_owned()).collect();
        expected.sort();
        if found != expected {
            wrong.push(format!("{flaw}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(MUTANTS.len() >= 40);
    assert!(wrong.is_empty(), "{} of {} flaws:\n{}", wrong.len(), MUTANTS.len(), wrong.join("\n"));
}

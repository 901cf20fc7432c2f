//! The flaws as edits of `tests/fixtures/good/terraform`.

use super::Edit;

pub(super) const EDITS: &[Edit] = &[
    // --- network
    (
        "route the application to the internet gateway",
        "  nat_gateway_id         = aws_nat_gateway.this.id\n",
        "  gateway_id             = aws_internet_gateway.this.id\n",
    ),
    (
        "route only IPv6 to the internet gateway",
        "  destination_cidr_block = \"0.0.0.0/0\"\n  nat_gateway_id         = aws_nat_gateway.this.id\n",
        "  destination_ipv6_cidr_block = \"::/0\"\n  gateway_id = aws_internet_gateway.this.id\n",
    ),
    (
        "route half of the address space to the internet gateway",
        "  destination_cidr_block = \"0.0.0.0/0\"\n  nat_gateway_id         = aws_nat_gateway.this.id\n",
        "  destination_cidr_block = \"128.0.0.0/1\"\n  gateway_id = aws_internet_gateway.this.id\n",
    ),
    (
        "place the service in a public subnet",
        "subnets          = local.app_subnets",
        "subnets          = [local.app_subnets[0], local.public_subnets[1]]",
    ),
    (
        "associate an application subnet with the public table",
        "zone = \"b\", routes = \"app\"",
        "zone = \"b\", routes = \"public\"",
    ),
    ("give the tasks public addresses", "assign_public_ip = false", "assign_public_ip = true"),
    (
        "let the whole VPC reach the application",
        "referenced_security_group_id = aws_security_group.door.id",
        "cidr_ipv4 = module.network.cidr_block",
    ),
    (
        "let a foreign group reach the application",
        "referenced_security_group_id = aws_security_group.door.id",
        "referenced_security_group_id = \"sg-0123456789abcdef0\"",
    ),
    (
        "open the application to the internet",
        "referenced_security_group_id = aws_security_group.door.id",
        "cidr_ipv4 = \"0.0.0.0/0\"",
    ),
    ("open SSH to the internet on the front door", "{ port = 80, ", "{ port = 22, "),
    ("open every port of the front door", "{ port = 80, protocol = \"tcp\"", "{ port = 0, protocol = \"-1\""),
    (
        "open a port without a listener",
        "{ port = 80, protocol = \"tcp\", source = \"0.0.0.0/0\" }",
        "{ port = 8443, protocol = \"tcp\", source = \"10.0.0.0/8\" }",
    ),
    // --- load balancer
    (
        "forward cleartext",
        "    type = \"redirect\"\n\n    redirect {\n      protocol    = \"HTTPS\"\n      port        = \"443\"\n      status_code = \"HTTP_301\"\n    }\n",
        "    type = \"forward\"\n    target_group_arn = aws_lb_target_group.desk.arn\n",
    ),
    ("redirect to cleartext", "      protocol    = \"HTTPS\"\n", "      protocol    = \"#{protocol}\"\n"),
    ("allow TLS 1.0", "\"ELBSecurityPolicy-TLS13-1-2-2021-06\"", "\"ELBSecurityPolicy-TLS-1-0-2015-04\""),
    ("leave the TLS policy to the default", "  ssl_policy        = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"\n", ""),
    (
        "add an unauthenticated rule to the application",
        "[\"/logout\"]\n    }\n  }\n\n  action {\n    type             = \"forward\"\n    target_group_arn = aws_lb_target_group.function[\"logout\"].arn",
        "[\"/admin/*\"]\n    }\n  }\n\n  action {\n    type             = \"forward\"\n    target_group_arn = aws_lb_target_group.desk.arn",
    ),
    (
        "let unauthenticated requests through",
        "on_unauthenticated_request = \"authenticate\"",
        "on_unauthenticated_request = \"allow\"",
    ),
    (
        "let unauthenticated requests to reports through",
        "on_unauthenticated_request = \"deny\"",
        "on_unauthenticated_request = \"allow\"",
    ),
    ("exempt more paths than logout", "[\"/logout\"]", "[\"/logout*\"]"),
    ("let any load balancer invoke the report function", "  source_arn    = each.value.arn\n", ""),
    // --- APIs
    (
        "drop the authorizer of a write method",
        "  authorization        = \"COGNITO_USER_POOLS\"\n  authorizer_id        = aws_api_gateway_authorizer.customers.id\n  authorization_scopes = [\"orders/write\"]\n",
        "  authorization        = \"NONE\"\n",
    ),
    (
        "ask only for an API key",
        "  authorization        = \"COGNITO_USER_POOLS\"\n  authorizer_id        = aws_api_gateway_authorizer.customers.id\n  authorization_scopes = [\"orders/write\"]\n",
        "  authorization        = \"NONE\"\n  api_key_required     = true\n",
    ),
    ("open a read method", "  authorization = \"AWS_IAM\"\n", "  authorization = \"NONE\"\n"),
    (
        "exempt a write route from the default authorizer",
        "\"POST /orders\"    = { function = \"orders\" }",
        "\"POST /orders\"    = { function = \"orders\", public = true }",
    ),
    (
        "exempt a read route from the default authorizer",
        "\"GET /orders\"     = { function = \"orders\" }",
        "\"GET /orders\"     = { function = \"orders\", public = true }",
    ),
    (
        "drop the default authorizer",
        "  authorization_type = try(each.value.public, false) ? \"NONE\" : \"JWT\"\n  authorizer_id      = try(each.value.public, false) ? null : aws_apigatewayv2_authorizer.customers.id\n",
        "",
    ),
    ("accept any audience", "    audience = [aws_cognito_user_pool_client.customer.id]\n", ""),
    (
        "trust tokens of another pool",
        "\"https://${aws_cognito_user_pool.customers.endpoint}\"",
        "\"https://${aws_cognito_user_pool.staff.endpoint}\"",
    ),
    (
        "accept the client of another pool",
        "audience = [aws_cognito_user_pool_client.customer.id]",
        "audience = [aws_cognito_user_pool_client.desk.id]",
    ),
    // --- functions
    ("open a function URL", "authorization_type = \"AWS_IAM\"", "authorization_type = \"NONE\""),
    (
        "let any API invoke the partner function",
        "  source_arn    = \"${aws_api_gateway_rest_api.partners.execution_arn}/*/POST/orders\"\n",
        "",
    ),
    (
        "let everybody invoke the partner function",
        "  principal     = \"apigateway.amazonaws.com\"\n  source_arn    = \"${aws_api_gateway_rest_api.partners.execution_arn}/*/POST/orders\"\n",
        "  principal     = \"*\"\n",
    ),
    (
        "lend a function the role of the workflow",
        "{ answer = \"print('asked')\" }",
        "{ answer = \"print('asked')\", role_arn = aws_iam_role.approval.arn }",
    ),
    // --- identities
    (
        "switch the second factor off",
        "\"staff\"\n  mfa_configuration = \"ON\"\n",
        "\"staff\"\n  mfa_configuration = \"OFF\"\n",
    ),
    (
        "make the second factor optional",
        "\"staff\"\n  mfa_configuration = \"ON\"\n",
        "\"staff\"\n  mfa_configuration = \"OPTIONAL\"\n",
    ),
    (
        "leave the second factor to the default",
        "\"staff\"\n  mfa_configuration = \"ON\"\n\n  software_token_mfa_configuration {\n    enabled = true\n  }\n",
        "\"staff\"\n",
    ),
    (
        "allow the implicit grant",
        "[\"code\"]\n  allowed_oauth_scopes                 = concat(",
        "[\"code\", \"implicit\"]\n  allowed_oauth_scopes                 = concat(",
    ),
    ("return to a foreign host", "https://${local.host}/signed-in", "https://example.com"),
    ("return over cleartext", "https://${local.host}/signed-in", "http://${local.host}/signed-in"),
    ("return to a wildcard", "https://${local.host}/signed-in", "https://*.${var.domain}/signed-in"),
    (
        "return to the wrong path of the load balancer",
        "https://${local.host}/oauth2/idpresponse",
        "https://${local.host}/callback",
    ),
    ("sign in through a public client", "  generate_secret                      = true\n", ""),
    (
        "sign in through the client of another pool",
        "aws_cognito_user_pool_client.desk.id\n      user_pool_domain           = aws_cognito_user_pool_domain.staff.domain\n      on_unauthenticated_request = \"authenticate\"",
        "aws_cognito_user_pool_client.customer.id\n      user_pool_domain           = aws_cognito_user_pool_domain.staff.domain\n      on_unauthenticated_request = \"authenticate\"",
    ),
    (
        "hand credentials to guests",
        "allow_unauthenticated_identities = false",
        "allow_unauthenticated_identities = true",
    ),
    (
        "trust every identity pool",
        "    condition {\n      test     = \"StringEquals\"\n      variable = \"cognito-identity.amazonaws.com:aud\"\n      values   = [aws_cognito_identity_pool.browser.id]\n    }\n\n",
        "",
    ),
    (
        "trust guests of the pool",
        "    condition {\n      test     = \"ForAnyValue:StringLike\"\n      variable = \"cognito-identity.amazonaws.com:amr\"\n      values   = [\"authenticated\"]\n    }\n",
        "",
    ),
    ("fall for an absent amr", "ForAnyValue:StringLike", "ForAllValues:StringLike"),
    // --- permissions
    (
        "attach a managed policy that allows everything in DynamoDB",
        "policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "policy/AmazonDynamoDBFullAccess",
    ),
    (
        "make a function administrator",
        "{ answer = \"print('asked')\" }",
        "{ answer = \"print('asked')\", managed_policies = [\"AdministratorAccess\"] }",
    ),
    (
        "allow every DynamoDB action inline",
        "    actions   = [\"dynamodb:PutItem\"]\n    resources = [aws_dynamodb_table.orders.arn]\n",
        "    actions   = [\"dynamodb:*\"]\n    resources = [\"*\"]\n",
    ),
    (
        "allow every action inline",
        "    actions   = [\"lambda:InvokeFunction\"]\n    resources = [module.function[\"ask\"].arn]\n",
        "    actions   = [\"*\"]\n    resources = [\"*\"]\n",
    ),
    (
        "let users read each other's rows",
        "\n    condition {\n      test     = \"ForAllValues:StringEquals\"\n      variable = \"dynamodb:LeadingKeys\"\n      values   = [\"&{cognito-identity.amazonaws.com:sub}\"]\n    }\n",
        "",
    ),
    ("scope rows by a single-valued operator", "\"ForAllValues:StringEquals\"", "\"StringEqualsIfExists\""),
    (
        "scope rows by a suffix",
        "\"ForAllValues:StringEquals\"\n      variable = \"dynamodb:LeadingKeys\"\n      values   = [\"&{",
        "\"ForAllValues:StringLike\"\n      variable = \"dynamodb:LeadingKeys\"\n      values   = [\"*&{",
    ),
    // --- workflow
    ("wait for an approval without end", "        HeartbeatSeconds = 86400\n", ""),
    ("forget to hand out the token", "\"token.$\" = \"$$.Task.Token\"", "\"order.$\" = \"$.order\""),
    (
        "approve without signing in",
        "\"POST /decisions\" = { function = \"decide\" }",
        "\"POST /decisions\" = { function = \"decide\", public = true }",
    ),
    ("allow approval only", "[\"states:SendTaskSuccess\", \"states:SendTaskFailure\"]", "[\"states:SendTaskSuccess\"]"),
];

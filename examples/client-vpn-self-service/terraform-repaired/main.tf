data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  partition = data.aws_partition.current.partition
  # What stands in ARNs of this account between the service and the resource.
  here = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

# --- sign-in --------------------------------------------------------------------------------------------------------

resource "aws_cognito_user_pool" "user_pool" {
  name = "ALB for Client VPN"

  schema {
    name                = "email"
    attribute_data_type = "String"
    required            = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = true
  }
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "ap-northeast-1example"
}

resource "aws_cognito_identity_provider" "identity_center" {
  user_pool_id  = aws_cognito_user_pool.user_pool.id
  provider_name = "IAMIdentityCenter"
  provider_type = "SAML"

  provider_details = {
    MetadataURL = var.saml_metadata_url
  }

  attribute_mapping = {
    email = "email"
  }
}

resource "aws_cognito_user_pool_client" "user_pool_client" {
  name                                 = "ALB for Client VPN"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  generate_secret                      = true
  supported_identity_providers         = [aws_cognito_identity_provider.identity_center.provider_name]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email"]
  callback_urls                        = ["https://api.awsexample.com/oauth2/idpresponse"]
}

# --- function -------------------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function_role" {
  name               = "LambdaRole-ClientVPN"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

data "aws_iam_policy_document" "associate_one_subnet" {
  statement {
    actions = ["ec2:AssociateClientVpnTargetNetwork"]
    resources = [
      "arn:${local.partition}:ec2:${local.here}:client-vpn-endpoint/${var.client_vpn_endpoint_id}",
      "arn:${local.partition}:ec2:${local.here}:subnet/${var.client_vpn_subnet_id}",
    ]
  }

  statement {
    actions   = ["ec2:DescribeClientVpnEndpoints"]
    resources = ["*"]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/AWSClientVPN-AssociatingSubnets:*"]
  }
}

resource "aws_iam_role_policy" "associate_one_subnet" {
  name   = "associate-one-subnet"
  role   = aws_iam_role.function_role.id
  policy = data.aws_iam_policy_document.associate_one_subnet.json
}

data "archive_file" "associate" {
  type        = "zip"
  source_file = "${path.module}/src/associate.py"
  output_path = "${path.module}/build/associate.zip"
}

resource "aws_lambda_function" "associate_function" {
  function_name    = "AWSClientVPN-AssociatingSubnets"
  runtime          = "python3.13"
  handler          = "associate.lambda_handler"
  timeout          = 60
  role             = aws_iam_role.function_role.arn
  filename         = data.archive_file.associate.output_path
  source_code_hash = data.archive_file.associate.output_base64sha256

  environment {
    variables = {
      CLIENT_VPN_ENDPOINT_ID = var.client_vpn_endpoint_id
      SUBNET_ID              = var.client_vpn_subnet_id
    }
  }
}

# --- load balancer --------------------------------------------------------------------------------------------------

resource "aws_security_group" "security_group" {
  name        = "ALB-sg"
  description = "Security group for ALB allowing HTTPS traffic"
  vpc_id      = var.vpc_id

  ingress {
    description = "HTTPS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "load_balancer" {
  name               = "AssociatingSubnets-alb"
  load_balancer_type = "application"
  internal           = false
  ip_address_type    = "ipv4"
  subnets            = var.public_subnets
  security_groups    = [aws_security_group.security_group.id]
}

resource "aws_lb_target_group" "target_group" {
  name        = "AssociatingSubnets-alb"
  target_type = "lambda"
}

resource "aws_lb_target_group_attachment" "associate_function" {
  target_group_arn = aws_lb_target_group.target_group.arn
  target_id        = aws_lambda_function.associate_function.arn

  depends_on = [aws_lambda_permission.invoke_permission]
}

resource "aws_lambda_permission" "invoke_permission" {
  function_name = aws_lambda_function.associate_function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "elasticloadbalancing.amazonaws.com"
  source_arn    = aws_lb_target_group.target_group.arn
}

resource "aws_lb_listener" "listener" {
  load_balancer_arn = aws_lb.load_balancer.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type  = "authenticate-cognito"
    order = 1

    authenticate_cognito {
      user_pool_arn       = aws_cognito_user_pool.user_pool.arn
      user_pool_client_id = aws_cognito_user_pool_client.user_pool_client.id
      user_pool_domain    = aws_cognito_user_pool_domain.user_pool_domain.domain
      session_timeout     = 28800
    }
  }

  default_action {
    type             = "forward"
    order            = 2
    target_group_arn = aws_lb_target_group.target_group.arn
  }
}

resource "aws_route53_record" "record" {
  zone_id = var.hosted_zone_id
  name    = "api.awsexample.com"
  type    = "A"

  alias {
    name                   = aws_lb.load_balancer.dns_name
    zone_id                = aws_lb.load_balancer.zone_id
    evaluate_target_health = false
  }
}

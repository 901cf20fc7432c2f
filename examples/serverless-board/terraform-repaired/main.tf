data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# --- sign-in --------------------------------------------------------------------------------------------------------

resource "aws_cognito_user_pool" "user_pool" {
  name                     = "Demo-Cognito-Userpool"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "ON"

  software_token_mfa_configuration {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "board-${data.aws_caller_identity.current.account_id}-demo-domain"
}

resource "aws_cognito_resource_server" "board_scopes" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  identifier   = "posts"
  name         = "Posts"

  scope {
    scope_name        = "write"
    scope_description = "Write posts"
  }
}

resource "aws_cognito_user_pool_client" "user_pool_client" {
  name                                 = "DemoAppClient"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = concat(["openid", "email"], aws_cognito_resource_server.board_scopes.scope_identifiers)
  callback_urls                        = ["https://${aws_route53_record.site_record.name}/signed-in"]
  logout_urls                          = ["https://${aws_route53_record.site_record.name}/"]
  prevent_user_existence_errors        = "ENABLED"
}

# --- posts ----------------------------------------------------------------------------------------------------------

resource "aws_dynamodb_table" "table" {
  name                        = "posts"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = true

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "post_function_role" {
  name               = "board-post"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy_attachment" "post_function_logs" {
  role       = aws_iam_role.post_function_role.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

data "aws_iam_policy_document" "put_posts" {
  statement {
    actions   = ["dynamodb:PutItem"]
    resources = [aws_dynamodb_table.table.arn]
  }
}

resource "aws_iam_role_policy" "put_posts" {
  name   = "put-posts"
  role   = aws_iam_role.post_function_role.id
  policy = data.aws_iam_policy_document.put_posts.json
}

data "archive_file" "post" {
  type        = "zip"
  source_file = "${path.module}/src/post.py"
  output_path = "${path.module}/build/post.zip"
}

resource "aws_lambda_function" "post_function" {
  function_name    = "board-post"
  runtime          = "python3.13"
  handler          = "post.handler"
  role             = aws_iam_role.post_function_role.arn
  filename         = data.archive_file.post.output_path
  source_code_hash = data.archive_file.post.output_base64sha256

  environment {
    variables = {
      TABLE_NAME = aws_dynamodb_table.table.name
    }
  }
}

resource "aws_apigatewayv2_api" "api" {
  name          = "board"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_stage" "stage" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_apigatewayv2_authorizer" "board" {
  api_id           = aws_apigatewayv2_api.api.id
  name             = "board"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://${aws_cognito_user_pool.user_pool.endpoint}"
    audience = [aws_cognito_user_pool_client.user_pool_client.id]
  }
}

resource "aws_apigatewayv2_integration" "post" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.post_function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "post" {
  api_id               = aws_apigatewayv2_api.api.id
  route_key            = "POST /post"
  authorization_type   = "JWT"
  authorizer_id        = aws_apigatewayv2_authorizer.board.id
  authorization_scopes = aws_cognito_resource_server.board_scopes.scope_identifiers
  target               = "integrations/${aws_apigatewayv2_integration.post.id}"
}

resource "aws_lambda_permission" "post_function_post_permission" {
  function_name = aws_lambda_function.post_function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*/POST/post"
}

# --- site -----------------------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "site_bucket" {}

resource "aws_s3_bucket_public_access_block" "site_bucket" {
  bucket                  = aws_s3_bucket.site_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_cloudfront_origin_access_control" "site_access" {
  name                              = "board-${data.aws_caller_identity.current.account_id}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "site" {
  enabled             = true
  aliases             = ["board.acme-workloads.com"]
  default_root_object = "index.html"

  origin {
    origin_id                = "site"
    domain_name              = aws_s3_bucket.site_bucket.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site_access.id
  }

  default_cache_behavior {
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_route53_record" "site_record" {
  zone_id = var.hosted_zone_id
  name    = "board.acme-workloads.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.site.domain_name
    zone_id                = aws_cloudfront_distribution.site.hosted_zone_id
    evaluate_target_health = false
  }
}

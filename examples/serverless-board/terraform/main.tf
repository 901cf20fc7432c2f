data "aws_caller_identity" "current" {}

resource "aws_cognito_user_pool" "user_pool" {
  name                     = "Demo-Cognito-Userpool"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OFF"
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "board-${data.aws_caller_identity.current.account_id}-demo-domain"
}

resource "aws_cognito_user_pool_client" "user_pool_client" {
  name                                 = "DemoAppClient"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["implicit"]
  allowed_oauth_scopes                 = ["openid", "email", "phone"]
  callback_urls                        = ["https://example.com"]
}

resource "aws_dynamodb_table" "table" {
  name         = "Demo-DyanmoDB"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "N"
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

resource "aws_iam_role" "post_role" {
  name               = "Demo-IAM-Lambda"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy_attachment" "post_role" {
  for_each = toset(["AmazonDynamoDBFullAccess", "CloudWatchFullAccess"])

  role       = aws_iam_role.post_role.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

data "archive_file" "post" {
  type        = "zip"
  source_file = "${path.module}/src/post.py"
  output_path = "${path.module}/build/post.zip"
}

resource "aws_lambda_function" "post_function" {
  function_name    = "Demo-Post-Lambda"
  runtime          = "python3.11"
  handler          = "post.lambda_handler"
  role             = aws_iam_role.post_role.arn
  filename         = data.archive_file.post.output_path
  source_code_hash = data.archive_file.post.output_base64sha256
}

resource "aws_apigatewayv2_api" "api" {
  name          = "Demo-APIGateway"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_stage" "stage" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_apigatewayv2_authorizer" "authorizer" {
  api_id           = aws_apigatewayv2_api.api.id
  name             = "DemoCognito-Grant"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://${aws_cognito_user_pool.user_pool.endpoint}"
    audience = [aws_cognito_user_pool_client.user_pool_client.id]
  }
}

resource "aws_apigatewayv2_integration" "post_integration" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.post_function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "post_route" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "POST /post"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.authorizer.id
  target             = "integrations/${aws_apigatewayv2_integration.post_integration.id}"
}

# The permission that the console adds when it attaches the integration.
resource "aws_lambda_permission" "post_permission" {
  function_name = aws_lambda_function.post_function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*/*/post"
}

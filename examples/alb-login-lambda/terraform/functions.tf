data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  cognito_domain = "https://${aws_cognito_user_pool_domain.user_pool_domain.domain}.auth.${data.aws_region.current.region}.amazoncognito.com"
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

data "archive_file" "login" {
  type        = "zip"
  source_file = "${path.module}/src/login.py"
  output_path = "${path.module}/build/login.zip"
}

resource "aws_iam_role" "login_role" {
  name               = "portal-login"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy_attachment" "login_role" {
  role       = aws_iam_role.login_role.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_function" "login_function" {
  function_name    = "portal-login"
  runtime          = "python3.13"
  handler          = "login.handler"
  timeout          = 10
  role             = aws_iam_role.login_role.arn
  filename         = data.archive_file.login.output_path
  source_code_hash = data.archive_file.login.output_base64sha256

  environment {
    variables = {
      COGNITO_DOMAIN = local.cognito_domain
      CLIENT_ID      = aws_cognito_user_pool_client.user_pool_client.id
      REDIRECT_URI   = "https://portal.acme-workloads.com/login"
    }
  }
}

resource "aws_lb_target_group" "login_target_group" {
  name        = "portal-login"
  target_type = "lambda"
}

resource "aws_lb_target_group_attachment" "login_function" {
  target_group_arn = aws_lb_target_group.login_target_group.arn
  target_id        = aws_lambda_function.login_function.arn

  depends_on = [aws_lambda_permission.login_permission]
}

resource "aws_lambda_permission" "login_permission" {
  function_name = aws_lambda_function.login_function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "elasticloadbalancing.amazonaws.com"
  source_arn    = aws_lb_target_group.login_target_group.arn
}

data "archive_file" "logout" {
  type        = "zip"
  source_file = "${path.module}/src/logout.py"
  output_path = "${path.module}/build/logout.zip"
}

resource "aws_iam_role" "logout_role" {
  name               = "portal-logout"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy_attachment" "logout_role" {
  role       = aws_iam_role.logout_role.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_function" "logout_function" {
  function_name    = "portal-logout"
  runtime          = "python3.13"
  handler          = "logout.handler"
  timeout          = 10
  role             = aws_iam_role.logout_role.arn
  filename         = data.archive_file.logout.output_path
  source_code_hash = data.archive_file.logout.output_base64sha256

  environment {
    variables = {
      COGNITO_DOMAIN = local.cognito_domain
      CLIENT_ID      = aws_cognito_user_pool_client.user_pool_client.id
      LOGOUT_URI     = "https://portal.acme-workloads.com/login"
    }
  }
}

resource "aws_lb_target_group" "logout_target_group" {
  name        = "portal-logout"
  target_type = "lambda"
}

resource "aws_lb_target_group_attachment" "logout_function" {
  target_group_arn = aws_lb_target_group.logout_target_group.arn
  target_id        = aws_lambda_function.logout_function.arn

  depends_on = [aws_lambda_permission.logout_permission]
}

resource "aws_lambda_permission" "logout_permission" {
  function_name = aws_lambda_function.logout_function.function_name
  action        = "lambda:InvokeFunction"
  principal     = "elasticloadbalancing.amazonaws.com"
  source_arn    = aws_lb_target_group.logout_target_group.arn
}

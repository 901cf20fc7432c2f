resource "aws_cognito_user_pool" "user_pool" {
  name                     = "portal"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "ON"

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = true
  }
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "acme-portal"
}

resource "aws_cognito_user_pool_client" "user_pool_client" {
  name                                 = "portal"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  generate_secret                      = true
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email"]
  callback_urls                        = ["https://portal.acme-workloads.com/oauth2/idpresponse"]
  logout_urls                          = ["https://portal.acme-workloads.com/"]
}

resource "aws_cognito_user_pool" "user_pool" {
  name                     = "portal"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "acme-portal"
}

resource "aws_cognito_user_pool_client" "user_pool_client" {
  name                                 = "portal"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email"]
  callback_urls                        = ["https://portal.acme-workloads.com/login"]
  logout_urls                          = ["https://portal.acme-workloads.com/login"]
}

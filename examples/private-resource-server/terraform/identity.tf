resource "aws_cognito_user_pool" "user_pool" {
  name = "orders"

  admin_create_user_config {
    allow_admin_create_user_only = true
  }
}

resource "aws_cognito_user_pool_domain" "user_pool_domain" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  domain       = "acme-orders"
}

resource "aws_cognito_resource_server" "orders_api" {
  user_pool_id = aws_cognito_user_pool.user_pool.id
  identifier   = "orders"
  name         = "Orders"

  scope {
    scope_name        = "read"
    scope_description = "Read orders"
  }
}

resource "aws_cognito_user_pool_client" "machine_client" {
  name                                 = "machine"
  user_pool_id                         = aws_cognito_user_pool.user_pool.id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = aws_cognito_resource_server.orders_api.scope_identifiers
}

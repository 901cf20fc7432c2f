data "aws_ssm_parameter" "image_id" {
  name = var.image_parameter
}

resource "aws_instance" "application_a" {
  ami                    = data.aws_ssm_parameter.image_id.value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.private_subnet_a.id
  vpc_security_group_ids = [aws_security_group.application_security_group.id]
}

resource "aws_lb" "load_balancer" {
  load_balancer_type = "application"
  internal           = false
  subnets            = [aws_subnet.public_subnet_a.id, aws_subnet.public_subnet_b.id]
  security_groups    = [aws_security_group.load_balancer_security_group.id]
}

resource "aws_lb_target_group" "application_target_group" {
  vpc_id      = aws_vpc.vpc.id
  target_type = "instance"
  protocol    = "HTTP"
  port        = 8080
}

resource "aws_lb_target_group_attachment" "application_a" {
  target_group_arn = aws_lb_target_group.application_target_group.arn
  target_id        = aws_instance.application_a.id
}

resource "aws_lb_listener" "https_listener" {
  load_balancer_arn = aws_lb.load_balancer.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type  = "authenticate-cognito"
    order = 1

    authenticate_cognito {
      user_pool_arn              = aws_cognito_user_pool.user_pool.arn
      user_pool_client_id        = aws_cognito_user_pool_client.user_pool_client.id
      user_pool_domain           = aws_cognito_user_pool_domain.user_pool_domain.domain
      on_unauthenticated_request = "authenticate"
      session_timeout            = 28800
    }
  }

  default_action {
    type             = "forward"
    order            = 2
    target_group_arn = aws_lb_target_group.application_target_group.arn
  }
}

resource "aws_lb_listener_rule" "logout_rule" {
  listener_arn = aws_lb_listener.https_listener.arn
  priority     = 20

  condition {
    path_pattern {
      values = ["/logout"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.logout_target_group.arn
  }
}

resource "aws_route53_record" "portal_record" {
  zone_id = var.hosted_zone_id
  name    = "portal.acme-workloads.com"
  type    = "A"

  alias {
    name                   = aws_lb.load_balancer.dns_name
    zone_id                = aws_lb.load_balancer.zone_id
    evaluate_target_health = true
  }
}

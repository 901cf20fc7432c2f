//! Load balancers of both generations.

use super::{facts_of, mapped, twins};

#[test]
fn listeners_rules_and_target_groups() {
    twins(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_lb" "front" {
  name                       = "front"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = ["subnet-1", "subnet-2"]
  security_groups            = ["sg-1"]
  drop_invalid_header_fields = true
  access_logs {
    bucket  = "logs"
    enabled = true
  }
}
resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id
  health_check {
    path    = "/healthz"
    matcher = "200-299"
  }
  stickiness {
    type = "lb_cookie"
  }
}
resource "aws_alb_target_group" "code" {
  name        = "code"
  target_type = "lambda"
}
resource "aws_lb_target_group_attachment" "app" {
  target_group_arn = aws_lb_target_group.app.arn
  target_id        = "10.0.0.5"
  port             = 9090
}
resource "aws_alb_listener" "http" {
  load_balancer_arn = aws_lb.front.arn
  port              = "80"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_acm_certificate" "cert" {
  domain_name               = "app.example.com"
  subject_alternative_names = ["www.example.com"]
  validation_method         = "DNS"
}
resource "aws_acm_certificate_validation" "cert" {
  certificate_arn = aws_acm_certificate.cert.arn
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.cert.certificate_arn
  default_action {
    type = "authenticate-oidc"
    authenticate_oidc {
      authorization_endpoint     = "https://idp.example.com/authorize"
      client_id                  = "id"
      client_secret              = "hidden"
      issuer                     = "https://idp.example.com"
      token_endpoint             = "https://idp.example.com/token"
      user_info_endpoint         = "https://idp.example.com/user"
      on_unauthenticated_request = "deny"
    }
  }
  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.app.arn
        weight = 80
      }
      target_group {
        arn    = aws_alb_target_group.code.arn
        weight = 20
      }
      stickiness {
        enabled  = true
        duration = 600
      }
    }
  }
}
resource "aws_lb_listener_certificate" "more" {
  listener_arn    = aws_lb_listener.https.arn
  certificate_arn = aws_acm_certificate.cert.arn
}
resource "aws_lb_listener_rule" "paths" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
  condition {
    path_pattern { values = ["/api/*", "/v1/*"] }
  }
  condition {
    host_header { values = ["app.example.com"] }
  }
}
resource "aws_alb_listener_rule" "rest" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 20
  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "no"
      status_code  = "403"
    }
  }
  condition {
    http_header {
      http_header_name = "X-Test"
      values           = ["1"]
    }
  }
  condition {
    http_request_method { values = ["GET"] }
  }
  condition {
    query_string {
      key   = "a"
      value = "b"
    }
    query_string { value = "c" }
  }
  condition {
    source_ip { values = ["10.0.0.0/8"] }
  }
}
resource "aws_wafv2_web_acl_association" "front" {
  resource_arn = aws_lb.front.arn
  web_acl_arn  = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1"
}
"#,
        "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Front:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Name: front
      Type: application
      Scheme: internet-facing
      Subnets: [subnet-1, subnet-2]
      SecurityGroups: [sg-1]
      LoadBalancerAttributes:
        - {Key: access_logs.s3.bucket, Value: logs}
        - {Key: access_logs.s3.enabled, Value: true}
        - {Key: routing.http.drop_invalid_header_fields.enabled, Value: true}
  App:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Name: app
      Port: 8080
      Protocol: HTTP
      TargetType: ip
      VpcId: !Ref Vpc
      HealthCheckPath: /healthz
      Matcher: {HttpCode: 200-299}
      TargetGroupAttributes: [{Key: stickiness.type, Value: lb_cookie}]
      Targets: [{Id: 10.0.0.5, Port: 9090}]
  Code: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Name: code, TargetType: lambda}}
  Http:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Front
      Port: 80
      Protocol: HTTP
      DefaultActions:
        - {Type: redirect, Order: 1, RedirectConfig: {Port: 443, Protocol: HTTPS, StatusCode: HTTP_301}}
  Cert:
    Type: AWS::CertificateManager::Certificate
    Properties:
      {DomainName: app.example.com, SubjectAlternativeNames: [www.example.com], ValidationMethod: DNS}
  Https:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Front
      Port: 443
      Protocol: HTTPS
      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
      Certificates: [{CertificateArn: !Ref Cert}]
      DefaultActions:
        - Type: authenticate-oidc
          Order: 1
          AuthenticateOidcConfig:
            AuthorizationEndpoint: https://idp.example.com/authorize
            ClientId: id
            ClientSecret: hidden
            Issuer: https://idp.example.com
            TokenEndpoint: https://idp.example.com/token
            UserInfoEndpoint: https://idp.example.com/user
            OnUnauthenticatedRequest: deny
        - Type: forward
          Order: 2
          ForwardConfig:
            TargetGroups: [{TargetGroupArn: !Ref App, Weight: 80}, {TargetGroupArn: !Ref Code, Weight: 20}]
            TargetGroupStickinessConfig: {Enabled: true, DurationSeconds: 600}
  More:
    Type: AWS::ElasticLoadBalancingV2::ListenerCertificate
    Properties: {ListenerArn: !Ref Https, Certificates: [{CertificateArn: !Ref Cert}]}
  Paths:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Https
      Priority: 10
      Actions: [{Type: forward, Order: 1, TargetGroupArn: !Ref App}]
      Conditions:
        - {Field: path-pattern, PathPatternConfig: {Values: [/api/*, /v1/*]}}
        - {Field: host-header, HostHeaderConfig: {Values: [app.example.com]}}
  Rest:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Https
      Priority: 20
      Actions:
        - Type: fixed-response
          Order: 1
          FixedResponseConfig: {ContentType: text/plain, MessageBody: 'no', StatusCode: 403}
      Conditions:
        - {Field: http-header, HttpHeaderConfig: {HttpHeaderName: X-Test, Values: [1]}}
        - {Field: http-request-method, HttpRequestMethodConfig: {Values: [GET]}}
        - {Field: query-string, QueryStringConfig: {Values: [{Key: a, Value: b}, {Value: c}]}}
        - {Field: source-ip, SourceIpConfig: {Values: [10.0.0.0/8]}}
  Waf:
    Type: AWS::WAFv2::WebACLAssociation
    Properties:
      {ResourceArn: !Ref Front, WebACLArn: 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1'}
",
    );
}

#[test]
fn network_and_classic_load_balancers() {
    twins(
        r#"
resource "aws_lb" "net" {
  load_balancer_type = "network"
  internal           = true
  subnet_mapping {
    subnet_id     = "subnet-1"
    allocation_id = "eipalloc-1"
  }
}
resource "aws_lb" "gateway" {
  load_balancer_type = "gateway"
  subnets            = ["subnet-1"]
}
resource "aws_lb_target_group" "g" {
  port     = 6081
  protocol = "GENEVE"
}
resource "aws_lb_listener" "g" {
  load_balancer_arn = aws_lb.gateway.id
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.g.id
  }
}
resource "aws_elb" "old" {
  name            = "old"
  internal        = true
  subnets         = ["subnet-1"]
  security_groups = ["sg-1"]
  listener {
    lb_port           = 443
    lb_protocol       = "https"
    instance_port     = 80
    instance_protocol = "http"
  }
}
resource "aws_instance" "i" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = "subnet-1"
}
resource "aws_elb_attachment" "old" {
  elb      = "old"
  instance = aws_instance.i.id
}
"#,
        "
  Net:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Type: network, Scheme: internal, SubnetMappings: [{SubnetId: subnet-1, AllocationId: eipalloc-1}]}
  Gateway:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Type: gateway, Subnets: [subnet-1]}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Port: 6081, Protocol: GENEVE}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Gateway
      DefaultActions: [{Type: forward, Order: 1, TargetGroupArn: !Ref Group}]
  Old:
    Type: AWS::ElasticLoadBalancing::LoadBalancer
    Properties:
      LoadBalancerName: old
      Scheme: internal
      CrossZone: true
      Subnets: [subnet-1]
      SecurityGroups: [sg-1]
      Listeners: [{LoadBalancerPort: 443, Protocol: https, InstancePort: 80, InstanceProtocol: http}]
      Instances: [!Ref Instance]
  Instance:
    Type: AWS::EC2::Instance
    Properties: {ImageId: ami-1, InstanceType: t3.micro, SubnetId: subnet-1}
",
    );
}

const LISTENER: &str = r#"
resource "aws_lb" "l" {}
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.l.arn
  port              = 80
  default_action { type = "fixed-response" }
}
resource "aws_lb_listener_rule" "a" {
  listener_arn = aws_lb_listener.l.arn
  action { type = "fixed-response" }
  condition {
    path_pattern { values = ["/a"] }
  }
}
"#;

#[test]
fn a_rule_without_a_priority_comes_after_those_that_are_there() {
    let priority = |text: &str| super::plain(mapped(text)[2].properties.as_map().unwrap().get("Priority").unwrap());
    assert_eq!(priority(LISTENER), serde_json::json!("1"));
    let second = LISTENER[LISTENER.find("resource \"aws_lb_listener_rule\"").unwrap()..].replace("\"a\"", "\"b\"");
    assert_eq!(priority(&format!("{LISTENER}{second}")), serde_json::json!({"unknown": true}));
}

#[test]
fn a_target_of_an_unknown_group_may_be_in_every_group() {
    let text = r#"
variable "which" { type = bool }
resource "aws_lb_target_group" "a" {
  port     = 80
  protocol = "HTTP"
}
resource "aws_lb_target_group_attachment" "x" {
  target_group_arn = nothing.that_exists
  target_id        = "i-1"
}
"#;
    let sources = sra_guard::source::SourceMap::default();
    let unit =
        super::terraform::unit_from_files(&super::terraform::files_of(text), ".", &super::Context::default(), &sources);
    let unit = unit.unwrap();
    let resources = unit.evaluate(unit.worlds().list.first().unwrap()).resources;
    assert_eq!(super::plain(resources[0].prop("Targets").known().unwrap()), serde_json::json!([{"unknown": true}]));
    let handed_in = text.replace("nothing.that_exists", "var.arn") + "variable \"arn\" {}\n";
    assert!(mapped(&handed_in)[0].prop("Targets").is_absent(), "a value that is handed in is nothing of ours");
}

#[test]
fn default_tags_reach_what_is_tagged() {
    let text = r#"
provider "aws" {
  default_tags {
    tags = { "sra:tier" = "edge" }
  }
}
resource "aws_instance" "i" {
  ami           = "ami-1"
  instance_type = "t3.micro"
}
"#;
    assert!(facts_of(mapped(text)).contains("\"tier\":\"edge\""));
}

//! DNS names, distributions and data stores.

use super::{mapped, plain, twins};

#[test]
fn records_lead_to_front_doors() {
    twins(
        r#"
resource "aws_route53_zone" "z" { name = "example.org" }
resource "aws_lb" "l" { name = "l" }
resource "aws_route53_record" "app" {
  zone_id = aws_route53_zone.z.zone_id
  name    = "app"
  type    = "A"
  alias {
    name                   = aws_lb.l.dns_name
    zone_id                = aws_lb.l.zone_id
    evaluate_target_health = true
  }
}
resource "aws_route53_record" "apex" {
  zone_id = aws_route53_zone.z.id
  name    = ""
  type    = "A"
  ttl     = 300
  records = ["192.0.2.1"]
}
resource "aws_route53_record" "elsewhere" {
  zone_id = "Z1"
  name    = "www.example.net"
  type    = "CNAME"
  ttl     = "60"
  records = [aws_lb.l.dns_name]
}
resource "aws_cloudfront_distribution" "d" {
  enabled = true
  aliases = ["cdn.example.org"]
  origin {
    domain_name = aws_lb.l.dns_name
    origin_id   = "lb"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "lb"
    viewer_protocol_policy = "redirect-to-https"
  }
  restrictions {
    geo_restriction { restriction_type = "none" }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
"#,
        "
  Z: {Type: AWS::Route53::HostedZone, Properties: {Name: example.org}}
  L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: l}}
  App:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneId: !Ref Z
      Name: app.example.org
      Type: A
      AliasTarget: {DNSName: !GetAtt L.DNSName, HostedZoneId: !GetAtt L.CanonicalHostedZoneID, EvaluateTargetHealth: true}
  Apex:
    Type: AWS::Route53::RecordSet
    Properties: {HostedZoneId: !Ref Z, Name: example.org, Type: A, TTL: 300, ResourceRecords: [192.0.2.1]}
  Elsewhere:
    Type: AWS::Route53::RecordSet
    Properties: {HostedZoneId: Z1, Name: www.example.net, Type: CNAME, TTL: 60, ResourceRecords: [!GetAtt L.DNSName]}
  D:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Aliases: [cdn.example.org]
        Origins:
          - Id: lb
            DomainName: !GetAtt L.DNSName
            CustomOriginConfig:
              {HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: https-only, OriginSSLProtocols: [TLSv1.2]}
        DefaultCacheBehavior:
          AllowedMethods: [GET, HEAD]
          CachedMethods: [GET, HEAD]
          TargetOriginId: lb
          ViewerProtocolPolicy: redirect-to-https
        ViewerCertificate: {CloudFrontDefaultCertificate: true}
",
    );
}

#[test]
fn a_relative_name_in_an_unknown_zone_is_not_known() {
    let text = r#"
resource "aws_route53_record" "app" {
  zone_id = "Z1"
  name    = "app"
  type    = "A"
  records = ["192.0.2.1"]
}
"#;
    let properties = mapped(text)[0].properties.clone();
    assert_eq!(plain(properties.as_map().unwrap().get("Name").unwrap()), serde_json::json!({"unknown": true}));
}

#[test]
fn what_a_type_without_a_table_refers_to_is_seen() {
    let text = r#"
resource "aws_security_group" "g" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_lb" "l" {
  security_groups = [aws_security_group.g.id]
}
resource "aws_something_new" "x" {
  security_group_ids = [aws_security_group.g.id]
}
"#;
    let facts = super::facts_of(mapped(text));
    let rule = facts.lines().find(|line| line.starts_with("ingress_rules")).unwrap();
    assert!(rule.contains("\"name\":\"aws_something_new.x\",\"kind\":\"other\""), "{rule}");
}

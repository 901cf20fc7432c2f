//! Security groups and prefix lists.

use super::{facts_of, mapped, twins};

#[test]
fn each_source_of_a_block_is_a_rule() {
    twins(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_ec2_managed_prefix_list" "office" {
  name           = "office"
  address_family = "IPv4"
  max_entries    = 2
  entry {
    cidr        = "203.0.113.0/24"
    description = "first"
  }
}
resource "aws_ec2_managed_prefix_list_entry" "second" {
  prefix_list_id = aws_ec2_managed_prefix_list.office.id
  cidr           = aws_vpc.main.cidr_block
}
resource "aws_security_group" "other" {
  name        = "other"
  description = "others"
  vpc_id      = aws_vpc.main.id
  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}
resource "aws_security_group" "web" {
  vpc_id = aws_vpc.main.id
  tags   = { "sra:cluster" = "true" }
  ingress {
    description     = "web"
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    cidr_blocks     = ["0.0.0.0/0", "198.51.100.0/24"]
    prefix_list_ids = [aws_ec2_managed_prefix_list.office.id]
    security_groups = [aws_security_group.other.id]
    self            = true
  }
}
"#,
        "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Office:
    Type: AWS::EC2::PrefixList
    Properties:
      PrefixListName: office
      AddressFamily: IPv4
      MaxEntries: 2
      Entries: [{Cidr: 203.0.113.0/24, Description: first}, {Cidr: !GetAtt Vpc.CidrBlock}]
  Other:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupName: other
      GroupDescription: others
      VpcId: !Ref Vpc
      SecurityGroupEgress:
        - {IpProtocol: -1, FromPort: 0, ToPort: 0, CidrIp: 0.0.0.0/0}
        - {IpProtocol: -1, FromPort: 0, ToPort: 0, CidrIpv6: '::/0'}
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Managed by Terraform
      VpcId: !Ref Vpc
      Tags: [{Key: sra:cluster, Value: 'true'}]
      SecurityGroupIngress:
        - {Description: web, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
        - {Description: web, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 198.51.100.0/24}
        - {Description: web, IpProtocol: tcp, FromPort: 443, ToPort: 443, SourcePrefixListId: !GetAtt Office.PrefixListId}
        - {Description: web, IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !GetAtt Other.GroupId}
        - {Description: web, IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !GetAtt Web.GroupId}
",
    );
}

#[test]
fn rules_of_their_own_say_the_same() {
    twins(
        r#"
resource "aws_security_group" "a" {
  name    = "a"
  vpc_id  = "vpc-1"
  ingress = []
}
resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = "vpc-1"
}
resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  security_group_id = aws_security_group.a.id
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0", "10.0.0.0/8"]
}
resource "aws_security_group_rule" "own" {
  type              = "ingress"
  security_group_id = aws_security_group.a.id
  from_port         = 0
  to_port           = 65535
  protocol          = "tcp"
  self              = true
}
resource "aws_security_group_rule" "from_b" {
  type                     = "ingress"
  security_group_id        = aws_security_group.a.id
  from_port                = 8080
  to_port                  = 8080
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.b.id
}
resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.a.id
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.b.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_vpc_security_group_ingress_rule" "from_a" {
  security_group_id            = aws_security_group.b.id
  referenced_security_group_id = aws_security_group.a.id
  ip_protocol                  = "-1"
}
resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.b.id
  cidr_ipv6         = "::/0"
  ip_protocol       = "-1"
}
"#,
        "
  A: {Type: AWS::EC2::SecurityGroup, Properties: {GroupName: a, GroupDescription: Managed by Terraform, VpcId: vpc-1}}
  B: {Type: AWS::EC2::SecurityGroup, Properties: {GroupName: b, GroupDescription: Managed by Terraform, VpcId: vpc-1}}
  Ssh:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !GetAtt A.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
  SshInner:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !GetAtt A.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8}
  Own:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      {GroupId: !GetAtt A.GroupId, IpProtocol: tcp, FromPort: 0, ToPort: 65535, SourceSecurityGroupId: !GetAtt A.GroupId}
  FromB:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      {GroupId: !GetAtt A.GroupId, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: !GetAtt B.GroupId}
  AOut:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: {GroupId: !GetAtt A.GroupId, IpProtocol: -1, FromPort: 0, ToPort: 0, CidrIp: 0.0.0.0/0}
  Https:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !GetAtt B.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
  FromA:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !GetAtt B.GroupId, IpProtocol: -1, SourceSecurityGroupId: !GetAtt A.GroupId}
  BOut:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: {GroupId: !GetAtt B.GroupId, IpProtocol: -1, CidrIpv6: '::/0'}
",
    );
}

#[test]
fn a_group_without_egress_has_none() {
    let resources = mapped("resource \"aws_security_group\" \"a\" {}");
    assert_eq!(super::plain(resources[0].prop("SecurityGroupEgress").known().unwrap()), serde_json::json!([]));
    assert!(resources[0].prop("SecurityGroupIngress").is_absent());
}

const DEFAULT: &str = r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_instance" "app" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id
}
"#;

fn ingress_of_workloads(text: &str) -> String {
    facts_of(mapped(text)).lines().find(|line| line.starts_with("workloads")).unwrap().to_owned()
}

#[test]
fn a_default_group_that_is_adopted_has_the_rules_that_are_written() {
    assert!(ingress_of_workloads(DEFAULT).contains("\"from\":\"itself\""));
    let closed = format!("{DEFAULT}resource \"aws_default_security_group\" \"d\" {{ vpc_id = aws_vpc.main.id }}\n");
    assert!(ingress_of_workloads(&closed).contains("\"ingress\":[]"));
    let open = format!(
        "{DEFAULT}
resource \"aws_vpc_security_group_ingress_rule\" \"d\" {{
  security_group_id = aws_vpc.main.default_security_group_id
  cidr_ipv4         = \"0.0.0.0/0\"
  ip_protocol       = \"-1\"
}}"
    );
    assert!(ingress_of_workloads(&open).contains("\"internet\":true"));
}

#[test]
fn a_rule_of_unknown_direction_may_let_packets_in() {
    let text = format!(
        "{DEFAULT}
variable \"direction\" {{}}
resource \"aws_security_group_rule\" \"d\" {{
  type              = var.direction
  security_group_id = aws_vpc.main.default_security_group_id
  protocol          = \"tcp\"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = [\"0.0.0.0/0\"]
}}"
    );
    let rules = facts_of(mapped(&text));
    let rule = rules.lines().find(|line| line.starts_with("ingress_rules")).unwrap();
    assert!(rule.contains("\"opens_ports\":{\"unknown\":true}"), "{rule}");
}

#[test]
fn groups_join_interfaces_afterwards() {
    let text = r#"
resource "aws_security_group" "a" {}
resource "aws_instance" "app" {
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  subnet_id                   = "subnet-1"
  associate_public_ip_address = false
}
resource "aws_instance" "plain" {
  ami                    = "ami-1"
  instance_type          = "t3.micro"
  vpc_security_group_ids = ["sg-1"]
}
resource "aws_network_interface_sg_attachment" "app" {
  security_group_id    = aws_security_group.a.id
  network_interface_id = aws_instance.app.primary_network_interface_id
}
resource "aws_network_interface_sg_attachment" "plain" {
  security_group_id    = aws_security_group.a.id
  network_interface_id = aws_instance.plain.primary_network_interface_id
}
"#;
    let resources = mapped(text);
    let groups = |index: usize, path: &str| super::plain(resources[index].prop(path).known().unwrap()).to_string();
    assert!(groups(1, "NetworkInterfaces").contains("\"GroupSet\":[\"${aws_security_group.a.GroupId}\"]"));
    assert_eq!(groups(2, "SecurityGroupIds"), "[\"sg-1\",\"${aws_security_group.a.GroupId}\"]");
}

#[test]
fn a_group_that_is_looked_up_in_our_vpc_may_be_ours() {
    let rule = |data: &str| {
        format!(
            "{DEFAULT}
data \"aws_security_group\" \"d\" {{ {data} }}
resource \"aws_vpc_security_group_ingress_rule\" \"d\" {{
  security_group_id = data.aws_security_group.d.id
  cidr_ipv4         = \"0.0.0.0/0\"
  ip_protocol       = \"-1\"
}}"
        )
    };
    let ours = ingress_of_workloads(&rule("vpc_id = aws_vpc.main.id"));
    assert!(ours.contains("\"internet\":{\"unknown\":true}"), "{ours}");
    let elsewhere = ingress_of_workloads(&rule("vpc_id = \"vpc-1\""));
    assert!(!elsewhere.contains("unknown"), "{elsewhere}");
}

//! Instances, launch templates, Auto Scaling groups.

use super::twins;

const NETWORK: &str = r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = aws_vpc.main.id
}
resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_iam_instance_profile" "p" {
  name = "p"
  role = aws_iam_role.r.name
}
"#;

const TWIN: &str = "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  G:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupName: g, GroupDescription: Managed by Terraform, VpcId: !Ref Vpc}
  R:
    Type: AWS::IAM::Role
    Properties: {RoleName: r, AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}
  P: {Type: AWS::IAM::InstanceProfile, Properties: {InstanceProfileName: p, Roles: [!Ref R]}}
";

fn with_network(terraform: &str, cloudformation: &str) {
    twins(&format!("{NETWORK}{terraform}"), &format!("{TWIN}{cloudformation}"));
}

#[test]
fn instances_with_and_without_interfaces_of_their_own() {
    with_network(
        r##"
resource "aws_instance" "plain" {
  ami                    = "ami-1"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.a.id
  vpc_security_group_ids = [aws_security_group.g.id]
  iam_instance_profile   = aws_iam_instance_profile.p.name
  user_data              = "#!/bin/sh\necho ${aws_vpc.main.id}"
  metadata_options {
    http_tokens = "required"
  }
  tags = { "sra:tier" = "edge" }
}
resource "aws_instance" "open" {
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  subnet_id                   = aws_subnet.a.id
  vpc_security_group_ids      = [aws_security_group.g.id]
  associate_public_ip_address = true
}
resource "aws_network_interface" "n" {
  subnet_id       = aws_subnet.a.id
  security_groups = [aws_security_group.g.id]
  attachment {
    instance     = aws_instance.plain.id
    device_index = 1
  }
}
resource "aws_instance" "given" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  network_interface {
    network_interface_id = aws_network_interface.n.id
    device_index         = 0
  }
}
resource "aws_eip" "e" { instance = aws_instance.plain.id }
resource "aws_eip" "f" { network_interface = aws_instance.open.primary_network_interface_id }
resource "aws_eip_association" "g" {
  allocation_id        = aws_eip.e.id
  network_interface_id = aws_network_interface.n.id
}
"##,
        "
  Plain:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      SubnetId: !Ref A
      SecurityGroupIds: [!GetAtt G.GroupId]
      IamInstanceProfile: !Ref P
      UserData: !Sub \"#!/bin/sh\\necho ${Vpc}\"
      MetadataOptions: {HttpTokens: required}
      Tags: [{Key: sra:tier, Value: edge}]
  Open:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      NetworkInterfaces:
        - {DeviceIndex: 0, AssociatePublicIpAddress: true, SubnetId: !Ref A, GroupSet: [!GetAtt G.GroupId]}
  N: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: !Ref A, GroupSet: [!GetAtt G.GroupId]}}
  Attached:
    Type: AWS::EC2::NetworkInterfaceAttachment
    Properties: {NetworkInterfaceId: !Ref N, InstanceId: !Ref Plain, DeviceIndex: 1}
  Given:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      NetworkInterfaces: [{NetworkInterfaceId: !Ref N, DeviceIndex: 0}]
  E: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Plain}}
  F: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Open}}
  GA:
    Type: AWS::EC2::EIPAssociation
    Properties: {AllocationId: !GetAtt E.AllocationId, NetworkInterfaceId: !Ref N}
",
    );
}

#[test]
fn groups_launch_from_templates_and_configurations_and_join_target_groups() {
    with_network(
        r#"
resource "aws_lb_target_group" "t" {
  port     = 80
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}
resource "aws_launch_template" "l" {
  name                   = "app"
  image_id               = "ami-1"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.g.id]
  user_data              = base64encode("echo hello there")
  iam_instance_profile {
    arn = aws_iam_instance_profile.p.arn
  }
}
resource "aws_launch_template" "m" {
  name_prefix = "open"
  network_interfaces {
    associate_public_ip_address = true
    security_groups             = [aws_security_group.g.id]
  }
}
resource "aws_launch_configuration" "c" {
  image_id                    = "ami-1"
  instance_type               = "t3.micro"
  security_groups             = [aws_security_group.g.id]
  associate_public_ip_address = true
}
resource "aws_autoscaling_group" "one" {
  min_size            = 1
  max_size            = 2
  vpc_zone_identifier = [aws_subnet.a.id]
  target_group_arns   = [aws_lb_target_group.t.arn]
  launch_template {
    id      = aws_launch_template.l.id
    version = "$Latest"
  }
  tag {
    key                 = "sra:tier"
    value               = "app"
    propagate_at_launch = true
  }
}
resource "aws_autoscaling_group" "two" {
  name                 = "two"
  min_size             = 1
  max_size             = 2
  vpc_zone_identifier  = [aws_subnet.a.id]
  launch_configuration = aws_launch_configuration.c.name
}
resource "aws_autoscaling_attachment" "two" {
  autoscaling_group_name = aws_autoscaling_group.two.name
  lb_target_group_arn    = aws_lb_target_group.t.arn
}
resource "aws_autoscaling_group" "three" {
  min_size            = 1
  max_size            = 2
  vpc_zone_identifier = [aws_subnet.a.id]
  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_name = aws_launch_template.l.name
      }
      override {
        instance_type = "t3.small"
        launch_template_specification {
          launch_template_id = aws_launch_template.m.id
        }
      }
    }
  }
}
resource "aws_autoscaling_traffic_source_attachment" "three" {
  autoscaling_group_name = aws_autoscaling_group.three.id
  traffic_source {
    identifier = aws_lb_target_group.t.arn
    type       = "elbv2"
  }
}
"#,
        "
  T:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Port: 80, Protocol: HTTP, VpcId: !Ref Vpc}
  L:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: app
      LaunchTemplateData:
        ImageId: ami-1
        InstanceType: t3.micro
        SecurityGroupIds: [!GetAtt G.GroupId]
        UserData: echo hello there
        IamInstanceProfile: {Arn: !GetAtt P.Arn}
  M:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        NetworkInterfaces: [{AssociatePublicIpAddress: true, Groups: [!GetAtt G.GroupId]}]
  C:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      SecurityGroups: [!GetAtt G.GroupId]
      AssociatePublicIpAddress: true
  One:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: 1
      MaxSize: 2
      VPCZoneIdentifier: [!Ref A]
      TargetGroupARNs: [!Ref T]
      LaunchTemplate: {LaunchTemplateId: !Ref L, Version: $Latest}
      Tags: [{Key: sra:tier, Value: app, PropagateAtLaunch: true}]
  Two:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: two
      MinSize: 1
      MaxSize: 2
      VPCZoneIdentifier: [!Ref A]
      LaunchConfigurationName: !Ref C
      TargetGroupARNs: [!Ref T]
  Three:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: 1
      MaxSize: 2
      VPCZoneIdentifier: [!Ref A]
      MixedInstancesPolicy:
        LaunchTemplate:
          LaunchTemplateSpecification: {LaunchTemplateName: !GetAtt L.LaunchTemplateName}
          Overrides:
            - {InstanceType: t3.small, LaunchTemplateSpecification: {LaunchTemplateId: !Ref M}}
      TrafficSources: [{Identifier: !Ref T, Type: elbv2}]
",
    );
}

#[test]
fn what_the_provider_reads_of_an_interface_does_not_hide_where_an_instance_stands() {
    with_network(
        r#"
resource "aws_instance" "read" {
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  subnet_id                   = aws_subnet.a.id
  vpc_security_group_ids      = [aws_security_group.g.id]
  security_groups             = ["g"]
  associate_public_ip_address = false
  primary_network_interface {
    network_interface_id = "eni-1"
  }
}
"#,
        "
  Read:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      NetworkInterfaces:
        - {DeviceIndex: 0, AssociatePublicIpAddress: false, SubnetId: !Ref A, GroupSet: [!GetAtt G.GroupId]}
",
    );
}

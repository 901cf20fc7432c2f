//! ECS.

use super::twins;

#[test]
fn services_tasks_and_the_instances_below() {
    twins(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_security_group" "g" {
  name   = "g"
  vpc_id = aws_vpc.main.id
}
resource "aws_iam_role" "task" {
  name               = "task"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_lb_target_group" "t" {
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
}
resource "aws_ecs_cluster" "c" {
  name = "app"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}
resource "aws_ecs_task_definition" "task" {
  family                   = "app"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = "512"
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name         = "web"
    image        = "nginx"
    portMappings = [{ containerPort = 80, hostPort = 80 }]
    environment  = [{ name = "MODE", value = "live" }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = "g" }
    }
  }])
}
resource "aws_ecs_task_definition" "host" {
  family                = "host"
  container_definitions = <<-JSON
    [{"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}], "dockerLabels": {"a": "b"}}]
  JSON
}
resource "aws_ecs_service" "fargate" {
  name            = "fargate"
  cluster         = aws_ecs_cluster.c.id
  task_definition = aws_ecs_task_definition.task.arn
  launch_type     = "FARGATE"
  desired_count   = 2
  network_configuration {
    subnets          = [aws_subnet.a.id]
    security_groups  = [aws_security_group.g.id]
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.t.arn
    container_name   = "web"
    container_port   = 80
  }
}
resource "aws_launch_configuration" "l" {
  image_id      = "ami-1"
  instance_type = "t3.micro"
  user_data     = <<-EOF
    #!/bin/bash
    echo ECS_CLUSTER=${aws_ecs_cluster.c.name} >> /etc/ecs/ecs.config
  EOF
}
resource "aws_autoscaling_group" "g" {
  min_size             = 1
  max_size             = 1
  vpc_zone_identifier  = [aws_subnet.a.id]
  launch_configuration = aws_launch_configuration.l.id
}
resource "aws_ecs_capacity_provider" "p" {
  name = "p"
  auto_scaling_group_provider {
    auto_scaling_group_arn = aws_autoscaling_group.g.arn
  }
}
resource "aws_ecs_cluster_capacity_providers" "c" {
  cluster_name       = aws_ecs_cluster.c.name
  capacity_providers = [aws_ecs_capacity_provider.p.name]
  default_capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.p.name
    weight            = 1
  }
}
resource "aws_ecs_service" "host" {
  name            = "host"
  cluster         = aws_ecs_cluster.c.arn
  task_definition = aws_ecs_task_definition.host.family
}
"#,
        "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  G:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupName: g, GroupDescription: Managed by Terraform, VpcId: !Ref Vpc}
  Role:
    Type: AWS::IAM::Role
    Properties: {RoleName: task, AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}}
  T: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Port: 80, Protocol: HTTP, TargetType: ip}}
  C:
    Type: AWS::ECS::Cluster
    Properties: {ClusterName: app, ClusterSettings: [{Name: containerInsights, Value: enabled}]}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: app
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: 256
      Memory: 512
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx
          PortMappings: [{ContainerPort: 80, HostPort: 80}]
          Environment: [{Name: MODE, Value: live}]
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: g}}
  HostTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: host
      ContainerDefinitions:
        - {Name: web, Image: nginx, PortMappings: [{ContainerPort: 80}], DockerLabels: {a: b}}
  Fargate:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: fargate
      Cluster: !GetAtt C.Arn
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      DesiredCount: 2
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [!Ref A], SecurityGroups: [!GetAtt G.GroupId], AssignPublicIp: ENABLED}
      LoadBalancers: [{TargetGroupArn: !Ref T, ContainerName: web, ContainerPort: 80}]
  L:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-1
      InstanceType: t3.micro
      UserData: \"#!/bin/bash\\necho ECS_CLUSTER=app >> /etc/ecs/ecs.config\\n\"
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {MinSize: 1, MaxSize: 1, VPCZoneIdentifier: [!Ref A], LaunchConfigurationName: !Ref L}
  Provider:
    Type: AWS::ECS::CapacityProvider
    Properties: {Name: p, AutoScalingGroupProvider: {AutoScalingGroupArn: !GetAtt Group.AutoScalingGroupARN}}
  Associations:
    Type: AWS::ECS::ClusterCapacityProviderAssociations
    Properties:
      Cluster: !Ref C
      CapacityProviders: [!Ref Provider]
      DefaultCapacityProviderStrategy: [{CapacityProvider: !Ref Provider, Weight: 1}]
  HostService:
    Type: AWS::ECS::Service
    Properties: {ServiceName: host, Cluster: !GetAtt C.Arn, TaskDefinition: !GetAtt HostTask.Family}
",
    );
}

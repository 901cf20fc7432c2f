use super::*;
use crate::graph::Graph;
use crate::graph::elbv2::rule::Unauthenticated;
use crate::input::cloudformation::evaluate_text;

fn graph(resources: &str) -> Graph {
    let (_, evaluation) = evaluate_text(&format!("Resources:\n{resources}"));
    assert!(evaluation.notes.is_empty(), "{:?}", evaluation.notes);
    Graph::new(evaluation.resources)
}

const LISTENER: &str = "
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: b}}
  Targets: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Port: 80}}
  Front:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Protocol: HTTPS
      DefaultActions:
        - {Type: forward, Order: 2, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Targets, Weight: 0}]}}
        - {Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: i, ClientSecret: s3cret}}
";

#[test]
fn absent_properties_take_the_defaults_of_the_service() {
    let graph = graph(LISTENER);
    let balancer = &graph.elbv2.load_balancers[0];
    assert!(balancer.is_application());
    assert_eq!(balancer.internet_facing.known(), Some(&true));
    assert!(matches!(balancer.security_groups, Typed::Absent(_)));
    let group = &graph.elbv2.target_groups[0];
    assert_eq!(group.target_type.known(), Some(&TargetType::Instance));
    assert_eq!(group.health_check_port.known().unwrap(), "traffic-port");
}

#[test]
fn a_gateway_load_balancer_faces_no_internet() {
    let graph = graph("  Gwlb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Type: gateway}}\n");
    assert_eq!(graph.elbv2.load_balancers[0].internet_facing.known(), Some(&false));
}

#[test]
fn actions_run_by_order_and_keep_no_secret() {
    let graph = graph(LISTENER);
    let rule = graph.elbv2.listeners[0].default_rule().unwrap();
    let actions = rule.actions.known().unwrap();
    assert_eq!(actions[0].authentication(), Some("oidc"));
    assert_eq!(actions[0].on_unauthenticated().unwrap().known(), Some(&Unauthenticated::Authenticate));
    assert!(!format!("{actions:?}").contains("s3cret"));
    assert_eq!(rule.forwards().count(), 1);
    assert_eq!(rule.target_groups().count(), 0, "weight 0 receives nothing");
}

#[test]
fn rules_stand_by_priority_with_the_default_last_and_both_forms_of_conditions_are_read() {
    let graph = graph(&format!(
        "{LISTENER}
  Late: {{Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {{ListenerArn: !Ref Front, Priority: 20,
    Conditions: [{{Field: path-pattern, Values: [/a]}}, {{SourceIpConfig: {{Values: [10.0.0.0/8]}}}}]}}}}
  Early: {{Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {{ListenerArn: !Ref Front, Priority: 3,
    Conditions: [{{Field: path-pattern, PathPatternConfig: {{Values: [/b], RegexValues: ['^/c$']}}}}]}}}}
  Stray: {{Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {{ListenerArn: !ImportValue front, Priority: 1}}}}
"
    ));
    let listener = &graph.elbv2.listeners[0];
    let labels: Vec<_> = listener.rules.iter().map(Rule::label).collect();
    assert_eq!(labels, ["priority 3", "priority 20", "default"]);
    assert_eq!(graph.elbv2.orphans.len(), 1);
    assert_eq!(listener.rules_open, None, "an import never names a listener that is declared here");
    let tests: Vec<_> = listener.rules[1].conditions.known().unwrap().iter().map(|condition| &condition.test).collect();
    assert!(matches!(tests[0], Test::Path { values, .. } if values[0].known().unwrap() == "/a"));
    assert!(matches!(tests[1], Test::SourceIp { values } if values.len() == 1));
    let early = &listener.rules[0].conditions.known().unwrap()[0].test;
    assert!(matches!(early, Test::Path { values, regex } if values.len() == 1 && regex.len() == 1));
}

#[test]
fn registrations_are_found_wherever_they_are_written() {
    let graph = graph(
        "
  Targets: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Targets: [{Id: !GetAtt Host.PrivateIp}, {Id: 10.0.0.9}]}}
  Host: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1}}
  Service: {Type: AWS::ECS::Service, Properties: {LoadBalancers: [{ContainerName: c, ContainerPort: 8080, TargetGroupArn: !Ref Targets}]}}
  Fleet: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {MinSize: '1', MaxSize: '1', TargetGroupARNs: [!Ref Targets]}}
",
    );
    let group = &graph.elbv2.target_groups[0];
    let kinds: Vec<_> = group.members.iter().map(|member| member.kind).collect();
    assert_eq!(kinds, [MemberKind::Ip, MemberKind::Ip, MemberKind::EcsService, MemberKind::AutoScalingGroup]);
    assert!(group.members[0].target.address().is_some());
    assert_eq!(group.members[1].target.known(), Some(&Target::Outside("10.0.0.9".to_owned())));
    assert_eq!(group.members[2].port.known(), Some(&8080));
    let service = group.members[2].target.address().unwrap();
    assert_eq!(graph.elbv2.registrations(service).count(), 1);
}

#[test]
fn an_alias_leads_to_its_function() {
    let graph = graph(
        "
  Targets: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Targets: [{Id: !Ref Live}]}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Code, FunctionVersion: '1', Name: live}}
  Code: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
",
    );
    let member = &graph.elbv2.target_groups[0].members[0];
    assert_eq!(member.target.address().unwrap().to_string(), "template.yaml#Code");
    assert!(matches!(&member.qualifier, crate::graph::lambda::Qualifier::Resource(_)));
}

#[test]
fn an_address_is_the_instance_that_has_it_in_the_network_of_the_group() {
    let graph = graph(
        "
  Here: {Type: AWS::EC2::VPC}
  There: {Type: AWS::EC2::VPC}
  App: {Type: AWS::EC2::Instance}
  Nic:
    Type: AWS::EC2::NetworkInterface
    Properties: {VpcId: !Ref Here, UsedBy: !Ref App, PrivateIpAddresses: [{PrivateIpAddress: 10.0.0.5}]}
  Same:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {VpcId: !Ref Here, TargetType: ip, Targets: [{Id: 10.0.0.5}, {Id: 10.0.0.6}]}
  Other:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {VpcId: !Ref There, TargetType: ip, Targets: [{Id: 10.0.0.5}]}
",
    );
    let found: Vec<Vec<bool>> = graph
        .elbv2
        .target_groups
        .iter()
        .map(|group| group.members.iter().map(|member| member.target.address().is_some()).collect())
        .collect();
    assert_eq!(found, [vec![true, false], vec![false]]);
}

//! A large account is read whole, with no more calls than its services need, and what is large is compressed.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;
use sra_guard::input::snapshot::format::{Item, Outcome};

use super::wire::account::Size;
use super::wire::account::identities::ATTACHED;
use super::wire::{ACCOUNT, Call, REGION, Wire, sections};
use crate::support::Folder;

const SIZE: Size = Size { instances: 10_000, roles: 5_000, functions: 2_000 };

/// How an API is asked for what it knows.
#[derive(Clone, Copy)]
enum By {
    /// In pages of at most this size, which this parameter asks for.
    Page(&'static str, usize),
    /// In pages of this size, which nobody needs to ask for.
    Default(usize),
    /// In one answer.
    Whole,
    /// One at a time: there is no list of them.
    Each,
}

/// (API, how it is asked, how much it knows). Sources: the API reference of each service, under the name of the API; for
/// those of EC2 also the ranges in its service model.
fn apis() -> Vec<(&'static str, By, usize)> {
    use By::{Default, Each, Page, Whole};
    let ec2 = Page("MaxResults", 1000);
    let qualified = SIZE.functions + 2 * SIZE.aliases();
    vec![
        ("acm:ListCertificates", Page("MaxItems", 1000), 0),
        ("apigateway:GetDomainNames", Page("limit", 500), 0),
        ("apigateway:GetRestApis", Page("limit", 500), 0),
        ("apigateway:GetVpcLinks", Page("limit", 500), 0),
        ("apigatewayv2:GetApis", Page("maxResults", 500), 0),
        ("apigatewayv2:GetDomainNames", Page("maxResults", 500), 0),
        ("apigatewayv2:GetVpcLinks", Page("maxResults", 500), 0),
        ("appsync:ListGraphqlApis", Page("maxResults", 25), 0),
        ("autoscaling:DescribeAutoScalingGroups", Page("MaxRecords", 100), 0),
        ("autoscaling:DescribeLaunchConfigurations", Page("MaxRecords", 100), 0),
        ("cloudfront:ListDistributions", Default(100), 0),
        ("cognito-identity:ListIdentityPools", Page("MaxResults", 60), 0),
        ("cognito-idp:ListUserPools", Page("MaxResults", 60), 0),
        ("dynamodb:ListTables", Default(100), 0),
        ("ec2:DescribeAddresses", Whole, 0),
        ("ec2:DescribeCarrierGateways", ec2, 0),
        ("ec2:DescribeEgressOnlyInternetGateways", Page("MaxResults", 255), 0),
        ("ec2:DescribeFlowLogs", ec2, 0),
        ("ec2:DescribeRegions", Whole, 1),
        ("ec2:DescribeInstances", ec2, SIZE.instances),
        ("ec2:DescribeInternetGateways", ec2, SIZE.vpcs()),
        ("ec2:DescribeLaunchTemplateVersions", Page("MaxResults", 200), 0),
        ("ec2:DescribeManagedPrefixLists", Page("MaxResults", 100), 0),
        ("ec2:DescribeNatGateways", ec2, SIZE.nat_gateways()),
        ("ec2:DescribeNetworkAcls", ec2, SIZE.vpcs()),
        ("ec2:DescribeNetworkInterfaces", ec2, SIZE.interfaces()),
        ("ec2:DescribeRouteTables", Page("MaxResults", 100), SIZE.route_tables()),
        ("ec2:DescribeSecurityGroups", ec2, SIZE.groups() + SIZE.vpcs()),
        ("ec2:DescribeSubnets", ec2, SIZE.subnets()),
        ("ec2:DescribeTransitGatewayVpcAttachments", ec2, 0),
        ("ec2:DescribeTransitGateways", ec2, 0),
        ("ec2:DescribeVpcBlockPublicAccessExclusions", ec2, 0),
        ("ec2:DescribeVpcBlockPublicAccessOptions", Whole, 1),
        ("ec2:DescribeVpcEndpoints", ec2, 0),
        ("ec2:DescribeVpcPeeringConnections", ec2, 0),
        ("ec2:DescribeVpcs", ec2, SIZE.vpcs()),
        ("ec2:DescribeVpnGateways", Whole, 0),
        ("ecs:DescribeCapacityProviders", Default(10), 0),
        ("ecs:ListClusters", Default(100), 0),
        // Classic ones and the others.
        ("elasticloadbalancing:DescribeLoadBalancers", Page("PageSize", 400), 401),
        ("elasticloadbalancing:DescribeTargetGroups", Page("PageSize", 400), 0),
        ("iam:GetAccountAuthorizationDetails", Page("MaxItems", 1000), SIZE.identities()),
        ("lambda:GetFunctionConcurrency", Each, SIZE.functions),
        ("lambda:GetPolicy", Each, qualified),
        ("lambda:ListAliases", Each, SIZE.functions),
        ("lambda:ListEventSourceMappings", Page("MaxItems", 100), SIZE.event_sources()),
        ("lambda:ListFunctionUrlConfigs", Each, SIZE.functions),
        ("lambda:ListFunctions", Page("MaxItems", 50), SIZE.functions),
        ("lambda:ListLayers", Page("MaxItems", 50), 0),
        ("route53:ListHostedZones", Default(100), 0),
        ("servicediscovery:ListNamespaces", Default(100), 0),
        ("servicediscovery:ListServices", Default(100), 0),
        ("states:ListStateMachines", Page("maxResults", 1000), 0),
        ("sts:GetCallerIdentity", Whole, 1),
        // Of the region and of CloudFront.
        ("wafv2:ListWebACLs", Page("Limit", 100), 101),
    ]
}

/// (type, how many there are)
fn resources() -> BTreeMap<String, usize> {
    let versions = SIZE.aliases();
    let counts = [
        ("AWS::EC2::Instance", SIZE.instances),
        ("AWS::EC2::InternetGateway", SIZE.vpcs()),
        ("AWS::EC2::NatGateway", SIZE.nat_gateways()),
        ("AWS::EC2::NetworkAcl", SIZE.vpcs()),
        ("AWS::EC2::NetworkAclEntry", 2 * SIZE.vpcs()),
        ("AWS::EC2::NetworkInterface", SIZE.interfaces()),
        ("AWS::EC2::Route", SIZE.subnets()),
        ("AWS::EC2::RouteTable", SIZE.route_tables()),
        ("AWS::EC2::SecurityGroup", SIZE.groups() + SIZE.vpcs()),
        ("AWS::EC2::Subnet", SIZE.subnets()),
        ("AWS::EC2::SubnetNetworkAclAssociation", SIZE.subnets()),
        ("AWS::EC2::SubnetRouteTableAssociation", SIZE.route_tables()),
        ("AWS::EC2::VPC", SIZE.vpcs()),
        ("AWS::EC2::VPCBlockPublicAccessOptions", 1),
        ("AWS::EC2::VPCGatewayAttachment", SIZE.vpcs()),
        ("AWS::IAM::Group", SIZE.user_groups()),
        ("AWS::IAM::InstanceProfile", SIZE.profiles()),
        ("AWS::IAM::ManagedPolicy", SIZE.policies() + ATTACHED.len()),
        ("AWS::IAM::Role", SIZE.roles),
        ("AWS::IAM::User", SIZE.users()),
        ("AWS::Lambda::Alias", SIZE.aliases()),
        ("AWS::Lambda::EventSourceMapping", SIZE.event_sources()),
        ("AWS::Lambda::Function", SIZE.functions),
        ("AWS::Lambda::Permission", SIZE.permissions()),
        ("AWS::Lambda::Url", SIZE.urls()),
        ("AWS::Lambda::Version", versions),
    ];
    counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}

#[test]
fn a_large_account_is_read_whole_with_as_few_calls_as_its_services_allow() {
    let wire = Wire::start(SIZE.parts());
    let folder = Folder::new();
    let snapshot = folder.path().join("snapshot");
    let report = folder.path().join("report.json");
    let mut program = wire.program("audit");
    program.args(["--all", "--quiet", "--format", "json", "--output"]).arg(&report).arg("--snapshot").arg(&snapshot);
    let (code, peak) = watched(&mut program);
    assert_eq!(code, Some(1));
    assert_few(&wire.calls());
    assert!(peak.is_none_or(|peak| peak < 900), "{peak:?} MB");

    let sections = sections(&snapshot);
    let reads = sections.values().flat_map(|section| &section.reads);
    let bad: Vec<_> = reads.filter(|read| read.outcome != Outcome::Ok).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let mut counts = BTreeMap::new();
    for Item { kind, .. } in sections.values().flat_map(|section| &section.resources) {
        *counts.entry(kind.clone()).or_insert(0) += 1;
    }
    assert_eq!(counts, resources());
    let large: Vec<&str> = sections.keys().filter(|path| path.contains(".gz")).map(String::as_str).collect();
    assert_eq!(
        large,
        [format!("{REGION}/ec2.json.gz"), format!("{REGION}/lambda.json.gz"), "global/iam.json.gz".into()]
    );

    let report: Json = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let mut verdicts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let text = |key: &str| finding[key].as_str().unwrap();
        *verdicts.entry((text("rule"), text("verdict"))).or_default() += 1;
    }
    let of = |rule: &'static str, verdict: &'static str| verdicts.get(&(rule, verdict)).copied().unwrap_or_default();
    assert_eq!(of("SRA-NET-004", "fail"), SIZE.open_groups());
    assert_eq!(of("SRA-IAM-001", "pass"), SIZE.roles);
    assert_eq!(of("SRA-LAM-003", "pass"), SIZE.functions);
    let others = |((rule, verdict), _): &(&(&str, &str), &usize)| {
        ["fail", "unknown"].contains(verdict) && *rule != "SRA-NET-004"
    };
    assert_eq!(verdicts.iter().filter(others).collect::<Vec<_>>(), []);

    let (code, peak) = watched(wire.program("collect").arg("--quiet").arg("--output").arg(folder.path().join("again")));
    assert_eq!(code, Some(0));
    assert!(peak.is_none_or(|peak| peak < 400), "{peak:?} MB");
    wire.calls();

    // What is complete is not read again, large or not.
    let identities = snapshot.join(ACCOUNT).join("global/iam.json.gz");
    let before = std::fs::read(&identities).unwrap();
    let resume = |what: &str| {
        let output = wire.program("collect").args(["--resume", "--output"]).arg(&snapshot).output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        let mut counts = wire.counts();
        for of_the_session in ["ec2:DescribeRegions", "sts:GetCallerIdentity"] {
            assert_eq!(counts.remove(of_the_session), Some(1), "{what}: {of_the_session}");
        }
        counts
    };
    assert_eq!(resume("all is there"), BTreeMap::new());
    // One that was cut off is.
    std::fs::write(&identities, &before[..before.len() / 2]).unwrap();
    let expected = SIZE.identities().div_ceil(1000);
    let api = "iam:GetAccountAuthorizationDetails".to_owned();
    assert_eq!(resume("one is cut off"), BTreeMap::from([(api, expected)]));
    assert_eq!(std::fs::read(&identities).unwrap(), before);
}

/// Runs a program to its end. Tells how it ended, and how much memory it had at most, in MB, where the system says so.
fn watched(program: &mut Command) -> (Option<i32>, Option<usize>) {
    let mut child = program.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = None;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.map(|line| line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() >> 10).or(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended.code(), peak);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn assert_few(calls: &[Call]) {
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        *made.entry(&call.api).or_default() += 1;
    }
    let least = |by: By, items: usize| match by {
        By::Page(_, most) | By::Default(most) => items.div_ceil(most).max(1),
        By::Whole => 1,
        By::Each => items,
    };
    let expected: BTreeMap<&str, usize> = apis().into_iter().map(|(api, by, items)| (api, least(by, items))).collect();
    assert_eq!(made, expected);
    for (api, by, _) in apis() {
        let By::Page(parameter, most) = by else { continue };
        // Those of classic load balancers are this large without a word.
        let of = |call: &&Call| call.api == api && call.parameter("Version") != Some("2012-06-01");
        let asked = calls.iter().filter(of).map(|call| call.parameter(parameter).unwrap_or("nothing"));
        let small: Vec<&str> = asked.filter(|size| *size != most.to_string()).collect();
        assert!(small.is_empty(), "{api} is asked for {small:?} of {most}");
    }
}

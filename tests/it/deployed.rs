//! The good architecture and its flaws as an account shows them once they are deployed: ids and ARNs instead of
//! references, what the services add, and the same findings as the template's.

#[cfg(feature = "account")]
pub(crate) mod examples;
pub(crate) mod physical;
pub(crate) mod plain;
mod sections;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rayon::prelude::*;
use serde_json::{Value as Json, json};
use sra_guard::finding::{Finding, Verdict};
use sra_guard::input::snapshot::format::{Item, Outcome, ReadRecord, Section, Snapshot, VERSION};
use sra_guard::input::{cloudformation, snapshot};
use sra_guard::scan;
use sra_guard::source::{Limits, SourceMap, parse};

use self::physical::Physical;
use self::plain::{ACCOUNT, Plain, REGION};
use crate::mutants::cloudformation::EDITS;
use crate::support::{good_template, rules};

/// A certificate and a zone are things of the account in which the architecture is deployed.
const PREREQUISITES: [(&str, &str); 2] = [
    (
        "  CertificateArn:\n    Type: String\n    Default: arn:aws:acm:eu-central-1:111122223333:certificate/8e7d5f60-0000-4000-8000-000000000000\n",
        "  CertificateArn:\n    Type: AWS::CertificateManager::Certificate\n    Properties: {DomainName: desk.acme-workloads.com, ValidationMethod: DNS}\n",
    ),
    (
        "  ZoneId:\n    Type: String\n    Default: Z0123456789EXAMPLE\n",
        "  ZoneId:\n    Type: AWS::Route53::HostedZone\n    Properties: {Name: acme-workloads.com}\n",
    ),
];

/// A REST API serves what was deployed to a stage.
const STAGE: &str = "
  PartnerDeployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: [PartnerPost, PartnerGet]
    Properties: {RestApiId: !Ref PartnerApi}
  PartnerStage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref PartnerApi, DeploymentId: !Ref PartnerDeployment, StageName: live}
";

/// A fleet of instances behind two front doors, one of which asks for nothing.
const FLEET: &str = "
  FleetTemplate:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0123456789abcdef0
        InstanceType: t3.micro
        SecurityGroupIds: [!GetAtt AppSg.GroupId]
  Fleet:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: '0'
      MaxSize: '2'
      VPCZoneIdentifier: [!Ref AppA, !Ref AppB]
      LaunchTemplate: {LaunchTemplateId: !Ref FleetTemplate, Version: '1'}
      TargetGroupARNs: [!Ref FleetTargets]
  FleetTargets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {VpcId: !Ref Vpc, TargetType: instance, Protocol: HTTP, Port: 8080}
  FleetRule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Https
      Priority: 30
      Conditions:
        - Field: path-pattern
          PathPatternConfig: {Values: ['/fleet/*']}
      Actions:
        - Type: authenticate-cognito
          Order: 1
          AuthenticateCognitoConfig:
            UserPoolArn: !GetAtt Staff.Arn
            UserPoolClientId: !Ref DeskClient
            UserPoolDomain: !Ref StaffDomain
            OnUnauthenticatedRequest: deny
        - Type: forward
          Order: 2
          TargetGroupArn: !Ref FleetTargets
  SideAlb:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Type: application
      Scheme: internet-facing
      Subnets: [!Ref PublicA, !Ref PublicB]
      SecurityGroups: [!GetAtt DoorSg.GroupId]
  SideDoor:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref SideAlb
      Protocol: HTTPS
      Port: 443
      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
      Certificates: [{CertificateArn: !Ref CertificateArn}]
      DefaultActions:
        - Type: forward
          TargetGroupArn: !Ref FleetTargets
";

/// What a fleet behind the open door is found to be.
pub(crate) const AROUND: (&str, Verdict) = ("SRA-EDGE-006", Verdict::Fail);

/// The good architecture and a fleet to which a door leads around the sign-in.
pub(crate) fn with_fleet() -> String {
    deployable() + FLEET
}

/// The good architecture with all that it needs.
pub(crate) fn deployable() -> String {
    let mut template = good_template();
    let mut resources = "\nResources:\n".to_owned();
    for (parameter, resource) in PREREQUISITES {
        assert!(template.contains(parameter), "{parameter}");
        template = template.replacen(parameter, "", 1);
        resources.push_str(resource);
    }
    template.replacen("Parameters:\n\nResources:\n", resources.trim_start(), 1) + STAGE
}

/// The good architecture and each flaw of it, by what the flaw does.
pub(crate) fn templates() -> Vec<(&'static str, String)> {
    let good = deployable();
    let flawed = EDITS.iter().map(|(flaw, text, replacement)| (*flaw, good.replacen(text, replacement, 1)));
    std::iter::once(("nothing", good.clone())).chain(flawed).collect()
}

/// (rule, subject, verdict) and how often.
pub(crate) type Verdicts = BTreeMap<(String, String, Verdict), usize>;

/// What is found in a template, by logical ids.
pub(crate) fn of_template(template: &str, account: &str) -> Verdicts {
    let sources = std::sync::Arc::new(SourceMap::default());
    let unit = cloudformation::unit_from_text("template.yaml", template, &plain::context(account), &sources).unwrap();
    counted(scan::judge(unit.as_ref(), rules(), true).findings, |finding| finding.subject.name.clone())
}

/// What is found in a snapshot, by the logical ids that `names` knows for the ids of items and of their parts. What no template declares goes
/// by its type.
pub(crate) fn of_account(findings: Vec<Finding>, names: &BTreeMap<String, String>) -> Verdicts {
    counted(findings, |finding| {
        // A route that is told by the document of its API may be a resource of its own in a template.
        let known = names.get(&finding.subject.id).or_else(|| names.get(&*finding.subject.address.0));
        known.cloned().unwrap_or_else(|| format!("another {}", finding.subject.resource_type))
    })
}

fn counted(findings: Vec<Finding>, name: impl Fn(&Finding) -> String) -> Verdicts {
    let mut found = Verdicts::new();
    for finding in findings {
        *found.entry((finding.rule.id.clone(), name(&finding), finding.verdict)).or_default() += 1;
    }
    found
}

/// All findings of snapshot text.
pub(crate) fn judged(text: &str) -> Vec<Finding> {
    let sources = SourceMap::default();
    let file = sources.add("snapshot.json", text);
    let parsed = parse(&sources, file, Limits::default()).unwrap();
    let Some(snapshot::Seen::Snapshot(document)) = snapshot::see(&parsed.documents[0]) else {
        panic!("no snapshot: {text}")
    };
    let units =
        snapshot::units(vec![(snapshot::Origin { name: "snapshot".to_owned(), at: None }, file, document)], &sources);
    units.iter().flat_map(|unit| scan::judge(unit.as_ref(), rules(), true).findings).collect()
}

/// Where two worlds differ.
pub(crate) fn difference(template: &Verdicts, account: &Verdicts) -> BTreeSet<String> {
    let one_sided = |these: &Verdicts, those: &Verdicts, place: &str| -> Vec<String> {
        let differs = these.iter().filter(|(key, count)| those.get(*key) != Some(count));
        differs
            .map(|((rule, subject, verdict), count)| format!("{place}: {rule} {subject} {verdict} ×{count}"))
            .collect()
    };
    let mut found = one_sided(template, account, "template");
    found.extend(one_sided(account, template, "account"));
    found.into_iter().collect()
}

/// Resources as a snapshot has them once they exist, and the name of each by its id.
fn deployed(resources: &[Plain]) -> (Vec<Item>, BTreeMap<String, String>) {
    let (mut made, mut items, mut names) = (BTreeMap::<String, Physical>::new(), Vec::new(), BTreeMap::new());
    let mut left: Vec<&Plain> = resources.iter().collect();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|resource| {
            let mut uses = Vec::new();
            physical::uses(&resource.properties, &mut uses);
            if uses.iter().any(|name| !made.contains_key(name)) {
                return true;
            }
            let mut properties = physical::resolved(&resource.properties, &made);
            let mut name = format!("desk-{}", resource.logical);
            if let Some(property) = physical::name_property(&resource.kind) {
                name = properties[property].as_str().map_or(name, str::to_owned);
                properties[property] = json!(name);
            }
            let own = physical::made_up(&resource.kind, &name, made.len() + 1, &properties, ACCOUNT);
            let id = own.id(&resource.kind, &properties, ACCOUNT);
            completed(resource, &own, &mut properties, &mut items);
            names.insert(id.clone(), resource.of.clone());
            items.push(Item {
                kind: resource.kind.clone(),
                id,
                name: Some(name),
                ids: own.meaning(&resource.kind),
                properties: properties.as_object().cloned().unwrap_or_default(),
            });
            made.insert(resource.logical.clone(), own);
            false
        });
        assert!(left.len() < before, "{left:#?} use each other");
    }
    (items, names)
}

/// What services add that no template says.
fn completed(resource: &Plain, own: &Physical, properties: &mut Json, items: &mut Vec<Item>) {
    let item = |kind: &str, id: &str, reference: Option<&str>, properties: Json| Item {
        kind: kind.to_owned(),
        id: format!("arn:aws:ec2:{REGION}:{ACCOUNT}:{id}"),
        name: None,
        ids: reference.map(|reference| ("Ref".to_owned(), reference.to_owned())).into_iter().collect(),
        properties: properties.as_object().cloned().unwrap_or_default(),
    };
    match resource.kind.as_str() {
        "AWS::EC2::VPC" => {
            let vpc = &own.reference;
            let everywhere = json!([{ "IpProtocol": "-1", "CidrIp": "0.0.0.0/0" }]);
            items.extend([
                item("AWS::EC2::RouteTable", "route-table/rtb-main", Some("rtb-main"), json!({ "VpcId": vpc })),
                item(
                    "AWS::EC2::SubnetRouteTableAssociation",
                    "route-table/rtb-main/rtbassoc-main",
                    None,
                    json!({ "Main": true, "VpcId": vpc, "RouteTableId": "rtb-main" }),
                ),
                item(
                    "AWS::EC2::SecurityGroup",
                    "security-group/sg-default",
                    Some("sg-default"),
                    json!({
                        "GroupName": "default", "VpcId": vpc, "SecurityGroupEgress": everywhere,
                        "SecurityGroupIngress": [{ "IpProtocol": "-1", "SourceSecurityGroupId": "sg-default" }],
                    }),
                ),
            ]);
        }
        "AWS::EC2::RouteTable" => items.push(item(
            "AWS::EC2::Route",
            &format!("route-table/{}/10.0.0.0/16", own.reference),
            None,
            json!({ "RouteTableId": own.reference, "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local" }),
        )),
        "AWS::EC2::SecurityGroup" if properties.get("SecurityGroupEgress").is_none() => {
            properties["SecurityGroupEgress"] = json!([{ "IpProtocol": "-1", "CidrIp": "0.0.0.0/0" }]);
        }
        _ => {}
    }
}

fn snapshot_of(items: Vec<Item>, reads: Vec<ReadRecord>) -> String {
    let section = Section {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        partition: "aws".to_owned(),
        service: "all".to_owned(),
        reads,
        resources: items,
    };
    let snapshot = Snapshot { sra_guard_snapshot: VERSION, sections: vec![section] };
    serde_json::to_string_pretty(&snapshot).unwrap()
}

/// What only one world can know: (flaw or `*`, what differs, why).
const ONE_WORLD: &[(&str, &str, &str)] = &[(
    "*",
    "account: SRA-NET-004 another AWS::EC2::SecurityGroup pass ×1",
    "a VPC comes with a default security group, which no template declares",
)];

/// Differences that are not among those that only one world can know.
pub(crate) fn unexplained(
    flaw: &str,
    differences: BTreeSet<String>,
    known: &[(&str, &str, &str)],
    used: &mut BTreeSet<usize>,
) -> BTreeSet<String> {
    let explained = |found: &str| known.iter().position(|(of, what, _)| (*of == "*" || *of == flaw) && *what == found);
    let (told, left): (Vec<_>, Vec<_>) = differences.into_iter().partition(|found| explained(found.as_str()).is_some());
    used.extend(told.iter().filter_map(|found| explained(found)));
    left.into_iter().collect()
}

#[test]
fn what_is_deployed_has_the_findings_of_the_template() {
    let (mut text, mut used) = (String::new(), BTreeSet::new());
    for (flaw, template) in templates() {
        let (items, names) = deployed(&plain::plain(&template, ACCOUNT));
        let account = of_account(judged(&snapshot_of(items, Vec::new())), &names);
        let differences = difference(&of_template(&template, ACCOUNT), &account);
        for found in unexplained(flaw, differences, ONE_WORLD, &mut used) {
            let _ = writeln!(text, "{flaw}: {found}");
        }
    }
    assert!(text.is_empty(), "\n{text}");
    assert_eq!(used.len(), ONE_WORLD.len(), "all that only one world can know is used: {used:?}");
}

/// A list that is denied leaves one resource of its type, of which nothing is known.
fn denied(kind: &str) -> ReadRecord {
    ReadRecord {
        api: format!("list {kind}"),
        outcome: Outcome::Denied,
        calls: 1,
        of: None,
        permission: "service:List".to_owned(),
        error: Some("AccessDenied".to_owned()),
        hides: vec![kind.to_owned()],
        finds: Vec::new(),
    }
}

/// How verdicts changed that must not: better than before, a failure that was none, or gone without a word that something is
/// not known.
pub(crate) fn settled(before: &Verdicts, after: &Verdicts) -> BTreeSet<String> {
    let of = |verdicts: &Verdicts, rule: &str, subject: &str, verdict: Verdict| {
        verdicts.get(&(rule.to_owned(), subject.to_owned(), verdict)).copied().unwrap_or_default()
    };
    let mut wrong = BTreeSet::new();
    for ((rule, subject, verdict), count) in after {
        let was = of(before, rule, subject, *verdict);
        let more = *count > was;
        let unsettled = of(before, rule, subject, Verdict::Fail) + of(before, rule, subject, Verdict::Unknown) > 0;
        if more && (*verdict == Verdict::Fail || (*verdict == Verdict::Pass && unsettled)) {
            wrong.insert(format!("{rule} {subject}: {verdict} ×{count}, before ×{was}"));
        }
    }
    let judged = |verdict: Verdict| matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Unknown);
    let open: BTreeSet<&str> =
        after.keys().filter(|(.., verdict)| *verdict == Verdict::Unknown).map(|(rule, ..)| rule.as_str()).collect();
    for ((rule, subject, verdict), count) in before {
        let left = [Verdict::Pass, Verdict::Fail, Verdict::Unknown].map(|verdict| of(after, rule, subject, verdict));
        if judged(*verdict) && left.iter().sum::<usize>() == 0 && !open.contains(rule.as_str()) {
            wrong.insert(format!("{rule} {subject}: {verdict} ×{count} is gone, and nothing is unknown instead"));
        }
    }
    wrong
}

#[test]
fn a_list_that_was_cut_off_settles_nothing_and_fails_nothing() {
    let _ = rules();
    let wrong: Vec<String> = templates()
        .par_iter()
        .flat_map(|(flaw, template)| {
            let (items, names) = deployed(&plain::plain(template, ACCOUNT));
            let before = of_account(judged(&snapshot_of(items.clone(), Vec::new())), &names);
            let kinds: BTreeSet<&str> = items.iter().map(|item| item.kind.as_str()).collect();
            let cases = kinds.into_iter().map(|kind| {
                let after = of_account(judged(&snapshot_of(items.clone(), vec![denied(kind)])), &names);
                settled(&before, &after)
                    .into_iter()
                    .map(|found| format!("{flaw}: more {kind}: {found}"))
                    .collect::<Vec<_>>()
            });
            cases.collect::<Vec<_>>().concat()
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_denied_list_settles_nothing_and_fails_nothing() {
    // They are read in parallel too, which must not begin in the middle of this.
    let _ = rules();
    let mut cases: Vec<_> = templates();
    cases.push(("lead around the sign-in to a fleet", with_fleet()));
    let wrong: Vec<String> = cases
        .par_iter()
        .flat_map(|(flaw, template)| {
            let (items, names) = deployed(&plain::plain(template, ACCOUNT));
            let before = of_account(judged(&snapshot_of(items.clone(), Vec::new())), &names);
            let around = before.contains_key(&(AROUND.0.to_owned(), "Fleet".to_owned(), AROUND.1));
            assert_eq!(around, template.contains("  Fleet:"), "{flaw}");
            let kinds: BTreeSet<&str> = items.iter().map(|item| item.kind.as_str()).collect();
            let mut wrong = Vec::new();
            for kind in kinds {
                let left = items.iter().filter(|item| item.kind != kind).cloned().collect();
                let after = of_account(judged(&snapshot_of(left, vec![denied(kind)])), &names);
                wrong.extend(
                    settled(&before, &after).into_iter().map(|found| format!("{flaw}: without {kind}: {found}")),
                );
            }
            wrong
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

//! The law of unknowns: hiding any part of an architecture never makes a finding go away.

use std::collections::BTreeSet;

use sra_guard::facts;
use sra_guard::finding::Verdict;
use sra_guard::graph::Graph;
use sra_guard::input::Resource;
use sra_guard::rule::Rule;
use sra_guard::source::SourceMap;
use sra_guard::value::{Kind, Reason, Reference, Value};

use crate::support::rules;

/// Rules for which a subject disappears when the value is hidden that makes it one. Anything whose nature is hidden
/// would have to be such a subject, which is noise and no finding:
/// - COG-010: an action of a listener whose type is hidden may sign users in; the rules on listeners call it unknown.
/// - EDGE-006: an integration or target that is hidden may lead to any function.
///
/// `SRA_GUARD_RULE=SRA-COG` tests them by the beginning of their ids.
const EXEMPT: &[&str] = &["SRA-COG-010", "SRA-EDGE-006"];

fn is_selected(id: &str) -> bool {
    match std::env::var("SRA_GUARD_RULE") {
        Ok(prefix) => id.starts_with(&prefix),
        Err(_) => !EXEMPT.contains(&id),
    }
}

/// Hides the scalar, reference or text that `nth` counts down to.
fn hide(value: &mut Value, nth: &mut usize) -> bool {
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().any(|item| hide(item, nth)),
        Kind::Map(map) => map.members.iter_mut().any(|member| hide(&mut member.value, nth)),
        Kind::Null | Kind::Unknown(_) => false,
        Kind::Scalar(_) | Kind::Ref(_) | Kind::Text(_) if *nth == 0 => {
            // A parameter never stands for a resource of its own template: what hides a reference is something else.
            let refers = value.references().iter().any(|found| matches!(found, Reference::Resource { .. }));
            let hidden = if refers { Reason::Transform("Hidden".into()) } else { Reason::Parameter("Hidden".into()) };
            value.kind = Kind::Unknown(hidden);
            true
        }
        Kind::Scalar(_) | Kind::Ref(_) | Kind::Text(_) => {
            *nth -= 1;
            false
        }
    }
}

/// Addresses of resources of which something fails or is unknown.
fn unsettled(rule: &Rule, resources: Vec<Resource>) -> BTreeSet<String> {
    let subjects = facts::derive(&Graph::new(resources));
    subjects
        .iter()
        .filter(|subject| subject.kind == rule.info.subject)
        .filter(|subject| {
            let verdict = sra_guard::rule::verdict::judge(rule, subject).verdict;
            matches!(verdict, Verdict::Fail | Verdict::Unknown)
        })
        .map(|subject| subject.address.to_string())
        .collect()
}

#[test]
fn hiding_a_value_never_settles_what_was_not() {
    let mut wrong = Vec::new();
    for rule in rules().rules.iter().filter(|rule| is_selected(&rule.info.id)) {
        for example in rule.examples().unwrap() {
            let unit = example.unit(&SourceMap::default()).unwrap();
            let worlds = unit.worlds();
            let resources = unit.evaluate(&worlds.list[0]).resources;
            let before = unsettled(rule, resources.clone());
            for nth in 0.. {
                let mut hidden = resources.clone();
                let mut left = nth;
                if !hidden.iter_mut().any(|resource| hide(&mut resource.properties, &mut left)) {
                    break;
                }
                let after = unsettled(rule, hidden);
                if let Some(settled) = before.difference(&after).next() {
                    wrong.push(format!("{}, `{}`: hiding value {nth} settles {settled}", rule.info.id, example.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A template with two functions behind an HTTP API each, the first with an authorizer, and so many load balancers that
/// forward to a target group that a macro chooses; `open` of them without asking who it is.
fn doors_to_anything(balancers: usize, open: usize) -> String {
    use std::fmt::Write as _;
    let mut text = "Resources:\n".to_owned();
    for (api, authorization) in [("Orders", "AWS_IAM"), ("Status", "NONE")] {
        write!(
            text,
            "  {api}Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: {api}, ProtocolType: HTTP}}}}\n  \
               {api}: {{Type: AWS::Lambda::Function, Properties: {{Role: 'arn:aws:iam::111122223333:role/{api}', Code: {{ZipFile: x}}}}}}\n  \
               {api}Call: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref {api}Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt {api}.Arn}}}}\n  \
               {api}Route: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref {api}Api, RouteKey: 'GET /', AuthorizationType: {authorization}, Target: !Sub 'integrations/${{{api}Call}}'}}}}\n"
        )
        .unwrap();
    }
    let sign_in = "{Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: 'https://id.example', \
                   AuthorizationEndpoint: 'https://id.example/a', TokenEndpoint: 'https://id.example/t', \
                   UserInfoEndpoint: 'https://id.example/u', ClientId: c, ClientSecret: '{{resolve:secretsmanager:s}}'}}";
    for number in 0..balancers {
        let asks = if number < open { String::new() } else { format!("{sign_in}, ") };
        write!(
            text,
            "  Front{number}: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Scheme: internet-facing}}}}\n  \
               Https{number}: {{Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {{LoadBalancerArn: !Ref Front{number}, \
               Protocol: HTTPS, Port: 443, DefaultActions: [{asks}{{Type: forward, Order: 2, TargetGroupArn: {{Fn::Transform: {{Name: Find}}}}}}]}}}}\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn many_doors_to_anything_say_what_one_says() {
    let verdict = |balancers, open| -> Vec<(String, Verdict)> {
        let findings = crate::support::findings(&doors_to_anything(balancers, open));
        let of_rule = findings.into_iter().filter(|finding| finding.rule.id == "SRA-EDGE-006");
        of_rule.map(|finding| (finding.subject.name.clone(), finding.verdict)).collect()
    };
    let both = |orders, status| vec![("Orders".to_owned(), orders), ("Status".to_owned(), status)];
    // One front each.
    assert_eq!(verdict(0, 0), both(Verdict::NotApplicable, Verdict::NotApplicable));
    // The load balancer may be an open door beside the API that authenticates, but not beside the one that does not.
    assert_eq!(verdict(1, 1), both(Verdict::Unknown, Verdict::NotApplicable));
    assert_eq!(verdict(9, 9), both(Verdict::Unknown, Verdict::NotApplicable));
    // A door that authenticates may lead to the function that the API leaves open.
    assert_eq!(verdict(1, 0), both(Verdict::Pass, Verdict::Unknown));
    assert_eq!(verdict(9, 0), both(Verdict::Pass, Verdict::Unknown));
    assert_eq!(verdict(2, 1), both(Verdict::Unknown, Verdict::Unknown));
    assert_eq!(verdict(9, 4), both(Verdict::Unknown, Verdict::Unknown));
}

//! What a run really looked at, for whoever keeps findings of earlier runs.
//!
//! A finding that is not made any more is only done with when its rule ran, its account and region were read, and nothing
//! was hidden where it could be. Anything less leaves it as it is.

use super::Report;
use crate::input::NoteLevel;
use crate::input::collected::{Collected, Failed, GLOBAL};

/// A finding of an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier<'a> {
    pub rule: &'a str,
    pub account: &'a str,
    /// [`GLOBAL`] for services without regions.
    pub region: &'a str,
    /// The address of its resource.
    pub resource: &'a str,
    /// `AWS::EC2::Subnet`.
    pub resource_type: &'a str,
}

/// Why a finding is not made any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The resource was deleted.
    Resource,
    /// The resource is there, but nothing in it that the rule would judge.
    Subject,
}

impl Report {
    /// Why a finding that this run did not make is gone; or, in words, why that is not certain.
    pub fn gone(&self, earlier: Earlier<'_>) -> Result<Gone, String> {
        let Earlier { rule, account, region, resource, resource_type } = earlier;
        if !self.rules.iter().any(|count| count.rule.id == rule) {
            return Err(format!("rule {rule} did not run"));
        }
        if self.notes.iter().any(|note| note.level == NoteLevel::Error) {
            return Err("something could not be checked in this run".to_owned());
        }
        if self.missing(account, region, resource, resource_type)? {
            return Ok(Gone::Resource);
        }
        // What a resource consists of may depend on any other that it is connected to.
        let around = |part: &&Collected| part.account == account && (part.region == region || part.region == GLOBAL);
        let mut around = self.collected.iter().filter(around);
        around.find_map(|part| failed(part, |_| true)).map_or(Ok(Gone::Subject), Err)
    }

    /// Whether an account has no such resource; or, in words, why that is not certain.
    pub fn missing(&self, account: &str, region: &str, resource: &str, resource_type: &str) -> Result<bool, String> {
        let here = |part: &&Collected| part.account == account && part.region == region;
        let hides = |failed: &Failed| failed.hides.iter().any(|hidden| hidden == resource_type);
        // Another service that was read knows nothing of it.
        if let Some(why) = self.collected.iter().filter(here).find_map(|part| failed(part, hides)) {
            return Err(why);
        }
        let lists = |part: &&Collected| part.lists(resource, resource_type);
        let parts: Vec<&Collected> = self.collected.iter().filter(here).filter(lists).collect();
        if parts.is_empty() {
            return Err(format!("{resource_type} of account {account}, {region} was not read"));
        }
        let touches = |failed: &Failed| match &failed.of {
            None => false,
            Some(of) => resource.starts_with(of.as_str()) || of.starts_with(resource),
        };
        let part_of_any = |failed: &Failed| failed.of.is_none();
        let hidden = parts.iter().find_map(|part| {
            let listed = part.listed.iter().any(|listed| listed == resource_type);
            failed(part, |failed| touches(failed) || (!listed && part_of_any(failed)))
        });
        if let Some(why) = hidden {
            return Err(why);
        }
        Ok(!parts.iter().any(|part| part.resources.iter().any(|held| held.id == resource)))
    }
}

/// The first failure of a part that matters, in words.
fn failed(part: &Collected, matters: impl Fn(&Failed) -> bool) -> Option<String> {
    let failed = part.failed.iter().find(|failed| matters(failed))?;
    Some(format!("{} could not be read in account {}, {}", failed.api, part.account, part.region))
}

impl Collected {
    /// Whether its reads tell all resources of a type: they were listed, or they are parts of what is listed, such as a
    /// permission of a function.
    fn lists(&self, resource: &str, kind: &str) -> bool {
        let service = |kind: &str| kind.rsplit_once("::").map(|(service, _)| service.to_owned());
        // User pools and identity pools are both `AWS::Cognito`; their ARNs tell them apart.
        let own = resource.split(':').nth(2).is_some_and(|service| self.service.starts_with(service));
        self.listed.iter().any(|listed| listed == kind)
            || (own && self.listed.iter().any(|listed| service(listed) == service(kind)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::finding::{RuleCount, RuleInfo, Severity};
    use crate::input::Note;
    use crate::input::collected::Held;
    use crate::input::snapshot::format::Outcome;
    use crate::source::{SourceMap, Span};

    const SUBNET: &str = "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1";

    fn span() -> Span {
        Span::new(SourceMap::default().add("snapshot.json", ""), 0, 0)
    }

    fn part(service: &str, listed: &[&str], failed: Vec<Failed>) -> Collected {
        Collected {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            partition: "aws".to_owned(),
            service: service.to_owned(),
            at: None,
            span: span(),
            listed: listed.iter().map(|kind| (*kind).to_owned()).collect(),
            failed,
            resources: Vec::new(),
        }
    }

    fn unread(api: &str, of: Option<&str>, hides: &[&str]) -> Failed {
        let hides = hides.iter().map(|kind| (*kind).to_owned()).collect();
        Failed {
            api: api.to_owned(),
            outcome: Outcome::Denied,
            permission: api.to_owned(),
            error: None,
            span: span(),
            of: of.map(str::to_owned),
            hides,
        }
    }

    fn report(collected: Vec<Collected>) -> Report {
        let rule = RuleInfo {
            id: "R-1".to_owned(),
            title: String::new(),
            severity: Severity::High,
            subject: String::new(),
            why: String::new(),
            remedy: String::new(),
            snippets: BTreeMap::new(),
            mappings: BTreeMap::new(),
        };
        let rules = vec![RuleCount { rule: Arc::new(rule), verdicts: BTreeMap::new() }];
        Report { rules, collected, ..Report::default() }
    }

    fn subnet(rule: &'static str) -> Earlier<'static> {
        Earlier {
            rule,
            account: "111122223333",
            region: "eu-west-1",
            resource: SUBNET,
            resource_type: "AWS::EC2::Subnet",
        }
    }

    #[test]
    fn a_resource_is_gone_when_its_list_was_read_without_it() {
        let run = report(vec![part("ec2", &["AWS::EC2::Subnet"], vec![])]);
        assert_eq!(run.gone(subnet("R-1")), Ok(Gone::Resource));
    }

    #[test]
    fn nothing_is_gone_that_was_not_looked_at() {
        let run = report(vec![part("ec2", &["AWS::EC2::Subnet"], vec![])]);
        assert_eq!(run.gone(subnet("R-2")).unwrap_err(), "rule R-2 did not run");
        let elsewhere = Earlier { region: "eu-west-2", ..subnet("R-1") };
        assert!(run.gone(elsewhere).unwrap_err().contains("was not read"));
        let other = Earlier { account: "444455556666", ..subnet("R-1") };
        assert!(run.gone(other).unwrap_err().contains("was not read"));
        let lambda = report(vec![part("lambda", &["AWS::Lambda::Function"], vec![])]);
        assert!(lambda.gone(subnet("R-1")).unwrap_err().contains("was not read"));
        let denied = unread("ec2:DescribeSubnets", None, &["AWS::EC2::Subnet"]);
        let denied = report(vec![part("ec2", &["AWS::EC2::VPC"], vec![denied])]);
        assert!(denied.gone(subnet("R-1")).unwrap_err().contains("ec2:DescribeSubnets could not be read"));
        let cut_off = unread("ec2:DescribeSubnets", None, &["AWS::EC2::Subnet"]);
        let cut_off = report(vec![part("ec2", &["AWS::EC2::Subnet"], vec![cut_off])]);
        assert!(cut_off.gone(subnet("R-1")).unwrap_err().contains("ec2:DescribeSubnets could not be read"));
        let note = Note { level: NoteLevel::Error, message: String::new(), span: None, related: None };
        let broken = Report { notes: vec![note], ..report(vec![part("ec2", &["AWS::EC2::Subnet"], vec![])]) };
        assert!(broken.gone(subnet("R-1")).is_err());
    }

    #[test]
    fn a_service_that_was_read_tells_nothing_of_another_of_the_same_name() {
        let pool = Earlier {
            resource: "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/p",
            resource_type: "AWS::Cognito::UserPool",
            ..subnet("R-1")
        };
        let others = part("cognito-identity", &["AWS::Cognito::IdentityPool"], vec![]);
        assert!(report(vec![others.clone()]).gone(pool).unwrap_err().contains("was not read"));
        let denied = unread("cognito-idp:ListUserPools", None, &["AWS::Cognito::UserPool"]);
        let denied = part("cognito-idp", &[], vec![denied]);
        let why = report(vec![others, denied]).gone(pool).unwrap_err();
        assert!(why.contains("cognito-idp:ListUserPools could not be read"), "{why}");
    }

    #[test]
    fn a_part_is_gone_with_what_it_is_part_of() {
        let permission = Earlier {
            resource: "arn:aws:lambda:eu-west-1:111122223333:function:f/public",
            resource_type: "AWS::Lambda::Permission",
            ..subnet("R-1")
        };
        let of = |name: &str| {
            let function = format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}");
            let failed = unread("lambda:GetPolicy", Some(&function), &[]);
            report(vec![part("lambda", &["AWS::Lambda::Function"], vec![failed])])
        };
        assert_eq!(of("g").gone(permission), Ok(Gone::Resource));
        assert!(of("f").gone(permission).is_err());
    }

    #[test]
    fn a_subject_of_a_resource_that_stays_needs_all_reads() {
        let held = Held {
            id: SUBNET.to_owned(),
            kind: "AWS::EC2::Subnet".to_owned(),
            name: None,
            span: span(),
            scalars: Vec::new(),
        };
        let ec2 = Collected { resources: vec![held], ..part("ec2", &["AWS::EC2::Subnet"], vec![]) };
        assert_eq!(report(vec![ec2.clone()]).gone(subnet("R-1")), Ok(Gone::Subject));
        let iam = part("iam", &["AWS::IAM::Role"], vec![unread("iam:GetRole", Some("arn:role"), &[])]);
        let run = report(vec![ec2, Collected { region: GLOBAL.to_owned(), ..iam }]);
        assert!(run.gone(subnet("R-1")).is_err());
    }
}

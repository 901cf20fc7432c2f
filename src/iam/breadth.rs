//! How much a statement or policy grants, judged by its content and never by its name.

pub mod scope;

use std::sync::Arc;

use super::catalogue::{self, Level};
use super::document::{Document, Effect, Element, Statement};
use super::pattern::{Pattern, Token};
use crate::value::Reason;
pub use scope::Scope;

/// What one action pattern (or a `NotAction`) stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Width {
    /// `*`.
    Everything,
    /// `NotAction`: everything but the given patterns, services of the future included.
    AllBut(Vec<String>),
    /// `dynamodb:*`, or a pattern that matches every known action of the service.
    Service {
        prefix: String,
        levels: Levels,
    },
    /// `s3:Put*`: several actions of a service by one pattern.
    Wildcard {
        prefix: String,
        levels: Levels,
    },
    /// One action, or a pattern that matches a single known one.
    Single,
    Unknown(Reason),
}

/// How many known actions of each kind a pattern stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    pub reads: usize,
    /// Permissions management included.
    pub writes: usize,
    pub permissions: usize,
}

/// One action pattern of an allowing statement that remains after what the document denies.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Position of the pattern in `Action`; 0 for `NotAction`.
    pub item: usize,
    /// As written, actions in lower case.
    pub text: String,
    pub width: Width,
}

/// The classes of whole policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breadth {
    /// Names what it grants.
    Limited,
    /// Grants all of the given services on every resource, without a condition.
    Services(Vec<String>),
    /// Grants everything, everything but a few services, or all of IAM, with which everything else can be had.
    Admin(String),
}

/// The class of a policy. Conditional statements do not count, nor does what the policy itself denies without a
/// condition. The document must be known: an unknown part is taken as nothing.
pub fn classify(document: &Document) -> Breadth {
    let mut services = Vec::new();
    for statement in document.allows() {
        if statement.effect != Effect::Allow
            || !statement.is_unconditional()
            || scope::of(statement) != Scope::Everything
        {
            continue;
        }
        let patterns = match &statement.actions {
            Element::Only(patterns) => patterns,
            Element::Except(except) => {
                let except: Vec<String> = except.iter().map(Pattern::to_string).collect();
                return Breadth::Admin(format!("every action but {}", shorten(&except)));
            }
            Element::Absent | Element::Unknown(_) => continue,
        };
        for pattern in patterns.iter().filter(|pattern| !is_denied(document, statement, pattern)) {
            match shape(pattern) {
                Shape::Everything => return Breadth::Admin("every action of every service".to_owned()),
                Shape::Service(prefix) if prefix == "iam" => {
                    return Breadth::Admin("`iam:*`, with which every other permission can be had".to_owned());
                }
                Shape::Service(prefix) => services.push(prefix),
                Shape::Other(_) => {}
            }
        }
    }
    services.sort();
    services.dedup();
    if services.is_empty() { Breadth::Limited } else { Breadth::Services(services) }
}

/// What each action pattern of an allowing statement stands for, without those that the document denies altogether.
pub fn grants(document: &Document, statement: &Statement) -> Vec<Grant> {
    match &statement.actions {
        Element::Only(patterns) => patterns
            .iter()
            .enumerate()
            .filter(|(_, pattern)| !is_denied(document, statement, pattern))
            .map(|(item, pattern)| Grant { item, text: pattern.to_string(), width: width(pattern) })
            .collect(),
        Element::Except(patterns) => {
            let width = match patterns.iter().find_map(Pattern::reason) {
                Some(reason) => Width::Unknown(reason.clone()),
                None => Width::AllBut(patterns.iter().map(Pattern::to_string).collect()),
            };
            vec![Grant { item: 0, text: "NotAction".to_owned(), width }]
        }
        Element::Unknown(reason) => {
            vec![Grant { item: 0, text: "…".to_owned(), width: Width::Unknown(reason.clone()) }]
        }
        Element::Absent => Vec::new(),
    }
}

/// Whether an unconditional `Deny` of the same document takes away all that the pattern grants here.
fn is_denied(document: &Document, statement: &Statement, action: &Pattern) -> bool {
    document.denies().filter(|deny| deny.is_unconditional()).any(|deny| {
        deny.actions.covers(action)
            && match &statement.resources {
                Element::Only(resources) => resources.iter().all(|resource| deny.resources.covers(resource)),
                _ => deny.resources.is_everything() == Some(true),
            }
    })
}

/// What can be told of an action pattern without the catalogue.
enum Shape {
    Everything,
    /// `dynamodb:*`.
    Service(String),
    /// With the service, when that is literal.
    Other(Option<String>),
}

fn shape(pattern: &Pattern) -> Shape {
    let Some(colon) = pattern.tokens.iter().position(|token| *token == Token::Char(':')) else {
        return if pattern.is_any() { Shape::Everything } else { Shape::Other(None) };
    };
    let (prefix, name) = pattern.tokens.split_at(colon);
    let prefix = Pattern { tokens: prefix.to_vec() };
    let any = name.len() > 1 && name.iter().skip(1).all(|token| *token == Token::Star);
    match prefix.literal() {
        Some(prefix) if any => Shape::Service(prefix),
        None if any && prefix.is_any() => Shape::Everything,
        literal => Shape::Other(literal),
    }
}

/// What an action pattern stands for.
pub fn width(pattern: &Pattern) -> Width {
    let prefix = match shape(pattern) {
        Shape::Everything => return Width::Everything,
        Shape::Service(prefix) => {
            let levels = catalogue::service(&prefix).map(|it| count(it.actions().map(|action| action.level)).1);
            return Width::Service { prefix, levels: levels.unwrap_or_default() };
        }
        Shape::Other(prefix) => prefix,
    };
    if let Some(reason) = pattern.reason() {
        return Width::Unknown(reason.clone());
    }
    if !pattern.has_wildcard() {
        return Width::Single;
    }
    // A wildcard in the place of the service: not valid, and not worth more than a careful answer.
    let Some(prefix) = prefix else { return Width::Everything };
    let Some(service) = catalogue::service(&prefix) else {
        return Width::Unknown(Reason::NotUnderstood(Arc::from(format!(
            "the actions of service `{prefix}` are not in this version's data; update sra-guard"
        ))));
    };
    let (matched, levels) = count(catalogue::expand(service, pattern).map(|action| action.level));
    match matched {
        0 | 1 => Width::Single,
        all if all == service.actions().count() => Width::Service { prefix, levels },
        _ => Width::Wildcard { prefix, levels },
    }
}

fn count(levels: impl Iterator<Item = Level>) -> (usize, Levels) {
    levels.fold((0, Levels::default()), |(total, sum), level| {
        let next = Levels {
            reads: sum.reads + usize::from(!level.writes()),
            writes: sum.writes + usize::from(level.writes()),
            permissions: sum.permissions + usize::from(level == Level::Permissions),
        };
        (total + 1, next)
    })
}

fn shorten(patterns: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = patterns.iter().take(SHOWN).map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    match patterns.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::managed;

    fn class(name: &str) -> Breadth {
        classify(&managed::find(name).unwrap().document)
    }

    #[test]
    fn administrators_are_told_by_what_they_may_do() {
        assert!(matches!(class("AdministratorAccess"), Breadth::Admin(_)));
        assert!(matches!(class("PowerUserAccess"), Breadth::Admin(_)));
        assert!(matches!(class("IAMFullAccess"), Breadth::Admin(_)));
    }

    #[test]
    fn the_policies_that_workloads_are_meant_to_have_are_limited() {
        for name in [
            "AWSLambdaBasicExecutionRole",
            "AWSLambdaVPCAccessExecutionRole",
            "AWSLambdaSQSQueueExecutionRole",
            "AWSLambdaDynamoDBExecutionRole",
            "AmazonECSTaskExecutionRolePolicy",
            "AWSXRayDaemonWriteAccess",
            "AmazonSSMManagedInstanceCore",
            "CloudWatchAgentServerPolicy",
            "AWSCodeDeployRole",
            "AWSCodeDeployRoleForLambda",
            "AmazonS3ReadOnlyAccess",
            "AmazonDynamoDBReadOnlyAccess",
            "AmazonEKSWorkerNodePolicy",
            "AmazonEC2ContainerRegistryReadOnly",
            "ReadOnlyAccess",
            "SecurityAudit",
        ] {
            assert_eq!(class(name), Breadth::Limited, "{name}");
        }
    }

    /// The list is for review: whoever refreshes the data sees which policies change their class.
    #[test]
    fn the_list_of_wide_managed_policies_is_the_reviewed_one() {
        let describe = |policy: managed::ManagedPolicy| match classify(&policy.document) {
            Breadth::Limited => None,
            Breadth::Services(services) => Some(format!("{}: services {}\n", policy.name, services.join(" "))),
            Breadth::Admin(why) => Some(format!("{}: admin, {why}\n", policy.name)),
        };
        let list: String = managed::all().filter_map(describe).collect();
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/iam/data/wide-policies.txt");
        if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
            std::fs::write(&file, &list).unwrap();
        }
        let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
        let changed: Vec<&str> = list.lines().filter(|line| !reviewed.lines().any(|known| known == *line)).collect();
        assert!(reviewed == list, "run the tests with SRA_GUARD_UPDATE=1 and review wide-policies.txt: {changed:#?}");
    }

    #[test]
    fn full_access_to_a_service_is_wide_whatever_its_name() {
        assert_eq!(class("AmazonDynamoDBFullAccess"), Breadth::Services(vec!["dax".into(), "dynamodb".into()]));
        assert!(matches!(class("AmazonElasticMapReduceforEC2Role"), Breadth::Services(_)));
        assert!(matches!(class("AmazonEC2FullAccess"), Breadth::Services(_)));
        assert!(matches!(class("CloudWatchLogsFullAccess"), Breadth::Services(_)));
    }

    #[test]
    fn a_pattern_is_as_wide_as_the_actions_that_it_matches() {
        let of = |text: &str| width(&Pattern::action(text));
        assert_eq!(of("*"), Width::Everything);
        assert_eq!(of("*:*"), Width::Everything);
        assert!(
            matches!(of("DynamoDB:*"), Width::Service { prefix, levels } if prefix == "dynamodb" && levels.writes > 20)
        );
        assert!(matches!(of("dynamodb:**"), Width::Service { .. }));
        assert!(matches!(of("nosuchservice:*"), Width::Service { .. }));
        assert!(matches!(of("nosuchservice:Put*"), Width::Unknown(_)));
        assert!(matches!(of("s3:Put*"), Width::Wildcard { levels, .. } if levels.writes > 5 && levels.reads == 0));
        assert!(matches!(of("ec2:Describe*"), Width::Wildcard { levels, .. } if levels.writes == 0));
        assert_eq!(of("logs:PutLogEvents*"), Width::Single);
        assert_eq!(of("dynamodb:PutItem"), Width::Single);
    }
}

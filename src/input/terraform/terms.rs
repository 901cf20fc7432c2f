//! What people are told, in Terraform's words: the analyses speak of CloudFormation's properties.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::map::{self, Property, Returns};

/// Words of policy documents, which are the same in Terraform.
const POLICY_WORDS: [&str; 9] =
    ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Statement"];

/// Property → arguments that are it, by the CloudFormation type and for all types together.
#[derive(Default)]
struct Names {
    by_kind: BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>,
    everywhere: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names::default();
    for row in map::rows() {
        names.add(row.to, row.properties);
    }
    names
});

impl Names {
    fn add(&mut self, kind: &'static str, table: &'static [Property]) {
        for property in table {
            let word = property.to.rsplit('.').next().unwrap_or(property.to);
            let argument = property.from.rsplit('.').next().unwrap_or(property.from);
            if !argument.is_empty() {
                self.by_kind.entry((kind, word)).or_default().insert(argument);
                self.everywhere.entry(word).or_default().insert(argument);
            }
            self.add(kind, property.shape.table());
        }
    }

    /// The one argument that a property is: of this type, else of all types that have it.
    fn argument(&self, kind: &str, word: &str) -> Option<&'static str> {
        let only = |found: &BTreeSet<&'static str>| found.first().copied().filter(|_| found.len() == 1);
        match self.by_kind.get(&(kind, word)) {
            Some(own) => only(own),
            None if POLICY_WORDS.contains(&word) => None,
            None => self.everywhere.get(word).and_then(only),
        }
    }
}

/// `${aws_sns_topic.orders.Arn}` as it is written, `aws_sns_topic.orders.arn`; what `Ref` returns has no one name.
fn reference(word: &str) -> Option<String> {
    let address = word.strip_prefix("${")?.strip_suffix('}').filter(|inner| !inner.contains(['{', ' ']))?;
    let begins = |at: usize| at == 0 || address.get(..at).is_some_and(|before| before.ends_with('.'));
    let at = address.match_indices("aws_").map(|(at, _)| at).find(|at| begins(*at))?;
    let kind = address.get(at..)?.split('.').next()?;
    let Some((resource, attribute)) = address.rsplit_once('.').filter(|(_, last)| is_attribute(last)) else {
        return Some(address.to_owned());
    };
    let same = |returns: &Returns| matches!(returns, Returns::GetAtt(name) if *name == attribute);
    let (argument, _) =
        map::rows().find(|row| row.from == kind)?.attributes.iter().find(|(_, returns)| same(returns))?;
    Some(format!("{resource}.{argument}"))
}

/// CloudFormation's attributes begin with a capital.
fn is_attribute(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase()) && !segment.contains(['[', '"'])
}

/// A sentence about a resource of a CloudFormation type with every `` `Property` `` under its name in Terraform.
pub fn in_terraform(sentence: &str, kind: &str) -> String {
    let mut words = sentence.split('`');
    let mut said = words.next().unwrap_or_default().to_owned();
    let mut quoted = true;
    for word in words {
        let argument = || NAMES.argument(kind, word).map(Cow::Borrowed);
        let name = if quoted { argument().or_else(|| reference(word).map(Cow::Owned)) } else { None };
        said.push('`');
        said.push_str(&name.unwrap_or(Cow::Borrowed(word)));
        quoted = !quoted;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_named_as_arguments() {
        let said = in_terraform("no `MfaConfiguration`: the default is `OFF`", "AWS::Cognito::UserPool");
        assert_eq!(said, "no `mfa_configuration`: the default is `OFF`");
        let method = in_terraform("`AuthorizationType` is `NONE`", "AWS::ApiGateway::Method");
        assert_eq!(method, "`authorization` is `NONE`");
        let route = in_terraform("`AuthorizationType` is `NONE`", "AWS::ApiGatewayV2::Route");
        assert_eq!(route, "`authorization_type` is `NONE`");
    }

    #[test]
    fn references_are_named_as_they_are_written() {
        let said = |word: &str| in_terraform(&format!("`{word}`"), "AWS::Lambda::Permission");
        assert_eq!(said("${aws_cloudwatch_event_rule.nightly.Arn}"), "`aws_cloudwatch_event_rule.nightly.arn`");
        assert_eq!(said("${module.a.aws_sqs_queue.q[\"x.Y\"].Arn}"), "`module.a.aws_sqs_queue.q[\"x.Y\"].arn`");
        assert_eq!(said("${aws_sns_topic.orders}"), "`aws_sns_topic.orders`");
        assert_eq!(said("${aws_bedrockagent_agent.a.agent_arn}"), "`aws_bedrockagent_agent.a.agent_arn`");
        assert_eq!(said("${AWS::AccountId}"), "`${AWS::AccountId}`");
        assert_eq!(said("arn:aws:s3:::${Bucket}/*"), "`arn:aws:s3:::${Bucket}/*`");
    }

    #[test]
    fn words_of_policies_stay() {
        let kind = "AWS::IAM::ManagedPolicy";
        assert_eq!(in_terraform("allows all but some by `NotAction`", kind), "allows all but some by `NotAction`");
        assert_eq!(in_terraform("policy `Action` allows `s3:*`", kind), "policy `Action` allows `s3:*`");
    }
}

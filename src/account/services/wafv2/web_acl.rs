//! Web ACLs with their rules. Of conditions that no rule here judges, only the kind is kept.

use aws_sdk_wafv2::types::{
    DefaultAction, OverrideAction, Rule, RuleAction, Scope as Of, Statement, VisibilityConfig, WebAcl, WebAclSummary,
};

use crate::account::item::Object;
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

pub(super) fn of_acl(acl: &WebAclSummary, scope: &Of, detail: Result<Option<&WebAcl>, Unread>) -> Item {
    let arn = acl.arn().unwrap_or_default();
    let default = detail.map(|acl| acl.and_then(WebAcl::default_action).map(default_action));
    let rules = detail.map(|acl| acl.map(|acl| acl.rules().iter().map(of_rule).collect::<Vec<_>>()));
    let visibility = detail.map(|acl| acl.and_then(WebAcl::visibility_config).map(of_visibility));
    Item::new("AWS::WAFv2::WebACL", arn)
        .name(acl.name())
        .means("Id", acl.id())
        .means("Arn", Some(arn))
        .set("Name", acl.name())
        .set("Scope", scope.as_str())
        .set("Description", acl.description().filter(|text| !text.is_empty()))
        .set("DefaultAction", default)
        .set("Rules", rules)
        .set("VisibilityConfig", visibility)
}

fn one(key: &str) -> Object {
    Object::new().set(key, Object::new())
}

fn default_action(action: &DefaultAction) -> Object {
    if action.block().is_some() { one("Block") } else { one("Allow") }
}

fn of_rule(rule: &Rule) -> Object {
    Object::new()
        .set("Name", rule.name())
        .set("Priority", rule.priority())
        .set("Statement", rule.statement().map(of_statement))
        .set("Action", rule.action().and_then(action))
        .set("OverrideAction", rule.override_action().and_then(override_action))
        .set("VisibilityConfig", rule.visibility_config().map(of_visibility))
}

fn action(action: &RuleAction) -> Option<Object> {
    let kinds = [
        ("Block", action.block().is_some()),
        ("Allow", action.allow().is_some()),
        ("Count", action.count().is_some()),
        ("Captcha", action.captcha().is_some()),
        ("Challenge", action.challenge().is_some()),
    ];
    kinds.into_iter().find(|(_, there)| *there).map(|(kind, _)| one(kind))
}

fn override_action(action: &OverrideAction) -> Option<Object> {
    let kinds = [("Count", action.count().is_some()), ("None", action.none().is_some())];
    kinds.into_iter().find(|(_, there)| *there).map(|(kind, _)| one(kind))
}

fn of_visibility(config: &VisibilityConfig) -> Object {
    Object::new()
        .set("SampledRequestsEnabled", config.sampled_requests_enabled())
        .set("CloudWatchMetricsEnabled", config.cloud_watch_metrics_enabled())
        .set("MetricName", config.metric_name())
}

fn of_statement(statement: &Statement) -> Object {
    let all = |list: &[Statement]| Object::new().set("Statements", list.iter().map(of_statement).collect::<Vec<_>>());
    let managed = statement.managed_rule_group_statement().map(|group| {
        Object::new()
            .set("VendorName", group.vendor_name())
            .set("Name", group.name())
            .set("Version", group.version())
            .set("ScopeDownStatement", group.scope_down_statement().map(of_statement))
    });
    let rate = statement.rate_based_statement().map(|rate| {
        Object::new()
            .set("Limit", rate.limit())
            .set("EvaluationWindowSec", rate.evaluation_window_sec())
            .set("AggregateKeyType", rate.aggregate_key_type().as_str())
            .set("ScopeDownStatement", rate.scope_down_statement().map(of_statement))
    });
    let group = statement.rule_group_reference_statement().map(|group| Object::new().set("Arn", group.arn()));
    let addresses = statement.ip_set_reference_statement().map(|set| Object::new().set("Arn", set.arn()));
    let geo = statement.geo_match_statement().map(|geo| {
        let codes: Vec<&str> = geo.country_codes().iter().map(AsRef::as_ref).collect();
        Object::new().set("CountryCodes", codes)
    });
    let negated =
        statement.not_statement().map(|not| Object::new().set("Statement", not.statement().map(of_statement)));
    let known = Object::new()
        .set("ManagedRuleGroupStatement", managed)
        .set("RateBasedStatement", rate)
        .set("RuleGroupReferenceStatement", group)
        .set("IPSetReferenceStatement", addresses)
        .set("GeoMatchStatement", geo)
        .set("AndStatement", statement.and_statement().map(|and| all(and.statements())))
        .set("OrStatement", statement.or_statement().map(|or| all(or.statements())))
        .set("NotStatement", negated);
    let bare = [
        ("ByteMatchStatement", statement.byte_match_statement().is_some()),
        ("SqliMatchStatement", statement.sqli_match_statement().is_some()),
        ("XssMatchStatement", statement.xss_match_statement().is_some()),
        ("SizeConstraintStatement", statement.size_constraint_statement().is_some()),
        ("RegexPatternSetReferenceStatement", statement.regex_pattern_set_reference_statement().is_some()),
        ("RegexMatchStatement", statement.regex_match_statement().is_some()),
        ("LabelMatchStatement", statement.label_match_statement().is_some()),
        ("AsnMatchStatement", statement.asn_match_statement().is_some()),
    ];
    bare.into_iter().fold(known, |object, (kind, there)| object.set(kind, there.then(Object::new)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_wafv2::types::{
        AllowAction, ByteMatchStatement, ManagedRuleGroupStatement, NoneAction, PositionalConstraint,
    };
    use serde_json::{Value, json};

    use super::*;

    fn rule(name: &str, statement: Statement) -> aws_sdk_wafv2::types::builders::RuleBuilder {
        Rule::builder().name(name).priority(1).statement(statement)
    }

    #[test]
    fn an_acl_tells_its_groups_and_of_other_conditions_the_kind() {
        let managed = ManagedRuleGroupStatement::builder().vendor_name("AWS").name("AWSManagedRulesCommonRuleSet");
        let managed = Statement::builder().managed_rule_group_statement(managed.build().unwrap()).build();
        let bytes = ByteMatchStatement::builder()
            .search_string(aws_smithy_types::Blob::new("planted"))
            .positional_constraint(PositionalConstraint::Exactly)
            .text_transformations(
                aws_sdk_wafv2::types::TextTransformation::builder().priority(0).r#type("NONE".into()).build().unwrap(),
            )
            .build()
            .unwrap();
        let bytes = Statement::builder().byte_match_statement(bytes).build();
        let none = OverrideAction::builder().none(NoneAction::builder().build()).build();
        let acl = WebAcl::builder()
            .name("front")
            .id("1")
            .arn("arn:acl")
            .default_action(DefaultAction::builder().allow(AllowAction::builder().build()).build())
            .rules(rule("common", managed).override_action(none).build().unwrap())
            .rules(rule("header", bytes).build().unwrap())
            .build()
            .unwrap();
        let summary = WebAclSummary::builder().name("front").id("1").arn("arn:acl").build();
        let item = of_acl(&summary, &Of::Regional, Ok(Some(&acl)));
        assert_eq!(
            Value::Object(item.properties),
            json!({
                "Name": "front",
                "Scope": "REGIONAL",
                "DefaultAction": { "Allow": {} },
                "Rules": [
                    {
                        "Name": "common",
                        "Priority": 1,
                        "Statement": {
                            "ManagedRuleGroupStatement": { "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet" },
                        },
                        "OverrideAction": { "None": {} },
                    },
                    { "Name": "header", "Priority": 1, "Statement": { "ByteMatchStatement": {} } },
                ],
            })
        );
    }
}

//! Listeners with their certificates, and listener rules.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Certificate, Listener, LoadBalancer, LoadBalancerTypeEnum, MutualAuthenticationAttributes, QueryStringKeyValuePair,
    RewriteConfig, Rule, RuleCondition, RuleTransform,
};

use super::{PAGE, action};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(super) const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

/// Without the listeners of a load balancer, nobody can ask for their rules.
pub(super) const LISTENERS: Read = Read::list("elasticloadbalancing:DescribeListeners", &[LISTENER, RULE]);
pub(super) const CERTIFICATES: Read = Read::detail("elasticloadbalancing:DescribeListenerCertificates");
pub(super) const RULES: Read = Read::list("elasticloadbalancing:DescribeRules", &[RULE]);

/// A listener of a load balancer, of which there is more to read.
#[derive(Debug)]
pub(super) struct Found {
    listener: Listener,
    balancer: String,
    has_rules: bool,
}

/// The listeners of one load balancer.
pub(super) async fn listeners(reader: &Reader, client: &Client, balancer: &LoadBalancer) -> Vec<Found> {
    let call = client.describe_listeners().set_load_balancer_arn(balancer.load_balancer_arn.clone()).page_size(PAGE);
    let listeners = reader.list(&LISTENERS, call.into_paginator().items().send()).await;
    let found = |listener| Found {
        listener,
        balancer: balancer.load_balancer_name().unwrap_or_default().to_owned(),
        has_rules: balancer.r#type() == Some(&LoadBalancerTypeEnum::Application),
    };
    listeners.into_iter().map(found).collect()
}

impl Found {
    pub(super) async fn read(&self, reader: &Reader, client: &Client) {
        tokio::join!(self.certificates(reader, client), self.rules(reader, client));
    }

    /// What `DescribeListeners` tells is the default certificate only.
    async fn certificates(&self, reader: &Reader, client: &Client) {
        let arn = self.listener.listener_arn().unwrap_or_default();
        let mut certificates = Ok(Vec::new());
        if !self.listener.certificates().is_empty() {
            let call = client.describe_listener_certificates().listener_arn(arn).page_size(PAGE);
            let mut token = None;
            loop {
                match reader.get(&CERTIFICATES, arn, call.clone().set_marker(token.clone()).send()).await {
                    Err(unread) => {
                        certificates = Err(unread);
                        break;
                    }
                    Ok(page) => {
                        certificates = certificates.map(|mut found| {
                            found.extend(page.certificates.unwrap_or_default());
                            found
                        });
                        if page.next_marker.is_none() || page.next_marker == token {
                            break;
                        }
                        token = page.next_marker;
                    }
                }
            }
        }
        reader.push(of_listener(&self.balancer, &self.listener, certificates));
    }

    async fn rules(&self, reader: &Reader, client: &Client) {
        if !self.has_rules {
            return;
        }
        let call = client.describe_rules().set_listener_arn(self.listener.listener_arn.clone()).page_size(PAGE);
        let rules = reader.list(&RULES, call.into_paginator().items().send()).await;
        // The default rule is the listener's own actions.
        for rule in rules.iter().filter(|rule| rule.is_default() != Some(true)) {
            reader.push(of_rule(&self.balancer, &self.listener, rule));
        }
    }
}

/// A listener has no name: people tell it by its load balancer, protocol and port.
fn name_of(balancer: &str, listener: &Listener) -> String {
    let protocol = word(listener.protocol()).unwrap_or_default();
    let port = listener.port().map(|port| port.to_string()).unwrap_or_default();
    format!("{balancer} {protocol}:{port}")
}

fn of_listener(balancer: &str, listener: &Listener, certificates: Result<Vec<Certificate>, Unread>) -> Item {
    let arn = listener.listener_arn().unwrap_or_default();
    let certificates = certificates.map(|list| of_certificates(listener.certificates(), &list));
    let policies = listener.alpn_policy();
    Item::new(LISTENER, arn)
        .name(Some(name_of(balancer, listener)))
        .means("Ref", Some(arn))
        .set("LoadBalancerArn", listener.load_balancer_arn())
        .set("Protocol", word(listener.protocol()))
        .set("Port", listener.port())
        .set("SslPolicy", listener.ssl_policy().filter(|_| is_encrypted(listener)))
        .set("Certificates", certificates.map(|list| (!list.is_empty()).then_some(list)))
        .set("AlpnPolicy", (!policies.is_empty()).then_some(policies))
        .set("MutualAuthentication", listener.mutual_authentication().map(of_mutual))
        .set("DefaultActions", listener.default_actions().iter().map(action::of_action).collect::<Vec<_>>())
}

/// Only listeners that decrypt have a security policy.
fn is_encrypted(listener: &Listener) -> bool {
    listener.protocol().is_some_and(|protocol| matches!(protocol.as_str(), "HTTPS" | "TLS"))
}

/// Each certificate once, the default one first.
fn of_certificates(default: &[Certificate], all: &[Certificate]) -> Vec<Object> {
    let mut arns: Vec<&str> = default.iter().filter_map(Certificate::certificate_arn).collect();
    let mut others: Vec<&str> = all.iter().filter_map(Certificate::certificate_arn).collect();
    others.sort_unstable();
    for arn in others {
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    arns.into_iter().map(|arn| Object::new().set("CertificateArn", arn)).collect()
}

fn of_mutual(mutual: &MutualAuthenticationAttributes) -> Object {
    Object::new()
        .set("Mode", mutual.mode())
        .set("TrustStoreArn", mutual.trust_store_arn())
        .set("IgnoreClientCertificateExpiry", mutual.ignore_client_certificate_expiry())
}

fn of_rule(balancer: &str, listener: &Listener, rule: &Rule) -> Item {
    let arn = rule.rule_arn().unwrap_or_default();
    let priority = rule.priority().unwrap_or_default();
    let transforms: Vec<Object> = rule.transforms().iter().map(of_transform).collect();
    Item::new(RULE, arn)
        .name(Some(format!("{} rule {priority}", name_of(balancer, listener))))
        .means("Ref", Some(arn))
        .set("ListenerArn", listener.listener_arn())
        .set("Priority", priority.parse::<i32>().ok())
        .set("Conditions", rule.conditions().iter().map(of_condition).collect::<Vec<_>>())
        .set("Actions", rule.actions().iter().map(action::of_action).collect::<Vec<_>>())
        .set("Transforms", (!transforms.is_empty()).then_some(transforms))
}

fn filled(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

/// The service tells values that came in a `…Config` in `Values` as well, where a value counts twice. Only those of the
/// configuration are kept then.
fn of_condition(condition: &RuleCondition) -> Object {
    let both = |values: &[String], regex: &[String]| {
        Object::new().set("Values", filled(values)).set("RegexValues", filled(regex))
    };
    let path = condition.path_pattern_config().map(|config| both(config.values(), config.regex_values()));
    let host = condition.host_header_config().map(|config| both(config.values(), config.regex_values()));
    let header = condition
        .http_header_config()
        .map(|config| both(config.values(), config.regex_values()).set("HttpHeaderName", config.http_header_name()));
    let method =
        condition.http_request_method_config().map(|config| Object::new().set("Values", config.values().to_vec()));
    let source = condition.source_ip_config().map(|config| Object::new().set("Values", config.values().to_vec()));
    let query = condition.query_string_config().map(|config| {
        let pair = |pair: &QueryStringKeyValuePair| Object::new().set("Key", pair.key()).set("Value", pair.value());
        Object::new().set("Values", config.values().iter().map(pair).collect::<Vec<_>>())
    });
    let [path, host, header, method, source, query] =
        [path, host, header, method, source, query].map(|config| config.and_then(Object::filled));
    let config = [&path, &host, &header, &method, &source, &query].into_iter().any(Option::is_some);
    Object::new()
        .set("Field", condition.field())
        .set("Values", filled(condition.values()).filter(|_| !config))
        .set("RegexValues", filled(condition.regex_values()).filter(|_| !config))
        .set("PathPatternConfig", path)
        .set("HostHeaderConfig", host)
        .set("HttpHeaderConfig", header)
        .set("HttpRequestMethodConfig", method)
        .set("SourceIpConfig", source)
        .set("QueryStringConfig", query)
}

fn of_transform(transform: &RuleTransform) -> Object {
    let rewrites = |rewrites: &[RewriteConfig]| {
        let rewrite =
            |rewrite: &RewriteConfig| Object::new().set("Regex", rewrite.regex()).set("Replace", rewrite.replace());
        Object::new().set("Rewrites", rewrites.iter().map(rewrite).collect::<Vec<_>>())
    };
    Object::new()
        .set("Type", word(transform.r#type()))
        .set(
            "HostHeaderRewriteConfig",
            transform.host_header_rewrite_config().map(|config| rewrites(config.rewrites())),
        )
        .set("UrlRewriteConfig", transform.url_rewrite_config().map(|config| rewrites(config.rewrites())))
}

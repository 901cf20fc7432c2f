//! Load balancers of the previous generation.

use serde_json::{Map, Value};

use super::autoscaling::texts;
use crate::input::config_items::item::{Made, Recorded, at};

const LISTENER: &[(&str, &str)] = &[
    ("loadBalancerPort", "LoadBalancerPort"),
    ("protocol", "Protocol"),
    ("instancePort", "InstancePort"),
    ("instanceProtocol", "InstanceProtocol"),
    ("sslcertificateId", "SSLCertificateId"),
];

pub(super) fn load_balancer(item: &Recorded<'_>) -> Made {
    let made = item.resource(item.kind).named(item.text("loadBalancerName")).means("Arn", Some(&item.arn()));
    let host = item.text("dnsname").map(str::to_ascii_lowercase);
    let rows = [("loadBalancerName", "LoadBalancerName"), ("scheme", "Scheme"), ("vpcid", "VPCId")];
    let instances = item.list("instances").iter().filter_map(|instance| at(instance, "instanceId").cloned());
    made.means("DNSName", host.as_deref())
        .take(item.configuration, &rows)
        .set("Listeners", item.list("listenerDescriptions").iter().map(listener).collect::<Vec<_>>())
        .set("SecurityGroups", texts(item.list("securityGroups")).unwrap_or_default())
        .set("Subnets", texts(item.list("subnets")).unwrap_or_default())
        .set("Instances", instances.collect::<Vec<_>>())
}

fn listener(description: &Value) -> Value {
    let of = |(path, property): &(&str, &str)| {
        Some(((*property).to_owned(), at(description, &format!("listener.{path}"))?.clone()))
    };
    let mut members: Map<String, Value> = LISTENER.iter().filter_map(of).collect();
    let policies = at(description, "policyNames").and_then(Value::as_array).and_then(|names| texts(names));
    members.extend(policies.map(|policies| ("PolicyNames".to_owned(), policies.into())));
    Value::Object(members)
}

//! Elastic Load Balancing: Classic Load Balancers.

use aws_sdk_elasticloadbalancing::Client;
use aws_sdk_elasticloadbalancing::types::{ListenerDescription, LoadBalancerDescription};

use super::{Scope, Service};
use crate::account::item::Object;
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "elb",
    scope: Scope::Regional,
    reads: &[&LOAD_BALANCERS],
    collect: |reader| Box::pin(collect(reader)),
};

const LOAD_BALANCERS: Read =
    Read::list("elasticloadbalancing:DescribeLoadBalancers", &["AWS::ElasticLoadBalancing::LoadBalancer"]);

async fn collect(reader: &Reader) {
    let pages = Client::new(&reader.config).describe_load_balancers().into_paginator().items().send();
    for balancer in reader.list(&LOAD_BALANCERS, pages).await {
        reader.push(of_load_balancer(reader, &balancer));
    }
}

/// Its ARN ends with its name. Source: "Actions, resources, and condition keys for AWS Elastic Load Balancing", Service
/// Authorization Reference.
fn of_load_balancer(reader: &Reader, balancer: &LoadBalancerDescription) -> Item {
    let name = balancer.load_balancer_name().unwrap_or_default();
    let listeners = balancer.listener_descriptions().iter().filter_map(of_listener);
    let instances: Vec<&str> = balancer.instances().iter().filter_map(|instance| instance.instance_id()).collect();
    let arn = reader.arn("elasticloadbalancing", &format!("loadbalancer/{name}"));
    Item::new("AWS::ElasticLoadBalancing::LoadBalancer", arn.clone())
        .name(Some(name))
        .means("Arn", Some(arn))
        .means("DNSName", balancer.dns_name().map(str::to_ascii_lowercase))
        .set("LoadBalancerName", name)
        .set("Scheme", balancer.scheme())
        .set("VPCId", balancer.vpc_id())
        .set("Listeners", listeners.collect::<Vec<_>>())
        .set("SecurityGroups", balancer.security_groups())
        .set("Subnets", balancer.subnets())
        .set("Instances", instances)
}

fn of_listener(description: &ListenerDescription) -> Option<Object> {
    let listener = description.listener()?;
    let policies = description.policy_names();
    let object = Object::new()
        .set("LoadBalancerPort", listener.load_balancer_port())
        .set("Protocol", listener.protocol())
        .set("InstancePort", listener.instance_port())
        .set("InstanceProtocol", listener.instance_protocol())
        .set("SSLCertificateId", listener.ssl_certificate_id())
        .set("PolicyNames", (!policies.is_empty()).then_some(policies));
    Some(object)
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancing::types::{Instance, Listener};
    use serde_json::json;

    use super::super::fixture::reader;
    use super::*;

    #[test]
    fn a_classic_load_balancer_has_its_listeners_inside() {
        let listener =
            Listener::builder().protocol("HTTPS").load_balancer_port(443).instance_port(8080).build().unwrap();
        let description = LoadBalancerDescription::builder()
            .load_balancer_name("old")
            .dns_name("Old-1.us-east-1.elb.amazonaws.com")
            .scheme("internet-facing")
            .security_groups("sg-1")
            .subnets("subnet-1")
            .instances(Instance::builder().instance_id("i-1").build())
            .listener_descriptions(ListenerDescription::builder().listener(listener).build())
            .build();
        let item = of_load_balancer(&reader(), &description);
        assert_eq!(item.id, "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/old");
        assert_eq!(item.ids.get("DNSName").map(String::as_str), Some("old-1.us-east-1.elb.amazonaws.com"));
        assert_eq!(
            serde_json::Value::Object(item.properties),
            json!({
                "LoadBalancerName": "old",
                "Scheme": "internet-facing",
                "Listeners": [{ "LoadBalancerPort": 443, "Protocol": "HTTPS", "InstancePort": 8080 }],
                "SecurityGroups": ["sg-1"],
                "Subnets": ["subnet-1"],
                "Instances": ["i-1"],
            })
        );
    }
}

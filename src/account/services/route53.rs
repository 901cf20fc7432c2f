//! Amazon Route 53: hosted zones and their records.

use aws_sdk_route53::Client;
use aws_sdk_route53::types::{HostedZone, ResourceRecordSet, RrType};

use super::{Scope, Service};
use crate::account::item::Object;
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "route53",
    scope: Scope::Global,
    reads: &[&ZONES, &RECORDS],
    collect: |reader| Box::pin(collect(reader)),
};

const ZONES: Read = Read::list("route53:ListHostedZones", &["AWS::Route53::HostedZone", "AWS::Route53::RecordSet"]);
const RECORDS: Read = Read::list("route53:ListResourceRecordSets", &["AWS::Route53::RecordSet"]);

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let pages = client.list_hosted_zones().into_paginator().items().send();
    let zones = reader.list(&ZONES, pages).await;
    reader
        .each(zones, |zone| async move {
            reader.push(of_zone(reader, &zone));
            records(reader, client, &zone).await;
        })
        .await;
}

/// Where the next page begins: name, type and set identifier.
type Next = (String, RrType, Option<String>);

async fn records(reader: &Reader, client: &Client, zone: &HostedZone) {
    let mut next: Option<Next> = None;
    loop {
        let mut call = client.list_resource_record_sets().hosted_zone_id(short(zone.id()));
        if let Some((name, kind, identifier)) = next.clone() {
            call = call.start_record_name(name).start_record_type(kind).set_start_record_identifier(identifier);
        }
        // One page a time, because what tells the next one is not a single token.
        let page = |_| async {
            let answer = call.clone().send().await?;
            Ok((vec![answer], None))
        };
        let Some(page) = reader.pages(&RECORDS, page).await.pop() else { return };
        for record in page.resource_record_sets() {
            reader.push(of_record(reader, zone, record));
        }
        let following = match (page.is_truncated(), page.next_record_name, page.next_record_type) {
            (true, Some(name), Some(kind)) => Some((name, kind, page.next_record_identifier)),
            _ => None,
        };
        if following.is_none() || following == next {
            return;
        }
        next = following;
    }
}

/// `/hostedzone/Z1` is zone `Z1`.
fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn zone_arn(reader: &Reader, zone: &HostedZone) -> String {
    format!("arn:{}:route53:::hostedzone/{}", reader.partition, short(zone.id()))
}

fn of_zone(reader: &Reader, zone: &HostedZone) -> Item {
    let id = short(zone.id());
    let private = zone.config().is_some_and(aws_sdk_route53::types::HostedZoneConfig::private_zone);
    Item::new("AWS::Route53::HostedZone", zone_arn(reader, zone))
        .name(Some(zone.name().trim_end_matches('.')))
        .means("Ref", Some(id))
        .set("Name", zone.name())
        .set("PrivateZone", private)
}

/// Types whose values say where names lead, or who may issue certificates. Those of the others (TXT above all) hold
/// tokens and keys, and are left out.
const TOLD: &[RrType] = &[RrType::A, RrType::Aaaa, RrType::Caa, RrType::Cname, RrType::Mx, RrType::Ns];

fn of_record(reader: &Reader, zone: &HostedZone, record: &ResourceRecordSet) -> Item {
    let name = unescaped(record.name());
    let kind = record.r#type();
    let set = record.set_identifier();
    let part = set.map(|set| format!("/{set}")).unwrap_or_default();
    let alias = record.alias_target().map(|alias| {
        Object::new()
            .set("DNSName", host(alias.dns_name()))
            .set("HostedZoneId", alias.hosted_zone_id())
            .set("EvaluateTargetHealth", alias.evaluate_target_health())
    });
    let values: Vec<String> = record.resource_records().iter().map(|record| value(kind, record.value())).collect();
    let told = TOLD.contains(kind) && !values.is_empty();
    Item::new("AWS::Route53::RecordSet", format!("{}/{name}/{}{part}", zone_arn(reader, zone), kind.as_str()))
        .name(Some(format!("{} {}", name.trim_end_matches('.'), kind.as_str())))
        .set("HostedZoneId", short(zone.id()))
        .set("Name", name)
        .set("Type", kind.as_str())
        .set("SetIdentifier", set)
        .set("TTL", record.ttl().map(|seconds| seconds.to_string()))
        .set("AliasTarget", alias)
        .set("ResourceRecords", told.then_some(values))
}

/// A host as its owner says it: the service adds a final dot, and consoles the prefix that asks for IPv6 addresses too.
/// Source: "Values specific for simple alias records", Amazon Route 53 Developer Guide.
fn host(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
}

fn value(kind: &RrType, text: &str) -> String {
    if *kind == RrType::Cname { host(text) } else { text.to_owned() }
}

/// The service writes other characters than letters, digits, hyphens, underscores and dots as a backslash and three
/// octal digits: `\052` is `*`. Source: "DNS domain name format", Amazon Route 53 Developer Guide.
fn unescaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (code, after.get(3..)) {
            (Some(code), Some(after)) if code.is_ascii() => {
                text.push(char::from(code));
                rest = after;
            }
            _ => {
                text.push('\\');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{AliasTarget, ResourceRecord};
    use serde_json::{Value, json};

    use super::super::fixture::reader;
    use super::*;

    fn zone() -> HostedZone {
        HostedZone::builder().id("/hostedzone/Z1").name("example.org.").caller_reference("r").build().unwrap()
    }

    #[test]
    fn an_alias_names_its_target_as_the_target_does() {
        let alias = AliasTarget::builder()
            .dns_name("dualstack.My-Alb-1.us-east-1.elb.amazonaws.com.")
            .hosted_zone_id("Z35SXDOTRQ7X7K")
            .evaluate_target_health(true);
        let record = ResourceRecordSet::builder()
            .name("\\052.app.example.org.")
            .r#type(RrType::A)
            .alias_target(alias.build().unwrap())
            .build()
            .unwrap();
        let item = of_record(&reader(), &zone(), &record);
        assert_eq!(item.id, "arn:aws:route53:::hostedzone/Z1/*.app.example.org./A");
        assert_eq!(
            Value::Object(item.properties),
            json!({
                "HostedZoneId": "Z1",
                "Name": "*.app.example.org.",
                "Type": "A",
                "AliasTarget": {
                    "DNSName": "my-alb-1.us-east-1.elb.amazonaws.com",
                    "HostedZoneId": "Z35SXDOTRQ7X7K",
                    "EvaluateTargetHealth": true,
                },
            })
        );
    }

    #[test]
    fn texts_of_records_are_not_told() {
        let record = ResourceRecordSet::builder()
            .name("example.org.")
            .r#type(RrType::Txt)
            .ttl(300)
            .resource_records(ResourceRecord::builder().value("\"token=1\"").build().unwrap())
            .build()
            .unwrap();
        let item = of_record(&reader(), &zone(), &record);
        assert!(!Value::Object(item.properties).to_string().contains("token"));
    }

    #[test]
    fn a_backslash_that_escapes_nothing_stays() {
        assert_eq!(unescaped("a\\052b\\9"), "a*b\\9");
    }
}

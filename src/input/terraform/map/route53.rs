//! Route 53 zones and records.

use std::sync::Arc;

use super::Returns::{GetAtt, Ref};
use super::Shape::{Block, Blocks, Link, Plain, Tags};
use super::{Property, Row, Service, United, member, property, put};
use crate::value::{Kind, Prop, Reason, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const ZONE: &str = "AWS::Route53::HostedZone";
const RECORD: &str = "AWS::Route53::RecordSet";

const ROWS: &[Row] = &[
    Row::new(
        "aws_route53_zone",
        ZONE,
        &[
            property("Name", "name", Plain),
            property("HostedZoneConfig.Comment", "comment", Plain),
            property("VPCs", "vpc", Blocks(VPC)),
            property("HostedZoneTags", "tags", Tags),
        ],
        &[("id", Ref), ("zone_id", Ref), ("name_servers", GetAtt("NameServers"))],
    ),
    Row::new(
        "aws_route53_record",
        RECORD,
        &[
            property("Name", "name", Plain),
            property("AliasTarget", "alias", Block(ALIAS)),
            property("HealthCheckId", "health_check_id", Link),
            property("HostedZoneId", "zone_id", Link),
            property("ResourceRecords", "records", Plain),
            property("SetIdentifier", "set_identifier", Plain),
            property("TTL", "ttl", Plain),
            property("Type", "type", Plain),
        ],
        &[("id", Ref), ("fqdn", Ref), ("name", Ref)],
    ),
];

const VPC: &[Property] = &[property("VPCId", "vpc_id", Link), property("VPCRegion", "vpc_region", Plain)];

const ALIAS: &[Property] = &[
    property("DNSName", "name", Link),
    property("EvaluateTargetHealth", "evaluate_target_health", Plain),
    property("HostedZoneId", "zone_id", Plain),
];

/// The provider takes names as relative to their zone unless they end with its name. Where the zone is not known, a name
/// with a dot is taken as a full one, as everybody writes those. Source: Terraform AWS provider, `aws_route53_record`.
fn unite(united: &mut United<'_>) {
    let mut renamed = Vec::new();
    for record in united.resources.iter().filter(|resource| &*resource.kind == RECORD) {
        // The record of the zone itself has an empty name.
        let (text, span) = match record.prop("Name") {
            Prop::Known(name) => (name.as_str(), name.span),
            Prop::Absent(_) => (Some(""), record.name_span),
            Prop::Unknown(..) => continue,
        };
        let Some(text) = text else { continue };
        let zone = record.prop("HostedZoneId").known().and_then(|zone| {
            let zone = zone.references().into_iter().find_map(|reference| match reference {
                crate::value::Reference::Resource { address, .. } => united.get(address),
                crate::value::Reference::Pseudo(_) => None,
            })?;
            (&*zone.kind == ZONE).then(|| zone.prop("Name").known())?
        });
        let full = match zone.and_then(Value::as_str) {
            Some(zone) => full_name(text, zone),
            None if text.trim_end_matches('.').contains('.') => continue,
            None => {
                let reason = Reason::Outside(Arc::from(format!("the zone of record `{text}`")));
                renamed.push((record.address.clone(), Value::unknown(span, reason)));
                continue;
            }
        };
        if full != text {
            renamed.push((record.address.clone(), Value::text_at(span, full)));
        }
    }
    for (address, name) in renamed {
        if let Some(record) = united.at(&address)
            && let Kind::Map(map) = &mut record.properties.kind
        {
            put(map, "Name", member("", name.span, name));
        }
    }
}

fn full_name(name: &str, zone: &str) -> String {
    let (name, zone) = (name.trim_end_matches('.').to_ascii_lowercase(), zone.trim_end_matches('.'));
    if name.is_empty() {
        zone.to_owned()
    } else if name.ends_with(&zone.to_ascii_lowercase()) {
        name
    } else {
        format!("{name}.{zone}")
    }
}

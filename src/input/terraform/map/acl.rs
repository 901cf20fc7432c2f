//! Network ACLs. The entries that an ACL says itself are resources of their own in CloudFormation, as are the subnets
//! that use it.

use super::Returns::Ref;
use super::Shape::{Link, Plain, Tags};
use super::{Draft, Found, Property, Row, Service, member, property};
use crate::value::{Kind, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ACL: &str = "AWS::EC2::NetworkAcl";
const ENTRY: &str = "AWS::EC2::NetworkAclEntry";
const ASSOCIATION: &str = "AWS::EC2::SubnetNetworkAclAssociation";

const ROWS: &[Row] = &[
    Row::new(
        "aws_network_acl",
        ACL,
        &[property("VpcId", "vpc_id", Link), property("Tags", "tags", Tags)],
        &[("id", Ref)],
    )
    .then(inline),
    Row::new("aws_default_network_acl", ACL, &[property("Tags", "tags", Tags)], &[("id", Ref)]).then(inline),
    Row::new(
        "aws_network_acl_rule",
        ENTRY,
        &[
            property("NetworkAclId", "network_acl_id", Link),
            property("Egress", "egress", Plain),
            property("RuleNumber", "rule_number", Plain),
            property("RuleAction", "rule_action", Plain),
            property("Protocol", "protocol", Plain),
            property("CidrBlock", "cidr_block", Link),
            property("Ipv6CidrBlock", "ipv6_cidr_block", Link),
            property("PortRange.From", "from_port", Plain),
            property("PortRange.To", "to_port", Plain),
            property("Icmp.Type", "icmp_type", Plain),
            property("Icmp.Code", "icmp_code", Plain),
        ],
        &[],
    ),
    Row::new(
        "aws_network_acl_association",
        ASSOCIATION,
        &[property("NetworkAclId", "network_acl_id", Link), property("SubnetId", "subnet_id", Link)],
        &[],
    ),
];

const INLINE: &[Property] = &[
    property("RuleNumber", "rule_no", Plain),
    property("RuleAction", "action", Plain),
    property("Protocol", "protocol", Plain),
    property("CidrBlock", "cidr_block", Link),
    property("Ipv6CidrBlock", "ipv6_cidr_block", Link),
    property("PortRange.From", "from_port", Plain),
    property("PortRange.To", "to_port", Plain),
    property("Icmp.Type", "icmp_type", Plain),
    property("Icmp.Code", "icmp_code", Plain),
];

fn inline(draft: &mut Draft<'_>) {
    for (argument, egress) in [("ingress", "false"), ("egress", "true")] {
        let Found::Value(entries) = draft.argument(argument) else { continue };
        for (index, block) in entries.value.elements().unwrap_or_default().to_vec().iter().enumerate() {
            let entry = draft.mapper.properties(block, INLINE);
            let span = entry.span;
            let mut members = vec![
                member("NetworkAclId", span, draft.itself(span)),
                member("Egress", span, Value::text_at(span, egress)),
            ];
            match entry.kind {
                Kind::Map(map) => members.extend(map.members),
                unknown => members.push(member("RuleNumber", span, Value::new(span, unknown))),
            }
            draft.also(&format!("{argument}-{index}"), ENTRY, members);
        }
    }
    let subnets = draft.mapper.linked(draft.instance, "subnet_ids");
    let Some(Value { kind: Kind::List(subnets), .. }) = subnets else { return };
    for (index, subnet) in subnets.into_iter().enumerate() {
        let span = subnet.span;
        let members = vec![member("NetworkAclId", span, draft.itself(span)), member("SubnetId", span, subnet)];
        draft.also(&format!("subnet-{index}"), ASSOCIATION, members);
    }
}

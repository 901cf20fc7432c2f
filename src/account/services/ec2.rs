//! Amazon EC2 and VPC: networks, what stands in them, and what may reach it.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Subnet, Tag, Vpc};

use super::{Scope, Service};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "ec2",
    scope: Scope::Regional,
    reads: &[&VPCS, &SUBNETS],
    collect: |reader| Box::pin(collect(reader)),
};

const VPCS: Read = Read::list("ec2:DescribeVpcs", &["AWS::EC2::VPC"]);
const SUBNETS: Read = Read::list("ec2:DescribeSubnets", &["AWS::EC2::Subnet"]);

async fn collect(reader: &Reader) {
    let client = Client::new(&reader.config);
    tokio::join!(vpcs(reader, &client), subnets(reader, &client));
}

async fn vpcs(reader: &Reader, client: &Client) {
    let pages = client.describe_vpcs().into_paginator().items().send();
    for vpc in reader.list(&VPCS, pages).await {
        reader.push(of_vpc(reader, &vpc));
    }
}

async fn subnets(reader: &Reader, client: &Client) {
    let pages = client.describe_subnets().into_paginator().items().send();
    for subnet in reader.list(&SUBNETS, pages).await {
        reader.push(of_subnet(reader, &subnet));
    }
}

fn of_vpc(reader: &Reader, vpc: &Vpc) -> Item {
    let id = vpc.vpc_id().unwrap_or_default();
    Item::new("AWS::EC2::VPC", reader.arn("ec2", &format!("vpc/{id}")))
        .name(name(vpc.tags()))
        .means("Ref", Some(id))
        .set("CidrBlock", vpc.cidr_block())
}

fn of_subnet(reader: &Reader, subnet: &Subnet) -> Item {
    let id = subnet.subnet_id().unwrap_or_default();
    Item::new("AWS::EC2::Subnet", reader.arn("ec2", &format!("subnet/{id}")))
        .name(name(subnet.tags()))
        .means("Ref", Some(id))
        .set("VpcId", subnet.vpc_id())
        .set("CidrBlock", subnet.cidr_block())
        .set("AvailabilityZone", subnet.availability_zone())
        .set("MapPublicIpOnLaunch", subnet.map_public_ip_on_launch())
}

/// The `Name` tag.
fn name(tags: &[Tag]) -> Option<&str> {
    tags.iter().find(|tag| tag.key() == Some("Name")).and_then(Tag::value)
}

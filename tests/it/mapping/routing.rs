//! VPCs, subnets and the way out.

use super::{mapped, twins};

#[test]
fn a_public_and_a_private_subnet() {
    twins(
        r#"
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "main" }
}
resource "aws_subnet" "open" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(aws_vpc.main.cidr_block, 8, 1)
  availability_zone       = "eu-west-1a"
  map_public_ip_on_launch = true
}
resource "aws_subnet" "inner" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}
resource "aws_internet_gateway" "out" {
  vpc_id = aws_vpc.main.id
}
resource "aws_eip" "nat" {
  domain = "vpc"
}
resource "aws_nat_gateway" "nat" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.open.id
}
resource "aws_route_table" "open" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }
}
resource "aws_route_table" "inner" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "nat" {
  route_table_id         = aws_route_table.inner.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat.id
}
resource "aws_route_table_association" "open" {
  subnet_id      = aws_subnet.open.id
  route_table_id = aws_route_table.open.id
}
resource "aws_route_table_association" "inner" {
  subnet_id      = aws_subnet.inner.id
  route_table_id = aws_route_table.inner.id
}
resource "aws_instance" "web" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.open.id
}
resource "aws_instance" "app" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.inner.id
}
"#,
        "
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true, Tags: [{Key: Name, Value: main}]}
  Open:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: eu-west-1a, MapPublicIpOnLaunch: true}
  Inner: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}}
  Out: {Type: AWS::EC2::InternetGateway}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {InternetGatewayId: !Ref Out, VpcId: !Ref Vpc}
  Eip: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {AllocationId: !GetAtt Eip.AllocationId, SubnetId: !Ref Open}}
  OpenTable: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  OpenRoute:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref OpenTable, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Out}
  InnerTable: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  InnerRoute:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref InnerTable, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}
  OpenUses:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Open, RouteTableId: !Ref OpenTable}
  InnerUses:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Inner, RouteTableId: !Ref InnerTable}
  Web:
    Type: AWS::EC2::Instance
    Properties: {ImageId: ami-1, InstanceType: t3.micro, SubnetId: !Ref Open}
  App:
    Type: AWS::EC2::Instance
    Properties: {ImageId: ami-1, InstanceType: t3.micro, SubnetId: !Ref Inner}
",
    );
}

/// Whether the subnets of a Terraform text are public, by name of the instance that stands in each.
fn public(text: &str) -> Vec<(String, String)> {
    let graph = sra_guard::graph::Graph::new(mapped(text));
    sra_guard::facts::derive(&graph)
        .iter()
        .filter(|subject| subject.kind == "workloads")
        .map(|subject| {
            let public = super::tree(subject.tree.get("in_public_subnet").unwrap());
            (subject.name.to_string(), public["unknown"].as_bool().map_or(public.to_string(), |_| "unknown".to_owned()))
        })
        .collect()
}

fn said(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, public)| ((*name).to_owned(), (*public).to_owned())).collect()
}

const NETWORK: &str = r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_internet_gateway" "out" { vpc_id = aws_vpc.main.id }
resource "aws_instance" "web" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id
}
"#;

#[test]
fn a_subnet_without_a_table_uses_the_main_one_of_its_vpc() {
    let with = |more: &str| public(&format!("{NETWORK}{more}"));
    assert_eq!(with(""), said(&[("aws_instance.web", "false")]));
    for attribute in ["main_route_table_id", "default_route_table_id"] {
        let route = format!(
            r#"
resource "aws_route" "out" {{
  route_table_id         = aws_vpc.main.{attribute}
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.out.id
}}"#
        );
        assert_eq!(with(&route), said(&[("aws_instance.web", "true")]), "{attribute}");
    }
    let adopted = r#"
resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }
}"#;
    assert_eq!(with(adopted), said(&[("aws_instance.web", "true")]));
    let replaced = r#"
resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }
}
resource "aws_main_route_table_association" "main" {
  vpc_id         = aws_vpc.main.id
  route_table_id = aws_route_table.main.id
}"#;
    assert_eq!(with(replaced), said(&[("aws_instance.web", "true")]));
    let elsewhere = r#"
resource "aws_main_route_table_association" "main" {
  vpc_id         = aws_vpc.main.id
  route_table_id = "rtb-1"
}"#;
    assert_eq!(with(elsewhere), said(&[("aws_instance.web", "unknown")]));
    let emptied = r#"
resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route                  = []
}"#;
    assert_eq!(with(emptied), said(&[("aws_instance.web", "false")]));
}

#[test]
fn default_subnets_are_public_until_their_table_says_otherwise() {
    let text = r#"
resource "aws_default_subnet" "a" { availability_zone = "eu-west-1a" }
resource "aws_instance" "web" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_default_subnet.a.id
}
resource "aws_instance" "none" {
  ami           = "ami-1"
  instance_type = "t3.micro"
}
"#;
    let vpc = "resource \"aws_default_vpc\" \"d\" {}\n";
    assert_eq!(public(text), said(&[("aws_instance.web", "true"), ("aws_instance.none", "true")]));
    assert_eq!(public(&format!("{vpc}{text}"))[0].1, "true");
    let closed = r#"
resource "aws_default_route_table" "d" {
  default_route_table_id = aws_default_vpc.d.default_route_table_id
}"#;
    assert_eq!(public(&format!("{vpc}{text}{closed}"))[0].1, "false");
    let subnet = r#"
resource "aws_subnet" "own" {
  vpc_id     = aws_default_vpc.d.id
  cidr_block = "172.31.200.0/24"
}
resource "aws_instance" "own" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.own.id
}"#;
    assert_eq!(public(&format!("{vpc}{subnet}")), said(&[("aws_instance.own", "true")]));
}

#[test]
fn a_route_that_is_not_known_makes_its_table_unknown() {
    let text = format!(
        r#"{NETWORK}
variable "routes" {{ type = list(map(string)) }}
resource "aws_route_table" "a" {{
  vpc_id = aws_vpc.main.id
  dynamic "route" {{
    for_each = var.routes
    content {{
      cidr_block = route.value.cidr
      gateway_id = route.value.gateway
    }}
  }}
}}
resource "aws_route_table_association" "a" {{
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.a.id
}}"#
    );
    assert_eq!(public(&text), said(&[("aws_instance.web", "unknown")]));
}

#[test]
fn gateways_of_every_kind_are_told_apart() {
    twins(
        r#"
resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}
resource "aws_egress_only_internet_gateway" "e" { vpc_id = aws_vpc.main.id }
resource "aws_carrier_gateway" "c" { vpc_id = aws_vpc.main.id }
resource "aws_vpn_gateway" "v" {}
resource "aws_vpn_gateway_attachment" "v" {
  vpc_id         = aws_vpc.main.id
  vpn_gateway_id = aws_vpn_gateway.v.id
}
resource "aws_internet_gateway" "i" {}
resource "aws_internet_gateway_attachment" "i" {
  internet_gateway_id = aws_internet_gateway.i.id
  vpc_id              = aws_vpc.main.id
}
resource "aws_vpc_peering_connection" "p" {
  vpc_id        = aws_vpc.main.id
  peer_vpc_id   = "vpc-2"
  peer_owner_id = "111122223333"
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.eu-west-1.s3"
}
resource "aws_vpc_endpoint_route_table_association" "s3" {
  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  route_table_id  = aws_route_table.t.id
}
resource "aws_nat_gateway" "n" {
  connectivity_type = "private"
  subnet_id         = "subnet-1"
}
resource "aws_route_table" "t" {
  vpc_id = aws_vpc.main.id
  route = [
    {
      cidr_block                 = "10.1.0.0/16"
      ipv6_cidr_block            = ""
      destination_prefix_list_id = ""
      carrier_gateway_id         = ""
      core_network_arn           = ""
      egress_only_gateway_id     = ""
      gateway_id                 = ""
      local_gateway_id           = ""
      nat_gateway_id             = ""
      network_interface_id       = ""
      transit_gateway_id         = ""
      vpc_endpoint_id            = ""
      vpc_peering_connection_id  = aws_vpc_peering_connection.p.id
    },
  ]
}
resource "aws_route" "six" {
  route_table_id              = aws_route_table.t.id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.e.id
}
resource "aws_route" "carrier" {
  route_table_id         = aws_route_table.t.id
  destination_cidr_block = "198.51.100.0/24"
  carrier_gateway_id     = aws_carrier_gateway.c.id
}
resource "aws_route" "nat" {
  route_table_id         = aws_route_table.t.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_nat_gateway.n.id
}
resource "aws_route_table_association" "edge" {
  gateway_id     = aws_vpn_gateway.v.id
  route_table_id = aws_route_table.t.id
}
resource "aws_vpc_block_public_access_options" "b" { internet_gateway_block_mode = "block-bidirectional" }
resource "aws_vpc_block_public_access_exclusion" "b" {
  vpc_id                          = aws_vpc.main.id
  internet_gateway_exclusion_mode = "allow-egress"
}
"#,
        "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Six: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true}}
  Egress: {Type: AWS::EC2::EgressOnlyInternetGateway, Properties: {VpcId: !Ref Vpc}}
  Carrier: {Type: AWS::EC2::CarrierGateway, Properties: {VpcId: !Ref Vpc}}
  Vpn: {Type: AWS::EC2::VPNGateway, Properties: {Type: ipsec.1}}
  VpnHere: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, VpnGatewayId: !Ref Vpn}}
  Igw: {Type: AWS::EC2::InternetGateway}
  IgwHere: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Igw}}
  Peer:
    Type: AWS::EC2::VPCPeeringConnection
    Properties: {VpcId: !Ref Vpc, PeerVpcId: vpc-2, PeerOwnerId: '111122223333'}
  S3:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [!Ref Table]}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {ConnectivityType: private, SubnetId: subnet-1}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  ToPeer:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 10.1.0.0/16, VpcPeeringConnectionId: !Ref Peer}
  SixOut:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: !Ref Egress}
  CarrierOut:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 198.51.100.0/24, CarrierGatewayId: !Ref Carrier}
  NatOut:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}
  Edge:
    Type: AWS::EC2::GatewayRouteTableAssociation
    Properties: {GatewayId: !Ref Vpn, RouteTableId: !Ref Table}
  Block:
    Type: AWS::EC2::VPCBlockPublicAccessOptions
    Properties: {InternetGatewayBlockMode: block-bidirectional}
  Excluded:
    Type: AWS::EC2::VPCBlockPublicAccessExclusion
    Properties: {VpcId: !Ref Vpc, InternetGatewayExclusionMode: allow-egress}
",
    );
}

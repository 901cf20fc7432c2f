//! Networks and instances, as Amazon EC2 writes them.

use std::fmt::Write as _;

use super::super::{ACCOUNT, Call, Cut, REGION, xml};
use super::{EVERY_OPEN, SUBNETS_OF_A_VPC, Size, group_id, profile_arn, subnet_id};
use crate::loopback::Answer;

/// Without a number EC2 answers with everything. Source: "Pagination", Amazon EC2 API Reference.
const THOUSAND: Cut = Cut { size: "MaxResults", token: "NextToken", most: 1000, default: usize::MAX };
const HUNDRED: Cut = Cut { most: 100, ..THOUSAND };

pub(super) fn answer(size: Size, call: &Call) -> Option<Answer> {
    let list = |set: &str, cut: &Cut, items: usize, item: &dyn Fn(usize) -> String| {
        let page = call.page(cut, items);
        let mut text = format!("<{set}>");
        for index in page.items {
            let _ = write!(text, "<item>{}</item>", item(index));
        }
        let _ = write!(text, "</{set}>");
        if let Some(token) = page.next {
            let _ = write!(text, "<nextToken>{token}</nextToken>");
        }
        Some(xml(call, &text))
    };
    match call.api.as_str() {
        "ec2:DescribeVpcs" => list("vpcSet", &THOUSAND, size.vpcs(), &vpc),
        "ec2:DescribeSubnets" => list("subnetSet", &THOUSAND, size.subnets(), &subnet),
        "ec2:DescribeRouteTables" => list("routeTableSet", &HUNDRED, size.route_tables(), &|it| route_table(size, it)),
        "ec2:DescribeNetworkAcls" => list("networkAclSet", &THOUSAND, size.vpcs(), &network_acl),
        "ec2:DescribeInternetGateways" => list("internetGatewaySet", &THOUSAND, size.vpcs(), &internet_gateway),
        "ec2:DescribeNatGateways" => list("natGatewaySet", &THOUSAND, size.nat_gateways(), &|it| nat_gateway(size, it)),
        "ec2:DescribeSecurityGroups" => {
            let groups = size.groups() + size.vpcs();
            list("securityGroupInfo", &THOUSAND, groups, &|it| security_group(size, it))
        }
        "ec2:DescribeNetworkInterfaces" => {
            list("networkInterfaceSet", &THOUSAND, size.interfaces(), &|it| interface(size, it))
        }
        "ec2:DescribeInstances" => list("reservationSet", &THOUSAND, size.instances, &|it| reservation(size, it)),
        _ => None,
    }
}

fn vpc_id(vpc: usize) -> String {
    format!("vpc-{vpc:017x}")
}

fn tags(name: &str) -> String {
    format!(
        "<tagSet><item><key>Name</key><value>{name}</value></item><item><key>environment</key><value>production</value>\
         </item></tagSet>"
    )
}

fn vpc(vpc: usize) -> String {
    format!(
        "<vpcId>{}</vpcId><ownerId>{ACCOUNT}</ownerId><state>available</state><cidrBlock>10.{vpc}.0.0/16</cidrBlock>\
         <cidrBlockAssociationSet><item><cidrBlock>10.{vpc}.0.0/16</cidrBlock><associationId>vpc-cidr-assoc-{vpc:08x}\
         </associationId><cidrBlockState><state>associated</state></cidrBlockState></item></cidrBlockAssociationSet>\
         <dhcpOptionsId>dopt-1</dhcpOptionsId><instanceTenancy>default</instanceTenancy><isDefault>false</isDefault>{}",
        vpc_id(vpc),
        tags(&format!("network-{vpc}"))
    )
}

/// The even ones have a route to the Internet.
fn is_public(subnet: usize) -> bool {
    subnet.is_multiple_of(2)
}

fn subnet(subnet: usize) -> String {
    let (vpc, number) = (subnet / SUBNETS_OF_A_VPC, subnet % SUBNETS_OF_A_VPC);
    let id = subnet_id(subnet);
    format!(
        "<subnetId>{id}</subnetId><subnetArn>arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{id}</subnetArn><state>available</state>\
         <ownerId>{ACCOUNT}</ownerId><vpcId>{}</vpcId><cidrBlock>10.{vpc}.{}.0/19</cidrBlock>\
         <ipv6CidrBlockAssociationSet/><availableIpAddressCount>8000</availableIpAddressCount>\
         <availabilityZone>{REGION}{}</availabilityZone><defaultForAz>false</defaultForAz>\
         <mapPublicIpOnLaunch>false</mapPublicIpOnLaunch><assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation>\
         <ipv6Native>false</ipv6Native>{}",
        vpc_id(vpc),
        number * 32,
        ["a", "b", "c"][number / 2],
        tags(&format!("subnet-{subnet}"))
    )
}

fn nat_id(nat: usize) -> String {
    format!("nat-{nat:017x}")
}

/// First the main tables, then one for each subnet.
fn route_table(size: Size, table: usize) -> String {
    let own = table.checked_sub(size.vpcs());
    let vpc = own.map_or(table, |subnet| subnet / SUBNETS_OF_A_VPC);
    let id = format!("rtb-{table:017x}");
    let out = match own {
        Some(subnet) if is_public(subnet) => format!("<gatewayId>igw-{vpc:017x}</gatewayId>"),
        Some(subnet) => format!("<natGatewayId>{}</natGatewayId>", nat_id(subnet / 2)),
        None => String::new(),
    };
    let out = if out.is_empty() {
        out
    } else {
        format!(
            "<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>{out}<state>active</state>\
             <origin>CreateRoute</origin></item>"
        )
    };
    let association = own.map_or_else(
        || "<main>true</main>".to_owned(),
        |subnet| format!("<subnetId>{}</subnetId><main>false</main>", subnet_id(subnet)),
    );
    format!(
        "<routeTableId>{id}</routeTableId><vpcId>{}</vpcId><ownerId>{ACCOUNT}</ownerId><routeSet><item>\
         <destinationCidrBlock>10.{vpc}.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state>\
         <origin>CreateRouteTable</origin></item>{out}</routeSet><associationSet><item><routeTableAssociationId>\
         rtbassoc-{table:017x}</routeTableAssociationId><routeTableId>{id}</routeTableId>{association}<associationState>\
         <state>associated</state></associationState></item></associationSet><propagatingVgwSet/>{}",
        vpc_id(vpc),
        tags(&format!("routes-{table}"))
    )
}

fn network_acl(vpc: usize) -> String {
    let id = format!("acl-{vpc:017x}");
    let entry = |number: u32, action: &str, egress: bool| {
        format!(
            "<item><ruleNumber>{number}</ruleNumber><protocol>-1</protocol><ruleAction>{action}</ruleAction>\
             <egress>{egress}</egress><cidrBlock>0.0.0.0/0</cidrBlock></item>"
        )
    };
    let entries: String =
        [true, false].map(|egress| entry(100, "allow", egress) + &entry(32767, "deny", egress)).concat();
    let associations: String = (0..SUBNETS_OF_A_VPC)
        .map(|number| vpc * SUBNETS_OF_A_VPC + number)
        .map(|subnet| {
            format!(
                "<item><networkAclAssociationId>aclassoc-{subnet:017x}</networkAclAssociationId><networkAclId>{id}\
                 </networkAclId><subnetId>{}</subnetId></item>",
                subnet_id(subnet)
            )
        })
        .collect();
    format!(
        "<networkAclId>{id}</networkAclId><vpcId>{}</vpcId><default>true</default><ownerId>{ACCOUNT}</ownerId>\
         <entrySet>{entries}</entrySet><associationSet>{associations}</associationSet><tagSet/>",
        vpc_id(vpc)
    )
}

fn internet_gateway(vpc: usize) -> String {
    format!(
        "<internetGatewayId>igw-{vpc:017x}</internetGatewayId><ownerId>{ACCOUNT}</ownerId><attachmentSet><item><vpcId>{}\
         </vpcId><state>available</state></item></attachmentSet>{}",
        vpc_id(vpc),
        tags(&format!("gateway-{vpc}"))
    )
}

/// Each in a public subnet.
fn nat_gateway(size: Size, nat: usize) -> String {
    let subnet = nat * 2;
    format!(
        "<natGatewayId>{}</natGatewayId><subnetId>{}</subnetId><vpcId>{}</vpcId><state>available</state>\
         <connectivityType>public</connectivityType><natGatewayAddressSet><item><allocationId>eipalloc-{nat:017x}\
         </allocationId><publicIp>52.16.{}.{}</publicIp><networkInterfaceId>eni-{:017x}</networkInterfaceId>\
         <privateIp>10.{}.0.4</privateIp><isPrimary>true</isPrimary><status>succeeded</status></item>\
         </natGatewayAddressSet><createTime>2025-01-01T00:00:00.000Z</createTime>{}",
        nat_id(nat),
        subnet_id(subnet),
        vpc_id(subnet / SUBNETS_OF_A_VPC),
        nat / 250,
        nat % 250,
        size.instances + nat,
        subnet / SUBNETS_OF_A_VPC,
        tags(&format!("nat-{nat}"))
    )
}

/// First the own groups, of the VPCs in turn, then the default ones.
fn security_group(size: Size, group: usize) -> String {
    let (vpcs, default) = (size.vpcs(), group >= size.groups());
    let vpc = group % vpcs;
    let id = group_id(group);
    let source = match () {
        () if default => format!(
            "<ipProtocol>-1</ipProtocol><groups><item><userId>{ACCOUNT}</userId><groupId>{id}</groupId></item></groups>\
             <ipRanges/>"
        ),
        () if group.is_multiple_of(EVERY_OPEN) => {
            "<ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>\
             <groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>"
                .to_owned()
        }
        // From the group before it in its VPC.
        () => format!(
            "<ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups><item><userId>{ACCOUNT}\
             </userId><groupId>{}</groupId></item></groups><ipRanges/>",
            group_id(group.checked_sub(vpcs).unwrap_or(group))
        ),
    };
    let name = if default { "default".to_owned() } else { format!("tier-{group}") };
    format!(
        "<ownerId>{ACCOUNT}</ownerId><groupId>{id}</groupId><groupName>{name}</groupName><groupDescription>what {name} \
         takes in</groupDescription><vpcId>{}</vpcId><securityGroupArn>arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{id}\
         </securityGroupArn><ipPermissions><item>{source}<ipv6Ranges/><prefixListIds/></item></ipPermissions>\
         <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item>\
         </ipRanges><ipv6Ranges/><prefixListIds/></item></ipPermissionsEgress>{}",
        vpc_id(vpc),
        tags(&name)
    )
}

/// Where an instance is: its subnet, address and group.
fn place(size: Size, instance: usize) -> (usize, String, usize) {
    // Instances are behind NAT gateways.
    let private = size.subnets() / 2;
    let (subnet, number) = (2 * (instance % private) + 1, instance / private + 10);
    let vpc = subnet / SUBNETS_OF_A_VPC;
    let third = subnet % SUBNETS_OF_A_VPC * 32 + number / 250;
    let of_vpc = size.groups() / size.vpcs();
    (subnet, format!("10.{vpc}.{third}.{}", number % 250 + 4), vpc + size.vpcs() * (instance / private % of_vpc))
}

fn reservation(size: Size, instance: usize) -> String {
    let (subnet, address, group) = place(size, instance);
    let vpc = vpc_id(subnet / SUBNETS_OF_A_VPC);
    let (subnet_id, group_id) = (subnet_id(subnet), group_id(group));
    let zone = format!("{REGION}{}", ["a", "b", "c"][subnet % SUBNETS_OF_A_VPC / 2]);
    let groups =
        format!("<groupSet><item><groupId>{group_id}</groupId><groupName>tier-{group}</groupName></item></groupSet>");
    let since = "2025-06-01T08:30:00.000Z";
    format!(
        "<reservationId>r-{instance:017x}</reservationId><ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>\
         <instanceId>i-{instance:017x}</instanceId><imageId>ami-0123456789abcdef0</imageId><instanceState><code>16</code>\
         <name>running</name></instanceState><privateDnsName>ip-{}.{REGION}.compute.internal</privateDnsName><dnsName/>\
         <reason/><keyName>operations</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/>\
         <instanceType>m6i.large</instanceType><launchTime>{since}</launchTime><placement><availabilityZone>{zone}\
         </availabilityZone><groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state>\
         </monitoring><subnetId>{subnet_id}</subnetId><vpcId>{vpc}</vpcId><privateIpAddress>{address}</privateIpAddress>\
         <sourceDestCheck>true</sourceDestCheck>{groups}<architecture>x86_64</architecture><rootDeviceType>ebs\
         </rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/xvda\
         </deviceName><ebs><volumeId>vol-{instance:017x}</volumeId><status>attached</status><attachTime>{since}\
         </attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>\
         <virtualizationType>hvm</virtualizationType><clientToken>c-{instance}</clientToken>{}<hypervisor>xen</hypervisor>\
         <networkInterfaceSet><item><networkInterfaceId>eni-{instance:017x}</networkInterfaceId><subnetId>{subnet_id}\
         </subnetId><vpcId>{vpc}</vpcId><description/><ownerId>{ACCOUNT}</ownerId><status>in-use</status><macAddress>\
         02:00:00:00:00:01</macAddress><privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true\
         </sourceDestCheck>{groups}<attachment><attachmentId>eni-attach-{instance:017x}</attachmentId><deviceIndex>0\
         </deviceIndex><status>attached</status><attachTime>{since}</attachTime><deleteOnTermination>true\
         </deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment><privateIpAddressesSet><item>\
         <privateIpAddress>{address}</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>\
         <ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet><iamInstanceProfile>\
         <arn>{}</arn><id>AIPAEXAMPLE</id></iamInstanceProfile><ebsOptimized>false</ebsOptimized><enaSupport>true\
         </enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions><metadataOptions>\
         <state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>\
         <httpEndpoint>enabled</httpEndpoint><httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled\
         </instanceMetadataTags></metadataOptions></item></instancesSet>",
        address.replace('.', "-"),
        tags(&format!("server-{instance}")),
        profile_arn(instance % size.profiles())
    )
}

/// Of the instances, then of the NAT gateways, then those that functions share.
fn interface(size: Size, interface: usize) -> String {
    let further = interface.checked_sub(size.instances);
    let (subnet, address, group) = match further {
        None => place(size, interface),
        Some(number) => {
            let subnet = if number < size.nat_gateways() { 2 * number } else { 2 * (number - size.nat_gateways()) + 1 };
            let (vpc, third) = (subnet / SUBNETS_OF_A_VPC, subnet % SUBNETS_OF_A_VPC * 32);
            (subnet, format!("10.{vpc}.{third}.4"), vpc)
        }
    };
    let (description, kind, managed) = match further {
        None => (String::new(), "interface", false),
        Some(nat) if nat < size.nat_gateways() => {
            (format!("Interface for NAT Gateway {}", nat_id(nat)), "nat_gateway", true)
        }
        Some(number) => (format!("AWS Lambda VPC ENI-{number}"), "lambda", true),
    };
    let attachment = match further {
        None => format!("<instanceId>i-{interface:017x}</instanceId><instanceOwnerId>{ACCOUNT}</instanceOwnerId>"),
        Some(_) => "<instanceOwnerId>amazon-aws</instanceOwnerId>".to_owned(),
    };
    let groups = if kind == "nat_gateway" {
        String::new()
    } else {
        format!("<item><groupId>{}</groupId><groupName>tier-{group}</groupName></item>", group_id(group))
    };
    format!(
        "<networkInterfaceId>eni-{:017x}</networkInterfaceId><subnetId>{}</subnetId><vpcId>{}</vpcId><availabilityZone>\
         {REGION}{}</availabilityZone><description>{description}</description><ownerId>{ACCOUNT}</ownerId>\
         <requesterManaged>{managed}</requesterManaged><status>in-use</status><macAddress>02:00:00:00:00:01</macAddress>\
         <privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck><groupSet>{groups}</groupSet>\
         <attachment><attachmentId>eni-attach-{interface:017x}</attachmentId>{attachment}<deviceIndex>0</deviceIndex>\
         <status>attached</status><deleteOnTermination>true</deleteOnTermination></attachment><tagSet/>\
         <privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress><primary>true</primary></item>\
         </privateIpAddressesSet><ipv6AddressesSet/><interfaceType>{kind}</interfaceType>",
        interface,
        subnet_id(subnet),
        vpc_id(subnet / SUBNETS_OF_A_VPC),
        ["a", "b", "c"][subnet % SUBNETS_OF_A_VPC / 2]
    )
}

//! Services that have nothing: an empty list in the shape of each.

use super::{ACCOUNT, Call, REGION, xml};
use crate::loopback::Answer;

/// (API, the element or member of its list)
const LISTS: &[(&str, &str)] = &[
    ("acm:ListCertificates", "CertificateSummaryList"),
    ("apigateway:GetDomainNames", "item"),
    ("apigateway:GetRestApis", "item"),
    ("apigateway:GetVpcLinks", "item"),
    ("apigatewayv2:GetApis", "items"),
    ("apigatewayv2:GetDomainNames", "items"),
    ("apigatewayv2:GetVpcLinks", "items"),
    ("appsync:ListGraphqlApis", "graphqlApis"),
    ("autoscaling:DescribeAutoScalingGroups", "AutoScalingGroups"),
    ("autoscaling:DescribeLaunchConfigurations", "LaunchConfigurations"),
    ("cognito-identity:ListIdentityPools", "IdentityPools"),
    ("cognito-idp:ListUserPools", "UserPools"),
    ("dynamodb:ListTables", "TableNames"),
    ("ec2:DescribeAddresses", "addressesSet"),
    ("ec2:DescribeCarrierGateways", "carrierGatewaySet"),
    ("ec2:DescribeEgressOnlyInternetGateways", "egressOnlyInternetGatewaySet"),
    ("ec2:DescribeFlowLogs", "flowLogSet"),
    ("ec2:DescribeInstances", "reservationSet"),
    ("ec2:DescribeInternetGateways", "internetGatewaySet"),
    ("ec2:DescribeLaunchTemplateVersions", "launchTemplateVersionSet"),
    ("ec2:DescribeManagedPrefixLists", "prefixListSet"),
    ("ec2:DescribeNatGateways", "natGatewaySet"),
    ("ec2:DescribeNetworkAcls", "networkAclSet"),
    ("ec2:DescribeNetworkInterfaces", "networkInterfaceSet"),
    ("ec2:DescribeRouteTables", "routeTableSet"),
    ("ec2:DescribeSecurityGroups", "securityGroupInfo"),
    ("ec2:DescribeSubnets", "subnetSet"),
    ("ec2:DescribeTransitGateways", "transitGatewaySet"),
    ("ec2:DescribeTransitGatewayVpcAttachments", "transitGatewayVpcAttachments"),
    ("ec2:DescribeVpcBlockPublicAccessExclusions", "vpcBlockPublicAccessExclusionSet"),
    ("ec2:DescribeVpcEndpoints", "vpcEndpointSet"),
    ("ec2:DescribeVpcPeeringConnections", "vpcPeeringConnectionSet"),
    ("ec2:DescribeVpcs", "vpcSet"),
    ("ec2:DescribeVpnGateways", "vpnGatewaySet"),
    ("ecs:DescribeCapacityProviders", "capacityProviders"),
    ("ecs:ListClusters", "clusterArns"),
    ("lambda:ListAliases", "Aliases"),
    ("lambda:ListEventSourceMappings", "EventSourceMappings"),
    ("lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs"),
    ("lambda:ListFunctions", "Functions"),
    ("lambda:ListLayers", "Layers"),
    ("servicediscovery:ListNamespaces", "Namespaces"),
    ("servicediscovery:ListServices", "Services"),
    ("states:ListStateMachines", "stateMachines"),
    ("wafv2:ListWebACLs", "WebACLs"),
];

pub(super) fn answer(call: &Call) -> Option<Answer> {
    let list = LISTS.iter().find(|(api, _)| *api == call.api).map(|(_, list)| *list);
    Some(match (call.api.as_str(), list) {
        ("sts:GetCallerIdentity", _) => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:user/u");
            xml(call, &format!("<Arn>{arn}</Arn><UserId>u</UserId><Account>{ACCOUNT}</Account>"))
        }
        ("ec2:DescribeRegions", _) => {
            let region = format!("<regionName>{REGION}</regionName><optInStatus>opt-in-not-required</optInStatus>");
            xml(call, &format!("<regionInfo><item>{region}</item></regionInfo>"))
        }
        ("ec2:DescribeVpcBlockPublicAccessOptions", _) => xml(
            call,
            "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>off</internetGatewayBlockMode>\
             </vpcBlockPublicAccessOptions>",
        ),
        ("elasticloadbalancing:DescribeLoadBalancers", _) if call.parameter("Version") == Some("2012-06-01") => {
            xml(call, "<LoadBalancerDescriptions/>")
        }
        ("elasticloadbalancing:DescribeLoadBalancers", _) => xml(call, "<LoadBalancers/>"),
        ("elasticloadbalancing:DescribeTargetGroups", _) => xml(call, "<TargetGroups/>"),
        ("iam:GetAccountAuthorizationDetails", _) => xml(call, "<IsTruncated>false</IsTruncated>"),
        ("route53:ListHostedZones", _) => Answer::ok(
            "<ListHostedZonesResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HostedZones/>\
             <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>",
        ),
        ("cloudfront:ListDistributions", _) => Answer::ok(
            "<DistributionList xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Marker></Marker>\
             <MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>0</Quantity></DistributionList>",
        ),
        ("lambda:GetFunctionConcurrency", _) => Answer::ok("{}"),
        ("lambda:GetPolicy", _) => {
            let why = "{\"Message\": \"The resource you requested does not exist.\", \"Type\": \"User\"}";
            Answer::error(404, "ResourceNotFoundException", why)
        }
        (api, Some(list)) if api.starts_with("ec2:") || api.starts_with("autoscaling:") => {
            xml(call, &format!("<{list}/>"))
        }
        (_, Some(list)) => Answer::ok(format!("{{\"{list}\": []}}")),
        (_, None) => return None,
    })
}

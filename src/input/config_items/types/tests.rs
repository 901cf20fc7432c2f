use serde_json::{Value, json};

use super::*;

fn made(kind: &str, id: &str, arn: &str, configuration: &Value) -> Vec<Item> {
    let item = json!({
        "awsAccountId": "111122223333", "awsRegion": "eu-west-1", "resourceType": kind, "resourceId": id, "ARN": arn,
        "configurationItemStatus": "OK", "configuration": configuration, "supplementaryConfiguration": {},
    });
    resources(&Recorded::of(&item).unwrap())
}

fn only(kind: &str, id: &str, configuration: &Value) -> Item {
    made(kind, id, &format!("arn:aws:x:eu-west-1:111122223333:{id}"), configuration).remove(0)
}

fn properties(item: Item) -> Value {
    Value::Object(item.properties)
}

#[test]
fn an_address_and_an_endpoint_say_where_they_are() {
    let address = json!({ "allocationId": "eipalloc-1", "associationId": "eipassoc-1", "domain": "vpc",
        "instanceId": "i-1", "networkInterfaceId": "eni-1", "publicIp": "198.51.100.1", "carrierIp": null });
    let address = only("AWS::EC2::EIP", "eipalloc-1", &address);
    assert_eq!(address.ids["AllocationId"], "eipalloc-1");
    assert_eq!(
        properties(address),
        json!({ "Domain": "vpc", "PublicIp": "198.51.100.1", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1" })
    );
    let endpoint = json!({ "vpcEndpointId": "vpce-1", "vpcEndpointType": "Interface", "vpcId": "vpc-1",
        "serviceName": "com.amazonaws.eu-west-1.execute-api", "state": { "value": "available" }, "routeTableIds": [],
        "subnetIds": ["subnet-1"], "groups": [{ "groupId": "sg-1", "groupName": "g" }], "privateDnsEnabled": true });
    let told = only("AWS::EC2::VPCEndpoint", "vpce-1", &endpoint);
    assert_eq!(told.ids["Ref"], "vpce-1");
    assert_eq!(
        properties(told),
        json!({ "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.eu-west-1.execute-api", "VpcId": "vpc-1",
            "PrivateDnsEnabled": true, "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"],
            "PolicyDocument": { "Unread": "ec2:DescribeVpcEndpoints" } })
    );
    let mut gone = endpoint;
    gone["state"]["value"] = json!("Deleted");
    assert!(made("AWS::EC2::VPCEndpoint", "vpce-1", "", &gone).is_empty());
}

#[test]
fn a_vpn_gateway_is_told_with_its_attachments() {
    let gateway = json!({ "vpnGatewayId": "vgw-1", "state": { "value": "available" }, "vpcAttachments": [
        { "state": { "value": "attached" }, "vpcId": "vpc-1" }, { "state": { "value": "detached" }, "vpcId": "vpc-2" },
    ] });
    let items = made("AWS::EC2::VPNGateway", "vgw-1", "arn:aws:ec2:eu-west-1:111122223333:vpn-gateway/vgw-1", &gateway);
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].ids["Ref"], "vgw-1");
    let attachment = Value::Object(items[1].properties.clone());
    assert_eq!(attachment, json!({ "VpnGatewayId": "vgw-1", "VpcId": "vpc-1" }));
}

#[test]
fn a_group_says_what_it_launches_and_where_without_user_data() {
    let group = json!({ "autoScalingGroupName": "web", "vpczoneIdentifier": "subnet-1,subnet-2", "minSize": 1,
        "maxSize": 2, "desiredCapacity": 1, "targetGroupARNs": ["arn:tg"], "loadBalancerNames": [],
        "availabilityZones": [{ "value": "eu-west-1a" }], "healthCheckType": "EC2", "mixedInstancesPolicy": {
            "launchTemplate": { "launchTemplateSpecification": {
                "launchTemplateId": "lt-1", "launchTemplateName": "n", "version": "$Latest" }, "overrides": [] } } });
    assert_eq!(
        properties(only("AWS::AutoScaling::AutoScalingGroup", "web", &group)),
        json!({ "AutoScalingGroupName": "web", "HealthCheckType": "EC2", "VPCZoneIdentifier": ["subnet-1", "subnet-2"],
            "AvailabilityZones": ["eu-west-1a"], "TargetGroupARNs": ["arn:tg"], "MinSize": "1", "MaxSize": "2",
            "DesiredCapacity": "1", "TrafficSources": { "Unread": "autoscaling:DescribeTrafficSources" },
            "MixedInstancesPolicy": { "LaunchTemplate": { "LaunchTemplateSpecification": {
                "LaunchTemplateId": "lt-1", "Version": "$Latest" } } } })
    );
    let configuration = json!({ "launchConfigurationName": "web", "imageId": "ami-1", "userData": "c2VjcmV0",
        "securityGroups": ["sg-1"], "associatePublicIpAddress": true, "metadataOptions": { "httpTokens": "required" } });
    assert_eq!(
        properties(only("AWS::AutoScaling::LaunchConfiguration", "web", &configuration)),
        json!({ "LaunchConfigurationName": "web", "ImageId": "ami-1", "AssociatePublicIpAddress": true,
            "SecurityGroups": ["sg-1"], "MetadataOptions": { "HttpTokens": "required" } })
    );
}

#[test]
fn a_classic_load_balancer_has_its_listeners_inside() {
    let balancer = json!({ "loadBalancerName": "old", "dnsname": "Old-1.eu-west-1.elb.amazonaws.com",
        "scheme": "internet-facing", "vpcid": "vpc-1", "subnets": ["subnet-1"], "securityGroups": ["sg-1"],
        "instances": [{ "instanceId": "i-1" }], "listenerDescriptions": [{ "policyNames": [], "listener": {
            "protocol": "HTTPS", "loadBalancerPort": 443, "instanceProtocol": "HTTP", "instancePort": 8080,
            "sslcertificateId": "arn:cert" } }] });
    let item = only("AWS::ElasticLoadBalancing::LoadBalancer", "old", &balancer);
    assert_eq!(item.ids["DNSName"], "old-1.eu-west-1.elb.amazonaws.com");
    assert_eq!(
        properties(item),
        json!({ "LoadBalancerName": "old", "Scheme": "internet-facing", "VPCId": "vpc-1", "Subnets": ["subnet-1"],
            "SecurityGroups": ["sg-1"], "Instances": ["i-1"], "Listeners": [{ "LoadBalancerPort": 443,
                "Protocol": "HTTPS", "InstancePort": 8080, "InstanceProtocol": "HTTP", "SSLCertificateId": "arn:cert" }] })
    );
}

#[test]
fn a_distribution_has_the_shape_of_a_template_and_no_header_values() {
    let configuration = json!({ "id": "E1", "domainName": "D1.cloudfront.net", "distributionConfig": {
        "enabled": true, "isIPV6Enabled": true, "webACLId": "", "aliases": { "quantity": 1, "items": ["a.example.org"] },
        "origins": { "quantity": 2, "items": [
            { "id": "app", "domainName": "App.example.org", "customHeaders": { "quantity": 1, "items": [
                { "headerName": "X-Key", "headerValue": "hunter2" }] }, "customOriginConfig": { "httpPort": 80,
                    "httpsPort": 443, "originProtocolPolicy": "https-only",
                    "originSslProtocols": { "quantity": 1, "items": ["TLSv1.2"] } } },
            { "id": "inner", "domainName": "inner.example.org", "customHeaders": { "quantity": 0 } },
        ] },
        "defaultCacheBehavior": { "targetOriginId": "app", "viewerProtocolPolicy": "redirect-to-https",
            "allowedMethods": { "quantity": 2, "items": ["GET", "HEAD"], "cachedMethods": { "quantity": 0 } },
            "trustedKeyGroups": { "enabled": false, "quantity": 0 }, "functionAssociations": { "quantity": 0 },
            "lambdaFunctionAssociations": { "quantity": 1, "items": [
                { "eventType": "viewer-request", "lambdaFunctionARN": "arn:f:1", "includeBody": false }] } },
        "cacheBehaviors": { "quantity": 0 }, "logging": { "enabled": false, "bucket": "" },
        "viewerCertificate": { "acmCertificateArn": "arn:cert", "minimumProtocolVersion": "TLSv1.2_2021",
            "certificate": "arn:cert", "certificateSource": "acm" },
    } });
    let item = only("AWS::CloudFront::Distribution", "E1", &configuration);
    assert_eq!((item.ids["Ref"].as_str(), item.ids["DomainName"].as_str()), ("E1", "d1.cloudfront.net"));
    assert_eq!(
        properties(item),
        json!({ "DistributionConfig": {
            "Enabled": true, "IPV6Enabled": true, "Aliases": ["a.example.org"],
            "Origins": [
                { "Id": "app", "DomainName": "app.example.org", "OriginCustomHeaders": [{ "HeaderName": "X-Key" }],
                    "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
                        "OriginSSLProtocols": ["TLSv1.2"] } },
                { "Id": "inner", "DomainName": "inner.example.org",
                    "VpcOriginConfig": { "Unread": "cloudfront:GetDistributionConfig" } },
            ],
            "DefaultCacheBehavior": { "TargetOriginId": "app", "ViewerProtocolPolicy": "redirect-to-https",
                "AllowedMethods": ["GET", "HEAD"], "LambdaFunctionAssociations": [
                    { "EventType": "viewer-request", "LambdaFunctionARN": "arn:f:1", "IncludeBody": false }] },
            "ViewerCertificate": { "AcmCertificateArn": "arn:cert", "MinimumProtocolVersion": "TLSv1.2_2021" },
        } })
    );
}

#[test]
fn a_certificate_and_a_target_group_are_what_they_are_in_a_template() {
    let certificate = json!({ "certificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
        "domainName": "a.example.org", "subjectAlternativeNames": ["a.example.org"], "status": "ISSUED" });
    let item = only("AWS::ACM::Certificate", "c", &certificate);
    assert_eq!(item.kind, "AWS::CertificateManager::Certificate");
    assert_eq!(item.ids["Ref"], "arn:aws:acm:eu-west-1:111122223333:certificate/1");
    assert_eq!(item.properties["SubjectAlternativeNames"], json!(["a.example.org"]));
    let group = json!({ "TargetGroupArn": "arn:tg", "TargetType": "ip", "Targets": [{ "Id": "10.0.0.1" }] });
    let item = only("AWS::ElasticLoadBalancingV2::TargetGroup", "arn:tg", &group);
    assert_eq!(item.ids["Ref"], "arn:tg");
    // Services register targets that CloudFormation does not know.
    assert_eq!(item.properties["Targets"], json!({ "Unread": "elasticloadbalancing:DescribeTargetHealth" }));
}

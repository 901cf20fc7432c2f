//! The example architectures with what their parameters expect of the account.

use crate::support::root;

/// What a parameter hands in: its text, and what stands in its place.
type Given = (&'static str, &'static str);

/// (example, what parameters hand in, resources that parameters name).
const NEEDS: &[(&str, &[Given], &str)] = &[
    (
        "alb-login-lambda",
        &[IMAGE, ("!Select [0, !GetAZs \"\"]", "eu-central-1a"), ("!Select [1, !GetAZs \"\"]", "eu-central-1b")],
        "
  CertificateArn:
    Type: AWS::CertificateManager::Certificate
    Properties: {DomainName: portal.acme-workloads.com, ValidationMethod: DNS}
  HostedZoneId:
    Type: AWS::Route53::HostedZone
    Properties: {Name: acme-workloads.com}
",
    ),
    (
        "client-vpn-self-service",
        &[
            ("!Ref PublicSubnets", "[!Ref PublicA, !Ref PublicB]"),
            ("!Ref SamlMetadataUrl", "https://portal.sso.ap-northeast-1.amazonaws.com/saml/metadata/Example"),
            ("!Ref ClientVpnEndpointId", "cvpn-endpoint-0123456789abcdef0"),
            ("${ClientVpnEndpointId}", "cvpn-endpoint-0123456789abcdef0"),
            ("!Ref ClientVpnSubnetId", "subnet-0123456789abcdef0"),
            ("${ClientVpnSubnetId}", "subnet-0123456789abcdef0"),
        ],
        "
  VpcId: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.50.0.0/16}}
  PublicA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref VpcId, CidrBlock: 10.50.0.0/24}}
  PublicB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref VpcId, CidrBlock: 10.50.1.0/24}}
  CertificateArn:
    Type: AWS::CertificateManager::Certificate
    Properties: {DomainName: api.awsexample.com, ValidationMethod: DNS}
  HostedZoneId:
    Type: AWS::Route53::HostedZone
    Properties: {Name: awsexample.com}
",
    ),
    ("private-resource-server", &[IMAGE], ""),
    ("serverless-board", &[], ""),
];

const IMAGE: Given = ("!Ref ImageId", "ami-0123456789abcdef0");

/// Each example, as it is written and as it is repaired.
pub(crate) fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, replacements, resources) in NEEDS {
        let folder = root("examples").join(name);
        for file in ["template.yaml", "repaired.yaml"].into_iter().filter(|file| folder.join(file).exists()) {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let (_, declared) = text.split_once("\nResources:\n").unwrap();
            let mut declared = declared.to_owned();
            for (parameter, value) in *replacements {
                declared = declared.replace(parameter, value);
            }
            let resources = resources.trim_start_matches('\n');
            found.push((format!("{name}/{file}"), format!("Resources:\n{resources}{declared}")));
        }
    }
    found
}

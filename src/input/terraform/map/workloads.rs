//! What else runs code with a role, and stacks of CloudFormation.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Blocks, Link, Pairs, Plain, Tags, With};
use super::{Mapper, Row, Service, property};
use crate::input::terraform::decode::structure;
use crate::input::terraform::value as tf;
use crate::value::Value;

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row {
        from: "aws_codebuild_project",
        to: "AWS::CodeBuild::Project",
        properties: &[
            property("Name", "name", Plain),
            property("Artifacts.Location", "artifacts.location", Link),
            property("Artifacts.Type", "artifacts.type", Plain),
            property("Description", "description", Plain),
            property("EncryptionKey", "encryption_key", Link),
            property("Environment.ComputeType", "environment.compute_type", Plain),
            property(
                "Environment.EnvironmentVariables",
                "environment.environment_variable",
                Blocks(&[
                    property("Name", "name", Plain),
                    property("Type", "type", Plain),
                    property("Value", "value", Link),
                ]),
            ),
            property("Environment.Image", "environment.image", Plain),
            property("Environment.PrivilegedMode", "environment.privileged_mode", Plain),
            property("Environment.Type", "environment.type", Plain),
            property("ServiceRole", "service_role", Link),
            property("Source.Location", "source.location", Plain),
            property("Source.Type", "source.type", Plain),
            property("VpcConfig.SecurityGroupIds", "vpc_config.security_group_ids", Link),
            property("VpcConfig.Subnets", "vpc_config.subnets", Link),
            property("VpcConfig.VpcId", "vpc_config.vpc_id", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("name", Ref), ("id", GetAtt("Arn")), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_batch_job_definition",
        to: "AWS::Batch::JobDefinition",
        properties: &[
            property("JobDefinitionName", "name", Plain),
            property("ContainerProperties", "container_properties", With(container)),
            property("EcsProperties", "ecs_properties", With(container)),
            property("NodeProperties", "node_properties", With(container)),
            property("Parameters", "parameters", Plain),
            property("PlatformCapabilities", "platform_capabilities", Plain),
            property("Type", "type", Plain),
        ],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apprunner_service",
        to: "AWS::AppRunner::Service",
        properties: &[
            property("ServiceName", "service_name", Plain),
            property("EncryptionConfiguration.KmsKey", "encryption_configuration.kms_key", Link),
            property("InstanceConfiguration.Cpu", "instance_configuration.cpu", Plain),
            property("InstanceConfiguration.InstanceRoleArn", "instance_configuration.instance_role_arn", Link),
            property("InstanceConfiguration.Memory", "instance_configuration.memory", Plain),
            property(
                "NetworkConfiguration.EgressConfiguration.EgressType",
                "network_configuration.egress_configuration.egress_type",
                Plain,
            ),
            property(
                "NetworkConfiguration.EgressConfiguration.VpcConnectorArn",
                "network_configuration.egress_configuration.vpc_connector_arn",
                Link,
            ),
            property(
                "NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible",
                "network_configuration.ingress_configuration.is_publicly_accessible",
                Plain,
            ),
            property(
                "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
                "source_configuration.authentication_configuration.access_role_arn",
                Link,
            ),
            property(
                "SourceConfiguration.ImageRepository.ImageIdentifier",
                "source_configuration.image_repository.image_identifier",
                Plain,
            ),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("ServiceArn")), ("service_url", GetAtt("ServiceUrl"))],
        finish: None,
    },
    Row {
        from: "aws_apprunner_vpc_connector",
        to: "AWS::AppRunner::VpcConnector",
        properties: &[
            property("VpcConnectorName", "vpc_connector_name", Plain),
            property("SecurityGroups", "security_groups", Link),
            property("Subnets", "subnets", Link),
        ],
        attributes: &[("id", GetAtt("VpcConnectorArn")), ("arn", GetAtt("VpcConnectorArn"))],
        finish: None,
    },
    Row {
        from: "aws_amplify_app",
        to: "AWS::Amplify::App",
        properties: &[
            property("Name", "name", Plain),
            property("IAMServiceRole", "iam_service_role_arn", Link),
            property("EnvironmentVariables", "environment_variables", Pairs("Name", "Value")),
            property("Repository", "repository", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", GetAtt("AppId")), ("arn", Ref), ("default_domain", GetAtt("DefaultDomain"))],
        finish: None,
    },
    Row {
        from: "aws_amplify_domain_association",
        to: "AWS::Amplify::Domain",
        properties: &[
            property("AppId", "app_id", Link),
            property("DomainName", "domain_name", Plain),
            property(
                "SubDomainSettings",
                "sub_domain",
                Blocks(&[property("BranchName", "branch_name", Link), property("Prefix", "prefix", Plain)]),
            ),
        ],
        attributes: &[("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_eks_pod_identity_association",
        to: "AWS::EKS::PodIdentityAssociation",
        properties: &[
            property("ClusterName", "cluster_name", Link),
            property("Namespace", "namespace", Plain),
            property("RoleArn", "role_arn", Link),
            property("ServiceAccount", "service_account", Plain),
        ],
        attributes: &[("association_arn", GetAtt("AssociationArn"))],
        finish: None,
    },
    Row {
        from: "aws_service_discovery_service",
        to: "AWS::ServiceDiscovery::Service",
        properties: &[
            property("Name", "name", Plain),
            property("NamespaceId", "namespace_id", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_cloudformation_stack",
        to: "AWS::CloudFormation::Stack",
        properties: &[
            property("Parameters", "parameters", Link),
            property("RoleARN", "iam_role_arn", Link),
            property("TemplateURL", "template_url", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
];

/// JSON in the writing of the Batch API; options and variables keep their own.
fn container(text: &tf::Value, mapper: &Mapper<'_>) -> Value {
    structure(text)
        .map_or_else(|| mapper.plain(text), |document| mapper.renamed_but(&document, &["options", "parameters"]))
}

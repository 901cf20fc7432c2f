//! Data stores and clusters that stand in a VPC: as far as it matters where they stand, who reaches them and how they
//! encrypt.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Block, Json, Link, Plain, Tags};
use super::{Property, Row, Service, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row::new(
        "aws_db_instance",
        "AWS::RDS::DBInstance",
        &[
            property("DBInstanceIdentifier", "identifier", Plain),
            // As versions of the provider before 5 have it, too.
            property("DBName", "name", Plain),
            property("DBName", "db_name", Plain),
            property("DBSubnetGroupName", "db_subnet_group_name", Link),
            property("DeletionProtection", "deletion_protection", Plain),
            property("EnableIAMDatabaseAuthentication", "iam_database_authentication_enabled", Plain),
            property("Engine", "engine", Plain),
            property("EngineVersion", "engine_version", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("ManageMasterUserPassword", "manage_master_user_password", Plain),
            property("MasterUserPassword", "password", Plain),
            property("MasterUsername", "username", Plain),
            property("MultiAZ", "multi_az", Plain),
            property("Port", "port", Plain),
            property("PubliclyAccessible", "publicly_accessible", Plain),
            property("StorageEncrypted", "storage_encrypted", Plain),
            property("VPCSecurityGroups", "vpc_security_group_ids", Link),
            property("Tags", "tags", Tags),
        ],
        &[
            ("id", Ref),
            ("arn", GetAtt("DBInstanceArn")),
            ("address", GetAtt("Endpoint.Address")),
            ("port", GetAtt("Endpoint.Port")),
            ("resource_id", GetAtt("DbiResourceId")),
        ],
    ),
    Row::new(
        "aws_db_subnet_group",
        "AWS::RDS::DBSubnetGroup",
        &[
            property("DBSubnetGroupName", "name", Plain),
            property("DBSubnetGroupDescription", "description", Plain),
            property("SubnetIds", "subnet_ids", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("name", Ref)],
    ),
    Row::new("aws_rds_cluster", "AWS::RDS::DBCluster", CLUSTER, CLUSTER_ATTRIBUTES),
    Row::new(
        "aws_rds_cluster_instance",
        "AWS::RDS::DBInstance",
        &[
            property("DBClusterIdentifier", "cluster_identifier", Link),
            property("DBInstanceIdentifier", "identifier", Plain),
            property("DBSubnetGroupName", "db_subnet_group_name", Link),
            property("Engine", "engine", Plain),
            property("PubliclyAccessible", "publicly_accessible", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", GetAtt("DBInstanceArn"))],
    ),
    Row::new("aws_docdb_cluster", "AWS::DocDB::DBCluster", CLUSTER, CLUSTER_ATTRIBUTES),
    Row::new("aws_neptune_cluster", "AWS::Neptune::DBCluster", CLUSTER, CLUSTER_ATTRIBUTES),
    Row::new(
        "aws_redshift_cluster",
        "AWS::Redshift::Cluster",
        &[
            property("ClusterIdentifier", "cluster_identifier", Plain),
            property("ClusterSubnetGroupName", "cluster_subnet_group_name", Link),
            property("Encrypted", "encrypted", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("MasterUserPassword", "master_password", Plain),
            property("MasterUsername", "master_username", Plain),
            property("Port", "port", Plain),
            property("PubliclyAccessible", "publicly_accessible", Plain),
            property("VpcSecurityGroupIds", "vpc_security_group_ids", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_elasticache_cluster",
        "AWS::ElastiCache::CacheCluster",
        &[
            property("ClusterName", "cluster_id", Plain),
            property("CacheSubnetGroupName", "subnet_group_name", Link),
            property("Engine", "engine", Plain),
            property("Port", "port", Plain),
            property("TransitEncryptionEnabled", "transit_encryption_enabled", Plain),
            property("VpcSecurityGroupIds", "security_group_ids", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_elasticache_replication_group",
        "AWS::ElastiCache::ReplicationGroup",
        &[
            property("ReplicationGroupId", "replication_group_id", Plain),
            property("ReplicationGroupDescription", "description", Plain),
            property("AtRestEncryptionEnabled", "at_rest_encryption_enabled", Plain),
            property("AuthToken", "auth_token", Plain),
            property("CacheSubnetGroupName", "subnet_group_name", Link),
            property("Engine", "engine", Plain),
            property("Port", "port", Plain),
            property("SecurityGroupIds", "security_group_ids", Link),
            property("TransitEncryptionEnabled", "transit_encryption_enabled", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new("aws_opensearch_domain", "AWS::OpenSearchService::Domain", SEARCH, SEARCH_ATTRIBUTES),
    Row::new("aws_elasticsearch_domain", "AWS::Elasticsearch::Domain", SEARCH, SEARCH_ATTRIBUTES),
    Row::new(
        "aws_efs_file_system",
        "AWS::EFS::FileSystem",
        &[
            property("Encrypted", "encrypted", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("FileSystemTags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", GetAtt("Arn"))],
    ),
    Row::new(
        "aws_efs_mount_target",
        "AWS::EFS::MountTarget",
        &[
            property("FileSystemId", "file_system_id", Link),
            property("SecurityGroups", "security_groups", Link),
            property("SubnetId", "subnet_id", Link),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_eks_cluster",
        "AWS::EKS::Cluster",
        &[
            property("Name", "name", Plain),
            property("ResourcesVpcConfig", "vpc_config", Block(EKS_NETWORK)),
            property("RoleArn", "role_arn", Link),
            property("Version", "version", Plain),
            property("Tags", "tags", Tags),
        ],
        &[
            ("id", Ref),
            ("name", Ref),
            ("arn", GetAtt("Arn")),
            ("endpoint", GetAtt("Endpoint")),
            ("vpc_config.0.cluster_security_group_id", GetAtt("ClusterSecurityGroupId")),
        ],
    ),
    Row::new(
        "aws_eks_node_group",
        "AWS::EKS::Nodegroup",
        &[
            property("ClusterName", "cluster_name", Link),
            property("NodegroupName", "node_group_name", Plain),
            property("NodeRole", "node_role_arn", Link),
            property("RemoteAccess.Ec2SshKey", "remote_access.ec2_ssh_key", Plain),
            property("RemoteAccess.SourceSecurityGroups", "remote_access.source_security_group_ids", Link),
            property("Subnets", "subnet_ids", Link),
        ],
        &[("id", Ref), ("arn", GetAtt("Arn"))],
    ),
];

const SEARCH: &[Property] = &[
    property("AccessPolicies", "access_policies", Json),
    property("DomainEndpointOptions.EnforceHTTPS", "domain_endpoint_options.enforce_https", Plain),
    property("DomainEndpointOptions.TLSSecurityPolicy", "domain_endpoint_options.tls_security_policy", Plain),
    property("DomainName", "domain_name", Plain),
    property("EncryptionAtRestOptions.Enabled", "encrypt_at_rest.enabled", Plain),
    property("NodeToNodeEncryptionOptions.Enabled", "node_to_node_encryption.enabled", Plain),
    property("VPCOptions.SecurityGroupIds", "vpc_options.security_group_ids", Link),
    property("VPCOptions.SubnetIds", "vpc_options.subnet_ids", Link),
    property("Tags", "tags", Tags),
];

const SEARCH_ATTRIBUTES: super::Attributes =
    &[("id", Ref), ("arn", GetAtt("Arn")), ("domain_id", GetAtt("Id")), ("endpoint", GetAtt("DomainEndpoint"))];

const CLUSTER_ATTRIBUTES: super::Attributes = &[
    ("id", Ref),
    ("cluster_identifier", Ref),
    ("arn", GetAtt("DBClusterArn")),
    ("cluster_resource_id", GetAtt("DBClusterResourceId")),
    ("endpoint", GetAtt("Endpoint.Address")),
    ("reader_endpoint", GetAtt("ReadEndpoint.Address")),
];

const CLUSTER: &[Property] = &[
    property("DBClusterIdentifier", "cluster_identifier", Plain),
    property("DBSubnetGroupName", "db_subnet_group_name", Link),
    property("DBSubnetGroupName", "neptune_subnet_group_name", Link),
    property("DatabaseName", "database_name", Plain),
    property("DeletionProtection", "deletion_protection", Plain),
    property("EnableIAMDatabaseAuthentication", "iam_database_authentication_enabled", Plain),
    property("Engine", "engine", Plain),
    property("KmsKeyId", "kms_key_id", Link),
    property("ManageMasterUserPassword", "manage_master_user_password", Plain),
    property("MasterUserPassword", "master_password", Plain),
    property("MasterUsername", "master_username", Plain),
    property("Port", "port", Plain),
    property("StorageEncrypted", "storage_encrypted", Plain),
    property("VpcSecurityGroupIds", "vpc_security_group_ids", Link),
    property("Tags", "tags", Tags),
];

const EKS_NETWORK: &[Property] = &[
    property("EndpointPrivateAccess", "endpoint_private_access", Plain),
    property("EndpointPublicAccess", "endpoint_public_access", Plain),
    property("PublicAccessCidrs", "public_access_cidrs", Plain),
    property("SecurityGroupIds", "security_group_ids", Link),
    property("SubnetIds", "subnet_ids", Link),
];

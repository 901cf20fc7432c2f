//! Queues, topics, streams and brokers.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Json, Link, Plain, Tags, With};
use super::{Row, Service, own_policy, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row {
        from: "aws_sqs_queue",
        to: "AWS::SQS::Queue",
        properties: &[
            property("QueueName", "name", Plain),
            property("DelaySeconds", "delay_seconds", Plain),
            property("FifoQueue", "fifo_queue", Plain),
            property("KmsMasterKeyId", "kms_master_key_id", Link),
            property("MessageRetentionPeriod", "message_retention_seconds", Plain),
            property("RedriveAllowPolicy", "redrive_allow_policy", Json),
            property("RedrivePolicy", "redrive_policy", Json),
            property("SqsManagedSseEnabled", "sqs_managed_sse_enabled", Plain),
            property("VisibilityTimeout", "visibility_timeout_seconds", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("url", Ref), ("arn", GetAtt("Arn")), ("name", GetAtt("QueueName"))],
        finish: Some(|draft| own_policy(draft, "AWS::SQS::QueuePolicy", "Queues", true)),
    },
    Row {
        from: "aws_sqs_queue_policy",
        to: "AWS::SQS::QueuePolicy",
        properties: &[
            property("PolicyDocument", "policy", Json),
            property("Queues", "queue_url", With(|queue, mapper| mapper.one(queue))),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_sns_topic",
        to: "AWS::SNS::Topic",
        properties: &[
            property("TopicName", "name", Plain),
            property("DisplayName", "display_name", Plain),
            property("FifoTopic", "fifo_topic", Plain),
            property("KmsMasterKeyId", "kms_master_key_id", Link),
            property("SignatureVersion", "signature_version", Plain),
            property("TracingConfig", "tracing_config", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", Ref), ("name", GetAtt("TopicName"))],
        finish: Some(|draft| own_policy(draft, "AWS::SNS::TopicPolicy", "Topics", true)),
    },
    Row {
        from: "aws_sns_topic_policy",
        to: "AWS::SNS::TopicPolicy",
        properties: &[
            property("PolicyDocument", "policy", Json),
            property("Topics", "arn", With(|topic, mapper| mapper.one(topic))),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_sns_topic_subscription",
        to: "AWS::SNS::Subscription",
        properties: &[
            property("TopicArn", "topic_arn", Link),
            property("Endpoint", "endpoint", Link),
            property("FilterPolicy", "filter_policy", Json),
            property("FilterPolicyScope", "filter_policy_scope", Plain),
            property("Protocol", "protocol", Plain),
            property("RawMessageDelivery", "raw_message_delivery", Plain),
            property("RedrivePolicy", "redrive_policy", Json),
            property("SubscriptionRoleArn", "subscription_role_arn", Link),
        ],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: None,
    },
    Row {
        from: "aws_kinesis_stream",
        to: "AWS::Kinesis::Stream",
        properties: &[
            property("Name", "name", Plain),
            property("RetentionPeriodHours", "retention_period", Plain),
            property("ShardCount", "shard_count", Plain),
            property("StreamEncryption.EncryptionType", "encryption_type", Plain),
            property("StreamEncryption.KeyId", "kms_key_id", Link),
            property("StreamModeDetails.StreamMode", "stream_mode_details.stream_mode", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", GetAtt("Arn")), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_msk_cluster",
        to: "AWS::MSK::Cluster",
        properties: &[
            property("ClusterName", "cluster_name", Plain),
            property("KafkaVersion", "kafka_version", Plain),
            property("NumberOfBrokerNodes", "number_of_broker_nodes", Plain),
            property("BrokerNodeGroupInfo.ClientSubnets", "broker_node_group_info.client_subnets", Link),
            property("BrokerNodeGroupInfo.InstanceType", "broker_node_group_info.instance_type", Plain),
            property("BrokerNodeGroupInfo.SecurityGroups", "broker_node_group_info.security_groups", Link),
            property(
                "ClientAuthentication",
                "client_authentication",
                With(|block, mapper| mapper.renamed(block.elements().and_then(<[_]>::first).unwrap_or(block))),
            ),
            property("EncryptionInfo.EncryptionInTransit.ClientBroker", CLIENT_BROKER, Plain),
            property("EncryptionInfo.EncryptionInTransit.InCluster", IN_CLUSTER, Plain),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_mq_broker",
        to: "AWS::AmazonMQ::Broker",
        properties: &[
            property("BrokerName", "broker_name", Plain),
            property("DeploymentMode", "deployment_mode", Plain),
            property("EngineType", "engine_type", Plain),
            property("EngineVersion", "engine_version", Plain),
            property("HostInstanceType", "host_instance_type", Plain),
            property("PubliclyAccessible", "publicly_accessible", Plain),
            property("SecurityGroups", "security_groups", Link),
            property("SubnetIds", "subnet_ids", Link),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
];

const CLIENT_BROKER: &str = "encryption_info.encryption_in_transit.client_broker";
const IN_CLUSTER: &str = "encryption_info.encryption_in_transit.in_cluster";

//! Events that Lambda polls for: an event source mapping, and what the function's role needs to read the source.
//! Source: resources that AWS SAM generates for each event type.

use crate::value::{Kind, Value};

use super::events::Event;
use super::policies::{Policies, allow, document, inline};
use super::shape::{At, Fields, get, given, same, text};
use super::{Serverless, Target, Transform};

pub(super) const KINDS: &[&str] = &["Kinesis", "DynamoDB", "SQS", "MSK", "MQ", "SelfManagedKafka", "DocumentDB"];

const SAME: &[&str] = &[
    "StartingPosition",
    "StartingPositionTimestamp",
    "BatchSize",
    "Enabled",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "TumblingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
    "KmsKeyArn",
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "LoggingConfig",
];

/// What Lambda does to reach a source inside of a VPC.
const NETWORK: &[&str] = &[
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// Source access configurations whose URI is a secret with credentials.
const SECRETS: &[&str] = &[
    "SASL_SCRAM_256_AUTH",
    "SASL_SCRAM_512_AUTH",
    "BASIC_AUTH",
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "OAUTHBEARER_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE",
];

impl Transform<'_> {
    pub(super) fn mapping_event(
        &mut self,
        source: &Serverless,
        event: &Event,
        target: &Target,
        policies: &mut Policies,
    ) {
        let at = event.at();
        let (key, managed) = match event.kind.as_str() {
            "Kinesis" => ("Stream", Some("AWSLambdaKinesisExecutionRole")),
            "DynamoDB" => ("Stream", Some("AWSLambdaDynamoDBExecutionRole")),
            "SQS" => ("Queue", Some("AWSLambdaSQSQueueExecutionRole")),
            "MSK" => ("Stream", Some("AWSLambdaMSKExecutionRole")),
            "MQ" => ("Broker", None),
            "DocumentDB" => ("Cluster", None),
            _ => ("", None),
        };
        let mut fields = Fields::new(at.0)
            .set("FunctionName", target.name.clone())
            .maybe("EventSourceArn", (!key.is_empty()).then(|| event.required(key)))
            .copy(&event.properties, SAME);
        if let Some(servers) = event.get("KafkaBootstrapServers") {
            let endpoints = at.map([("KafkaBootstrapServers", servers.clone())]);
            fields = fields.set("SelfManagedEventSource", at.map([("Endpoints", endpoints)]));
        }
        let kafka = match event.kind.as_str() {
            "MSK" => Some("AmazonManagedKafkaEventSourceConfig"),
            "SelfManagedKafka" => Some("SelfManagedKafkaEventSourceConfig"),
            _ => None,
        };
        if let Some(name) = kafka
            && (event.get("ConsumerGroupId").is_some() || event.get("SchemaRegistryConfig").is_some())
        {
            let config = Fields::new(at.0).copy(&event.properties, &["ConsumerGroupId", "SchemaRegistryConfig"]);
            fields = fields.set(name, config.done());
        }
        if event.kind == "DocumentDB" {
            let config = Fields::new(at.0).copy(&event.properties, &["DatabaseName", "CollectionName", "FullDocument"]);
            fields = fields.set("DocumentDBEventSourceConfig", config.done());
        }
        let failure = event.get("DestinationConfig.OnFailure");
        if let Some(failure) = failure {
            let on_failure = Fields::new(failure.span).copy(failure, &["Destination"]).done();
            fields = fields.set("DestinationConfig", At(failure.span).map([("OnFailure", on_failure)]));
        }
        self.emit(source, &event.id, "AWS::Lambda::EventSourceMapping", at, fields.done());

        if let Some(managed) = managed {
            policies.attach(self.aws_managed(at, managed));
        }
        if let Some(policy) = self.source_policies(event)
            && !policies.inline.iter().any(|known| same_document(known, &policy))
        {
            policies.embed(policy);
        }
        if let Some(failure) = failure
            && let Some(kind) = text(failure, "Type").map(str::to_owned)
            && let Some(arn) = get(failure, "Destination").cloned()
            && let Some(policy) = self.destination_policy(At(failure.span), &kind, &event.id, &arn)
            && !policies.inline.iter().any(|known| same_document(known, &policy))
        {
            policies.embed(policy);
        }
    }

    fn source_policies(&mut self, event: &Event) -> Option<Value> {
        let at = event.at();
        let read = |secret: &Value| allow(At(secret.span), &["secretsmanager:GetSecretValue"], secret.clone());
        let accesses = event.get("SourceAccessConfigurations");
        let uris = |kinds: &[&str]| -> Vec<Value> {
            accesses
                .and_then(Value::items)
                .unwrap_or_default()
                .iter()
                .filter(|access| text(access, "Type").is_some_and(|kind| kinds.contains(&kind)))
                .filter_map(|access| get(access, "URI").cloned())
                .collect()
        };
        let mut statements: Vec<Value> = Vec::new();
        let name = match event.kind.as_str() {
            "MSK" => {
                self.registry_statements(event, &mut statements);
                statements.extend(uris(&["CLIENT_CERTIFICATE_TLS_AUTH"]).iter().map(read));
                "MSKExecutionRolePolicy"
            }
            "MQ" => {
                statements.extend(uris(&["BASIC_AUTH"]).iter().map(read));
                statements.push(allow(at, &["mq:DescribeBroker"], event.required("Broker")));
                self.decrypt_statement(event, &mut statements);
                "SamAutoGeneratedAMQPolicy"
            }
            "SelfManagedKafka" => {
                statements.extend(uris(SECRETS).iter().map(read));
                if !uris(&["VPC_SUBNET"]).is_empty() && !uris(&["VPC_SECURITY_GROUP"]).is_empty() {
                    statements.push(allow(at, NETWORK, at.text("*")));
                }
                self.decrypt_statement(event, &mut statements);
                self.registry_statements(event, &mut statements);
                "SelfManagedKafkaExecutionRolePolicy"
            }
            "DocumentDB" => {
                statements.extend(uris(&["BASIC_AUTH"]).iter().map(read));
                let arn = |kind: &str| {
                    self.filled(
                        at,
                        &format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{kind}:*"),
                        &[],
                    )
                };
                statements.push(allow(at, &["rds:DescribeDBClusterParameters"], arn("cluster-pg")));
                statements.push(allow(at, &["rds:DescribeDBSubnetGroups"], arn("subgrp")));
                statements.push(allow(at, &["rds:DescribeDBClusters"], event.required("Cluster")));
                statements.push(allow(at, NETWORK, at.text("*")));
                self.decrypt_statement(event, &mut statements);
                "SamAutoGeneratedDocumentDBPolicy"
            }
            _ => return None,
        };
        if let Some(accesses) = accesses
            && let Kind::Unknown(_) = accesses.kind
        {
            statements.push(accesses.clone());
        }
        let name = if event.kind == "MQ" && given(&event.properties, "DynamicPolicyName").is_some() {
            format!("{}AMQPolicy", event.id)
        } else {
            name.to_owned()
        };
        (!statements.is_empty()).then(|| inline(at, &name, document(at, statements)))
    }

    fn decrypt_statement(&self, event: &Event, statements: &mut Vec<Value>) {
        let Some(key) = event.get("SecretsManagerKmsKeyId") else { return };
        let arn = self.filled(
            At(key.span),
            "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${key}",
            &[("key", key)],
        );
        statements.push(allow(At(key.span), &["kms:Decrypt"], arn));
    }

    fn registry_statements(&self, event: &Event, statements: &mut Vec<Value>) {
        let Some(config) = event.get("SchemaRegistryConfig") else { return };
        let at = At(config.span);
        for access in get(config, "AccessConfigs").and_then(Value::items).unwrap_or_default() {
            if let Some(secret) = get(access, "URI") {
                statements.push(allow(at, &["secretsmanager:GetSecretValue"], secret.clone()));
            }
        }
        let Some(registry) = get(config, "SchemaRegistryURI") else { return };
        let Some(name) = registry
            .template()
            .filter(|arn| arn.starts_with("arn"))
            .and_then(|arn| arn.split(":registry/").nth(1).map(str::to_owned))
        else {
            return;
        };
        statements.push(allow(at, &["glue:GetRegistry"], registry.clone()));
        let schemas = self.filled(
            at,
            "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:schema/${name}/*",
            &[("name", &at.text(name))],
        );
        statements.push(allow(at, &["glue:GetSchemaVersion"], at.list([schemas])));
    }
}

/// Whether two inline policies say the same, wherever they come from.
fn same_document(one: &Value, other: &Value) -> bool {
    match (get(one, "PolicyDocument"), get(other, "PolicyDocument")) {
        (Some(one), Some(other)) => same(one, other),
        _ => false,
    }
}

//! `AWS::Serverless::Function`: the function, its role, version and alias, URL, and what its events need.

use crate::value::{Kind, Value};

use super::policies::{Policies, allowing, document, inline, trusting};
use super::shape::{At, Fields, get, given, members, text};
use super::{Serverless, Target, Transform, reason_of, tag_list};

/// Properties that the function takes over as they are.
const SAME: &[&str] = &[
    "FunctionName",
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "VpcConfig",
    "Environment",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "PackageType",
    "Architectures",
    "SnapStart",
    "EphemeralStorage",
    "CodeSigningConfigArn",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "TenancyConfig",
    "RecursiveLoop",
    "DurableConfig",
    "FunctionScalingConfig",
    "PublishToLatestPublished",
];

/// The policies of a role that is generated, while events still add to it.
pub(super) struct Execution {
    pub(super) policies: Policies,
}

impl Transform<'_> {
    pub(super) fn function(&mut self, source: &Serverless) {
        let properties = &source.properties;
        let at = source.at();
        let role_id = format!("{}Role", source.id);
        let generated = get(properties, "Role").is_none();
        let role = match get(properties, "Role") {
            Some(role) => role.clone(),
            None => {
                self.attribute(At(get(properties, "Policies").map_or(at.0, |policies| policies.span)), &role_id, "Arn")
            }
        };
        let tracing = given(properties, "Tracing").filter(|tracing| tracing.as_str() != Some("Disabled"));

        let function = Fields::new(source.resource.properties.span)
            .copy(properties, SAME)
            .set("Role", role)
            .set("Code", code(properties, at))
            .maybe("Tags", tag_list(at, get(properties, "Tags")))
            .maybe("TracingConfig", tracing.map(|mode| At(mode.span).map([("Mode", mode.clone())])))
            .maybe(
                "DeadLetterConfig",
                get(properties, "DeadLetterQueue")
                    .map(|queue| Fields::new(queue.span).copy(queue, &["TargetArn"]).done()),
            )
            .maybe("CapacityProviderConfig", get(properties, "CapacityProviderConfig").map(capacity));
        self.emit_main(source, function.done());

        let alias = self.alias(source);
        let target = match &alias {
            Some(alias) => Target { name: self.reference(at, alias), arn: self.reference(at, alias) },
            None => Target { name: self.reference(at, &source.id), arn: self.attribute(at, &source.id, "Arn") },
        };
        self.function_url(source, &target);
        if alias.is_some() {
            self.deployment(source);
        }

        let mut execution = Execution { policies: Policies::default() };
        let basic = if given(properties, "DurableConfig").is_some() {
            "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
        } else {
            "AWSLambdaBasicExecutionRole"
        };
        execution.policies.attach(self.aws_managed(at, basic));
        if let Some(tracing) = tracing {
            execution.policies.attach(self.aws_managed(At(tracing.span), "AWSXrayWriteOnlyAccess"));
        }
        if let Some(config) = given(properties, "VpcConfig") {
            execution.policies.attach(self.aws_managed(At(config.span), "AWSLambdaVPCAccessExecutionRole"));
        }
        if let Some(queue) = given(properties, "DeadLetterQueue") {
            let at = At(queue.span);
            let policy = match text(queue, "Type") {
                Some("SQS") => allowing(at, &["sqs:SendMessage"], target_of(queue, "TargetArn")),
                Some("SNS") => allowing(at, &["sns:Publish"], target_of(queue, "TargetArn")),
                _ => at.not_understood("the type of a dead letter queue is `SQS` or `SNS`"),
            };
            execution.policies.embed(inline(at, "DeadLetterQueuePolicy", policy));
        }
        self.event_invoke(source, alias.as_deref(), &mut execution);
        self.read_policies(get(properties, "Policies"), &role_id, &mut execution.policies);
        self.function_events(source, &target, &mut execution);

        if generated {
            let at = At(get(properties, "Policies").map_or(at.0, |policies| policies.span));
            let trust = match get(properties, "AssumeRolePolicyDocument") {
                Some(trust) => trust.clone(),
                None => trusting(at, "lambda.amazonaws.com"),
            };
            self.role(source, &role_id, at, trust, execution.policies);
        }
    }

    /// A generated role with the attributes that functions and state machines give it.
    pub(super) fn role(&mut self, source: &Serverless, id: &str, at: At, trust: Value, policies: Policies) {
        let Policies { managed, inline } = policies;
        let role = Fields::new(at.0)
            .set("AssumeRolePolicyDocument", trust)
            .set("ManagedPolicyArns", at.list(managed))
            .maybe("Policies", (!inline.is_empty()).then(|| at.list(inline)))
            .copy_as(&source.properties, "RolePath", "Path")
            .copy(&source.properties, &["PermissionsBoundary"])
            .maybe("Tags", tag_list(at, get(&source.properties, "Tags")));
        self.emit(source, id, "AWS::IAM::Role", at, role.done());
    }

    /// `AutoPublishAlias`: a version, and the alias that all events use. The alias's logical id.
    fn alias(&mut self, source: &Serverless) -> Option<String> {
        let name = given(&source.properties, "AutoPublishAlias")?;
        let at = At(name.span);
        let version = format!("{}Version", source.id);
        let suffix = name.as_str().unwrap_or_default().replace('-', "D").replace('_', "U");
        let alias = format!("{}Alias{suffix}", source.id);
        let function = self.reference(at, &source.id);
        let properties = at.map([("FunctionName", function.clone())]);
        self.emit(source, &version, "AWS::Lambda::Version", at, properties);
        let properties = Fields::new(at.0)
            .set("Name", name.clone())
            .set("FunctionName", function)
            .set("FunctionVersion", self.attribute(at, &version, "Version"))
            .copy(&source.properties, &["ProvisionedConcurrencyConfig"]);
        self.emit(source, &alias, "AWS::Lambda::Alias", at, properties.done());
        self.renamed.insert(format!("{}.Alias", source.id), alias.clone());
        self.renamed.insert(format!("{}.Version", source.id), version);
        Some(alias)
    }

    fn function_url(&mut self, source: &Serverless, target: &Target) {
        let Some(config) = get(&source.properties, "FunctionUrlConfig") else { return };
        let at = At(config.span);
        let url = Fields::new(config.span)
            .copy(config, &["AuthType", "Cors", "InvokeMode"])
            .set("TargetFunctionArn", target.name.clone());
        self.emit(source, &format!("{}Url", source.id), "AWS::Lambda::Url", at, url.done());
        // Whether the public permissions exist is as unknown as the type.
        let kind = match get(config, "AuthType") {
            Some(kind) => kind.clone(),
            None => Value::unknown(config.span, reason_of(config)),
        };
        let at = At(kind.span);
        let principal = match (kind.as_str(), &kind.kind) {
            (Some("NONE"), _) => at.text("*"),
            (_, Kind::Unknown(_)) => kind.clone(),
            _ => return,
        };
        let permission = |action: &str| {
            Fields::new(at.0)
                .set("Action", at.text(action))
                .set("FunctionName", target.name.clone())
                .set("Principal", principal.clone())
        };
        let url = permission("lambda:InvokeFunctionUrl").set("FunctionUrlAuthType", kind.clone());
        self.emit(source, &format!("{}UrlPublicPermissions", source.id), "AWS::Lambda::Permission", at, url.done());
        let invoke = permission("lambda:InvokeFunction").set("InvokedViaFunctionUrl", at.plain(true));
        let id = format!("{}URLInvokeAllowPublicAccess", source.id);
        self.emit(source, &id, "AWS::Lambda::Permission", at, invoke.done());
    }

    fn event_invoke(&mut self, source: &Serverless, alias: Option<&str>, execution: &mut Execution) {
        let Some(config) = given(&source.properties, "EventInvokeConfig") else { return };
        let at = At(config.span);
        let id = format!("{}EventInvokeConfig", source.id);
        let mut destinations = Fields::new(at.0);
        for event in ["OnSuccess", "OnFailure"] {
            let Some(destination) = get(config, &format!("DestinationConfig.{event}")) else { continue };
            let at = At(destination.span);
            let name = format!("{id}{event}");
            let kind = text(destination, "Type").unwrap_or_default().to_owned();
            let arn = match (get(destination, "Destination"), kind.as_str()) {
                (Some(arn), _) => arn.clone(),
                (None, "SQS") => {
                    let queue = format!("{name}Queue");
                    self.emit(source, &queue, "AWS::SQS::Queue", at, at.map([]));
                    self.renamed.insert(format!("{}.DestinationQueue", source.id), queue.clone());
                    self.attribute(at, &queue, "Arn")
                }
                (None, "SNS") => {
                    let topic = format!("{name}Topic");
                    self.emit(source, &topic, "AWS::SNS::Topic", at, at.map([]));
                    self.renamed.insert(format!("{}.DestinationTopic", source.id), topic.clone());
                    self.reference(at, &topic)
                }
                (None, _) => at.not_understood("a destination of this type needs an ARN"),
            };
            if let Some(policy) = self.destination_policy(at, &kind, &name, &arn) {
                execution.policies.embed(policy);
            }
            destinations = destinations.set(event, at.map([("Destination", arn)]));
        }
        let qualifier = match get(&source.properties, "AutoPublishAlias") {
            Some(name) if alias.is_some() => name.clone(),
            _ => at.text("$LATEST"),
        };
        let properties = Fields::new(at.0)
            .set("FunctionName", self.reference(at, &source.id))
            .set("Qualifier", qualifier)
            .set("DestinationConfig", destinations.done())
            .copy(config, &["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
        self.emit(source, &id, "AWS::Lambda::EventInvokeConfig", at, properties.done());
    }

    /// The policy that lets a function send to a destination.
    pub(super) fn destination_policy(&self, at: At, kind: &str, name: &str, arn: &Value) -> Option<Value> {
        let (suffix, action) = match kind {
            "SQS" => ("SQS", "sqs:SendMessage"),
            "SNS" => ("SNS", "sns:publish"),
            "EventBridge" => ("EventBridge", "events:PutEvents"),
            "Lambda" => ("Lambda", "lambda:InvokeFunction"),
            "S3Bucket" | "S3" => {
                let objects = self.filled(at, "${bucket}/*", &[("bucket", arn)]);
                let statements = [
                    super::policies::allow(at, &["s3:PutObject"], objects),
                    super::policies::allow(at, &["s3:ListBucket"], arn.clone()),
                ];
                return Some(inline(at, &format!("{name}S3Policy"), document(at, statements)));
            }
            _ => return None,
        };
        Some(inline(at, &format!("{name}{suffix}Policy"), allowing(at, &[action], arn.clone())))
    }
}

fn target_of(value: &Value, key: &str) -> Value {
    get(value, key).cloned().unwrap_or_else(|| Value::unknown(value.span, reason_of(value)))
}

/// Where the code is. A local folder stays visible as `LocalPath`, which no deployed function has.
fn code(properties: &Value, at: At) -> Value {
    if let Some(inline) = get(properties, "InlineCode") {
        return At(inline.span).map([("ZipFile", inline.clone())]);
    }
    if let Some(image) = get(properties, "ImageUri") {
        return At(image.span).map([("ImageUri", image.clone())]);
    }
    let Some(uri) = get(properties, "CodeUri") else { return at.map([]) };
    match &uri.kind {
        Kind::Map(_) => Fields::new(uri.span)
            .copy_as(uri, "Bucket", "S3Bucket")
            .copy_as(uri, "Key", "S3Key")
            .copy_as(uri, "Version", "S3ObjectVersion")
            .done(),
        _ => match uri.as_str().and_then(|uri| uri.strip_prefix("s3://")).and_then(|uri| uri.split_once('/')) {
            Some((bucket, key)) => {
                let at = At(uri.span);
                at.map([("S3Bucket", at.text(bucket)), ("S3Key", at.text(key))])
            }
            None => At(uri.span).map([("LocalPath", uri.clone())]),
        },
    }
}

fn capacity(config: &Value) -> Value {
    let inner = members(Some(config)).iter().fold(Fields::new(config.span), |fields, member| {
        let name = if &*member.key == "Arn" { "CapacityProviderArn" } else { &member.key };
        fields.copy_as(config, &member.key, name)
    });
    At(config.span).map([("LambdaManagedInstancesCapacityProviderConfig", inner.done())])
}

//! `AWS::Serverless::GraphQLApi`: the AppSync API with its schema, keys, data sources, functions and resolvers.

use std::collections::BTreeMap;

use crate::value::{Kind, Value};

use super::connector::Link;
use super::policies::trusting;
use super::shape::{At, Fields, get, given, members, text};
use super::{Serverless, Transform, tag_list};

impl Transform<'_> {
    pub(super) fn graphql_api(&mut self, source: &Serverless) {
        let properties = &source.properties;
        let at = source.at();
        let auth = get(properties, "Auth").cloned().unwrap_or_else(|| at.map([]));
        let mut authorizers = Vec::new();
        let mut fields = Fields::new(source.resource.properties.span)
            .set("Name", get(properties, "Name").cloned().unwrap_or_else(|| at.text(source.id.as_str())))
            .copy(
                properties,
                &[
                    "Visibility",
                    "OwnerContact",
                    "XrayEnabled",
                    "IntrospectionConfig",
                    "QueryDepthLimit",
                    "ResolverCountLimit",
                ],
            )
            .maybe("Tags", tag_list(at, get(properties, "Tags")));
        fields = provider(fields, &auth, &mut authorizers);
        if let Some(additional) = given(&auth, "Additional") {
            let providers = match additional.items() {
                Some(items) => At(additional.span)
                    .list(items.iter().map(|item| provider(Fields::new(item.span), item, &mut authorizers).done())),
                None => additional.clone(),
            };
            fields = fields.set("AdditionalAuthenticationProviders", providers);
        }
        let fields = fields.maybe("LogConfig", self.graphql_logging(source));
        self.emit_main(source, fields.done());

        let api = self.attribute(at, &source.id, "ApiId");
        let schema = Fields::new(at.0)
            .set("ApiId", api.clone())
            .copy_as(properties, "SchemaInline", "Definition")
            .copy_as(properties, "SchemaUri", "DefinitionS3Location");
        self.emit(source, &format!("{}Schema", source.id), "AWS::AppSync::GraphQLSchema", at, schema.done());
        for (index, function) in authorizers.into_iter().enumerate() {
            let id = format!("{}ToLambdaAuthConnector{}", source.id, index + 1);
            let from = Link {
                kind: "AWS::AppSync::GraphQLApi".to_owned(),
                arn: Some(self.reference(at, &source.id)),
                resource: Some(api.clone()),
                ..Link::default()
            };
            let to = Link { kind: "AWS::Lambda::Function".to_owned(), arn: Some(function), ..Link::default() };
            self.connect(source, &id, at, &from, &to, &["Write".to_owned()]);
        }
        for key in members(get(properties, "ApiKeys")) {
            let at = At(key.key_span);
            let fields = Fields::new(at.0)
                .set("ApiId", api.clone())
                .copy(&key.value, &["ApiKeyId", "Description"])
                .copy_as(&key.value, "ExpiresOn", "Expires");
            self.emit(source, &format!("{}{}", source.id, key.key), "AWS::AppSync::ApiKey", at, fields.done());
        }
        if let Some(cache) = given(properties, "Cache") {
            let keys = ["ApiCachingBehavior", "Type", "Ttl", "AtRestEncryptionEnabled", "TransitEncryptionEnabled"];
            let fields = Fields::new(cache.span).set("ApiId", api.clone()).copy(cache, &keys);
            self.emit(
                source,
                &format!("{}ApiCache", source.id),
                "AWS::AppSync::ApiCache",
                At(cache.span),
                fields.done(),
            );
        }
        if let Some(domain) = given(properties, "DomainName") {
            let at = At(domain.span);
            let id = format!("{}DomainName", source.id);
            let fields = Fields::new(at.0).copy(domain, &["CertificateArn", "DomainName", "Description"]);
            self.emit(source, &id, "AWS::AppSync::DomainName", at, fields.done());
            let fields = at.map([("ApiId", api.clone()), ("DomainName", self.attribute(at, &id, "DomainName"))]);
            self.emit(source, &format!("{id}ApiAssociation"), "AWS::AppSync::DomainNameApiAssociation", at, fields);
        }
        let mut sources = BTreeMap::new();
        for (section, kind) in [("DynamoDb", "DynamoDB"), ("Lambda", "Lambda")] {
            for entry in members(get(properties, &format!("DataSources.{section}"))) {
                let id = format!("{}{}{kind}DataSource", source.id, entry.key);
                self.data_source(source, &id, &entry.key, kind, &entry.value, &api);
                sources.insert(entry.key.to_string(), id);
            }
        }
        self.pipelines(source, &api, &sources);
    }

    fn graphql_logging(&mut self, source: &Serverless) -> Option<Value> {
        let logging = get(&source.properties, "Logging");
        if logging.is_some_and(|logging| logging.as_bool() == Some(false)) {
            return None;
        }
        let at = logging.map_or(source.at(), |logging| At(logging.span));
        let settings = logging.filter(|logging| matches!(logging.kind, Kind::Map(_)));
        if let Some(Kind::Unknown(_)) = logging.map(|logging| &logging.kind) {
            return logging.cloned();
        }
        let level = settings.and_then(|settings| get(settings, "FieldLogLevel")).cloned();
        let role = settings.and_then(|settings| get(settings, "CloudWatchLogsRoleArn")).cloned().unwrap_or_else(|| {
            let id = format!("{}CloudWatchRole", source.id);
            let policy = self.aws_managed(at, "AWSAppSyncPushToCloudWatchLogs");
            let fields = at.map([
                ("AssumeRolePolicyDocument", trusting(at, "appsync.amazonaws.com")),
                ("ManagedPolicyArns", at.list([policy])),
            ]);
            self.emit(source, &id, "AWS::IAM::Role", at, fields);
            self.attribute(at, &id, "Arn")
        });
        let mut fields = Fields::new(at.0)
            .set("FieldLogLevel", level.unwrap_or_else(|| at.text("ALL")))
            .set("CloudWatchLogsRoleArn", role);
        if let Some(settings) = settings {
            fields = fields.copy(settings, &["ExcludeVerboseContent"]);
        }
        Some(fields.done())
    }

    fn data_source(&mut self, source: &Serverless, id: &str, name: &str, kind: &str, value: &Value, api: &Value) {
        let at = At(value.span);
        let dynamo = kind == "DynamoDB";
        let role_id = format!("{id}Role");
        let role = match get(value, "ServiceRoleArn") {
            Some(role) => role.clone(),
            None => self.attribute(at, &role_id, "Arn"),
        };
        let region = get(value, "Region").cloned().unwrap_or_else(|| (self.template.pseudo)("AWS::Region"));
        let config = if dynamo {
            Fields::new(at.0)
                .set("AwsRegion", region.clone())
                .copy(value, &["TableName", "UseCallerCredentials", "Versioned"])
                .copy_as(value, "DeltaSync", "DeltaSyncConfig")
        } else {
            Fields::new(at.0).copy_as(value, "FunctionArn", "LambdaFunctionArn")
        };
        let fields = Fields::new(at.0)
            .set("ApiId", api.clone())
            .set("Name", get(value, "Name").cloned().unwrap_or_else(|| at.text(name)))
            .set("Type", at.text(if dynamo { "AMAZON_DYNAMODB" } else { "AWS_LAMBDA" }))
            .copy(value, &["Description"])
            .set(if dynamo { "DynamoDBConfig" } else { "LambdaConfig" }, config.done())
            .set("ServiceRoleArn", role);
        self.emit(source, id, "AWS::AppSync::DataSource", at, fields.done());
        if get(value, "ServiceRoleArn").is_some() {
            return;
        }
        let fields = at.map([("AssumeRolePolicyDocument", trusting(at, "appsync.amazonaws.com"))]);
        self.emit(source, &role_id, "AWS::IAM::Role", at, fields);
        let destination = if dynamo {
            get(value, "TableArn").cloned().unwrap_or_else(|| {
                let table =
                    get(value, "TableName").cloned().unwrap_or_else(|| at.not_understood("`TableName` is missing"));
                self.filled(
                    at,
                    "arn:${AWS::Partition}:dynamodb:${region}:${AWS::AccountId}:table/${table}",
                    &[("region", &region), ("table", &table)],
                )
            })
        } else {
            get(value, "FunctionArn").cloned().unwrap_or_else(|| at.not_understood("`FunctionArn` is missing"))
        };
        let permissions: Vec<String> = match get(value, "Permissions").filter(|_| dynamo).and_then(Value::items) {
            Some(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None if dynamo => vec!["Read".to_owned(), "Write".to_owned()],
            None => vec!["Write".to_owned()],
        };
        let from = Link {
            kind: "AWS::AppSync::DataSource".to_owned(),
            arn: Some(self.reference(at, id)),
            role: Some(self.reference(at, &role_id)),
            ..Link::default()
        };
        let to_kind = if dynamo { "AWS::DynamoDB::Table" } else { "AWS::Lambda::Function" };
        let to = Link { kind: to_kind.to_owned(), arn: Some(destination), ..Link::default() };
        let name = if dynamo { "Table" } else { "Lambda" };
        self.connect(source, &format!("{id}To{name}Connector"), at, &from, &to, &permissions);
    }

    fn pipelines(&mut self, source: &Serverless, api: &Value, sources: &BTreeMap<String, String>) {
        let mut functions: BTreeMap<String, Value> = BTreeMap::new();
        for function in members(get(&source.properties, "Functions")) {
            let at = At(function.key_span);
            if let Some(id) = get(&function.value, "Id") {
                functions.insert(function.key.to_string(), id.clone());
                continue;
            }
            let id = format!("{}{}", source.id, function.key);
            let name = match get(&function.value, "DataSource") {
                Some(name) if name.as_str().is_some_and(|name| name.eq_ignore_ascii_case("none")) => {
                    let none = format!("{}NoneDataSource", source.id);
                    let fields =
                        at.map([("ApiId", api.clone()), ("Name", at.text(none.as_str())), ("Type", at.text("NONE"))]);
                    self.emit(source, &none, "AWS::AppSync::DataSource", at, fields);
                    Some(self.attribute(at, &none, "Name"))
                }
                Some(name) => match name.as_str().and_then(|name| sources.get(name)) {
                    Some(id) => Some(self.attribute(At(name.span), id, "Name")),
                    None => Some(name.clone()),
                },
                None => None,
            };
            let fields = Fields::new(at.0)
                .set("ApiId", api.clone())
                .set("Name", get(&function.value, "Name").cloned().unwrap_or_else(|| at.text(&*function.key)))
                .maybe("DataSourceName", name)
                .copy_as(&function.value, "InlineCode", "Code")
                .copy_as(&function.value, "CodeUri", "CodeS3Location")
                .copy_as(&function.value, "Sync", "SyncConfig")
                .copy(&function.value, &["MaxBatchSize", "Description", "Runtime"]);
            self.emit(source, &id, "AWS::AppSync::FunctionConfiguration", at, fields.done());
            functions.insert(function.key.to_string(), self.attribute(at, &id, "FunctionId"));
        }
        for kind in members(get(&source.properties, "Resolvers")) {
            for resolver in members(Some(&kind.value)) {
                let at = At(resolver.key_span);
                let steps =
                    get(&resolver.value, "Pipeline").and_then(Value::items).unwrap_or_default().iter().map(|step| {
                        let known = step.as_str().and_then(|name| functions.get(name));
                        Value { span: step.span, ..known.unwrap_or(step).clone() }
                    });
                let steps = at.list(steps.collect::<Vec<_>>());
                let field = text(&resolver.value, "FieldName").unwrap_or(&resolver.key);
                let fields = Fields::new(at.0)
                    .set("ApiId", api.clone())
                    .set("TypeName", at.text(&*kind.key))
                    .set("FieldName", at.text(field))
                    .set("Kind", at.text("PIPELINE"))
                    .set("PipelineConfig", at.map([("Functions", steps)]))
                    .copy_as(&resolver.value, "InlineCode", "Code")
                    .copy_as(&resolver.value, "CodeUri", "CodeS3Location")
                    .copy_as(&resolver.value, "Caching", "CachingConfig")
                    .copy(&resolver.value, &["MaxBatchSize", "Runtime"]);
                let id = format!("{}{}{}", source.id, kind.key, resolver.key);
                self.emit(source, &id, "AWS::AppSync::Resolver", at, fields.done());
            }
        }
    }
}

/// One way to authenticate. Functions that authorize are collected.
fn provider(fields: Fields, auth: &Value, authorizers: &mut Vec<Value>) -> Fields {
    authorizers.extend(get(auth, "LambdaAuthorizer.AuthorizerUri").cloned());
    fields
        .copy_as(auth, "Type", "AuthenticationType")
        .copy_as(auth, "LambdaAuthorizer", "LambdaAuthorizerConfig")
        .copy_as(auth, "OpenIDConnect", "OpenIDConnectConfig")
        .copy_as(auth, "UserPool", "UserPoolConfig")
}

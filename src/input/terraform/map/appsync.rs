//! `AppSync`.

use super::Returns::GetAtt;
use super::Shape::{Blocks, Link, Plain, Tags};
use super::{Property, Row, Service, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const USER_POOL: &[Property] = &[
    property("AppIdClientRegex", "app_id_client_regex", Plain),
    property("AwsRegion", "aws_region", Plain),
    property("UserPoolId", "user_pool_id", Link),
];

const ROWS: &[Row] = &[
    Row {
        from: "aws_appsync_graphql_api",
        to: "AWS::AppSync::GraphQLApi",
        properties: &[
            property("Name", "name", Plain),
            property(
                "AdditionalAuthenticationProviders",
                "additional_authentication_provider",
                Blocks(&[
                    property("AuthenticationType", "authentication_type", Plain),
                    property("LambdaAuthorizerConfig.AuthorizerUri", "lambda_authorizer_config.authorizer_uri", Link),
                    property("OpenIDConnectConfig.ClientId", "openid_connect_config.client_id", Plain),
                    property("OpenIDConnectConfig.Issuer", "openid_connect_config.issuer", Link),
                    property("UserPoolConfig", "user_pool_config", super::Shape::Block(USER_POOL)),
                ]),
            ),
            property("ApiType", "api_type", Plain),
            property("AuthenticationType", "authentication_type", Plain),
            property("IntrospectionConfig", "introspection_config", Plain),
            property("LambdaAuthorizerConfig.AuthorizerUri", "lambda_authorizer_config.authorizer_uri", Link),
            property("LogConfig.CloudWatchLogsRoleArn", "log_config.cloudwatch_logs_role_arn", Link),
            property("LogConfig.ExcludeVerboseContent", "log_config.exclude_verbose_content", Plain),
            property("LogConfig.FieldLogLevel", "log_config.field_log_level", Plain),
            property("OpenIDConnectConfig.ClientId", "openid_connect_config.client_id", Plain),
            property("OpenIDConnectConfig.Issuer", "openid_connect_config.issuer", Link),
            property("UserPoolConfig.AppIdClientRegex", "user_pool_config.app_id_client_regex", Plain),
            property("UserPoolConfig.AwsRegion", "user_pool_config.aws_region", Plain),
            property("UserPoolConfig.DefaultAction", "user_pool_config.default_action", Plain),
            property("UserPoolConfig.UserPoolId", "user_pool_config.user_pool_id", Link),
            property("Visibility", "visibility", Plain),
            property("XrayEnabled", "xray_enabled", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", GetAtt("ApiId")), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_appsync_api_key",
        to: "AWS::AppSync::ApiKey",
        properties: &[
            property("ApiId", "api_id", Link),
            property("Description", "description", Plain),
            property("Expires", "expires", Plain),
        ],
        attributes: &[("id", GetAtt("ApiKeyId")), ("key", GetAtt("ApiKey"))],
        finish: None,
    },
    Row {
        from: "aws_appsync_datasource",
        to: "AWS::AppSync::DataSource",
        properties: &[
            property("ApiId", "api_id", Link),
            property("Name", "name", Plain),
            property("DynamoDBConfig.TableName", "dynamodb_config.table_name", Link),
            property("HttpConfig.Endpoint", "http_config.endpoint", Plain),
            property("LambdaConfig.LambdaFunctionArn", "lambda_config.function_arn", Link),
            property("ServiceRoleArn", "service_role_arn", Link),
            property("Type", "type", Plain),
        ],
        attributes: &[("name", GetAtt("Name")), ("arn", GetAtt("DataSourceArn"))],
        finish: None,
    },
    Row {
        from: "aws_appsync_resolver",
        to: "AWS::AppSync::Resolver",
        properties: &[
            property("ApiId", "api_id", Link),
            property("DataSourceName", "data_source", Link),
            property("FieldName", "field", Plain),
            property("Kind", "kind", Plain),
            property("TypeName", "type", Plain),
        ],
        attributes: &[("arn", GetAtt("ResolverArn"))],
        finish: None,
    },
];

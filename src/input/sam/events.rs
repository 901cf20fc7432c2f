//! `Events` of functions and state machines: which kind each is, and the events whose service pushes to a function.

use crate::source::Span;
use crate::value::{Kind, Reference, Value};

use super::function::Execution;
use super::schedule::{DeadLetters, rule_target};
use super::shape::{At, Fields, get, given, map_mut, members, text};
use super::{Serverless, Target, Transform, reason_of};

/// One entry of `Events`.
pub(super) struct Event {
    /// Logical id of what it becomes: that of the function, then that of the event.
    pub(super) id: String,
    pub(super) kind: String,
    /// Its name in `Events`.
    pub(super) span: Span,
    pub(super) properties: Value,
}

impl Event {
    pub(super) fn at(&self) -> At {
        At(self.span)
    }

    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        get(&self.properties, path)
    }

    /// A property that the event cannot do without; unknown when it is missing.
    pub(super) fn required(&self, key: &str) -> Value {
        match self.get(key) {
            Some(value) => value.clone(),
            None if self.properties.reason().is_some() => {
                Value::unknown(self.properties.span, reason_of(&self.properties))
            }
            None => self.at().not_understood(format!("an event of type `{}` needs `{key}`", self.kind)),
        }
    }
}

impl Transform<'_> {
    /// The events of a resource in the order in which the translator works on them: by path, else by name.
    pub(super) fn events_of(&mut self, source: &Serverless) -> Vec<Event> {
        let Some(events) = get(&source.properties, "Events") else { return Vec::new() };
        if let Kind::Unknown(reason) = &events.kind {
            let message = format!("the events of `{}` are not known: {reason}", source.id);
            self.warn(&message, events.span);
        }
        let mut found = Vec::new();
        for member in members(Some(events)) {
            let Some(kind) = text(&member.value, "Type") else {
                if member.value.kind != Kind::Null {
                    let message = format!("the type of event `{}` is not known", member.key);
                    self.warn(&message, member.key_span);
                }
                continue;
            };
            let empty = At(member.value.span).map([]);
            found.push(Event {
                id: format!("{}{}", source.id, member.key),
                kind: kind.to_owned(),
                span: member.key_span,
                properties: get(&member.value, "Properties").cloned().unwrap_or(empty),
            });
        }
        if source.short == "Function" {
            found.sort_by_key(|event| {
                let everything = event.kind == "HttpApi" && event.get("Method").is_none();
                let path = event.get("Path").and_then(Value::template);
                path.unwrap_or_else(|| if everything { "$default".to_owned() } else { event.id.clone() })
            });
        }
        found
    }

    pub(super) fn function_events(&mut self, source: &Serverless, target: &Target, execution: &mut Execution) {
        for event in self.events_of(source) {
            match event.kind.as_str() {
                "Api" => self.rest_event(source, &event, target),
                "HttpApi" => self.http_event(source, &event, target),
                "Schedule" => self.schedule_event(source, &event, target),
                "ScheduleV2" => self.scheduler_event(source, &event, &target.arn, "lambda:InvokeFunction"),
                "CloudWatchEvent" | "EventBridgeRule" => self.rule_event(source, &event, target),
                "S3" => self.bucket_event(source, &event, target),
                "SNS" => self.topic_event(source, &event, target, execution),
                "CloudWatchLogs" => self.logs_event(source, &event, target),
                "IoTRule" => self.iot_event(source, &event, target),
                "AlexaSkill" => {
                    let token = event.get("SkillId").cloned();
                    self.permission(source, &event, target, "alexa-appkit.amazon.com", |fields| {
                        fields.maybe("EventSourceToken", token)
                    });
                }
                "Cognito" => self.user_pool_event(source, &event, target),
                kind if super::pull::KINDS.contains(&kind) => {
                    self.mapping_event(source, &event, target, &mut execution.policies);
                }
                kind => {
                    let message = format!("events of type `{kind}` are not understood");
                    self.warn(&message, event.span);
                }
            }
        }
    }

    /// Lets a service invoke the function of an event.
    pub(super) fn permission(
        &mut self,
        source: &Serverless,
        event: &Event,
        target: &Target,
        principal: &str,
        conditions: impl FnOnce(Fields) -> Fields,
    ) {
        self.permission_named(source, event, &format!("{}Permission", event.id), target, principal, conditions);
    }

    pub(super) fn permission_named(
        &mut self,
        source: &Serverless,
        event: &Event,
        id: &str,
        target: &Target,
        principal: &str,
        conditions: impl FnOnce(Fields) -> Fields,
    ) {
        let at = event.at();
        let fields = Fields::new(at.0)
            .set("Action", at.text("lambda:InvokeFunction"))
            .set("FunctionName", target.name.clone())
            .set("Principal", at.text(principal));
        self.emit(source, id, "AWS::Lambda::Permission", at, conditions(fields).done());
    }

    fn schedule_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let dead = self.dead_letters(source, event, DeadLetters::OfRule);
        let rule = rule_target(event, &target.arn, None, dead);
        let properties = Fields::new(event.span)
            .copy_as(&event.properties, "Schedule", "ScheduleExpression")
            .maybe("State", state_of(event))
            .copy(&event.properties, &["Name", "Description"])
            .set("Targets", event.at().list([rule]));
        self.rule(source, event, target, properties.done());
    }

    fn rule_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let dead = self.dead_letters(source, event, DeadLetters::OfRule);
        let rule = rule_target(event, &target.arn, None, dead);
        let properties = Fields::new(event.span)
            .copy(&event.properties, &["EventBusName"])
            .copy_as(&event.properties, "Pattern", "EventPattern")
            .copy_as(&event.properties, "RuleName", "Name")
            .maybe("State", state_of(event))
            .set("Targets", event.at().list([rule]));
        self.rule(source, event, target, properties.done());
    }

    fn rule(&mut self, source: &Serverless, event: &Event, target: &Target, properties: Value) {
        self.emit(source, &event.id, "AWS::Events::Rule", event.at(), properties);
        let arn = self.attribute(event.at(), &event.id, "Arn");
        self.permission(source, event, target, "events.amazonaws.com", |fields| fields.set("SourceArn", arn));
    }

    fn bucket_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let at = event.at();
        let account = (self.template.pseudo)("AWS::AccountId");
        self.permission(source, event, target, "s3.amazonaws.com", |fields| {
            fields.set("SourceAccount", Value { span: at.0, ..account })
        });
        let configurations: Vec<Value> = event
            .required("Events")
            .items()
            .unwrap_or_default()
            .iter()
            .map(|kind| {
                Fields::new(at.0)
                    .set("Event", kind.clone())
                    .set("Function", target.arn.clone())
                    .copy(&event.properties, &["Filter"])
                    .done()
            })
            .collect();
        let Some(bucket) = event.get("Bucket").and_then(|bucket| self.referred(bucket)) else { return };
        let Some(bucket) = self.existing(&bucket).filter(|bucket| &*bucket.kind == "AWS::S3::Bucket") else {
            self.warn("an `S3` event names a bucket of the same template", event.span);
            return;
        };
        let list = map_mut(&mut bucket.properties)
            .and_then(|map| map.enter("NotificationConfiguration", at.0, || at.map([])))
            .and_then(map_mut)
            .and_then(|map| map.enter("LambdaConfigurations", at.0, || at.list([])));
        if let Some(Kind::List(items)) = list.map(|list| &mut list.kind) {
            items.extend(configurations);
        }
    }

    fn topic_event(&mut self, source: &Serverless, event: &Event, target: &Target, execution: &mut Execution) {
        let at = event.at();
        let topic = event.required("Topic");
        let subscription = |protocol: &str, endpoint: Value| {
            Fields::new(at.0)
                .set("Protocol", at.text(protocol))
                .set("Endpoint", endpoint)
                .set("TopicArn", topic.clone())
                .copy(&event.properties, &["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"])
                .done()
        };
        let Some(queue) = given(&event.properties, "SqsSubscription") else {
            self.permission(source, event, target, "sns.amazonaws.com", |fields| {
                fields.set("SourceArn", topic.clone())
            });
            let properties = subscription("lambda", target.arn.clone());
            self.emit(source, &event.id, "AWS::SNS::Subscription", at, properties);
            return;
        };
        let (arn, url) = if let Kind::Map(_) = queue.kind {
            let part =
                |key| get(queue, key).cloned().unwrap_or_else(|| at.not_understood("a queue needs its ARN and URL"));
            (part("QueueArn"), part("QueueUrl"))
        } else {
            let id = format!("{}Queue", event.id);
            self.emit(source, &id, "AWS::SQS::Queue", at, at.map([]));
            (self.attribute(at, &id, "Arn"), self.reference(at, &id))
        };
        let condition = at.map([("ArnEquals", at.map([("aws:SourceArn", topic.clone())]))]);
        let policy =
            text(queue, "QueuePolicyLogicalId").map_or_else(|| format!("{}QueuePolicy", event.id), str::to_owned);
        self.queue_policy(source, at, &policy, at.text("*"), condition, arn.clone(), url);
        self.emit(source, &event.id, "AWS::SNS::Subscription", at, subscription("sqs", arn.clone()));
        let mapping =
            Fields::new(at.0).set("Queue", arn).copy(queue, &["BatchSize"]).set("Enabled", at.plain(true)).done();
        let mapping = Event {
            id: format!("{}EventSourceMapping", event.id),
            kind: "SQS".to_owned(),
            span: event.span,
            properties: mapping,
        };
        self.mapping_event(source, &mapping, target, &mut execution.policies);
    }

    fn logs_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let at = event.at();
        let group = event.required("LogGroupName");
        let arn = self.filled(
            at,
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${group}:*",
            &[("group", &group)],
        );
        self.permission(source, event, target, "logs.amazonaws.com", |fields| fields.set("SourceArn", arn));
        let properties = Fields::new(at.0)
            .copy(&event.properties, &["LogGroupName", "FilterPattern"])
            .set("DestinationArn", target.arn.clone());
        self.emit(source, &event.id, "AWS::Logs::SubscriptionFilter", at, properties.done());
    }

    fn iot_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let at = event.at();
        let rule = self.reference(at, &event.id);
        let arn = self.filled(
            at,
            "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${rule}",
            &[("rule", &rule)],
        );
        let account = Value { span: at.0, ..(self.template.pseudo)("AWS::AccountId") };
        self.permission(source, event, target, "iot.amazonaws.com", |fields| {
            fields.set("SourceArn", arn).set("SourceAccount", account)
        });
        let action = at.map([("Lambda", at.map([("FunctionArn", target.arn.clone())]))]);
        let payload = Fields::new(at.0)
            .copy(&event.properties, &["Sql", "AwsIotSqlVersion"])
            .set("RuleDisabled", at.plain(false))
            .set("Actions", at.list([action]));
        self.emit(source, &event.id, "AWS::IoT::TopicRule", at, at.map([("TopicRulePayload", payload.done())]));
    }

    fn user_pool_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let at = event.at();
        let pool = event.required("UserPool");
        let arn = match &pool.kind {
            Kind::Ref(Reference::Resource { address, attribute: None, .. }) => {
                let id = self.id_of(address);
                self.attribute(At(pool.span), &id, "Arn")
            }
            _ => Value::unknown(pool.span, reason_of(&pool)),
        };
        let id = format!("{}CognitoPermission", source.id);
        self.permission_named(source, event, &id, target, "cognito-idp.amazonaws.com", |fields| {
            fields.set("SourceArn", arn)
        });
        let triggers = event.required("Trigger");
        let Some(pool) = self.referred(&pool) else { return };
        let Some(pool) = self.existing(&pool).filter(|pool| &*pool.kind == "AWS::Cognito::UserPool") else {
            self.warn("a `Cognito` event names a user pool of the same template", event.span);
            return;
        };
        let config = map_mut(&mut pool.properties)
            .and_then(|map| map.enter("LambdaConfig", at.0, || at.map([])))
            .and_then(map_mut);
        let Some(config) = config else { return };
        for trigger in triggers.items().unwrap_or_default().iter().filter_map(Value::as_str) {
            config.put(trigger, at.0, target.arn.clone());
        }
    }

    /// Lets a principal send to a queue.
    #[expect(clippy::too_many_arguments, reason = "each is one element of the policy")]
    pub(super) fn queue_policy(
        &mut self,
        source: &Serverless,
        at: At,
        id: &str,
        principal: Value,
        condition: Value,
        arn: Value,
        url: Value,
    ) {
        let statement = Fields::new(at.0)
            .set("Effect", at.text("Allow"))
            .set("Action", at.text("sqs:SendMessage"))
            .set("Principal", principal)
            .set("Resource", arn)
            .set("Condition", condition);
        let document = super::policies::document(at, [statement.done()]);
        let properties = at.map([("PolicyDocument", document), ("Queues", at.list([url]))]);
        self.emit(source, id, "AWS::SQS::QueuePolicy", at, properties);
    }
}

/// `State`, or what `Enabled` says of it.
pub(super) fn state_of(event: &Event) -> Option<Value> {
    let Some(enabled) = event.get("Enabled") else { return event.get("State").cloned() };
    Some(match enabled.as_bool() {
        Some(true) => At(enabled.span).text("ENABLED"),
        Some(false) => At(enabled.span).text("DISABLED"),
        None => Value::unknown(enabled.span, reason_of(enabled)),
    })
}

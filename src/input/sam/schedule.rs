//! Targets of EventBridge rules and schedules, with their dead letter queues.

use crate::value::Value;

use super::events::Event;
use super::policies::{allowing, inline, trusting};
use super::shape::{At, Fields, get, given};
use super::{Serverless, Transform};

/// Who sends to a dead letter queue: a rule needs a policy of the queue, a schedule sends with its own role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DeadLetters {
    OfRule,
    OfSchedule,
}

impl Transform<'_> {
    /// The ARN of the dead letter queue of an event, which is made when none is named.
    pub(super) fn dead_letters(&mut self, source: &Serverless, event: &Event, of: DeadLetters) -> Option<Value> {
        let config = event.get("DeadLetterConfig")?;
        if let Some(arn) = get(config, "Arn") {
            return Some(arn.clone());
        }
        let at = At(config.span);
        let named = get(config, "QueueLogicalId").and_then(Value::as_str);
        let id = named.map_or_else(|| format!("{}Queue", event.id), str::to_owned);
        self.emit(source, &id, "AWS::SQS::Queue", at, at.map([]));
        let arn = self.attribute(at, &id, "Arn");
        if of == DeadLetters::OfRule {
            let rule = self.attribute(at, &event.id, "Arn");
            let condition = at.map([("ArnEquals", at.map([("aws:SourceArn", rule)]))]);
            let principal = at.map([("Service", at.text("events.amazonaws.com"))]);
            let url = self.reference(at, &id);
            self.queue_policy(source, at, &format!("{}QueuePolicy", event.id), principal, condition, arn.clone(), url);
        }
        Some(arn)
    }

    /// `ScheduleV2`: a schedule of EventBridge Scheduler and the role with which it does `action` on `arn`.
    pub(super) fn scheduler_event(&mut self, source: &Serverless, event: &Event, arn: &Value, action: &str) {
        let at = event.at();
        let dead = self.dead_letters(source, event, DeadLetters::OfSchedule);
        let role = event.get("RoleArn").cloned().unwrap_or_else(|| {
            let id = format!("{}Role", event.id);
            let name = if action == "states:StartExecution" { "StartExecutionPolicy" } else { "LambdaPolicy" };
            let mut policies = vec![inline(at, &format!("{}{name}", event.id), allowing(at, &[action], arn.clone()))];
            if let Some(dead) = &dead {
                let send = allowing(at, &["sqs:SendMessage"], dead.clone());
                policies.push(inline(at, &format!("{}SQSPolicy", event.id), send));
            }
            let properties = Fields::new(at.0)
                .set("AssumeRolePolicyDocument", trusting(at, "scheduler.amazonaws.com"))
                .set("Policies", at.list(policies))
                .copy(&event.properties, &["PermissionsBoundary"]);
            self.emit(source, &id, "AWS::IAM::Role", at, properties.done());
            self.attribute(at, &id, "Arn")
        });
        let target = Fields::new(at.0)
            .set("Arn", arn.clone())
            .set("RoleArn", role)
            .copy(&event.properties, &["Input", "RetryPolicy"])
            .maybe("DeadLetterConfig", dead.map(|arn| at.map([("Arn", arn)])));
        let named = event.get("Name").is_some() || given(&event.properties, "OmitName").is_some();
        let window = match event.get("FlexibleTimeWindow") {
            Some(window) => window.clone(),
            None => at.map([("Mode", at.text("OFF"))]),
        };
        let properties = Fields::new(at.0)
            .copy(
                &event.properties,
                &[
                    "ScheduleExpression",
                    "State",
                    "Name",
                    "Description",
                    "StartDate",
                    "EndDate",
                    "ScheduleExpressionTimezone",
                    "GroupName",
                    "KmsKeyArn",
                ],
            )
            .maybe("Name", (!named).then(|| at.text(event.id.as_str())))
            .set("FlexibleTimeWindow", window)
            .set("Target", target.done());
        self.emit(source, &event.id, "AWS::Scheduler::Schedule", at, properties.done());
    }
}

/// A target of an EventBridge rule.
pub(super) fn rule_target(event: &Event, arn: &Value, role: Option<Value>, dead: Option<Value>) -> Value {
    let at = event.at();
    let suffix = if role.is_some() { "StepFunctionsTarget" } else { "LambdaTarget" };
    let id = event.get("Target.Id").cloned().unwrap_or_else(|| at.text(format!("{}{suffix}", event.id)));
    Fields::new(at.0)
        .set("Arn", arn.clone())
        .set("Id", id)
        .maybe("RoleArn", role)
        .copy(&event.properties, &["Input", "InputPath", "RetryPolicy", "InputTransformer"])
        .maybe("DeadLetterConfig", dead.map(|arn| at.map([("Arn", arn)])))
        .done()
}

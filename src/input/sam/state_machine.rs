//! `AWS::Serverless::StateMachine`: the state machine, its role, version and alias, and what its events need.

use crate::value::Value;

use super::events::{Event, state_of};
use super::policies::{Policies, allowing, inline, trusting};
use super::schedule::{DeadLetters, rule_target};
use super::shape::{At, Fields, get, given};
use super::{Serverless, Transform, tag_list};

impl Transform<'_> {
    pub(super) fn state_machine(&mut self, source: &Serverless) {
        let properties = &source.properties;
        let at = source.at();
        let role_id = format!("{}Role", source.id);
        let own_role = get(properties, "Role").cloned();
        let role_at = At(get(properties, "Policies").map_or(at.0, |policies| policies.span));
        let role = own_role.clone().unwrap_or_else(|| self.attribute(role_at, &role_id, "Arn"));
        let (key, definition) = self.definition(properties);
        let fields = Fields::new(source.resource.properties.span)
            .set("RoleArn", role)
            .maybe(key, definition)
            .copy_as(properties, "Name", "StateMachineName")
            .copy_as(properties, "Type", "StateMachineType")
            .copy_as(properties, "Logging", "LoggingConfiguration")
            .copy_as(properties, "Tracing", "TracingConfiguration")
            .copy(properties, &["DefinitionSubstitutions", "EncryptionConfiguration"])
            .maybe("Tags", tag_list(at, get(properties, "Tags")));
        self.emit_main(source, fields.done());

        if own_role.is_none() {
            let mut policies = Policies::default();
            self.read_policies(get(properties, "Policies"), &role_id, &mut policies);
            if let Some(enabled) = get(properties, "Tracing.Enabled").filter(|enabled| enabled.as_bool() == Some(true))
            {
                policies.attach(self.aws_managed(At(enabled.span), "AWSXrayWriteOnlyAccess"));
            }
            self.role(source, &role_id, role_at, trusting(role_at, "states.amazonaws.com"), policies);
        }

        let machine = self.reference(at, &source.id);
        let mut target = machine.clone();
        if let Some(name) = given(properties, "AutoPublishAlias") {
            let at = At(name.span);
            let version = format!("{}Version", source.id);
            let alias = format!("{}Alias{}", source.id, super::alphanumeric(name.as_str().unwrap_or_default()));
            let fields = at.map([("StateMachineArn", machine)]);
            self.emit(source, &version, "AWS::StepFunctions::StateMachineVersion", at, fields);
            let preference = match get(properties, "DeploymentPreference") {
                Some(preference) => preference.clone(),
                None => at.map([("Type", at.text("ALL_AT_ONCE"))]),
            };
            let mut preference = Value { span: at.0, ..preference };
            if let Some(map) = super::shape::map_mut(&mut preference) {
                map.put("StateMachineVersionArn", at.0, self.reference(at, &version));
            }
            let fields = at.map([("Name", name.clone()), ("DeploymentPreference", preference)]);
            self.emit(source, &alias, "AWS::StepFunctions::StateMachineAlias", at, fields);
            self.renamed.insert(format!("{}.Alias", source.id), alias.clone());
            self.renamed.insert(format!("{}.Version", source.id), version);
            if given(properties, "UseAliasAsEventTarget").is_some() {
                target = self.reference(at, &alias);
            }
        }
        for event in self.events_of(source) {
            self.machine_event(source, &event, &target);
        }
    }

    /// The definition: inline, from a local file, or somewhere that cannot be read.
    fn definition(&mut self, properties: &Value) -> (&'static str, Option<Value>) {
        if let Some(definition) = get(properties, "Definition") {
            return ("Definition", Some(definition.clone()));
        }
        let Some(uri) = get(properties, "DefinitionUri").cloned() else { return ("Definition", None) };
        match self.definition_file(&uri) {
            Some(definition) => ("Definition", Some(definition)),
            None => ("DefinitionS3Location", Some(Self::definition_location(&uri))),
        }
    }

    fn machine_event(&mut self, source: &Serverless, event: &Event, target: &Value) {
        match event.kind.as_str() {
            "Schedule" => {
                let starter =
                    event.get("RoleArn").cloned().unwrap_or_else(|| self.starting_role(source, event, target));
                let dead = self.dead_letters(source, event, DeadLetters::OfRule);
                let rule = rule_target(event, target, Some(starter), dead);
                let properties = Fields::new(event.span)
                    .copy_as(&event.properties, "Schedule", "ScheduleExpression")
                    .maybe("State", state_of(event))
                    .copy(&event.properties, &["Name", "Description"])
                    .set("Targets", event.at().list([rule]));
                self.emit(source, &event.id, "AWS::Events::Rule", event.at(), properties.done());
            }
            "ScheduleV2" => self.scheduler_event(source, event, target, "states:StartExecution"),
            "CloudWatchEvent" | "EventBridgeRule" => {
                let starter = self.starting_role(source, event, target);
                let dead = self.dead_letters(source, event, DeadLetters::OfRule);
                let rule = rule_target(event, target, Some(starter), dead);
                let properties = Fields::new(event.span)
                    .copy(&event.properties, &["EventBusName", "State"])
                    .copy_as(&event.properties, "Pattern", "EventPattern")
                    .copy_as(&event.properties, "RuleName", "Name")
                    .set("Targets", event.at().list([rule]));
                self.emit(source, &event.id, "AWS::Events::Rule", event.at(), properties.done());
            }
            "Api" => {
                let role = self.starting_role(source, event, target);
                let (api, index) = self.rest_api_index(event);
                let Some(index) = index.filter(|index| self.rest_apis.get(*index).is_some_and(|api| api.managed))
                else {
                    self.foreign_api(event, &api);
                    return;
                };
                let integration = self.starting_integration(event, target, role);
                self.rest_route(source, event, index, integration);
            }
            kind => {
                let message = format!("events of type `{kind}` are not understood");
                self.warn(&message, event.span);
            }
        }
    }

    /// The role with which an event starts executions; its ARN.
    fn starting_role(&mut self, source: &Serverless, event: &Event, target: &Value) -> Value {
        let at = event.at();
        let id = format!("{}Role", event.id);
        let service = if event.kind == "Api" { "apigateway.amazonaws.com" } else { "events.amazonaws.com" };
        let policy = allowing(at, &["states:StartExecution"], target.clone());
        let properties = Fields::new(at.0)
            .set("AssumeRolePolicyDocument", trusting(at, service))
            .set("Policies", at.list([inline(at, &format!("{id}StartExecutionPolicy"), policy)]))
            .copy(&source.properties, &["PermissionsBoundary"]);
        self.emit(source, &id, "AWS::IAM::Role", at, properties.done());
        self.attribute(at, &id, "Arn")
    }

    fn starting_integration(&self, event: &Event, target: &Value, role: Value) -> Value {
        let at = event.at();
        let uri = self.filled(at, "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution", &[]);
        let body = at.joined([
            at.text("{\"input\": \"$util.escapeJavaScript($input.json('$'))\", \"stateMachineArn\": \""),
            target.clone(),
            at.text("\"}"),
        ]);
        let status = |code: &str| at.map([("statusCode", at.text(code))]);
        Fields::new(at.0)
            .set("type", at.text("aws"))
            .set("httpMethod", at.text("POST"))
            .set("uri", uri)
            .set("responses", at.map([("200", status("200")), ("400", status("400"))]))
            .set("credentials", role)
            .set("requestTemplates", at.map([("application/json", body)]))
            .done()
    }
}

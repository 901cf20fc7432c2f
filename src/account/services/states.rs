//! Step Functions: state machines with their definitions.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_state_machine::DescribeStateMachineOutput;
use aws_sdk_sfn::types::{LogDestination, LoggingConfiguration, StateMachineListItem};

use super::{Scope, Service};
use crate::account::item::{Object, document, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "states",
    scope: Scope::Regional,
    reads: &[&MACHINES, &MACHINE],
    collect: |reader| Box::pin(collect(reader)),
};

const MACHINES: Read = Read::list("states:ListStateMachines", &["AWS::StepFunctions::StateMachine"]);
const MACHINE: Read = Read::detail("states:DescribeStateMachine");

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let machines =
        reader.list(&MACHINES, client.list_state_machines().max_results(1000).into_paginator().items().send()).await;
    let describe = |machine: StateMachineListItem| async move {
        let arn = machine.state_machine_arn();
        let call = client.describe_state_machine().state_machine_arn(arn).send();
        reader.push(of_machine(&machine, reader.get(&MACHINE, arn, call).await));
    };
    reader.each(machines, describe).await;
}

fn of_machine(listed: &StateMachineListItem, described: Result<DescribeStateMachineOutput, Unread>) -> Item {
    let item = Item::new("AWS::StepFunctions::StateMachine", listed.state_machine_arn())
        .name(Some(listed.name()))
        .means("Ref", Some(listed.state_machine_arn()))
        .set("StateMachineName", listed.name());
    let machine = match described {
        Ok(machine) => machine,
        Err(Unread(api)) => {
            let unread = ["StateMachineType", "Definition", "RoleArn", "LoggingConfiguration", "TracingConfiguration"];
            return unread.into_iter().fold(item, |item, key| item.set(key, Err::<String, _>(Unread(api))));
        }
    };
    let encryption = machine.encryption_configuration();
    item.set("StateMachineType", machine.r#type().as_str())
        .set("RoleArn", machine.role_arn())
        .set("Definition", document(machine.definition()))
        .set("LoggingConfiguration", machine.logging_configuration().map(of_logging))
        .set(
            "TracingConfiguration",
            machine.tracing_configuration().map(|it| Object::new().set("Enabled", it.enabled())),
        )
        .set(
            "EncryptionConfiguration",
            encryption.map(|it| Object::new().set("Type", it.r#type().as_str()).set("KmsKeyId", it.kms_key_id())),
        )
}

fn of_logging(logging: &LoggingConfiguration) -> Object {
    let group = |destination: &LogDestination| {
        let arn = destination.cloud_watch_logs_log_group().and_then(|group| group.log_group_arn());
        Object::new().set("CloudWatchLogsLogGroup", Object::new().set("LogGroupArn", arn))
    };
    Object::new()
        .set("Level", word(logging.level()))
        .set("IncludeExecutionData", logging.include_execution_data())
        .set("Destinations", logging.destinations().iter().map(group).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::StateMachineType;
    use aws_smithy_types::DateTime;
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:states:eu-west-1:111122223333:stateMachine:orders";

    fn listed() -> StateMachineListItem {
        let listed = StateMachineListItem::builder().state_machine_arn(ARN).name("orders");
        listed.r#type(StateMachineType::Standard).creation_date(DateTime::from_secs(0)).build().unwrap()
    }

    #[test]
    fn a_definition_is_a_document_in_the_snapshot() {
        let described = DescribeStateMachineOutput::builder()
            .state_machine_arn(ARN)
            .name("orders")
            .definition(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#)
            .role_arn("arn:aws:iam::111122223333:role/run")
            .r#type(StateMachineType::Express)
            .creation_date(DateTime::from_secs(0))
            .build()
            .unwrap();
        assert_eq!(
            serde_json::Value::from(of_machine(&listed(), Ok(described)).properties),
            json!({
                "StateMachineName": "orders",
                "StateMachineType": "EXPRESS",
                "RoleArn": "arn:aws:iam::111122223333:role/run",
                "Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
            })
        );
    }

    #[test]
    fn a_machine_that_cannot_be_described_is_there_with_nothing_known() {
        let item = of_machine(&listed(), Err(Unread(MACHINE.api)));
        assert_eq!(item.properties["Definition"], json!({"Unread": "states:DescribeStateMachine"}));
        assert_eq!(item.properties["StateMachineName"], "orders");
    }
}

//! AWS Cloud Map: namespaces, and the services that APIs and tasks are found under.

use aws_sdk_servicediscovery::Client;
use aws_sdk_servicediscovery::types::{DnsConfig, DnsRecord, NamespaceSummary, NamespaceType, ServiceSummary};

use super::{Scope, Service};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "servicediscovery",
    scope: Scope::Regional,
    reads: &[&NAMESPACES, &SERVICES],
    collect: |reader| Box::pin(collect(reader)),
};

const NAMESPACES: Read = Read::list(
    "servicediscovery:ListNamespaces",
    &[
        "AWS::ServiceDiscovery::HttpNamespace",
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        "AWS::ServiceDiscovery::PublicDnsNamespace",
    ],
);
const SERVICES: Read = Read::list("servicediscovery:ListServices", &["AWS::ServiceDiscovery::Service"]);

async fn collect(reader: &Reader) {
    let client = Client::new(&reader.config);
    let (namespaces, services) = tokio::join!(namespaces(reader, &client), services(reader, &client));
    for namespace in &namespaces {
        reader.push(of_namespace(namespace));
    }
    for service in &services {
        reader.push(of_service(service));
    }
}

async fn namespaces(reader: &Reader, client: &Client) -> Vec<NamespaceSummary> {
    let page = |token| async {
        let answer = client.list_namespaces().set_next_token(token).send().await?;
        Ok((answer.namespaces.unwrap_or_default(), answer.next_token))
    };
    reader.pages(&NAMESPACES, page).await
}

async fn services(reader: &Reader, client: &Client) -> Vec<ServiceSummary> {
    let page = |token| async {
        let answer = client.list_services().set_next_token(token).send().await?;
        Ok((answer.services.unwrap_or_default(), answer.next_token))
    };
    reader.pages(&SERVICES, page).await
}

fn of_namespace(namespace: &NamespaceSummary) -> Item {
    let kind = match namespace.r#type() {
        Some(NamespaceType::DnsPublic) => "AWS::ServiceDiscovery::PublicDnsNamespace",
        Some(NamespaceType::DnsPrivate) => "AWS::ServiceDiscovery::PrivateDnsNamespace",
        _ => "AWS::ServiceDiscovery::HttpNamespace",
    };
    let arn = namespace.arn().unwrap_or_default();
    Item::new(kind, arn)
        .name(namespace.name())
        .means("Ref", namespace.id())
        .means("Arn", Some(arn))
        .set("Name", namespace.name())
        .set("Description", namespace.description())
}

fn of_service(service: &ServiceSummary) -> Item {
    let arn = service.arn().unwrap_or_default();
    Item::new("AWS::ServiceDiscovery::Service", arn)
        .name(service.name())
        .means("Ref", service.id())
        .means("Arn", Some(arn))
        .set("Name", service.name())
        .set("Description", service.description())
        .set("Type", word(service.r#type()))
        .set("DnsConfig", service.dns_config().map(of_dns))
}

fn of_dns(config: &DnsConfig) -> Object {
    let record =
        |record: &DnsRecord| Object::new().set("Type", record.r#type().as_str()).set("TTL", record.ttl().to_string());
    Object::new()
        .set("RoutingPolicy", word(config.routing_policy()))
        .set("DnsRecords", config.dns_records().iter().map(record).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicediscovery::types::RecordType;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_service_is_found_by_id_and_arn() {
        let record = DnsRecord::builder().r#type(RecordType::A).ttl(60).build().unwrap();
        let service = ServiceSummary::builder()
            .id("srv-1")
            .arn("arn:aws:servicediscovery:us-east-1:111122223333:service/srv-1")
            .name("orders")
            .dns_config(DnsConfig::builder().dns_records(record).build().unwrap())
            .build();
        let item = of_service(&service);
        assert_eq!(item.ids.get("Ref").map(String::as_str), Some("srv-1"));
        assert_eq!(
            Value::Object(item.properties),
            json!({ "Name": "orders", "DnsConfig": { "DnsRecords": [{ "Type": "A", "TTL": "60" }] } })
        );
    }
}

//! DynamoDB tables: the partition keys by which their items and those of their indexes are found.

use std::sync::Arc;

use super::{Resources, Typed, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Value};

pub const TABLE_KINDS: &[&str] = &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"];

#[derive(Debug, Default)]
pub struct DynamoDb {
    /// In source order of their kind.
    pub tables: Vec<Table>,
}

#[derive(Debug)]
pub struct Table {
    pub address: Address,
    pub name: Arc<str>,
    /// `TableName`, when it is literal.
    pub table_name: Option<String>,
    pub partition_key: Result<Key, Reason>,
    /// Global secondary indexes; a local one has the table's own partition key.
    pub indexes: Result<Vec<Index>, Reason>,
}

#[derive(Clone, Debug)]
pub struct Key {
    pub attribute: String,
    /// `S`, `N` or `B`; empty when the template does not define the attribute.
    pub kind: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Index {
    pub name: Result<String, Reason>,
    pub partition_key: Result<Key, Reason>,
    pub span: Span,
}

impl DynamoDb {
    pub fn new(resources: &Resources) -> Self {
        let tables = TABLE_KINDS.iter().flat_map(|kind| resources.of_kind(kind)).map(table).collect();
        Self { tables }
    }

    pub fn table(&self, address: &Address) -> Option<&Table> {
        self.tables.iter().find(|table| table.address == *address)
    }
}

fn table(resource: &Resource) -> Table {
    let indexes = match resource.prop("GlobalSecondaryIndexes") {
        Prop::Absent(_) => Ok(Vec::new()),
        Prop::Unknown(reason, _) => Err(reason.clone()),
        Prop::Known(value) => value
            .items()
            .unwrap_or_default()
            .iter()
            .map(|index| match &index.kind {
                Kind::Unknown(reason) => Err(reason.clone()),
                _ => Ok(Index {
                    name: match text(index.prop("IndexName")) {
                        Typed::Known(name, _) => Ok(name),
                        Typed::Unknown(reason, _) => Err(reason),
                        Typed::Absent(_) => Ok(String::new()),
                    },
                    partition_key: partition_key(resource, index.prop("KeySchema")),
                    span: index.span,
                }),
            })
            .collect(),
    };
    Table {
        address: resource.address.clone(),
        name: Arc::clone(&resource.name),
        table_name: resource.prop("TableName").known().and_then(Value::as_str).map(str::to_owned),
        partition_key: partition_key(resource, resource.prop("KeySchema")),
        indexes,
    }
}

fn partition_key(resource: &Resource, schema: Prop<'_>) -> Result<Key, Reason> {
    let elements = match schema {
        Prop::Unknown(reason, _) => return Err(reason.clone()),
        Prop::Absent(_) => &[],
        Prop::Known(value) => match value.reason() {
            Some(reason) => return Err(reason.clone()),
            None => value.items().unwrap_or_default(),
        },
    };
    let text = |element: &Value, key: &str| element.prop(key).known().and_then(Value::as_str).map(str::to_owned);
    elements
        .iter()
        .find(|element| text(element, "KeyType").as_deref() == Some("HASH"))
        .and_then(|element| {
            let attribute = text(element, "AttributeName")?;
            let definitions = resource.prop("AttributeDefinitions").known().and_then(Value::items).unwrap_or_default();
            let kind = definitions
                .iter()
                .find(|definition| text(definition, "AttributeName").as_ref() == Some(&attribute))
                .and_then(|definition| text(definition, "AttributeType"))
                .unwrap_or_default();
            Some(Key { attribute, kind, span: element.span })
        })
        .ok_or_else(|| Reason::NotUnderstood(Arc::from(format!("`{}` has no readable partition key", resource.name))))
}

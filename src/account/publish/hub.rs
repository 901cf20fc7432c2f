//! The Security Hub of one account and region.
//!
//! Findings go out and come in as the JSON that they are: the SDK's types have a builder for each of thousands of fields,
//! and would lose those that they do not know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types::{
    AwsSecurityFindingFilters, AwsSecurityFindingIdentifier, NoteUpdate, StringFilter, StringFilterComparison,
    WorkflowStatus, WorkflowUpdate,
};
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};

use super::plan::SUPPRESSED_BY;
use crate::account::reader::{CallError, ended};
use crate::account::session::Session;
use crate::report::asff::{OWN, product_arn};

/// Findings of one call. Source: API reference, `BatchImportFindings`, `BatchUpdateFindings`.
const BATCH: usize = 100;

/// Findings of a page.
const PAGE: i32 = 100;

/// For the rest of an answer that has begun.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often findings that were refused for a passing reason are sent.
const ATTEMPTS: usize = 3;

/// Before they are sent again.
const PAUSE: Duration = Duration::from_millis(500);

/// Refusals that sending again does not change.
const LASTING: &[&str] =
    &["AccessDenied", "AccessDeniedException", "InvalidAccess", "InvalidInput", "InvalidInputException"];

/// Where findings are written to.
#[derive(Clone, Debug)]
pub struct Hub {
    client: Client,
    pub account: String,
    pub region: String,
    product: String,
}

/// Why nothing can be written there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "Security Hub is not enabled in account {account}, {region}: enable it there, or import where it is with `--hub-region`"
    )]
    Disabled { account: String, region: String },
    #[error("`{api}` of account {account}, {region}: {why}")]
    Failed { api: &'static str, account: String, region: String, why: String },
}

/// A finding that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub id: String,
    /// What the service said.
    pub why: String,
}

impl Hub {
    pub fn of(session: &Session, region: &str) -> Self {
        Self {
            client: Client::new(&session.in_region(region)),
            account: session.account.clone(),
            region: region.to_owned(),
            product: product_arn(&session.partition, region, &session.account),
        }
    }

    /// The product as which findings are imported there.
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Asks whether it is enabled.
    pub async fn check(&self) -> Result<(), Error> {
        match self.client.describe_hub().send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.error("securityhub:DescribeHub", &error)),
        }
    }

    /// The findings that this program has written there, archived ones too.
    pub async fn findings(&self) -> Result<Vec<Value>, Error> {
        let is = |comparison: StringFilterComparison, value: &str| {
            StringFilter::builder().comparison(comparison).value(value).build()
        };
        // In an aggregation region the findings of other regions are beside its own: those have another product.
        let filters = AwsSecurityFindingFilters::builder()
            .product_arn(is(StringFilterComparison::Equals, &self.product))
            .aws_account_id(is(StringFilterComparison::Equals, &self.account))
            .generator_id(is(StringFilterComparison::Prefix, OWN))
            .build();
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self.page(&filters, token.clone()).await?;
            let next = page.get("NextToken").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
            found.extend(page.get("Findings").and_then(Value::as_array).into_iter().flatten().cloned());
            if next.is_none() || next == token {
                return Ok(found);
            }
            token = next;
        }
    }

    /// A page of findings as it is sent.
    async fn page(&self, filters: &AwsSecurityFindingFilters, token: Option<String>) -> Result<Value, Error> {
        let api = "securityhub:GetFindings";
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            let answer = Answer::default();
            let call = self.client.get_findings().filters(filters.clone()).max_results(PAGE);
            let sent = call.set_next_token(token.clone()).customize().interceptor(answer.clone()).send().await;
            sent.map_err(|error| self.error(api, &error))?;
            match answer.read().await {
                Ok(page) if page.get("Findings").is_some_and(Value::is_array) => return Ok(page),
                Ok(_) => "an answer without findings".clone_into(&mut why),
                Err(error) => why = error,
            }
        }
        Err(Error::Failed { api, account: self.account.clone(), region: self.region.clone(), why })
    }

    /// Writes findings. What is refused for a passing reason is sent again.
    pub async fn import(&self, findings: &[Value]) -> Vec<Refused> {
        let mut refused = Vec::new();
        for batch in findings.chunks(BATCH) {
            refused.extend(self.import_batch(batch.to_vec()).await);
        }
        refused
    }

    async fn import_batch(&self, mut batch: Vec<Value>) -> Vec<Refused> {
        let mut refused = Vec::new();
        for attempt in 1..=ATTEMPTS {
            let body = Body(serde_json::to_vec(&json!({ "Findings": batch })).unwrap_or_default());
            let answer = self.client.batch_import_findings().set_findings(Some(Vec::new()));
            let failed = match answer.customize().interceptor(body).send().await {
                Ok(answer) => answer.failed_findings().to_vec(),
                Err(error) => {
                    let why = self.error("securityhub:BatchImportFindings", &error).to_string();
                    refused.extend(batch.iter().map(|finding| Refused { id: id(finding), why: why.clone() }));
                    return refused;
                }
            };
            let mut again = Vec::new();
            for failure in failed {
                let (id_of, code) = (failure.id().unwrap_or_default(), failure.error_code().unwrap_or_default());
                if attempt < ATTEMPTS && !LASTING.contains(&code) {
                    again.extend(batch.iter().find(|finding| id(finding) == id_of).cloned());
                } else {
                    let why = format!("{code}: {}", failure.error_message().unwrap_or_default());
                    refused.push(Refused { id: id_of.to_owned(), why });
                }
            }
            if again.is_empty() {
                break;
            }
            batch = again;
            tokio::time::sleep(PAUSE * u32::try_from(attempt).unwrap_or(1)).await;
        }
        refused
    }

    /// Suppresses findings, or takes that back, with a note that says who did it.
    pub async fn suppress(&self, ids: &[String], suppress: bool) -> Vec<Refused> {
        let (status, text) = if suppress {
            (WorkflowStatus::Suppressed, "waived, with a reason, an owner and an end date")
        } else {
            (WorkflowStatus::New, "not waived any more")
        };
        let note = NoteUpdate::builder().text(text).updated_by(SUPPRESSED_BY).build();
        let mut refused = Vec::new();
        for batch in ids.chunks(BATCH) {
            let identifiers: Vec<AwsSecurityFindingIdentifier> = batch
                .iter()
                .map(|id| AwsSecurityFindingIdentifier::builder().id(id).product_arn(&self.product).build())
                .collect();
            let call = self.client.batch_update_findings().set_finding_identifiers(Some(identifiers));
            let workflow = WorkflowUpdate::builder().status(status.clone()).build();
            match call.set_note(Some(note.clone())).workflow(workflow).send().await {
                Ok(answer) => refused.extend(answer.unprocessed_findings().iter().map(|failure| Refused {
                    id: failure.finding_identifier().and_then(|id| id.id()).unwrap_or_default().to_owned(),
                    why: format!(
                        "{}: {}",
                        failure.error_code().unwrap_or_default(),
                        failure.error_message().unwrap_or_default()
                    ),
                })),
                Err(error) => {
                    let why = self.error("securityhub:BatchUpdateFindings", &error).to_string();
                    refused.extend(batch.iter().map(|id| Refused { id: id.clone(), why: why.clone() }));
                }
            }
        }
        refused
    }

    fn error<E>(&self, api: &'static str, error: &CallError<E>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (account, region) = (self.account.clone(), self.region.clone());
        // "The account doesn't have permission to perform this action", or is not subscribed. Source: API reference,
        // `DescribeHub`.
        if error.code().is_some_and(|code| code.starts_with("InvalidAccessException")) {
            return Error::Disabled { account, region };
        }
        let (_, why) = ended(error);
        Error::Failed { api, account, region, why }
    }
}

fn id(finding: &Value) -> String {
    finding.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Sends a body of its own.
#[derive(Debug)]
struct Body(Vec<u8>);

#[dyn_dispatch_hint]
impl Intercept for Body {
    fn name(&self) -> &'static str {
        "SendFindings"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_smithy_runtime_api::box_error::BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.clone());
        Ok(())
    }
}

/// Takes the body of an answer away, unread. The SDK would make of each finding its largest type by far.
#[derive(Clone, Debug, Default)]
struct Answer(Arc<Mutex<Option<SdkBody>>>);

impl Answer {
    async fn read(self) -> Result<Value, String> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or("no answer")?;
        let body = tokio::time::timeout(PATIENCE, ByteStream::new(body).collect()).await;
        let body = body.map_err(|_| "no answer in time")?.map_err(|error| error.to_string())?;
        serde_json::from_slice(&body.to_vec()).map_err(|_| "an answer that is not understood".to_owned())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "TakeFindings"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_smithy_runtime_api::box_error::BoxError> {
        let response = context.response_mut();
        if response.status().is_success() {
            let body = std::mem::replace(response.body_mut(), SdkBody::from("{\"Findings\":[]}"));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
        Ok(())
    }
}

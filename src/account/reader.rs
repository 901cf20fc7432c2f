//! One service of one region: its calls, how each ended, and what they found.
//!
//! A call that does not end well never looks like an empty answer. A list that could not be read (to its end) is recorded
//! with the types of resources that it hides, and a detail that could not be read is [`Unread`] in its place.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::StreamExt as _;

use crate::input::snapshot::format::{Item, Outcome, ReadRecord, Section};

/// An API that is called, what the caller must be allowed to do for it, and what is hidden when it cannot be read.
#[derive(Debug)]
pub struct Read {
    /// `ec2:DescribeSubnets`.
    pub api: &'static str,
    /// The IAM action, where it is not called like the API: `apigateway:GET`.
    pub permission: Option<&'static str>,
    /// Types of resources that exist unseen when this fails. Empty for a detail of a resource that is known.
    pub finds: &'static [&'static str],
    /// Only called when code may be read.
    pub for_code: bool,
}

impl Read {
    /// A list: without it there may be resources of these types that nobody saw.
    pub const fn list(api: &'static str, finds: &'static [&'static str]) -> Self {
        Self { api, permission: None, finds, for_code: false }
    }

    /// A detail of a resource that is known.
    pub const fn detail(api: &'static str) -> Self {
        Self { api, permission: None, finds: &[], for_code: false }
    }

    /// The IAM action that it needs, where that is called otherwise.
    #[must_use]
    pub const fn needs(self, permission: &'static str) -> Self {
        Self { permission: Some(permission), ..self }
    }

    /// Called only when code may be read.
    #[must_use]
    pub const fn for_code(self) -> Self {
        Self { for_code: true, ..self }
    }

    pub fn permission(&self) -> &'static str {
        self.permission.unwrap_or(self.api)
    }
}

/// A detail that could not be read, by the API that would tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread(pub &'static str);

/// The error of a call.
pub type CallError<E> = SdkError<E, HttpResponse>;

/// A page of a list whose service has no paginator: its items, and the token of the next page.
pub type Page<T> = (Vec<T>, Option<String>);

/// Calls at once, for one service of one region.
const AT_ONCE: usize = 8;

/// Reads one service of one region of one account. Shared by all its calls.
#[derive(Debug)]
pub struct Reader {
    /// What clients are made of.
    pub config: SdkConfig,
    pub account: String,
    /// `global` for a service without regions.
    pub region: String,
    pub partition: String,
    /// The folder of the section, when code may be stored there.
    pub packages: Option<PathBuf>,
    records: Mutex<BTreeMap<Key, Record>>,
    items: Mutex<Vec<Item>>,
}

/// API, outcome, and the resource that it was about when that matters.
type Key = (&'static str, Outcome, Option<String>);

#[derive(Debug)]
struct Record {
    permission: &'static str,
    calls: u64,
    error: Option<String>,
    finds: &'static [&'static str],
}

impl Reader {
    pub fn new(config: SdkConfig, account: &str, region: &str, partition: &str, packages: Option<PathBuf>) -> Self {
        Self {
            config,
            account: account.to_owned(),
            region: region.to_owned(),
            partition: partition.to_owned(),
            packages,
            records: Mutex::default(),
            items: Mutex::default(),
        }
    }

    /// An ARN of this account and region: `reader.arn("ec2", "subnet/subnet-1")`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let region = if self.region == "global" { "" } else { &self.region };
        format!("arn:{}:{service}:{region}:{}:{resource}", self.partition, self.account)
    }

    /// All items of a paginated list. What was read before an error is kept; the error is recorded.
    pub async fn list<T, E>(&self, read: &'static Read, pages: PaginationStream<Result<T, CallError<E>>>) -> Vec<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut found = Vec::new();
        self.take(read, pages, |item| found.push(item)).await;
        found
    }

    /// The same, item by item as they come, for lists that are long: answers are larger than what is made of them.
    pub async fn take<T, E>(
        &self,
        read: &'static Read,
        mut pages: PaginationStream<Result<T, CallError<E>>>,
        mut take: impl FnMut(T),
    ) where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        while let Some(item) = pages.next().await {
            match item {
                Ok(item) => take(item),
                Err(error) => {
                    let (outcome, text) = ended(&error);
                    return self.record(read, outcome, None, Some(text));
                }
            }
        }
        self.record(read, Outcome::Ok, None, None);
    }

    /// All items of a list whose service has no paginator: `page` takes the token of the page.
    pub async fn pages<T, E, F>(&self, read: &'static Read, mut page: impl FnMut(Option<String>) -> F) -> Vec<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<Page<T>, CallError<E>>>,
    {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            match page(token.clone()).await {
                Ok((items, next)) => {
                    found.extend(items);
                    // A service that hands out the same token again would be asked for ever.
                    if next.is_none() || next == token {
                        break;
                    }
                    token = next;
                }
                Err(error) => {
                    let (outcome, text) = ended(&error);
                    self.record(read, outcome, None, Some(text));
                    return found;
                }
            }
        }
        self.record(read, Outcome::Ok, None, None);
        found
    }

    /// A detail of `of`.
    pub async fn get<T, E>(
        &self,
        read: &'static Read,
        of: &str,
        call: impl Future<Output = Result<T, CallError<E>>>,
    ) -> Result<T, Unread>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.taken(read, Some(of), call.await, &[])?.ok_or(Unread(read.api))
    }

    /// A detail of `of` that may not be there, which the service says with one of the `absent` error codes.
    pub async fn find<T, E>(
        &self,
        read: &'static Read,
        of: &str,
        absent: &[&str],
        call: impl Future<Output = Result<T, CallError<E>>>,
    ) -> Result<Option<T>, Unread>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.taken(read, Some(of), call.await, absent)
    }

    /// A detail that was told, but came to nothing.
    pub fn failed(&self, read: &'static Read, of: &str, why: String) -> Unread {
        self.record(read, Outcome::Failed, Some(of), Some(why));
        Unread(read.api)
    }

    /// Does something for each, several at once, in any order.
    pub async fn each<T, F: Future<Output = ()>>(&self, items: impl IntoIterator<Item = T>, each: impl FnMut(T) -> F) {
        futures_util::stream::iter(items)
            .map(each)
            .buffer_unordered(AT_ONCE)
            .for_each(|()| std::future::ready(()))
            .await;
    }

    /// The same with what comes of each, in their order.
    pub async fn map<T, U, F: Future<Output = U>>(
        &self,
        items: impl IntoIterator<Item = T>,
        each: impl FnMut(T) -> F,
    ) -> Vec<U> {
        futures_util::stream::iter(items).map(each).buffered(AT_ONCE).collect().await
    }

    pub fn push(&self, item: Item) {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }

    pub fn extend(&self, items: impl IntoIterator<Item = Item>) {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).extend(items);
    }

    /// Records how a call ended. `Ok(None)` is one of the `absent` codes.
    fn taken<T, E>(
        &self,
        read: &'static Read,
        of: Option<&str>,
        result: Result<T, CallError<E>>,
        absent: &[&str],
    ) -> Result<Option<T>, Unread>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = match result {
            Ok(value) => {
                self.record(read, Outcome::Ok, None, None);
                return Ok(Some(value));
            }
            Err(error) => error,
        };
        if error.code().is_some_and(|code| absent.contains(&code)) {
            self.record(read, Outcome::Ok, None, None);
            return Ok(None);
        }
        let (outcome, text) = ended(&error);
        self.record(read, outcome, of, Some(text));
        Err(Unread(read.api))
    }

    fn record(&self, read: &'static Read, outcome: Outcome, of: Option<&str>, error: Option<String>) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (read.api, outcome, of.map(str::to_owned));
        let record = records.entry(key).or_insert(Record {
            permission: read.permission(),
            calls: 0,
            error: None,
            finds: read.finds,
        });
        record.calls += 1;
        record.error = record.error.take().or(error);
    }

    /// What was read, sorted, so that the same account gives the same bytes.
    pub fn finish(self, service: &str) -> Section {
        let records = self.records.into_inner().unwrap_or_else(PoisonError::into_inner);
        let reads = records.into_iter().map(|((api, outcome, of), record)| {
            let kinds = record.finds.iter().map(|kind| (*kind).to_owned()).collect();
            let (finds, hides) = if outcome == Outcome::Ok { (kinds, Vec::new()) } else { (Vec::new(), kinds) };
            ReadRecord {
                api: api.to_owned(),
                outcome,
                calls: record.calls,
                of,
                permission: record.permission.to_owned(),
                error: record.error,
                hides,
                finds,
            }
        });
        let reads = reads.collect();
        let mut resources = self.items.into_inner().unwrap_or_else(PoisonError::into_inner);
        resources.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
        Section {
            account: self.account,
            region: self.region,
            partition: self.partition,
            service: service.to_owned(),
            reads,
            resources,
        }
    }
}

/// Error codes that mean a missing permission, beside those that end with `AccessDenied`. Source: "Error code reference" of
/// Amazon EC2, "Common errors" of the other services.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ForbiddenException",
    "InvalidClientTokenId",
    "NotAuthorizedException",
    "OptInRequired",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// The session has ended while it was used. Source: "Common errors" of the services.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// Source: the SDK's own list of throttling codes, "Retry behavior" of the AWS SDKs and Tools reference guide.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// The API, or the service, does not exist there.
const UNSUPPORTED: &[&str] = &[
    "InvalidAction",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "Unsupported",
];

/// How a call that failed ended, and what is said about it.
pub(super) fn ended<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &CallError<E>) -> (Outcome, String) {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let Some(code) = error.code() else {
        let outcome = match (error, status) {
            (_, Some(429)) => Outcome::Throttled,
            (_, Some(401 | 403)) => Outcome::Denied,
            (_, Some(404 | 501)) => Outcome::Unsupported,
            _ => Outcome::Failed,
        };
        let text = match (error, status) {
            (SdkError::TimeoutError(_), _) => "no answer in time".to_owned(),
            (SdkError::DispatchFailure(failure), _) => {
                failure.as_connector_error().map_or_else(|| "cannot be reached".to_owned(), unreachable)
            }
            (_, Some(status)) => format!("an answer that is not understood, with HTTP status {status}"),
            _ => "an answer that is not understood".to_owned(),
        };
        return (outcome, text);
    };
    let is = |codes: &[&str]| codes.contains(&code);
    if is(EXPIRED) {
        return (Outcome::Failed, "the credentials have expired; sign in again and go on with `--resume`".to_owned());
    }
    let outcome = if is(DENIED) || code.ends_with("AccessDenied") {
        Outcome::Denied
    } else if is(THROTTLED) || status == Some(429) {
        Outcome::Throttled
    } else if is(UNSUPPORTED) {
        Outcome::Unsupported
    } else {
        Outcome::Failed
    };
    let message = error.message().map(|message| message.lines().next().unwrap_or_default().trim().to_owned());
    (outcome, message.filter(|message| !message.is_empty()).map_or_else(|| code.to_owned(), |m| format!("{code}: {m}")))
}

/// Why nobody answered: the innermost cause, which names what went wrong.
fn unreachable(failure: &aws_smithy_runtime_api::client::result::ConnectorError) -> String {
    let mut cause: &dyn std::error::Error = failure;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if failure.is_timeout() { "no answer in time".to_owned() } else { format!("cannot be reached: {cause}") }
}

#[cfg(test)]
mod tests;

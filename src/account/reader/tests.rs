use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

const LIST: Read = Read::list("ec2:DescribeSubnets", &["AWS::EC2::Subnet"]);
const DETAIL: Read = Read::detail("apigateway:GetStages").needs("apigateway:GET");

fn reader() -> Reader {
    Reader::new(SdkConfig::builder().build(), "123456789012", "us-east-1", "aws", None)
}

fn answered(status: u16) -> HttpResponse {
    Response::new(StatusCode::try_from(status).unwrap(), SdkBody::from(""))
}

/// An answer of the service that names what is wrong.
fn refused(status: u16, code: &str, message: &str) -> CallError<ErrorMetadata> {
    SdkError::service_error(ErrorMetadata::builder().code(code).message(message).build(), answered(status))
}

#[test]
fn errors_are_told_apart_by_their_codes() {
    let outcome = |status, code| ended(&refused(status, code, "")).0;
    for code in ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "IAMAccessDenied"] {
        assert_eq!(outcome(403, code), Outcome::Denied, "{code}");
    }
    for code in ["Throttling", "RequestLimitExceeded", "TooManyRequestsException"] {
        assert_eq!(outcome(400, code), Outcome::Throttled, "{code}");
    }
    assert_eq!(outcome(429, "Anything"), Outcome::Throttled);
    assert_eq!(outcome(400, "InvalidAction"), Outcome::Unsupported);
    assert_eq!(outcome(500, "InternalError"), Outcome::Failed);
    // It is not the permission that is missing.
    assert_eq!(outcome(403, "ExpiredToken"), Outcome::Failed);
}

#[test]
fn answers_without_a_code_are_told_apart_by_their_status() {
    let of = |status| ended(&CallError::<ErrorMetadata>::response_error("no XML", answered(status)));
    assert_eq!(of(403).0, Outcome::Denied);
    assert_eq!(of(429).0, Outcome::Throttled);
    assert_eq!(of(404).0, Outcome::Unsupported);
    assert_eq!(of(500), (Outcome::Failed, "an answer that is not understood, with HTTP status 500".to_owned()));
    let timeout = CallError::<ErrorMetadata>::timeout_error("slow");
    assert_eq!(ended(&timeout), (Outcome::Failed, "no answer in time".to_owned()));
    let lost = CallError::<ErrorMetadata>::dispatch_failure(ConnectorError::io("connection refused".into()));
    assert_eq!(ended(&lost), (Outcome::Failed, "cannot be reached: connection refused".to_owned()));
}

#[test]
fn what_a_service_says_is_kept_in_one_line() {
    let (_, text) = ended(&refused(403, "AccessDenied", "User is not allowed\nsecond line"));
    assert_eq!(text, "AccessDenied: User is not allowed");
}

#[tokio::test]
async fn a_list_that_breaks_off_keeps_what_was_read_and_says_what_it_hides() {
    let reader = reader();
    let found: Vec<u8> = reader
        .pages(&LIST, |token| {
            let page = match token {
                None => Ok((vec![1, 2], Some("next".to_owned()))),
                Some(_) => Err(refused(400, "Throttling", "slow down")),
            };
            std::future::ready(page)
        })
        .await;
    assert_eq!(found, [1, 2]);
    let section = reader.finish("ec2");
    let [read] = section.reads.as_slice() else { panic!("{:?}", section.reads) };
    assert_eq!((read.api.as_str(), read.outcome), ("ec2:DescribeSubnets", Outcome::Throttled));
    assert_eq!(read.hides, ["AWS::EC2::Subnet"]);
}

#[tokio::test]
async fn a_service_that_repeats_its_token_is_not_asked_for_ever() {
    let reader = reader();
    let page = |_| std::future::ready(Ok::<_, CallError<ErrorMetadata>>((vec![1], Some("same".to_owned()))));
    assert_eq!(reader.pages(&LIST, page).await, [1, 1]);
}

#[tokio::test]
async fn a_detail_that_is_not_there_is_no_failure_and_one_that_is_refused_is() {
    let reader = reader();
    let absent = std::future::ready(Err::<(), _>(refused(404, "NotFoundException", "")));
    assert_eq!(reader.find(&DETAIL, "api-1", &["NotFoundException"], absent).await, Ok(None));
    let denied = std::future::ready(Err::<(), _>(refused(403, "AccessDeniedException", "")));
    assert_eq!(
        reader.find(&DETAIL, "api-2", &["NotFoundException"], denied).await,
        Err(Unread("apigateway:GetStages"))
    );
    let section = reader.finish("apigateway");
    let reads: Vec<_> =
        section.reads.iter().map(|read| (read.outcome, read.of.as_deref(), read.permission.as_str())).collect();
    assert_eq!(reads, [(Outcome::Ok, None, "apigateway:GET"), (Outcome::Denied, Some("api-2"), "apigateway:GET")]);
}

#[test]
fn the_same_answers_give_the_same_section() {
    let (one, other) = (reader(), reader());
    let item = |id: &str| Item::new("AWS::EC2::Subnet", id).set("CidrBlock", "10.0.0.0/24");
    for id in ["b", "a"] {
        one.push(item(id));
    }
    for id in ["a", "b"] {
        other.push(item(id));
    }
    assert_eq!(one.finish("ec2"), other.finish("ec2"));
}

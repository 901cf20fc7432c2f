//! Services that ask to slow down: what they have is read all the same, at their pace; one that never has enough costs its
//! own facts only.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sra_guard::input::snapshot::format::Outcome;

use super::wire::account::Size;
use super::wire::{Call, Part, Wire, sections};
use crate::loopback::Answer;
use crate::support::Folder;

const SIZE: Size = Size { instances: 500, roles: 500, functions: 60 };

/// What a service says when it has had enough.
fn enough(call: &Call) -> Answer {
    let (service, _) = call.api.split_once(':').unwrap();
    match service {
        "lambda" => {
            let why = "{\"Reason\": \"CallerRateLimitExceeded\", \"message\": \"Rate exceeded\"}";
            Answer::error(429, "TooManyRequestsException", why)
        }
        "ec2" => Answer {
            status: 503,
            ..Answer::ok(
                "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message>\
                 </Error></Errors><RequestID>r</RequestID></Response>",
            )
        },
        _ => Answer {
            status: 400,
            ..Answer::ok(
                "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
                 <RequestId>r</RequestId></ErrorResponse>",
            )
        },
    }
}

/// Calls of a service, so many a second and no more.
fn paced(service: &'static str, a_second: f64) -> Part {
    let bucket = Mutex::new((a_second, Instant::now()));
    Box::new(move |call| {
        if !call.api.starts_with(service) {
            return None;
        }
        let (left, since) = &mut *bucket.lock().unwrap();
        *left = (*left + since.elapsed().as_secs_f64() * a_second).min(a_second);
        *since = Instant::now();
        if *left < 1.0 {
            return Some(enough(call));
        }
        *left -= 1.0;
        None
    })
}

/// The first calls of an API.
fn refused(api: &'static str, times: usize) -> Part {
    let left = Mutex::new(times);
    Box::new(move |call| {
        let mut left = left.lock().unwrap();
        if call.api != api || *left == 0 {
            return None;
        }
        *left -= 1;
        Some(enough(call))
    })
}

/// An account before which these parts stand.
fn wire(parts: Vec<Part>) -> Wire {
    Wire::start(parts.into_iter().chain(SIZE.parts()).collect())
}

/// Collects what is there but for what these parts refuse. Tells how calls ended that did not end well, how long it took,
/// and how many functions were found.
fn collected(wire: &Wire, attempts: &[(&str, &str)]) -> (BTreeMap<String, Outcome>, Duration, usize) {
    let folder = Folder::new();
    let begun = Instant::now();
    let mut program = wire.program("collect");
    let program = program.arg("--output").arg(folder.path().join("snapshot")).envs(attempts.iter().copied());
    let output = program.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut ended, mut functions) = (BTreeMap::new(), 0);
    for section in sections(&folder.path().join("snapshot")).into_values() {
        functions += section.resources.iter().filter(|item| item.kind == "AWS::Lambda::Function").count();
        let bad = section.reads.into_iter().filter(|read| read.outcome != Outcome::Ok);
        ended.extend(bad.map(|read| (read.api, read.outcome)));
    }
    (ended, begun.elapsed(), functions)
}

#[test]
fn a_service_that_asks_to_slow_down_is_read_at_its_pace() {
    let wire = wire(vec![paced("lambda:", 20.0), refused("ec2:DescribeSubnets", 3)]);
    let (bad, took, functions) = collected(&wire, &[]);
    assert_eq!((bad, functions), (BTreeMap::new(), SIZE.functions));
    assert!(took < Duration::from_mins(3), "{took:?}");
}

#[test]
fn a_service_that_never_answers_is_throttled_and_the_others_are_read() {
    let api = "iam:GetAccountAuthorizationDetails";
    let wire = wire(vec![refused(api, usize::MAX)]);
    let (bad, took, functions) = collected(&wire, &[("AWS_MAX_ATTEMPTS", "2")]);
    assert_eq!((bad, functions), (BTreeMap::from([(api.to_owned(), Outcome::Throttled)]), SIZE.functions));
    assert_eq!(wire.counts()[api], 2, "as often as the environment says");
    assert!(took < Duration::from_mins(3), "{took:?}");
}

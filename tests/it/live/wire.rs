//! Accounts as they are on the wire: answers in the services' own shapes, made up as they are asked for.
//!
//! An emulator keeps what it is given, slowly and in its own words. Here an account of any size is made of numbers, lists
//! are cut into pages as the services document, and each call is counted. What nobody made up is an empty list.

pub(crate) mod account;
mod empty;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use serde_json::Value as Json;
use sra_guard::account::session::Session;
use sra_guard::input::snapshot::format::{Section, Snapshot};

use crate::loopback::{Answer, Request, serve};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// A call as the services name it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// `ec2:DescribeInstances`; for what no service has, the path.
    pub api: String,
    /// Of the form, the query or the document.
    pub parameters: BTreeMap<String, String>,
    /// The parts of the path that name something.
    pub names: Vec<String>,
}

/// Answers a call that it knows.
pub(crate) type Part = Box<dyn Fn(&Call) -> Option<Answer> + Send + Sync>;

/// A server of one account.
pub(crate) struct Wire {
    pub endpoint: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// A part of a list: the items, and the token of the next part.
pub(crate) struct Page {
    pub items: std::ops::Range<usize>,
    pub next: Option<String>,
}

/// How a list is cut.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    /// The parameter of the number of items.
    pub size: &'static str,
    /// The parameter of the token.
    pub token: &'static str,
    pub most: usize,
    /// When nothing is said.
    pub default: usize,
}

impl Wire {
    /// What the first of the parts that knows a call answers.
    pub(crate) fn start(parts: Vec<Part>) -> Self {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let seen = Arc::clone(&calls);
        let port = serve(move |request| {
            let call = Call::of(request);
            seen.lock().unwrap().push(call.clone());
            let known = parts.iter().find_map(|part| part(&call));
            known.or_else(|| empty::answer(&call)).unwrap_or_else(|| panic!("nobody answers {call:?}"))
        });
        Self { endpoint: format!("http://127.0.0.1:{port}"), calls }
    }

    /// What was called since the last time.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// How often each API was called since the last time.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts.entry(call.api).or_default() += 1;
        }
        counts
    }

    pub(crate) async fn session(&self, retries: RetryConfig) -> Session {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("a", "b", None, None, "tests"))
            .region(Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .retry_config(retries)
            .load()
            .await;
        let (account, partition) = (ACCOUNT.to_owned(), "aws".to_owned());
        Session { config, account, partition, regions: vec![REGION.to_owned()] }
    }

    /// The program, with credentials for this account.
    pub(crate) fn program(&self, command: &str) -> std::process::Command {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_sra-guard"));
        program.args([command, "--region", REGION, "--endpoint-url", &self.endpoint]).env_clear();
        let found = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_EC2_METADATA_DISABLED", "true")];
        program.envs(found);
        program
    }
}

/// (service, path, API) of the REST protocols. A star is a name.
const PATHS: &[(&str, &str, &str)] = &[
    ("apigateway", "/domainnames", "apigateway:GetDomainNames"),
    ("apigateway", "/domainnames/*/basepathmappings", "apigateway:GetBasePathMappings"),
    ("apigateway", "/restapis", "apigateway:GetRestApis"),
    ("apigateway", "/restapis/*/authorizers", "apigateway:GetAuthorizers"),
    ("apigateway", "/restapis/*/resources", "apigateway:GetResources"),
    ("apigateway", "/restapis/*/stages", "apigateway:GetStages"),
    ("apigateway", "/restapis/*/stages/*/exports/oas30", "apigateway:GetExport"),
    ("apigateway", "/v2/apis", "apigatewayv2:GetApis"),
    ("apigateway", "/v2/domainnames", "apigatewayv2:GetDomainNames"),
    ("apigateway", "/v2/domainnames/*/apimappings", "apigatewayv2:GetApiMappings"),
    ("apigateway", "/v2/vpclinks", "apigatewayv2:GetVpcLinks"),
    ("apigateway", "/vpclinks", "apigateway:GetVpcLinks"),
    ("appsync", "/v1/apis", "appsync:ListGraphqlApis"),
    ("cloudfront", "/2020-05-31/distribution", "cloudfront:ListDistributions"),
    ("lambda", "/2015-03-31/event-source-mappings", "lambda:ListEventSourceMappings"),
    ("lambda", "/2015-03-31/functions", "lambda:ListFunctions"),
    ("lambda", "/2015-03-31/functions/*", "lambda:GetFunction"),
    ("lambda", "/2015-03-31/functions/*/aliases", "lambda:ListAliases"),
    ("lambda", "/2015-03-31/functions/*/policy", "lambda:GetPolicy"),
    ("lambda", "/2018-10-31/layers", "lambda:ListLayers"),
    ("lambda", "/2019-09-30/functions/*/concurrency", "lambda:GetFunctionConcurrency"),
    ("lambda", "/2021-10-31/functions/*/urls", "lambda:ListFunctionUrlConfigs"),
    ("route53", "/2013-04-01/hostedzone", "route53:ListHostedZones"),
];

impl Call {
    fn of(request: &Request) -> Self {
        let service = &request.service;
        let body = String::from_utf8_lossy(&request.body);
        if let Some(target) = &request.target {
            let document: BTreeMap<String, Json> = serde_json::from_str(&body).unwrap();
            let text = |value: Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return Self {
                api: format!("{service}:{}", target.rsplit('.').next().unwrap()),
                parameters: document.into_iter().map(|(key, value)| (key, text(value))).collect(),
                names: Vec::new(),
            };
        }
        if request.path == "/" {
            let parameters = pairs(&body);
            return Self { api: format!("{service}:{}", parameters["Action"]), parameters, names: Vec::new() };
        }
        let parameters = pairs(&request.query);
        let found = PATHS.iter().filter(|(of, ..)| of == service);
        let mut found = found.filter_map(|(_, pattern, api)| Some((names(pattern, &request.path)?, *api)));
        let (names, api) = found.next().unwrap_or_else(|| (Vec::new(), request.path.as_str()));
        Self { api: api.to_owned(), parameters, names }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The part of a list that is asked for.
    pub(crate) fn page(&self, cut: &Cut, items: usize) -> Page {
        let size = self.parameter(cut.size).map_or(cut.default, |size| size.parse().unwrap());
        assert!(size <= cut.most, "{} takes {} of at most {}: {size}", self.api, cut.size, cut.most);
        let from = self.parameter(cut.token).map_or(0, |token| token.strip_prefix("from-").unwrap().parse().unwrap());
        let to = items.min(from + size);
        Page { items: from..to, next: (to < items).then(|| format!("from-{to}")) }
    }
}

fn names(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.trim_end_matches('/').split('/').collect());
    let fits = pattern.len() == path.len() && pattern.iter().zip(&path).all(|(part, is)| *part == "*" || part == is);
    let names = pattern.iter().zip(&path).filter(|(part, _)| **part == "*").map(|(_, name)| decoded(name));
    fits.then(|| names.collect())
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [*rest.next().unwrap(), *rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// An answer of the query protocols.
pub(crate) fn xml(call: &Call, content: &str) -> Answer {
    let (service, action) = call.api.split_once(':').unwrap();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    Answer::ok(match service {
        "ec2" => format!(
            "{head}<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <requestId>0f4a7e7e-1111-2222-3333-444455556666</requestId>{content}</{action}Response>"
        ),
        _ => format!(
            "{head}<{action}Response><{action}Result>{content}</{action}Result><ResponseMetadata>\
             <RequestId>0f4a7e7e-1111-2222-3333-444455556666</RequestId></ResponseMetadata></{action}Response>"
        ),
    })
}

/// The sections of the account, by their paths below it.
pub(crate) fn sections(snapshot: &Path) -> BTreeMap<String, Section> {
    let mut found = BTreeMap::new();
    for place in ["global", REGION] {
        for entry in std::fs::read_dir(snapshot.join(ACCOUNT).join(place)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let mut text = std::fs::read(&path).unwrap();
            if path.extension().is_some_and(|extension| extension == "gz") {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(text.as_slice()).read_to_end(&mut plain).unwrap();
                assert!(plain.len() > 1 << 20);
                text = plain;
            }
            let snapshot: Snapshot = serde_json::from_slice(&text).unwrap();
            let [section] = snapshot.sections.try_into().unwrap();
            found.insert(format!("{place}/{}", path.file_name().unwrap().to_str().unwrap()), section);
        }
    }
    found
}

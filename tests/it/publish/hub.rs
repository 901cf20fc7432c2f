//! A Security Hub on loopback: enough of the API, and of its rules, to see what becomes of findings.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::root;

#[derive(Default)]
struct State {
    /// Region → id → finding.
    findings: BTreeMap<String, BTreeMap<String, Value>>,
    disabled: Vec<String>,
    /// Sizes of the batches.
    batches: Vec<usize>,
    /// Calls of `BatchUpdateFindings`.
    updates: usize,
    /// Error code, and how many findings are still to be refused with it.
    refusals: Option<(String, usize)>,
    account: Option<String>,
}

#[derive(Clone)]
pub(super) struct Hub {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl Hub {
    /// It lives as long as the tests do.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hub = Self { state: Arc::default(), port: listener.local_addr().unwrap().port() };
        let serving = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let hub = serving.clone();
                std::thread::spawn(move || hub.serve(stream.unwrap()));
            }
        });
        hub
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn findings(&self, region: &str) -> Vec<Value> {
        self.state.lock().unwrap().findings.get(region).map(|all| all.values().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn edit(&self, region: &str, mut edit: impl FnMut(&mut Value)) {
        self.state.lock().unwrap().findings.get_mut(region).unwrap().values_mut().for_each(&mut edit);
    }

    pub(super) fn batches(&self) -> Vec<usize> {
        self.state.lock().unwrap().batches.clone()
    }

    /// Findings that were sent.
    pub(super) fn imported(&self) -> usize {
        self.batches().iter().sum()
    }

    pub(super) fn updates(&self) -> usize {
        self.state.lock().unwrap().updates
    }

    pub(super) fn refuse(&self, code: &str, findings: usize) {
        self.state.lock().unwrap().refusals = Some((code.to_owned(), findings));
    }

    pub(super) fn disable(&self, regions: &[&str]) {
        self.state.lock().unwrap().disabled = regions.iter().map(|region| (*region).to_owned()).collect();
    }

    /// Whose credentials they are.
    pub(super) fn sign_in(&self, account: &str) {
        self.state.lock().unwrap().account = Some(account.to_owned());
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let (mut length, mut region) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                // `Credential=a/20260101/eu-west-1/securityhub/aws4_request`
                "authorization" => value.split('/').nth(2).unwrap().clone_into(&mut region),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (status, answer) = self.answer(method, path, &region, &body);
        let code =
            if status == 200 { String::new() } else { "x-amzn-errortype: InvalidAccessException\r\n".to_owned() };
        let head =
            format!("HTTP/1.1 {status} x\r\n{code}content-length: {}\r\nconnection: close\r\n\r\n", answer.len());
        // Who does not wait for the answer does not get it.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
    }

    fn answer(&self, method: &str, path: &str, region: &str, body: &[u8]) -> (u16, String) {
        let mut state = self.state.lock().unwrap();
        if path == "/" {
            let account = state.account.as_deref().unwrap_or(super::ACCOUNT);
            return (
                200,
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                 <Arn>arn:aws:iam::{account}:user/u</Arn><UserId>u</UserId><Account>{account}</Account>\
                 </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
                 </GetCallerIdentityResponse>"
                ),
            );
        }
        if state.disabled.iter().any(|off| off == region) {
            return (401, json!({ "Message": "not subscribed", "Code": "InvalidAccessException" }).to_string());
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = match (method, path) {
            ("GET", "/accounts") => json!({ "HubArn": "arn" }),
            ("POST", "/findings") => state.get(region, &body),
            ("POST", "/findings/import") => state.import(region, &body),
            ("PATCH", "/findings/batchupdate") => {
                state.updates += 1;
                json!({ "ProcessedFindings": [], "UnprocessedFindings": [] })
            }
            other => panic!("{other:?} is no call of Security Hub"),
        };
        (200, answer.to_string())
    }
}

/// Fields of a finding that only its users write. Source: API reference, `BatchImportFindings`.
const USERS: &[&str] = &["Note", "UserDefinedFields", "VerificationState", "Workflow"];

impl State {
    fn get(&self, region: &str, body: &Value) -> Value {
        let wanted = |finding: &Value| {
            body["Filters"].as_object().unwrap().iter().all(|(key, conditions)| {
                let has = finding[key].as_str().unwrap();
                conditions.as_array().unwrap().iter().any(|condition| {
                    let value = condition["Value"].as_str().unwrap();
                    match condition["Comparison"].as_str().unwrap() {
                        "EQUALS" => has == value,
                        "PREFIX" => has.starts_with(value),
                        other => panic!("{other} is no comparison"),
                    }
                })
            })
        };
        let all: Vec<&Value> =
            self.findings.get(region).into_iter().flat_map(BTreeMap::values).filter(|f| wanted(f)).collect();
        let size = usize::try_from(body["MaxResults"].as_u64().unwrap()).unwrap();
        assert!(size <= 100);
        let from: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let page: Vec<&&Value> = all.iter().skip(from).take(size).collect();
        let mut answer = json!({ "Findings": page });
        if from + size < all.len() {
            answer["NextToken"] = json!((from + size).to_string());
        }
        answer
    }

    fn import(&mut self, region: &str, body: &Value) -> Value {
        let findings = body["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&findings.len()), "{} findings in one call", findings.len());
        self.batches.push(findings.len());
        let schema = std::fs::read_to_string(root("tests/data/asff.schema.json")).unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
        let errors: Vec<String> = schema.iter_errors(&body["Findings"]).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mut failed = Vec::new();
        for finding in findings {
            let id = finding["Id"].as_str().unwrap();
            if let Some((code, left)) = self.refusals.as_mut().filter(|(_, left)| *left > 0) {
                *left -= 1;
                failed.push(json!({ "Id": id, "ErrorCode": code, "ErrorMessage": "no" }));
                continue;
            }
            assert!(finding["ProductArn"].as_str().unwrap().contains(&format!(":securityhub:{region}:")));
            assert!(finding.to_string().len() <= 240 << 10);
            let held = self.findings.entry(region.to_owned()).or_default();
            match held.get_mut(id) {
                None => {
                    let mut new = finding.clone();
                    new["Workflow"] = json!({ "Status": "NEW" });
                    held.insert(id.to_owned(), new);
                }
                Some(old) if finding["UpdatedAt"].as_str() > old["UpdatedAt"].as_str() => {
                    let users: Vec<(&str, Value)> = USERS.iter().map(|key| (*key, old[*key].clone())).collect();
                    *old = finding.clone();
                    users.into_iter().filter(|(_, value)| !value.is_null()).for_each(|(key, value)| old[key] = value);
                }
                // Silently, as the service does.
                Some(_) => {}
            }
        }
        json!({ "FailedCount": failed.len(), "SuccessCount": findings.len() - failed.len(), "FailedFindings": failed })
    }
}

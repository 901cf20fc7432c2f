//! A Security Hub on loopback: enough of the API, and of its rules, to see what becomes of findings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::loopback::{Answer, Request, serve};
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
    pub(super) fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let served = Arc::clone(&state);
        Self { state, port: serve(move |request| answer(&served, request)) }
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
}

fn answer(state: &Mutex<State>, request: &Request) -> Answer {
    let mut state = state.lock().unwrap();
    let region = request.region.as_str();
    if request.path == "/" {
        let account = state.account.as_deref().unwrap_or(super::ACCOUNT);
        return Answer::ok(format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::{account}:user/u</Arn><UserId>u</UserId><Account>{account}</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        ));
    }
    if state.disabled.iter().any(|off| off == region) {
        let code = "InvalidAccessException";
        return Answer::error(401, code, json!({ "Message": "not subscribed", "Code": code }).to_string());
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let answer = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/accounts") => json!({ "HubArn": "arn" }),
        ("POST", "/findings") => state.get(region, &body),
        ("POST", "/findings/import") => state.import(region, &body),
        ("PATCH", "/findings/batchupdate") => {
            state.updates += 1;
            json!({ "ProcessedFindings": [], "UnprocessedFindings": [] })
        }
        other => panic!("{other:?} is no call of Security Hub"),
    };
    Answer::ok(answer.to_string())
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

//! Accounts on loopback that can be entered, and nothing more: credentials, roles, regions and an organization, as the API
//! references of AWS STS, AWS Organizations and Amazon EC2 describe them. Every other call is denied.
//!
//! The access key id `KEY111122223333` is of the account 111122223333.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A role: who is asked for it must give these.
#[derive(Clone, Default)]
pub(super) struct Role {
    pub external_id: Option<&'static str>,
    pub code: Option<&'static str>,
}

#[derive(Default)]
struct State {
    partition: &'static str,
    /// ARN → role.
    roles: BTreeMap<String, Role>,
    /// Region → whether it is enabled.
    regions: Vec<(&'static str, bool)>,
    /// Account → its state.
    members: Vec<(&'static str, &'static str)>,
    /// Root or unit → accounts and units directly in it.
    units: BTreeMap<&'static str, (Vec<&'static str>, Vec<&'static str>)>,
    /// Calls in their order: `sts:AssumeRole arn:…`.
    calls: Vec<String>,
    /// Keys that are not accepted any more.
    expired: bool,
}

#[derive(Clone)]
pub(super) struct Cloud {
    state: Arc<Mutex<State>>,
    port: u16,
}

struct Call<'a> {
    account: &'a str,
    service: &'a str,
    path: &'a str,
    target: Option<&'a str>,
    body: &'a str,
    /// What stands for a signature.
    token: Option<&'a str>,
    /// Of single sign-on.
    sign_on: Option<&'a str>,
}

type Answer = (u16, String);

impl Cloud {
    /// It lives as long as the tests do.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            partition: "aws",
            regions: vec![("eu-central-1", true), ("us-east-1", true), ("me-south-1", false)],
            ..State::default()
        };
        let cloud = Self { state: Arc::new(Mutex::new(state)), port: listener.local_addr().unwrap().port() };
        let serving = cloud.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let cloud = serving.clone();
                std::thread::spawn(move || cloud.serve(stream.unwrap()));
            }
        });
        cloud
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn role(&self, arn: &str, role: Role) {
        self.state.lock().unwrap().roles.insert(arn.to_owned(), role);
    }

    pub(super) fn partition(&self, partition: &'static str, regions: &[&'static str]) {
        let mut state = self.state.lock().unwrap();
        state.partition = partition;
        state.regions = regions.iter().map(|region| (*region, true)).collect();
    }

    pub(super) fn member(&self, account: &'static str, state: &'static str, unit: &'static str) {
        let mut of = self.state.lock().unwrap();
        of.members.push((account, state));
        of.units.entry(unit).or_default().0.push(account);
    }

    pub(super) fn unit(&self, unit: &'static str, parent: &'static str) {
        let mut state = self.state.lock().unwrap();
        state.units.entry(unit).or_default();
        state.units.entry(parent).or_default().1.push(unit);
    }

    pub(super) fn expire(&self) {
        self.state.lock().unwrap().expired = true;
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let header = |name: &str| headers.get(name).map(String::as_str);
        let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let signed = header("authorization").and_then(|value| value.split_once("Credential=")).map(|(_, scope)| scope);
        let mut scope = signed.unwrap_or_default().split('/');
        let account = scope.next().unwrap().trim_start_matches("KEY");
        let call = Call {
            account,
            service: scope.nth(2).unwrap_or("sts"),
            path: line.split(' ').nth(1).unwrap_or_default(),
            target: header("x-amz-target"),
            body: &body,
            token: header("authorization").filter(|_| signed.is_none()),
            sign_on: header("x-amz-sso_bearer_token"),
        };
        let (status, answer) = self.state.lock().unwrap().answer(&call);
        let code =
            if status == 200 || answer.contains("__type") { "" } else { "x-amzn-errortype: AccessDeniedException\r\n" };
        let head =
            format!("HTTP/1.1 {status} x\r\n{code}content-length: {}\r\nconnection: close\r\n\r\n", answer.len());
        // Who does not wait for the answer does not get it.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
    }
}

impl State {
    fn answer(&mut self, call: &Call<'_>) -> Answer {
        if call.path == "/container" {
            let is_allowed = call.token == Some("container-s3cret");
            let keys = json!({ "AccessKeyId": "KEY555555555555", "SecretAccessKey": "s", "Token": "t",
                "Expiration": "2099-01-01T00:00:00Z" });
            return if is_allowed { (200, keys.to_string()) } else { (403, "{}".to_owned()) };
        }
        if let Some((_, role)) =
            call.path.split_once("/federation/credentials?").and_then(|(_, q)| q.split_once("role_name="))
        {
            let keys = json!({ "accessKeyId": "KEY777777777777", "secretAccessKey": "s", "sessionToken": "t",
                "expiration": 4_070_908_800_000_i64 });
            let refused =
                |status, kind: &str, why: &str| (status, json!({ "__type": kind, "message": why }).to_string());
            return match (call.sign_on, role.starts_with("Audit")) {
                (Some("sso-s3cret"), true) => (200, json!({ "roleCredentials": keys }).to_string()),
                (Some("sso-s3cret"), false) => refused(403, "ForbiddenException", "No access"),
                _ => refused(401, "UnauthorizedException", "Session token not found or invalid"),
            };
        }
        if let Some(target) = call.target.filter(|_| call.service == "organizations") {
            return self.organization(target.rsplit('.').next().unwrap(), call);
        }
        let parameters: BTreeMap<String, String> = call
            .body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), decoded(value)))
            .collect();
        let given = |key: &str| parameters.get(key).map(String::as_str);
        let action = given("Action").unwrap_or_default();
        let what = given("RoleArn").map(|role| format!(" {role}")).unwrap_or_default();
        self.calls.push(format!("{}:{action}{what}", call.service));
        if self.expired {
            return refused("ExpiredToken", "The security token included in the request is expired");
        }
        match action {
            "GetCallerIdentity" if call.account == "000000000000" => {
                refused("InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            "GetCallerIdentity" => {
                let (partition, account) = (self.partition, call.account);
                let arn = format!("arn:{partition}:sts::{account}:assumed-role/r/s");
                result(action, &format!("<Arn>{arn}</Arn><UserId>u</UserId><Account>{account}</Account>"))
            }
            "AssumeRole" => {
                let arn = given("RoleArn").unwrap();
                let role = self.roles.get(arn).cloned();
                let role = role.filter(|role| role.external_id.is_none() || role.external_id == given("ExternalId"));
                match role {
                    Some(role)
                        if role.code.is_some()
                            && given("SerialNumber").is_some()
                            && role.code != given("TokenCode") =>
                    {
                        refused("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
                    }
                    Some(role) if role.code.is_none() || given("SerialNumber").is_some() => session(action, arn),
                    _ => {
                        let who = format!("arn:aws:iam::{}:user/u", call.account);
                        let why =
                            format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}");
                        refused("AccessDenied", &why)
                    }
                }
            }
            "GetSessionToken" if given("TokenCode") == Some("123456") => {
                session(action, &format!("arn:aws:iam::{}:user/u", call.account))
            }
            "AssumeRoleWithWebIdentity" if given("WebIdentityToken") == Some("web-s3cret") => {
                session(action, given("RoleArn").unwrap())
            }
            "DescribeRegions" => {
                let all = given("AllRegions") == Some("true");
                let mut items = String::new();
                for (region, enabled) in self.regions.iter().filter(|(_, enabled)| all || *enabled) {
                    let status = if *enabled { "opted-in" } else { "not-opted-in" };
                    let _ = write!(
                        items,
                        "<item><regionName>{region}</regionName><regionEndpoint>e</regionEndpoint>\
                         <optInStatus>{status}</optInStatus></item>"
                    );
                }
                let answer = format!(
                    "<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
                     <regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
                );
                (200, answer)
            }
            _ => refused("AccessDenied", "no"),
        }
    }

    fn organization(&mut self, action: &str, call: &Call<'_>) -> Answer {
        self.calls.push(format!("organizations:{action}"));
        let body: Value = serde_json::from_str(call.body).unwrap();
        let denied = |kind: &str, why: &str| (400, json!({ "__type": kind, "Message": why }).to_string());
        if self.members.is_empty() {
            return denied("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.");
        }
        match action {
            // Pages of two.
            "ListAccounts" => {
                let from: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let page = self.members.iter().skip(from).take(2);
                let mut answer = json!({ "Accounts": page
                    .map(|(id, state)| json!({ "Id": id, "State": state, "Status": "ACTIVE" }))
                    .collect::<Vec<_>>() });
                if from + 2 < self.members.len() {
                    answer["NextToken"] = json!((from + 2).to_string());
                }
                (200, answer.to_string())
            }
            "ListChildren" => {
                let Some((accounts, units)) = self.units.get(body["ParentId"].as_str().unwrap()) else {
                    return denied("ParentNotFoundException", "You specified parent that doesn't exist.");
                };
                let kind = body["ChildType"].as_str().unwrap();
                let ids = if kind == "ACCOUNT" { accounts } else { units };
                let children: Vec<Value> = ids.iter().map(|id| json!({ "Id": id, "Type": kind })).collect();
                (200, json!({ "Children": children }).to_string())
            }
            other => panic!("{other} is no call that is needed"),
        }
    }
}

/// Credentials of the account that an ARN is of.
fn session(action: &str, arn: &str) -> Answer {
    let account = arn.split(':').nth(4).unwrap();
    result(
        action,
        &format!(
            "<Credentials><AccessKeyId>KEY{account}</AccessKeyId><SecretAccessKey>session-s3cret</SecretAccessKey>\
             <SessionToken>token-s3cret</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
             <AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>a:s</AssumedRoleId></AssumedRoleUser>"
        ),
    )
}

fn result(action: &str, inner: &str) -> Answer {
    let answer = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{inner}</{action}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    );
    (200, answer)
}

fn refused(code: &str, message: &str) -> Answer {
    let answer = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>"
    );
    (403, answer)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

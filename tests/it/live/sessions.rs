//! Who reads, and where: credentials as the AWS CLI finds them, roles, accounts and regions; and clear words, before anything is
//! read, where there are none.

mod cloud;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};

use self::cloud::{Cloud, Role};
use super::emulator::python;
use crate::support::{Folder, files, root};

const REGION: &str = "eu-central-1";

/// Somebody with a configuration and an environment of their own.
struct Person {
    cloud: Cloud,
    home: Folder,
    environment: Vec<(String, String)>,
}

/// What a run said, and how it ended.
struct Said {
    code: i32,
    text: String,
}

impl Person {
    fn new(config: &str) -> Self {
        let home = Folder::new();
        home.write("config", config);
        Self { cloud: Cloud::start(), home, environment: Vec::new() }
    }

    /// With keys of an account in the environment.
    fn of(account: &str) -> Self {
        Self::new("").with("AWS_ACCESS_KEY_ID", &format!("KEY{account}")).with("AWS_SECRET_ACCESS_KEY", "own-s3cret")
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("HOME", self.home.path()).env("AWS_CONFIG_FILE", self.path("config"));
        command.env("AWS_SHARED_CREDENTIALS_FILE", self.path("credentials")).env("AWS_MAX_ATTEMPTS", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let mut all = vec!["collect".to_owned(), "--output".to_owned(), self.path("snapshot")];
        all.extend(more.iter().map(|&argument| argument.to_owned()));
        if !more.contains(&"--endpoint-url") {
            all.extend(["--endpoint-url".to_owned(), self.cloud.url()]);
        }
        all
    }

    fn collect(&self, more: &[&str]) -> Said {
        let output = self.command(Path::new(env!("CARGO_BIN_EXE_sra-guard"))).args(self.arguments(more)).output();
        said(output.unwrap())
    }

    /// At a terminal: what is typed when something has appeared.
    fn collect_at_terminal(&self, more: &[&str], typed: &[(&str, &str)]) -> Said {
        let output = self
            .command(python())
            .arg(root("tests/emulator/terminal.py"))
            .args(["100", &json!(typed).to_string(), env!("CARGO_BIN_EXE_sra-guard")])
            .args(self.arguments(more))
            .output()
            .unwrap();
        let said = said(output);
        let code = said.text.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        Said { code, ..said }
    }

    /// What it says when nothing can be read.
    fn refused(&self, more: &[&str]) -> String {
        let said = self.collect(more);
        assert_eq!(said.code, 2, "{}", said.text);
        assert!(!self.home.path().join("snapshot").exists(), "something was written: {}", said.text);
        assert_eq!(said.text.lines().count(), 1, "{}", said.text);
        said.text
    }

    /// The accounts and regions that are in the snapshot, with the services read of each.
    fn read(&self) -> Vec<String> {
        let files = files(&self.home.path().join("snapshot"));
        for (file, text) in &files {
            assert!(!text.contains("s3cret"), "a secret is in {file}");
        }
        let mut places: Vec<String> = files
            .keys()
            .filter_map(|file| file.rsplit_once('/'))
            .map(|(place, file)| if file == "account.json" { format!("{place} closed") } else { place.to_owned() })
            .collect();
        places.sort();
        places.dedup();
        places
    }
}

fn said(output: Output) -> Said {
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    for bad in ["s3cret", "Error {", "Unhandled", "unhandled error", "{ source", "panicked", "Some("] {
        assert!(!text.contains(bad), "`{bad}` in: {text}");
    }
    Said { code: output.status.code().unwrap(), text }
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn without_credentials_it_says_where_to_get_some() {
    let nobody =
        Person::new("[profile empty]\n[profile lost]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = none\n");
    let says =
        |more: &[&str], parts: &[&str]| assert_says(&nobody.refused(&[&["--region", REGION], more].concat()), parts);
    says(&[], &["there are no credentials", "`--profile`"]);
    says(&["--profile", "me"], &["there is no profile `me`", "`aws configure list-profiles`"]);
    says(&["--profile", "lost"], &["profile `lost` builds upon profile `none`, which does not exist"]);
    says(&["--profile", "empty"], &["profile `empty`"]);
    assert_says(&nobody.refused(&[]), &["no region is given; give one with `--region`"]);
    let named = Person::new("").with("AWS_PROFILE", "me");
    assert_says(&named.refused(&["--region", REGION]), &["there is no profile `me`"]);
    let signed = Person::new("[profile signed]\nlogin_session = arn:aws:iam::111122223333:user/ann\n");
    let text = signed.refused(&["--region", REGION, "--profile", "signed"]);
    assert_says(&text, &["was signed in with `aws login`", "`aws configure export-credentials --profile signed"]);
    let half = Person::new("").with("AWS_ACCESS_KEY_ID", "KEY111122223333");
    assert_says(&half.refused(&["--region", REGION]), &["there are no credentials"]);
    let refused = Person::of("000000000000").refused(&["--region", REGION]);
    assert_says(
        &refused,
        &["the credentials are refused in region `eu-central-1`: InvalidClientTokenId: The security token"],
    );
    let gone = Person::of("111122223333").refused(&["--region", REGION, "--endpoint-url", "http://127.0.0.1:9"]);
    assert_says(&gone, &["cannot be asked in region `eu-central-1`: cannot be reached: Connection refused"]);
    let wrong = Person::of("111122223333").refused(&["--region", REGION, "--endpoint-url", "localhost:4566"]);
    assert_says(&wrong, &["`localhost:4566` is no address to call; write for instance `http://"]);
}

#[test]
fn a_sign_on_that_is_over_is_told_from_other_refusals() {
    let config = "[profile desk]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Audit\n\
                  [profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = desk\n\
                  [profile other]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Nobody\n\
                  [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n";
    let person = Person::new(config);
    let url = person.cloud.url();
    let person = person.with("AWS_ENDPOINT_URL_SSO", &url);
    let says = |profile: &str| person.refused(&["--region", REGION, "--profile", profile]);
    let words = "is missing or has expired";
    assert_says(&says("desk"), &["the single sign-on of profile `desk`", words, "`aws sso login --profile desk`"]);
    // Also where the profile only builds upon it, and where a role is assumed from it.
    assert_says(&says("role"), &[words, "`aws sso login --profile "]);
    let role = "arn:aws:iam::444455556666:role/r";
    let text = person.refused(&["--region", REGION, "--profile", "desk", "--assume-role", role]);
    assert_says(&text, &[words, "`aws sso login --profile desk`"]);
    let sign_on = |token: &str, until: &str| {
        let token = json!({ "accessToken": token, "expiresAt": until, "region": "us-east-1",
            "startUrl": "https://corp.awsapps.com/start" });
        // SHA-1 of the session's name.
        person.home.write(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &token.to_string());
    };
    sign_on("sso-s3cret", "2020-01-01T00:00:00Z");
    assert_says(&says("desk"), &[words, "`aws sso login --profile desk`"]);
    // One that the service does not know any more, one that has no such role, and one that is right.
    sign_on("old-s3cret", "2099-01-01T00:00:00Z");
    assert_says(&says("desk"), &[words, "UnauthorizedException", "`aws sso login --profile desk`"]);
    sign_on("sso-s3cret", "2099-01-01T00:00:00Z");
    let text = says("other");
    assert_says(&text, &["profile `other` gets no credentials: ForbiddenException: No access", "are assigned to you"]);
    let said = person.collect(&["--region", REGION, "--profile", "desk"]);
    assert_eq!(said.code, 0, "{}", said.text);
    assert_eq!(person.read()[0], format!("777777777777/{REGION}"));
}

#[test]
fn credentials_come_from_wherever_the_aws_cli_finds_them() {
    let role = "arn:aws:iam::444455556666:role/r";
    let config = |folder: &str| {
        format!(
            "[profile keys]\naws_access_key_id = KEY222222222222\naws_secret_access_key = s\nregion = {REGION}\n\
             [profile program]\ncredential_process = cat {folder}/program.json\n\
             [profile broken]\ncredential_process = sh -c 'echo no ticket >&2; exit 3'\n\
             [profile token]\nrole_arn = {role}\nweb_identity_token_file = {folder}/token\n\
             [profile chained]\nrole_arn = {role}\nsource_profile = hub\nexternal_id = chain-s3cret\n\
             [profile hub]\nrole_arn = arn:aws:iam::333333333333:role/hub\nsource_profile = keys\n"
        )
    };
    // Keys in the environment come after a profile that is asked for, and before one that the environment names.
    let person = Person::of("111122223333").with("AWS_PROFILE", "keys");
    let folder = person.path("").trim_end_matches('/').to_owned();
    person.home.write("config", &config(&folder));
    person.home.write(
        "program.json",
        &json!({ "Version": 1, "AccessKeyId": "KEY666666666666", "SecretAccessKey": "s" }).to_string(),
    );
    person.cloud.role("arn:aws:iam::333333333333:role/hub", Role::default());
    person.cloud.role(role, Role { external_id: Some("chain-s3cret"), ..Role::default() });
    let account = |more: &[&str]| {
        let said = person.collect(more);
        assert_eq!(said.code, 0, "{}", said.text);
        let read = person.read();
        std::fs::remove_dir_all(person.home.path().join("snapshot")).unwrap();
        read[0].split('/').next().unwrap().to_owned()
    };
    assert_eq!(account(&["--region", REGION]), "111122223333");
    assert_eq!(account(&["--profile", "keys"]), "222222222222", "its region is known too");
    assert_eq!(account(&["--profile", "program", "--region", REGION]), "666666666666");
    assert_eq!(account(&["--profile", "chained", "--region", REGION]), "444455556666");
    let mut assumed: Vec<String> = Vec::new();
    for call in person.cloud.calls().into_iter().filter(|call| call.contains("AssumeRole")) {
        assumed.extend((!assumed.contains(&call)).then_some(call));
    }
    assert_eq!(assumed, ["sts:AssumeRole arn:aws:iam::333333333333:role/hub", &format!("sts:AssumeRole {role}")]);
    let broken = person.refused(&["--profile", "broken", "--region", REGION]);
    assert_says(&broken, &["those of profile `broken` cannot be had", "no ticket"]);
    assert_says(
        &person.refused(&["--profile", "token", "--region", REGION]),
        &["the web identity token `", "cannot be used"],
    );

    let url = person.cloud.url();
    let container = Person::new("")
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{url}/container"))
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-s3cret");
    assert_eq!(container.collect(&["--region", REGION, "--endpoint-url", &url]).code, 0);
    assert_eq!(container.read()[0], format!("555555555555/{REGION}"));
    let web = Person::new("").with("AWS_ROLE_ARN", role).with("AWS_ENDPOINT_URL", &url);
    let web = Person { environment: [web.environment.clone(), vec![token_file(&web)]].concat(), ..web };
    web.home.write("token", "web-s3cret");
    assert_eq!(web.collect(&["--region", REGION, "--endpoint-url", &url]).code, 0);
    assert_eq!(web.read()[0], format!("444455556666/{REGION}"));
}

fn token_file(person: &Person) -> (String, String) {
    ("AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(), person.path("token"))
}

#[test]
fn a_role_that_is_refused_is_named_without_what_it_asks_for() {
    let person = Person::of("111122223333");
    let role = "arn:aws:iam::444455556666:role/Audit";
    person.cloud.role(role, Role { external_id: Some("right-s3cret"), ..Role::default() });
    let assume = |more: &[&str]| person.refused(&[&["--region", REGION, "--assume-role"], more].concat());
    let wrong = assume(&[role, "--external-id", "wrong-s3cret"]);
    assert_says(&wrong, &[role, "cannot be assumed: AccessDenied: User: ", "its trust policy", "external id"]);
    assert_says(&assume(&[role]), &["cannot be assumed: AccessDenied"]);
    assert_says(&assume(&["Audit"]), &["`Audit` is no ARN of a role", "`--accounts` or `--organization`"]);
    assert_says(&assume(&["arn:aws:iam::444455556666:user/ann"]), &["is no ARN of a role"]);
    let right = person.collect(&["--region", REGION, "--assume-role", role, "--external-id", "right-s3cret"]);
    assert_eq!(right.code, 0, "{}", right.text);
    assert_eq!(person.read()[0], format!("444455556666/{REGION}"));
}

#[test]
fn a_code_is_asked_for_at_a_terminal_only() {
    let device = "arn:aws:iam::222222222222:mfa/me";
    let role = "arn:aws:iam::444455556666:role/r";
    let person = Person::new(&format!(
        "[profile keys]\naws_access_key_id = KEY222222222222\naws_secret_access_key = s\n\
         [profile audit]\nregion = {REGION}\nrole_arn = {role}\nsource_profile = keys\nmfa_serial = {device}\n"
    ));
    person.cloud.role(role, Role { code: Some("123456"), ..Role::default() });
    let text = person.refused(&["--profile", "audit"]);
    assert_says(
        &text,
        &[&format!("role `{role}` wants a code of the MFA device `{device}`"), "run this in a terminal"],
    );
    assert!(person.cloud.calls().is_empty());

    let question = format!("code of the MFA device {device}: ");
    let typed = [(&*question, "12\n"), ("six digits", "999999\n"), ("that code was refused", "123 456\n")];
    let said = person.collect_at_terminal(&["--profile", "audit"], &typed);
    assert_eq!(said.code, 0, "{}", said.text);
    assert_eq!(person.read()[0], format!("444455556666/{REGION}"));
    let said = person.collect_at_terminal(&["--profile", "audit", "--resume"], &[(&question, "\n")]);
    assert_eq!(said.code, 2);
    assert_says(&said.text, &["no code of the MFA device", "was given"]);
    let wrong = [(&*question, "000000\n"), ("refused", "000001\n"), ("refused", "000002\n")];
    let said = person.collect_at_terminal(&["--profile", "audit", "--resume"], &wrong);
    assert_eq!(said.code, 2);
    assert_says(&said.text, &["cannot be assumed: AccessDenied: MultiFactorAuthentication failed"]);
}

#[test]
fn one_code_opens_all_accounts() {
    let person = Person::of("111122223333");
    let roles = ["222222222222", "333333333333"].map(|account| format!("arn:aws:iam::{account}:role/Audit"));
    for role in &roles {
        person.cloud.role(role, Role::default());
    }
    let list = person.home.write("accounts.txt", "222222222222\n333333333333\n");
    let arguments =
        ["--region", REGION, "--accounts", list.to_str().unwrap(), "--assume-role", "Audit", "--mfa-serial", "d"];
    let said = person.collect_at_terminal(&arguments, &[("code of the MFA device d", "123456\n")]);
    assert_eq!(said.code, 0, "{}", said.text);
    assert_eq!(said.text.matches("code of the MFA device").count(), 1, "{}", said.text);
    let read = person.read();
    assert!(read[0].starts_with("222222222222/") && read[2].starts_with("333333333333/"), "{read:?}");
}

#[test]
fn regions_are_checked_before_anything_is_read() {
    let person = Person::of("111122223333");
    for wrong in ["mars-1", "us-east-1a", "Frankfurt"] {
        assert_says(&person.refused(&["--region", wrong]), &[&format!("`{wrong}` is no region; they are called like")]);
    }
    assert!(person.cloud.calls().is_empty(), "{:?}", person.cloud.calls());
    let text = person.refused(&["--region", "us-east-1,us-east-9"]);
    assert_says(&text, &["`us-east-9` is no region of partition `aws`, which account 111122223333 is in"]);
    let text = person.refused(&["--region", "us-east-1", "--region", "me-south-1"]);
    assert_says(&text, &["region `me-south-1` is not enabled in account 111122223333", "`--region all`"]);
    assert_eq!(person.collect(&["--region", "all,us-east-1"]).code, 0);
    let of = |region: &str| format!("111122223333/{region}");
    assert_eq!(person.read(), [of("eu-central-1"), of("global"), of("us-east-1")]);
    let twice = Person::of("111122223333");
    assert_eq!(twice.collect(&["--region", "us-east-1,us-east-1"]).code, 0);
    assert_eq!(twice.read(), [of("global"), of("us-east-1")]);
}

#[test]
fn a_list_of_accounts_is_checked_before_anything_is_read() {
    let person = Person::of("111122223333");
    let says = |list: &str, more: &[&str], parts: &[&str]| {
        let file = person.home.write("accounts.txt", list);
        let arguments = [&["--region", REGION, "--accounts", file.to_str().unwrap()], more].concat();
        assert_says(&person.refused(&arguments), parts);
    };
    let role = ["--assume-role", "Audit"];
    says(
        "222222222222\n# of old\n22222222222x\n",
        &role,
        &["accounts.txt:3: `22222222222x` is no account id of twelve digits"],
    );
    says("arn:aws:s3:::222222222222\n", &role, &["accounts.txt:1: ", "no ARN of a role"]);
    says(
        "222222222222\narn:aws:iam::222222222222:role/r\n",
        &role,
        &["accounts.txt:2: account 222222222222 is in line 1 too"],
    );
    says("\n", &role, &["accounts.txt` lists no account"]);
    says("222222222222\n", &[], &["`--assume-role` is needed"]);
    let arn = "arn:aws:iam::222222222222:role/r";
    says("222222222222\n", &["--assume-role", arn], &["is a role of one account", "the name of a role alone"]);
    assert_says(&person.refused(&["--region", REGION, "--accounts", "none.txt"]), &["cannot read `none.txt`"]);
    assert!(person.cloud.calls().is_empty(), "{:?}", person.cloud.calls());
}

#[test]
fn accounts_that_are_closed_stop_no_others() {
    let person = Person::of("111122223333");
    for account in ["222222222222", "333333333333"] {
        person.cloud.role(&format!("arn:aws:iam::{account}:role/Audit"), Role::default());
    }
    // Twice the same is once.
    let list = "111122223333\n222222222222\n444455556666\n222222222222 # again\narn:aws:iam::333333333333:role/Audit\n";
    let list = person.home.write("accounts.txt", list);
    let arguments =
        ["--region", "us-east-1,me-south-1", "--accounts", list.to_str().unwrap(), "--assume-role", "Audit"];
    let said = person.collect(&arguments);
    assert_eq!(said.code, 0, "{}", said.text);
    let open = |account: &str| ["global", "me-south-1 closed", "us-east-1"].map(|place| format!("{account}/{place}"));
    let closed = vec!["444455556666/global closed".to_owned()];
    let all = [open("111122223333").to_vec(), open("222222222222").to_vec(), open("333333333333").to_vec(), closed];
    assert_eq!(person.read(), all.concat());
    let section = |place: &str| -> Json {
        let text = std::fs::read_to_string(person.home.path().join("snapshot").join(place)).unwrap();
        serde_json::from_str::<Json>(&text).unwrap()["Sections"][0].take()
    };
    let closed = section("444455556666/global/account.json");
    assert_eq!(closed["Reads"][0]["Outcome"], "denied");
    let hides: Vec<&str> =
        closed["Reads"][0]["Hides"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    assert!(hides.contains(&"AWS::IAM::Role") && hides.contains(&"AWS::EC2::Subnet"), "{hides:?}");
    // A region that is off holds no roles.
    let off = section("222222222222/me-south-1/account.json");
    let hides: Vec<&str> =
        off["Reads"][0]["Hides"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    assert!(!hides.contains(&"AWS::IAM::Role") && hides.contains(&"AWS::EC2::Subnet"), "{hides:?}");
    let manifest: Json =
        serde_json::from_str(&std::fs::read_to_string(person.home.path().join("snapshot/manifest.json")).unwrap())
            .unwrap();
    assert_eq!(manifest["Accounts"]["444455556666"], json!([]));
    assert_eq!(manifest["Accounts"]["222222222222"], json!(["us-east-1", "me-south-1"]));

    // All is denied, everywhere: that is said in a few lines, and is no clean bill.
    let audit = ["audit", "--endpoint-url", &person.cloud.url()];
    let output = person.command(Path::new(env!("CARGO_BIN_EXE_sra-guard"))).args(audit).args(arguments).output();
    let audited = self::said(output.unwrap());
    assert_eq!(audited.code, 2, "{}", audited.text);
    let (_, unread) = audited.text.split_once("could not be read, so what depends on it is unknown:\n").unwrap();
    let (unread, _) = unread.split_once("\nmissing permissions: ").unwrap();
    assert!((20..60).contains(&unread.lines().count()), "{unread}");
    assert_says(
        unread,
        &["closed       account 444455556666: role `arn:aws:iam::444455556666:role/Audit` cannot be assumed"],
    );
    assert_says(unread, &["closed       account 222222222222, me-south-1: region `me-south-1` is not enabled"]);
    assert_says(
        unread,
        &["ec2: DescribeAddresses", "in 3 accounts, us-east-1", "iam: GetAccountAuthorizationDetails, in 3 accounts"],
    );
    assert_says(&audited.text, &["NOTHING WAS CHECKED: no call that lists resources was answered"]);
    assert!(!audited.text.contains('\u{1b}'), "no terminal, no escapes");

    let nobody = Person::of("111122223333");
    let list = nobody.home.write("accounts.txt", "444455556666\n777777777777\n");
    let text = nobody.refused(&["--region", REGION, "--accounts", list.to_str().unwrap(), "--assume-role", "Audit"]);
    assert_says(
        &text,
        &["none of the 2 accounts can be entered; of 444455556666: role `arn:aws:iam::444455556666:role/Audit`"],
    );
}

#[test]
fn an_organization_is_read_by_its_units() {
    let organization = |own: &str| {
        let person = Person::of(own);
        let cloud = &person.cloud;
        cloud.unit("ou-root-prod", "r-root");
        cloud.unit("ou-root-prod-web", "ou-root-prod");
        cloud.unit("ou-root-empty", "r-root");
        cloud.member("111122223333", "ACTIVE", "r-root");
        cloud.member("222222222222", "ACTIVE", "ou-root-prod");
        cloud.member("333333333333", "ACTIVE", "ou-root-prod-web");
        cloud.member("444455556666", "SUSPENDED", "ou-root-prod-web");
        cloud.member("555555555555", "ACTIVE", "ou-root-prod-web");
        // The management account has no such role, and one member lets nobody in.
        for account in ["222222222222", "333333333333"] {
            cloud.role(&format!("arn:aws:iam::{account}:role/Audit"), Role::default());
        }
        person
    };
    let read = |person: &Person, more: &[&str]| {
        let said = person.collect(&[&["--region", REGION, "--organization", "--assume-role", "Audit"], more].concat());
        assert_eq!(said.code, 0, "{}", said.text);
        let open = |place: &String| place.ends_with(REGION) || place.ends_with("closed");
        let read: Vec<String> = person.read().into_iter().filter(open).collect();
        std::fs::remove_dir_all(person.home.path().join("snapshot")).unwrap();
        read
    };
    let of = |account: &str| format!("{account}/{REGION}");
    let (first, second, third) = (of("111122223333"), of("222222222222"), of("333333333333"));
    let closed = |account: &str| format!("{account}/global closed");
    let management = organization("111122223333");
    assert_eq!(read(&management, &[]), [&*first, &*second, &*third, &*closed("555555555555")]);
    assert_eq!(read(&management, &["--ou", "ou-root-prod"]), [&*second, &*third, &*closed("555555555555")]);
    assert_eq!(read(&management, &["--ou", "ou-root-prod-web"]), [&*third, &*closed("555555555555")]);
    // Units within one another are read once.
    let both = ["--ou", "ou-root-prod-web", "--ou", "ou-root-prod"];
    assert_eq!(read(&management, &both), [&*second, &*third, &*closed("555555555555")]);
    // A delegated administrator is a member like others, and may not enter the management account.
    let delegated = organization("222222222222");
    assert_eq!(read(&delegated, &[]), [&*closed("111122223333"), &*second, &*third, &*closed("555555555555")]);

    let says = |person: &Person, unit: &str, part: &str| {
        let text = person.refused(&["--region", REGION, "--organization", "--assume-role", "Audit", "--ou", unit]);
        assert_says(&text, &[part]);
    };
    says(
        &management,
        "ou-none",
        "what is in organizational unit `ou-none` cannot be listed: ParentNotFoundException: You",
    );
    says(&management, "ou-root-empty", "there is no active account in `ou-root-empty` and what is below");
    says(
        &Person::of("111122223333"),
        "r-root",
        "the accounts of the organization cannot be listed: AWSOrganizationsNotInUse",
    );
}

#[test]
fn accounts_of_other_partitions_are_read_there() {
    for (partition, region) in [("aws-cn", "cn-northwest-1"), ("aws-us-gov", "us-gov-west-1")] {
        let person = Person::of("111122223333");
        person.cloud.partition(partition, &[region]);
        person.cloud.role(&format!("arn:{partition}:iam::222222222222:role/Audit"), Role::default());
        let list = person.home.write("accounts.txt", "222222222222\n");
        let said = person.collect(&["--region", "all", "--accounts", list.to_str().unwrap(), "--assume-role", "Audit"]);
        assert_eq!(said.code, 0, "{}", said.text);
        let text = person.home.path().join(format!("snapshot/222222222222/{region}/ec2.json"));
        let snapshot: Json = serde_json::from_str(&std::fs::read_to_string(text).unwrap()).unwrap();
        assert_eq!(snapshot["Sections"][0]["Partition"], partition);
        let text = person.refused_again(&["--region", "us-east-1"]);
        assert_says(&text, &[&format!("`us-east-1` is no region of partition `{partition}`")]);
    }
}

impl Person {
    /// After something was read.
    fn refused_again(&self, more: &[&str]) -> String {
        std::fs::remove_dir_all(self.home.path().join("snapshot")).unwrap();
        self.refused(more)
    }
}

#[test]
fn keys_that_expire_on_the_way_are_no_denial() {
    let person = Person::of("111122223333");
    person.cloud.expire();
    let text = person.refused(&["--region", REGION]);
    assert_says(
        &text,
        &["the credentials are refused in region `eu-central-1`: the credentials have expired; sign in again"],
    );
}

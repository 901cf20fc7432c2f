//! What whoever sits at a terminal sees of a run, and whoever reads a pipe does not.

use std::process::{Command, Output};

use serde_json::{Value as Json, json};

use super::emulator::{Emulator, account, emulator, python};
use crate::support::{Folder, root};

const REGION: &str = "us-east-1";

struct Run {
    proxy: Emulator,
    account: String,
    folder: Folder,
}

impl Run {
    fn new() -> Self {
        let proxy = Emulator::start("faults.py", &[&emulator().endpoint]);
        // Progress is drawn when it takes long.
        proxy.ask("POST", "/_faults", &json!([{ "match": ".*", "kind": "slow", "seconds": 0.2 }]).to_string());
        Self { proxy, account: account(), folder: Folder::new() }
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let snapshot = self.folder.path().join("snapshot");
        let place = ["collect", "--region", REGION, "--endpoint-url", &self.proxy.endpoint, "--output"];
        let all = place.into_iter().chain([snapshot.to_str().unwrap()]).chain(more.iter().copied());
        all.map(str::to_owned).collect()
    }

    fn output(&self, command: &mut Command) -> Output {
        command.env("AWS_ACCESS_KEY_ID", format!("EMULATED{}", self.account)).env("AWS_SECRET_ACCESS_KEY", "emulated");
        command.env("TERM", "xterm-256color").output().unwrap()
    }

    /// What appears on a terminal that is so wide, with how it ended.
    fn at_terminal(&self, width: &str, more: &[&str], typed: &Json) -> String {
        let mut command = Command::new(python());
        command.arg(root("tests/emulator/terminal.py")).args([width, &typed.to_string()]);
        let output = self.output(command.arg(env!("CARGO_BIN_EXE_sra-guard")).args(self.arguments(more)));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A line without what moves the cursor and colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest)
    })
}

#[test]
fn progress_names_account_region_and_service_and_how_to_go_on() {
    let run = Run::new();
    let interrupt = json!([["Ctrl-C stops; the same command with `--resume` goes on", "\u{3}"]]);
    let seen = run.at_terminal("80", &[], &interrupt);
    assert!(seen.contains("\nexit code -2"), "{seen}");
    assert!(
        seen.contains(&format!("{} {REGION} ", run.account)) || seen.contains(&format!("{} global ", run.account)),
        "{seen}"
    );
    let lines: Vec<String> = seen.split(['\r', '\n']).map(plain).collect();
    // The bar fills its line, and the hint has the next one.
    let bars: Vec<&str> = lines.iter().filter_map(|line| line.split_once("Ctrl-C stops")).map(|(bar, _)| bar).collect();
    assert!(!bars.is_empty() && bars.iter().all(|bar| bar.chars().count() <= 80), "{lines:#?}");
    assert!(bars.iter().all(|bar| !bar.ends_with("0/0")), "{lines:#?}");
    // What was read before is there, and the rest is read now.
    let seen = run.at_terminal("120", &["--resume"], &json!([]));
    assert!(seen.contains("services read; judge them with") && seen.contains("\nexit code 0"), "{seen}");
}

#[test]
fn a_pipe_gets_no_progress_and_no_escapes() {
    let run = Run::new();
    let output = run.output(Command::new(env!("CARGO_BIN_EXE_sra-guard")).args(run.arguments(&[])));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("1 account, 1 region: ") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn an_interrupted_audit_leaves_nothing_behind() {
    let run = Run::new();
    let temporary = run.folder.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let interrupt = json!([["Ctrl-C loses what was read", "\u{3}"]]);
    let mut command = Command::new(python());
    command.arg(root("tests/emulator/terminal.py")).args(["120", &interrupt.to_string()]);
    command.arg(env!("CARGO_BIN_EXE_sra-guard"));
    command.args(["audit", "--region", REGION, "--endpoint-url", &run.proxy.endpoint]).env("TMPDIR", &temporary);
    let output = run.output(&mut command);
    let seen = String::from_utf8(output.stdout).unwrap();
    assert!(seen.contains("\nexit code -2"), "{seen}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

//! cfn-guard in a process of its own: whatever a rule file does to it, the scan goes on with an error.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::rule::guard;

/// Longest evaluation of one rule file over one unit.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to start a worker: a command that calls [`work`] with its standard input and output.
#[derive(Clone, Debug)]
pub struct Worker {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl Worker {
    /// This program with its hidden subcommand.
    pub fn this_program() -> io::Result<Self> {
        Ok(Self { program: std::env::current_exe()?, arguments: vec!["__guard".to_owned()] })
    }

    /// One result a document, in order.
    pub(super) fn evaluate(&self, rules: &str, documents: &[String]) -> Result<Vec<Json>, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("cannot start the evaluation: {error}"))?;
        let request = json!({"rules": rules, "documents": documents}).to_string();
        let output = converse(&mut child, request);
        // Whether it ended by itself or not: nothing is left behind.
        let _ = child.kill();
        let status = child.wait().map_err(|error| error.to_string())?;
        let output = output?;
        let answer: Json = serde_json::from_slice(&output).map_err(|_| {
            format!("cfn-guard crashed ({status}): the rules may depend on themselves, or match without end")
        })?;
        match (answer.get("results").and_then(Json::as_array), answer.get("error").and_then(Json::as_str)) {
            (Some(results), _) => Ok(results.clone()),
            (None, error) => Err(error.unwrap_or("cfn-guard gave no answer").to_owned()),
        }
    }
}

fn converse(child: &mut Child, request: String) -> Result<Vec<u8>, String> {
    let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("cannot talk to the evaluation".to_owned());
    };
    // Both directions at once, or large requests and answers would wait for each other.
    let writing = std::thread::spawn(move || input.write_all(request.as_bytes()));
    let (answered, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = output.read_to_end(&mut bytes).map(|_| bytes);
        // The receiver is gone when it lost patience.
        let _ = answered.send(result);
    });
    let started = Instant::now();
    let result = answer.recv_timeout(PATIENCE).map_err(|_| {
        let _ = child.kill();
        format!("cfn-guard gave no answer within {} seconds", started.elapsed().as_secs())
    })?;
    // A worker that crashed has not read everything: its status says so.
    let _ = writing.join();
    result.map_err(|error| error.to_string())
}

/// The worker's side: reads one request, writes one answer.
pub fn work(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let request: Json = serde_json::from_str(&text)?;
    let rules = request.get("rules").and_then(Json::as_str).unwrap_or_default();
    let documents = request.get("documents").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let documents: Vec<String> = documents.iter().filter_map(Json::as_str).map(str::to_owned).collect();
    let answer = match guard::evaluate(rules, &documents) {
        Ok(results) => json!({"results": results}),
        Err(error) => json!({"error": error}),
    };
    serde_json::to_writer(&mut *output, &answer)?;
    output.flush()
}

//! The emulated account: installed, started and stopped by whoever uses it.
//!
//! `tests/emulator` holds its programs and pins what they need. That is installed once, into a virtual environment outside
//! of this folder. A server serves all tests of a run, each in accounts of its own, and stops with the run: it lives as long
//! as the pipe to it, which no crash leaves open.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use sra_guard::account::session::Session;

use crate::support::root;

/// A server on loopback.
pub(crate) struct Emulator {
    pub endpoint: String,
    _process: Process,
}

/// A program that ends when its standard input does.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

/// The server that the tests of this run share. Statics are not dropped: the server ends with the pipe.
pub(crate) fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| Emulator::start("server.py", &[]))
}

/// An account that nobody else uses.
pub(crate) fn account() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{:012}", 300_000_000_000_usize + NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Emulator {
    /// Starts a program of `tests/emulator` that says on its first line at which port it serves.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(python())
            .arg(root("tests/emulator").join(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port: u16 = port.trim().parse().unwrap_or_else(|_| panic!("`{program}` did not start: `{port}`"));
        Self { endpoint: format!("http://127.0.0.1:{port}"), _process: Process { child, input } }
    }

    /// Credentials of an account, for one region.
    pub(crate) async fn session(&self, account: &str, region: &str) -> Session {
        let credentials = Credentials::new(format!("EMULATED{account}"), "emulated", None, None, "tests");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(credentials)
            .region(Region::new(region.to_owned()))
            .endpoint_url(&self.endpoint)
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .load()
            .await;
        Session { config, account: account.to_owned(), partition: "aws".to_owned(), regions: vec![region.to_owned()] }
    }

    /// Asks a program of `tests/emulator` about itself, or tells it what to do.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        self.send(method, path, "", body)
    }

    /// Calls a service in the name of an account, as JSON, without what the SDK makes of it.
    pub(crate) fn call(&self, account: &str, region: &str, service: &str, call: &str, body: &Json) -> Json {
        let (method, path) = call.split_once(' ').unwrap();
        let scope = format!("EMULATED{account}/20260101/{region}/{service}/aws4_request");
        let header = format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n");
        let answer = self.send(method, path, &header, &body.to_string());
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{call}: {error}: {answer}"))
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        use std::io::Read as _;
        let address = self.endpoint.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let headers = format!("{headers}Connection: close\r\nContent-Length: {}\r\n", body.len());
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Runs a program of `tests/emulator` against this server. Returns its lines.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: String) -> Vec<String> {
        let mut child = Command::new(python())
            .arg(root("tests/emulator").join(program))
            .arg(&self.endpoint)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{program}` failed:\n{errors}");
        writer.join().unwrap().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The interpreter of the virtual environment, which is made if it is not there.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(install)
}

fn install() -> PathBuf {
    let requirements = root("tests/emulator/requirements.txt");
    let version = output(Command::new("python3").arg("--version"));
    let digest = Sha256::new().chain_update(fs::read(&requirements).unwrap()).chain_update(&version).finalize();
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let folder = cache().join(format!("emulator-{name}"));
    fs::create_dir_all(cache()).unwrap();
    let interpreter = folder.join("bin/python");
    let complete = folder.join("complete");
    // Another run may be installing it right now. The lock ends with the file.
    let lock = fs::File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !complete.exists() {
        let _ = fs::remove_dir_all(&folder);
        output(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "-r"];
        output(Command::new(&interpreter).args(pip).arg(&requirements));
        fs::write(complete, version).unwrap();
    }
    interpreter
}

/// Where the user keeps what can be made again.
fn cache() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
    user.map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(), |user| user.join("sra-guard"))
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

//! Parse, run, exit code. The only file that touches standard output and standard error.

use std::io::{self, BufRead as _, BufWriter, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use sra_guard::cli::{self, Cli};

/// Templates become many small values: the allocator decides a fifth of a scan's time. Huge pages are off, because a
/// run that ends after milliseconds would pay for clearing them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let stdout = io::stdout();
    // https://no-color.org: present and not empty, whatever its value.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    let terminal = cli::Terminal {
        color: stdout.is_terminal() && !plain,
        progress: io::stderr().is_terminal(),
        width: cli::terminal_width(stdout.is_terminal()),
        ask: (io::stdin().is_terminal() && io::stderr().is_terminal()).then_some(ask),
    };
    let mut out = BufWriter::new(stdout.lock());
    let result = cli::run(&cli, terminal, &mut out).and_then(|code| {
        out.flush()?;
        Ok(code)
    });
    match result {
        Ok(code) => ExitCode::from(code),
        // Whoever reads the pipe has seen enough.
        Err(cli::Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = out.flush();
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(cli::COULD_NOT_CHECK)
        }
    }
}

/// Asks a question of whoever sits at the terminal.
fn ask(question: &str) -> Option<String> {
    let mut error = io::stderr().lock();
    write!(error, "{question}: ").and_then(|()| error.flush()).ok()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

//! The command line: what was typed → a validated request → bytes and an exit code.

#[cfg(feature = "account")]
mod account;
pub mod arguments;
mod diff;
mod inspect;
mod meter;
#[cfg(feature = "account")]
mod publish;
pub mod rules;
mod scan;
#[cfg(feature = "account")]
mod scratch;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

pub use arguments::Cli;
use arguments::{Command, Input};

use crate::input::{Assignment, Context, TerraformContext};
use crate::rule::RuleSet;
use crate::source::{self, Limits, SourceMap};

/// Exit code: nothing at or above `--fail-on`.
pub const CLEAN: u8 = 0;
/// Exit code: findings at or above `--fail-on`, or unknowns under `--strict`.
pub const FINDINGS: u8 = 1;
/// Exit code: something could not be checked (unreadable input, a broken rule, zero coverage under `--strict`).
pub const COULD_NOT_CHECK: u8 = 2;

/// What is known about where output goes.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Standard output is a terminal that wants colour.
    pub color: bool,
    /// Standard error is a terminal, so progress may be drawn there.
    pub progress: bool,
    /// Columns.
    pub width: usize,
    /// Asks whoever sits there a question: for the code of an MFA device.
    pub ask: Option<fn(&str) -> Option<String>>,
}

/// Why a command could not be carried out at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("cannot write `{path}`: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("`{0}` does not exist; check the path")]
    NoSuchPath(PathBuf),
    #[error("`{0}` is no folder; `--rules` takes the folder in which the rules are")]
    NoFolder(PathBuf),
    #[error("`{0}` is no NAME=VALUE; write for instance `--parameter Stage=prod`")]
    Parameter(String),
    #[error("{0}")]
    ParameterFile(String),
    #[error("`{0}` is no NAME=VALUE; write for instance `--var stage=prod`")]
    Variable(String),
    #[error("{0}")]
    Rules(String),
    #[error("no rule is called `{0}`; `sra-guard rules list` shows them all")]
    NoSuchRule(String),
    #[error("no facts are called `{0}`; the arrays are {1}")]
    NoSuchKind(String, String),
    #[error("{0}")]
    Guard(String),
    #[error("{0}")]
    Lacking(String),
    #[error("{0}")]
    Uncomparable(String),
    #[cfg(feature = "account")]
    #[error("{0}")]
    Account(String),
    #[cfg(not(feature = "account"))]
    #[error(
        "this build cannot read live accounts; install it with `cargo install --locked --path . --features account`"
    )]
    NoAccount,
}

/// Columns of the terminal, or 100 in a pipe.
pub fn terminal_width(is_terminal: bool) -> usize {
    let size = if is_terminal { terminal_size::terminal_size() } else { None };
    size.map_or(100, |(columns, _)| usize::from(columns.0).clamp(60, 160))
}

/// Runs a command.
pub fn run(cli: &Cli, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    match &cli.command {
        Command::Scan(arguments) => scan::run(arguments, terminal, out),
        #[cfg(feature = "account")]
        Command::Audit(arguments) => account::audit(arguments, terminal, out),
        #[cfg(feature = "account")]
        Command::Collect(arguments) => account::collect(arguments, terminal, out),
        #[cfg(feature = "account")]
        Command::Publish(arguments) => publish::run(arguments, terminal, out),
        #[cfg(not(feature = "account"))]
        Command::Audit(_) | Command::Collect(_) | Command::Publish(_) => Err(Error::NoAccount),
        Command::Diff(arguments) => diff::run(arguments, terminal, out),
        Command::Facts(arguments) => inspect::facts(arguments, out),
        Command::Resources(arguments) => inspect::resources(arguments, out),
        Command::Graph(arguments) => inspect::graph(arguments, out),
        Command::Rules { command } => rules::run(command, terminal, out),
        Command::Explain { id, rules } => rules::explain(id, rules, terminal, out),
        Command::Completions { shell } => {
            // The generator panics when it cannot write, as into a closed pipe.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "sra-guard", &mut script);
            out.write_all(&script)?;
            Ok(CLEAN)
        }
        Command::GuardWorker => {
            crate::rule::raw::work(&mut io::stdin().lock(), out)?;
            Ok(CLEAN)
        }
    }
}

/// Writes to a file when one was asked for, else to standard output.
fn emit(
    path: Option<&Path>,
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let Some(path) = path else { return Ok(write(out)?) };
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut file = io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
    write(&mut file).and_then(|()| file.flush()).map_err(failed)
}

fn exists(path: &Path) -> Result<(), Error> {
    if path.exists() { Ok(()) } else { Err(Error::NoSuchPath(path.to_owned())) }
}

fn context(input: &Input) -> Result<Context, Error> {
    for path in input.paths.iter().filter(|path| *path != Path::new("-")) {
        exists(path)?;
    }
    let mut parameters = Vec::new();
    for file in &input.parameter_files {
        parameters.extend(parameter_file(file)?);
    }
    for parameter in &input.parameters {
        let (name, value) = parameter.split_once('=').ok_or_else(|| Error::Parameter(parameter.clone()))?;
        parameters.push((name.to_owned(), value.to_owned()));
    }
    Ok(Context {
        parameters,
        region: input.region.clone(),
        account: input.account.clone(),
        partition: input.partition.clone(),
        terraform: terraform(input)?,
        called: None,
    })
}

fn terraform(input: &Input) -> Result<TerraformContext, Error> {
    let mut given = Vec::new();
    for variable in &input.variables.0 {
        given.push(match variable {
            arguments::Given::Value(text) => {
                let (name, value) = text.split_once('=').ok_or_else(|| Error::Variable(text.clone()))?;
                Assignment::Value { name: name.trim().to_owned(), text: value.to_owned() }
            }
            arguments::Given::File(path) => {
                exists(path)?;
                Assignment::File(path.clone())
            }
        });
    }
    let environment = std::env::vars_os().filter(|_| input.tf_var_env).filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name.strip_prefix("TF_VAR_")?.to_owned(), value.into_string().ok()?))
    });
    let mut environment: Vec<(String, String)> = environment.collect();
    environment.sort();
    Ok(TerraformContext { given, environment, workspace: input.workspace.clone() })
}

fn parameter_file(path: &Path) -> Result<Vec<(String, String)>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::ParameterFile(format!("cannot read `{}`: {error}", path.display())))?;
    let sources = SourceMap::default();
    let file = sources.add(path.to_string_lossy(), text);
    let parsed = source::parse(&sources, file, Limits::default()).map_err(|error| {
        let place = sources.position(error.span);
        Error::ParameterFile(format!("{}:{place}: {error}", path.display()))
    })?;
    let parameters = parsed.documents.first().and_then(crate::input::cloudformation::parameters_from_file);
    parameters.ok_or_else(|| {
        Error::ParameterFile(format!(
            "`{}` is no parameter file; write a list of ParameterKey and ParameterValue, or a mapping of names to values",
            path.display()
        ))
    })
}

fn rule_set(select: &arguments::Select) -> Result<RuleSet, Error> {
    let mut rules = all_rules(&select.dirs)?;
    for pattern in select.only.iter().chain(&select.skip) {
        if !rules.rules.iter().any(|rule| crate::rule::load::id_matches(pattern, &rule.info.id)) {
            return Err(Error::NoSuchRule(pattern.clone()));
        }
    }
    rules.rules.retain(|rule| {
        let any = |patterns: &[String]| patterns.iter().any(|p| crate::rule::load::id_matches(p, &rule.info.id));
        (select.only.is_empty() || any(&select.only)) && !any(&select.skip)
    });
    Ok(rules)
}

fn all_rules(dirs: &arguments::RuleDirs) -> Result<RuleSet, Error> {
    let mut rules = RuleSet::builtin().map_err(|error| Error::Rules(error.to_string()))?;
    for dir in &dirs.dirs {
        exists(dir)?;
        if !dir.is_dir() {
            return Err(Error::NoFolder(dir.clone()));
        }
        let own = RuleSet::load_dir(dir).map_err(|error| Error::Rules(error.to_string()))?;
        rules.add(own).map_err(|error| Error::Rules(error.to_string()))?;
    }
    Ok(rules)
}

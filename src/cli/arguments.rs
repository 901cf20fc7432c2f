//! What was typed.

use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::finding::Severity;

/// Judges AWS architectures against the Security Reference Architecture.
#[derive(Debug, Parser)]
#[command(name = "sra-guard", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge templates, modules and snapshots: CloudFormation, SAM, CDK output, Terraform, live accounts
    Scan(Scan),
    /// Judge live accounts: collect a snapshot and scan it
    Audit(Audit),
    /// Write a snapshot of live accounts, to scan it anywhere
    Collect(Collect),
    /// Write findings about live accounts to Security Hub, and resolve those that are gone
    Publish(Publish),
    /// Compare two snapshots, two versions of a template, or a template with a snapshot: what changed, and what that means
    Diff(Diff),
    /// Print the facts that rules see, as JSON
    Facts(Facts),
    /// Print the resources after intrinsics and transforms, as JSON
    Resources(Resources),
    /// Draw the architecture
    Graph(Graph),
    /// List, show and test rules
    Rules {
        #[command(subcommand)]
        command: Rules,
    },
    /// Explain a rule: what it demands, why, how to fix it
    Explain {
        /// Rule id, such as SRA-ALB-004
        id: String,
        #[command(flatten)]
        rules: RuleDirs,
    },
    /// Print a shell completion script
    Completions {
        /// Shell that will run it
        shell: clap_complete::Shell,
    },
    /// Evaluates raw Guard rules in a process of its own
    #[command(hide = true, name = "__guard")]
    GuardWorker,
}

#[derive(Debug, Args)]
pub struct Scan {
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub judging: Judging,
    /// Only findings that involve what a plan or change set creates, updates or replaces
    #[arg(long, help_heading = "Report")]
    pub changed_only: bool,
}

/// By what is judged, and what becomes of it.
#[derive(Debug, Args)]
pub struct Judging {
    #[command(flatten)]
    pub select: Select,
    /// Also judge the resources by a cfn-guard rule file
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub guard: Vec<PathBuf>,
    /// Report format
    #[arg(long, value_enum, default_value_t = Format::Terminal, help_heading = "Report")]
    pub format: Format,
    /// Time of the report for formats that have one, instead of the snapshot's: 2026-01-02 or 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Report")]
    pub as_of: Option<Timestamp>,
    /// Write the report to a file instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Report")]
    pub output: Option<PathBuf>,
    /// Show passes and not-applicables too
    #[arg(long, help_heading = "Report")]
    pub all: bool,
    /// Only findings and errors: no warnings, no closing table, no progress
    #[arg(long, short, help_heading = "Report")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t = When::Auto, help_heading = "Report")]
    pub color: When,
    /// Exit with 1 when a failure is at least this severe
    #[arg(long, value_enum, default_value_t = FailOn::High, help_heading = "Gate")]
    pub fail_on: FailOn,
    /// Exit with 1 on unknowns too, and with 2 when nothing was checked
    #[arg(long, help_heading = "Gate")]
    pub strict: bool,
}

/// Who reads live accounts, and where.
#[derive(Debug, Args)]
pub struct Access {
    /// Profile of the AWS configuration
    #[arg(long, help_heading = "Account")]
    pub profile: Option<String>,
    /// Region, several times or separated by commas; `all` that the account has enabled
    #[arg(long = "region", value_name = "REGION", value_delimiter = ',', help_heading = "Account")]
    pub regions: Vec<String>,
    /// Role to assume: its ARN, or its name in the accounts of `--accounts` and `--organization`
    #[arg(long, value_name = "ROLE", help_heading = "Account")]
    pub assume_role: Option<String>,
    /// External id that the role asks for
    #[arg(long, value_name = "ID", requires = "assume_role", help_heading = "Account")]
    pub external_id: Option<String>,
    /// MFA device whose code the role asks for, unless the profile names one
    #[arg(long, value_name = "ARN", requires = "assume_role", help_heading = "Account")]
    pub mfa_serial: Option<String>,
    /// File with one account a line: its id, or the ARN of the role to assume in it
    #[arg(long, value_name = "FILE", conflicts_with = "organization", help_heading = "Account")]
    pub accounts: Option<PathBuf>,
    /// All active accounts of the organization
    #[arg(long, requires = "assume_role", help_heading = "Account")]
    pub organization: bool,
    /// Only this organizational unit and what is below it
    #[arg(long = "ou", value_name = "ID", requires = "organization", help_heading = "Account")]
    pub units: Vec<String>,
    /// Address to call instead of the services' own
    #[arg(long, value_name = "URL", help_heading = "Account")]
    pub endpoint_url: Option<String>,
    /// Seconds that one attempt of a call may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Account")]
    pub timeout: Option<u64>,
}

/// What a live account is read for.
#[derive(Debug, Args)]
pub struct Collecting {
    #[command(flatten)]
    pub access: Access,
    /// Go on with the snapshot that an interrupted run has left
    #[arg(long, help_heading = "Snapshot")]
    pub resume: bool,
    /// Download the code of Lambda functions too
    #[arg(long, help_heading = "Snapshot")]
    pub read_code: bool,
    /// Read what this aggregator of AWS Config records, instead of the accounts themselves; `--accounts` and `--region`
    /// then say which of it
    #[arg(
        long,
        value_name = "AGGREGATOR",
        conflicts_with_all = ["resume", "read_code", "organization"],
        help_heading = "Snapshot"
    )]
    pub from_config: Option<String>,
    /// Region of the aggregator [default: the first `--region`, else that of the profile or environment]
    #[arg(long, value_name = "REGION", requires = "from_config", help_heading = "Snapshot")]
    pub aggregator_region: Option<String>,
}

#[derive(Debug, Args)]
pub struct Collect {
    #[command(flatten)]
    pub collecting: Collecting,
    /// Folder for the snapshot
    #[arg(long, short, value_name = "DIR", default_value = "snapshot", help_heading = "Snapshot")]
    pub output: PathBuf,
    /// No progress
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    pub collecting: Collecting,
    /// Keep the snapshot in this folder
    #[arg(long, value_name = "DIR", help_heading = "Snapshot")]
    pub snapshot: Option<PathBuf>,
    /// Print the permissions that collecting needs, as an IAM policy, and do nothing else
    #[arg(long)]
    pub print_policy: bool,
    /// Also write the findings there
    #[arg(long, value_enum, value_name = "WHERE", help_heading = "Publish")]
    pub publish: Option<Destination>,
    #[command(flatten)]
    pub publishing: Publishing,
    #[command(flatten)]
    pub judging: Judging,
}

#[derive(Debug, Args)]
#[command(mut_arg("regions", |region| region.hide(true)))]
pub struct Publish {
    /// Snapshots: folders and files that `collect` has written
    #[arg(value_name = "PATH", default_value = "snapshot")]
    pub paths: Vec<PathBuf>,
    /// Write to AWS Security Hub
    #[arg(long, required = true, help_heading = "Publish")]
    pub security_hub: bool,
    #[command(flatten)]
    pub publishing: Publishing,
    /// Time of the snapshots, for those without a manifest: 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Publish")]
    pub as_of: Option<Timestamp>,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub select: Select,
    /// Also judge the resources by a cfn-guard rule file
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub guard: Vec<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// How findings are published.
#[derive(Debug, Args)]
pub struct Publishing {
    /// Only say what would be created, updated and resolved
    #[arg(long, help_heading = "Publish")]
    pub dry_run: bool,
    /// Import everything in this region, such as the aggregation region, instead of each finding in its own
    #[arg(long, value_name = "REGION", help_heading = "Publish")]
    pub hub_region: Option<String>,
    /// Set the workflow status of waived findings to SUPPRESSED
    #[arg(long, help_heading = "Publish")]
    pub suppress_waived: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Destination {
    SecurityHub,
}

#[derive(Debug, Args)]
#[command(mut_arg("paths", |paths| {
    paths.value_names(["A", "B"]).num_args(2).required(true).default_value(Resettable::Reset)
        .help("What was, or is written, and what is: snapshots, templates, modules, plans")
}))]
pub struct Diff {
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub select: Select,
    /// Format of the comparison
    #[arg(long, value_enum, default_value_t = DiffFormat::Terminal, help_heading = "Report")]
    pub format: DiffFormat,
    /// Write it to a file instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Report")]
    pub output: Option<PathBuf>,
    /// No progress
    #[arg(long, short, help_heading = "Report")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t = When::Auto, help_heading = "Report")]
    pub color: When,
    /// Exit with 1 when a failure that is at least this severe is new, resolved or judged otherwise
    #[arg(long, value_enum, default_value_t = FailOn::High, help_heading = "Gate")]
    pub fail_on: FailOn,
}

#[derive(Debug, Args)]
pub struct Input {
    /// Files and directories; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Value of a template parameter
    #[arg(long = "parameter", value_name = "NAME=VALUE", help_heading = "Input")]
    pub parameters: Vec<String>,
    /// File with parameter values, as the AWS CLI, SAM or `CodePipeline` write them
    #[arg(long = "parameters", value_name = "FILE", help_heading = "Input")]
    pub parameter_files: Vec<PathBuf>,
    /// Value of `AWS::Region`
    #[arg(long, help_heading = "Input")]
    pub region: Option<String>,
    /// Value of `AWS::AccountId`
    #[arg(long, help_heading = "Input")]
    pub account: Option<String>,
    /// Value of `AWS::Partition` [default: aws]
    #[arg(long, help_heading = "Input")]
    pub partition: Option<String>,
    #[command(flatten)]
    pub variables: Variables,
    /// Take values of Terraform variables from the environment (`TF_VAR_…`) too
    #[arg(long, help_heading = "Input")]
    pub tf_var_env: bool,
    /// Terraform workspace [default: default]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub workspace: Option<String>,
}

/// Values of Terraform variables. Terraform lets the later one win, whichever way it is given, so their common order
/// is kept.
#[derive(Clone, Debug, Default)]
pub struct Variables(pub Vec<Given>);

#[derive(Clone, Debug)]
pub enum Given {
    /// `NAME=VALUE`.
    Value(String),
    File(PathBuf),
}

impl Args for Variables {
    fn augment_args(command: clap::Command) -> clap::Command {
        let option = |id: &'static str, value: &'static str, help: &'static str| {
            Arg::new(id).long(id).value_name(value).help(help).help_heading("Input").action(ArgAction::Append)
        };
        command.arg(option("var", "NAME=VALUE", "Value of a variable of Terraform root modules")).arg(
            option("var-file", "FILE", "File with values of Terraform variables (`.tfvars`, `.tfvars.json`)")
                .value_parser(clap::value_parser!(PathBuf)),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Variables {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let places = |id| matches.indices_of(id).into_iter().flatten();
        let values = matches.get_many::<String>("var").into_iter().flatten().cloned().map(Given::Value);
        let files = matches.get_many::<PathBuf>("var-file").into_iter().flatten().cloned().map(Given::File);
        let mut given: Vec<(usize, Given)> = places("var").zip(values).chain(places("var-file").zip(files)).collect();
        given.sort_by_key(|(place, _)| *place);
        Ok(Self(given.into_iter().map(|(_, given)| given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Args)]
pub struct Select {
    /// Run only these rules: ids or globs, such as SRA-ALB-*
    #[arg(long = "rule", value_name = "ID", help_heading = "Rules")]
    pub only: Vec<String>,
    /// Do not run these rules: ids or globs
    #[arg(long = "skip-rule", value_name = "ID", help_heading = "Rules")]
    pub skip: Vec<String>,
    #[command(flatten)]
    pub dirs: RuleDirs,
}

#[derive(Debug, Args)]
pub struct RuleDirs {
    /// Folder with rules of your own, beside the built-in ones
    #[arg(long = "rules", value_name = "DIR", help_heading = "Rules")]
    pub dirs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Facts {
    #[command(flatten)]
    pub input: Input,
    /// Only this array of facts
    #[arg(long)]
    pub kind: Option<String>,
    /// With the evidence of each fact
    #[arg(long)]
    pub evidence: bool,
    /// Print the JSON Schema of the facts instead
    #[arg(long)]
    pub schema: bool,
}

#[derive(Debug, Args)]
pub struct Resources {
    #[command(flatten)]
    pub input: Input,
}

#[derive(Debug, Args)]
pub struct Graph {
    #[command(flatten)]
    pub input: Input,
    /// Notation of the drawing
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
    pub format: GraphFormat,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the rules
    List {
        #[command(flatten)]
        select: Select,
        /// Format of the list
        #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
        format: ListFormat,
    },
    /// Print a rule's file
    Show {
        /// Rule id, such as SRA-ALB-004
        id: String,
        #[command(flatten)]
        rules: RuleDirs,
    },
    /// Run the examples of rules as tests
    Test {
        #[command(flatten)]
        select: Select,
        /// Also change each predicate and demand that an example notices
        #[arg(long)]
        mutate: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Terminal,
    Json,
    Sarif,
    Junit,
    /// AWS Security Finding Format
    Asff,
    /// Open Cybersecurity Schema Framework
    Ocsf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Terminal,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Mermaid,
    Dot,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Terminal,
    Json,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Info,
    Never,
}

impl FailOn {
    /// The least severity that counts.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

/// A moment, or the start of a day, in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || format!("{text}T00:00:00Z").parse();
    let parsed: Result<Timestamp, jiff::Error> = text.parse().or_else(|_| day());
    parsed.map_err(|_| "write a day in UTC, as 2026-01-02, or a moment, as 2026-01-02T03:04:05Z".to_owned())
}

//! Raw cfn-guard files: over resolved resources, honest about unknowns, and never able to end the scan in silence.

use std::path::{Path, PathBuf};

use sra_guard::finding::Verdict;
use sra_guard::input::Context;
use sra_guard::input::cloudformation::unit_from_text;
use sra_guard::rule::raw::{GuardFile, Judged, Worker};
use sra_guard::source::SourceMap;

fn worker() -> Worker {
    Worker { program: PathBuf::from(env!("CARGO_BIN_EXE_sra-guard")), arguments: vec!["__guard".to_owned()] }
}

fn judge(rules: &str, template: &str) -> (SourceMap, Vec<Judged>) {
    let sources = SourceMap::default();
    let unit = unit_from_text("template.yaml", template, &Context::default(), &sources).unwrap();
    let worlds: Vec<_> = unit.worlds().list.iter().take(1).map(|world| unit.evaluate(world)).collect();
    let file = GuardFile::parse(Path::new("my.guard"), rules.to_owned()).unwrap();
    let judged = file.judge(&worlds, &worker()).unwrap().pop().unwrap();
    (sources, judged)
}

/// `RULE RESOURCE VERDICT`, a line each.
fn verdicts(rules: &str, template: &str) -> Vec<String> {
    let (_, judged) = judge(rules, template);
    let line = |judged: &Judged| format!("{} {} {}", judged.rule.id, judged.subject.name, judged.judgement.verdict);
    judged.iter().map(line).collect()
}

const BUCKETS: &str = "
Parameters:
  Versioning: {Type: String}
  Suffix: {Type: String, Default: logs}
Resources:
  Good:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub 'a-${Suffix}', VersioningConfiguration: {Status: Enabled}}
  Bad:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration:
        Status: Suspended
  Open:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: !Ref Versioning}
  Topic: {Type: AWS::SNS::Topic}
";

#[test]
fn each_resource_gets_its_verdict() {
    let rules = "let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]
rule versioned when %buckets !empty {
  %buckets.Properties.VersioningConfiguration.Status == 'Enabled' <<keep old versions>>
}
rule queues when Resources.*[ Type == 'AWS::SQS::Queue' ] !empty { Resources empty
}";
    assert_eq!(
        verdicts(rules, BUCKETS),
        [
            "guard:my.guard:versioned Good pass",
            "guard:my.guard:versioned Bad fail",
            "guard:my.guard:versioned Open unknown"
        ]
    );
    let (sources, judged) = judge(rules, BUCKETS);
    let bad = &judged[1].judgement;
    assert_eq!(bad.message, "keep old versions");
    let span = bad.evidence[0].span.unwrap();
    assert_eq!(sources.position(span).to_string(), "13:9");
    assert_eq!(sources.slice(span), "Status: Suspended");
    assert_eq!(
        judged[2].judgement.reasons,
        ["parameter `Versioning` has no value; give it with `--parameter Versioning=…`"]
    );
}

#[test]
fn a_filter_or_condition_over_an_unknown_decides_nothing() {
    let filter = "rule r { Resources.*[ Type == 'AWS::S3::Bucket'
    Properties.VersioningConfiguration.Status == 'Enabled' ] { Properties.BucketName exists
  } }";
    let open = |lines: Vec<String>| lines.into_iter().find(|line| line.contains("Open")).unwrap();
    assert_eq!(open(verdicts(filter, BUCKETS)), "guard:my.guard:r Open unknown");
    let condition = "rule r { AWS::S3::Bucket { when Properties.VersioningConfiguration.Status != 'Suspended' {
    Properties.BucketName exists
  } } }";
    assert_eq!(open(verdicts(condition, BUCKETS)), "guard:my.guard:r Open unknown");
    let negative = "rule r { AWS::S3::Bucket { Properties.VersioningConfiguration.Status != 'Suspended'
  } }";
    assert_eq!(open(verdicts(negative, BUCKETS)), "guard:my.guard:r Open unknown");
}

#[test]
fn a_certain_failure_beats_an_unknown_elsewhere_in_the_resource() {
    let rules = "rule r { AWS::S3::Bucket { Properties.VersioningConfiguration.Status == 'Enabled'
    Properties.BucketName exists
  } }";
    assert_eq!(
        verdicts(rules, BUCKETS),
        ["guard:my.guard:r Good pass", "guard:my.guard:r Bad fail", "guard:my.guard:r Open fail"]
    );
}

#[test]
fn what_would_take_cfn_guard_down_is_an_error() {
    let error = |rules: &str| GuardFile::parse(Path::new("my.guard"), rules.to_owned()).unwrap_err().to_string();
    assert!(error("rule r { r\n}").contains("depend on themselves: `r`"));
    assert!(error("rule r { a == \n}").starts_with("my.guard:1:14: cannot parse"), "{}", error("rule r { a == \n}"));
    assert!(
        error(&format!("rule r {{ a == {}1{}\n}}", "[".repeat(500), "]".repeat(500))).contains("nested too deeply")
    );
    assert!(error("rule r { a == 1\n}\nrule r { a == 2\n}").contains("same name"));
    // Exceeds the backtracking limit, at which cfn-guard panics.
    let file = GuardFile::parse(
        Path::new("my.guard"),
        "rule r { Resources.*.Properties.N == /^(a|aa)+(?=c)\\1$/\n}".to_owned(),
    );
    let template = format!("Resources: {{A: {{Type: 'AWS::SNS::Topic', Properties: {{N: {}b}}}}}}", "a".repeat(60));
    let sources = SourceMap::default();
    let unit = unit_from_text("template.yaml", &template, &Context::default(), &sources).unwrap();
    let world = unit.evaluate(&unit.worlds().list[0]);
    let error = file.unwrap().judge(&[world], &worker()).unwrap_err();
    assert!(error.contains("crashed"), "{error}");
}

#[test]
fn the_command_line_reports_guard_findings() {
    let folder = std::env::temp_dir().join(format!("sra-guard-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (template, rules) = (folder.join("template.yaml"), folder.join("my.guard"));
    std::fs::write(&template, BUCKETS).unwrap();
    std::fs::write(&rules, "rule named { AWS::S3::Bucket { Properties.BucketName exists <<name it>>\n } }").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    let output =
        command.arg("scan").arg(&template).arg("--guard").arg(&rules).args(["--format", "json"]).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("guard:my.guard:named") && text.contains("name it"), "{text}");
    assert_eq!(Verdict::Fail.key(), "fail");
}

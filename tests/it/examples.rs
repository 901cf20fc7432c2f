//! The example architectures: what must fire on them, what must not, and how the report looks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sra_guard::finding::{Report, Verdict};
use sra_guard::report::{FORMATS, View};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::{occasion, root, rules};

/// Scans a file of `examples/`, by a path relative to the package: fingerprints contain the path as it is given.
fn scan_example(path: &str) -> (Report, SourceMap) {
    let sources = SourceMap::default();
    let request = Request {
        paths: vec![Path::new("examples").join(path)],
        rules: rules().clone(),
        keep_all: true,
        ..Request::default()
    };
    let report = scan(&request, &sources, &|_| {});
    (report, sources)
}

fn verdicts(report: &Report) -> String {
    let mut lines: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict != Verdict::NotApplicable)
        .map(|finding| {
            let severity = if finding.verdict == Verdict::Fail { finding.severity.key() } else { "" };
            let subject = finding.subject.id.rsplit('#').next().unwrap_or_default();
            let verdict = finding.verdict.key();
            format!("{:<12} {verdict:<8} {severity:<8} {subject}", finding.rule.id).trim_end().to_owned()
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// Every verdict of the architectures as their documents build them.
#[test]
fn the_architectures_get_their_golden_verdicts() {
    let mut text = String::new();
    for name in ["alb-login-lambda", "private-resource-server", "serverless-board", "client-vpn-self-service"] {
        let (report, _) = scan_example(&format!("{name}/template.yaml"));
        let _ = writeln!(text, "{name}\n{}\n", verdicts(&report));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_repaired_architectures_are_clean() {
    let repaired = [
        "alb-login-lambda/repaired.yaml",
        "private-resource-server/repaired.yaml",
        "serverless-board/repaired",
        "client-vpn-self-service/repaired.yaml",
    ];
    for path in repaired {
        let (report, _) = scan_example(path);
        assert!(report.notes.is_empty(), "{path}: {:?}", report.notes);
        let passed =
            |finding: &sra_guard::finding::Finding| matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        let found: Vec<_> = report.findings.iter().filter(|finding| !passed(finding)).collect();
        assert!(found.is_empty(), "{path}: {found:#?}");
        assert!(report.findings.iter().any(|finding| finding.verdict == Verdict::Pass), "{path}: nothing was checked");
    }
}

/// The samples show what each format looks like; a change of a format shows up as a change of its sample.
#[test]
fn the_sample_of_every_format_is_the_written_one() {
    let (report, sources) = scan_example("serverless-board/template.yaml");
    for format in FORMATS {
        let view = View {
            report: &report,
            sources: &sources,
            all: false,
            quiet: false,
            color: false,
            width: 100,
            occasion: occasion(),
        };
        let mut bytes = Vec::new();
        (format.write)(&view, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let extension = match format.name {
            "terminal" => "txt",
            "junit" => "xml",
            "asff" => "asff.json",
            "ocsf" => "ocsf.json",
            other => other,
        };
        let file = root("reports/samples").join(format!("serverless-board.{extension}"));
        if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        } else {
            let recorded = fs::read_to_string(&file).unwrap_or_default().replace('\r', "");
            assert!(recorded == text, "{} is stale: run the tests with SRA_GUARD_UPDATE=1", file.display());
        }
    }
}

/// How many templates are scanned never decides whether a document beside one of them is read.
#[test]
fn a_large_workspace_reads_every_companion_file() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-workspace");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for index in 0..2_100 {
        let file = folder.join(format!("{index:04}.yaml"));
        fs::write(file, "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n").unwrap();
    }
    let machine = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Approval:\n    Type: \
                   AWS::Serverless::StateMachine\n    Properties: {DefinitionUri: ask.asl.json}\n";
    let definition = r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true}}}"#;
    fs::write(folder.join("zz.yaml"), machine).unwrap();
    fs::write(folder.join("ask.asl.json"), definition).unwrap();
    let request = Request { paths: vec![folder], rules: rules().clone(), ..Request::default() };
    let report = scan(&request, &SourceMap::default(), &|_| {});
    let verdicts: Vec<_> = report.findings.iter().map(|finding| (finding.rule.id.as_str(), finding.verdict)).collect();
    assert_eq!(verdicts, [("SRA-SFN-003", Verdict::Fail)]);
}

//! Cloud assemblies: what the CDK calls a resource, and where its app creates it.

use std::path::Path;

use serde_json::Value;
use sra_guard::finding::Report;
use sra_guard::report::{FORMATS, View};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::{Folder, occasion, rules};

fn judged(path: &Path) -> (Report, SourceMap) {
    let sources = SourceMap::default();
    let request = Request { paths: vec![path.to_path_buf()], rules: rules().clone(), ..Request::default() };
    (scan(&request, &sources, &|_| {}), sources)
}

fn written(path: &Path, format: &str) -> String {
    let (report, sources) = judged(path);
    let view = View {
        report: &report,
        sources: &sources,
        all: false,
        quiet: true,
        color: false,
        width: 100,
        occasion: occasion(),
    };
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut out = Vec::new();
    (format.write)(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A security group that is open to everybody, as `cdk synth` writes it.
fn template(path: &str) -> String {
    let group = r#""Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", "VpcId": "vpc-1",
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]}"#;
    let instance = r#""Type": "AWS::EC2::Instance", "Properties": {"SecurityGroupIds": [{"Ref": "Ssh4711"}]}"#;
    let metadata =
        if path.is_empty() { String::new() } else { format!(r#", "Metadata": {{"aws:cdk:path": "{path}"}}"#) };
    format!(r#"{{"Resources": {{"Ssh4711": {{{group}{metadata}}}, "Host": {{{instance}}}}}}}"#)
}

fn manifest(metadata: &str) -> String {
    format!(
        r#"{{"version": "44.0.0", "artifacts": {{"App": {{"type": "aws:cloudformation:stack",
            "properties": {{"templateFile": "App.template.json"}}, {metadata}}}}}}}"#
    )
}

/// What created the security group.
fn construct(report: &Report) -> String {
    let group = report.findings.iter().find(|finding| finding.subject.name == "Ssh4711").unwrap();
    group.subject.construct.as_ref().unwrap().to_string()
}

const TRACED: &str = r#"{"/App/Ssh/Resource": [{"type": "aws:cdk:logicalId", "data": "Ssh4711", "trace": [
    "new SecurityGroup (/home/ci/app/node_modules/aws-cdk-lib/aws-ec2/lib/security-group.js:1:2)",
    "new AppStack (/home/ci/app/lib/app-stack.ts:12:5)",
    "Object.<anonymous> (/home/ci/app/bin/app.ts:7:1)",
    "Module._compile (node:internal/modules/cjs/loader:1105:14)"]}]}"#;

#[test]
fn findings_name_the_construct_and_the_line_that_creates_it() {
    let folder = Folder::new();
    folder.write("lib/app-stack.ts", "");
    folder.write("cdk.out/App.template.json", &template("App/Ssh/Resource"));
    folder.write("cdk.out/manifest.json", &manifest(&format!(r#""metadata": {TRACED}"#)));
    let report: Value = serde_json::from_str(&written(folder.path(), "json")).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let construct = &findings.iter().find(|it| it["subject"]["name"] == "Ssh4711").unwrap()["subject"]["construct"];
    assert_eq!(construct["path"], "App/Ssh/Resource");
    assert!(construct["file"].as_str().unwrap().ends_with("/lib/app-stack.ts"), "{construct}");
    assert_eq!(construct["line"], 12);
    let terminal = written(folder.path(), "terminal");
    let line = terminal.lines().find(|line| line.contains("construct: ")).unwrap();
    assert!(line.contains("App/Ssh/Resource"), "{line}");
    assert!(terminal.contains("lib/app-stack.ts:12)"), "{terminal}");
    let sarif: Value = serde_json::from_str(&written(folder.path(), "sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let is_group = |result: &&Value| result["locations"][0]["logicalLocations"][0]["name"] == "Ssh4711";
    let result = results.iter().find(is_group).unwrap();
    let logical = &result["locations"][0]["logicalLocations"][1];
    assert_eq!((&logical["name"], &logical["kind"]), (&"Ssh".into(), &"construct".into()));
    assert_eq!(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 12);
}

#[test]
fn the_manifest_tells_the_construct_when_the_template_does_not() {
    let folder = Folder::new();
    folder.write("cdk.out/App.template.json", &template(""));
    folder.write("cdk.out/App.metadata.json", TRACED);
    folder.write("cdk.out/manifest.json", &manifest(r#""additionalMetadataFile": "App.metadata.json""#));
    let (report, _) = judged(folder.path());
    assert_eq!(construct(&report), "App/Ssh/Resource (/home/ci/app/lib/app-stack.ts:12)");
}

#[test]
fn a_template_alone_tells_its_constructs() {
    let folder = Folder::new();
    let file = folder.write("t.json", &template("App/Ssh/Resource"));
    let (report, _) = judged(&file);
    assert_eq!(construct(&report), "App/Ssh/Resource");
}

#[test]
fn assemblies_of_stages_are_read_by_their_own_manifests() {
    let folder = Folder::new();
    let outer = r#"{"version": "44.0.0", "artifacts": {"assembly-App-Prod": {"type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-App-Prod"}}}}"#;
    let given = folder.write("cdk.out/manifest.json", outer);
    folder.write("cdk.out/assembly-App-Prod/App.template.json", &template("Prod/App/Ssh/Resource"));
    folder.write("cdk.out/assembly-App-Prod/Old.template.json", &template("Prod/Old/Ssh/Resource"));
    let inner = manifest(&format!(r#""metadata": {}"#, TRACED.replace("/App/", "/Prod/App/")));
    folder.write("cdk.out/assembly-App-Prod/manifest.json", &inner);
    for path in [folder.path(), &given] {
        let (report, _) = judged(path);
        assert!(construct(&report).starts_with("Prod/App/Ssh/Resource"));
        assert_eq!(report.files_read(), 1);
    }
}

//! What becomes of each kind of file, on real directories.

use std::fs;
use std::path::Path;

use super::*;
use crate::input::Format;

/// A directory of its own for one test, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("sra-guard-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let folder = Self(root);
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn load(&self, paths: &[&str]) -> Loaded {
        let paths: Vec<PathBuf> = paths.iter().map(|path| self.0.join(path)).collect();
        load(&paths, &Context::default(), &SourceMap::default(), &|_, _| {})
    }

    /// `name: outcome`, then the notes, without the directory.
    fn show(&self, paths: &[&str]) -> Vec<String> {
        let loaded = self.load(paths);
        let files = loaded.files.iter().map(|file| format!("{}: {:?} {}", file.name, file.outcome, file.resources));
        let notes = loaded.notes.iter().map(|note| format!("{:?}: {}", note.level, note.message));
        let root = format!("{}/", self.0.display());
        files.chain(notes).map(|line| line.replace(&root, "")).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const QUEUE: &str = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n";

#[test]
fn content_decides_what_a_file_is() {
    let folder = Folder::new(
        "content",
        &[
            ("a.yaml", QUEUE),
            ("b.template", r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}, "U": {"Type": "AWS::SNS::Topic"}}}"#),
            (
                "c/sam.yml",
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n",
            ),
            ("d.json", r#"{"TemplateBody": {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}}"#),
            ("package.json", r#"{"name": "x", "dependencies": {}}"#),
            ("parameters.json", r#"[{"ParameterKey": "Resources", "ParameterValue": "x"}]"#),
            ("openapi.yaml", "openapi: 3.0.0\npaths: {}\nx-amazon: AWS::ApiGateway\n"),
            ("notes.txt", QUEUE),
        ],
    );
    assert_eq!(
        folder.show(&[""]),
        [
            "a.yaml: Read(CloudFormation) 1",
            "b.template: Read(CloudFormation) 2",
            "c/sam.yml: Read(Sam) 1",
            "d.json: Read(CloudFormation) 1",
            "openapi.yaml: Ignored 0",
            "package.json: Ignored 0",
            "parameters.json: Ignored 0",
        ]
    );
    assert_eq!(folder.show(&["notes.txt"]), ["notes.txt: Read(CloudFormation) 1"]);
}

#[test]
fn what_could_be_a_template_is_never_silent() {
    let folder = Folder::new(
        "suspects",
        &[
            ("broken.yaml", "Resources:\n  A: b: c\n"),
            ("cut.json", r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}"#),
            ("data.json", "{nothing: [}"),
            ("list.yaml", "Resources:\n  - Type: AWS::SQS::Queue\n"),
            ("snippet.yaml", "Queue:\n  Type: AWS::SQS::Queue\n"),
            ("misspelt.yaml", "Resource:\n  Queue:\n    Type: AWS::SQS::Queue\n"),
            ("sls.yml", "service: x\nprovider: {name: aws}\nresources:\n  Resources: {}\n"),
            ("twice.yaml", "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n  Q:\n    Type: AWS::SNS::Topic\n"),
            ("untyped.yaml", "Resources:\n  Queue:\n    Typ: AWS::SQS::Queue\n"),
        ],
    );
    folder.write("latin.yaml", b"Resources:\n  Q:\n    Type: AWS::SQS::Queue # \xe9\n");
    folder.write("wide.yaml", b"\xff\xfeR\0e\0s\0o\0u\0r\0c\0e\0s\0:\0");
    folder.write("latin.json", b"{\"a\": \"\xe9\"}");
    let shown = folder.show(&[""]);
    for line in [
        "broken.yaml: Failed 0",
        "cut.json: Failed 0",
        "data.json: Ignored 0",
        "latin.json: Ignored 0",
        "latin.yaml: Failed 0",
        "list.yaml: Failed 0",
        "misspelt.yaml: Failed 0",
        "sls.yml: Failed 0",
        "snippet.yaml: Failed 0",
        "twice.yaml: Read(CloudFormation) 1",
        "untyped.yaml: Failed 0",
        "wide.yaml: Failed 0",
        "Error: unexpected `:`: quote the text before it, or correct the indentation",
        "Error: expected `,` or `}`, found the end of the file",
        "Error: `latin.yaml` cannot be read: it is not UTF-8 text (at byte 44)",
        "Warning: looks like a template, but `Resources` is not a mapping",
        "Warning: declares resources without a `Resources` section, so it is no template by itself",
        "Warning: key `Q` is written twice; the last one counts",
        "Warning: looks like a template, but no resource in `Resources` has a type",
    ] {
        assert!(shown.iter().any(|shown| shown == line), "{line}\n{shown:#?}");
    }
}

#[test]
fn given_files_are_always_read_and_answered() {
    let folder = Folder::new(
        "given",
        &[
            (".git/HEAD", ""),
            (".gitignore", "ignored.yaml\n"),
            ("ignored.yaml", QUEUE),
            (".hidden.yaml", QUEUE),
            ("other.json", "{}"),
            ("bad.json", "{"),
        ],
    );
    assert_eq!(folder.show(&[""])[..2], ["bad.json: Ignored 0", "other.json: Ignored 0"]);
    assert!(
        folder.show(&[""])[2]
            .starts_with("Warning: no CloudFormation or SAM template, no Terraform module and no snapshot in")
    );
    let shown =
        folder.show(&["ignored.yaml", "./ignored.yaml", ".hidden.yaml", "other.json", "bad.json", "missing.yaml"]);
    assert_eq!(
        shown[..4],
        [
            ".hidden.yaml: Read(CloudFormation) 1",
            "bad.json: Failed 0",
            "ignored.yaml: Read(CloudFormation) 1",
            "other.json: Ignored 0"
        ]
    );
    assert!(shown.iter().any(|line| line.starts_with("Error: `missing.yaml` cannot be read:")), "{shown:#?}");
    assert!(shown.iter().any(|line| line == "Warning: `other.json` is no CloudFormation or SAM template"));
}

#[test]
fn a_cloud_assembly_is_what_its_manifest_says() {
    let template = r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#;
    let manifest = |file: &str| {
        format!(
            r#"{{"version": "36.0.0", "artifacts": {{
            "Tree": {{"type": "cdk:tree", "properties": {{"file": "tree.json"}}}},
            "S": {{"type": "aws:cloudformation:stack", "properties": {{"templateFile": "{file}"}}}}}}}}"#
        )
    };
    let folder = Folder::new(
        "assembly",
        &[
            (".git/HEAD", ""),
            (".gitignore", "cdk.out\n"),
            ("cdk.json", r#"{"app": "x"}"#),
            ("cdk.out/manifest.json", &manifest("S.template.json")),
            ("cdk.out/S.template.json", template),
            ("cdk.out/SN1.nested.template.json", template),
            ("cdk.out/Old.template.json", template),
            ("cdk.out/asset.123/template.yaml", QUEUE),
            ("cdk.out/assembly-Prod/manifest.json", &manifest("P.template.json")),
            ("cdk.out/assembly-Prod/P.template.json", template),
            ("other/cdk.json", r#"{"app": "x"}"#),
            ("gone/manifest.json", &manifest("X.template.json")),
            ("up/manifest.json", &manifest("../cdk.out/Old.template.json")),
        ],
    );
    let expected = [
        "cdk.json: Ignored 0",
        "cdk.out/S.template.json: Read(CloudFormation) 1",
        "cdk.out/SN1.nested.template.json: Read(CloudFormation) 1",
        "cdk.out/assembly-Prod/P.template.json: Read(CloudFormation) 1",
        "other/cdk.json: Ignored 0",
        "Warning: the CDK app in `other` is not synthesised: run `cdk synth` there, then scan again",
        "Warning: `cdk.out/Old.template.json` is not in the manifest of its cloud assembly and was not read",
        "Error: `gone/X.template.json` is missing, but `gone/manifest.json` names it",
    ];
    assert_eq!(
        folder.show(&[""]).iter().filter(|line| !line.contains("other`")).collect::<Vec<_>>(),
        expected.iter().filter(|line| !line.contains("other`")).collect::<Vec<_>>()
    );
    assert!(folder.show(&["cdk.out"]).iter().any(|line| line.starts_with("cdk.out/S.template.json: Read")));
}

#[test]
fn a_nested_stack_of_the_cdk_belongs_to_its_parent() {
    let parent = r#"{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}, "/b/1234.json"]]}},
        "Metadata": {"aws:asset:path": "SN1.nested.template.json", "aws:asset:property": "TemplateURL"}}}}"#;
    let nested = r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#;
    let folder = Folder::new("nested", &[("S.template.json", parent), ("SN1.nested.template.json", nested)]);
    let loaded = folder.load(&[""]);
    assert_eq!(loaded.units.len(), 1);
    let world = loaded.units[0].worlds().list.remove(0);
    let resources = loaded.units[0].evaluate(&world).resources;
    assert!(resources.iter().any(|resource| resource.address.0.ends_with("#N/T")), "{resources:#?}");
}

#[test]
fn spans_of_notes_belong_to_the_file() {
    let folder = Folder::new("spans", &[("a.yaml", QUEUE), ("b.yaml", "Resources:\n  A: b: c\n")]);
    let sources = SourceMap::default();
    let loaded = load(std::slice::from_ref(&folder.0), &Context::default(), &sources, &|_, _| {});
    let span = loaded.notes[0].span.expect("a place");
    assert!(Path::new(&sources.file(span.file).name).ends_with("b.yaml"));
    assert_eq!(sources.position(span).to_string(), "2:7");
    assert_eq!(loaded.files[0].outcome, Outcome::Read(Format::CloudFormation));
}

#[test]
fn names_are_normal() {
    for (path, shown) in
        [("./a/../b.yaml", "b.yaml"), (".", "."), ("../x", "../x"), ("/a/./b", "/a/b"), ("a//b/", "a/b")]
    {
        assert_eq!(walk::name(Path::new(path)), shown);
    }
}

//! Which directories are root modules, and what of them is read.

use super::{folder, inputs, json, notes, report, run};

const VPC: &str = "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n";

#[test]
fn a_called_directory_is_judged_through_its_caller() {
    let folder = folder(&[
        ("infra/main.tf", "module \"net\" {\n  source = \"../modules/net\"\n}\n"),
        ("infra/more.tf", VPC),
        ("modules/net/main.tf", VPC),
        ("alone/main.tf", VPC),
        ("alone/.terraform/modules/x/main.tf", VPC),
        ("alone/notes.txt", "nothing"),
    ]);
    let summary = |paths: &[&str]| {
        let json = json(&folder, paths);
        (json["summary"]["terraform_root_modules"].clone(), json["summary"]["terraform_modules"].clone())
    };
    assert_eq!(summary(&["."]), (2.into(), 3.into()));
    assert_eq!(summary(&["infra"]), (1.into(), 2.into()));
    assert_eq!(summary(&[".", "modules/net"]), (3.into(), 3.into()));
    assert_eq!(summary(&["infra/more.tf"]), (1.into(), 2.into()));
    assert_eq!(
        inputs(&folder, &["."]),
        ["alone/main.tf: read 1", "infra/main.tf: read 0", "infra/more.tf: read 1", "modules/net/main.tf: read 1"]
    );
    let report = report(&folder, &["scan"]);
    assert!(report.contains("read: 2 Terraform root modules (3 modules, 4 files)"), "{report}");
}

#[test]
fn modules_that_only_call_each_other_are_not_passed_over() {
    let call = |to: &str| format!("module \"other\" {{\n  source = \"../{to}\"\n}}\n{VPC}");
    let folder = folder(&[("a/main.tf", &call("b")), ("b/main.tf", &call("a"))]);
    let json = json(&folder, &["."]);
    assert_eq!(json["summary"]["terraform_root_modules"], 1);
    assert_eq!(notes(&json), ["error b/main.tf:2 module `other` leads back to `a`, which calls it"]);
}

#[test]
fn a_module_outside_of_the_scanned_folder_is_read_within_the_work_tree_only() {
    let files = [("live/main.tf", "module \"net\" {\n  source = \"../net\"\n}\n"), ("net/main.tf", VPC)];
    let outside = folder(&files);
    let refused = "error live/main.tf:2 module `net` is not read: folder `net` lies outside of the scanned folders; \
                   scan it as well";
    // The folder of the test is itself in a work tree, so it is copied out of it.
    let elsewhere = std::env::temp_dir().join(format!("sra-guard-terraform-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&elsewhere);
    for (name, text) in files {
        std::fs::create_dir_all(elsewhere.join(name).parent().unwrap()).unwrap();
        std::fs::write(elsewhere.join(name), text).unwrap();
    }
    let scan = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sra-guard"));
        command.args(["scan", "live", "--format", "json"]).current_dir(&elsewhere);
        serde_json::from_slice::<serde_json::Value>(&command.output().unwrap().stdout).unwrap()
    };
    assert_eq!(notes(&scan()), [refused]);
    std::fs::create_dir_all(elsewhere.join(".git")).unwrap();
    assert_eq!(notes(&scan()), Vec::<String>::new());
    std::fs::remove_dir_all(&elsewhere).unwrap();
    assert_eq!(notes(&json(&outside, &["."])), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_scanned_folders() {
    let secret = std::env::temp_dir().join(format!("sra-guard-secret-{}.tf", std::process::id()));
    std::fs::write(&secret, "locals { secret = 1 }\n").unwrap();
    let folder = folder(&[("main.tf", VPC)]);
    std::os::unix::fs::symlink(&secret, folder.path().join("linked.tf")).unwrap();
    let notes = notes(&json(&folder, &["."]));
    assert!(notes[0].contains("file `linked.tf` lies outside of the scanned folders"), "{notes:?}");
    std::fs::remove_file(secret).unwrap();
}

#[test]
fn json_and_opentofu_files_stand_beside_native_ones() {
    let folder = folder(&[
        ("main.tf", VPC),
        ("more.tf.json", "{\"resource\": {\"aws_vpc\": {\"json\": {\"cidr_block\": \"10.1.0.0/16\"}}}}"),
        ("main.tofu", "resource \"aws_vpc\" \"tofu\" {}\nresource \"aws_vpc\" \"second\" {}\n"),
        ("override.tf", "resource \"aws_vpc\" \"tofu\" { cidr_block = \"10.2.0.0/16\" }\n"),
        ("versions.tfvars.json", "{}"),
    ]);
    assert_eq!(
        inputs(&folder, &["."]),
        ["main.tofu: read 2", "more.tf.json: read 1", "override.tf: read 0", "versions.tfvars.json: ignored 0"]
    );
}

#[test]
fn a_module_without_anything_of_aws_is_said_once() {
    let foreign = "resource \"google_storage_bucket\" \"b\" {\n  name = \"b\"\n}\nnonsense \"x\" {}\n";
    let folder = folder(&[
        ("gcp/main.tf", foreign),
        ("azure/main.tf", "module \"net\" {\n  source = \"Azure/network/azurerm\"\n}\n"),
        ("called/main.tf", "module \"inner\" {\n  source = \"./inner\"\n}\n"),
        ("called/inner/main.tf", VPC),
    ]);
    let report = report(&folder, &["scan", "."]);
    assert!(report.contains("not AWS: 2 Terraform root modules, the first in `azure`"), "{report}");
    assert!(report.contains("1 Terraform root module (2 modules"), "{report}");
    assert!(!report.contains("nonsense"), "{report}");
    assert_eq!(run(&folder, &["scan", "gcp"]).status.code(), Some(0));
}

#[test]
fn broken_files_do_not_hide_others() {
    let folder = folder(&[("main.tf", VPC), ("broken.tf", "resource \"aws_vpc\" {{{\n")]);
    let inputs = inputs(&folder, &["."]);
    assert_eq!(inputs[..2], ["broken.tf: failed 0", "main.tf: read 1"]);
    assert!(inputs[2].starts_with("error broken.tf:1 "), "{inputs:?}");
    assert_eq!(run(&folder, &["scan"]).status.code(), Some(2));
}

#[test]
fn an_empty_folder_is_told_what_is_understood() {
    let report = report(&folder(&[("readme.md", "nothing")]), &["scan"]);
    assert!(
        report.contains("no CloudFormation or SAM template, no Terraform module and no snapshot in `.`"),
        "{report}"
    );
    assert!(report.contains("NOTHING WAS CHECKED"), "{report}");
}

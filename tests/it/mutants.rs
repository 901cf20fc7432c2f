//! One good architecture without a finding, in each format, and one-edit flaws of it: each is caught by the rules that
//! are meant for it and by no other, however the architecture is written.

pub(crate) mod cloudformation;
mod terraform;

use std::collections::BTreeMap;

use crate::support::{self, failed_rules, findings_of_files, good_template};

/// What an edit does, text that occurs once, and its replacement.
pub(crate) type Edit = (&'static str, &'static str, &'static str);

/// What is wrong, and the rules that must fail.
const FLAWS: &[(&str, &[&str])] = &[
    // --- network
    ("route the application to the internet gateway", &["SRA-NET-001"]),
    ("route only IPv6 to the internet gateway", &["SRA-NET-001"]),
    ("route half of the address space to the internet gateway", &["SRA-NET-001"]),
    ("place the service in a public subnet", &["SRA-NET-001"]),
    ("associate an application subnet with the public table", &["SRA-NET-001"]),
    ("give the tasks public addresses", &["SRA-NET-002"]),
    ("let the whole VPC reach the application", &["SRA-NET-003"]),
    ("let a foreign group reach the application", &["SRA-NET-003"]),
    ("open the application to the internet", &["SRA-NET-003", "SRA-NET-004"]),
    ("open SSH to the internet on the front door", &["SRA-NET-004", "SRA-NET-005"]),
    ("open every port of the front door", &["SRA-NET-004", "SRA-NET-005"]),
    ("open a port without a listener", &["SRA-NET-005"]),
    // --- load balancer
    ("forward cleartext", &["SRA-ALB-001", "SRA-ALB-004", "SRA-NET-005"]),
    ("redirect to cleartext", &["SRA-ALB-001"]),
    ("allow TLS 1.0", &["SRA-ALB-002"]),
    ("leave the TLS policy to the default", &["SRA-ALB-002"]),
    ("add an unauthenticated rule to the application", &["SRA-ALB-004"]),
    ("let unauthenticated requests through", &["SRA-ALB-005"]),
    ("let unauthenticated requests to reports through", &["SRA-ALB-005"]),
    ("exempt more paths than logout", &["SRA-ALB-006"]),
    ("let any load balancer invoke the report function", &["SRA-ALB-013", "SRA-LAM-002"]),
    // --- APIs
    ("drop the authorizer of a write method", &["SRA-API-001", "SRA-EDGE-006"]),
    ("ask only for an API key", &["SRA-API-001", "SRA-EDGE-006"]),
    ("open a read method", &["SRA-API-002", "SRA-EDGE-006"]),
    ("exempt a write route from the default authorizer", &["SRA-API-001"]),
    ("exempt a read route from the default authorizer", &["SRA-API-002"]),
    ("drop the default authorizer", &["SRA-API-001", "SRA-API-002", "SRA-SFN-003"]),
    ("accept any audience", &["SRA-API-003"]),
    ("trust tokens of another pool", &["SRA-API-003"]),
    ("accept the client of another pool", &["SRA-API-003"]),
    // --- functions
    ("open a function URL", &["SRA-LAM-001", "SRA-EDGE-006"]),
    ("let any API invoke the partner function", &["SRA-LAM-002"]),
    ("let everybody invoke the partner function", &["SRA-LAM-002"]),
    ("lend a function the role of the workflow", &["SRA-LAM-003"]),
    // --- identities
    ("switch the second factor off", &["SRA-COG-001"]),
    ("make the second factor optional", &["SRA-COG-001"]),
    ("leave the second factor to the default", &["SRA-COG-001"]),
    ("allow the implicit grant", &["SRA-COG-002"]),
    ("return to a foreign host", &["SRA-COG-009"]),
    ("return over cleartext", &["SRA-COG-009"]),
    ("return to a wildcard", &["SRA-COG-009"]),
    ("return to the wrong path of the load balancer", &["SRA-COG-010"]),
    ("sign in through a public client", &["SRA-COG-010"]),
    ("sign in through the client of another pool", &["SRA-COG-010"]),
    ("hand credentials to guests", &["SRA-IDP-001"]),
    ("trust every identity pool", &["SRA-IDP-003"]),
    ("trust guests of the pool", &["SRA-IDP-003"]),
    ("fall for an absent amr", &["SRA-IDP-003"]),
    // --- permissions
    ("attach a managed policy that allows everything in DynamoDB", &["SRA-IAM-001"]),
    ("make a function administrator", &["SRA-IAM-001"]),
    ("allow every DynamoDB action inline", &["SRA-IAM-002"]),
    ("allow every action inline", &["SRA-IAM-002"]),
    ("let users read each other's rows", &["SRA-DDB-001"]),
    ("scope rows by a single-valued operator", &["SRA-DDB-001"]),
    ("scope rows by a suffix", &["SRA-DDB-001"]),
    // --- workflow
    ("wait for an approval without end", &["SRA-SFN-003"]),
    ("forget to hand out the token", &["SRA-SFN-003"]),
    ("approve without signing in", &["SRA-API-001", "SRA-SFN-003"]),
    ("allow approval only", &["SRA-SFN-003"]),
];

/// Text and its replacement → (rule, subject) of each finding of the flawed architecture.
type Findings<'a> = &'a dyn Fn(&str, &str) -> Vec<(String, String)>;

/// The rules with a finding are those that the flaw must be caught by, and each format knows each flaw.
fn judge(format: &str, edits: &[Edit], failed: Findings<'_>) {
    let names: Vec<_> = edits.iter().map(|(flaw, ..)| *flaw).collect();
    let flaws: Vec<_> = FLAWS.iter().map(|(flaw, _)| *flaw).collect();
    assert_eq!(names, flaws, "the edits of {format}");
    let mut wrong = Vec::new();
    for ((flaw, text, replacement), (_, rules)) in edits.iter().zip(FLAWS) {
        let found = failed(text, replacement);
        let mut ids: Vec<&str> = found.iter().map(|(rule, _)| rule.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut expected = rules.to_vec();
        expected.sort_unstable();
        if ids != expected {
            wrong.push(format!("{flaw}: expected {expected:?}, found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{format}: {} of {} flaws:\n{}", wrong.len(), FLAWS.len(), wrong.join("\n"));
}

#[test]
fn the_good_architecture_has_no_finding() {
    let found = failed_rules(&good_template());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_good_architecture_in_terraform_has_no_finding() {
    let found = support::failures(support::findings_of_files(&support::good_terraform()));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_flaw_is_caught_by_its_rules_and_no_other() {
    let good = good_template();
    judge("CloudFormation", cloudformation::EDITS, &|text, replacement| {
        let occurrences = good.matches(text).count();
        assert_eq!(occurrences, 1, "`{text}` stands {occurrences} times in the good architecture");
        failed_rules(&good.replacen(text, replacement, 1))
    });
}

#[test]
fn every_flaw_in_terraform_is_caught_by_the_same_rules() {
    let good = support::good_terraform();
    judge("Terraform", terraform::EDITS, &|text, replacement| {
        let occurrences: usize = good.values().map(|file| file.matches(text).count()).sum();
        assert_eq!(occurrences, 1, "`{text}` stands {occurrences} times in the good architecture");
        let edited: BTreeMap<String, String> =
            good.iter().map(|(name, file)| (name.clone(), file.replacen(text, replacement, 1))).collect();
        support::failures(findings_of_files(&edited))
    });
}

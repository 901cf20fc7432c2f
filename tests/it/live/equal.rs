//! Template equals account: what is deployed through the services' APIs and read back has the findings of its template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::emulator::{account, emulator};
use super::{collected, judged};
use crate::deployed::examples::examples;
use crate::deployed::physical::Physical;
use crate::deployed::plain::{Plain, REGION, plain};
use crate::deployed::{difference, of_account, of_template, templates, unexplained};

/// What the service refuses to make: (flaw, what it says).
const REFUSED: &[(&str, &str)] = &[("let a foreign group reach the application", "InvalidGroup.NotFound")];

/// What only one world can know: (flaw or `*`, what differs, why).
const ONE_WORLD: &[(&str, &str, &str)] = &[];

#[test]
fn an_account_has_the_findings_of_the_template_that_was_deployed_to_it() {
    let emulator = emulator();
    let flaws = templates().into_iter().map(|(flaw, template)| (flaw.to_owned(), template));
    let cases: Vec<_> = flaws
        .chain(examples())
        .map(|(flaw, template)| {
            let account = account();
            let resources = plain(&template, &account);
            (flaw, template, account, resources)
        })
        .collect();
    let lines: Vec<String> = cases
        .iter()
        .map(|(_, _, account, resources)| json!({ "account": account, "resources": resources }).to_string())
        .collect();
    let results = emulator.run("deploy.py", &[REGION], lines.join("\n"));
    assert_eq!(results.len(), cases.len());

    let mut deployed = Vec::new();
    for ((flaw, template, account, resources), line) in cases.iter().zip(&results) {
        let result: Json = serde_json::from_str(line).unwrap();
        match (result["refused"].as_str(), REFUSED.iter().find(|(of, _)| of == flaw)) {
            (None, None) => {
                let names = names(resources, &result["made"], account);
                deployed.push((flaw.as_str(), template, account.clone(), names));
            }
            (Some(error), Some((_, expected))) => assert!(error.contains(expected), "{flaw}: {error}"),
            (refused, expected) => panic!("{flaw}: refused: {refused:?}, expected: {expected:?}"),
        }
    }
    assert!(deployed.len() > 40);

    let accounts: Vec<String> = deployed.iter().map(|(_, _, account, _)| account.clone()).collect();
    let folder = collected(emulator, &accounts, REGION);
    let (mut text, mut used) = (String::new(), BTreeSet::new());
    for (flaw, template, account, names) in deployed {
        let (report, _) = judged(&folder, &account);
        let differences = difference(&of_template(template, &account), &of_account(report.findings, &names));
        for found in unexplained(flaw, differences, ONE_WORLD, &mut used) {
            let _ = writeln!(text, "{flaw}: {found}");
        }
    }
    assert!(text.is_empty(), "\n{text}");
    assert_eq!(used.len(), ONE_WORLD.len(), "all that only one world can know is used: {used:?}");
}

/// The logical id of each resource that was made, by the id that a snapshot gives it.
fn names(resources: &[Plain], made: &Json, account: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for resource in resources {
        let result = &made[&resource.logical];
        let physical: Physical = serde_json::from_value(result.clone()).unwrap();
        names.insert(physical.id(&resource.kind, &result["Properties"], account), resource.of.clone());
        if resource.kind == "AWS::ApiGateway::Method" {
            names.insert(route(resources, made, resource), resource.of.clone());
        }
    }
    names
}

/// What the export of a REST API calls a method.
fn route(resources: &[Plain], made: &Json, method: &Plain) -> String {
    let mut path = String::new();
    let mut at = method.properties["ResourceId"]["Ref"].as_str();
    while let Some(resource) = at.and_then(|at| resources.iter().find(|resource| resource.logical == at)) {
        path = format!("/{}{path}", resource.properties["PathPart"].as_str().unwrap());
        at = resource.properties["ParentId"]["Ref"].as_str();
    }
    let properties = &made[&method.logical]["Properties"];
    let (api, verb) = (properties["RestApiId"].as_str().unwrap(), properties["HttpMethod"].as_str().unwrap());
    let path = if path.is_empty() { "/" } else { &path };
    format!("arn:aws:apigateway:{REGION}::/restapis/{api}:{verb} {path}")
}

//! Keeps Security Hub true: writes what a run found, and resolves what is gone.
//!
//! The only part of this program that writes to an account. `plan` decides, `hub` calls.

pub mod hub;
pub mod plan;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::hub::{Error, Hub, Refused};
use self::plan::{Current, Plan, Step, plan};
use super::session::Session;
use crate::input::collected::{GLOBAL, home_region};
use crate::report::View;
use crate::report::asff::Asff;

/// How to publish.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where all findings of an account go, whatever their region: the aggregation region, for instance. Else each goes
    /// to its own region.
    pub hub_region: Option<String>,
    /// Suppress findings that are waived, and take that back for those that are not waived any more.
    pub suppress_waived: bool,
    /// Write nothing.
    pub dry_run: bool,
}

/// What became of the findings of one account, in one Security Hub.
#[derive(Clone, Debug)]
pub struct Published {
    pub account: String,
    pub region: String,
    pub outcome: Result<Plan, Error>,
    pub refused: Vec<Refused>,
    /// Findings that were to be written there.
    pub findings: usize,
}

/// Accounts whose findings nobody can import: those of which there is no session.
pub fn without_session(view: &View<'_>, sessions: &[Session]) -> Vec<String> {
    let accounts: BTreeSet<&str> = view.report.collected.iter().map(|part| part.account.as_str()).collect();
    let reached = |account: &str| sessions.iter().any(|session| session.account == account);
    accounts.into_iter().filter(|account| !reached(account)).map(str::to_owned).collect()
}

/// Publishes the findings of a report. `progress` is told of each Security Hub that is done.
pub async fn publish(
    view: &View<'_>,
    sessions: &[Session],
    request: &Request,
    progress: &(dyn Fn(&Published) + Sync),
) -> Vec<Published> {
    let asff = Asff::of(view);
    let mut hubs: BTreeMap<(String, String), Vec<Current>> = BTreeMap::new();
    // A region without findings may hold some of earlier runs.
    for part in &view.report.collected {
        hubs.entry((part.account.clone(), place(request, &part.partition, &part.region))).or_default();
    }
    for finding in &view.report.findings {
        let Some(value) = asff.finding(finding) else { continue };
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (Some(account), Some(region)) = (text("/AwsAccountId"), text("/ProductFields/sra-guard~1region")) else {
            continue;
        };
        let partition =
            text("/ProductArn").and_then(|arn| arn.split(':').nth(1).map(str::to_owned)).unwrap_or_default();
        let hub = (account, place(request, &partition, &region));
        hubs.entry(hub).or_default().push(Current { verdict: finding.verdict, asff: value });
    }
    let mut published = Vec::new();
    for ((account, region), current) in hubs {
        let Some(session) = sessions.iter().find(|session| session.account == account) else { continue };
        let done = one(&Hub::of(session, &region), current, view, request).await;
        progress(&done);
        published.push(done);
    }
    published
}

fn place(request: &Request, partition: &str, region: &str) -> String {
    let own = if region == GLOBAL { home_region(partition) } else { region };
    request.hub_region.as_deref().unwrap_or(own).to_owned()
}

async fn one(hub: &Hub, mut current: Vec<Current>, view: &View<'_>, request: &Request) -> Published {
    for finding in &mut current {
        if let Some(object) = finding.asff.as_object_mut() {
            object.insert("ProductArn".to_owned(), json!(hub.product()));
        }
    }
    let findings = current.iter().filter(|finding| finding.is_open()).count();
    let mut published = Published {
        account: hub.account.clone(),
        region: hub.region.clone(),
        outcome: Ok(Plan::default()),
        refused: Vec::new(),
        findings,
    };
    let held = match hub.check().await {
        Ok(()) => hub.findings().await,
        Err(error) => Err(error),
    };
    let held = match held {
        Ok(held) => held,
        Err(error) => {
            published.outcome = Err(error);
            return published;
        }
    };
    let plan = plan(&current, &held, view.report);
    if !request.dry_run {
        let changes: Vec<Value> = plan.changes.iter().map(|change| change.finding.clone()).collect();
        published.refused = hub.import(&changes).await;
        if request.suppress_waived {
            published.refused.extend(hub.suppress(&plan.waived, true).await);
            published.refused.extend(hub.suppress(&plan.no_longer_waived, false).await);
        }
    }
    published.outcome = Ok(plan);
    published
}

impl Published {
    /// Whether all that should be there is there. A Security Hub that is off where there is nothing to write is no failure.
    pub fn is_complete(&self) -> bool {
        match &self.outcome {
            Ok(_) => self.refused.is_empty(),
            Err(Error::Disabled { .. }) => self.findings == 0,
            Err(_) => false,
        }
    }

    /// How many findings a step was taken for.
    pub fn count(&self, step: Step) -> usize {
        self.outcome.as_ref().map_or(0, |plan| plan.changes.iter().filter(|change| change.step == step).count())
    }
}

//! Which verdicts differ.

use std::collections::{BTreeMap, BTreeSet};

use super::pair::Pairing;
use super::{Place, Side};
use crate::finding::{Earlier, Finding, Severity, SubjectRef, Verdict};
use crate::input::collected::{Collected, GLOBAL};
use crate::value::Address;

/// A subject that a rule judges otherwise than before.
#[derive(Debug)]
pub struct FindingChange {
    pub rule: String,
    pub title: String,
    pub severity: Severity,
    /// `None` when the subject is new.
    pub before: Option<Verdict>,
    /// `None` when the subject is gone.
    pub after: Option<Verdict>,
    /// Of each side, where both fail and they differ.
    pub severities: Option<(Severity, Severity)>,
    pub subject: Option<Place>,
    pub now: Option<Place>,
    /// What each side says.
    pub said_before: Option<String>,
    pub said_after: Option<String>,
}

/// A finding of one side that the other may have too.
#[derive(Debug)]
pub struct Uncompared {
    pub rule: String,
    pub severity: Severity,
    pub verdict: Verdict,
    pub is_before: bool,
    pub subject: Place,
    pub why: String,
}

/// Rule, array of facts, address as the second side calls it, part.
type Key = (String, String, String, String);

pub(super) fn compare(before: &Side, after: &Side, pairing: &Pairing) -> (Vec<FindingChange>, Vec<Uncompared>) {
    // What stands for something unread is no resource to pair, and called the same in two snapshots.
    let alike = before.is_live() && after.is_live();
    let partner = |address: &Address| match pairing.partner(address) {
        Some(partner) => partner.to_string(),
        None if alike => address.to_string(),
        None => format!("\u{0}{address}"),
    };
    let mut one = by_subject(before, partner);
    let mut other = by_subject(after, Address::to_string);
    let mut changes = Vec::new();
    let mut uncompared = Vec::new();
    let mut pairs: Vec<(&Finding, &Finding)> = Vec::new();
    let keys: Vec<Key> = one.keys().filter(|key| other.contains_key(*key)).cloned().collect();
    for key in keys {
        pairs.extend(one.remove(&key).zip(other.remove(&key)));
    }
    // Parts are told apart by other words in a template than in an account; where there is only one, it is that.
    let only = |subjects: &BTreeMap<Key, &Finding>| {
        let mut found: BTreeMap<(String, String, String), Option<Key>> = BTreeMap::new();
        for key in subjects.keys() {
            let whole = (key.0.clone(), key.1.clone(), key.2.clone());
            found.entry(whole).and_modify(|known| *known = None).or_insert_with(|| Some(key.clone()));
        }
        found
    };
    let others = only(&other);
    for (whole, key) in only(&one) {
        if let (Some(key), Some(Some(matching))) = (key, others.get(&whole)) {
            pairs.extend(one.remove(&key).zip(other.remove(matching)));
        }
    }
    for (was, is) in pairs {
        let otherwise = was.verdict != is.verdict || severities(was, is).is_some();
        if otherwise && (matters(was.verdict) || matters(is.verdict)) {
            changes.push(change(Some((before, was)), Some((after, is))));
        }
    }
    for (own, rest, theirs, is_before) in [(before, one, after, true), (after, other, before, false)] {
        for finding in rest.into_values().filter(|finding| matters(finding.verdict)) {
            match absent(own, theirs, finding, pairing, is_before) {
                Ok(()) if is_before => changes.push(change(Some((own, finding)), None)),
                Ok(()) => changes.push(change(None, Some((own, finding)))),
                Err(why) => uncompared.push(Uncompared {
                    rule: finding.rule.id.clone(),
                    severity: finding.severity,
                    verdict: finding.verdict,
                    is_before,
                    subject: place(own, finding),
                    why,
                }),
            }
        }
    }
    let worst = |change: &FindingChange| change.after.max(change.before);
    changes.sort_by(|a, b| {
        let name =
            |change: &FindingChange| change.now.as_ref().or(change.subject.as_ref()).map(|place| place.id.clone());
        (worst(b), b.severity).cmp(&(worst(a), a.severity)).then_with(|| (&a.rule, name(a)).cmp(&(&b.rule, name(b))))
    });
    uncompared.sort_by(|a, b| {
        (b.verdict, b.severity)
            .cmp(&(a.verdict, a.severity))
            .then_with(|| (&a.rule, &a.subject.id).cmp(&(&b.rule, &b.subject.id)))
    });
    (changes, uncompared)
}

/// The worst finding about each subject.
fn by_subject(side: &Side, name: impl Fn(&Address) -> String) -> BTreeMap<Key, &Finding> {
    let mut found: BTreeMap<Key, &Finding> = BTreeMap::new();
    for finding in &side.report.findings {
        let SubjectRef { kind, id, address, .. } = &finding.subject;
        let part = id.strip_prefix(&*address.0).unwrap_or(id);
        let key = (finding.rule.id.clone(), kind.clone(), name(address), part.to_owned());
        let known = found.entry(key).or_insert(finding);
        if (finding.verdict, finding.severity) > (known.verdict, known.severity) {
            *known = finding;
        }
    }
    found
}

/// Those of two failures, where they differ.
fn severities(was: &Finding, is: &Finding) -> Option<(Severity, Severity)> {
    let fail = was.verdict == Verdict::Fail && is.verdict == Verdict::Fail;
    (fail && was.severity != is.severity).then_some((was.severity, is.severity))
}

fn matters(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// Whether it is certain that the other side has no such subject.
fn absent(own: &Side, other: &Side, finding: &Finding, pairing: &Pairing, is_before: bool) -> Result<(), String> {
    let subject = &finding.subject;
    let rule = &finding.rule.id;
    if !other.report.rules.iter().any(|count| count.rule.id == *rule) {
        return Err(format!("rule {rule} did not run"));
    }
    if !other.is_live() {
        return match (pairing.has_partner(&subject.address, is_before), own.is_live()) {
            (false, true) if pairing.others_left(&subject.resource_type, is_before) > 0 => {
                Err(format!("`{}` cannot be paired with what is written", subject.name))
            }
            _ => other.unread(None, &subject.id, &subject.resource_type).map_or(Ok(()), Err),
        };
    }
    if own.is_live() {
        let Some((account, region)) = own.homes.get(&*subject.address.0) else {
            return Err("it stands for something that could not be read".to_owned());
        };
        let (resource, resource_type) = (&*subject.address.0, subject.resource_type.as_str());
        let earlier = Earlier { rule, account, region, resource, resource_type };
        return match other.report.gone(earlier) {
            // What neither side could read makes no difference between them.
            Err(_) if blind(own, account, region) == blind(other, account, region) => {
                other.report.missing(account, region, resource, resource_type).map(|_| ())
            }
            gone => gone.map(|_| ()),
        };
    }
    let partner = pairing.partner(&subject.address).and_then(|address| Some((address, other.homes.get(&*address.0)?)));
    match partner {
        Some((address, (account, region))) => {
            let (resource, resource_type) = (&*address.0, subject.resource_type.as_str());
            let earlier = Earlier { rule, account, region, resource, resource_type };
            other.report.gone(earlier).map(|_| ())
        }
        None if pairing.others_left(&subject.resource_type, is_before) > 0 => {
            Err(format!("`{}` cannot be paired with what the account has", subject.name))
        }
        None => other.unread(None, &subject.id, &subject.resource_type).map_or(Ok(()), Err),
    }
}

/// What a side could not read in an account and region.
fn blind<'a>(side: &'a Side, account: &str, region: &str) -> BTreeSet<(&'a str, Option<&'a str>, &'a [String])> {
    let around = |part: &&Collected| part.account == account && (part.region == region || part.region == GLOBAL);
    let failed = side.report.collected.iter().filter(around).flat_map(|part| &part.failed);
    failed.map(|failed| (failed.api.as_str(), failed.of.as_deref(), failed.hides.as_slice())).collect()
}

fn place(side: &Side, finding: &Finding) -> Place {
    let subject = &finding.subject;
    Place { id: subject.id.clone(), name: subject.name.clone(), location: side.place(subject.span) }
}

fn change(before: Option<(&Side, &Finding)>, after: Option<(&Side, &Finding)>) -> FindingChange {
    let findings = [after, before].into_iter().flatten().map(|(_, finding)| finding);
    let rule = findings.clone().next().map(|finding| &finding.rule);
    FindingChange {
        rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        title: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
        severity: findings.map(|finding| finding.severity).max().unwrap_or(Severity::Info),
        before: before.map(|(_, finding)| finding.verdict),
        after: after.map(|(_, finding)| finding.verdict),
        severities: before.zip(after).and_then(|((_, was), (_, is))| severities(was, is)),
        subject: before.map(|(side, finding)| place(side, finding)),
        now: after.map(|(side, finding)| place(side, finding)),
        said_before: before.map(|(_, finding)| finding.sentence()),
        said_after: after.map(|(_, finding)| finding.sentence()),
    }
}

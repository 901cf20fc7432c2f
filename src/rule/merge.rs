//! The judgements of all worlds → one finding per (rule, subject), with the conditions under which it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Judgement;
use crate::facts::Subject;
use crate::finding::{Finding, RuleInfo, SubjectRef, Verdict, fingerprint};
use crate::value::Address;
use crate::world::{Incomplete, NamedCondition};

/// Collects judgements world by world.
#[derive(Debug, Default)]
pub struct Merger {
    /// Named conditions of each world, in world order.
    worlds: Vec<Vec<NamedCondition>>,
    judged: BTreeMap<(Arc<str>, SubjectKey), Judged>,
}

/// Subjects are the same across worlds when kind and id agree.
type SubjectKey = (&'static str, String);

#[derive(Debug)]
struct Judged {
    rule: Arc<RuleInfo>,
    address: Address,
    /// One a world in which the subject exists.
    verdicts: Vec<(usize, Judgement, SubjectRef)>,
}

impl Merger {
    /// Opens the next world; what is added afterwards belongs to it.
    pub fn start_world(&mut self, conditions: Vec<NamedCondition>) {
        self.worlds.push(conditions);
    }

    pub fn add(&mut self, rule: Arc<RuleInfo>, subject: &Subject, judgement: Judgement) {
        let world = self.worlds.len().saturating_sub(1);
        let key = (Arc::from(rule.id.as_str()), (subject.kind, subject.id.clone()));
        let reference = SubjectRef {
            kind: subject.kind.to_owned(),
            id: subject.id.clone(),
            resource_type: subject.resource_type.to_string(),
            name: subject.name.to_string(),
            span: subject.span,
            format: subject.format.key(),
        };
        let entry = self.judged.entry(key).or_insert_with(|| Judged {
            rule,
            address: subject.address.clone(),
            verdicts: Vec::new(),
        });
        entry.verdicts.push((world, judgement, reference));
    }

    /// Merges: fail beats error beats unknown beats pass beats not applicable. `incomplete` tells that not all worlds
    /// were explored, so that no pass is certain.
    pub fn finish(self, incomplete: Option<&Incomplete>) -> Vec<Finding> {
        let worlds = &self.worlds;
        self.judged.into_values().filter_map(|judged| merge(worlds, judged, incomplete)).collect()
    }
}

fn merge(worlds: &[Vec<NamedCondition>], judged: Judged, incomplete: Option<&Incomplete>) -> Option<Finding> {
    let order = [Verdict::Fail, Verdict::Error, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
    let verdict = order.into_iter().find(|wanted| judged.verdicts.iter().any(|(_, j, _)| j.verdict == *wanted))?;
    let holds: Vec<usize> =
        judged.verdicts.iter().filter(|(_, j, _)| j.verdict == verdict).map(|(world, ..)| *world).collect();
    let mut conditions = Vec::new();
    if matches!(verdict, Verdict::Fail | Verdict::Unknown | Verdict::Error) {
        conditions = describe(worlds, &holds);
    }
    // The base world comes first, so an equally severe judgement of a default deployment is preferred.
    let mut chosen: Option<(Judgement, SubjectRef)> = None;
    for (_, judgement, subject) in judged.verdicts {
        if judgement.verdict == verdict && chosen.as_ref().is_none_or(|(best, _)| judgement.severity > best.severity) {
            chosen = Some((judgement, subject));
        }
    }
    let (mut judgement, subject) = chosen?;
    let missing = incomplete.filter(|incomplete| !incomplete.explored.contains(&judged.address));
    if let (Verdict::Pass, Some(Incomplete { reason, .. })) = (verdict, missing) {
        judgement.verdict = Verdict::Unknown;
        judgement.message = format!("`{}` passes in every branch that was explored, but not all were", subject.name);
        judgement.reasons.push(reason.to_string());
    }
    let fingerprint = fingerprint(&judged.rule.id, &subject);
    Some(Finding {
        rule: judged.rule,
        verdict: judgement.verdict,
        severity: judgement.severity,
        subject,
        message: judgement.message,
        conditions,
        evidence: judgement.evidence,
        reasons: judgement.reasons,
        fingerprint,
    })
}

/// The fewest named conditions that tell the worlds in `holds` from the others; none when all worlds are in it.
fn describe(worlds: &[Vec<NamedCondition>], holds: &[usize]) -> Vec<NamedCondition> {
    if holds.len() == worlds.len() {
        return Vec::new();
    }
    let has = |world: usize, literal: &NamedCondition| worlds.get(world).is_some_and(|all| all.contains(literal));
    let satisfying = |literals: &[NamedCondition]| -> Vec<usize> {
        (0..worlds.len()).filter(|world| literals.iter().all(|literal| has(*world, literal))).collect()
    };
    let Some(witness) = holds.first().and_then(|world| worlds.get(*world)) else { return Vec::new() };
    for literal in witness {
        let one = [literal.clone()];
        if satisfying(&one) == holds {
            return one.to_vec();
        }
    }
    for (at, first) in witness.iter().enumerate() {
        for second in witness.iter().skip(at + 1) {
            let two = [first.clone(), second.clone()];
            if satisfying(&two) == holds {
                return two.to_vec();
            }
        }
    }
    // No exact description in two conditions: the shortest sufficient one that dropping finds.
    let mut literals = witness.clone();
    for literal in witness {
        let fewer: Vec<NamedCondition> = literals.iter().filter(|kept| *kept != literal).cloned().collect();
        if satisfying(&fewer).iter().all(|world| holds.contains(world)) {
            literals = fewer;
        }
    }
    literals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(literals: &[(&str, bool)]) -> Vec<NamedCondition> {
        literals.iter().map(|(name, holds)| NamedCondition { name: Arc::from(*name), holds: *holds }).collect()
    }

    #[test]
    fn a_finding_of_all_worlds_names_no_condition() {
        let worlds = [world(&[("IsProd", true)]), world(&[("IsProd", false)])];
        assert_eq!(describe(&worlds, &[0, 1]), []);
    }

    #[test]
    fn one_condition_is_named_when_it_alone_decides() {
        let worlds = [
            world(&[("IsProd", true), ("HasCert", true)]),
            world(&[("IsProd", false), ("HasCert", true)]),
            world(&[("IsProd", true), ("HasCert", false)]),
            world(&[("IsProd", false), ("HasCert", false)]),
        ];
        assert_eq!(describe(&worlds, &[1, 3]), world(&[("IsProd", false)]));
        assert_eq!(describe(&worlds, &[3]), world(&[("IsProd", false), ("HasCert", false)]));
    }

    #[test]
    fn a_disjunction_is_described_by_a_sufficient_branch() {
        let worlds = [
            world(&[("A", true), ("B", true)]),
            world(&[("A", false), ("B", true)]),
            world(&[("A", true), ("B", false)]),
            world(&[("A", false), ("B", false)]),
        ];
        assert_eq!(describe(&worlds, &[1, 2, 3]), world(&[("A", false)]));
    }
}

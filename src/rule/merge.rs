//! The judgements of all worlds → one finding per (rule, subject), with the conditions under which it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Judgement;
use crate::facts::Subject;
use crate::finding::{Finding, RuleInfo, SubjectRef, Verdict, fingerprint};
use crate::input::terraform::terms::in_terraform;
use crate::world::{Incomplete, NamedCondition};

/// Stands between the clauses of a message.
pub(super) const CLAUSE_BREAK: &str = "; ";

/// Conditions that one clause or step may name before the reader is only told that it depends.
const MAX_LITERALS: usize = 3;

/// Collects judgements world by world.
#[derive(Debug, Default)]
pub struct Merger {
    /// Named conditions of each world, in world order.
    worlds: Vec<Vec<NamedCondition>>,
    judged: BTreeMap<SubjectKey, Vec<Judged>>,
}

/// Subjects are the same across worlds when kind and id agree.
type SubjectKey = (&'static str, String);

#[derive(Debug)]
struct Judged {
    rule: Arc<RuleInfo>,
    /// In the order of the first worlds in which they are given.
    outcomes: Vec<Outcome>,
}

/// What a rule says of a subject in some worlds.
#[derive(Debug)]
struct Outcome {
    judgement: Judgement,
    /// As it is in the first of them.
    subject: Arc<SubjectRef>,
    /// Ascending.
    worlds: Vec<usize>,
}

impl Merger {
    /// Opens the next world; what is added afterwards belongs to it.
    pub fn start_world(&mut self, conditions: Vec<NamedCondition>) {
        self.worlds.push(conditions);
    }

    /// What rules say of a subject in the world that is open.
    pub fn add(&mut self, subject: &Subject, judgements: impl IntoIterator<Item = (Arc<RuleInfo>, Judgement)>) {
        let world = self.worlds.len().saturating_sub(1);
        let mut reference = None;
        let judged = self.judged.entry((subject.kind, subject.id.clone())).or_default();
        for (rule, judgement) in judgements {
            let index = judged.iter().position(|known| known.rule.id == rule.id).unwrap_or_else(|| {
                judged.push(Judged { rule, outcomes: Vec::new() });
                judged.len() - 1
            });
            let Some(Judged { outcomes, .. }) = judged.get_mut(index) else { continue };
            if let Some(outcome) = outcomes.iter_mut().find(|outcome| outcome.judgement == judgement) {
                outcome.worlds.push(world);
            } else {
                let subject = reference.get_or_insert_with(|| Arc::new(reference_to(subject)));
                outcomes.push(Outcome { judgement, subject: Arc::clone(subject), worlds: vec![world] });
            }
        }
    }

    /// Merges: fail beats error beats unknown beats pass beats not applicable. `incomplete` tells that not all worlds
    /// were explored, so that no pass is certain. Only what is `wanted` becomes a finding.
    pub fn finish(
        self,
        incomplete: Option<&Incomplete>,
        wanted: impl Fn(Verdict) -> bool,
    ) -> impl Iterator<Item = Merged> {
        let Self { worlds, judged } = self;
        judged.into_values().flatten().filter_map(move |judged| {
            let (rule, verdict) = (Arc::clone(&judged.rule), judged.verdict(incomplete)?);
            let finding = if wanted(verdict) { merge(&worlds, judged, incomplete) } else { None };
            Some(Merged { rule, verdict, finding })
        })
    }
}

/// What a rule says of a subject in all worlds.
#[derive(Debug)]
pub struct Merged {
    pub rule: Arc<RuleInfo>,
    pub verdict: Verdict,
    /// `None` when it is not wanted.
    pub finding: Option<Finding>,
}

impl Judged {
    /// The strongest verdict of any world.
    fn strongest(&self) -> Option<Verdict> {
        let order = [Verdict::Fail, Verdict::Error, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
        order.into_iter().find(|wanted| self.given(*wanted).next().is_some())
    }

    fn given(&self, wanted: Verdict) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.judgement.verdict == wanted)
    }

    fn verdict(&self, incomplete: Option<&Incomplete>) -> Option<Verdict> {
        let strongest = self.strongest()?;
        let missing = |outcome: &Outcome| incomplete.is_some_and(|it| !it.explored.contains(&outcome.subject.address));
        let open = strongest == Verdict::Pass && self.given(strongest).next().is_some_and(missing);
        Some(if open { Verdict::Unknown } else { strongest })
    }
}

fn reference_to(subject: &Subject) -> SubjectRef {
    SubjectRef {
        kind: subject.kind.to_owned(),
        id: subject.id.clone(),
        resource_type: subject.resource_type.to_string(),
        name: subject.name.to_string(),
        span: subject.span,
        format: subject.format.key(),
        address: subject.address.clone(),
        calls: subject.calls.clone(),
        construct: subject.construct.clone(),
    }
}

fn merge(worlds: &[Vec<NamedCondition>], judged: Judged, incomplete: Option<&Incomplete>) -> Option<Finding> {
    let given = |wanted: Verdict| judged.given(wanted);
    let verdict = judged.strongest()?;
    let holds = together(given(verdict));
    let mut conditions = Vec::new();
    let every: Vec<usize> = (0..worlds.len()).collect();
    let conditional = matches!(verdict, Verdict::Fail | Verdict::Unknown | Verdict::Error);
    if conditional {
        conditions = describe(worlds, &every, &holds);
    }
    // The base world comes first, so an equally severe judgement of a default deployment is preferred.
    let mut chosen: Option<&Outcome> = None;
    for outcome in given(verdict) {
        if chosen.is_none_or(|best| outcome.judgement.severity > best.judgement.severity) {
            chosen = Some(outcome);
        }
    }
    let (mut judgement, subject) = chosen.map(|chosen| (chosen.judgement.clone(), chosen.subject.as_ref().clone()))?;
    // Where not all branches were explored, what tells some of them apart may be chance.
    if conditional && incomplete.is_none() {
        let only = |says: &dyn Fn(&Judgement) -> bool| {
            let saying = together(given(verdict).filter(|outcome| says(&outcome.judgement)));
            branch(&subject, &describe(worlds, &holds, &saying))
        };
        let clauses = judgement.message.split(CLAUSE_BREAK).map(|clause| {
            let when = only(&|other| other.message.split(CLAUSE_BREAK).any(|said| said == clause));
            format!("{clause}{when}")
        });
        let message = clauses.collect::<Vec<_>>().join(CLAUSE_BREAK);
        judgement.message = message;
        for step in &mut judgement.evidence {
            let when = only(&|other| other.evidence.contains(step));
            step.label.push_str(&when);
        }
    }
    let missing = incomplete.filter(|incomplete| !incomplete.explored.contains(&subject.address));
    if let (Verdict::Pass, Some(Incomplete { reason, .. })) = (verdict, missing) {
        judgement.verdict = Verdict::Unknown;
        judgement.message =
            format!("cannot tell for `{}`: every branch that was explored passes, but not all were", subject.name);
        judgement.reasons.push(reason.to_string());
    }
    if ["terraform", "terraform_plan"].contains(&subject.format) {
        let said = |sentence: &mut String| *sentence = in_terraform(sentence, &subject.resource_type);
        said(&mut judgement.message);
        judgement.evidence.iter_mut().for_each(|step| said(&mut step.label));
        judgement.reasons.iter_mut().for_each(said);
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

/// The worlds of several outcomes, ascending.
fn together<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> Vec<usize> {
    let mut worlds: Vec<usize> = outcomes.flat_map(|outcome| outcome.worlds.iter().copied()).collect();
    worlds.sort_unstable();
    worlds
}

/// ", when `IsProd` is true" for what holds only in some of the worlds of its finding; nothing for what always holds.
fn branch(subject: &SubjectRef, conditions: &[NamedCondition]) -> String {
    match conditions {
        [] => String::new(),
        few if few.len() <= MAX_LITERALS => format!(", when {}", subject.said(few)),
        _ => ", in some branches".to_owned(),
    }
}

/// The fewest named conditions that tell the worlds in `holds` from the others of `among`; none when all are in it.
fn describe(worlds: &[Vec<NamedCondition>], among: &[usize], holds: &[usize]) -> Vec<NamedCondition> {
    if holds.len() == among.len() {
        return Vec::new();
    }
    let has = |world: usize, literal: &NamedCondition| worlds.get(world).is_some_and(|all| all.contains(literal));
    let satisfying = |literals: &[NamedCondition]| -> Vec<usize> {
        among.iter().copied().filter(|world| literals.iter().all(|literal| has(*world, literal))).collect()
    };
    let Some(witness) = holds.first().and_then(|world| worlds.get(*world)) else { return Vec::new() };
    // "when `HasCert` is true" reads better than "when `HasNoCert` is false".
    let (positive, negative): (Vec<_>, Vec<_>) = witness.iter().partition(|literal| literal.holds);
    let readable: Vec<&NamedCondition> = positive.into_iter().chain(negative).collect();
    for literal in &readable {
        let one = [(*literal).clone()];
        if satisfying(&one) == holds {
            return one.to_vec();
        }
    }
    for (at, first) in readable.iter().enumerate() {
        for second in readable.iter().skip(at + 1) {
            let two = [(*first).clone(), (*second).clone()];
            if satisfying(&two) == holds {
                return witness.iter().filter(|literal| two.contains(literal)).cloned().collect();
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
    use crate::facts::Step;
    use crate::finding::Severity;
    use crate::source::{SourceMap, Span};
    use crate::value::Address;

    fn world(literals: &[(&str, bool)]) -> Vec<NamedCondition> {
        literals.iter().map(|(name, holds)| NamedCondition { name: Arc::from(*name), holds: *holds }).collect()
    }

    #[test]
    fn a_finding_of_all_worlds_names_no_condition() {
        let worlds = [world(&[("IsProd", true)]), world(&[("IsProd", false)])];
        assert_eq!(describe(&worlds, &[0, 1], &[0, 1]), []);
    }

    #[test]
    fn one_condition_is_named_when_it_alone_decides() {
        let worlds = [
            world(&[("IsProd", true), ("HasCert", true)]),
            world(&[("IsProd", false), ("HasCert", true)]),
            world(&[("IsProd", true), ("HasCert", false)]),
            world(&[("IsProd", false), ("HasCert", false)]),
        ];
        assert_eq!(describe(&worlds, &[0, 1, 2, 3], &[1, 3]), world(&[("IsProd", false)]));
        assert_eq!(describe(&worlds, &[0, 1, 2, 3], &[3]), world(&[("IsProd", false), ("HasCert", false)]));
    }

    #[test]
    fn of_two_names_for_one_condition_the_one_that_holds_is_named() {
        let worlds = [world(&[("HasCert", true), ("NoCert", false)]), world(&[("HasCert", false), ("NoCert", true)])];
        assert_eq!(describe(&worlds, &[0, 1], &[1]), world(&[("NoCert", true)]));
    }

    #[test]
    fn a_disjunction_is_described_by_a_sufficient_branch() {
        let worlds = [
            world(&[("A", true), ("B", true)]),
            world(&[("A", false), ("B", true)]),
            world(&[("A", true), ("B", false)]),
            world(&[("A", false), ("B", false)]),
        ];
        assert_eq!(describe(&worlds, &[0, 1, 2, 3], &[1, 2, 3]), world(&[("A", false)]));
    }

    fn step(label: &str) -> Step {
        Step { label: label.to_owned(), span: None }
    }

    fn merged(judged: &[(&[(&str, bool)], Judgement)]) -> Finding {
        let rule = Arc::new(RuleInfo {
            id: "SRA-NET-003".to_owned(),
            title: String::new(),
            severity: Severity::High,
            subject: "workloads".to_owned(),
            why: String::new(),
            remedy: String::new(),
            snippets: BTreeMap::new(),
            mappings: BTreeMap::new(),
        });
        let worlds: Vec<Vec<NamedCondition>> = judged.iter().map(|(literals, _)| world(literals)).collect();
        let sources = SourceMap::default();
        let span = Span { file: sources.add("a.yaml", "Asg"), start: 0, end: 3 };
        let subject = SubjectRef {
            kind: "workloads".to_owned(),
            id: "dir/a.yaml#Asg".to_owned(),
            resource_type: String::new(),
            name: "Asg".to_owned(),
            span,
            format: "cloudformation",
            address: Address(Arc::from("dir/a.yaml#Asg")),
            calls: Vec::new(),
            construct: None,
        };
        let subject = Arc::new(subject);
        let outcomes = judged.iter().enumerate().map(|(at, (_, judgement))| Outcome {
            judgement: judgement.clone(),
            subject: Arc::clone(&subject),
            worlds: vec![at],
        });
        let outcomes = outcomes.collect();
        merge(&worlds, Judged { rule, outcomes }, None).unwrap()
    }

    fn fails(severity: Severity, message: &str, evidence: &[&str]) -> Judgement {
        Judgement {
            verdict: Verdict::Fail,
            severity,
            message: message.to_owned(),
            evidence: evidence.iter().map(|label| step(label)).collect(),
            reasons: Vec::new(),
        }
    }

    #[test]
    fn what_holds_in_some_branches_of_a_certain_failure_says_so() {
        let finding = merged(&[
            (
                &[("Bastion", true)],
                fails(Severity::High, "admits others", &["tcp 8080 from agents", "tcp 22 from bastion"]),
            ),
            (
                &[("Bastion", false)],
                fails(Severity::Critical, "admits others; is open", &["tcp 8080 from agents", "tcp 22 from 0.0.0.0/0"]),
            ),
        ]);
        assert_eq!(finding.conditions, []);
        assert_eq!(finding.severity, Severity::Critical);
        assert_eq!(finding.message, "admits others; is open, when `Bastion` is false");
        assert_eq!(
            finding.evidence,
            [step("tcp 8080 from agents"), step("tcp 22 from 0.0.0.0/0, when `Bastion` is false")]
        );
    }

    #[test]
    fn conditions_of_the_own_file_are_named_without_it() {
        let pass = Judgement { verdict: Verdict::Pass, ..fails(Severity::High, "", &[]) };
        let finding = merged(&[
            (&[("dir/a.yaml#Internal", true), ("dir/b.yaml#Https", true)], pass.clone()),
            (&[("dir/a.yaml#Internal", false), ("dir/b.yaml#Https", true)], pass.clone()),
            (&[("dir/a.yaml#Internal", true), ("dir/b.yaml#Https", false)], pass),
            (
                &[("dir/a.yaml#Internal", false), ("dir/b.yaml#Https", false)],
                fails(Severity::High, "open", &["port 80"]),
            ),
        ]);
        assert_eq!(finding.sentence(), "open (when `Internal` is false and `dir/b.yaml#Https` is false)");
        assert_eq!(finding.evidence, [step("port 80")]);
    }
}

//! Rules that are meant to be reached without a session: the sign-in and sign-out handlers, and probes.
//!
//! A rule claims the exemption when each of its path patterns starts with one of [`AUTH_PATHS`]; it deserves it when
//! the patterns are exactly such paths, nothing rewrites the request, and the targets serve nothing else.

use std::sync::Arc;

use super::super::super::{Fact, Step};
use crate::graph::elbv2::{Forward, Member, Rule, TargetGroup, Test};
use crate::graph::{Graph, Target, Typed, ec2};
use crate::value::Reason;

/// Paths that may be served before anyone has signed in. `/oauth2/idpresponse` is answered by the load balancer itself.
pub(in super::super) const AUTH_PATHS: &[&str] =
    &["/login", "/logout", "/oauth2/idpresponse", "/healthz", "/favicon.ico", "/robots.txt"];

#[derive(Clone, Debug)]
pub(in super::super) struct Exemption {
    /// The rule speaks of sign-in paths only, on a listener that could authenticate, and does not.
    pub(in super::super) claimed: Fact<bool>,
    pub(in super::super) exact_paths: Fact<bool>,
    pub(in super::super) dedicated_targets: Fact<bool>,
    pub(in super::super) rewritten: Fact<bool>,
}

/// How one path pattern relates to the paths that may be served to anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Exactly,
    /// A sign-in path and more, such as `/login*`.
    Widely,
    /// Something else.
    Not,
}

fn named(pattern: &str) -> Named {
    if AUTH_PATHS.contains(&pattern) {
        return Named::Exactly;
    }
    let wide = AUTH_PATHS.iter().any(|path| {
        let rest = pattern.strip_prefix(path);
        rest.is_some_and(|rest| rest.starts_with(['*', '?', '/', '.', ';']))
    });
    if wide { Named::Widely } else { Named::Not }
}

/// The same for a regular expression: an anchored literal is a plain path, one that cannot start like a sign-in path is
/// something else, and the rest is not told.
fn named_by_regex(regex: &str) -> Option<Named> {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    let body = regex.strip_prefix('^')?;
    if let Some(literal) = body.strip_suffix('$') {
        let unescaped = literal.replace(r"\.", "\u{0}").replace(r"\/", "/");
        if !unescaped.contains(special) {
            return Some(named(&unescaped.replace('\u{0}', ".")));
        }
    }
    let head: String = body.chars().take_while(|c| !special(*c)).collect();
    // A quantifier may make the last character before it optional.
    let safe = head.char_indices().next_back().map_or("", |(at, _)| head.get(..at).unwrap_or_default());
    let compatible = AUTH_PATHS.iter().any(|path| path.starts_with(safe) || safe.starts_with(path));
    (!compatible && !body.contains('|')).then_some(Named::Not)
}

/// What the path conditions of a rule say; `Ok(Not)` also for a rule without one.
fn paths(rule: &Rule) -> Result<Named, Reason> {
    let conditions = match &rule.conditions {
        Typed::Known(conditions, _) => conditions.as_slice(),
        Typed::Unknown(reason, _) => return Err(reason.clone()),
        Typed::Absent(_) => &[],
    };
    let mut result = None;
    let mut doubt = None;
    for condition in conditions {
        match &condition.test {
            Test::Path { values, regex } => {
                for value in values {
                    match value {
                        Typed::Known(pattern, _) => result = result.max(Some(named(pattern))),
                        Typed::Unknown(reason, _) => doubt = Some(reason.clone()),
                        Typed::Absent(_) => {}
                    }
                }
                for value in regex {
                    match value {
                        Typed::Known(text, _) => match named_by_regex(text) {
                            Some(found) => result = result.max(Some(found)),
                            None => doubt = Some(unread_regex(text)),
                        },
                        Typed::Unknown(reason, _) => doubt = Some(reason.clone()),
                        Typed::Absent(_) => {}
                    }
                }
            }
            Test::Unknown(reason) => doubt = Some(reason.clone()),
            _ => {}
        }
    }
    match (result, doubt) {
        (Some(Named::Not), _) | (None, None) => Ok(Named::Not),
        (_, Some(reason)) => Err(reason),
        (Some(found), None) => Ok(found),
    }
}

fn unread_regex(text: &str) -> Reason {
    Reason::NotUnderstood(Arc::from(format!(
        "which paths the regular expression `{text}` matches is not decided; write the paths as plain values"
    )))
}

impl Exemption {
    pub(super) fn new(
        graph: &Graph,
        rule: &Rule,
        protocol: &Fact<String>,
        approach: &[Step],
        authentication: &Fact<String>,
    ) -> Self {
        let steps = || approach.to_vec();
        let paths = paths(rule);
        let claimed = match (protocol.value.as_deref(), authentication.value.as_deref(), &paths) {
            (_, _, Ok(Named::Not)) => Fact::known(false, steps()),
            (Ok(other), _, _) if other != "HTTPS" => Fact::known(false, steps()),
            (_, Ok(word), _) if word != "none" => Fact::known(false, steps()),
            (_, Err(reason), _) | (_, _, Err(reason)) => Fact::unknown(reason.clone(), steps()),
            _ => Fact::known(true, steps()),
        };
        let exact_paths = match &paths {
            Ok(found) => Fact::known(*found == Named::Exactly, steps()),
            Err(reason) => Fact::unknown(reason.clone(), steps()),
        };
        let rewritten = match &rule.transforms {
            Typed::Known(transforms, span) if !transforms.is_empty() => {
                let mut path = steps();
                path.push(Step::new("rewrites the request before it forwards it", *span));
                Fact::known(true, path)
            }
            Typed::Unknown(reason, span) => {
                let step = Step::new("whether the request is rewritten is not known", *span);
                Fact::unknown(reason.clone(), [steps(), vec![step]].concat())
            }
            Typed::Known(..) | Typed::Absent(_) => Fact::known(false, steps()),
        };
        let dedicated_targets = match claimed.value {
            Ok(false) => Fact::known(false, steps()),
            _ => dedicated(graph, rule, approach),
        };
        Self { claimed, exact_paths, dedicated_targets, rewritten }
    }

    /// Deserved, not merely claimed: only then is the door no hole.
    pub(in super::super) fn holds(&self) -> bool {
        self.claimed.value == Ok(true)
            && self.exact_paths.value == Ok(true)
            && self.dedicated_targets.value == Ok(true)
            && self.rewritten.value == Ok(false)
    }
}

/// Whether the rule's targets are reached through sign-in paths only, whichever listener the requests come from.
fn dedicated(graph: &Graph, rule: &Rule, approach: &[Step]) -> Fact<bool> {
    let with = |steps: Vec<Step>| [approach, &steps].concat();
    let mut doubt = super::unknown_actions(rule).map(|(reason, step)| Fact::unknown(reason, with(vec![step])));
    for (listener, other) in graph.elbv2.all_rules() {
        if std::ptr::eq(other, rule) || paths(other).is_ok_and(|found| found != Named::Not) {
            continue;
        }
        for ours in rule.forwards().filter(|forward| !forward.is_idle()) {
            for theirs in other.forwards().filter(|forward| !forward.is_idle()) {
                let evidence = || {
                    let at = listener.map(|listener| format!(" of `{}`", listener.name)).unwrap_or_default();
                    let label = format!("the same targets also serve rule {}{at}", other.label());
                    with(vec![Step::new("forwards here", ours.span), Step::new(label, theirs.span)])
                };
                let same = same_targets(graph, ours, theirs).and_then(|same| match &theirs.weight {
                    Typed::Unknown(reason, _) if same => Err(reason.clone()),
                    _ => Ok(same),
                });
                match same {
                    Ok(true) => return Fact::known(false, evidence()),
                    Ok(false) => {}
                    Err(reason) => doubt = doubt.or_else(|| Some(Fact::unknown(reason, evidence()))),
                }
            }
        }
    }
    let own = || rule.forwards().filter(|forward| !forward.is_idle());
    doubt
        .or_else(|| own().find_map(|forward| elsewhere(forward, with(vec![Step::new("forwards here", forward.span)]))))
        .unwrap_or_else(|| Fact::known(true, with(own().map(|it| Step::new("forwards here", it.span)).collect())))
}

/// What else a target group serves cannot be told when it was not scanned.
fn elsewhere(forward: &Forward, evidence: Vec<Step>) -> Option<Fact<bool>> {
    let reason = match &forward.target_group {
        Typed::Known(Target::Resource(_), _) => return None,
        Typed::Known(Target::Outside(text), _) => Reason::Outside(Arc::from(format!("target group `{text}`"))),
        Typed::Unknown(reason, _) => reason.clone(),
        Typed::Absent(_) => Reason::NotUnderstood(Arc::from("no target group is given")),
    };
    Some(Fact::unknown(reason, evidence))
}

/// Whether two forwards lead to the same group or to groups with a common target.
fn same_targets(graph: &Graph, ours: &Forward, theirs: &Forward) -> Result<bool, Reason> {
    match (&ours.target_group, &theirs.target_group) {
        (Typed::Known(ours, _), Typed::Known(theirs, _)) if ours == theirs => Ok(true),
        (Typed::Known(Target::Resource(ours), _), Typed::Known(Target::Resource(theirs), _)) => {
            match (graph.elbv2.target_group(ours), graph.elbv2.target_group(theirs)) {
                (Some(ours), Some(theirs)) => share_members(ours, theirs),
                _ => Ok(false),
            }
        }
        (Typed::Known(..), Typed::Known(..)) | (Typed::Absent(_), _) | (_, Typed::Absent(_)) => Ok(false),
        (Typed::Unknown(ours, _), Typed::Unknown(theirs, _)) if ours == theirs && !ec2::may_be_declared(ours) => {
            Ok(true)
        }
        // A group that is handed in is none of those that are declared here.
        (Typed::Known(Target::Resource(_), _), Typed::Unknown(reason, _))
        | (Typed::Unknown(reason, _), Typed::Known(Target::Resource(_), _))
            if !ec2::may_be_declared(reason) =>
        {
            Ok(false)
        }
        (Typed::Unknown(reason, _), _) | (_, Typed::Unknown(reason, _)) => Err(reason.clone()),
    }
}

fn share_members(ours: &TargetGroup, theirs: &TargetGroup) -> Result<bool, Reason> {
    let pairs = || ours.members.iter().flat_map(|our| theirs.members.iter().map(move |their| (our, their)));
    if pairs().any(|(our, their)| our.target.known().is_some() && our.target.known() == their.target.known()) {
        return Ok(true);
    }
    // What is not known of one group may be what the other holds.
    for (open, other) in [(ours, theirs), (theirs, ours)] {
        let unread = open.members.iter().filter_map(|member| match &member.target {
            Typed::Unknown(reason, _) => Some(reason),
            Typed::Known(..) | Typed::Absent(_) => None,
        });
        for reason in unread.chain(&open.members_open) {
            let possible = |member: &Member| ec2::may_be_declared(reason) || member.target.address().is_none();
            if other.members.iter().any(possible) {
                return Err(reason.clone());
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::{Named, named, named_by_regex};

    #[test]
    fn only_the_literal_path_is_exact() {
        assert_eq!(named("/login"), Named::Exactly);
        assert_eq!(named("/login*"), Named::Widely);
        assert_eq!(named("/login/*"), Named::Widely);
        assert_eq!(named("/Login"), Named::Not);
        assert_eq!(named("/loginadmin"), Named::Not);
        assert_eq!(named("/*"), Named::Not);
        assert_eq!(named("/admin/*"), Named::Not);
    }

    #[test]
    fn an_anchored_literal_expression_is_a_path_and_others_are_told_apart_by_their_start() {
        assert_eq!(named_by_regex("^/login$"), Some(Named::Exactly));
        assert_eq!(named_by_regex(r"^/favicon\.ico$"), Some(Named::Exactly));
        assert_eq!(named_by_regex("^/admin/.*$"), Some(Named::Not));
        assert_eq!(named_by_regex("^/log(in|out)$"), None);
        assert_eq!(named_by_regex("/login"), None);
        assert_eq!(named_by_regex(".*"), None);
    }
}

//! Facts about workflows: steps of state machines that wait for somebody's decision, and who can give it.

use super::entry::{Backend, EntryPath};
use super::tree::Describe as _;
use super::{Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::stepfunctions::{State, StateMachine};
use crate::graph::{Graph, Typed, text};
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};

fact_struct! {
    /// A task that waits until somebody hands its token back (`.waitForTaskToken`).
    pub struct ApprovalTask {
        /// The state, with those around it: `Outer/Branch[0]/Inner`.
        task: String,
        /// It waits for a token. Unknown when its resource, or the whole definition, cannot be read.
        waits: Fact<bool>,
        /// `STANDARD` or `EXPRESS`; express workflows know no callbacks.
        machine_type: Fact<String>,
        /// Has a timeout or a heartbeat; without one it waits up to a year.
        bounded: Fact<bool>,
        /// The token is handed out, so that somebody can answer.
        token_passed: Fact<bool>,
        /// A timeout is caught, by the task or around it.
        catches_timeout: Fact<bool>,
        /// Somebody can also refuse, by `SendTaskFailure` or by an answer that a choice looks at.
        can_refuse: Fact<bool>,
        /// Ways from outside to whoever may answer.
        answers: Fact<Vec<AnswerPath>>,
    }
}

fact_struct! {
    /// A way from outside to an answer.
    pub struct AnswerPath {
        /// `POST /decisions`.
        request: String,
        /// What authenticates it; `none` when nothing does.
        authentication: Fact<String>,
    }
}

pub(super) const SUBJECTS: &[SubjectKind] = &[SubjectKind { name: "approval_tasks", shape: ApprovalTask::shape }];

const SUCCESS: &str = "states:SendTaskSuccess";
const FAILURE: &str = "states:SendTaskFailure";

pub(super) fn derive(graph: &Graph, entries: &[EntryPath]) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for machine in &graph.stepfunctions.machines {
        let Some(resource) = graph.resources.get(&machine.address) else { continue };
        let states = match &machine.states {
            Ok(states) => states,
            Err(reason) => {
                subjects.push(Subject::of("approval_tasks", resource, &unread(reason, resource.name_span)));
                continue;
            }
        };
        for state in states {
            let waits = match waits(state) {
                Ok(false) => continue,
                Ok(true) => Fact::known(true, Vec::new()),
                Err(reason) => Fact::unknown(reason, vec![Step::new("what the task does is not known", state.span)]),
            };
            let facts = ApprovalTask { waits, ..approval(graph, entries, machine, state) };
            subjects.push(Subject::of("approval_tasks", resource, &facts).part(&state.path, state.span));
        }
    }
    subjects
}

/// The suffix decides even where the rest of the resource is not literal.
fn waits(state: &State) -> Result<bool, Reason> {
    let resource = match state.body.prop("Resource") {
        Prop::Known(resource) => resource,
        Prop::Absent(_) => return Ok(false),
        Prop::Unknown(reason, _) => return Err(reason.clone()),
    };
    let text = resource.template().unwrap_or_default();
    if text.ends_with(".waitForTaskToken") || text.contains(":activity:") {
        return Ok(true);
    }
    match (text.ends_with('?'), resource.reason()) {
        (true, Some(reason)) => Err(reason.clone()),
        _ => Ok(false),
    }
}

/// A machine whose definition cannot be read may wait somewhere.
fn unread(reason: &Reason, span: Span) -> ApprovalTask {
    let unknown = || Fact::unknown(reason.clone(), vec![Step::new("the definition is not known", span)]);
    ApprovalTask {
        task: "?".to_owned(),
        waits: unknown(),
        machine_type: Fact::unknown(reason.clone(), Vec::new()),
        bounded: unknown(),
        token_passed: unknown(),
        catches_timeout: unknown(),
        can_refuse: unknown(),
        answers: Fact::unknown(reason.clone(), Vec::new()),
    }
}

fn approval(graph: &Graph, entries: &[EntryPath], machine: &StateMachine, state: &State) -> ApprovalTask {
    let is_activity = match state.body.prop("Resource") {
        Prop::Known(resource) => resource.template().is_some_and(|text| text.contains(":activity:")),
        Prop::Absent(_) | Prop::Unknown(..) => false,
    };
    let completers = Completers::new(graph, entries);
    ApprovalTask {
        task: state.path.clone(),
        waits: Fact::known(true, Vec::new()),
        machine_type: Fact::of(
            machine.kind.clone(),
            match machine.kind.known() {
                Some(kind) => format!("the state machine is of type `{kind}`"),
                None => "type of the state machine".to_owned(),
            },
        ),
        bounded: bounded(machine, state),
        token_passed: if is_activity { Fact::known(true, Vec::new()) } else { token_passed(state) },
        catches_timeout: catches_timeout(state),
        can_refuse: can_refuse(state, &completers),
        answers: completers.answers(state.span),
    }
}

fn bounded(machine: &StateMachine, state: &State) -> Fact<bool> {
    if let Some(span) = machine.timeout {
        return Fact::known(true, vec![Step::new("a timeout of the whole state machine bounds the wait", span)]);
    }
    let keys = ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];
    for key in keys {
        match state.body.prop(key) {
            Prop::Known(value) => {
                return Fact::known(true, vec![Step::new(format!("`{key}` bounds the wait"), value.span)]);
            }
            // An expression is a bound, whatever its value.
            Prop::Unknown(_, span) => {
                return Fact::known(true, vec![Step::new(format!("`{key}` bounds the wait"), span)]);
            }
            Prop::Absent(_) => {}
        }
    }
    Fact::known(false, vec![Step::new(format!("`{}` waits without a timeout or heartbeat", state.path), state.span)])
}

fn token_passed(state: &State) -> Fact<bool> {
    let mut place = state.span;
    for key in ["Parameters", "Arguments"] {
        match state.body.prop(key) {
            Prop::Known(value) => {
                if mentions(value, &["$$.Task.Token", "$states.context.Task.Token"]) {
                    return Fact::known(true, vec![Step::new("the token is handed out here", value.span)]);
                }
                place = value.span;
                if let Some(reason) = value.reason() {
                    return Fact::unknown(reason.clone(), vec![Step::new("what the task hands out", value.span)]);
                }
            }
            Prop::Unknown(reason, span) => {
                return Fact::unknown(reason.clone(), vec![Step::new("what the task hands out", span)]);
            }
            Prop::Absent(_) => {}
        }
    }
    Fact::known(false, vec![Step::new("the task token is not handed out", place)])
}

fn mentions(value: &Value, needles: &[&str]) -> bool {
    if value.template().is_some_and(|text| needles.iter().any(|needle| text.contains(needle))) {
        return true;
    }
    match &value.kind {
        crate::value::Kind::List(items) => items.iter().any(|item| mentions(item, needles)),
        crate::value::Kind::Map(map) => map.members.iter().any(|member| mentions(&member.value, needles)),
        _ => false,
    }
}

fn catches_timeout(state: &State) -> Fact<bool> {
    let wanted = ["States.ALL", "States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed"];
    let mut open = None;
    for body in std::iter::once(&state.body).chain(&state.enclosing) {
        match body.prop("Catch") {
            Prop::Known(catch) if mentions(catch, &wanted) => {
                return Fact::known(true, vec![Step::new("a timeout is caught here", catch.span)]);
            }
            Prop::Known(catch) => open = open.or_else(|| catch.reason().cloned()),
            Prop::Unknown(reason, _) => open = open.or_else(|| Some(reason.clone())),
            Prop::Absent(_) => {}
        }
    }
    let evidence = vec![Step::new(format!("nothing catches a timeout of `{}`", state.path), state.span)];
    open.map_or_else(|| Fact::known(false, evidence.clone()), |reason| Fact::unknown(reason, evidence.clone()))
}

fn can_refuse(state: &State, completers: &Completers<'_>) -> Fact<bool> {
    if let Typed::Known(next, span) = text(state.body.prop("Next"))
        && let Prop::Known(following) = state.siblings.prop(&next)
        && text(following.prop("Type")).known().is_some_and(|kind| kind == "Choice")
    {
        return Fact::known(true, vec![Step::new(format!("`{next}` looks at the answer"), span)]);
    }
    let evidence = |label: &str| vec![Step::new(label, state.span)];
    match (completers.can_fail, &completers.open) {
        (true, _) => Fact::known(true, evidence("who may answer may also refuse: `states:SendTaskFailure`")),
        (false, Some(reason)) => Fact::unknown(reason.clone(), evidence("whether who may answer may also refuse")),
        (false, None) => Fact::known(false, evidence("who may answer may not refuse: no `states:SendTaskFailure`")),
    }
}

/// Whoever may hand a token back: functions through their roles, and APIs that call Step Functions directly.
struct Completers<'a> {
    paths: Vec<&'a EntryPath>,
    /// Ways in that nothing guards for certain and that may lead there, with the reason why that is not known.
    perhaps: Vec<(&'a EntryPath, &'a Reason)>,
    can_fail: bool,
    /// Why the list may not be complete.
    open: Option<Reason>,
}

impl<'a> Completers<'a> {
    fn new(graph: &'a Graph, entries: &'a [EntryPath]) -> Self {
        let mut can_fail = false;
        let mut open = None;
        let mut functions: Vec<&Address> = Vec::new();
        let mut found = false;
        for role in graph.iam.roles() {
            let mut may = |action: &str| {
                graph.iam.allows(role, action).unwrap_or_else(|reason| {
                    open = Some(reason);
                    false
                })
            };
            let (success, failure) = (may(SUCCESS), may(FAILURE));
            if success || failure {
                found = true;
                can_fail |= failure;
                functions.extend(role.holders.iter().map(|holder| &holder.address));
            }
        }
        let ends_there = |path: &&EntryPath| {
            path.backends.iter().any(|backend| match backend {
                Backend::Resource(address) => functions.contains(&address),
                Backend::Action { action, .. } => is_answer(action),
                Backend::Outside(_) => false,
            })
        };
        let paths: Vec<&EntryPath> = entries.iter().filter(ends_there).collect();
        let unguarded = |path: &&EntryPath| path.authentication.value.as_ref().map_or(true, |how| how == "none");
        // A function whose role is not known may hold any role.
        let roleless = |backend: &'a Backend| {
            let function =
                graph.lambda.functions.iter().find(|function| backend.address() == Some(&function.address))?;
            match &function.role {
                Typed::Unknown(reason, _) => Some(reason),
                Typed::Known(..) | Typed::Absent(_) => None,
            }
        };
        let perhaps = entries
            .iter()
            .filter(|path| !ends_there(path) && unguarded(path))
            .filter_map(|path| {
                let reason = path.backends_open.as_ref().or_else(|| path.backends.iter().find_map(roleless));
                reason.map(|reason| (path, reason))
            })
            .collect();
        for backend in paths.iter().flat_map(|path| &path.backends) {
            if let Backend::Action { action, .. } = backend {
                found |= is_answer(action);
                can_fail |= action.eq_ignore_ascii_case(FAILURE);
            }
        }
        if !found && open.is_none() {
            open = Some(Reason::Outside("whoever hands the task token back".into()));
        }
        // A known answer path decides; roles that cannot be read only matter when there is none.
        Self { paths, perhaps, can_fail, open: if found { None } else { open } }
    }

    fn answers(&self, span: Span) -> Fact<Vec<AnswerPath>> {
        let evidence = vec![Step::new("waits for an answer from outside", span)];
        if let Some(reason) = &self.open {
            return Fact::unknown(reason.clone(), evidence);
        }
        let sure = self.paths.iter().map(|path| (path, None));
        let perhaps = self.perhaps.iter().map(|(path, reason)| (path, Some(reason)));
        let answers = sure.chain(perhaps).filter(|(path, _)| !path.exempt).map(|(path, doubt)| {
            let mut authentication = path.authentication.clone();
            authentication.evidence = path.evidence.iter().cloned().chain(authentication.evidence).collect();
            if let Some(reason) = doubt {
                authentication.value = Err((*reason).clone());
            }
            AnswerPath { request: path.request.clone(), authentication }
        });
        Fact::known(answers.collect(), evidence)
    }
}

fn is_answer(action: &str) -> bool {
    action.eq_ignore_ascii_case(SUCCESS) || action.eq_ignore_ascii_case(FAILURE)
}

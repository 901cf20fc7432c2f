//! Who runs with the same role as a function. Thousands may, so each is put where its role leads to once.

use std::collections::{BTreeMap, HashMap};

use crate::graph::lambda::Function;
use crate::graph::{Graph, Target, Typed};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Reason, Value};

/// The functions, and what else acts with a role, by the role.
pub(super) struct Sharing<'g> {
    /// Users of a role of the graph.
    scanned: HashMap<&'g Address, Users<'g>>,
    /// Functions that name the same role in the same words: a literal ARN, or the same parameter of a template.
    worded: HashMap<Words<'g>, Vec<(Option<&'g Kind>, Users<'g>)>>,
    /// By file: functions whose role may be any that the file declares.
    unclear: HashMap<&'g str, Users<'g, &'g Reason>>,
}

/// What is named, and the file if it means something only there.
type Words<'g> = (&'g str, Option<&'g str>);

/// Others that use the same role.
pub(super) struct Others {
    /// What each is, and where it names the role; the first [`Others::NAMED`] of them.
    pub named: Vec<(String, Span)>,
    /// How many more.
    pub more: usize,
}

impl Others {
    /// As many as a message shows of a list.
    const NAMED: usize = 5;

    /// The names, of which the last is a number when there are too many.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.named.iter().map(|(name, _)| name.clone()).collect();
        if self.more > 0 {
            names.truncate(Self::NAMED - 1);
            names.push(format!("{} more", self.named.len() + self.more - names.len()));
        }
        names
    }
}

impl<'g> Sharing<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let mut sharing = Self { scanned: HashMap::new(), worded: HashMap::new(), unclear: HashMap::new() };
        for role in graph.iam.roles() {
            let users = sharing.scanned.entry(&role.address).or_default();
            for holder in &role.holders {
                let component = graph.resources.get(&holder.address).and_then(component);
                let label = Label { kind: holder.kind.label(), name: &holder.name, span: holder.span };
                users.add(&holder.address, component, label);
            }
        }
        for function in &graph.lambda.functions {
            let Some(resource) = graph.resources.get(&function.address) else { continue };
            if let Some(words) = words(function) {
                let alike = sharing.worded.entry(words).or_default();
                let text = text(resource);
                if !alike.iter().any(|(other, _)| *other == text) {
                    alike.push((text, Users::default()));
                }
                let label = || Label { kind: "function", name: &resource.name, span: function.role.span() };
                for (_, users) in alike.iter_mut().filter(|(other, _)| *other == text) {
                    users.add(&function.address, component(resource), label());
                }
            }
            if let Typed::Unknown(
                reason @ (Reason::Transform(_) | Reason::NotUnderstood(_) | Reason::Conditions(_)),
                _,
            ) = &function.role
            {
                let users = sharing.unclear.entry(file(&function.address)).or_default();
                users.add(&function.address, component(resource), reason);
            }
        }
        sharing
    }

    /// Users of the role beside the function and those of its component.
    pub(super) fn of_role(&self, role: &Address, function: &Resource) -> Others {
        self.scanned.get(role).map_or_else(Others::none, |users| users.beside(function))
    }

    /// Functions that name a role which was not scanned, or is not known, as this one does.
    pub(super) fn of_words(&self, function: &Function, resource: &Resource) -> Others {
        let alike = words(function).and_then(|words| self.worded.get(&words));
        let same = alike.into_iter().flatten().find(|(text, _)| *text == self::text(resource));
        same.map_or_else(Others::none, |(_, users)| users.beside(resource))
    }

    /// Why another function of the same template may run with the same role. What a parameter, an import or an
    /// attribute stands for is no role of this template.
    pub(super) fn may_share(&self, function: &Resource) -> Option<&'g Reason> {
        self.unclear.get(file(&function.address))?.others(function).next().copied()
    }
}

impl Others {
    fn none() -> Self {
        Self { named: Vec::new(), more: 0 }
    }
}

/// Users of one role, by the component (tag `sra:component`) they are of.
struct Users<'g, T = Label<'g>> {
    by_component: BTreeMap<Option<&'g str>, Vec<(&'g Address, T)>>,
    count: usize,
}

struct Label<'g> {
    kind: &'static str,
    name: &'g str,
    span: Span,
}

impl<T> Default for Users<'_, T> {
    fn default() -> Self {
        Self { by_component: BTreeMap::new(), count: 0 }
    }
}

impl<'g, T> Users<'g, T> {
    fn add(&mut self, address: &'g Address, component: Option<&'g str>, user: T) {
        self.by_component.entry(component).or_default().push((address, user));
        self.count += 1;
    }

    /// All but the function and those of its component.
    fn others(&self, function: &Resource) -> impl Iterator<Item = &T> {
        let own = component(function);
        let groups = self.by_component.iter().filter(move |(component, _)| own.is_none() || **component != own);
        groups.flat_map(|(_, users)| users).filter(|(address, _)| **address != function.address).map(|(_, user)| user)
    }
}

impl Users<'_> {
    fn beside(&self, function: &Resource) -> Others {
        let named: Vec<_> = self
            .others(function)
            .take(Others::NAMED)
            .map(|user| (format!("{} `{}`", user.kind, user.name), user.span))
            .collect();
        let own = component(function);
        let same = if own.is_some() { self.by_component.get(&own).map_or(0, Vec::len) } else { 1 };
        let more = self.count.saturating_sub(same + named.len());
        Others { named, more }
    }
}

fn words(function: &Function) -> Option<Words<'_>> {
    match &function.role {
        Typed::Known(Target::Outside(arn), _) => Some((arn, None)),
        Typed::Unknown(Reason::Parameter(name), _) => Some((name, Some(file(&function.address)))),
        _ => None,
    }
}

fn text(function: &Resource) -> Option<&Kind> {
    function.prop("Role").known().map(|role| &role.kind)
}

fn file(address: &Address) -> &str {
    address.0.split('#').next().unwrap_or_default()
}

fn component(resource: &Resource) -> Option<&str> {
    let tags = resource.prop("Tags").known()?.items()?;
    let tag = tags
        .iter()
        .filter_map(Value::as_map)
        .find(|tag| tag.get("Key").and_then(Value::as_str) == Some("sra:component"))?;
    tag.get("Value")?.as_str().filter(|component| !component.is_empty())
}

//! Ingress rules of security groups: which of them face the Internet, and whether a front door is behind.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{Fact, Step, Subject, fact_struct};
use super::attachments::{Attachment, Users};
use super::{groups, pointer_name};
use crate::graph::ec2::{Ingress, Traffic};
use crate::graph::{Graph, Typed};
use crate::value::Reason;

fact_struct! {
    /// One ingress rule of a security group, inline or a resource of its own.
    pub struct IngressRule {
        /// The security group that it belongs to.
        group: String,
        /// What it lets in, for people: `tcp 443`.
        traffic: String,
        /// From where, for people: `0.0.0.0/0`.
        source: String,
        /// Its source is the Internet: `0.0.0.0/0`, `::/0`, a block wider than any that one organisation owns, one of
        /// several that together leave out no public address, or a prefix list that contains such blocks.
        open: Fact<bool>,
        /// It opens ports; ICMP does not.
        opens_ports: Fact<bool>,
        /// It opens every port of a protocol.
        all_ports: Fact<bool>,
        /// The ports of remote administration and of databases that it opens.
        sensitive: Fact<Vec<SensitivePort>>,
        /// What the security group is attached to.
        attachments: Fact<Vec<Attachment>>,
        /// Attached to nothing, and not handed on to other templates.
        unused: Fact<bool>,
        /// Attached only to what the Internet cannot reach: internal load balancers, VPC endpoints, functions.
        internal_only: Fact<bool>,
        /// Attached to internet-facing load balancers only, all of which listen on what it opens.
        front_door: Fact<bool>,
    }
}

fact_struct! {
    /// A port that must never face the Internet.
    pub struct SensitivePort {
        /// The port.
        port: i64,
        /// `admin` or `database`.
        class: String,
        /// The service that usually listens there.
        service: String,
    }
}

pub(super) const KIND: &str = "ingress_rules";

/// Ports of remote administration and of databases, with what usually listens there. Source: IANA Service Name and
/// Transport Protocol Port Number Registry, and the products' documentation.
const SENSITIVE: &[(u16, &str, &str)] = &[
    (22, "admin", "SSH"),
    (23, "admin", "Telnet"),
    (1433, "database", "SQL Server"),
    (1521, "database", "Oracle"),
    (2375, "admin", "Docker"),
    (2376, "admin", "Docker with TLS"),
    (3306, "database", "MySQL"),
    (3389, "admin", "RDP"),
    (5432, "database", "PostgreSQL"),
    (5439, "database", "Redshift"),
    (5985, "admin", "WinRM"),
    (5986, "admin", "WinRM with TLS"),
    (6379, "database", "Redis"),
    (6443, "admin", "Kubernetes"),
    (9092, "database", "Kafka"),
    (9200, "database", "OpenSearch"),
    (10250, "admin", "kubelet"),
    (11211, "database", "Memcached"),
    (27017, "database", "MongoDB"),
];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let users = Users::new(graph);
    let mut subjects: Vec<Subject> = Vec::new();
    let mut taken = BTreeSet::new();
    for ingress in graph.ec2.ingress.iter() {
        let Some(resource) = graph.resources.get(&ingress.written_in) else { continue };
        let subject = Subject::of(KIND, resource, &facts(graph, &users, ingress));
        // The content names the rule, so that reordering the list does not rename its findings.
        let mut part = groups::describe(ingress);
        let id = |part: &str| format!("{}:{part}", subject.id);
        let mut copies = 1;
        while !taken.insert(id(&part)) {
            copies += 1;
            part = format!("{} ({copies})", groups::describe(ingress));
        }
        subjects.push(subject.part(&part, ingress.span));
    }
    subjects
}

fn facts(graph: &Graph, users: &Users<'_>, ingress: &Ingress) -> IngressRule {
    let attachments = users.of(&ingress.group, &ingress.traffic);
    let sensitive = by_traffic(ingress, |traffic| sensitive(*traffic));
    let all_ports = by_traffic(ingress, Traffic::all_ports);
    let front_door = front_door(&attachments, &sensitive, &all_ports);
    IngressRule {
        group: pointer_name(&ingress.group),
        traffic: groups::traffic_of(ingress),
        source: groups::source_of(ingress),
        open: groups::open(graph, ingress),
        opens_ports: by_traffic(ingress, |traffic| *traffic != Traffic::Icmp),
        unused: over(&attachments, |list| Fact::known(list.is_empty(), Vec::new())),
        internal_only: over(&attachments, |list| {
            let internal = |one: &Attachment| {
                let kind = Fact::known(one.kind != "other", Vec::new());
                Fact::all([kind, one.internet_facing.clone().negated()])
            };
            Fact::all([Fact::known(!list.is_empty(), Vec::new())].into_iter().chain(list.iter().map(internal)))
        }),
        front_door,
        all_ports,
        sensitive,
        attachments,
    }
}

fn by_traffic<T>(ingress: &Ingress, read: impl FnOnce(&Traffic) -> T) -> Fact<T> {
    let label = || vec![Step::new(format!("the rule admits {}", groups::traffic_of(ingress)), ingress.traffic.span())];
    match &ingress.traffic {
        Typed::Known(traffic, _) => Fact::known(read(traffic), label()),
        Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), label()),
        Typed::Absent(_) => Fact::unknown(Reason::NotUnderstood(Arc::from("the rule names no protocol")), label()),
    }
}

fn sensitive(traffic: Traffic) -> Vec<SensitivePort> {
    let open = [traffic.tcp(), traffic.udp()];
    let contains = |port| open.iter().flatten().any(|ports| ports.contains(port));
    SENSITIVE
        .iter()
        .filter(|(port, ..)| contains(*port))
        .map(|(port, class, service)| SensitivePort {
            port: i64::from(*port),
            class: (*class).to_owned(),
            service: (*service).to_owned(),
        })
        .collect()
}

fn over(attachments: &Fact<Vec<Attachment>>, judge: impl FnOnce(&[Attachment]) -> Fact<bool>) -> Fact<bool> {
    match &attachments.value {
        Ok(list) => {
            let mut fact = judge(list);
            if fact.evidence.is_empty() {
                fact.evidence.clone_from(&attachments.evidence);
            }
            fact
        }
        Err(reason) => Fact::unknown(reason.clone(), attachments.evidence.clone()),
    }
}

/// Administration, databases and whole protocols are no front door, whatever the group may be attached to.
fn front_door(
    attachments: &Fact<Vec<Attachment>>,
    sensitive: &Fact<Vec<SensitivePort>>,
    all_ports: &Fact<bool>,
) -> Fact<bool> {
    let door = over(attachments, |list| {
        let parts = list.iter().flat_map(|one| [one.internet_facing.clone(), one.serves.clone()]);
        Fact::all([Fact::known(!list.is_empty(), Vec::new())].into_iter().chain(parts))
    });
    let never = all_ports.is(true) || sensitive.value.as_ref().is_ok_and(|ports| !ports.is_empty());
    if door.value.is_err() && never {
        return Fact::known(false, door.evidence);
    }
    door
}

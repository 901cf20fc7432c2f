//! Workloads: what runs code in a VPC, where it stands, whether it has a public address, and whom its security groups
//! let in.

use std::sync::Arc;

use super::super::{Fact, Step, Subject, fact_struct};
use super::front::{Front, Fronts};
use super::groups::{self, Admission, Rule};
use super::placement::{self, Nic, Workload as Placed};
use super::pointer_name;
use super::routing::{self, Place};
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{self, Family, Ingress as Written, Pointer, Source, Traffic, leads_to, may_be_declared};
use crate::graph::{Graph, Target, Typed};
use crate::value::Reason;

fact_struct! {
    /// Something that runs code in a VPC: an instance, what an Auto Scaling group launches, the tasks of an ECS service
    /// or task set, tasks that no service keeps, a function with a VPC configuration.
    pub struct Workload {
        /// `instance`, `auto_scaling_group`, `ecs_service`, `ecs_task_set`, `ecs_task` or `function`.
        kind: String,
        /// The tag `sra:tier`; `app` when there is none. `edge` declares a bastion, NAT instance or proxy.
        tier: Fact<String>,
        /// The subnets that it may stand in.
        subnets: Fact<Vec<PlacedSubnet>>,
        /// One of its subnets is public.
        in_public_subnet: Fact<bool>,
        /// The internet gateways that make its subnets public are attached to no VPC yet.
        latent: Fact<bool>,
        /// VPC Block Public Access is on for all of its public subnets.
        blocked: Fact<bool>,
        /// One of its interfaces has a public IPv4 address, an elastic IP address, or an IPv6 address in a subnet with
        /// an IPv6 route to an internet gateway.
        public_address: Fact<bool>,
        /// A load balancer forwards requests to it.
        fronted: Fact<bool>,
        /// What the security groups on its interfaces let in.
        ingress: Fact<Vec<IngressSource>>,
    }
}

fact_struct! {
    /// A subnet in which a workload stands.
    pub struct PlacedSubnet {
        /// Logical id, literal id, or `default` for a default subnet of the default VPC.
        id: String,
        /// Its route table has a route from the Internet: a destination that is not private through an internet or
        /// carrier gateway.
        public: Fact<bool>,
    }
}

fact_struct! {
    /// One ingress rule of one security group of a workload.
    pub struct IngressSource {
        /// The security group.
        group: String,
        /// `load_balancer` (a group of a load balancer in front), `cluster` (its own group, tagged `sra:cluster`),
        /// `itself`, `other_group`, `cidr` or `prefix_list`.
        from: Fact<String>,
        /// The source is the Internet.
        internet: Fact<bool>,
        /// The traffic lies within the ports on which the load balancers send requests and health checks.
        within_target_ports: Fact<bool>,
    }
}

pub(super) const KIND: &str = "workloads";

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let fronts = Fronts::new(graph);
    placement::workloads(graph)
        .iter()
        .map(|placed| Subject::of(KIND, placed.resource, &facts(graph, &fronts, placed)))
        .collect()
}

fn facts(graph: &Graph, fronts: &Fronts<'_>, placed: &Placed<'_>) -> Workload {
    let tier = tier(placed);
    let kind = placed.kind.to_owned();
    let front = fronts.of(placed);
    let mut fronted = front.fronted();
    if fronted.is(false) {
        let label = format!("no load balancer forwards to `{}`", placed.resource.name);
        fronted.evidence.push(Step::new(label, placed.resource.name_span));
    }
    let nics = match &placed.interfaces {
        Ok(nics) => nics,
        Err(unread) => {
            let steps = || vec![unread.step.clone()];
            let unknown = || Fact::unknown(unread.reason.clone(), steps());
            return Workload {
                kind,
                tier,
                subnets: Fact::unknown(unread.reason.clone(), steps()),
                in_public_subnet: unknown(),
                latent: unknown(),
                blocked: unknown(),
                public_address: unknown(),
                fronted,
                ingress: Fact::unknown(unread.reason.clone(), steps()),
            };
        }
    };
    let public =
        |place: &Place| Fact::any([Family::V4, Family::V6].map(|family| routing::public(graph, place, family)));
    let mut subnets: Vec<PlacedSubnet> = Vec::new();
    for nic in nics {
        let id = place_name(&nic.place);
        if id == "?" || !subnets.iter().any(|known| known.id == id) {
            let mut public = public(&nic.place);
            // Of a subnet that is not known, the proof says just that.
            if id != "?" {
                public.evidence.insert(0, stands(placed, &nic.place));
            }
            subnets.push(PlacedSubnet { id, public });
        }
    }
    let open_places: Vec<&Place> = nics.iter().map(|nic| &nic.place).filter(|place| public(place).is(true)).collect();
    let every = |holds: &dyn Fn(&Place) -> Fact<bool>| {
        if open_places.is_empty() {
            return Fact::known(false, Vec::new());
        }
        Fact::all(open_places.iter().map(|place| holds(place)))
    };
    Workload {
        kind,
        tier,
        in_public_subnet: Fact::any(subnets.iter().map(|subnet| subnet.public.clone())),
        subnets: Fact::known(subnets, Vec::new()),
        latent: every(&|place| routing::latent(graph, place)),
        blocked: every(&|place| routing::blocked(graph, place)),
        public_address: Fact::any(nics.iter().map(|nic| public_address(graph, placed, nic))),
        fronted,
        ingress: Fact::known(ingress(graph, &front, nics), Vec::new()),
    }
}

fn tier(placed: &Placed<'_>) -> Fact<String> {
    match ec2::tag(placed.resource, "sra:tier") {
        Typed::Absent(span) => {
            Fact::known("app".to_owned(), vec![Step::new("not tagged `sra:tier`: an application", span)])
        }
        tagged => {
            let label = tagged
                .known()
                .map_or_else(|| "tag `sra:tier`".to_owned(), |tier| format!("tagged `sra:tier` = `{tier}`"));
            Fact::of(tagged, label)
        }
    }
}

fn place_name(place: &Place) -> String {
    match place {
        Place::DefaultVpc(_) => "default".to_owned(),
        Place::Subnet(pointer) => pointer_name(pointer),
    }
}

fn stands(placed: &Placed<'_>, place: &Place) -> Step {
    let name = &placed.resource.name;
    match place {
        Place::DefaultVpc(_) => Step::new(format!("`{name}` names no subnet"), placed.resource.name_span),
        Place::Subnet(pointer) => {
            Step::new(format!("`{name}` stands in subnet `{}`", pointer_name(pointer)), pointer.span())
        }
    }
}

/// Whether an interface is reachable under an address of the Internet.
fn public_address(graph: &Graph, placed: &Placed<'_>, nic: &Nic) -> Fact<bool> {
    let mut facts = vec![ipv4(graph, nic), ipv6(graph, nic)];
    let this = Target::Resource(placed.resource.address.clone());
    for elastic in &graph.ec2.elastic_ips {
        let wanted = [(&elastic.instance, Some(&this)), (&elastic.interface, nic.interface.as_ref())];
        facts.extend(wanted.into_iter().filter_map(|(bound, wanted)| {
            let label = format!("an elastic IP address is associated with `{}`", placed.resource.name);
            Some(match leads_to(bound, wanted?) {
                Ok(bound) => Fact::known(bound, if bound { vec![Step::new(label, elastic.span)] } else { Vec::new() }),
                Err(_) if placed.kind != "instance" => return None,
                Err(reason) => Fact::unknown(reason.clone(), vec![Step::new("an elastic IP address", elastic.span)]),
            })
        }));
    }
    Fact::any(facts)
}

fn ipv4(graph: &Graph, nic: &Nic) -> Fact<bool> {
    match (&nic.ipv4, &nic.place) {
        (Typed::Known(true, span), _) => {
            Fact::known(true, vec![Step::new("a public IPv4 address is asked for", *span)])
        }
        (Typed::Known(false, span), _) => Fact::known(false, vec![Step::new("gets no public IPv4 address", *span)]),
        (Typed::Unknown(reason, span), _) => {
            Fact::unknown(reason.clone(), vec![Step::new("whether it gets a public IPv4 address", *span)])
        }
        (Typed::Absent(_), Place::DefaultVpc(span)) => {
            let label = "default subnets give every instance a public IPv4 address";
            Fact::known(true, vec![Step::new(label, *span)])
        }
        (Typed::Absent(_), Place::Subnet(subnet)) => {
            by_subnet(graph, subnet, "MapPublicIpOnLaunch", |subnet| &subnet.map_public_ip)
        }
    }
}

fn ipv6(graph: &Graph, nic: &Nic) -> Fact<bool> {
    let has = match (&nic.ipv6, &nic.place) {
        (Typed::Known(true, span), _) => Fact::known(true, vec![Step::new("an IPv6 address is asked for", *span)]),
        (Typed::Known(false, span), _) => Fact::known(false, vec![Step::new("gets no IPv6 address", *span)]),
        (Typed::Unknown(reason, span), _) => {
            Fact::unknown(reason.clone(), vec![Step::new("whether it gets an IPv6 address", *span)])
        }
        (Typed::Absent(_), Place::DefaultVpc(_)) => return Fact::known(false, Vec::new()),
        (Typed::Absent(_), Place::Subnet(subnet)) => {
            by_subnet(graph, subnet, "AssignIpv6AddressOnCreation", |subnet| &subnet.assign_ipv6)
        }
    };
    let mut fact = Fact::all([has.clone(), routing::public(graph, &nic.place, Family::V6)]);
    if fact.is(true) {
        fact.evidence = [has.evidence, routing::public(graph, &nic.place, Family::V6).evidence].concat();
    }
    fact
}

fn by_subnet(
    graph: &Graph,
    subnet: &Pointer,
    property: &str,
    read: impl Fn(&ec2::Subnet) -> &Typed<bool>,
) -> Fact<bool> {
    let name = pointer_name(subnet);
    if let Typed::Unknown(reason, span) = subnet {
        return Fact::unknown(reason.clone(), vec![Step::new("the subnet is not known", *span)]);
    }
    let Some(subnet) = subnet.address().and_then(|address| graph.ec2.subnets.get(address)) else {
        let reason = Reason::Outside(Arc::from(format!("`{property}` of subnet `{name}`")));
        return Fact::unknown(reason, vec![Step::new(format!("subnet `{name}` decides"), subnet.span())]);
    };
    let value = read(subnet);
    let label = match value.known() {
        Some(value) => format!("subnet `{name}` has `{property}` {value}"),
        None => format!("`{property}` of subnet `{name}`"),
    };
    Fact::of(value.clone(), label)
}

/// Everything that the groups on the interfaces let in, each rule once.
fn ingress(graph: &Graph, front: &Front<'_>, nics: &[Nic]) -> Vec<IngressSource> {
    let own = groups_of(graph, nics);
    let mut found = Vec::new();
    for group in &own {
        for admission in groups::admissions(graph, group) {
            found.extend(source(graph, front, &own, &admission));
        }
    }
    found
}

/// The groups on a workload's interfaces. An interface without any gets the default group of its VPC.
fn groups_of(graph: &Graph, nics: &[Nic]) -> Vec<Pointer> {
    let mut found: Vec<Pointer> = Vec::new();
    for nic in nics {
        let groups = match &nic.groups {
            Typed::Known(groups, _) => groups.clone(),
            Typed::Unknown(reason, span) => vec![Typed::Unknown(reason.clone(), *span)],
            Typed::Absent(span) => vec![routing::declared_vpc(graph, &nic.place).map_or_else(
                || Typed::Unknown(Reason::Outside(Arc::from("the default security group of the VPC")), *span),
                |vpc| Typed::Known(Target::Resource(ec2::default_group(&graph.resources, vpc).clone()), *span),
            )],
        };
        for group in groups {
            if !found.iter().any(|known| known.known() == group.known() && known.known().is_some()) {
                found.push(group);
            }
        }
    }
    found
}

fn source(graph: &Graph, front: &Front<'_>, own: &[Pointer], admission: &Admission<'_>) -> Option<IngressSource> {
    let group = admission.group.clone();
    let step = |label: String| vec![Step::new(label, admission.span)];
    let unknown = |reason: &Reason, label: &str| {
        let unknown = || Fact::unknown(reason.clone(), step(label.to_owned()));
        Some(IngressSource {
            group: group.clone(),
            from: Fact::unknown(reason.clone(), step(label.to_owned())),
            internet: unknown(),
            within_target_ports: unknown(),
        })
    };
    match &admission.rule {
        Rule::Unread(reason) => unknown(reason, "the rules of the security group are not known"),
        Rule::Members => {
            let label = format!("the default security group of `{group}` lets its own members in");
            Some(IngressSource {
                from: Fact::known("itself".to_owned(), step(label)),
                internet: Fact::known(false, Vec::new()),
                within_target_ports: Fact::known(false, Vec::new()),
                group,
            })
        }
        Rule::Declared(ingress) => {
            let proof = step(format!("security group `{group}` admits {}", groups::describe(ingress)));
            Some(IngressSource {
                from: Fact { evidence: proof.clone(), ..from(graph, front, own, ingress) },
                internet: Fact { evidence: proof.clone(), ..groups::open(graph, ingress) },
                within_target_ports: Fact { evidence: proof, ..within(front, ingress) },
                group,
            })
        }
        Rule::Perhaps(ingress, reason) => {
            let harmless = from(graph, front, own, ingress).value.as_deref() == Ok("load_balancer")
                && within(front, ingress).is(true);
            if harmless { None } else { unknown(reason, "a rule that may belong to the security group") }
        }
    }
}

fn from(graph: &Graph, front: &Front<'_>, own: &[Pointer], ingress: &Written) -> Fact<String> {
    let word = |word: &str| Fact::known(word.to_owned(), Vec::new());
    let source = match &ingress.source {
        Typed::Known(source, _) => source,
        Typed::Unknown(reason, _) => return Fact::unknown(reason.clone(), Vec::new()),
        Typed::Absent(_) => return Fact::unknown(Reason::NotUnderstood(Arc::from("no source")), Vec::new()),
    };
    match source {
        Source::Group(Typed::Known(group, _)) => {
            if own.iter().any(|pointer| pointer.known() == Some(group)) {
                return itself(graph, group);
            }
            match front.uses_group(graph, group) {
                Ok(true) => word("load_balancer"),
                Ok(false) => own
                    .iter()
                    .find_map(|pointer| leads_to(pointer, group).err())
                    .map_or_else(|| word("other_group"), |reason| Fact::unknown(reason.clone(), Vec::new())),
                Err(reason) => Fact::unknown(reason, Vec::new()),
            }
        }
        Source::Group(Typed::Unknown(reason, _)) => {
            // A group that is handed in is none of those that the template declares.
            if may_be_declared(reason) || !front.groups_are_declared(graph) {
                return Fact::unknown(reason.clone(), Vec::new());
            }
            word("other_group")
        }
        Source::Group(Typed::Absent(_)) => word("other_group"),
        Source::Block(_) | Source::PrefixList(_) => {
            if let Some(reason) = front.passes_client_addresses() {
                return Fact::unknown(reason, Vec::new());
            }
            word(if matches!(source, Source::Block(_)) { "cidr" } else { "prefix_list" })
        }
    }
}

/// A group that lets its own members in; a cluster that must do so is tagged.
fn itself(graph: &Graph, group: &Target) -> Fact<String> {
    let tag = group.address().and_then(|address| graph.ec2.groups.get(address)).map(|group| &group.cluster);
    match tag {
        Some(Typed::Known(word, _)) if word.eq_ignore_ascii_case("true") => {
            Fact::known("cluster".to_owned(), Vec::new())
        }
        Some(Typed::Unknown(reason, _)) => Fact::unknown(reason.clone(), Vec::new()),
        _ => Fact::known("itself".to_owned(), Vec::new()),
    }
}

/// Whether a rule opens no more than the ports that the load balancers use. ICMP opens no port.
fn within(front: &Front<'_>, ingress: &Written) -> Fact<bool> {
    let ports: Ports = match &ingress.traffic {
        Typed::Known(Traffic::Icmp, _) => return Fact::known(true, Vec::new()),
        Typed::Known(Traffic::Tcp(ports), _) => *ports,
        Typed::Known(Traffic::Udp(ports), _) if front.uses_udp() => *ports,
        Typed::Known(..) => return Fact::known(false, Vec::new()),
        Typed::Unknown(reason, _) => return Fact::unknown(reason.clone(), Vec::new()),
        Typed::Absent(_) => return Fact::unknown(Reason::NotUnderstood(Arc::from("no protocol")), Vec::new()),
    };
    match groups::within(ports, front.ports()) {
        Ok(within) => Fact::known(within, Vec::new()),
        Err(reason) => Fact::unknown(reason, Vec::new()),
    }
}

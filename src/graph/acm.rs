//! Certificate Manager: which names a certificate proves.

use super::{Resources, Typed, list, text};
use crate::value::{Address, Value};

#[derive(Debug, Default)]
pub struct Acm {
    /// In source order.
    pub certificates: Vec<Certificate>,
}

#[derive(Clone, Debug)]
pub struct Certificate {
    pub address: Address,
    pub domain: Typed<String>,
    /// `SubjectAlternativeNames`.
    pub others: Typed<Vec<Value>>,
}

impl Acm {
    pub fn new(resources: &Resources) -> Self {
        let certificates = resources.of_kind("AWS::CertificateManager::Certificate");
        let certificate = |resource: &crate::input::Resource| Certificate {
            address: resource.address.clone(),
            domain: text(resource.prop("DomainName")),
            others: list(resource.prop("SubjectAlternativeNames")),
        };
        Self { certificates: certificates.map(certificate).collect() }
    }

    pub fn certificate(&self, address: &Address) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| certificate.address == *address)
    }
}

impl Certificate {
    /// Whether the certificate names a host exactly. A wildcard name proves nothing about one host.
    pub fn names(&self, host: &str) -> bool {
        let is = |name: &str| name.eq_ignore_ascii_case(host);
        let others = self.others.known().into_iter().flatten();
        self.domain.known().is_some_and(|name| is(name)) || others.filter_map(Value::as_str).any(is)
    }
}

//! AWS Certificate Manager: which names certificates prove.

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{CertificateSummary, Filters, KeyAlgorithm};

use super::{Scope, Service};
use crate::account::item::word;
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "acm",
    scope: Scope::Regional,
    reads: &[&CERTIFICATES, &CERTIFICATE],
    collect: |reader| Box::pin(collect(reader)),
};

const CERTIFICATES: Read = Read::list("acm:ListCertificates", &["AWS::CertificateManager::Certificate"]);
const CERTIFICATE: Read = Read::detail("acm:DescribeCertificate");

/// Without a filter only certificates with RSA keys of up to 2048 bits are listed. Source: `Filters`, AWS Certificate
/// Manager API Reference.
const KEYS: &[KeyAlgorithm] = &[
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let all = Filters::builder().set_key_types(Some(KEYS.to_vec())).build();
    let pages = client.list_certificates().includes(all).max_items(1000).into_paginator().items().send();
    let certificates = reader.list(&CERTIFICATES, pages).await;
    reader
        .each(certificates, |certificate| async move {
            let names = names(reader, client, &certificate).await;
            reader.push(of_certificate(&certificate, names));
        })
        .await;
}

/// The list tells the first hundred names; more are asked for.
async fn names(reader: &Reader, client: &Client, certificate: &CertificateSummary) -> Result<Vec<String>, Unread> {
    if certificate.has_additional_subject_alternative_names() != Some(true) {
        return Ok(certificate.subject_alternative_name_summaries().to_vec());
    }
    let arn = certificate.certificate_arn().unwrap_or_default();
    let answer = reader.get(&CERTIFICATE, arn, client.describe_certificate().certificate_arn(arn).send()).await?;
    Ok(answer.certificate.and_then(|certificate| certificate.subject_alternative_names).unwrap_or_default())
}

fn of_certificate(certificate: &CertificateSummary, names: Result<Vec<String>, Unread>) -> Item {
    let arn = certificate.certificate_arn().unwrap_or_default();
    Item::new("AWS::CertificateManager::Certificate", arn)
        .name(certificate.domain_name())
        .means("Ref", Some(arn))
        .set("DomainName", certificate.domain_name())
        .set("SubjectAlternativeNames", names)
        .set("KeyAlgorithm", word(certificate.key_algorithm()))
        .set("Status", word(certificate.status()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_that_could_not_be_read_are_no_empty_list() {
        let certificate = CertificateSummary::builder().certificate_arn("arn:c").domain_name("a.example.org").build();
        let read = of_certificate(&certificate, Ok(vec!["a.example.org".to_owned()]));
        let unread = of_certificate(&certificate, Err(Unread("acm:DescribeCertificate")));
        assert_eq!(
            Value::Object(read.properties),
            json!({ "DomainName": "a.example.org", "SubjectAlternativeNames": ["a.example.org"] })
        );
        assert_eq!(
            Value::Object(unread.properties),
            json!({
                "DomainName": "a.example.org",
                "SubjectAlternativeNames": { "Unread": "acm:DescribeCertificate" },
            })
        );
    }
}

//! Certificate Manager. A validation hands its certificate on, so nothing of it is left.

use super::Returns::Ref;
use super::Shape::{Link, Plain, Tags};
use super::{Row, Service, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row::new(
        "aws_acm_certificate",
        "AWS::CertificateManager::Certificate",
        &[
            property("CertificateAuthorityArn", "certificate_authority_arn", Link),
            property("DomainName", "domain_name", Plain),
            property("KeyAlgorithm", "key_algorithm", Plain),
            property("SubjectAlternativeNames", "subject_alternative_names", Plain),
            property("ValidationMethod", "validation_method", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref)],
    ),
    Row::part("aws_acm_certificate_validation"),
];

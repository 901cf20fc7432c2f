//! Custom domains of APIs, with their mappings and DNS records.

use crate::value::{Kind, Value};

use super::shape::{At, Fields, get, given, text};
use super::{Serverless, Transform, alphanumeric};

impl Transform<'_> {
    pub(super) fn rest_domain(&mut self, source: &Serverless, stage: &str) {
        let Some(domain) = given(&source.properties, "Domain") else { return };
        let at = At(domain.span);
        let endpoint = text(domain, "EndpointConfiguration").unwrap_or("REGIONAL").to_owned();
        let name = domain_name(domain);
        let private = endpoint == "PRIVATE";
        let id = format!("ApiGatewayDomainName{}{name}", if private { "V2" } else { "" });
        let certificate = if endpoint == "REGIONAL" { "RegionalCertificateArn" } else { "CertificateArn" };
        let kinds = match get(domain, "EndpointConfiguration") {
            Some(kind) => At(kind.span).list([kind.clone()]),
            None => at.texts(&["REGIONAL"]),
        };
        let configuration = Fields::new(at.0).set("Types", kinds).copy(domain, &["IpAddressType"]).done();
        let properties = Fields::new(at.0)
            .copy(domain, &["DomainName"])
            .copy_as(domain, "CertificateArn", certificate)
            .set("EndpointConfiguration", configuration)
            .copy(
                domain,
                &[
                    "SecurityPolicy",
                    "EndpointAccessMode",
                    "MutualTlsAuthentication",
                    "OwnershipVerificationCertificateArn",
                    "Policy",
                ],
            );
        let kind = if private { "AWS::ApiGateway::DomainNameV2" } else { "AWS::ApiGateway::DomainName" };
        self.emit(source, &id, kind, at, properties.done());
        self.renamed.insert(format!("{}.DomainName", source.id), id.clone());

        let mapping = |transform: &Self, path: Option<Value>| {
            let (key, value) = if private {
                ("DomainNameArn", transform.reference(at, &id))
            } else {
                ("DomainName", transform.reference(at, &id))
            };
            Fields::new(at.0)
                .set(key, value)
                .set("RestApiId", transform.reference(at, &source.id))
                .set("Stage", transform.reference(at, stage))
                .maybe("BasePath", path)
                .done()
        };
        let kind = if private { "AWS::ApiGateway::BasePathMappingV2" } else { "AWS::ApiGateway::BasePathMapping" };
        for (path, suffix) in base_paths(domain) {
            let properties = mapping(self, path);
            self.emit(source, &format!("{}{suffix}BasePathMapping", source.id), kind, at, properties);
        }
        if let Some(association) = get(domain, "AccessAssociation").filter(|_| private) {
            let at = At(association.span);
            let properties = Fields::new(at.0)
                .set("AccessAssociationSourceType", at.text("VPCE"))
                .copy_as(association, "VpcEndpointId", "AccessAssociationSource")
                .set("DomainNameArn", self.reference(at, &id));
            let id = format!("DomainNameAccessAssociation{}", source.id);
            self.emit(source, &id, "AWS::ApiGateway::DomainNameAccessAssociation", at, properties.done());
        }
        let target = match endpoint.as_str() {
            "REGIONAL" => {
                Some((self.attribute(at, &id, "RegionalDomainName"), self.attribute(at, &id, "RegionalHostedZoneId")))
            }
            "EDGE" => {
                let name = given(domain, "Route53.DistributionDomainName").cloned();
                Some((
                    name.unwrap_or_else(|| self.attribute(at, &id, "DistributionDomainName")),
                    at.text("Z2FDTNDATAQYW2"),
                ))
            }
            _ => None,
        };
        self.records(source, domain, target);
    }

    pub(super) fn v2_domain(&mut self, source: &Serverless, stage: &str) {
        let Some(domain) = given(&source.properties, "Domain") else { return };
        let at = At(domain.span);
        let id = format!("ApiGatewayDomainNameV2{}", domain_name(domain));
        let configuration = Fields::new(at.0)
            .copy(domain, &["CertificateArn", "OwnershipVerificationCertificateArn", "SecurityPolicy", "IpAddressType"])
            .set("EndpointType", get(domain, "EndpointConfiguration").cloned().unwrap_or_else(|| at.text("REGIONAL")));
        let properties = Fields::new(at.0)
            .copy(domain, &["DomainName", "MutualTlsAuthentication"])
            .set("DomainNameConfigurations", at.list([configuration.done()]));
        self.emit(source, &id, "AWS::ApiGatewayV2::DomainName", at, properties.done());
        self.renamed.insert(format!("{}.DomainName", source.id), id.clone());
        for (path, suffix) in base_paths(domain) {
            let properties = Fields::new(at.0)
                .set("DomainName", self.reference(at, &id))
                .set("ApiId", self.reference(at, &source.id))
                .set("Stage", self.reference(at, stage))
                .maybe("ApiMappingKey", path);
            let id = format!("{}{suffix}ApiMapping", source.id);
            self.emit(source, &id, "AWS::ApiGatewayV2::ApiMapping", at, properties.done());
        }
        let target = (self.attribute(at, &id, "RegionalDomainName"), self.attribute(at, &id, "RegionalHostedZoneId"));
        self.records(source, domain, Some(target));
    }

    fn records(&mut self, source: &Serverless, domain: &Value, target: Option<(Value, Value)>) {
        let Some(route) = given(domain, "Route53") else { return };
        let at = At(route.span);
        let alias = match target {
            Some((name, zone)) => Fields::new(at.0).set("DNSName", name).set("HostedZoneId", zone),
            None => Fields::new(at.0).copy_as(route, "VpcEndpointDomainName", "DNSName").copy_as(
                route,
                "VpcEndpointHostedZoneId",
                "HostedZoneId",
            ),
        };
        let alias = alias.copy(route, &["EvaluateTargetHealth"]).done();
        let mut kinds = vec!["A"];
        if get(route, "IpV6").and_then(Value::as_bool) == Some(true) {
            kinds.push("AAAA");
        }
        let records = kinds.into_iter().map(|kind| {
            Fields::new(at.0)
                .copy_as(domain, "DomainName", "Name")
                .set("Type", at.text(kind))
                .set("AliasTarget", alias.clone())
                .copy(route, &["Region", "SetIdentifier"])
                .done()
        });
        let properties =
            Fields::new(at.0).copy(route, &["HostedZoneId", "HostedZoneName"]).set("RecordSets", at.list(records));
        self.emit(
            source,
            &format!("{}RecordSetGroup", source.id),
            "AWS::Route53::RecordSetGroup",
            at,
            properties.done(),
        );
    }
}

/// Part of the id of a domain: several APIs may share one.
fn domain_name(domain: &Value) -> String {
    alphanumeric(&get(domain, "DomainName").and_then(Value::template).unwrap_or_default())
}

/// The base paths, each with its part of a logical id.
fn base_paths(domain: &Value) -> Vec<(Option<Value>, String)> {
    match given(domain, "BasePath") {
        None => vec![(None, String::new())],
        Some(paths) => paths
            .items()
            .unwrap_or(std::slice::from_ref(paths))
            .iter()
            .map(|path| {
                let suffix = alphanumeric(path.as_str().unwrap_or_default());
                let trimmed = match &path.kind {
                    Kind::Scalar(scalar) => Value::text_at(path.span, scalar.text.trim_matches('/')),
                    _ => path.clone(),
                };
                (Some(trimmed), suffix)
            })
            .collect(),
    }
}

//! Entry paths of Lambda Function URLs: a URL answers every method and path.

use super::api::function_backend;
use super::{EntryPath, open};
use crate::facts::{Fact, Step};
use crate::graph::Graph;

pub(super) fn paths(graph: &Graph) -> Vec<EntryPath> {
    let urls = graph.lambda.urls.iter();
    urls.filter_map(|url| {
        let resource = graph.resources.get(&url.address)?;
        let mut authentication = Fact::of(url.auth_type.clone(), "`AuthType` of the Function URL");
        authentication.value = authentication.value.and_then(|kind| match kind.as_str() {
            "NONE" => Ok("none".to_owned()),
            "AWS_IAM" => Ok("iam".to_owned()),
            other => Err(crate::input::not_understood(format!("`AuthType` `{other}` is not known"))),
        });
        let mut evidence = vec![Step::new(format!("Function URL `{}`", resource.name), resource.name_span)];
        evidence.extend(authentication.evidence.iter().cloned());
        Some(EntryPath {
            front: url.address.clone(),
            door: url.address.clone(),
            door_span: resource.name_span,
            via: "function_url",
            request: "every request to the Function URL".to_owned(),
            authentication,
            exempt: false,
            internet_facing: Fact::known(true, Vec::new()),
            backends: function_backend(&url.function),
            backends_open: open(&url.function.function),
            evidence,
        })
    })
    .collect()
}

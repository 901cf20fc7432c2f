//! Groups of instances, and what they launch.

use serde_json::Value;

use crate::input::config_items::item::{Made, Recorded, at, pascal, plain};

const GROUP: &[(&str, &str)] = &[
    ("autoScalingGroupName", "AutoScalingGroupName"),
    ("launchConfigurationName", "LaunchConfigurationName"),
    ("healthCheckType", "HealthCheckType"),
];

/// Targets that are attached as traffic sources are not recorded.
pub(super) fn group(item: &Recorded<'_>) -> Made {
    let subnets: Vec<&str> = item.text("vpczoneIdentifier").into_iter().flat_map(|text| text.split(',')).collect();
    let subnets: Vec<&str> = subnets.into_iter().map(str::trim).filter(|subnet| !subnet.is_empty()).collect();
    let made = item.resource(item.kind).named(item.text("autoScalingGroupName")).means("Arn", Some(&item.arn()));
    let made = made.take(item.configuration, GROUP);
    let made = made.maybe("VPCZoneIdentifier", (!subnets.is_empty()).then_some(subnets));
    let made = made.maybe("LaunchTemplate", item.get("launchTemplate").map(specification));
    let made = made.maybe("MixedInstancesPolicy", item.get("mixedInstancesPolicy.launchTemplate").map(mixed));
    let sizes = [("minSize", "MinSize"), ("maxSize", "MaxSize"), ("desiredCapacity", "DesiredCapacity")];
    let made = sizes.iter().fold(made, |made, (path, property)| {
        made.maybe(property, item.get(path).and_then(Value::as_i64).map(|size| size.to_string()))
    });
    let lists = [
        ("availabilityZones", "AvailabilityZones"),
        ("targetGroupARNs", "TargetGroupARNs"),
        ("loadBalancerNames", "LoadBalancerNames"),
    ];
    let made = lists.iter().fold(made, |made, (path, property)| made.maybe(property, texts(item.list(path))));
    made.unread(&["TrafficSources"], "autoscaling:DescribeTrafficSources")
}

/// Texts of a list; `None` when there are none.
pub(super) fn texts(items: &[Value]) -> Option<Vec<Value>> {
    let texts: Vec<Value> = items.iter().filter_map(|item| plain(item).cloned()).collect();
    (!texts.is_empty()).then_some(texts)
}

/// A template is named by its id; its name is left out where the id is told.
fn specification(value: &Value) -> Value {
    let mut shaped = pascal(value);
    if let Some(members) = shaped.as_object_mut().filter(|members| members.contains_key("LaunchTemplateId")) {
        members.remove("LaunchTemplateName");
    }
    shaped
}

fn mixed(template: &Value) -> Value {
    let own = at(template, "launchTemplateSpecification").map(specification);
    let overrides = at(template, "overrides").and_then(Value::as_array).into_iter().flatten().map(|one| {
        let mut members = serde_json::Map::new();
        if let Some(kind) = at(one, "instanceType") {
            members.insert("InstanceType".to_owned(), kind.clone());
        }
        if let Some(template) = at(one, "launchTemplateSpecification") {
            members.insert("LaunchTemplateSpecification".to_owned(), specification(template));
        }
        Value::Object(members)
    });
    let overrides: Vec<Value> = overrides.collect();
    let mut members = serde_json::Map::new();
    if let Some(own) = own {
        members.insert("LaunchTemplateSpecification".to_owned(), own);
    }
    if !overrides.is_empty() {
        members.insert("Overrides".to_owned(), overrides.into());
    }
    serde_json::json!({ "LaunchTemplate": members })
}

const CONFIGURATION: &[(&str, &str)] = &[
    ("launchConfigurationName", "LaunchConfigurationName"),
    ("imageId", "ImageId"),
    ("instanceType", "InstanceType"),
    ("keyName", "KeyName"),
    ("associatePublicIpAddress", "AssociatePublicIpAddress"),
    ("iamInstanceProfile", "IamInstanceProfile"),
];

/// User data is left out, because secrets are often written there.
pub(super) fn configuration(item: &Recorded<'_>) -> Made {
    let made = item.resource(item.kind).named(item.text("launchConfigurationName")).means("Arn", Some(&item.arn()));
    let made = made.take(item.configuration, CONFIGURATION);
    let made = made.set("SecurityGroups", texts(item.list("securityGroups")).unwrap_or_default());
    made.maybe("MetadataOptions", item.get("metadataOptions").map(pascal))
}

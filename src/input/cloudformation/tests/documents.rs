//! Documents written as text: they become structure, and their spans point into the text.

use super::*;

/// The property `PolicyDocument`, and what each of its `Action`s covers in the file.
fn policy(expression: &str) -> (String, Vec<String>) {
    let text = format!(
        "Parameters:\n  Name: {{Type: String, Default: shop}}\n  Open: {{Type: String}}\nResources:\n  Role: {{Type: 'AWS::IAM::Role'}}\n  X:\n    Type: A::B::C\n    Properties:\n      PolicyDocument: {expression}\n"
    );
    let (sources, evaluation) = evaluate_text(&text);
    let found = evaluation.resources.iter().find(|resource| &*resource.name == "X").unwrap();
    let document = found.properties.as_map().unwrap().get("PolicyDocument").unwrap();
    let mut spans = Vec::new();
    if let Some(Value { kind: Kind::List(statements), .. }) = document.as_map().and_then(|map| map.get("Statement")) {
        for statement in statements {
            let map = statement.as_map().unwrap();
            spans.extend(map.get("Action").map(|action| sources.slice(action.span)));
            spans.extend(map.get("Resource").map(|action| sources.slice(action.span)));
        }
    }
    (shown(document), spans)
}

#[test]
fn json_text_becomes_structure() {
    let (value, spans) = policy(r#"'{"Statement": [{"Action": "s3:*", "Resource": "*"}]}'"#);
    assert_eq!(value, "{Statement: [{Action: s3:*, Resource: *}]}");
    assert_eq!(spans, ["\"s3:*\"", "\"*\""]);
}

#[test]
fn a_block_scalar_keeps_its_lines() {
    let (value, spans) =
        policy("|\n        {\n          \"Statement\": [\n            {\"Action\": \"s3:*\"}\n          ]\n        }");
    assert_eq!(value, "{Statement: [{Action: s3:*}]}");
    assert_eq!(spans, ["\"s3:*\""]);
}

#[test]
fn substituted_text_keeps_its_references_and_places() {
    let text = "!Sub |\n        {\"Statement\": [\n          {\"Action\": \"s3:${Name}\", \"Resource\": \"${Role.Arn}\"},\n          {\"Action\": \"${!x}\", \"Resource\": \"arn:aws:iam::${AWS::AccountId}:${Open}\"}\n        ]}";
    let (value, spans) = policy(text);
    assert_eq!(
        value,
        "{Statement: [{Action: s3:shop, Resource: ${Role.Arn}}, {Action: ${x}, Resource: arn:aws:iam::${AWS::AccountId}:?}]}"
    );
    assert_eq!(spans, ["\"s3:${Name}\"", "\"${Role.Arn}\"", "\"${!x}\"", "\"arn:aws:iam::${AWS::AccountId}:${Open}\""]);
    let long =
        "\n        Fn::Sub:\n          - '{\"Statement\": [{\"Action\": \"${a}${Name}\"}]}'\n          - {a: 'x:'}";
    let (value, spans) = policy(long);
    assert_eq!(value, "{Statement: [{Action: x:shop}]}");
    assert_eq!(spans, ["\"${a}${Name}\""]);
}

#[test]
fn joined_text_is_structure_at_its_call() {
    let (value, spans) = policy("!Join ['', ['{\"Statement\": [{\"Action\": \"', !Ref Role, '\"}]}']]");
    assert_eq!(value, "{Statement: [{Action: ${Role}}]}");
    assert!(spans[0].contains("{\"Statement\""), "{spans:?}");
}

#[test]
fn keys_and_bare_values_may_be_references() {
    let (value, _) = policy(r#"!Sub '{"Condition": {"${Role}:sub": 1}, "Port": ${Open}, "Who": ${Role}}'"#);
    assert!(value.starts_with("{Condition: {${Role}:sub: 1}, Port: unknown: parameter `Open`"), "{value}");
    assert!(value.ends_with("Who: ${Role}}"), "{value}");
}

#[test]
fn what_is_no_json_stays_text() {
    assert_eq!(policy("plain").0, "plain");
    assert_eq!(policy("'{\"a\": '").0, "{\"a\": ");
}

use serde_json::{Value as Json, json};

use super::*;
use crate::input::Format;
use crate::input::terraform::map::Mapper;
use crate::source::SourceMap;

/// The document of arguments that are written as JSON.
fn rendered(arguments: &Json) -> Json {
    let sources = SourceMap::default();
    let text = arguments.to_string();
    let span = Span::new(sources.add("main.tf", text.clone()), 0, text.len());
    let arguments = structure(&Value::text(span, text)).unwrap();
    shown(&document(&arguments))
}

fn shown(document: &Value) -> Json {
    let sources = SourceMap::default();
    Mapper::new(&sources, ".", Format::Terraform, &[]).json(document).to_json()
}

#[test]
fn blocks_become_statements_as_the_provider_writes_them() {
    let document = rendered(&json!({"statement": [
        {
            "sid": "Write",
            "actions": ["s3:GetObject", "s3:PutObject", "s3:GetObject"],
            "resources": ["arn:aws:s3:::b/&{aws:username}/*"],
            "condition": [
                {"test": "StringEquals", "variable": "aws:PrincipalTag/a", "values": ["&{aws:b}"]},
                {"test": "StringEquals", "variable": "aws:PrincipalTag/c", "values": ["1", "2"]},
                {"test": "StringEquals", "variable": "aws:PrincipalTag/a", "values": ["3"]}
            ]
        },
        {"effect": "Deny", "not_actions": ["iam:*"], "not_resources": ["*"], "sid": ""}
    ]}));
    let wanted = json!({"Version": "2012-10-17", "Statement": [
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject"],
            "Resource": "arn:aws:s3:::b/${aws:username}/*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/a": ["${aws:b}", "3"], "aws:PrincipalTag/c": ["1", "2"]}}
        },
        {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "*"}
    ]});
    assert_eq!(document, wanted);
}

#[test]
fn principals_are_grouped_by_type_and_only_a_lone_star_is_everyone() {
    let of = |principals: Json| {
        let document = rendered(&json!({"statement": [{"actions": ["a:b"], "principals": principals}]}));
        document["Statement"][0]["Principal"].clone()
    };
    let service = json!({"type": "Service", "identifiers": ["lambda.amazonaws.com"]});
    assert_eq!(of(json!([service])), json!({"Service": "lambda.amazonaws.com"}));
    assert_eq!(of(json!([{"type": "*", "identifiers": ["*"]}])), json!("*"));
    assert_eq!(of(json!([{"type": "AWS", "identifiers": ["*"]}])), json!({"AWS": "*"}));
    let more = json!({"type": "Service", "identifiers": ["ec2.amazonaws.com", "x.amazonaws.com"]});
    let all = json!(["lambda.amazonaws.com", "ec2.amazonaws.com", "x.amazonaws.com"]);
    let account = json!({"type": "AWS", "identifiers": ["111122223333"]});
    assert_eq!(of(json!([service, more, account])), json!({"Service": all, "AWS": "111122223333"}));
    assert_eq!(of(json!([])), Json::Null);
}

#[test]
fn statements_of_one_id_replace_each_other_in_place() {
    let policy = |sid: &str, action: &str| {
        json!({"Version": "2008-10-17", "Statement": {"Sid": sid, "Effect": "Allow", "Action": action}}).to_string()
    };
    let document = rendered(&json!({
        "source_policy_documents": [policy("A", "s:a"), policy("", "s:plain")],
        "statement": [{"sid": "B", "actions": ["own:b"]}, {"actions": ["own:plain"]}],
        "override_policy_documents": [policy("A", "o:a"), policy("C", "o:c"), null, ""],
        "policy_id": "id"
    }));
    let actions: Vec<_> = document["Statement"].as_array().unwrap().iter().map(|it| it["Action"].clone()).collect();
    assert_eq!(actions, ["o:a", "s:plain", "own:b", "own:plain", "o:c"]);
    assert_eq!((&document["Id"], &document["Version"]), (&json!("id"), &json!("2012-10-17")));
    let older = rendered(&json!({"source_json": policy("A", "s:a"), "override_json": policy("A", "o:a")}));
    assert_eq!(older["Statement"], json!([{"Sid": "A", "Effect": "Allow", "Action": "o:a"}]));
    assert_eq!(rendered(&json!({})), json!({"Version": "2012-10-17"}));
}

#[test]
fn what_may_be_overridden_or_is_not_read_is_unknown() {
    let sources = SourceMap::default();
    let span = Span::new(sources.add("main.tf", ""), 0, 0);
    let member = |key: &str, value: Value| Member { key: Arc::from(key), key_span: span, value };
    let object = |members: Vec<Member>| Value::object(span, Object::new(members));
    let open = || Value::unknown(span, Reason::Variable(Arc::from("x")), None);
    let actions = |action: &str| member("actions", Value::list(span, [Value::text(span, action)]));
    let named = object(vec![member("sid", Value::text(span, "A")), actions("a:a")]);
    let unnamed = object(vec![actions("b:b")]);
    let foreign = object(vec![member("sid", open()), actions("c:c")]);
    let statements = member("statement", Value::list(span, [named.clone(), unnamed, foreign]));
    let shown = shown(&document(&object(vec![statements])));
    let reason = json!({"unknown": "variable `x` has no value; give it with `--var x=…`"});
    assert_eq!(shown["Statement"][0], reason);
    assert_eq!(shown["Statement"][1]["Action"], "b:b");
    assert_eq!(shown["Statement"][2]["Action"], "c:c");
    let unread = member("override_policy_documents", Value::list(span, [open()]));
    let shown = super::tests::shown(&document(&object(vec![member("statement", named), unread])));
    assert_eq!(shown["Statement"], json!([reason, reason]));
}

#[test]
fn statements_keep_their_places() {
    let sources = SourceMap::default();
    let text = r#"{"statement": [{"actions": ["a:a"]}, {"actions": ["b:b"]}]}"#;
    let span = Span::new(sources.add("main.tf", text), 0, text.len());
    let written = Value::new(
        span,
        Kind::Text(Text { text: text.into(), pieces: Some([super::super::value::Piece { start: 0, span }].into()) }),
    );
    let document = document(&structure(&written).unwrap());
    let Kind::Json(inner) = &document.kind else { panic!("a document") };
    let statements = inner.get("Statement").and_then(Value::elements).unwrap();
    assert_eq!(sources.slice(statements[1].span), r#"{"actions": ["b:b"]}"#);
    assert_eq!(sources.slice(statements[1].get("Action").unwrap().span), r#""b:b""#);
}

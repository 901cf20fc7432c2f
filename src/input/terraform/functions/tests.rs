use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::input::terraform::value::{Member, Part};
use crate::source::SourceMap;

struct NoFiles;

impl Host for NoFiles {
    fn read(&self, _: &str) -> Result<Content, Unread> {
        Err(Unread::Absent)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, Unread> {
        Err(Unread::Absent)
    }

    fn render(&self, _: Template<'_>, _: &Arc<Object>, _: Span) -> Result<Value, CallError> {
        Err(CallError { argument: None, message: "no templates".to_owned() })
    }
}

fn span() -> Span {
    Span::new(SourceMap::default().add("test", ""), 0, 0)
}

fn text(known: &str) -> Value {
    Value::text(span(), known)
}

fn number(known: i128) -> Value {
    Value::new(span(), Kind::Number(Number::Whole(known)))
}

fn list(items: Vec<Value>) -> Value {
    Value::list(span(), items)
}

fn object(members: Vec<(&str, Value)>) -> Value {
    let member = |(key, value): (&str, Value)| Member { key: Arc::from(key), key_span: span(), value };
    Value::object(span(), Object::new(members.into_iter().map(member).collect()))
}

fn unknown(name: &str) -> Value {
    Value::unknown(span(), Reason::Variable(Arc::from(name)), Some(Arc::from(format!("var.{name}"))))
}

fn attribute(instance: &str, path: &str) -> Value {
    let kind = instance.split('.').next().unwrap_or_default();
    let attribute = Attribute { instance: Arc::from(instance), kind: Arc::from(kind), path: Arc::from(path) };
    Value::new(span(), Kind::Attribute(Arc::new(attribute)))
}

fn partial(parts: Vec<Value>) -> Value {
    let part = |value: Value| match value.kind {
        Kind::Text(text) => Part::Literal(text, value.span),
        _ => Part::Value(value),
    };
    Value::new(span(), Kind::Partial(parts.into_iter().map(part).collect()))
}

/// What a call gives, in short: literals as JSON, `@a.b.id` for an attribute, `?symbol` for what is not known.
fn shown(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(known) => known.to_string(),
        Kind::Number(known) => known.to_string(),
        Kind::Text(text) => format!("{:?}", text.text),
        Kind::Partial(parts) => {
            let mut written = String::from("`");
            for part in parts.iter() {
                match part {
                    Part::Literal(text, _) => written.push_str(&text.text),
                    Part::Value(value) => write!(written, "{{{}}}", shown(value)).unwrap(),
                }
            }
            written + "`"
        }
        Kind::Json(inner) => format!("json({})", shown(inner)),
        Kind::List(items) => format!("[{}]", all(items)),
        Kind::Set(items) => format!("set[{}]", all(items)),
        Kind::Object(object) => {
            let members = object.members().iter().map(|member| format!("{} = {}", member.key, shown(&member.value)));
            let open = object.open.iter().map(|_| "...".to_owned());
            format!("{{{}}}", members.chain(open).collect::<Vec<_>>().join(", "))
        }
        Kind::Attribute(_) => format!("@{}", symbol::of(value).unwrap()),
        Kind::Rest(unknown) => {
            let element = unknown.element.as_ref().map(|element| format!(": {}", shown(element)));
            format!("...{}{}", unknown.symbol.as_deref().unwrap_or("?"), element.unwrap_or_default())
        }
        Kind::Unknown(unknown) => format!("?{}", unknown.symbol.as_deref().unwrap_or_default()),
    }
}

fn called(name: &str, arguments: Vec<Value>) -> Value {
    call(name, arguments, span(), &NoFiles).unwrap()
}

fn is(name: &str, arguments: Vec<Value>) -> String {
    shown(&called(name, arguments))
}

fn refused(name: &str, arguments: Vec<Value>) -> String {
    call(name, arguments, span(), &NoFiles).unwrap_err().message
}

#[test]
fn lists_keep_what_is_known_of_them() {
    let more = || unknown("more");
    assert_eq!(is("concat", vec![list(vec![text("a")]), more(), list(vec![text("b")])]), r#"["a", ...var.more, "b"]"#);
    assert_eq!(is("concat", vec![more(), list(vec![])]), "[...var.more]");
    assert_eq!(is("concat", vec![more()]), "?var.more");
    let open = || called("concat", vec![list(vec![text("a")]), more(), list(vec![text("b")])]);
    assert_eq!(is("element", vec![open(), number(0)]), "\"a\"");
    assert_eq!(is("element", vec![open(), number(1)]), r#"?element(["a", var.more..., "b"], 1)"#);
    assert_eq!(is("element", vec![list(vec![text("a")]), unknown("i")]), "\"a\"");
    assert_eq!(is("element", vec![list(vec![text("a"), text("b")]), unknown("i")]), r#"?element(["a", "b"], var.i)"#);
    assert_eq!(is("slice", vec![more(), number(0), number(2)]), "[?var.more[0], ?var.more[1]]");
    assert_eq!(is("slice", vec![attribute("aws_a.b", "zones"), number(1), number(2)]), "[@aws_a.b.zones.1]");
    assert_eq!(is("slice", vec![open(), number(0), number(2)]), r#"["a", ?]"#);
    assert_eq!(is("length", vec![list(vec![unknown("a"), unknown("b")])]), "2");
    assert_eq!(is("length", vec![more()]), "?length(var.more)");
    assert_eq!(is("length", vec![open()]), r#"?length(["a", var.more..., "b"])"#);
    assert_eq!(is("contains", vec![list(vec![unknown("x"), text("a")]), text("a")]), "true");
    assert_eq!(is("contains", vec![list(vec![unknown("x")]), text("a")]), r#"?contains([var.x], "a")"#);
    assert_eq!(is("flatten", vec![list(vec![list(vec![text("a")]), more()])]), r#"["a", ...var.more]"#);
    assert_eq!(
        is("compact", vec![list(vec![text(""), unknown("x"), text("a")])]),
        r#"[...compact(["", var.x, "a"]): ?var.x, "a"]"#
    );
    assert_eq!(is("distinct", vec![list(vec![unknown("x"), unknown("x")])]), "[?var.x]");
    assert_eq!(is("distinct", vec![list(vec![text("a"), unknown("x"), text("a")])]), r#"set["a", ...?: ?var.x]"#);
    assert_eq!(is("reverse", vec![open()]), r#"["b", ...var.more, "a"]"#);
    assert_eq!(is("one", vec![list(vec![unknown("x")])]), "?var.x");
    assert_eq!(is("one", vec![called("concat", vec![list(vec![text("a")]), more()])]), "\"a\"");
    assert_eq!(is("alltrue", vec![list(vec![unknown("x"), Value::new(span(), Kind::Bool(false))])]), "false");
    assert_eq!(is("sort", vec![list(vec![attribute("a.b", "id"), text("a")])]), r#"set[@a.b.id, "a"]"#);
    assert_eq!(is("coalesce", vec![text(""), text("a"), unknown("x")]), "\"a\"");
    assert_eq!(is("coalesce", vec![unknown("x"), text("a")]), r#"?coalesce(var.x, "a")"#);
    assert_eq!(is("coalescelist", vec![list(vec![]), list(vec![unknown("x")])]), "[?var.x]");
}

#[test]
fn maps_keep_what_is_known_of_them() {
    let tags = || object(vec![("Name", text("x"))]);
    let merged = called("merge", vec![unknown("tags"), tags()]);
    assert_eq!(shown(&merged), r#"{Name = "x", ...}"#);
    // A later map may say otherwise.
    let doubted = r#"{Name = ?merge({Name = "x"}, var.tags)["Name"], ...}"#;
    assert_eq!(is("merge", vec![tags(), unknown("tags")]), doubted);
    assert_eq!(is("lookup", vec![merged.clone(), text("Name"), text("d")]), "\"x\"");
    assert_eq!(
        is("lookup", vec![merged.clone(), text("Team"), text("d")]),
        r#"?lookup({Name = "x", var.tags...}, "Team", "d")"#
    );
    assert_eq!(is("keys", vec![merged.clone()]), r#"set["Name", ...var.tags]"#);
    assert_eq!(is("length", vec![merged]), r#"?length({Name = "x", var.tags...})"#);
    assert_eq!(is("zipmap", vec![list(vec![text("a")]), unknown("v")]), "{a = ?var.v[0]}");
    assert_eq!(is("zipmap", vec![unknown("k"), list(vec![text("a")])]), r#"?zipmap(var.k, ["a"])"#);
}

#[test]
fn sets_keep_references_apart() {
    let id = |name: &str| attribute(name, "id");
    assert_eq!(is("toset", vec![list(vec![id("a.b"), id("a.c"), id("a.b")])]), "set[@a.b.id, @a.c.id]");
    assert_eq!(is("length", vec![called("toset", vec![list(vec![id("a.b"), id("a.c")])])]), "2");
    let unsure = called("toset", vec![list(vec![text("a"), unknown("x")])]);
    assert_eq!(is("length", vec![unsure]), r#"?length(toset(["a", var.x]))"#);
    assert_eq!(is("setunion", vec![list(vec![text("a")]), unknown("x")]), r#"set["a", ...var.x]"#);
    assert_eq!(is("setsubtract", vec![list(vec![text("a"), text("b")]), list(vec![text("a")])]), r#"set["b"]"#);
    assert_eq!(
        is("setsubtract", vec![list(vec![id("a.b")]), list(vec![unknown("x")])]),
        "set[...setsubtract(toset([a.b.id]), toset([var.x])): @a.b.id]"
    );
    assert_eq!(
        is("setintersection", vec![list(vec![id("a.b"), text("x")]), list(vec![id("a.b")])]),
        r#"set[...setintersection(toset(["x", a.b.id]), toset([a.b.id])): "x", @a.b.id]"#
    );
}

#[test]
fn text_keeps_its_references() {
    let arn = || attribute("aws_s3_bucket.b", "arn");
    let objects = || partial(vec![arn(), text("/Logs")]);
    assert_eq!(is("join", vec![text(""), list(vec![arn()])]), "@aws_s3_bucket.b.arn");
    assert_eq!(is("join", vec![text("/"), list(vec![arn(), text("x")])]), "`{@aws_s3_bucket.b.arn}/x`");
    assert_eq!(is("format", vec![text("%s/*"), arn()]), "`{@aws_s3_bucket.b.arn}/*`");
    assert_eq!(
        is("formatlist", vec![text("%s/*"), list(vec![arn(), unknown("x")])]),
        "[`{@aws_s3_bucket.b.arn}/*`, `{?var.x}/*`]"
    );
    assert_eq!(is("tostring", vec![arn()]), "@aws_s3_bucket.b.arn");
    assert_eq!(is("lower", vec![objects()]), "`{?lower(aws_s3_bucket.b.arn)}/logs`");
    assert_eq!(is("trimsuffix", vec![objects(), text("/Logs")]), "@aws_s3_bucket.b.arn");
    assert_eq!(
        is("trimsuffix", vec![objects(), text("x/Logs")]),
        r#"?trimsuffix("${aws_s3_bucket.b.arn}/Logs", "x/Logs")"#
    );
    assert_eq!(is("trimspace", vec![partial(vec![arn(), text("/x \n")])]), "`{@aws_s3_bucket.b.arn}/x`");
    assert_eq!(
        is("replace", vec![objects(), text("/"), text("-")]),
        r#"`{?replace(aws_s3_bucket.b.arn, "/", "-")}-Logs`"#
    );
    assert_eq!(is("replace", vec![text("NAME/x"), text("NAME"), arn()]), "`{@aws_s3_bucket.b.arn}/x`");
    assert_eq!(is("replace", vec![text("NAME"), text("NAME"), arn()]), "@aws_s3_bucket.b.arn");
    assert_eq!(is("replace", vec![text("a/x"), text("NAME"), unknown("x")]), "\"a/x\"");
    let document = || called("jsonencode", vec![object(vec![("A", arn()), ("B", text("NAME"))])]);
    assert_eq!(
        is("replace", vec![document(), text("NAME"), text("x")]),
        r#"`{"A":"{?replace(aws_s3_bucket.b.arn, "NAME", "x")}","B":"x"}`"#
    );
    for wanted in ["\"B", "b\",", ""] {
        assert!(is("replace", vec![document(), text(wanted), text("x")]).starts_with("?replace"), "{wanted}");
    }
    let between = partial(vec![arn(), text("A"), arn()]);
    assert!(is("replace", vec![between, text("NAME"), text("x")]).starts_with("?replace"));
    let glued = partial(vec![text("a/b"), arn(), text("c/d")]);
    assert_eq!(is("split", vec![text("/"), glued]), r#"["a", ...split("/", "a/b${aws_s3_bucket.b.arn}c/d"), "d"]"#);
    let function = || attribute("aws_lambda_function.f", "arn");
    let named = called("element", vec![called("split", vec![text(":"), function()]), number(6)]);
    assert_eq!(shown(&named), "@aws_lambda_function.f.function_name");
    assert_eq!(is("length", vec![called("split", vec![text(":"), function()])]), "7");
    assert!(is("split", vec![text("/"), function()]).starts_with("?split"));
    assert_eq!(
        is("cidrsubnets", vec![unknown("cidr"), number(4), number(4)]),
        "[?cidrsubnets(var.cidr, 4, 4)[0], ?cidrsubnets(var.cidr, 4, 4)[1]]"
    );
    assert_eq!(is("startswith", vec![partial(vec![text("arn:"), arn()]), text("arn")]), "true");
    assert_eq!(is("endswith", vec![objects(), text("/logs")]), "false");
    assert_eq!(is("strcontains", vec![objects(), text("Log")]), "true");
    assert_eq!(is("substr", vec![partial(vec![text("abcd"), arn()]), number(0), number(2)]), "\"ab\"");
    assert_eq!(is("md5", vec![arn()]), "?md5(aws_s3_bucket.b.arn)");
    assert_eq!(is("indent", vec![number(2), partial(vec![arn(), text("\nx")])]), "`{@aws_s3_bucket.b.arn}\n  x`");
}

#[test]
fn documents_keep_their_structure() {
    let policy = || object(vec![("Resource", attribute("a.b", "arn")), ("Action", unknown("actions"))]);
    assert_eq!(is("jsonencode", vec![policy()]), "json({Action = ?var.actions, Resource = @a.b.arn})");
    let encoded = called("jsonencode", vec![policy()]);
    assert_eq!(is("jsondecode", vec![encoded.clone()]), "{Action = ?var.actions, Resource = @a.b.arn}");
    assert_eq!(is("format", vec![text("x%s"), encoded]), r#"`x{"Action":{?var.actions},"Resource":"{@a.b.arn}"}`"#);
    let written = partial(vec![
        text("{\"a\": \"x-"),
        attribute("a.b", "id"),
        text("\", \"b\": [1.0, "),
        unknown("n"),
        text("]}"),
    ]);
    assert_eq!(is("jsondecode", vec![written]), "{a = `x-{@a.b.id}`, b = [1, ?var.n]}");
    assert_eq!(is("length", vec![called("jsonencode", vec![list(vec![])])]), "2");
    let yaml = partial(vec![text("a: "), attribute("a.b", "id"), text("\nb: yes\n")]);
    assert_eq!(is("yamldecode", vec![yaml]), "{a = @a.b.id, b = true}");
}

#[test]
fn what_changes_a_value_forgets_where_it_is_from() {
    let attribute = Arc::new(Attribute { instance: Arc::from("a.b"), kind: Arc::from("a"), path: Arc::from("name") });
    let named = || {
        let mut named = text("Name");
        named.origin = Some(Arc::clone(&attribute));
        named
    };
    assert!(called("tostring", vec![named()]).origin.is_some());
    assert!(called("coalesce", vec![text(""), named()]).origin.is_some());
    assert!(called("join", vec![text(""), list(vec![named()])]).origin.is_some());
    for (name, arguments) in [
        ("lower", vec![named()]),
        ("join", vec![text("-"), list(vec![named(), text("x")])]),
        ("format", vec![text("%s-x"), named()]),
        ("replace", vec![named(), text("N"), text("n")]),
        ("trimsuffix", vec![named(), text("e")]),
        ("jsonencode", vec![named()]),
    ] {
        assert!(called(name, arguments).origin.is_none(), "{name}");
    }
}

#[test]
fn a_refusal_names_the_function_and_the_argument() {
    assert_eq!(refused("upper", vec![list(vec![])]), "`upper`: a string is required");
    assert_eq!(refused("upper", vec![]), "`upper`: takes 1 argument, not 0");
    assert_eq!(refused("nope", vec![]), "there is no function named `nope`");
    let error = call("cidrsubnet", vec![text("10.0.0.0/16"), number(8), number(300)], span(), &NoFiles).unwrap_err();
    assert_eq!((error.argument, error.message.as_str()), (Some(2), "`cidrsubnet`: needs more bits"));
    assert_eq!(is("provider::x::y", vec![text("a")]), r#"?provider::x::y("a")"#);
}

#[test]
fn what_only_a_deployment_knows_is_unknown() {
    assert_eq!(is("timestamp", vec![]), "?timestamp()");
    // Two calls are two values.
    assert_eq!(is("uuid", vec![]), "?");
    assert_eq!(is("cidrsubnet", vec![unknown("cidr"), number(8), number(1)]), "?cidrsubnet(var.cidr, 8, 1)");
}

#[test]
fn functions_of_old_configurations_make_lists_and_maps() {
    assert_eq!(is("list", vec![text("a"), unknown("b")]), r#"["a", ?var.b]"#);
    assert_eq!(is("map", vec![text("b"), number(1), text("a"), unknown("x")]), "{a = ?var.x, b = 1}");
    assert_eq!(is("map", vec![unknown("key"), number(1)]), r"?map(var.key, 1)");
    assert_eq!(refused("map", vec![text("a")]), "`map`: takes keys and values in turn");
}

mod laws;

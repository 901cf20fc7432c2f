//! What both syntaxes promise, and the laws that hold for any text.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::embedded::TextMap;
use super::*;

fn parsed(text: &str) -> (SourceMap, Parsed) {
    let sources = SourceMap::default();
    let file = sources.add("t.yaml", text);
    let parsed = parse(&sources, file, Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"));
    (sources, parsed)
}

fn refused(text: &str) -> String {
    let sources = SourceMap::default();
    let file = sources.add("t.yaml", text);
    let error = parse(&sources, file, Limits::default()).expect_err("refused");
    format!("{} {}", sources.position(error.span), error.message)
}

fn document(text: &str) -> (SourceMap, Node) {
    let (sources, mut parsed) = parsed(text);
    assert_eq!(parsed.documents.len(), 1);
    (sources, parsed.documents.remove(0))
}

/// The tree without spans: `{key: value}`, `[item]`, plain scalars bare, others quoted, tags in front.
fn shape(node: &Node) -> String {
    let tag = node.tag.as_ref().map_or_else(String::new, |tag| format!("{} ", tag.name));
    let value = match &node.value {
        NodeValue::Null => "null".to_owned(),
        NodeValue::Scalar(scalar) if scalar.plain => scalar.text.to_string(),
        NodeValue::Scalar(scalar) => format!("\"{}\"", scalar.text),
        NodeValue::Seq(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| format!("{}: {}", entry.key, shape(&entry.value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    };
    tag + &value
}

#[test]
fn json_and_yaml_give_the_same_tree() {
    let json = r#"{"a": [1, "x", null, true, {}], "b": {"c": "é\n\ud83d\ude00\/"}, "d": []}"#;
    let yaml = "a:\n- 1\n- 'x'\n- ~\n- true\n- {}\nb:\n  c: \"é\\n😀/\"\nd: []\n";
    assert_eq!(shape(&document(json).1), shape(&document(yaml).1));
}

#[test]
fn plain_scalars_keep_their_text() {
    let (_, node) = document("[ON, yes, 0123, 012345678901, 1e3, ~, null, Null, nULL, '~', !!str 1, !!int '2']");
    assert_eq!(shape(&node), r#"[ON, yes, 0123, 012345678901, 1e3, null, null, null, nULL, "~", "1", 2]"#);
}

#[test]
fn tags_stay_on_what_they_tag() {
    let text = "A: !Ref B\nC: !Base64\n  Fn::Sub: x\nD: !If [a, !GetAtt b.c, !Sub [d, {}]]\nE: !GetAZs\n";
    let (sources, node) = document(text);
    assert_eq!(
        shape(&node),
        "{A: !Ref B, C: !Base64 {Fn::Sub: x}, D: !If [a, !GetAtt b.c, !Sub [d, {}]], E: !GetAZs null}"
    );
    let tag = node.get("C").and_then(|node| node.tag.clone()).expect("tagged");
    assert_eq!(sources.slice(tag.span), "!Base64");
    assert_eq!(sources.slice(node.get("C").expect("there").span), "Fn::Sub: x");
}

#[test]
fn spans_cover_a_value_and_nothing_else() {
    let text = "A:   x   # comment\nB: \"q\"  \nC: |  # header\n  one\n\n  two\n\n# after\nD: {a: 1 }  \nE:\n  - 1\n  - f: 2\nF: # c\n- x\n# c\n- y\n- \n\nG:\nH: >\nI: z\n";
    let (sources, node) = document(text);
    let slice = |key: &str| sources.slice(node.get(key).expect("member").span);
    assert_eq!(slice("A"), "x");
    assert_eq!(slice("B"), "\"q\"");
    assert_eq!(slice("C"), "|  # header\n  one\n\n  two");
    assert_eq!(slice("D"), "{a: 1 }");
    assert_eq!(slice("E"), "- 1\n  - f: 2");
    assert_eq!(slice("F"), "- x\n# c\n- y\n-");
    assert_eq!(slice("G"), "");
    assert_eq!(sources.position(node.get("G").expect("member").span).to_string(), "19:3");
    assert_eq!(slice("H"), ">");
    assert_eq!(sources.slice(node.span), text.trim_end());
}

#[test]
fn byte_order_mark_and_crlf_do_not_move_spans() {
    for text in
        ["\u{feff}A: é\r\nB: x\r\n", "\u{feff}{\r\n\"A\": \"é\",\r\n\"B\": x}", "\u{feff}{\"A\":1,\r\n\"B\": \"x\"}"]
    {
        let (sources, node) = document(text);
        let entry = node.entry("B").expect("member");
        assert!(sources.slice(entry.key_span).contains('B'));
        assert!(sources.slice(entry.value.span).contains('x'));
        assert_eq!(
            Some(sources.position(entry.key_span).line),
            text.lines().position(|line| line.contains('B')).and_then(|line| u32::try_from(line + 1).ok())
        );
    }
}

#[test]
fn last_duplicate_wins_and_is_recorded() {
    let many = (0..40).map(|n| format!("k{n}: {n}")).collect::<Vec<_>>().join("\n") + "\n";
    for text in
        ["a: 1\nb: 2\na: 3\n".to_owned(), r#"{"a": 1, "b": 2, "a": 3}"#.to_owned(), format!("a: 1\n{many}a: 3\n")]
    {
        let (sources, parsed) = parsed(&text);
        let node = &parsed.documents[0];
        assert_eq!(node.get("a").and_then(Node::as_str), Some("3"));
        assert_eq!(node.as_map().map(|entries| entries.iter().filter(|entry| &*entry.key == "a").count()), Some(1));
        assert_eq!(parsed.duplicates.len(), 1);
        let DuplicateKey { key, first, last } = &parsed.duplicates[0];
        assert_eq!((key.as_str(), first.start < last.start), ("a", true));
        assert!(sources.slice(*last).contains('a'));
    }
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    let text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nname: &n q\nm:\n  <<: [*b, *o]\n  x: 5\nlist: [*b, *n]\n*n : key\n";
    let (_, node) = document(text);
    assert_eq!(shape(node.get("m").expect("member")), "{x: 5, y: 2, z: 4}");
    assert_eq!(shape(node.get("list").expect("member")), "[{x: 1, y: 2}, q]");
    assert_eq!(shape(node.get("q").expect("member")), "key");
    assert_eq!(shape(&document("{'<<': 1}").1), "{<<: 1}");
    assert!(refused("a: &a [*a]").contains("inside of the value that it repeats"));
    assert!(refused("a: 1\n<<: 2").contains("takes a mapping"));
}

#[test]
fn laughs_are_counted() {
    let mut text = "l0: &l0 [lol, lol]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        let _ = writeln!(text, "l{level}: &l{level} [*l{before}, *l{before}, *l{before}]");
    }
    assert!(refused(&text).contains("more than 4000000 values"));
    let long = format!("a: &a '{}'\nb: [{}]", "x".repeat(1_000_000), "*a, ".repeat(20_000));
    assert!(refused(&long).contains("more than 4000000 values"));
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    for text in ["[".repeat(200_000), "{\"a\":".repeat(200_000), "- ".repeat(5_000) + "a", "{a: ".repeat(100_000)] {
        assert!(refused(&text).contains("deeper than 256"), "{}", refused(&text));
    }
    let deep = "[".repeat(256) + &"]".repeat(256);
    assert_eq!(parsed(&deep).1.documents.len(), 1);
}

#[test]
fn quoted_lines_need_no_indentation() {
    let text = "A:\n  B: !Sub '{\n\"a\": ''b'',\n\n  c\n  }'\n  C: \"x\ny\\\n\\\"z\"\nD: e\n";
    let (sources, node) = document(text);
    let inner = node.get("A").and_then(|a| a.get("B")).expect("member");
    assert_eq!(shape(inner), "!Sub \"{ \"a\": 'b',\nc }\"");
    assert_eq!(sources.slice(inner.span), "'{\n\"a\": ''b'',\n\n  c\n  }'");
    assert_eq!(shape(node.get("A").and_then(|a| a.get("C")).expect("member")), r#""x y"z""#);
    assert_eq!(sources.slice(node.entry("D").expect("member").key_span), "D");
}

#[test]
fn comments_may_touch_a_quoted_scalar() {
    let (sources, node) = document("A: 'x'#one\nB: [\"y\"#two\n]\nC: z#no\n");
    assert_eq!(shape(&node), r#"{A: "x", B: ["y"], C: z#no}"#);
    assert_eq!(sources.slice(node.get("B").expect("member").span), "[\"y\"#two\n]");
}

#[test]
fn refusals_name_the_place() {
    assert_eq!(refused("a: b: c"), "1:5 unexpected `:`: quote the text before it, or correct the indentation");
    assert_eq!(refused("{\"a\": 01}, 2"), "1:10 unexpected text behind the end of the document");
    assert_eq!(refused("{\"a\": [1}"), "1:9 expected `,` or `]`, found `}`");
    assert_eq!(refused("? [a]\n: b"), "1:3 a mapping's key must be text");
    assert_eq!(refused("{\"a\": \"\\ud83d\\q\"}"), "1:14 unknown escape");
    assert_eq!(refused("{/* c */\n\"a\": 1}"), "1:2 expected a key in double quotes, found `/`");
}

#[test]
fn several_documents_and_none() {
    assert_eq!(parsed("a: 1\n---\nb: 2\n...\n").1.documents.len(), 2);
    assert_eq!(parsed("# only a comment\n").1.documents.len(), 0);
    assert_eq!(parsed("").1.documents.len(), 0);
}

#[test]
fn embedded_documents_point_into_the_file() {
    let policy = r#"{"Effect": "Allow", "Action": ["s3:*"]}"#;
    let escaped = policy.replace('"', "\\\"");
    for text in [
        format!("P: '{policy}'\n"),
        format!("P: \"{escaped}\"\n"),
        format!("{{\"P\": \"{escaped}\"}}"),
        format!("P: |\n  {}\n", policy.replace(", \"Ac", ",\n  \"Ac")),
        format!("P: >-\n  {}\n", policy.replace(", \"Ac", ",\n\n  \"Ac")),
        format!("P: !Sub '{}'\n", policy.replace(", \"Ac", ",\n\n    \"Ac")),
        format!("P: |2\n   {policy}\n"),
    ] {
        let (sources, node) = document(&text);
        let inner = embedded::parse_embedded(&sources, node.get("P").expect("member"), Limits::default());
        let inner = inner.expect("a scalar").unwrap_or_else(|error| panic!("{error}: {text}"));
        let action = inner.documents[0].get("Action").and_then(Node::as_seq).expect("list")[0].clone();
        assert_eq!(sources.slice(action.span).trim_matches(['\\', '"']), "s3:*", "{text}");
        let effect = inner.documents[0].entry("Effect").expect("member").key_span;
        assert!(sources.slice(effect).contains("Effect"), "{text}");
    }
}

#[test]
fn an_error_in_an_embedded_document_points_into_the_file() {
    let (sources, node) = document("P: |\n  {\n    \"a\": nope\n  }\n");
    let error = embedded::parse_embedded(&sources, node.get("P").expect("member"), Limits::default());
    let position = match error {
        Some(Ok(parsed)) => parsed.documents[0].get("a").map(|node| sources.position(node.span)),
        Some(Err(error)) => Some(sources.position(error.span)),
        None => None,
    };
    assert_eq!(position.expect("a place").to_string(), "3:10");
}

#[test]
fn replaced_placeholders_map_to_themselves() {
    let (sources, node) = document("P: !Sub '{\"a\": \"${X}-b\", \"n\": ${N}}'\n");
    let scalar = node.get("P").expect("member");
    let map = TextMap::new(&sources, scalar.span, scalar.as_str().expect("text"));
    let edits = ["${X}", "${N}"].map(|hole| {
        let at = map.text().find(hole).expect("placeholder");
        (at..at + hole.len(), "12345".to_owned())
    });
    let filled = map.replace(&edits);
    assert_eq!(filled.text(), r#"{"a": "12345-b", "n": 12345}"#);
    let parsed = filled.parse(Limits::default()).expect("valid");
    let slice = |key: &str| sources.slice(parsed.documents[0].get(key).expect("member").span);
    assert_eq!((slice("a").as_str(), slice("n").as_str()), ("\"${X}-b\"", "${N}"));
    assert_eq!(sources.slice(filled.span(12..14)), "-b");
}

#[test]
fn text_from_elsewhere_maps_to_the_whole_span() {
    let (sources, node) = document("P: !Ref Policy\n");
    let span = node.get("P").expect("member").span;
    let map = TextMap::new(&sources, span, "{\"a\": 1}");
    assert_eq!(map.span(2..3), span);
    assert_eq!(map.span(0..0).start, span.start);
}

/// Every scalar of the tree maps back to where it is written, and every span lies within the text.
fn check_spans(sources: &SourceMap, node: &Node) {
    let file = sources.file(node.span.file);
    let slice = |span: Span| file.text.get(span.start as usize..span.end as usize).expect("a slice of the text");
    let written = slice(node.span);
    assert_eq!(written, written.trim_end_matches([' ', '\n']), "trailing white space");
    if let Some(tag) = &node.tag {
        assert!(slice(tag.span).starts_with('!'));
    }
    match &node.value {
        NodeValue::Scalar(scalar) => {
            let map = TextMap::new(sources, node.span, &scalar.text);
            for (at, found) in scalar.text.char_indices().filter(|(_, found)| found.is_ascii_alphanumeric()) {
                let part = slice(map.span(at..at + 1));
                assert!(part == found.to_string() || part.starts_with('\\'), "{written:?} at {at}: {part:?}");
            }
        }
        NodeValue::Seq(items) => items.iter().for_each(|item| check_spans(sources, item)),
        NodeValue::Map(entries) => {
            for entry in entries {
                slice(entry.key_span);
                check_spans(sources, &entry.value);
            }
        }
        NodeValue::Null => {}
    }
}

/// Pieces of YAML and JSON that interact.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "a: ",
        "b:\n",
        "- ",
        "  ",
        "    ",
        "\n",
        "\n",
        "\r\n",
        "x",
        "y z",
        "'q''r'",
        "\"s\\n\\u00e9\"",
        "'",
        "\"",
        "|\n",
        ">-\n",
        "|2\n",
        "# c\n",
        "!Ref ",
        "!Sub ",
        "!!str ",
        "&a ",
        "*a",
        "<<: ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "? ",
        "---\n",
        "...\n",
        "\t",
        "\\",
        "é",
        "\u{feff}",
        "1",
        "null",
        "~",
        "%TAG ! x:\n",
        "\u{85}",
        "\0",
        "\u{2028}",
    ]);
    prop::collection::vec(fragment, 0..30).prop_map(|parts| parts.concat())
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[a-z:#{}\\[\\]'\" \\n]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[a-zA-Z:]{1,6}", inner, 0..5)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_parsed_or_refused(text in fragments()) {
        let sources = SourceMap::default();
        let file = sources.add("t", text.clone());
        match parse(&sources, file, Limits::default()) {
            Ok(parsed) => parsed.documents.iter().for_each(|document| check_spans(&sources, document)),
            Err(error) => prop_assert!(text.get(error.span.start as usize..error.span.end as usize).is_some()),
        }
    }

    #[test]
    fn json_values_come_back(value in json_value(), pretty in any::<bool>(), cut in any::<prop::sample::Index>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let sources = SourceMap::default();
        let file = sources.add("t", text.clone());
        let node = json::parse(file, &text, Limits::default()).expect("valid").documents.remove(0);
        check_spans(&sources, &node);
        prop_assert_eq!(expected(&value), shape(&node));
        let yaml = yaml_serde::to_string(&value).unwrap();
        let file = sources.add("y", yaml.clone());
        // `libyaml`, which writes here, takes these for line breaks; YAML 1.2 does not.
        let same_breaks = !text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
        if let (true, Ok(parsed)) = (same_breaks, yaml::parse(file, &yaml, Limits::default())) {
            check_spans(&sources, &parsed.documents[0]);
            let plain = |text: String| text.replace('"', "");
            prop_assert_eq!(plain(shape(&parsed.documents[0])), plain(expected(&value)), "{}", yaml);
        }
        let mut end = cut.index(text.len() + 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let part = sources.add("part", text.get(..end).unwrap_or_default());
        let _ = parse(&sources, part, Limits::default());
    }
}

fn expected(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => format!("\"{text}\""),
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(expected).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{key}: {}", expected(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[test]
fn columns_count_characters_however_long_a_line_is() {
    let text = "ä1€\n".to_owned() + &"añ€𝄞".repeat(1500) + "\n" + &"b€".repeat(700);
    let sources = SourceMap::default();
    let file = sources.add("long.json", text.as_str());
    let (mut line, mut column) = (1, 1);
    for (at, char) in text.char_indices() {
        let found = sources.position(Span::new(file, at, at));
        assert_eq!((found.line, found.column), (line, column), "at byte {at}");
        (line, column) = if char == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    assert_eq!(sources.position(Span::new(file, text.len(), text.len())).column, column);
}

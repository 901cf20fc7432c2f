use proptest::prelude::*;

use super::*;

/// Reads a text, and drops, compares and copies what came out, on a stack as small as a worker's.
fn survives(text: String) -> Vec<String> {
    let read = move || {
        let (sources, parsed) = parsed(&text);
        assert_eq!(parsed.body.clone(), parsed.body);
        let sources = &sources;
        parsed.errors.iter().map(|error| format!("{} {}", sources.position(error.span), error.message)).collect()
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(read).unwrap().join().unwrap()
}

#[test]
fn nesting_has_a_bound() {
    for nested in
        ["[", "{", "(", "-", "!", "\"${", "a ? ", "a[", "{a=", "f(", "[for a in ", "{for a in b : c => ", "[[] == "]
    {
        let errors = survives(format!("a = {}", nested.repeat(20_000)));
        assert!(errors[0].contains("nested more than 100 levels deep"), "{nested} {errors:?}");
    }
    let errors = survives("b {\n".repeat(20_000));
    assert!(errors[0].contains("nested more than 100 levels deep"), "{errors:?}");
    let errors = survives(format!("a = \"{}\"", "%{ if a }".repeat(20_000)));
    assert!(errors[0].contains("nested more than 100 levels deep"), "{errors:?}");
}

#[test]
fn chains_have_a_bound_and_lists_have_none() {
    let errors = survives(format!("a = 1{}", " + 1".repeat(20_000)));
    assert_eq!(errors, ["1:803 more than 200 operators in one expression"]);
    assert!(survives(format!("a = 1{}", " || b == 1".repeat(150))).is_empty());
    assert!(survives(format!("a = [{}]", "[1], ".repeat(20_000))).is_empty());
    assert!(survives(format!("a = b{}", ".c[0]".repeat(20_000))).is_empty());
    // Every level may have a chain of its own, but not all of them at once.
    let chains = (0..90).fold("1".to_owned(), |inside, _| format!("({inside}{})", " + 1".repeat(90)));
    assert_eq!(survives(format!("a = {chains}")).len(), 1);
}

#[test]
fn many_malformed_blocks_end_the_reading() {
    for block in ["resource \"a\" \"b\" {\n", "b {\n  x = [\n}\n", "data \"a\" \"b\" {\n<<E\n<<E\n", "}\n", "\"\n"] {
        let errors = survives(block.repeat(20_000));
        assert_eq!(errors.len(), 51, "{block}");
        assert!(errors[50].contains("the rest of the file is not read"), "{}", errors[50]);
    }
    // Where a heredoc without an end reaches to is not looked for again and again.
    assert!(survives("a = <<E\n".repeat(20_000)).len() < 10);
    assert_eq!(survives(format!("a = \"{}\"\n", "\\d".repeat(20_000))).len(), 200);
    assert_eq!(survives("a = 1\n".repeat(20_000)).len(), 200);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(
        pieces in prop::collection::vec(
            prop_oneof![
                "[a-z\"{}()\\[\\]$%~=.,:?!<>|&#/*\n\r\\\\ é0-9-]{1,3}",
                Just("resource \"a\" \"b\" {\n".to_owned()),
                Just("x = <<-EOT\n".to_owned()),
                Just("EOT\n".to_owned()),
                Just("${".to_owned()),
                Just("%{ if a ~}".to_owned()),
                Just("%{ endif }".to_owned()),
                Just("\"".to_owned()),
                Just("}\n".to_owned()),
                Just("for x in y : ".to_owned()),
            ],
            0..30,
        )
    ) {
        let text = pieces.concat();
        let (sources, parsed) = parsed(&text);
        for error in &parsed.errors {
            prop_assert!(error.span.end as usize <= text.len());
            sources.position(error.span);
        }
        let file = sources.add("t.tftpl", "");
        let _ = parse_template(file, &text);
        let _ = parse_expression(file, &text, 7);
    }
}

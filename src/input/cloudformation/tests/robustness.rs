//! Whatever stands in a template, evaluation ends without a panic.

use proptest::prelude::*;

use super::*;

const TEMPLATE: &str = include_str!("robustness.yaml");

/// Evaluates the first worlds of whatever the text is.
fn evaluate_all(text: &str) -> usize {
    let sources = SourceMap::default();
    let Ok(unit) = unit_from_text("t.yaml", text, &Context::default(), &sources) else { return 0 };
    let worlds = unit.worlds();
    worlds.list.iter().take(4).map(|world| unit.evaluate(world).resources.len()).sum()
}

#[test]
fn the_template_of_these_tests_is_understood() {
    let (_, evaluation) = evaluate_text(TEMPLATE);
    assert!(evaluation.notes.is_empty(), "{:#?}", evaluation.notes);
    assert!(evaluation.resources.len() >= 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moved_lines_never_panic(edits in proptest::collection::vec((0_usize..200, 0_usize..200), 1..6)) {
        let mut lines: Vec<&str> = TEMPLATE.lines().collect();
        for (from, to) in edits {
            let from = from % lines.len();
            let line = lines.remove(from);
            if to % 3 != 0 {
                lines.insert(to % (lines.len() + 1), line);
            }
        }
        evaluate_all(&lines.join("\n"));
    }

    #[test]
    fn swapped_words_never_panic(edits in proptest::collection::vec((0_usize..1000, 0_usize..1000), 1..8)) {
        let mut words: Vec<String> = vec![String::new()];
        for char in TEMPLATE.chars() {
            if !char.is_alphanumeric() {
                words.push(char.to_string());
                words.push(String::new());
            } else if let Some(last) = words.last_mut() {
                last.push(char);
            }
        }
        let places: Vec<usize> = (0..words.len()).filter(|at| words[*at].chars().any(char::is_alphanumeric)).collect();
        for (left, right) in edits {
            words.swap(places[left % places.len()], places[right % places.len()]);
        }
        evaluate_all(&words.concat());
    }
}

#[test]
fn the_deepest_template_fits_a_small_stack() {
    let mut expression = "x".to_owned();
    for _ in 0..80 {
        expression = format!("{{'Fn::If': [C, [{expression}], {{Ref: P}}]}}");
    }
    let text = format!(
        "Parameters: {{P: {{Type: String, Default: a}}}}\nConditions: {{C: !Equals [!Ref P, a]}}\nResources:\n  X: {{Type: A::B::C, Properties: {{P: {expression}}}}}\n"
    );
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    assert!(thread.spawn(move || evaluate_all(&text)).unwrap().join().unwrap() > 0);
}

#[test]
fn text_that_multiplies_is_bounded() {
    let mut value = "!FindInMap [M, a, b]".to_owned();
    for _ in 0..4 {
        value = format!("!Sub ['{}', {{v: {value}}}]", "${v}".repeat(60));
    }
    let long = "x".repeat(10_000);
    let text = format!(
        "Mappings: {{M: {{a: {{b: '{long}'}}}}}}\nResources:\n  X:\n    Type: A::B::C\n    Properties:\n      P: {value}\n"
    );
    let (_, evaluation) = evaluate_text(&text);
    assert!(evaluation.notes.iter().any(|note| note.message.contains("expands to more")), "{:?}", evaluation.notes);
}

use super::*;

const ID: &str = "sra-guard/1/r/R-1/f";

fn finding(verdict: Verdict, at: &str) -> Current {
    let asff = json!({
        "Id": ID,
        "UpdatedAt": at,
        "CreatedAt": at,
        "RecordState": "ACTIVE",
        "Compliance": { "Status": "FAILED" },
        "ProductFields": { "sra-guard/content": "c", "sra-guard/as-of": at },
    });
    Current { verdict, asff }
}

const FIRST: &str = "2026-01-01T00:00:00.000Z";
const SECOND: &str = "2026-01-02T00:00:00.000Z";

fn suppressed(by: &str) -> Value {
    let mut held = finding(Verdict::Fail, FIRST).asff;
    held["Workflow"] = json!({ "Status": "SUPPRESSED" });
    held["Note"] = json!({ "UpdatedBy": by });
    held
}

#[test]
fn what_is_waived_is_to_be_suppressed_once() {
    let waived = [finding(Verdict::Waived, SECOND)];
    let new = plan(&waived, &[], &Report::default());
    assert_eq!((new.changes.len(), new.waived.as_slice()), (1, [ID.to_owned()].as_slice()));
    let again = plan(&waived, &[suppressed(SUPPRESSED_BY)], &Report::default());
    assert!(again.waived.is_empty() && again.changes.is_empty(), "{again:?}");
}

#[test]
fn only_its_own_suppression_is_taken_back() {
    let failed = [finding(Verdict::Fail, SECOND)];
    let own = plan(&failed, &[suppressed(SUPPRESSED_BY)], &Report::default());
    assert_eq!(own.no_longer_waived, [ID]);
    let of_people = plan(&failed, &[suppressed("ann")], &Report::default());
    assert!(of_people.no_longer_waived.is_empty());
}

#[test]
fn another_judgement_of_the_same_snapshot_is_later_than_the_first() {
    let mut other = finding(Verdict::Fail, FIRST);
    other.asff["ProductFields"]["sra-guard/content"] = json!("d");
    let made = plan(&[other.clone()], &[finding(Verdict::Fail, FIRST).asff], &Report::default());
    assert_eq!(made.changes.first().map(|change| change.step), Some(Step::Update));
    let updated = &made.changes[0].finding;
    assert_eq!(updated["UpdatedAt"], "2026-01-01T00:00:00.001Z");
    // Still the input of the first day: a third judgement of it is not taken for an older one.
    other.asff["ProductFields"]["sra-guard/content"] = json!("e");
    let third = plan(&[other], std::slice::from_ref(updated), &Report::default());
    assert_eq!(third.changes[0].finding["UpdatedAt"], "2026-01-01T00:00:00.002Z");
}

#[test]
fn what_another_version_wrote_stays() {
    let foreign = json!({ "Id": "sra-guard/other", "RecordState": "ACTIVE", "AwsAccountId": "1", "ProductFields": {} });
    let made = plan(&[], &[foreign], &Report::default());
    assert!(made.changes.is_empty());
    assert_eq!(made.left.values().sum::<usize>(), 1);
}

//! Points in time, in RFC 3339.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::{Call, Function, Outcome, Stop, Takes, function};
use crate::input::terraform::value::{Kind, Number};

pub(super) const FUNCTIONS: &[Function] = &[
    function("formatdate", &[Takes::Text, Takes::Text], None, formatdate),
    function("plantimestamp", &[], None, |_| Err(Stop::Unknown)),
    function("timeadd", &[Takes::Text, Takes::Text], None, timeadd),
    function("timecmp", &[Takes::Text, Takes::Text], None, |call| {
        let order = point(call, 0)?.instant()?.cmp(&point(call, 1)?.instant()?);
        call.give(Kind::Number(Number::Whole(order as i128)))
    }),
    function("timestamp", &[], None, |_| Err(Stop::Unknown)),
];

/// A local time and its distance from UTC.
struct Point {
    local: DateTime,
    offset: Offset,
}

impl Point {
    /// RFC 3339 without the liberties that others take.
    fn parse(text: &str) -> Option<Self> {
        let shape = |text: &str, wanted: &str| {
            text.len() == wanted.len()
                && text.bytes().zip(wanted.bytes()).all(|(byte, wanted)| match wanted {
                    b'0' => byte.is_ascii_digit(),
                    _ => byte == wanted,
                })
        };
        let (clock, after) = text.split_at_checked("0000-00-00T00:00:00".len())?;
        if !shape(clock, "0000-00-00T00:00:00") || clock.ends_with(":60") {
            return None;
        }
        let fraction =
            after.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
        let (fraction, zone) = after.split_at_checked(fraction)?;
        if fraction == "." {
            return None;
        }
        let offset = match zone.split_at_checked(1)? {
            ("Z", "") => Offset::UTC,
            (sign @ ("+" | "-"), clock) if shape(clock, "00:00") => {
                let (hours, minutes): (i32, i32) = (clock.get(..2)?.parse().ok()?, clock.get(3..)?.parse().ok()?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let seconds = hours * 3600 + minutes * 60;
                Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()?
            }
            _ => return None,
        };
        let kept = fraction.get(..fraction.len().min(10))?;
        let local: DateTime = format!("{clock}{kept}").parse().ok()?;
        Some(Self { local, offset })
    }

    fn instant(&self) -> Result<Timestamp, Stop> {
        self.offset.to_timestamp(self.local).map_err(|_| Stop::Limit("too distant a time"))
    }

    /// `+01:00`; `colon` stands between hours and minutes.
    fn zone(&self, colon: &str) -> String {
        let seconds = self.offset.seconds();
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }
}

fn point(call: &Call<'_>, index: usize) -> Result<Point, Stop> {
    let text = call.text(index)?;
    Point::parse(&text).ok_or_else(|| Stop::Error(Some(index), format!("`{text}` is not a time in RFC 3339")))
}

fn timeadd(call: &Call<'_>) -> Outcome {
    let (point, length) = (point(call, 0)?, call.text(1)?);
    let Some(length) = duration(&length) else { return call.refuse(1, "is not a duration such as `1h30m`") };
    let sum = point.local.checked_add(length).map_err(|_| Stop::Limit("too distant a time"))?;
    let seconds = sum.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let zone = if point.offset == Offset::UTC { "Z".to_owned() } else { point.zone(":") };
    call.give_text(format!("{seconds}{zone}"))
}

/// `-1h30.5m`: numbers with a unit each, as Go reads them.
fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    let mut total: i128 = 0;
    while total == 0 && rest.len() == text.trim_start_matches(['+', '-']).len() || !rest.is_empty() {
        let number = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at_checked(number)?;
        let unit = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (unit, after) = after.split_at_checked(unit)?;
        rest = after;
        let nanoseconds: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction = fraction.get(..fraction.len().min(15))?;
        let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let length = whole.checked_mul(nanoseconds)?.checked_add(parts.checked_mul(nanoseconds)? / scale)?;
        total = total.checked_add(length)?;
    }
    // Go counts nanoseconds in 64 bits.
    let total = i64::try_from(if negative { -total } else { total }).ok()?;
    Some(SignedDuration::from_nanos(total))
}

fn formatdate(call: &Call<'_>) -> Outcome {
    let (format, point) = (call.text(0)?, point(call, 1)?);
    let mut out = String::new();
    let mut rest: &str = &format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (literal, after) = quoted(rest).ok_or_else(|| Stop::Error(Some(0), "has an open quote".to_owned()))?;
            out.push_str(&literal);
            rest = after;
        } else if first.is_ascii_alphabetic() {
            let length = rest.chars().take_while(|next| *next == first).count();
            let (verb, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            if !write(verb, &point, &mut out) {
                return Err(Stop::Error(Some(0), format!("`{verb}` is no part of a date")));
            }
            rest = after;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    call.give_text(out)
}

/// The text in quotes at the start, and what follows. A doubled quote is one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix('\'')?;
    if let Some(after) = body.strip_prefix('\'') {
        return Some(("'".to_owned(), after));
    }
    let mut from = 0;
    loop {
        let end = from + body.get(from..)?.find('\'')?;
        let after = body.get(end + 1..)?;
        if !after.starts_with('\'') {
            return Some((body.get(..end)?.replace("''", "'"), after));
        }
        from = end + 2;
    }
}

fn write(verb: &str, point: &Point, out: &mut String) -> bool {
    let (date, time) = (point.local.date(), point.local.time());
    let twelve = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let utc = point.offset == Offset::UTC;
    // Writing to a string cannot fail.
    let _ = match verb {
        "YYYY" => write!(out, "{:04}", date.year()),
        "YY" => write!(out, "{:02}", date.year() % 100),
        "MMMM" => write!(out, "{}", date.strftime("%B")),
        "MMM" => write!(out, "{}", date.strftime("%b")),
        "MM" => write!(out, "{:02}", date.month()),
        "M" => write!(out, "{}", date.month()),
        "DD" => write!(out, "{:02}", date.day()),
        "D" => write!(out, "{}", date.day()),
        "EEEE" => write!(out, "{}", date.strftime("%A")),
        "EEE" => write!(out, "{}", date.strftime("%a")),
        "hh" => write!(out, "{:02}", time.hour()),
        "h" => write!(out, "{}", time.hour()),
        "HH" => write!(out, "{twelve:02}"),
        "H" => write!(out, "{twelve}"),
        "AA" => write!(out, "{}", if time.hour() < 12 { "AM" } else { "PM" }),
        "aa" => write!(out, "{}", if time.hour() < 12 { "am" } else { "pm" }),
        "mm" => write!(out, "{:02}", time.minute()),
        "m" => write!(out, "{}", time.minute()),
        "ss" => write!(out, "{:02}", time.second()),
        "s" => write!(out, "{}", time.second()),
        "ZZZ" if utc => write!(out, "UTC"),
        "Z" if utc => write!(out, "Z"),
        "ZZZZZ" | "Z" => write!(out, "{}", point.zone(":")),
        "ZZZZ" | "ZZZ" => write!(out, "{}", point.zone("")),
        _ => return false,
    };
    true
}

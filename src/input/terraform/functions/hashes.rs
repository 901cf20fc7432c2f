//! Hashes of text; those of files are beside the other functions of files.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::Uuid;

use super::{Call, Function, Outcome, Stop, Takes, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("base64sha256", &[Takes::Text], None, |call| {
        call.give_text(base64_of::<Sha256>(call.text(0)?.as_bytes()))
    }),
    function("base64sha512", &[Takes::Text], None, |call| {
        call.give_text(base64_of::<Sha512>(call.text(0)?.as_bytes()))
    }),
    function("bcrypt", &[Takes::Text], Some(Takes::Number), |_| Err(Stop::Unrepeatable)),
    function("md5", &[Takes::Text], None, |call| call.give_text(hex_of::<Md5>(call.text(0)?.as_bytes()))),
    function("rsadecrypt", &[Takes::Text, Takes::Text], None, |_| Err(Stop::Unknown)),
    function("sha1", &[Takes::Text], None, |call| call.give_text(hex_of::<Sha1>(call.text(0)?.as_bytes()))),
    function("sha256", &[Takes::Text], None, |call| call.give_text(hex_of::<Sha256>(call.text(0)?.as_bytes()))),
    function("sha512", &[Takes::Text], None, |call| call.give_text(hex_of::<Sha512>(call.text(0)?.as_bytes()))),
    function("uuid", &[], None, |_| Err(Stop::Unrepeatable)),
    function("uuidv5", &[Takes::Text, Takes::Text], None, uuidv5),
];

pub(super) fn hex_of<D: Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

pub(super) fn base64_of<D: Digest>(bytes: &[u8]) -> String {
    STANDARD.encode(D::digest(bytes))
}

fn uuidv5(call: &Call<'_>) -> Outcome {
    let (namespace, name) = (call.text(0)?, call.text(1)?);
    let namespace = match &*namespace {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => match Uuid::parse_str(other) {
            Ok(namespace) => namespace,
            Err(_) => return call.refuse(0, "is no namespace: give a UUID, `dns`, `url`, `oid` or `x500`"),
        },
    };
    call.give_text(Uuid::new_v5(&namespace, name.as_bytes()).to_string())
}

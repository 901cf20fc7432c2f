//! Conversions between types, and marks.

use super::{Call, Function, Marks, Outcome, Stop, Takes, function};
use crate::input::terraform::types::{Type, convert};
use crate::input::terraform::value::{Kind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("tostring", &[Takes::Nullable], None, |call| to(call, &Type::Text)),
    function("tonumber", &[Takes::Nullable], None, |call| to(call, &Type::Number)),
    function("tobool", &[Takes::Nullable], None, |call| to(call, &Type::Bool)),
    function("tolist", &[Takes::Nullable], None, |call| to(call, &Type::List(Box::new(Type::Any)))).marks(Marks::Stay),
    function("toset", &[Takes::Nullable], None, |call| to(call, &Type::Set(Box::new(Type::Any)))).marks(Marks::Stay),
    function("tomap", &[Takes::Nullable], None, |call| to(call, &Type::Map(Box::new(Type::Any)))).marks(Marks::Stay),
    function("sensitive", &[Takes::Nullable], None, |call| mark(call, true)).marks(Marks::Given),
    function("nonsensitive", &[Takes::Nullable], None, |call| mark(call, false)).marks(Marks::Given),
    function("issensitive", &[Takes::Nullable], None, is_sensitive).marks(Marks::Given),
    function("ephemeralasnull", &[Takes::Nullable], None, |call| call.argument(0).cloned()).marks(Marks::Stay),
];

fn to(call: &Call<'_>, kind: &Type) -> Outcome {
    convert(call.argument(0)?.clone(), kind).map_err(|mismatch| Stop::Error(Some(0), mismatch.to_string()))
}

fn mark(call: &Call<'_>, sensitive: bool) -> Outcome {
    Ok(call.argument(0)?.clone().marked(sensitive))
}

fn is_sensitive(call: &Call<'_>) -> Outcome {
    Ok(Value::new(call.span, Kind::Bool(call.argument(0)?.sensitive)))
}

use serde_json::{Value as Json, json};
use sra_guard::value::*;
use std::path::PathBuf;
fn js(v: &Value) -> Json {
    match &v.kind {
        Kind::Null => Json::Null,
        Kind::Scalar(s) => {
            if s.plain {
                match &*s.text {
                    "true" => json!(true),
                    "false" => json!(false),
                    t => t.parse::<i64>().map_or(json!(t), |n| json!(n)),
                }
            } else {
                json!(s.text)
            }
        }
        Kind::List(l) => Json::Array(l.iter().map(js).collect()),
        Kind::Map(m) => {
            let mut o = serde_json::Map::new();
            for x in &m.members {
                o.insert(x.key.to_string(), js(&x.value));
            }
            if let Some(r) = &m.open {
                o.insert("?".into(), json!(r.to_string()));
            }
            Json::Object(o)
        }
        Kind::Ref(_) | Kind::Text(_) => json!(v.template()),
        Kind::Unknown(r) => json!({"unknown": r.to_string()}),
    }
}
fn main() {
    let mut out = Vec::new();
    for name in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&name).unwrap();
        let sources = sra_guard::source::SourceMap::default();
        let mut notes = Vec::new();
        let file = sources.add(name.clone(), text);
        let parsed = match sra_guard::source::parse(&sources, file, Default::default()) {
            Ok(p) => p,
            Err(e) => {
                eprintln!("{name}: {e}");
                continue;
            }
        };
        let Some(root) = parsed.documents.into_iter().next() else { continue };
        let folder = PathBuf::from(&name).parent().unwrap().to_owned();
        let files = sra_guard::input::files::Folders::new([folder]);
        let units = sra_guard::input::cloudformation::units(vec![(file, root)], &Default::default(), &sources, &files);
        let _ = &mut notes as &mut Vec<sra_guard::input::Note>;
        for u in units {
            let w = u.worlds();
            let e = u.evaluate(&w.list[0]);
            for r in &e.resources {
                out.push(json!({"id": r.address.to_string(), "name": r.name, "type": r.kind, "origin": r.origin, "properties": js(&r.properties)}));
            }
            for n in e.notes {
                eprintln!("{name}: {:?} {}", n.level, n.message);
            }
        }
    }
    println!("{}", serde_json::to_string_pretty(&out).unwrap());
}

//! The folder of a snapshot: what is in it already, and writing to it so that an interrupted run leaves no half of a file.
//!
//! Sections are written as they are serialised, and read back only as far as their calls go: beside a section there is no
//! second copy of it in memory.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::input::snapshot::format::{MANIFEST, Manifest, Outcome, Section, Snapshot, VERSION};

/// Texts longer than this are compressed.
const LARGE: usize = 1 << 20;

/// Makes a folder for a new snapshot.
pub(in crate::account) fn open(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::Write { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::NotEmpty(folder.to_owned()));
    }
    Ok(())
}

/// The manifest that an earlier run has left.
pub(super) fn manifest(folder: &Path) -> Result<Manifest, Error> {
    let why = |why: &dyn std::fmt::Display| Error::NoSnapshot { path: folder.to_owned(), why: why.to_string() };
    let text = fs::read_to_string(folder.join(MANIFEST)).map_err(|error| why(&error))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| why(&error))?;
    if manifest.sra_guard_manifest == VERSION { Ok(manifest) } else { Err(why(&"another version wrote it")) }
}

pub(in crate::account) fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    let path = folder.join(MANIFEST);
    let failed = |source| Error::Write { path: path.clone(), source };
    let text = serde_json::to_string_pretty(manifest).map_err(|error| failed(error.into()))? + "\n";
    let draft = draft(&path)?;
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path)).map_err(failed)
}

/// Writes a section where it belongs.
pub(in crate::account) fn write_section(folder: &Path, section: Section) -> Result<(), Error> {
    let path = path_of(folder, &section.account, &section.region, &section.service);
    write_json(&path, &Snapshot { sra_guard_snapshot: VERSION, sections: vec![section] })
}

pub(super) fn path_of(folder: &Path, account: &str, region: &str, service: &str) -> PathBuf {
    folder.join(account).join(region).join(format!("{service}.json"))
}

fn compressed(path: &Path) -> PathBuf {
    path.with_extension("json.gz")
}

/// How the calls of a section ended.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ended {
    api: String,
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Calls {
    reads: Vec<Ended>,
    // A section that was cut off has none, or is no JSON.
    #[serde(rename = "Resources")]
    _resources: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sections {
    sections: Vec<Calls>,
}

/// Whether a section is there of which nothing is worth another try, and whether `wanted` was among its calls.
pub(super) fn is_complete(path: &Path, wanted: Option<&str>) -> bool {
    let plain = || File::open(path).map(|file| serde_json::from_reader(BufReader::new(file)));
    let packed =
        || File::open(compressed(path)).map(|file| serde_json::from_reader(BufReader::new(GzDecoder::new(file))));
    let Ok(Ok(Sections { sections })) = plain().or_else(|_| packed()) else { return false };
    let reads = || sections.iter().flat_map(|section| &section.reads);
    reads().all(|read| matches!(read.outcome, Outcome::Ok | Outcome::Unsupported))
        && wanted.is_none_or(|api| reads().any(|read| read.api == api))
}

/// Writes a value, compressed when it is large, and removes what it replaces. Values are on lines of their own, so that
/// evidence can point at them.
fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut text = Text::Short(draft(path)?, Vec::new());
    serde_json::to_writer_pretty(&mut text, value).map_err(|error| failed(error.into()))?;
    text.write_all(b"\n").map_err(failed)?;
    let (place, other) = match text.finish().map_err(failed)? {
        Length::Short => (path.to_owned(), compressed(path)),
        Length::Long => (compressed(path), path.to_owned()),
    };
    // Never both: they would be two sections.
    remove(&other)?;
    fs::rename(draft(path)?, place).map_err(failed)
}

/// The file that is written before it takes the place of `path`. Its folder is made.
fn draft(path: &Path) -> Result<PathBuf, Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    }
    Ok(path.with_extension("part"))
}

/// A text whose length is not known before it is written.
enum Text {
    /// It may become a plain file.
    Short(PathBuf, Vec<u8>),
    Long(GzEncoder<BufWriter<File>>),
}

enum Length {
    Short,
    Long,
}

impl Text {
    fn finish(self) -> io::Result<Length> {
        match self {
            Self::Short(path, text) => fs::write(path, text).map(|()| Length::Short),
            Self::Long(encoder) => encoder.finish()?.flush().map(|()| Length::Long),
        }
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Short(path, text) => {
                text.extend_from_slice(bytes);
                if text.len() > LARGE {
                    let mut encoder = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::default());
                    encoder.write_all(text)?;
                    *self = Self::Long(encoder);
                }
            }
            Self::Long(encoder) => encoder.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Write { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

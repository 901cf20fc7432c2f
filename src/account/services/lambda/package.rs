//! Deployment packages of functions, stored beside the section. Only when that is asked for: code may hold secrets, so it
//! is no part of the snapshot's JSON, and no report shows it.
//!
//! The service hands out an address that lets anybody download the package for minutes. It is used and forgotten: no error
//! and no item holds it.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{FunctionConfiguration, PackageType};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::account::item::Object;
use crate::account::reader::{Read, Reader, Unread};

pub(super) const CODE: Read = Read::detail("lambda:GetFunction").for_code();

/// Beside the section.
const FOLDER: &str = "lambda-code";

/// Bytes of a package. A function has at most 250 MB, unzipped and with its layers. Source: "Lambda quotas", AWS Lambda
/// Developer Guide.
const LARGEST: u64 = 250 << 20;

/// For one package: at most its largest size at 7 Mbit/s.
const PATIENCE: Duration = Duration::from_mins(5);

/// The package of a function: its file and digest, or why it has none. Nothing when nobody asked for it.
pub(super) async fn package(
    reader: &Reader,
    client: &Client,
    function: &FunctionConfiguration,
) -> Option<Result<Object, Unread>> {
    let folder = reader.packages.as_deref()?;
    if function.package_type() == Some(&PackageType::Image) {
        return Some(Ok(Object::new().set("Omitted", "the code is a container image")));
    }
    Some(stored(reader, client, function, folder).await)
}

async fn stored(
    reader: &Reader,
    client: &Client,
    function: &FunctionConfiguration,
    folder: &Path,
) -> Result<Object, Unread> {
    let (arn, name) = (function.function_arn().unwrap_or_default(), function.function_name().unwrap_or_default());
    let answer = reader.get(&CODE, arn, client.get_function().function_name(name).send()).await?;
    let location = answer.code().and_then(|code| code.location());
    let digest = answer.configuration().and_then(FunctionConfiguration::code_sha256);
    let digest = digest.and_then(|digest| STANDARD.decode(digest).ok());
    let file = file_of(name);
    let done = match (location, &digest, &file) {
        (Some(location), Some(digest), Some(file)) => {
            fetched(location, reader.config.endpoint_url(), digest, &folder.join(file)).await
        }
        (_, _, None) => Err("its name is no file name".to_owned()),
        _ => Err("the service does not tell where its package is, or its digest".to_owned()),
    };
    done.map_err(|why| reader.failed(&CODE, arn, why))?;
    let hex = digest.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Ok(Object::new().set("File", file).set("Sha256", hex))
}

/// Names are of letters, digits, hyphens and underscores. Source: `CreateFunction`, Lambda API Reference.
fn file_of(name: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (!name.is_empty() && name.bytes().all(fits)).then(|| format!("{FOLDER}/{name}.zip"))
}

/// Puts the package there, unless an earlier run has. A file is there whole or not at all.
async fn fetched(location: &str, endpoint: Option<&str>, digest: &[u8], path: &Path) -> Result<(), String> {
    if held(path).is_ok_and(|held| held == digest) {
        return Ok(());
    }
    if !is_allowed(location, endpoint) {
        return Err("its package is not at an https address".to_owned());
    }
    let draft = path.with_extension("part");
    let found = match tokio::time::timeout(PATIENCE, download(location, &draft, LARGEST)).await {
        Ok(found) => found,
        Err(_) => Err("its package took longer than five minutes".to_owned()),
    };
    let found = found.and_then(|found| {
        if found == digest {
            fs::rename(&draft, path).map_err(|error| unwritten(&error))
        } else {
            Err("its package is not what the service says: its digest is another".to_owned())
        }
    });
    if found.is_err() {
        let _ = fs::remove_file(&draft);
    }
    found
}

fn held(path: &Path) -> io::Result<Vec<u8>> {
    let mut digest = Sha256::new();
    let mut file = BufReader::new(File::open(path)?);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(digest.finalize().to_vec());
        }
        digest.update(bytes);
        let length = bytes.len();
        file.consume(length);
    }
}

/// Who calls an emulator on this machine gets its packages from there.
fn is_allowed(location: &str, endpoint: Option<&str>) -> bool {
    location.starts_with("https://") || (is_loopback(location) && endpoint.is_some_and(is_loopback))
}

fn is_loopback(address: &str) -> bool {
    let host = address.strip_prefix("http://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = host.map(|host| host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or(host, |(host, _)| host));
    host.is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host))
}

fn unwritten(error: &io::Error) -> String {
    format!("its package cannot be written: {error}")
}

/// Writes what is at an address to a file, up to so many bytes. Returns its digest.
async fn download(location: &str, draft: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build();
    let request = HttpRequest::get(location).map_err(|_| "the address of its package is none".to_owned())?;
    // What the causes say may hold the address.
    let answer = connector.call(request).await.map_err(|_| "its package cannot be reached".to_owned())?;
    if !answer.status().is_success() {
        return Err(format!("its package is answered with HTTP status {}", answer.status().as_u16()));
    }
    if let Some(folder) = draft.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritten(&error))?;
    }
    let mut file = BufWriter::new(File::create(draft).map_err(|error| unwritten(&error))?);
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut body = ByteStream::new(answer.into_body());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| "its package broke off".to_owned())?;
        size += chunk.len() as u64;
        if size > largest {
            return Err("its package is larger than Lambda allows".to_owned());
        }
        digest.update(&chunk);
        file.write_all(&chunk).map_err(|error| unwritten(&error))?;
    }
    file.flush().map_err(|error| unwritten(&error))?;
    Ok(digest.finalize().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_over_https_but_from_an_emulator_on_this_machine() {
        let s3 = "https://awslambda-eu-west-1-tasks.s3.eu-west-1.amazonaws.com/snapshots/f?X-Amz-Signature=x";
        assert!(is_allowed(s3, None));
        assert!(!is_allowed("http://s3.amazonaws.com/f", Some("http://127.0.0.1:5000")));
        assert!(!is_allowed("http://127.0.0.1:5000/f", None));
        assert!(!is_allowed("http://127.0.0.1:5000/f", Some("http://10.0.0.1:5000")));
        assert!(!is_allowed("http://127.0.0.1.example.com/f", Some("http://127.0.0.1:5000")));
        assert!(is_allowed("http://localhost:5000/f?x", Some("http://[::1]:5000")));
        assert!(!is_allowed("file:///etc/passwd", Some("http://127.0.0.1:5000")));
    }

    #[tokio::test]
    async fn a_package_that_is_too_large_is_not_taken() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let location = format!("http://{}/f", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut line = String::new();
                while stream.read_line(&mut line).unwrap() > 2 {
                    line.clear();
                }
                stream.into_inner().write_all(b"HTTP/1.1 200 x\r\ncontent-length: 3\r\n\r\nzip").unwrap();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let draft = folder.path().join("f.part");
        let digest = download(&location, &draft, 3).await.unwrap();
        assert_eq!((held(&draft).unwrap(), fs::read(&draft).unwrap()), (digest, b"zip".to_vec()));
        let error = download(&location, &draft, 2).await.unwrap_err();
        assert!(error.contains("larger"), "{error}");
    }

    #[test]
    fn only_names_of_functions_become_files() {
        assert_eq!(file_of("orders-live_2").as_deref(), Some("lambda-code/orders-live_2.zip"));
        for name in ["", "..", "a/b", "a.b", "ä"] {
            assert_eq!(file_of(name), None, "{name}");
        }
    }
}

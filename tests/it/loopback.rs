//! An HTTP server on loopback, within the tests: what the services' own answers look like is up to who starts it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A request as the SDK signs it.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub method: String,
    /// Without the query, percent-encoded.
    pub path: String,
    pub query: String,
    /// What it is signed for: `eu-west-1` and `ec2`. Empty when it is not signed.
    pub region: String,
    pub service: String,
    /// The operation, in protocols that have it in a header.
    pub target: Option<String>,
    pub body: Vec<u8>,
}

/// An answer with its status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// An error of the JSON protocols, which carry its code in a header.
    pub(crate) fn error(status: u16, code: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("x-amzn-errortype", code.to_owned())], body: body.into() }
    }
}

/// Serves as long as the tests run. Returns its port.
pub(crate) fn serve(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            // Who does not wait for the answer does not get it.
            std::thread::spawn(move || converse(&stream.unwrap(), answer.as_ref()).unwrap_or_default());
        }
    });
    port
}

/// Answers until the other side has enough.
fn converse(stream: &TcpStream, answer: &dyn Fn(&Request) -> Answer) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = received(&mut reader)? {
        let answer = answer(&request);
        let mut bytes = format!("HTTP/1.1 {} x\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        bytes += "\r\n";
        let mut bytes = bytes.into_bytes();
        bytes.extend(answer.body);
        writer.write_all(&bytes)?;
    }
    Ok(())
}

fn received(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request =
        Request { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), ..Request::default() };
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => request.target = Some(value.to_owned()),
            // `Credential=a/20260101/eu-west-1/securityhub/aws4_request`
            "authorization" => {
                let mut scope = value.split('/').skip(2);
                scope.next().unwrap().clone_into(&mut request.region);
                scope.next().unwrap().clone_into(&mut request.service);
            }
            _ => {}
        }
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

//! `serve`: serves the page that this program carries on a loopback address, to a browser on the same machine.
//!
//! *Invariants*: a request can name only the page's own files and the model that `--model` named, and no name becomes a path. Only requests
//! whose `Host` is a loopback name get the page, so another site cannot point its own name here (DNS rebinding).
//!
//! The head of a request decides the response. Bytes that may follow a head are never read as another request: the connection is closed after
//! the response if the head announces a body, or if two readers could understand the head differently.
//!
//! *Limits*: `GET` and `HEAD`; a head of at most [`HEAD_BYTES_MAX`], which must be complete within [`IO_TIMEOUT`]; the same time for the browser
//! to accept each part of a response; [`CONNECTIONS_MAX`] connections at a time, of which a new one ends the oldest.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use maud::html;
use samefit_stages::error::{Error, Message, Result};
use samefit_stages::input::{reading, sources};
use samefit_stages::stage::Stage;

use crate::page;

const DEFAULT_PORT: u16 = 7420;
/// The port that browsers leave out of `Host`.
const HTTP_PORT: u16 = 80;
const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 8192;
const CONNECTIONS_MAX: usize = 64;
/// Longest time for a complete head, and for each write of a response.
const IO_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause before accepting again after the system had no file descriptor for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Most bytes of a body that are read and dropped before a connection is closed. A browser that still sends the body then gets the response.
const LINGER_BYTES_MAX: usize = 1 << 16;
/// Longest time for that.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// The name under which the page asks for the model of `--model`.
const MODEL: &str = "custom.json";
/// The page's own document.
const INDEX: &str = "index.html";

const OK: &str = "200 OK";
const NOT_MODIFIED: &str = "304 Not Modified";
const NOT_FOUND: &str = "404 Not Found";
const METHOD_NOT_ALLOWED: &str = "405 Method Not Allowed";
const MISDIRECTED_REQUEST: &str = "421 Misdirected Request";

/// Flags of `serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArgs {
    /// Model that the page opens with: model.json, or the folder it is in [default: the page's own]
    #[arg(long, value_name = "PATH")]
    model: Option<String>,
    /// Port on 127.0.0.1; 0 means any free port
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT)]
    port: u16,
}

/// Serves the page until a signal ends the program. Fails if the program was built without the page, or if the port cannot be used.
pub(crate) fn run(stage: &mut Stage<'_>, args: &ServeArgs) -> Result<()> {
    if page::FILES.is_empty() {
        let help = "run `sh scripts/just web`, then build the program again; it then carries the page from target/web";
        return Err(Error::usage("this program was built without the page", help));
    }
    let model = args.model.as_ref().map(|path| read_model(stage, path)).transpose()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| listen_error(args.port, &error))?;
    let port = listener.local_addr().map_err(|error| listen_error(args.port, &error))?.port();
    stage.report.print(&format!("http://127.0.0.1:{port}/\n"))?;
    stage.report.say("serving the page to this machine only; Ctrl-C ends it");
    accept_loop(&listener, &Arc::new(Site::new(model, port)));
    Ok(())
}

/// Returns the path and text of a model that the component accepts.
fn read_model(stage: &mut Stage<'_>, path: &str) -> Result<(String, String)> {
    let path = sources::document_path(stage.files, path, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    stage.engine.model(&text).map_err(|error| error.in_file(&path))?;
    Ok((path, text))
}

fn listen_error(port: u16, error: &io::Error) -> Error {
    Error::io(format!("127.0.0.1:{port}"), Message::new(error.to_string(), "give another --port, or --port 0 for any free port"))
}

/// Accepts connections and serves each in a thread of its own.
fn accept_loop(listener: &TcpListener, site: &Arc<Site>) {
    let connections = Arc::new(Connections::default());
    for (number, stream) in listener.incoming().enumerate() {
        let Ok((handle, stream)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else {
            // the system is out of file descriptors; accepting again at once would use all of a processor
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        connections.add(number, handle);
        let (thread_site, thread_connections) = (Arc::clone(site), Arc::clone(&connections));
        let spawned = thread::Builder::new().spawn(move || {
            // an error here means that the browser closed the connection
            let _ = serve_connection(&thread_site, stream);
            thread_connections.remove(number);
        });
        // without a thread, this one serves the connection while others wait
        if spawned.is_err()
            && let Some(stream) = connections.remove(number)
        {
            let _ = serve_connection(site, stream);
        }
    }
}

/// The open connections, in the order in which they were accepted.
#[derive(Default)]
struct Connections(Mutex<VecDeque<(usize, TcpStream)>>);

impl Connections {
    /// Adds a connection. If there are too many, ends the oldest, so that idle connections cannot keep others out.
    fn add(&self, number: usize, stream: TcpStream) {
        let mut open = self.lock();
        open.push_back((number, stream));
        if open.len() > CONNECTIONS_MAX {
            // the thread of that connection ends at its next read or write
            let _ = open.pop_front().map(|(_, oldest)| oldest.shutdown(Shutdown::Both));
        }
    }

    /// Removes and returns a connection, unless a newer one ended it.
    fn remove(&self, number: usize) -> Option<TcpStream> {
        let mut open = self.lock();
        let at = open.iter().position(|(open, _)| *open == number)?;
        open.remove(at).map(|(_, stream)| stream)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(usize, TcpStream)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that can be requested.
struct Site {
    /// Path and text of the model of `--model`.
    model: Option<(String, String)>,
    index: Vec<u8>,
    /// The values of `Host` that get the page.
    hosts: Vec<String>,
}

/// The response to a request.
struct Response<'a> {
    status: &'static str,
    content_type: &'static str,
    etag: Option<&'a str>,
    body: &'a [u8],
}

impl Response<'_> {
    fn text(status: &'static str, body: &'static str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", etag: None, body: body.as_bytes() }
    }
}

impl Site {
    fn new(model: Option<(String, String)>, port: u16) -> Self {
        let name = model.as_ref().map_or("", |(path, _)| path.as_str());
        // tells the page that it need not store itself for use offline, and which model to open
        let mark = html! { meta name="samefit-served" content=(name); }.into_string() + "\n<title>";
        let index = page::file(INDEX).map_or(&[][..], |file| file.bytes);
        let index = String::from_utf8_lossy(index).replacen("<title>", &mark, 1).into_bytes();
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts: Vec<String> = names.iter().map(|host| format!("{host}:{port}")).collect();
        if port == HTTP_PORT {
            hosts.extend(names.map(str::to_owned));
        }
        Self { model, index, hosts }
    }

    fn response(&self, request: &httparse::Request<'_, '_>) -> Response<'_> {
        let mut hosts = headers(request, "host");
        let is_known = |host: &[u8]| self.hosts.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(host));
        if !hosts.next().is_some_and(is_known) || hosts.next().is_some() {
            return Response::text(MISDIRECTED_REQUEST, "this server answers to 127.0.0.1 and localhost only\n");
        }
        if !matches!(request.method, Some("GET" | "HEAD")) {
            return Response::text(METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        }
        let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default().trim_start_matches('/');
        let response = self.file(path);
        let is_cached = |etag: &str| headers(request, "if-none-match").next().is_some_and(|sent| contains_etag(sent, etag));
        if response.etag.is_some_and(is_cached) { Response { status: NOT_MODIFIED, body: &[], ..response } } else { response }
    }

    /// Returns the file of this name, or the response for a name that does not exist.
    fn file(&self, name: &str) -> Response<'_> {
        let uncached = |name, body| Response { status: OK, content_type: content_type(name), etag: None, body };
        match (name, &self.model) {
            ("" | INDEX, _) => uncached(INDEX, &self.index),
            (MODEL, Some((_, model))) => uncached(MODEL, model.as_bytes()),
            _ => match page::file(name) {
                Some(file) => Response { etag: Some(file.sha256), ..uncached(file.name, file.bytes) },
                None => Response::text(NOT_FOUND, "there is no such file\n"),
            },
        }
    }
}

/// Returns the values of all headers of this name.
fn headers<'a>(request: &'a httparse::Request<'_, '_>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Returns whether the value of `If-None-Match` lists this tag. A proxy may have marked it as weak.
fn contains_etag(sent: &[u8], etag: &str) -> bool {
    let sent = String::from_utf8_lossy(sent);
    sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/").trim_matches('"') == etag)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "text/plain; charset=utf-8",
    }
}

/// Answers the requests of one connection, one after another.
fn serve_connection(site: &Site, mut stream: TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    while let Some(length) = read_head(&mut stream, &mut bytes)? {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        // a head that the parser ends elsewhere is one that two readers could understand differently
        if request.parse(&bytes[..length]) != Ok(httparse::Status::Complete(length)) {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            return linger_and_close(&mut stream);
        }
        let is_last = is_last(&request);
        write_response(&mut stream, &site.response(&request), request.method != Some("HEAD"), is_last)?;
        if is_last {
            return linger_and_close(&mut stream);
        }
        bytes.drain(..length);
    }
    Ok(())
}

/// Returns whether the connection must be closed after this request: the browser asks for it, or the request may have a body.
fn is_last(request: &httparse::Request<'_, '_>) -> bool {
    let is_close = |value: &[u8]| value.split(|&byte| byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
    let announces = |name: &str| ["content-length", "transfer-encoding", "upgrade"].iter().any(|one| name.eq_ignore_ascii_case(one));
    let by_header =
        |header: &httparse::Header<'_>| announces(header.name) || header.name.eq_ignore_ascii_case("connection") && is_close(header.value);
    request.version != Some(1) || !matches!(request.method, Some("GET" | "HEAD")) || request.headers.iter().any(by_header)
}

/// Closes a connection on which the browser may still be sending. If it were closed at once, the system would discard the response.
fn linger_and_close(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER_TIMEOUT))?;
    let (started, mut left, mut chunk) = (Instant::now(), LINGER_BYTES_MAX, [0; 2048]);
    while left > 0 && started.elapsed() < LINGER_TIMEOUT {
        match stream.read(&mut chunk)? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// Reads into `bytes` until they begin with a complete head, and returns its length. Returns none if the browser closed the connection, is too
/// slow, or sends too much.
fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let started = Instant::now();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        let left = IO_TIMEOUT.saturating_sub(started.elapsed());
        if bytes.len() > HEAD_BYTES_MAX || left.is_zero() {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 2048];
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn write_response(stream: &mut TcpStream, response: &Response<'_>, with_body: bool, is_last: bool) -> io::Result<()> {
    let Response { status, content_type, etag, body } = response;
    // with a tag, the browser asks each time and gets the bytes only if they changed
    let cache = match etag {
        Some(etag) => format!("Cache-Control: no-cache\r\nETag: \"{etag}\"\r\n"),
        None => "Cache-Control: no-store\r\n".to_owned(),
    };
    let content = match *status {
        NOT_MODIFIED => String::new(),
        _ => format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len()),
    };
    let connection = if is_last { "Connection: close\r\n" } else { "" };
    let policy = page::POLICY;
    let head = format!(
        "HTTP/1.1 {status}\r\n{content}{cache}{connection}Content-Security-Policy: {policy}; frame-ancestors 'none'\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nPermissions-Policy: camera=(), geolocation=(), microphone=()\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    if with_body {
        stream.write_all(body)?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    use super::*;

    fn status_at(port: u16, request: &str) -> &'static str {
        let site = Site::new(Some(("a\"b.json".to_owned(), "{}".to_owned())), port);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(request.as_bytes()).unwrap();
        site.response(&parsed).status
    }

    fn status(request: &str) -> &'static str {
        status_at(HTTP_PORT, request)
    }

    #[test]
    fn only_loopback_names_are_answered() {
        assert_eq!(status("GET /custom.json HTTP/1.1\r\nHost: localhost:80\r\n\r\n"), OK);
        assert_eq!(status("GET /custom.json HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"), OK);
        for request in [
            "GET / HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost:81\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost:80\r\nHost: evil.example:80\r\n\r\n",
        ] {
            assert_eq!(status(request), MISDIRECTED_REQUEST, "{request}");
        }
    }

    #[test]
    fn the_port_can_be_left_out_only_if_it_is_that_of_http() {
        let request = "GET /custom.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(status_at(HTTP_PORT, request), OK);
        assert_eq!(status_at(DEFAULT_PORT, request), MISDIRECTED_REQUEST);
    }

    #[test]
    fn an_etag_is_found_in_a_list() {
        for sent in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(contains_etag(sent.as_bytes(), "a"), "{sent}");
        }
        assert!(!contains_etag(b"\"ab\"", "a") && !contains_etag(b"", "a"));
    }

    #[test]
    fn only_files_of_the_page_are_served() {
        for path in ["/../../etc/passwd", "//etc/passwd", "/nothing", "/%2e%2e/x"] {
            assert_eq!(status(&format!("GET {path} HTTP/1.1\r\nHost: localhost:80\r\n\r\n")), NOT_FOUND, "{path}");
        }
        assert_eq!(status("POST / HTTP/1.1\r\nHost: localhost:80\r\n\r\n"), METHOD_NOT_ALLOWED);
    }

    #[test]
    fn the_index_names_the_model_that_was_given() {
        if !page::tests::is_embedded("serve: the page with a model") {
            return;
        }
        let site = Site::new(Some(("a\"b.json".to_owned(), "{}".to_owned())), DEFAULT_PORT);
        let index = String::from_utf8(site.file("").body.to_vec()).unwrap();
        assert!(index.contains("<meta name=\"samefit-served\" content=\"a&quot;b.json\">"), "{index}");
    }
}

//! `serve`: the page that this program carries, on a loopback address, for a browser on the same machine.
//!
//! *Invariants*: nothing but the page's own files and the model that was named can be asked for; no name becomes a path. Only requests for
//! a loopback name are answered, so that no other site can have its own name point here (DNS rebinding).
//!
//! A request is answered as its head says. What may follow a head is no request: a connection on which a body was announced is closed after
//! the answer, and so is one on which the head could be read in two ways.
//!
//! *Limits*: `GET` and `HEAD`; a head of 8 KiB, which must be whole after ten seconds; ten seconds without taking any of an answer; 64
//! connections at a time, of which the oldest gives way to a new one.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use samefit_stages::error::{Error, Message, Result};
use samefit_stages::input::{reading, sources};
use samefit_stages::stage::Stage;

/// The files of `target/web` when this was built: name, bytes, digest of the bytes.
const PAGE: &[(&str, &[u8], &str)] = include!(concat!(env!("OUT_DIR"), "/page.rs"));
/// What the page may do; `build.rs` has it from `web/policy.txt`.
const POLICY: &str = include_str!(concat!(env!("OUT_DIR"), "/policy.txt"));

const PORT: u16 = 7420;
/// The port of an address without one.
const HTTP_PORT: u16 = 80;
const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 8192;
const CONNECTIONS_MAX: usize = 64;
/// For the whole of a head, and for each part of an answer.
const SILENCE: Duration = Duration::from_secs(10);
/// How long to wait where the system has no descriptors for a connection.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// What is read of a body, so that a browser that still sends it gets the answer.
const BODY_BYTES_READ: usize = 1 << 16;
const BODY_WAIT: Duration = Duration::from_secs(1);
/// Where the page looks for a model that is not its own.
const MODEL: &str = "custom.json";

/// Flags of `serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServeArgs {
    /// Model that the page opens with: model.json, or the folder it is in; default: the page's own
    #[arg(long, value_name = "PATH")]
    model: Option<String>,
    /// Port on 127.0.0.1; 0: any that is free
    #[arg(long, value_name = "N", default_value_t = PORT)]
    port: u16,
}

/// Serves until it is stopped.
pub(crate) fn run(stage: &mut Stage<'_>, args: &ServeArgs) -> Result<()> {
    if PAGE.is_empty() {
        let help = "run `sh scripts/just web`, then build the program again: it carries the page that is in target/web";
        return Err(Error::usage("this program was built without the page", help));
    }
    let model = args.model.as_ref().map(|path| model(stage, path)).transpose()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| bound(args.port, &error))?;
    let port = listener.local_addr().map_err(|error| bound(args.port, &error))?.port();
    stage.report.print(&format!("http://127.0.0.1:{port}/\n"))?;
    stage.report.say("serving the page to this machine alone; Ctrl-C ends it");
    accept(&listener, &Arc::new(Site::new(model, port)));
    Ok(())
}

/// Name and text of a model, which the component has accepted.
fn model(stage: &mut Stage<'_>, path: &str) -> Result<(String, String)> {
    let path = sources::document_path(stage.files, path, "model.json")?;
    let (text, _) = reading::text(stage.files, &path)?;
    stage.engine.model(&text).map_err(|failure| failure.in_file(&path))?;
    Ok((path, text))
}

fn bound(port: u16, error: &io::Error) -> Error {
    Error::io(format!("127.0.0.1:{port}"), Message::new(error.to_string(), "give another --port, or --port 0 for any that is free"))
}

fn accept(listener: &TcpListener, site: &Arc<Site>) {
    let open = Arc::new(Open::default());
    for (number, stream) in listener.incoming().enumerate() {
        let Ok((ours, stream)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else {
            // out of descriptors: to ask again at once would take all of a processor
            thread::sleep(EXHAUSTED);
            continue;
        };
        open.enter(number, ours);
        let (thread_site, thread_open) = (Arc::clone(site), Arc::clone(&open));
        let begun = thread::Builder::new().spawn(move || {
            // a connection that breaks is the browser's affair
            let _ = talk(&thread_site, stream);
            thread_open.leave(number);
        });
        // without a thread this one answers, while others wait
        if begun.is_err()
            && let Some(stream) = open.leave(number)
        {
            let _ = talk(site, stream);
        }
    }
}

/// The open connections, by the order in which they came.
#[derive(Default)]
struct Open(Mutex<VecDeque<(usize, TcpStream)>>);

impl Open {
    /// Adds a connection. One too many ends the oldest, so that nobody can keep others out by doing nothing.
    fn enter(&self, number: usize, stream: TcpStream) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_back((number, stream));
        if open.len() > CONNECTIONS_MAX {
            // its thread finds it ended
            let _ = open.pop_front().map(|(_, oldest)| oldest.shutdown(Shutdown::Both));
        }
    }

    /// Takes a connection out, unless a newer one has ended it.
    fn leave(&self, number: usize) -> Option<TcpStream> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.iter().position(|(open, _)| *open == number)?;
        open.remove(at).map(|(_, stream)| stream)
    }
}

/// What is served.
struct Site {
    model: Option<(String, String)>,
    index: Vec<u8>,
    hosts: Vec<String>,
}

/// What a request is answered with.
struct Reply<'a> {
    status: &'static str,
    kind: &'static str,
    tag: Option<&'a str>,
    body: &'a [u8],
}

impl Site {
    fn new(model: Option<(String, String)>, port: u16) -> Self {
        let name = model.as_ref().map_or("", |(path, _)| path.as_str());
        // tells the page that it need not keep itself, and which model to open
        let mark = format!("<meta name=\"samefit-served\" content=\"{}\">\n<title>", escape(name));
        let index = PAGE.iter().find(|file| file.0 == "index.html").map_or(&[][..], |file| file.1);
        let index = String::from_utf8_lossy(index).replacen("<title>", &mark, 1).into_bytes();
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts: Vec<String> = names.iter().map(|host| format!("{host}:{port}")).collect();
        if port == HTTP_PORT {
            // browsers leave it out
            hosts.extend(names.map(str::to_owned));
        }
        Self { model, index, hosts }
    }

    fn reply(&self, request: &httparse::Request<'_, '_>) -> Reply<'_> {
        let text = |status, body: &'static str| Reply { status, kind: "text/plain; charset=utf-8", tag: None, body: body.as_bytes() };
        let header = |name: &str| request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value);
        let hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host")).count();
        if hosts != 1 || !header("host").is_some_and(|host| self.hosts.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(host))) {
            return text("421 Misdirected Request", "this server answers to 127.0.0.1 and localhost alone\n");
        }
        if !matches!(request.method, Some("GET" | "HEAD")) {
            return text("405 Method Not Allowed", "only GET and HEAD\n");
        }
        let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default().trim_start_matches('/');
        let reply = match (path, &self.model) {
            ("" | "index.html", _) => Reply { status: OK, kind: kind("index.html"), tag: None, body: &self.index },
            (MODEL, Some((_, model))) => Reply { status: OK, kind: kind(MODEL), tag: None, body: model.as_bytes() },
            _ => match PAGE.iter().find(|file| file.0 == path) {
                Some((name, body, tag)) => Reply { status: OK, kind: kind(name), tag: Some(tag), body },
                None => return text("404 Not Found", "there is no such file\n"),
            },
        };
        let known = |tag: &str| header("if-none-match").is_some_and(|sent| names_tag(sent, tag));
        if reply.tag.is_some_and(known) { Reply { status: NOT_MODIFIED, body: &[], ..reply } } else { reply }
    }
}

const OK: &str = "200 OK";
const NOT_MODIFIED: &str = "304 Not Modified";

/// Whether `If-None-Match` has this tag among others; a proxy may have marked it as weak.
fn names_tag(sent: &[u8], tag: &str) -> bool {
    let sent = String::from_utf8_lossy(sent);
    sent.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/").trim_matches('"') == tag)
}

fn kind(name: &str) -> &'static str {
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

/// Answers one request after another.
fn talk(site: &Site, mut stream: TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(SILENCE))?;
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    while let Some(length) = head(&mut stream, &mut bytes)? {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        // a head that ends before ours does ends elsewhere for someone else too
        if request.parse(&bytes[..length]) != Ok(httparse::Status::Complete(length)) {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            return end(&mut stream);
        }
        let close = is_last(&request);
        write(&mut stream, &site.reply(&request), request.method != Some("HEAD"), close)?;
        if close {
            return end(&mut stream);
        }
        bytes.drain(..length);
    }
    Ok(())
}

/// Whether no other request can follow on the connection: the browser says so, or something follows that is no request.
fn is_last(request: &httparse::Request<'_, '_>) -> bool {
    let is_close = |value: &[u8]| value.split(|&byte| byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
    let announces = |name: &str| ["content-length", "transfer-encoding", "upgrade"].iter().any(|one| name.eq_ignore_ascii_case(one));
    let by_header =
        |header: &httparse::Header<'_>| announces(header.name) || header.name.eq_ignore_ascii_case("connection") && is_close(header.value);
    request.version != Some(1) || !matches!(request.method, Some("GET" | "HEAD")) || request.headers.iter().any(by_header)
}

/// Ends a connection on which more may come: closed at once, the system would take the answer back.
fn end(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(BODY_WAIT))?;
    let (begun, mut left, mut part) = (Instant::now(), BODY_BYTES_READ, [0; 2048]);
    while left > 0 && begun.elapsed() < BODY_WAIT {
        match stream.read(&mut part)? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// Reads until a request's head is whole; its length, or nothing where the browser has ended, is too slow or sends too much.
fn head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let begun = Instant::now();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        let left = SILENCE.saturating_sub(begun.elapsed());
        if bytes.len() > HEAD_BYTES_MAX || left.is_zero() {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        let mut part = [0; 2048];
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&part[..read]);
    }
}

fn write(stream: &mut TcpStream, reply: &Reply<'_>, with_body: bool, close: bool) -> io::Result<()> {
    let Reply { status, kind, tag, body } = reply;
    // the bytes decide: asked for each time, sent only if they are others
    let tag = tag.map_or_else(|| "Cache-Control: no-store\r\n".to_owned(), |tag| format!("Cache-Control: no-cache\r\nETag: \"{tag}\"\r\n"));
    // what was not modified has neither type nor length here
    let content =
        if *status == NOT_MODIFIED { String::new() } else { format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()) };
    let connection = if close { "Connection: close\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\n{content}{tag}{connection}Content-Security-Policy: {POLICY}; frame-ancestors 'none'\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nPermissions-Policy: camera=(), geolocation=(), microphone=()\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    if with_body {
        stream.write_all(body)?;
    }
    stream.flush()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
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
        site.reply(&parsed).status
    }

    fn status(request: &str) -> &'static str {
        status_at(HTTP_PORT, request)
    }

    #[test]
    fn only_this_machine_is_answered() {
        assert_eq!(status("GET /custom.json HTTP/1.1\r\nHost: localhost:80\r\n\r\n"), OK);
        assert_eq!(status("GET /custom.json HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"), OK);
        for request in [
            "GET / HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost:81\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost:80\r\nHost: evil.example:80\r\n\r\n",
        ] {
            assert_eq!(status(request), "421 Misdirected Request", "{request}");
        }
    }

    #[test]
    fn the_port_is_left_out_where_browsers_leave_it_out() {
        let request = "GET /custom.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(status_at(HTTP_PORT, request), OK);
        assert_eq!(status_at(PORT, request), "421 Misdirected Request");
    }

    #[test]
    fn tags_are_known_among_others() {
        for sent in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(names_tag(sent.as_bytes(), "a"), "{sent}");
        }
        assert!(!names_tag(b"\"ab\"", "a") && !names_tag(b"", "a"));
    }

    #[test]
    fn only_the_pages_files_are_answered() {
        for path in ["/../../etc/passwd", "//etc/passwd", "/nothing", "/%2e%2e/x"] {
            assert_eq!(status(&format!("GET {path} HTTP/1.1\r\nHost: localhost:80\r\n\r\n")), "404 Not Found", "{path}");
        }
        assert_eq!(status("POST / HTTP/1.1\r\nHost: localhost:80\r\n\r\n"), "405 Method Not Allowed");
    }

    #[test]
    fn what_is_embedded_is_whole() {
        for (name, bytes, digest) in PAGE {
            assert_eq!(digest.len(), 64, "{name}");
            assert!(!bytes.is_empty(), "{name}");
            assert!(!name.contains('/'), "{name}");
        }
    }
}

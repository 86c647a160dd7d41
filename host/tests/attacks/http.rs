//! Hostile HTTP requests, and the page as `serve` serves it.
//!
//! The requests are cut, huge, endless, ambiguous, smuggled or slow. What must hold: after each of them the server answers a good request; it
//! sends no more responses than there were requests; and it serves nothing but its own files.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use samefit_testing::not_run;

use crate::support::{Random, rounds};

/// Longest time for the response to a good request, in seconds; far more than it takes.
const RESPONSE_SECONDS_MAX: u64 = 20;

/// How long to wait for responses to a hostile request.
const LISTEN_TIME: Duration = Duration::from_millis(150);

/// The page that `build.rs` embeds.
const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/web");

/// Returns whether the program carries the page; reports `test` as not run if it does not. Fails if the page is in `target/web` now.
fn is_page_embedded(test: &str) -> bool {
    let is_embedded = env!("SAMEFIT_PAGE_FILES") != "0";
    let is_built = Path::new(WEB).join("index.html").exists();
    assert!(is_embedded || !is_built, "the program was built without the page that is in target/web: build it again");
    if !is_embedded {
        not_run(test, "the program was built without the page");
    }
    is_embedded
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a server after the shell commands `before`. Returns none, and reports `test` as not run, if the program carries no page.
    fn start(before: &str, test: &str) -> Option<Self> {
        if !is_page_embedded(test) {
            return None;
        }
        let line = format!("{before} exec \"$0\" serve --port 0");
        let mut child = Command::new("sh")
            .args(["-c", &line, env!("CARGO_BIN_EXE_samefit")])
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(!url.is_empty(), "{:?}", child.wait_with_output());
        let address = url.trim().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        Some(Self { child, address })
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(RESPONSE_SECONDS_MAX)).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(RESPONSE_SECONDS_MAX))).unwrap();
        stream
    }

    /// Asserts that a good request is answered.
    #[track_caller]
    fn assert_answers(&self, after: &str) {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(Duration::from_secs(RESPONSE_SECONDS_MAX))).unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        let read = stream.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response);
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "after {after}: {read:?} {response:.200}");
    }
}

/// Returns what the server sends until it closes the connection or pauses.
fn listen(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(LISTEN_TIME)).unwrap();
    let (mut answer, mut part) = (Vec::new(), [0; 1 << 16]);
    while let Ok(read @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Every file of the page is served unchanged, but for the index, which names the model.
#[test]
fn the_page_is_served_as_it_was_built() {
    let Some(server) = Server::start("", "the page as it is served") else { return };
    let mut files = 0;
    for entry in std::fs::read_dir(WEB).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".br") || name == "index.html" {
            continue;
        }
        let mut stream = server.connect();
        let request = format!("GET /{name} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let head = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert!(response.starts_with(b"HTTP/1.1 200 OK\r\n"), "{name}");
        assert!(response[head..] == std::fs::read(&path).unwrap(), "{name} is not the file in target/web");
        files += 1;
    }
    assert!(files > 5, "the page has only {files} files");
}

/// Returns a hostile request, and the most responses that it may have.
fn hostile(random: &mut Random, address: &SocketAddr) -> (Vec<u8>, usize) {
    let host = format!("Host: {address}\r\n");
    let another = format!("GET /index.html HTTP/1.1\r\n{host}\r\n");
    let below = |random: &mut Random, items: &[&str]| items[random.below(items.len())].to_owned();
    match random.below(12) {
        0 => {
            let paths = [
                "/../../etc/passwd",
                "//etc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/..%2f..%2fetc/passwd",
                "/.%00./etc/passwd",
                "/index.html/../../etc/passwd",
                "\\..\\etc\\passwd",
                "/%c0%ae%c0%ae/etc/passwd",
                "file:///etc/passwd",
                "/proc/self/environ",
                "*",
                "",
                "?",
                "/%",
                "/\u{202e}",
                "/index.html%00.css",
            ];
            (format!("GET {} HTTP/1.1\r\n{host}\r\n", below(random, &paths)).into_bytes(), 1)
        }
        1 => {
            let target = below(random, &["http://evil.example/", "http://127.0.0.1/", "https://localhost/index.html", "evil.example:443"]);
            (format!("{} {target} HTTP/1.1\r\n{host}\r\n", below(random, &["GET", "CONNECT", "OPTIONS"])).into_bytes(), 1)
        }
        2 => {
            let hosts = [
                "",
                "Host:\r\n",
                "Host: evil.example\r\n",
                "Host: 127.0.0.1:1\r\n",
                "Host : localhost\r\n",
                "Host: a\r\nHost: b\r\n",
                " Host: x\r\n",
            ];
            (format!("GET / HTTP/1.1\r\n{}\r\n", below(random, &hosts)).into_bytes(), 1)
        }
        3 => {
            // two hosts, of which one is right
            (format!("GET / HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n").into_bytes(), 1)
        }
        4 => {
            let methods = ["POST", "PUT", "DELETE", "TRACE", "PRI", "get", "G\u{e9}T", "", "GET GET", "\0", "A".repeat(9000).leak()];
            (format!("{} / HTTP/1.1\r\n{host}\r\n{another}", below(random, &methods)).into_bytes(), 1)
        }
        5 => {
            // a body that is a request
            let announced = [
                format!("Content-Length: {}\r\n", another.len()),
                "Content-Length: 0\r\n".to_owned(),
                "Content-Length: -1\r\n".to_owned(),
                "Content-Length: 5\r\nContent-Length: 99\r\n".to_owned(),
                "Transfer-Encoding: chunked\r\n".to_owned(),
                "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n".to_owned(),
                "Upgrade: h2c\r\nConnection: Upgrade\r\n".to_owned(),
                "Connection: keep-alive, close\r\n".to_owned(),
            ];
            let method = below(random, &["GET", "HEAD", "POST"]);
            (format!("{method} / HTTP/1.1\r\n{host}{}\r\n{another}", random.pick(&announced)).into_bytes(), 1)
        }
        6 => {
            // line ends that readers understand differently
            let ends = ["\n\n", "\n\r\n", "\r\r\n", "\r\n \r\n", "\0\r\n\r\n", "\r\n\t\n\n"];
            (format!("GET / HTTP/1.1\r\nHost: {address}{}{another}", below(random, &ends)).into_bytes(), 2)
        }
        7 => {
            let many = 1 + random.below(3);
            (another.repeat(many).into_bytes(), many)
        }
        8 => {
            let huge = "a".repeat(1 << (10 + random.below(11)));
            let request = match random.below(3) {
                0 => format!("GET /{huge} HTTP/1.1\r\n{host}\r\n"),
                1 => format!("GET / HTTP/1.1\r\n{host}x: {huge}\r\n\r\n"),
                _ => format!("GET / HTTP/1.1\r\n{host}{}\r\n", "x: y\r\n".repeat(huge.len() / 64)),
            };
            (request.into_bytes(), 1)
        }
        9 => {
            // cut anywhere
            let end = random.below(another.len());
            (another.as_bytes()[..end].to_vec(), 0)
        }
        10 => {
            let versions = ["HTTP/0.9", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/1.1 x", "", "http/1.1", "HTTP/1.1\r\nx"];
            (format!("GET / {}\r\n{host}\r\n", below(random, &versions)).into_bytes(), 1)
        }
        _ => {
            let bytes = (0..random.below(3000)).map(|_| u8::try_from(random.bits() & 255).unwrap()).collect();
            // random bytes contain few ends of a head
            (bytes, 4)
        }
    }
}

#[test]
fn hostile_requests_are_answered_or_ended() {
    let Some(server) = Server::start("", "hostile requests") else { return };
    let mut random = Random::new("hostile requests");
    let mut answered = 0;
    for round in 0..rounds(60, 3000) {
        let (request, answers_max) = hostile(&mut random, &server.address);
        let what = format!("round {round}: {:?}", String::from_utf8_lossy(&request[..request.len().min(300)]));
        let mut stream = server.connect();
        // in pieces; the server may close the connection after any of them
        let mut rest = request.as_slice();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(if random.below(2) == 0 { rest.len() } else { 1 + random.below(rest.len()) });
            if stream.write_all(piece).is_err() {
                break;
            }
            rest = more;
        }
        match random.below(3) {
            0 => drop(stream.shutdown(Shutdown::Write)),
            1 => drop(stream.set_nodelay(true)),
            _ => {}
        }
        if random.below(8) > 0 {
            let answer = listen(&mut stream);
            let answers = answer.matches("HTTP/1.1 ").count();
            answered += answers;
            assert!(answers <= answers_max, "{what}: {answers} answers: {answer:.400}");
            assert!(!answer.contains("root:") && !answer.contains("PATH="), "{what}: {answer:.400}");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{what}: {answer:.400}");
        }
        drop(stream);
        server.assert_answers(&what);
    }
    assert!(answered > 0);
}

#[test]
fn idle_connections_keep_nobody_out() {
    let Some(server) = Server::start("", "idle connections") else { return };
    let begun: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = server.connect();
            let _ = stream.write_all(&b"GET / HTTP/1.1\r\nHost: "[..number % 20]);
            stream
        })
        .collect();
    server.assert_answers("200 connections that say nothing");
    drop(begun);
    server.assert_answers("they ended");
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let Some(server) = Server::start("", "a head that never ends") else { return };
    let mut stream = server.connect();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let begun = Instant::now();
    // a little at a time, so that the connection is never idle
    let ended = loop {
        let sent = stream.write_all(b"x: y\r\n");
        let ended = matches!(stream.read(&mut [0; 16]), Ok(0)) || sent.is_err();
        if ended || begun.elapsed() > Duration::from_secs(3 * RESPONSE_SECONDS_MAX) {
            break ended;
        }
    };
    assert!(ended, "a head that takes {:?} is still read", begun.elapsed());
    server.assert_answers("a slow head");
}

/// Returns the processor time of a process, in hundredths of a second. Unlike elapsed time, it does not grow when the machine is busy.
fn processor_time(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let numbers = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

#[test]
fn without_descriptors_the_server_waits_and_goes_on() {
    if !cfg!(target_os = "linux") {
        return not_run("a server without file descriptors", "there is no /proc");
    }
    let Some(server) = Server::start("ulimit -n 30;", "a server without file descriptors") else { return };
    let mut streams: Vec<TcpStream> = (0..80).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(300));
    let before = processor_time(server.child.id());
    std::thread::sleep(Duration::from_secs(2));
    let used = processor_time(server.child.id()) - before;
    assert!(used < 100, "{used} hundredths of a second of two seconds went into waiting");
    streams.clear();
    server.assert_answers("there were no descriptors");
}

//! What the system refuses: permissions, space, time.

use std::fs;
use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::place::{Place, Ran};

/// The exit code of a command of the test's own that says the system does not allow the test.
const CANNOT: i32 = 77;

fn is_root(place: &Place) -> bool {
    place.shell("id -u").stdout().trim() == "0"
}

/// Runs a line as someone who may not do everything.
fn unprivileged(place: &Place, line: &str) -> Option<Ran> {
    if !is_root(place) {
        return Some(place.shell(line));
    }
    // the program may stand where others cannot enter
    // by a process of its own: a program that is still open for writing, in a child that another test starts, cannot be run
    place.shell(&format!("cp '{}' samefit", env!("CARGO_BIN_EXE_samefit")));
    let line = line.replace("samefit ", "./samefit ");
    let ran = place.shell(&format!("setpriv --reuid=65534 --regid=65534 --clear-groups true || exit {CANNOT}; setpriv --reuid=65534 --regid=65534 --clear-groups {line}"));
    (ran.code() != CANNOT).then_some(ran)
}

fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn a_folder_that_may_not_be_read_is_an_input_failure() {
    let place = Place::new();
    place.shell("mkdir closed && printf 'a,y\\n1,2\\n' > closed/a.csv && chmod 000 closed");
    let ran = unprivileged(&place, "samefit summarize --data closed --out out");
    place.shell("chmod 755 closed");
    let Some(ran) = ran else { return skipped("running as root, and setpriv cannot become someone else") };
    let help = "help: run as a user who may read it, or change its permissions";
    assert_eq!((ran.code(), ran.stderr()), (1, format!("error: closed: permission denied\n{help}\n")));
}

#[test]
fn a_folder_that_may_not_be_written_is_an_output_failure() {
    let place = Place::new();
    place.shell("printf 'a,y\\n1,2\\n' > a.csv && mkdir closed && chmod 555 closed");
    let Some(ran) = unprivileged(&place, "samefit summarize --data a.csv --out closed/deep/out") else {
        return skipped("running as root, and setpriv cannot become someone else");
    };
    let help = "help: give --out a folder where you may write";
    assert_eq!(
        (ran.code(), ran.stderr()),
        (1, format!("error: closed/deep/out/statistics.json: permission to write denied; nothing was written\n{help}\n"))
    );
    assert!(place.tree().iter().all(|path| !path.starts_with("closed/")));
}

#[test]
fn a_file_beyond_its_limit_leaves_nothing() {
    let place = Place::new();
    place.shell("(echo n; seq 1000000) > long.csv");
    let before = place.tree();
    // in units of 512 bytes: enough for the program's own code, too little for 6 MB
    let ran = place.shell("trap '' XFSZ; ulimit -f 10000; samefit split long.csv --holdout 0.1 --out out/split");
    let text = "error: out/split/training.csv: larger than a file may be here; nothing was written\nhelp: raise the limit (`ulimit -f`)\n";
    assert_eq!((ran.code(), ran.stderr().as_str()), (1, text));
    assert_eq!(place.tree(), before);
}

#[test]
fn a_full_disk_leaves_nothing() {
    let place = Place::new();
    let script = format!(
        "mkdir disk && unshare --mount --map-root-user sh -c '
            mount -t tmpfs -o size=64k,mode=777 tmpfs disk || exit {CANNOT}
            printf old > disk/1.json
            samefit qc-pre-process --data data/diabetes.csv --target y --out disk/records
            code=$?; find disk; cat disk/1.json; exit $code' || exit $?"
    );
    let ran = place.shell(&script);
    if ran.code() == CANNOT || ran.stderr().contains("unshare") {
        return skipped("a small file system cannot be mounted here");
    }
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    assert!(ran.stderr().contains("the disk is full; nothing was written\nhelp: free space"), "{}", ran.stderr());
    assert_eq!(ran.stdout(), "disk\ndisk/1.json\nold");
}

#[test]
fn a_full_device_is_an_output_failure() {
    let place = Place::new();
    let ran = place.shell("samefit summarize --data data/diabetes.csv --out full.json && samefit merge full.json --out /dev/full");
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("error: /dev/full: the disk is full"), "{}", ran.stderr());
    assert!(std::path::Path::new("/dev/full").exists());
}

#[test]
fn a_pipe_that_closes_early_is_no_failure() {
    let place = Place::new();
    place.shell("samefit train --data data/diabetes.csv --target y --out m");
    let ran = place.shell("{ samefit inspect --json m; echo $? >&2; } | head -c 1");
    assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("{", "0\n"));
}

/// The program, waiting for more input with its output half written.
fn waiting(place: &Place, program: &str) -> (Child, ChildStdin) {
    place.shell("samefit train --data data/diabetes.csv --target y --features bmi --out m");
    let line = format!("{program} --piece-bytes 100 infer --model m --attributes /dev/stdin --out out");
    let mut child = place.command(&line).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(("bmi\n".to_owned() + &"0.01\n".repeat(100)).as_bytes()).unwrap();
    let start = Instant::now();
    while !place.tree().iter().any(|path| path.starts_with("out/.samefit-")) {
        assert!(start.elapsed() < Duration::from_secs(30), "no output was begun");
        sleep(Duration::from_millis(5));
    }
    (child, stdin)
}

/// On a terminal, a line says how far the work has come once that takes a while; it is gone before anything else is said.
#[test]
fn a_terminal_shows_how_far_the_work_has_come() {
    let place = Place::new();
    let rows = "(head -1 data/diabetes.csv; for i in 1 2 3 4 5 6 7 8; do tail -n +2 data/diabetes.csv; sleep 0.2; done)";
    let run = |flags: &str| {
        let inner = format!("{rows} | samefit --piece-bytes 1000 {flags} summarize --threads 2 --data /dev/stdin --out s.json");
        fs::write(place.path("run.sh"), inner).unwrap();
        place.shell("command -v script > /dev/null || exit 77; TERM=xterm script -qec 'sh run.sh' /dev/null < /dev/null")
    };
    let ran = run("");
    if ran.code() == CANNOT {
        return skipped("there is no `script` to make a terminal with");
    }
    let text = ran.stdout();
    let shown: Vec<&str> = text.split("\r\u{1b}[K").collect();
    assert!(shown.len() > 3 && shown[1].contains(" MB/s"), "{text:?}");
    assert!(shown.last().unwrap().contains("wrote s.json"), "{text:?}");
    assert_eq!(run("--quiet").stdout(), "");
    assert!(!place.shell("sh run.sh").stderr().contains('\u{1b}'));
}

#[test]
fn a_signal_that_is_to_be_ignored_is_ignored() {
    let place = Place::new();
    let (mut child, stdin) = waiting(&place, "trap '' HUP; exec samefit");
    place.shell(&format!("kill -HUP {}", child.id()));
    sleep(Duration::from_millis(100));
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(place.tree().iter().filter(|path| path.starts_with("out/")).count(), 1);
}

/// The input comes slowly through a pipe, several threads wait for it, and the folders of the output were made by this run.
#[test]
fn an_interrupt_in_the_middle_of_a_run_by_many_threads_leaves_nothing() {
    for verb in ["summarize --threads 3 --data /dev/stdin", "infer --threads 3 --model m --attributes /dev/stdin"] {
        let place = Place::new();
        place.shell("samefit train --data data/diabetes.csv --target y --features bmi --out m");
        let before = place.tree();
        let line = format!("exec samefit --piece-bytes 100 {verb} --out new/deep/out");
        let mut child = place.command(&line).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"bmi,y\n").unwrap();
        (0..2000).for_each(|row| writeln!(stdin, "0.{row},{row}").unwrap());
        sleep(Duration::from_millis(50));
        place.shell(&format!("kill -INT {}", child.id()));
        let ended = child.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended.status), Some(2));
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
        assert_eq!(place.tree(), before);
    }
}

#[test]
fn a_signal_leaves_nothing_and_is_the_exit_code() {
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let place = Place::new();
        place.shell("samefit train --data data/diabetes.csv --target y --features bmi --out m");
        let mut child = place
            .command("exec samefit --piece-bytes 100 infer --model m --attributes /dev/stdin --out out")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(("bmi\n".to_owned() + &"0.01\n".repeat(100)).as_bytes()).unwrap();
        let start = Instant::now();
        while !place.tree().iter().any(|path| path.starts_with("out/.samefit-")) {
            assert!(start.elapsed() < Duration::from_secs(30), "no output was begun");
            sleep(Duration::from_millis(5));
        }
        place.shell(&format!("kill -{signal} {}", child.id()));
        let status = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(number));
        assert!(!place.tree().iter().any(|path| path.starts_with("out")), "{:?}", place.tree());
    }
}

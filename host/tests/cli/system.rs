//! What the system refuses or interrupts: permissions, space, signals. And the progress line on a terminal.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use samefit_testing::not_run;

use crate::test_folder::{RunOutput, TestFolder, wait};

/// The exit code with which a test's own command reports that the test cannot run here.
const CANNOT_RUN: i32 = 77;

/// Fails with [`CANNOT_RUN`] where a small file system cannot be mounted.
const CHECK_MOUNT: &str = "unshare --mount --map-root-user mount -t tmpfs tmpfs /mnt || exit 77";

/// Why a test of permissions cannot run.
const NO_OTHER_USER: &str = "running as root, and setpriv cannot change the user";

fn is_root(folder: &TestFolder) -> bool {
    folder.shell("id -u").stdout().trim() == "0"
}

/// Runs a line as a user who is not root. Returns none if that is impossible.
fn unprivileged(folder: &TestFolder, line: &str) -> Option<RunOutput> {
    if !is_root(folder) {
        return Some(folder.shell(line));
    }
    // the other user may not be able to enter the program's folder. A process of its own copies the program: a file that is open for writing
    // in a child of another test cannot be run.
    folder.shell(&format!("cp '{}' samefit", env!("CARGO_BIN_EXE_samefit")));
    let line = line.replace("samefit ", "./samefit ");
    let ran = folder.shell(&format!("setpriv --reuid=65534 --regid=65534 --clear-groups true || exit {CANNOT_RUN}; setpriv --reuid=65534 --regid=65534 --clear-groups {line}"));
    (ran.code() != CANNOT_RUN).then_some(ran)
}

#[test]
fn a_folder_without_read_permission_is_an_error() {
    let folder = TestFolder::new();
    folder.shell("mkdir closed && printf 'a,y\\n1,2\\n' > closed/a.csv && chmod 000 closed");
    let ran = unprivileged(&folder, "samefit summarize --data closed --out out");
    folder.shell("chmod 755 closed");
    let Some(ran) = ran else { return not_run("a folder without read permission", NO_OTHER_USER) };
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().starts_with("error: closed: permission denied\nhelp: "), "{}", ran.stderr());
}

#[test]
fn a_folder_without_write_permission_is_an_error() {
    let folder = TestFolder::new();
    folder.shell("printf 'a,y\\n1,2\\n' > a.csv && mkdir closed && chmod 555 closed");
    let Some(ran) = unprivileged(&folder, "samefit summarize --data a.csv --out closed/deep/out") else {
        return not_run("a folder without write permission", NO_OTHER_USER);
    };
    let help = "help: give --out a folder where you may write";
    assert_eq!(
        (ran.code(), ran.stderr()),
        (1, format!("error: closed/deep/out/statistics.json: permission to write denied; nothing was written\n{help}\n"))
    );
    assert!(folder.tree().iter().all(|path| !path.starts_with("closed/")));
}

#[test]
fn a_file_beyond_its_limit_leaves_nothing() {
    let folder = TestFolder::new();
    folder.shell("(echo n; seq 1000000) > long.csv");
    let before = folder.tree();
    // in blocks of 512 bytes: enough for the program's own code, too little for 6 MB
    let ran = folder.shell("trap '' XFSZ; ulimit -f 10000; samefit split long.csv --holdout 0.1 --out out/split");
    let text = "error: out/split/training.csv: larger than a file may be here; nothing was written\nhelp: raise the limit (`ulimit -f`)\n";
    assert_eq!((ran.code(), ran.stderr().as_str()), (1, text));
    assert_eq!(folder.tree(), before);
}

#[test]
fn a_full_disk_leaves_nothing() {
    let folder = TestFolder::new();
    let script = format!(
        "{CHECK_MOUNT}
        mkdir disk && unshare --mount --map-root-user sh -c '
            mount -t tmpfs -o size=64k,mode=777 tmpfs disk || exit {CANNOT_RUN}
            printf old > disk/1.json
            samefit qc-pre-process --data data/diabetes.csv --target y --out disk/records
            code=$?; find disk; cat disk/1.json; exit $code' || exit $?"
    );
    let ran = folder.shell(&script);
    if ran.code() == CANNOT_RUN {
        return not_run("a full disk", "a small file system cannot be mounted here");
    }
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    assert!(ran.stderr().contains("the disk is full; nothing was written\nhelp: free space"), "{}", ran.stderr());
    assert_eq!(ran.stdout(), "disk\ndisk/1.json\nold");
}

#[test]
fn a_full_device_is_an_error() {
    let folder = TestFolder::new();
    let ran = folder.shell("samefit summarize --data data/diabetes.csv --out full.json && samefit merge full.json --out /dev/full");
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("error: /dev/full: the disk is full"), "{}", ran.stderr());
    assert!(std::path::Path::new("/dev/full").exists());
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let folder = TestFolder::new();
    folder.shell("samefit train --data data/diabetes.csv --target y --out m");
    let ran = folder.shell("{ samefit inspect --json m; echo $? >&2; } | head -c 1");
    assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("{", "0\n"));
}

/// Starts the program and waits until it has begun its output and wants more input.
fn start_and_wait_for_output(folder: &TestFolder, program: &str) -> (Child, ChildStdin) {
    folder.shell("samefit train --data data/diabetes.csv --target y --features bmi --out m");
    let line = format!("{program} --split-bytes 100 infer --model m --attributes /dev/stdin --out out");
    let mut child = folder.command(&line).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // more than what tells the kind of the file
    stdin.write_all(("bmi\n".to_owned() + &"0.01\n".repeat(400)).as_bytes()).unwrap();
    let start = Instant::now();
    while !folder.tree().iter().any(|path| path.starts_with("out/.samefit-")) {
        assert!(start.elapsed() < Duration::from_secs(30), "no output was begun");
        sleep(Duration::from_millis(5));
    }
    (child, stdin)
}

/// On a terminal, work that takes some time shows a progress line, which is erased before anything else is printed.
#[test]
fn a_terminal_shows_progress() {
    let folder = TestFolder::new();
    let rows = "(head -1 data/diabetes.csv; for i in 1 2 3 4 5 6 7 8; do tail -n +2 data/diabetes.csv; sleep 0.2; done)";
    let run = |flags: &str| {
        let inner = format!("{rows} | samefit --split-bytes 1000 {flags} summarize --threads 2 --data /dev/stdin --out s.json");
        fs::write(folder.path("run.sh"), inner).unwrap();
        folder.shell("command -v script > /dev/null || exit 77; TERM=xterm script -qec 'sh run.sh' /dev/null < /dev/null")
    };
    let ran = run("");
    if ran.code() == CANNOT_RUN {
        return not_run("progress on a terminal", "there is no `script` that provides a terminal");
    }
    let text = ran.stdout();
    let shown: Vec<&str> = text.split("\r\u{1b}[K").collect();
    assert!(shown.len() > 3 && shown[1].contains(" MB/s"), "{text:?}");
    assert!(shown.last().unwrap().contains("wrote s.json"), "{text:?}");
    assert_eq!(run("--quiet").stdout(), "");
    assert!(!folder.shell("sh run.sh").stderr().contains('\u{1b}'));
}

#[test]
fn a_signal_that_the_parent_ignores_is_ignored() {
    let folder = TestFolder::new();
    let (child, stdin) = start_and_wait_for_output(&folder, "trap '' HUP; exec samefit");
    folder.shell(&format!("kill -HUP {}", child.id()));
    sleep(Duration::from_millis(100));
    drop(stdin);
    assert_eq!(wait(child).code(), 0);
    assert_eq!(folder.tree().iter().filter(|path| path.starts_with("out/")).count(), 1);
}

/// Several threads wait for input from a slow pipe, and the run has created the folders of the output.
#[test]
fn an_interrupt_of_several_threads_leaves_nothing() {
    for verb in ["summarize --threads 3 --data /dev/stdin", "infer --threads 3 --model m --attributes /dev/stdin"] {
        let folder = TestFolder::new();
        folder.shell("samefit train --data data/diabetes.csv --target y --features bmi --out m");
        let before = folder.tree();
        let line = format!("exec samefit --split-bytes 100 {verb} --out new/deep/out");
        let mut child = folder.command(&line).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"bmi,y\n").unwrap();
        (0..2000).for_each(|row| writeln!(stdin, "0.{row},{row}").unwrap());
        sleep(Duration::from_millis(50));
        folder.shell(&format!("kill -INT {}", child.id()));
        let ended = wait(child);
        drop(stdin);
        assert_eq!(ended.0.status.signal(), Some(2));
        assert_eq!(ended.stderr(), "");
        assert_eq!(folder.tree(), before);
    }
}

#[test]
fn a_signal_leaves_nothing_and_is_the_exit_code() {
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let folder = TestFolder::new();
        let (child, _stdin) = start_and_wait_for_output(&folder, "exec samefit");
        folder.shell(&format!("kill -{signal} {}", child.id()));
        assert_eq!(wait(child).0.status.signal(), Some(number));
        assert!(!folder.tree().iter().any(|path| path.starts_with("out")), "{:?}", folder.tree());
    }
}

//! Hostile pipeline programs, run as an unprivileged user. Whatever they do to folders, links, files and processes, files outside stay as
//! they were, stored files do not change, and no process is left.
//!
//! A program runs as the same user as the runner and may do what that user may. So an attack tries to make the *runner* remove, write or
//! store something for it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Random, RunOutput as Ran, copy_program, rounds, run};

const NOBODY: u32 = 65534;

/// Tricks, each with a name and a line for the shell. The line can use `$SAMEFIT_PFS`, `$STORE` (the store), `$VICTIM` (a folder outside
/// that the user may change) and `$MARK` (an argument for processes that stay).
const TRICKS: &[(&str, &str)] = &[
    ("link for pfs", r#"mv "$SAMEFIT_PFS" "$SAMEFIT_PFS.x"; ln -s "$VICTIM" "$SAMEFIT_PFS""#),
    ("link for the folder above", r#"d=${SAMEFIT_PFS%/*}; mv "$d" "$d.x"; ln -s "$VICTIM" "$d""#),
    ("victim moved in below a link", r#"d=${SAMEFIT_PFS%/*}; mv "$d" "$STORE/away"; mkdir "$d"; ln -s "$VICTIM" "$d/pfs""#),
    ("link for tmp", r#"mv "$STORE/tmp" "$STORE/x$$"; ln -s "$VICTIM" "$STORE/tmp""#),
    ("link for objects", r#"mv "$STORE/objects" "$STORE/y$$"; ln -s "$VICTIM" "$STORE/objects""#),
    ("link for out", r#"rm -r "$SAMEFIT_PFS/out"; ln -s "$VICTIM" "$SAMEFIT_PFS/out""#),
    ("link for an input", r#"rm -rf "$SAMEFIT_PFS/in"; ln -s "$VICTIM" "$SAMEFIT_PFS/in""#),
    ("link for home and bin", r#"d=${SAMEFIT_PFS%/*}; rm -r "$d/home" "$d/bin"; ln -s "$VICTIM" "$d/home"; ln -s "$VICTIM" "$d/bin""#),
    ("links everywhere", r#"for i in a b c; do mkdir -p "$SAMEFIT_PFS/$i/$i"; ln -s "$VICTIM" "$SAMEFIT_PFS/$i/$i/removed-1"; done"#),
    ("link to a folder in out", r#"ln -s "$VICTIM" "$SAMEFIT_PFS/out/folder""#),
    ("link to a file in out", r#"ln -s "$VICTIM/letter" "$SAMEFIT_PFS/out/file""#),
    ("link by way of another", r#"ln -s ../out/b "$SAMEFIT_PFS/out/a"; ln -s ../../../../../../../../../etc/passwd "$SAMEFIT_PFS/out/b""#),
    ("links in a circle", r#"ln -s b "$SAMEFIT_PFS/out/a"; ln -s a "$SAMEFIT_PFS/out/b""#),
    ("a second name of a file outside", r#"ln "$VICTIM/letter" "$SAMEFIT_PFS/out/second""#),
    ("a locked second name", r#"ln "$VICTIM/locked" "$SAMEFIT_PFS/out/locked""#),
    ("a pipe", r#"mkfifo "$SAMEFIT_PFS/out/pipe""#),
    ("folders without rights", r#"mkdir -p "$SAMEFIT_PFS/closed/inner"; chmod 0 "$SAMEFIT_PFS/closed/inner" "$SAMEFIT_PFS/closed""#),
    ("deep folders", r#"mkdir -p "$SAMEFIT_PFS/out/$(printf 'd/%.0s' $(seq 300))""#),
    (
        "a longer path than can be named",
        r#"cd "$SAMEFIT_PFS/out"; d=$(printf 'd%.0s' $(seq 200)); for i in $(seq 40); do mkdir "$d"; cd -P "$d"; done; echo x > file"#,
    ),
    ("a file of holes", r#"truncate -s 1P "$SAMEFIT_PFS/out/holes" || true"#),
    (
        "a writer that stays",
        r#"exec 3>"$SAMEFIT_PFS/out/late"; echo good >&3; setsid sh -c 'sleep 1; echo evil >&3; sleep 600' "$MARK" & sleep 0.1"#,
    ),
    ("fifty that stay", r#"i=0; while [ $i -lt 50 ]; do setsid sh -c 'sleep 600; :' "$MARK" & i=$((i + 1)); done"#),
    ("children of children", r#"(setsid sh -c '(setsid sh -c "sleep 600; :" "$0" &) ; sleep 600; :' "$MARK" &)"#),
    ("a thief of its own words", r#"cat "/proc/$$/fd/1" > /dev/null & i=0; while [ $i -lt 300 ]; do echo word; i=$((i + 1)); done"#),
    (
        "a swapper of sockets that stays",
        r#"setsid sh -c 'while :; do for d in "$STORE"/tmp/d*; do ln -sf "$VICTIM/locked" "$d/bin/worker.sock"; done; done 2>/dev/null' "$MARK" &"#,
    ),
    ("the supervisor ended", r#"setsid sh -c 'sleep 600; :' "$MARK" & kill -9 $PPID; sleep 0.2"#),
    ("the supervisor stopped", r#"(sleep 0.3; kill -CONT $PPID) & kill -STOP $PPID; sleep 0.1"#),
    (
        "a swapper that stays",
        r#"setsid sh -c 'while :; do for d in "$STORE"/tmp/d*; do mv -T "$d/pfs" "$d/x" && ln -s "$VICTIM" "$d/pfs"; done; done 2>/dev/null' "$MARK" &"#,
    ),
    (
        "a swapper of new folders",
        r#"setsid sh -c 'while :; do for d in "$STORE"/tmp/d*; do mv -T "$d" "$d.x" && ln -s "$VICTIM" "$d"; done; done 2>/dev/null' "$MARK" &"#,
    ),
];

/// A folder with a victim, a store and a program that an unprivileged user can run.
struct Scene {
    folder: tempfile::TempDir,
    program: PathBuf,
    mark: String,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        // other users may not be able to enter the folder in which the program was built
        let program = path.join("samefit");
        copy_program(&program);
        for folder in ["victim", "victim/inner", "work", "work/in", "work/specs"] {
            fs::create_dir(path.join(folder)).unwrap();
        }
        fs::write(path.join("victim/letter"), "dear all").unwrap();
        fs::write(path.join("victim/inner/letter"), "dear nobody").unwrap();
        fs::write(path.join("victim/locked"), "secret").unwrap();
        fs::set_permissions(path.join("victim/locked"), fs::Permissions::from_mode(0o0)).unwrap();
        fs::write(path.join("work/in/a"), "content").unwrap();
        fs::write(path.join("work/in/b"), "other content").unwrap();
        if is_root() {
            let all = walk(path);
            all.iter().filter(|entry| **entry != program).for_each(|entry| chown(entry, Some(NOBODY), Some(NOBODY)).unwrap());
        }
        let mark = format!("attack-{name}-{}", std::process::id());
        Self { folder, program, mark }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a spec that runs a shell script for each file of `in`.
    fn spec(&self, script: &str, more: &serde_json::Value) {
        let mut spec = serde_json::json!({
            "pipeline": {"name": "hostile"},
            "input": {"pfs": {"name": "in", "repo": "in", "glob": "/*"}},
            "datumTries": 2,
            "datumTimeout": "20s",
            "transform": {
                "cmd": ["sh", "-c", script],
                "env": {"VICTIM": self.path("victim"), "STORE": self.path("work/store"), "MARK": self.mark},
            },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            match (spec.get_mut(key), value) {
                (Some(serde_json::Value::Object(there)), serde_json::Value::Object(more)) => there.extend(more.clone()),
                _ => spec[key] = value.clone(),
            }
        }
        let path = self.path("work/specs/hostile.json");
        fs::write(&path, spec.to_string()).unwrap();
    }

    /// Runs `samefit pipeline` as an unprivileged user.
    fn pipeline(&self, words: &[&str]) -> Ran {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            let nobody = NOBODY.to_string();
            command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command.args(["pipeline", "--store", "store"]).args(words).current_dir(self.path("work"));
        run(command)
    }

    /// Returns the mode, the owner, the length and the content of everything in the victim's folder.
    fn victim(&self) -> BTreeMap<PathBuf, (u32, u32, u64, Vec<u8>)> {
        let entries = walk(&self.path("victim"));
        let seen = |path: PathBuf| {
            let found = fs::symlink_metadata(&path).unwrap();
            let content = if found.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
            (path, (found.mode(), found.uid(), if found.is_file() { found.len() } else { 0 }, content))
        };
        entries.into_iter().map(seen).collect()
    }

    /// Returns how many processes with the mark still run.
    fn left(&self) -> usize {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| line.windows(self.mark.len()).any(|part| part == self.mark.as_bytes())).count()
    }

    /// Runs a script as a pipeline, twice. Asserts that everything outside is as it was, and that no process is left.
    #[track_caller]
    fn attack(&self, what: &str, script: &str, more: &serde_json::Value) -> Ran {
        self.spec(script, more);
        let before = self.victim();
        let first = self.pipeline(&["run", "specs", "--input", "in=in"]);
        first.assert_orderly(what);
        self.pipeline(&["run", "specs", "--retry"]).assert_orderly(what);
        assert_eq!(self.left(), 0, "{what}: processes are left\n{}", first.stderr);
        let after = self.victim();
        // two tricks together can make the hostile program itself add files there; files that were there before must not change
        before.iter().for_each(|(path, was)| assert!(after.get(path) == Some(was), "{what}: {path:?} changed\n{}", first.stderr));
        first
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // ends the processes that a failed test left
        let _ = Command::new("pkill").args(["-9", "-f", &self.mark]).status();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Returns a folder and everything below it, without following links.
fn walk(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    if path.is_dir() && !path.is_symlink() {
        let mut below: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        below.iter().for_each(|path| all.extend(walk(path)));
    }
    all
}

fn nothing() -> serde_json::Value {
    serde_json::json!({})
}

#[test]
fn each_trick_leaves_what_is_outside_alone() {
    for (number, (what, trick)) in TRICKS.iter().enumerate() {
        let scene = Scene::new(&format!("one-{number}"));
        let before = scene.victim();
        scene.attack(what, trick, &nothing());
        assert!(scene.victim() == before, "{what}: something was put where it does not belong");
    }
}

#[test]
fn tricks_together_leave_what_is_outside_alone() {
    let mut random = Random::new("programs");
    for round in 0..rounds(6, 300) {
        let (one, other) = (random.pick(TRICKS), random.pick(TRICKS));
        let end = *random.pick(&["exit 0", "exit 3", "kill -9 $$", r#"echo good > "$SAMEFIT_PFS/out/x""#]);
        let workers = serde_json::json!({"parallelismSpec": {"constant": 1 + random.below(2)}});
        let scene = Scene::new(&format!("two-{round}"));
        scene.attack(&format!("{} and {}, {end}", one.0, other.0), &format!("{}; {}; {end}", one.1, other.1), &workers);
    }
}

#[test]
fn tricks_between_the_datums_of_a_batch_leave_what_is_outside_alone() {
    let mut random = Random::new("batches");
    let mut tricks: Vec<_> = TRICKS.iter().filter(|(what, _)| !what.contains("supervisor")).collect();
    while tricks.len() > rounds(6, TRICKS.len()) {
        tricks.swap_remove(random.below(tricks.len()));
    }
    for (number, (what, trick)) in tricks.into_iter().enumerate() {
        let scene = Scene::new(&format!("batch-{number}"));
        let script = format!("p=${{PIPELINE_WORKER%/*}}/pachctl; while \"$p\" next datum; do {trick}; done");
        scene.attack(what, &script, &serde_json::json!({"transform": {"datumBatching": true}, "datumSetSpec": {"number": 2}}));
    }
}

#[test]
fn what_was_stored_stays_what_it_is_while_a_child_that_left_writes_on() {
    let scene = Scene::new("writer");
    let script = TRICKS.iter().find(|(what, _)| *what == "a writer that stays").unwrap().1;
    // the second datum writes another path, because two datums may not write the same one
    let script = format!("{script}; mv \"$SAMEFIT_PFS/out/late\" \"$SAMEFIT_PFS/out/${{in##*/}}\"");
    let ran = scene.attack("a writer that stays", &script, &nothing());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(scene.pipeline(&["get", "hostile:/a"]).stdout, "good\n");
    let check = scene.pipeline(&["check"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
}

/// Forks and ends again and again, faster than a list of processes can be read.
const COMET: &str = r#"comet() { (comet "$MARK" & ); }; comet & sleep 0.2"#;

#[test]
fn what_forks_faster_than_anybody_looks_is_ended_where_there_are_control_groups() {
    let scene = Scene::new("comet");
    let Some(group) = Delegated::new(&scene.mark) else {
        return samefit_testing::not_run("a program that forks and ends", "this user cannot hand a control group to another");
    };
    scene.spec(COMET, &nothing());
    let line = format!(
        "echo 0 > {group}/cgroup.procs && exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups {} pipeline --store store run specs --input in=in",
        scene.program.display(),
        group = group.0.display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(scene.path("work"));
    let ran = run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let left = fs::read_to_string(group.0.join("cgroup.procs")).unwrap();
    assert_eq!(left, "", "processes are left");
    let groups = fs::read_dir(&group.0).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(groups.count(), 0, "groups are left");
}

/// A control group in which an unprivileged user can create others.
struct Delegated(PathBuf);

impl Delegated {
    fn new(name: &str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?.split(' ').nth(4)?;
        let folder = Path::new(mount).join(name);
        fs::create_dir(&folder).ok()?;
        let made = Self(folder);
        let owned = ["", "cgroup.procs"].iter().all(|name| chown(made.0.join(name), Some(NOBODY), Some(NOBODY)).is_ok());
        (owned && is_root()).then_some(made)
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        std::thread::sleep(std::time::Duration::from_millis(100));
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn what_a_program_started_does_not_outlive_its_datum_though_it_ends_its_supervisor() {
    let scene = Scene::new("outlive");
    // the second datum looks for processes that the first one left, with a pattern that does not match itself
    let script = r#"case "$in" in
        */a) setsid sh -c 'sleep 600; :' "$MARK-child" & sleep 0.1; kill -9 $PPID; sleep 0.2;;
        *) ! grep -qs "$MARK-[c]hild" /proc/[0-9]*/cmdline || exit 7; cp "$in" "$SAMEFIT_PFS/out";;
    esac"#;
    scene.spec(script, &serde_json::json!({"datumTries": 1, "parallelismSpec": {"constant": 1}}));
    let ran = scene.pipeline(&["run", "specs", "--input", "in=in"]);
    assert!(ran.stderr.contains("hostile: 1 processed, 0 skipped, 1 failed"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the process that supervises it was killed"), "{}", ran.stderr);
    assert_eq!(scene.left(), 0);
}

#[test]
fn a_program_that_stops_the_supervisors_of_others_hangs_nothing() {
    let scene = Scene::new("stop");
    ["c", "d", "e"].iter().for_each(|name| fs::write(scene.path("work/in").join(name), *name).unwrap());
    // the first datum stops every child of the runner except its own supervisor, while the other worker starts one program after another
    let script = r#"case "$in" in
        */a) r=$(sed -n 's/^PPid:.//p' /proc/$PPID/status)
            for i in $(seq 30); do
                for p in /proc/[0-9]*; do [ ${p#/proc/} = $PPID ] || { grep -qs "^PPid:.$r\$" $p/status && kill -STOP ${p#/proc/}; }; done
                sleep 0.02
            done;;
        *) cp "$in" "$SAMEFIT_PFS/out";;
    esac"#;
    scene.spec(script, &serde_json::json!({"datumTries": 1, "datumTimeout": "3s", "parallelismSpec": {"constant": 2}}));
    let ran = scene.pipeline(&["run", "specs", "--input", "in=in", "--workers", "2"]);
    ran.assert_orderly("stopped supervisors");
    assert!(ran.stderr.contains(" processed, 0 skipped, "), "{}", ran.stderr);
    assert_eq!(scene.left(), 0);
}

#[test]
fn an_ordinary_program_works_beside_all_this() {
    let scene = Scene::new("ordinary");
    let script = r#"(sleep 0.1; tr a-z A-Z < "$in" > "$SAMEFIT_PFS/out/${in##*/}") & wait"#;
    let ran = scene.attack("an ordinary program", script, &nothing());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(scene.pipeline(&["get", "hostile:/b"]).stdout, "OTHER CONTENT");
    // no temporary files are left in the store
    assert_eq!(fs::read_dir(scene.path("work/store/tmp")).unwrap().count(), 0);
}

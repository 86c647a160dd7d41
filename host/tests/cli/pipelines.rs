//! Runs `samefit pipeline` as a program: killed, interrupted, twice at once, with programs that ask for datums, and in containers.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::test_folder::{RunOutput as Ran, TestFolder as Place};

/// Writes a spec with one datum for each file of the repo `in`.
fn spec(place: &Place, name: &str, cmd: &[&str], more: &Value) {
    let mut spec = json!({
        "pipeline": {"name": name},
        "input": {"pfs": {"repo": "in", "glob": "/*"}},
        "transform": {"cmd": cmd, "env": {"LOG": place.path("log")}},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        match (spec.get_mut(key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more.clone()),
            _ => spec[key] = value.clone(),
        }
    }
    fs::create_dir_all(place.path("specs")).unwrap();
    fs::write(place.path(&format!("specs/{name}.json")), spec.to_string()).unwrap();
}

fn good(ran: Ran) -> Ran {
    assert_eq!(ran.code(), 0, "{}{}", ran.stdout(), ran.stderr());
    ran
}

/// Puts a folder with files 1 to `count` into the repo `in`.
fn put(place: &Place, count: usize) {
    fs::create_dir_all(place.path("in")).unwrap();
    (1..=count).for_each(|i| fs::write(place.path(&format!("in/{i}")), format!("text {i}\n")).unwrap());
    good(place.shell("samefit pipeline put in --replace-all in"));
}

fn lines(place: &Place, name: &str) -> Vec<String> {
    fs::read_to_string(place.path(name)).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn wait_for(mut what: impl FnMut() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(60), "the condition did not hold within 60 s");
        sleep(Duration::from_millis(2));
    }
}

/// Waits until a process has ended, with the limit of [`wait_for`].
fn wait_for_end(child: &mut Child) -> ExitStatus {
    wait_for(|| child.try_wait().unwrap().is_some());
    child.wait().unwrap()
}

fn start(place: &Place, line: &str) -> Child {
    place.command(&format!("exec {line}")).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wrote(place: &Place, pipeline: &str) -> BTreeSet<String> {
    let ran = good(place.shell(&format!("samefit pipeline list datums {pipeline} --json")));
    let datums: Value = serde_json::from_str(&ran.stdout()).unwrap();
    datums.as_array().unwrap().iter().filter_map(|datum| Some(datum["datum"]["files"][0]["path"].as_str()?[1..].to_owned())).collect()
}

#[test]
fn a_run_that_is_killed_at_any_point_loses_nothing_and_is_continued() {
    let place = Place::new();
    put(&place, 40);
    let script = "echo ${in##*/} >> $LOG; sleep 0.01; cp $in \"$0\"";
    spec(&place, "copy", &["sh", "-c", script, "/pfs/out"], &json!({"parallelismSpec": {"constant": 2}}));
    spec(
        &place,
        "count",
        &["sh", "-c", "ls \"$0\" | wc -l > \"$1/n\"", "/pfs/copy", "/pfs/out"],
        &json!({"input": {"pfs": {"repo": "copy", "glob": "/"}}}),
    );
    for (round, more) in [0, 1, 0, 2, 3, 5, 8, 9].into_iter().enumerate() {
        let done = if round < 3 { BTreeSet::new() } else { wrote(&place, "copy") };
        let before = lines(&place, "log").len();
        let mut child = start(&place, "samefit pipeline run specs");
        wait_for(|| lines(&place, "log").len() >= before + more || child.try_wait().unwrap().is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        good(place.shell("samefit pipeline check"));
        // datums that were recorded before do not run again
        let again: Vec<String> = lines(&place, "log").split_off(before).into_iter().filter(|name| done.contains(name)).collect();
        assert_eq!(again, Vec::<String>::new(), "killed in round {round}");
    }
    let done = wrote(&place, "copy");
    assert!(!done.is_empty() && done.len() < 40, "{done:?}");
    let before = lines(&place, "log").len();
    let ran = good(place.shell("samefit pipeline run"));
    assert!(ran.stderr().contains("copy: 40 processed, 0 skipped, 0 failed"), "{}", ran.stderr());
    assert!(lines(&place, "log").split_off(before).iter().all(|name| !done.contains(name)));
    assert_eq!(good(place.shell("samefit pipeline get count:/n")).stdout().trim(), "40");
}

#[test]
fn a_killed_put_leaves_the_old_commit_or_the_new_one() {
    let place = Place::new();
    place.shell("mkdir many; seq 2000 | split -l 1 -a 4 - many/");
    for delay in (0..120).step_by(8) {
        let mut child = start(&place, "samefit pipeline put in --replace-all many");
        sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        let ran = place.shell("samefit pipeline check");
        assert!(ran.code() == 0 || ran.stderr().contains("there is no pipeline store"), "{}", ran.stderr());
        let files = place.shell("samefit pipeline list files in | tail -n +2 | wc -l").stdout();
        assert!(["0", "2000"].contains(&files.trim()), "{files}");
        if files.trim() == "2000" {
            fs::remove_dir_all(place.path(".samefit-pipeline")).unwrap();
        }
    }
    good(place.shell("samefit pipeline put in --replace-all many"));
}

#[test]
fn an_interrupt_ends_the_running_program_and_is_the_exit_status() {
    let place = Place::new();
    put(&place, 1);
    spec(&place, "slow", &["sh", "-c", "echo $$ >> $LOG; sleep 600"], &json!({}));
    let mut child = start(&place, "samefit pipeline run specs");
    wait_for(|| lines(&place, "log").len() == 1);
    place.shell(&format!("kill -INT {}", child.id()));
    let status = wait_for_end(&mut child);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    let program = &lines(&place, "log")[0];
    assert_ne!(place.shell(&format!("kill -0 {program} 2> /dev/null")).code(), 0, "the program still runs");
    assert!(good(place.shell("samefit pipeline list jobs")).stdout().contains("  running  "));
}

#[test]
fn an_interrupt_ends_a_verb_without_a_job_at_once() {
    let place = Place::new();
    // more than a pipe holds, and the test does not read on
    fs::create_dir_all(place.path("in")).unwrap();
    fs::write(place.path("in/big"), vec![b'x'; 1 << 20]).unwrap();
    good(place.shell("samefit pipeline put in --replace-all in"));
    let mut child = place.command("exec samefit pipeline get in:/big").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut printed = child.stdout.take().unwrap();
    printed.read_exact(&mut [0]).unwrap();
    place.shell(&format!("kill -INT {}", child.id()));
    let status = wait_for_end(&mut child);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let place = Place::new();
    put(&place, 1);
    spec(&place, "slow", &["sh", "-c", "echo x >> $LOG; while ! test -e $LOG.go; do sleep 0.01; done"], &json!({}));
    let mut child = start(&place, "samefit pipeline run specs");
    wait_for(|| lines(&place, "log").len() == 1);
    let ran = place.shell("samefit pipeline run specs");
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("another `samefit pipeline` is using this store"), "{}", ran.stderr());
    fs::write(place.path("log.go"), "").unwrap();
    assert!(wait_for_end(&mut child).success());
}

/// Writes a spec whose program asks for datums and runs the shell commands `each` for every one. If they set `$error`, the next request has
/// it.
fn batch(place: &Place, each: &str, more: &Value) {
    let script = format!(
        "echo start >> $LOG; while pachctl next datum $error; do . \"$0/.env\"; error=; echo ${{in##*/}} >> $LOG; {each}; done; echo end >> $LOG"
    );
    let transform = json!({"transform": {"datumBatching": true}});
    let mut all = transform.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    spec(place, "batch", &["sh", "-c", &script, "/pfs"], &Value::Object(all));
}

#[test]
fn a_program_that_asks_for_its_datums_is_started_once_per_set() {
    let place = Place::new();
    put(&place, 20);
    batch(
        &place,
        "tr a-z A-Z < $in > \"$0/out/${in##*/}\"; test -z \"$(ls $0/out | grep -vx ${in##*/})\"",
        &json!({"datumSetSpec": {"number": 7}}),
    );
    let ran = good(place.shell("samefit pipeline run specs"));
    assert!(ran.stderr().contains("batch: 20 processed, 0 skipped, 0 failed"), "{}", ran.stderr());
    let log = lines(&place, "log");
    assert_eq!((log.iter().filter(|line| *line == "start").count(), log.len()), (3, 23), "{log:?}");
    assert_eq!(good(place.shell("samefit pipeline get batch:/7")).stdout(), "TEXT 7\n");
    // unchanged datums start no program
    put(&place, 21);
    let ran = good(place.shell("samefit pipeline run"));
    assert!(ran.stderr().contains("batch: 1 processed, 20 skipped, 0 failed"), "{}", ran.stderr());
    assert_eq!(lines(&place, "log").len(), 25);
}

#[test]
fn a_failed_datum_of_a_set_is_tried_again_by_a_new_program() {
    let place = Place::new();
    put(&place, 5);
    // datum 2 reports a failure and datum 4 ends the program, each on its first try
    let each = "case ${in##*/} in 2) test -e $LOG.2 || { touch $LOG.2; error='--error=broken'; continue; };; 4) test -e $LOG.4 || { touch $LOG.4; exit 1; };; esac; cp $in \"$0/out\"";
    batch(&place, each, &json!({"datumSetSpec": {"number": 5}}));
    let ran = good(place.shell("samefit pipeline run specs"));
    assert!(ran.stderr().contains("batch: 5 processed, 0 skipped, 0 failed"), "{}", ran.stderr());
    // a program whose datum failed is stopped, and may come to its end before that
    let log: Vec<String> = lines(&place, "log").into_iter().filter(|line| line != "end").collect();
    assert_eq!(log, ["start", "1", "2", "start", "2", "3", "4", "start", "4", "5"]);
    let tries = good(place.shell("samefit pipeline list datums batch | awk '{print $3}'")).stdout();
    assert_eq!(tries.split_whitespace().collect::<Vec<_>>(), ["TRIES", "1", "2", "1", "2", "1"]);
    // a datum that always fails has no effect on the others
    batch(&place, "test ${in##*/} != 3 || { error='--error=never'; continue; }; cp $in \"$0/out\"", &json!({"datumTries": 2}));
    let ran = place.shell("samefit pipeline run specs --reprocess");
    assert!(ran.stderr().contains("batch: 4 processed, 0 skipped, 1 failed"), "{}", ran.stderr());
    assert!(ran.stderr().contains("(in:/3): never"), "{}", ran.stderr());
}

#[test]
fn a_program_that_does_not_ask_fails_its_datum() {
    let place = Place::new();
    put(&place, 1);
    spec(&place, "deaf", &["true"], &json!({"transform": {"datumBatching": true}}));
    let ran = place.shell("samefit pipeline run specs");
    assert_eq!(ran.code(), 1);
    assert!(ran.stderr().contains("the program ended by itself and did not ask for the next datum"), "{}", ran.stderr());
    spec(&place, "deaf", &["sleep", "600"], &json!({"transform": {"datumBatching": true}, "datumTimeout": "1s", "datumTries": 1}));
    let ran = place.shell("samefit pipeline run specs");
    assert!(ran.stderr().contains("it took longer than `datumTimeout`"), "{}", ran.stderr());
}

/// Makes an OCI image layout with busybox, and this program with its libraries. Returns false if containers cannot run here.
fn image(place: &Place) -> bool {
    let script = "command -v runc umoci busybox > /dev/null || exit 77
        set -e
        umoci init --layout image && umoci new --image image:tiny && umoci unpack --image image:tiny made
        mkdir -p made/rootfs/bin made/rootfs/etc
        cp \"$(command -v busybox)\" made/rootfs/bin/busybox
        for name in sh cp cat id ls echo touch tr head tail sleep wc; do ln -s busybox made/rootfs/bin/$name; done
        echo 'root:x:0:0::/:/bin/sh' > made/rootfs/etc/passwd; echo 'worker:x:1000:1000::/:/bin/sh' >> made/rootfs/etc/passwd
        mkdir -p made/rootfs/usr/local/bin; cp \"$(command -v samefit)\" made/rootfs/usr/local/bin/samefit
        for library in $(ldd \"$(command -v samefit)\" | grep -o '/[^ )]*'); do mkdir -p made/rootfs/$(dirname $library); cp $library made/rootfs/$library; done
        umoci repack --image image:tiny made && umoci config --image image:tiny --config.env PATH=/usr/local/bin:/bin --config.env FROM_IMAGE=yes";
    let ran = place.shell(script);
    if ran.code() != 77 {
        good(ran);
        // whether containers can run here
        put(place, 1);
        spec(place, "probe", &["true"], &json!({"transform": {"cmd": ["/bin/busybox", "true"]}}));
        let ran = place.shell("samefit pipeline run specs --container --image image");
        fs::remove_file(place.path("specs/probe.json")).unwrap();
        fs::remove_dir_all(place.path(".samefit-pipeline")).unwrap();
        if ran.code() == 0 {
            return true;
        }
        samefit_testing::not_run("pipelines in containers", &ran.stderr().trim().replace('\n', "; "));
        return false;
    }
    samefit_testing::not_run("pipelines in containers", "runc, umoci and busybox-static are not there");
    false
}

#[test]
fn a_container_shows_only_its_image_and_the_inputs() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    put(&place, 3);
    let script = "cat $in > /pfs/out/${in##*/}; ls / > /pfs/out/root${in##*/}; echo $FROM_IMAGE $LOG >> /pfs/out/${in##*/}; id -u >> /pfs/out/${in##*/}
        touch /x 2>/dev/null && exit 11; touch $in 2>/dev/null && exit 12; touch /pfs/x 2>/dev/null && exit 13
        touch /tmp/x || exit 14; test \"$(ls /sys/class/net)\" = lo || exit 15; cat /proc/self/status | while read a b; do case $a in CapEff:) test $((0x$b)) = 0 || exit 16;; esac; done";
    spec(
        &place,
        "inside",
        &["sh", "-c", script],
        &json!({"transform": {"user": "worker"}, "resourceLimits": {"memory": "64M"}, "parallelismSpec": {"constant": 2}}),
    );
    let ran = good(place.shell("samefit pipeline run specs --container --image image"));
    assert!(ran.stderr().contains("inside: 3 processed, 0 skipped, 0 failed"), "{}", ran.stderr());
    let text = good(place.shell("samefit pipeline get inside:/2")).stdout();
    assert_eq!(text, format!("text 2\nyes {}\n1000\n", place.path("log").display()));
    // the same image named by its tag: nothing changed, so nothing runs
    let ran = good(place.shell("samefit pipeline run --container --image image:tiny"));
    assert!(ran.stderr().contains("inside: up to date"), "{}", ran.stderr());
}

#[test]
fn a_container_gives_the_same_bytes_as_a_run_without() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    good(place.shell("mkdir shards && cp data/diabetes.csv shards/a.csv && cp data/diabetes.csv shards/b.csv && rm -r specs"));
    good(place.shell("cp -r pachyderm/specs/multiple specs && cp pachyderm/specs/scalable/[sm]*.json specs"));
    let inputs = "--input training_data=shards --input qc_data=data/diabetes.csv --input attributes=data/attributes";
    good(place.shell(&format!("samefit pipeline run specs {inputs} --store here")));
    good(place.shell(&format!("samefit pipeline run specs {inputs} --store inside --container --image image")));
    for pipeline in ["summarize", "merge_fit", "model", "qc_pre_process", "qcontrol", "qc_report", "infer"] {
        good(place.shell(&format!("samefit pipeline --store here get {pipeline} --out a/{pipeline}")));
        good(place.shell(&format!("samefit pipeline --store inside get {pipeline} --out b/{pipeline}")));
    }
    good(place.shell("diff -r a b"));
}

#[test]
fn a_program_in_a_container_can_ask_for_its_datums() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    put(&place, 5);
    let script = "while pachctl next datum; do . /pfs/.env; cp $in /pfs/out; done";
    spec(&place, "batch", &["sh", "-c", script], &json!({"transform": {"datumBatching": true}}));
    let ran = good(place.shell("samefit pipeline run specs --container --image image"));
    assert!(ran.stderr().contains("batch: 5 processed, 0 skipped, 0 failed"), "{}", ran.stderr());
    assert_eq!(good(place.shell("samefit pipeline get batch:/4")).stdout(), "text 4\n");
}

#[test]
fn a_container_ends_at_its_timeout_and_with_the_run() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    put(&place, 1);
    spec(&place, "slow", &["sh", "-c", "echo begun; sleep 600"], &json!({"datumTimeout": "2s", "datumTries": 1}));
    let ran = place.shell("samefit pipeline run specs --container --image image");
    assert!(ran.stderr().contains("it took longer than `datumTimeout`"), "{}", ran.stderr());
    let left = || place.shell("runc --root .samefit-pipeline/cache/runc list -q").stdout();
    assert_eq!(left(), "");
    // a killed run leaves a container, which the next run ends
    spec(&place, "slow", &["sh", "-c", "sleep 600"], &json!({}));
    let mut child = start(&place, "samefit pipeline run specs --container --image image");
    wait_for(|| !left().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    spec(&place, "slow", &["true"], &json!({"transform": {"cmd": ["/bin/busybox", "true"]}}));
    good(place.shell("samefit pipeline run specs --container --image image"));
    assert_eq!(left(), "");
}

#[test]
fn output_of_a_container_leads_to_no_file_outside() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    put(&place, 1);
    place.shell("mkdir outside && echo secret > outside/letter && chmod 600 outside/letter");
    let outside = place.path("outside").display().to_string();
    let tricks = [
        ("a link to a file", format!("ln -s {outside}/letter /pfs/out/x"), "leads to no file below /pfs"),
        ("a link to a folder", format!("ln -s {outside} /pfs/out/x"), "leads to no file below /pfs"),
        ("a link that climbs", "ln -s ../../../../../../../../../../../../etc/passwd /pfs/out/x".to_owned(), "leads to no file below /pfs"),
        ("a link to itself", "ln -s x /pfs/out/x".to_owned(), "leads to no file below /pfs"),
        ("a pipe", "mkfifo /pfs/out/x".to_owned(), "it is neither a file nor a folder"),
        ("a device", "mknod /pfs/out/x c 1 5 || mkfifo /pfs/out/x".to_owned(), "it is neither a file nor a folder"),
        ("a link for out", "mv /pfs/out /pfs/x || exit 9".to_owned(), "exit code 9"),
        ("a mount on out", "mount -t tmpfs none /pfs/out || exit 9".to_owned(), "exit code 9"),
        ("a name for an input", "ln $in /pfs/out/x || exit 9".to_owned(), "exit code 9"),
    ];
    for user in ["root", "worker"] {
        for (what, trick, why) in &tricks {
            let script = format!("for name in ln mkfifo mknod mv mount; do alias $name=\"/bin/busybox $name\"; done\n{trick}");
            spec(&place, "hostile", &["sh", "-c", &script], &json!({"transform": {"user": user}, "datumTries": 1, "description": what}));
            let ran = place.shell("samefit pipeline run specs --container --image image");
            assert!(ran.stderr().contains(why), "{what}, as {user}: {}", ran.stderr());
            assert_eq!(place.shell("cat outside/letter; ls outside").stdout(), "secret\nletter\n", "{what}, as {user}");
        }
    }
    // a child process goes on writing, and the stored file stays as it was
    let script = "exec 3> /pfs/out/x; echo good >&3; (sleep 1; echo evil >&3; sleep 600) & sleep 0.1";
    spec(&place, "hostile", &["sh", "-c", script], &json!({}));
    good(place.shell("samefit pipeline run specs --container --image image"));
    sleep(Duration::from_millis(1500));
    assert_eq!(good(place.shell("samefit pipeline get hostile:/x")).stdout(), "good\n");
    good(place.shell("samefit pipeline check"));
}

#[test]
fn the_targets_of_an_images_links_are_not_touched() {
    let place = Place::new();
    if !image(&place) {
        return;
    }
    put(&place, 1);
    spec(&place, "one", &["true"], &json!({}));
    good(place.shell(
        "mkdir -m 700 victim && echo 'x:x:0:0::/:/bin/sh' > victim/passwd && umoci unpack --image image:tiny link && rm -rf link/rootfs/tmp
        ln -s \"$PWD/victim\" link/rootfs/tmp && umoci repack --image image:tiny link",
    ));
    let ran = place.shell("samefit pipeline run specs --container --image image:tiny");
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    assert!(ran.stderr().contains("rootfs/tmp"), "{}", ran.stderr());
    assert_eq!(place.shell("stat -c %a victim").stdout(), "700\n");
}

#[test]
fn a_missing_image_is_an_error() {
    let place = Place::new();
    put(&place, 1);
    spec(&place, "one", &["true"], &json!({}));
    let ran = place.shell("samefit pipeline run specs --container --image nowhere");
    assert_eq!(ran.code(), 3);
    assert!(
        ran.stderr().contains("there is no OCI image layout") || ran.stderr().contains("apt-get install runc umoci"),
        "{}",
        ran.stderr()
    );
}

#[test]
fn any_number_of_shards_gives_the_bytes_of_one_model() {
    let place = Place::new();
    good(
        place.shell(
            "samefit -q train --data data/diabetes.csv --target y --target-name diabetes_progression --features bmi,ltg --out plain",
        ),
    );
    good(place.shell("mkdir specs && cp pachyderm/specs/scalable/summarize.json pachyderm/specs/scalable/merge_fit.json specs"));
    for shards in [1, 2, 10, 100] {
        let parts = format!(
            "rm -rf shards; mkdir shards; tail -n +2 data/diabetes.csv | split -n r/{shards} -a 3 --additional-suffix .csv - shards/"
        );
        good(place.shell(&format!("{parts}; for f in shards/*; do sed -i \"1i $(head -1 data/diabetes.csv)\" $f; done")));
        let ran = good(place.shell("samefit pipeline run specs --input training_data=shards"));
        assert!(ran.stderr().contains(&format!("summarize: {shards} processed, 0 skipped, 0 failed")), "{}", ran.stderr());
        good(place.shell("samefit pipeline get merge_fit:/model.json | cmp - plain/model.json"));
    }
}

//! Runs datums in containers of `runc`, over an image that `umoci` unpacked. There is no network, there are no capabilities, and only
//! `/pfs/out` and `/tmp` can be written to.
//!
//! *Limits*: one image serves all pipelines of a run. With `datumBatching`, the image's own samefit is mounted as `pachctl`. If the image
//! has none, this program is mounted, and then the image needs its libraries.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::datum_dir::DatumDir;
use super::launch::Launch;
use super::reaper;
use super::runtime::Runtime;
use super::variables::Variables;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::next_datum::SOCKET;
use crate::spec::Spec;
use crate::store::Store;

/// The folder of `pachctl` and of the worker's socket in a container.
const BIN: &str = "/pach-bin";
/// The name of the unpacked image in the store's folder for temporary files.
const BUNDLE: &str = "image";
/// How many bytes of an image's list of users or groups are read.
const ACCOUNTS_BYTES_MAX: u64 = 1 << 20;
/// The program that also acts as `pachctl`.
const SAMEFIT: &str = "samefit";

/// An unpacked image. Each datum gets a container over it.
pub struct ContainerRuntime {
    /// The folder with `config.json` and `rootfs`.
    bundle: PathBuf,
    /// The `config.json` of the image, which is the basis of every container's.
    config: Value,
    /// The folder in which `runc` keeps the state of containers.
    state: PathBuf,
    /// The folder from which the bundle is removed in the end.
    unpacked_in: Option<Folder>,
}

impl ContainerRuntime {
    /// Unpacks an image, given as `LAYOUT` or `LAYOUT:TAG`.
    pub fn from_image(store: &Store, image: &str) -> Result<Self> {
        ["runc", "umoci"].into_iter().try_for_each(require_tool)?;
        let tag = tag(image)?;
        let (layout, _) = split_tag(image);
        // an image is unpacked for every run, so that nobody can put another one into the store to have it run
        let tmp = store.tmp().try_clone().map_err(Error::at(store.tmp().path()))?;
        let bundle = tmp.path().join(BUNDLE);
        unpack(layout, &tag, &tmp)?;
        let path = bundle.join("config.json");
        let text = fs::read(&path).map_err(Error::at(&path))?;
        let unusable = |error| Error::failed(format_args!("{layout}:{tag} cannot be used: {error}"), "make the image again");
        let mut config: Value = serde_json::from_slice(&text).map_err(unusable)?;
        // hooks would run outside of the container
        config.as_object_mut().map(|config| config.remove("hooks"));
        let state = store.cache("runc")?.path().to_owned();
        let containers = Self { bundle, config, state, unpacked_in: Some(tmp) };
        containers.remove_stale();
        Ok(containers)
    }

    /// Ends containers that a killed run left.
    fn remove_stale(&self) {
        let left = fs::read_dir(&self.state).into_iter().flatten().flatten();
        left.for_each(|entry| self.delete(&entry.file_name().to_string_lossy()));
    }

    fn delete(&self, id: &str) {
        if self.state.join(id).exists() {
            let _ = reaper::while_spawning(|| without_output(self.runc().args(["delete", "--force", id])).status());
        }
    }

    fn runc(&self) -> Command {
        let mut command = Command::new("runc");
        command.arg("--root").arg(&self.state);
        command
    }

    /// Returns the `config.json` of a datum's container (OCI runtime specification).
    fn config(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Value> {
        let mut config = self.config.clone();
        let process = &mut config["process"];
        process["terminal"] = json!(false);
        process["args"] = json!(spec.transform.cmd);
        process["env"] = json!(environment(&process["env"], spec, variables));
        process["noNewPrivileges"] = json!(true);
        process["capabilities"] = json!({});
        if let Some(folder) = &spec.transform.working_dir {
            process["cwd"] = json!(folder);
        }
        if let Some(user) = &spec.transform.user {
            process["user"] = self.user(user)?;
        }
        config["root"] = json!({"path": self.bundle.join("rootfs"), "readonly": true});
        let mounts = mounts(dir, spec, self.samefit_in_image(spec));
        config["mounts"].as_array_mut().into_iter().for_each(|all| all.extend(mounts.iter().cloned()));
        restrict(&mut config["linux"], spec);
        Ok(config)
    }

    /// Returns the image's samefit if the spec runs it, because that one works in this image.
    fn samefit_in_image(&self, spec: &Spec) -> Option<PathBuf> {
        let named = Path::new(spec.transform.cmd.first()?);
        if named.file_name()? != SAMEFIT {
            return None;
        }
        let given = named.parent().filter(|folder| folder.is_absolute());
        let folders = given.into_iter().chain(["/usr/local/bin", "/usr/bin", "/bin", "/"].map(Path::new));
        let inside = |folder: &Path| self.bundle.join("rootfs").join(folder.strip_prefix("/").unwrap_or(folder)).join(SAMEFIT);
        let root = fs::canonicalize(self.bundle.join("rootfs")).ok()?;
        let resolved = |path: PathBuf| fs::canonicalize(path).ok().filter(|path| path.starts_with(&root) && path.is_file());
        folders.map(inside).find_map(resolved)
    }

    /// Returns the ids of a user and a group, given as `USER` or `USER:GROUP` by numbers or by names that the image has.
    fn user(&self, user: &str) -> Result<Value> {
        let (name, group) = user.split_once(':').unwrap_or((user, ""));
        let number = |text: &str| text.parse::<u32>().ok();
        let field = |file, name, index: usize| self.account(file, name).and_then(|entry| number(entry.get(index)?));
        let uid = number(name).or_else(|| field("etc/passwd", name, 2));
        let gid = match group {
            "" => field("etc/passwd", name, 3).or(Some(0)),
            group => number(group).or_else(|| field("etc/group", group, 2)),
        };
        let unknown = |what: &str, name: &str| {
            let help = format!("write a number, or a {what} that the image has");
            Error::invalid(format_args!("the image has no {what} `{name}` (`transform.user` is `{user}`)"), help)
        };
        Ok(json!({"uid": uid.ok_or_else(|| unknown("user", name))?, "gid": gid.ok_or_else(|| unknown("group", group))?}))
    }

    /// Returns the fields of a name in a file such as `etc/passwd` of the image.
    fn account(&self, file: &str, name: &str) -> Option<Vec<String>> {
        // links in the image are not followed, because they would lead to files of this machine
        let path = Path::new("rootfs").join(file);
        let folder = Folder::open(&self.bundle).ok()?.below(path.parent()?).ok()?;
        let mut text = String::new();
        folder.file(path.file_name()?).ok()?.take(ACCOUNTS_BYTES_MAX).read_to_string(&mut text).ok()?;
        text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>()).find(|entry| entry[0] == name)
    }
}

impl Drop for ContainerRuntime {
    fn drop(&mut self) {
        if let Some(tmp) = &self.unpacked_in {
            // if this fails, it is removed when the store is opened again
            let _ = tmp.remove(BUNDLE);
        }
    }
}

impl Runtime for ContainerRuntime {
    fn pfs(&self, _dir: &DatumDir) -> PathBuf {
        "/pfs".into()
    }

    fn bin(&self, _dir: &DatumDir) -> PathBuf {
        BIN.into()
    }

    fn launch(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Launch> {
        let config = self.config(dir, spec, variables)?;
        let number = |name: &str| config["process"]["user"][name].as_u64().and_then(|number| u32::try_from(number).ok());
        // without the right to do this, the folder stays this user's, and the container runs as this user too
        let _ = dir.out().set_owner(number("uid"), number("gid"));
        let written = dir.root().new_folder("bundle").and_then(|bundle| {
            bundle.new_file("config.json")?.write_all(config.to_string().as_bytes())?;
            Ok(bundle)
        });
        let bundle = written.map_err(Error::at(dir.root().path()))?;
        let runc = self.runc();
        let arguments = ["run", "--bundle"].into_iter().map(OsString::from).chain([bundle.path().into(), name(dir).into()]);
        Ok(Launch {
            program: runc.get_program().to_owned(),
            arguments: runc.get_args().map(OsStr::to_owned).chain(arguments).collect(),
            variables: std::env::vars_os().collect(),
            folder: dir.root().path().to_owned(),
        })
    }

    fn clean_up(&self, dir: &DatumDir) {
        self.delete(&name(dir));
    }
}

/// Returns the name of a datum's container, which is that of its folder.
fn name(dir: &DatumDir) -> String {
    dir.root().path().file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the environment: the variables of the image, then those of the spec, then those of the datum.
fn environment(image: &Value, spec: &Spec, variables: &Variables) -> Vec<String> {
    let image = image.as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut all: Variables =
        image.filter_map(|variable| variable.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect();
    all.extend(spec.transform.env.iter().chain(variables).map(|(name, value)| (name.clone(), value.clone())));
    if spec.transform.datum_batching {
        let path = all.entry("PATH".to_owned()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
        *path = format!("{BIN}:{path}");
    }
    all.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn mounts(dir: &DatumDir, spec: &Spec, samefit_in_image: Option<PathBuf>) -> Vec<Value> {
    let bind = |from: PathBuf, to: &str, mode: &str| json!({"destination": to, "type": "bind", "source": from, "options": ["rbind", mode]});
    let mut mounts = vec![
        json!({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]}),
        bind(dir.pfs(), "/pfs", "ro"),
        bind(dir.out().path().to_owned(), "/pfs/out", "rw"),
    ];
    if spec.transform.datum_batching {
        let program = samefit_in_image.unwrap_or_else(|| fs::canonicalize(dir.program()).unwrap_or_default());
        mounts.push(bind(program, &format!("{BIN}/pachctl"), "ro"));
        mounts.push(bind(dir.bin().path().join(SOCKET), &format!("{BIN}/{SOCKET}"), "rw"));
    }
    mounts
}

/// Takes away the network, and limits the memory to what the spec says.
fn restrict(linux: &mut Value, spec: &Spec) {
    let namespaces = linux["namespaces"].as_array().cloned().unwrap_or_default();
    let other = namespaces.into_iter().filter(|namespace| namespace["type"] != "network");
    linux["namespaces"] = other.chain([json!({"type": "network"})]).collect();
    if let Some(bytes) = spec.memory_bytes {
        linux["resources"]["memory"] = json!({"limit": bytes});
    }
}

fn require_tool(tool: &str) -> Result<()> {
    let help = "install them (`apt-get install runc umoci`), or run without --container";
    let found = without_output(Command::new(tool).arg("--version")).status().is_ok_and(|status| status.success());
    if found {
        Ok(())
    } else {
        Err(Error::invalid(format_args!("--container needs `runc` and `umoci`, and `{tool}` is not installed"), help))
    }
}

fn without_output(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Splits `LAYOUT:TAG`. A path that is a folder has no tag.
fn split_tag(image: &str) -> (&str, Option<&str>) {
    match image.rsplit_once(':') {
        Some((layout, tag)) if !Path::new(image).is_dir() => (layout, Some(tag)),
        _ => (image, None),
    }
}

/// Returns the tag of the image. Fails if there is no such image, or several.
fn tag(image: &str) -> Result<String> {
    let (layout, tag) = split_tag(image);
    let help = "give --image a folder with an OCI image layout (`index.json`), and `:TAG` if it holds several";
    let invalid = |why: &str| Error::invalid(format_args!("{image}: {why}"), help);
    let text = fs::read(Path::new(layout).join("index.json")).map_err(|_| invalid("there is no OCI image layout"))?;
    let index: Value = serde_json::from_slice(&text).map_err(|_| invalid("its `index.json` is not JSON"))?;
    let named = |manifest: &Value| manifest["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned);
    let mut found: Vec<String> = index["manifests"].as_array().into_iter().flatten().filter_map(named).collect();
    found.retain(|name| tag.is_none_or(|tag| tag == name));
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(invalid("it holds no image of that tag")),
        _ => Err(invalid("it holds several images")),
    }
}

/// Unpacks an image into `tmp`.
fn unpack(layout: &str, tag: &str, tmp: &Folder) -> Result<()> {
    let bundle = tmp.path().join(BUNDLE);
    let mut command = Command::new("umoci");
    command.args(["unpack", "--image", &format!("{layout}:{tag}")]);
    if !rustix::process::geteuid().is_root() {
        command.arg("--rootless");
    }
    let done = command.arg(&bundle).stdin(Stdio::null()).output().map_err(Error::at(Path::new("umoci")))?;
    if !done.status.success() {
        let output = String::from_utf8_lossy(&done.stderr);
        return Err(Error::failed(format_args!("{layout}:{tag} cannot be unpacked: {}", output.trim()), "correct what umoci reports"));
    }
    // a mount on `/tmp` gets the mode of the folder below it; if an image has a link there, this fails
    let opened = tmp.folder(BUNDLE).and_then(|bundle| bundle.folder("rootfs")?.folder_or_new("tmp")?.set_mode(0o1777));
    opened.map_err(Error::at(&bundle.join("rootfs/tmp")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates an image with files.
    ///
    fn image(files: &[(&str, &str)]) -> (tempfile::TempDir, ContainerRuntime) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("rootfs").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let containers = ContainerRuntime {
            bundle: folder.path().to_owned(),
            config: Value::Null,
            state: folder.path().join("runc"),
            unpacked_in: None,
        };
        (folder, containers)
    }

    #[test]
    fn users_and_groups_are_numbers_or_names_that_the_image_has() {
        let (_folder, image) = image(&[
            ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nmary:x:1001:1002::/:/bin/sh\n"),
            ("etc/group", "root:x:0:\nstaff:x:50:\n"),
        ]);
        for (user, uid, gid) in [
            ("1000", 1000, 0),
            ("1000:50", 1000, 50),
            ("1000:staff", 1000, 50),
            ("mary", 1001, 1002),
            ("mary:staff", 1001, 50),
            ("mary:7", 1001, 7),
        ] {
            assert_eq!(image.user(user).unwrap(), json!({"uid": uid, "gid": gid}), "{user}");
        }
        let error = |user| image.user(user).unwrap_err().to_string();
        assert!(error("1000:nobody").contains("the image has no group `nobody` (`transform.user` is `1000:nobody`)"));
        assert!(error("john:staff").contains("the image has no user `john`"));
    }

    #[test]
    fn links_in_an_image_are_not_followed_to_this_machine() {
        let (folder, image) = image(&[("opt/passwd", "mary:x:1001:1002::/:/bin/sh\n"), ("bin/sh", "")]);
        let root = folder.path().join("rootfs");
        std::os::unix::fs::symlink("/etc", root.join("etc")).unwrap();
        assert!(image.user("root").is_err());
        fs::remove_file(root.join("etc")).unwrap();
        fs::create_dir(root.join("etc")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", root.join("etc/passwd")).unwrap();
        assert!(image.user("root").is_err());
    }

    #[test]
    fn the_samefit_of_an_image_is_found_at_the_path_in_the_spec() {
        let (folder, image) = image(&[("usr/bin/samefit", ""), ("opt/samefit", ""), ("bin/sh", "")]);
        let own = |program: &str| {
            let text = json!({
                "pipeline": {"name": "p"},
                "transform": {"cmd": [program]},
                "input": {"pfs": {"repo": "in", "glob": "/"}},
            });
            let spec = crate::spec::from_document(&text, Path::new("p.json")).unwrap();
            image.samefit_in_image(&spec).map(|path| path.strip_prefix(folder.path().join("rootfs")).unwrap().display().to_string())
        };
        assert_eq!(own("samefit").as_deref(), Some("usr/bin/samefit"));
        assert_eq!(own("/opt/samefit").as_deref(), Some("opt/samefit"));
        assert_eq!(own("/samefit").as_deref(), Some("usr/bin/samefit"));
        assert_eq!(own("/bin/sh"), None);
    }
}

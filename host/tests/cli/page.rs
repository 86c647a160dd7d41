//! The model that the page comes with, its stored example and its quality control are what this program makes of the data.

use std::path::Path;
use std::process::Command;

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");

#[test]
fn the_pages_model_is_what_the_program_makes() {
    let out = tempfile::tempdir().unwrap();
    let made = Command::new(Path::new(WEB).join("model/make")).arg(env!("CARGO_BIN_EXE_samefit")).arg(out.path()).status().unwrap();
    assert!(made.success());
    for name in ["model.json", "check.json"] {
        let committed = Path::new(WEB).join("model").join(name);
        let came = std::fs::read_to_string(out.path().join(name)).unwrap();
        if std::env::var_os("SAMEFIT_BLESS").is_some() {
            std::fs::write(&committed, &came).unwrap();
        }
        assert!(came == std::fs::read_to_string(&committed).unwrap(), "web/model/{name} is another: SAMEFIT_BLESS=1 writes what came");
    }
}

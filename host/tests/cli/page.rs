//! The page's own model and the example stored with it are what this program makes from the data.

use std::path::Path;
use std::process::Command;

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");

#[test]
fn the_pages_model_is_what_the_program_makes() {
    let out = tempfile::tempdir().unwrap();
    let status = Command::new(Path::new(WEB).join("model/make")).arg(env!("CARGO_BIN_EXE_samefit")).arg(out.path()).status().unwrap();
    assert!(status.success());
    for name in ["model.json", "check.json"] {
        let committed = Path::new(WEB).join("model").join(name);
        let made = std::fs::read_to_string(out.path().join(name)).unwrap();
        if std::env::var_os("SAMEFIT_BLESS").is_some() {
            std::fs::write(&committed, &made).unwrap();
        }
        assert!(
            made == std::fs::read_to_string(&committed).unwrap(),
            "web/model/{name} differs from what the program makes; SAMEFIT_BLESS=1 writes it"
        );
    }
}

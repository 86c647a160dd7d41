//! Files that the browser holds for the state: those of the person, and those that the worker made.

use wasm_bindgen::prelude::JsValue;

use crate::files::Handle;

/// The files, by their handles.
#[derive(Debug, Default)]
pub(crate) struct HeldFiles {
    last: u32,
    files: Vec<(Handle, JsValue)>,
}

impl HeldFiles {
    /// Holds a file. Returns its handle.
    pub(crate) fn hold(&mut self, file: JsValue) -> Handle {
        self.last += 1;
        self.files.push((Handle(self.last), file));
        Handle(self.last)
    }

    /// Returns a file; null if it is no longer held.
    pub(crate) fn get(&self, handle: Handle) -> JsValue {
        self.files.iter().find(|(known, _)| *known == handle).map_or(JsValue::NULL, |(_, file)| file.clone())
    }

    /// Lets go of all files that are no longer used.
    pub(crate) fn retain(&mut self, is_used: impl Fn(Handle) -> bool) {
        self.files.retain(|(handle, _)| is_used(*handle));
    }
}

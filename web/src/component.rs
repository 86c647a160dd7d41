//! Calls of the component, in its worker, through `client.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./client.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = start)]
    async fn js_start() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = call)]
    async fn js_call(op: &str, args: &js_sys::Array, progress: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = own)]
    async fn js_own(path: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = head)]
    async fn js_head(file: &web_sys::File, bytes: f64) -> JsValue;
    /// Ends all work; what was asked fails with `cancelled`.
    pub(crate) fn cancel();
    /// Hands a file to the person.
    pub(crate) fn download(name: &str, content: &JsValue, kind: &str);
    /// Keeps the page for when there is no network; calls back when a newer version waits.
    pub(crate) fn watch(newer: &Closure<dyn FnMut()>);
    /// Takes the newer version.
    pub(crate) fn update();
}

/// Text of an error record.
pub(crate) type Fault = String;

fn fault(value: JsValue) -> Fault {
    value.as_string().or_else(|| js_sys::Object::from(value).to_string().as_string()).unwrap_or_default()
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

/// Starts it; what it says of itself.
pub(crate) async fn start() -> Result<String, Fault> {
    js_start().await.map(|value| text(&value)).map_err(fault)
}

/// The text with which a person's file begins.
pub(crate) async fn head(file: &web_sys::File, bytes: f64) -> String {
    text(&js_head(file, bytes).await)
}

/// A file of the page itself.
pub(crate) async fn own(path: &str) -> Result<String, Fault> {
    js_own(path).await.map(|value| text(&value)).map_err(fault)
}

/// A call with texts that answers with a text.
pub(crate) async fn ask(op: &str, args: &[&str]) -> Result<String, Fault> {
    let args: js_sys::Array = args.iter().map(|arg| JsValue::from_str(arg)).collect();
    js_call(op, &args, &JsValue::NULL).await.map(|value| text(&value)).map_err(fault)
}

/// A call with anything, which tells how far it has come.
pub(crate) async fn work(op: &str, args: &[JsValue], progress: &Closure<dyn FnMut(f64, f64)>) -> Result<JsValue, Fault> {
    let args: js_sys::Array = args.iter().collect();
    js_call(op, &args, progress.as_ref()).await.map_err(fault)
}

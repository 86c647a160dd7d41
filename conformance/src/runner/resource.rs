//! A resource of the contract in a runner: its methods, and its end.

use super::session::{Handle, Inbox, Session};
use super::value::Value;
use samefit_stages::error::{Error, Result};
use samefit_stages::ports::columns::{Batch, Values};
use std::sync::Arc;

/// The kind of the resource that summing ends with.
pub(crate) const STATISTICS: &str = "training/statistics";

/// A resource. It is freed when it is dropped.
pub(crate) struct Resource {
    session: Arc<Session>,
    /// Its place in the contract, such as `training/statistics`.
    kind: &'static str,
    handle: Handle,
}

impl Resource {
    /// Takes the resource that a call returned.
    pub(crate) fn own(session: &Arc<Session>, kind: &'static str, returned: Value) -> Result<Self> {
        Ok(Self { session: Arc::clone(session), kind, handle: session.own(returned)? })
    }

    /// Takes a resource of another kind that a call returned.
    pub(crate) fn own_other(&self, kind: &'static str, returned: Value) -> Result<Self> {
        Self::own(&self.session, kind, returned)
    }

    /// Makes a resource of another kind.
    pub(crate) fn make_other(&self, kind: &'static str, args: &[Value]) -> Result<Self> {
        self.own_other(kind, self.session.call(&format!("{kind}.new"), args)?)
    }

    /// Returns the resource as an argument.
    pub(crate) fn handle(&self) -> Value {
        self.handle.into()
    }

    /// Calls a method.
    pub(crate) fn call<T: TryFrom<Value, Error: ToString>>(&self, method: &str, args: &[Value]) -> Result<T> {
        converted(self.session.call(&self.place(method), &self.args(args))?)
    }

    /// Calls a method whose answer goes to `inbox` later.
    pub(crate) fn call_later(&self, method: &str, args: &[Value], inbox: &Inbox) -> Result<()> {
        self.session.call_later(&self.place(method), &self.args(args), inbox)
    }

    /// Waits for the answers of all calls.
    pub(crate) fn settle(&self) -> Result<()> {
        self.session.settle()
    }

    /// Sets the columns of a batch of rows.
    pub(crate) fn set_columns(&self, batch: &Batch) -> Result<()> {
        batch.columns.iter().try_for_each(|(name, values)| match values {
            Values::Numbers(numbers) => self.call("set-f64", &[name.as_str().into(), numbers.as_slice().into()]),
            Values::Text(text) => self.call("set-text", &[name.as_str().into(), text.as_slice().into()]),
        })
    }

    fn place(&self, method: &str) -> String {
        format!("{}.{method}", self.kind)
    }

    /// Returns the arguments of a method: the resource itself, then the others.
    fn args(&self, more: &[Value]) -> Vec<Value> {
        [&[self.handle()], more].concat()
    }
}

impl Drop for Resource {
    fn drop(&mut self) {
        self.session.free(self.handle);
    }
}

/// Returns a value as the type that the contract gives it.
pub(crate) fn converted<T: TryFrom<Value, Error: ToString>>(value: Value) -> Result<T> {
    T::try_from(value).map_err(|error| Error::Trap(error.to_string()))
}

//! What was made of a text, kept for whoever asks for the same text next.
//!
//! A process that predicts datum after datum with one model reads it once (`batch`); one that takes turns with two reads each again.
//!
//! *Limits*: of one text at a time, and no more than were in use at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things made of the text that was last asked for.
pub(crate) struct Kept<T>(Mutex<Of<T>>);

/// The text that something was made of.
pub(crate) struct Key(Arc<str>);

struct Of<T> {
    text: Arc<str>,
    idle: Vec<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(Of { text: Arc::from(""), idle: Vec::new() }))
    }
}

impl<T> Kept<T> {
    /// One that is kept, if there is one, and the key under which to keep it or a new one. What is kept of another text goes.
    pub(crate) fn take(&self, text: &str) -> (Option<T>, Key) {
        let mut of = self.lock();
        if *of.text != *text {
            *of = Of { text: Arc::from(text), idle: Vec::new() };
        }
        (of.idle.pop(), Key(Arc::clone(&of.text)))
    }

    /// Keeps it, unless another text was asked for since.
    pub(crate) fn put(&self, key: &Key, item: T) {
        let mut of = self.lock();
        if Arc::ptr_eq(&of.text, &key.0) {
            of.idle.push(item);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Of<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_of_a_text_serves_until_another_is_asked_for() {
        let kept = Kept::default();
        let (none, first) = kept.take("a");
        assert_eq!(none, None);
        kept.put(&first, 1);
        let (one, again) = kept.take("a");
        assert_eq!(one, Some(1));
        let (none, other) = kept.take("b");
        assert_eq!(none, None);
        // of a text that is not asked for any more, even if it is asked for again later
        kept.put(&again, 1);
        assert_eq!(kept.take("b").0, None);
        kept.put(&other, 2);
        assert_eq!(kept.take("a").0, None);
        kept.put(&again, 1);
        assert_eq!(kept.take("a").0, None);
    }

    #[test]
    fn several_in_use_at_once_are_all_kept() {
        let kept = Kept::default();
        let keys = [kept.take("a").1, kept.take("a").1];
        keys.iter().enumerate().for_each(|(item, key)| kept.put(key, item));
        assert_eq!((kept.take("a").0, kept.take("a").0, kept.take("a").0), (Some(1), Some(0), None));
    }
}

//! Cache of instances that were made from one text, keyed by that text.
//!
//! A process that predicts many datums with one model (`batch`) reads the model once. A process that alternates between two models reads each
//! of them again.
//!
//! *Limits*: holds instances of one text at a time, and no more of them than were in use at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cache of idle instances, keyed by the text that was last asked for.
pub(crate) struct InstanceCache<T>(Mutex<Entry<T>>);

/// Says under which text [`InstanceCache::put`] returns an instance.
pub(crate) struct CacheKey(Arc<str>);

/// A text and the idle instances that were made from it.
struct Entry<T> {
    text: Arc<str>,
    idle: Vec<T>,
}

impl<T> Default for InstanceCache<T> {
    fn default() -> Self {
        Self(Mutex::new(Entry { text: Arc::from(""), idle: Vec::new() }))
    }
}

impl<T> InstanceCache<T> {
    /// Takes an idle instance of `text` out of the cache, if there is one, and returns the key for [`put`](Self::put). Drops the instances of
    /// any other text.
    pub(crate) fn take(&self, text: &str) -> (Option<T>, CacheKey) {
        let mut entry = self.lock();
        if *entry.text != *text {
            *entry = Entry { text: Arc::from(text), idle: Vec::new() };
        }
        (entry.idle.pop(), CacheKey(Arc::clone(&entry.text)))
    }

    /// Puts an instance into the cache. Drops it if another text was asked for since its key was taken.
    pub(crate) fn put(&self, key: &CacheKey, instance: T) {
        let mut entry = self.lock();
        if Arc::ptr_eq(&entry.text, &key.0) {
            entry.idle.push(instance);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entry<T>> {
        // an entry that a panicking thread left is complete
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_reused_until_another_text_is_asked_for() {
        let cache = InstanceCache::default();
        let (none, first) = cache.take("a");
        assert_eq!(none, None);
        cache.put(&first, 1);
        let (one, again) = cache.take("a");
        assert_eq!(one, Some(1));
        let (none, other) = cache.take("b");
        assert_eq!(none, None);
        // the key is of an entry that is gone, even after its text is asked for again
        cache.put(&again, 1);
        assert_eq!(cache.take("b").0, None);
        cache.put(&other, 2);
        assert_eq!(cache.take("a").0, None);
        cache.put(&again, 1);
        assert_eq!(cache.take("a").0, None);
    }

    #[test]
    fn several_instances_of_one_text_are_cached() {
        let cache = InstanceCache::default();
        let keys = [cache.take("a").1, cache.take("a").1];
        keys.iter().enumerate().for_each(|(instance, key)| cache.put(key, instance));
        assert_eq!((cache.take("a").0, cache.take("a").0, cache.take("a").0), (Some(1), Some(0), None));
    }
}

//! Numbers that tell a late answer from one that is still wanted.

/// Counts the requests of one kind. An answer whose generation is no longer the current one is late and is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation(u32);

impl Generation {
    /// Makes every earlier generation late and returns the new one.
    pub fn advance(&mut self) -> Self {
        self.0 = self.0.wrapping_add(1);
        *self
    }
}

/// The current generation of every kind of request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// Models that became the page's model.
    pub model: Generation,
    /// Predictions along the range of one field.
    pub sweep: Generation,
    /// Long work with files.
    pub work: Generation,
    /// Files that a person dropped or chose.
    pub intake: Generation,
    /// Previews of tables.
    pub preview: Generation,
    /// Languages that a person chose.
    pub language: Generation,
}

/// Identifies what a prediction is for: the model and the entries. An answer for another key is late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestKey {
    /// Which model.
    pub model: Generation,
    /// The entries, as the component takes them.
    pub entries: String,
}

#[cfg(test)]
mod tests {
    use super::Generation;

    #[test]
    fn an_earlier_generation_is_not_the_current_one() {
        let mut current = Generation::default();
        let first = current.advance();
        assert_eq!(first, current);
        let second = current.advance();
        assert_ne!(first, current);
        assert_eq!(second, current);
    }
}

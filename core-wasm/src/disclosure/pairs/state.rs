//! What the checks of all pairs know, as a document that other checks can merge.

use super::pair::{ENOUGH, KeptRow, TermPair};
use super::residues::{ModuliSet, all_residues};
use super::term::{PairedTerm, TermValue, VALUES_MAX};
use serde::{Deserialize, Serialize};

/// What the checks of all pairs know.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct PairChecksState {
    /// The remembered values of each term.
    values: Vec<Vec<String>>,
    pub(super) pairs: Vec<TermPairState>,
}

/// What is known of one pair.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct TermPairState {
    pub(super) open: ModuliSet,
    /// `None` for a pair that is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<KnownState>,
}

/// What is known of one open pair. Values are indexes among the remembered values of their term.
#[derive(Serialize, Deserialize)]
pub(super) struct KnownState {
    x: Vec<u8>,
    y: Vec<u8>,
    xy: Vec<(u8, u8)>,
    rows: Vec<(TermValueState, TermValueState)>,
}

/// The index of a value if it is remembered, and its residues.
type TermValueState = (Option<u8>, Vec<u8>);

impl PairChecksState {
    /// The state of these terms and pairs.
    pub(super) fn new(terms: &[PairedTerm], pairs: &[TermPair]) -> Self {
        let values = terms.iter().map(|term| term.values.iter().map(|(value, _)| value.to_string()).collect()).collect();
        Self { values, pairs: pairs.iter().map(TermPairState::new).collect() }
    }

    /// Returns whether the state is of so many terms and pairs.
    pub(super) fn has_shape(&self, terms: usize, pairs: usize) -> bool {
        self.values.len() == terms && self.pairs.len() == pairs
    }

    /// Returns the remembered values of each term; `None` if one is no integer.
    pub(super) fn parse_values(&self) -> Option<Vec<Vec<i128>>> {
        self.values.iter().map(|values| values.iter().map(|value| value.parse().ok()).collect()).collect()
    }
}

impl TermPairState {
    fn new(pair: &TermPair) -> Self {
        if pair.open == 0 {
            return Self::default();
        }
        let bits = |known: u16| (0..VALUES_MAX as u8).filter(|at| known >> at & 1 == 1).collect::<Vec<u8>>();
        let xy = (0..VALUES_MAX as u8).flat_map(|x| bits(pair.known_xy[usize::from(x)]).into_iter().map(move |y| (x, y)));
        let value = |value: &TermValue| (value.known, value.residues.to_vec());
        let rows = pair.rows.iter().map(|row| (value(&row.x), value(&row.y)));
        let known = KnownState { x: bits(pair.known_x), y: bits(pair.known_y), xy: xy.collect(), rows: rows.collect() };
        Self { open: pair.open, known: Some(known) }
    }
}

impl KnownState {
    /// Returns rows that tell `pair` all that this state knows. `of_first` and `of_second` are the remembered values of the two terms in the
    /// state. Returns `None` if the state is not of such a pair.
    pub(super) fn into_rows(
        self,
        terms: &mut [PairedTerm],
        pair: &TermPair,
        of_first: &[i128],
        of_second: &[i128],
    ) -> Option<Vec<KeptRow>> {
        let (first, second) = pair.terms;
        let mut known = |term: usize, values: &[i128], at: u8| {
            let value = *values.get(usize::from(at))?;
            Some(TermValue { known: terms[term].remember(value), residues: all_residues(value) })
        };
        let unknown = |value| TermValue { known: None, residues: all_residues(value) };
        let mut points = Vec::new();
        for at in self.x {
            let x = known(first, of_first, at)?;
            if !pair.knows(x.known, None) {
                points.extend((0..3).map(|y| (x, unknown(y))));
            }
        }
        for at in self.y {
            let y = known(second, of_second, at)?;
            if !pair.knows(None, y.known) {
                points.extend((0..3).map(|x| (unknown(x), y)));
            }
        }
        for (x, y) in self.xy {
            let point = (known(first, of_first, x)?, known(second, of_second, y)?);
            if !pair.knows(point.0.known, point.1.known) {
                points.push(point);
            }
        }
        let enough = points.into_iter().flat_map(|point| std::iter::repeat_n(point, ENOUGH));
        let mut rows: Vec<KeptRow> = enough.map(|(x, y)| KeptRow { x, y }).collect();
        let mut value = |term: usize, values: &[i128], (at, residues): TermValueState| {
            let known = at.and_then(|at| known(term, values, at)).and_then(|value| value.known);
            residues.try_into().ok().map(|residues| TermValue { known, residues })
        };
        for (x, y) in self.rows {
            rows.push(KeptRow { x: value(first, of_first, x)?, y: value(second, of_second, y)? });
        }
        Some(rows)
    }
}

//! Rows with levels to exact sums: of all rows, by level, and by pair of levels; for each group of rows if rows have groups.
//!
//! A *cell* is a combination of levels of all categories, in one group. Rows are collected in large blocks, column by column, with the index
//! of the cell of each row. When a block is full it is sorted by cell, and its rows are added to the sums of their cells ([`ProductSums`]),
//! some thousand at a time. At the end, and when there are too many cells to hold, the sums of the cells are added to those of their levels
//! and pairs in their group.
//!
//! *Invariants*: no floating point in a sum. The totals do not depend on the order of the rows. With weights, a level of rows of weight zero
//! alone has no sums. The totals of a group are those of its rows alone.
//!
//! *Limits*: those of [`LevelSums`], for all groups together. The cells that are held at once take some [`CELL_BYTES_MAX`] bytes, the tables
//! in which groups count values some [`TABLES_BYTES_MAX`].

use super::accumulator::{BLOCK_ROWS, Totals};
use super::block::BlockColumn;
use super::combination_sums::CombinationSums;
use super::level_sums::{CategorySums, LevelSums, check_entries, pair_count, pair_index};
use super::moments::{Moments, moment_index};
use super::product_sums::{BlockDigits, BlockFactors, CellRows, ProductSums};
use super::row_counter::{RowCounter, TABLE_BYTES, keep_positive};
use super::summed_products::SummedProducts;
use super::value_grid::ColumnGrids;
use super::weighting::Weighting;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result};
use crate::level::Level;
use crate::ordered::IntoOrdered;
use samefit_kernels::row_cells::{replace_by_children, sorted_by_cell};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Fewest rows that are sorted by cell together. Their columns stay in the processor's cache.
const SORTED_ROWS_MIN: usize = 1 << 14;
/// Most rows that are sorted together, and most values in them if there are more rows than the fewest.
const SORTED_ROWS_MAX: usize = 1 << 18;
const SORTED_VALUES_MAX: usize = 1 << 21;
/// Rows that are sorted together for each cell: so that most of its rows come eight at a time.
const ROWS_PER_CELL: usize = 64;
/// Sorted rows that are summed at once. Their digits stay in the processor's cache.
const SUMMED_ROWS: usize = 1 << 11;
/// Memory for the cells that are held at once.
const CELL_BYTES_MAX: usize = 256 << 20;
/// Memory for the tables in which groups count values.
const TABLES_BYTES_MAX: usize = 64 << 20;
/// Bytes that a cell needs for each of its moments: sums of digits.
const MOMENT_BYTES: usize = 64;
/// Cells after which their index is emptied, and numbers in it after which it is.
const INDEXED_CELLS_MAX: usize = 1 << 16;
const INDEX_SIZE_MAX: usize = 1 << 22;
/// Size of a node of the index without its children, as numbers of 32 bits.
const NODE_SIZE: usize = 12;

/// Which levels rows have, and which sums of them are wanted.
#[derive(Clone, Debug, Default)]
pub struct RowLevels {
    /// Whether each row has the number of a group before those of its levels.
    pub is_grouped: bool,
    /// The number of categories.
    pub categories: usize,
    /// The sets of categories whose combinations of levels are summed, as [`combined_sets`](super::combined_sets) returns them.
    pub combined: Vec<Vec<usize>>,
}

/// Sums rows by level, and by group if they have groups.
pub struct LevelAccumulator {
    row_levels: RowLevels,
    /// Columns of values, without that of the weights or counts.
    numbers: usize,
    /// The grids of the columns; none if values are not counted.
    grids: Option<ColumnGrids>,
    /// The terms that are not columns themselves.
    terms: Arc<SummedProducts>,
    weighting: Weighting,
    /// The values of the rows that were not yet given to their cells: the columns, then the weights or counts if there are.
    columns: Vec<BlockColumn>,
    /// The cell of each of these rows.
    row_cells: Vec<u32>,
    index: CellIndex,
    /// The sums of the cells.
    sums: ProductSums,
    /// How many rows of each cell are in the sums.
    rows_of_cells: Vec<i64>,
    held_max: usize,
    /// The groups by their numbers: exactly one if rows have none.
    groups: Vec<GroupSums>,
    /// Entries of all groups: levels, pairs of levels, and the groups themselves.
    entries: usize,
    digits: BlockDigits,
}

/// The sums of a group of rows.
struct GroupSums {
    /// The sums of the cells that were emptied.
    sums: SumsByLevel,
    counter: RowCounter,
}

/// Finds the index of a cell by its levels: a tree with one floor a category.
struct CellIndex {
    /// For each node, by level, the node of the next floor, or on the last floor the index of the cell, plus one; 0 if there is none.
    children: Vec<Vec<u32>>,
    /// The parent of each node, and the level for which it is its child.
    parents: Vec<(u32, u32)>,
    /// Levels of each cell, cell after cell.
    levels: Vec<u32>,
    categories: usize,
    /// Memory as numbers of 32 bits.
    size: usize,
}

/// Sums by level and pair of levels, with the numbers of levels instead of their texts.
struct SumsByLevel {
    all: Moments,
    levels: Vec<BTreeMap<u32, Moments>>,
    pairs: Vec<BTreeMap<(u32, u32), Moments>>,
    /// For each of the sets of categories whose combinations are summed, its categories, and the sums by the numbers of their levels.
    combinations: Vec<(Vec<usize>, SumsByCombination)>,
}

/// Sums by the numbers of the levels of several categories.
type SumsByCombination = BTreeMap<Vec<u32>, Moments>;

impl LevelAccumulator {
    /// Returns an accumulator for rows of `columns` values and these levels, and for products of the values. Rows may have a weight or a
    /// count after their other values. Values are counted if there are grids, one for each column.
    pub fn new(
        columns: usize,
        row_levels: RowLevels,
        terms: Arc<SummedProducts>,
        grids: Option<ColumnGrids>,
        weighting: Weighting,
    ) -> Self {
        let moments = moment_index(columns + terms.products.len() + 1, 0);
        let values = columns + weighting.values();
        let group = || GroupSums::new(&row_levels, moments, grids.as_ref(), weighting);
        let groups = if row_levels.is_grouped { Vec::new() } else { vec![group()] };
        Self {
            numbers: columns,
            grids,
            weighting,
            columns: vec![BlockColumn::new(); values],
            row_cells: Vec::new(),
            index: CellIndex::new(row_levels.categories + usize::from(row_levels.is_grouped)),
            sums: ProductSums::default(),
            rows_of_cells: Vec::new(),
            held_max: (CELL_BYTES_MAX / (moments * MOMENT_BYTES)).max(2),
            groups,
            entries: 0,
            digits: BlockDigits::default(),
            terms,
            row_levels,
        }
    }

    /// Adds a row: one value for each column, then its weight or count if rows have one; and the number of its group, if rows have groups, then
    /// that of a level for each category.
    ///
    /// # Errors
    /// `capacity`.
    pub fn push(&mut self, row: impl IntoIterator<Item = Decimal>, levels: &[u32]) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(&value);
        }
        let cell = levels.iter().enumerate().fold(0, |node, (floor, &level)| self.index.child(node, floor, level));
        self.row_cells.push(cell);
        self.end_rows()
    }

    /// Returns the columns of the rows that wait for their cells, and after them that of the weights or counts if there is one. A caller
    /// appends as many values to each of them, and then calls [`Self::add_rows`].
    pub(crate) fn columns_mut(&mut self) -> &mut [BlockColumn] {
        &mut self.columns
    }

    /// Returns how many more rows should be appended at once: at least one.
    pub(crate) fn room(&self) -> usize {
        (self.sorted_rows() - self.row_cells.len()).min(BLOCK_ROWS)
    }

    /// Returns after how many rows they are sorted by cell: more if there are more cells. As cells only become more, so do these rows.
    fn sorted_rows(&self) -> usize {
        let most = (SORTED_VALUES_MAX / self.columns.len().max(1)).clamp(SORTED_ROWS_MIN, SORTED_ROWS_MAX);
        (ROWS_PER_CELL * self.index.len()).clamp(SORTED_ROWS_MIN, most)
    }

    /// Adds rows whose values were appended to the columns. `levels` gives each row's group, if rows have groups, then for each category each
    /// row's level.
    ///
    /// # Errors
    /// `capacity`.
    pub(crate) fn add_rows<'a>(&mut self, rows: usize, levels: impl Iterator<Item = &'a [u32]>) -> Result<()> {
        let first = self.row_cells.len();
        self.row_cells.resize(first + rows, 0);
        for (floor, levels) in levels.enumerate() {
            self.index.step(&mut self.row_cells[first..], floor, levels);
        }
        self.end_rows()
    }

    /// Returns the sums of each group, by its number; of all rows if rows have no groups. `categories` gives the column of each category, and
    /// its levels by their numbers.
    ///
    /// # Errors
    /// `capacity`.
    pub fn finish(mut self, categories: &[(String, Vec<Level>)]) -> Result<Vec<Totals>> {
        self.sum_rows()?;
        self.empty_cells()?;
        self.groups.into_iter().map(|group| group.finish(categories)).collect()
    }

    /// Adds the waiting rows to the sums of their cells if there are enough of them.
    fn end_rows(&mut self) -> Result<()> {
        let is_index_full = self.index.is_full() || self.index.len() > self.held_max;
        if self.row_cells.len() >= self.sorted_rows() || is_index_full {
            self.sum_rows()?;
        }
        if is_index_full {
            self.empty_cells()?;
            self.rows_of_cells.clear();
            self.index = CellIndex::new(self.index.categories);
        }
        Ok(())
    }

    /// Adds the waiting rows to the sums of their cells.
    fn sum_rows(&mut self) -> Result<()> {
        if self.weighting != Weighting::Equal
            && let Some(kept) = keep_positive(&mut self.columns)
        {
            // so a level of which no row has a weight has no sums
            let mut kept = kept.into_iter();
            self.row_cells.retain(|_| kept.next() == Some(true));
        }
        self.count_rows()?;
        let (order, ends) = sorted_by_cell(&self.row_cells, self.index.len());
        self.rows_of_cells.resize(self.index.len(), 0);
        let (mut cells, mut summed, mut at) = (Vec::new(), 0, 0);
        for (cell, end) in ends.into_iter().enumerate() {
            while at < end {
                let rows = (end - at).min(summed + SUMMED_ROWS - at);
                cells.push(CellRows { cell, rows });
                at += rows;
                if at == summed + SUMMED_ROWS {
                    self.sum_sorted(&order[summed..at], &cells)?;
                    cells.clear();
                    summed = at;
                }
            }
        }
        if !cells.is_empty() {
            self.sum_sorted(&order[summed..], &cells)?;
        }
        self.columns.iter_mut().for_each(BlockColumn::clear);
        self.row_cells.clear();
        Ok(())
    }

    /// Adds some waiting rows, at least one, to the sums of their cells. `cells` tells of which cells they are, from the first on.
    fn sum_sorted(&mut self, rows: &[u32], cells: &[CellRows]) -> Result<()> {
        let mut columns: Vec<BlockColumn> = self.columns.iter().map(|column| column.gathered(rows)).collect();
        let weights = if self.weighting == Weighting::Equal { None } else { columns.pop() };
        let mut block = BlockFactors::new(rows.len(), columns, weights.as_ref(), &self.terms)?;
        if !self.sums.fit(&mut block) {
            self.empty_cells()?;
            self.sums = self.sums.widened_for(&block);
            // both have to be at the scales of the new sums
            self.sums.fit(&mut block);
        }
        self.sums.add(&block, cells, &mut self.digits);
        cells.iter().for_each(|cell| self.rows_of_cells[cell.cell] += cell.rows as i64);
        Ok(())
    }

    /// Counts the waiting rows, and the values of their columns, in their groups.
    fn count_rows(&mut self) -> Result<()> {
        if let ([group], false) = (self.groups.as_mut_slice(), self.row_levels.is_grouped) {
            let (columns, weights) = self.columns.split_at(self.numbers);
            return group.counter.add(self.row_cells.len(), columns, weights.first());
        }
        let row_groups: Vec<u32> = self.row_cells.iter().map(|&cell| self.index.levels_of(cell as usize)[0]).collect();
        let groups = row_groups.iter().max().map_or(0, |&last| last as usize + 1);
        self.make_groups(groups)?;
        let in_tables = self.groups.len().saturating_mul(self.numbers) <= TABLES_BYTES_MAX / TABLE_BYTES;
        let (order, ends) = sorted_by_cell(&row_groups, groups);
        let mut start = 0;
        for (group, end) in self.groups.iter_mut().zip(ends) {
            let rows = &order[std::mem::replace(&mut start, end)..end];
            if rows.is_empty() {
                continue;
            }
            let columns: Vec<BlockColumn> = self.columns.iter().map(|column| column.gathered(rows)).collect();
            let (columns, weights) = columns.split_at(self.numbers);
            match in_tables {
                true => group.counter.add(rows.len(), columns, weights.first()),
                false => group.counter.add_in_little_memory(rows.len(), columns, weights.first()),
            }?;
        }
        Ok(())
    }

    /// Makes groups until there are as many.
    ///
    /// # Errors
    /// `capacity`.
    fn make_groups(&mut self, groups: usize) -> Result<()> {
        let moments = moment_index(self.numbers + self.terms.products.len() + 1, 0);
        while self.groups.len() < groups {
            self.entries += 1;
            check_entries(self.entries, moments)?;
            self.groups.push(GroupSums::new(&self.row_levels, moments, self.grids.as_ref(), self.weighting));
        }
        Ok(())
    }

    /// Adds the sums of all cells to those of their levels and pairs.
    fn empty_cells(&mut self) -> Result<()> {
        let moments = moment_index(self.numbers + self.terms.products.len() + 1, 0);
        for (cell, rows) in self.rows_of_cells.iter_mut().enumerate().filter(|(_, rows)| **rows > 0) {
            let (group, levels) = match self.index.levels_of(cell) {
                [group, levels @ ..] if self.row_levels.is_grouped => (*group as usize, levels),
                levels => (0, levels),
            };
            let mut sums = Moments::zeros(moments);
            self.sums.drain_into(cell, &mut sums.0);
            let rows = std::mem::take(rows);
            if let (Weighting::Equal, Some(first)) = (self.weighting, sums.0.first_mut()) {
                *first = Decimal { mantissa: rows.into(), scale: 0 };
            }
            self.entries += self.groups[group].sums.add(levels, &sums);
            check_entries(self.entries, moments)?;
        }
        Ok(())
    }
}

impl GroupSums {
    fn new(row_levels: &RowLevels, moments: usize, grids: Option<&ColumnGrids>, weighting: Weighting) -> Self {
        Self { sums: SumsByLevel::new(row_levels, moments), counter: RowCounter::new(grids, weighting) }
    }

    fn finish(self, categories: &[(String, Vec<Level>)]) -> Result<Totals> {
        let counts = self.counter.finish()?;
        let (moments, levels) = self.sums.finish(categories)?;
        Ok(Totals { rows: counts.rows, moments, levels, log_sum: counts.log_sum, distribution: counts.distribution })
    }
}

impl CellIndex {
    fn new(categories: usize) -> Self {
        Self { children: vec![Vec::new()], parents: vec![(0, 0)], levels: Vec::new(), categories, size: 0 }
    }

    /// Returns the number of cells.
    fn len(&self) -> usize {
        self.levels.len() / self.categories.max(1)
    }

    /// Returns whether the index has to be emptied.
    fn is_full(&self) -> bool {
        self.len() > INDEXED_CELLS_MAX || self.size > INDEX_SIZE_MAX
    }

    /// Returns the levels of a cell.
    fn levels_of(&self, cell: usize) -> &[u32] {
        &self.levels[cell * self.categories..][..self.categories]
    }

    /// Replaces the node of each row by its child for the level of the row.
    fn step(&mut self, mut nodes: &mut [u32], floor: usize, mut levels: &[u32]) {
        loop {
            let known = replace_by_children(nodes, levels, &self.children);
            let (Some(node), Some(&level)) = (nodes.get_mut(known), levels.get(known)) else { return };
            *node = self.new_child(*node, floor, level);
            (nodes, levels) = (&mut nodes[known + 1..], &levels[known + 1..]);
        }
    }

    /// Returns the child of a node for a level; on the last floor the index of the cell.
    #[inline]
    fn child(&mut self, node: u32, floor: usize, level: u32) -> u32 {
        match self.children[node as usize].get(level as usize) {
            Some(&child) if child > 0 => child - 1,
            _ => self.new_child(node, floor, level),
        }
    }

    #[cold]
    fn new_child(&mut self, node: u32, floor: usize, level: u32) -> u32 {
        let child = if floor + 1 < self.categories { self.new_node(node, level) } else { self.new_cell(node, level) };
        let children = &mut self.children[node as usize];
        if children.len() <= level as usize {
            self.size += level as usize + 1 - children.len();
            children.resize(level as usize + 1, 0);
        }
        children[level as usize] = child + 1;
        child
    }

    fn new_node(&mut self, parent: u32, level: u32) -> u32 {
        self.children.push(Vec::new());
        self.parents.push((parent, level));
        self.size += NODE_SIZE;
        self.children.len() as u32 - 1
    }

    fn new_cell(&mut self, parent: u32, level: u32) -> u32 {
        let (mut node, mut path) = (parent, vec![level]);
        while node > 0 {
            let (above, level) = self.parents[node as usize];
            path.push(level);
            node = above;
        }
        self.levels.extend(path.into_iter().rev());
        self.size += self.categories;
        self.len() as u32 - 1
    }
}

impl SumsByLevel {
    fn new(RowLevels { categories, combined, .. }: &RowLevels, moments: usize) -> Self {
        Self {
            all: Moments::zeros(moments),
            levels: vec![BTreeMap::new(); *categories],
            pairs: vec![BTreeMap::new(); pair_count(*categories)],
            combinations: combined.iter().map(|categories| (categories.clone(), BTreeMap::new())).collect(),
        }
    }

    /// Adds the moments of rows that have these levels. Returns how many entries are new.
    fn add(&mut self, levels: &[u32], moments: &Moments) -> usize {
        self.all.add(moments, 1);
        let mut new = 0;
        for (second, &level) in levels.iter().enumerate() {
            new += usize::from(add_to_entry(&mut self.levels[second], level, moments));
            for (first, &other) in levels[..second].iter().enumerate() {
                new += usize::from(add_to_entry(&mut self.pairs[pair_index(first, second)], (other, level), moments));
            }
        }
        for (categories, sums) in &mut self.combinations {
            let key = categories.iter().map(|&category| levels[category]).collect();
            new += usize::from(add_to_entry(sums, key, moments));
        }
        new
    }

    /// Returns the sums, with the texts of the levels.
    fn finish(self, categories: &[(String, Vec<Level>)]) -> Result<(Moments, LevelSums)> {
        let level_of = |levels: &[Level], number: u32| levels.get(number as usize).cloned().ok_or_else(other_categories);
        if categories.len() != self.levels.len() {
            return Err(other_categories());
        }
        let mut pairs = Vec::with_capacity(self.pairs.len());
        let mut of_pairs = self.pairs.into_iter();
        for (second, (_, levels)) in categories.iter().enumerate() {
            for ((_, others), sums) in categories[..second].iter().zip(&mut of_pairs) {
                let key = |(other, level): (u32, u32)| Ok((level_of(others, other)?, level_of(levels, level)?));
                pairs.push(
                    sums.into_iter()
                        .map(|(pair, sums)| Ok((key(pair)?, sums.normalized())))
                        .collect::<Result<Vec<_>>>()?
                        .into_iter()
                        .into_map_of_many(),
                );
            }
        }
        let of_category = |(column, levels): &(String, Vec<Level>), sums: BTreeMap<u32, Moments>| {
            let levels =
                sums.into_iter().map(|(level, sums)| Ok((level_of(levels, level)?, sums.normalized()))).collect::<Result<Vec<_>>>()?;
            Ok(CategorySums { column: column.clone(), levels: levels.into_iter().into_map_of_many() })
        };
        let of_combination = |(combined, sums): (Vec<usize>, BTreeMap<Vec<u32>, Moments>)| {
            let key = |levels: Vec<u32>| {
                combined.iter().zip(levels).map(|(&at, level)| level_of(&categories[at].1, level)).collect::<Result<_>>()
            };
            let cells = sums.into_iter().map(|(levels, sums)| Ok((key(levels)?, sums.normalized()))).collect::<Result<Vec<_>>>()?;
            Ok(CombinationSums { categories: combined, cells: cells.into_iter().into_map_of_many() })
        };
        let sums = LevelSums {
            categories: categories.iter().zip(self.levels).map(|(category, sums)| of_category(category, sums)).collect::<Result<_>>()?,
            pairs,
            combinations: self.combinations.into_iter().map(of_combination).collect::<Result<_>>()?,
        };
        sums.check_size()?;
        Ok((self.all.normalized(), sums))
    }
}

/// Returns the error of sums whose categories are not those of the columns: rows of both kinds in a column that was to be found out.
fn other_categories() -> Error {
    Error::new(Code::NotANumber, "a column has words and numbers", "correct the cells, or name the column with --categories")
}

/// Adds moments to the entry of a key, and returns whether the entry is new.
fn add_to_entry<K: Ord>(entries: &mut BTreeMap<K, Moments>, key: K, moments: &Moments) -> bool {
    match entries.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(moments.clone());
            true
        }
        Entry::Occupied(mut entry) => {
            entry.get_mut().add(moments, 1);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::accumulator::Accumulator;
    use samefit_testing::random::Random;

    /// Values whose scales and digits change from block to block, so that sums have to take new forms, and more cells than are held.
    #[test]
    fn sums_by_level_are_those_of_the_rows_of_each_level() {
        let mut random = Random::new("sums by level");
        let row_levels = RowLevels { categories: 2, ..RowLevels::default() };
        let products = || Arc::new(SummedProducts::of_columns([vec![(0, 1), (1, 1)]]));
        let mut all = LevelAccumulator::new(2, row_levels, products(), None, Weighting::Equal);
        all.held_max = 500;
        let new = || Accumulator::new(2, [vec![(0, 1), (1, 1)]], false);
        let (mut of_pairs, mut of_levels) = (BTreeMap::new(), BTreeMap::new());
        for row in 0..40_000u32 {
            let value = |random: &mut Random| {
                let scale = if row / 5000 % 2 == 1 && random.below(50) == 0 { 9 } else { 1 };
                let magnitude = if row % 7000 == 0 { 1 << 40 } else { 900 };
                Decimal { mantissa: (random.below(magnitude) as i64 - 300).into(), scale }
            };
            let values = [value(&mut random), value(&mut random)];
            // one level of the first category has nearly all rows at first
            let first = if row < 20_000 && row % 100 > 0 { 2 } else { random.below(5) as u32 };
            let levels = [first, random.below(300) as u32];
            all.push(values.clone(), &levels).unwrap();
            of_pairs.entry(levels).or_insert_with(new).push(values.clone()).unwrap();
            of_levels.entry(levels[1]).or_insert_with(new).push(values).unwrap();
        }
        let levels = |count: usize| (0..count).map(|level| Level::new(&level.to_string())).collect::<Vec<_>>();
        let totals = all.finish(&[("a".to_owned(), levels(5)), ("b".to_owned(), levels(300))]).unwrap().remove(0);
        let want: BTreeMap<_, _> = of_pairs
            .into_iter()
            .map(|([a, b], sums)| ((levels(5)[a as usize].clone(), levels(300)[b as usize].clone()), sums.finish().unwrap().moments))
            .collect();
        assert_eq!(totals.levels.pairs[0], want);
        let want: BTreeMap<_, _> =
            of_levels.into_iter().map(|(level, sums)| (levels(300)[level as usize].clone(), sums.finish().unwrap().moments)).collect();
        assert_eq!(totals.levels.categories[1].levels, want);
    }

    #[test]
    fn as_many_rows_as_are_summed_at_once_leave_none_over() {
        for rows in [SUMMED_ROWS, 2 * SUMMED_ROWS] {
            let row_levels = RowLevels { categories: 1, ..RowLevels::default() };
            let mut all = LevelAccumulator::new(1, row_levels, Arc::default(), None, Weighting::Equal);
            (0..rows as i64).for_each(|row| all.push([Decimal::from((1 << 40) + row)], &[(row % 3) as u32]).unwrap());
            let levels = (0..3).map(|level| Level::new(&level.to_string())).collect();
            let totals = all.finish(&[("a".to_owned(), levels)]).unwrap().remove(0);
            let sum = rows as i64 * (1 << 40) + (rows * (rows - 1) / 2) as i64;
            assert_eq!(*totals.moments.at(1, 0), Decimal::from(sum));
        }
    }
}

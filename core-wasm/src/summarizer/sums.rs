//! Sums the rows that a reader finds, or that a host sets column by column.
//!
//! *Not here*: exact sums (`statistics`), how the sums become statistics (`finish`), the text of a summarizer's state (`state`).

use super::column::{ColumnReader, ColumnRole, ReadCell};
use super::dropped::DroppedRows;
use super::levels::LevelReader;
use super::pending::{PendingOutcome, PendingRows, outcome};
use super::row_sums::{RowShape, RowSums};
use super::totals::{GroupTotals, add_groups};
use super::value_counts::ValueCounts;
use super::weights::{check, mark_wrong, rows_of};
use crate::batch::Values;
use crate::cell_format::CellFormat;
use crate::decimal::Decimal;
use crate::disclosure::control::{DisclosureControl, function_decimals};
use crate::error::{Code, Error, Result, list, spent};
use crate::level::Level;
use crate::plan::{ColumnSelection, Plan, Selection};
use crate::sink::{ColumnUse, GatheredRecord, Record, Sink};
use crate::statistics::{BlockColumn, ColumnGrids, Derived, RowLevels, SummedProducts, Weighting, check_terms};
use crate::terms::{Term, Variable, check_column_name, places};
use samefit_kernels::scan::Rows;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a batch that are read at once before the sums have begun.
const FIRST_ROWS: usize = 512;

/// The sums of the rows so far.
pub(super) struct Sums {
    pub(super) plan: Plan,
    /// The columns and terms that the plan asks for.
    pub(super) selection: Selection,
    /// How cells are written.
    format: Arc<CellFormat>,
    /// How much rows count.
    weighting: Weighting,
    /// The column of the groups if there is one, those that are summed, then that of the weights or counts if there is one; `None` before the
    /// header.
    pub(super) columns: Option<Vec<ColumnReader>>,
    /// The sums of this summarizer's own rows; `None` before the first row of them. No row is summed before all columns that may be categories
    /// are decided, because a row without a value there is dropped.
    own: Option<RowSums>,
    /// This summarizer's own pending rows.
    pending: Option<PendingRows<RowSums>>,
    /// The totals of other summarizers' rows.
    merged: GroupTotals,
    /// The pending rows of other summarizers.
    merged_pending: Option<PendingRows<GroupTotals>>,
    /// Rounds rows before they are summed, if the plan says so.
    pub(super) disclosure: Option<DisclosureControl>,
    /// The values from which knots are chosen. If there are any, the rows are not summed.
    pub(super) value_counts: Vec<ValueCounts>,
    /// Number of the last row.
    pub(super) rows: u64,
    pub(super) dropped: DroppedRows,
    /// What the user should know about these data.
    pub(super) notes: Vec<Error>,
    /// Which of the rows that came together must be read one by one. Kept to reuse its memory.
    unread: Vec<bool>,
}

impl Sink for Sums {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let mut takes_all = matches!(self.selection.columns, ColumnSelection::AllNumbers { .. });
        if let Cow::Owned(plan) = self.plan.for_columns(names.iter().map(String::as_str))? {
            self.selection = plan.selection()?;
            self.plan = plan;
            takes_all = true;
        }
        // first those that the plan names: the advice for all columns would not help with them
        let (weights, by) = (self.selection.resolve_weights(names)?, self.selection.resolve_by(names)?);
        let found = self.selection.resolve(names)?;
        let named = places(self.selection.names());
        let is_named = |name: &String| named.contains_key(name.as_str());
        let column = |&place: &usize| {
            let name = &names[place];
            let role = self.role(name, is_named(name));
            let levels = LevelReader::new(self.plan.listed_levels(name), self.plan.kept_levels(name)).with_format(&self.format);
            ColumnReader::new(name, place, role, levels, &self.format).with_functions(self.selection.functions_of(name))
        };
        let weights =
            weights.map(|place| ColumnReader::new(&names[place], place, ColumnRole::Number, LevelReader::default(), &self.format));
        let by = by.map(|place| {
            let levels = LevelReader::of_groups(self.plan.listed_levels(&names[place])).with_format(&self.format);
            ColumnReader::new(&names[place], place, ColumnRole::Category, levels, &self.format)
        });
        let columns: Vec<ColumnReader> = by.into_iter().chain(found.iter().map(column)).chain(weights).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name).map_err(|error| error.in_column(&column.name)))?;
        if self.plan.schema.is_some() && self.plan.columns.is_none() && self.plan.features.is_none() {
            let left_out = names.iter().filter(|name| !name.is_empty() && !is_named(name) && !self.plan.is_apart(name));
            self.notes.extend(left_out.map(|name| left_out_note(name, "the schema does not describe it")));
            self.notes.extend(unnamed_note(names));
        } else if takes_all {
            self.notes.extend(unnamed_note(names));
        }
        for (name, term) in self.selection.columns_like_terms(names) {
            let of = list(term.columns());
            self.notes.push(left_out_note(
                name,
                &format!("as a feature or term this means what is computed from {of}; to use the column, rename it"),
            ));
        }
        self.columns = Some(columns);
        self.check_shared_combinations()?;
        self.value_counts = ValueCounts::of_plan(&self.plan, &self.names());
        self.disclosure = self.new_disclosure();
        check_terms(self.number_of_numbers() + self.terms().len())
    }

    fn note(&mut self, note: Error) {
        self.notes.push(note);
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let cells = columns.iter_mut().map(|column| column.read(record)).collect::<Result<Vec<_>>>()?;
        self.add(record.row, cells)
    }

    /// Many rows may come at once when every column is decided, no row is rounded and no values are counted. After the first row, columns
    /// without a value so far may be undecided: that serves tables with an empty column.
    fn takes_rows(&self) -> bool {
        let mut undecided = self.columns.iter().flatten().filter(|column| column.is_undecided()).peekable();
        let has_read_rows = self.own.is_some() || self.pending.is_some();
        let is_decided = undecided.peek().is_none()
            || has_read_rows && self.weighting == Weighting::Equal && undecided.all(ColumnReader::may_be_left_out);
        self.disclosure.is_none() && self.value_counts.is_empty() && is_decided
    }

    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        self.with_unread(rows.len(), |sums, unread| sums.add_rows(rows, first, unread))
    }

    fn wants(&self) -> Vec<String> {
        self.selection.wanted()
    }

    fn uses(&self, columns: usize) -> Vec<ColumnUse> {
        let mut uses = vec![ColumnUse::Unread; columns];
        self.columns.iter().flatten().for_each(|column| uses[column.place()] = column.column_use());
        uses
    }

    fn skips_unknown(&self) -> bool {
        matches!(self.selection.columns, ColumnSelection::Named { .. })
    }

    fn target(&self) -> &str {
        self.plan.target().unwrap_or("dependent_variable")
    }
}

impl Sums {
    /// Sums of no rows, before the header.
    pub(super) fn new(plan: Plan, selection: Selection) -> Self {
        Self {
            format: Arc::new(plan.cell_format()),
            weighting: plan.weighting(),
            plan,
            selection,
            columns: None,
            own: None,
            pending: None,
            merged: GroupTotals::new(),
            merged_pending: None,
            disclosure: None,
            value_counts: Vec::new(),
            rows: 0,
            dropped: DroppedRows::default(),
            notes: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Whether a header has been read.
    pub(super) fn has_header(&self) -> bool {
        self.columns.is_some()
    }

    /// The names of the columns that are read.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().flatten().map(|column| column.name.clone()).collect()
    }

    /// Whether rows have groups.
    pub(super) fn is_grouped(&self) -> bool {
        self.plan.by.is_some()
    }

    /// The columns without that of the groups.
    fn ungrouped_columns(&self) -> &[ColumnReader] {
        let columns = self.columns.as_deref().unwrap_or_default();
        columns.get(usize::from(self.is_grouped())..).unwrap_or_default()
    }

    /// Takes the columns that are summed: without that of the groups, and that of the weights or counts.
    ///
    /// # Errors
    /// `spent`.
    pub(super) fn take_summed_columns(&mut self) -> Result<Vec<ColumnReader>> {
        let mut columns = self.columns.take().ok_or_else(spent)?;
        columns.truncate(columns.len() - self.weighting.values());
        columns.drain(..usize::from(self.is_grouped()));
        Ok(columns)
    }

    /// The names of the categories.
    pub(super) fn category_names(&self) -> Vec<String> {
        self.ungrouped_columns().iter().filter(|column| column.is_category()).map(|column| column.name.clone()).collect()
    }

    /// The number of columns that are summed as numbers: not categories, and not the weights or counts.
    pub(super) fn number_of_numbers(&self) -> usize {
        self.columns.iter().flatten().filter(|column| !column.is_category()).count().saturating_sub(self.weighting.values())
    }

    /// The products of numbers that are summed beyond the columns, as far as the columns are decided.
    pub(super) fn terms(&self) -> Vec<Term> {
        let columns = self.columns.as_deref().unwrap_or_default();
        self.selection.numeric_terms(|name| columns.iter().any(|column| column.is_category() && column.name == name))
    }

    /// The error of the column that is the first to be wrong as a whole, and the row where one pass over all rows finds it.
    pub(super) fn fault(&self) -> Option<(u64, Error)> {
        // of equal rows `min_by_key` returns the first, and one pass reads the columns in this order
        self.columns.iter().flatten().filter_map(ColumnReader::fault).min_by_key(|(row, _)| *row)
    }

    /// Adds the rows of a batch of columns: many at once where [`Sink::takes_rows`] allows it.
    pub(super) fn add_batch(&mut self, columns: &[&Values], rows: usize) -> Result<()> {
        let mut row = 0;
        while row < rows {
            let is_open = self.columns.iter().flatten().any(ColumnReader::is_undecided);
            let sums = if is_open { self.pending.as_ref().map(|pending| &pending.sums) } else { self.own.as_ref() };
            let room = sums.map_or(FIRST_ROWS, RowSums::room);
            let stop = if self.takes_rows() { rows.min(row + room) } else { row + 1 };
            if stop == row + 1 {
                self.add_row_of_batch(columns, row, self.rows + 1)?;
            } else {
                self.with_unread(stop - row, |sums, unread| sums.add_rows_of_batch(columns, row..stop, unread))?;
            }
            row = stop;
        }
        Ok(())
    }

    /// Calls `add` with a mark for each of some rows, none of which is set. Reuses their memory.
    fn with_unread(&mut self, rows: usize, add: impl FnOnce(&mut Self, &mut [bool]) -> Result<()>) -> Result<()> {
        let mut unread = std::mem::take(&mut self.unread);
        unread.clear();
        unread.resize(rows, false);
        let result = add(self, &mut unread);
        self.unread = unread;
        result
    }

    /// Adds rows column by column. Marks in `unread` the rows for which that does not do, and adds them one by one.
    fn add_rows(&mut self, rows: &Rows<'_>, first: u64, unread: &mut [bool]) -> Result<()> {
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        for column in columns.iter_mut() {
            column.read_rows(rows, first, unread);
        }
        if let (Some(weights), true) = (columns.last(), self.weighting != Weighting::Equal) {
            mark_wrong(weights.cells.numbers(), self.weighting, unread);
        }
        self.add_columns(unread, first, |column, to, unread| column.cells.append_to(to, unread))?;
        self.rows = first + rows.len() as u64 - 1;
        let mut gathered = GatheredRecord::default();
        for row in (0..rows.len()).filter(|&row| unread[row]) {
            let number = first + row as u64;
            self.record(&gathered.gather(rows, row, number)).map_err(|error| error.at_row(number))?;
        }
        Ok(())
    }

    /// As [`Self::add_rows`], for some rows of a batch of columns.
    fn add_rows_of_batch(&mut self, columns: &[&Values], rows: Range<usize>, unread: &mut [bool]) -> Result<()> {
        let before = self.rows;
        let summed = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        for (column, values) in summed.iter_mut().zip(columns) {
            column.read_values(values, rows.clone(), before + 1, unread);
        }
        if let (Some(weights), true) = (summed.last_mut(), self.weighting != Weighting::Equal) {
            weights.values.bring_to_one_scale();
            match weights.values.numbers() {
                Some(numbers) => mark_wrong(numbers, self.weighting, unread),
                None => unread.fill(true),
            }
        }
        self.add_columns(unread, before + 1, |column, to, _| column.values.append_to(to, unread))?;
        for at in (0..rows.len()).filter(|&at| unread[at]) {
            self.add_row_of_batch(columns, rows.start + at, before + at as u64 + 1)?;
        }
        self.rows = before + rows.len() as u64;
        Ok(())
    }

    fn add_row_of_batch(&mut self, columns: &[&Values], at: usize, row: u64) -> Result<()> {
        let summed = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let cells = summed.iter_mut().zip(columns).map(|(summed, values)| summed.read_value(row, values, at));
        let cells = cells.collect::<Result<Vec<_>>>()?;
        self.add(row, cells)
    }

    /// Adds rows that were read column by column, the first of which has the number `first`, without the unread ones. All of them lack a value in
    /// the columns that are undecided, and are pending if there are any. `append` appends a column's numbers to a block.
    fn add_columns(
        &mut self,
        unread: &[bool],
        first: u64,
        append: impl Fn(&mut ColumnReader, &mut BlockColumn, Option<&[bool]>),
    ) -> Result<()> {
        let rows = unread.iter().filter(|unread| !**unread).count();
        let Some(first_read) = unread.iter().position(|unread| !unread) else { return Ok(()) };
        let unread = (rows < unread.len()).then_some(unread);
        let is_open = |column: &ColumnReader| column.is_undecided();
        let all = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let lacking: Vec<usize> = (0..all.len()).filter(|&at| is_open(&all[at])).collect();
        for &at in &lacking {
            all[at].missing = all[at].missing.saturating_add(rows as u64);
        }
        match lacking.is_empty() {
            true => self.begin_own()?,
            false => self.begin_pending(lacking, first + first_read as u64)?,
        }
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let sums = match (columns.iter().any(is_open), &mut self.own, &mut self.pending) {
            (false, Some(own), _) => own,
            (true, _, Some(pending)) => &mut pending.sums,
            _ => return Err(spent()),
        };
        for (column, to) in columns.iter_mut().filter(|column| !column.is_category()).zip(sums.columns_mut()) {
            append(column, to, unread);
        }
        sums.add_rows(rows, columns.iter_mut().filter(|column| column.is_category()).map(|column| column.levels.of_rows(unread)))
    }

    /// Adds one row: to the sums, to the pending rows, or to the dropped ones. A row of weight zero is as if it were absent.
    fn add(&mut self, row: u64, cells: Vec<ReadCell>) -> Result<()> {
        self.rows = row;
        let weight = match cells.last() {
            Some(ReadCell::Number(weight)) if self.weighting != Weighting::Equal => Some(weight),
            _ => None,
        };
        if let Some(weight) = weight {
            let name = || self.columns.iter().flatten().last().map_or("", |column| column.name.as_str());
            check(weight, self.weighting).map_err(|error| error.at_row(row).in_column(name()))?;
            if *weight == Decimal::ZERO {
                return Ok(());
            }
        }
        let is_missing = |cell: &ReadCell| matches!(cell, ReadCell::Missing);
        if !cells.iter().any(is_missing) {
            return self.sum_row(row, cells);
        }
        let rows = rows_of(weight, self.weighting)?;
        let group = self.group_of(&cells);
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let mut undecided = Vec::new();
        let mut lacks_value = false;
        for (at, column) in columns.iter_mut().enumerate().filter(|(at, _)| is_missing(&cells[*at])) {
            column.missing = column.missing.saturating_add(rows.unsigned_abs());
            match column.may_be_left_out() {
                true => undecided.push(at),
                false => lacks_value |= !column.is_left_out(),
            }
        }
        match (lacks_value, undecided.is_empty()) {
            (true, _) => self.dropped.add(row, rows, group),
            (false, true) => self.sum_row(row, cells),
            (false, false) => self.add_pending(row, undecided, cells),
        }
    }

    /// The group of a row; none if it lacks it, or if rows have no groups.
    fn group_of(&self, cells: &[ReadCell]) -> Option<Level> {
        match cells.first() {
            Some(ReadCell::Level(group)) => self.groups()?.get(*group as usize).cloned(),
            _ => None,
        }
    }

    fn sum_row(&mut self, row: u64, cells: Vec<ReadCell>) -> Result<()> {
        if !self.value_counts.is_empty() {
            return self.count_values(&cells);
        }
        self.begin_own()?;
        let own = self.own.as_mut().ok_or_else(spent)?;
        let (values, levels) = values_and_levels(cells);
        match &mut self.disclosure {
            None => own.push(values, &levels),
            Some(disclosure) => {
                let categories = self.columns.iter().flatten().filter(|column| column.is_category());
                let texts = categories.zip(&levels).map(|(column, &level)| &column.levels.levels()[level as usize]);
                let rounded = disclosure.round(row, &values, texts)?;
                rounded.map_or(Ok(()), |values| own.push(values, &levels))
            }
        }
    }

    /// Counts the values from which knots are chosen. A level is no value; a column of levels is an error at the end.
    fn count_values(&mut self, cells: &[ReadCell]) -> Result<()> {
        let rows = match (self.weighting, cells.last()) {
            (Weighting::Counts, Some(ReadCell::Number(count))) => rows_of(Some(count), self.weighting)?.unsigned_abs(),
            _ => 1,
        };
        self.value_counts.iter_mut().try_for_each(|counts| match cells.get(counts.place()) {
            Some(ReadCell::Number(value)) => counts.add(value.clone(), rows),
            _ => Ok(()),
        })
    }

    fn add_pending(&mut self, row: u64, undecided: Vec<usize>, cells: Vec<ReadCell>) -> Result<()> {
        self.begin_pending(undecided, row)?;
        let (values, levels) = values_and_levels(cells);
        self.pending.as_mut().map_or(Ok(()), |pending| pending.sums.push(values, &levels))
    }

    /// Makes the pending rows those that lack a value in the columns `undecided`. Begins with the row `row` if there are none.
    fn begin_pending(&mut self, undecided: Vec<usize>, row: u64) -> Result<()> {
        if self.pending.as_ref().is_none_or(|pending| pending.lacking != undecided) {
            self.narrow_pending(&undecided)?;
        }
        if self.pending.is_none() {
            self.pending = Some(PendingRows { lacking: undecided, first_row: row, sums: self.new_sums() });
        }
        Ok(())
    }

    /// Brings the pending rows up to date after some of their columns were decided: drops the rows, or keeps them for `undecided` alone.
    fn narrow_pending(&mut self, undecided: &[usize]) -> Result<()> {
        let Some(mut pending) = self.pending.take() else { return Ok(()) };
        if self.outcome(&pending.lacking) == PendingOutcome::Drop {
            self.drop_rows(pending.first_row, pending.sums.finish(self.groups(), &self.categories())?)?;
        } else {
            pending.lacking = undecided.to_vec();
            self.pending = Some(pending);
        }
        Ok(())
    }

    /// Drops rows, the first of which has the number `first_row`.
    fn drop_rows(&mut self, first_row: u64, totals: GroupTotals) -> Result<()> {
        totals.into_iter().try_for_each(|(group, totals)| self.dropped.add(first_row, totals.rows, group))
    }

    fn outcome(&self, lacking: &[usize]) -> PendingOutcome {
        outcome(self.columns.as_deref().unwrap_or_default(), lacking)
    }

    /// Adds the totals of another summarizer's rows.
    pub(super) fn merge_totals(&mut self, totals: GroupTotals) -> Result<()> {
        add_groups(&mut self.merged, totals)
    }

    /// Adds another summarizer's pending rows, and moves all of them to where they belong as far as their columns are decided.
    pub(super) fn merge_pending(&mut self, pending: PendingRows<GroupTotals>) -> Result<()> {
        let before = self.merged_pending.take();
        for PendingRows { lacking, first_row, sums } in before.into_iter().chain([pending]) {
            match self.outcome(&lacking) {
                PendingOutcome::Drop => self.drop_rows(first_row, sums)?,
                PendingOutcome::Count => self.merge_totals(sums)?,
                PendingOutcome::Open => {
                    let columns = self.columns.as_deref().unwrap_or_default();
                    let lacking = (0..columns.len()).filter(|&at| columns[at].may_be_left_out()).collect();
                    let other = self.merged_pending.take();
                    let first_row = other.as_ref().map_or(first_row, |other| other.first_row.min(first_row));
                    let mut all = other.map(|other| other.sums).unwrap_or_default();
                    add_groups(&mut all, sums)?;
                    self.merged_pending = Some(PendingRows { lacking, first_row, sums: all });
                }
            }
        }
        Ok(())
    }

    /// Takes the totals of all rows that count, and the rows that are still pending. `None` if no header was read.
    pub(super) fn take_totals(&mut self) -> Result<Option<(GroupTotals, Option<PendingRows<GroupTotals>>)>> {
        if self.columns.is_none() {
            return Ok(None);
        }
        if self.own.is_some() || self.merged.is_empty() {
            let own = self.own.take().unwrap_or_else(|| self.new_sums());
            self.merge_totals(own.finish(self.groups(), &self.categories())?)?;
        }
        let (merged, own) = (self.merged_pending.take(), self.pending.take());
        let finish = |PendingRows { lacking, first_row, sums }: PendingRows<RowSums>| {
            Ok(PendingRows { lacking, first_row, sums: sums.finish(self.groups(), &self.categories())? })
        };
        let own = own.map(finish);
        own.transpose()?.into_iter().chain(merged).try_for_each(|pending| self.merge_pending(pending))?;
        Ok(Some((std::mem::take(&mut self.merged), self.merged_pending.take())))
    }

    /// Takes the totals at the end of the data. Pending rows are settled: rows that lack a value only in columns that are left out count. A group of
    /// which every row was dropped has the totals of no rows.
    pub(super) fn take_final_totals(&mut self) -> Result<GroupTotals> {
        let (mut totals, pending) = self.take_totals()?.ok_or_else(spent)?;
        // no row of all has shown what such a column holds
        self.columns.iter_mut().flatten().for_each(ColumnReader::leave_out_if_empty);
        if let Some(pending) = pending {
            match self.outcome(&pending.lacking) {
                PendingOutcome::Count => add_groups(&mut totals, pending.sums)?,
                PendingOutcome::Drop | PendingOutcome::Open => self.drop_rows(pending.first_row, pending.sums)?,
            }
        }
        for group in self.dropped.of_groups.keys().cloned().map(Some) {
            if !totals.contains_key(&group) {
                let none = RowSums::new(RowShape { levels: self.row_levels(false), ..self.shape() }).finish(None, &self.categories())?;
                totals.extend(none.into_values().map(|none| (group.clone(), none)));
            }
        }
        Ok(totals)
    }

    /// Notes the rows that were dropped, or refuses them, as the plan says. `is_all`: whether there are no other rows, as far as that is known.
    pub(super) fn announce_dropped(&mut self, is_all: bool) -> Result<()> {
        let columns = self.columns.as_deref().unwrap_or_default();
        self.notes.extend(self.dropped.announce(columns, self.plan.missing, is_all)?);
        Ok(())
    }

    /// Begins the sums of own rows, unless that was done.
    ///
    /// # Errors
    /// `spent`.
    fn begin_own(&mut self) -> Result<()> {
        if self.own.is_none() {
            self.columns.as_ref().ok_or_else(spent)?;
            self.own = Some(self.new_sums());
        }
        Ok(())
    }

    fn new_sums(&self) -> RowSums {
        RowSums::new(self.shape())
    }

    fn row_levels(&self, is_grouped: bool) -> RowLevels {
        RowLevels { is_grouped, categories: self.category_names().len(), combined: self.combined() }
    }

    /// The sets of categories whose combinations of levels are summed, as far as the columns are decided.
    pub(super) fn combined(&self) -> Vec<Vec<usize>> {
        self.selection.combined(&self.category_names())
    }

    /// Refuses combinations of three levels or more in data that are to be shared: nothing judges whether they single rows out.
    fn check_shared_combinations(&self) -> Result<()> {
        let names = self.category_names();
        let Some(set) = self.combined().into_iter().next().filter(|_| self.plan.rounds()) else { return Ok(()) };
        let sentence = format!(
            "the features have {} together, and statistics to be shared have sums of at most two",
            list(set.iter().map(|&at| &names[at]))
        );
        let help = "leave a product of categories out, or make one column of two of them, whose levels are their combinations";
        Err(Error::new(Code::Term, sentence, help))
    }

    fn shape(&self) -> RowShape {
        RowShape {
            columns: self.number_of_numbers(),
            levels: self.row_levels(self.is_grouped()),
            terms: self.products(),
            grids: self.grids(),
            weighting: self.weighting,
        }
    }

    /// The grids of the columns of numbers, as far as these are decided; none if values are not counted.
    pub(super) fn grids(&self) -> Option<ColumnGrids> {
        let numbers = self.columns.iter().flatten().filter(|column| !column.is_category()).take(self.number_of_numbers());
        self.plan.counts_values().then(|| numbers.map(|column| self.plan.grid(&column.name)).collect())
    }

    /// The groups by their numbers; none if rows have no groups.
    fn groups(&self) -> Option<&[Level]> {
        let by = self.columns.as_ref().filter(|_| self.is_grouped())?.first()?;
        Some(by.levels.levels())
    }

    /// The columns of the categories, with their levels.
    fn categories(&self) -> Vec<(String, Vec<Level>)> {
        let categories = self.ungrouped_columns().iter().filter(|column| column.is_category());
        categories.map(|column| (column.name.clone(), column.levels.levels().to_vec())).collect()
    }

    fn role(&self, name: &str, is_named: bool) -> ColumnRole {
        match () {
            () if self.plan.is_category(name) => ColumnRole::Category,
            () if self.selection.is_undecided(name) => ColumnRole::NumberOrCategory,
            () if is_named => ColumnRole::Number,
            () => ColumnRole::NumberOrText,
        }
    }

    fn new_disclosure(&self) -> Option<DisclosureControl> {
        if !self.plan.rounds() {
            return None;
        }
        let terms = self.terms();
        let SummedProducts { derived, products } = self.products();
        let names = terms.iter().map(Term::to_string).zip(products);
        let (categories, numbers): (Vec<_>, Vec<_>) = self.columns.iter().flatten().partition(|column| column.is_category());
        let named = |columns: Vec<&ColumnReader>| columns.into_iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        Some(DisclosureControl::new(&self.plan, &named(numbers), &named(categories), &derived, names))
    }

    /// The terms beyond the columns.
    fn products(&self) -> SummedProducts {
        let numbers = self.columns.iter().flatten().filter(|column| !column.is_category());
        let columns: Vec<&ColumnReader> = numbers.take(self.number_of_numbers()).collect();
        let mut derived: Vec<Derived> = Vec::new();
        let mut index = |variable: &Variable| {
            let column = columns.iter().position(|column| column.name == variable.column())?;
            let new = match variable {
                Variable::Function { function, column: name } => {
                    let decimals = self.plan.rounds().then(|| function_decimals(&self.plan, name, *function)).flatten();
                    Derived::Function { function: *function, column, decimals }
                }
                Variable::Cube { knot, .. } => Derived::Cube(column, knot.clone()),
                Variable::Column(_) | Variable::Level { .. } | Variable::Spline { .. } => return Some(column),
            };
            let known = derived.iter().position(|other| *other == new);
            if known.is_none() {
                derived.push(new);
            }
            Some(columns.len() + known.unwrap_or(derived.len() - 1))
        };
        let mut factors = |term: &Term| term.factors.iter().map(|(variable, power)| Some((index(variable)?, *power))).collect();
        // the selection has the columns of all its terms, so each name is found
        let products = self.terms().iter().filter_map(&mut factors).collect();
        SummedProducts { derived, products }
    }
}

/// The note that a column was left out.
pub(super) fn left_out_note(column: &str, reason: &str) -> Error {
    Error::new(Code::ColumnLeftOut, format!("left out: {reason}"), "").in_column(column)
}

/// The note that columns without a name were left out; `None` if all have one.
fn unnamed_note(names: &[String]) -> Option<Error> {
    const SHOWN_MAX: usize = 10;
    let places: Vec<usize> = (1..=names.len()).filter(|place| names[place - 1].is_empty()).collect();
    let shown: Vec<String> = places.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
    let sentence = match (shown.as_slice(), places.len().saturating_sub(SHOWN_MAX)) {
        ([], _) => return None,
        ([place], _) => format!("column {place} has no name and was left out: if it is needed, name it in the header"),
        ([first @ .., last], more) => {
            let columns = match more {
                0 => format!("{} and {last}", first.join(", ")),
                more => format!("{}, {last} and {more} more", first.join(", ")),
            };
            format!("columns {columns} have no name and were left out: if they are needed, name them in the header")
        }
    };
    Some(Error::new(Code::ColumnLeftOut, sentence, ""))
}

/// Divides the cells of a row into values and levels. A value is missing only in columns that may be left out; it is zero then.
fn values_and_levels(cells: Vec<ReadCell>) -> (Vec<Decimal>, Vec<u32>) {
    let (mut values, mut levels) = (Vec::with_capacity(cells.len()), Vec::new());
    for cell in cells {
        match cell {
            ReadCell::Missing => values.push(Decimal::ZERO),
            ReadCell::Number(value) => values.push(value),
            ReadCell::Level(level) => levels.push(level),
        }
    }
    (values, levels)
}

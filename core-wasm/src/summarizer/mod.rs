//! Data to statistics to a model: what `summarize`, `fit` and `forget` ask for.
//!
//! *Invariants*: the statistics, the notes and the errors are the same for any split of the rows into summarizers that one of them
//! [absorbs](Summarizer::merge_state).
//!
//! *Not here*: exact sums (`statistics`), the solution (`solve`), the file (`model`), summarizers as text (`part`), what is shared (`sharing`).

mod state;

use crate::batch::{self, Lines, Values};
use crate::column::Column as CellReader;
use crate::decimal::{Decimal, is_missing, parse};
use crate::disclosure::policy::Shared;
use crate::disclosure::sharing::{self, Sharing};
use crate::error::{Code, Error, Result, list, shorten, spent};
use crate::fit::check_shared;
use crate::plan::{Missing, Plan, Wanted, summed_column};
use crate::sink::{Gathered, Record, Sink};
use crate::statistics::{Accumulator, Column, Factors, Moments, Statistics, Totals, check_terms, moment_index};
use crate::table::Reader;
use crate::terms::{Term, check_column_name, places};
use samefit_kernels::scan::Rows;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// Reads data and sums its columns.
pub struct Summarizer {
    reader: Option<Reader>,
    sums: Sums,
    /// In the order in which they were set first, which is the data's.
    batch: Vec<(String, Values)>,
    /// Where they stand in it.
    batch_places: BTreeMap<String, usize>,
    /// Whether bytes came, and not columns.
    pushed: bool,
    /// What stopped the reading, here or in a part that was absorbed, unless the state of a column tells.
    failure: Option<Error>,
}

impl Summarizer {
    /// A summarizer for a plan.
    pub fn new(plan: Plan) -> Result<Self> {
        let wanted = plan.wanted()?;
        sharing::check(&plan, &wanted)?;
        let reader = Reader::new(&plan);
        Ok(Self {
            reader: Some(reader),
            sums: Sums::new(plan, wanted),
            batch: Vec::new(),
            batch_places: BTreeMap::new(),
            pushed: false,
            failure: None,
        })
    }

    /// The next bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.pushed = true;
        let result = self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.sums);
        result.map_err(|error| self.stopped_by(error))
    }

    /// The records with which the data begin, read for the names of the columns alone: for data that begin elsewhere. Returns whether the
    /// names are known now; if not, call it again with more records.
    pub fn header(&mut self, records: &[u8]) -> Result<bool> {
        self.reader.as_mut().ok_or_else(spent)?.header(records, &mut self.sums)
    }

    /// The next record counts as this row. Call it between records.
    pub fn continue_at(&mut self, row: u64) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.continue_at(row);
        self.sums.rows = row.saturating_sub(1);
        Ok(())
    }

    /// The values of one column of a batch; NaN is missing.
    pub fn set_f64(&mut self, column: &str, values: impl Into<Vec<f64>>) {
        self.set(column, Values::Numbers(values.into()));
    }

    /// The values of one column of a batch as decimal text, one a line.
    pub fn set_text(&mut self, column: &str, text: impl Into<Vec<u8>>) {
        self.set(column, Values::Text(Lines::new(text.into())));
    }

    fn set(&mut self, column: &str, values: Values) {
        match self.batch_places.get(column) {
            Some(&at) => self.batch[at].1 = values,
            None => {
                self.batch_places.insert(column.to_owned(), self.batch.len());
                self.batch.push((column.to_owned(), values));
            }
        }
    }

    /// Adds the batch of columns that were set.
    pub fn sum_columns(&mut self) -> Result<()> {
        let (batch, places) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.batch_places));
        self.reader.as_ref().ok_or_else(spent)?;
        if self.sums.columns.is_none() {
            let names: Vec<String> = batch.iter().map(|(name, _)| name.clone()).collect();
            self.sums.header(&names).map_err(|error| self.stopped_by(error))?;
        }
        let set = |name: &String| places.get(name).map(|&at| &batch[at].1).ok_or_else(|| not_set(name));
        let columns = self.sums.names().iter().map(set).collect::<Result<Vec<_>>>()?;
        let rows = columns.first().map_or(0, |column| column.len());
        if let Some(at) = columns.iter().position(|column| column.len() != rows) {
            let sentence = format!("the column has {} values, the first has {rows}", columns[at].len());
            return Err(Error::new(Code::ColumnLengths, sentence, "set columns of equal lengths").in_column(&self.sums.names()[at]));
        }
        self.sums.batch(&columns, rows).map_err(|error| self.stopped_by(error))
    }

    /// Records read so far, header and blank lines included.
    pub fn rows(&self) -> u64 {
        self.reader.as_ref().map_or(0, Reader::rows).max(self.sums.rows)
    }

    /// What the user should be told, as a JSON array of error records.
    pub fn notes(&self) -> String {
        crate::json::line(&Value::Array(self.sums.notes.iter().map(Error::to_json).collect()))
    }

    /// The end of the data.
    pub fn finish(&mut self) -> Result<Statistics> {
        self.end()?;
        self.verdict()?;
        self.sums.finish()
    }

    /// The end of one table of several whose rows count together: what `finish` would find wrong with this one is an error, and what was
    /// read becomes text that a summarizer of the same plan can [absorb](Self::merge_state).
    pub fn finish_state(&mut self) -> Result<String> {
        self.end()?;
        self.verdict()?;
        self.sums.tell_missing()?;
        state::write(&mut self.sums, None)
    }

    /// The end of the first of two passes over data that are to be shared: what the plan of the second says as `shared`.
    pub fn choose_decimals(&mut self) -> Result<Shared> {
        self.end()?;
        self.verdict()?;
        self.sums.choose_decimals()
    }

    /// Everything that was read, failures included, as text that another summarizer of the same plan and header can [absorb](Self::merge_state).
    /// The summarizer is spent.
    pub fn state(&mut self) -> Result<String> {
        self.end()?;
        state::write(&mut self.sums, self.failure.take())
    }

    /// Adds what another summarizer read, wherever its rows stood.
    ///
    /// Errors: what one pass over all rows so far would have stopped at. The next part may change the verdict, and `finish` repeats it.
    pub fn merge_state(&mut self, text: &str) -> Result<()> {
        if self.sums.columns.is_none() && self.failure.is_some() {
            // it stopped at the header, which all parts share
            return self.verdict();
        }
        let part = state::parse(text)?;
        if self.sums.columns.is_none()
            && let Some(names) = part.names()
        {
            self.sums.header(&names)?;
        }
        let failure = state::merge(part, &mut self.sums)?;
        let first = |error: &Error| error.row.unwrap_or(0);
        self.failure = self.failure.take().into_iter().chain(failure).min_by_key(first);
        self.verdict()
    }

    /// The end of the bytes; what is wrong with it is remembered.
    fn end(&mut self) -> Result<()> {
        let mut reader = self.reader.take().ok_or_else(spent)?;
        if self.failure.is_none() && (self.sums.columns.is_none() || self.pushed) {
            // the verdict tells
            let _ = reader.finish(&mut self.sums).map_err(|error| self.stopped_by(error));
        }
        Ok(())
    }

    fn stopped_by(&mut self, error: Error) -> Error {
        if self.sums.contradiction().is_none() {
            self.failure = Some(error.clone());
        }
        error
    }

    /// What one pass over all rows would have stopped at: text beside numbers shows where the second of the two comes, which may be in
    /// another part than the first.
    fn verdict(&self) -> Result<()> {
        let stopped_at = self.failure.as_ref().map_or(u64::MAX, |error| error.row.unwrap_or(0));
        match (self.sums.contradiction(), &self.failure) {
            (Some((row, error)), _) if row <= stopped_at => Err(error),
            (_, Some(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// The statistics without the rows of `gone`.
///
/// Errors: `statistics-differ`; `impossible-statistics` if what is left is what no data can have; `too-few-to-share` if it may not be shared.
pub fn forget(statistics: &mut Statistics, gone: &Statistics) -> Result<()> {
    let mut rest = statistics.clone();
    rest.subtract(gone)?;
    crate::solve::plausible::check(&rest).map_err(|error| {
        Error::new(
            error.code,
            format!("the rows to subtract are not all among the statistics ({})", error.sentence),
            "subtract only rows that were summed, once",
        )
    })?;
    check_shared(&rest)?;
    *statistics = rest;
    Ok(())
}

/// A column in the making.
struct Summed {
    name: String,
    /// Index in the data.
    place: usize,
    /// Whether somebody named it, so that it has to hold numbers.
    named: bool,
    /// Row of its first number.
    number: Option<u64>,
    /// Row of its first text, if nobody named it, and the text.
    text: Option<(u64, String)>,
    missing: u64,
    /// Reads its cells in rows that come together.
    cells: CellReader,
    /// The same for columns that are set.
    values: batch::Column,
}

/// Rows that lack a value in every column that is not decided, and else in columns of text at most: what becomes of them shows later.
struct Aside<S> {
    /// The columns that were not decided.
    without: Vec<usize>,
    /// The first of the rows.
    first: u64,
    sums: S,
}

/// What becomes of rows that were summed apart.
#[derive(PartialEq, Eq)]
enum Fate {
    /// They count: what they lack is text.
    Count,
    /// They lack a number.
    Drop,
    /// It has not shown.
    Open,
}

/// The sink that sums.
struct Sums {
    plan: Plan,
    wanted: Wanted,
    columns: Option<Vec<Summed>>,
    accumulator: Option<Accumulator>,
    aside: Option<Aside<Accumulator>>,
    /// What other summarizers read.
    absorbed: Option<Totals>,
    absorbed_aside: Option<Aside<Totals>>,
    /// Rounds what is summed, and watches what is to be shared.
    sharing: Option<Sharing>,
    rows: u64,
    first_missing: Option<u64>,
    dropped: i64,
    /// Rows dropped of which the user has been told.
    told: i64,
    notes: Vec<Error>,
    /// Which of the rows that came together have a cell that is to be looked at by itself.
    unread: Vec<bool>,
}

impl Sink for Sums {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let found = self.wanted.resolve(names)?;
        check_terms(found.len() + self.wanted.terms.len())?;
        let named = places(self.wanted.names());
        let is_named = |name: &String| named.contains_key(name.as_str());
        let columns: Vec<Summed> = found.iter().map(|&place| Summed::new(&names[place], place, is_named(&names[place]))).collect();
        columns.iter().try_for_each(|column| check_column_name(&column.name).map_err(|error| error.in_column(&column.name)))?;
        if self.plan.schema.is_some() && self.plan.columns.is_none() && self.plan.features.is_none() {
            let left_out = names.iter().filter(|name| !is_named(name));
            self.notes.extend(left_out.map(|name| left_out_note(name, "the schema does not describe it")));
        }
        self.columns = Some(columns);
        self.sharing = self.new_sharing();
        self.accumulator = Some(self.new_accumulator());
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let values = columns.iter_mut().map(|column| column.read(record)).collect::<Result<Vec<_>>>()?;
        self.add(record.row, values)
    }

    /// Rows can come together once it is known which columns hold numbers, unless each is to be rounded.
    fn takes_rows(&self) -> bool {
        self.sharing.is_none() && !self.columns.iter().flatten().any(Summed::is_undecided)
    }

    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        self.unread.clear();
        self.unread.resize(rows.len(), false);
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        for column in columns.iter_mut() {
            column.read_rows(rows, &mut self.unread);
        }
        let lacking = self.unread.iter().filter(|unread| **unread).count();
        let unread = (lacking > 0).then_some(self.unread.as_slice());
        let accumulator = self.accumulator.as_mut().ok_or_else(spent)?;
        for (column, to) in columns.iter_mut().zip(accumulator.columns_mut()) {
            column.cells.hand_on(unread, to);
        }
        accumulator.added(rows.len() - lacking)?;
        self.rows = first + rows.len() as u64 - 1;
        if lacking > 0 { self.records_of(rows, first) } else { Ok(()) }
    }

    fn wants(&self) -> Vec<String> {
        self.wanted.names().to_vec()
    }

    fn skips_unknown(&self) -> bool {
        matches!(self.wanted.columns, crate::plan::Columns::Named { .. })
    }

    fn target(&self) -> &str {
        self.plan.target().unwrap_or("dependent_variable")
    }
}

impl Summed {
    fn new(name: &str, place: usize, named: bool) -> Self {
        Self {
            name: name.to_owned(),
            place,
            named,
            number: None,
            text: None,
            missing: 0,
            cells: CellReader::default(),
            values: batch::Column::default(),
        }
    }

    /// The value of this column in a record. Text in a column that nobody named reads as zero: the column is left out at the end.
    fn read(&mut self, record: &Record) -> Result<Option<Decimal>> {
        let cell = record.cell(self.place);
        self.take(record.row, if is_missing(cell) { Ok(None) } else { parse(cell).map(Some) })
    }

    /// The same for a cell that was parsed.
    fn take(&mut self, row: u64, cell: Result<Option<Decimal>>) -> Result<Option<Decimal>> {
        match cell {
            Ok(None) => Ok(None),
            Ok(Some(value)) => {
                self.number = self.number.or(Some(row));
                self.contradiction().map_or(Ok(Some(value)), |(_, error)| Err(error))
            }
            Err(error) if error.code == Code::NotANumber && !self.named && self.number.is_none() => {
                self.text.get_or_insert_with(|| (row, error.found.unwrap_or_default()));
                Ok(Some(Decimal::ZERO))
            }
            Err(error) => Err(error.at_row(row).in_column(&self.name)),
        }
    }

    /// Reads the cells of rows that come together; text in a column of text reads as zero.
    fn read_rows(&mut self, rows: &Rows<'_>, unread: &mut [bool]) {
        if !self.is_text() {
            return self.cells.read(rows, self.place, unread);
        }
        self.cells.zero(rows.len());
        for (row, unread) in unread.iter_mut().enumerate() {
            *unread |= !is_plain_text(rows.cell(row, self.place));
        }
    }

    /// Reads the values of rows of a batch, in the same way.
    fn read_values(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool]) {
        if self.is_text() {
            self.values.zero(values, rows, unread, is_plain_text);
        } else {
            self.values.read(values, rows, unread);
        }
    }

    fn is_text(&self) -> bool {
        self.text.is_some()
    }

    fn is_undecided(&self) -> bool {
        !self.named && self.number.is_none() && self.text.is_none()
    }

    /// The row where text beside numbers showed, and the error at the text.
    fn contradiction(&self) -> Option<(u64, Error)> {
        let ((row, text), number) = (self.text.as_ref()?, self.number?);
        let error = Error::found(Code::NotANumber, text, "a decimal number", "correct the cell, or leave it empty if there is no value");
        Some(((*row).max(number), error.at_row(*row).in_column(&self.name)))
    }
}

impl Sums {
    fn new(plan: Plan, wanted: Wanted) -> Self {
        Self {
            plan,
            wanted,
            columns: None,
            accumulator: None,
            aside: None,
            absorbed: None,
            absorbed_aside: None,
            sharing: None,
            rows: 0,
            first_missing: None,
            dropped: 0,
            told: 0,
            notes: Vec::new(),
            unread: Vec::new(),
        }
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().flatten().map(|column| column.name.clone()).collect()
    }

    /// Reads the rows that are to be looked at by themselves as records.
    fn records_of(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        let mut gathered = Gathered::default();
        for row in (0..rows.len()).filter(|&row| self.unread[row]).collect::<Vec<_>>() {
            let number = first + row as u64;
            self.record(&gathered.gather(rows, row, number)).map_err(|error| error.at_row(number))?;
        }
        Ok(())
    }

    /// Adds the rows of columns that were set: together once it is known which of them hold numbers.
    fn batch(&mut self, columns: &[&Values], rows: usize) -> Result<()> {
        let mut row = 0;
        while row < rows {
            let room = self.accumulator.as_ref().map_or(1, Accumulator::room);
            let stop = if self.takes_rows() { rows.min(row + room) } else { row + 1 };
            if stop == row + 1 {
                self.row_of(columns, row, self.rows + 1)?;
            } else {
                self.rows_of(columns, row..stop)?;
            }
            row = stop;
        }
        Ok(())
    }

    /// Adds some rows of a batch.
    fn rows_of(&mut self, columns: &[&Values], rows: Range<usize>) -> Result<()> {
        let before = self.rows;
        self.unread.clear();
        self.unread.resize(rows.len(), false);
        let summed = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        for (column, values) in summed.iter_mut().zip(columns) {
            column.read_values(values, rows.clone(), &mut self.unread);
        }
        let lacking = self.unread.iter().filter(|unread| **unread).count();
        if lacking < rows.len() {
            let accumulator = self.accumulator.as_mut().ok_or_else(spent)?;
            for (column, to) in summed.iter().zip(accumulator.columns_mut()) {
                column.values.hand_on(&self.unread, to);
            }
            accumulator.added(rows.len() - lacking)?;
        }
        if lacking > 0 {
            for at in (0..rows.len()).filter(|&at| self.unread[at]).collect::<Vec<_>>() {
                self.row_of(columns, rows.start + at, before + at as u64 + 1)?;
            }
        }
        self.rows = before + rows.len() as u64;
        Ok(())
    }

    /// Adds one row of a batch.
    fn row_of(&mut self, columns: &[&Values], at: usize, row: u64) -> Result<()> {
        let summed = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let values = summed.iter_mut().zip(columns).map(|(summed, values)| summed.take(row, values.value(at)));
        let values = values.collect::<Result<Vec<_>>>()?;
        self.add(row, values)
    }

    /// The first of the columns that hold text beside numbers, as one pass over the rows would find it.
    fn contradiction(&self) -> Option<(u64, Error)> {
        // the first of equals is the first in the order of the columns, which are read in it
        self.columns.iter().flatten().filter_map(Summed::contradiction).min_by_key(|(row, _)| *row)
    }

    fn new_accumulator(&self) -> Accumulator {
        Accumulator::new(self.columns.iter().flatten().count(), self.factors(), self.plan.counts_values())
    }

    /// The terms beyond the columns, by the columns' places.
    fn factors(&self) -> Vec<Factors> {
        let columns = self.columns.as_deref().unwrap_or_default();
        let index = |name: &str| columns.iter().position(|column| column.name == name);
        let factors = |term: &Term| term.factors.iter().map(|(name, power)| index(name).map(|at| (at, *power))).collect::<Option<Vec<_>>>();
        // a plan's terms bring their columns, so each is found
        self.wanted.terms.iter().filter_map(factors).collect()
    }

    fn new_sharing(&self) -> Option<Sharing> {
        if !self.plan.rounds() {
            return None;
        }
        let terms = self.wanted.terms.iter().map(Term::to_string).zip(self.factors());
        Some(Sharing::new(&self.plan, &self.names(), terms))
    }

    /// Adds a row, counts it as lacking values, or sums it apart.
    fn add(&mut self, row: u64, values: Vec<Option<Decimal>>) -> Result<()> {
        self.rows = row;
        if values.iter().all(Option::is_some) {
            return self.accumulate(row, values);
        }
        let columns = self.columns.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let mut undecided = Vec::new();
        let mut certain = false;
        for (at, column) in columns.iter_mut().enumerate().filter(|(at, _)| values[*at].is_none()) {
            column.missing += 1;
            match column.is_undecided() {
                true => undecided.push(at),
                false => certain |= !column.is_text(),
            }
        }
        match (certain, undecided.is_empty()) {
            (true, _) => {
                self.drop_rows(row, 1);
                Ok(())
            }
            (false, true) => self.accumulate(row, values),
            (false, false) => self.accumulate_aside(row, undecided, values),
        }
    }

    fn accumulate(&mut self, row: u64, values: Vec<Option<Decimal>>) -> Result<()> {
        let accumulator = self.accumulator.as_mut().ok_or_else(spent)?;
        match &mut self.sharing {
            None => accumulator.push(filled(values)),
            Some(sharing) => {
                let rounded = sharing.row(row, &filled(values).collect::<Vec<_>>())?;
                rounded.map_or(Ok(()), |values| accumulator.push(values))
            }
        }
    }

    /// Sums a row apart. All columns that are not decided lack a value in it, so there is one such sum at a time.
    fn accumulate_aside(&mut self, row: u64, undecided: Vec<usize>, values: Vec<Option<Decimal>>) -> Result<()> {
        if self.aside.as_ref().is_none_or(|aside| aside.without != undecided) {
            self.settle_aside(&undecided)?;
        }
        if self.aside.is_none() {
            self.aside = Some(Aside { without: undecided, first: row, sums: self.new_accumulator() });
        }
        self.aside.as_mut().map_or(Ok(()), |aside| aside.sums.push(filled(values)))
    }

    /// Fewer columns are undecided than when the sum began: if the others hold text, its rows are as those to come.
    fn settle_aside(&mut self, undecided: &[usize]) -> Result<()> {
        let Some(mut aside) = self.aside.take() else { return Ok(()) };
        if self.fate(&aside.without) == Fate::Drop {
            let rows = aside.sums.finish()?.rows;
            self.drop_rows(aside.first, rows);
        } else {
            aside.without = undecided.to_vec();
            self.aside = Some(aside);
        }
        Ok(())
    }

    fn fate(&self, without: &[usize]) -> Fate {
        let columns = self.columns.as_deref().unwrap_or_default();
        let mut lacking = without.iter().filter_map(|&at| columns.get(at));
        match () {
            () if lacking.clone().any(|column| column.number.is_some()) => Fate::Drop,
            () if lacking.all(Summed::is_text) => Fate::Count,
            () => Fate::Open,
        }
    }

    /// Counts rows, the first of which is this one, as lacking values.
    fn drop_rows(&mut self, first: u64, count: i64) {
        self.dropped += count;
        self.first_missing = Some(self.first_missing.map_or(first, |row| row.min(first)));
    }

    fn choose_decimals(&mut self) -> Result<Shared> {
        self.tell_missing()?;
        let (shared, notes) = self.sharing.take().ok_or_else(no_survey)?.choose_decimals()?;
        self.notes.extend(notes);
        Ok(shared)
    }

    fn finish(&mut self) -> Result<Statistics> {
        let totals = self.totals()?;
        self.tell_missing()?;
        let columns = self.columns.take().ok_or_else(spent)?;
        for column in columns.iter().filter(|column| column.is_text()) {
            self.notes.push(left_out_note(&column.name, "it holds text, not numbers"));
        }
        let kept: Vec<usize> = (0..columns.len()).filter(|&at| !columns[at].is_text()).collect();
        self.check_kept(&columns, &kept, totals.rows)?;
        let shared = self.sharing.as_mut().map(Sharing::verdict).transpose()?;
        self.notes.extend(self.sharing.iter().flat_map(Sharing::notes));
        Ok(Statistics { shared, ..statistics(&self.plan, &self.wanted, &columns, &kept, totals, self.told) })
    }

    /// The sums of all rows. Columns are decided now: rows that were summed apart count if they lack text alone.
    fn totals(&mut self) -> Result<Totals> {
        let (mut totals, aside) = self.sums()?;
        if let Some(aside) = aside {
            match self.fate(&aside.without) {
                Fate::Count => totals = state::plus(totals, &aside.sums)?,
                Fate::Drop | Fate::Open => self.drop_rows(aside.first, aside.sums.rows),
            }
        }
        Ok(totals)
    }

    /// The sums of the rows that count, and of those of which it has not shown.
    fn sums(&mut self) -> Result<(Totals, Option<Aside<Totals>>)> {
        let own = self.accumulator.take().ok_or_else(spent)?.finish()?;
        self.absorbed = state::sum(self.absorbed.take(), own)?;
        let absorbed = self.absorbed_aside.take();
        let own = self.aside.take();
        let own = own.map(|aside| Ok(Aside { without: aside.without, first: aside.first, sums: aside.sums.finish()? })).transpose()?;
        own.into_iter().chain(absorbed).try_for_each(|aside| self.absorb_aside(aside))?;
        Ok((self.absorbed.take().ok_or_else(spent)?, self.absorbed_aside.take()))
    }

    /// Adds rows that were summed apart to where they belong as far as columns are decided.
    fn absorb_aside(&mut self, aside: Aside<Totals>) -> Result<()> {
        let open = self.absorbed_aside.take();
        for aside in open.into_iter().chain([aside]) {
            match self.fate(&aside.without) {
                Fate::Drop => self.drop_rows(aside.first, aside.sums.rows),
                Fate::Count => self.absorbed = state::sum(self.absorbed.take(), aside.sums)?,
                Fate::Open => {
                    let columns = self.columns.as_deref().unwrap_or_default();
                    let without = (0..columns.len()).filter(|&at| columns[at].is_undecided()).collect();
                    let other = self.absorbed_aside.take();
                    let first = other.as_ref().map_or(aside.first, |other| other.first.min(aside.first));
                    let sums = state::sum(other.map(|other| other.sums), aside.sums)?;
                    self.absorbed_aside = sums.map(|sums| Aside { without, first, sums });
                }
            }
        }
        Ok(())
    }

    /// Refuses rows that lack values, or tells of them.
    fn tell_missing(&mut self) -> Result<()> {
        if self.dropped == 0 {
            return Ok(());
        }
        let columns = self.columns.as_deref().unwrap_or_default();
        let lacking = columns.iter().filter(|column| column.missing > 0 && !column.is_text());
        let by_column: Vec<String> = lacking.map(|column| format!("`{}` {}", shorten(&column.name), column.missing)).collect();
        let rows = if self.dropped == 1 { "1 row lacks a value".to_owned() } else { format!("{} rows lack values", self.dropped) };
        let counts = by_column.join(", ");
        match self.plan.missing {
            Missing::Drop => {
                self.notes.push(Error::new(Code::RowsDropped, format!("left out: {rows} ({counts})"), ""));
                self.told += std::mem::take(&mut self.dropped);
                Ok(())
            }
            Missing::Error => {
                let sentence = format!("{rows} ({counts}), the first of them this one");
                let mut error = Error::new(Code::MissingValues, sentence, "fill in the values, or leave such rows out with --missing drop");
                error.row = self.first_missing;
                error.found = Some(counts);
                Err(error)
            }
        }
    }

    fn check_kept(&self, columns: &[Summed], kept: &[usize], rows: i64) -> Result<()> {
        if let Some(column) = columns
            .iter()
            .find(|column| column.is_text() && self.wanted.terms.iter().any(|term| term.columns().any(|name| name == column.name)))
        {
            return Err(Error::new(Code::NotANumber, "a term uses a column of text", "leave the term out").in_column(&column.name));
        }
        if kept.is_empty() {
            return Err(Error::new(
                Code::NoColumns,
                format!("none of the columns holds numbers: {}", list(columns.iter().map(|c| &c.name))),
                "check that this is the right file",
            ));
        }
        if rows == 0 && columns.iter().any(Summed::is_undecided) {
            return Err(Error::new(
                Code::NoRows,
                "there is a header but no row of data",
                "give data, or name the columns with --columns to get statistics of no rows",
            ));
        }
        Ok(())
    }
}

fn statistics(plan: &Plan, wanted: &Wanted, columns: &[Summed], kept: &[usize], totals: Totals, dropped: i64) -> Statistics {
    let products = columns.len()..columns.len() + wanted.terms.len();
    let places: Vec<usize> = std::iter::once(0).chain(kept.iter().copied().chain(products).map(|at| at + 1)).collect();
    let mut moments = Vec::with_capacity(moment_index(places.len(), 0));
    for i in 0..places.len() {
        moments.extend((0..=i).map(|j| totals.moments.at(places[i], places[j]).clone()));
    }
    let summed: Vec<Column> = kept.iter().map(|&at| summed_column(plan, &columns[at].name)).collect();
    Statistics {
        terms: summed.iter().map(|column| Term::column(&column.name)).chain(wanted.terms.iter().cloned()).collect(),
        columns: summed,
        rows: totals.rows,
        moments: Moments(moments),
        distribution: totals.distribution.map(|counts| kept.iter().map(|&at| counts[at].clone()).collect()),
        dropped,
        shared: None,
    }
}

/// Whether a cell of a column of text says nothing new: neither a number nor infinity nor broken text. False means that it takes more than
/// a look to tell.
fn is_plain_text(cell: &[u8]) -> bool {
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
    let cell = crate::decimal::trim(cell.strip_suffix(b"\"").unwrap_or(cell));
    is_missing(cell) || cell.is_ascii() && cell.first().is_some_and(|first| first.is_ascii_alphabetic() && !matches!(first, b'i' | b'I'))
}

fn left_out_note(column: &str, reason: &str) -> Error {
    Error::new(Code::ColumnLeftOut, format!("left out: {reason}"), "").in_column(column)
}

fn filled(values: Vec<Option<Decimal>>) -> impl Iterator<Item = Decimal> {
    values.into_iter().map(|value| value.unwrap_or(Decimal::ZERO))
}

fn no_survey() -> Error {
    Error::new(Code::Plan, "nothing is surveyed", "set `share` in the plan")
}

fn not_set(name: &str) -> Error {
    Error::new(Code::MissingColumn, "the batch has no such column", "set every column before `sum-columns`").in_column(name)
}

//! Reads one sheet of an Excel workbook (`.xlsx`, `.xlsm`: ECMA-376) as CSV.
//!
//! Cells are written as a person would export them. A number has the digits that are stored, without zeros after its last decimal; one of more
//! than 15 digits, which programs write of binary floats, has the shortest text that reads back as the same float. Dates are written by ISO 8601,
//! and booleans as `true` and `false`. An error (`#DIV/0!`) is an empty cell, as is one without a value. A formula is what it came to when the
//! workbook was saved.
//!
//! The rows of the sheet keep their numbers: a row without values is a blank line. Columns without values before and after the table are left
//! out.
//!
//! The workbook is read by hand and not with a library, because it may be damaged or made to harm: nothing is allocated by what it says of its
//! own sizes.
//!
//! *Limits*: [`archive::UNPACKED_BYTES_MAX`], [`ROWS_MAX`], [`COLUMNS_MAX`], [`sheet_csv::PADDING_MAX`].

mod archive;
mod number_formats;
mod sheet_csv;
mod xml;

use std::collections::BTreeMap;
use std::io::Read;

use quick_xml::events::BytesStart;
use samefit_text::name;

use self::archive::{Archive, damaged};
use self::number_formats::{Meaning, Meanings, date_text};
use self::sheet_csv::SheetCsv;
use self::xml::{Part, Token, attributes};
use crate::code::Code;
use crate::error::InputError;

/// Most rows and columns of a sheet: as many as Excel has.
const ROWS_MAX: u32 = 1 << 20;
const COLUMNS_MAX: u32 = 1 << 14;
/// A decimal of so many digits is the only one with its binary float, so it is what a person wrote.
const WRITTEN_DIGITS_MAX: usize = 15;

/// An open workbook.
pub(crate) struct Workbook {
    archive: Archive,
    sheets: Vec<Sheet>,
    strings_path: Option<String>,
    styles_path: Option<String>,
    /// Whether days are counted from 1904, as on old Macintoshes.
    counts_later: bool,
}

struct Sheet {
    name: String,
    path: String,
}

impl Workbook {
    /// Reads which sheets a workbook has.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, InputError> {
        let archive = Archive::new(bytes)?;
        let roots = Relations::read(&archive, "")?;
        let path = roots.of_kind("officeDocument").cloned().unwrap_or_else(|| "xl/workbook.xml".to_owned());
        let relations = Relations::read(&archive, &path)?;
        let mut part = Part::open(&archive, &path)?.ok_or_else(|| damaged("it has no part for the workbook"))?;
        let (mut sheets, mut counts_later) = (Vec::new(), false);
        loop {
            match part.next()? {
                Token::Start(element) => match element.local_name().as_ref() {
                    "workbookPr" => {
                        let [date] = attributes(&element, ["date1904"]);
                        counts_later = matches!(date.as_deref(), Some("1" | "true"));
                    }
                    "sheet" => {
                        let [name, id] = attributes(&element, ["name", "id"]);
                        if let (Some(name), Some(path)) = (name, id.and_then(|id| relations.sheet(&id))) {
                            sheets.push(Sheet { name: name.into_owned(), path: path.clone() });
                        }
                    }
                    _ => {}
                },
                Token::Eof => break,
                _ => {}
            }
        }
        part.finish()?;
        let path = |kind: &str| relations.of_kind(kind).cloned();
        let (strings_path, styles_path) = (path("sharedStrings"), path("styles"));
        if sheets.is_empty() {
            return Err(damaged("it has no sheet with cells"));
        }
        Ok(Self { archive, sheets, strings_path, styles_path, counts_later })
    }

    /// Returns the names of the sheets in their order. There is at least one.
    pub(crate) fn sheet_names(&self) -> impl Iterator<Item = &str> {
        self.sheets.iter().map(|sheet| sheet.name.as_str())
    }

    /// Returns a sheet as CSV with commas; the first one if no name is given.
    pub(crate) fn sheet(self, sheet_name: Option<&str>) -> Result<impl Read + Send + use<>, InputError> {
        let sheet = self.sheets.iter().find(|sheet| sheet_name.is_none_or(|name| sheet.name == name));
        let sheet = sheet.ok_or_else(|| self.no_such_sheet(sheet_name.unwrap_or_default()))?;
        let strings = SharedStrings::read(&self.archive, self.strings_path.as_deref())?;
        let meanings = Meanings::read(&self.archive, self.styles_path.as_deref().unwrap_or_default())?;
        let part = Part::open(&self.archive, &sheet.path)?.ok_or_else(|| damaged("a sheet is not in it"))?;
        CellReader { part, strings: &strings, meanings: &meanings, counts_later: self.counts_later, csv: SheetCsv::default() }.read()
    }

    fn no_such_sheet(&self, wanted: &str) -> InputError {
        const SHOWN_MAX: usize = 10;
        let mut names: Vec<String> = self.sheet_names().take(SHOWN_MAX).map(|sheet| format!("`{}`", name(sheet))).collect();
        if self.sheets.len() > SHOWN_MAX {
            names.push(format!("{} more", self.sheets.len() - SHOWN_MAX));
        }
        let sentence = format!("the workbook has no sheet `{}`; it has {}", name(wanted), names.join(", "));
        InputError::new(Code::NotFound, sentence, "name one of them with --sheet")
    }
}

/// Which other parts a part of a workbook refers to.
struct Relations(BTreeMap<String, (String, String)>);

impl Relations {
    /// Reads the relations of the part at `path`; those of the whole archive if it is empty.
    fn read(archive: &Archive, path: &str) -> Result<Self, InputError> {
        let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
        let own = format!("{folder}/_rels/{file}.rels");
        let mut relations = BTreeMap::new();
        let Some(mut part) = Part::open(archive, &own)? else { return Ok(Self(relations)) };
        loop {
            match part.next()? {
                Token::Start(element) => {
                    if let [Some(id), Some(kind), Some(target)] = attributes(&element, ["Id", "Type", "Target"]) {
                        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                        relations.insert(id.into_owned(), (kind, resolve(folder, &target)));
                    }
                }
                Token::Eof => break,
                _ => {}
            }
        }
        part.finish()?;
        Ok(Self(relations))
    }

    fn of_kind(&self, kind: &str) -> Option<&String> {
        self.0.values().find(|(found, _)| found == kind).map(|(_, path)| path)
    }

    /// Returns the path of a sheet with cells. Charts and dialogs are sheets too.
    fn sheet(&self, id: &str) -> Option<&String> {
        self.0.get(id).filter(|(kind, _)| kind == "worksheet").map(|(_, path)| path)
    }
}

/// Returns the path of a part that is named from a folder.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

/// The texts that cells refer to by their numbers, one after another.
#[derive(Default)]
struct SharedStrings {
    text: String,
    ends: Vec<usize>,
}

impl SharedStrings {
    fn read(archive: &Archive, path: Option<&str>) -> Result<Self, InputError> {
        let mut strings = Self::default();
        let Some(mut part) = path.map(|path| Part::open(archive, path)).transpose()?.flatten() else { return Ok(strings) };
        loop {
            match part.next()? {
                Token::Start(element) if element.local_name().as_ref() == "si" => {
                    drop(element);
                    read_text(&mut part, "si", &mut strings.text)?;
                    strings.ends.push(strings.text.len());
                }
                Token::Eof => break,
                _ => {}
            }
        }
        part.finish()?;
        Ok(strings)
    }

    fn get(&self, index: usize) -> Option<&str> {
        let from = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(from..*self.ends.get(index)?)
    }
}

/// Appends the text in an element that was just begun, without how it is pronounced. Reads to the element's end.
fn read_text(part: &mut Part<'_>, until: &str, to: &mut String) -> Result<(), InputError> {
    let (mut is_text, mut is_sound) = (false, false);
    loop {
        match part.next()? {
            Token::Start(element) => match element.local_name().as_ref() {
                "t" => is_text = true,
                "rPh" => is_sound = true,
                _ => {}
            },
            Token::End(element) => match element.local_name().as_ref() {
                end if end == until => return Ok(()),
                "t" => is_text = false,
                "rPh" => is_sound = false,
                _ => {}
            },
            Token::Text(text) if is_text && !is_sound => to.push_str(&text),
            Token::Text(_) | Token::Other => {}
            Token::Eof => return Err(damaged("a text is cut off")),
        }
    }
}

/// Reads the cells of a sheet.
struct CellReader<'a> {
    part: Part<'a>,
    strings: &'a SharedStrings,
    meanings: &'a Meanings,
    counts_later: bool,
    csv: SheetCsv,
}

/// Where a cell is, and what its text means.
struct CellHead {
    row: u32,
    column: u32,
    style: usize,
    kind: CellKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Number,
    /// The number of a shared text.
    Shared,
    /// A text of its own.
    Text,
    Boolean,
    /// A date that is text already.
    Date,
    Error,
}

impl CellReader<'_> {
    /// Reads all cells.
    fn read(mut self) -> Result<SheetCsv, InputError> {
        // where the next row and cell are that do not say it
        let (mut row, mut column) = (0, 0);
        loop {
            match self.part.next()? {
                Token::Start(element) => match element.local_name().as_ref() {
                    "row" => {
                        let [number] = attributes(&element, ["r"]);
                        row = number.map_or(Ok(row + 1), |number| number.parse().map_err(|_| damaged("a row without a number")))?;
                        column = 0;
                    }
                    "c" => {
                        let head = cell_head(&element, row, column)?;
                        drop(element);
                        column = head.column + 1;
                        self.cell(&head)?;
                    }
                    _ => {}
                },
                Token::End(element) if element.local_name().as_ref() == "sheetData" => break,
                Token::Eof => return Err(damaged("a sheet is cut off")),
                _ => {}
            }
        }
        self.part.finish()?;
        self.csv.finish()?;
        Ok(self.csv)
    }

    /// Reads a cell to its end, and adds it if it has a value.
    fn cell(&mut self, head: &CellHead) -> Result<(), InputError> {
        let (mut text, mut is_value) = (String::new(), false);
        loop {
            match self.part.next()? {
                Token::Start(element) => match element.local_name().as_ref() {
                    "v" => is_value = true,
                    "is" => {
                        drop(element);
                        read_text(&mut self.part, "is", &mut text)?;
                    }
                    _ => {}
                },
                Token::End(element) => match element.local_name().as_ref() {
                    "c" => break,
                    "v" => is_value = false,
                    _ => {}
                },
                Token::Text(more) if is_value => text.push_str(&more),
                Token::Text(_) | Token::Other => {}
                Token::Eof => return Err(damaged("a cell is cut off")),
            }
        }
        if text.is_empty() || head.kind == CellKind::Error {
            return Ok(());
        }
        match head.kind {
            CellKind::Number => {
                let shown = self.number(text.trim(), head.style);
                self.csv.push(head.row, head.column, &shown)
            }
            CellKind::Shared => {
                let shared = text.trim().parse().ok().and_then(|index| self.strings.get(index));
                let shared = shared.ok_or_else(|| damaged("a cell has a text that is not in it"))?;
                self.csv.push(head.row, head.column, &unescape(shared))
            }
            CellKind::Boolean => self.csv.push(head.row, head.column, if text.trim() == "0" { "false" } else { "true" }),
            CellKind::Text | CellKind::Date => self.csv.push(head.row, head.column, &unescape(&text)),
            CellKind::Error => Ok(()),
        }
    }

    fn number(&self, text: &str, style: usize) -> String {
        let date = match self.meanings.of_style(style) {
            Meaning::Number => None,
            meaning => text.parse().ok().and_then(|number| date_text(number, meaning, self.counts_later)),
        };
        date.unwrap_or_else(|| number_text(text))
    }
}

fn cell_head(element: &BytesStart<'_>, row: u32, column: u32) -> Result<CellHead, InputError> {
    let [place, style, kind] = attributes(element, ["r", "s", "t"]);
    let (row, column) = match place {
        None => (row, column),
        Some(place) => place_of(&place).ok_or_else(|| damaged(format!("a cell at `{}`", name(&place))))?,
    };
    if row == 0 || row > ROWS_MAX || column >= COLUMNS_MAX {
        return Err(damaged("a cell outside of its sheet"));
    }
    let kind = match kind.as_deref() {
        None | Some("n") => CellKind::Number,
        Some("s") => CellKind::Shared,
        Some("b") => CellKind::Boolean,
        Some("e") => CellKind::Error,
        Some("d") => CellKind::Date,
        Some(_) => CellKind::Text,
    };
    Ok(CellHead { row, column, style: style.and_then(|style| style.parse().ok()).unwrap_or(0), kind })
}

/// Returns the row, from 1, and the column, from 0, of a place such as `B7`.
fn place_of(place: &str) -> Option<(u32, u32)> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, row) = place.split_at(letters);
    let digit = |column: u32, letter: u8| column.checked_mul(26)?.checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let column = letters.bytes().try_fold(0, digit)?;
    Some((row.parse().ok()?, column.checked_sub(1)?))
}

/// Returns the text of a number without zeros after its last decimal, or the shortest one if it is written of a binary float.
fn number_text(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let is_integer = mantissa.len() == text.len() && !text.contains('.');
    if is_integer || !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')) {
        return text.to_owned();
    }
    if digits > WRITTEN_DIGITS_MAX
        && let Ok(float) = text.parse::<f64>()
        && float.is_finite()
    {
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format(float);
        return shortest.strip_suffix(".0").unwrap_or(shortest).to_owned();
    }
    let decimals = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    format!("{decimals}{}", &text[mantissa.len()..])
}

/// Replaces characters that XML cannot hold and workbooks write as `_x000D_`.
fn unescape(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 7).and_then(|code| code.strip_suffix('_'));
        let character = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = character.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let (end, shown) = character.map_or((at + 2, None), |character| (at + 7, Some(character)));
        match shown {
            Some(character) => {
                plain.push_str(&rest[..at]);
                plain.push(character);
            }
            None => plain.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::archive::tests::zip;
    use super::*;

    const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// Makes a workbook of one sheet with these rows, in XML.
    fn workbook(rows: &str) -> Vec<u8> {
        let sheet = format!(
            "<?xml version=\"1.0\"?>\n<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{rows}</sheetData><extLst/></worksheet>"
        );
        let strings = "<sst uniqueCount=\"99999999999999\"><si><t>x</t></si><si><r><t>a &amp; </t></r><r><t>\u{e9}&#66;</t></r><rPh><t>z</t></rPh></si><si><t xml:space=\"preserve\"> _x000A_\"q\"</t></si></sst>";
        let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"22\"/><xf numFmtId=\"2\"/></cellXfs></styleSheet>";
        let book = "<x:workbook xmlns:x=\"m\" xmlns:r=\"r\"><x:sheets><x:sheet name=\"Chart\" sheetId=\"1\" r:id=\"rId9\"/><x:sheet name=\"A &amp; B\" sheetId=\"2\" r:id=\"rId1\"/></x:sheets></x:workbook>";
        let relation =
            |id: &str, kind: &str, target: &str| format!("<Relationship Id=\"{id}\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/>");
        let relations = [
            relation("rId1", "worksheet", "worksheets/Sheet1.xml"),
            relation("rId2", "sharedStrings", "/xl/sharedStrings.xml"),
            relation("rId3", "styles", "../xl/styles.xml"),
            relation("rId9", "chartsheet", "chartsheets/sheet1.xml"),
        ];
        let root = relation("rId1", "officeDocument", "xl/workbook.xml");
        let relations = format!("<Relationships>{}</Relationships>", relations.concat());
        zip(&[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", &format!("<Relationships>{root}</Relationships>")),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("xl/worksheets/sheet1.xml", &sheet),
            ("xl/sharedStrings.xml", strings),
            ("xl/styles.xml", styles),
        ])
    }

    fn csv(rows: &str) -> Result<String, InputError> {
        let mut text = String::new();
        Workbook::open(workbook(rows))?.sheet(None)?.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn cells_are_written_as_a_person_would() {
        let rows = "<row r=\"2\"><c r=\"B2\" t=\"s\"><v>0</v></c><c r=\"C2\" t=\"s\"><v>1</v></c><c r=\"E2\" t=\"inlineStr\"><is><t>y</t></is></c></row>\
            <row r=\"4\"><c r=\"B4\"><v>1001</v></c><c r=\"C4\"><v>0.10000000000000001</v></c><c r=\"D4\" t=\"b\"><v>1</v></c><c r=\"E4\" s=\"1\"><v>43831</v></c></row>\
            <row><c/><c><v>1.50</v></c><c t=\"e\"><v>#DIV/0!</v></c><c t=\"str\"><f>A1</f><v>b</v></c><c s=\"2\"><v>43831.5</v></c></row>\
            <row r=\"6\"><c r=\"C6\" s=\"3\"/></row>\
            <row r=\"7\"><c r=\"B7\" t=\"s\"><v>2</v></c></row>";
        let expected = "\nx,a & \u{e9}B,,y\n\n1001,0.1,true,2020-01-01\n1.5,,b,2020-01-01T12:00:00\n\n\" \n\"\"q\"\"\",,,\n";
        assert_eq!(csv(rows).unwrap(), expected);
        assert_eq!(csv("").unwrap(), "");
    }

    #[test]
    fn numbers_are_exact_or_shortest() {
        for (stored, shown) in [
            ("1001", "1001"),
            ("9007199254740993", "9007199254740993"),
            ("1.0", "1"),
            ("100", "100"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("21.600000000000001", "21.6"),
            ("1.50E-3", "1.5E-3"),
            ("1.0000000000000001E-5", "0.00001"),
            ("-0.50", "-0.5"),
            ("12345678901234567.0", "1.2345678901234568e+16"),
            ("what", "what"),
        ] {
            assert_eq!(number_text(stored), shown);
        }
    }

    #[test]
    fn a_sheet_is_found_by_its_name() {
        let open = || Workbook::open(workbook("")).unwrap();
        assert_eq!(open().sheet_names().collect::<Vec<_>>(), ["A & B"]);
        assert!(open().sheet(Some("A & B")).is_ok());
        let error = open().sheet(Some("Chart")).map(drop).unwrap_err();
        assert_eq!(error.message.sentence, "the workbook has no sheet `Chart`; it has `A & B`");
    }

    #[test]
    fn damage_is_bad_data() {
        for rows in [
            "<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>",
            "<row r=\"9999999\"><c r=\"A9999999\"><v>1</v></c></row>",
            "<row r=\"1\"><c r=\"ZZZZZZZZZ1\"><v>1</v></c></row>",
            "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>1</v></c></row>",
            "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>",
            "<row r=\"1\"><c r=\"A1\"><v>&nothing;</v></c></row>",
            "<row r=\"1\"><c r=\"A1\"><v>1</c></row>",
        ] {
            assert_eq!(csv(rows).unwrap_err().code, Code::Damaged, "{rows}");
        }
        let whole = workbook("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>");
        let read = |bytes: Vec<u8>| {
            let mut text = Vec::new();
            Workbook::open(bytes)?.sheet(None)?.read_to_end(&mut text).unwrap();
            Ok::<_, InputError>(text)
        };
        assert_eq!(read(whole.clone()).unwrap(), b"1\n");
        for at in 0..whole.len() {
            assert!(read(whole[..at].to_vec()).is_err(), "cut at {at}");
            let mut damaged = whole.clone();
            damaged[at] ^= [1, 0x80, 0xff][at % 3];
            // read, or an error; never a panic
            let _ = read(damaged);
        }
    }

    /// A cell far away makes every row long.
    #[test]
    fn padding_has_a_limit() {
        let mut rows: String = (1..70_000).map(|row| format!("<row r=\"{row}\"><c><v>1</v></c></row>")).collect();
        assert!(csv(&rows).is_ok());
        rows.push_str("<row r=\"70000\"><c r=\"XFD70000\"><v>1</v></c></row>");
        assert_eq!(csv(&rows).unwrap_err().code, Code::Capacity);
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_escaped() {
        for (stored, shown) in [
            ("a_x000D_b", "a\rb"),
            ("_x0041__x00e9_", "A\u{e9}"),
            ("_x", "_x"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("a_x12\u{e9}\u{e9}_", "a_x12\u{e9}\u{e9}_"),
            ("_xD800_", "_xD800_"),
        ] {
            assert_eq!(unescape(stored), shown);
        }
    }
}

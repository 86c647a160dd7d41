//! Reads the XML of a workbook event by event.

use std::borrow::Cow;
use std::io::{self, BufReader};

use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::archive::{Archive, UnpackedFile, damaged, too_large};
use crate::error::InputError;

/// A part of a workbook that is being read.
pub(crate) struct Part<'a> {
    reader: Reader<BufReader<UnpackedFile<'a>>>,
    buffer: Vec<u8>,
}

/// What comes next in a part.
pub(crate) enum Token<'a> {
    Start(BytesStart<'a>),
    End(BytesEnd<'a>),
    Text(Cow<'a, str>),
    /// A comment and the like.
    Other,
    /// The end of the part.
    Eof,
}

impl<'a> Part<'a> {
    /// Opens a part; none if it is not there.
    pub(crate) fn open(archive: &'a Archive, name: &str) -> Result<Option<Self>, InputError> {
        let Some(file) = archive.open(name)? else { return Ok(None) };
        let mut reader = Reader::from_reader(BufReader::new(file));
        // an empty element is a start and an end
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Self { reader, buffer: Vec::new() }))
    }

    /// Returns the next element or text.
    pub(crate) fn next(&mut self) -> Result<Token<'_>, InputError> {
        self.buffer.clear();
        Ok(match self.reader.read_event_into(&mut self.buffer).map_err(|error| xml_error(&error))? {
            Event::Start(element) => Token::Start(element),
            Event::End(element) => Token::End(element),
            Event::Text(text) => Token::Text(text.xml10_content()),
            Event::CData(text) => Token::Text(text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| xml_error(&error))?;
                let named = || quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned);
                let text = character.map(String::from).or_else(named).ok_or_else(|| damaged("an entity that nobody defines"))?;
                Token::Text(text.into())
            }
            Event::Eof => Token::Eof,
            _ => Token::Other,
        })
    }

    /// Reads the rest, so that its checksum is compared.
    pub(crate) fn finish(self) -> Result<(), InputError> {
        io::copy(&mut self.reader.into_inner(), &mut io::sink()).map(drop).map_err(|error| read_error(&error))
    }
}

/// Returns the values of attributes by their names, whatever their prefixes.
pub(crate) fn attributes<'e, const N: usize>(element: &'e BytesStart<'_>, names: [&str; N]) -> [Option<Cow<'e, str>>; N] {
    let mut values = [const { None }; N];
    for attribute in element.attributes().with_checks(false).flatten() {
        if let Some(at) = names.iter().position(|name| attribute.key.local_name().as_ref() == *name) {
            values[at] = attribute.normalized_value(XmlVersion::Implicit1_0).ok();
        }
    }
    values
}

fn xml_error(error: &quick_xml::Error) -> InputError {
    match error {
        quick_xml::Error::Io(error) => read_error(error),
        other => damaged(other),
    }
}

fn read_error(error: &io::Error) -> InputError {
    error.get_ref().and_then(|inner| inner.downcast_ref()).map_or_else(|| damaged(error), too_large)
}

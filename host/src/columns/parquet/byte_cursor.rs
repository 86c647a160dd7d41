//! Reads the variable-length integers of which Parquet's page headers and delta encodings consist.

/// Why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CursorError {
    /// The bytes end too early.
    TooShort,
    /// The bytes are invalid.
    Invalid,
}

/// A position in some bytes.
pub(super) struct ByteCursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
}

impl ByteCursor<'_> {
    /// Reads one byte.
    pub(super) fn byte(&mut self) -> Result<u8, CursorError> {
        let byte = self.bytes.get(self.position).copied().ok_or(CursorError::TooShort)?;
        self.position += 1;
        Ok(byte)
    }

    /// Skips `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> Result<(), CursorError> {
        let end = usize::try_from(length).ok().and_then(|length| self.position.checked_add(length));
        self.position = end.filter(|end| *end <= self.bytes.len()).ok_or(CursorError::TooShort)?;
        Ok(())
    }

    /// Reads an unsigned integer in ULEB128: seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, CursorError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CursorError::Invalid)
    }

    /// Reads a signed integer in zigzag encoding: the sign is the lowest bit of a varint.
    pub(super) fn zigzag(&mut self) -> Result<i64, CursorError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }
}

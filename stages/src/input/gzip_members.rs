//! Decompresses gzip: any number of members, and zeros that fill up the file after them.
//!
//! Files that were joined are one file (RFC 1952, section 2.2), and tapes and block devices fill up the last block with zeros. `gzip` reads both.
//! Anything else after a member is damage.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// How many compressed bytes are read at once.
const BYTES_AT_ONCE: usize = 1 << 15;

/// Reads the decompressed bytes of all members.
pub(crate) struct GzipMembers<R> {
    /// The member that is being read. None only while the next takes its place.
    member: Option<GzDecoder<BufReader<R>>>,
    ended: bool,
}

impl<R: Read> GzipMembers<R> {
    /// Reads `inner`, which is compressed.
    pub(crate) fn new(inner: R) -> Self {
        Self { member: Some(GzDecoder::new(BufReader::with_capacity(BYTES_AT_ONCE, inner))), ended: false }
    }

    /// Returns the reader of the compressed bytes.
    pub(crate) fn inner(&self) -> Option<&R> {
        self.member.as_ref().map(|member| member.get_ref().get_ref())
    }

    /// Begins the next member, if there is one.
    fn next_member(&mut self) -> io::Result<()> {
        if let Some(member) = &mut self.member {
            self.ended = skip_zeros(member.get_mut())?;
        }
        if !self.ended {
            self.member = self.member.take().map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(())
    }
}

/// Returns whether nothing follows the zeros.
fn skip_zeros(compressed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = compressed.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let only_zeros = zeros == bytes.len();
        compressed.consume(zeros);
        if !only_zeros {
            return Ok(false);
        }
    }
}

impl<R: Read> Read for GzipMembers<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        while let (false, Some(member)) = (self.ended || chunk.is_empty(), &mut self.member) {
            let length = member.read(chunk)?;
            if length > 0 {
                return Ok(length);
            }
            self.next_member()?;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::gzip;

    fn read(stored: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        GzipMembers::new(stored).read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn members_and_zeros_are_one_file() {
        let long = vec![b'x'; 100_000];
        let zeros = vec![0; 3 * BYTES_AT_ONCE];
        for (stored, length) in [
            ([gzip(&long), gzip(b"abc")].concat(), 100_003),
            ([gzip(b""), gzip(b""), gzip(b"abc")].concat(), 3),
            ([gzip(b"abc"), zeros.clone()].concat(), 3),
            ([gzip(b"abc"), vec![0], gzip(&long)].concat(), 100_003),
        ] {
            assert_eq!(read(&stored).unwrap().len(), length);
        }
    }

    #[test]
    fn damage_is_an_error() {
        let whole = gzip(&(0..10_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 8] ^= 1;
        for stored in
            [&whole[..whole.len() - 1], &whole[..5], b"", &[&whole[..], b"more"].concat(), &wrong_sum, &[&whole[..], &whole[..9]].concat()]
        {
            assert!(read(stored).is_err(), "{} bytes", stored.len());
        }
    }
}

//! A program to start, as data that can be sent to a supervisor.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::Command;

/// The largest encoding that is read. The system's limit on arguments and environment is lower.
const BYTES_MAX: u64 = 16 << 20;

/// A program with its arguments, its whole environment and its working folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// A path, or a name that is searched in the `PATH` of `variables`.
    pub program: OsString,
    /// The arguments without the program's name.
    pub arguments: Vec<OsString>,
    /// The whole environment.
    pub variables: Vec<(OsString, OsString)>,
    /// The folder that the program starts in.
    pub folder: PathBuf,
}

impl Launch {
    /// Sets a variable, and replaces it if it is already set.
    pub fn set(&mut self, name: impl AsRef<OsStr>, value: impl Into<OsString>) {
        self.variables.retain(|(other, _)| other != name.as_ref());
        self.variables.push((name.as_ref().to_owned(), value.into()));
    }

    /// Returns the command that starts the program.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(self.variables.iter().map(|(name, value)| (name, value))).current_dir(&self.folder);
        command
    }

    /// Writes the program as strings with their lengths: the folder, the program, the number of arguments, the arguments, then the names and
    /// values of variables.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let count = self.arguments.len().to_string();
        let fixed = [self.folder.as_os_str(), &self.program, OsStr::new(&count)].into_iter();
        let variables = self.variables.iter().flat_map(|(name, value)| [name.as_os_str(), value.as_os_str()]);
        let mut body = Vec::new();
        for text in fixed.chain(self.arguments.iter().map(OsString::as_os_str)).chain(variables) {
            body.extend(u32::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes());
            body.extend(text.as_bytes());
        }
        let length = (body.len() as u64).to_le_bytes();
        to.write_all(&[length.as_slice(), &body].concat())
    }

    /// Reads what [`Self::write`] wrote. The error is `InvalidData` for anything else.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut length = [0; 8];
        from.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut body = Vec::new();
        from.take(length.min(BYTES_MAX)).read_to_end(&mut body)?;
        Self::decode(&body).filter(|_| body.len() as u64 == length).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn decode(mut body: &[u8]) -> Option<Self> {
        let mut texts = Vec::new();
        while let Some((length, rest)) = body.split_first_chunk() {
            let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            texts.push(OsString::from_vec(text.to_vec()));
            body = rest;
        }
        let mut texts = texts.into_iter();
        let (folder, program, count) = (texts.next()?.into(), texts.next()?, texts.next()?.to_str()?.parse().ok()?);
        let arguments = texts.by_ref().take(count).collect();
        let mut variables = Vec::new();
        while let Some(name) = texts.next() {
            variables.push((name, texts.next()?));
        }
        Some(Self { program, arguments, variables, folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_is_read_as_written() {
        let launch = Launch {
            program: "p q".into(),
            arguments: vec!["".into(), OsString::from_vec(vec![255, 10])],
            variables: vec![("A".into(), "1=2\n".into()), ("B".into(), "".into())],
            folder: "/f".into(),
        };
        let mut bytes = Vec::new();
        launch.write(&mut bytes).unwrap();
        assert_eq!(Launch::read(&mut bytes.as_slice()).unwrap(), launch);
        (0..bytes.len()).for_each(|end| assert!(Launch::read(&mut &bytes[..end]).is_err(), "{end}"));
    }

    #[test]
    fn a_variable_is_set_once() {
        let mut launch = Launch::default();
        launch.set("A", "1");
        launch.set("A", "2");
        assert_eq!(launch.variables, [("A".into(), "2".into())]);
    }
}

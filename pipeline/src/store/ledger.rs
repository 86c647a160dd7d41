//! Stores records in an embedded database, as JSON by table and key. A transaction takes effect as a whole or not at all.
//!
//! *Invariants*: one process at a time has the database open. A file that was damaged or changed by anything else is refused when it is
//! opened.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The cache of the database in bytes. Its default, a gigabyte, is meant for larger databases.
const CACHE_BYTES: usize = 32 << 20;

/// Name prefix of a database that is still being created.
pub const NEW_LEDGER_PREFIX: &str = "new-ledger-";

/// A table of records of one type. The parts of a key are separated by slashes.
pub struct Table<T>(&'static str, PhantomData<T>);

impl<T> Table<T> {
    /// Creates a table definition. `name` is the table's name in the database.
    pub const fn new(name: &'static str) -> Self {
        Self(name, PhantomData)
    }

    fn definition(&self) -> TableDefinition<'static, &'static str, &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

/// An open database.
pub struct Ledger {
    path: PathBuf,
    database: Database,
}

impl Ledger {
    /// Creates an empty database under another name, and renames it when it is complete. An existing database stays as it is.
    pub fn create(path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(path);
        let temporary = tempfile::Builder::new().prefix(NEW_LEDGER_PREFIX).tempfile_in(folder).map_err(Error::at(folder))?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(temporary.path()).map_err(database_error(path))?;
        database.close().map_err(database_error(path))?;
        match temporary.persist_noclobber(path) {
            Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::io(path, &error.error)),
            _ => Ok(()),
        }
    }

    /// Opens a database.
    pub fn open(path: PathBuf) -> Result<Self> {
        let opened = Database::builder().set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true).open(&path);
        match opened {
            Ok(database) => Ok(Self { path, database }),
            Err(DatabaseError::DatabaseAlreadyOpen) => Err(Error::failed(
                format_args!("{}: another `samefit pipeline` is using this store", samefit_text::path(path)),
                "wait until it has ended, or give another --store",
            )),
            Err(error) => Err(database_error(&path)(error)),
        }
    }

    /// Returns the record of a key.
    pub fn get<T: DeserializeOwned>(&self, table: &Table<T>, key: &str) -> Result<Option<T>> {
        let read = self.database.begin_read().map_err(database_error(&self.path))?;
        let open = match read.open_table(table.definition()) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            open => open.map_err(database_error(&self.path))?,
        };
        let found = open.get(key).map_err(database_error(&self.path))?;
        found.map(|found| self.parse(found.value())).transpose()
    }

    /// Returns the records whose keys begin with `prefix`, sorted by key.
    pub fn list<T: DeserializeOwned>(&self, table: &Table<T>, prefix: &str) -> Result<Vec<T>> {
        let read = self.database.begin_read().map_err(database_error(&self.path))?;
        let open = match read.open_table(table.definition()) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            open => open.map_err(database_error(&self.path))?,
        };
        let mut records = Vec::new();
        for entry in open.range(prefix..).map_err(database_error(&self.path))? {
            let (key, value) = entry.map_err(database_error(&self.path))?;
            if !key.value().starts_with(prefix) {
                break;
            }
            records.push(self.parse(value.value())?);
        }
        Ok(records)
    }

    /// Runs a function in a transaction. If it returns an error, nothing is changed; otherwise all changes are durable.
    pub fn write<R>(&self, act: impl FnOnce(&mut Transaction<'_>) -> Result<R>) -> Result<R> {
        let transaction = self.database.begin_write().map_err(database_error(&self.path))?;
        let done = act(&mut Transaction { ledger: self, transaction: &transaction })?;
        transaction.commit().map_err(database_error(&self.path))?;
        Ok(done)
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            Error::failed(
                format_args!("{}: a record cannot be read ({error})", samefit_text::path(&self.path)),
                "it was written by another version of samefit: use that one, or a new store",
            )
        })
    }
}

/// A transaction that is not committed yet.
pub struct Transaction<'a> {
    ledger: &'a Ledger,
    transaction: &'a WriteTransaction,
}

impl Transaction<'_> {
    /// Returns the record of a key, with the changes of this transaction.
    pub fn get<T: DeserializeOwned>(&self, table: &Table<T>, key: &str) -> Result<Option<T>> {
        let open = self.transaction.open_table(table.definition()).map_err(database_error(&self.ledger.path))?;
        let found = open.get(key).map_err(database_error(&self.ledger.path))?;
        found.map(|found| self.ledger.parse(found.value())).transpose()
    }

    /// Sets the record of a key.
    pub fn put<T: Serialize>(&mut self, table: &Table<T>, key: &str, record: &T) -> Result<()> {
        let bytes = serde_json::to_vec(record)
            .map_err(|error| Error::failed(format_args!("a record cannot be written ({error})"), "report this error"))?;
        let mut open = self.transaction.open_table(table.definition()).map_err(database_error(&self.ledger.path))?;
        open.insert(key, bytes.as_slice()).map_err(database_error(&self.ledger.path))?;
        Ok(())
    }

    /// Removes the records whose keys begin with `prefix`.
    pub fn remove<T>(&mut self, table: &Table<T>, prefix: &str) -> Result<()> {
        let mut open = self.transaction.open_table(table.definition()).map_err(database_error(&self.ledger.path))?;
        open.retain(|key, _| !key.starts_with(prefix)).map_err(database_error(&self.ledger.path))
    }
}

/// Returns a function that converts an error of the database. `path` is its file.
fn database_error<E: Into<redb::Error>>(path: &Path) -> impl FnOnce(E) -> Error + '_ {
    move |error| match error.into() {
        redb::Error::Io(error) if error.kind() != std::io::ErrorKind::InvalidData => Error::io(path, &error),
        redb::Error::UpgradeRequired(version) => Error::failed(
            format_args!("{}: its format ({version}) is that of an older version of the database", samefit_text::path(path)),
            "use the version of samefit that made it, or a new store",
        ),
        error => Error::failed(
            format_args!("{}: the store's database is damaged ({error})", samefit_text::path(path)),
            "restore it from a backup, or create a new store and put the input files again; the files beside it are not lost",
        ),
    }
}

//! Damaged Parquet and Arrow files, and valid ones that would fill the memory.
//!
//! Every run ends with one of the program's exit codes, in limited memory. A damaged file with checksums is always refused.

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, NullArray, RecordBatch, StringArray, StringViewArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::PageReader;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::serialized_reader::SerializedPageReader;

use crate::support::{Random, RunOutput, rounds, shell};

/// Most memory that a run may write to, in KiB: pages of 2 GiB, and one instance of the component per thread.
const DATA_KIB_MAX: u64 = 6 << 20;

fn run(folder: &Path, arguments: &str) -> RunOutput {
    shell(folder, &format!("ulimit -d {DATA_KIB_MAX}; exec samefit {arguments}"))
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Damages a file. Returns its bytes and a description of the damage.
fn damaged(whole: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    let mut bytes = whole.to_vec();
    let at = random.below(bytes.len());
    let length = 1 + random.below(40);
    let end = (at + length).min(bytes.len());
    let what = match random.below(7) {
        0 => {
            bytes[at] ^= 1 << random.below(8);
            "a bit changed"
        }
        1 => {
            bytes[at..end].fill(if random.below(2) == 0 { 0 } else { 0xff });
            "bytes filled"
        }
        2 => {
            bytes.truncate(at);
            "cut off"
        }
        3 => {
            bytes.drain(at..end);
            "bytes taken out"
        }
        4 => {
            let more: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
            bytes.splice(at..at, more);
            "bytes put in"
        }
        5 => {
            let from = random.below(bytes.len() - (end - at));
            bytes.copy_within(from..from + (end - at), at);
            "bytes copied"
        }
        // the lengths, counts and offsets of the footer are there
        _ => {
            let at = bytes.len() - 1 - random.below(bytes.len().min(3000));
            bytes[at] = random.below(256) as u8;
            "a byte near the end changed"
        }
    };
    (bytes, format!("{what} at {at}, {length}"))
}

#[test]
fn damaged_files_are_read_or_refused() {
    let (temp, mut random) = (tempfile::tempdir().unwrap(), Random::new("damaged columns"));
    let names = ["kinds.parquet", "kinds.feather", "kinds.arrows", "checksums-1.parquet", "checksums-2.parquet"];
    for _ in 0..rounds(40, 3000) {
        let name = *random.pick(&names);
        let (bytes, what) = damaged(&fixture(name), &mut random);
        std::fs::write(temp.path().join(name), bytes).unwrap();
        let verb = *random.pick(&["profile", "summarize --out s.json --data", "qc-pre-process --out o --missing drop --data"]);
        let ran = run(temp.path(), &format!("{verb} {name}"));
        ran.assert_orderly(&format!("{verb} {name}: {what}"));
        assert_ne!(ran.code, 1, "{verb} {name}: {what}\n{}", ran.stderr);
    }
}

/// Returns where the bodies of the pages are in a file without compression. The checksums cover them.
fn bodies(whole: &[u8]) -> Vec<std::ops::Range<usize>> {
    let file = bytes::Bytes::copy_from_slice(whole);
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let mut bodies = Vec::new();
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            let (start, length) = chunk.byte_range();
            let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(start + length).unwrap());
            let rows = usize::try_from(group.num_rows()).unwrap();
            let mut pages = SerializedPageReader::new(Arc::new(file.clone()), chunk, rows, None).unwrap();
            let mut at = start;
            while let Some(page) = pages.get_next_page().unwrap() {
                let body = page.buffer();
                let found = whole[at..end].windows(body.len()).position(|window| window == &body[..]).unwrap();
                bodies.push(at + found..at + found + body.len());
                at += found + body.len();
            }
        }
    }
    bodies
}

#[test]
fn a_changed_bit_in_a_page_with_a_checksum_is_refused() {
    let (temp, mut random) = (tempfile::tempdir().unwrap(), Random::new("checksums"));
    let whole = fixture("checksums-1.parquet");
    let bodies: Vec<usize> = bodies(&whole).into_iter().flatten().collect();
    assert!(bodies.len() > 500);
    std::fs::write(temp.path().join("a.parquet"), &whole).unwrap();
    let whole_profile = run(temp.path(), "profile a.parquet");
    assert!(whole_profile.code == 0 && whole_profile.stdout.contains("60 rows of 4 columns"), "{}", whole_profile.stdout);
    for _ in 0..rounds(20, 2000) {
        let at = *random.pick(&bodies);
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(temp.path().join("a.parquet"), bytes).unwrap();
        for verb in ["profile a.parquet", "summarize --data a.parquet --out s.json"] {
            let ran = run(temp.path(), verb);
            ran.assert_refused(&format!("{verb}: a bit changed at {at}"));
        }
    }
}

/// The format of a file that would fill the memory.
#[derive(Clone, Copy, Debug)]
enum BombFormat {
    Parquet { dictionary: bool, delta: bool },
    Arrow { compressed: bool },
    Stream,
}

fn write(path: &Path, batch: &RecordBatch, format: BombFormat) {
    let file = std::fs::File::create(path).unwrap();
    match format {
        BombFormat::Parquet { dictionary, delta } => {
            let mut properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_writer_version(WriterVersion::PARQUET_2_0)
                .set_statistics_enabled(EnabledStatistics::None)
                .set_dictionary_enabled(dictionary)
                .set_dictionary_page_size_limit(1 << 30);
            if delta {
                properties = properties.set_column_encoding("a".into(), Encoding::DELTA_BYTE_ARRAY);
            }
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).unwrap();
            writer.write(batch).unwrap();
            writer.close().unwrap();
        }
        BombFormat::Arrow { compressed } => {
            let compression = compressed.then_some(CompressionType::ZSTD);
            let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
            let mut writer = FileWriter::try_new_with_options(file, &batch.schema(), options).unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
        BombFormat::Stream => {
            let mut writer = StreamWriter::try_new(file, &batch.schema()).unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
    }
}

/// Returns a table with the same text in every row, and a number.
fn repeated(text_bytes: usize, rows: i32, dictionary: bool) -> RecordBatch {
    let text = "z".repeat(text_bytes);
    let texts: ArrayRef = match dictionary {
        true => {
            let keys: Int32Array = (0..rows).map(|_| Some(0)).collect();
            Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(StringArray::from(vec![text]))))
        }
        false => Arc::new(StringViewArray::from_iter_values((0..rows).map(|_| text.as_str()))),
    };
    let numbers: ArrayRef = Arc::new((0..rows).map(|row| Some(f64::from(row))).collect::<Float64Array>());
    RecordBatch::try_from_iter([("a", texts), ("b", numbers)]).unwrap()
}

#[test]
fn a_text_in_every_row_does_not_fill_the_memory() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("bomb");
    let parquet = |dictionary, delta| BombFormat::Parquet { dictionary, delta };
    let all = [
        // texts that are too long
        (20 << 20, 1000, true, parquet(true, false), 3),
        (20 << 20, 1000, true, BombFormat::Arrow { compressed: true }, 3),
        (2 << 20, 40, false, parquet(false, true), 3),
        // texts of allowed length that together exceed a batch
        (1 << 20, 40, true, parquet(true, false), 0),
        (1 << 19, 40, false, parquet(false, true), 0),
        (1 << 20, 40, true, BombFormat::Arrow { compressed: true }, 0),
        (1 << 19, 80, false, parquet(false, false), 0),
        (1 << 19, 80, false, BombFormat::Arrow { compressed: true }, 0),
        (256 << 20, 1000, true, parquet(true, false), 3),
        (100 << 20, 1000, true, BombFormat::Stream, 3),
    ];
    for &(text_bytes, rows, is_dictionary, format, code) in &all[..rounds(5, all.len())] {
        write(&path, &repeated(text_bytes, rows, is_dictionary), format);
        let name = if matches!(format, BombFormat::Parquet { .. }) { "bomb.parquet" } else { "bomb.arrow" };
        std::fs::rename(&path, temp.path().join(name)).unwrap();
        let ran = run(temp.path(), &format!("summarize --data {name} --out s.json --threads 2"));
        let what = format!("{rows} rows of {text_bytes} bytes, {format:?}");
        ran.assert_orderly(&what);
        assert_eq!(ran.code, code, "{what}: {}", ran.stderr);
    }
}

#[test]
fn columns_without_bytes_and_very_many_columns_are_read_or_refused() {
    let temp = tempfile::tempdir().unwrap();
    let nulls: ArrayRef = Arc::new(NullArray::new(100_000));
    write(&temp.path().join("n.arrow"), &RecordBatch::try_from_iter([("a", nulls)]).unwrap(), BombFormat::Arrow { compressed: false });
    run(temp.path(), "summarize --data n.arrow --out s.json").assert_orderly("nothing but missing values");
    for (count, code) in [(3000, 3), (40_000, 3)] {
        let columns = (0..count).map(|at| (format!("c{at}"), Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef));
        write(&temp.path().join("w.arrow"), &RecordBatch::try_from_iter(columns).unwrap(), BombFormat::Arrow { compressed: false });
        let ran = run(temp.path(), "summarize --data w.arrow --out s.json");
        ran.assert_orderly("many columns");
        assert_eq!(ran.code, code, "{count}: {}", ran.stderr);
    }
}

/// Compressed tables that are far longer than their files.
#[test]
fn compressed_bombs_are_refused_in_limited_memory() {
    let temp = tempfile::tempdir().unwrap();
    let line = "1,".repeat(1 << 19);
    let table = format!("x,y\n1,2\n{}", line.repeat(20));
    std::fs::write(temp.path().join("a.csv.zst"), zstd::encode_all(table.as_bytes(), 3).unwrap()).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, table.as_bytes()).unwrap();
    std::fs::write(temp.path().join("a.csv.gz"), gzip.finish().unwrap()).unwrap();
    let document = format!("{{\"a\": \"{}\"}}", "x".repeat(257 << 20));
    std::fs::write(temp.path().join("a.json.zst"), zstd::encode_all(document.as_bytes(), 1).unwrap()).unwrap();
    for line in [
        "summarize --data a.csv.zst --out s.json --threads 1",
        "summarize --data a.csv.zst --out s.json --threads 2",
        "profile a.csv.gz",
        "summarize --data a.json.zst --out s.json",
        "merge a.json.zst --out s.json",
    ] {
        run(temp.path(), line).assert_refused(line);
    }
}

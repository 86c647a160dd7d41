//! Damaged Parquet and Arrow files.

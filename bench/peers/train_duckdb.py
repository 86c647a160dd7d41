"""DuckDB: sums of products in one query over the typed file, then a solve."""

import duckdb

from common import answer, arguments, few, is_parquet, solve, solve_sums, sum_batches, sums_sql

data, columns, threads = arguments()
db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
types = "{" + ", ".join(f"'{c}': 'DOUBLE'" for c in columns) + "}"
source = (
    f"read_parquet('{data}')"
    if is_parquet(data)
    else f"read_csv('{data}', columns={types}, header=true, auto_detect=false, delim=',', quote='', escape='')"
)
if few(columns):
    (sums,) = db.sql(f"SELECT {sums_sql(columns)} FROM {source}").fetchall()
    answer(solve_sums(sums))
else:
    batches = db.sql(f"SELECT * FROM {source}").to_arrow_reader(20_000)
    answer(solve(sum_batches(batches, columns)))

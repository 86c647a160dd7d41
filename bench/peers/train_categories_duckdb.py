"""DuckDB: sums of products for each cell of two categories in one query over the typed file, then a solve."""

import duckdb

from common import arguments, is_category, named_answer, quoted, solve_cells, sums_sql

data, columns, threads = arguments()
categories = [c for c in columns if is_category(c)]
numbers = [c for c in columns if not is_category(c)]
db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
types = "{" + ", ".join(f"'{c}': '{'VARCHAR' if is_category(c) else 'DOUBLE'}'" for c in columns) + "}"
source = f"read_csv('{data}', columns={types}, header=true, auto_detect=false, delim=',', quote='', escape='')"
keys = ", ".join(map(quoted, categories))
cells = db.sql(f"SELECT {keys}, {sums_sql(numbers)} FROM {source} GROUP BY {keys} ORDER BY {keys}").fetchall()
named_answer(solve_cells(cells, categories, numbers))

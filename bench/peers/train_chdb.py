"""ClickHouse in the process: one query of sums of products over the typed file, then a solve."""

import json

import chdb

from common import answer, arguments, is_parquet, solve_sums, sums_sql

data, columns, threads = arguments()
structure = ", ".join(f"{c} Float64" for c in columns)
source = f"file('{data}', {'Parquet' if is_parquet(data) else 'CSVWithNames'}, '{structure}')"
query = f"SELECT {sums_sql(columns)} FROM {source} SETTINGS max_threads = {threads}"
answer(solve_sums(json.loads(str(chdb.query(query, "JSONCompactEachRow")))))

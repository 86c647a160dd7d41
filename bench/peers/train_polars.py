"""polars + numpy: the typed file in batches from the streaming engine, a matrix product each, then a solve.

The sums as polars expressions take as long with ten features and twice as long with thirty.
"""

import polars

from common import answer, arguments, is_parquet, solve, sum_batches

data, columns, threads = arguments()
schema = {c: polars.Float64 for c in columns}
table = polars.scan_parquet(data) if is_parquet(data) else polars.scan_csv(data, schema=schema)
batches = table.collect_batches(maintain_order=False, engine="streaming")
answer(solve(sum_batches(batches, columns)))

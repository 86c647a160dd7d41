"""DataFusion: sums of products in one query over the typed file, two partitions, then a solve."""

import pyarrow
from datafusion import SessionConfig, SessionContext

from common import answer, arguments, few, is_parquet, solve, solve_sums, sum_batches, sums_sql

data, columns, threads = arguments()
context = SessionContext(SessionConfig().with_target_partitions(threads))
schema = pyarrow.schema([(c, pyarrow.float64()) for c in columns])
if is_parquet(data):
    context.register_parquet("t", data, schema=schema)
else:
    context.register_csv("t", data, schema=schema, has_header=True)
if few(columns):
    (batch,) = context.sql(f"SELECT {sums_sql(columns)} FROM t").collect()
    answer(solve_sums([column[0].as_py() for column in batch.columns]))
else:
    batches = (batch.to_pyarrow() for batch in context.table("t").execute_stream())
    answer(solve(sum_batches(batches, columns)))

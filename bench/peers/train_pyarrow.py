"""pyarrow.csv + numpy: reads the typed file, then a matrix product for each of its batches, then a solve."""

import pyarrow

from common import answer, arguments, is_parquet, solve, sum_batches

data, columns, threads = arguments()
pyarrow.set_cpu_count(threads)
if is_parquet(data):
    from pyarrow import parquet

    table = parquet.read_table(data)
else:
    from pyarrow import csv

    types = csv.ConvertOptions(column_types={c: pyarrow.float64() for c in columns})
    table = csv.read_csv(data, csv.ReadOptions(block_size=4 << 20), convert_options=types)
answer(solve(sum_batches(table.to_batches(), columns)))

"""DuckDB: COPY of the predicted column from the typed file to a file."""

import duckdb

from common import inference_arguments, prediction_sql

data, columns, model, out, threads = inference_arguments()
db = duckdb.connect(config={"threads": threads})
types = "{" + ", ".join(f"'{c}': 'DOUBLE'" for c in columns) + "}"
source = f"read_csv('{data}', columns={types}, header=true, auto_detect=false, delim=',', quote='', escape='')"
db.execute(f"COPY (SELECT {prediction_sql(*model)} AS predicted_y FROM {source}) TO '{out}' (FORMAT csv, HEADER)")

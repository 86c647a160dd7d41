"""ClickHouse in the process: the predicted column from the typed file INTO OUTFILE."""

import chdb

from common import inference_arguments, prediction_sql

data, columns, model, out, threads = inference_arguments()
structure = ", ".join(f"{c} Float64" for c in columns)
chdb.query(
    f"SELECT {prediction_sql(*model)} AS predicted_y FROM file('{data}', CSVWithNames, '{structure}') "
    f"INTO OUTFILE '{out}' TRUNCATE FORMAT CSVWithNames SETTINGS max_threads = {threads}"
)

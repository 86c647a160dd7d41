"""polars: sink_csv of the predicted column from the typed file."""

import polars

from common import inference_arguments

data, columns, (intercept, coefficients), out, threads = inference_arguments()
predicted = polars.lit(intercept)
for name, value in coefficients:
    predicted = predicted + value * polars.col(name)
table = polars.scan_csv(data, schema={c: polars.Float64 for c in columns})
table.select(predicted_y=predicted).sink_csv(out)

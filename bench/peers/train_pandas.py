"""pandas + scikit-learn: read_csv with its fast engine, LinearRegression."""

import pandas
from sklearn.linear_model import LinearRegression

from common import answer, arguments, is_parquet

data, columns, threads = arguments()
if is_parquet(data):
    table = pandas.read_parquet(data)
else:
    table = pandas.read_csv(data, engine="pyarrow", dtype={c: "float64" for c in columns})
model = LinearRegression(copy_X=False).fit(table[columns[:-1]].to_numpy(), table[columns[-1]].to_numpy())
answer([model.intercept_, *model.coef_])

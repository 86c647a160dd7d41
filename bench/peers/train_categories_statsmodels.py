"""statsmodels: read_csv of pandas with its fast engine, a formula."""

import pandas
import statsmodels.formula.api as smf

from common import arguments, is_category, named_answer

data, columns, threads = arguments()
types = {c: "category" if is_category(c) else "float64" for c in columns}
table = pandas.read_csv(data, engine="pyarrow", dtype=types)
model = smf.ols(f"{columns[-1]} ~ {' + '.join(columns[:-1])}", table).fit()
# `c12[T.May]` is `c12[May]`
named_answer({name.replace("[T.", "[").replace("Intercept", "intercept"): c for name, c in model.params.items()})

"""polars + numpy: the typed file in batches, a matrix product and the sums by cell of each, dummies for the cells, a solve."""

import numpy
import polars

from common import arguments, is_category, named_answer, solve

data, columns, threads = arguments()
categories = [c for c in columns if is_category(c)]
numbers = [c for c in columns if not is_category(c)]
schema = {c: polars.Categorical() if is_category(c) else polars.Float64 for c in columns}
table = polars.scan_csv(data, schema=schema)
# sums of products of (1, numbers), and for each cell of the two categories the sums of (1, numbers)
moments = numpy.zeros((len(numbers) + 1,) * 2)
cells = {}
for batch in table.collect_batches(maintain_order=False, engine="streaming"):
    rows = numpy.stack([numpy.ones(len(batch)), *(batch[c].to_numpy() for c in numbers)])
    moments += rows @ rows.T
    for first, second, count, *sums in batch.group_by(categories).agg(polars.len(), polars.col(numbers).sum()).iter_rows():
        cells[first, second] = cells.get((first, second), 0) + numpy.array([count, *sums])
levels = [sorted({cell[i] for cell in cells})[1:] for i in range(2)]
dummies = [(i, level) for i in range(2) for level in levels[i]]
# one row for each cell, with a column of ones for each level but the first
inside = numpy.array([[cell[i] == level for i, level in dummies] for cell in cells], dtype=float)
sums = numpy.array(list(cells.values()))
mixed = inside.T @ sums
both = inside.T @ (inside * sums[:, :1])
whole = numpy.block(
    [
        [moments[:1, :1], mixed[:, :1].T, moments[:1, 1:]],
        [mixed[:, :1], both, mixed[:, 1:]],
        [moments[1:, :1], mixed[:, 1:].T, moments[1:, 1:]],
    ]
)
names = ["intercept", *(f"{categories[i]}[{level}]" for i, level in dummies), *numbers[:-1]]
named_answer(dict(zip(names, solve(whole))))

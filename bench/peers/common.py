"""What the peers share: their arguments, the sums of products as SQL, the solve, the answer.

Only the standard library is imported at the top: what a peer's start costs is its own.
"""

import json
import sys


def arguments():
    """DATA COLUMNS THREADS: the file, its columns' names (the last is the target), how many threads to use."""
    data, columns, threads = sys.argv[1:4]
    return data, columns.split(","), int(threads)


def is_parquet(data):
    return data.endswith(".parquet")


def few(columns):
    """Whether sums of products are best left to SQL: 500 sums of 30 features take longer than a matrix product of what
    SQL read, and the planning of 5000 sums alone takes up to 20 s."""
    return len(columns) <= 20


def quoted(name):
    return f'"{name}"'


def pairs(columns):
    """The lower triangle of (1, columns) x (1, columns), row by row."""
    names = ["1", *columns]
    return [(names[i], names[j]) for i in range(len(names)) for j in range(i + 1)]


def sums_sql(columns):
    """The lower triangle as one list of SQL aggregates: count, sums, sums of products."""

    def aggregate(a, b):
        if a == "1":
            return "count(*)"
        return f"sum({quoted(a)})" if b == "1" else f"sum({quoted(a)} * {quoted(b)})"

    return ", ".join(f"{aggregate(a, b)} AS s{i}" for i, (a, b) in enumerate(pairs(columns)))


def solve_sums(values):
    """Coefficients from the lower triangle of sums."""
    import numpy

    order = int((2 * len(values)) ** 0.5)
    moments = numpy.zeros((order, order))
    moments[numpy.tril_indices(order)] = values
    return solve(moments + numpy.tril(moments, -1).T)


def sum_batches(batches, columns):
    """The full matrix of sums of products of (1, columns), a matrix product for each batch of rows."""
    import numpy

    moments = numpy.zeros((len(columns) + 1,) * 2)
    for batch in batches:
        rows = numpy.stack([numpy.ones(len(batch)), *(batch[c].to_numpy() for c in columns)])
        moments += rows @ rows.T
    return moments


def solve(moments):
    """Coefficients from the full matrix of sums of products of (1, features, target).

    Scaling to a unit diagonal costs nothing and keeps digits: the columns' units differ by orders of magnitude.
    """
    import numpy

    scale = 1 / numpy.sqrt(numpy.diag(moments))
    scaled = moments * scale[:, None] * scale
    return numpy.linalg.solve(scaled[:-1, :-1], scaled[:-1, -1]) * scale[:-1] / scale[-1]


def answer(coefficients):
    """Prints the intercept and the features' coefficients."""
    json.dump([float(c) for c in coefficients], sys.stdout)
    print()


def inference_arguments():
    """DATA COLUMNS MODEL OUT THREADS: as above, samefit's model.json to predict with, the CSV file to write."""
    data, columns, model, out, threads = sys.argv[1:6]
    return data, columns.split(","), read_model(model), out, int(threads)


def read_model(path):
    """The intercept, and the coefficients as pairs of name and value."""
    with open(path) as file:
        model = json.load(file)
    return model["intercept"], [(c["name"], c["coefficient"]) for c in model["coefficients"]]


def prediction_sql(intercept, coefficients):
    """intercept + c1 * x1 + c2 * x2 + ..., its numbers written so that SQL reads them as binary64."""

    def double(value):
        return f"({value:.16e})"

    return " + ".join([double(intercept), *(f"{double(value)} * {quoted(name)}" for name, value in coefficients)])

"""Functions that the peers share: arguments, sums of products as SQL, the solve, the answer.

Only the standard library is imported at the top, so that each peer's start takes only the time of its own imports.
"""

import json
import sys


def arguments():
    """Returns the arguments DATA COLUMNS THREADS: a file, the names of its columns (the target is last), a number."""
    data, columns, threads = sys.argv[1:4]
    return data, columns.split(","), int(threads)


def is_parquet(data):
    return data.endswith(".parquet")


def few(columns):
    """Returns whether SQL should compute the sums of products.

    With 30 features, 500 SQL sums take longer than a matrix product of the rows. With 100, planning 5000 sums takes up to
    20 s.
    """
    return len(columns) <= 20


def quoted(name):
    return f'"{name}"'


def pairs(columns):
    """Returns pairs of names: the lower triangle of (1, columns) x (1, columns), row by row."""
    names = ["1", *columns]
    return [(names[i], names[j]) for i in range(len(names)) for j in range(i + 1)]


def sums_sql(columns):
    """Returns the lower triangle as a list of SQL aggregates: count, sums, sums of products."""

    def aggregate(a, b):
        if a == "1":
            return "count(*)"
        return f"sum({quoted(a)})" if b == "1" else f"sum({quoted(a)} * {quoted(b)})"

    return ", ".join(f"{aggregate(a, b)} AS s{i}" for i, (a, b) in enumerate(pairs(columns)))


def solve_sums(values):
    """Returns the coefficients for the lower triangle of sums."""
    import numpy

    order = int((2 * len(values)) ** 0.5)
    moments = numpy.zeros((order, order))
    moments[numpy.tril_indices(order)] = values
    return solve(moments + numpy.tril(moments, -1).T)


def sum_batches(batches, columns):
    """Returns the full matrix of sums of products of (1, columns), with a matrix product for each batch of rows."""
    import numpy

    moments = numpy.zeros((len(columns) + 1,) * 2)
    for batch in batches:
        rows = numpy.stack([numpy.ones(len(batch)), *(batch[c].to_numpy() for c in columns)])
        moments += rows @ rows.T
    return moments


def solve(moments):
    """Returns the coefficients for the full matrix of sums of products of (1, features, target).

    The matrix is scaled to a unit diagonal, which keeps digits: the columns' units differ by orders of magnitude.
    """
    import numpy

    scale = 1 / numpy.sqrt(numpy.diag(moments))
    scaled = moments * scale[:, None] * scale
    return numpy.linalg.solve(scaled[:-1, :-1], scaled[:-1, -1]) * scale[:-1] / scale[-1]


def is_category(column):
    """Returns whether a column of the set `categories_2m` is a category: `c12` and `c50` are."""
    return column.startswith("c")


def solve_cells(cells, categories, numbers):
    """Returns the coefficients by name from sums for each cell of two categories.

    A cell is (level, level, lower triangle of the sums of products of (1, numbers), with the target last). A level other than
    a category's first has a column of ones where it occurs.
    """
    import numpy

    size = len(numbers) + 1
    triangle = numpy.tril_indices(size)
    levels = [sorted({cell[i] for cell in cells})[1:] for i in range(2)]
    names = ["intercept", *(f"{c}[{level}]" for c, chosen in zip(categories, levels) for level in chosen), *numbers]
    at = {name: i for i, name in enumerate(names)}
    moments = numpy.zeros((len(names),) * 2)
    inside = [0, *range(len(names) - len(numbers), len(names))]
    for first, second, *sums in cells:
        block = numpy.zeros((size, size))
        block[triangle] = sums
        block += numpy.tril(block, -1).T
        moments[numpy.ix_(inside, inside)] += block
        ones = [at[name] for name in (f"{categories[0]}[{first}]", f"{categories[1]}[{second}]") if name in at]
        for i in ones:
            moments[i, inside] += block[0]
            moments[inside, i] += block[0]
            moments[i, ones] += block[0, 0]
    return dict(zip(names, solve(moments)))


def named_answer(coefficients):
    """Prints the coefficients by name, `c12[May]` being that of a level."""
    json.dump({name: float(c) for name, c in coefficients.items()}, sys.stdout)
    print()


def answer(coefficients):
    """Prints the intercept and the features' coefficients."""
    json.dump([float(c) for c in coefficients], sys.stdout)
    print()


def inference_arguments():
    """Returns the arguments DATA COLUMNS MODEL OUT THREADS: MODEL is samefit's model.json, OUT the CSV file to write."""
    data, columns, model, out, threads = sys.argv[1:6]
    return data, columns.split(","), read_model(model), out, int(threads)


def read_model(path):
    """Returns the intercept, and the coefficients as pairs of name and value."""
    with open(path) as file:
        model = json.load(file)
    return model["intercept"], [(c["name"], c["coefficient"]) for c in model["coefficients"]]


def prediction_sql(intercept, coefficients):
    """Returns the SQL of intercept + c1 * x1 + c2 * x2 + ..., with numbers that SQL reads as binary64."""

    def double(value):
        return f"({value:.16e})"

    return " + ".join([double(intercept), *(f"{double(value)} * {quoted(name)}" for name, value in coefficients)])

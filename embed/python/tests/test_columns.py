"""Columns of every kind give the bytes that the program gives for the same columns in Parquet, or for the same values in CSV."""

import datetime
import gzip
import io
import json
import sys
from decimal import Decimal

import numpy as np
import pytest

import samefit
from samefit import _values

ROWS = 60
HELP = np.random.default_rng(7)
INTEGERS = HELP.integers(-50, 50, ROWS)
Y = (INTEGERS * 3 + HELP.integers(0, 9, ROWS)).astype(float) / 8


def csv(cells, name="x"):
    """Returns a table of CSV with these cells and the target."""
    rows = "".join(f"{cell},{y!r}\n" for cell, y in zip(cells, Y.tolist()))
    return f"{name},y\n{rows}".encode()


def from_csv(cells, **plan):
    return samefit.fit(csv(cells), target="y", features=["x"], **plan)


def test_floats_in_every_layout():
    wide = np.column_stack([INTEGERS / 7, np.roll(INTEGERS, 3) / 10])
    text = "x0,x1,y\n" + "".join(f"{a!r},{b!r},{y!r}\n" for (a, b), y in zip(wide.tolist(), Y.tolist()))
    expected = samefit.fit(text.encode(), target="y", features=["x0", "x1"])
    spread = np.zeros((ROWS * 2, 5))
    spread[::2, 1:4:2] = wide
    read_only = wide.copy()
    read_only.flags.writeable = False
    for X in (wide, np.asfortranarray(wide), spread[::2, 1:4:2], wide.astype(">f8"), read_only, wide[::-1][::-1], wide.tolist()):
        assert samefit.fit(X, Y) == expected
    structured = np.zeros(ROWS, [("x0", "f8"), ("x1", "f8"), ("y", "f8")])
    structured["x0"], structured["x1"], structured["y"] = wide[:, 0], wide[:, 1], Y
    assert samefit.fit(structured, target="y", features=["x0", "x1"]) == expected


def test_a_float32_is_its_shortest_text():
    values = (INTEGERS / 10).astype(np.float32)
    assert samefit.fit({"x": values, "y": Y}, target="y", features=["x"]) == from_csv([str(value) for value in values])
    half = (INTEGERS / 4).astype(np.float16)
    assert samefit.fit({"x": half, "y": Y}, target="y", features=["x"]) == from_csv([str(value) for value in half])


def test_every_float32_that_is_tried_is_its_shortest_text():
    bits = np.arange(0, 1 << 32, 40_009, dtype=np.uint32)
    decimals = np.array([float(f"{n}e-{n % 7}") for n in range(50_000)]).astype(np.float32)
    for values in (bits.view(np.float32), decimals):
        values = values[np.isfinite(values)]
        expected = np.array([float(str(value)) for value in values])
        assert (_values.of_array(values) == expected).all()


def test_integers_beyond_two_to_the_53():
    values = (1 << 60) + INTEGERS.astype(np.int64)
    expected = from_csv(values.tolist())
    for column in (values, values.astype(np.uint64), values.tolist(), values.astype(object)):
        assert samefit.fit({"x": column, "y": Y}, target="y", features=["x"]) == expected
    huge = [int(value) << 70 for value in INTEGERS]
    assert samefit.fit({"x": huge, "y": Y}, target="y", features=["x"]) == from_csv(huge)


def test_decimals():
    short = [Decimal(int(value)).scaleb(-2) for value in INTEGERS]
    long = [Decimal(int(value)) + Decimal("0.12345678901234567890123") for value in INTEGERS]
    for cells in (short, long):
        assert samefit.fit({"x": cells, "y": Y}, target="y", features=["x"]) == from_csv(cells)


def test_flags_and_words_are_categories():
    flags = INTEGERS > 0
    expected = from_csv(["true" if flag else "false" for flag in flags], categories=["x"])
    assert samefit.fit({"x": flags, "y": Y}, target="y", features=["x"]) == expected
    words = np.where(flags, "b", "a")
    with pytest.warns(samefit.DataWarning, match="category of 2 levels"):
        found = samefit.fit({"x": words, "y": Y}, target="y", features=["x"])
    assert found == from_csv(words, categories=["x"])


@pytest.mark.parametrize("missing", [None, float("nan"), "", "NA"])
def test_missing_values(missing):
    cells = [missing if at % 9 == 4 else float(value) for at, value in enumerate(INTEGERS)]
    expected = from_csv(["" if at % 9 == 4 else value for at, value in enumerate(INTEGERS)], missing="drop")
    assert samefit.fit({"x": cells, "y": Y}, target="y", features=["x"], missing="drop") == expected
    with pytest.raises(samefit.Error) as caught:
        samefit.fit({"x": cells, "y": Y}, target="y", features=["x"])
    assert (caught.value.code, caught.value.row, caught.value.column) == ("missing-values", None, "x") or caught.value.row == 5


def test_masked_arrays():
    masked = np.ma.array(INTEGERS, mask=np.arange(ROWS) % 9 == 4)
    expected = from_csv(["" if at % 9 == 4 else value for at, value in enumerate(INTEGERS)], missing="drop")
    assert samefit.fit({"x": masked, "y": Y}, target="y", features=["x"], missing="drop") == expected


def test_texts_of_any_characters():
    words = [["naïve", "a,b", 'say "x"', " spaced "][value % 4] for value in INTEGERS.tolist()]
    with pytest.warns(samefit.DataWarning):
        found = samefit.fit({"x": words, "y": Y}, target="y", features=["x"])
    assert {one["level"] for one in found.document["columns"][0]["levels"]} == {word.strip() for word in words}
    with pytest.raises(samefit.Error, match="control characters") as caught:
        samefit.fit({"x": [*words[:-1], "two\nlines"], "y": Y}, target="y", features=["x"])
    assert caught.value.row == ROWS


def test_many_rows_are_given_in_batches(monkeypatch):
    from samefit import _tables

    x = np.arange(3000.0)
    expected = samefit.fit({"x": x, "y": x % 17}, target="y")
    monkeypatch.setattr(_tables, "BATCH_ROWS", 7)
    assert samefit.fit({"x": x, "y": x % 17}, target="y") == expected


def test_refused_types():
    dates = np.array(["2026-01-01"] * ROWS, "M8[D]")
    with pytest.raises(samefit.Error, match="datetime64") as caught:
        samefit.fit({"x": dates, "y": Y}, target="y", features=["x"])
    assert (caught.value.code, caught.value.column) == ("column-type", "x")
    with pytest.warns(samefit.DataWarning, match="left out"):
        assert samefit.fit({"z": INTEGERS, "x": dates, "y": Y}, target="y").columns == ["z"]
    with pytest.raises(samefit.Error, match="date"):
        samefit.fit({"x": [datetime.date(2026, 1, 1)] * ROWS, "y": Y}, target="y", features=["x"])


def test_records_and_lists():
    rows = [{"x": int(value), "y": y} for value, y in zip(INTEGERS, Y.tolist())]
    assert samefit.fit(rows, target="y", features=["x"]) == from_csv(INTEGERS)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert samefit.fit(lines, target="y", features=["x"]) == from_csv(INTEGERS)


def test_files(tmp_path, data, train):
    table = (data / "diabetes_raw.csv").read_bytes()
    expected = train(data / "diabetes_raw.csv", "--target", "y", "--features", "bmi,ltg")
    (tmp_path / "plain.csv").write_bytes(table)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(table))
    for source in (tmp_path / "plain.csv", str(tmp_path / "plain.csv"), tmp_path / "packed.csv.gz", table, io.BytesIO(table)):
        assert samefit.fit(source, target="y", features=["bmi", "ltg"]).to_json() == expected
    with pytest.raises(FileNotFoundError):
        samefit.fit(tmp_path / "absent.csv", target="y")


def test_names():
    X = {"a": INTEGERS, "b": INTEGERS**2}
    with pytest.raises(samefit.Error, match="two columns"):
        samefit.fit(X, named("a"))
    assert samefit.fit(X, named("b2")).target == "b2"
    with pytest.raises(samefit.Error, match="reads as a term"):
        samefit.fit({"a": INTEGERS, "a^2": INTEGERS**2}, Y)
    with pytest.raises(samefit.Error, match="no such column"):
        samefit.fit("y ~ c", {**X, "y": Y})


def named(name):
    class Named(list):
        pass

    series = Named(Y.tolist())
    series.name = name
    return series


# frames of other libraries


def frames(columns):
    """Yields the same columns in each library, each with a name."""
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    table = pyarrow.table(columns)
    frame = table.to_pandas()
    relation = duckdb.connect().from_arrow(table)
    yield "pyarrow table", table
    yield "pyarrow batch", table.combine_chunks().to_batches()[0]
    yield "pyarrow reader", pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(7))
    yield "sliced", pyarrow.concat_tables([table.slice(0, 13), table.slice(13)])
    yield "pandas", frame
    nullable = {pyarrow.float64(): pandas.Float64Dtype(), pyarrow.float32(): pandas.Float32Dtype(), pyarrow.int64(): pandas.Int64Dtype()}
    nullable |= {pyarrow.int8(): pandas.Int8Dtype(), pyarrow.uint32(): pandas.UInt32Dtype(), pyarrow.bool_(): pandas.BooleanDtype()}
    yield "pandas nullable", table.to_pandas(types_mapper=nullable.get)
    yield "pandas of arrow", table.to_pandas(types_mapper=pandas.ArrowDtype)
    yield "polars", polars.from_arrow(table)
    yield "polars lazy", polars.from_arrow(table).lazy()
    yield "duckdb", relation


@pytest.fixture
def as_parquet(tmp_path, train):
    def run(columns, *flags):
        parquet = pytest.importorskip("pyarrow.parquet")
        pyarrow = pytest.importorskip("pyarrow")
        parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
        return train(tmp_path / "table.parquet", "--target", "y", "--features", "x", *flags)

    return run


def column_kinds():
    pyarrow = pytest.importorskip("pyarrow")
    gone = [None if at % 9 == 4 else value for at, value in enumerate(INTEGERS.tolist())]
    words = [None if value is None else f"level {value % 3} of many letters" for value in gone]
    yield "float64", pyarrow.array([None if value is None else value / 7 for value in gone]), []
    yield "float32", pyarrow.array([None if value is None else value / 10 for value in gone], pyarrow.float32()), []
    yield "int8", pyarrow.array(gone, pyarrow.int8()), []
    yield "int64", pyarrow.array([None if value is None else (1 << 60) + value for value in gone]), []
    yield "uint32", pyarrow.array([None if value is None else 50 + value for value in gone], pyarrow.uint32()), []
    yield "decimal", pyarrow.array([None if value is None else Decimal(value).scaleb(-2) for value in gone], pyarrow.decimal128(12, 2)), []
    long = [None if value is None else Decimal(value) + Decimal("0.12345678901234567890") for value in gone]
    yield "long decimal", pyarrow.array(long, pyarrow.decimal128(30, 20)), []
    yield "bool", pyarrow.array([None if value is None else value > 0 for value in gone]), ["--categories", "x"]
    yield "text", pyarrow.array(words), []
    yield "short text", pyarrow.array([word and word[:7] for word in words]), []
    yield "large text", pyarrow.array(words, pyarrow.large_string()), []
    # in order, because the first level of a pandas Categorical is the reference
    levels = sorted(set(words) - {None})
    codes = pyarrow.array([None if word is None else levels.index(word) for word in words], pyarrow.int32())
    yield "dictionary", pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(levels)), ["--categories", "x"]


@pytest.mark.filterwarnings("ignore::samefit.DataWarning")
def test_frames_give_the_bytes_of_parquet(as_parquet):
    tried = set()
    for kind, column, flags in column_kinds():
        columns = {"x": column, "y": Y}
        expected = as_parquet(columns, "--missing", "drop", *flags)
        for library, frame in frames(columns):
            if kind == "int64" and library == "pandas":
                continue  # pandas itself makes floats of integers with missing values
            found = samefit.fit(frame, target="y", features=["x"], missing="drop")
            assert found.to_json() == expected, (kind, library)
            tried.add(library)
    assert len(tried) == 10


def test_other_arrays_of_arrow(as_parquet):
    pyarrow = pytest.importorskip("pyarrow")
    values = (INTEGERS % 5).tolist()
    runs = pyarrow.array(sorted(values), pyarrow.int32())
    expected = as_parquet({"x": runs, "y": Y})
    import pyarrow.compute

    encoded = pyarrow.compute.run_end_encode(runs)
    assert samefit.fit(pyarrow.table({"x": encoded, "y": Y}), target="y", features=["x"]).to_json() == expected
    cut = pyarrow.table({"x": pyarrow.concat_arrays([runs, runs]), "y": np.tile(Y, 2)}).slice(0, ROWS)
    assert samefit.fit(cut, target="y", features=["x"]).to_json() == expected
    views = pyarrow.array([f"a longer text of {value}" for value in values]).cast(pyarrow.string_view())
    with pytest.warns(samefit.DataWarning):
        found = samefit.fit(pyarrow.table({"x": views, "y": Y}), target="y", features=["x"])
    assert found.to_json() == as_parquet({"x": views.cast(pyarrow.string()), "y": Y})


@pytest.mark.filterwarnings("ignore::samefit.DataWarning")
def test_refused_columns_of_arrow():
    pyarrow = pytest.importorskip("pyarrow")
    columns = {
        "date": pyarrow.array([datetime.date(2026, 1, 1)] * ROWS),
        "list": pyarrow.array([[1, 2]] * ROWS),
        "binary": pyarrow.array([b"x"] * ROWS),
        "x": INTEGERS,
        "y": Y,
    }
    table = pyarrow.table(columns)
    assert samefit.fit(table, target="y").columns == ["x"]
    for name in ("date", "list", "binary"):
        with pytest.raises(samefit.Error) as caught:
            samefit.fit(table, target="y", features=[name])
        assert (caught.value.code, caught.value.column) == ("column-type", name)


def test_the_index_of_pandas_is_left_out():
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"x": INTEGERS, "y": Y}, index=[f"{n}" for n in range(ROWS)][::-1])
    table = pyarrow.Table.from_pandas(frame)
    assert len(table.column_names) == 3
    with pytest.warns(samefit.DataWarning, match="index"):
        assert samefit.fit(table, target="y") == samefit.fit(frame, target="y")


def test_files_of_columns(tmp_path, as_parquet):
    pyarrow = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    columns = {"x": INTEGERS, "y": Y}
    expected = as_parquet(columns)
    feather.write_feather(pyarrow.table(columns), tmp_path / "table.arrow")
    with pyarrow.ipc.new_stream(tmp_path / "stream.arrow", pyarrow.table(columns).schema) as stream:
        stream.write_table(pyarrow.table(columns))
    for name in ("table.parquet", "table.arrow", "stream.arrow"):
        assert samefit.fit(tmp_path / name, target="y", features=["x"]).to_json() == expected


def test_without_pyarrow_a_file_of_columns_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "table.parquet").write_bytes(b"PAR1....PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(samefit.Error, match="pip install pyarrow") as caught:
        samefit.fit(tmp_path / "table.parquet", target="y")
    assert caught.value.code == "unsupported-format"


def test_the_first_category_of_pandas_is_the_reference(data, train):
    pandas = pytest.importorskip("pandas")
    trial = pandas.read_csv(data / "trial.csv")
    trial["site"] = pandas.Categorical(trial.site, ["nowhere", "north", "harbour", "hill", "lake", "park"])
    trial["sex"] = pandas.Categorical(trial.sex, [2, 1])
    found = samefit.fit("ldl_change ~ site + sex + dose", trial)
    flags = ["--categories", "site,sex", "--reference", "site=north,sex=2"]
    assert found.to_json() == train(data / "trial.csv", "--target", "ldl_change", "--features", "site,sex,dose", *flags)
    lake = samefit.fit("ldl_change ~ site + dose", trial, reference={"site": "lake"})
    assert "site[north]" in lake.coefficients
    # a schema says what it says
    schema = samefit.fit(trial, target="ldl_change", features=["smoker", "dose"], schema=data / "trial.schema.json")
    flags = ["--schema", data / "trial.schema.json", "--features", "smoker,dose"]
    assert schema.to_json() == train(data / "trial.csv", *flags)

"""A Python script with scikit-learn: a folder of JSON attribute files, predicted in one call, a file written for each."""

import json
import os
import sys

import numpy
from sklearn.linear_model import LinearRegression

from common import read_model

folder, model, out = sys.argv[1:4]
intercept, coefficients = read_model(model)
regression = LinearRegression()
regression.intercept_, regression.coef_ = intercept, numpy.array([value for _, value in coefficients])

names = sorted(os.listdir(folder))
documents, rows = [], []
for name in names:
    with open(os.path.join(folder, name), "rb") as file:
        document = json.loads(file.read())
    values = {v["name"]: v["value"] for v in document["independent_variables"]}
    documents.append(document)
    rows.append([values[name] for name, _ in coefficients])
for name, document, value in zip(names, documents, regression.predict(numpy.array(rows)).tolist()):
    with open(os.path.join(out, name), "w") as file:
        file.write(json.dumps({"predicted_y": value, **document}, indent=2) + "\n")

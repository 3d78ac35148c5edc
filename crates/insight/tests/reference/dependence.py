"""Partial dependence and individual conditional expectation of one function by scikit-learn 1.9.1, for explain.rs.

    pip install scikit-learn==1.9.1
    python dependence.py > dependence.json
"""

import json

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence


class Function(RegressorMixin, BaseEstimator):
    """[n, 5] → [n]; the same stands in explain.rs."""

    def fit(self, x, y=None):
        self.n_features_in_ = 5
        return self

    def predict(self, x):
        a, b, c, d, e = np.asarray(x, dtype=float).T
        return np.sin(a) * b + c * c * d - np.tanh(a * e)


rows = np.random.default_rng(1).normal(size=(30, 5)).round(3)
out = {"rows": rows.tolist(), "columns": []}
for column in range(5):
    values = np.linspace(-1.5, 1.5, 7)
    found = partial_dependence(
        Function().fit(rows), rows, [column], custom_values={column: values}, method="brute", kind="both"
    )
    assert np.allclose(found["grid_values"][0], values)
    out["columns"].append(
        {"values": values.tolist(), "mean": found["average"][0].tolist(), "single": found["individual"][0].tolist()}
    )
print(json.dumps(out))

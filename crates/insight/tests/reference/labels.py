"""Rows whose label is likely wrong, by cleanlab 2.9.0's confident learning, for labels.rs.

    pip install cleanlab==2.9.0
    python labels.py > labels.json
"""

import json

import numpy as np
from cleanlab.filter import find_label_issues

random = np.random.default_rng(3)
n, classes = 400, 4
truth = random.integers(0, classes, n)
scores = random.normal(0, 1, (n, classes))
scores[np.arange(n), truth] += 2.5
p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
labels = np.where(random.random(n) < 0.1, random.integers(0, classes, n), truth)
issues = find_label_issues(labels, p, filter_by="confident_learning", return_indices_ranked_by="normalized_margin")
print(json.dumps({"labels": labels.tolist(), "p": p.ravel().tolist(), "issues": issues.tolist()}))

"""Compares what `pellucid audit` says with Fairlearn, from the same predictions.

    pellucid predict RUN DATA.csv --out answers.csv
    pellucid audit RUN DATA.csv --group sex --json > audit.json
    python bench/audit.py audit.json answers.csv DATA.csv

Needs fairlearn and pandas. Prints the largest difference over all groups and gaps; both leave out what groups of fewer than 30 rows say.
"""

import json
import sys

import pandas
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score

audit, answers, data = sys.argv[1:]
with open(audit) as file:
    audit = json.load(file)
target = audit["target"]
data = pandas.read_csv(data, keep_default_na=False)
answered = pandas.read_csv(answers, keep_default_na=False)[target].astype(str)
figures = {
    "accuracy": accuracy_score,
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
}
gaps = {
    "demographic_parity": ["selection_rate"],
    "equal_opportunity": ["true_positive_rate"],
    "equalized_odds": ["true_positive_rate", "false_positive_rate"],
    "accuracy_gap": ["accuracy"],
}
worst = 0.0
for one in audit["audits"]:
    group = data[one["group"].split(" × ")].astype(str).agg(", ".join, axis=1)
    truth = data[target].astype(str) == one["class"]
    frame = MetricFrame(metrics=figures, y_true=truth, y_pred=answered == one["class"], sensitive_features=group)
    kept = {name: [] for name in figures}
    for of_group in one["groups"]:
        for name in figures:
            theirs, ours = frame.by_group[name][of_group["name"]], of_group["figures"][name]
            if ours["value"] is not None:
                worst = max(worst, abs(theirs - ours["value"]))
            if ours["rows"] >= 30:
                kept[name].append(theirs)
    for name, of in gaps.items():
        theirs = max(max(kept[figure]) - min(kept[figure]) for figure in of)
        worst = max(worst, abs(theirs - one["gaps"][name]["value"]))
        print(f"{one['group']}, {name}: {one['gaps'][name]['value']:.6f}, Fairlearn {theirs:.6f}")
print(f"the largest difference: {worst:.1e}")

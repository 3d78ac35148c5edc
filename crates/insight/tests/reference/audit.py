"""Gaps between groups by Fairlearn 0.15.0, for audit.rs.

    pip install fairlearn==0.15.0
    python audit.py > audit.json
"""

import json

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score, mean_absolute_error, precision_score

random = np.random.default_rng(7)
n = 900
group = random.choice(3, n, p=[0.5, 0.3, 0.2])
truth = random.random(n) < np.array([0.5, 0.35, 0.6])[group]
answered = np.where(random.random(n) < np.array([0.1, 0.2, 0.3])[group], ~truth, truth)
numbers = random.normal(10, 3, n)
guessed = numbers + random.normal(0, 1, n) * (1 + group) + 0.3 * group
of = dict(y_true=truth, y_pred=answered, sensitive_features=group)
figures = {
    "accuracy": accuracy_score,
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "precision": precision_score,
}
frame = MetricFrame(metrics=figures, **of)
errors = MetricFrame(metrics=mean_absolute_error, y_true=numbers, y_pred=guessed, sensitive_features=group)
print(
    json.dumps(
        {
            "group": group.tolist(),
            "truth": truth.tolist(),
            "answered": answered.tolist(),
            "numbers": numbers.tolist(),
            "guessed": guessed.tolist(),
            "figures": {name: frame.by_group[name].tolist() for name in figures},
            "mae": errors.by_group.tolist(),
            "gaps": {
                "demographic_parity": [demographic_parity_difference(**of), demographic_parity_ratio(**of)],
                "equal_opportunity": [equal_opportunity_difference(**of), equal_opportunity_ratio(**of)],
                "equalized_odds": [equalized_odds_difference(**of), equalized_odds_ratio(**of)],
                "accuracy_gap": [frame.difference()["accuracy"], frame.ratio()["accuracy"]],
                "mae_gap": [errors.difference(), None],
            },
        }
    )
)

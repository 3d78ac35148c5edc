"""Writes metrics.json: small cases with the values of scikit-learn, scipy and sacrebleu 2.6 (numpy for ECE).

    python metrics.py > metrics.json
"""

import json

import numpy as np
import sacrebleu
from scipy.stats import pearsonr
from sklearn import metrics

rng = np.random.default_rng(7)


def ece(p, y, bins=15):
    confidence, right = p.max(axis=1).astype(np.float64), p.argmax(axis=1) == y
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def auc(p, y, classes):
    if classes == 2:
        return metrics.roc_auc_score(y, p[:, 1]) if len(set(y)) == 2 else None
    areas = [metrics.roc_auc_score(y == c, p[:, c]) for c in range(classes) if 0 < (y == c).sum() < len(y)]
    return float(np.mean(areas)) if areas else None


def classes_case(name, p, y):
    p, y = np.asarray(p, dtype=np.float32), np.asarray(y)
    classes, predicted = p.shape[1], p.argmax(axis=1)
    return {
        "name": name,
        "classes": classes,
        "p": [float(v) for v in p.ravel()],
        "labels": [int(v) for v in y],
        "scores": {
            "accuracy": metrics.accuracy_score(y, predicted),
            "balanced_accuracy": metrics.recall_score(y, predicted, labels=np.unique(y), average="macro"),
            "macro_f1": metrics.f1_score(y, predicted, average="macro"),
            "auc": auc(p, y, classes),
            "log_loss": metrics.log_loss(y, p, labels=list(range(classes))),
            "ece": ece(p, y),
        },
        "confusion": metrics.confusion_matrix(y, predicted, labels=list(range(classes))).ravel().tolist(),
    }


def random_classes(rows, classes, skill, decimals=None):
    y = rng.integers(0, classes, rows)
    z = rng.normal(size=(rows, classes))
    z[np.arange(rows), y] += skill
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    if decimals is not None:
        p = np.round(p, decimals)
        p[:, -1] = 1 - p[:, :-1].sum(axis=1)
        p = np.clip(p, 0, 1)
        p = p / p.sum(axis=1, keepdims=True)
    return p, y


def numbers_case(name, predicted, truth):
    predicted = np.asarray(predicted, dtype=np.float32)
    truth = np.asarray(truth, dtype=np.float32)
    p, t = predicted.astype(np.float64), truth.astype(np.float64)
    return {
        "name": name,
        "predicted": [float(v) for v in predicted],
        "truth": [float(v) for v in truth],
        "scores": {
            "mae": metrics.mean_absolute_error(t, p),
            "rmse": metrics.root_mean_squared_error(t, p),
            "r2": metrics.r2_score(t, p) if t.std() > 0 else None,
            "correlation": pearsonr(p, t).statistic if t.std() > 0 and p.std() > 0 else None,
        },
    }


def tags_case(name, p, truth, threshold=0.5):
    p, truth = np.asarray(p, dtype=np.float32), np.asarray(truth, dtype=int)
    answered = (p >= threshold).astype(int)
    occurring = [t for t in range(p.shape[1]) if truth[:, t].any() or answered[:, t].any()]
    areas = [metrics.roc_auc_score(truth[:, t], p[:, t]) for t in range(p.shape[1]) if len(set(truth[:, t])) == 2]
    losses = [metrics.log_loss(truth[:, t], p[:, t].astype(np.float64), labels=[0, 1]) for t in range(p.shape[1])]
    f1 = [metrics.f1_score(truth[:, t], answered[:, t], zero_division=0) for t in occurring]
    return {
        "name": name,
        "tags": p.shape[1],
        "p": [float(v) for v in p.ravel()],
        "truth": [bool(v) for v in truth.ravel()],
        "answered": [bool(v) for v in answered.ravel()],
        "scores": {
            "macro_f1": float(np.mean(f1)) if occurring else None,
            "auc": float(np.mean(areas)) if areas else None,
            "log_loss": float(np.mean(losses)),
            "micro_f1": metrics.f1_score(truth.ravel(), answered.ravel()) if occurring else None,
            "subset_accuracy": metrics.accuracy_score(truth, answered),
        },
    }


def random_tags(rows, tags, skill, share):
    truth = rng.uniform(size=(rows, tags)) < share
    z = rng.normal(size=(rows, tags)) - 1 + skill * truth
    return 1 / (1 + np.exp(-z)), truth


p3, y3 = random_classes(40, 4, 1.0)
truth = rng.normal(size=60) * 3
cases = {
    "classes": [
        classes_case("two classes", *random_classes(60, 2, 0.8)),
        classes_case("two classes with ties", *random_classes(80, 2, 0.5, decimals=1)),
        classes_case("five classes", *random_classes(70, 5, 1.2)),
        classes_case("a class absent from the labels", p3, np.where(y3 == 2, 0, y3)),
        classes_case("one class only", random_classes(12, 2, 1.0)[0], np.ones(12, dtype=int)),
        classes_case("certain answers, one wrong", [[1, 0], [0, 1], [1, 0], [0, 1]], [0, 1, 1, 1]),
        classes_case("one row", [[0.2, 0.5, 0.3]], [2]),
    ],
    "numbers": [
        numbers_case("noisy", truth + rng.normal(size=60), truth),
        numbers_case("far from zero", 1e4 + truth + rng.normal(size=60), 1e4 + truth),
        numbers_case("worse than the mean", -truth, truth),
        numbers_case("constant answer", np.full(9, 2.5), rng.normal(size=9)),
        numbers_case("constant truth", rng.normal(size=9), np.full(9, 2.5)),
        numbers_case("two rows", [1.0, 2.0], [1.5, 4.0]),
    ],
}
cases["tags"] = [
    tags_case("five tags", *random_tags(60, 5, 2.0, 0.3)),
    tags_case("ties", *[np.round(v.astype(float), 1) for v in random_tags(50, 3, 1.0, 0.4)]),
    tags_case("a tag that no row has", *random_tags(30, 4, 2.0, [0.4, 0.0, 0.2, 0.5]), threshold=0.7),
    tags_case("a tag that every row has", *random_tags(30, 3, 2.0, [0.4, 1.0, 0.2])),
    tags_case("no tag at all, none answered", np.full((8, 2), 0.25), np.zeros((8, 2))),
    tags_case("one row, one tag", [[0.75]], [[1]]),
]


def texts_case(name, answers, truth):
    return {
        "name": name,
        "answers": answers,
        "truth": truth,
        "scores": {
            "bleu": sacrebleu.corpus_bleu(answers, [truth]).score,
            "chrf": sacrebleu.corpus_chrf(answers, [truth]).score,
        },
    }


WRITTEN = [
    "Ein Mann, der 3,5 km läuft -- in den 1990er-Jahren.",
    "Die U.S.-Armee kaufte 1,000.50 Dollar (teuer!) an \"Brot\" & Wasser/Milch.",
    "„Guten Tag“, sagte sie … und ging. Nr.5, 7. und 9-10?",
    "Zwei kleine Hunde spielen im hohen Gras vor dem Haus",
    "日本語の文章です。 Кошка сидит на окне.",
    "a <b> &quot;c&quot; &lt;d&gt; &amp; {e} [f] ^g~ `h` @i #j 100% 5.",
    "eins zwei\tdrei\nvier, fünf- \nsechs",
]
ANSWERED = [
    "Ein Mann der 3,5 Kilometer läuft - in den 1990er Jahren.",
    "Die U.S. Armee kauft 1,000.50 Dollar an \"Brot\" und Wasser / Milch.",
    "„Guten Tag“, sagt er … und geht. Nr. 5, 7 und 9-10?",
    "Zwei Hunde spielen im Gras vor dem Haus.",
    "日本語の文です。 Кошка лежит на окне.",
    "a <b> \"c\" <d> & {e} [f] ^g~ `h` @i #j 100 % 5.",
    "eins zwei drei vier, fünf-sechs",
]
cases["texts"] = [
    texts_case("like those of people", ANSWERED, WRITTEN),
    texts_case("the same", WRITTEN, WRITTEN),
    texts_case("nothing in common", ["xyz uvw", "qqq"], ["ein Mann", "eine Frau"]),
    texts_case("too short", ["Zwei Hunde spielen im Gras"], ["Zwei kleine Hunde spielen im hohen Gras vor dem Haus"]),
    texts_case("no run of three", ["der Hund das Haus die Katze", "ein Baum"], ["das Haus der Hund eine Katze", "ein Baum"]),
    texts_case("empty answers among others", ["", "Zwei kleine Hunde spielen gern"], ["Ein Mann", "Zwei kleine Hunde spielen"]),
    texts_case("only empty answers", ["", ""], ["Ein Mann", "Zwei"]),
    texts_case("single words", ["Mann", "Frau"], ["Mann", "Kind"]),
    texts_case("repeated words", ["the the the the the the the"], ["the cat is on the mat"]),
] + [
    texts_case(f"single sentence {i}", [a], [w]) for i, (a, w) in enumerate(zip(ANSWERED, WRITTEN))
]
print(json.dumps(cases))

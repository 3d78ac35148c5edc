"""Says how well the column `unlike_training` tells rows that a network has never seen the like of from rows like those it has learned from.

    python bench/unlike.py make adult/test.csv older.csv age+40 hours_per_week*2 native_country=Atlantis
    python bench/unlike.py score runs/adult-1 adult/test.csv older.csv
    python bench/unlike.py score runs/fashion-1 fashion/test digits.zip

`score` lets `pellucid predict` (or --program) answer both, and prints the area under the ROC curve, the share of either that counts as unlike,
and the share of unlike rows that are found where 5 % of like ones are taken for unlike.
"""

import argparse
import csv
import re
import subprocess
import tempfile
from bisect import bisect_left, bisect_right
from pathlib import Path

parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
make = commands.add_parser("make")
make.add_argument("source", type=Path)
make.add_argument("out", type=Path)
make.add_argument("changes", nargs="+", help="column+number, column*number or column=text")
score = commands.add_parser("score")
score.add_argument("run", type=Path)
score.add_argument("like", type=Path)
score.add_argument("unlike", type=Path)
score.add_argument("--program", default="pellucid")
given = parser.parse_args()

if given.command == "make":
    with open(given.source, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for change in given.changes:
        column, what, value = re.fullmatch(r"(.+?)([+*=])(.+)", change).groups()
        for row in rows:
            if what == "=":
                row[column] = value
            elif row[column]:
                row[column] = float(row[column]) + float(value) if what == "+" else float(row[column]) * float(value)
    with open(given.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
else:

    def rates(source):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "answers.csv"
            subprocess.run([given.program, "predict", given.run, source, "--out", out], check=True)
            with open(out, newline="", encoding="utf-8") as file:
                return sorted(float(row["unlike_training"]) for row in csv.DictReader(file) if row["unlike_training"])

    like, unlike = rates(given.like), rates(given.unlike)
    # Half of those that are equal.
    above = sum(bisect_left(like, rate) + bisect_right(like, rate) for rate in unlike) / 2
    flagged = [sum(rate >= 0.99 for rate in side) / len(side) for side in (like, unlike)]
    bound = like[int(0.95 * len(like))]
    found = sum(rate > bound for rate in unlike) / len(unlike)
    print(f"{len(like)} like, {len(unlike)} unlike rows: AUROC {above / len(like) / len(unlike):.4f}")
    print(f"count as unlike: {flagged[0]:.4f} of like ones, {flagged[1]:.4f} of unlike ones; at 5 % false alarms {found:.4f} are found")

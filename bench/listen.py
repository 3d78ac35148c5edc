"""Measures `pellucid listen`: words of people it has never heard, spoken one after the other on standard input, in real time.

    python bench/listen.py voice-commands.zip [--program target/release/pellucid] [--words 100] [--core 0]

The zip holds a table with the columns `audio`, `command` and `speaker` and WAV files of 16 kHz, 16 bits. A fifth of the speakers is set
aside; a network learns from the others. Then the words of those set aside are played, with 0.4 to 1.6 s of their own background between
them, and every answer is timed on the wall clock, from the moment at which the word's last loud frame (20 ms, within 20 dB of its loudest)
had been written. The program may use one core only. Needs numpy.
"""

import argparse
import csv
import io
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
import wave
import zipfile

import numpy as np

RATE = 16_000
CHUNK = RATE // 50

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--program", default="target/release/pellucid")
parser.add_argument("--words", type=int, default=100)
parser.add_argument("--core", default="0")
given = parser.parse_args()
random = np.random.default_rng(0)


def samples(data):
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def frames(sound):
    whole = sound[: len(sound) // CHUNK * CHUNK].reshape(-1, CHUNK)
    return np.sqrt((whole**2).mean(axis=1)) + 1e-3


def loud(sound):
    """The first sample and the one after the last of what is within 20 dB of the loudest frame."""
    rms = frames(sound)
    over = np.nonzero(rms > rms.max() / 10)[0]
    return over[0] * CHUNK, (over[-1] + 1) * CHUNK


def background(sound, length):
    """Noise of the level of the sound's quietest tenth."""
    return random.normal(0, np.quantile(frames(sound), 0.1), length)


def prepare(folder):
    """Writes the table to learn from; gives the words set aside."""
    archive = zipfile.ZipFile(given.data)
    table = next(name for name in archive.namelist() if name.endswith(".csv"))
    rows = list(csv.DictReader(io.TextIOWrapper(archive.open(table), encoding="utf-8")))
    speakers = sorted({row["speaker"] for row in rows})
    aside = set(random.permutation(speakers)[: max(1, len(speakers) // 5)])
    archive.extractall(folder)
    learned = [row for row in rows if row["speaker"] not in aside]
    path = os.path.join(folder, os.path.dirname(table), "learned.csv")
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(learned)
    words = [row for row in rows if row["speaker"] in aside]
    words = [words[i] for i in random.permutation(len(words))[: given.words]]
    read = lambda row: samples(archive.read(os.path.join(os.path.dirname(table), row["audio"])))
    return path, [(row["command"], read(row)) for row in words]


def learn(table, folder):
    command = [given.program, "train", table, "--predict", "command", "--group", "speaker", "--yes", "--time", "3m"]
    done = subprocess.run(command + ["--out", os.path.join(folder, "runs")], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip().splitlines()[-1]


def stream(words):
    """All words with pauses; for each its name, and the samples at which it begins and ends."""
    parts, said, at = [], [], 0
    for name, sound in words:
        pause = background(sound, int(random.uniform(0.4, 1.6) * RATE))
        start, end = loud(sound)
        at += len(pause)
        said.append((name, at + start, at + end))
        parts += [pause, sound]
        at += len(sound)
    parts.append(background(words[-1][1], RATE))
    return np.clip(np.concatenate(parts), -32768, 32767).astype("<i2"), said


def listen(run, sound):
    """The answers, each with the time at which it came; and the time at which each chunk had been written."""
    command = ["taskset", "-c", given.core, given.program, "listen", run, "-", "--threads", "1", "--json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    answers = []

    def hear():
        for line in process.stdout:
            answers.append((time.monotonic(), json.loads(line)))

    ear = threading.Thread(target=hear)
    ear.start()
    time.sleep(1)
    begun, written = time.monotonic(), []
    for i in range(0, len(sound), CHUNK):
        # A chunk can be written when its last sample has been spoken.
        wait = begun + (i + CHUNK) / RATE - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        process.stdin.write(sound[i : i + CHUNK].tobytes())
        process.stdin.flush()
        written.append(time.monotonic())
    process.stdin.close()
    ear.join()
    print(process.stderr.read().decode().strip().splitlines()[-1])
    return answers, written


with tempfile.TemporaryDirectory() as folder:
    table, words = prepare(folder)
    run = learn(table, folder)
    sound, said = stream(words)
    answers, written = listen(run, sound)
right, wrong, false, delays, heard = 0, 0, 0, [], set()
for when, answer in answers:
    at = answer["seconds"] * RATE
    # A word is meant until half a second after its end.
    meant = [i for i, (_, start, end) in enumerate(said) if start <= at <= end + RATE // 2]
    if not meant or meant[-1] in heard:
        false += 1
        continue
    heard.add(meant[-1])
    name, _, end = said[meant[-1]]
    if answer["answer"] == name:
        right += 1
        delays.append(when - written[min(end // CHUNK, len(written)) - 1])
    else:
        wrong += 1
print(f"{len(said)} words in {len(sound) / RATE:.0f} s: {right} right, {wrong} wrong, {len(said) - len(heard)} missed, {false} false")
tenths = statistics.quantiles(delays, n=20)
print(f"from a word's end to the answer: median {1000 * statistics.median(delays):.0f} ms, 95 % within {1000 * tenths[-1]:.0f} ms")

"""Trains in PyTorch the network that `pellucid train … --from-column A --predict B` has trained, on the same pieces, with the same settings.

    python bench/translate.py translation-multi30k.zip runs/translation-multi30k-1 [--steps N] [--threads 2]

The run tells the vocabulary, the columns, the sizes, the batch, the learning rate and the steps; the zip holds train.csv, val.csv and test.csv.
Prints the time of a step and what the network reaches on the test (greedy, as sacrebleu counts). Needs torch, tokenizers and sacrebleu.
"""

import argparse
import csv
import io
import json
import math
import random
import time
import tomllib
import zipfile
from pathlib import Path

import sacrebleu
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("run", type=Path)
parser.add_argument("--steps", type=int)
parser.add_argument("--threads", type=int, default=2)
given = parser.parse_args()
torch.set_num_threads(given.threads)
torch.manual_seed(0)
draw = random.Random(0)

config = tomllib.loads((given.run / "config.toml").read_text())
model_file = json.loads((given.run / "model" / "config.json").read_text())
shape = model_file["network"]
width, depth, heads, dropout = shape["width"], shape["depth"], shape["heads"], shape["dropout"]
training = config["training"]
steps = given.steps or training["steps"]
columns = model_file["inputs"][0]["name"], model_file["targets"][0]["name"]
vocabularies = [
    Tokenizer.from_file(str(given.run / "model" / side[0]["tokenizer"]))
    for side in (model_file["inputs"], model_file["targets"])
]
assert shape["shared"], "this script knows networks with one vocabulary for both sides only"
vocabulary = vocabularies[0].get_vocab_size()
BEGIN, END = (vocabularies[1].token_to_id(name) for name in ("[BEGIN]", "[END]"))


def rows(name):
    with zipfile.ZipFile(given.data) as archive:
        table = csv.DictReader(io.TextIOWrapper(archive.open(name), encoding="utf-8"))
        return [tuple(row[column].strip() for column in columns) for row in table]


def pieces(pairs):
    return [tuple(v.encode(" " + text).ids for v, text in zip(vocabularies, pair)) for pair in pairs]


def padded(texts):
    longest = max(map(len, texts))
    return torch.tensor([list(text) + [0] * (longest - len(text)) for text in texts])


def batches(pairs):
    """Like lengths together, about as many pieces in each, as the program does."""
    batch = training["batch"]
    order = draw.sample(range(len(pairs)), len(pairs) // batch * batch)
    all_batches = []
    for i in range(0, len(order), 32 * batch):
        some = sorted(order[i : i + 32 * batch], key=lambda k: len(pairs[k][0]) + len(pairs[k][1]))
        lengths = [len(pairs[k][0]) + len(pairs[k][1]) for k in some]
        parts, start, total, whole = len(some) // batch, 0, 0, sum(lengths)
        for part in range(1, parts + 1):
            end = start
            while end < len(some) and (end == start or (total + lengths[end]) * parts <= part * whole):
                total += lengths[end]
                end += 1
            all_batches.append([pairs[k] for k in some[start:end]])
            start = end
    draw.shuffle(all_batches)
    return [b for b in all_batches if b]


def waves(places):
    half = width // 2
    angles = torch.arange(places)[:, None] / 10000 ** (torch.arange(half) / half)
    return torch.cat([angles.sin(), angles.cos()], 1)


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        kind = dict(activation="gelu", batch_first=True, norm_first=True)
        encoder = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, **kind)
        decoder = nn.TransformerDecoderLayer(width, heads, 4 * width, dropout, **kind)
        self.encoder = nn.TransformerEncoder(encoder, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(decoder, depth, nn.LayerNorm(width))
        self.dropout = nn.Dropout(dropout)

    def vectors(self, x):
        return self.dropout(self.table(x) * math.sqrt(width) + waves(x.shape[1]))

    def read(self, x):
        padding = x == 0
        return self.encoder(self.vectors(x), src_key_padding_mask=padding), padding

    def write(self, y, memory, padding):
        mask = nn.Transformer.generate_square_subsequent_mask(y.shape[1])
        return self.decoder(self.vectors(y), memory, tgt_mask=mask, tgt_is_causal=True, memory_key_padding_mask=padding)

    def loss(self, batch, smoothing):
        x, y = padded([a for a, _ in batch]), padded([[BEGIN, *b] for _, b in batch])
        following = padded([[*b, END] for _, b in batch])
        h = self.write(y, *self.read(x))[following != 0]
        return F.cross_entropy(F.linear(h, self.table.weight), following[following != 0], label_smoothing=smoothing)


@torch.no_grad()
def translated(model, pairs):
    model.eval()
    answers = {}
    order = sorted(range(len(pairs)), key=lambda k: len(pairs[k][0]))
    for i in range(0, len(order), 100):
        some = order[i : i + 100]
        memory = model.read(padded([pairs[k][0] for k in some]))
        y = torch.full((len(some), 1), BEGIN)
        for _ in range(2 * memory[0].shape[1] + 10):
            logits = F.linear(model.write(y, *memory)[:, -1], model.table.weight)
            y = torch.cat([y, logits.argmax(-1, keepdim=True)], 1)
            if (y == END).any(1).all():
                break
        for k, ids in zip(some, y[:, 1:].tolist()):
            ids = ids[: ids.index(END)] if END in ids else ids
            answers[k] = vocabularies[1].decode(ids).removeprefix(" ")
    model.train()
    return [answers[k] for k in range(len(pairs))]


train, test = pieces(rows("train.csv")), rows("test.csv")
model = Translator()
print(sum(p.numel() for p in model.parameters()), "parameters,", vocabulary, "pieces")
decay = [p for n, p in model.named_parameters() if p.ndim > 1 and "table" not in n]
rest = [p for n, p in model.named_parameters() if p.ndim < 2 or "table" in n]
groups = [{"params": decay, "weight_decay": training["weight_decay"]}, {"params": rest, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-9)
mean = {k: v.clone() for k, v in model.state_dict().items()}
warmup, peak, step, seconds = min(max(steps // 10, 1), 1000), training["learning_rate"], 0, []
while step < steps:
    for batch in batches(train):
        if step == steps:
            break
        course = (step - warmup) / max(steps - warmup, 1)
        rate = peak * ((step + 1) / warmup if step < warmup else 0.01 + 0.99 * (1 + math.cos(math.pi * course)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = model.loss(batch, training["label_smoothing"])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        for key, value in model.state_dict().items():
            mean[key].lerp_(value, 1 - training["ema"])
        step += 1
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}, {1e3 * sorted(seconds)[len(seconds) // 2]:.0f} ms a step", flush=True)
model.load_state_dict(mean)
answers, truth = translated(model, pieces(test)), [b for _, b in test]
print(f"BLEU {sacrebleu.corpus_bleu(answers, [truth]).score:.2f}, chrF {sacrebleu.corpus_chrf(answers, [truth]).score:.2f}")

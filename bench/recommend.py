"""Trains in PyTorch the network that `pellucid train … --recommend` trains where no order is known, on the same rows, with the same settings.

    python bench/recommend.py split movielens.csv ratings.csv
    pellucid train ratings.csv --recommend --split part --name rated
    python bench/recommend.py train ratings.csv runs/rated [--threads 2]

The first command keeps users, items and ratings only and draws each row's part: a quarter of what each user rated for the test, 7.5 % for
validation. The last takes sizes, batch, learning rate and steps from the run, keeps the best of twenty validations, as the program does, and
prints what the network alone (without EASE) reaches on the test, and the seconds of learning. Needs torch. On a busy machine, give both one thread.
"""

import argparse
import copy
import csv
import json
import math
import random
import time
import tomllib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("do", choices=["split", "train"])
parser.add_argument("data")
parser.add_argument("run", type=Path)
parser.add_argument("--threads", type=int, default=2)
given = parser.parse_args()
torch.set_num_threads(given.threads)
torch.manual_seed(0)
draw = random.Random(42)
with open(given.data, encoding="utf-8") as file:
    table = list(csv.DictReader(file))

if given.do == "split":
    for user in sorted({row["user"] for row in table}):
        own = [row for row in table if row["user"] == user]
        draw.shuffle(own)
        test, validation = round(0.25 * len(own)), round(0.075 * len(own))
        for i, row in enumerate(own):
            row["part"] = "test" if i < test else "validation" if i < test + validation else "train"
    with open(given.run, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, ["user", "item", "rating", "part"], extrasaction="ignore")
        out.writeheader()
        out.writerows(table)
    raise SystemExit

training = tomllib.loads((given.run / "config.toml").read_text())["training"]
shape = json.loads((given.run / "model" / "config.json").read_text())["network"]
width, rating_width, steps, batch = shape["width"], shape["rating_width"], training["steps"], training["batch"]
users, items = ({name: i for i, name in enumerate(dict.fromkeys(row[c] for row in table))} for c in ("user", "item"))
# Who took what in each part, and how much more than on average it was liked: `[users, items]` each.
took = {part: torch.zeros(len(users), len(items), dtype=torch.bool) for part in ("train", "validation", "test")}
liking = torch.zeros(len(users), len(items))
for row in table:
    at = users[row["user"]], items[row["item"]]
    took[row["part"]][at], liking[at] = True, float(row["rating"])
ratings = liking[took["train"]]
mean, deviation = ratings.mean().item(), ratings.std(unbiased=False).item()
liking = (liking - mean) / deviation
took["all"] = took["train"] | took["validation"]
PACE, HIDDEN, SMALL = 0.1, 0.5, 0.1


def table_of(rows, columns, std):
    return nn.Parameter(torch.randn(rows, columns) * std)


class Tastes(nn.Module):
    def __init__(self):
        super().__init__()
        n = len(items)
        self.having, self.taking, self.often = table_of(n, width, 0.03), table_of(n, width, 0.03), table_of(n, 1, 0)
        self.rated, self.liking = table_of(n, rating_width, 0.01), table_of(n, rating_width, 0.01)
        self.side, self.good = table_of(n, rating_width, 0.1), table_of(n, 1, 0)
        self.generous = table_of(len(users), 1, 0)

    def expected(self, weights):
        return weights @ self.having @ self.taking.T + self.often.T

    def liked(self, weights, some, who, what):
        u = weights @ self.rated + (weights * liking[some]) @ self.liking
        u, i, generous, good = u[who], self.side[what], self.generous[some][who, 0], self.good[what, 0]
        large = (u * u).sum(1) + (i * i).sum(1) + 0.2 * (generous**2 + good**2)
        return (u * i).sum(1) + generous + good, large


def weights_of(shown):
    return shown / shown.sum(1, keepdim=True).clamp(min=1).sqrt()


def loss_of(model, some):
    has = took["train"][some]
    hidden = has & (torch.rand(has.shape) < HIDDEN)
    weights, (who, what) = weights_of(has & ~hidden), hidden.nonzero(as_tuple=True)
    taking = (F.log_softmax(model.expected(weights), 1) * hidden).sum(1) / hidden.sum(1).clamp(min=1)
    liked, large = model.liked(weights, some, who, what)
    return F.mse_loss(liked, liking[some][who, what]) + SMALL * large.mean() - taking.mean()


@torch.no_grad()
def scored(model, before, after):
    """nDCG@10 and RMSE of what users took in one part, from what they took in others."""
    some = torch.arange(len(users))
    gain = 1 / torch.arange(2.0, 12).log2()
    best = torch.cat([torch.zeros(1), gain.cumsum(0)])[took[after].sum(1).clamp(max=10)]
    weights, (who, what) = weights_of(took[before]), took[after].nonzero(as_tuple=True)
    top = model.expected(weights).masked_fill(took[before], -torch.inf).topk(10).indices
    ndcg = (took[after].float().gather(1, top) @ gain / best)[best > 0].mean().item()
    found = (mean + deviation * model.liked(weights, some, who, what)[0]).clamp(ratings.min(), ratings.max())
    return ndcg, F.mse_loss(found, mean + deviation * liking[who, what]).sqrt().item()


model = Tastes()
slow = [model.having, model.taking, model.often]
fast = [p for p in model.parameters() if not any(p is q for q in slow)]
groups = [{"params": slow, "pace": PACE}, {"params": fast, "pace": 1.0}]
optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-8)
average, best, order = copy.deepcopy(model), (-math.inf, None), torch.randperm(len(users))
warmup, peak = min(max(steps // 20, 1), 100), training["learning_rate"]
start = time.perf_counter()
for step in range(steps):
    if len(order) < batch:
        order = torch.randperm(len(users))
    some, order = order[:batch], order[batch:]
    course = (step - warmup) / max(steps - warmup, 1)
    wave = (step + 1) / (warmup + 1) if step < warmup else 0.02 + 0.98 * (1 + math.cos(math.pi * course)) / 2
    for group in optimizer.param_groups:
        group["lr"] = peak * wave * group["pace"]
    optimizer.zero_grad()
    loss_of(model, some).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        for mean_of, value in zip(average.parameters(), model.parameters()):
            mean_of.lerp_(value, 1 - training["ema"])
    if (step + 1) % training["validate_every"] == 0 or step + 1 == steps:
        ndcg, rmse = scored(average, "train", "validation")
        if (score := ndcg + 1 - rmse / deviation) > best[0]:
            best = (score, copy.deepcopy(average))
seconds = time.perf_counter() - start
ndcg, rmse = scored(best[1], "all", "test")
print(f"nDCG@10 {ndcg:.3f}, RMSE {rmse:.3f}, {steps} steps in {seconds:.1f} s ({1e3 * seconds / steps:.1f} ms a step, validations included)")

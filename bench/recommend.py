"""Trains in PyTorch the network that `pellucid train … --recommend` trains where no order is known, on the same rows, with the same settings.

    python bench/recommend.py split movielens.csv ratings.csv
    pellucid train ratings.csv --recommend --split part --name rated
    python bench/recommend.py train ratings.csv runs/rated [--threads 2]

The first command keeps users, items and ratings only and draws each row's part: a quarter of what each user rated for the test, 7.5 % for
validation. The last takes sizes, batch, learning rate and steps from the run, keeps the best of twenty validations, as the program does, and
prints what the network alone (without EASE) reaches on the test, and the seconds of learning. Needs torch.
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
taken = {part: [[] for _ in users] for part in ("train", "validation", "test")}
for row in table:
    taken[row["part"]][users[row["user"]]].append((items[row["item"]], float(row["rating"])))
ratings = torch.tensor([rating for own in taken["train"] for _, rating in own])
mean, deviation = ratings.mean().item(), ratings.std(unbiased=False).item()
PACE, HIDDEN, SHOWN, SMALL = 0.1, 0.5, 500, 0.1


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

    def of_users(self, past, name, weights):
        return torch.bmm(weights[:, None], F.embedding(past["items"], getattr(self, name)))[:, 0]

    def expected(self, past):
        return self.of_users(past, "having", past["weights"]) @ self.taking.T + self.often.T

    def liked(self, past, who, what):
        u = self.of_users(past, "rated", past["weights"]) + self.of_users(past, "liking", past["liking"])
        u, i, generous, good = u[who], self.side[what], self.generous[past["users"]][who, 0], self.good[what, 0]
        large = (u * u).sum(1) + (i * i).sum(1) + 0.2 * (generous**2 + good**2)
        return (u * i).sum(1) + generous + good, large


def past_of(some, shown):
    longest = max(1, *map(len, shown))
    out = {key: torch.zeros(len(some), longest) for key in ("items", "weights", "liking")}
    out["items"], out["users"] = out["items"].long(), torch.tensor(some)
    for k, own in enumerate(shown):
        own, share = own[-SHOWN:], 1 / math.sqrt(max(1, len(own[-SHOWN:])))
        if own:
            out["items"][k, : len(own)] = torch.tensor([item for item, _ in own])
            out["weights"][k, : len(own)] = share
            out["liking"][k, : len(own)] = share * (torch.tensor([x for _, x in own]) - mean) / deviation
    return out


def pairs(lists):
    who = torch.tensor([k for k, own in enumerate(lists) for _ in own])
    return who, torch.tensor([i for own in lists for i, _ in own]), torch.tensor([x for own in lists for _, x in own])


def loss_of(model, some):
    shown, hidden = [], []
    for user in some:
        hide = [draw.random() < HIDDEN for _ in taken["train"][user]]
        own = [x for x, h in zip(taken["train"][user], hide) if h]
        rest = [x for x, h in zip(taken["train"][user], hide) if not h]
        if not own:
            own.append(rest.pop())
        shown.append(rest)
        hidden.append(draw.sample(own, min(len(own), SHOWN)))
    past, (who, what, given_ratings) = past_of(some, shown), pairs(hidden)
    share = torch.tensor([1 / len(own) for own in hidden])
    chosen = F.log_softmax(model.expected(past), 1)[who, what]
    liked, large = model.liked(past, who, what)
    error = F.mse_loss(liked, (given_ratings - mean) / deviation)
    return -(chosen * share[who]).sum() / len(some) + error + SMALL * large.mean()


@torch.no_grad()
def scored(model, known, wanted):
    """nDCG@10 and RMSE of what users took in one part, from what they took in others."""
    gains, squares, gain = [], [], [1 / math.log2(place + 2) for place in range(10)]
    for start in range(0, len(users), 64):
        some = [u for u in range(start, min(start + 64, len(users))) if taken[wanted][u]]
        shown = [[x for part in known for x in taken[part][u]] for u in some]
        past, (who, what, truth) = past_of(some, shown), pairs([taken[wanted][u] for u in some])
        expected = model.expected(past)
        for k, user in enumerate(some):
            expected[k, [item for item, _ in shown[k]]] = -torch.inf
            right = {item for item, _ in taken[wanted][user]}
            top = expected[k].topk(10).indices.tolist()
            gains.append(sum(g for g, item in zip(gain, top) if item in right) / sum(gain[: len(right)]))
        found = (mean + deviation * model.liked(past, who, what)[0]).clamp(ratings.min(), ratings.max())
        squares += ((found - truth) ** 2).tolist()
    return sum(gains) / len(gains), math.sqrt(sum(squares) / len(squares))


model = Tastes()
slow = [model.having, model.taking, model.often]
fast = [p for p in model.parameters() if not any(p is q for q in slow)]
groups = [{"params": slow, "pace": PACE}, {"params": fast, "pace": 1.0}]
optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-8)
average, best, order = copy.deepcopy(model), (-math.inf, None), []
warmup, peak = min(max(steps // 20, 1), 100), training["learning_rate"]
start = time.perf_counter()
for step in range(steps):
    if len(order) < batch:
        order = draw.sample(range(len(users)), len(users))
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
        ndcg, rmse = scored(average, ["train"], "validation")
        if (score := ndcg + 1 - rmse / deviation) > best[0]:
            best = (score, copy.deepcopy(average))
seconds = time.perf_counter() - start
ndcg, rmse = scored(best[1], ["train", "validation"], "test")
print(f"nDCG@10 {ndcg:.3f}, RMSE {rmse:.3f}, {steps} steps in {seconds:.1f} s ({1e3 * seconds / steps:.1f} ms a step, validations included)")

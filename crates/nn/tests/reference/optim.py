"""Makes optim.json: trajectories of PyTorch's optimisers and learning-rate schedules, in double precision.

    python crates/nn/tests/reference/optim.py > crates/nn/tests/reference/optim.json

A matrix of 2 × 3 (under weight decay) and a bias of 3 take twelve steps along made-up gradients; step 5 has no
gradient for the bias. Gradients and learning rates are formulas that the test repeats.
"""

import json
import math
import sys

import torch

torch.set_default_dtype(torch.float64)
STEPS = 12


def wave(n, phase):
    return torch.tensor([math.sin(1.3 * i + phase) for i in range(n)])


def run(make, decay=0.0, clip=None, bias_missing=True):
    weight = torch.nn.Parameter(wave(6, 0.5).reshape(2, 3))
    bias = torch.nn.Parameter(wave(3, 0.9))
    optimizer = make([{"params": [weight], "weight_decay": decay}, {"params": [bias], "weight_decay": 0.0}])
    norms = []
    for step in range(STEPS):
        weight.grad = wave(6, 2.0 * step).reshape(2, 3) * (1 + step)
        bias.grad = None if bias_missing and step == 5 else wave(3, 3.0 * step) * 0.1
        norms.append(float(torch.nn.utils.clip_grad_norm_([weight, bias], clip or math.inf)))
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (1 + step)
        optimizer.step()
    return {"weight": weight.flatten().tolist(), "bias": bias.tolist(), "norms": norms}


def rates(make, peak, total):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=peak)
    schedule = make(optimizer)
    found = []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step() if len(found) < total else None
    return found


def cosine(optimizer, peak, warmup, floor, total):
    schedules = torch.optim.lr_scheduler
    down = schedules.CosineAnnealingLR(optimizer, total - warmup, eta_min=floor * peak)
    if warmup == 0:
        return down
    up = schedules.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    return schedules.SequentialLR(optimizer, [up, down], [warmup])


optim = torch.optim
lr = 1.0
json.dump(
    {
        "optimizers": {
            "sgd": run(lambda p: optim.SGD(p, lr)),
            "momentum": run(lambda p: optim.SGD(p, lr, momentum=0.9), decay=0.1),
            "nesterov": run(lambda p: optim.SGD(p, lr, momentum=0.8, nesterov=True), decay=0.01, clip=1.5),
            "adam": run(lambda p: optim.Adam(p, lr)),
            "adam decay": run(lambda p: optim.Adam(p, lr, betas=(0.8, 0.95)), decay=0.2),
            "adamw": run(lambda p: optim.AdamW(p, lr), decay=0.3),
            "adamw clip": run(lambda p: optim.AdamW(p, lr, eps=1e-3), decay=0.3, clip=0.7),
        },
        "schedules": {
            "cosine": rates(lambda o: cosine(o, 0.3, 0, 0.1, 20), 0.3, 20),
            "cosine warm-up": rates(lambda o: cosine(o, 0.3, 5, 0.01, 40), 0.3, 40),
            "one cycle": rates(lambda o: optim.lr_scheduler.OneCycleLR(o, 0.3, total_steps=30), 0.3, 30),
            "one cycle steep": rates(
                lambda o: optim.lr_scheduler.OneCycleLR(
                    o, 0.3, total_steps=33, pct_start=0.1, div_factor=5, final_div_factor=10
                ),
                0.3,
                33,
            ),
        },
    },
    sys.stdout,
    indent=1,
)

"""What the reference scripts share: the inputs of the cases, and how expected values are stored.

A script lists cases as (name, inputs, run), with the names and inputs that the operation's `cases` in
crates/grad/src/ops has, and calls `store(cases, "<its name>.json")`. Everything is computed by PyTorch in
double precision.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

KEPT_WHOLE = 64
SAMPLES = 32

ACTIVATIONS = {
    "Identity": lambda x: x,
    "Relu": torch.relu,
    "Gelu": F.gelu,
    "Silu": F.silu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
}


def numbers(k, shape):
    """The same numbers as `check::numbers(k, shape)`."""
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.int64)
    return (((7919 * i + 104729 * (k + 1)) % 2003).double() / 1001.5 - 1).reshape(shape)


def integers(k, shape, below):
    """The same integers as `check::integers(k, shape, below)`."""
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.int64)
    return ((7919 * i + 104729 * (k + 1)) % 2003 % below).reshape(shape)


def pack(tensor):
    """A tensor of up to 64 elements as it is; of a larger one some elements, its sum, and the sum of absolute values."""
    flat = tensor.detach().reshape(-1)
    n = len(flat)
    short = lambda x: float(f"{float(x):.13g}")
    packed = {"shape": list(tensor.shape)}
    if n > KEPT_WHOLE:
        packed["sums"] = [short(flat.sum()), short(flat.abs().sum())]
        flat = flat[[i * (n - 1) // (SAMPLES - 1) for i in range(SAMPLES)]]
    packed["values"] = [short(x) for x in flat]
    return packed


def store(cases, file):
    """Evaluates the cases and writes name -> output and gradients of Σ output · numbers(100).

    An input is a shape, for `numbers(its position, shape)`, or a tensor.
    """
    stored = {}
    for name, inputs, run in cases:
        inputs = [x if torch.is_tensor(x) else numbers(k, x) for k, x in enumerate(inputs)]
        inputs = [x.detach().clone().requires_grad_() for x in inputs]
        output = run(*inputs)
        (output * numbers(100, output.shape)).sum().backward()
        gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in inputs]
        if name in stored:
            raise ValueError(f"two cases are named {name}")
        stored[name] = {"output": pack(output), "gradients": [pack(g) for g in gradients]}
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in stored.items())
    path = pathlib.Path(__file__).with_name(file)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")

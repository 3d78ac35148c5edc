"""Reference values of the layer-sized operations: normalisations, dropout, embedding, products, convolutions, pools.

Pictures are channels-last in Pellucid and channels-first in PyTorch: they are permuted here.
"""

import torch
import torch.nn.functional as F
from common import integers, numbers, store

EDGE_LENGTHS = [0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000]
ACTIVATIONS = {
    "Identity": lambda x: x,
    "Relu": torch.relu,
    "Gelu": F.gelu,
    "Silu": F.silu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
}
cases = []


def case(name, inputs, run):
    cases.append((name, inputs, run))


def last(x):
    """Channels to the last axis."""
    return x.movedim(1, -1)


def first(x):
    """Channels to the second axis."""
    return x.movedim(-1, 1)


# Batch norm. PyTorch refuses a single position, for which the formula is written out.


def batch_norm(x, gamma, beta, eps):
    if x[..., 0].numel() > 1:
        return last(F.batch_norm(first(x), None, None, gamma, beta, training=True, eps=eps))
    return (x - x) * gamma + beta


def trained(name, shape, activation):
    act = ACTIVATIONS[activation]
    case(f"batch_norm/{name}", [shape, [shape[-1]], [shape[-1]]], lambda x, g, b: act(batch_norm(x, g, b, 1e-3)))


for n in EDGE_LENGTHS:
    if n == 0:
        case("batch_norm/0 channels", [[24, 0], [0], [0]], lambda x, g, b: x * g + b)
    else:
        trained(f"{n} channels", [24, n], "Identity")
for n in EDGE_LENGTHS:
    trained(f"{n} rows", [n, 3], "Relu")
for activation in ACTIVATIONS:
    trained(f"pictures, {activation}", [2, 5, 4, 18], activation)
trained("many blocks", [9, 33, 31, 12], "Silu")
for activation in ["Identity", "Silu"]:
    act = ACTIVATIONS[activation]
    mean, var = numbers(3, [5]), numbers(4, [5]) + 1.5
    case(
        f"batch_norm/running statistics, {activation}",
        [[7, 5], [5], [5]],
        lambda x, g, b, act=act, mean=mean, var=var: act(F.batch_norm(x, mean, var, g, b, training=False, eps=1e-5)),
    )

# Group and layer norm.


def group_norm(x, groups, gamma, beta, eps):
    if x.numel() == 0:
        return x * gamma + beta
    if x[0].numel() == groups:
        return (x - x) * gamma + beta
    return last(F.group_norm(first(x), groups, gamma, beta, eps))


for shape, groups in [
    ([0, 2, 3, 4], 2),
    ([1, 1, 1, 4], 2),
    ([2, 3, 3, 1], 1),
    ([2, 3, 4, 6], 1),
    ([2, 3, 4, 6], 2),
    ([2, 3, 4, 6], 6),
    ([3, 5, 5, 33], 11),
    ([2, 17, 16, 130], 10),
]:
    case(
        f"group_norm/{shape} in {groups}",
        [shape, [shape[-1]], [shape[-1]]],
        lambda x, g, b, groups=groups: group_norm(x, groups, g, b, 1e-3),
    )
case("group_norm/rows without positions", [[3, 4], [4], [4]], lambda x, g, b: F.group_norm(x, 2, g, b, 1e-3))


def layer_norm(name, shape):
    width = [shape[-1]]
    run = lambda x, g, b: F.layer_norm(x, width, g, b, 1e-3) if width != [0] else x * g + b
    case(f"layer_norm/{name}", [shape, width, width], run)


for n in EDGE_LENGTHS:
    layer_norm(f"width {n}", [5, n])
for n in EDGE_LENGTHS:
    layer_norm(f"{n} rows", [n, 6])
layer_norm("one row without other axes", [40])
layer_norm("three axes, many blocks", [10, 37, 192])

# Dropout, with Pellucid's streams written out again: Philox 4x32-10 keyed by seed and purpose.

WORD = 0xFFFFFFFF


def fnv(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def philox(c, k):
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(b >> 32) ^ c[1] ^ k[0], b & WORD, (a >> 32) ^ c[3] ^ k[1], a & WORD]
        k = [(k[0] + 0x9E3779B9) & WORD, (k[1] + 0xBB67AE85) & WORD]
    return c


def kept(n, p, seed, purpose, index):
    """Which of n numbers are kept, times 1 / (1 - p)."""
    h = fnv(purpose)
    key = seed ^ (((h << 17) | (h >> 47)) & 0xFFFFFFFFFFFFFFFF)
    blocks = [philox([i, h & WORD, index & WORD, index >> 32], [key & WORD, key >> 32]) for i in range((n + 3) // 4)]
    words = [w for block in blocks for w in block][:n]
    return torch.tensor([0.0 if w < int(p * 2**32) else 1 / (1 - p) for w in words], dtype=torch.float64)


for name, shape, p in [
    ("nothing", [40], 0.0),
    ("everything", [40], 1.0),
    ("a single number", [], 0.5),
    ("no numbers", [0, 3], 0.5),
    ("some", [3, 7, 5], 0.3),
    ("many", [130, 67], 0.75),
]:
    mask = kept(torch.Size(shape).numel(), p, 5, "dropout", 0).reshape(shape)
    case(f"dropout/{name}", [shape], lambda x, mask=mask: x * mask)

for name, shape, p in [
    ("nothing", [4, 3], 0.0),
    ("everything", [4, 3], 1.0),
    ("no rows", [0, 3], 0.5),
    ("empty rows", [3, 0], 0.5),
    ("numbers", [11], 0.5),
    ("pictures", [9, 4, 3, 5], 0.4),
]:
    mask = kept(shape[0], p, 5, "drop_path", 3).reshape([-1] + [1] * (len(shape) - 1))
    case(f"drop_path/{name}", [shape], lambda x, mask=mask: x * mask)

# Embedding.

for name, table, shape in [(f"{n} indices", [13, 4], [n]) for n in EDGE_LENGTHS] + [
    ("one index without axes", [5, 3], []),
    ("two axes of indices", [6, 3], [4, 5]),
    ("rows of width 0", [6, 0], [4]),
    ("no rows and no indices", [0, 3], [0]),
    ("many", [50, 33], [40, 31]),
]:
    indices = integers(1, shape, max(table[0], 1))
    case(f"embedding/{name}", [table], lambda t, indices=indices: t[indices])

store(cases, "ops_b.json")

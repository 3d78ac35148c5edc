"""Reference values of the elementary operations: arithmetic, functions, reductions, softmax, shapes, losses."""

import torch
import torch.nn.functional as F
from common import ACTIVATIONS, integers, numbers, store

EDGE_LENGTHS = [0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000]
cases = []


def case(name, inputs, run):
    cases.append((name, inputs, run))


def tensor(values, shape):
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


# binary

operations = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": lambda a, b: a / (b + 2),
}
shapes = {
    "scalars": [(), ()],
    "nothing": [(0, 3), (3,)],
    "nothing on both sides": [(1, 0), (4, 1)],
    "same shape": [(3, 5), (3, 5)],
    "scalar right": [(3, 5), ()],
    "scalar left": [(1,), (3, 5)],
    "row right": [(4, 6), (6,)],
    "row left": [(6,), (4, 6)],
    "column right": [(4, 6), (4, 1)],
    "both stretch": [(3, 1, 4), (2, 1)],
    "inner and outer stretch": [(2, 1, 3, 1), (1, 4, 1, 5)],
    "large": [(300, 250), (300, 250)],
    "large row": [(701, 100), (100,)],
}
for op, run in operations.items():
    for name, inputs in shapes.items():
        case(f"binary/{op} {name}", inputs, run)
for n in EDGE_LENGTHS:
    case(f"binary/mul length {n}", [(n,), (n,)], torch.mul)
case("binary/mul by itself", [(7,)], lambda x: x * x)
case("binary/sub from itself", [(7,)], lambda x: 3 * x - x)
case("binary/scale and shift", [(3, 11)], lambda x: -2.5 * x + 0.75)
case("binary/neg", [(13,)], torch.neg)

# unary: the function, and the range of its inputs

functions = {
    "relu": (torch.relu, -2.999, 3.001),
    "gelu": (F.gelu, -4, 4),
    "silu": (F.silu, -6, 6),
    "sigmoid": (torch.sigmoid, -6, 6),
    "tanh": (torch.tanh, -3, 3),
    "exp": (torch.exp, -3, 3),
    "ln": (torch.log, 0.5, 4.5),
    "sqrt": (torch.sqrt, 0.5, 4.5),
    "abs": (torch.abs, -2.999, 3.001),
    "square": (torch.square, -3, 3),
    "softplus": (lambda x: torch.logaddexp(x, torch.zeros_like(x)), -9, 9),
    "sin": (torch.sin, -7, 7),
    "cos": (torch.cos, -7, 7),
}
shapes = {"scalar": (), "nothing": (2, 0, 3), "length 7": (7,), "length 33": (33,), "large": (700, 101)}
for name, (run, low, high) in functions.items():
    for what, shape in shapes.items():
        case(f"unary/{name} {what}", [low + (high - low) / 2 * (numbers(0, shape) + 1)], run)
for n in EDGE_LENGTHS:
    case(f"unary/activate length {n}", [(n,)], F.gelu)
case("unary/activate Identity", [(5, 4)], lambda x: x * 1)
for name in ["Relu", "Silu", "Sigmoid", "Tanh"]:
    case(f"unary/activate {name}", [(5, 4)], functions[name.lower()][0])

# reduce: equal maxima share the gradient evenly, as in amax

reductions = {"sum_axis": torch.sum, "mean_axis": torch.mean, "max_axis": torch.amax}
shapes = {
    "first": ((5, 3, 4), 0, False),
    "middle kept": ((5, 3, 4), 1, True),
    "last": ((5, 3, 4), 2, False),
    "of length 1": ((5, 1, 4), 1, False),
    "of nothing": ((0, 3, 2), 1, False),
    "only axis": ((33,), 0, False),
    "large first": ((1400, 51), 0, False),
    "large last": ((51, 1400), 1, True),
    "many short": ((9000, 8), 1, False),
}
for name, f in reductions.items():
    for what, (shape, axis, keep) in shapes.items():
        case(f"reduce/{name} {what}", [shape], lambda x, f=f, axis=axis, keep=keep: f(x, axis, keep))
for n in EDGE_LENGTHS:
    case(f"reduce/sum of squares, length {n}", [(n,)], lambda x: (x * x).sum())
case("reduce/sum_axis of length 0", [(3, 0)], lambda x: x.sum(1))
case("reduce/sum scalar", [()], torch.sum)
case("reduce/sum of squares, large", [(7, 100, 103)], lambda x: (x * x).sum())
case("reduce/mean scalar", [()], torch.mean)
case("reduce/mean length 17", [(17,)], torch.mean)
case("reduce/mean of squares, large", [(7, 100, 103)], lambda x: (x * x).mean())
ties = tensor([1, 5, 2, 5, -3, -3, -4, -7], (2, 4))
case("reduce/max_axis ties", [ties], lambda x: x.amax(1))

# softmax

extreme = tensor([80, -80, 0, -80, -80, -80, 80, 80, 79, 400, -400, 399.5], (4, 3))
for name, f in {"softmax": torch.softmax, "log_softmax": torch.log_softmax}.items():
    run = lambda x, f=f: f(x, -1)
    for n in EDGE_LENGTHS:
        case(f"softmax/{name} width {n}", [(3, n)], run)
    case(f"softmax/{name} no rows", [(0, 4)], run)
    case(f"softmax/{name} one axis", [(5,)], run)
    case(f"softmax/{name} three axes, large", [(10, 100, 71)], run)
    case(f"softmax/{name} extreme", [extreme], run)

# shapes

for name, before, after in [
    ("scalar", (), (1, 1)),
    ("to scalar", (1, 1), ()),
    ("nothing", (0, 3), (5, 0)),
    ("joined", (3, 4, 5), (12, 5)),
    ("split", (33,), (3, 1, 11)),
    ("large", (700, 101), (101, 700)),
]:
    case(f"reshape/{name}", [before], lambda x, after=after: x.reshape(after))

for name, shape, order in [
    ("scalar", (), ()),
    ("nothing", (3, 0), (1, 0)),
    ("one axis", (9,), (0,)),
    ("transpose", (7, 9), (1, 0)),
    ("length 1", (1, 5, 1), (2, 1, 0)),
    ("rotate", (3, 4, 5), (1, 2, 0)),
    ("last stays", (3, 4, 5), (1, 0, 2)),
    ("six axes", (2, 3, 1, 2, 3, 2), (5, 0, 3, 2, 4, 1)),
    ("large channels last", (3, 24, 33, 31), (0, 2, 3, 1)),
]:
    case(f"permute/{name}", [shape], lambda x, order=order: x.permute(order))

for name, shape, axis, start, length in [
    ("first axis", (5, 3), 0, 1, 3),
    ("middle axis", (3, 7, 2), 1, 2, 4),
    ("last axis", (4, 9), 1, 8, 1),
    ("whole axis", (4, 9), 1, 0, 9),
    ("no part", (4, 9), 1, 9, 0),
    ("of nothing", (0, 9), 1, 2, 3),
    ("large", (400, 180), 1, 17, 90),
]:
    case(f"narrow/{name}", [shape], lambda x, part=(axis, start, length): x.narrow(*part))

for name, inputs, axis in [
    ("one part", [(3,)], 0),
    ("first axis", [(2, 3), (1, 3), (4, 3)], 0),
    ("last axis", [(3, 1), (3, 7)], 1),
    ("middle axis", [(2, 3, 4), (2, 1, 4), (2, 2, 4)], 1),
    ("an empty part", [(3, 2), (3, 0)], 1),
    ("nothing", [(0, 2), (0, 5)], 1),
    ("large", [(300, 100), (300, 151)], 1),
]:
    case(f"concat/{name}", inputs, lambda *x, axis=axis: torch.cat(x, axis))
case("concat/twice the same", [(2, 3)], lambda x: torch.cat([x, x], 1))

for name, shape, axis, n in [
    ("first axis", (4, 3), 0, 7),
    ("first of one", (5,), 0, 9),
    ("middle axis", (2, 5, 3), 1, 4),
    ("last axis", (3, 8), 1, 17),
    ("no indices", (3, 8), 1, 0),
    ("of nothing", (0, 8), 1, 3),
    ("large", (300, 40, 9), 1, 33),
]:
    indices = integers(9, (n,), shape[axis])
    case(f"index_select/{name}", [shape], lambda x, at=(axis, indices): x.index_select(*at))

# cross_entropy


def some_ignored(n, factor):
    """Row weights, a quarter of them 0."""
    weights = factor * (1 + 0.9 * numbers(11, (n,)))
    weights[1::4] = 0
    return weights


def cross_entropy_case(name, logits, smoothing=0.0, class_weights=False, row_weights=None):
    n, classes = logits.shape
    labels = integers(9, (n,), classes)
    class_weights = 1 + 0.9 * numbers(10, (classes,)) if class_weights else None
    rows = torch.ones(n).double() if row_weights is None else some_ignored(n, row_weights)

    def run(x):
        options = {"weight": class_weights, "label_smoothing": smoothing}
        if row_weights is None and n > 0:
            return F.cross_entropy(x, labels, **options)
        # PyTorch has no row weights: they stand in front of each row's loss and of its part of the divisor.
        losses = F.cross_entropy(x, labels, reduction="none", **options)
        total = (rows * (1 if class_weights is None else class_weights[labels])).sum()
        return (rows * losses).sum() / total if total > 0 else (x * 0).sum()

    case(f"cross_entropy/{name}", [logits], run)


for n in EDGE_LENGTHS[1:]:
    cross_entropy_case(f"{n} classes", numbers(0, (3, n)))
logits = numbers(0, (9, 5))
cross_entropy_case("no rows", numbers(0, (0, 4)))
cross_entropy_case("smoothed", logits, smoothing=0.1)
cross_entropy_case("smoothed altogether", logits, smoothing=1.0)
cross_entropy_case("class weights", logits, class_weights=True)
cross_entropy_case("row weights", logits, row_weights=1)
cross_entropy_case("all rows ignored", logits, row_weights=0)
everything = {"smoothing": 0.2, "class_weights": True, "row_weights": 3}
cross_entropy_case("everything", logits, **everything)
cross_entropy_case("everything, large", numbers(0, (700, 101)), **everything)
extreme = tensor([80, -80, 0, -80, -80, -79, 80, 80, 79, 400, -400, 399.5], (4, 3))
cross_entropy_case("extreme", extreme)
cross_entropy_case("extreme, smoothed", extreme, smoothing=0.1)

# pointwise_losses

kinds = {
    "binary_cross_entropy": lambda x, t: F.binary_cross_entropy_with_logits(
        x, t, pos_weight=torch.tensor(2.5).double(), reduction="none"
    ),
    "mse": lambda x, t: F.mse_loss(x, t, reduction="none"),
    "mae": lambda x, t: F.l1_loss(x, t, reduction="none"),
    "huber": lambda x, t: F.huber_loss(x, t, delta=0.4, reduction="none"),
}


def pointwise_case(name, loss, x, factor=None):
    targets = 0.5003 + 0.49 * numbers(9, x.shape)
    rows = torch.ones(len(x)).double() if factor is None else some_ignored(len(x), factor)
    weights = rows.reshape([-1] + [1] * (x.dim() - 1)).expand(x.shape)

    def run(x):
        total = weights.sum()
        return (weights * loss(x, targets)).sum() / total if total > 0 else (x * 0).sum()

    case(f"pointwise_losses/{name}", [x], run)


for name, loss in kinds.items():
    for n in EDGE_LENGTHS:
        pointwise_case(f"{name} length {n}", loss, 3 * numbers(0, (n,)))
    pointwise_case(f"{name} weights", loss, 3 * numbers(0, (9,)), 1)
    pointwise_case(f"{name} rows", loss, 3 * numbers(0, (5, 3)))
    pointwise_case(f"{name} rows, weights", loss, 3 * numbers(0, (5, 3)), 2)
    pointwise_case(f"{name} all ignored", loss, 3 * numbers(0, (5, 3)), 0)
    pointwise_case(f"{name} large", loss, 3 * numbers(0, (70_001,)))
    pointwise_case(f"{name} large rows, weights", loss, 3 * numbers(0, (700, 101)), 1)
    pointwise_case(f"{name} extreme", loss, tensor([80, -80, 400, -400], (4,)))

# The end of a residual block.

for n in EDGE_LENGTHS:
    case(f"residual/{n} numbers", [[n], [n]], lambda y, around: torch.relu(y + around))
for name, act in ACTIVATIONS.items():
    shape = [2, 3, 4, 5]
    case(f"residual/pictures, {name}", [shape, shape], lambda y, around, act=act: act(y + around))

store(cases, "ops.json")

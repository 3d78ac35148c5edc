"""Reference values of the recurrent operations, with torch.nn.GRU and torch.nn.LSTM.

Of sequences that end early, each row is run by itself over the steps it has; reversed ones are turned around before
and after.
"""

import torch
from common import numbers, store

EDGE_LENGTHS = [0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000]
LENGTHS = [4, 0, 7, 1, 6]
cases = []


def network(kind, x, parameters, start):
    """All states, [batch, time, hidden]."""
    hidden = parameters[1].shape[1]
    empty = x.new_zeros(*x.shape[:2], hidden) + sum(t.sum() * 0 for t in [x, *parameters, *start])
    if 0 in empty.shape:
        return empty
    if x.shape[2] == 0:
        # PyTorch has no network without inputs: an input of zeros has the same states.
        x, parameters = x.new_zeros(*x.shape[:2], 1), [x.new_zeros(parameters[0].shape[0], 1), *parameters[1:]]
    start = [s[None] for s in start] or [x.new_zeros(1, len(x), hidden)] * (2 if kind == "lstm" else 1)
    run = torch.lstm if kind == "lstm" else torch.gru
    state = start if kind == "lstm" else start[0]
    return empty + run(x, state, parameters, True, 1, 0.0, False, False, True)[0]


def run(kind, reverse, lengths, x, wi, wh, bi, bh, *start):
    turned = lambda t: t.flip(1) if reverse else t
    whole = lambda x, start: turned(network(kind, turned(x), [wi, wh, bi, bh], start))
    if lengths is None:
        return whole(x, start)
    rows = [whole(x[i : i + 1, :n], [s[i : i + 1] for s in start]) for i, n in enumerate(lengths)]
    return torch.cat([torch.nn.functional.pad(y, (0, 0, 0, x.shape[1] - y.shape[1])) for y in rows])


for kind, gates, parts in [("gru", 3, 1), ("lstm", 4, 2)]:

    def case(name, lengths, start, reverse, of_rows, scale=1.0):
        batch, time, inputs, hidden = lengths
        wide = gates * hidden
        shapes = [[batch, time, inputs], [wide, inputs], [wide, hidden], [wide], [wide]]
        shapes += [[batch, hidden]] * parts if start else []
        call = lambda *inputs, how=(kind, reverse, of_rows): run(*how, *inputs)
        weights = [scale * numbers(k, shapes[k]) for k in (1, 2)]
        cases.append((f"{kind}/{name}", [shapes[0], *weights, *shapes[3:]], call))

    for n in EDGE_LENGTHS:
        case(f"{n} rows", [n, 2, 3, 2], False, False, None)
    for n in EDGE_LENGTHS[:-1]:
        case(f"{n} states", [2, 3, 2, n], True, False, None)
    for n in [0, 1, 9, 33]:
        case(f"{n} in", [2, 2, n, 3], False, True, None)
        case(f"{n} steps", [2, n, 3, 4], False, False, None)
    for name, start, reverse, of_rows in [
        ("start", True, False, None),
        ("reverse", False, True, None),
        ("lengths", False, False, LENGTHS),
        ("reverse, lengths, start", True, True, LENGTHS),
    ]:
        case(name, [5, 7, 3, 6], start, reverse, of_rows)
    case("large", [21, 5, 40, 70], True, False, None, scale=0.2)

store(cases, "recurrent.json")

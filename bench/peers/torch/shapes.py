"""PyTorch's side of `cargo xtask bench shapes`: shapes.py THREADS.

Answers the lines of standard input as `bench/peers/src/shapes/main.rs` describes; the first word is `eager`, or
`channels-last` for convolutions on pictures that lie so.
"""

import json
import os
import sys
import warnings

THREADS = sys.argv[1]
os.environ["OMP_NUM_THREADS"] = THREADS
warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # it is not needed

import torch  # noqa: E402  (after the number of threads is set)
import torch.nn.functional as F  # noqa: E402

from clock import timed  # noqa: E402


def numbers(*shape):
    """The numbers that the other side makes too."""
    count = torch.Size(shape).numel()
    return (torch.arange(count) * 7919 % 1009 / 1009.0 - 0.5).float().reshape(shape)


def product(m, k, n, form):
    a = numbers(k, m).t() if form == "at" else numbers(m, k)
    b = numbers(n, k).t() if form == "bt" else numbers(k, n)
    c = torch.empty(m, n)
    return lambda: torch.mm(a, b, out=c)


def convolution(variant, task, batch, side, channels, out, kernel, stride):
    layout = torch.channels_last if variant == "channels-last" else torch.contiguous_format

    def pictures(*shape):
        return numbers(*shape).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    after = (side - 1) // stride + 1
    x = pictures(batch, side, side, channels)
    w = pictures(out, kernel, kernel, channels)
    dy = pictures(batch, after, after, out)
    zeros = kernel // 2
    if task == "forward":
        return lambda: F.conv2d(x, w, None, stride, zeros)
    wanted = [task == "input", task == "weight", False]
    place = wanted.index(True)
    return lambda: torch.ops.aten.convolution_backward(
        dy, x, w, None, [stride] * 2, [zeros] * 2, [1, 1], False, [0, 0], 1, wanted
    )[place]


def answer(words):
    variant, task, *sizes, seconds = words
    if task == "matmul":
        body = product(*map(int, sizes[:3]), sizes[3])
    else:
        body = convolution(variant, task, *map(int, sizes))
    result = None

    def step():
        nonlocal result
        result = body()

    said = timed(float(seconds), step)
    said["loss"] = result.double().square().mean().item()
    return said


torch.set_num_threads(int(THREADS))
with torch.inference_mode():
    for line in sys.stdin:
        print(json.dumps(answer(line.split())), flush=True)

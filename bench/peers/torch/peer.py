"""PyTorch's side of `cargo xtask bench peers`: peer.py WORKLOAD VARIANT FILE THREADS.

Reads weights and batch from FILE, which Pellucid wrote, and answers the lines of standard input as
`bench/peers/src/main.rs` describes. Variants: eager, channels-last, sparse (SparseAdam for embeddings).
"""

import json
import os
import struct
import sys
import warnings

WORKLOAD, VARIANT, FILE, THREADS = sys.argv[1:5]
os.environ["OMP_NUM_THREADS"] = THREADS
warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # it is not needed

import torch  # noqa: E402  (after the number of threads is set)

from clock import timed  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

TINY_RATE = 1e-6


def read_safetensors(path):
    """The tensors of a safetensors file: 8 bytes of length, a header in JSON, the numbers."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    kinds = {"F32": torch.float32, "U32": torch.int32}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            kind = kinds[entry["dtype"]]
            flat = torch.frombuffer(data, dtype=kind, count=(end - begin) // 4, offset=begin)
            tensor = flat.reshape(entry["shape"]).clone()
            tensors[name] = tensor.long() if entry["dtype"] == "U32" else tensor
    return tensors


def main():
    torch.set_num_threads(int(THREADS))
    stored = read_safetensors(FILE)
    workload = WORKLOADS[WORKLOAD](VARIANT)
    weights = [stored.pop(name) for name in sorted(stored) if name.startswith("parameter ")]
    workload.load(weights)
    workload.take(stored)
    optimizer = workload.optimizer()
    if optimizer is None:
        workload.model.eval()

    def step(rate):
        if optimizer is None:
            with torch.inference_mode():
                return workload.loss().item()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = workload.loss()
        loss.backward()
        optimizer.step()
        return loss.item()

    print(json.dumps({"parameters": sum(p.numel() for p in workload.model.parameters())}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "check":
            answer = {"losses": [step(float(words[2])) for _ in range(int(words[1]))]}
        else:
            answer = timed(float(words[1]), lambda: step(TINY_RATE))
        print(json.dumps(answer), flush=True)


main()

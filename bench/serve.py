"""Times `pellucid serve` beside FastAPI and PyTorch with the same network and the same picture.

    pellucid train fashion.zip --name net            # pictures by label, nothing else
    python bench/serve.py PELLUCID runs/net picture.png

Needs torch, safetensors, pillow, fastapi, uvicorn[standard], and wrk on the path. The network of the run is built again in PyTorch from its weights, and
must give the same probabilities; then both servers are asked in turns (`wrk`, 64 connections, 10 seconds each), five times. Prints the medians of requests a
second and of their ratio, and the times within which half and 99 in 100 answers came. PyTorch is tried with one process of two threads and with two
processes of one; the faster one counts.
"""

import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROUNDS, SECONDS, CONNECTIONS = 5, 10, 64


def network(run):
    import torch
    from safetensors.torch import load_file
    from torch import nn

    with open(f"{run}/model/config.json") as file:
        config = json.load(file)
    [image], [target] = config["inputs"], config["targets"]
    state, names, blocks = image["state"], target["state"]["values"], config["network"]["blocks"]
    assert image["kind"] == "image" and config["network"].get("mirror") == "never" and blocks == 1
    weights = load_file(f"{run}/model/model.safetensors")
    temperature = target.get("trust", {}).get("temperature", 1.0)

    def unit(conv, norm, pool):
        kernel = weights[f"pictures.0.{conv}.weight"].permute(0, 3, 1, 2).contiguous()
        convolution = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1, bias=False)
        batch_norm = nn.BatchNorm2d(kernel.shape[0], eps=1e-5)
        convolution.weight.data = kernel
        for name in ["weight", "bias", "running_mean", "running_var"]:
            getattr(batch_norm, name).data = weights[f"pictures.0.{norm}.{name}"]
        return [convolution, *([nn.MaxPool2d(2)] if pool else []), batch_norm, nn.ReLU()]

    layers, number = unit("0", "1", False), 2
    while f"pictures.0.{number}.0.weight" in weights:
        pooled = f"pictures.0.{number}.2.weight" in weights
        layers += unit(f"{number}.0", f"{number}.{2 if pooled else 1}", pooled)
        number += 1
    body = nn.Sequential(*layers).eval()
    head = nn.Linear(*reversed(weights["heads.0.weight"].shape))
    head.weight.data, head.bias.data = weights["heads.0.weight"], weights["heads.0.bias"]
    mean, scale = torch.tensor(state["mean"]), torch.tensor(state["scale"])
    side = (state["width"], state["height"])

    def answer(png):
        from PIL import Image
        import numpy

        picture = Image.open(io.BytesIO(png)).convert("L" if state["channels"] == 1 else "RGB")
        pixels = torch.from_numpy(numpy.array(picture.resize(side) if picture.size != side else picture)).float() / 255
        pixels = (pixels.reshape(side[1], side[0], -1) - mean) / scale
        own = (pixels - pixels.mean()) / pixels.std(correction=0)
        x = torch.cat([pixels, own], 2).permute(2, 0, 1)[None].contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            logits = head(body(x).amax((2, 3)))
            p = torch.softmax(logits / temperature, 1)[0].tolist()
        return dict(zip(names, p))

    return answer


def app():
    import torch
    from fastapi import FastAPI, Request

    torch.set_num_threads(int(os.environ["THREADS"]))
    answer, served = network(os.environ["RUN"]), FastAPI()

    @served.post("/predict")
    async def predict(request: Request):
        return answer(await request.body())

    return served


def asked(address, picture):
    request = urllib.request.Request(address, data=picture, method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def wait(address, picture):
    for _ in range(300):
        try:
            return asked(address, picture)
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"no answer from {address}")


def wrk(address, script):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "30s", "--latency", "-s", script, address]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    share = {name: float(n) * unit[u] for name, n, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)), share["50"], share["99"]


def main(program, run, path):
    with open(path, "rb") as file:
        picture = file.read()
    ours = "http://127.0.0.1:4801/api/predict?file=picture.png"
    theirs = {2: "http://127.0.0.1:4802/predict", 1: "http://127.0.0.1:4803/predict"}
    servers = [subprocess.Popen([program, "serve", run, "--port", "4801"], stderr=subprocess.DEVNULL)]
    for threads, address in theirs.items():
        port = address.split(":")[2].split("/")[0]
        command = [sys.executable, "-m", "uvicorn", "serve:app", "--factory", "--port", port, "--workers", str(2 // threads), "--log-level", "error"]
        here = {**os.environ, "RUN": os.path.abspath(run), "THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        folder = os.path.dirname(os.path.abspath(__file__))
        servers.append(subprocess.Popen(command, env=here, cwd=folder, start_new_session=True))
    try:
        [own] = wait(ours, picture)["rows"]
        for address in theirs.values():
            other = wait(address, picture)
            apart = max(abs(p - next(v for k, v in own.items() if k.endswith(f"_p_{name}"))) for name, p in other.items())
            assert apart < 1e-3, f"probabilities differ by {apart}"
        print(f"the same answers: probabilities differ by at most {apart:.1e}")
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/picture", "wb") as file:
                file.write(picture)
            script = f"{folder}/post.lua"
            with open(script, "w") as file:
                file.write(f'wrk.method = "POST"\nlocal f = io.open("{folder}/picture", "rb")\nwrk.body = f:read("*all")\nf:close()\n')
            rounds = [(wrk(ours, script), {t: wrk(address, script) for t, address in theirs.items()}) for _ in range(ROUNDS)]
    finally:
        servers[0].terminate()
        # Processes that uvicorn has started belong to its group.
        for server in servers[1:]:
            os.killpg(server.pid, signal.SIGTERM)
    rate = lambda which: statistics.median(r[1][which][0] for r in rounds)
    best = max(theirs, key=rate)
    told = lambda name, all: print(f"{name}: {statistics.median(a[0] for a in all):.0f} a second, half within {statistics.median(a[1] for a in all):.1f} ms, 99 in 100 within {statistics.median(a[2] for a in all):.1f} ms")
    told("pellucid serve", [r[0] for r in rounds])
    told(f"FastAPI and PyTorch, {2 // best} process(es) of {best} thread(s)", [r[1][best] for r in rounds])
    print(f"median of ratios: {statistics.median(r[0][0] / r[1][best][0] for r in rounds):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])

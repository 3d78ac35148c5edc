"""The clock of the measurements, as `bench/peers/src/lib.rs` has it."""

import time

WARM_UP = 3


def timed(seconds, step):
    """Calls `step` for so many seconds, after a few calls to warm up; the loss is what the last call gave."""
    for _ in range(WARM_UP):
        step()
    start, steps = time.perf_counter(), 0
    while True:
        loss = step()
        steps += 1
        taken = time.perf_counter() - start
        if taken >= seconds:
            return {"steps": steps, "seconds": taken, "loss": loss}

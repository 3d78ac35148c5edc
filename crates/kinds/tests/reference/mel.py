"""Log-mel powers of a sweep with noise, by librosa."""
import json

import librosa
import numpy as np

RATE, WINDOW, LINES = 16000, 400, 1024


def sweep(count):
    """A sine wave from 200 Hz upwards, and uniform noise of a linear congruential generator."""
    state, noise = 1, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        noise.append(state / 2**31 - 1)
    t = np.arange(count) / RATE
    return 0.5 * np.sin(2 * np.pi * (200 * t + 6000 * t * t)) + 0.1 * np.array(noise)


signal = sweep(4000)
# librosa puts a short window into the middle of the transform: with zeros around the signal, its frames are ours.
around = (LINES - WINDOW) // 2
padded = np.pad(signal, around)
scale = (2 / librosa.filters.get_window("hann", WINDOW).sum()) ** 2
out = {}
for top in (8000, 4000):
    power = librosa.feature.melspectrogram(
        y=padded, sr=RATE, n_fft=LINES, win_length=WINDOW, hop_length=160, window="hann", center=False, power=2.0,
        n_mels=64, fmin=20, fmax=top, htk=True, norm=None, dtype=np.float64,
    )
    decibels = 10 * np.log10(np.maximum(power * scale, 1e-12))
    out[str(top)] = [[round(float(x), 4) for x in frame] for frame in decibels.T[::4]]
print(json.dumps({"frames": power.shape[1], "decibels": out}))

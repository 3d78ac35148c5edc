"""A quarter of a second of two tones as FLAC, OGG Vorbis and MP3, by libsndfile."""
import numpy as np
import soundfile

RATE = 22050
t = np.arange(RATE // 4) / RATE
left, right = 0.5 * np.sin(2 * np.pi * 440 * t), 0.25 * np.sin(2 * np.pi * 1760 * t)
for name, kind in [("tones.flac", "PCM_16"), ("tones.ogg", "VORBIS"), ("tones.mp3", "MPEG_LAYER_III")]:
    soundfile.write(name, np.stack([left, right], axis=1), RATE, subtype=kind)

"""Writes a large bag in every file format of features, and measures the time in which the library of the format reads it.

    python3 test/bench/write-large-features.py FOLDER ROWS [DIALECT...]

prints one line per dialect: its name, the path, and the medians of three full reads in seconds:
wall time and CPU time. 1024 columns of normal
numbers with a seed, which compress as badly as real features do.
"""

import os
import sys
import time

import h5py
import numpy as np

folder, rows = sys.argv[1], int(sys.argv[2])
wanted = sys.argv[3:]
features = np.random.default_rng(1).standard_normal((rows, 1024), dtype="float32")
coords = np.stack([np.arange(rows) * 256, np.arange(rows) * 256], axis=1)


def h5(path, name="features", data=features, **options):
    with h5py.File(path, "w") as f:
        f.create_dataset(name, data=data, **options)
        f["coords"] = coords
        f.attrs["unit"] = "um"  # what STAMP says; other dialects have no such attribute and do not mind


def read_h5(path, name="features"):
    with h5py.File(path) as f:
        return f[name][:].astype("float32", copy=False)


def save_pt(path, **options):
    import torch

    torch.save(torch.from_numpy(features), path, **options)


def read_pt(path):
    import torch

    return torch.load(path)


def save_safetensors(path):
    from safetensors.numpy import save_file

    save_file({"features": features, "coords": coords}, path)


def read_safetensors(path):
    from safetensors.numpy import load_file

    return load_file(path)["features"]


chunks = (min(rows, 512), 1024)
dialects = {
    "h5-gzip": (".h5", lambda p: h5(p, chunks=chunks, compression="gzip"), read_h5),
    "h5-gzip-shuffle": (".h5", lambda p: h5(p, chunks=chunks, compression="gzip", shuffle=True), read_h5),
    "h5-clam-chunks": (".h5", lambda p: h5(p, chunks=(1, 1024), maxshape=(None, 1024)), read_h5),
    "h5-contiguous": (".h5", lambda p: h5(p), read_h5),
    "h5-stamp": (".h5", lambda p: h5(p, "feats", features.astype("float16")), lambda p: read_h5(p, "feats")),
    "pt": (".pt", save_pt, read_pt),
    "pt-legacy": (".pt", lambda p: save_pt(p, _use_new_zipfile_serialization=False), read_pt),
    "npy": (".npy", lambda p: np.save(p, features), np.load),
    "npz": (".npz", lambda p: np.savez_compressed(p, features=features), lambda p: np.load(p)["features"]),
    "safetensors": (".safetensors", save_safetensors, read_safetensors),
}

for dialect in wanted or dialects:
    ending, write, read = dialects[dialect]
    os.makedirs(os.path.join(folder, dialect), exist_ok=True)
    path = os.path.join(folder, dialect, "PrimaryTumor_HE_003" + ending)
    try:
        write(path)
        wall, cpu = [], []
        for _ in range(3):
            start, busy = time.perf_counter(), time.process_time()
            read(path)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - busy)
        print(dialect, path, sorted(wall)[1], sorted(cpu)[1])
    except ImportError as error:
        print("skipped", error.name)

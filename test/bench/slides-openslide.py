"""Reads the same tiles with OpenSlide in processes of their own, as CLAM's data loader does.

Arguments: slide, file of int32 coordinates, processes, geometry as JSON. Prints {tiles, seconds, version}.
"""
import json
import multiprocessing
import sys
import time

import numpy
import openslide

path, coords_file, processes, geometry = sys.argv[1:5]
geometry = json.loads(geometry)
coords = numpy.fromfile(coords_file, "<i4").reshape(-1, 2)


def read(share):
    slide = openslide.OpenSlide(path)
    size = (geometry["readPx"], geometry["readPx"])
    for x, y in share:
        slide.read_region((int(x), int(y)), geometry["level"], size).convert("RGB")
    return len(share)


if __name__ == "__main__":
    with multiprocessing.Pool(int(processes)) as pool:
        pool.map(len, [[]] * int(processes))
        before = time.perf_counter()
        tiles = sum(pool.map(read, numpy.array_split(coords, int(processes)), chunksize=1))
        seconds = time.perf_counter() - before
    print(json.dumps({"tiles": tiles, "seconds": seconds, "version": openslide.__library_version__}))

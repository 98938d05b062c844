"""Reads the tiles of the benchmark with OpenSlide in several processes, as CLAM's data loader does.

A tile is an array [side, side, 3], as in the readers of haf-pipeline. `asarray` makes this array: a Pillow image has four bytes per
pixel. The processes start before the time is measured. The tiles stay in the processes.

Arguments: slide, file of int32 coordinates, processes, geometry as JSON. Prints {tiles, seconds, cpuSeconds, version}.
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
        numpy.asarray(slide.read_region((int(x), int(y)), geometry["level"], size).convert("RGB"))
    return len(share), time.process_time()


if __name__ == "__main__":
    with multiprocessing.Pool(int(processes)) as pool:
        pool.map(len, [[]] * int(processes))
        before = time.perf_counter()
        done = pool.map(read, numpy.array_split(coords, int(processes)), chunksize=1)
        seconds = time.perf_counter() - before
    tiles, cpu = (sum(column) for column in zip(*done))
    print(json.dumps({"tiles": tiles, "seconds": seconds, "cpuSeconds": cpu}))

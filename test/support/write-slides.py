"""Writes slides with libraries of other projects. Arguments: format (bigtiff, ome, dicom, czi), path.

Prints nothing. The pixels are waves and noise of a fixed seed.
"""
import os
import struct
import sys

import numpy


def picture():
    noise = numpy.random.default_rng(3)
    y, x = numpy.mgrid[0:768, 0:1024]
    waves = [180 + 40 * numpy.sin(x / 37), 110 + 50 * numpy.cos(y / 23), 150 + 40 * numpy.sin((x + y) / 51)]
    rgb = numpy.stack(waves, -1) + noise.normal(0, 12, (768, 1024, 3))
    return numpy.clip(rgb, 0, 255).astype(numpy.uint8)


def bigtiff(path):
    import tifffile

    rgb = picture()
    tiles = {"tile": (256, 256), "photometric": "rgb", "compression": "deflate"}
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        tiff.write(rgb, **tiles, resolution=(40000, 40000), resolutionunit="CENTIMETER")
        tiff.write(rgb[::2, ::2], **tiles, subfiletype=1)


def ome(path):
    import tifffile

    rgb = picture()
    tiles = {"tile": (256, 256), "photometric": "rgb", "compression": "jpeg"}
    size = {"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25, "PhysicalSizeYUnit": "µm"}
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(rgb, **tiles, subifds=1, metadata={"axes": "YXS", **size})
        tiff.write(rgb[::2, ::2], **tiles, subfiletype=1)
        tiff.write(rgb[:300, :400], **tiles, metadata={"axes": "YXS", "Name": "second", **size})


def dicom(folder):
    from wsidicomizer import WsiDicomizer

    source = folder + ".tif"
    bigtiff(source)
    os.makedirs(folder)
    with WsiDicomizer.open(source) as slide:
        slide.save(folder)


def czi(path):
    """Two scenes on one canvas."""
    from pylibCZIrw import czi as library

    rgb = picture()
    with library.create_czi(path, compression_options="zstd0:ExplicitLevel=1") as slide:
        for scene, (x, y, part) in enumerate([(0, 0, rgb[:384, :512]), (900, 64, rgb[100:356, 200:456])]):
            slide.write(data=numpy.ascontiguousarray(part), plane={"C": 0}, scene=scene, location=(x, y))
        slide.write_metadata(document_name="made", channel_names={0: "c"}, scale_x=0.25e-6, scale_y=0.25e-6)
    without_planes(path)


def without_planes(path):
    """Changes a file of libCZI to the form of slide scanners: removes the dimensions T and Z of length 1, which OpenSlide
    refuses, and adds an empty list of attachments.
    """
    known = (b"X", b"Y", b"C", b"S", b"M")
    data = bytearray(open(path, "rb").read())

    def entry(at):
        count = struct.unpack_from("<i", data, at + 28)[0]
        sizes = [bytes(data[at + 32 + 20 * i : at + 52 + 20 * i]) for i in range(count)]
        kept = [size for size in sizes if size[:4].rstrip(b"\0") in known]
        return bytes(data[at : at + 28]) + struct.pack("<i", len(kept)) + b"".join(kept), at + 32 + 20 * count

    at = 0
    while at + 32 <= len(data):
        kind = bytes(data[at : at + 16]).rstrip(b"\0")
        length = struct.unpack_from("<q", data, at + 16)[0]
        body = at + 32
        if kind == b"ZISRAWDIRECTORY":
            entries, place = b"", body + 128
            for _ in range(struct.unpack_from("<i", data, body)[0]):
                text, place = entry(place)
                entries += text
            data[body + 128 : body + 128 + len(entries)] = entries
            struct.pack_into("<q", data, at + 24, 128 + len(entries))
        elif kind == b"ZISRAWSUBBLOCK":
            text, end = entry(body + 16)
            data[body + 16 : end] = text + bytes(end - body - 16 - len(text))
        at = body + length
    if struct.unpack_from("<q", data, 32 + 72)[0] == 0:
        struct.pack_into("<q", data, 32 + 72, len(data))
        data += b"ZISRAWATTDIR".ljust(16, b"\0") + struct.pack("<qq", 256, 256) + bytes(256)
    open(path, "wb").write(data)


if __name__ == "__main__":
    {"bigtiff": bigtiff, "ome": ome, "dicom": dicom, "czi": czi}[sys.argv[1]](sys.argv[2])

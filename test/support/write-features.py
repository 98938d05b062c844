"""Writes feature files as other tools write them, with the libraries that those tools use.

    python3 test/support/write-features.py FOLDER DIALECT...

writes DIALECT's file below FOLDER (parent folders are made) and prints one line per dialect: its name and the path, or
"skipped" and the module that is not installed. Every file holds the same numbers, so that a test can check a reader by a
formula: row r, column c is ((r * WIDTH + c) % 97) / 4, exact in float16 and bfloat16; corner r is (256 r, 512 r).
Layouts: docs/features.md.
"""

import os
import sys

ROWS, WIDTH = 70, 32
ENCODER = "uni_v1"


def numpy():
    import numpy

    return numpy


def features(kind="float32", rows=ROWS):
    np = numpy()
    return ((np.arange(rows * WIDTH) % 97) / 4).astype(kind).reshape(rows, WIDTH)


def coords(kind="int64", rows=ROWS):
    np = numpy()
    return np.stack([np.arange(rows) * 256, np.arange(rows) * 512], axis=1).astype(kind)


def hdf5(path):
    import h5py

    return h5py.File(path, "w")


def clam_h5(path):
    """CLAM's feature extraction: rows appended to resizable datasets, no attributes."""
    with hdf5(path) as f:
        f.create_dataset("features", data=features(), maxshape=(None, WIDTH), chunks=(1, WIDTH))
        f.create_dataset("coords", data=coords("int32"), maxshape=(None, 2), chunks=(1, 2))


def clam_grid_h5(path):
    """CLAM's feature file with the attributes of CLAM's coordinates file: level 1 of a slide with levels 1, 4, 16."""
    with hdf5(path) as f:
        f.create_dataset("features", data=features())
        grid = f.create_dataset("coords", data=coords())
        grid.attrs["patch_size"] = 256
        grid.attrs["patch_level"] = 1
        grid.attrs["downsample"] = numpy().array([4.0001, 4.0001])
        grid.attrs["name"] = "PrimaryTumor_HE_003"


def trident_attributes(rows, grid):
    rows.attrs["encoder"] = ENCODER
    rows.attrs["name"] = "PrimaryTumor_HE_003"
    rows.attrs["savetodir"] = "features"
    grid.attrs["patch_size"] = 256
    grid.attrs["patch_size_level0"] = 512
    grid.attrs["level0_magnification"] = 40
    grid.attrs["target_magnification"] = 20
    grid.attrs["overlap"] = 0
    grid.attrs["level0_width"] = 40000
    grid.attrs["level0_height"] = 30000


def trident_h5(path):
    with hdf5(path) as f:
        trident_attributes(
            f.create_dataset("features", data=features(), compression="gzip", shuffle=True),
            f.create_dataset("coords", data=coords()),
        )


def trident_batch_h5(path):
    """A batch dimension of one, as TRIDENT has written it."""
    with hdf5(path) as f:
        trident_attributes(
            f.create_dataset("features", data=features()[None]), f.create_dataset("coords", data=coords()[None])
        )


def trident_empty_h5(path):
    """A slide without tissue."""
    with hdf5(path) as f:
        trident_attributes(
            f.create_dataset("features", data=numpy().zeros((0,), "f4")),
            f.create_dataset("coords", data=numpy().zeros((0, 2), "i8")),
        )


def stamp_h5(path):
    """STAMP 2.1 and later: half precision, micrometres, everything else in the file's attributes."""
    with hdf5(path) as f:
        f["coords"] = coords("float32")
        f["feats"] = features("float16")
        f.attrs["stamp_version"] = "2.1.0"
        f.attrs["extractor"] = "uni"
        f.attrs["unit"] = "um"
        f.attrs["tile_size_um"] = 256.0
        f.attrs["tile_size_px"] = 224
        f.attrs["code_hash"] = "0" * 64
        f.attrs["feat_type"] = "tile"


def stamp_patient_h5(path):
    """One vector for a whole patient. It is not a bag."""
    with hdf5(path) as f:
        f["feats"] = features("float32", 1)
        f.attrs["stamp_version"] = "2.2.0"
        f.attrs["feat_type"] = "patient"


def case_h5(path):
    """All modalities of a case in one file, as the authors of the method store them."""
    with hdf5(path) as f:
        f["wsi/features"] = features("float64")
        f["wsi/positions"] = coords()
        f["wsi/reconstructed_features"] = features() + 1000
        f["tma/cd8/features"] = features("float32", 2)
        f["tma/cd163/patches"] = features("float32", 5)
        f["tma/he/features"] = features("float32", 1)[0]
        f["clinical/val"] = numpy().zeros(4, "f4")


def case_empty_h5(path):
    """A case without slide."""
    with hdf5(path) as f:
        f["tma/features"] = features("float32", 3)
        f["clinical/val"] = numpy().zeros(4, "f4")


def other_name_h5(path):
    with hdf5(path) as f:
        f["embeddings/tile"] = features()
        f["coords"] = coords()
        f["labels"] = numpy().zeros(ROWS, "i8")


def lzf_h5(path):
    with hdf5(path) as f:
        f.create_dataset("features", data=features(), chunks=(ROWS, WIDTH), compression="lzf")
        f["coords"] = coords()


def lzf_coords_h5(path):
    with hdf5(path) as f:
        f["features"] = features()
        f.create_dataset("coords", data=coords(), chunks=(ROWS, 2), compression="lzf")


def unequal_h5(path):
    with hdf5(path) as f:
        f["features"] = features()
        f["coords"] = coords(rows=ROWS - 1)


def npy(path):
    numpy().save(path, features("float16"))


def npy_vector(path):
    numpy().save(path, features()[0])


def npz_features(path):
    numpy().savez_compressed(path, features=features(), coords=coords())


def npz_unnamed(path):
    numpy().savez(path, features())


def npz_keys(path):
    numpy().savez_compressed(path, **{"001": features(), "TumorCenter_HE_block1_x2_y3_patient002": features()[0]})


def torch():
    import torch

    return torch


def tensor(kind="float32"):
    return torch().from_numpy(features()).to(getattr(torch(), kind))


def clam_pt(path):
    torch().save(tensor(), path)


def half_pt(path):
    torch().save(tensor("float16"), path)


def bfloat_pt(path):
    torch().save(tensor("bfloat16"), path)


def double_pt(path):
    torch().save(tensor("float64"), path)


def part_pt(path):
    """A part of a larger tensor: torch.save stores all of its storage."""
    whole = torch().cat([torch().full((5, WIDTH), -1.0), tensor(), torch().full((3, WIDTH), -1.0)])
    torch().save(whole[5 : 5 + ROWS], path)


def dict_pt(path):
    torch().save({"features": tensor(), "coords": torch().from_numpy(coords()), "name": "003", "mpp": 0.5}, path)


def parameter_pt(path):
    torch().save(torch().nn.Parameter(tensor()), path)


def legacy_pt(path):
    torch().save(tensor(), path, _use_new_zipfile_serialization=False)


def legacy_dict_pt(path):
    contents = {"coords": torch().from_numpy(coords("int32")), "features": tensor("float16")}
    torch().save(contents, path, _use_new_zipfile_serialization=False)


def protocol4_pt(path):
    torch().save({"features": tensor()}, path, pickle_protocol=4)


def transposed_pt(path):
    torch().save(tensor().t().contiguous().t(), path)


class Shell:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, path):
        self.command = f"touch {path}.ran"

    def __reduce__(self):
        return os.system, (self.command,)


class Evaluated:
    def __init__(self, path):
        self.code = f"open({path!r} + '.ran', 'w')"

    def __reduce__(self):
        return eval, (self.code,)


def malicious_pt(path):
    torch().save(Shell(path), path)


def malicious_dict_pt(path):
    torch().save({"features": tensor(), "notes": [{"by": Evaluated(path)}]}, path)


def malicious_legacy_pt(path):
    torch().save([tensor(), Shell(path)], path, _use_new_zipfile_serialization=False)


def malicious_pickle(path):
    import pickle

    with open(path, "wb") as f:
        pickle.dump({"features": Shell(path)}, f)


def numpy_pickle(path):
    import pickle

    with open(path, "wb") as f:
        pickle.dump(features(), f)


def safetensors_features(path):
    from safetensors.numpy import save_file

    save_file({"features": features(), "coords": coords()}, path)


def safetensors_bfloat(path):
    from safetensors.torch import save_file

    save_file({"feats": tensor("bfloat16")}, path)


def safetensors_keys(path):
    from safetensors.numpy import save_file

    save_file({"001": features("float16"), "TumorCenter_HE_block1_x2_y3_patient002": features("float64")[0]}, path)


def safetensors_single(path):
    from safetensors.numpy import save_file

    save_file({"embeddings": features()}, path)


hancock = "WSI_UNI_encodings/WSI_PrimaryTumor/WSI_PrimaryTumor_Larynx/h5_files/PrimaryTumor_HE_003.h5"
trident = "20x_256px_0px_overlap/features_uni_v1/PrimaryTumor_HE_003.pt"

# For each dialect: the function that writes its file, and the name of the file.
dialects = {
    "clam": (clam_h5, "PrimaryTumor_HE_003.h5"),
    "clam-grid": (clam_grid_h5, "PrimaryTumor_HE_003.h5"),
    "hancock": (clam_h5, hancock),
    "trident": (trident_h5, "PrimaryTumor_HE_003.h5"),
    "trident-batch": (trident_batch_h5, "PrimaryTumor_HE_003.h5"),
    "trident-empty": (trident_empty_h5, "PrimaryTumor_HE_003.h5"),
    "trident-pt": (clam_pt, trident),
    "stamp": (stamp_h5, "PrimaryTumor_HE_003.h5"),
    "stamp-patient": (stamp_patient_h5, "PrimaryTumor_HE_003.h5"),
    "case": (case_h5, "003.h5"),
    "case-empty": (case_empty_h5, "003.h5"),
    "other-name": (other_name_h5, "PrimaryTumor_HE_003.h5"),
    "lzf": (lzf_h5, "PrimaryTumor_HE_003.h5"),
    "lzf-coords": (lzf_coords_h5, "PrimaryTumor_HE_003.h5"),
    "unequal": (unequal_h5, "PrimaryTumor_HE_003.h5"),
    "npy": (npy, "PrimaryTumor_HE_003.npy"),
    "npy-vector": (npy_vector, "TumorCenter_CD8_block1_x2_y3_patient003.npy"),
    "npz-features": (npz_features, "PrimaryTumor_HE_003.npz"),
    "npz-unnamed": (npz_unnamed, "PrimaryTumor_HE_003.npz"),
    "npz-keys": (npz_keys, "tma_uni_tile_1024_CD8.npz"),
    "clam-pt": (clam_pt, "PrimaryTumor_HE_003.pt"),
    "half-pt": (half_pt, "PrimaryTumor_HE_003.pt"),
    "bfloat-pt": (bfloat_pt, "PrimaryTumor_HE_003.pt"),
    "double-pt": (double_pt, "PrimaryTumor_HE_003.pt"),
    "part-pt": (part_pt, "PrimaryTumor_HE_003.pt"),
    "dict-pt": (dict_pt, "PrimaryTumor_HE_003.pt"),
    "parameter-pt": (parameter_pt, "PrimaryTumor_HE_003.pt"),
    "legacy-pt": (legacy_pt, "PrimaryTumor_HE_003.pt"),
    "legacy-dict-pt": (legacy_dict_pt, "PrimaryTumor_HE_003.pt"),
    "protocol4-pt": (protocol4_pt, "PrimaryTumor_HE_003.pt"),
    "transposed-pt": (transposed_pt, "PrimaryTumor_HE_003.pt"),
    "malicious-pt": (malicious_pt, "PrimaryTumor_HE_003.pt"),
    "malicious-dict-pt": (malicious_dict_pt, "PrimaryTumor_HE_003.pt"),
    "malicious-legacy-pt": (malicious_legacy_pt, "PrimaryTumor_HE_003.pt"),
    "malicious-pickle": (malicious_pickle, "PrimaryTumor_HE_003.pt"),
    "numpy-pickle": (numpy_pickle, "PrimaryTumor_HE_003.pt"),
    "safetensors-features": (safetensors_features, "PrimaryTumor_HE_003.safetensors"),
    "safetensors-bfloat": (safetensors_bfloat, "PrimaryTumor_HE_003.safetensors"),
    "safetensors-keys": (safetensors_keys, "tma_uni_tile_1024_CD8.safetensors"),
    "safetensors-single": (safetensors_single, "PrimaryTumor_HE_003.safetensors"),
}

if __name__ == "__main__":
    folder, *wanted = sys.argv[1:]
    for dialect in wanted or dialects:
        write, name = dialects[dialect]
        path = os.path.join(folder, dialect, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            write(path)
            print(dialect, path)
        except ImportError as error:
            print("skipped", error.name)

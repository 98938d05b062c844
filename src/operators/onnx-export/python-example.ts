export const exampleFile = 'example.py';

/**
 * An example program that predicts one patient by `model.json` and the ONNX files beside it. It gives the same numbers as `predict`.
 */
export const pythonExample = `"""Predicts one patient:  python example.py patient.json
patient.json: {"<table>": {"<column>": value or null, ...}, "<bag>": [[...], ...] or "instances.npy"}
Leave out the modalities that the patient lacks. Needs onnxruntime and numpy."""
import json, pathlib, sys
import numpy as np
from onnxruntime import InferenceSession

folder = pathlib.Path(__file__).parent
model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
patient = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
if others := set(patient) - {modality["id"] for modality in model["modalities"]}:
    sys.exit(f"The model has no modality {', '.join(sorted(others))}.")

def number(row, column):
    """A cell as a number. A column that the row lacks, or a word that the training did not have, is a KeyError."""
    value, codes = None if row is None else row[column["name"]], column["codes"]
    word = value if isinstance(value, str) else json.dumps(value)
    return np.nan if value is None else float(value) if codes is None else codes[word]

inputs, has = {}, []
for modality in model["modalities"]:
    name, given = modality["id"], patient.get(modality["id"])
    if modality["kind"] == "table":
        there = given is not None or modality["imputed"]
        inputs[name] = np.array([[number(given, column) for column in modality["columns"]]])
    else:
        bag = np.array(np.load(given) if isinstance(given, str) else given or [], np.float32)
        there, inputs[name] = bag.size > 0, bag if bag.size else np.zeros((1, modality["width"]), np.float32)
    has.append(there)
inputs["open"] = np.array([has], np.float32)
sessions = [InferenceSession(folder / fold["file"], providers=["CPUExecutionProvider"]) for fold in model["folds"]]
folds = np.array([session.run(["prediction"], inputs)[0][0] for session in sessions])
print(json.dumps({"mean": folds.mean(axis=0).tolist(), "folds": folds.tolist()}))
`;

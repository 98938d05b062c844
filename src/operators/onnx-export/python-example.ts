export const exampleFile = 'example.py';

/** Predicts one patient by `model.json` and the ONNX files beside it: the same numbers as `predict`. */
export const pythonExample = `"""Predicts one patient:  python example.py patient.json

patient.json: {"<table>": {"<column>": value or null, ...}, "<bag>": [[...], ...] or "instances.npy"}
Leave out the modalities that the patient lacks. Needs onnxruntime and numpy."""
import json, pathlib, sys
import numpy as np
import onnxruntime

folder = pathlib.Path(__file__).parent
model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
patient = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
if others := set(patient) - {modality["id"] for modality in model["modalities"]}:
    sys.exit(f"The model has no modality {', '.join(sorted(others))}.")

def encode(columns, row):
    """The vector of a table row. A column that the row lacks, or a word the training did not have, is a KeyError."""
    vector = []
    for column in columns:
        value, codes = row[column["name"]] if row is not None else None, column["codes"]
        text = value if isinstance(value, str) else json.dumps(value)
        x = np.nan if value is None else float(value) if codes is None else codes[text]
        if np.isnan(x) or (column["known"] is not None and x not in column["known"]):
            x = column["fill"]
        elif column["range"] is not None:
            x = min(max(x, column["range"][0]), column["range"][1])
        one_hot = column["kind"] == "nominal"
        vector += [x == k for k in range(column["width"])] if one_hot else [(x - column["offset"]) / column["scale"]]
    return np.array([vector], np.float32)

def predict(fold, logits):
    """The calibrated probability, or S(t) at each horizon."""
    if fold["calibration"] is None:
        ends = [np.dot(at["weights"], np.logaddexp(0, logits)) if "weights" in at
                else 0 if at["logHazard"] is None else np.exp(at["logHazard"] + logits[0]) for at in fold["horizons"]]
        return np.exp(-np.array(ends))
    logit, map = logits[0] if len(logits) == 1 else logits[1] - logits[0], fold["calibration"]
    if map["kind"] == "isotonic":
        return [np.interp(logit, map["logits"], map["probabilities"])]
    return [(1 + np.tanh((map["slope"] * logit + map["intercept"]) / 2)) / 2]

results = []
for fold in model["folds"]:
    inputs, has = {}, []
    for modality in model["modalities"]:
        name, given = modality["id"], patient.get(modality["id"])
        if modality["kind"] == "table":
            has.append(given is not None or modality["imputed"])
            inputs[name] = encode(fold["tables"][name], given)
        else:
            bag = np.array(np.load(given) if isinstance(given, str) else given or [], np.float32)
            has.append(bag.size > 0)
            inputs[name] = bag if bag.size > 0 else np.zeros((1, modality["width"]), np.float32)
    if any(has):
        session = onnxruntime.InferenceSession(folder / fold["file"], providers=["CPUExecutionProvider"])
        logits = session.run(["logits"], {**inputs, "open": np.array([has], np.float32)})[0][0]
        results.append(predict(fold, logits.astype(np.float64)))
    else:
        results.append(fold["unseen"])
print(json.dumps({"mean": np.mean(results, axis=0).tolist(), "folds": np.array(results).tolist()}))
`;

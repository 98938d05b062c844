"""Heads of comparison methods and MFMF in PyTorch, float64, written from the text of docs/method.md 8.3 to 8.7.

Each patient is computed alone, from the observed modalities only. There are no masks, and no zero vectors except where
the text asks for them. Reads a list of cases from the given file, prints a list of {logits, loss, gradients}.
"""

import json
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def linear(w, name, x):
    return x @ w[name + ".weight"] + w[name + ".bias"]


def norm(w, name, x):
    return F.layer_norm(x, (x.shape[-1],), w[name + ".weight"], w[name + ".bias"])


def embeddings(w, patient):
    """e^(m) of the modalities of a patient: the projection P(x), or x itself for a modality without projection."""
    found = {}
    for modality, x in patient.items():
        x = torch.tensor(x)
        name = "projection." + modality
        found[modality] = linear(w, name, x) if name + ".weight" in w else x
    return found


def pool(case, w, patient, mask):
    e = torch.stack(list(embeddings(w, patient).values()))
    h = {"mean": e.mean(0), "sum": e.sum(0), "max": e.max(0).values}[case["how"]]
    return linear(w, "pool", h), {}


def ps3(case, w, patient, mask):
    e = embeddings(w, patient)
    names = list(e)
    tokens = norm(w, "ps3.norm", torch.stack([e[m] for m in names]))
    q, k, v = linear(w, "ps3.attention", tokens).chunk(3, dim=-1)
    seen = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1) @ v
    own = {m: norm(w, "ps3.norm", linear(w, "ps3.own." + m, seen[i])) for i, m in enumerate(names)}
    zero = torch.zeros(tokens.shape[-1])
    flat = torch.cat([own.get(m, zero) for m in case["modalities"]])
    hidden = torch.relu(linear(w, "ps3.hidden", flat))
    return linear(w, "ps3.output", hidden if mask is None else hidden * mask), {}


def mdlm(case, w, patient, mask):
    e = embeddings(w, patient)
    scores = {m: linear(w, "mdlm." + m, x) for m, x in e.items()}
    if case.get("how") == "mean":
        return torch.stack(list(scores.values())).mean(0), scores
    weight = dict(zip(case["modalities"], w["mdlm.weight"]))
    return w["mdlm.bias"] + sum(weight[m] * s for m, s in scores.items()), scores


def mdlm_frozen(case, w, patient, mask):
    """The frozen method: two outputs of each image head, the table columns unchanged, and a layer that is not trained."""
    e = embeddings(w, patient)
    parts = []
    for modality, width in zip(case["modalities"], case["widths"]):
        if modality in ("WSI", "TMA"):
            parts.append(linear(w, "mdlm." + modality, e[modality]) if modality in e else torch.zeros(2))
        else:
            parts.append(e.get(modality, torch.zeros(width)))
    frozen = {name: torch.tensor(a["data"]).reshape(a["shape"]) for name, a in case["frozen"].items()}
    return linear(frozen, "frozen", torch.cat(parts)), {}


def bilinear(case, w, patient, mask):
    e = embeddings(w, patient)
    c = dict(zip(case["modalities"], w["bilinear.left"]))
    a = dict(zip(case["modalities"], w["bilinear.right"]))
    width = len(next(iter(e.values())))
    W = w["bilinear.weight"].reshape(width, width, width)
    beta = w["bilinear.bias"].reshape(width)
    g = torch.zeros(width)
    for i in e:
        for j in e:
            b = torch.stack([e[i] @ W[out] @ e[j] for out in range(width)]) + beta
            g = g + c[i] * a[j] * b
    return linear(w, "bilinear.output", g), {}


def mfmf(case, w, patient, mask):
    tables = [linear(w, "token." + m, torch.tensor(x)) for m, x in patient["tables"].items()]
    q = torch.stack(tables) if tables else w["query"]
    for position, modality in enumerate(case["sequence"]):
        bag = patient["bags"].get(modality)
        if bag is None:
            continue
        name = f"block.{position + 1}.{modality}"
        kv = norm(w, name + ".contextNorm", linear(w, "token." + modality, torch.tensor(bag)))
        queries = norm(w, name + ".queryNorm", q)
        Q, K, V = (
            x @ w[f"{name}.{part}.weight"]
            for x, part in [(queries, "query"), (kv, "key"), (kv, "value")]
        )
        side = Q.shape[-1] // case["heads"]
        heads = []
        for h in range(case["heads"]):
            part = slice(h * side, (h + 1) * side)
            scores = Q[:, part] @ K[:, part].T / side**0.5
            heads.append(torch.softmax(scores, dim=-1) @ V[:, part])
        q = q + linear(w, name + ".attended", torch.cat(heads, dim=-1))
        hidden = F.gelu(linear(w, name + ".hidden", norm(w, name + ".hiddenNorm", q)))
        q = q + linear(w, name + ".output", hidden)
    return linear(w, "output", q.mean(0)), {}


def loss_of(outputs, y):
    if len(outputs) == 1:
        return F.binary_cross_entropy_with_logits(outputs[0], torch.tensor(float(y)))
    return F.cross_entropy(outputs[None], torch.tensor([y]))


networks = {"pool": pool, "ps3": ps3, "mdlm": mdlm, "mdlm_frozen": mdlm_frozen, "bilinear": bilinear, "mfmf": mfmf}


def answer(case):
    w = {
        name: torch.tensor(array["data"]).reshape(array["shape"]).requires_grad_()
        for name, array in case["weights"].items()
    }
    network = networks[case["network"]]
    total = 0
    logits = []
    masks = case.get("dropout")
    for i, (patient, y) in enumerate(zip(case["patients"], case["labels"])):
        outputs, _ = network(case, w, patient, None)
        logits.append((outputs[0] if len(outputs) == 1 else outputs[1] - outputs[0]).item())
        outputs, own = network(case, w, patient, None if masks is None else torch.tensor(masks[i]))
        total = total + loss_of(outputs, y)
        if own:
            total = total + sum(loss_of(s, y) for s in own.values()) / len(own)
    loss = total / len(case["patients"])
    loss.backward()
    return {
        "logits": logits,
        "loss": loss.item(),
        "gradients": {name: array.grad.flatten().tolist() for name, array in w.items()},
    }


with open(sys.argv[1]) as file:
    print(json.dumps([answer(case) for case in json.load(file)]))

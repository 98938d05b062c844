"""An epoch of each part of HAF in PyTorch, one patient at a time, as the authors of HAF train. Each patient has a forward
pass. The loss of a group is the sum of the losses of its patients. A backward pass and a step of Adam follow per group.

    epoch-torch.py PART THREADS REPEATS [cpu|cuda] < group sizes -> milliseconds of each repeat, as JSON

PART is `bags WIDTH` (Stage 1; the numbers are instances of each draw, a group per line) or `aligned` (Stages 2 and 3 on
vectors of seven modalities; the numbers are modalities observed). On a GPU only Stage 1 is measured: each bag is copied
to the GPU before its forward pass. The script then also measures the bandwidth of a copy within the GPU.
"""

import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_encoder import Encoder

part, width, threads, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
device = torch.device(sys.argv[5] if len(sys.argv) > 5 else "cpu")
groups = [[int(n) for n in line.split()] for line in sys.stdin if line.strip()]
torch.set_num_threads(threads)
torch.manual_seed(1)
tables = [64, 64, 7, 37, 16, 40, 4]


class Aligned(nn.Module):
    def __init__(self, d=128):
        super().__init__()
        self.phi = nn.ModuleList([nn.Sequential(nn.Linear(n, d), nn.ReLU(), nn.Linear(d, d)) for n in tables])
        self.fusion = nn.Sequential(nn.Linear(len(tables) * d, 64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 1))

    def forward(self, vectors, observed, y):
        u = [phi(x) if m < observed else None for m, (phi, x) in enumerate(zip(self.phi, vectors))]
        seen = torch.stack([F.normalize(x, dim=0) for x in u if x is not None], dim=1)
        q, sigma, _ = torch.linalg.svd(seen, full_matrices=False)
        spread = -torch.log_softmax(sigma, dim=0)[0]
        zero = torch.zeros(128)
        read = [zero if x is None else x.detach() for x in u]
        dropped = [zero if torch.rand(()) < 0.5 else x for x in read]
        label = torch.tensor([float(y)])
        full, reduced = self.fusion(torch.cat(read)), self.fusion(torch.cat(dropped))
        full, reduced = (F.binary_cross_entropy_with_logits(x, label) for x in (full, reduced))
        return spread, q[:, 0], full + reduced + F.relu(full - reduced)


if part == "bags":
    model = Encoder(width).to(device)
    store = torch.randn(max(max(group) for group in groups), width)
else:
    model = Aligned()
    vectors = [torch.randn(n) for n in tables]
model.train()
adam = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-5)


def step(group):
    adam.zero_grad()
    if part == "bags":
        # A backward pass for each bag: the activations of 64 large bags do not fit.
        for i, n in enumerate(group):
            (model(store[:n].to(device), i % 2) / len(group)).backward()
    else:
        parts = [model(vectors, n, i % 2) for i, n in enumerate(group)]
        leading = torch.stack([q for _, q, _ in parts])
        apart = F.cross_entropy(leading @ leading.T, torch.arange(len(group)))
        (sum(s + f for s, _, f in parts) / len(group) + 0.01 * apart).backward()
    adam.step()


def finished():
    if device.type == "cuda":
        torch.cuda.synchronize()


def bandwidth():
    """Bytes a second of a copy within the card, read and written."""
    if device.type != "cuda":
        return None
    source = torch.empty(2**28, device=device)
    target = torch.empty_like(source)
    for _ in range(3):
        target.copy_(source)
    finished()
    start = time.perf_counter()
    for _ in range(20):
        target.copy_(source)
    finished()
    return 20 * 2 * 4 * 2**28 / (time.perf_counter() - start)


times = []
for repeat in range(repeats + 1):
    start = time.perf_counter()
    for group in groups:
        step(group)
    finished()
    if repeat > 0:
        times.append(1000 * (time.perf_counter() - start))
print(json.dumps({"version": torch.__version__, "times": times, "bandwidth": bandwidth()}))

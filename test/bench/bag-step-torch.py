"""The Stage-1 step of one bag in PyTorch, as the authors of HAF write it: forward, instance loss, dropout, backward.

    bag-step-torch.py N WIDTH REPEATS THREADS cpu|cuda -> milliseconds of each repeat, as a JSON list

On a GPU a step begins with the copy of the bag to the GPU, and ends when the GPU is done. The step of haf-pipeline is
measured in the same way.
"""

import json
import sys
import time

import torch

from torch_encoder import Encoder

rows, width, repeats, threads = map(int, sys.argv[1:5])
device = torch.device(sys.argv[5])
torch.set_num_threads(threads)
torch.manual_seed(1)

model = Encoder(width).to(device)
model.train()
bag = torch.randn(rows, width)


def step():
    model.zero_grad()
    model(bag.to(device), 1).backward()
    if device.type == "cuda":
        torch.cuda.synchronize()


for _ in range(max(3, repeats // 5)):
    step()
times = []
for _ in range(repeats):
    start = time.perf_counter()
    step()
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps({"version": torch.__version__, "times": times}))

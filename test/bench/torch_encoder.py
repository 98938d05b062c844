"""The gated-attention encoder with its losses in PyTorch, as the authors of HAF write it: one bag at a time."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self, width, d1=64, d2=32, p=0.25, k=8):
        super().__init__()
        self.k = k
        self.embed = nn.Sequential(nn.Linear(width, d1), nn.ReLU(), nn.Dropout(p))
        self.tanh = nn.Sequential(nn.Linear(d1, d2), nn.Tanh(), nn.Dropout(p))
        self.sigmoid = nn.Sequential(nn.Linear(d1, d2), nn.Sigmoid(), nn.Dropout(p))
        self.score = nn.Linear(d2, 1)
        self.classifier = nn.Linear(d1, 2)
        self.heads = nn.ModuleList([nn.Linear(d1, 2), nn.Linear(d1, 2)])

    def forward(self, h, y):
        device = h.device
        x = self.embed(h)
        scores = self.score(self.tanh(x) * self.sigmoid(x)).T
        z = torch.softmax(scores, dim=1) @ x
        k = min(self.k, len(x))
        top = x[torch.topk(scores[0], k)[1]]
        bottom = x[torch.topk(-scores[0], k)[1]]
        ones, zeros = torch.ones(k, dtype=torch.long, device=device), torch.zeros(k, dtype=torch.long, device=device)
        own = F.cross_entropy(self.heads[y](torch.cat([top, bottom])), torch.cat([ones, zeros]))
        other = F.cross_entropy(self.heads[1 - y](top), zeros)
        bag = F.cross_entropy(self.classifier(z), torch.tensor([y], device=device))
        return 0.7 * bag + 0.3 * (own + other) / 2

"""Maps points by scikit-learn's exact t-SNE, and computes the trustworthiness of this map and of a given map. JSON in and out.

stdin: {"points": [[...]], "map": [[x, y], ...], "perplexity": p}
stdout: {"theirs": trustworthiness, "ours": trustworthiness}
"""
import json
import sys

import numpy as np
from sklearn.manifold import TSNE, trustworthiness

given = json.load(sys.stdin)
points = np.array(given["points"], dtype=np.float32)
tsne = TSNE(
    method="exact", perplexity=given["perplexity"], init="pca", learning_rate="auto", random_state=42
)
judge = lambda embedded: float(trustworthiness(points, embedded, n_neighbors=12))
json.dump({"theirs": judge(tsne.fit_transform(points)), "ours": judge(np.array(given["map"]))}, sys.stdout)

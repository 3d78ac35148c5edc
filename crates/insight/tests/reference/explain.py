"""Explanations of one function by Captum 0.9.0, SHAP 0.51.0 and Quantus 0.6.0, for explain.rs.

    pip install torch captum==0.9.0 shap==0.51.0 quantus==0.6.0
    python explain.py > explain.json
"""

import json

import captum.attr
import numpy as np
import quantus
import shap
import torch


def f(x):
    """[n, 5] → [n]; the same stands in explain.rs."""
    a, b, c, d, e = x.unbind(-1)
    return torch.sin(a) * b + c * c * d - torch.tanh(a * e)


x = torch.tensor([[0.8, -1.5, 1.2, 0.7, 2.0]], dtype=torch.float64)
backgrounds = torch.tensor(
    [[0.0, 0.0, 0.0, 0.0, 0.0], [0.5, 1.0, -0.3, 0.2, -1.0], [-1.1, 0.4, 0.9, -0.6, 0.3]], dtype=torch.float64
)
out = {"x": x[0].tolist(), "backgrounds": backgrounds.tolist()}

gradients = captum.attr.IntegratedGradients(f)
out["integrated"] = [
    gradients.attribute(x, b[None], n_steps=12, method="gausslegendre")[0].tolist() for b in backgrounds
]
out["occlusion"] = [captum.attr.FeatureAblation(f).attribute(x, b[None])[0].tolist() for b in backgrounds]
out["shapley"] = [captum.attr.ShapleyValues(f).attribute(x, b[None])[0].tolist() for b in backgrounds[:1]]

exact = shap.explainers.Exact(
    lambda rows: f(torch.tensor(rows, dtype=torch.float64)).numpy(), shap.maskers.Independent(backgrounds.numpy())
)
out["shapley_of_backgrounds"] = exact(x.numpy()).values[0].tolist()


class Scores(torch.nn.Module):
    """What Quantus takes: [n, 1, 5] → [n, 1]."""

    def forward(self, rows):
        return f(rows[:, 0].double())[:, None]


order = np.array(out["shapley_of_backgrounds"])
flipping = quantus.PixelFlipping(features_in_step=1, perturb_baseline=0.0, normalise=False, disable_warnings=True)
curve = flipping(
    model=Scores().eval(), x_batch=x.numpy()[:, None], y_batch=np.array([0]), a_batch=order[None, None], device="cpu", softmax=False
)
# Before the first part is taken away, Quantus says nothing.
out["deletion"] = np.array(curve[0], dtype=float).ravel().tolist()
print(json.dumps(out, indent=1))

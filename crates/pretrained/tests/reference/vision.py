"""Writes small networks for pictures with weights that are drawn, as the hub stores them, and their answers: reference values for the tests.

    pip install torch transformers safetensors
    python vision.py    # resnet-basic/, resnet-bottleneck/, efficientnet/ and vision.json
"""

import json
import os

import torch
from transformers import EfficientNetConfig, EfficientNetModel, ResNetConfig, ResNetForImageClassification, ResNetModel

HERE = os.path.dirname(os.path.abspath(__file__))


def drawn(model):
    """Weights that keep signals at their size, and statistics that are not trivial, so that every part counts."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, (2 / parameter[0].numel()) ** 0.5)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.normal_(1, 0.2)
                module.bias.normal_(0, 0.2)
                module.running_mean.add_(0.2 * torch.randn_like(module.running_mean))
                module.running_var.mul_(0.5 + torch.rand_like(module.running_var))
    return model.eval()


torch.manual_seed(0)
small = dict(embedding_size=6, hidden_sizes=[6, 8, 12], depths=[1, 2, 1])
efficient = EfficientNetConfig(
    width_coefficient=0.25,
    depth_coefficient=1.1,
    depth_divisor=4,
    kernel_sizes=[3, 5, 3],
    in_channels=[32, 16, 24],
    out_channels=[16, 24, 40],
    depthwise_padding=[1],
    strides=[1, 2, 2],
    num_block_repeats=[1, 2, 1],
    expand_ratios=[1, 4, 6],
    hidden_dim=320,
)
models = {
    "resnet-basic": ResNetModel(ResNetConfig(layer_type="basic", **small)),
    "resnet-bottleneck": ResNetForImageClassification(
        ResNetConfig(layer_type="bottleneck", downsample_in_bottleneck=True, downsample_in_first_stage=True, **small)
    ),
    "efficientnet": EfficientNetModel(efficient),
}
# One dark, one bright; a few digits each, so that the file stays small.
pictures = torch.tensor([0.3, 1.0]).reshape(2, 1, 1, 1) * torch.rand(2, 3, 33, 48)
pictures = (100 * pictures).round() / 100
# Ours have their channels last.
found = {"shape": [2, 33, 48, 3], "pictures": pictures.permute(0, 2, 3, 1).flatten().double().mul(100).round().div(100).tolist(), "vectors": {}}
for name, model in models.items():
    drawn(model).save_pretrained(os.path.join(HERE, name), safe_serialization=True)
    base = getattr(model, "resnet", model)
    with torch.no_grad():
        found["vectors"][name] = base(pictures).pooler_output.flatten(1).tolist()
with open(os.path.join(HERE, "vision.json"), "w") as file:
    json.dump(found, file)

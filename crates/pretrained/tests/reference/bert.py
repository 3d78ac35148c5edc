"""Writes a small BERT with weights that are drawn, as the hub stores it, and what it answers: reference values for the tests.

    pip install torch transformers safetensors
    python bert.py                    # bert/config.json, bert/model.safetensors, bert.json
    python bert.py FOLDER FILE.json   # the answers of another BERT, such as MiniLM, for a few texts, for examples/compare.rs
"""

import json
import os
import sys

import torch
from transformers import BertConfig, BertModel

HERE = os.path.dirname(os.path.abspath(__file__))


def mean(hidden, mask):
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


def rounded(tensor):
    # As many digits as a number of single precision has.
    return [float(f"{x:.8g}") for x in tensor.flatten().tolist()]


def answers(model, vocabulary, lengths, gradients):
    torch.manual_seed(1)
    time = max(lengths)
    ids = torch.randint(1, vocabulary, (len(lengths), time))
    mask = (torch.arange(time)[None] < torch.tensor(lengths)[:, None]).long()
    ids = ids * mask
    model.eval()
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    texts = mean(hidden, mask)
    found = {"ids": ids.tolist(), "lengths": lengths, "texts": texts.tolist()}
    if gradients:
        found["first"] = hidden[0, : lengths[0]].tolist()
        # The loss is Σ c · text with c = 0, 1, 2, … / 10.
        factors = torch.arange(texts.numel(), dtype=torch.float32).reshape(texts.shape) / 10
        (texts * factors).sum().backward()
        named = dict(model.named_parameters())
        kept = [
            "embeddings.word_embeddings.weight",
            "embeddings.LayerNorm.weight",
            "encoder.layer.0.attention.self.query.weight",
            "encoder.layer.0.attention.self.value.bias",
            "encoder.layer.1.output.dense.weight",
            "encoder.layer.1.output.LayerNorm.bias",
        ]
        found["gradients"] = {name: rounded(named[name].grad) for name in kept}
    return found


if len(sys.argv) == 3:
    model = BertModel.from_pretrained(sys.argv[1])
    with torch.no_grad():
        found = answers(model, model.config.vocab_size, [12, 5, 30, 1], False)
    with open(sys.argv[2], "w") as file:
        json.dump(found, file)
    sys.exit()

torch.manual_seed(0)
config = BertConfig(
    vocab_size=40,
    hidden_size=24,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=40,
    max_position_embeddings=12,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
model = BertModel(config)
with torch.no_grad():
    # Larger than at the start of a training, so that every part counts.
    for parameter in model.parameters():
        parameter.add_(0.2 * torch.randn_like(parameter))
model.save_pretrained(os.path.join(HERE, "bert"), safe_serialization=True)
with open(os.path.join(HERE, "bert.json"), "w") as file:
    json.dump(answers(model, config.vocab_size, [7, 3, 9], True), file)

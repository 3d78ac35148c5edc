"""The workloads as a PyTorch user writes them. Parameters are declared in Pellucid's order."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Workload:
    """A network, a batch and a loss; pictures arrive as [n, height, width, channels]."""

    def __init__(self, variant):
        self.variant = variant
        self.model = self.build()

    def load(self, weights):
        parameters = list(self.model.parameters())
        assert len(parameters) == len(weights), (len(parameters), len(weights))
        with torch.no_grad():
            for parameter, weight in zip(parameters, weights):
                if weight.dim() == 4:
                    weight = weight.permute(0, 3, 1, 2)
                parameter.copy_(weight)
        if self.variant == "channels-last":
            self.model = self.model.to(memory_format=torch.channels_last)

    def take(self, batch):
        x = batch["x"]
        if x.dim() == 4:
            form = torch.channels_last if self.variant == "channels-last" else torch.contiguous_format
            x = x.permute(0, 3, 1, 2).contiguous(memory_format=form)
        self.x, self.y = x, batch.get("y")

    def loss(self):
        scores = self.model(self.x)
        return F.cross_entropy(scores.reshape(self.y.numel(), -1), self.y.reshape(-1))

    def optimizer(self):
        return torch.optim.Adam(self.model.parameters())

    def adamw(self, decay, betas=(0.9, 0.999)):
        """AdamW; only the matrices of linear maps and convolutions decay."""
        layers = [m for m in self.model.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.RNNBase))]
        matrices = [p for layer in layers for p in layer.parameters(recurse=False) if p.dim() > 1]
        known = {id(p) for p in matrices}
        others = [p for p in self.model.parameters() if id(p) not in known]
        groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, betas=betas, weight_decay=decay)


class Perceptron(Workload):
    def build(self):
        return nn.Sequential(nn.Linear(54, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 7))


class Between(nn.Module):
    """What comes between the joined columns and the answer: a residual network on vectors."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)

    def forward(self, x):
        return x + self.second(F.relu(self.first(self.norm(x))))


class ColumnsModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Embedding(106, 13)
        self.trunk = nn.Sequential(
            nn.Linear(141 + 8 * 13, 256), Between(256), Between(256), nn.LayerNorm(256), nn.ReLU()
        )
        self.head = nn.Linear(256, 2)

    def forward(self, numbers, codes):
        return self.head(self.trunk(torch.cat([numbers, self.codes(codes).flatten(1)], 1)))


class Columns(Workload):
    """The network that `pellucid train` builds for Adult."""

    def build(self):
        return ColumnsModel()

    def take(self, batch):
        super().take(batch)
        self.codes = batch["codes"]

    def loss(self):
        return F.cross_entropy(self.model(self.x, self.codes), self.y)

    def optimizer(self):
        return self.adamw(0.02, (0.9, 0.99))


class Designed(Workload):
    """The network that `pellucid train` builds for many small grey pictures."""

    def build(self):
        def unit(inputs, outputs, *between):
            conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            return [conv, *between, nn.BatchNorm2d(outputs), nn.ReLU()]

        layers, before = unit(1, 24), 24
        for wide in [32, 128, 128]:
            layers += unit(before, wide, nn.MaxPool2d(2)) + unit(wide, wide)
            before = wide
        return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(before, 10))

    def optimizer(self):
        return self.adamw(0.05, (0.9, 0.99))


class Small(Workload):
    def build(self):
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip

    def load(self, weights):
        # Pellucid flattens rows, columns, channels; PyTorch channels first.
        weights[4] = weights[4].reshape(128, 12, 12, 64).permute(0, 3, 1, 2).reshape(128, -1)
        super().load(weights)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = None
        if inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        around = x if self.shortcut is None else self.shortcut(x)
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        return F.relu(self.norm2(self.conv2(y)) + around, inplace=True)


class ResNet18(nn.Module):
    def __init__(self, classes, small):
        super().__init__()
        self.small = small
        self.conv = nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(64)
        blocks, inputs = [], 64
        for stage, outputs in enumerate([64, 128, 256, 512]):
            for block in range(2):
                blocks.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(512, classes)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        if not self.small:
            x = F.max_pool2d(x, 3, 2, 1)
        return self.head(self.blocks(x).mean((2, 3)))


class ResNet(Workload):
    def build(self):
        return ResNet18(10, True)

    def optimizer(self):
        return torch.optim.SGD(self.model.parameters(), 1e-6, momentum=0.9)


class UsedResNet(Workload):
    def build(self):
        return ResNet18(1000, False)

    def loss(self):
        return self.model(self.x).sum()

    def optimizer(self):
        return None


class Factors(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.users = nn.Embedding(50_000, 64, sparse=sparse)
        self.items = nn.Embedding(20_000, 64, sparse=sparse)
        self.user_bias = nn.Embedding(50_000, 1, sparse=sparse)
        self.item_bias = nn.Embedding(20_000, 1, sparse=sparse)

    def forward(self, users, items):
        biases = self.user_bias(users).squeeze(1) + self.item_bias(items).squeeze(1)
        return (self.users(users) * self.items(items)).sum(1) + biases


class Ratings(Workload):
    def build(self):
        return Factors(self.variant == "sparse")

    def take(self, batch):
        self.users, self.items, self.y = batch["users"], batch["items"], batch["y"]

    def loss(self):
        return F.mse_loss(self.model(self.users, self.items), self.y)

    def optimizer(self):
        kind = torch.optim.SparseAdam if self.variant == "sparse" else torch.optim.Adam
        return kind(list(self.model.parameters()), eps=1e-12)


class Attention(nn.Module):
    """Query, key and value come from one linear map, as in PyTorch's own MultiheadAttention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        three = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        y = F.scaled_dot_product_attention(*three.permute(2, 0, 3, 1, 4))
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class Encoder(nn.Module):
    """A layer of a transformer with its norms before attention and feed-forward network."""

    def __init__(self, width, heads, inner):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.first = nn.Linear(width, inner)
        self.second = nn.Linear(inner, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.second(F.gelu(self.first(self.norm2(x))))


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, width, layers, heads, inner, length):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(length, width)
        self.layers = nn.Sequential(*(Encoder(width, heads, inner) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x):
        x = self.tokens(x) + self.places.weight[: x.shape[1]]
        return self.head(self.norm(self.layers(x)))


class Language(Workload):
    def build(self):
        return LanguageModel(8000, 256, 4, 4, 1024, 128)

    def optimizer(self):
        return self.adamw(0.01)


class LastState(nn.Module):
    """Classes from the last state of a recurrent network."""

    def __init__(self, kind):
        super().__init__()
        self.recurrent = kind(64, 256, batch_first=True)
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


class Gru(Workload):
    def build(self):
        return LastState(nn.GRU)


class Lstm(Workload):
    def build(self):
        return LastState(nn.LSTM)


WORKLOADS = {
    "W1": Perceptron,
    "W2": Small,
    "W3": ResNet,
    "W4": Language,
    "W5-gru": Gru,
    "W5-lstm": Lstm,
    "W6": Ratings,
    "W7-1": UsedResNet,
    "W7-16": UsedResNet,
    "W8-table": Columns,
    "W8-picture": Designed,
}

"""The ear's audio network: a small residual network over mel bands, pooled over time. No training here."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

N_BANDS = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network.

    Attributes
    ----------
    channels : tuple of int
        Of the stem, then of each stage; each stage halves time and bands.
    n_blocks : tuple of int
        Residual blocks of each stage.
    expansion : int
        Of a block's inner channels; 0 for plain 3 x 3 convolutions.
    n_hidden : int
        Units between the pooled network and the vector.
    n_acoustic : int
        Length of the acoustic vector that is a second input; 0 for none.
    n_described : int
        Units of the layers that the acoustic vector goes through.
    audio_share : float
        Share of the audio branch in the vector; the rest is the acoustic branch. Not used in training.
    n_dims : int
    """

    channels: tuple[int, ...] = (32, 64, 128, 224)
    n_blocks: tuple[int, ...] = (1, 1, 1)
    expansion: int = 0
    n_hidden: int = 320
    n_acoustic: int = 128
    n_described: int = 384
    audio_share: float = 0.6
    n_dims: int = 128
    dropout: float = 0.2


class Plain(nn.Module):
    """Two 3 x 3 convolutions with a shortcut."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.shortcut = shortcut(n_in, n_out, stride=stride)

    def forward(self, value: Tensor) -> Tensor:
        """Map (n, channels, steps, bands) to the same, at half the size where the stride is 2."""
        inner = functional.relu(self.first_norm(self.first(value)))
        return functional.relu(self.second_norm(self.second(inner)) + self.shortcut(value))


class Inverted(nn.Module):
    """Widen, convolve each channel alone, narrow (Sandler et al. 2018, arXiv:1801.04381), with a shortcut."""

    def __init__(self, n_in: int, n_out: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        n_inner = n_in * expansion
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_inner, 1, bias=False),
            nn.BatchNorm2d(n_inner),
            nn.ReLU(),
            nn.Conv2d(n_inner, n_inner, 3, stride=stride, padding=1, groups=n_inner, bias=False),
            nn.BatchNorm2d(n_inner),
            nn.ReLU(),
            nn.Conv2d(n_inner, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = shortcut(n_in, n_out, stride=stride)

    def forward(self, value: Tensor) -> Tensor:
        """Map (n, channels, steps, bands) to the same, at half the size where the stride is 2."""
        return self.body(value) + self.shortcut(value)


def shortcut(n_in: int, n_out: int, *, stride: int) -> nn.Module:
    """What a block's input becomes so that it can be added to its output."""
    if n_in == n_out and stride == 1:
        return nn.Identity()
    pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
    return nn.Sequential(pool, nn.Conv2d(n_in, n_out, 1, bias=False), nn.BatchNorm2d(n_out))


class Ear(nn.Module):
    """Mel bands in, a vector of unit length out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        stem, *stages = shape.channels
        layers: list[nn.Module] = [
            nn.Conv2d(1, stem, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
        ]
        n_in = stem
        for n_out, n_blocks in zip(stages, shape.n_blocks, strict=True):
            for number in range(n_blocks):
                stride = 2 if number == 0 else 1
                if shape.expansion:
                    layers.append(Inverted(n_in, n_out, stride=stride, expansion=shape.expansion))
                else:
                    layers.append(Plain(n_in, n_out, stride=stride))
                n_in = n_out
        self.body = nn.Sequential(*layers)
        n_bands = N_BANDS >> (len(stages) + 1)
        self.mix = nn.Conv1d(n_in * n_bands, n_in * 2, 1, bias=False)
        self.mix_norm = nn.BatchNorm1d(n_in * 2)
        self.attention = nn.Conv1d(n_in * 2, 4, 1)
        self.n_pooled = n_in * 2 * 2
        self.pooled_norm = nn.BatchNorm1d(self.n_pooled)
        self.hidden = nn.Linear(self.n_pooled, shape.n_hidden)
        self.hidden_norm = nn.BatchNorm1d(shape.n_hidden)
        self.out = nn.Linear(shape.n_hidden, shape.n_dims)
        if shape.n_acoustic:
            self.described = Described(shape)

    def pooled(self, mel: Tensor) -> Tensor:
        """Pool the feature map over time, (n, 1, steps, bands) to (n, n_pooled)."""
        value = self.body(mel)
        value = value.permute(0, 1, 3, 2).flatten(1, 2)
        value = functional.relu(self.mix_norm(self.mix(value)))
        # Four attention heads, each with its own channels, so that silence does not count.
        weights = torch.softmax(self.attention(value), dim=2)
        n, n_channels, n_steps = value.shape
        grouped = value.reshape(n, 4, n_channels // 4, n_steps)
        mean = (grouped * weights[:, :, None]).sum(dim=3).flatten(1)
        return self.pooled_norm(torch.cat([mean, value.amax(dim=2)], dim=1))

    def audio_vectors(self, mel: Tensor) -> Tensor:
        """Encode the audio branch alone, (n, 1, n_steps, 64) to (n, n_dims), rows of unit length."""
        return self.head(self.pooled(mel))

    def head(self, pooled: Tensor) -> Tensor:
        """Map pooled features to vectors of unit length."""
        dropped = functional.dropout(pooled, self.shape.dropout, self.training)
        hidden = functional.relu(self.hidden_norm(self.hidden(dropped)))
        vector = self.out(functional.dropout(hidden, self.shape.dropout, self.training))
        return functional.normalize(vector, dim=1)

    def forward(self, mel: Tensor, acoustic: Tensor | None = None) -> Tensor:
        """Encode.

        Parameters
        ----------
        mel : Tensor, shape (n, 1, n_steps, 64), float32
        acoustic : Tensor, shape (n, n_acoustic), float32, optional
            Of unit length; only if the shape has one.

        Returns
        -------
        Tensor, shape (n, n_dims), float32
            Rows of unit length.
        """
        vectors = self.audio_vectors(mel)
        if not self.shape.n_acoustic or acoustic is None:
            return vectors
        share = self.shape.audio_share
        return functional.normalize(share * vectors + (1.0 - share) * self.described(acoustic), dim=1)


class Described(nn.Module):
    """Maps acoustic vectors into the same space: the acoustic branch, learned beside the audio branch."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        n = shape.n_described
        self.layers = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(shape.n_acoustic, n),
            nn.BatchNorm1d(n),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(n, n),
            nn.BatchNorm1d(n),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(n, shape.n_dims),
        )

    def forward(self, acoustic: Tensor) -> Tensor:
        """Map (n, n_acoustic) of unit length to (n, n_dims) of unit length."""
        return functional.normalize(self.layers(acoustic * 4.0), dim=1)


class Decoder(nn.Module):
    """Maps vectors back to a coarse spectrogram of 8 steps and 16 bands. Only used in training."""

    def __init__(self, n_dims: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_dims, 256), nn.ReLU(), nn.Linear(256, 8 * 16))

    def forward(self, vector: Tensor) -> Tensor:
        """Map (n, n_dims) to (n, 8, 16)."""
        return self.layers(vector).reshape(-1, 8, 16)


def coarse(mel: Tensor) -> Tensor:
    """Shrink spectrograms to the decoder's target, (n, 1, steps, bands) to (n, 8, 16)."""
    return functional.adaptive_avg_pool2d(mel, (8, 16))[:, 0]


def n_parameters(network: nn.Module) -> int:
    """Return the number of parameters."""
    return sum(weights.numel() for weights in network.parameters())

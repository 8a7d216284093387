"""Trains with PyTorch, as SageMaker's container runs a training script.

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Late(nn.Module):
    """Scales rows of numbers and gives the chance of each flight to be late."""

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.layers = nn.Sequential(
            nn.Linear(len(mean), 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1)
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """One chance a row."""
        return torch.sigmoid(self.layers((rows - self.mean) / self.scale)).squeeze(1)


def main() -> None:
    """model.pt is in the folder, as TorchScript: serving it needs no class of this file."""
    options = argparse.ArgumentParser()
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    torch.manual_seed(7)
    table = torch.from_numpy(np.loadtxt(given.train / "train.csv", delimiter=",")).float()
    rows, late = table[:, 1:], table[:, 0]
    model = Late(rows.mean(0), rows.std(0).clamp(min=1e-6))
    optimizer, loss_of = torch.optim.Adam(model.parameters(), lr=1e-3), nn.BCELoss()
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(rows)).split(128):
            optimizer.zero_grad()
            loss_of(model(rows[chosen]), late[chosen]).backward()
            optimizer.step()
    model.eval()
    torch.jit.script(model).save(given.model_dir / "model.pt")
    right = ((model(rows) >= 0.5) == (late > 0)).float().mean()
    print(f"train_accuracy: {float(right):.4f}")


if __name__ == "__main__":
    main()

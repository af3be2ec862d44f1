"""Muon for the matrices of the blocks, AdamW for everything else, driven as one."""

import math
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

_MOMENTUM = 0.95
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_NEWTON_SCHULZ_STEPS = 5
_RMS_OF_ADAMW = 0.2


class Optimizer:
    """Both optimizers at one learning rate."""

    def __init__(self, model: nn.Module, weight_decay: float, *, muon: bool = True) -> None:
        """Share the weights out.

        Args:
            model: A GPT-2, on its device.
            weight_decay: Of the matrices.
            muon: Whether the matrices are Muon's; else they are AdamW's like the rest.
        """
        named = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
        matrices = [value for name, value in named if ".h." in name and value.dim() == 2]
        tables = [value for name, value in named if ".h." not in name and value.dim() == 2]
        vectors = [value for _, value in named if value.dim() < 2]
        groups = [
            {"params": tables, "weight_decay": weight_decay / 10},
            {"params": vectors, "weight_decay": 0.0},
        ]
        if not muon:
            groups.append({"params": matrices, "weight_decay": weight_decay})
        self._muon = Muon(matrices if muon else [], weight_decay)
        fused = next(model.parameters()).is_cuda
        self._adamw = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=fused)

    def step(self, rate: float) -> None:
        """Take a step at a learning rate and forget the gradients."""
        self._muon.step(rate)
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Any]:
        """Return everything that the next step depends on."""
        return {"muon": self._muon.momenta, "adamw": self._adamw.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        for own, saved in zip(self._muon.momenta, state["muon"], strict=True):
            own.copy_(saved)
        self._adamw.load_state_dict(state["adamw"])


class Muon:
    """Momentum made nearly orthogonal (Jordan et al. 2024), scaled as AdamW's steps are.

    PyTorch has a Muon too; it computes in bfloat16, which processors without that type emulate at
    a hundredth of their speed. The scale is that of Liu et al. 2025, "Muon is scalable for LLM
    training", so that one rate suits both optimizers.

    Matrices of one shape are moved together: each by itself, the many small products would keep
    a GPU waiting for the next one to be asked for.

    Attributes:
        momenta: One for each shape, the matrices of that shape stacked.
    """

    def __init__(self, matrices: Iterable[nn.Parameter], weight_decay: float) -> None:
        by_shape: dict[torch.Size, list[nn.Parameter]] = {}
        for matrix in matrices:
            by_shape.setdefault(matrix.shape, []).append(matrix)
        self._groups = list(by_shape.values())
        self._weight_decay = weight_decay
        self.momenta = [torch.zeros_like(torch.stack(tuple(group))) for group in self._groups]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step at a learning rate and forget the gradients."""
        for group, momentum in zip(self._groups, self.momenta, strict=True):
            gradients = torch.stack([cast("Tensor", matrix.grad) for matrix in group])
            momentum.lerp_(gradients, 1 - _MOMENTUM)
            updates = orthogonalise(gradients.lerp_(momentum, _MOMENTUM))
            scale = _RMS_OF_ADAMW * math.sqrt(max(group[0].shape))
            for matrix, update in zip(group, updates, strict=True):
                matrix.mul_(1 - rate * self._weight_decay).add_(update, alpha=-rate * scale)
                matrix.grad = None


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring all singular values near 1, by Newton-Schulz steps; bfloat16 on a GPU only.

    Args:
        matrices: Count × rows × columns.
    """
    a, b, c = _NEWTON_SCHULZ
    found = matrices.bfloat16() if matrices.is_cuda else matrices
    is_tall = found.shape[1] > found.shape[2]
    found = found.mT if is_tall else found
    found = found / (found.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_NEWTON_SCHULZ_STEPS):
        square = found @ found.mT
        found = a * found + (b * square + c * square @ square) @ found
    result: Tensor = (found.mT if is_tall else found).to(matrices.dtype)
    return result

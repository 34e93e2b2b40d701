"""What a live engine really holds, compared with the model's files.

An in-place reload can leave stale copies behind: vLLM's CPU build packs weights into kernels'
own layout, and with tied embeddings the output head silently keeps the old ones. So every linear
layer, the output head included, is asked to *multiply* a fixed probe, and the product is compared
with the one computed from the file; all other parameters are compared by value.

Runs inside the engine's worker; knows no engine API but torch modules with vLLM's `quant_method`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROBES = 4
"""Rows of the probe; each is a random direction, so a wrong weight shows in all of them."""
_TOLERANCE = 2e-2
"""Largest error of a product relative to its own size. Kernels may round to bf16 (8 bits, 0.4%
a product, less in a sum); another model's weights differ by about 140%."""


@dataclass(frozen=True, slots=True)
class WeightReport:
    """Outcome of a comparison."""

    checked: int
    """Parameters compared."""
    wrong: tuple[str, ...]
    """Names whose effective value is not the file's."""
    unknown: tuple[str, ...]
    """Names that could not be matched with the file."""

    @property
    def equal(self) -> bool:
        """Whether everything was compared and found equal."""
        return self.checked > 0 and not self.wrong and not self.unknown

    def describe(self) -> str:
        """A clause for a sentence."""
        if self.wrong:
            return f"the engine kept old values of {len(self.wrong)} parameters, first {self.wrong[0]}"
        if self.unknown:
            return f"{len(self.unknown)} parameters cannot be compared with the file, first {self.unknown[0]}"
        return f"{self.checked} parameters equal the file" if self.checked else "nothing could be compared"

    @classmethod
    def merge(cls, reports: Sequence[WeightReport]) -> WeightReport:
        """The report over several workers."""
        return cls(
            checked=sum(r.checked for r in reports),
            wrong=tuple(name for r in reports for name in r.wrong),
            unknown=tuple(name for r in reports for name in r.unknown),
        )


def compare_with_files(model: Any, folder: Path) -> WeightReport:
    """Compare every parameter of `model` (a vLLM torch module, not split over GPUs) with the files."""
    import torch

    stored = _StoredTensors(folder, getattr(model, "packed_modules_mapping", {}) or {})
    checked, wrong, unknown = 0, [], []
    with torch.no_grad():
        for name, same in _comparisons(model, stored):
            checked += 1
            if same is None:
                unknown.append(name)
            elif not same:
                wrong.append(name)
    return WeightReport(checked, tuple(wrong), tuple(unknown))


def _comparisons(model: Any, stored: _StoredTensors) -> Iterator[tuple[str, bool | None]]:
    """Every parameter's name with: same, not same, or None where the file has no such tensor."""
    for prefix, module in model.named_modules():
        for short, held in module.named_parameters(recurse=False):
            name = f"{prefix}.{short}" if prefix else short
            expected = stored.get(name)
            if expected is None:
                yield name, None
            elif short == "weight" and expected.ndim == 2 and hasattr(module, "quant_method"):
                embeds = _is_embedding(module)
                yield name, _same_rows(held, expected) if embeds else _same_product(module, expected)
            else:
                yield name, _same_rows(held, expected)
    # A tied head shares the embedding's parameter, and a bare check of parameters never sees it.
    head = getattr(model, "lm_head", None)
    if head is not None and hasattr(head, "quant_method"):
        expected = stored.head()
        yield "lm_head (effective)", None if expected is None else _same_product(head, expected)


def _is_embedding(module: Any) -> bool:
    return hasattr(module, "num_embeddings") and not type(module).__name__.endswith("LMHead")


def _same_rows(held: Any, expected: Any) -> bool:
    """Whether a parameter equals the file's tensor; rows of padding behind it do not count."""
    import torch

    if held.ndim != expected.ndim or held.shape[1:] != expected.shape[1:] or len(held) < len(expected):
        return False
    return bool(torch.equal(held[: len(expected)], expected.to(dtype=held.dtype, device=held.device)))


def _same_product(module: Any, expected: Any) -> bool:
    """Whether the layer multiplies by the file's tensor, whatever form it keeps it in."""
    import torch

    reference = next(module.parameters())
    dtype, device = reference.dtype, reference.device
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(_PROBES, expected.shape[1], generator=generator).to(dtype=dtype, device=device)
    wanted = probe.float() @ expected.to(dtype=dtype, device=device).float().T
    try:
        product = module.quant_method.apply(module, probe, None)[:, : expected.shape[0]].float()
    except RuntimeError:  # the layer has another width than the file's tensor
        return False
    if product.shape != wanted.shape:
        return False
    return float((product - wanted).norm()) <= _TOLERANCE * float(wanted.norm())


class _StoredTensors:
    """Tensors of the files by the names the engine uses: `qkv_proj` is q, k and v on top of each other."""

    def __init__(self, folder: Path, packed: Mapping[str, Sequence[str]]) -> None:
        from safetensors import safe_open

        self._packed = packed
        self._file_of: dict[str, Any] = {}
        for path in sorted(folder.glob("*.safetensors")):
            handle: Any = safe_open(str(path), framework="pt")
            self._file_of |= dict.fromkeys(handle.keys(), handle)

    def get(self, name: str) -> Any | None:
        """The tensor of an engine parameter; None where the file has none."""
        if name in self._file_of:
            return self._file_of[name].get_tensor(name)
        for fused, parts in self._packed.items():
            if f".{fused}." in name:
                names = [name.replace(f".{fused}.", f".{part}.") for part in parts]
                if all(n in self._file_of for n in names):
                    import torch

                    return torch.cat([self._file_of[n].get_tensor(n) for n in names])
        return None

    def head(self) -> Any | None:
        """The output head: its own tensor, else the embedding it is tied to."""
        for name in ("lm_head.weight", "model.embed_tokens.weight"):
            if name in self._file_of:
                return self._file_of[name].get_tensor(name)
        return None

"""The miniature benchmark and the training of its miniature experts.

Importing this package is cheap: it brings the generator of questions and the loader, never torch.
Training lives in `eval.pocket.train` and is run as a program.
"""

from eval.pocket.loader import load
from eval.pocket.splits import SPLITS, VERSION

__all__ = ["SPLITS", "VERSION", "load"]

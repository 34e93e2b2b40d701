"""How the transformer router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TransformerConfig(BaseModel):
    """A pretrained encoder network, trained further to say who will be right (Bench-CoE)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["transformer"]
    model: str
    """A folder (starts with `.`, `/` or `~`) or a hub name of an encoder, such as `bert-base-uncased`."""
    revision: str | None = None
    """Commit or tag of a hub name; pin it so that results can be repeated."""
    level: Literal["query", "subject"] = "query"
    """`query`: it predicts who is right; `subject`: it predicts the subject, and a table says who is right
    in it, for which every profiled question must have a subject."""
    train_layers: int | None = Field(default=None, ge=0)
    """How many of the last layers are trained beside the classifier on top; None: all of the network.
    Few are several times faster, and forget less."""
    max_tokens: int = Field(default=256, ge=8, le=8192)
    """Tokens read of a question and its options; of longer ones the two ends, which the reasons say."""
    epochs: int = Field(default=4, ge=1)
    """Most passes over the questions."""
    patience: int = Field(default=1, ge=1)
    """It stops after so many passes in a row without gain on questions left out, one in ten."""
    batch_size: int = Field(default=16, ge=1)
    learning_rate: float = Field(default=5e-5, gt=0)
    """Of the network; falls to 0 linearly."""
    head_learning_rate: float = Field(default=1e-2, gt=0)
    """Of the classifier, which begins at the experts' means and not at chance."""
    device: str = "cpu"
    """As torch spells it: `cpu`, `cuda`, `cuda:1`."""
    seed: int = 0
    """Of the order of batches and of dropout."""

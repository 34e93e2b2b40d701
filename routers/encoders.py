"""Texts to vectors whose dot product is a cosine, for matching keywords and skills.

Knows nothing of experts and outcomes. scikit-learn and sentence-transformers are imported only when
an encoder is fitted or used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError, RouterNotFittedError
from routers.config import EncoderConfig, LexicalEncoderConfig

Vectors = NDArray[np.float32]
"""(n, d) float32; every row of length 1, or all 0 where a text shares nothing with those fitted."""

# Not scikit-learn's list, which holds `fire`, `system` and `interest`.
_FUNCTION_WORDS = re.compile(
    r"a|an|and|are|as|at|be|been|but|by|can|could|did|do|does|for|from|had|has|have|he|her|his|how|i|if|in|is|"
    r"it|its|many|much|not|of|on|or|she|that|the|their|then|there|these|they|this|those|to|was|we|were|what|"
    r"when|where|which|while|who|whom|whose|why|will|with|would|you|your"
)


class Encoder(Protocol):
    """Turns texts into vectors of length 1."""

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn what needs learning (nothing, for a pretrained encoder); at least one text."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32, L2-normalised, same order; (0, d) for no texts.

        Raises:
            RouterNotFittedError: it must be fitted and is not.
            ConfigError: a package or a model is missing.
        """
        ...


class LexicalEncoder:
    """TF-IDF of words and of character 2- to 4-grams within words, weighted alike.

    Character n-grams join inflections and spellings (`capital`, `capitals`); English function words
    are left out; it knows no synonyms.
    """

    def __init__(self) -> None:
        self.vectorizer_: Any = None

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn vocabulary and rarity from `texts`."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

        # A token of one character counts: "c" and "r" are languages.
        words = TfidfVectorizer(
            preprocessor=_content, token_pattern=r"(?u)\b\w+\b", sublinear_tf=True, dtype=np.float32
        )
        grams = TfidfVectorizer(
            preprocessor=_content, analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32
        )
        union = FeatureUnion([("words", words), ("grams", grams)])
        try:
            self.vectorizer_ = union.fit(list(texts))
        except ValueError as error:  # no text holds a single word
            raise ConfigError(
                f"The lexical encoder cannot be fitted on {list(texts)[:3]}: {error}"
            ) from error
        return self

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        if self.vectorizer_ is None:
            raise RouterNotFittedError("The lexical encoder is not fitted: call fit(texts) first.")
        if not texts:
            return np.zeros(
                (0, sum(len(v.vocabulary_) for _, v in self.vectorizer_.transformer_list)), np.float32
            )
        return _normalised(self.vectorizer_.transform(list(texts)).toarray())


class SentenceTransformersEncoder:
    """A pretrained sentence-transformers model; loaded at the first use, never fitted.

    Args:
        model: hub name or folder.
        revision: commit or tag of a hub name.
        device: as torch spells it.
        batch_size: texts encoded at once.
    """

    def __init__(
        self, model: str, *, revision: str | None = None, device: str = "cpu", batch_size: int = 32
    ) -> None:
        self.model = model
        self.revision = revision
        self.device = device
        self.batch_size = batch_size
        self.network_: Any = None

    def fit(self, texts: Sequence[str]) -> Self:
        """Nothing to learn."""
        return self

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        if self.network_ is None:
            self.network_ = self._load()
        if not texts:
            return np.zeros((0, int(self.network_.get_embedding_dimension())), np.float32)
        rows = self.network_.encode(
            list(texts), batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
        )
        return _normalised(rows)

    def _load(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ConfigError(
                "The sentence-transformers encoder needs a package that is not installed: "
                "`pip install 'compound-llm[embeddings]'`, or use `encoder: {kind: lexical}`."
            ) from error
        try:
            return SentenceTransformer(self.model, revision=self.revision, device=self.device)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"No sentence-transformers model could be loaded from {self.model!r}: {error}"
            ) from error


def build_encoder(config: EncoderConfig) -> Encoder:
    """The encoder of a configuration; loads nothing yet."""
    if isinstance(config, LexicalEncoderConfig):
        return LexicalEncoder()
    model = str(Path(config.model).expanduser()) if config.is_local else config.model
    return SentenceTransformersEncoder(
        model, revision=config.revision, device=config.device, batch_size=config.batch_size
    )


def _content(text: str) -> str:
    """The words of a text in lower case, those without a content of their own left out."""
    return " ".join(word for word in re.findall(r"\w+", text.lower()) if not _FUNCTION_WORDS.fullmatch(word))


def _normalised(rows: Any) -> Vectors:
    vectors = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit

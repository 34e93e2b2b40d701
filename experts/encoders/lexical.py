"""Texts to vectors by their words, without a model.

scikit-learn is imported only when the encoder is fitted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from experts.encoders.encoder import Vectors, normalised
from experts.errors import ConfigError, RouterNotFittedError

# Not scikit-learn's list, which holds `fire`, `system` and `interest`.
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can could did do does for from had has have he her his how i if "
        "in is it its many much not of on or she that the their then there these they this those to was we "
        "were what when where which while who whom whose why will with would you your",
    )
)
_MAX_TERMS = 20_000
"""Columns before they are reduced; a fitted encoder holds as many rows of `dimensions` float32."""
_TOKEN = r"(?u)\b\w+\b"  # a token of one character counts: "c" and "r" are languages
_SEED = 0
_ITERATIONS = 5
"""Power iterations of the randomised decomposition, as scikit-learn's TruncatedSVD."""


class LexicalEncoder:
    """TF-IDF: of words and their character n-grams, or latent semantic analysis of words and word pairs.

    Args:
        dimensions: None, for keywords and other short texts: words and character 2- to 4-grams within
            words, weighted alike, one column each. They join inflections and spellings (`capital`,
            `capitals`). A number, for whole questions: words and pairs of words, reduced to at most
            so many dimensions by a truncated singular value decomposition (Deerwester et al. 1990).

    English function words are left out. Without `dimensions` it knows no synonyms; with them, words
    that occur together are near.
    """

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions
        self.vectorizer_: Any = None
        self.components_: Vectors | None = None
        """(d, columns) right singular vectors; None where nothing is reduced."""

    @property
    def identity(self) -> str:
        """See `Encoder.identity`: a checksum of vocabulary, rarities and components."""
        digest = hashlib.sha256()
        for part in _parts(self._fitted()):
            digest.update("\0".join(part.get_feature_names_out()).encode())
            digest.update(np.round(part.idf_, 4).astype(np.float32).tobytes())
        if self.components_ is not None:
            digest.update(np.ascontiguousarray(self.components_).tobytes())
        return f"lexical:{digest.hexdigest()[:24]}"

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn vocabulary and rarity from `texts`, and what occurs together."""
        vectorizer = _keyword_vectorizer() if self.dimensions is None else _text_vectorizer(len(texts))
        try:
            matrix = vectorizer.fit_transform(list(texts))
        except ValueError as error:  # no text holds a single word
            raise ConfigError(
                f"The lexical encoder cannot be fitted on {list(texts)[:3]}: {error}"
            ) from error
        self.vectorizer_ = vectorizer
        self.components_ = None if self.dimensions is None else _components(matrix, self.dimensions)
        return self

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        vectorizer = self._fitted()
        if not texts:
            columns = sum(len(part.vocabulary_) for part in _parts(vectorizer))
            return np.zeros((0, columns if self.components_ is None else len(self.components_)), np.float32)
        matrix = vectorizer.transform(list(texts))
        return normalised(matrix.toarray() if self.components_ is None else matrix @ self.components_.T)

    def state(self) -> Mapping[str, Any]:
        """See `Encoder.state`."""
        return {"vectorizer": self._fitted(), "components": self.components_}

    def restore(self, state: Mapping[str, Any]) -> Self:
        """See `Encoder.restore`."""
        self.vectorizer_, self.components_ = state["vectorizer"], state["components"]
        return self

    def _fitted(self) -> Any:
        if self.vectorizer_ is None:
            raise RouterNotFittedError("The lexical encoder is not fitted: call fit(texts) first.")
        return self.vectorizer_


def _keyword_vectorizer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    words = TfidfVectorizer(preprocessor=_content, token_pattern=_TOKEN, sublinear_tf=True, dtype=np.float32)
    grams = TfidfVectorizer(
        preprocessor=_content, analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32
    )
    return FeatureUnion([("words", words), ("grams", grams)])


def _text_vectorizer(texts: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # What a single question says tells nothing of others, but of few questions little else is there.
    return TfidfVectorizer(
        preprocessor=_content,
        token_pattern=_TOKEN,
        ngram_range=(1, 2),
        min_df=2 if texts >= 100 else 1,
        max_features=_MAX_TERMS,
        sublinear_tf=True,
        dtype=np.float32,
    )


def _components(matrix: Any, dimensions: int) -> Vectors:
    """(d, columns) right singular vectors; d is at most the number of texts and of columns."""
    from sklearn.utils.extmath import randomized_svd

    _, _, components = randomized_svd(
        matrix, min(dimensions, *matrix.shape), n_iter=_ITERATIONS, random_state=_SEED
    )
    return np.ascontiguousarray(components, dtype=np.float32)


def _parts(vectorizer: Any) -> list[Any]:
    """The vectorizers of a union, or the one."""
    return [part for _, part in getattr(vectorizer, "transformer_list", [("", vectorizer)])]


def _content(text: str) -> str:
    """The words of a text in lower case, those without a content of their own left out."""
    return " ".join(word for word in re.findall(r"\w+", text.lower()) if word not in _FUNCTION_WORDS)

"""What an OpenAI-compatible endpoint says of its likeliest tokens, for an approximate certainty.

Only asked for where a request wants its certainty. The endpoint does not tell the size of its vocabulary,
so of each token's place only the tokens that it names count (`experts.certainty`); whether it speaks of
probabilities before or after the temperature is its own matter (vLLM's server: before). Knows no
connection.
"""

from __future__ import annotations

from typing import Any

from experts.certainty import TokenLogprobs

LOGPROBS: dict[str, Any] = {"logprobs": True, "top_logprobs": 20}
"""What is added to a payload; 20 is the most that OpenAI's interface and vLLM's defaults allow."""
UNKNOWN = "The endpoint gave no log-probabilities, so how certain it was is not known."
"""Note of an answer whose certainty was asked for in vain."""


def token_logprobs(choice: Any) -> list[TokenLogprobs]:
    """Of a choice of an answer, or of a chunk of a stream; [] where it says nothing, or not in this form."""
    content = getattr(getattr(choice, "logprobs", None), "content", None) or []
    try:
        return [(float(t.logprob), [float(top.logprob) for top in t.top_logprobs]) for t in content]
    except (AttributeError, TypeError, ValueError):
        return []

"""Completions as experts would give them, in one line."""

from experts.completion import Completion, Usage


def says(
    letter: str | None, *, query_id: str, expert: str, sample_index: int = 0, tokens: int = 10
) -> Completion:
    """An expert that settles on a letter; None: it fails."""
    failed = letter is None
    return Completion(
        request_id=f"{query_id}/{expert}/{sample_index}",
        expert=expert,
        query_id=query_id,
        text="" if failed else f"The answer is ({letter}).",
        finish_reason="error" if failed else "stop",
        usage=Usage(completion_tokens=tokens),
        sample_index=sample_index,
        error="the line is dead." if failed else None,
    )

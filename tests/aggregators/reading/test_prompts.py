"""Prompts are versioned: other words are another version."""

import hashlib
import json

import pytest
from pydantic import TypeAdapter, ValidationError

from aggregators.config import AggregatorConfig
from aggregators.reading.prompts import (
    AssessmentPrompt,
    JudgePrompt,
    ModeratorPrompt,
    NominalGroupPrompt,
    ReadingPrompt,
    SynthesisPrompt,
)

FINGERPRINTS: dict[type[ReadingPrompt], tuple[int, str]] = {
    SynthesisPrompt: (1, "ca58c4fe040361d2"),
    JudgePrompt: (1, "a2475edf8c339795"),
    NominalGroupPrompt: (1, "e2421312e227197b"),
    AssessmentPrompt: (1, "7ee956244f8e82c8"),
    ModeratorPrompt: (1, "092297a3124271be"),
}


def fingerprint(prompt: ReadingPrompt) -> str:
    """Hash of the texts, which are all fields of type str that say something to the LLM."""
    texts = prompt.model_dump(
        exclude={"version", "candidate_view", "order", "max_candidate_chars", "max_total_chars"}
    )
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.parametrize("prompt", FINGERPRINTS, ids=lambda prompt: prompt.__name__)
def test_a_changed_text_needs_another_version(prompt: type[ReadingPrompt]) -> None:
    default = prompt()  # type: ignore[call-arg]  # every kind has defaults for its texts
    assert (default.version, fingerprint(default)) == FINGERPRINTS[prompt], (
        f"The texts of {prompt.__name__} changed: raise its `version`, then write the new pair here."
    )


def test_a_dump_shows_the_version_and_reads_back() -> None:
    config = TypeAdapter(AggregatorConfig).validate_python({"kind": "judge", "expert": "x"})
    dump = config.model_dump()
    assert dump["prompt"]["version"] == 1
    assert TypeAdapter(AggregatorConfig).validate_python(dump) == config


def test_a_version_that_this_code_does_not_have_is_refused() -> None:
    with pytest.raises(ValidationError, match="prompt version 7 is unknown: JudgePrompt is at version 1"):
        JudgePrompt(version=7)


def test_roles_are_for_moderators_alone() -> None:
    assert ModeratorPrompt(candidate="{role}: {text}").candidate == "{role}: {text}"
    with pytest.raises(ValidationError, match="candidate must contain"):
        JudgePrompt(candidate="{role}: {text}")

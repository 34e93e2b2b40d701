"""What a configuration file may say about routers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from experts.encoders.config import SentenceTransformersEncoderConfig
from routers.config import RouterConfig
from routers.skills.config import EncoderAnnotatorConfig, LlmAnnotatorConfig, SkillRouterConfig

router: TypeAdapter[RouterConfig] = TypeAdapter(RouterConfig)
LLM = {"kind": "llm", "expert": "helper"}


def test_the_kind_chooses_the_class_and_a_typo_is_answered_with_the_kinds() -> None:
    assert router.validate_python({"kind": "fixed"}).kind == "fixed"
    with pytest.raises(ValidationError, match="'skill', 'fixed', 'random'"):
        router.validate_python({"kind": "skil"})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        router.validate_python({"kind": "random", "sede": 1})


def test_the_defaults_are_the_shrunk_mode_and_the_released_options_of_the_code() -> None:
    config = router.validate_python({"kind": "skill", "annotator": LLM})
    assert isinstance(config, SkillRouterConfig)
    assert (config.mode, config.profiles, config.encoder.kind) == ("shrunk", None, "lexical")
    assert config.released.model_dump() == {
        "selection": "proportional",
        "softmax_temperature": 0.5,
        "competency_temperature": 0.5,
        "trim": None,
        "seed": 0,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"template": "What is it?"}, "must contain"),
        ({"samples": 2, "min_count": 3}, "must not exceed"),
        ({"samples": 5, "sampling": {"max_tokens": 32}}, "all replies are the same"),
    ],
)
def test_an_annotator_that_cannot_work_is_refused(change: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LlmAnnotatorConfig.model_validate(LLM | change)


@pytest.mark.parametrize("skills", [("a", "a"), ("a, b",), (" ",), ()])
def test_skills_must_be_distinct_and_without_commas(skills: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        EncoderAnnotatorConfig(kind="encoder", skills=skills)


def test_a_description_must_belong_to_a_skill() -> None:
    with pytest.raises(ValidationError, match="not among"):
        EncoderAnnotatorConfig(kind="encoder", skills=("law",), descriptions={"math": "sums"})


def test_a_model_is_a_folder_by_its_first_character() -> None:
    local = SentenceTransformersEncoderConfig(kind="sentence-transformers", model="./minilm")
    hub = SentenceTransformersEncoderConfig(kind="sentence-transformers", model="org/minilm")
    assert local.is_local and not hub.is_local


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "sklearn torch transformers sentence_transformers ray vllm"
    code = (
        "import sys, routers, routers.config, routers.build\n"
        f"loaded = [name for name in {heavy.split()!r} if name in sys.modules]\n"
        "raise SystemExit(', '.join(loaded) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

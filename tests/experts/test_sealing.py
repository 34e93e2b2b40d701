"""Sealed texts: opened with the same password, and with nothing else."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experts.errors import ConfigError
from experts.sealing import Seal, gpqa_seal

SEAL = Seal("open sesame")


@given(st.text())
@settings(max_examples=50)
def test_opens_what_it_sealed(text: str) -> None:
    assert SEAL.open(SEAL.seal(text)) == text


def test_shows_nothing_and_is_another_text_every_time() -> None:
    first, second = SEAL.seal("mitochondrion"), SEAL.seal("mitochondrion")
    assert first != second
    assert "mitochondrion" not in first and first.isascii()


def test_another_seal_with_the_same_password_opens_it() -> None:
    assert Seal("open sesame").open(SEAL.seal("x")) == "x"
    assert gpqa_seal() is gpqa_seal()


@pytest.mark.parametrize(
    "change", [lambda s: s[:-8] + "AAAAAAA=", lambda s: s[:8], lambda s: "", lambda s: "é"]
)
def test_what_was_changed_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        SEAL.open(change(SEAL.seal("mitochondrion")))


def test_another_password_is_refused_without_showing_the_text() -> None:
    with pytest.raises(ConfigError, match="another password") as caught:
        Seal("other").open(SEAL.seal("mitochondrion"))
    assert "mitochondrion" not in str(caught.value)

"""The host's side of text: chat template, token ids, stop ids, incremental detokenisation.

Engines see and return token ids only, so that experts with different tokenizers can share one
engine. Knows no engine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experts.errors import ExpertError
from experts.query import Message

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class ChatTokenizer:
    """Tokenizer and chat template of one expert."""

    def __init__(self, folder: Path, *, trust_remote_code: bool = False) -> None:
        self._tokenizer = _load(folder, trust_remote_code)
        self._templated = bool(getattr(self._tokenizer, "chat_template", None))
        self.stop_ids = _stop_ids(folder, self._tokenizer)
        """Token ids that end an answer: the tokenizer's end of text and the model's own list."""

    def render(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation, ready for the expert to answer.

        Raises:
            ExpertError: the template refuses the conversation even with system text folded in.
        """
        return self._encode([self._text(messages)])[0]

    def render_all(self, conversations: Sequence[Sequence[Message]]) -> list[list[int] | ExpertError]:
        """Token ids of every conversation, or why it has none; at once this takes half the time."""
        texts: list[str | ExpertError] = []
        for messages in conversations:
            try:
                texts.append(self._text(messages))
            except ExpertError as error:
                texts.append(error)
        encoded = iter(self._encode([text for text in texts if isinstance(text, str)]))
        return [next(encoded) if isinstance(text, str) else text for text in texts]

    def _text(self, messages: Sequence[Message]) -> str:
        """A conversation as the expert was trained to read it."""
        turns = [{"role": m.role, "content": m.content} for m in messages]
        if not self._templated:
            return "\n\n".join(turn["content"] for turn in turns) + "\n"
        try:
            return self._apply(turns)
        except Exception as first:  # templates raise jinja errors of their own choosing
            folded = _fold_system(turns)
            if folded == turns:
                raise ExpertError(f"The chat template refuses the conversation: {first}.") from first
            try:
                return self._apply(folded)
            except Exception as error:
                raise ExpertError(f"The chat template refuses the conversation: {error}.") from error

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of an answer, special tokens left out."""
        text = self._tokenizer.decode(list(token_ids), skip_special_tokens=True)
        return str(text)

    def _apply(self, turns: list[dict[str, str]]) -> str:
        text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return text

    def _encode(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        # A template has written the special tokens already.
        encoded = self._tokenizer(texts, add_special_tokens=not self._templated, return_attention_mask=False)
        return [list(ids) for ids in encoded["input_ids"]]


def _load(folder: Path, trust_remote_code: bool) -> Any:
    """The tokenizer as its file says, where it needs no code of its own.

    `AutoTokenizer` imports torch and scikit-learn first (6 s of CPU time, where this takes 1), and in
    transformers 5 it puts the tokenizer of the model's type in the place of the file's.
    """
    settings = folder / "tokenizer_config.json"
    own_code = settings.is_file() and "auto_map" in json.loads(settings.read_text(encoding="utf-8"))
    if (folder / "tokenizer.json").is_file() and not own_code:
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast.from_pretrained(str(folder))
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=trust_remote_code)


def _fold_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """System text moved in front of the first user turn, for templates without a system role."""
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    rest = [dict(turn) for turn in turns if turn["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return rest


def _stop_ids(folder: Path, tokenizer: Any) -> tuple[int, ...]:
    ids: list[int] = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        found = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id") if path.is_file() else None
        ids += found if isinstance(found, list) else [] if found is None else [found]
    return tuple(dict.fromkeys(ids))


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that has become certain, and whether a stop string has been met."""

    text: str
    stopped: bool


class IncrementalText:
    """Turns token ids, as they come, into text, and watches for stop strings.

    Holds text back while its last bytes form no whole character, or while it may be the beginning
    of a stop string.
    """

    def __init__(self, tokenizer: ChatTokenizer, stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(s for s in stop if s)
        self._ids: list[int] = []
        self._window = 0
        """Ids before it are settled and no longer decoded; it trails, so decoding stays cheap."""
        self._read = 0
        self._pending = ""

    def push(self, token_ids: Sequence[int]) -> Piece:
        """Take further ids; return what is certain now."""
        self._ids += token_ids
        before = self._tokenizer.decode(self._ids[self._window : self._read])
        now = self._tokenizer.decode(self._ids[self._window :])
        if len(now) > len(before) and not now.endswith(_UNFINISHED):
            self._pending += now[len(before) :]
            self._window, self._read = self._read, len(self._ids)
        return self._release(final=False)

    def finish(self) -> Piece:
        """No further ids come: return the rest."""
        before = self._tokenizer.decode(self._ids[self._window : self._read])
        self._pending += self._tokenizer.decode(self._ids[self._window :])[len(before) :]
        self._read = self._window = len(self._ids)
        return self._release(final=True)

    def _release(self, *, final: bool) -> Piece:
        found = [at for at in (self._pending.find(s) for s in self._stop) if at >= 0]
        if found:
            text, self._pending = self._pending[: min(found)], ""
            return Piece(text, stopped=True)
        held = 0 if final else max((_overlap(self._pending, s) for s in self._stop), default=0)
        cut = len(self._pending) - held
        text, self._pending = self._pending[:cut], self._pending[cut:]
        return Piece(text, stopped=False)


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)

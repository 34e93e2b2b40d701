"""The tokenizer of the miniature pool: whole words with their leading space, digits apart.

The vocabulary is every piece of text that the generator can produce, so nothing is unknown to it
that the benchmark says. Encoding folds blank lines and puts a space before every line, so that a
word is one token wherever it stands; decoding takes these spaces away again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from eval.pocket.item import STYLES
from eval.pocket.phrasings import PHRASINGS
from eval.pocket.roster import ROSTER
from eval.pocket.skills import items, keywords
from eval.pocket.splits import text_of
from eval.pocket.teaching import NO_ANSWER, right_answer, worked_answer
from experts.query import LETTERS

PAD, UNKNOWN, END, SYSTEM, USER, ASSISTANT = SPECIALS = (
    "<|pad|>",
    "<|unk|>",
    "<|end|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
)
VOCAB_SIZE = 784
"""Padded size, the same for every member of the pool."""
CONTEXT = 1024
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
_PIECES = r" ?\([A-Z]\)| [A-Z]\.(?= )| ?[A-Za-z]+| ?[0-9]|\n| ?[^\sA-Za-z0-9]|\s"
_OPTION_LETTERS = LETTERS[:10]


def _texts() -> Iterable[str]:
    """Every word that any question, answer, keyword line or list of candidates can hold."""
    for cell, rows in items().items():
        yield keywords(cell)
        yield from (text_of((rows[0], phrasing)) for phrasing in PHRASINGS[rows[0].kind])
        for item in rows:
            yield text_of((item, PHRASINGS[item.kind][0]))
            yield right_answer(item, ())
            yield right_answer(item, (item.answer,))
    for letter in _OPTION_LETTERS:
        yield f" {letter}. x ({letter})({letter}) {letter}"
    yield from (f"{m.name}: {m.name}." for m in ROSTER)
    yield "0123456789 " + " ".join("0123456789")
    yield worked_answer("", "x", ("y", "x"), sure=False)
    yield from STYLES
    yield f"Candidates:\n{NO_ANSWER}. I trust - + ' \" ! ; , : ? . Keywords Answer Question"


def _bare_tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[ \t]*[\r\n]\s*"), "\n "),
            normalizers.Replace(Regex(r" {2,}"), " "),
            normalizers.Prepend(" "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECES), behavior="isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Fuse(), decoders.Replace("\n ", "\n"), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def build_tokenizer(word_order: int = 0) -> Tokenizer:
    """The pool's tokenizer; another `word_order` gives the same words other ids."""
    probe = _bare_tokenizer({token: i for i, token in enumerate(SPECIALS)})
    counts: Counter[str] = Counter()
    for text in _texts():
        normal = probe.normalizer.normalize_str(text)
        counts.update(piece for piece, _ in probe.pre_tokenizer.pre_tokenize_str(normal))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    if word_order:
        Random(f"word order {word_order}").shuffle(words)
    vocabulary = {token: i for i, token in enumerate((*SPECIALS, *words))}
    if len(vocabulary) > VOCAB_SIZE:
        raise ValueError(
            f"The vocabulary has {len(vocabulary)} tokens, more than the padded size {VOCAB_SIZE}."
        )
    return _bare_tokenizer(vocabulary)


def save_tokenizer(folder: Path, word_order: int = 0) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json` with the chat template."""
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(word_order),
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    ).save_pretrained(folder)
    settings = folder / "tokenizer_config.json"
    settings.write_text(settings.read_text().replace("TokenizersBackend", "PreTrainedTokenizerFast"))


def chat_ids(tokenizer: Tokenizer, user: str, answer: str | None = None) -> tuple[list[int], list[int]]:
    """Token ids of the prompt of one user turn and, if given, of its answer with the end mark."""
    prompt = tokenizer.encode(f"{USER}{user.strip()}{END}{ASSISTANT}").ids
    return prompt, [] if answer is None else tokenizer.encode(f"{answer}{END}").ids

r"""The one extractor of answers from text: votes and scores both use it, so they cannot disagree.

Multiple choice, strict to loose, the last match of the strictest form that occurs wins:
an explicit statement ("The answer is (C).", "\boxed{C}"); the text of an option in such a
statement; a preference in other words ("option C is correct"); a letter in the last line
("C) Paris", "(C)"). Open questions: explicit statements only ("The answer is 42.", "#### 42",
"\boxed{42}"). What cannot be extracted is None, an outcome of its own, never a guess.

Nothing here raises on any text, and time grows linearly with the text: patterns repeat only within
fixed bounds, over text whose runs of white space have been collapsed. Deliberately knows nothing of
gold answers. After inspect_ai's `multiple_choice` (strict, loose, last match) and MMLU-Pro's
evaluation script, whose last resort, any capital letter near the end, is left out: on its authors'
own records such picks are right as often as chance.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from experts.completion import Completion
from experts.query import LETTERS, Query

_THOUGHT_OPENED = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_THOUGHT_CLOSED = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_WRAPPERS = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|bf|rm)(?: ?(?=\{)|(?= ))")
_DRESSED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf) ?\{([^{}]{0,400})\}")
_ESCAPES = re.compile(r"\\(?=[$%&#_{} ])")
_BOLD = re.compile(r"\*\*([^*\n]{1,400})\*\*")
_MATH_MARKS = re.compile(r"\\[()\[\]]|\\[,;:! ]|\\(?:quad|displaystyle|left|right)(?![A-Za-z])")
_LOOKALIKES = {  # full-width and mathematical letters, curly quotes; one for one, so text never grows
    **{
        chr(code): unicodedata.normalize("NFKC", chr(code))
        for code in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800))
    },
    **dict.fromkeys("\u201c\u201d\u201e", '"'),
    **dict.fromkeys("\u2018\u2019", "'"),
}
_LOOKALIKE = re.compile("[\u2018\u2019\u201c-\u201e\uff01-\uff5e\U0001d400-\U0001d7ff]")
_MARKDOWN = re.compile("[*`$\u200b\ufeff]+")
# Patterns and not `str.translate`, which looks every single character up.
_NEXT_QUESTION = re.compile(r"\n ?(?:#{1,4} ?)?(?:Question|Q) ?\d{0,4} ?:", re.IGNORECASE)

_GLUE = (
    r"(?:[\s:=>\"'({}\[,\-\u2013\u2014]|\\boxed|(?:is|are|was|be|would|should|must|will|may|might|could|to|of|as|from"
    r"|the|this|that|these|question|problem|options?|choices?|letter|statement|given|above|most|likely|closest|correct"
    r"|right|best|only|final|therefore|thus|hence|so|indeed|probably|approximately|clearly|actually|by|answer)\b)"
)
_ADJECTIVES = ("correct", "right", "best", "true", "accurate", "appropriate", "closest", "likely")
_ADJECTIVE = f"(?:{'|'.join(_ADJECTIVES)})"
_FIRST_WORDS = ("answer", *_ADJECTIVES)
"""A statement starts with one of them."""
_NOUN = r"(?:answer|option|choice|statement|response|one|match|conclusion)"
_CHOOSING = (
    r"(?:choose|chose|pick|select|guess|go with|went with|match(?:es)?|corresponds? to|closest to"
    r"|option|choice|answer)"
)
_AFTER_A_OR_I = re.compile(
    r" ?(?:$|[)\]}.,;:!?\"'\n\u2013\u2014-]|(?:because|since|as|and|or|which|with|due|for|is)\b)"
)
_LINE_ENDS = ".!?)]}\"'"
_FORMULA = re.compile(r" ?[=+*/^<>\u2248]|['\u2019-]\w| \\(?!n)")


def without_thinking(text: str) -> str:
    """What follows the last closing tag of a thought; of a text without any, the whole.

    Tags are `<think>`, which models write by themselves, and `<thinking>`, `<thought>` and `<reasoning>`,
    which prompts ask for, in any case. Where nothing follows, what stands before the first thought; a
    thought that starts the text and never ends leaves nothing.
    """
    if "<" not in text:
        return text
    closed = deque(_THOUGHT_CLOSED.finditer(text), maxlen=1)
    rest = text[closed[0].end() :] if closed else text
    if closed and rest.strip():
        return rest
    opened = _THOUGHT_OPENED.search(text)
    if opened is None:
        return rest
    before = text[: opened.start()]
    if closed:
        return before
    return text if before.strip() else ""


def extract_choice(text: str, n_choices: int) -> str | None:
    """The option letter that a reply settles on.

    Args:
        text: the reply, of any length and in any state.
        n_choices: how many options there are; letters beyond them are ignored.

    Returns:
        A capital letter among the first `n_choices`, or None where none can be told.
    """
    plain = _plain(text)
    return _strict(plain, n_choices) or _loose(plain, n_choices)


def extract_open(text: str) -> str | None:
    """The answer that a reply states explicitly, as it stands there; None without a statement."""
    body = without_thinking(text)
    marker = _NEXT_QUESTION.search(body)
    if marker is not None:  # a model that runs on invents the next question and answers it too
        own = _last_statement(body[: marker.start()])
        if own is not None:
            return own
    return _last_statement(body)


def extract_answer(text: str, query: Query) -> str | None:
    """The letter (multiple choice) or the stated answer (open question); None: unparsed."""
    if not query.choices:
        return extract_open(text)
    n_choices = len(query.choices)
    plain = _plain(text)
    return _strict(plain, n_choices) or _option_by_text(text, query) or _loose(plain, n_choices)


def with_answer(completion: Completion, query: Query) -> Completion:
    """The completion with its `answer` filled in; errors keep None."""
    return replace(completion, answer=extract_answer(completion.text, query) if completion.ok else None)


def canonical(answer: str, query: Query) -> str:
    """The form in which two answers to one query are compared.

    Multiple choice: the capital letter. Open: case, white space, quotes, a trailing dot, LaTeX dress
    and a leading dollar sign are dropped; numbers lose thousands separators and idle zeros
    (1,200.0 -> 1200). Units stay, so "5 km" is neither "5 m" nor "5".
    """
    if query.choices:
        return answer.strip().upper()
    text = unicodedata.normalize("NFKC", answer).replace("\u2212", "-").replace("{,}", ",")
    text = _MATH_MARKS.sub("", _DRESSED.sub(r"\1", text))
    text = _ESCAPES.sub("", _BOLD.sub(r"\1", text)).replace("$", "").replace("`", "")
    text = " ".join(text.split()).strip("*_ ").casefold().rstrip(".").strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return _canonical_number(text) or text


def same_answer(a: str | None, b: str | None, query: Query) -> bool:
    """Whether two answers are one; None (unparsed) equals nothing, not even None."""
    return a is not None and b is not None and canonical(a, query) == canonical(b, query)


def _plain(text: str) -> str:
    """Text without thought, markdown and LaTeX dress, runs of white space collapsed."""
    body = without_thinking(text)
    if not body.isascii():
        body = _LOOKALIKE.sub(lambda m: _LOOKALIKES[m[0]], body)
    body = _MARKDOWN.sub("", body)
    body = _MATH_MARKS.sub(" ", _WRAPPERS.sub("", body))
    lines = (" ".join(line.split()) for line in body.splitlines())
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=32)
def _patterns(n_choices: int) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Compiled for the letters at hand: statement, boxed, preference, line of a letter."""
    letters = f"A-{LETTERS[:n_choices][-1]}"
    either = f"(?P<letter>[{letters}{letters.lower()}])(?![A-Za-z0-9_])"
    upper = f"(?P<letter>[{letters}])(?![A-Za-z0-9_])"
    statement = rf"(?i:\b(?:answer|{_ADJECTIVE} {_NOUN}){_GLUE}{{1,24}}+){either}"
    boxed = rf"\\f?boxed ?[{{ (]{{1,4}}{either}(?= ?[)}}.:,]|$)"
    approved = (
        rf"(?:is|are|was|would be|must be|should be|seems|appears)(?: \w{{1,12}}){{0,3}} {_ADJECTIVE}\b"
    )
    praised = (
        rf"(?i:\b(?:option|choice|answer|statement) )?[(\[]?(?P<before>[{letters}])(?![A-Za-z0-9_])"
        rf"[)\].:]{{0,2}} (?i:{approved} {_NOUN}|(?<=[)] ){approved})"
    )
    chosen = rf"(?i:\b{_CHOOSING}(?: (?:with|to|the|is|option|choice|answer|letter)){{0,3}}:? ?)[(\[]?{upper}"
    line = rf"(?:^|(?<=[\s(\[]))(?:[(\[]{upper}[)\]]|(?P<open>[{letters}])[).:](?=\s|$))"
    return re.compile(statement), re.compile(boxed), re.compile(f"{praised}|{chosen}"), re.compile(line)


def _strict(plain: str, n_choices: int) -> str | None:
    """The last explicit statement of a letter."""
    if n_choices < 1:
        return None
    marker = _NEXT_QUESTION.search(plain)
    if marker is not None:  # as in `extract_open`: what runs on after the answer is not an answer
        own = _strict_in(plain[: marker.start()], n_choices)
        if own is not None:
            return own
    return _strict_in(plain, n_choices)


def _strict_in(plain: str, n_choices: int) -> str | None:
    statement, boxed, _, _ = _patterns(n_choices)
    found = [m for m in _statements(statement, plain) if _is_option(m, plain)]
    found += boxed.finditer(plain)
    if not found:
        return None
    return max(found, key=lambda m: m.start("letter"))["letter"].upper()


def _statements(statement: re.Pattern[str], plain: str) -> list[re.Match[str]]:
    """What `statement.finditer` finds, tried only where one of its first words stands: much faster."""
    lower = plain.lower()
    if len(lower) != len(plain) or "\u017f" in plain or "\u0131" in plain:  # letters that `(?i:` folds
        return list(statement.finditer(plain))
    found: list[re.Match[str]] = []
    for at in sorted(start for word in _FIRST_WORDS for start in _starts(word, lower)):
        match = statement.match(plain, at) if not found or at >= found[-1].end() else None
        if match is not None:
            found.append(match)
    return found


def _starts(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _is_option(match: re.Match[str], plain: str) -> bool:
    """Tells an option from an article, a pronoun, a word and a symbol in a formula."""
    letter, before = match["letter"], plain[match.start("letter") - 1]
    rest = plain[match.end() : match.end() + 12]
    if before in "([{" and rest[:1] in (")", "]", "}"):
        return True
    if _FORMULA.match(rest):
        return False
    if letter.islower():
        return rest[:1] in tuple(").]},:\n") or not rest.strip()
    return letter not in "AI" or _AFTER_A_OR_I.match(rest) is not None


def _loose(plain: str, n_choices: int) -> str | None:
    """A preference in other words, a lone letter, else a lettered item in the last line."""
    if n_choices < 1:
        return None
    _, _, preference, line = _patterns(n_choices)
    alone = re.fullmatch(r"[\s(\[{\"']{0,4}([A-Za-z])[\s)\]}\"'.:,]{0,4}", plain[:16])
    if alone is not None and len(plain) <= 16:
        letter = alone[1].upper()
        return letter if letter in LETTERS[:n_choices] else None
    preferred = [m for m in preference.finditer(plain) if m["before"] or _is_option(m, plain)]
    if preferred:
        return preferred[-1]["before"] or preferred[-1]["letter"]
    return _lone_item(plain, line)


def _lone_item(plain: str, item: re.Pattern[str]) -> str | None:
    """The lettered item after a colon, the only one that heads a line, or the one of the last line.

    Measured on real replies: several letters in the last line, and letters in a line that was cut
    off, are right no more often than chance, so they are left unparsed.
    """
    lines = plain.split("\n")
    heads = [_letter(item.match(line)) for line in lines]
    announced = [
        head
        for i, head in enumerate(heads)
        if head and i and lines[i - 1].endswith(":") and (i + 1 == len(heads) or not heads[i + 1])
    ]
    if announced:
        return announced[-1]
    if len(set(filter(None, heads))) == 1 and (heads[0] or heads[-1]):
        return heads[0] or heads[-1]
    found = {_letter(m) for m in item.finditer(lines[-1])}
    cut_off = plain[-1:] not in _LINE_ENDS
    return None if heads[-1] or cut_off or len(found) != 1 else found.pop()


def _letter(item: re.Match[str] | None) -> str | None:
    return None if item is None else item["letter"] or item["open"]


def _option_by_text(text: str, query: Query) -> str | None:
    """The letter of the option whose text the reply states, or consists of."""
    open_query = replace(query, choices=())
    options = list(zip(LETTERS, _canonical_options(query.choices), strict=False))
    stated = extract_open(text)
    body = without_thinking(text).strip()
    for candidate in (stated, body if len(body) <= 2000 else None):
        if candidate is None:
            continue
        wanted = canonical(candidate, open_query)
        hits = [letter for letter, option in options if option == wanted]
        if len(hits) == 1:
            return hits[0]
    return None


@lru_cache(maxsize=1024)
def _canonical_options(choices: tuple[str, ...]) -> list[str]:
    """Kept, as many experts answer the same question."""
    open_query = Query.from_text("An open question.")
    return [canonical(choice, open_query) for choice in choices]


_JSON_CUE = re.compile(r"(?i)\"(?:final_)?answer\" ?:")
_OPEN_CUE = re.compile(
    r"(?im)####[^\S\n]{0,4}"
    r"|\banswer\"?[*_]{0,3}[^\S\n]{0,4}[:=][*_]{0,3}"
    r"|\b(?:answer|result)(?: to (?:the|this) (?:question|problem))?[*_]{0,2}(?:,? (?:therefore|thus|then))?"
    r" (?:is|are|was|equals)\b[^\S\n]{0,4}:?[*_]{0,3}"
)
_NOT_AN_ANSWER = re.compile(r"(?i)(?:not|n't|unclear|unknown|none of)\b|.{0,40}\b(?:as follows|follows)\b")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-Z][a-z]?[a-z]?|[A-Z](?:\.[A-Z]){1,4}|approx|vs|no|e\.g|i\.e)$")
_LONGEST_ANSWER = 400


def _last_statement(body: str) -> str | None:
    """The last explicit statement in text without thought; a JSON field "answer" before all."""
    for cue in _latest(_JSON_CUE, body):
        value = _json_value(body, cue.end())
        if value is not None:
            return value
    boxed, boxed_at = _last_boxed(body)
    for cue in _latest(_OPEN_CUE, body):
        if cue.start() < boxed_at:
            break
        stated = _stated(body[cue.end() : cue.end() + 2 * _LONGEST_ANSWER])
        if stated is not None:
            return stated
    return boxed


def _latest(cue: re.Pattern[str], body: str) -> list[re.Match[str]]:
    """The last matches, last first; bounded, because each is followed up at some cost."""
    return list(deque(cue.finditer(body), maxlen=100))[::-1]


def _json_value(body: str, at: int) -> str | None:
    """The JSON value at a place: a string's content, else the value as it is written."""
    window = body[at : at + 2 * _LONGEST_ANSWER].lstrip()
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(window)
    except (ValueError, RecursionError):
        return None
    found = value.strip() if isinstance(value, str) else window[:end]
    return found if found and value is not None and len(found) <= _LONGEST_ANSWER else None


def _stated(rest: str) -> str | None:
    """The answer at the start of what follows a cue: its line, up to the end of the sentence."""
    rest = rest.lstrip(" \t\r\n")
    if rest[:1] == '"':
        return rest[1:].partition('"')[0].strip() or None
    line = rest.partition("\n")[0]
    for stop in _SENTENCE_END.finditer(line):
        if _ABBREVIATION.search(line[: stop.start()][-12:]) is None or not line[stop.end() :].strip():
            line = line[: stop.start()]
            break
    answer = _MATH_MARKS.sub(" ", _BOLD.sub(r"\1", line)).strip(" \t\r*_:\"',`$")
    boxed, _ = _last_boxed(answer)
    answer = boxed if boxed is not None else answer
    if not answer or len(answer) > _LONGEST_ANSWER or _NOT_AN_ANSWER.match(answer):
        return None
    return answer


def _last_boxed(body: str) -> tuple[str | None, int]:
    r"""Content of the last closed \boxed{...} and where it starts; braces may nest."""
    stack: list[int] = []
    best, best_at = None, -1
    for token in re.finditer(r"\\f?boxed ?\{|[{}]|\\[{}]", body):
        if token[0].startswith("\\") and "boxed" not in token[0]:
            continue  # an escaped brace is text
        if token[0] == "{":
            stack.append(-1)
        elif token[0] != "}":
            stack.append(token.end())
        elif stack:
            opened = stack.pop()
            if opened > best_at and body[opened : token.start()].strip():
                best, best_at = body[opened : token.start()].strip(), opened
    return best, best_at


_NUMBER = re.compile(r"[+-]? ?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:e[+-]?\d{1,3})?")


def _canonical_number(text: str) -> str | None:
    """A number in plain form, or None where the text is not a number of at most 64 characters."""
    if len(text) > 64 or _NUMBER.fullmatch(text) is None:
        return None
    try:
        number = Decimal(text.replace(",", "").replace(" ", ""))
    except InvalidOperation:
        return None
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if number == 0 else plain

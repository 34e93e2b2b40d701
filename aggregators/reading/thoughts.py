"""What of a reply is meant to be read: the text without thoughts and tool calls.

`experts.extraction.without_thinking` knows the tags of models that think by themselves. Prompts ask for
others (`<thinking>`, `<reasoning>`) and agents write tool calls, which a reader of candidates need not see
either. Knows nothing of answers.
"""

from __future__ import annotations

import re

_OPENED = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_TOOL_OPENED = re.compile(r"<tool_(call|response)>", re.IGNORECASE)


def without_thoughts(text: str) -> str:
    """What follows the last closing tag of a thought, without tool calls and their responses.

    Where nothing follows, what stands before the first thought; a thought that starts the text and never
    ends leaves nothing, as does a tool call that never ends.
    """
    closed = list(_CLOSED.finditer(text))
    rest = text[closed[-1].end() :] if closed else text
    opened = _OPENED.search(text)
    if opened is not None and not rest.strip():
        rest = text[: opened.start()]
    elif not closed and opened is not None and not text[: opened.start()].strip():
        rest = ""
    return _without_tools(rest)


def _without_tools(text: str) -> str:
    kept, at = [], 0
    while (opened := _TOOL_OPENED.search(text, at)) is not None:
        kept.append(text[at : opened.start()])
        end = re.compile(f"</tool_{opened[1]}>", re.IGNORECASE).search(text, opened.end())
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join([*kept, text[at:]])

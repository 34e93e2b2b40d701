"""What of a reply is meant to be read: the text without thoughts and tool calls.

What a thought is, `experts.extraction.without_thinking` says; agents write tool calls too, which a reader of
candidates need not see either. Knows nothing of answers.
"""

from __future__ import annotations

import re

from experts.extraction import without_thinking

_TOOL_OPENED = re.compile(r"<tool_(call|response)>", re.IGNORECASE)


def without_thoughts(text: str) -> str:
    """The text without its thoughts, tool calls and their responses.

    A tool call that never ends hides the rest. Thoughts are told as in `experts.extraction.without_thinking`.
    """
    return _without_tools(without_thinking(text))


def _without_tools(text: str) -> str:
    kept, at = [], 0
    while (opened := _TOOL_OPENED.search(text, at)) is not None:
        kept.append(text[at : opened.start()])
        end = re.compile(f"</tool_{opened[1]}>", re.IGNORECASE).search(text, opened.end())
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join([*kept, text[at:]])

"""How questions are put into words: eight phrasings a kind of question.

Every split uses every phrasing (with other facts or operands), so that no word of a test is new.
"""

from __future__ import annotations

_NUMBER_TEMPLATE = (
    "What is {a} {word} {b}?",
    "What is {a} {sign} {b}?",
    "{verb}.",
    "What is the {noun} of {a} and {b}?",
    "How much is {a} {word} {b}?",
    "Find the {noun} of {a} and {b}.",
    "{story}",
    "Compute {a} {sign} {b}.",
)


def _numbers(word: str, sign: str, noun: str, verb: str, story: str) -> tuple[str, ...]:
    given = {"word": word, "sign": sign, "noun": noun, "verb": verb, "story": story}
    return tuple(t.format(a="{a}", b="{b}", **given) for t in _NUMBER_TEMPLATE)


PHRASINGS: dict[str, tuple[str, ...]] = {
    "addition": _numbers(
        "plus",
        "+",
        "sum",
        "Add {a} and {b}",
        "A shop has {a} apples and gets {b} more. How many apples is that?",
    ),
    "subtraction": _numbers(
        "minus",
        "-",
        "difference",
        "Take {a} and subtract {b}",
        "A shop has {a} apples and sells {b}. How many apples are left?",
    ),
    "multiplication": _numbers(
        "times",
        "x",
        "product",
        "Multiply {a} by {b}",
        "A shop has {a} boxes with {b} apples each. How many apples is that?",
    ),
    "capitals": (
        "What is the capital of {x}?",
        "Name the capital of {x}.",
        "Which city is the capital of {x}?",
        "What is the capital city of {x}?",
        "{x} has which city as its capital?",
        "Tell me the capital of {x}.",
        "What city is the capital of {x}?",
        "The capital of {x} is which city?",
    ),
    "currencies": (
        "What is the currency of {x}?",
        "Name the currency of {x}.",
        "Which currency is used in {x}?",
        "What money is used in {x}?",
        "{x} has which currency?",
        "Tell me the currency of {x}.",
        "With which currency do people pay in {x}?",
        "The currency of {x} is which?",
    ),
    "symbols": (
        "What is the chemical symbol of {x}?",
        "What is the symbol for {x}?",
        "Name the chemical symbol of {x}.",
        "Tell me the symbol of the element {x}.",
        "Which symbol does {x} have?",
        "Which letters stand for {x} in chemistry?",
        "The element {x} has which symbol?",
        "How is {x} written in the periodic table?",
    ),
    "names": (
        "Which element has the symbol {x}?",
        "What is the element with the symbol {x}?",
        "Name the element with the symbol {x}.",
        "Tell me the element with the chemical symbol {x}.",
        "The symbol {x} stands for which element?",
        "Which element is written {x} in the periodic table?",
        "What does {x} stand for in chemistry?",
        "The letters {x} stand for which element?",
    ),
    "calendar": (
        "Which {unit} is {n} {unit}s {order} {x}?",
        "What {unit} comes {n} {unit}s {order} {x}?",
        "Name the {unit} {n} {unit}s {order} {x}.",
        "Tell me the {unit} {n} {unit}s {order} {x}.",
        "What is the {unit} {n} {unit}s {order} {x}?",
        "Find the {unit} that is {n} {unit}s {order} {x}.",
        "Today it is {x}. What was or will be the {unit} {n} {unit}s {order} that?",
        "Count {n} {unit}s. Which {unit} is that many {order} {x}?",
    ),
}
"""Kind of question to its phrasings, with the fields of an item in braces."""

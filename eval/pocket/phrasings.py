"""How questions are put into words: five phrasings a kind of question in each of two styles.

A plain phrasing asks directly; a story wraps the same question into a scene. Every split uses every
phrasing (with other facts or operands), so that no word of a test is new.
"""

from __future__ import annotations

from dataclasses import dataclass

from eval.pocket.item import Style


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A question with the fields of an item in braces."""

    style: Style
    template: str


_PLAIN: dict[str, tuple[str, ...]] = {
    "addition": (
        "What is {a} plus {b}?",
        "What is {a} + {b}?",
        "Add {a} and {b}.",
        "What is the sum of {a} and {b}?",
        "Compute {a} + {b}.",
    ),
    "subtraction": (
        "What is {a} minus {b}?",
        "What is {a} - {b}?",
        "Take {a} and subtract {b}.",
        "What is the difference of {a} and {b}?",
        "Compute {a} - {b}.",
    ),
    "multiplication": (
        "What is {a} times {b}?",
        "What is {a} x {b}?",
        "Multiply {a} by {b}.",
        "What is the product of {a} and {b}?",
        "Compute {a} x {b}.",
    ),
    "reading": (
        "What number is {x}?",
        "Read the Roman numeral {x}.",
        "Which number is the Roman numeral {x}?",
        "What does the numeral {x} stand for?",
        "Tell me the number of the Roman numeral {x}.",
    ),
    "writing": (
        "Write {x} in Roman numerals.",
        "What is {x} in Roman numerals?",
        "Which Roman numeral is {x}?",
        "Tell me the Roman numeral for {x}.",
        "Name the Roman numeral of {x}.",
    ),
    "capitals": (
        "What is the capital of {x}?",
        "Name the capital of {x}.",
        "Which city is the capital of {x}?",
        "Tell me the capital of {x}.",
        "{x} has which city as its capital?",
    ),
    "currencies": (
        "What is the currency of {x}?",
        "Name the currency of {x}.",
        "Which currency is used in {x}?",
        "Tell me the currency of {x}.",
        "{x} has which currency?",
    ),
    "symbols": (
        "What is the chemical symbol of {x}?",
        "What is the symbol for {x}?",
        "Name the chemical symbol of {x}.",
        "Tell me the symbol of the element {x}.",
        "Which symbol does {x} have?",
    ),
    "names": (
        "Which element has the symbol {x}?",
        "What is the element with the symbol {x}?",
        "Name the element with the symbol {x}.",
        "Tell me the element with the chemical symbol {x}.",
        "What does {x} stand for in chemistry?",
    ),
    "calendar": (
        "Which {unit} is {n} {unit}s {order} {x}?",
        "What {unit} comes {n} {unit}s {order} {x}?",
        "Name the {unit} {n} {unit}s {order} {x}.",
        "Tell me the {unit} {n} {unit}s {order} {x}.",
        "Find the {unit} that is {n} {unit}s {order} {x}.",
    ),
    "units": (
        "How many {small} are {n} {big}?",
        "What is {n} {big} in {small}?",
        "Turn {n} {big} into {small}.",
        "Tell me {n} {big} in {small}.",
        "{n} {big} are how many {small}?",
    ),
    "opposites": (
        "What is the opposite of {x}?",
        "Name the opposite of {x}.",
        "Which word is the opposite of {x}?",
        "Tell me the opposite of {x}.",
        "The opposite of {x} is which word?",
    ),
    "ordering": (
        "{p} is {more} than {q} and {r} is {more} than {s}. Who is the {most}?",
        "Who is the {most} if {p} is {more} than {q} and {r} is {more} than {s}?",
        "Name the {most}: {p} is {more} than {q} and {r} is {more} than {s}.",
        "Find the {most}. {p} is {more} than {q} and {r} is {more} than {s}.",
        "Tell me who is the {most}: {p} is {more} than {q}, {r} is {more} than {s}.",
    ),
    "alphabet": (
        "Which letter is {n} letters {order} {x}?",
        "What letter comes {n} letters {order} {x}?",
        "Name the letter {n} letters {order} {x}.",
        "Tell me the letter {n} letters {order} {x}.",
        "Find the letter that is {n} letters {order} {x} in the alphabet.",
    ),
}

_STORIES: dict[str, tuple[str, ...]] = {
    "addition": (
        "A shop has {a} apples and gets {b} more. How many apples is that?",
        "Anna has {a} coins and finds {b} more. How many coins does she have?",
        "A bus with {a} people takes in {b} more. How many people are in it?",
        "A farmer picks {a} apples and later {b} more. How many apples does he have?",
        "Ben reads {a} pages and then {b} more. How many pages is that?",
    ),
    "subtraction": (
        "A shop has {a} apples and sells {b}. How many apples are left?",
        "Anna has {a} coins and loses {b}. How many coins does she have left?",
        "A bus with {a} people lets out {b}. How many people are left in it?",
        "A farmer picks {a} apples and eats {b}. How many apples are left?",
        "Ben has a book of {a} pages and reads {b}. How many pages are left?",
    ),
    "multiplication": (
        "A shop has {a} boxes with {b} apples each. How many apples is that?",
        "Anna has {a} bags with {b} coins each. How many coins does she have?",
        "There come {a} buses with {b} people each. How many people is that?",
        "A farmer fills {a} bags with {b} apples each. How many apples does he need?",
        "Ben has {a} books of {b} pages each. How many pages is that?",
    ),
    "reading": (
        "Anna reads {x} on an old clock. Which number is that?",
        "A king has {x} behind his name. Which number is that?",
        "A page of an old book has {x} on it. Which number is that?",
        "Ben finds {x} on an old coin. Which number is on it?",
        "A teacher writes {x} in Roman numerals. Which number does Anna say?",
    ),
    "writing": (
        "An old clock has {x} on it in Roman numerals. What does Anna read?",
        "A king has the number {x} behind his name. Which numeral does Ben write?",
        "Page {x} of an old book has a Roman numeral. Which numeral is on it?",
        "Ben writes {x} on a box in Roman numerals. What does he write?",
        "A teacher asks Anna for {x} in Roman numerals. What does she write?",
    ),
    "capitals": (
        "Anna flies to {x} and visits the capital. Which city is that?",
        "A letter goes to the capital of {x}. To which city does it go?",
        "Ben lives in the capital of {x}. In which city does he live?",
        "A bus takes Anna to the capital of {x}. Which city is that?",
        "A farmer in {x} sells apples in the capital. Which city is that?",
    ),
    "currencies": (
        "Anna flies to {x} and has to pay for a bus. Which currency does she need?",
        "A shop in {x} sells apples. Which currency does it take?",
        "Ben lives in {x} and finds coins. Which currency is that?",
        "A farmer in {x} sells a bag of apples. Which currency does he get?",
        "Ben has to pay for a book in {x}. Which currency does he need?",
    ),
    "symbols": (
        "A box in the lab holds {x}. Which symbol is on it?",
        "Anna finds {x} in the lab. Which symbol does she write?",
        "Ben needs a bag of {x}. Which symbol is on it?",
        "A teacher asks for the symbol of {x}. What does Anna write?",
        "In the lab Ben looks for {x}. Which symbol does he look for?",
    ),
    "names": (
        "A box in the lab has the symbol {x} on it. Which element does it hold?",
        "Anna reads {x} on a bag in the lab. Which element is in it?",
        "Ben needs the box with {x} on it. Which element does he get?",
        "A teacher writes {x} and asks for the element. What does Anna say?",
        "In the lab Ben looks for {x} on a box. Which element does he need?",
    ),
    "calendar": (
        "It is {x} and Anna looks {n} {unit}s {order} that. Which {unit} is that?",
        "A bus comes {n} {unit}s {order} {x}. In which {unit} does it come?",
        "A shop sells apples {n} {unit}s {order} {x}. Which {unit} is that?",
        "A farmer picks apples {n} {unit}s {order} {x}. Which {unit} is that?",
        "Ben reads a book {n} {unit}s {order} {x}. Which {unit} is that?",
    ),
    "units": (
        "A box in a shop holds {n} {big}. How many {small} is that?",
        "Ben reads {n} {big} in a book. How many {small} is that?",
        "A farmer needs {n} {big}. How many {small} does he need?",
        "A shop sells {n} {big} to Anna. How many {small} does she get?",
        "A teacher asks Anna for {n} {big} in {small}. What does she say?",
    ),
    "opposites": (
        "Anna says {x} and Ben says the opposite. What does Ben say?",
        "A teacher writes {x} and asks for the opposite. What does Anna write?",
        "In an old book {x} is written beside its opposite. Which word is that?",
        "Ben reads {x} on a box and looks for the opposite. Which word does he need?",
        "A king says {x} and gets the opposite. Which word is that?",
    ),
    "ordering": (
        "A teacher finds that {p} is {more} than {q}. Later {r} is {more} than {s}. Who is the {most}?",
        "On a bus {p} is {more} than {q}. There {r} is also {more} than {s}. Who is the {most}?",
        "Anna reads that {p} is {more} than {q} and that {r} is {more} than {s}. Who is the {most}?",
        "In a shop Ben says: {p} is {more} than {q}, {r} is {more} than {s}. Who is the {most}?",
        "A farmer says that {p} is {more} than {q} and {r} is {more} than {s}. Who is the {most}?",
    ),
    "alphabet": (
        "Anna writes the letter {n} letters {order} {x}. Which letter is that?",
        "A teacher writes the letter {n} letters {order} {x}. Which letter does Ben read?",
        "Ben looks for the letter {n} letters {order} {x}. What does he find?",
        "On a box is the letter {n} letters {order} {x}. Which letter is on it?",
        "In an old book Anna finds the letter {n} letters {order} {x}. Which letter is that?",
    ),
}


def _phrasings(kind: str) -> tuple[Phrasing, ...]:
    plain = [Phrasing("plain", template) for template in _PLAIN[kind]]
    return (*plain, *(Phrasing("story", template) for template in _STORIES[kind]))


PHRASINGS = {kind: _phrasings(kind) for kind in _PLAIN}
"""Kind of question to its phrasings, the plain ones first."""

"""The extractor on made-up replies of the shapes that real models write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.completion import Completion, Request, failed
from experts.extraction import (
    canonical,
    extract_answer,
    extract_choice,
    extract_open,
    same_answer,
    with_answer,
    without_thinking,
)
from experts.query import LETTERS, Message, Query
from experts.sampling import SamplingConfig

FRUIT = Query.from_text("Which fruit?", choices=("An apple", "A pear", "Plums", "42 figs"))
OPEN = Query.from_text("How many?")
PLAIN = Query.from_text("How many?", choices=("1", "2", "3", "4"))

# reply, number of options, letter
CHOICE_REPLIES = [
    # explicit statements
    ("The answer is (C).", 4, "C"),
    ("The answer is C.", 4, "C"),
    ("The answer is C", 4, "C"),
    ("Adding both sides gives 7. The answer is (B).\n\n", 10, "B"),
    ("the answer is (c).", 4, "C"),
    ("answer is c", 4, "C"),
    ("Answer: b.", 4, "B"),
    ("ANSWER: A", 4, "A"),
    ("Answer: A", 4, "A"),
    ("**Answer: C**", 4, "C"),
    ("**Answer:** C. a red giant", 4, "C"),
    ("**Answer**: D. \\( x^{2} \\)", 4, "D"),
    ("**Final Answer:**\nB", 4, "B"),
    ("### Final Answer\n\nB. They repel", 4, "B"),
    ("The most accurate answer is:\n\nThe answer is **(D). The tenant owes nothing.**", 4, "D"),
    ("The correct answer is option J, the last one.", 10, "J"),
    ("The correct option is: (H)", 10, "H"),
    ("The correct statement is E. Both events exclude each other.", 5, "E"),
    ("Therefore, the answer would be D.", 4, "D"),
    ("The answer is most likely (B), I think.", 4, "B"),
    ("The answer is therefore C.", 4, "C"),
    ("The best answer is: A. Osmosis", 4, "A"),
    ("The answer is A because nothing else fits.", 4, "A"),
    ("The answer is I, as shown above.", 10, "I"),
    ('{"reasoning": "It fits.", "answer": "D"}', 4, "D"),
    ("My answer = (B)", 4, "B"),
    ("Answer (B)", 4, "B"),
    ("The closest answer is:\n\n\\[ \\text{Answer} = \\text{B. } 1.96 \\]", 4, "B"),
    # boxed
    ("\\boxed{C}", 4, "C"),
    ("So $\\boxed{\\text{C}}$.", 4, "C"),
    ("The final answer is: $\\boxed{E. 40320}$", 5, "E"),
    ("\\[\n\\boxed{F}\n\\]", 10, "F"),
    ("\\boxed{(D)}", 4, "D"),
    ("\\boxed{\\textbf{B}}", 4, "B"),
    ("\\boxed{b}", 4, "B"),
    # the last statement wins
    ("The answer is (A). Wait, that is wrong. The answer is (D).", 4, "D"),
    ("The answer is (E)\n\nThe answer is (B)\n\nThe answer is (J)", 10, "J"),
    ("\\boxed{A} is what I first thought; the answer is B.", 4, "B"),
    # ... but what runs on after the answer is another question
    (
        "It boils. The answer is (D).\n\nQuestion:\nWhat is ice?\nOptions:\nA. Water\nThe answer is (A).",
        4,
        "D",
    ),
    ("Question: which one?\nThe answer is (B).", 4, "B"),
    # thinking
    ("<think>The answer is (A)? No.</think>\nThe answer is (B).", 4, "B"),
    ("The answer is (A)</think>The answer is (C).", 4, "C"),
    ("<think>The answer is (A)</think>\n\nI cannot say.", 4, None),
    ("<think>So the answer is (A), but let me check", 4, None),
    # letters beyond the options
    ("The answer is (E).", 4, None),
    ("The answer is (B), surely not (E).", 4, "B"),
    ("\\boxed{J}", 4, None),
    # articles, pronouns, words and symbols
    ("The answer is a matter of taste.", 4, None),
    ("The answer is A large amount.", 4, None),
    ("The answer is I think unclear", 10, None),
    ("The answer is E = mc^2", 5, None),
    ("The answer is C_p", 4, None),
    ("The answer is B12.", 4, None),
    ("The answer is D'Alembert", 4, None),
    ("The answer is (iii).", 10, None),
    ("The answer is not C", 4, None),
    ("I am a model. A reply is hard for me", 10, None),
    # looser
    ("C", 4, "C"),
    ("c", 4, "C"),
    (" (B)\n", 4, "B"),
    ("**D**", 4, "D"),
    ("[A]", 4, "A"),
    ("I", 10, "I"),
    ("E", 4, None),
    ("C) foo", 4, "C"),
    ("C. foo", 4, "C"),
    ("(C) foo", 4, "C"),
    ("Option C", 4, "C"),
    ("I would go with option B", 4, "B"),
    ("I choose (D)", 4, "D"),
    ("Option C is correct, since it is hot.", 4, "C"),
    ("(B) is the correct choice here", 4, "B"),
    ("This matches option A.", 4, "A"),
    ("The patient most likely has a stroke (D).", 4, "D"),
    ("The particle is most like a B. Electron.", 4, "B"),
    ("This gives 16, or (C).\n\n", 4, "C"),
    ("That leaves this one:\nC. Nortriptyline\n\nIt is the usual choice in such cases.", 4, "C"),
    ("B. Decline\n\nBoth other things rise.", 4, "B"),
    # cut off, lists, refusals, nothing
    ("Let (A) be a set and (B) its complement. Then", 4, None),
    ("We can compare (A) and (B).", 4, None),
    ("A. one\nB. two\nC. three\nD. four", 4, None),
    ("None of the options match this value.", 10, None),
    ("I'm sorry, but I can't help with that.", 10, None),
    ("The answer is None of the provided options.", 10, None),
    ("", 4, None),
    ("   \n ", 4, None),
    ("E\u00b2 \u2248 2200, 2204, 2208, 2212", 10, None),
    # not ASCII
    ("\u7b54\u6848: the answer is \uff08C\uff09\u3002", 4, "C"),
    ("Die Antwort \u2013 the answer is \u201cB\u201d", 4, "B"),
    ("The answer is \U0001d402.", 4, "C"),
]

# reply, answer
OPEN_REPLIES = [
    ("The answer is 42.", "42"),
    ("the final answer is 42", "42"),
    ("The answer is **42**.", "42"),
    ("The answer is: 3.14.", "3.14"),
    ("The answer is 1,200 km. That is far.", "1,200 km"),
    ("The answer is Paris. It is in France.", "Paris"),
    ("The answer is Dr. Watson.", "Dr. Watson"),
    ("So the correct answer is yes", "yes"),
    ("Answer: Paris", "Paris"),
    ("**Answer:** Paris", "Paris"),
    ("Final Answer:\n\n42", "42"),
    ("6 * 7 = 42\n#### 42", "42"),
    ("\\boxed{42}", "42"),
    ("\\[ \\boxed{\\frac{1}{2}} \\]", "\\frac{1}{2}"),
    ("The final answer is: $\\boxed{\\{1, 2\\}}$", "\\{1, 2\\}"),
    ("The answer is $\\boxed{7}$ days.", "7"),
    ("\\boxed{1} and then \\boxed{2}", "2"),
    ("\\boxed{1} and then \\boxed{2", "1"),
    ("\\boxed{1}. No, the answer is 3.", "3"),
    ('{"reasoning": "It is so.", "answer": "18"}', "18"),
    ('```json\n{\n "reasoning": "x",\n "answer": "$64.00"\n}\n```', "$64.00"),
    ('{"answer": [1, 2]}', "[1, 2]"),
    ('{"answer": "\\"tuple\\""}', '"tuple"'),
    ('no braces\n\nAnswer: "83"\n```', "83"),
    ("The answer is 1. Wait. The answer is 2.", "2"),
    ("<think>The answer is 1.</think>The answer is 2.", "2"),
    ("The answer is 5.\n\nQuestion: 1 + 1?\nThe answer is 2.", "5"),
    ("The answer is not obvious.", None),
    ("The answer is as follows:", None),
    ("It may be 42 or so", None),
    ("I cannot answer this question.", None),
    ("An essay about answers and what they are.", None),
    ("\\boxed{}", None),
    ("{'answer': }", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "n_choices", "letter"), CHOICE_REPLIES)
def test_choice(text: str, n_choices: int, letter: str | None) -> None:
    assert extract_choice(text, n_choices) == letter


@pytest.mark.parametrize(("text", "answer"), OPEN_REPLIES)
def test_open(text: str, answer: str | None) -> None:
    assert extract_open(text) == answer


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is Plums.", "C"),
        ("The answer is A pear.", "B"),
        ("**an apple**", "A"),
        ("\\boxed{42 figs}", "D"),
        ("The answer is (D) Plums", "D"),
        ("Plums grow on trees", None),
    ],
)
def test_option_repeated_instead_of_letter(text: str, letter: str | None) -> None:
    assert extract_answer(text, FRUIT) == letter


def test_equal_options_are_not_guessed_between() -> None:
    query = Query.from_text("?", choices=("one", "One.", "two"))
    assert extract_answer("The answer is one.", query) is None


def test_open_query_takes_the_open_extractor() -> None:
    assert extract_answer("The answer is C.", OPEN) == "C"
    assert extract_answer("C", OPEN) is None


def test_no_options_no_letter() -> None:
    assert extract_choice("The answer is A.", 0) is None
    assert extract_choice("The answer is A.", -1) is None
    assert extract_choice("The answer is Z.", 99) == "Z"


def test_with_answer_fills_a_copy_and_leaves_errors() -> None:
    request = Request(
        id="r",
        expert="a",
        query_id="q1",
        messages=(Message("user", "?"),),
        sampling=SamplingConfig(max_tokens=9),
    )
    done = Completion(
        request_id="r", expert="a", query_id="q1", text="The answer is (B).", finish_reason="stop"
    )
    assert with_answer(done, PLAIN).answer == "B"
    assert done.answer is None
    assert with_answer(failed(request, "No answer came."), PLAIN).answer is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("42", "42.0"),
        ("42", " 42. "),
        ("1,200", "1200"),
        ("-0.50", "-.5"),
        ("4.2e1", "42"),
        ("$18", "18"),
        ("\\$18.00", "18"),
        ("\u22125", "-5"),
        ("Paris", "  paris."),
        ("New  York", "new york"),
        ('"tuple"', "'tuple'"),
        ("**yes**", "Yes"),
        ("5\\,\\text{km}", "5km"),
        ("10{,}000", "10,000"),
        ("50\\%", "50%"),
        ("0.0", "-0"),
    ],
)
def test_same_answer(a: str, b: str) -> None:
    assert same_answer(a, b, OPEN)


@pytest.mark.parametrize(
    ("a", "b"), [("5 km", "5 m"), ("5 km", "5"), ("1,2", "12"), ("2*3", "23"), ("a", "b"), ("[1]", "1")]
)
def test_different_answers(a: str, b: str) -> None:
    assert not same_answer(a, b, OPEN)


def test_unparsed_equals_nothing() -> None:
    assert not same_answer(None, None, OPEN)
    assert not same_answer("1", None, OPEN)


def test_letters_compare_as_letters() -> None:
    assert same_answer("b", " B", PLAIN)
    assert canonical("c", PLAIN) == "C"


def test_without_thinking() -> None:
    assert without_thinking("<think>x</think> y") == " y"
    assert without_thinking("no thought") == "no thought"
    assert without_thinking("<think>cut") == ""


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<Thinking>x</Thinking>\ny", "\ny"),
        ("<reasoning>x</reasoning>y", "y"),
        ("<THOUGHT>x</THOUGHT>y", "y"),
        ("x</think>y", "y"),
        ("<think>a</think>b<reasoning>c</reasoning>d", "d"),
        ("  <reasoning>never ends", ""),
        ("y <think>never ends", "y <think>never ends"),
        ("y <thinking>x</thinking>\n", "y "),
        ("<think>x</think>", ""),
        ("1 < 2 and <b>bold</b>", "1 < 2 and <b>bold</b>"),
    ],
)
def test_thoughts_are_told_by_all_tags_in_use(text: str, rest: str) -> None:
    assert without_thinking(text) == rest


def test_an_answer_within_a_thought_is_none_and_one_before_it_counts() -> None:
    assert extract_choice("<reasoning>The answer is (A).</reasoning> I cannot say.", 4) is None
    assert extract_choice("The answer is (B). <thinking>Or (C)?</thinking>", 4) == "B"


FRAGMENTS = [
    *(
        "The answer is ",
        "answer",
        ":",
        "(",
        ")",
        "\\boxed{",
        "}",
        "A",
        "B",
        "I",
        "j",
        "\n",
        "####",
        "</think>",
    ),
    *('"answer":', "[", "{", "\\text{", "Question:", "option ", " is correct ", "**", "$", "-1,000.5e9", '"'),
]
PIECES = st.lists(st.one_of(st.text(max_size=12), st.sampled_from(FRAGMENTS)), max_size=30).map("".join)


@given(text=PIECES, n_choices=st.integers(0, 26))
def test_any_text_gives_an_allowed_letter_or_none(text: str, n_choices: int) -> None:
    letter = extract_choice(text, n_choices)
    assert letter is None or letter in LETTERS[:n_choices]


@given(text=PIECES)
def test_any_text_gives_a_non_empty_answer_or_none(text: str) -> None:
    answer = extract_open(text)
    assert answer is None or answer.strip()
    assert extract_answer(text, FRUIT) in (None, *"ABCD")


@given(a=PIECES)
def test_canonical_is_stable(a: str) -> None:
    assert same_answer(a, a, OPEN)


REPEATED = [
    *("answer ", "answer is ", "The answer is (", "\\boxed{", "{", "}", " ", "\n", "A", "(A) ", "</think>"),
    *(
        "#### ",
        '"answer": [',
        "Question:",
        "option ",
        "is the is ",
        "**",
        "$",
        "answer: not ",
        "\\text{",
        "1,000",
    ),
    *("A is a a a ", "\nA. x:", "<think>", "\\", "\u00e9 ", "\ufdfa", "\uff08"),
]


@pytest.mark.parametrize("unit", REPEATED)
def test_much_of_anything_returns(unit: str) -> None:
    text = unit * (200_000 // len(unit))  # quadratic work would take longer than the suite's time limit
    assert extract_choice(text, 10) in (None, *LETTERS[:10])
    extract_open(text)
    canonical(text[:20_000], OPEN)


def test_a_megabyte_of_reasoning() -> None:
    text = "Let $x = (A) + 2$. The answer is not B, since option C is wrong.\n" * 16_000
    assert len(text) > 1_000_000
    assert extract_choice(f"{text}The answer is (D).", 4) == "D"
    assert extract_open(f"{text}The answer is 42.") == "42"

"""Few-shot prompts: whose examples, in which words, and where they are missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.benchmarks.names import open_benchmark
from experts.errors import BenchmarkError
from experts.prompts import PromptConfig, render_messages

Tiny = Callable[[str], tuple[str, Path]]
INSTRUCTION = (
    'Think step by step and then finish your answer with "the answer is (X)" where X is the correct letter '
    "choice."
)


def test_examples_are_of_the_questions_own_subject_in_the_official_wording(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    physics, _, law = open_benchmark(mapping, data=folder, shots=2).load("test")
    assert [m.content for m in physics.query.examples] == [
        f"The following are multiple choice questions (with answers) about physics. {INSTRUCTION}\n\n"
        f"What is example 0?\nA. one\nB. two\n\n{INSTRUCTION}",
        "Let's think step by step. It is 0. The answer is (B).",
        f"What is example 2?\nA. one\nB. two\n\n{INSTRUCTION}",
        "Let's think step by step. It is 2. The answer is (B).",
    ]
    assert "example 1" in law.query.examples[0].content
    assert [m.role for m in render_messages(law.query, PromptConfig())] == ["user", "assistant"] * 2 + [
        "user"
    ]
    assert render_messages(law.query, PromptConfig())[-1].content.endswith(INSTRUCTION)


def test_routers_do_not_see_examples(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    plain = open_benchmark(mapping, data=folder).load("test")
    shown = open_benchmark(mapping, data=folder, shots=2).load("test")
    assert [q.query.routing_text for q in plain] == [q.query.routing_text for q in shown]


def test_an_example_does_not_see_its_own_solution(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    first = open_benchmark(mapping, data=folder, shots=2).load("validation")[0]
    assert len(first.query.examples) == 2
    assert "example 2" in first.query.examples[0].content


def test_examples_count_in_the_checksum(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    plain, shown = (open_benchmark(mapping, data=folder, shots=n).checksum("test") for n in (0, 2))
    assert plain != shown


def test_more_examples_than_there_are(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    with pytest.raises(BenchmarkError, match="has 2 worked examples, and 5 are asked for; give --shots 2"):
        open_benchmark(mapping, data=folder, shots=5).load("test")


def test_no_file_of_examples(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    (folder / "data" / "validation-00000-of-00001.parquet").unlink()
    sentence = r"needs worked solutions \(.*no split 'validation'.*give --data with data/validation-\*"
    with pytest.raises(BenchmarkError, match=sentence):
        open_benchmark(mapping, data=folder, shots=5).load("test")


def test_recorded_outcomes_have_no_solutions(data_folder: Path) -> None:
    benchmark = open_benchmark("mmlu_pro", data=data_folder / "mmlu_pro_outcomes.parquet", shots=5)
    with pytest.raises(BenchmarkError, match=r"no column 'cot_content'.*or --shots 0\.$"):
        benchmark.load("test")


@pytest.mark.parametrize("name", ["medmcqa", "aime", "math500", "gpqa_diamond"])
def test_benchmarks_without_examples(name: str) -> None:
    with pytest.raises(BenchmarkError, match=f"{name} has no worked examples; give --shots 0"):
        open_benchmark(name, shots=5)

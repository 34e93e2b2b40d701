"""Each bundled benchmark on a tiny file in the hub's layout, and on the recorded files with their counts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.benchmarks.mapping_file import BUNDLED, bundled_names, read_mapping
from eval.benchmarks.names import open_benchmark
from eval.question import Question
from eval.scoring import score_answer

Tiny = Callable[[str], tuple[str, Path]]


def load(tiny: Tiny, name: str, split: str, shots: int = 0) -> list[Question]:
    mapping, folder = tiny(name)
    return open_benchmark(mapping, data=folder, shots=shots).load(split)


def test_every_bundled_mapping_is_valid_and_has_the_name_of_its_file() -> None:
    assert bundled_names() == ("aime", "gsm8k", "math500", "medmcqa", "mmlu_pro")
    for name in bundled_names():
        config = read_mapping(BUNDLED / f"{name}.yaml")
        assert config.name == name
        assert config.hub is not None and config.hub.revision is not None
        assert len(config.hub.revision) == 40


def test_mmlu_pro_drops_fillers_and_keeps_the_letter_of_the_gold_option(tiny: Tiny) -> None:
    questions = load(tiny, "mmlu_pro", "test")
    assert [(q.id, q.subject, q.gold, q.query.choices) for q in questions] == [
        ("mmlu_pro:70", "physics", "B", ("2 m", "4 m")),
        ("mmlu_pro:71", "physics", "D", ("red", "blue", "lime", "grey")),
        ("mmlu_pro:72", "law", "A", ("yes", "no", "perhaps")),
    ]
    assert {q.benchmark for q in questions} == {"mmlu_pro"}
    assert all(q.query.instruction is None and not q.query.examples for q in questions)


def test_gsm8k_takes_the_tail_of_the_solution(tiny: Tiny) -> None:
    assert [q.gold for q in load(tiny, "gsm8k", "test")] == ["7"]
    train = load(tiny, "gsm8k", "train")
    assert [q.gold for q in train] == ["1,000", "2,000", "3,000"]
    assert score_answer("3000", train[2]) == "right"


def test_gsm8k_shows_worked_solutions_of_its_train_split(tiny: Tiny) -> None:
    (question,) = load(tiny, "gsm8k", "test", shots=2)
    assert [m.role for m in question.query.examples] == ["user", "assistant"] * 2
    assert question.query.examples[1].content.endswith("#### 1,000")


def test_math500_compares_by_value(tiny: Tiny) -> None:
    (question,) = load(tiny, "math500", "test")
    assert (question.id, question.subject, question.same_value) == (
        "math500:test/algebra/1.json",
        "Algebra",
        True,
    )
    assert question.query.instruction is not None and "\\boxed{}" in question.query.instruction


def test_medmcqa_counts_from_0_on_the_hub(tiny: Tiny) -> None:
    questions = load(tiny, "medmcqa", "validation")
    assert [q.gold for q in questions] == ["A", "B", "C", "D"]
    assert questions[0].query.choices == ("a", "b", "c", "d")


def test_aime_is_told_apart_by_year(tiny: Tiny) -> None:
    mapping, folder = tiny("aime")
    benchmark = open_benchmark(mapping, data=folder)
    assert set(benchmark.splits) == {"train", "test"}
    assert [(q.id, q.gold) for q in benchmark.load("test")] == [("aime:2024-2", "104")]
    train = benchmark.load("train")
    assert [q.gold for q in train] == ["60", "80"]
    assert score_answer("080", train[1]) == "right"


@pytest.mark.parametrize(
    ("name", "file", "counts"),
    [
        ("mmlu_pro", "mmlu_pro_outcomes", {"train": 4751, "validation": 1172, "test": 2418}),
        ("aime", "aime_questions", {"train": 354, "test": 30}),
        ("medmcqa", "medmcqa_dev_questions", {"validation": 4183}),
        ("math500", "math500_questions", {"test": 500}),
        ("gsm8k", "gsm8k_questions", {"train": 7473, "test": 1319}),
    ],
)
def test_recorded_files_have_their_counts(
    data_folder: Path, name: str, file: str, counts: dict[str, int]
) -> None:
    benchmark = open_benchmark(name, data=data_folder / f"{file}.parquet")
    assert set(benchmark.splits) == set(counts)
    loaded = {split: benchmark.load(split) for split in counts}
    assert {split: len(questions) for split, questions in loaded.items()} == counts
    everything = [q for questions in loaded.values() for q in questions]
    assert len({q.id for q in everything}) == len(everything)
    assert all(score_answer(q.gold, q) == "right" for q in everything)


def test_recorded_mmlu_pro_has_14_subjects_and_at_most_10_options(data_folder: Path) -> None:
    benchmark = open_benchmark("mmlu_pro", data=data_folder / "mmlu_pro_outcomes.parquet")
    questions = [q for split in benchmark.splits for q in benchmark.load(split)]
    assert len({q.subject for q in questions}) == 14
    assert max(len(q.query.choices) for q in questions) == 10
    assert not any("N/A" in q.query.choices for q in questions)


def test_recorded_medmcqa_counts_from_1(data_folder: Path) -> None:
    path = data_folder / "medmcqa_dev_questions.parquet"
    questions = open_benchmark("medmcqa", data=path).load("validation")
    assert {q.gold for q in questions} == set("ABCD")


def test_one_aime_problem_has_two_right_answers(data_folder: Path) -> None:
    benchmark = open_benchmark("aime", data=data_folder / "aime_questions.parquet")
    (question,) = (q for split in benchmark.splits for q in benchmark.load(split) if q.accepted)
    assert (question.gold, question.accepted) == ("80", ("81",))
    assert score_answer("081", question) == "right"
    assert score_answer("82", question) == "wrong"

"""The choice file and the aggregator that follows it."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks.ports import Port, said

from aggregators.build import build_aggregator
from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.chosen.choice import Choice
from aggregators.chosen.choice_file import load_choice, save_choice
from aggregators.chosen.choosing import choose_aggregator
from aggregators.chosen.chosen import Chosen
from aggregators.chosen.config import ChosenConfig
from aggregators.chosen.grouping import fit_grouping
from aggregators.reading.config import JudgeConfig
from compound.config import load_config
from experts.encoders.config import LexicalEncoderConfig
from experts.errors import ConfigError
from experts.query import Query
from experts.verdict import Candidates

TEXTS = [f"{('river delta water', 'sum digits number')[i % 2]} {i}" for i in range(80)]
WRITTEN = Path(__file__).parent / "choice.json"


def by_group(path: Path) -> Choice:
    """A written choice: a judge for rivers, the vote for sums."""
    grouping = fit_grouping(TEXTS, LexicalEncoderConfig(dimensions=8), 2)
    rivers = np.arange(80) % 2 == 0
    scores = {"vote": ~rivers, "top": ~rivers, "judge": rivers}
    choice = choose_aggregator(
        {"judge": JudgeConfig(kind="judge", expert="reader")},
        {name: score.astype(np.float64) for name, score in scores.items()},
        grouping=grouping,
        labels=grouping.labels(TEXTS),
    )
    save_choice(choice, path, grouping.encoder)
    return choice


def item(text: str, id: str) -> Candidates:
    query = Query.from_text(text, id=id, choices=["red", "blue"])
    answers = (said("ann", "The answer is (A)."), said("bob", "The answer is (B)."))
    return Candidates(query=query, completions=(*answers, said("cyd", "The answer is (B).")))


def config(path: Path) -> ChosenConfig:
    return ChosenConfig(kind="chosen", path=path)


def test_each_question_goes_to_the_aggregator_of_its_group_in_one_batch(tmp_path: Path) -> None:
    by_group(tmp_path / "choice.json")
    aggregator = build_aggregator(config(tmp_path / "choice.json"))
    port = Port("Best response: 1")
    items = [item(TEXTS[i], f"q{i}") for i in (0, 1, 2, 3)]
    verdicts = aggregator.aggregate(items, generate=port)
    assert [v.query_id for v in verdicts] == ["q0", "q1", "q2", "q3"]
    assert [(v.aggregator, v.answer) for v in verdicts] == [("judge", "A"), ("majority", "B")] * 2
    assert [len(conversations) for _, conversations, _ in port.calls] == [2]


def test_relative_paths_in_a_choice_are_those_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = by_group(tmp_path / "choice.json")
    certain = CertaintyVoteConfig(kind="certainty", calibration=Path("../calibration.json"))
    written = choice.model_copy(update={"options": {**choice.options, "certain": certain}})
    (tmp_path / "there").mkdir()
    save_choice(written, tmp_path / "there" / "choice.json")
    monkeypatch.chdir(tmp_path)
    found = load_choice(Path("there/choice.json")).options["certain"]
    assert isinstance(found, CertaintyVoteConfig)
    assert found.calibration == tmp_path / "calibration.json"


def test_it_names_the_experts_of_the_aggregators_in_use_only(tmp_path: Path) -> None:
    choice = by_group(tmp_path / "choice.json")
    assert build_aggregator(config(tmp_path / "choice.json")).experts == ("reader",)
    votes = choice.model_copy(
        update={
            "groups": (),
            "centroids": (),
            "everywhere": choice.everywhere.model_copy(update={"chosen": "vote"}),
        }
    )
    assert Chosen(votes, build_aggregator).experts == ()


def test_a_choice_is_read_as_it_was_written_and_a_centroid_is_one_line(tmp_path: Path) -> None:
    choice = by_group(tmp_path / "choice.json")
    assert load_choice(tmp_path / "choice.json") == choice
    lines = (tmp_path / "choice.json").read_text(encoding="utf-8").splitlines()
    assert sum(line.strip().startswith("[") and "]" in line for line in lines) == len(choice.groups) == 2


def test_a_folder_with_a_choice_can_be_moved(tmp_path: Path) -> None:
    by_group(tmp_path / "here" / "choice.json")
    shutil.move(tmp_path / "here", tmp_path / "there")
    [verdict] = build_aggregator(config(tmp_path / "there" / "choice.json")).aggregate([item(TEXTS[1], "q")])
    assert verdict.aggregator == "majority"


def test_paths_in_a_choice_are_those_of_its_folder(tmp_path: Path) -> None:
    raw = json.loads(WRITTEN.read_text(encoding="utf-8"))
    raw["options"]["fitted"] = {"kind": "chosen", "path": "fitted/choice.json"}
    (tmp_path / "choice.json").write_text(json.dumps(raw), encoding="utf-8")
    fitted = load_choice(tmp_path / "choice.json").options["fitted"]
    assert fitted == config(tmp_path / "fitted" / "choice.json")


def test_the_path_in_a_configuration_is_that_of_its_folder(tmp_path: Path) -> None:
    shutil.copy(WRITTEN, tmp_path / "choice.json")
    (tmp_path / "system.yaml").write_text(
        "experts: {ann: {kind: scripted, sampling: {max_tokens: 8}, replies: {}}}\n"
        "router: {kind: fixed}\nk: 1\naggregator: {kind: chosen, path: choice.json}\n",
        encoding="utf-8",
    )
    assert load_config(tmp_path / "system.yaml").aggregator == config(tmp_path / "choice.json")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no choice of aggregators at .*bench-pool"):
        build_aggregator(config(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "is not a choice"),
        ({"format": 9}, "has format 9, this version reads 1"),
        ({"options": {"vote": {"kind": "majorty"}}}, "options.vote"),
        ({"everywhere": {"name": "all", "n": 1, "chosen": "x", "why": ""}}, "'all' takes the option 'x'"),
        ({"groups": [{"name": "g", "n": 1, "chosen": "vote", "why": ""}]}, "one centroid"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, change: Any, message: str) -> None:
    raw = json.loads(WRITTEN.read_text(encoding="utf-8"))
    text = change if isinstance(change, str) else json.dumps(raw | change)
    (tmp_path / "choice.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        build_aggregator(config(tmp_path / "choice.json"))


def test_a_lost_encoder_is_one_clear_error(tmp_path: Path) -> None:
    by_group(tmp_path / "choice.json")
    shutil.rmtree(tmp_path / "choice.encoder")
    with pytest.raises(ConfigError, match=r"encoder of the choice .* cannot be read"):
        build_aggregator(config(tmp_path / "choice.json"))


def test_a_choice_of_a_choice_is_refused(tmp_path: Path) -> None:
    raw = json.loads(WRITTEN.read_text(encoding="utf-8"))
    raw["options"]["again"] = {"kind": "chosen", "path": "choice.json"}
    (tmp_path / "choice.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'again' .* of kind 'chosen' itself"):
        build_aggregator(config(tmp_path / "choice.json"))

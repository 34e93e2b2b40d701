"""From requests to jobs, and from what happened back to estimates."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.hosting.device_name import slot_device
from experts.hosting.hosted_expert import model_key
from experts.hosting.jobs import JobMaker
from experts.hosting.records import WorkDone
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.scheduling.cost_file import load_costs
from experts.scheduling.cutting import Piece
from experts.scheduling.switches import Switch

CONFIG = '{"model_type": "qwen2", "tie_word_embeddings": false}'


@pytest.fixture
def experts(tmp_path: Path) -> dict[str, VllmExpert]:
    """Two of one family, one without files."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(CONFIG, encoding="utf-8")
        (tmp_path / name / "model.safetensors").write_bytes(b"x" * 1000)
    return {
        name: VllmExpert(model=str(tmp_path / name), sampling=SamplingConfig(max_tokens=8))
        for name in ("a", "b", "missing")
    }


@pytest.fixture
def make(experts: dict[str, VllmExpert], tmp_path: Path) -> Callable[..., JobMaker]:
    def maker(last: str | None = None, **hosting: Any) -> JobMaker:
        return JobMaker(experts, HostingConfig(device="cpu", costs=tmp_path / "costs.json", **hosting), last)

    return maker


def ask(expert: str, count: int, text: str = "x" * 400) -> list[Request]:
    sampling = SamplingConfig(max_tokens=100)
    return [
        Request(
            id=f"{expert}{i}",
            expert=expert,
            query_id=f"{i}",
            messages=(Message("user", text),),
            sampling=sampling,
        )
        for i in range(count)
    ]


def cut(maker: JobMaker, requests: list[Request], slots: int = 1) -> list[Piece]:
    numbers = itertools.count()
    return maker.cut(requests, slots, lambda: f"id{next(numbers)}")


def done(expert: str, requests: int = 10, seconds: float = 5.0, slot: str = "slot-0") -> WorkDone:
    return WorkDone(
        expert=expert,
        slot=slot,
        requests=requests,
        prompt_characters=400 * requests,
        prompt_tokens=200 * requests,
        completion_tokens=50 * requests,
        seconds=seconds,
    )


def test_a_batch_is_one_round_of_one_job_an_expert(
    make: Callable[..., JobMaker], experts: dict[str, VllmExpert]
) -> None:
    pieces = cut(make(last="b", priority=3), ask("a", 40) + ask("b", 20))
    assert [(p.job.expert, p.job.requests, p.job.last) for p in pieces] == [
        (model_key(experts["a"]), 40, False),
        (model_key(experts["b"]), 20, True),
    ]
    assert pieces[0].job.family == pieces[1].job.family
    assert len({p.job.round for p in pieces}) == 1 and pieces[0].job.round is not None
    assert len({p.job.id for p in pieces} | {pieces[0].job.round}) == 3, "ids are unique"
    assert {p.job.priority for p in pieces} == {3}


def test_a_single_request_belongs_to_no_round(make: Callable[..., JobMaker]) -> None:
    (piece,) = cut(make(), ask("a", 1))
    assert piece.job.round is None and piece.job.requests == 1


@pytest.mark.parametrize(
    ("count", "slots", "sizes"),
    [
        (1100, 1, [512, 512, 76]),
        (100, 2, [16, 16, 16, 16, 16, 16, 4]),
        (640, 2, [40] * 16),
        (20_000, 2, [512] * 39 + [32]),
    ],
    ids=["one slot", "not too small", "an eighth of a slot's share", "not too large"],
)
def test_pieces_are_small_where_slots_share_them(
    make: Callable[..., JobMaker], count: int, slots: int, sizes: list[int]
) -> None:
    requests = ask("a", count)
    pieces = cut(make(), requests, slots)
    assert [p.job.requests for p in pieces] == [len(p.requests) for p in pieces] == sizes
    assert [r for p in pieces for r in p.requests] == requests, "each once, in order"


def test_what_a_residency_costs_beside_tokens_is_estimated_once(make: Callable[..., JobMaker]) -> None:
    first, second = cut(make(), ask("a", 32), slots=2)
    whole = cut(make(), ask("a", 32))[0]
    assert first.job.seconds > second.job.seconds > 0
    assert first.job.seconds + second.job.seconds == pytest.approx(whole.job.seconds)


def test_longer_questions_take_longer(make: Callable[..., JobMaker]) -> None:
    short, long = cut(make(), ask("a", 20, "short") + ask("b", 20, "long" * 1000))
    assert long.job.seconds > short.job.seconds


def test_estimates_follow_what_happened_in_this_process_and_the_next(make: Callable[..., JobMaker]) -> None:
    maker = make()
    before = cut(maker, ask("a", 20))[0].job
    maker.learn([Switch(expert="a", kind="reload", seconds=7.0)], [done("a", 20, seconds=60.0)])
    maker.keep()
    for learned in (cut(maker, ask("a", 20))[0].job, cut(make(), ask("a", 20))[0].job):
        assert learned.prices.reload_s == 7.0 != before.prices.reload_s
        assert learned.seconds == pytest.approx(60.0), "as many requests with as long prompts and answers"
    assert before.seconds < 30.0


def test_jobs_of_one_expert_on_one_slot_are_one_observation(
    make: Callable[..., JobMaker], tmp_path: Path
) -> None:
    maker = make()
    maker.learn([], [done("a", 10, 4.0), done("a", 10, 2.0), done("a", 10, 3.0, slot="slot-1")])
    maker.keep()
    key = maker.facts("a").key
    book = load_costs(tmp_path / "costs.json", slot_device(HostingConfig(device="cpu")))
    kept = book.to_dict()["models"][key]["work"]
    assert [(requests, seconds) for requests, _, _, seconds, _ in kept] == [(20, 6.0), (10, 3.0)]


def test_of_a_wake_with_a_reload_only_the_wake_is_learned(make: Callable[..., JobMaker]) -> None:
    maker = make()
    maker.learn([Switch(expert="a", kind="reload", seconds=2.0)], [])
    maker.learn([Switch(expert="b", kind="wake", seconds=5.0, reloaded=True)], [])
    assert cut(maker, ask("b", 1))[0].job.prices.wake_s == 3.0
    maker.learn([Switch(expert="b", kind="wake", seconds=1.0, reloaded=True)] * 2, [])
    assert cut(maker, ask("b", 1))[0].job.prices.wake_s == 0.0, "a wake never takes less than nothing"


def test_a_model_whose_files_cannot_be_read_is_planned_as_one_of_its_own(
    make: Callable[..., JobMaker],
) -> None:
    maker = make()
    (piece,) = cut(maker, ask("missing", 20))
    assert piece.job.family == "unknown:missing" and piece.job.seconds > 0
    assert piece.job.prices.process_s > 0


def test_a_switch_under_another_clients_name_is_passed_over(
    make: Callable[..., JobMaker],
) -> None:
    maker = make()
    before = cut(maker, ask("a", 1))[0].job.prices
    maker.learn([Switch(expert="theirs", kind="reload", seconds=9.0)], [])
    assert cut(maker, ask("a", 1))[0].job.prices == before


def test_nothing_is_written_where_nothing_happened(make: Callable[..., JobMaker], tmp_path: Path) -> None:
    make().learn([], [])
    assert not (tmp_path / "costs.json").exists()

"""The whole way on real engines: route by the annotator LLM, ask experts, fuse by the aggregator LLM."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compound.config import SystemConfig, default_config_path
from compound.system import Compound
from eval.pocket import load
from eval.scoring import score_verdict
from experts.query import Query
from experts.scheduling.switches import SwitchCounts

CHAT = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "The answer is Paris."},
    {"role": "user", "content": "And what is the capital of Italy?"},
]


def compound(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compound", *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_a_question_is_routed_asked_and_fused(pocket: Compound) -> None:
    [answer] = pocket.answer("What is 12 plus 30?")
    assert answer.error is None
    assert answer.text
    assert len(answer.completions) == pocket.config.k
    assert {c.expert for c in answer.completions} == set(answer.decision.chosen)
    assert answer.decision.calibrated
    assert any("addition" in reason for reason in answer.decision.reasons), answer.decision.reasons
    assert answer.verdict.completion is not None, "the aggregator LLM must have been asked"
    assert answer.usage.completion_tokens >= sum(c.usage.completion_tokens for c in answer.completions)


def test_many_questions_keep_order_and_switch_once_per_expert(pocket: Compound) -> None:
    questions = load("test", 40)
    before = pocket.switches()
    answers = pocket.answer([q.query for q in questions])
    switches = pocket.switches() - before
    assert [a.query_id for a in answers] == [q.id for q in questions]
    # One round each for annotator, experts and aggregator: no expert comes back within a round.
    assert switches.total <= len(pocket.config.experts) + 2
    assert switches.new_process == 0
    # Within a family every switch is a reload: new engines only where the round changes family.
    assert switches.new_engine <= 3
    right = sum(score_verdict(a.verdict, q) == "right" for a, q in zip(answers, questions, strict=True))
    assert right > len(questions) / 2, f"{right} of {len(questions)} right: the pool is broken"


def test_routing_reads_the_conversation(pocket: Compound) -> None:
    [answer] = pocket.answer([CHAT])
    assert answer.error is None


def test_choices_are_answered_with_a_letter(pocket: Compound) -> None:
    [answer] = pocket.answer("What is the capital of France?", choices=["Rome", "Paris", "Madrid", "Berlin"])
    assert answer.answer is not None
    assert answer.answer in "ABCD"


async def test_blocking_and_asynchronous_calls_at_once(pocket: Compound) -> None:
    blocking = asyncio.to_thread(pocket.answer, "What is 3 plus 4?")
    several = await asyncio.gather(
        blocking, pocket.aanswer("What is 5 plus 4?"), pocket.aanswer("What is 6 plus 2?")
    )
    assert [len(answers) for answers in several] == [1, 1, 1]
    assert all(a.error is None for answers in several for a in answers)


def test_route_runs_no_expert(pocket: Compound) -> None:
    pocket.route("What is 3 plus 4?")
    before = pocket.switches()
    [decision] = pocket.route("What is the capital of Italy?")
    assert pocket.switches() - before == SwitchCounts(), "only the annotator, which was resident, may run"
    assert len(decision.chosen) == pocket.config.k


def test_a_question_beyond_the_context_is_an_error_in_words(pocket: Compound) -> None:
    [answer] = pocket.answer(Query.from_text("What is 3 plus 4? " * 400))
    assert answer.error is not None
    assert "context holds 1,024" in answer.error


def test_an_expert_that_cannot_start_is_named_and_the_others_answer(pocket_config: SystemConfig) -> None:
    broken = pocket_config.experts["abacus"].model_copy(update={"model": "/nowhere/abacus"})
    config = pocket_config.model_copy(update={"experts": {**pocket_config.experts, "abacus": broken}})
    with Compound(config) as system:
        [answer] = system.answer("What is 12 plus 30?", k=len(config.experts), aggregator="majority")
    assert answer.error is None
    assert answer.text
    assert any(
        w.startswith("abacus did not answer: Expert 'abacus' cannot answer: No model folder")
        for w in answer.warnings
    )


@pytest.mark.slow
def test_answer_command_from_a_cold_start() -> None:
    done = compound("answer", "What is 12 plus 30?", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["text"]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_program_with_the_sdk_ends_cleanly() -> None:
    program = "from compound import route_and_answer; print(route_and_answer('What is 33 + 14?', k=1).answer)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0
    assert done.stdout == "47\n"
    assert "Error" not in done.stderr, done.stderr


@pytest.mark.slow
def test_a_batch_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    questions = load("test", 400)
    lines = [
        json.dumps({"id": q.id, "question": q.query.question, "choices": list(q.query.choices)})
        for q in questions
    ]
    source.write_text("\n".join(lines) + "\n")
    store = out.with_name("out.jsonl.store")
    command = [sys.executable, "-m", "compound", "batch", str(source), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as first:
        deadline = time.monotonic() + 200
        # Well into the experts' round, past the 400 annotations.
        while time.monotonic() < deadline and (not store.exists() or store.read_bytes().count(b"\n") < 600):
            assert first.poll() is None, "the batch ended before it could be killed"
            time.sleep(0.02)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    kept = store.read_bytes().splitlines()
    assert not out.exists()
    done = compound("batch", str(source), "--out", str(out))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in rows] == [q.id for q in questions]
    assert all(row["error"] is None for row in rows)
    after = store.read_bytes().splitlines()
    whole = [line for line in kept if line.endswith(b"}")]
    assert after[: len(whole)] == whole, "what was finished is kept"
    keys = [json.loads(line).get("key") for line in after]
    assert len(keys) == len(set(keys)), "nothing is asked twice but what was in flight"


def test_the_default_configuration_is_the_shipped_one() -> None:
    assert default_config_path().is_file()

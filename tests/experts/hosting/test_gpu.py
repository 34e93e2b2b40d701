"""Hosting on a GPU: `make test-gpu`."""

import pytest

from compound.config import SystemConfig
from compound.system import Compound
from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.query import Message
from experts.sampling import SamplingConfig

pytestmark = pytest.mark.gpu


def test_the_miniature_pool_answers_on_a_gpu_and_reloads_within_a_family(pocket_config: SystemConfig) -> None:
    hosting = HostingConfig(device="gpu", start_timeout_s=280)
    small = {
        name: expert.model_copy(
            update={"engine": expert.engine.model_copy(update={"gpu_memory_utilization": 0.2})}
        )
        for name, expert in pocket_config.experts.items()
        if isinstance(expert, VllmExpert)
    }
    config = pocket_config.model_copy(update={"hosting": hosting, "experts": small})
    with Compound(config) as system:
        answers = system.answer(["What is 12 plus 30?", "What is the capital of France?"])
        assert all(a.error is None for a in answers)
        assert system.switches().reload >= 1


def test_certainty_on_a_gpu_is_over_the_full_vocabulary_and_leaves_texts_alone(
    pocket_config: SystemConfig,
) -> None:
    abacus = pocket_config.all_experts["abacus"]
    assert isinstance(abacus, VllmExpert)
    small = abacus.engine.model_copy(update={"gpu_memory_utilization": 0.2})
    expert = abacus.model_copy(update={"engine": small})
    requests = [
        Request(
            id=f"{n}/{asks}",
            expert="abacus",
            query_id=f"{n}/{asks}",
            messages=(Message("user", f"What is {n} plus 30?"),),
            sampling=SamplingConfig(max_tokens=24, certainty=asks),
        )
        for n in range(8)
        for asks in (False, True)
    ]
    hosting = HostingConfig(device="gpu", start_timeout_s=280)
    config = pocket_config.model_copy(update={"hosting": hosting, "experts": {"abacus": expert}})
    with Compound(config) as system:
        found = system.complete(requests)
    for without, sure in zip(found[::2], found[1::2], strict=True):
        assert (without.text, without.certainty) == (sure.text, None)
        assert sure.certainty is not None, sure.notes
        assert sure.certainty.top_k is None
        assert sure.certainty.self_certainty > 0.0 > sure.certainty.mean_logprob

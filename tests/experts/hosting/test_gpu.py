"""Hosting on a GPU: `make test-gpu`."""

import pytest

from compound.config import SystemConfig
from compound.system import Compound
from experts.config import HostingConfig, VllmExpert

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

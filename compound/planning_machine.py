"""Which experts take a slot, what is known of their models, and what such a slot costs.

The slots are those of hosted experts; where there are none, those of the simulated machine on which recorded
experts are timed. Knows no query and plans nothing.
"""

from __future__ import annotations

from compound.config import SystemConfig
from experts.config import RecordedExpert, VllmExpert
from experts.errors import CompoundError, ConfigError
from experts.hosting.device_name import slot_device
from experts.hosting.model_facts import model_facts
from experts.playback.simulated_run import SIMULATED_DEVICE, simulated_facts
from experts.scheduling.cost_file import default_cost_path, load_costs
from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import ModelFacts


def known_costs(config: SystemConfig) -> CostBook:
    """What this machine has learned about a slot as it is configured; first guesses where nothing.

    Of a simulated machine, where only that is planned, nothing but first guesses.
    """
    if is_simulated(config):
        return CostBook(SIMULATED_DEVICE)
    hosting = config.hosting
    return load_costs(hosting.costs or default_cost_path(), slot_device(hosting))


def is_simulated(config: SystemConfig) -> bool:
    """Whether slots are those of the simulated machine: some recorded expert has a size, none is hosted."""
    hosted = any(isinstance(expert, VllmExpert) for expert in config.all_experts.values())
    return not hosted and bool(_simulated_facts(config))


def slot_facts(config: SystemConfig) -> dict[str, ModelFacts]:
    """Facts of the experts that take a slot, by name: the hosted ones, else those that are simulated.

    Raises:
        ConfigError: the files of one cannot be read; says of which.
    """
    facts = {}
    for name, expert in config.all_experts.items():
        if isinstance(expert, VllmExpert):
            try:
                facts[name] = model_facts(expert)
            except CompoundError as error:
                raise ConfigError(f"Expert {name!r} cannot be planned: {error}") from error
    return facts or _simulated_facts(config)


def _simulated_facts(config: SystemConfig) -> dict[str, ModelFacts]:
    """Facts of the recorded experts that are timed on a simulated machine, by name."""
    return {
        name: simulated_facts(name, expert)
        for name, expert in config.all_experts.items()
        if isinstance(expert, RecordedExpert) and expert.parameters_b is not None
    }

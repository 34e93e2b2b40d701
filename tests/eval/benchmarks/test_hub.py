"""Files of the pinned revision from the hub's cache, and what is said where they cannot be had."""

import hashlib
from pathlib import Path

import huggingface_hub.constants
import pytest
from checks.made_benchmarks import TABLES, own_mapping, write_table

from eval.benchmarks.mapping_file import BUNDLED, read_mapping
from eval.benchmarks.names import open_benchmark
from experts.errors import BenchmarkError

NAMES = ("aime", "gsm8k", "math500", "medmcqa", "mmlu_pro")


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return cache


def snapshot(cache: Path, name: str) -> Path:
    """The folder in which the hub's cache has the pinned revision of a bundled benchmark."""
    hub = read_mapping(BUNDLED / f"{name}.yaml").hub
    assert hub is not None and hub.revision is not None
    return cache / f"datasets--{hub.id.replace('/', '--')}" / "snapshots" / hub.revision


@pytest.mark.parametrize("name", NAMES)
def test_the_pinned_revision_is_read_from_the_hubs_cache(tmp_path: Path, hub_cache: Path, name: str) -> None:
    for file, rows in TABLES[name].items():
        write_table(snapshot(hub_cache, name) / file, rows)
    benchmark = open_benchmark(str(own_mapping(tmp_path / "own.yaml", name)))
    questions = [q for split in benchmark.splits for q in benchmark.load(split)]
    with_solutions = sum(map(len, TABLES[name].values()))
    assert len(questions) == with_solutions
    assert all(len(benchmark.checksum(split)) == 64 for split in benchmark.splits)


@pytest.mark.parametrize("name", NAMES)
def test_offline_one_sentence_names_the_option_that_helps(hub_cache: Path, name: str) -> None:
    benchmark = open_benchmark(name)
    with pytest.raises(BenchmarkError) as caught:
        benchmark.load(benchmark.splits[0])
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert message.endswith("is not in the hub's cache and cannot be fetched; give local files with --data.")


def test_a_cache_that_has_other_files_only(hub_cache: Path) -> None:
    file, rows = next(iter(TABLES["gsm8k"].items()))
    write_table(snapshot(hub_cache, "gsm8k") / file, rows)
    with pytest.raises(BenchmarkError, match=r"openai/gsm8k at revision 7403\w+ .*--data"):
        open_benchmark("gsm8k").load("train")


def test_a_file_with_another_checksum(hub_cache: Path) -> None:
    file, rows = next(iter(TABLES["mmlu_pro"].items()))
    path = write_table(snapshot(hub_cache, "mmlu_pro") / file, rows)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(BenchmarkError, match=f"has the SHA-256 {found}, and 0e24a191.* is expected; fetch"):
        open_benchmark("mmlu_pro").load("test")

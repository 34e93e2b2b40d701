"""Files of a benchmark from the Hugging Face hub, by id and revision, or from its cache where that is enough.

Knows nothing of what stands in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.benchmarks.mapping import HubSource, MappingConfig
from eval.benchmarks.sources import Part, parts_in
from experts.errors import BenchmarkError


def hub_part(config: MappingConfig, hub: HubSource, split: str) -> Part:
    """The files of one entry of `files`, fetched unless they are in the hub's cache.

    Raises:
        BenchmarkError: the hub cannot be reached, or has no such data set, revision or file.
    """
    files = config.files[split]
    folder = _fetch(config.name, hub, files.files)
    part = next((part for part in parts_in(config, folder) if part.split == split), None)
    if part is None:
        raise BenchmarkError(
            f"{hub.id} at revision {hub.revision or 'main'} has no {' or '.join(files.files)} here; with "
            "the network off only what was fetched before is there. Give local files with --data."
        )
    return part


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

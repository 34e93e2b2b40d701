"""Checksums of fitted files: by path in the configuration, folders whole, what is missing passed over."""

from pathlib import Path

from checks.scripted_systems import content

from compound.config import SystemConfig
from eval.runs.fitted_files import fitted_files


def system(router: Path, fusion: Path) -> SystemConfig:
    inner = {"kind": "learned", "path": str(fusion)}
    changes = {
        "router": {"kind": "trained", "path": str(router)},
        "aggregator": {"kind": "on_agreement", "inner": inner},
    }
    return SystemConfig.model_validate(content(**changes))


def test_of_a_folder_every_file_counts(tmp_path: Path) -> None:
    router, fusion = tmp_path / "router", tmp_path / "fusion"
    for folder in (router, fusion):
        folder.mkdir()
        (folder / "weights").write_bytes(b"one")
    first = fitted_files(system(router, fusion))
    assert list(first) == ["router.path", "aggregator.inner.path"]
    (router / "header").write_bytes(b"two")
    second = fitted_files(system(router, fusion))
    assert first["router.path"] != second["router.path"]
    assert first["aggregator.inner.path"] == second["aggregator.inner.path"]


def test_a_file_that_moved_within_its_folder_is_another(tmp_path: Path) -> None:
    fusion = tmp_path / "fusion"
    fusion.mkdir()
    (fusion / "a").write_bytes(b"same")
    before = fitted_files(system(tmp_path / "none", fusion))
    (fusion / "a").rename(fusion / "b")
    assert fitted_files(system(tmp_path / "none", fusion)) != before


def test_what_is_missing_and_what_is_not_fitted_has_none(tmp_path: Path) -> None:
    assert fitted_files(system(tmp_path / "x", tmp_path / "y")) == {}
    assert fitted_files(SystemConfig.model_validate(content())) == {}

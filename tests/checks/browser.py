"""A real browser without a window, for pages in files. Takes nothing from the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import pytest

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium with a profile of its own, which is deleted at the end; skips where it is not installed."""
    program = which("chromium") or which("chromium-browser") or which("google-chrome")
    if program is None:
        pytest.skip("No chromium is installed (apt-get install chromium).")
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install playwright)."
    )
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=[*_FLAGS])
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(
    chromium: Any, path: Path, *, width: int, scheme: str = "light"
) -> Iterator[tuple[Any, list[str]]]:
    """A page, and what it did that it should not: messages, errors, requests for anything but itself."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    done: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: done.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: done.append(f"error: {error}"))
    page.on(
        "request", lambda r: None if r.url.startswith(path.as_uri()) else done.append(f"request: {r.url}")
    )
    page.on("dialog", lambda dialog: _dismiss(dialog, done))
    try:
        page.goto(path.as_uri())
        yield page, done
    finally:
        context.close()


def _dismiss(dialog: Any, done: list[str]) -> None:
    done.append(f"dialog: {dialog.message}")
    dialog.dismiss()

"""The page of a large report in a real browser: quiet, readable in both schemes, usable by keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks.browser import browser, opened
from checks.made_reports import made_report, made_rows
from checks.made_rows import manifest_of, question_row

from eval.reports.build import build_report
from eval.reports.page import write_page
from eval.runs.course import Course

pytestmark = pytest.mark.full

QUESTIONS = 12_032
"""Of MMLU-Pro."""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3."""
CONTRASTS = (Path(__file__).parents[2] / "checks" / "contrasts.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("page") / "report.html"
    rows = made_rows(QUESTIONS)
    write_page(made_report(rows), rows, found)
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def test_is_small(path: Path) -> None:
    assert path.stat().st_size < 2_000_000


def test_opens_without_a_message_an_error_or_a_request(chromium: Any, path: Path) -> None:
    with opened(chromium, path, width=1400) as (page, done):
        assert page.locator("figure").count() == 10
        assert page.locator("figure svg").count() == 10
        assert done == []


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_sticks_out(chromium: Any, path: Path, width: int) -> None:
    with opened(chromium, path, width=width) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        letters = page.evaluate(
            "[...document.querySelectorAll('svg text')].map((t) => parseFloat(getComputedStyle(t).fontSize)"
            " * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width)"
        )
        assert len(letters) > 300
        assert min(letters) > 8


def test_figures_have_a_name_a_description_and_numbers_for_screen_readers(chromium: Any, path: Path) -> None:
    with opened(chromium, path, width=1400) as (page, _):
        for figure in page.locator("figure").all():
            title, image = figure.locator("h3").inner_text(), figure.get_by_role("img")
            assert figure.get_by_role("img", name=title, exact=True).count() == 1
            assert len(page.locator(f"#{image.get_attribute('aria-describedby')}").inner_text()) > 40
            figure.locator("summary").click()
            assert figure.get_by_role("table").locator("tbody tr").count() > 0


def test_light_and_dark_differ_and_both_can_be_read(chromium: Any, path: Path) -> None:
    papers = set()
    for scheme in ("light", "dark"):
        with opened(chromium, path, width=1400, scheme=scheme) as (page, _):
            papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            found = page.evaluate(CONTRASTS)
            assert sum(drawn for _, _, drawn in found) > 300
            assert [(scheme, *one) for one in found if one[0] < LEAST_CONTRAST] == []
    assert len(papers) == 2


def test_the_list_is_opened_and_searched_by_keys(chromium: Any, path: Path) -> None:
    with opened(chromium, path, width=1400) as (page, done):
        page.locator("#list summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        shown, rows = page.locator("#shown"), page.locator("#missed tbody tr")
        every = rows.count()
        assert shown.inner_text() == f"{every:,} shown"
        page.keyboard.type("PHYSICS")
        assert 0 < page.locator("#missed tbody tr:visible").count() < every
        assert all("physics" in text for text in page.locator("#missed tbody tr:visible").all_inner_texts())
        page.keyboard.type("no such question")
        assert shown.inner_text() == "0 shown"
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        assert page.locator("#missed tbody tr:visible").count() == every
        assert done == []


def test_prints_dark_on_white(chromium: Any, path: Path) -> None:
    with opened(chromium, path, width=1000, scheme="dark") as (page, _):
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("nav").is_hidden()


def test_hostile_names_do_nothing(chromium: Any, tmp_path: Path) -> None:
    hostile = '</script></style><img src=x onerror="alert(1)"><svg onload=alert(2)>'
    rows = [
        question_row(
            f"{i}{hostile}",
            {hostile: "A", "bob": "B"},
            system="B",
            subject=hostile,
            chosen=["bob"],
            gold=hostile,
        )
        for i in range(2)
    ]
    manifest = manifest_of(rows, [hostile, "bob"], versions={hostile: hostile})
    report = build_report(rows, manifest, Course(), best_single=hostile, absent={})
    write_page(report, rows, tmp_path / "report.html")
    with opened(chromium, tmp_path / "report.html", width=800) as (page, done):
        page.locator("#list summary").click()
        assert page.locator("#missed tbody th").first.inner_text() == f"0{hostile}"
        assert page.locator("img").count() == 0
        assert done == []

"""The documented layout of report.json is that of the types."""

from pathlib import Path

from eval.reports.schema import Picks, Report
from eval.reports.schema_doc import schema_markdown

PAGE = Path(__file__).parents[3] / "docs" / "report.md"


def test_the_page_in_docs_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == schema_markdown(), "run: python -m eval.reports.schema_doc > docs/report.md"


def test_every_key_of_every_part_is_there_with_its_type() -> None:
    page = schema_markdown()
    for part in (Report, Picks):
        section = page.split(f"## {part.__name__}\n")[1].split("\n## ")[0]
        for key in part.model_fields:
            assert f"\n| `{key}` | " in section
    assert "| `share` | list of (list of number) |" in page
    assert "| `accuracy` | Value or null |" in page
    assert "None" not in page

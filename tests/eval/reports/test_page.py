"""The page as text: what it says, what it needs, what it must never let through."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from checks.made_reports import EXPERTS, SUBJECTS, made_course, made_report, made_rows
from checks.made_rows import manifest_of, question_row

from eval.reports.build import build_report
from eval.reports.page import report_page, write_page
from eval.reports.page_course import course_lines, course_tables
from eval.reports.schema import Report
from eval.runs.course import Course
from eval.runs.manifest import BenchmarkEntry
from eval.runs.row import QuestionRow

HOSTILE = '</script><img src=x onerror="alert(1)">&amp;$x_1$\n"\' <!-- course -->'
COURSE = re.compile("<!-- course -->.*<!-- /course -->", re.DOTALL)
FIGURES = {
    "figure-standings", "figure-subjects", "figure-tokens", "figure-price", "figure-picks",
    "figure-experts",
    "figure-correlation", "figure-same-mistake", "figure-calibration-system", "figure-calibration-router",
}  # fmt: skip


class Parts(HTMLParser):
    """Tags with their attributes, and all text outside of script and style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._code = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._code = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def rows() -> list[QuestionRow]:
    found: list[QuestionRow] = made_rows(120, subjects=SUBJECTS[:3], experts=EXPERTS[:3])
    return found


@pytest.fixture(scope="module")
def report(rows: list[QuestionRow]) -> Report:
    found: Report = made_report(rows)
    return found


@pytest.fixture(scope="module")
def page(report: Report, rows: list[QuestionRow]) -> str:
    return report_page(report, rows)


def page_of(rows: list[QuestionRow], best_single: str | None = "ann", **changes: Any) -> str:
    manifest = manifest_of(rows, [e.expert for e in rows[0].experts], **changes)
    return report_page(build_report(rows, manifest, Course(), best_single=best_single, absent={}), rows)


def test_says_what_is_in_the_report(page: str, report: Report) -> None:
    text = Parts(page).text
    system = report.table[0].accuracy
    for said in (
        "mmlu_pro version 1, test: 120 questions",
        f"{100 * system.value:.1f}%",
        "The system is better than the best single expert, llama3.1",
        "PLAYED BACK: no model ran for llama3.1, phi3,",
        "Tokens are characters / 4",
        "router knn, policy top_k, aggregator vote, k = 3",
        "chosen on other questions: 1,172 questions of mmlu_pro, validation",
        "self consistency (no expert samples more than once)",
        "accuracy of the answered (right or wrong)",
        "withheld (abstained)",
        "official extraction (%)",
        "sha256 5f5f5f5f5f5f5f5f",
        "restarted: expert phi3 was started again.",
        "The run was interrupted once",
        "3,011.5",
    ):
        assert said in text
    for row in report.table:
        assert row.label in text


def test_every_figure_has_title_caption_axis_names_and_its_numbers(page: str) -> None:
    figures = re.findall('<figure id="([^"]*)".*?</figure>', page, flags=re.DOTALL)
    assert {*figures} == FIGURES
    for whole in re.findall("<figure.*?</figure>", page, flags=re.DOTALL):
        found = Counter(tag for tag, _ in Parts(whole).tags)
        assert (found["h3"], found["figcaption"], found["details"], found["table"], found["svg"]) == (1,) * 5
        assert re.search(
            r"accuracy|right \(%\)|subject|expert", "".join(re.findall("<text.*?</text>", whole))
        )


def test_needs_nothing_from_elsewhere(page: str) -> None:
    parts = Parts(page)
    assert {tag for tag, _ in parts.tags} & {"iframe", "object", "embed", "img", "base", "form"} == set()
    assert [a["href"] for a in parts.all("link")] == ["data:,"]
    for tag, attributes in parts.tags:
        assert "src" not in attributes, tag
        for name in ("href", "xlink:href"):
            assert str(attributes.get(name, "#")).startswith(("#", "data:,"))
    assert not re.search(r"@import|url\((?!#)", page)


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    parts = Parts(page)
    ids = Counter(a["id"] for _, a in parts.tags if "id" in a)
    assert set(ids.values()) == {1}
    named = [
        str(a[key])
        for _, a in parts.tags
        for key in ("aria-labelledby", "aria-describedby", "for")
        if key in a
    ]
    assert {*named} <= {*ids}
    assert {str(a["href"])[1:] for a in parts.all("a")} <= {*ids}


def test_tables_have_captions_and_scopes(page: str) -> None:
    parts = Parts(page)
    assert len(parts.all("table")) == len(parts.all("caption")) >= len(FIGURES) + 6
    assert all(a.get("scope") in ("row", "col") for a in parts.all("th"))


def test_two_equal_runs_differ_in_the_course_only(rows: list[QuestionRow], page: str) -> None:
    other = report_page(made_report(rows, course=Course(seconds={"total": 7.0})), rows)
    assert COURSE.sub("", page) == COURSE.sub("", other)
    assert page != other


def test_hostile_names_are_shown_and_do_nothing() -> None:
    ann, bob = f"ann{HOSTILE}", f"bob{HOSTILE}"
    rows = [
        question_row(
            f"{i}{HOSTILE}",
            {ann: letter, bob: "A"},
            system="B",
            subject=f"s{i % 2}{HOSTILE}",
            benchmark=f"b{HOSTILE}",
            chosen=[ann],
            best_single=ann,
            answer=HOSTILE,
            gold=HOSTILE,
        )
        for i, letter in enumerate("AB-!")
    ]
    page = page_of(
        rows,
        best_single=ann,
        versions={HOSTILE: HOSTILE},
        identities={ann: HOSTILE},
        files={HOSTILE: HOSTILE},
        played_back=(ann,),
        estimated_tokens=(ann,),
    )
    parts = Parts(page)
    assert parts.all("img") == []
    assert len(parts.all("script")) == 1
    assert not any(name.startswith("on") for _, attributes in parts.tags for name in attributes)
    assert page.count("<!-- course -->") == 1
    assert 'onerror="alert(1)">' in parts.text


def test_names_in_any_script_and_of_any_length_are_drawn() -> None:
    rows = [
        question_row(
            f"q{i}", {"ann": "A", "数学 الرياضيات 🧮": "B"}, system="A", subject=name, chosen=["ann"]
        )
        for i, name in enumerate(("数学", "x" * 400, "$\\frac{1}{0}$ _^"))
    ]
    parts = Parts(page_of(rows))
    assert "数学 الرياضيات 🧮" in parts.text
    assert "x" * 400 in parts.text


def test_of_private_questions_only_ids_are_shown() -> None:
    rows = [
        question_row(
            f"secret:{i}", {"ann": "A", "bob": "B"}, system="B", private=True, answer="Xyzzy", gold="Plugh"
        )
        for i in range(3)
    ]
    entry = BenchmarkEntry(name="made", version="1", split="test", n=3, private=True)
    page = page_of(rows, benchmarks=(entry,))
    assert "secret:2" in page
    assert "Xyzzy" not in page
    assert "Plugh" not in page
    assert "only ids of questions are shown: made" in page


@pytest.mark.parametrize(
    ("experts", "system"),
    [
        ({}, None),
        ({"ann": "A"}, None),
        ({"ann": "!"}, "!"),
        ({"ann": "B", "bob": "!"}, None),
        ({"ann": "B", "bob": "!"}, "-"),
        ({"ann": "A", "bob": "B"}, "?"),
    ],
)
def test_the_smallest_runs_have_a_page(experts: dict[str, str], system: str | None) -> None:
    rows = (
        [question_row("q", experts, system=system, chosen=[*experts][:1])]
        if experts
        else [QuestionRow(id="q", benchmark="made", subject="sums", gold="A", outcome=None)]
    )
    parts = Parts(page_of(rows, best_single=next(iter(experts), None)))
    expected = "1 question" if system is not None and experts else "Only experts were run"
    assert expected in parts.text


def test_several_benchmarks_are_told_apart() -> None:
    rows = [
        question_row(f"q{i}", {"ann": "A", "bob": "B"}, system="A", benchmark=name, chosen=["ann"])
        for i, name in enumerate(("first", "second", "first"))
    ]
    text = Parts(page_of(rows)).text
    assert "Accuracy by benchmark (%), 95% intervals" in text
    assert "first: sums" in text
    assert "second version 7, test" in text


def test_a_collapse_is_a_warning_on_top_and_a_remark_is_none() -> None:
    rows = [question_row("q", {"ann": "A"}, system="A", chosen=["ann"])]
    report = build_report(rows, manifest_of(rows, ["ann"]), Course(), best_single="ann", absent={})
    assert report.picks is not None
    for field, warned in (("collapse", True), ("remark", False)):
        picks = report.picks.model_copy(update={"collapse": None, "remark": None, field: "It picks ann."})
        page = report_page(report.model_copy(update={"picks": picks}), rows)
        head, _, rest = page.partition("<main>")
        assert ("ROUTER COLLAPSE:</strong> It picks ann." in head) == warned
        assert "<p>It picks ann.</p>" in rest


def test_no_more_questions_are_listed_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.reports.missed._MOST", 2)
    rows = [question_row(f"q{i}", {"ann": "A"}, system="B") for i in range(5)]
    parts = Parts(page_of(rows))
    assert "The first 2 are listed" in parts.text
    assert "q1" in parts.words
    assert "q2" not in parts.words


def test_a_course_with_nothing_in_it_says_nothing() -> None:
    assert course_tables(Course()) == []
    assert course_lines(Course()) == []


def test_real_seconds_are_not_called_simulated() -> None:
    for simulated in (True, False):
        course = made_course(simulated=simulated)
        assert ("imulated" in str(course_tables(course))) == simulated
        assert ("imulated" in str(course_lines(course))) == simulated


def test_is_written_whole_and_the_same_every_time(
    tmp_path: Path, report: Report, rows: list[QuestionRow], page: str
) -> None:
    write_page(report, rows, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]

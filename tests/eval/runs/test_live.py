from checks.made_completions import says

from eval.question import Question
from eval.runs.live import LiveVote
from experts.query import Query

QUESTIONS = [
    Question(query=Query.from_text(f"{i}?", id=f"q{i}", choices=["a", "b", "c"]), gold="A", subject="s")
    for i in range(4)
]


def test_nothing_is_said_before_the_first_answer() -> None:
    assert LiveVote(QUESTIONS, ["ann"]).words() == ""


def test_the_vote_of_what_is_there_is_scored() -> None:
    live = LiveVote(QUESTIONS, ["ann", "bob", "cyd"])
    live.take(says("A", query_id="q0", expert="ann"))
    live.take(says("B", query_id="q1", expert="ann"))
    assert live.words().startswith("vote so far 50.0% (")
    live.take(says("A", query_id="q1", expert="bob"))
    live.take(says("A", query_id="q1", expert="cyd"))
    assert live.words().startswith("vote so far 100.0% (")


def test_a_question_whose_vote_turns_is_not_right_any_more() -> None:
    live = LiveVote(QUESTIONS, ["ann", "bob", "cyd"])
    live.take(says("A", query_id="q0", expert="ann"))
    for name in ("bob", "cyd"):
        live.take(says("C", query_id="q0", expert=name))
    assert live.words().startswith("vote so far 0.0% (")


def test_further_samples_helpers_other_questions_and_failures_do_not_vote() -> None:
    live = LiveVote(QUESTIONS, ["ann", "bob"])
    live.take(says("B", query_id="q0", expert="ann"))
    live.take(says("A", query_id="q0", expert="ann", sample_index=1))
    live.take(says("A", query_id="q0", expert="judge"))
    live.take(says("A", query_id="elsewhere", expert="ann"))
    assert live.words().startswith("vote so far 0.0% (")
    live.take(says(None, query_id="q1", expert="bob"))
    assert live.words() == "vote so far 0.0% (0.0 to 65.8)"

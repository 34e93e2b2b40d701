"""The pure round scheduler, with hypothesis."""

from hypothesis import given
from hypothesis import strategies as st

from experts.hosting.scheduler import ExpertWork, SlotState, plan_round

NAMES = [f"e{i}" for i in range(8)]
FAMILIES = {name: f"f{i % 3}" for i, name in enumerate(NAMES)}

works = st.lists(
    st.builds(
        lambda name, tokens: ExpertWork(expert=name, family=FAMILIES[name], tokens=tokens),
        st.sampled_from(NAMES),
        st.integers(1, 10**7),
    ),
    unique_by=lambda w: w.expert,
    max_size=len(NAMES),
)
slot_states = st.lists(
    st.one_of(
        st.just(SlotState()), st.sampled_from(NAMES).map(lambda n: SlotState(expert=n, family=FAMILIES[n]))
    ),
    min_size=1,
    max_size=4,
)


@given(works, slot_states, st.none() | st.sampled_from(NAMES))
def test_every_expert_exactly_once(work: list[ExpertWork], slots: list[SlotState], last: str | None) -> None:
    plan = plan_round(work, slots, last=last)
    assert len(plan) == len(slots)
    assert sorted(name for order in plan for name in order) == sorted(w.expert for w in work)


@given(works, slot_states, st.none() | st.sampled_from(NAMES))
def test_families_stay_together_and_last_is_last(
    work: list[ExpertWork], slots: list[SlotState], last: str | None
) -> None:
    for order, slot in zip(plan_round(work, slots, last=last), slots, strict=True):
        if last in order:
            assert order[-1] == last
        rest = [FAMILIES[name] for name in order if name != last]
        blocks = [family for i, family in enumerate(rest) if i == 0 or rest[i - 1] != family]
        assert len(blocks) == len(set(blocks)), f"a family is visited twice: {order}"
        if slot.expert in order and slot.expert != last:
            assert order[0] == slot.expert, "what is resident comes first: it costs nothing"


@given(works, slot_states)
def test_deterministic_whatever_the_order_of_work(work: list[ExpertWork], slots: list[SlotState]) -> None:
    assert plan_round(work, slots) == plan_round(work[::-1], slots)


def test_large_work_is_spread_over_slots() -> None:
    work = [ExpertWork(expert=n, family="f", tokens=10**6) for n in NAMES[:4]]
    assert sorted(map(len, plan_round(work, [SlotState(), SlotState()]))) == [2, 2]


def test_little_work_does_not_pay_for_a_second_engine() -> None:
    work = [ExpertWork(expert=n, family="f", tokens=100) for n in NAMES[:3]]
    assert [len(order) for order in plan_round(work, [SlotState(), SlotState(expert="x", family="f")])] == [
        0,
        3,
    ]

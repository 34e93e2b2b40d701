"""Round plans: rules, figures that hold, and makespans near the optimum."""

import statistics
from collections import Counter
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.performance.planning_quality import random_round
from eval.performance.round_optimum import optimal_makespan
from experts.scheduling.round_plan import RoundPlan, plan_round
from experts.scheduling.work import ExpertWork, SlotState, SwitchPrices, switch_to

rounds = st.integers(min_value=0, max_value=10**6).map(random_round)
planning = settings(max_examples=30, deadline=None)

FLAT = SwitchPrices(wake_s=0.5, reload_s=1.0, engine_s=5.0, process_s=20.0)


def _work(expert, family="f", *, requests=100, seconds=10.0, prices=FLAT):
    return ExpertWork(expert=expert, family=family, requests=requests, seconds=seconds, prices=prices)


def _warm(expert, family="f", **more):
    return SlotState(expert=expert, family=family, **more)


def _end_of(order, slot):
    """When a slot ends that generates whole experts in an order, by `switch_to` alone."""
    end = slot.free_in_s
    for item in order:
        end += switch_to(item.expert, item.family, item.prices, slot)[1] + item.seconds
        slot = replace(slot, expert=item.expert, family=item.family)
    return end if order else 0.0


def _follows_the_rules(order, slot, last):
    """Resident first, its family next, families together but for a closing expert, `last` at the end."""
    names = [w.expert for w in order]
    if last in names and names[-1] != last:
        return False
    if slot.expert in names and slot.expert != last and names[0] != slot.expert:
        return False
    others = [w.family for w in order if w.expert != last]
    runs = [f for i, f in enumerate(others) if i == 0 or others[i - 1] != f]
    closing = next((w.family for w in order if w.expert == last), None)
    return (
        len(set(runs)) == len(runs)
        and (slot.family not in runs or runs[0] == slot.family)
        and (closing not in runs or closing == slot.family or runs[-1] == closing)
    )


def _best_whole(work, slots, last, allowed):
    """Least makespan without splits, by trying every assignment and every allowed order."""

    def best(items, slot):
        return min(_end_of(order, slot) for order in permutations(items) if allowed(order, slot, last))

    return min(
        max(best([w for w, at in zip(work, where, strict=True) if at == i], s) for i, s in enumerate(slots))
        for where in product(range(len(slots)), repeat=len(work))
    )


def _tiny(seed):
    work, slots, last = random_round(seed)
    return work[:4], slots[:2], last


@given(rounds)
@planning
def test_every_request_is_planned_exactly_once(case):
    work, slots, last = case
    plan = plan_round(work, slots, last=last)
    planned: Counter[str] = Counter()
    for part in plan.slots:
        for residency in part:
            assert residency.requests >= 1
            planned[residency.expert] += residency.requests
    assert planned == {w.expert: w.requests for w in work}


@given(rounds)
@planning
def test_an_expert_is_resident_at_most_once_on_a_slot_and_only_splits_add_residencies(case):
    work, slots, last = case
    plan = plan_round(work, slots, last=last)
    for part in plan.slots:
        assert len({r.expert for r in part}) == len(part)
    spread = Counter(r.expert for part in plan.slots for r in part)
    assert plan.splits == sum(n - 1 for n in spread.values())
    assert sum(map(len, plan.slots)) == len(work) + plan.splits
    assert all(n <= len(slots) for n in spread.values())


@given(rounds)
@planning
def test_the_stated_seconds_are_those_of_the_switches_replayed(case):
    work, slots, last = case
    plan = plan_round(work, slots, last=last)
    by_name = {w.expert: w for w in work}
    for slot, part, seconds in zip(slots, plan.slots, plan.seconds, strict=True):
        end = slot.free_in_s
        for residency in part:
            item = by_name[residency.expert]
            kind, price = switch_to(item.expert, item.family, item.prices, slot)
            assert (residency.switch, residency.switch_s) == (kind, price)
            assert residency.seconds == pytest.approx(item.seconds * residency.requests / item.requests)
            end += price + residency.seconds
            slot = replace(slot, expert=item.expert, family=item.family)
        assert seconds == pytest.approx(end if part else 0.0)
    assert plan.makespan == max(plan.seconds)
    assert plan.switches.total == sum(1 for part in plan.slots for r in part if r.switch)


@given(rounds)
@planning
def test_families_are_adjacent_residents_first_and_last_is_last(case):
    work, slots, last = case
    by_name = {w.expert: w for w in work}
    for slot, part in zip(slots, plan_round(work, slots, last=last).slots, strict=True):
        assert _follows_the_rules([by_name[r.expert] for r in part], slot, last)


@given(rounds, st.randoms(use_true_random=False))
@planning
def test_the_order_of_the_work_does_not_matter(case, rng):
    work, slots, last = case
    shuffled = list(work)
    rng.shuffle(shuffled)
    assert plan_round(shuffled, slots, last=last) == plan_round(work, slots, last=last)


@given(st.integers(min_value=0, max_value=10**6))
@planning
def test_a_plan_is_never_worse_than_the_best_single_slot(seed):
    work, slots, last = _tiny(seed)
    alone = min(_best_whole(work, [slot], last, _follows_the_rules) for slot in slots)
    assert plan_round(work, slots, last=last).makespan <= alone * (1 + 1e-9)


def test_makespans_are_near_the_optimum():
    ratios = []
    for seed in range(60):
        work, slots, last = random_round(seed)
        ratios.append(plan_round(work, slots, last=last).makespan / optimal_makespan(work, slots, last=last))
    assert min(ratios) >= 1 - 1e-5  # a plan that beats the optimum would be a wrong plan or optimum
    assert statistics.fmean(ratios) <= 1.05
    assert max(ratios) <= 1.25


@pytest.mark.parametrize("seed", range(0, 120, 3))
def test_the_integer_program_agrees_with_trying_everything(seed):
    work, slots, last = _tiny(seed)
    tried = _best_whole(work, slots, last, _follows_the_rules)
    assert optimal_makespan(work, slots, last=last, whole=True) == pytest.approx(tried, rel=1e-5)


@pytest.mark.parametrize("seed", range(1, 120, 3))
def test_the_rules_of_order_cost_nothing_where_a_family_has_one_price(seed):
    work, slots, last = _tiny(seed)
    one_price = {w.family: w.prices for w in work}
    work = [replace(w, prices=one_price[w.family]) for w in work]

    def closes(order, _slot, last):
        return last not in [w.expert for w in order[:-1]]

    ruled = _best_whole(work, slots, last, _follows_the_rules)
    assert ruled == pytest.approx(_best_whole(work, slots, last, closes))


def test_the_closing_expert_of_the_resident_family_does_not_give_up_the_resident_engine():
    work = [_work("a"), _work("c", "g"), _work("b")]
    (part,) = plan_round(work, [_warm("a")], last="b").slots
    assert [(r.expert, r.switch) for r in part] == [("a", None), ("c", "new_engine"), ("b", "new_engine")]


def test_a_resident_expert_that_closes_is_given_up_only_for_others():
    (part,) = plan_round([_work("a"), _work("b")], [_warm("a")], last="a").slots
    assert [(r.expert, r.switch) for r in part] == [("b", "reload"), ("a", "reload")]
    (part,) = plan_round([_work("a")], [_warm("a")], last="a").slots
    assert [(r.expert, r.switch) for r in part] == [("a", None)]


def test_a_parked_family_is_woken_by_the_expert_it_holds():
    slot = _warm("x", parked=(("g", "c"),))
    (part,) = plan_round([_work("b", "g"), _work("c", "g")], [slot]).slots
    assert [(r.expert, r.switch) for r in part] == [("c", "wake"), ("b", "reload")]


def test_a_giant_expert_is_split_over_all_slots_that_help():
    slots = [_warm("a"), SlotState(), SlotState(free_in_s=500.0)]
    plan = plan_round([_work("a", requests=1000, seconds=400.0)], slots)
    assert [len(part) for part in plan.slots] == [1, 1, 0]
    assert plan.seconds[0] == pytest.approx(plan.seconds[1], abs=0.4)
    assert plan.makespan == pytest.approx((400 + 20) / 2, abs=0.4)


def test_a_tiny_round_wakes_no_second_slot():
    plan = plan_round([_work("a", seconds=3.0), _work("b", seconds=3.0)], [_warm("a"), SlotState()])
    assert [len(part) for part in plan.slots] == [2, 0]
    assert plan.switches.total == plan.switches.reload == 1
    assert plan.bottleneck == 0


def test_a_slot_that_does_not_shorten_the_round_saves_its_switch():
    work = [_work("a", seconds=100.0, requests=1), _work("b", seconds=20.0), _work("c", seconds=20.0)]
    plan = plan_round(work, [_warm("a"), _warm("b"), _warm("x", "g")])
    assert plan.makespan == 100.0
    assert [[r.expert for r in part] for part in plan.slots] == [["a"], ["b", "c"], []]


@pytest.mark.parametrize("slots", [(), (SlotState(),), (SlotState(free_in_s=9.0), _warm("a"))])
def test_no_work_is_an_empty_plan(slots):
    plan = plan_round([], slots)
    assert plan == RoundPlan(slots=((),) * len(slots), seconds=(0.0,) * len(slots))
    assert (plan.makespan, plan.bottleneck, plan.switches.total, plan.switch_s) == (0.0, None, 0, 0)


def test_work_of_no_seconds_and_prices_of_zero_are_planned():
    free = SwitchPrices()
    work = [_work(name, name, seconds=0.0, prices=free) for name in "abc"]
    plan = plan_round(work, [SlotState(), SlotState()])
    assert plan.makespan == 0.0
    assert sum(r.requests for part in plan.slots for r in part) == 300
    spread = plan_round([_work("a", seconds=8.0, prices=free)], [SlotState()] * 4)
    assert spread.seconds == (2.0, 2.0, 2.0, 2.0)


def test_more_slots_than_experts_are_shared_evenly():
    work = [_work(f"e{i}", seconds=100.0 / (i + 1), requests=1000) for i in range(3)]
    plan = plan_round(work, [_warm("x") for _ in range(16)])
    even = (sum(w.seconds for w in work) + plan.switch_s) / 16
    assert plan.makespan <= 1.1 * even


def test_dozens_of_families_are_each_built_about_once():
    work = [_work(f"e{i:02}", f"f{i % 24:02}", seconds=1.0, prices=FLAT) for i in range(48)]
    plan = plan_round(work, [_warm("x", "other") for _ in range(4)])
    assert plan.switches.new_engine <= 24 + 3
    assert plan.splits <= 3


@pytest.mark.parametrize(
    ("work", "slots", "named"),
    [
        ([_work("a"), _work("a")], [SlotState()], "'a' stands twice"),
        ([_work("a", requests=0)], [SlotState()], "'a'.*without a request"),
        ([_work("a")], [], "at least one slot"),
    ],
)
def test_work_that_cannot_be_planned_is_refused(work, slots, named):
    with pytest.raises(ValueError, match=named):
        plan_round(work, slots)

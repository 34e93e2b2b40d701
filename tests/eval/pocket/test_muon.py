"""Muon in float32 does what torch's does in bf16, and learns."""

import pytest
import torch

from eval.pocket.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(8, 8), (6, 10), (10, 6)])
def test_singular_values_come_near_to_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 30
    values = torch.linalg.svdvals(orthogonalised(matrix))
    assert values.min() > 0.3 and values.max() < 1.3


def test_a_zero_gradient_changes_nothing() -> None:
    assert not orthogonalised(torch.zeros(4, 5)).any()


def test_first_step_is_that_of_torch() -> None:
    gradient = torch.randn(12, 20, generator=torch.Generator().manual_seed(2))
    ours, theirs = torch.nn.Parameter(torch.ones(12, 20)), torch.nn.Parameter(torch.ones(12, 20))
    for parameter, kind in ((ours, Muon), (theirs, torch.optim.Muon)):
        parameter.grad = gradient.clone()
        more = {} if kind is Muon else {"weight_decay": 0.0}
        kind([parameter], lr=0.1, **more).step()
    # torch rounds to bf16 on the way.
    torch.testing.assert_close(ours, theirs, atol=5e-3, rtol=0)


def test_it_solves_least_squares() -> None:
    generator = torch.Generator().manual_seed(3)
    goal, inputs = torch.randn(5, 7, generator=generator), torch.randn(200, 7, generator=generator)
    weight = torch.nn.Parameter(torch.zeros(5, 7))
    optimizer = Muon([weight], lr=0.1)
    for step in range(200):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * (1 - step / 200)
        optimizer.zero_grad()
        ((inputs @ (weight - goal).T) ** 2).mean().backward()
        optimizer.step()
    assert (weight - goal).abs().max() < 0.05


def test_parameters_without_a_gradient_are_left_alone() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 2))
    Muon([weight], lr=1.0).step()
    assert weight.tolist() == [[1, 1], [1, 1]]

"""Groups are found where samples of two distributions lie apart, and nowhere else."""

import numpy as np
import pytest

from vrest.verbs.clusters import clusters

ONE = {
    "normal": lambda draw, n: draw.normal(size=n),
    "uniform": lambda draw, n: draw.random(n),
    "lognormal": lambda draw, n: draw.lognormal(0.0, 1.0, n),
    "exponential": lambda draw, n: draw.exponential(size=n),
    "Cauchy": lambda draw, n: draw.standard_cauchy(n),
}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [1, 2, 30, 100, 1000, 5000])
def test_one_distribution_is_one_group(name, n):
    draw = np.random.default_rng(n)
    found = [len(clusters(ONE[name](draw, n))) for _ in range(40)]
    assert found == [1] * 40


@pytest.mark.parametrize(("share", "apart"), [(0.1, 20.0), (0.3, 8.0), (0.5, 8.0)])
@pytest.mark.parametrize("n", [400, 4000])
def test_two_distributions_so_many_standard_deviations_apart(n, share, apart):
    draw = np.random.default_rng(n)
    for _ in range(20):
        few = int(share * n)
        values = np.concatenate([draw.normal(-70.0, 2.0, n - few), draw.normal(-70.0 + 2.0 * apart, 2.0, few)])
        low, high = clusters(draw.permutation(values))
        assert abs(len(high) - few) <= 2  # four standard deviations from either
        assert np.array_equal(np.concatenate([low, high]), np.sort(values))


def test_equal_values_are_one_group():
    assert [len(group) for group in clusters(np.full(50, -70.0))] == [50]
    assert [len(group) for group in clusters(np.repeat([-70.0, -20.0], 50))] == [50, 50]

"""What members of a group do together: a season known from other years, and a level that drifts, told apart from what each does alone."""

import numpy as np

from groundplan.maths.common_paths import smooth_common
from groundplan.maths.dynamics import Dynamics

MONTHS = 36
YEARS = np.arange(MONTHS) / 12
SEASON = np.arange(MONTHS) % 12
STEPS = np.ones(MONTHS - 1)
OWN = Dynamics(np.array([0.6]), np.array([0.06**2]), np.array([0.04**2]))


def draw(rng: np.random.Generator, members: int, path: np.ndarray) -> np.ndarray:
    """Mean of members who follow a path and move on their own."""
    alone = np.zeros((members, MONTHS))
    alone[:, 0] = rng.normal(0, 0.06, members)
    for month in range(1, MONTHS):
        alone[:, month] = 0.6 * alone[:, month - 1] + rng.normal(0, 0.06 * np.sqrt(1 - 0.36), members)
    return path + (alone + rng.normal(0, 0.04, alone.shape)).mean(axis=0)


def centred(path: np.ndarray, number: np.ndarray) -> np.ndarray:
    return path - (number * path).sum() / number.sum()


def test_months_that_nobody_reported_have_the_season_of_other_years():
    # Arrange
    rng = np.random.default_rng(3)
    season = np.tile(rng.normal(0, 0.3, 12), 3)
    groups = [2, 5, 20]
    mean = np.stack([draw(rng, members, season) for members in groups])
    number = np.repeat(np.array(groups, float)[:, None], MONTHS, axis=1)
    number[:, 28:31] = 0.0
    mean[:, 28:31] = 99.0

    # Act
    path = smooth_common(mean, number, YEARS, SEASON, OWN, STEPS)

    # Assert
    for at in range(3):
        wanted = centred(season, number[at])
        assert np.abs(path[at, 28:31] - wanted[28:31]).max() < 0.15
        assert np.abs(wanted[28:31]).max() > 0.2
        assert abs((number[at] * path[at]).sum()) < 1e-9


def test_what_a_lone_member_does_is_not_its_groups():
    # Arrange
    rng = np.random.default_rng(4)
    flat = np.zeros(MONTHS)
    mean = np.stack([draw(rng, 1, flat) for _ in range(30)])

    # Act
    path = smooth_common(mean, np.ones(mean.shape), YEARS, SEASON, OWN, STEPS)

    # Assert
    assert np.sqrt((path**2).mean()) < 0.3 * np.sqrt((mean**2).mean())


def test_a_crowd_is_followed_wherever_it_goes():
    # Arrange
    rng = np.random.default_rng(5)
    drift = np.cumsum(rng.normal(0, 0.05, MONTHS))
    number = np.full((1, MONTHS), 400.0)

    # Act
    path = smooth_common(draw(rng, 400, drift)[None], number, YEARS, SEASON, OWN, STEPS)[0]

    # Assert
    assert np.abs(path - centred(drift, number[0])).max() < 0.03


def test_it_is_the_posterior_mean_of_a_dense_normal_process():
    # Arrange: one group whose best variances are known from the grid by search here.
    rng = np.random.default_rng(6)
    number = rng.integers(1, 5, MONTHS).astype(float)
    mean = draw(rng, 3, np.tile(rng.normal(0, 0.2, 12), 3) + 0.1 * YEARS)
    apart = np.abs(np.subtract.outer(np.arange(MONTHS), np.arange(MONTHS)))
    noise = (0.06**2 * 0.6**apart + 0.04**2 * np.eye(MONTHS)) / np.sqrt(np.outer(number, number))
    best = None
    for drift in (0.0, 0.001, 0.004, 0.016, 0.064):
        for part in (0.0, 0.0005, 0.002, 0.008, 0.032, 0.128):
            common = drift * np.minimum.outer(YEARS, YEARS) + part * np.equal.outer(SEASON, SEASON)
            # A level known to nobody: a variance beyond all measure.
            whole = noise + common + 1e4
            likelihood = -0.5 * (np.linalg.slogdet(whole)[1] + mean @ np.linalg.solve(whole, mean))
            if best is None or likelihood > best[0]:
                best = (likelihood, common @ np.linalg.solve(whole, mean))

    # Act
    path = smooth_common(mean[None], number[None], YEARS, SEASON, OWN, STEPS)[0]

    # Assert
    np.testing.assert_allclose(path, centred(best[1], number), atol=1e-5)

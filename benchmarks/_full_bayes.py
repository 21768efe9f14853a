"""A full-Bayes version of the estimate's model for small cases, by Hamiltonian Monte Carlo (numpyro), and draws from its prior.

Written from docs/methods/estimation.md, not from groundplan's code, of which it uses nothing: one period, one product, units with a report, any number of proxies, perhaps a
nameplate, perhaps a finding. Where the estimate plugs in variances and elasticities that it finds by expectation-maximisation, here they are integrated over.

    y_i ~ N(m_sector,kind - b_size, V)     log output
    r = y + u + e                 report, u = common + kind + sector + region + sector x kind + b_size + delta
    q = c_sector + c_size + d_sector y + a + e    proxies; a is what several proxies of a unit have in common
    n = y - g_sector + e          nameplate, g the log utilisation of the sector
    f = y + e                     finding

Classes of size are quarters of the reports, so the bias of a class lowers its output and leaves its reports where they are: their spread says nothing of it.
Given the effects, each unit's measurements are normal with a few dimensions, so units are integrated out exactly and drawn afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpy.typing import NDArray
from numpyro.infer import MCMC, NUTS, init_to_value

__all__ = ["SCALES", "Drawn", "Groups", "World", "draw_world", "full_posterior"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

jax.config.update("jax_enable_x64", True)

SCALES = {
    "kind": (0.1, 2.0),
    "sector": (0.1, 3.0),
    "region": (0.05, 3.0),
    "both": (0.05, 5.0),
    "size": (0.03, 4.0),
    "unit": (0.15, 4.0),
    "error": (0.3, 4.0),
    "shared": (0.2, 4.0),
    "intercept": (0.5, 2.0),
    "bend": (0.1, 4.0),
    "slope": (0.1, 4.0),
    "plate": (0.2, 4.0),
    "use": (0.08, 4.0),
}
"""Scale and degrees of freedom of the scaled inverse chi-squared prior of each variance, as the method page states them."""
REPORT_SD = 0.04
"""Of a single report around its unit's bias; nothing in one period can tell more of it than this prior."""
WINDOW_SD = 0.02
"""Of a unit's bias in the months of a visit against that of all months."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Partitions of N units, shape (N,) each, and how many classes each has."""

    kind: IntArray
    sector: IntArray
    region: IntArray
    kinds: int
    sectors: int
    regions: int

    @property
    def both(self) -> tuple[IntArray, int]:
        """Give sectors crossed with kinds, only pairs that occur."""
        _, position = np.unique(self.sector * self.kinds + self.kind, return_inverse=True)
        return position, int(position.max()) + 1


def quarters(report: FloatArray) -> IntArray:
    """Part units by size of report, 0 to 3."""
    return np.searchsorted(np.quantile(report, [0.25, 0.5, 0.75]), report, side="right")


def sector_means(groups: Groups, report: FloatArray) -> FloatArray:
    """Give the mean report of each unit's sector, shape (N,)."""
    return (np.bincount(groups.sector, report, groups.sectors) / np.maximum(np.bincount(groups.sector, minlength=groups.sectors), 1))[groups.sector]


@dataclass(frozen=True, eq=False)
class World:
    """What is known, logs of shape (N,) each, NaN where nothing is: reports, proxies, nameplates, findings with their errors."""

    groups: Groups
    report: FloatArray
    proxies: tuple[FloatArray, ...]
    nameplate: FloatArray
    finding: FloatArray
    finding_sd: float


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws from the posterior: log output, shape (draws, N), and named parameters."""

    output: FloatArray
    parameters: dict[str, FloatArray]


@dataclass(frozen=True)
class _Shape:
    """What of a world is no array: sizes of the partitions, how many proxies, whether there are nameplates."""

    kinds: int
    sectors: int
    regions: int
    pairs: int
    proxies: int
    plates: bool


def full_posterior(world: World, *, draws: int = 1_000, warmup: int = 500, seed: int = 0) -> Drawn:
    """Draw from the posterior of log output with all variances, effects and elasticities unknown."""
    groups = world.groups
    shape = _Shape(groups.kinds, groups.sectors, groups.regions, groups.both[1], len(world.proxies), bool(np.isfinite(world.nameplate).any()))
    given = _given(world)
    sampler, output = _sampler(shape, draws, warmup)
    sampler.run(jax.random.PRNGKey(seed), given)
    samples = sampler.get_samples()
    made = output(given, samples, jax.random.split(jax.random.PRNGKey(seed + 1), draws))
    return Drawn(np.asarray(made), {name: np.asarray(values) for name, values in samples.items()})


@lru_cache
def _sampler(shape: _Shape, draws: int, warmup: int) -> tuple[MCMC, Any]:
    """Compile a sampler once for all worlds of one shape."""
    # Two proxies that share everything and follow nothing are a mode as well, far from where any of the mass is: begin at the priors' scales.
    begin = {f"slope|{at}|common": 1.0 for at in range(shape.proxies)} | {"level_sd": 1.0, "unit|square": SCALES["unit"][0] ** 2, "shared|square": SCALES["shared"][0] ** 2}
    begin |= {f"{name}|{at}|square": SCALES[name][0] ** 2 for name in ("error", "bend", "slope", "intercept") for at in range(shape.proxies)}
    sampler = MCMC(NUTS(partial(_model, shape), init_strategy=init_to_value(values=begin)), num_warmup=warmup, num_samples=draws, progress_bar=False, jit_model_args=True)
    return sampler, jax.jit(lambda given, samples, keys: jax.lax.map(lambda each: _draw_output(shape, given, *each), (samples, keys)))


def _given(world: World) -> dict[str, Any]:
    groups = world.groups
    values = np.stack([world.report, *world.proxies, world.nameplate, world.finding], axis=1)
    return {
        "values": jnp.asarray(np.nan_to_num(values)),
        "missing": jnp.asarray(np.isnan(values)),
        "visited": jnp.asarray(np.isfinite(world.finding)),
        "kind": jnp.asarray(groups.kind), "sector": jnp.asarray(groups.sector), "region": jnp.asarray(groups.region), "both": jnp.asarray(groups.both[0]),
        "size": jnp.asarray(quarters(world.report)), "turn": jnp.asarray(sector_means(groups, world.report)),
        "finding_sd": jnp.asarray(world.finding_sd),
        "centre": jnp.asarray([float(np.nanmedian(each - world.report)) for each in world.proxies]),
        "middle": jnp.asarray(float(np.nanmean(world.report))),
    }  # fmt: skip


def _variance(name: str) -> Any:
    """A standard deviation whose square is scaled inverse chi-squared, and the effects' scale it serves as."""
    scale, freedom = SCALES[name.split("|", maxsplit=1)[0]]
    square = numpyro.sample(f"{name}|square", dist.InverseGamma(freedom / 2, freedom * scale**2 / 2))
    return jnp.sqrt(square)


def _effects(name: str, size: int) -> Any:
    """Effects of a partition with one variance; a partition of one class has none."""
    if size < 2:
        return jnp.zeros(size)
    sd = _variance(name)
    return sd * numpyro.sample(f"{name}|z", dist.Normal(0, 1).expand([size]).to_event(1))


def _intercepts(name: str, centre: float, beside: Any) -> Any:
    """A proxy's intercepts by sector, sampled as what data show of them: less what the sector's bias moves the proxy against the report by."""
    start = numpyro.sample(f"{name}|common", dist.Normal(centre, 3))
    if len(beside) < 2:
        return start[None]
    sd = _variance(name)
    shown = numpyro.sample(f"{name}|shown", dist.ImproperUniform(dist.constraints.real_vector, (), (len(beside),)))
    numpyro.factor(f"{name}|prior", dist.Normal(start, sd).log_prob(shown + beside).sum())
    return shown + beside


def _parts(shape: _Shape, given: dict[str, Any]) -> dict[str, Any]:
    """Sample what units share, and give each unit's mean measurements and how they move with (y, delta, a)."""
    kinds, sectors, regions, pairs = shape.kinds, shape.sectors, shape.regions, shape.pairs
    common = numpyro.sample("common", dist.Normal(0, 0.3))
    by_sector = common + _effects("sector", sectors)
    bias = by_sector[given["sector"]] + _effects("kind", kinds)[given["kind"]] + _effects("region", regions)[given["region"]]
    if kinds > 1 and sectors > 1:
        bias = bias + _effects("both", pairs)[given["both"]]
    level = numpyro.sample("level", dist.Normal(given["middle"], 10).expand([pairs]).to_event(1))
    level_sd = numpyro.sample("level_sd", dist.HalfNormal(10))
    unit_sd = _variance("unit")
    reported = level[given["both"]]
    m = reported - _effects("size", 4)[given["size"]]
    one, none = jnp.ones_like(m), jnp.zeros_like(m)
    mean, loads, noise = [reported + bias], [jnp.stack([one, one, none], -1)], [one * REPORT_SD**2 + given["visited"] * WINDOW_SD**2]
    for at in range(shape.proxies):
        common_slope = numpyro.sample(f"slope|{at}|common", dist.Normal(1, 0.3))
        apart = _effects(f"slope|{at}", sectors)[given["sector"]]
        intercept = _intercepts(f"intercept|{at}", given["centre"][at], common_slope * by_sector)[given["sector"]]
        # Around the middle of reports, so that slopes do not pull at intercepts.
        bend = _effects(f"bend|{at}", 4)[given["size"]]
        mean.append(intercept + bend + given["middle"] + common_slope * (m - given["middle"]) + apart * (m - given["turn"]))
        slope = common_slope + apart
        loads.append(jnp.stack([slope, none, slope if shape.proxies > 1 else none], -1))
        noise.append(one * _variance(f"error|{at}") ** 2)
    if shape.plates:
        use = numpyro.sample("nameplate", dist.Normal(-0.3, 0.2)) + _effects("use", sectors)[given["sector"]]
        plate = _variance("plate") ** 2
    else:
        use, plate = 0.0, 1.0
    mean += [m - use, m]
    loads += [jnp.stack([one, none, none], -1)] * 2
    noise += [one * plate, one * given["finding_sd"] ** 2]
    shared_sd = _variance("shared") if shape.proxies > 1 else 0.0
    spread = jnp.array([1.0, 0.0, 0.0]) * level_sd**2 + jnp.array([0.0, 1.0, 0.0]) * unit_sd**2 + jnp.array([0.0, 0.0, 1.0]) * shared_sd**2
    return {
        "mean": jnp.stack(mean, -1),
        "loads": jnp.stack(loads, -2),
        "noise": jnp.stack(noise, -1),
        "spread": spread,
        "m": m,
    }


def _filter(shape: _Shape, given: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Take the measurements in one at a time: log likelihood, and mean and covariance of (y, delta, a) of each unit."""
    parts = _parts(shape, given)
    one = jnp.ones_like(parts["m"])
    state = jnp.stack([parts["m"], 0 * one, 0 * one], -1)
    covariance = jnp.broadcast_to(jnp.diag(parts["spread"]), (len(one), 3, 3))
    # The means of the measurements count y at m, delta and a at zero.
    expected, likelihood = parts["mean"] - jnp.einsum("iak,ik->ia", parts["loads"], state), 0.0
    for at in range(parts["mean"].shape[-1]):
        load, there = parts["loads"][:, at], ~given["missing"][:, at]
        pull = (covariance * load[:, None, :]).sum(-1)
        variance = (load * pull).sum(-1) + parts["noise"][:, at]
        surprise = given["values"][:, at] - expected[:, at] - (load * state).sum(-1)
        likelihood += jnp.where(there, dist.Normal(0, jnp.sqrt(variance)).log_prob(surprise), 0.0).sum()
        gain = jnp.where(there, 1 / variance, 0.0)[:, None] * pull
        state = state + gain * jnp.where(there, surprise, 0.0)[:, None]
        covariance = covariance - gain[:, :, None] * pull[:, None, :]
    return likelihood, state, covariance


def _model(shape: _Shape, given: dict[str, Any]) -> None:
    numpyro.factor("measured", _filter(shape, given)[0])


def _draw_output(shape: _Shape, given: dict[str, Any], sample: dict[str, Any], key: Any) -> Any:
    """Draw log output of every unit given all else."""
    with numpyro.handlers.seed(rng_seed=0), numpyro.handlers.substitute(data=sample):
        _, state, covariance = _filter(shape, given)
    return state[:, 0] + jnp.sqrt(jnp.maximum(covariance[:, 0, 0], 0)) * jax.random.normal(key, state.shape[:1])


def draw_world(rng: np.random.Generator, *, units: int, proxies: int, plates: bool, visits: int, sectors: int = 8, regions: int = 5, kinds: int = 3) -> tuple[World, FloatArray]:
    """Draw a world from the model's own prior, variances included: what is known of it, and log output, shape (N,)."""

    def variance(name: str) -> float:
        scale, freedom = SCALES[name]
        return freedom * scale**2 / rng.chisquare(freedom)

    def effects(name: str, size: int) -> FloatArray:
        return rng.normal(0, np.sqrt(variance(name)), size)

    groups = Groups(rng.integers(0, kinds, units), rng.integers(0, sectors, units), rng.integers(0, regions, units), kinds, sectors, regions)
    both, pairs = groups.both
    bias = rng.normal(0, 0.3) + effects("kind", kinds)[groups.kind] + effects("sector", sectors)[groups.sector] + effects("region", regions)[groups.region]
    bias += effects("both", pairs)[both] + rng.normal(0, np.sqrt(variance("unit")), units)
    # The model leaves the levels of groups open, so they are drawn far apart.
    output = rng.normal(5, 3, pairs)[both] + rng.normal(0, 1.1, units)
    report = output + bias + rng.normal(0, REPORT_SD, units)
    output -= effects("size", 4)[quarters(report)]
    finding_sd = 0.03
    finding = np.full(units, np.nan)
    seen = rng.choice(units, visits, replace=False)
    finding[seen] = output[seen] + rng.normal(0, finding_sd, visits)
    shared = rng.normal(0, np.sqrt(variance("shared")), units) if proxies > 1 else np.zeros(units)
    readings = []
    for _ in range(proxies):
        slope, apart = rng.normal(1, 0.3), effects("slope", sectors)[groups.sector]
        start = rng.normal(-1, 0.5) + effects("intercept", sectors)[groups.sector]
        start = start + effects("bend", 4)[quarters(report)]
        line = slope * output + apart * (output - sector_means(groups, report))
        readings.append(start + line + (slope + apart) * shared + rng.normal(0, np.sqrt(variance("error")), units))
    nameplate = np.full(units, np.nan)
    if plates:
        use = rng.normal(-0.3, 0.2) + effects("use", sectors)[groups.sector]
        nameplate = output - use + rng.normal(0, np.sqrt(variance("plate")), units)
    report += np.isfinite(finding) * rng.normal(0, WINDOW_SD, units)
    return World(groups, report, tuple(readings), nameplate, finding, finding_sd), output

"""Harmony planning after Cockshott: a local search that moves all outputs at once by what they add to harmony.

The harmony of a product whose net output is f times its target is s - s^2 / 2 with s = f - 1 below the target, and log f above it: a surplus is worth less and less, a shortfall
hurts more and more. Plans are judged by the sum, and all outputs are moved by marginal harmony over its slope; industries in more harmony than others give up
resources to those in less. Written from the description, with these departures in its favour:

- what is not for final use (capacities, resources, pure intermediates, limits) has harmony too, the logarithm of what is left of it, at a weight that falls from stage to stage;
- a step is halved until harmony rises and nothing is overdrawn, in place of a step of one length after which all industries are cut to what there is;
- levelling is a form of the sum in which products in least harmony of a year count most (a soft minimum), in place of a phase of its own;
- every point on the way is a candidate, from several starts and degrees of levelling, and the best of them by each measure is taken.

Sources:
    Cockshott (1990), Application of artificial intelligence techniques to economic planning, Future Computing Systems 2. Cockshott and Cottrell (1993), Towards a New
    Socialism, chapter 6. The two describe the harmony function; its formula is that of Cockshott's program 5yearplan (2018), of which nothing else is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from _peer_task import FloatArray, IntArray, Task

__all__ = ["harmony", "marginal_harmony", "search_harmony"]

LEVELLING = (0.0, 3.0, 10.0, 30.0)
"""How much more products in less harmony count; 0: all alike."""
RESERVES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
ROUNDS = 2_000
STARTS = 2
_HALVINGS = 40


def harmony(fulfilment: FloatArray) -> FloatArray:
    """Give the harmony of products, shape as it is, from net output over target: 0 where the target is just met, -1.5 where nothing is there."""
    short = fulfilment - 1.0
    return np.where(short < 0, short - short**2 / 2, np.log(np.maximum(fulfilment, 1.0)))


def marginal_harmony(fulfilment: FloatArray) -> FloatArray:
    """Give the slope of harmony, shape as it is."""
    return np.where(fulfilment < 1, 2.0 - fulfilment, 1.0 / np.maximum(fulfilment, 1.0))


def search_harmony(task: Task, measures: dict[str, Callable[[FloatArray], float]], rng: np.random.Generator, *, rounds: int = ROUNDS) -> dict[str, FloatArray]:
    """Search from several starts and with several degrees of levelling, and keep the best techniques, shape (N,), by each measure of net output, shape (G,).

    Args:
        task: what is planned.
        measures: name -> measure, the more the better.
        rng: draws the proportions of all starts but the first, which is in those of the goals.
        rounds: steps with one weight of reserves, at most.
    """
    best = {name: (-np.inf, np.zeros(len(task.scale))) for name in measures}
    for start in range(STARTS):
        proportions = np.exp(rng.normal(0.0, 0.5 * start, len(task.goal)))
        for levelling in LEVELLING:
            search = _Search.of(task, levelling)
            for v in search.points(_inside(task, task.goal * proportions), rounds):
                net = search.net(v)
                for name, measure in measures.items():
                    if (value := measure(net)) > best[name][0]:
                        best[name] = value, v
    return {name: v for name, (_, v) in best.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Harmony of a task, and its ascent.

    Args:
        task, levelling: what is planned, and how much more products in less harmony count.
        flows, transposed, squared: what techniques yield less what they take, shape (G, N); the same and its squares, shape (N, G).
        wanted, period: the goods with a goal, and their periods.
        number: how many these are in each period.
    """

    task: Task
    levelling: float
    flows: csr_array
    transposed: csr_array
    squared: csr_array
    wanted: IntArray
    period: IntArray
    number: IntArray

    @classmethod
    def of(cls, task: Task, levelling: float) -> _Search:
        flows, wanted = task.made - task.used, np.flatnonzero(task.goal > 0)
        period = task.period[wanted]
        return cls(task, levelling, flows.tocsr(), flows.T.tocsr(), flows.power(2).T.tocsr(), wanted, period, np.bincount(period))

    def net(self, v: FloatArray) -> FloatArray:
        return np.asarray(self.task.endowment + self.flows @ v)

    def points(self, v: FloatArray, rounds: int) -> Iterator[FloatArray]:
        """Go up from techniques that leave something of everything, with ever less weight on reserves; every point leaves something of everything."""
        for reserve in RESERVES:
            step = 0.5
            for _ in range(rounds):
                yield v
                before, move = self._value(v, reserve), self._move(v, reserve)
                for _ in range(_HALVINGS):
                    if self._value(v + step * move, reserve) > before:
                        break
                    step /= 2
                else:
                    break
                v, step = v + step * move, min(1.5 * step, 3.0)

    def _value(self, v: FloatArray, reserve: float) -> float:
        net, room = self.net(v), self._room(v)
        if min(net.min(), v.min(), room.min(initial=np.inf)) <= 0:
            return -np.inf
        return self._final(net)[0] + reserve * float(np.log(net).sum() + np.log(v).sum() + np.log(room).sum())

    def _room(self, v: FloatArray) -> FloatArray:
        bounded = np.isfinite(self.task.upper)
        return self.task.upper[bounded] - v[bounded]

    def _final(self, net: FloatArray) -> tuple[float, FloatArray]:
        """Give the harmony of final use and what each product counts in it: 1, or more the less harmony it is in, compared with others of its year."""
        each = harmony(net[self.wanted] / self.task.goal[self.wanted])
        if not self.levelling:
            return float(each.sum()), np.ones(len(each))
        least = np.full(len(self.number), np.inf)
        np.minimum.at(least, self.period, each)
        force = np.exp(-self.levelling * (each - least[self.period]))
        total = np.bincount(self.period, force)
        return float(self.number @ (least - np.log(total / self.number) / self.levelling)), force / total[self.period] * self.number[self.period]

    def _move(self, v: FloatArray, reserve: float) -> FloatArray:
        """Give each technique's marginal harmony over the slope of it, as if it moved alone."""
        net, goal = self.net(v), self.task.goal[self.wanted]
        fulfilment = net[self.wanted] / goal
        counts, marginal = self._final(net)[1], marginal_harmony(fulfilment)
        first, second = reserve / net, reserve / net**2
        first[self.wanted] += counts * marginal / goal
        bend = np.where(fulfilment < 1, 1.0, 1.0 / np.maximum(fulfilment, 1.0) ** 2) + self.levelling * marginal**2 * (1.0 - counts / self.number[self.period])
        second[self.wanted] += counts * bend / goal**2
        gain, slope = self.transposed @ first + reserve / v, self.squared @ second + reserve / v**2
        bounded, room = np.isfinite(self.task.upper), self._room(v)
        gain[bounded] -= reserve / room
        slope[bounded] += reserve / room**2
        return np.asarray(gain / slope)


def _inside(task: Task, final: FloatArray) -> FloatArray:
    """Find techniques that leave something of everything: outputs for these final uses, shape (G,), and a little of all products, cut alike within each period."""
    v = np.zeros(len(task.scale))
    made, used = task.made.tocsr(), task.used.tocsr()
    for at in range(task.product.shape[1]):
        rows, columns = task.product[:, at], task.activity[:, at]
        output = spsolve((made - used)[rows][:, columns].tocsc(), final[rows] + 1e-3)
        limits = np.setdiff1d(np.flatnonzero(task.period == at), rows)
        need = used[limits][:, columns] @ output
        v[columns] = 0.999 * output * min(1.0, float((task.endowment[limits][need > 0] / need[need > 0]).min()))
    others = np.ones(len(v), dtype=bool)
    others[task.activity] = False
    v[others] = np.minimum(1e-4, task.upper[others] / 2)
    while task.net(v).min() <= 0:
        v[others] /= 2
    return v

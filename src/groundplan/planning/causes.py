"""Why a goal is missed: its marginal cost, followed through what it is made of down to the limits that make it dear.

At the vertex of the goal's level, whatever supplies a product (an activity that runs, an import, a stock) costs in shadow prices exactly
what it yields. So the price of a product in a period splits into the prices of what its suppliers take, in their shares of
supply, and so on down: an absorbing Markov chain over products and periods, whose absorbing states are the limits. The share of
a limit is the share of the chain that ends there: (I - F)^-1 D, with F the shares passed on and D the shares absorbed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, diags_array, eye_array
from scipy.sparse.linalg import splu

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import FOREIGN_EXCHANGE, Inputs, idle_recipes
from groundplan.planning.markets import Markets
from groundplan.planning.pools import NO_REGION
from groundplan.planning.solved import Level, Solved
from groundplan.planning.tables_out import Levels
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS

__all__ = ["gap_causes"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.signedinteger]

_PASSED = 1.0 - 1e-9
"""A loop of suppliers passes on a hair less than all, so that the chain always ends."""
_NAMED = 3
_LEAST_SHARE, _TRACE = 0.05, 1e-6
"""Shares that are told, and those that are counted at all."""
_ONE_PLACE = 0.6
"""A place is named where it has this share of what a kind of limit explains."""
_CHUNK = 256
_FACTORED = 4_000
"""Chains over more nodes are followed step by step."""
_EXPLAINED = 300
"""So many goals of a level, those whose gap weighs most, are then followed."""
_SMALL = f"One of the smaller gaps: the {_EXPLAINED} that weigh most are followed to what holds them back."
_STEPS, _ON_ITS_WAY = 1_000, 1e-3
"""Most of these steps, and the share that may be left on its way: shares are told in per cent."""
_OTHER = ("goals of higher priority", "")


def gap_causes(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved, plan: Levels) -> dict[tuple[int, int], str]:
    """Say for each missed goal, by (market, period), which limits hold it back and with which share of its marginal cost."""
    goals = inputs.goals
    wanted = goals.quantity[:, : inputs.planned]
    missed = plan.missed > 1e-9 * wanted
    below = missed & (plan.missed > (wanted - goals.minimum[:, : inputs.planned]) + 1e-9 * wanted)
    names = _Names.of(economy)
    texts: dict[tuple[int, int], str] = {}
    for level in solved.levels:
        if level.name == "minima":
            own = below
        elif level.name == "goals":
            own = missed & ~below & (goals.priority[:, : inputs.planned] == level.priority)
        else:
            continue
        if own.any():
            texts |= _explain(inputs, layout, solved, level, own, plan.missed, names)
    return texts


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """Words for products, recipes and resources."""

    products: dict[str, str]

    @classmethod
    def of(cls, economy: Economy) -> _Names:
        return cls(dict(economy.products.select("product", pl.col("name").fill_null(pl.col("product"))).iter_rows()))

    def market(self, markets: Markets, market: int | np.signedinteger) -> str:
        label, region = markets.label(int(market)), markets.region[int(market)]
        name = self.products.get(label, label)
        return name if region == ALL_REGIONS else f"{name} in {region}"

    @staticmethod
    def plain(label: str) -> str:
        return label.replace("_", " ")


@dataclass(slots=True)
class _Chain:
    """Suppliers of each market and period, and what their costs go to; nodes are market * T + period."""

    nodes: int
    suppliers: int = 0
    supply: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    passed: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    absorbed: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    limits: dict[tuple[str, str], int] = field(default_factory=dict)

    def new(self, count: int) -> IntArray:
        """Number new suppliers."""
        self.suppliers += count
        return np.arange(self.suppliers - count, self.suppliers)

    def limit(self, words: str, place: str = "") -> int:
        """Give the position of a limit by its words."""
        return self.limits.setdefault((words, place), len(self.limits))

    def shares(self) -> tuple[csr_array, csr_array, FloatArray]:
        """Give F (nodes, nodes), D (nodes, limits) and the supply of each node."""
        supply = _sparse(self.supply, (self.nodes, self.suppliers))
        total = np.asarray(supply.sum(axis=1), dtype=np.float64).ravel()
        supply = csr_array(diags_array(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)) @ supply)
        other = self.limit(*_OTHER)
        passed, absorbed = _sparse(self.passed, (self.suppliers, self.nodes)), _sparse(self.absorbed, (self.suppliers, len(self.limits)))
        whole = np.asarray(passed.sum(axis=1)).ravel() + np.asarray(absorbed.sum(axis=1)).ravel()
        # More than all is rounding, or a variable held at its value by goals of higher priority; so is less than all.
        scale = diags_array(1.0 / np.maximum(whole, 1.0))
        lacking = np.maximum(1.0 - whole, 0.0)
        rest = coo_array((lacking, (np.arange(self.suppliers), np.full(self.suppliers, other))), shape=absorbed.shape)
        return csr_array(supply @ (scale @ passed)), csr_array(supply @ (scale @ absorbed + csr_array(rest))), total


def _sparse(parts: list[tuple[IntArray, IntArray, FloatArray]], shape: tuple[int, int]) -> csr_array:
    if not parts:
        return csr_array(shape)
    row, column, data = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return csr_array(coo_array((data, (row, column)), shape=shape))


def _explain(inputs: Inputs, layout: Layout, solved: Solved, level: Level, own: NDArray[np.bool_], missed: FloatArray, names: _Names) -> dict[tuple[int, int], str]:
    """Follow the chain from each goal of the level that is missed."""
    planned = inputs.planned
    x = solved.scaling.columns * level.x
    y = solved.scaling.rows * level.duals
    reduced = level.cost - solved.programme.matrix.T @ y
    price = np.maximum(y[layout.balance[:, :planned]], 0.0)
    available = _available(inputs, layout, x)
    chain = _Chain(len(inputs.markets) * planned)
    for period in range(planned):
        _activities(chain, inputs, layout, period, x, y, reduced, price, names)
        _imports(chain, inputs, layout, period, x, y, reduced, price, names)
        _stocks(chain, inputs, layout, period, x, reduced, price, names)
    passed, absorbed, supply = chain.shares()
    product, period_of = np.nonzero(own)
    nodes, texts = product * planned + period_of, {}
    if chain.nodes <= _FACTORED:
        visits = _visits_by_factor(passed)
    else:
        visits = _visits_by_steps(passed)
        share = np.divide(missed, inputs.goals.quantity[:, :planned], out=np.zeros_like(missed), where=own)
        order = np.argsort(-(inputs.goals.weight[:, :planned] * share)[own], kind="stable")
        texts = {(int(product[at]), int(period_of[at])): _SMALL for at in order[_EXPLAINED:]}
        nodes = nodes[order[:_EXPLAINED]]
    limits = list(chain.limits)
    for first in range(0, len(nodes), _CHUNK):
        some = nodes[first : first + _CHUNK]
        start = np.zeros((chain.nodes, len(some)))
        start[some, np.arange(len(some))] = 1.0
        shares = (absorbed.T @ visits(start)).T
        for at, node in enumerate(some):
            label = names.market(inputs.markets, int(node // planned))
            idle = [names.plain(recipe) for recipe in idle_recipes(inputs, int(node // planned), int(node % planned))]
            place = int(node // planned), int(node % planned)
            if price.ravel()[node] > 0:
                texts[place] = _sentence(label, shares[at], limits, idle, has_supply=bool(supply[node] > 0))
            else:
                texts[place] = _priceless(label, idle, weight=float(inputs.goals.weight[place]), available=float(available[place]))
    return texts


def _visits_by_factor(passed: csr_array) -> Callable[[FloatArray], FloatArray]:
    """Count how often chains that begin somewhere come by each node, (I - F')^-1 start, by a factor that serves all starts."""
    factor = splu(csc_array((eye_array(passed.shape[0]) - passed * _PASSED).T))
    return lambda start: np.asarray(factor.solve(start))


def _visits_by_steps(passed: csr_array) -> Callable[[FloatArray], FloatArray]:
    """Do the same step by step, until next to nothing is on its way: factors of large chains are nearly full."""
    onward = csr_array(passed.T)

    def visits(start: FloatArray) -> FloatArray:
        moving, total = start, start.copy()
        for _ in range(_STEPS):
            moving = onward @ moving
            total += moving
            if float(moving.sum(axis=0).max(initial=0.0)) < _ON_ITS_WAY:
                break
        return total

    return visits


def _available(inputs: Inputs, layout: Layout, x: FloatArray) -> FloatArray:
    """Give what is made, imported or kept from the period before, shape (M, T)."""

    def at(places: IntArray) -> FloatArray:
        return np.where(places >= 0, x[places], 0.0)

    planned = inputs.planned
    amount = inputs.made @ at(layout.activity[:, :planned]) + at(layout.imports[:, :planned])
    amount[:, 0] += inputs.stocks.kept * inputs.stocks.opening
    amount[:, 1:] += inputs.stocks.kept[:, None] * at(layout.stock[:, : planned - 1])
    return np.asarray(amount)


def _activities(chain: _Chain, inputs: Inputs, layout: Layout, period: int, x: FloatArray, y: FloatArray, reduced: FloatArray, price: FloatArray, names: _Names) -> None:
    """Pass the price of what a pool makes on to its inputs, its resources and its own capacity."""
    planned, limits, place = inputs.planned, inputs.limits, layout.activity[:, period]
    level = np.where(place >= 0, x[place], 0.0)
    worth = inputs.made.T @ price[:, period]
    live = (level > 1e-9 * np.where(np.isfinite(inputs.capacity[:, period]), inputs.capacity[:, period], 0.0)) & (level > 0) & (worth > 0)
    supplier = np.full(len(level), -1, np.int64)
    supplier[live] = chain.new(int(live.sum()))
    per_worth = np.divide(1.0, worth, out=np.zeros_like(worth), where=live)
    made, used = inputs.made.tocoo(), inputs.used.tocoo()
    for matrix, is_made in ((made, True), (used, False)):
        some = live[matrix.col]
        node, number = matrix.row[some] * planned + period, supplier[matrix.col[some]]
        if is_made:
            chain.supply.append((node, number, matrix.data[some] * level[matrix.col[some]]))
        else:
            chain.passed.append((number, node, matrix.data[some] * price[matrix.row[some], period] * per_worth[matrix.col[some]]))
    for entry in np.flatnonzero(limits.period == period):
        dear = -y[layout.limit[entry]]
        use = np.where(live, np.maximum(limits.use[[entry], :].toarray()[0], 0.0), 0.0)
        taking = np.flatnonzero(use)
        if dear > 0 and len(taking):
            region = limits.region[entry]
            at = chain.limit(names.plain(limits.resource[entry]), "" if region == ALL_REGIONS else region)
            chain.absorbed.append((supplier[taking], np.full(len(taking), at), use[taking] * dear * per_worth[taking]))
    row = layout.capacity[:, period]
    scarce = np.maximum(np.where(row >= 0, -y[row], np.where(place >= 0, -reduced[place], 0.0)), 0.0)
    short = np.flatnonzero(live & (scarce > 0))
    table = inputs.pools.table
    recipes, regions = table["recipe"].to_list(), table["region"].to_list()
    places = [(f"capacity of {names.plain(recipes[pool])}", "" if regions[pool] == NO_REGION else regions[pool]) for pool in short.tolist()]
    moving = {int(pool): at for at, pool in enumerate(inputs.transfers.pool)}
    places = [place if pool not in moving else (_moving(inputs, moving[pool], names), "") for pool, place in zip(short.tolist(), places, strict=True)]
    ends = np.array([chain.limit(*place) for place in places], np.int64)
    chain.absorbed.append((supplier[short], ends, scarce[short] * per_worth[short]))


def _moving(inputs: Inputs, transfer: int, names: _Names) -> str:
    """Name what a transfer moves, from where to where."""
    origin, target = inputs.transfers.origin[transfer], inputs.transfers.target[transfer]
    product = names.products.get(inputs.markets.label(origin), inputs.markets.label(origin))
    return f"moving {product} from {inputs.markets.region[origin]} to {inputs.markets.region[target]}"


def _imports(chain: _Chain, inputs: Inputs, layout: Layout, period: int, x: FloatArray, y: FloatArray, reduced: FloatArray, price: FloatArray, names: _Names) -> None:
    """Pass the price of an import on to foreign exchange and to its own limit."""
    place = layout.imports[:, period]
    quantity = np.where(place >= 0, x[place], 0.0)
    live = np.flatnonzero((quantity > 1e-9 * inputs.trade.import_limit[:, period]) & (price[:, period] > 0))
    supplier = chain.new(len(live))
    chain.supply.append((live * inputs.planned + period, supplier, quantity[live]))
    for entry in np.flatnonzero(inputs.limits.trades & (inputs.limits.period == period)):
        dear = max(-float(y[layout.limit[entry]]), 0.0)
        at = chain.limit(names.plain(FOREIGN_EXCHANGE))
        chain.absorbed.append((supplier, np.full(len(live), at), dear * inputs.trade.import_price[live, period] / price[live, period]))
    at_limit = np.array([chain.limit(f"imports of {names.market(inputs.markets, product)}") for product in live], np.int64)
    chain.absorbed.append((supplier, at_limit, np.maximum(-reduced[place[live]], 0.0) / price[live, period]))


def _stocks(chain: _Chain, inputs: Inputs, layout: Layout, period: int, x: FloatArray, reduced: FloatArray, price: FloatArray, names: _Names) -> None:
    """Pass the price of what comes from stock on to the period before, or to the stock at the start."""
    kept, planned = inputs.stocks.kept, inputs.planned
    place = layout.stock[:, period - 1] if period else np.full(len(kept), -1, np.int64)
    below = layout.low[:, period - 1] if period else place
    quantity = kept * (np.where(place >= 0, x[place], 0.0) - np.where(below >= 0, x[below], 0.0) if period else inputs.stocks.opening)
    live = np.flatnonzero((quantity > 0) & (price[:, period] > 0))
    supplier = chain.new(len(live))
    chain.supply.append((live * planned + period, supplier, quantity[live]))
    if period:
        before = price[live, period - 1] / (kept[live] * price[live, period])
        chain.passed.append((supplier, live * planned + period - 1, before))
        at = np.array([chain.limit(f"stores for {names.market(inputs.markets, product)}") for product in live], np.int64)
        chain.absorbed.append((supplier, at, np.maximum(-reduced[place[live]], 0.0) / (kept[live] * price[live, period])))
    else:
        at = np.array([chain.limit(f"stocks of {names.market(inputs.markets, product)} at the start") for product in live], np.int64)
        chain.absorbed.append((supplier, at, np.ones(len(live))))


def _sentence(product: str, shares: FloatArray, limits: list[tuple[str, str]], idle: list[str], *, has_supply: bool) -> str:
    """Name the limits that make up most of the goal's marginal cost, with their shares."""
    if not has_supply:
        return _not_to_be_had(product, idle)
    by_words: dict[str, dict[str, float]] = {}
    for at in np.flatnonzero(shares > _TRACE):
        words, place = limits[at]
        by_words.setdefault(words, {})[place] = float(shares[at])
    ranked = sorted(((sum(places.values()), words) for words, places in by_words.items()), key=lambda pair: (-pair[0], pair[1]))
    if not ranked:
        return "No single limit holds it back."
    named = [(share, words) for share, words in ranked if share >= _LEAST_SHARE][:_NAMED] or ranked[:1]
    parts = [f"{_with_place(words, by_words[words], share)} ({share:.0%})" for share, words in named]
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Held back by {text}."


def _priceless(product: str, idle: list[str], *, weight: float, available: float) -> str:
    """Say why a goal is missed as far as it may be: then one unit more is worth nothing in the plan as it stands, and no price says why."""
    if weight == 0:
        return "Its weight is zero, so nothing is given up for it."
    if available > 0:
        return f"All {product} that is made, imported or in stock goes to uses that come before this goal."
    if idle:
        return _not_to_be_had(product, idle)
    return f"Nothing in the plan makes {product} in this period, though lines could: what that takes is not to be had, or goes to uses that come before this goal."


def _not_to_be_had(product: str, idle: list[str]) -> str:
    why = f" (no line has capacity for {' or '.join(idle[:_NAMED])})" if idle else ""
    return f"Nothing in the plan makes {product} in this period{why}, and none can be imported or taken from stock."


def _with_place(words: str, places: dict[str, float], whole: float) -> str:
    place, share = max(places.items(), key=lambda pair: (pair[1], pair[0]))
    if place and share >= _ONE_PLACE * whole:
        return f"{words} in {place}"
    return f"{words} in {len(places)} regions" if place and len(places) > 1 else words

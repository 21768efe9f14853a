"""What a comparison of two plans holds, as tables of text: causes, goals, production, and what binds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from groundplan.report.blocks import Column, Table, words
from groundplan.report.bottlenecks import BEFORE_GOALS, describe_limits
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, listing, percent, plain, points, scale_for
from groundplan.tables.bundles import Comparison

__all__ = ["Compared", "binding_table", "causes_table", "goals_table", "loss_rows", "moved_losses", "production_table", "signed"]

_MOST_ROWS = 10
_NAMED = 3
# Parts below this share of a change are left to the workbook.
_SLIGHT = 0.005
_BY_LIMIT = {"now": "now", "no more": "no more"}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What the report of a comparison shows.

    Args:
        comparison: the comparison.
        before: how the first plan is called: its folder or run.
        after: how the second is called.
        shown: names, measures and sources: the second economy with what only the first knows, and when the comparison was made.
    """

    comparison: Comparison
    before: str
    after: str
    shown: ReportInput


def loss_rows(compared: Compared) -> pl.DataFrame:
    """Give what missed goals cost by priority, summed over the plan: priority, before, after, change."""
    sums = compared.comparison.plan_changes.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == "") & (pl.col("priority") > 0))
    return sums.select("priority", "before", "after", "change").sort("priority")


def moved_losses(compared: Compared) -> pl.DataFrame:
    """Give the rows of `loss_rows` that differ by more than the plans may be off."""
    return loss_rows(compared).filter(pl.col("priority").is_in(compared.comparison.moved))


def signed(value: float) -> str:
    """Write a difference with its sign: +0.12."""
    return f"+{plain(value)}" if value > 0 else plain(value)


def causes_table(compared: Compared) -> Table:
    """List the causes: what changed in their tables, and what they do to the loss of each priority."""
    comparison = compared.comparison
    moved = moved_losses(compared)
    priorities = (loss_rows(compared) if moved.is_empty() else moved)["priority"].to_list()
    sums = comparison.change_parts.filter((pl.col("measure") == "loss") & (pl.col("item") == "") & (pl.col("period") == ""))
    parts = {(cause, priority): part for cause, priority, part in sums.select("cause", "priority", "part").iter_rows()}
    ranked = sorted(comparison.causes, key=lambda cause: -abs(parts.get((cause, 0), 0.0)))
    rows = tuple((cause, *(signed(_rounded(parts.get((cause, priority), 0.0))) for priority in priorities), _inputs(comparison, cause)) for cause in ranked)
    heads = [Column("Cost" if len(loss_rows(compared)) == 1 else f"Cost, priority {priority}") for priority in priorities]
    return Table((words("Cause"), *heads, words("What changed in the inputs")), rows, "Which inputs changed, and what each does to the cost of missed goals")


def goals_table(compared: Compared, names: Names) -> Table:
    """List the goals of which another share is delivered, those whose loss moves most first, with the causes."""
    comparison = compared.comparison
    moved = comparison.plan_changes.filter(pl.col("measure") == "fulfilment")
    losses = comparison.plan_changes.filter((pl.col("measure") == "loss") & (pl.col("item") != "")).group_by("item", "period").agg(pl.col("change").sum().abs().alias("cost"))
    priorities = pl.concat([plan.gaps.select(pl.col("product").alias("item"), "period", pl.col("priority").alias("of")) for plan in (comparison.after, comparison.before)])
    table = moved.join(losses, on=["item", "period"], how="left").join(priorities.unique(["item", "period"], keep="first", maintain_order=True), on=["item", "period"], how="left")
    table = table.sort(pl.col("cost").fill_null(0.0), pl.col("change").abs(), "item", "period", descending=[True, True, False, False])
    parts = _parts(comparison, "fulfilment", table)
    rows = [
        (
            names.product_both(row["item"]), row["period"], str(row["of"] or MISSING), _share(row["before"]), _share(row["after"]), points(row["change"]),
            _from((cause, points(part), part) for cause, part in parts[row["item"], row["period"]]),
        )
        for row in table.head(_MOST_ROWS).iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        words("Product"), words("Period"), Column("Priority"), Column("Before", "% of the goal"), Column("After", "% of the goal"), Column("Change", "points"),
        words("Comes from (points)"),
    )  # fmt: skip
    return Table(columns, tuple(rows), "Goals of which another share is delivered", left_out=max(len(table) - _MOST_ROWS, 0))


def production_table(compared: Compared, names: Names) -> Table:
    """List products of which another amount is made or imported over the whole plan, the largest change for their supply first, with the causes."""
    comparison, key = compared.comparison, ["measure", "item"]
    sums = comparison.plan_changes.filter(pl.col("measure").is_in(["production", "imports"])).group_by(key).agg(pl.col("change").sum())
    table = sums.join(_levels(comparison), on=key).with_columns((pl.col("change").abs() / pl.col("supply")).alias("share"))
    table = table.filter(pl.col("share") > _SLIGHT).sort("share", *key, descending=[True, False, False])
    parts = comparison.change_parts.join(table.select(key), on=key).group_by(*key, "cause").agg(pl.col("part").sum()).sort(pl.col("part").abs(), "cause", descending=[True, False])
    by_item: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for measure, item, cause, part in parts.select("measure", "item", "cause", "part").iter_rows():
        by_item.setdefault((measure, item), []).append((cause, part))
    rows = []
    for row in table.head(_MOST_ROWS).iter_rows(named=True):
        scale = scale_for(max(row["before"], row["after"]), names.measure(row["item"]))
        told = _from((cause, signed(part / scale.divisor), part) for cause, part in by_item[row["measure"], row["item"]])
        figures = (plain(row["before"] / scale.divisor), plain(row["after"] / scale.divisor), signed(row["change"] / scale.divisor))
        rows.append((names.product_both(row["item"]), row["measure"], scale.measure, *figures, told))
    columns = (words("Product"), words("What"), words("Measure"), Column("Before"), Column("After"), Column("Change"), words("Comes from"))
    return Table(columns, tuple(rows), "Production and imports over the whole plan", left_out=max(len(table) - _MOST_ROWS, 0))


def binding_table(compared: Compared, names: Names) -> Table:
    """List limits that bind in one of the plans only, what is worth most first, regions and periods together."""
    describe = describe_limits(compared.shown, names)
    together: dict[tuple[str, str, int], tuple[list[str], list[str], list[float]]] = {}
    for row in compared.comparison.binding_changes.filter(pl.col("binds") != "still").iter_rows(named=True):
        what, place = describe(row["kind"], row["item"], row["region"])
        priority = row["priority_after"] if row["binds"] == "now" else row["priority_before"]
        places, periods, values = together.setdefault((row["binds"], what, priority or 0), ([], [], []))
        places.append(place)
        periods.append(row["period"])
        values.append(max(row["value_before"], row["value_after"]))
    order = sorted(together.items(), key=lambda entry: (list(_BY_LIMIT).index(entry[0][0]), entry[0][2], -sum(entry[1][2]), entry[0][1]))
    rows = tuple(
        (
            what,
            _BY_LIMIT[binds],
            listing(sorted(set(filter(None, places)))) if any(places) else "everywhere",
            _span(sorted(set(periods))),
            str(priority) if priority else BEFORE_GOALS,
        )
        for (binds, what, priority), (places, periods, _values) in order
    )
    columns = (words("Limit"), words("Binds"), words("Where"), words("When"), Column("Moves goals of", "priority"))
    return Table(columns, rows[:_MOST_ROWS], "Limits that bind in one of the two plans only", left_out=max(len(rows) - _MOST_ROWS, 0))


def _inputs(comparison: Comparison, cause: str) -> str:
    """Say what changed in the tables of a cause: resources: 5 rows altered (power, all, 2021: limit 100 to 110, +10 %)."""
    told = []
    for row in comparison.input_changes.filter(pl.col("cause") == cause).iter_rows(named=True):
        noun = "setting" if row["table"] == "groundplan.toml" else "row"
        first, *others = [(row[name], name) for name in ("added", "removed", "altered") if row[name]]
        counts = ", ".join([f"{counted(first[0], noun)} {first[1]}", *(f"{grouped(count)} {name}" for count, name in others)])
        largest = f" ({row['largest']})" if row["largest"] else ""
        told.append(f"{'' if row['table'] == cause else row['table'] + ': '}{counts}{largest}")
    return "; ".join(told)


def _levels(comparison: Comparison) -> pl.DataFrame:
    """Sum production and imports over each plan, with the larger of both plans' sums of the two as `supply`."""
    sides = []
    for name, plan in (("before", comparison.before), ("after", comparison.after)):
        long = plan.outputs.unpivot(["production", "imports"], index="product", variable_name="measure", value_name=name)
        sides.append(long.group_by("measure", pl.col("product").alias("item")).agg(pl.col(name).sum()))
    joined = sides[0].join(sides[1], on=["measure", "item"], how="full", coalesce=True).fill_null(0.0)
    return joined.with_columns(pl.max_horizontal(pl.col("before").sum().over("item"), pl.col("after").sum().over("item")).alias("supply"))


def _parts(comparison: Comparison, measure: str, rows: pl.DataFrame) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """Give the parts of each row's change by item and period, the largest first."""
    own = comparison.change_parts.filter(pl.col("measure") == measure).join(rows.select("item", "period"), on=["item", "period"], how="semi")
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for item, period, cause, part in own.sort(pl.col("part").abs(), "cause", descending=[True, False]).select("item", "period", "cause", "part").iter_rows():
        found.setdefault((item, period), []).append((cause, part))
    return found


def _from(parts: Iterable[tuple[str, str, float]]) -> str:
    """Name the causes that do most, with what each does."""
    listed = list(parts)
    largest = max((abs(part) for _cause, _text, part in listed), default=0.0)
    told = [f"{cause} {text}" for cause, text, part in listed if abs(part) > _SLIGHT * largest and text != "0"]
    return ", ".join([*told[:_NAMED], f"{len(told) - _NAMED} more"] if len(told) > _NAMED else told)


def _span(periods: list[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"


def _share(share: float) -> str:
    return percent(share).removesuffix(" %")


def _rounded(value: float) -> float:
    return 0.0 if abs(value) < 1e-9 else value

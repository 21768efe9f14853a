"""Schemas of the result tables: the only interface between stages, and what a run folder holds; and those of a comparison.

Intervals are central: `lower_90` and `upper_90` are the 5 % and 95 % quantiles, `lower_50` and `upper_50` the 25 % and 75 % ones.
Quantities are in the product's own measure per period of the row, unless a description says otherwise.
"""

from __future__ import annotations

from types import MappingProxyType

import dataframely as dy

__all__ = [
    "COMPARISONS",
    "DERIVED",
    "FRONTIERS",
    "RESULTS",
    "Activities",
    "Allocations",
    "Balances",
    "BindingChanges",
    "Bunching",
    "Calibration",
    "Capacities",
    "CapacityFactors",
    "Chances",
    "ChangeParts",
    "ChangedCells",
    "DesignTotals",
    "EstimateFactors",
    "Estimates",
    "FrontierGoals",
    "FrontierPoints",
    "Fulfilment",
    "Gaps",
    "InputChanges",
    "JointChances",
    "LineActivities",
    "MaterialBalances",
    "NewCapacity",
    "Notes",
    "Outcomes",
    "Outputs",
    "PlanChanges",
    "PredictiveChecks",
    "PredictiveCover",
    "RegionalOutputs",
    "ResourceUse",
    "ShadowPrices",
    "Shipments",
    "Suspects",
    "Totals",
    "Uncertain",
]


def _key(description: str) -> dy.String:
    return dy.String(primary_key=True, description=description)


def _text(description: str) -> dy.String:
    return dy.String(nullable=True, description=description)


def _number(description: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=description)


class Fulfilment(dy.Schema):
    """How the last plan was met, on reported and on verified figures, at each level of aggregation."""

    level = _key("total, sector, region, product or unit")
    key = _key("the sector, region, product or unit; 'all' for the total")
    product = _key("product; 'all' where shares of fulfilment are averaged over products, each weighted by its target's share")
    period = _key("plan period (year), or 'all'")
    target = _number("target; for product 'all' the weight's sum")
    reported = _number("reported output; for product 'all' relative to the target")
    verified = _number("estimated output, median")
    verified_lower_90 = _number("5 % quantile")
    verified_upper_90 = _number("95 % quantile")
    reported_fulfilment = _number("reported / target")
    verified_fulfilment = _number("verified / target")
    paper_gap = _number("(reported - verified) / target: fulfilment that stands on paper only")
    met_on_paper_only = dy.Bool(nullable=True, description="reported at or above the target, while the verified 95 % quantile is below it")
    storming_index = _number("share of the output of a year that was reported in its last third (one third = even)")


class Bunching(dy.Schema):
    """Reports bunched just above 100 % of the target: excess mass against a smooth counterfactual."""

    level = _key("all or a sector")
    key = _key("'all' or the sector")
    reports = dy.Int64(description="reports that have a target")
    just_above = dy.Int64(description="of these, reported 100 % to under 103 % of the target")
    expected = _number("expected there from the smooth counterfactual")
    excess_mass = _number("just_above / expected - 1")
    standard_error = _number("of excess_mass, by bootstrap over units")


class Estimates(dy.Schema):
    """What each unit really makes: posterior of output per unit, product and period."""

    unit = _key("unit")
    product = _key("product")
    period = _key("period of the reports")
    reported = _number("quantity as reported, latest version")
    median = _number("median of true output")
    lower_50 = _number("25 % quantile")
    upper_50 = _number("75 % quantile")
    lower_90 = _number("5 % quantile")
    upper_90 = _number("95 % quantile")
    log_mean = _number("mean of log output (null where output is zero)")
    log_sd = _number("standard deviation of log output, calibrated")
    own_log_sd = _number("part of log_sd that is independent of all other rows")
    log_bias = _number("posterior mean of log(reported / true)")
    probability_overstated = _number("P(reported > 1.05 x true)")
    share_report = _number("weight of the report in the posterior mean, 0 to 1")
    share_finding = _number("weight of findings")
    share_claim = _number("weight of what people on the ground say")
    share_proxy = _number("weight of proxies")
    share_prior = _number("weight of the group")
    inspected = dy.Bool(description="a finding of output exists for this unit and product")
    group = _text("group whose errors calibrate the interval, for instance sector=steel, or sector=steel, kind=workshop")


class EstimateFactors(dy.Schema):
    """Shared errors of the estimates: loadings on independent standard normal factors, constant over the periods of a unit's product.

    Cov(log y_a, log y_b) = sum over factors of loading_a loading_b, plus own_log_sd squared where a = b.
    """

    unit = _key("unit")
    product = _key("product")
    factor = _key("for instance bias|sector=steel, or unit|E014|steel")
    loading = _number("standard deviation of log output that comes from the factor, with its sign")


class Totals(dy.Schema):
    """Totals of output with the right variance: shared errors do not average out."""

    level = _key("total, sector or region")
    key = _key("the sector or region; 'all' for the total")
    product = _key("product")
    period = _key("period (year)")
    reported = _number("sum of reports")
    median = _number("median of the true total")
    lower_50 = _number("25 % quantile")
    upper_50 = _number("75 % quantile")
    lower_90 = _number("5 % quantile")
    upper_90 = _number("95 % quantile")
    units = dy.Int64(description="how many units make it up")
    inspected_units = dy.Int64(description="of these, inspected")


class Capacities(dy.Schema):
    """What each line could make: posterior of capacity, in units of activity per plan period."""

    line = _key("line")
    unit = _text("unit")
    recipe = _text("recipe")
    region = _text("region of the unit")
    product = _text("main product of the recipe")
    nameplate = _number("capacity as the table lines states it")
    median = _number("median of true capacity")
    lower_50 = _number("25 % quantile")
    upper_50 = _number("75 % quantile")
    lower_90 = _number("5 % quantile")
    upper_90 = _number("95 % quantile")
    log_mean = _number("mean of log capacity (null where capacity is zero)")
    log_sd = _number("standard deviation of log capacity")
    own_log_sd = _number("part of it that is independent of all other lines")
    basis = _text("what it rests on: finding, peaks, nameplate ...")


class CapacityFactors(dy.Schema):
    """Shared errors of the capacities: loadings on independent standard normal factors."""

    line = _key("line")
    factor = _key("factor")
    loading = _number("standard deviation of log capacity that comes from the factor, with its sign")


class Calibration(dy.Schema):
    """How honest the intervals are: cover on findings held out by unit, before and after rescaling."""

    group = _key("group, 'all' at the top")
    findings = dy.Int64(description="findings in the group")
    units = dy.Int64(description="inspected units in the group")
    factor_50 = _number("factor on the 50 % half-width, root mean square over the group's inspected units")
    factor_90 = _number("factor on the 90 % half-width, the same")
    raw_cover_90 = _number("cover of the 90 % interval before rescaling, held out by unit")
    cover_90 = _number("cover after rescaling, held out by unit")
    parent = _text("what it falls back on where it is too thin: all, or kind: each unit on its kind")


class PredictiveChecks(dy.Schema):
    """Each inspected unit against what would have been said of it without its visits: of the mean log of output over its findings, at a yearly rate."""

    unit = _key("unit, held out with all its visits and products")
    visits = _text("its visits, in order")
    products = dy.Int64(description="products found")
    findings = dy.Int64(description="findings that make up the mean")
    log_found = _number("mean log of what was found")
    log_predicted = _number("mean log of what would have been predicted without it")
    log_sd = _number("standard deviation of the prediction for the 90 % interval, calibrated by a factor in which the unit has no part")
    log_sd_50 = _number("the same for the 50 % interval")
    raw_log_sd = _number("standard deviation of the prediction before calibration")
    finding_log_sd = _number("standard deviation of the mean finding's own error")
    standardised = _number("(log_found - log_predicted) / sqrt(log_sd^2 + finding_log_sd^2)")
    inside_50 = dy.Bool(description="the 50 % interval, the finding's own variance counted, holds what was found")
    inside_90 = dy.Bool(description="the 90 % interval holds it")
    group = _text("narrowest group of the unit")
    factor_from = _text("narrowest group whose factor calibrates it: it has at least 50 inspected units")
    sector = _text("sector")
    region = _text("region")
    kind = _text("kind of unit, major ones apart")
    by_lot = dy.Bool(description="at least one of its visits was drawn at random")


class PredictiveCover(dy.Schema):
    """How often intervals held what was found at inspected units, each predicted without its own visits."""

    level = _key("all, sector, region, kind or chosen (how the visit was chosen)")
    key = _key("the group; 'all' for all")
    nominal = dy.Int64(primary_key=True, description="share that the interval should hold, in %")
    units = dy.Int64(description="inspected units")
    held = dy.Int64(description="of these, held by the interval")
    cover = _number("held / units")
    lower_95 = _number("lower end of the 95 % interval of the cover (Clopper and Pearson)")
    upper_95 = _number("upper end")
    raw_cover = _number("cover before calibration")
    p_value = _number("chance of a cover as far from nominal, Holm-adjusted over the groups and over 50 and 90 %; null at other nominals")
    is_off = dy.Bool(nullable=True, description="p_value under 5 %; null at other nominals")
    has_own_factor = dy.Bool(nullable=True, description="a sector or kind with at least 50 inspected units, which has a factor of its own; null for other levels")


class Suspects(dy.Schema):
    """Units whose reports of the base period are more likely than not off by more than 10 %, the surest first: reasons for a visit, not verdicts."""

    unit = _key("unit")
    rank = dy.Int64(description="place in the list, by how surely the reports are off; the first 1,000 are kept")
    direction = _text("above or below: reports against what was made")
    bias = _number("reported / made - 1 over the base period, median; mean of the logs over the unit's products; null where nothing was made or reported")
    lower_90 = _number("5 % quantile of it")
    upper_90 = _number("95 % quantile")
    probability = _number("chance that the reports are off by more than 10 % in this direction")
    false_share = _number("expected share of units, from the first to this one, whose reports are not off by 10 %")
    flagged = dy.Bool(description="with a chance of 90 %, no more than a tenth of the units that are flagged are off by less than 10 %")
    inspected = dy.Bool(description="a finding of output exists")
    evidence = _text("what the sources say of the unit's reports, each by itself, the weightiest first")


class DesignTotals(dy.Schema):
    """Totals that rest on visits drawn at random alone, by their inclusion probabilities, beside the model's."""

    level = _key("total or sector")
    key = _key("the sector; 'all' for the total")
    product = _key("product")
    period = _key("plan period")
    estimator = _key("horvitz_thompson, hajek (ratio to the known number of makers) or difference (predictions of all, corrected by the visits)")
    units = dy.Int64(description="makers of the product")
    drawn_units = dy.Int64(description="of these, visited by lot and measured")
    certain_units = dy.Int64(description="of these, drawn with probability 1")
    total = _number("estimated total")
    standard_error = _number("by the design (Hajek's approximation); null where it cannot be known")
    lower_90 = _number("lower end of the 90 % interval, by t")
    upper_90 = _number("upper end")
    model_total = _number("mean of the model's total")
    model_lower_90 = _number("5 % quantile of the model's total")
    model_upper_90 = _number("95 % quantile")
    difference = _number("total - model_total; of the difference estimator only")
    difference_sd = _number("standard deviation of the difference if the model is right: the larger of the design's and the model's own")
    p_value = _number("chance of a difference this large, Holm-adjusted over products and periods within the level")


class Balances(dy.Schema):
    """Sources and uses of the past: what estimates and the table `flows` say of each product, before and after estimates were adjusted to them."""

    product = _key("product")
    period = _key("plan period")
    kind = _text("equality: sources = uses; bound: final use is not known, so uses known are at most the sources; incomplete: makers or users are not estimated")
    output = _number("mean of the estimated total before")
    imports = _number("imports")
    exports = _number("exports")
    stock_change = _number("stock at the end less that at the start")
    intermediate = _number("used up by the estimated output of its users, by their recipes")
    final_use = _number("final use (null where not known)")
    residual = _number("output + imports - exports - stock_change - intermediate - final_use, before")
    residual_sd = _number("its standard deviation by the errors of estimates, flows and recipes")
    residual_in_sd = _number("residual / residual_sd")
    p_value = _number("chance of a residual this large, Holm-adjusted over all balances (of a bound: of one this far below zero)")
    used = dy.Bool(nullable=True, description="were estimates adjusted to it? Not where the residual is too large for the errors")
    output_after = _number("median of the total after; before, where nothing was adjusted")
    output_lower_90 = _number("5 % quantile of the total after")
    output_upper_90 = _number("95 % quantile of the total after")
    residual_after = _number("residual after")
    residual_after_in_sd = _number("residual after / residual_sd")
    explained_by = _text("units whose output alone could explain a residual that is too large, the likeliest first, each with the factor on its estimate")


class Outputs(dy.Schema):
    """The plan's balance of each product and period; sources equal uses to 1e-9 of the flow."""

    product = _key("product")
    period = _key("plan period")
    production = _number("output of all recipes")
    production_lower_90 = _number("5 % quantile of what the planned lines can make of it, scaled by capacity")
    production_upper_90 = _number("95 % quantile")
    imports = _number("imports")
    opening_stock = _number("stock at the start, before losses")
    losses = _number("lost in store, and on the way between regions")
    intermediate = _number("used up by recipes, and by moving products between regions")
    investment = _number("built into new capacity")
    final_use = _number("delivered to goals")
    exports = _number("exports")
    closing_stock = _number("stock at the end")
    unused = _number("made and used by nobody (joint products)")
    residual = _number("sources - uses; what is left of exactness")


class Activities(dy.Schema):
    """Activity level of each pool of lines, by period."""

    pool = _key("pool")
    period = _key("plan period")
    recipe = _text("recipe")
    region = _text("region")
    efficiency = _number("efficiency of the pool's lines")
    lines = dy.Int64(description="lines in the pool")
    level = _number("units of activity")
    capacity = _number("capacity at the chosen chance, with new capacity and depreciation")
    capacity_median = _number("capacity, median")
    new_capacity = _number("new capacity that becomes usable in this period")


class LineActivities(dy.Schema):
    """Activity of each line: the pool's level handed to lines in merit order."""

    line = _key("line")
    period = _key("plan period")
    pool = _text("pool")
    level = _number("units of activity")
    capacity = _number("capacity at the chosen chance")


class Allocations(dy.Schema):
    """Who uses what: each product's uses by recipe, and by goals, investment and exports."""

    product = _key("product")
    period = _key("plan period")
    use = _key("intermediate, investment, final_use, exports or closing_stock")
    user = _key("recipe that uses it, transfers for what moving products between regions takes; empty where the use says all")
    quantity = _number("quantity")


class ResourceUse(dy.Schema):
    """Use of each limited resource."""

    resource = _key("resource")
    region = _key("region, or all")
    period = _key("plan period")
    limit = _number("limit")
    use = _number("use")


class ShadowPrices(dy.Schema):
    """What one more unit would be worth, in weighted goals."""

    kind = _key("capacity, growth (limit on new capacity), resource, import, export, stock (ceiling), transfer, fixed (a number that is decided) or product")
    item = _key("pool, resource or product; of a number that is decided flow, product or recipe, and bound, as in: production steel >=")
    region = _key("region, or all; of a transfer: from > to")
    period = _key("plan period")
    price = _number("gain in weighted goals (priority level of the row) per unit by which the limit is eased: raised, or lowered where it is a bound from below")
    priority = dy.Int64(nullable=True, description="priority level whose goals it moves")
    valid_from = _number("limit down to which the price holds")
    valid_to = _number("limit up to which the price holds")
    limit = _number("limit in the plan")
    value = _number("price x limit: what binds most stands first")
    measure = _text("unit of measure of the limit")


class Gaps(dy.Schema):
    """Goals and what the plan delivers."""

    product = _key("product")
    period = _key("plan period")
    priority = dy.Int64(description="priority of the goal")
    weight = _number("weight of the goal")
    goal = _number("goal")
    minimum = _number("least that must be delivered")
    delivered = _number("delivered")
    shortfall = _number("goal - delivered, >= 0")
    shortfall_share = _number("shortfall / goal")
    below_minimum = _number("minimum - delivered where positive")
    cause = _text("in words: which limits hold it back")


class NewCapacity(dy.Schema):
    """Investment decided by the plan."""

    pool = _key("pool that grows")
    period = _key("plan period in which the new capacity is first usable")
    recipe = _text("recipe")
    region = _text("region")
    quantity = _number("units of activity per plan period")


class RegionalOutputs(dy.Schema):
    """The plan's balance of each product that is balanced by region; sources (production to received) equal uses (losses to unused) to 1e-9 of the flow."""

    product = _key("product")
    region = _key("region")
    period = _key("plan period")
    production = _number("output of all recipes there")
    imports = _number("imports that arrive there")
    opening_stock = _number("stock there at the start, before losses")
    received = _number("received from other regions")
    losses = _number("lost in store")
    intermediate = _number("used up there by recipes, and by moving products from there")
    investment = _number("built into new capacity there")
    final_use = _number("delivered to the region's share in the goal")
    exports = _number("exports from there")
    sent = _number("sent to other regions, with what is lost on the way")
    closing_stock = _number("stock there at the end")
    unused = _number("made and used by nobody (joint products)")
    residual = _number("sources - uses; what is left of exactness")
    goal = _number("the region's share in the goal")
    minimum = _number("its share in what must be delivered at least")
    shortfall = _number("goal - delivered, >= 0")


class Shipments(dy.Schema):
    """What is moved between regions; what is not moved is left out."""

    product = _key("product")
    origin = dy.String(primary_key=True, alias="from", description="region from which it is moved")
    target = dy.String(primary_key=True, alias="to", description="region to which it is moved")
    period = _key("plan period")
    sent = _number("quantity that leaves")
    received = _number("quantity that arrives")
    limit = _number("most that can leave; empty = no limit")
    taken = _number("amount of the item that moving takes (table transfers), in its own measure")


class Uncertain(dy.Schema):
    """Units whose uncertainty matters most for the plan: variance of capacity times its shadow price."""

    unit = _key("unit")
    product = _key("main product")
    capacity = _number("capacity, median")
    relative_sd = _number("standard deviation as a share")
    price = _number("shadow price of its pools, mean over periods")
    worth = _number("standard deviation of capacity x shadow price, in weighted goals")
    inspected = dy.Bool(description="was it inspected?")


class Chances(dy.Schema):
    """With what chance each planned delivery is made, where operators make the best of what pools can really make; no rows where no error of capacities is known."""

    product = _key("product")
    period = _key("plan period")
    priority = dy.Int64(description="priority of the goal")
    delivered = _number("delivered in the plan")
    chance = _number("chance that all but 0.1 % of it is delivered")
    standard_error = _number("standard error of the chance, of drawing alone")
    lower_5 = _number("5 % quantile of what is delivered")
    median = _number("median of what is delivered")
    minimum = _number("least that must be delivered")
    minimum_chance = _number("chance that all but 0.1 % of the minimum is delivered; null where there is none")
    draws = dy.Int64(description="draws of all capacities together in which the plan was followed")


class JointChances(dy.Schema):
    """With what chance many deliveries are made together."""

    what = _key("deliveries: all that are planned; minima: all that must be delivered")
    priority = dy.Int64(primary_key=True, description="priority of the goals, which count together with those of all earlier priorities; 0 for minima")
    period = _key("plan period up to whose end all are made")
    chance = _number("chance that each of them is made but for 0.1 %")
    standard_error = _number("standard error of the chance, of drawing alone")
    draws = dy.Int64(description="draws")


class MaterialBalances(dy.Schema):
    """Material balances of a plan: where each product comes from and where it goes; sources equal uses to 1e-9 of the flow. What is zero is left out."""

    product = _key("product")
    period = _key("plan period")
    side = _key("source or use")
    item = _key("sources: opening_stock, production, imports; uses: intermediate, investment, exports, final_use, losses, unused, closing_stock")
    user = _key("recipe that makes it, uses it up, or whose capacity is built of it; empty for other items")
    user_name = _text("name of that recipe")
    quantity = _number("quantity, in the product's measure")
    share = _number("share of the side's total")


class Notes(dy.Schema):
    """What the reader should know."""

    step = dy.String(description="review, estimate, plan ...")
    severity = dy.String(description="info, warning or alert")
    subject = dy.String(description="what it is about")
    sentence = dy.String(description="one sentence for people")


class Outcomes(dy.Schema):
    """How each step ended."""

    step = _key("step")
    status = dy.String(description="done, limited, infeasible, not_converged or no_data")
    sentence = dy.String(description="one sentence for people")
    method = dy.String(description="method or solver, and why it was chosen")
    objective = _number("weighted goal shortfall of the plan; null for other steps")
    bound = _number("proven lower bound on it")
    gap = _number("(objective - bound) / weighted goals")


class InputChanges(dy.Schema):
    """Which inputs differ between two economies, by cause and table."""

    cause = _key(
        "inputs that count as one cause: goals, resources, evidence ...; empty: a product, recipe or resource that one of the two does not know, and that alone changes nothing"
    )
    table = _key("table, or groundplan.toml")
    added = dy.Int64(description="rows whose key only the second has")
    removed = dy.Int64(description="rows whose key only the first has")
    altered = dy.Int64(description="rows whose key both have, with other values")
    largest = _text("of the cells that differ, the one that does most, by ratio; empty for tables of evidence")


class ChangedCells(dy.Schema):
    """Every cell that differs between two economies, but for tables of evidence, such as reports."""

    cause = _key("inputs that count as one cause, as in `input_changes`")
    table = _key("table, or groundplan.toml")
    key = _key("the row: the values of its key columns")
    column = _key("column, or setting")
    before = _text("what the first has; empty where it has no such row or nothing there")
    after = _text("what the second has")
    ratio = _number("after / before, of figures")


class PlanChanges(dy.Schema):
    """What differs between two plans; sums of the loss stand here even where they are the same."""

    measure = _key(
        "loss (what goals missed cost), fulfilment (delivered / goal; 1 where there is no goal), delivered, production, imports, or new_capacity (units of activity a period)"
    )
    item = _key("product; recipe where new_capacity is meant; empty where a loss is summed")
    period = _key("plan period; of a loss: empty where it is summed, 'after the plan' for the year after, which counts in the objective")
    priority = dy.Int64(primary_key=True, description="priority of the goals, of a loss; 0 where it is summed over all, and for other measures")
    before = _number("in the first plan; 0 where it does not know the item")
    after = _number("in the second plan")
    change = _number("after - before")


class ChangeParts(dy.Schema):
    """What each cause has to do with each change of a plan: Shapley values, which add up to the change."""

    measure = _key("as in `plan_changes`, and so the next three")
    item = _key("product or recipe")
    period = _key("plan period")
    priority = dy.Int64(primary_key=True, description="priority of the goals")
    cause = _key("inputs that count as one cause, as in `input_changes`")
    part = _number("the cause's part in the change")


class BindingChanges(dy.Schema):
    """What binds in one of two plans, by its shadow price."""

    kind = _key("as in `shadow_prices`, without product")
    item = _key("pool, recipe, resource or product")
    region = _key("region, or all")
    period = _key("plan period")
    binds = dy.String(description="now: only in the second plan; no more: only in the first; still: in both")
    price_before = _number("shadow price in the first plan; 0 where it does not bind")
    price_after = _number("shadow price in the second plan")
    value_before = _number("price x limit in the first plan")
    value_after = _number("price x limit in the second plan")
    priority_before = dy.Int64(nullable=True, description="priority level whose goals it moves in the first plan")
    priority_after = dy.Int64(nullable=True, description="the same in the second plan")


class FrontierPoints(dy.Schema):
    """The frontier between two goals: the most of the second for each amount of the first. Between corners it is straight, and a mixture of the two plans attains it."""

    point = dy.Int64(primary_key=True, description="1, 2 ...: the corners, the first goal rising; 0: the plan as it is")
    kind = dy.String(description="corner or plan")
    first_delivered = _number("delivered of the first, summed over its periods, in its own measure")
    first_share = _number("share of the first's goals met, the mean over its periods, 0 to 1")
    second_delivered = _number("delivered of the second")
    second_share = _number("share of the second's goals met")
    second_per_first = _number("what one more unit of the first costs of the second, each in its own measure, from here to the next corner; null at the last one")
    share_per_share = _number("the same in shares: percentage points of the second's goals for one of the first's")
    second_room = _number("share of the second's goals that could be met beyond what is met here, with as much of the first; 0 on the curve")
    others_share = _number("share of all other goals met, the mean over goals; null where there are none")
    others_worse = dy.Int64(description="other goals of which less is delivered than in the plan, by more than a millionth of the goal")


class FrontierGoals(dy.Schema):
    """What is delivered for every goal at each point of a frontier."""

    point = dy.Int64(primary_key=True, description="as in `frontier`")
    product = _key("product")
    period = _key("plan period")
    role = dy.String(description="first or second: one of the two that the frontier is between; other")
    priority = dy.Int64(description="priority of the goal")
    goal = _number("goal")
    delivered = _number("delivered at this point")
    planned = _number("delivered in the plan as it is")


RESULTS: MappingProxyType[str, type[dy.Schema]] = MappingProxyType(
    {
        "fulfilment": Fulfilment,
        "bunching": Bunching,
        "estimates": Estimates,
        "estimate_factors": EstimateFactors,
        "totals": Totals,
        "capacities": Capacities,
        "capacity_factors": CapacityFactors,
        "calibration": Calibration,
        "predictive_checks": PredictiveChecks,
        "predictive_cover": PredictiveCover,
        "suspects": Suspects,
        "design_totals": DesignTotals,
        "balances": Balances,
        "outputs": Outputs,
        "activities": Activities,
        "line_activities": LineActivities,
        "allocations": Allocations,
        "resource_use": ResourceUse,
        "shadow_prices": ShadowPrices,
        "gaps": Gaps,
        "new_capacity": NewCapacity,
        "regional_outputs": RegionalOutputs,
        "shipments": Shipments,
        "uncertain": Uncertain,
        "chances": Chances,
        "joint_chances": JointChances,
        "notes": Notes,
        "outcomes": Outcomes,
    }
)
"""Result table name (which is also the file name in a run folder) -> schema."""

DERIVED: MappingProxyType[str, type[dy.Schema]] = MappingProxyType({"material_balances": MaterialBalances})
"""Tables that are worked out from a run when they are asked for; no run folder holds them."""
COMPARISONS: MappingProxyType[str, type[dy.Schema]] = MappingProxyType(
    {"input_changes": InputChanges, "changed_cells": ChangedCells, "plan_changes": PlanChanges, "change_parts": ChangeParts, "binding_changes": BindingChanges}
)
"""Tables of a comparison of two plans, by name -> schema; no run folder holds them."""

FRONTIERS: MappingProxyType[str, type[dy.Schema]] = MappingProxyType({"frontier": FrontierPoints, "frontier_goals": FrontierGoals})
"""Tables of a frontier between two goals, by name -> schema; no run folder holds them."""

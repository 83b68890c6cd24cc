"""How well the training used its ranks: for the report, for MLflow, and its estimated cost."""

from __future__ import annotations

from farandole.api.placement import Price
from farandole.registry.tracking import Point
from farandole.report import sections
from farandole.report.wording import figure, money, share
from farandole.ring.efficiency import Efficiency
from farandole.steps import register


def efficiency_view(parameters: register.Parameters) -> sections.Efficiency | None:
    """Return what the report shows; None where an older training left nothing."""
    found = parameters.trained.efficiency
    if found is None:
        return None
    update = {"rows": _rows(parameters), "cost": _cost(found, _price(parameters))}
    return sections.Efficiency.model_validate(found).model_copy(update=update)


def efficiency_points(parameters: register.Parameters) -> list[Point]:
    """Return every figure as `efficiency.<name>`, once, at the last step."""
    found, price = parameters.trained.efficiency, _price(parameters)
    if found is None:
        return []
    cost = {} if price is None else {f"cost_{price.currency}": found.cost_at(price.amount)}
    figures = {**found.figures(), **cost}
    step = parameters.trained.steps
    return [Point(f"efficiency.{name}", value, step) for name, value in figures.items()]


def training_sentence(parameters: register.Parameters) -> str | None:
    """Say how fast training was and, where the document gives a price, what it cost."""
    found, price = parameters.trained.efficiency, _price(parameters)
    if found is None:
        return None
    ranks = f"{found.ranks} ranks" if found.ranks > 1 else "1 rank"
    said = f"{figure(found.rows_per_second)} {_rows(parameters)}/s on {ranks}"
    if found.ranks > 1:
        said += f", parallel efficiency {share(found.parallel)}"
    if price is None:
        return said
    return f"{said}, about {money(found.cost_at(price.amount))} {price.currency}"


def _rows(parameters: register.Parameters) -> str:
    return "images" if parameters.recipe().data.images else "rows"


def _price(parameters: register.Parameters) -> Price | None:
    return parameters.model().spec.placement.price_per_worker_hour


def _cost(found: Efficiency, price: Price | None) -> sections.Cost | None:
    if price is None:
        return None
    return sections.Cost(
        amount=found.cost_at(price.amount), currency=price.currency, price=price.amount
    )

"""How a step ended, in words for people: outcomes and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Note", "Outcome", "Severity", "Status"]

Status = Literal["done", "limited", "infeasible", "not_converged", "no_data"]
Severity = Literal["info", "warning", "alert"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended.

    Args:
        status: "done", or what kept it from being done.
        sentence: one sentence for people.
        method: which method or solver was used and why.
    """

    status: Status
    sentence: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the reader of a result should know: a row of the table `notes`.

    Args:
        step: review, estimate, plan ...
        severity: "info", "warning" or "alert".
        subject: what it is about (a table, product, sector); may be empty.
        sentence: one sentence for people.
    """

    step: str
    severity: Severity
    subject: str
    sentence: str

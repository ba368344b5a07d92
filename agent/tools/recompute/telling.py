"""What a recomputed period looks like: one JSON object a line, or one line of CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from agent.model import Cause, Kind, Statistic
from agent.tools.recompute.course import Recomputed
from agent.tools.recompute.lines import TimeForm

NAMES: Mapping[Kind, str] = {
    Kind.MINUTE: "minute",
    Kind.HOUR: "hour",
    Kind.DAY: "day",
    Kind.MONTH: "month",
}
_LETTERS: Mapping[Cause, str] = {
    Cause.NORMAL: "N",
    Cause.STOPPED: "F",
    Cause.FAULT: "D",
    Cause.POWER: "D",  # a period without power has the letter of a fault (STAT-06)
    Cause.NO_LINK: "B",
    Cause.MAINTENANCE: "M",
    Cause.CALIBRATION: "C",
    Cause.OVER_RANGE: "T",
    Cause.PARAMETER: "Td",
    Cause.MANUAL: "S",
}
FIGURES = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
_SHORT = ("avg", "cou", "zs_avg", "valid")
COLUMNS = (
    *("outlet", "factor", "period", "start"),
    *FIGURES,
    *("flag", "valid", "samples", "valid_share", "reason"),
    *(f"after_marks.{name}" for name in (*_SHORT, "reason")),
    *(f"after_exemptions.{name}" for name in (*_SHORT, "reason")),
)
"""The columns of the plain output."""


def told(row: Recomputed, form: TimeForm) -> dict[str, object]:
    """Give a period as the object of `--json`; figures are not rounded."""
    plain = row.reported
    return {
        "outlet": plain.outlet,
        "factor": plain.factor,
        "period": NAMES[plain.period.kind],
        "start": form.text(plain.period.start),
        **_figures(plain),
        "flag": _LETTERS[plain.cause],
        "valid": plain.valid,
        "samples": row.samples,
        "valid_share": plain.share,
        "reason": plain.reason,
        "after_marks": _column(row.after_marks),
        "after_exemptions": _column(row.after_exemptions),
    }


def json_line(row: Recomputed, form: TimeForm) -> str:
    """Give a period as one line of JSON."""
    return json.dumps(told(row, form), ensure_ascii=False)


def csv_line(row: Recomputed, form: TimeForm) -> str:
    """Give a period as one line of CSV; nothing where there is no figure."""
    flat = told(row, form)
    for name in ("after_marks", "after_exemptions"):
        column = flat.pop(name)
        assert isinstance(column, dict)
        flat |= {f"{name}.{key}": value for key, value in column.items()}
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(_cell(flat[name]) for name in COLUMNS)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return repr(value) if isinstance(value, float) else value


def _figures(row: Statistic) -> dict[str, float | None]:
    return {name: getattr(row, name) for name in FIGURES}


def _column(row: Statistic) -> dict[str, object]:
    return {
        **_figures(row),
        "flag": _LETTERS[row.cause],
        "valid": row.valid,
        "valid_share": row.share,
        "reason": row.reason,
    }

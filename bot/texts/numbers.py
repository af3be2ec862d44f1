"""Numbers and spans of time as people write them, in each language."""

import math


def decimal(value: float, *, comma: bool) -> str:
    """A number without needless zeros: ``0,8`` with a comma, ``0.8`` without."""
    digits = f"{value:.3f}".rstrip("0").rstrip(".")
    return digits.replace(".", ",") if comma else digits


def thousands(value: float, *, comma: bool, decimals: int = 0) -> str:
    """A number in groups of three: ``3000`` and ``10 000`` in Spanish, ``3,000`` in English.

    Spanish separates groups by a space, and only from five digits on (Ortografía de la RAE, 2010).
    """
    written = f"{value:,.{decimals}f}"
    if not comma:
        return written
    between = "\N{NO-BREAK SPACE}" if abs(value) >= 10_000 else ""
    return written.replace(",", between).replace(".", ",")


def plural(count: int, one: str, many: str) -> str:
    """``1 texto``, ``2 textos``: a count with its noun."""
    return f"{count} {one if count == 1 else many}"


def rounded_span(seconds: float) -> tuple[int, bool]:
    """Round an estimate so that it promises no more than it knows.

    Returns:
        A count, and whether it counts minutes rather than seconds. Seconds come in steps of 5.
    """
    if seconds < 55:
        return max(5, math.ceil(seconds / 5) * 5), False
    return max(1, round(seconds / 60)), True


def spanish_span(seconds: float) -> str:
    """``unos 20 segundos``, ``un minuto``, ``unos 3 minutos``."""
    count, is_minutes = rounded_span(seconds)
    if not is_minutes:
        return f"unos {count} segundos"
    return "un minuto" if count == 1 else f"unos {count} minutos"


def english_span(seconds: float) -> str:
    """``about 20 seconds``, ``about a minute``, ``about 3 minutes``."""
    count, is_minutes = rounded_span(seconds)
    if not is_minutes:
        return f"about {count} seconds"
    return "about a minute" if count == 1 else f"about {count} minutes"

"""The report of a lesson: one HTML file for paper and phone, and a table for a spreadsheet.

The HTML has everything in itself, black on white; colours of the chart (Okabe and Ito's, 2008) are
doubled by a pattern and by figures, so that they survive a grey printer.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from bot.classroom import recipes
from bot.essays.finishing import count_words
from bot.storage.lessons import Lesson
from bot.storage.records import Job
from bot.texts import Texts

_MOST_BARS = 12
_CHART_WIDTH, _CHART_HEIGHT = 640, 260
_STYLE = """
body{font:11pt/1.45 Georgia,serif;color:#000;background:#fff;max-width:48rem;margin:1rem auto;
padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.3rem 0}svg{width:100%;height:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.85rem}
th,td{border:1px solid #999;padding:.25rem .4rem;text-align:left;vertical-align:top}
article{break-inside:avoid-page;padding-right:4cm;margin-top:1.5rem}
article p{white-space:pre-line}.small{font-size:.8rem}
@media(max-width:40rem){article{padding-right:0}table,tbody,tr,td{display:block}thead{display:none}
tr{border:1px solid #999;margin:.6rem 0;padding:.4rem}td{border:0;padding:.1rem 0}
td::before{content:attr(data-label) ": ";font-weight:bold}}
@page{size:A4;margin:2cm}
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of.

    Attributes:
        lesson: The lesson.
        class_name: Whose.
        essays: Those asked for in it that have a text, in the order of the requests.
        names: What everybody is called.
        has_names: Whether those are names; else pseudonyms.
        votes: Votes by essay.
        complaints: How many readers objected, by essay.
        retention_days: How long the bot keeps what is in it.
        now: For a lesson that is not over.
        zone: In which times are told; None for the machine's own.
    """

    lesson: Lesson
    class_name: str
    essays: Sequence[Job]
    names: Mapping[str, str]
    has_names: bool
    votes: Mapping[int, int]
    complaints: Mapping[int, int]
    retention_days: int
    now: datetime
    zone: tzinfo | None = None


def file_name(report: Report, ending: str) -> str:
    """A file's name: ``informe-3B-2026-11-26.html``."""
    name = "".join(c for c in report.class_name if c.isalnum() and c not in "ºª")
    day = report.lesson.started_at.astimezone(report.zone).date().isoformat()
    return "-".join(part for part in ("informe", name, day) if part) + f".{ending}"


def summary(report: Report, texts: Texts) -> str:
    """The lesson in one sentence."""
    waits_s = [_wait_s(job) for job in report.essays]
    return texts.classroom.report.summary(
        len({job.request.person for job in report.essays}),
        len(report.essays),
        sum(count_words(job.text) for job in report.essays),
        sum(waits_s) / len(waits_s) if waits_s else 0.0,
    )


def as_csv(report: Report, texts: Texts) -> str:
    """The table, as spreadsheets of the language read it: with the mark of UTF-8."""
    out = io.StringIO()
    said = texts.classroom.report
    writer = csv.writer(out, delimiter=said.separator, lineterminator="\r\n")
    writer.writerow(_columns(report, texts))
    for number, job in enumerate(report.essays, start=1):
        writer.writerow([_harmless(cell) for cell in _cells(report, texts, number, job)])
    return "\ufeff" + out.getvalue()


def as_html(report: Report, texts: Texts) -> str:
    """The whole report, to be opened and printed."""
    said = texts.classroom.report
    lesson, zone = report.lesson, report.zone
    started = lesson.started_at.astimezone(zone)
    ended = (lesson.ended_at or report.now).astimezone(zone)
    day = said.date(started.day, said.months[started.month - 1], started.year)
    when = said.when(day, _clock(started), _clock(ended))
    title = said.title(lesson.title)
    head = " · ".join(part for part in (title, report.class_name, when) if part)
    parts = [
        "<!doctype html>",
        f'<html lang="{said.language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(head)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(' · '.join(part for part in (report.class_name, when) if part))}</p>",
        f"<p>{escape(summary(report, texts))}</p>",
        chart(report, texts),
        _table(report, texts),
        f"<h2>{escape(said.texts)}</h2>",
        *(_essay(report, texts, number, job) for number, job in enumerate(report.essays, 1)),
        f'<p class="small">{escape(said.keeps(report.retention_days))} {escape(said.warning)}</p>',
        "</body></html>",
    ]
    return "\n".join(parts)


def chart(report: Report, texts: Texts) -> str:
    """Essays asked for and delivered over the minutes of the lesson, as bars."""
    said = texts.classroom.report
    asked, delivered, span_min = _counts(report)
    most = max([*asked, *delivered, 1])
    left, bottom, top = 40, 40, 34
    step = (_CHART_WIDTH - left) / len(asked)
    scale = (_CHART_HEIGHT - bottom - top) / most
    base = _CHART_HEIGHT - bottom
    parts = [
        f'<svg viewBox="0 0 {_CHART_WIDTH} {_CHART_HEIGHT}" role="img" font-size="13" '
        'font-family="sans-serif">',
        '<defs><pattern id="s" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
        '<rect width="3" height="6" fill="#E69F00"/></pattern></defs>',
        f'<rect x="{left}" y="4" width="12" height="12" fill="#0072B2"/>'
        f'<text x="{left + 18}" y="15">{escape(said.asked)}</text>',
        f'<rect x="{left + 130}" y="4" width="12" height="12" fill="url(#s)" stroke="#000"/>'
        f'<text x="{left + 148}" y="15">{escape(said.delivered)}</text>',
    ]
    for number, (ours, theirs) in enumerate(zip(asked, delivered, strict=True)):
        x = left + number * step
        width = step * 0.36
        for offset, count, fill in ((0.08, ours, "#0072B2"), (0.52, theirs, "url(#s)")):
            if count:
                height = count * scale
                bar_x = x + offset * step
                parts.append(
                    f'<rect x="{bar_x:.1f}" y="{base - height:.1f}" width="{width:.1f}" '
                    f'height="{height:.1f}" fill="{fill}" stroke="#000"/>'
                    f'<text x="{bar_x + width / 2:.1f}" y="{base - height - 4:.1f}" '
                    f'text-anchor="middle">{count}</text>'
                )
        parts.append(
            f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{number * span_min}</text>'
        )
    parts += [
        f'<line x1="{left}" y1="{base}" x2="{_CHART_WIDTH}" y2="{base}" stroke="#000"/>',
        f'<text x="{(left + _CHART_WIDTH) / 2}" y="{_CHART_HEIGHT - 6}" text-anchor="middle">'
        f"{escape(said.x_axis)}</text>",
        f'<text x="14" y="{base / 2 + top}" text-anchor="middle" '
        f'transform="rotate(-90 14 {base / 2 + top})">{escape(said.y_axis)}</text>',
        "</svg>",
    ]
    return "".join(parts)


def _counts(report: Report) -> tuple[list[int], list[int], int]:
    """How many essays were asked for and delivered in each stretch, and its minutes."""
    start = report.lesson.started_at
    ends = [job.ended_at for job in report.essays if job.ended_at is not None]
    end = max([report.lesson.ended_at or report.now, *ends])
    minutes = max(1, math.ceil((end - start).total_seconds() / 60))
    span_min = math.ceil(minutes / _MOST_BARS)
    bars = math.ceil(minutes / span_min)

    def counted(times: Sequence[datetime]) -> list[int]:
        counts = [0] * bars
        for time in times:
            place = int((time - start).total_seconds() // (60 * span_min))
            counts[min(max(place, 0), bars - 1)] += 1
        return counts

    return counted([job.created_at for job in report.essays]), counted(ends), span_min


def _columns(report: Report, texts: Texts) -> list[str]:
    said = texts.classroom.report
    columns = list(said.columns)
    if not report.has_names:
        columns[1] = said.pseudonym
    return columns


def _cells(report: Report, texts: Texts, number: int, job: Job) -> list[str]:
    return [
        str(number),
        report.names.get(job.request.person, "?"),
        job.request.topic,
        texts.config.styles[job.request.preferences.style],
        str(count_words(job.text)),
        job.code or "–",
        _clock(job.created_at.astimezone(report.zone)),
        texts.classroom.report.seconds(_wait_s(job)),
        str(report.votes.get(job.id, 0)),
        str(report.complaints.get(job.id, 0)),
    ]


def _table(report: Report, texts: Texts) -> str:
    columns = _columns(report, texts)
    rows = []
    for number, job in enumerate(report.essays, start=1):
        cells = zip(columns, _cells(report, texts, number, job), strict=True)
        row = "".join(
            f'<td data-label="{escape(label)}">{escape(cell)}</td>' for label, cell in cells
        )
        rows.append(f"<tr>{row}</tr>")
    head = "".join(f"<th>{escape(label)}</th>" for label in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _essay(report: Report, texts: Texts, number: int, job: Job) -> str:
    name = report.names.get(job.request.person, "?")
    recipe = recipes.in_words(job, texts).splitlines()
    return (
        f"<article><h2>{number}. {escape(job.request.topic)}</h2><p>{escape(name)}</p>"
        f"<p>{escape(job.text)}</p>"
        f'<p class="small">{escape(" · ".join(recipe))}</p></article>'
    )


def _wait_s(job: Job) -> float:
    return 0.0 if job.ended_at is None else (job.ended_at - job.created_at).total_seconds()


def _clock(time: datetime) -> str:
    return f"{time.hour}:{time.minute:02}"


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell

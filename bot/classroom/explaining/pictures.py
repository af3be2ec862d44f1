"""Pictures of what the model does, for a phone: 1080 × 1350 pixels, no letter under 36.

A picture is plain numbers and words (:class:`Bars`, :class:`Gaze`) that a database keeps; the PNG
is drawn from them when it is sent. No meaning rests on a colour alone: each has a pattern, a rim
or a figure beside it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

WIDTH, HEIGHT = 1080, 1350
_MARGIN = 40
_DPI = 100
_BLUE, _ORANGE, _GREY = "#0072B2", "#E69F00", "#999999"
_WHITE, _NAVY, _BLACK = "#FFFFFF", "#08306B", "#000000"
_SMALL, _PLAIN, _LARGE = 36, 40, 52
_BOX_GAP, _BOX_ROOM, _BOX_SIZES = 14, 690, (60, 52, 44, _SMALL)
_MISSING = "▯"
# Fonts and their measures are shared by all figures, and not made for several threads.
_drawing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece that could come next.

    Attributes:
        label: The piece.
        share: Of the model's own probability, 0 to 1.
        drawn: Probability with which it is drawn, 0 to 1.
        figure: The share, written.
    """

    label: str
    share: float
    drawn: float
    figure: str

    @property
    def is_cut(self) -> bool:
        """Whether it is never drawn."""
        return self.drawn == 0


@dataclass(frozen=True, slots=True)
class Bars:
    """What could come next, the likeliest on top.

    Attributes:
        title: Above it.
        axis: What the lengths mean.
        bars: At most ten.
        cut: What is said at the line below the last piece that may be drawn.
        legend: What a full bar, a dot and a striped bar mean; empty for what is not there.
    """

    title: str
    axis: str
    bars: Sequence[Bar]
    cut: str
    legend: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where a piece looks.

    Attributes:
        title: Above it.
        axis: What the lengths of the bars mean.
        pieces: All up to the one that looks, which is the last.
        shares: How much of the look each gets, 0 to 1.
        figures: The shares, written; empty for those too small to matter.
        ranked: Numbers of the pieces that are looked at most, the first piece apart.
    """

    title: str
    axis: str
    pieces: Sequence[str]
    shares: Sequence[float]
    figures: Sequence[str]
    ranked: Sequence[int]


@dataclass(frozen=True, slots=True)
class Poster:
    """What lets people into a class, for the wall.

    Attributes:
        title: Above it.
        code: In large letters below it.
        link: What the QR code says.
    """

    title: str
    code: str
    link: str


Picture = Bars | Gaze | Poster


def to_json(picture: Picture) -> dict[str, Any]:
    """The picture as plain values."""
    return {"kind": type(picture).__name__, **asdict(picture)}


def from_json(values: Mapping[str, Any]) -> Picture:
    """The picture of plain values.

    Raises:
        KeyError, TypeError: They are not those of one.
    """
    fields = {name: value for name, value in values.items() if name != "kind"}
    if values["kind"] == Gaze.__name__:
        return Gaze(**fields)
    if values["kind"] == Poster.__name__:
        return Poster(**fields)
    bars = [Bar(**bar) for bar in fields.pop("bars")]
    return Bars(**{**fields, "bars": bars, "legend": tuple(fields["legend"])})


def draw(picture: Picture) -> bytes:
    """The PNG of a picture; takes a good part of a second, so draw in a thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _drawing:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=_WHITE)
        FigureCanvasAgg(figure)
        page = _Page(figure.add_axes((0, 0, 1, 1)))
        if isinstance(picture, Bars):
            _draw_bars(page, picture)
        elif isinstance(picture, Gaze):
            _draw_gaze(page, picture)
        else:
            _draw_poster(page, picture)
        png = BytesIO()
        figure.savefig(png, format="png")
        return png.getvalue()


class _Page:
    """Draws by pixels, from the upper left corner."""

    def __init__(self, axes: Any) -> None:  # noqa: ANN401 - matplotlib's, imported when drawing
        from matplotlib import font_manager

        axes.set_xlim(0, WIDTH)
        axes.set_ylim(HEIGHT, 0)
        axes.axis("off")
        self._axes = axes
        self._font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
        self._glyphs = self._font.get_charmap()

    def readable(self, text: str) -> str:
        """The text with a sign in the place of what the font lacks."""
        return "".join(one if ord(one) in self._glyphs else _MISSING for one in text)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: int = _PLAIN,
        *,
        align: str = "left",
        **more: Any,
    ) -> None:
        """Write a line around a height; sizes in pixels."""
        self._axes.text(
            x,
            y,
            self.readable(text),
            fontsize=size * 72 / _DPI,
            ha=align,
            va="center_baseline",
            parse_math=False,
            **more,
        )

    def width_of(self, text: str, size: int) -> float:
        """How wide a line is, in pixels."""
        self._font.set_size(size, 72)
        self._font.set_text(self.readable(text))
        return self._font.get_width_height()[0] / 64

    def fitted(self, text: str, size: int, room: float, *, keep_end: bool = False) -> str:
        """As much of a line as there is room for."""
        kept = text
        while kept and self.width_of(_dotted(kept, text, keep_end=keep_end), size) > room:
            kept = kept[1:] if keep_end else kept[:-1]
        return _dotted(kept, text, keep_end=keep_end)

    def box(self, x: float, y: float, width: float, height: float, **more: Any) -> None:
        """Draw a rectangle."""
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x, y), width, height, **more))

    def dot(self, x: float, y: float) -> None:
        """Draw an orange dot with a black rim."""
        self._axes.plot(
            [x], [y], "o", markersize=24, color=_ORANGE, markeredgecolor=_BLACK, markeredgewidth=3
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, **more: Any) -> None:
        """Draw a line."""
        self._axes.plot([x0, x1], [y0, y1], color=_BLACK, **more)


def _dotted(kept: str, text: str, *, keep_end: bool) -> str:
    if kept == text:
        return text
    return f"…{kept.lstrip()}" if keep_end else f"{kept.rstrip()}…"


_FULL: Mapping[str, Any] = {"facecolor": _BLUE, "edgecolor": _BLACK, "linewidth": 1.5}
_STRIPED: Mapping[str, Any] = {
    "facecolor": _WHITE,
    "edgecolor": _GREY,
    "linewidth": 2.5,
    "hatch": "//",
}


def _draw_bars(page: _Page, picture: Bars) -> None:
    left, right, top, row = 300, WIDTH - 190, 160, 86
    page.write(_MARGIN, 80, page.fitted(picture.title, _LARGE, WIDTH - 2 * _MARGIN), _LARGE)
    longest = max([0.01, *(max(bar.share, bar.drawn) for bar in picture.bars)])
    scale = (right - left) / longest
    y: float = top
    cut_drawn = False
    for number, bar in enumerate(picture.bars):
        if bar.is_cut and number and not cut_drawn:
            cut_drawn = True
            page.line(_MARGIN, y, WIDTH - _MARGIN, y, linewidth=3, linestyle=(0, (5, 4)))
            page.write(WIDTH - _MARGIN, y + 34, picture.cut, _SMALL, align="right")
            y += 66
        middle = y + row / 2
        label = page.fitted(bar.label, _PLAIN, left - _MARGIN - 24)
        page.write(left - 20, middle, label, align="right")
        page.box(left, y + 16, bar.share * scale, row - 32, **(_STRIPED if bar.is_cut else _FULL))
        end = bar.share
        if not bar.is_cut:
            page.dot(left + bar.drawn * scale, middle)
            end = max(end, bar.drawn + 18 / scale)
        page.write(left + end * scale + 16, middle, bar.figure, _SMALL)
        y += row
    page.line(left, top, left, y, linewidth=2)
    page.write(left, y + 30, picture.axis, _SMALL)
    _draw_legend(page, picture.legend)


def _draw_legend(page: _Page, legend: tuple[str, str, str]) -> None:
    x = _MARGIN
    heights = (HEIGHT - 144, HEIGHT - 88, HEIGHT - 32)
    page.box(x, heights[0] - 16, 60, 32, **_FULL)
    page.dot(x + 30, heights[1])
    if legend[2]:
        page.box(x, heights[2] - 16, 60, 32, **_STRIPED)
    for y, words in zip(heights, legend, strict=True):
        page.write(x + 84, y, page.fitted(words, _SMALL, WIDTH - x - 84 - _MARGIN), _SMALL)


def _draw_gaze(page: _Page, picture: Gaze) -> None:
    page.write(_MARGIN, 70, page.fitted(picture.title, _LARGE, WIDTH - 2 * _MARGIN), _LARGE)
    for size in _BOX_SIZES:
        height = round(2.9 * size)
        lines = _lines(page, picture, size)
        most = _BOX_ROOM // (height + _BOX_GAP)
        if len(lines) <= most:
            break
    y: float = 140
    for number, line in enumerate(lines[-most:]):
        x: float = _MARGIN
        if number == 0 and len(lines) > most:
            page.write(x, y + height / 2, "…", size)
            x += 50
        for i, width in line:
            page.box(x, y, width, height, **_rim(picture, i))
            _write_piece(page, picture, i, (x + width / 2, y, height), size)
            x += width + _BOX_GAP
        y += height + _BOX_GAP
    _draw_ranked(page, picture, HEIGHT - 74 - _RANKED_ROW * len(picture.ranked))


def _rim(picture: Gaze, i: int) -> dict[str, Any]:
    rim = {"edgecolor": _GREY, "linewidth": 2, "facecolor": _shade(picture.shares[i])}
    if i == 0:
        rim |= {"hatch": "//", "facecolor": _WHITE}
    if i == len(picture.pieces) - 1:
        rim |= {"edgecolor": _ORANGE, "linewidth": 9}
    return rim


def _write_piece(
    page: _Page, picture: Gaze, i: int, where: tuple[float, float, float], size: int
) -> None:
    middle, y, height = where
    paper = {"facecolor": _WHITE, "edgecolor": "none", "pad": 1.5} if i == 0 else None
    ink = _WHITE if i and picture.shares[i] > _DARK_FROM else _BLACK
    more: dict[str, Any] = {"align": "center", "color": ink, "bbox": paper}
    figure = picture.figures[i]
    page.write(middle, y + height * (0.32 if figure else 0.5), picture.pieces[i], size, **more)
    if figure:
        page.write(middle, y + height * 0.73, figure, size, **more)


_RANKED_ROW = 78
_DARK_FROM = 0.2
_DARKEST_AT = 0.4
"""Looks are spread over many pieces: from this share on a box is as dark as can be."""


def _draw_poster(page: _Page, picture: Poster) -> None:
    import segno

    top, side = 200, WIDTH - 2 * _MARGIN
    page.write(WIDTH / 2, 110, page.fitted(picture.title, _LARGE, side), _LARGE, align="center")
    matrix = segno.make(picture.link, error="m", micro=False).matrix
    unit = side / len(matrix)
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                x, y = _MARGIN + column * unit, top + row * unit
                page.box(x, y, unit, unit, facecolor=_BLACK, linewidth=0, antialiased=False)
    page.write(WIDTH / 2, (top + side + HEIGHT) / 2, picture.code, 96, align="center")


def _shade(share: float) -> str:
    depth = min(1.0, share / _DARKEST_AT)
    mixed = [
        round(int(_WHITE[i : i + 2], 16) * (1 - depth) + int(_NAVY[i : i + 2], 16) * depth)
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{one:02x}" for one in mixed)


def _lines(page: _Page, picture: Gaze, size: int) -> list[list[tuple[int, float]]]:
    """The pieces in lines, each with its width."""
    lines: list[list[tuple[int, float]]] = [[]]
    x: float = 0
    for i, width in enumerate(_widths(page, picture, size)):
        if x and x + width > WIDTH - 2 * _MARGIN - 50:
            lines.append([])
            x = 0
        lines[-1].append((i, width))
        x += width + _BOX_GAP
    return lines


def _widths(page: _Page, picture: Gaze, size: int) -> Iterator[float]:
    for piece, figure in zip(picture.pieces, picture.figures, strict=True):
        widest = max(page.width_of(piece, size), page.width_of(figure, size))
        yield min(max(64.0, widest + 32), WIDTH - 2 * _MARGIN - 50)


def _draw_ranked(page: _Page, picture: Gaze, top: float) -> None:
    left, right = 300, WIDTH - 170
    longest = max([0.001, *(picture.shares[i] for i in picture.ranked)])
    y = top
    for i in picture.ranked:
        middle = y + _RANKED_ROW / 2
        label = page.fitted(picture.pieces[i], _PLAIN, left - _MARGIN - 24)
        page.write(left - 20, middle, label, align="right")
        length = picture.shares[i] / longest * (right - left)
        page.box(left, y + 12, length, _RANKED_ROW - 24, **{**_FULL, "facecolor": _NAVY})
        page.write(left + length + 16, middle, picture.figures[i], _SMALL)
        y += _RANKED_ROW
    page.line(left, top, left, y, linewidth=2)
    page.write(left, y + 32, picture.axis, _SMALL)

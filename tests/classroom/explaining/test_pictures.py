"""A picture is a PNG of the size that phones show whole, drawn from plain numbers."""

import json
import struct
from io import BytesIO

import pytest
from matplotlib.image import imread

from bot.classroom.explaining import pictures
from bot.classroom.explaining.pictures import Bar, Bars, Gaze

BLUE, ORANGE = 0x0072B2, 0xE69F00
BARS = Bars(
    "Después de «El mar es»",
    "probabilidad, en %",
    [
        Bar("·un", 0.09, 0.13, "9 %"),
        Bar("·azul 中 🌊 $x^2$", 0.04, 0.04, "4 %"),
        Bar("·y" * 20, 0.01, 0.0, "1 %"),
    ],
    "hasta aquí, el 95 %",
    ("lo que dice el modelo", "con creatividad 0,7", "tus ajustes no la dejan salir"),
)
GAZE = Gaze(
    "¿A qué mira «ella»?",
    "parte de la mirada, en %",
    ["El", "·mar", "·es", " ", "·ella"],
    [0.5, 0.3, 0.1, 0.0, 0.1],
    ["50 %", "30 %", "10 %", "", "10 %"],
    [1, 2],
)


def pixels(picture: pictures.Picture, colour: int) -> int:
    """How many pixels of a picture have a colour."""
    rows = (imread(BytesIO(pictures.draw(picture))) * 255).round().astype(int)
    return int((rows[:, :, 0] << 16 | rows[:, :, 1] << 8 | rows[:, :, 2] == colour).sum())


@pytest.mark.parametrize("picture", [BARS, GAZE])
def test_a_picture_is_drawn_from_what_a_database_keeps(picture):
    kept = pictures.from_json(json.loads(json.dumps(pictures.to_json(picture))))
    png = pictures.draw(kept)
    assert struct.unpack(">II", png[16:24]) == (1080, 1350)
    assert png == pictures.draw(picture)


def test_what_is_cut_off_is_neither_blue_nor_dotted():
    def drawn(chance: float) -> Bars:
        bar = Bar("·y", 0.09, chance, "9 %")
        return Bars(BARS.title, BARS.axis, [bar], "", ("", "", ""))

    # What is left of either is the legend's.
    assert pixels(drawn(0.0), BLUE) < pixels(drawn(0.05), BLUE) / 5
    assert pixels(drawn(0.0), ORANGE) < pixels(drawn(0.05), ORANGE)


def test_a_text_longer_than_the_page_keeps_the_piece_that_looks():
    pieces = [f"·palabra{number}" for number in range(80)]
    long = Gaze("¿A qué mira?", "parte", pieces, [1 / 80] * 80, [""] * 80, [])
    assert pixels(long, ORANGE) > 1000

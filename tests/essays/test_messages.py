"""Cutting: nothing lost, nothing doubled, nothing torn, for any text."""

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.essays.messages import marked, shorten, split_text, utf16_units, without_topic

FAMILY = "👨‍👩‍👧‍👦"
LIMITS = st.integers(min_value=32, max_value=300)
PIECES = [*" \n\n\t.,!?»…aeiñ𝔸", "\r\n", "\u0301", "\u200d", "\u00a0", FAMILY, "🇪🇸"]
CHARACTERS = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(PIECES))


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.lists(CHARACTERS, max_size=longest).map("".join)


TEXTS = st.one_of(
    texts(400),
    st.lists(texts(40), max_size=15).map(" ".join),
    st.lists(texts(100), max_size=6).map("\n\n".join),
)


def joined_like(text: str, pieces: list[str]) -> bool:
    """Whether the pieces with nothing but white space between them are the text."""
    position = 0
    for piece in pieces:
        while not text.startswith(piece, position):
            if not text[position : position + 1].isspace():
                return False
            position += 1
        position += len(piece)
    return not text[position:].strip()


@settings(max_examples=150, deadline=None)
@given(TEXTS, LIMITS)
@example(FAMILY * 50, 32)
@example("a" + "\u0301" * 400, 40)
@example("x" * 5000, 64)
@example(" \u0301" * 60, 32)
def test_any_text(text, limit):
    pieces = split_text(text, limit)
    assert joined_like(text, pieces)
    # A space that carries an accent is no white space.
    assert all(piece.strip() and not regex.match(r"\X", piece)[0].isspace() for piece in pieces)
    assert all(utf16_units(piece) <= limit for piece in marked(pieces))
    assert all(piece.encode("utf-16-le") for piece in pieces)


@settings(max_examples=100, deadline=None)
@given(TEXTS, LIMITS)
def test_no_cluster_is_torn(text, limit):
    clusters = regex.findall(r"\X", text.strip())
    if any(utf16_units(cluster) > limit - 12 for cluster in clusters):
        return
    ends, position = set(), 0
    for cluster in clusters:
        position += len(cluster)
        ends.add(position)
    position = 0
    stripped = text.strip()
    for piece in split_text(text, limit):
        position = stripped.index(piece, position) + len(piece)
        assert position in ends


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_short_text_stays_whole(text):
    assert split_text(text, 4096 * 4) == ([text.strip()] if text.strip() else [])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "Uno dos.\n\nTres cuatro cinco seis siete.",
            ["Uno dos.", "Tres cuatro cinco seis siete."],
        ),
        (
            "Primera frase corta. Segunda frase que sigue.",
            ["Primera frase corta.", "Segunda frase que sigue."],
        ),
        (
            "«¿Vienes, hija?» Sí, madre, ya voy corriendo.",
            ["«¿Vienes, hija?»", "Sí, madre, ya voy corriendo."],
        ),
        (
            "verso primero\nverso segundo\nverso tercero",
            ["verso primero\nverso segundo", "verso tercero"],
        ),
        ("palabras sin punto que siguen y siguen", ["palabras sin punto que siguen", "y siguen"]),
    ],
)
def test_where_it_cuts(text, pieces):
    assert split_text(text, 36) == pieces


def test_heading_does_not_stand_alone():
    pieces = split_text("Mar\n\n" + "Las olas van y vienen sin parar. " * 6, 150)
    assert pieces[0].startswith("Mar\n\nLas olas")


def test_many_pieces_leave_room_for_their_marks():
    pieces = split_text("palabra " * 2000, 40)
    assert len(pieces) > 99
    chunks = marked(pieces)
    assert chunks[0].endswith(f"\n\n(1/{len(pieces)})")
    assert max(map(utf16_units, chunks)) <= 40


def test_limit_counts_utf16_units():
    assert len(split_text("😀" * 2048)) == 1
    assert len(split_text("😀" * 2049)) == 2


def test_limit_too_small():
    with pytest.raises(ValueError, match="below 32"):
        split_text("a", 31)


def test_single_piece_has_no_mark():
    assert marked(["a"]) == ["a"]
    assert marked([]) == []


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(min_value=8, max_value=200), st.booleans())
def test_shorten(text, limit, keep_end):
    short = shorten(text, limit, keep_end=keep_end)
    assert utf16_units(short) <= limit
    if short != text.strip():
        kept = short.removeprefix("… ") if keep_end else short.removesuffix(" …")
        assert (text.strip().endswith if keep_end else text.strip().startswith)(kept)


@pytest.mark.parametrize("text", ["El mar\n\nBrilla.", "El mar. Brilla.", "El mar: Brilla."])
def test_the_topic_stands_above_the_text_and_not_in_it(text):
    assert without_topic(text, "El mar") == "Brilla."
    assert without_topic("El mar brilla.", "El mar") == "El mar brilla."

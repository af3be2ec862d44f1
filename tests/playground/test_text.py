import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.refusals import ApiRefusal
from bot.playground.text import check_entities, clean, detect_entities, trimmed


def covered(text: str) -> list[tuple[str, str]]:
    """The entities of a text as (type, what they cover)."""
    units = text.encode("utf-16-le")
    return [
        (
            entity["type"],
            units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode(
                "utf-16-le"
            ),
        )
        for entity in detect_entities(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/redactar El mar", [("bot_command", "/redactar")]),
        ("/redactar@redactor_bot El mar", [("bot_command", "/redactar@redactor_bot")]),
        ("🌊🌊 /otra", [("bot_command", "/otra")]),
        ("1/2 y a/b no son órdenes", []),
        ("hola @lucia_r", [("mention", "@lucia_r")]),
        ("#mar y #2024", [("hashtag", "#mar")]),
        (
            "mira https://t.me/redactor_bot?start=x.",
            [("url", "https://t.me/redactor_bot?start=x")],
        ),
        ("a@b.es", [("email", "a@b.es")]),
        ("/ñandú", []),
    ],
)
def test_entities_are_found_as_telegram_finds_them(text, expected):
    assert covered(text) == expected


@given(st.text())
def test_entities_stay_inside_any_text(text):
    cleaned = clean(text)
    check_entities(cleaned, detect_entities(cleaned))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  hola \n", "hola"), ("a\r\nb", "a\nb"), ("a\tb\x00c", "a b c"), (" \n\t ", "")],
)
def test_texts_are_cleaned(text, expected):
    assert clean(text) == expected


def test_trimming_moves_and_clips_entities():
    text, entities = trimmed(
        "  🌊 mar  ",
        [{"type": "bold", "offset": 0, "length": 4}, {"type": "code", "offset": 9, "length": 1}],
    )
    assert text == "🌊 mar"
    assert entities == [{"type": "bold", "offset": 0, "length": 2}]


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        ({"type": "bold", "offset": 0, "length": 9}, "ends after the end of the text"),
        ({"type": "bold", "offset": 1, "length": 1}, "in a middle of a UTF-16 symbol"),
        ({"type": "loud", "offset": 0, "length": 2}, "unsupported type"),
    ],
)
def test_bad_entities_are_refused(entity, reason):
    with pytest.raises(ApiRefusal, match=reason):
        check_entities("🌊a", [entity])

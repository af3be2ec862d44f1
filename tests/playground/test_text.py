import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground import parse_modes
from bot.playground.refusals import ApiRefusal
from bot.playground.text import check_entities, clean, detect_entities, trimmed, utf16_length


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


def types(text: str, mode: str) -> tuple[str, list[tuple[str, int, int]]]:
    plain, entities = parse_modes.parse(text, mode)
    return plain, [(e["type"], e["offset"], e["length"]) for e in entities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>El <i>mar</i></b>", ("El mar", [("bold", 0, 6), ("italic", 3, 3)])),
        ("a &lt;b&gt; &amp; c", ("a <b> & c", [])),
        ("🌊<b>x</b>", ("🌊x", [("bold", 2, 1)])),
        ('<pre><code class="language-python">x</code></pre>', ("x", [("pre", 0, 1)])),
        ("<blockquote expandable>x</blockquote>", ("x", [("expandable_blockquote", 0, 1)])),
        ('<a href="https://a.es/?x=1&amp;y=2">x</a>', ("x", [("text_link", 0, 1)])),
        ("<b></b>x", ("x", [])),
    ],
)
def test_html(text, expected):
    assert types(text, "HTML") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*El _mar_*", ("El mar", [("bold", 0, 6), ("italic", 3, 3)])),
        (r"1\. Hola\!", ("1. Hola!", [])),
        ("[mar](https://a.es)", ("mar", [("text_link", 0, 3)])),
        ("`a_b`", ("a_b", [("code", 0, 3)])),
        ("```python\nx```", ("x", [("pre", 0, 1)])),
        (
            "||x|| ~y~ __z__",
            ("x y z", [("spoiler", 0, 1), ("strikethrough", 2, 1), ("underline", 4, 1)]),
        ),
        (">uno\n>dos\nfin", ("uno\ndos\nfin", [("blockquote", 0, 7)])),
    ],
)
def test_markdown(text, expected):
    assert types(text, "MarkdownV2") == expected


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("<b>x", "HTML", "can't find end tag"),
        ("x</b>", "HTML", "unmatched end tag"),
        ("<h1>x</h1>", "HTML", "unsupported start tag"),
        ("a < b", "HTML", "unsupported start tag"),
        ("*x", "MarkdownV2", "can't find end of the entity"),
        ("Hola.", "MarkdownV2", "is reserved and must be escaped"),
        ("`x", "MarkdownV2", "can't find end of code entity"),
        ("x", "Markdown", "unsupported parse_mode"),
    ],
)
def test_bad_markup_is_refused(text, mode, reason):
    with pytest.raises(ApiRefusal, match=reason):
        parse_modes.parse(text, mode)


@given(st.text(alphabet="ab🌊_*[]()~`>#+-=|{}.!\\\n"))
def test_escaped_markdown_is_plain_text(text):
    escaped = "".join(
        f"\\{c}" if ord(c) < 128 and not c.isalnum() and c != "\n" else c for c in text
    )
    assert parse_modes.parse(escaped, "MarkdownV2") == (text, [])


@given(st.text(alphabet="<>/bia &;amp=\"'🌊"))
def test_any_html_is_read_or_refused(text):
    try:
        plain, entities = parse_modes.parse(text, "HTML")
    except ApiRefusal:
        return
    assert all(e["offset"] + e["length"] <= utf16_length(plain) for e in entities)

"""Settings by buttons and by words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameterError
from bot.essays.preferences import RANGES, Language, Preferences, Style
from bot.telegram.commands import config_fields
from bot.telegram.commands.config import field_page, main_page
from bot.telegram.commands.config_fields import BY_CODE, FIELDS, changed_by_words, folded
from bot.texts import ENGLISH, SPANISH, texts_for
from tests.telegram.classroom import ANA, BEA, GROUP, Classroom, buttons_of
from tests.telegram.fake_telegram import chat, user


async def words(classroom, text, person=ANA):
    await classroom.say(f"/config {text}", person)
    await classroom.settle()
    return classroom.telegram.texts(person)[-1]


def preferences(classroom, person=ANA):
    return classroom.people.preferences(f"user:{person}")


@pytest.mark.parametrize(
    ("text", "field", "value", "answer"),
    [
        ("longitud 300", "words", 300, "Hecho. Longitud: 300 palabras."),
        ("longitud 300 palabras", "words", 300, "Hecho. Longitud: 300 palabras."),
        ("Longitud: 1.200", "words", 1200, "Hecho. Longitud: 1200 palabras."),
        ("longitud muy larga", "words", 1000, "Hecho. Longitud: 1000 palabras."),
        ("length short", "words", 120, "Hecho. Longitud: 120 palabras."),
        ("estilo cuento", "style", Style.STORY, "Hecho. Estilo: cuento."),
        ("ESTILO Argumentación", "style", Style.ARGUMENT, "Hecho. Estilo: argumentación."),
        ("creatividad 0,7", "temperature", 0.7, "Hecho. Creatividad: 0,7."),
        ("temperatura 0", "temperature", 0, "Hecho. Creatividad: 0 (siempre lo más probable)."),
        ("creativity 1.25", "temperature", 1.25, "Hecho. Creatividad: 1,25."),
        ("creatividad ,5", "temperature", 0.5, "Hecho. Creatividad: 0,5."),
        ("top-p 0,9", "top_p", 0.9, "Hecho. Top-p: 0,9."),
        ("top k 0", "top_k", 0, "Hecho. Top-k: todas."),
        ("repetición 1,0", "repetition_penalty", 1.0, "Hecho. Freno a la repetición: sin freno."),
        ("freno a la repetición 2", "repetition_penalty", 2, "Hecho. Freno a la repetición: 2."),
        ("semilla 42", "seed", 42, "Hecho. Semilla: 42."),
        ("seed new", "seed", None, "Hecho. Semilla: nueva cada vez."),
        ("trozo 1000", "chunk_units", 1000, "Hecho. Tamaño de cada mensaje: 1000 caracteres."),
        ("borradores 3", "candidates", 3, "Hecho. Borradores: 3."),
        ("vista no", "live_preview", False, "Hecho. Vista en directo: no."),
        ("vista sí", "live_preview", True, "Hecho. Vista en directo: sí."),
        ("idioma inglés", "language", Language.ENGLISH, "Done. Bot's language: English."),
        ("language = spanish", "language", Language.SPANISH, "Hecho. Idioma del bot: español."),
    ],
)  # fmt: skip
async def test_words_change_a_setting(classroom, text, field, value, answer):
    assert await words(classroom, text) == answer
    assert getattr(preferences(classroom), field) == value


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("longitud 5", "Longitud: tiene que ser un número entre 30 y 3000."),
        ("longitud 99999", "Longitud: tiene que ser un número entre 30 y 3000."),
        ("longitud mucha", "Longitud: tiene que ser un número entre 30 y 3000."),
        ("longitud 300,5", "Longitud: tiene que ser un número entre 30 y 3000."),
        ("creatividad 3", "Creatividad: tiene que ser un número entre 0 y 2."),
        ("top-p 0", "Top-p: tiene que ser un número entre 0,05 y 1."),
        ("semilla -1", "Semilla: tiene que ser un número entre 0 y 4294967295."),
        ("trozo 5000", "Tamaño de cada mensaje: tiene que ser un número entre 200 y 4096."),
        ("estilo novela", "Estilo: puede ser ensayo, cuento, descripción, argumentación o poema."),
        ("idioma klingon", "Idioma del bot: puede ser español o English."),
        ("vista quizá", "Vista en directo: puede ser sí o no."),
        ("longitud", "Longitud: falta el valor. Por ejemplo: /config longitud 300"),
    ],
)
async def test_wrong_words_change_nothing(classroom, text, answer):
    assert await words(classroom, text) == answer
    assert classroom.people.known_preferences(f"user:{ANA}") is None


async def test_unknown_setting_lists_the_known_ones(classroom):
    answer = await words(classroom, "color azul")
    assert answer.startswith("No conozco el ajuste «color». Puedes cambiar longitud, estilo,")
    assert answer.endswith("borradores, vista e idioma.")


async def test_english_person(classroom):
    await classroom.say("/settings length 20", **{"from": user(ANA, "en")})
    await classroom.settle()
    assert classroom.telegram.texts(ANA) == ["Length: it has to be a number between 30 and 3000."]


async def test_reset_keeps_the_language(classroom):
    classroom.people.save_preferences(
        f"user:{ANA}", Preferences(words=500, language=Language.ENGLISH)
    )
    assert await words(classroom, "restablecer") == "Done: everything is back at the defaults."
    assert preferences(classroom) == Preferences(language=Language.ENGLISH)


async def open_config(classroom, person=ANA, chat_id=ANA):
    await classroom.say("/config", person, chat_id)
    await classroom.settle()
    return max(classroom.telegram.chats[chat_id])


async def test_keyboard_changes_in_place(classroom):
    page = await open_config(classroom)
    assert classroom.telegram.texts(ANA)[0].startswith("Tus ajustes\n\nLongitud: 250 palabras\n")
    buttons = classroom.buttons(ANA, page)
    assert list(buttons)[-2:] == ["Restablecer", "Cerrar"]
    await classroom.press(buttons["Longitud"], message_id=page)
    buttons = classroom.buttons(ANA, page)
    assert list(buttons) == [
        "Corto (120)",
        "✓ Medio (250)",
        "Largo (500)",
        "Muy largo (1000)",
        "‹ Volver",
    ]
    await classroom.press(buttons["Largo (500)"], message_id=page)
    assert preferences(classroom).words == 500
    (text,) = classroom.telegram.texts(ANA)
    assert "Longitud: 500 palabras" in text
    # The same again: Telegram says that nothing is modified, and nobody minds.
    assert await classroom.press(buttons["Largo (500)"], message_id=page) is None
    assert preferences(classroom).words == 500


async def test_every_button_works_after_a_restart(url):
    async with Classroom(url) as first:
        page = await open_config(first)
        main = first.buttons(ANA, page)
    async with Classroom(url, telegram=first.telegram) as second:
        for field in FIELDS:
            label = SPANISH.config.names[field.name]
            await second.press(main[label], message_id=page)
            text = second.telegram.chats[ANA][page]["text"]
            assert text.startswith(f"{label}: ")
            for name, data in second.buttons(ANA, page).items():
                if name == SPANISH.config.back:
                    continue
                await second.press(data, message_id=page)
                assert second.telegram.chats[ANA][page]["text"].startswith(("Tus", "Your"))
        changed = preferences(second)
        assert (changed.words, changed.style, changed.live_preview) == (1000, Style.POEM, False)
        assert changed.seed is not None
        assert changed.language is Language.ENGLISH
        await second.press(main["Restablecer"], message_id=page)
        assert preferences(second) == Preferences(language=Language.ENGLISH)


async def test_seed_of_the_last_essay(classroom):
    await classroom.say("El mar")
    seed = classroom.jobs.last_of(f"user:{ANA}", ANA).seed
    page = await open_config(classroom)
    await classroom.press(classroom.buttons(ANA, page)["Semilla"], message_id=page)
    await classroom.press(classroom.buttons(ANA, page)[f"La del último: {seed}"], message_id=page)
    assert preferences(classroom).seed == seed


async def test_close_takes_the_keyboard_away(classroom):
    page = await open_config(classroom)
    await classroom.press(classroom.buttons(ANA, page)["Cerrar"], message_id=page)
    assert classroom.buttons(ANA, page) == {}
    assert "Toca un ajuste" not in classroom.telegram.texts(ANA)[0]


async def test_only_the_opener_presses_in_a_group(classroom):
    page = await open_config(classroom, ANA, GROUP)
    length = classroom.buttons(GROUP, page)["Longitud"]
    before = classroom.telegram.texts(GROUP)
    toast = await classroom.press(length, BEA, GROUP, page)
    assert toast == "Este botón es de otra persona."
    assert classroom.telegram.texts(GROUP) == before
    assert await classroom.press(length, ANA, GROUP, page) is None
    assert classroom.telegram.texts(GROUP) != before


async def test_anonymous_admin_has_settings_of_their_own(classroom):
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    sender = {"from": anonymous, "sender_chat": chat(GROUP)}
    await classroom.say("/config", chat_id=GROUP, **sender)
    await classroom.settle()
    page = max(classroom.telegram.chats[GROUP])
    classroom.telegram.members[GROUP, BEA] = "administrator"
    await classroom.press(classroom.buttons(GROUP, page)["Longitud"], BEA, GROUP, page)
    await classroom.press(classroom.buttons(GROUP, page)["Corto (120)"], BEA, GROUP, page)
    assert classroom.people.preferences(f"chat:{GROUP}").words == 120
    assert classroom.people.known_preferences(f"user:{BEA}") is None


@pytest.mark.parametrize(
    "data",
    [
        "cfg:u11:s:len:7",
        "cfg:u11:s:nope:7",
        "cfg:u11:?",
        "cfg:zz",
        "cfg:u11:s:sty:x",
        "cfg:u11:o",
        "old:1",
        "stop:12345678",
    ],
)
async def test_buttons_of_another_version(classroom, data):
    toast = await classroom.press(data)
    assert toast == SPANISH.chat.button_gone


async def test_settings_survive_a_restart(url):
    async with Classroom(url) as first:
        await words(first, "longitud 300")
    async with Classroom(url) as second:
        assert preferences(second).words == 300


@given(st.sampled_from(["es", "en"]), st.integers(-(10**13), 2**52))
def test_callback_data_fits(language, number):
    person = f"user:{number}" if number > 0 else f"chat:{number}"
    chosen = Preferences(language=Language(language), seed=2**32 - 1)
    keyboards = [main_page(chosen, person)[1]]
    keyboards += [field_page(chosen, person, field, 2**32 - 2)[1] for field in FIELDS]
    for keyboard in keyboards:
        for data in buttons_of(json.dumps(keyboard.to_dict())).values():
            assert 1 <= len(data.encode()) <= 64


@pytest.mark.parametrize("texts", [SPANISH.config, ENGLISH.config])
def test_every_example_in_the_texts_works(texts):
    for explanation in texts.explanations.values():
        last_line = explanation.splitlines()[-1]
        for example in last_line.replace(" or ", " o ").split(" o "):
            changed_by_words(Preferences(), example.removeprefix("/config ").split())


@pytest.mark.parametrize("texts", [SPANISH.config, ENGLISH.config])
def test_every_keyword_is_understood(texts):
    for name, keyword in texts.keyword.items():
        with pytest.raises(config_fields.ValueMissingError) as caught:
            changed_by_words(Preferences(), keyword.split())
        assert caught.value.field == name


@given(st.sampled_from([field for field in FIELDS if field.name in RANGES]), st.floats(-5, 10**10))
def test_numbers_are_taken_exactly_within_their_range(field, value):
    value = round(value) if field.is_whole else round(value, 3)
    minimum, maximum = RANGES[field.name]
    word = SPANISH.config.keyword[field.name]
    typed = f"{value:.3f}".replace(".", ",") if not field.is_whole else str(value)
    if minimum <= value <= maximum:
        changed, name = changed_by_words(Preferences(), [word, typed])
        assert getattr(changed, name) == value
    else:
        with pytest.raises(InvalidParameterError):
            changed_by_words(Preferences(), [word, typed])


def test_codes_are_unique():
    assert len(BY_CODE) == len(FIELDS)
    assert {field.name for field in FIELDS} == set(Preferences.__slots__)
    assert len({word for field in FIELDS for word in field.words}) == sum(
        len(field.words) for field in FIELDS
    )
    for field in FIELDS:
        assert all(word == folded(word) for word in field.words)


def test_texts_name_every_field_style_and_language():
    for texts in (texts_for("es").config, texts_for("en").config):
        for mapping in (texts.names, texts.explanations, texts.keyword):
            assert set(mapping) == {field.name for field in FIELDS}
        assert set(texts.styles) == set(Style)
        assert set(texts.languages) == set(Language)

"""Settings by buttons and by words."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameterError
from bot.storage.records import RANGES, JobState, Language, Preferences, Style
from bot.telegram.commands import config_fields
from bot.telegram.commands.config import field_page, main_page
from bot.telegram.commands.config_fields import BY_CODE, FIELDS, asked_for, folded
from bot.texts import ENGLISH, SPANISH, texts_for


async def words(classroom, text):
    await classroom.say(f"/config {text}")
    await classroom.settle()
    return classroom.telegram.texts(classroom.lucia)[-1]


async def press(classroom, button):
    """Press a button of the page that is open in private, until the page has changed."""
    toast = await classroom.toast(button)
    await classroom.settle()
    return toast


def page(classroom):
    return classroom.telegram.from_bot(classroom.lucia)[-1]


RIGHT = [
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
        ("cuento", "style", Style.STORY, "Hecho. Estilo: cuento."),
        ("corto", "words", 120, "Hecho. Longitud: 120 palabras."),
        ("largo", "words", 500, "Hecho. Longitud: 500 palabras."),
        ("300", "words", 300, "Hecho. Longitud: 300 palabras."),
        ("tamaño de cada mensaje 500", "chunk_units", 500,
         "Hecho. Tamaño de cada mensaje: 500 caracteres."),
]  # fmt: skip


async def test_words_change_a_setting(classroom):
    for text, field, value, answer in RIGHT:
        assert await words(classroom, text) == answer
        assert getattr(await classroom.preferences(), field) == value


@pytest.mark.parametrize(
    ("text", "values", "wrong"),
    [
        ("longitud=300 estilo=cuento", {"words": 300, "style": "cuento"}, []),
        ("cuento, corto y creatividad 0,7",
         {"style": "cuento", "words": 120, "temperature": 0.7}, []),
        ("300 palabras poema", {"words": 300, "style": "poema"}, []),
        ("creatividad 0 (siempre lo más probable) top-k todas",
         {"temperature": 0, "top_k": 0}, []),
        ("estilo cuento longitud 5", {"style": "cuento"}, [InvalidParameterError]),
        ("letra grande cuento", {"style": "cuento"}, [config_fields.UnknownSettingError]),
        ("longitud estilo novela", {}, [config_fields.ValueMissingError,
                                        config_fields.UnknownChoiceError]),
        ("", {}, []),
    ],
)  # fmt: skip
def test_several_settings_at_once(text, values, wrong):
    asked = asked_for(text)
    assert asked.values == values
    assert [type(error) for error in asked.errors] == wrong


async def test_what_is_right_holds_beside_what_is_wrong(classroom):
    answer = await words(classroom, "cuento longitud 5")
    assert answer == ("Hecho. Estilo: cuento. Longitud: tiene que ser un número entre 30 y 3000.")
    assert (await classroom.preferences()).style is Style.STORY


@pytest.mark.parametrize("texts", [SPANISH.config, ENGLISH.config])
def test_every_label_is_understood(texts):
    for field in FIELDS:
        for value in field.choices:
            label = config_fields.shown_value(field, value, texts)
            asked = asked_for(f"{texts.names[field.name]}: {label}")
            assert (asked.values, asked.errors) == ({field.name: value}, ())


WRONG = [
    ("longitud 5", "Longitud: tiene que ser un número entre 30 y 3000."),
    ("longitud 99999", "Longitud: tiene que ser un número entre 30 y 3000."),
    ("longitud mucha", "Longitud: tiene que ser un número entre 30 y 3000."),
    ("longitud 300,5", "Longitud: tiene que ser un número entre 30 y 3000."),
    ("creatividad 3", "Creatividad: tiene que ser un número entre 0 y 2."),
    ("top-p 0", "Top-p: tiene que ser un número entre 0,05 y 1."),
    ("semilla -1", "Semilla: tiene que ser un número entre 0 y 4294967295."),
    ("trozo 5000", "Tamaño de cada mensaje: tiene que ser un número entre 200 y 4096."),
    (
        "estilo novela",
        "Estilo: puede ser ensayo, cuento, descripción, argumentación, poema, carta, "
        "noticia o explicación.",
    ),
    ("idioma klingon", "Idioma del bot: puede ser español o English."),
    ("vista quizá", "Vista en directo: puede ser sí o no."),
    ("longitud", "Longitud: falta el valor. Por ejemplo: /config longitud 300"),
]


async def test_wrong_words_change_nothing(classroom):
    for text, answer in WRONG:
        assert await words(classroom, text) == answer
    assert await classroom.preferences() is None


async def test_unknown_setting_lists_the_known_ones(classroom):
    answer = await words(classroom, "color azul")
    assert answer.startswith("No conozco el ajuste «color». Puedes cambiar longitud, estilo,")
    assert answer.endswith("borradores, vista e idioma.")


async def test_english_person(classroom):
    ann = classroom.telegram.world.add_user("Ann", language_code="en").id
    await classroom.say("/settings length 20", ann)
    await classroom.settle()
    (answer,) = classroom.telegram.texts(ann)
    assert answer == "Length: it has to be a number between 30 and 3000."


async def test_reset_keeps_the_language(classroom):
    await classroom.prefer(words=500, language=Language.ENGLISH)
    assert await words(classroom, "restablecer") == "Done: everything is back at the defaults."
    assert await classroom.preferences() == Preferences(language=Language.ENGLISH)


async def open_config(classroom):
    await classroom.say("/config")
    await classroom.settle()
    return page(classroom)


async def test_keyboard_changes_in_place(classroom):
    opened = await open_config(classroom)
    assert opened.text.startswith("Tus ajustes\n\nLongitud: 250 palabras\n")
    assert list(opened.buttons)[-2:] == ["Restablecer", "Cerrar"]
    await press(classroom, "Longitud")
    assert list(page(classroom).buttons) == [
        "Corto (120)",
        "✓ Medio (250)",
        "Largo (500)",
        "Muy largo (1000)",
        "‹ Volver",
    ]
    long = page(classroom).buttons["Largo (500)"]
    await press(classroom, "Largo (500)")
    assert (await classroom.preferences()).words == 500
    (text,) = classroom.telegram.texts(classroom.lucia)
    assert "Longitud: 500 palabras" in text
    # The same again, when that button is not there any more.
    gone = await classroom.forge(long, message_id=opened.id)
    assert gone == SPANISH.chat.button_gone
    await classroom.settle()
    assert (await classroom.preferences()).words == 500
    assert classroom.telegram.texts(classroom.lucia) == [text]


async def test_hasty_presses_leave_the_last_page(classroom):
    await open_config(classroom)
    classroom.telegram.latency_s = 0.3
    for label in ("Longitud", "Estilo", "Semilla"):
        classroom.telegram.press(classroom.lucia, label)
    await classroom.settle()
    assert page(classroom).text.startswith("Semilla: ")


async def test_every_button_works_after_a_restart(classroom):
    main = (await open_config(classroom)).buttons
    await classroom.stop()
    await classroom.start()
    for field in FIELDS:
        label = SPANISH.config.names[field.name]
        await press(classroom, main[label])
        assert page(classroom).text.startswith(f"{label}: ")
        choices = page(classroom).buttons
        back = choices.pop(SPANISH.config.back)
        for data in choices.values():
            await press(classroom, data)
            assert page(classroom).text.startswith(("Tus", "Your"))
            await press(classroom, main[label])
        await press(classroom, back)
    changed = await classroom.preferences()
    assert (changed.words, changed.style, changed.live_preview) == (1000, Style.EXPLANATION, False)
    assert changed.seed is not None
    assert changed.language is Language.ENGLISH
    await press(classroom, main["Restablecer"])
    assert await classroom.preferences() == Preferences(language=Language.ENGLISH)


async def test_seed_of_the_last_essay(classroom):
    await classroom.say("El mar")
    seed = (await classroom.last_job()).seed
    await open_config(classroom)
    await press(classroom, "Semilla")
    await press(classroom, f"La del último: {seed}")
    assert (await classroom.preferences()).seed == seed


async def test_close_takes_the_keyboard_away(classroom):
    await open_config(classroom)
    await press(classroom, "Cerrar")
    assert page(classroom).buttons == {}
    assert "Toca un ajuste" not in page(classroom).text


async def test_only_the_opener_presses_in_a_group(classroom):
    group = classroom.group
    await classroom.say("/config@redactor_bot", chat_id=group)
    await classroom.settle()
    before = classroom.telegram.texts(group)
    for other in (classroom.mateo, classroom.telegram.room.teacher):
        toast = await classroom.toast("Longitud", other, group)
        assert toast == "Este botón es de otra persona."
    await classroom.settle()
    assert classroom.telegram.texts(group) == before
    assert await classroom.toast("Longitud", None, group) == ""
    await classroom.settle()
    assert classroom.telegram.texts(group) != before


async def test_anonymous_admin_has_settings_of_their_own(classroom):
    room, people = classroom.telegram.room, classroom.telegram.people
    forum = room.forum
    people.set_status(forum, room.teacher, room.lucia, "administrator", is_anonymous=True)
    await classroom.say("/config@redactor_bot", chat_id=forum)
    await classroom.settle()
    assert await classroom.toast("Longitud", room.mateo, forum) == "Este botón es de otra persona."
    for label in ("Longitud", "Corto (120)"):
        assert await classroom.toast(label, room.teacher, forum) == ""
        await classroom.settle()
    assert (await classroom.preferences(f"chat:{forum}")).words == 120
    assert await classroom.preferences(room.teacher) is None


def as_channel(classroom):
    numbers = count(900)

    def write(command, words):
        text = f"/{command}@redactor_bot {words}".strip()
        message = {
            "message_id": next(numbers),
            "date": int(classroom.telegram.clock()),
            "chat": {"id": classroom.group, "type": "group", "title": "Clase"},
            "from": {"id": 136817688, "is_bot": True, "first_name": "Channel"},
            "sender_chat": {"id": -100777, "type": "channel", "title": "Un canal"},
            "text": text,
            "entities": [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}],
        }
        classroom.telegram.deliver({"message": message})

    return write


async def test_a_channel_gets_no_buttons_that_nobody_can_press(classroom):
    write = as_channel(classroom)
    write("config", "")
    await classroom.settle()
    (page,) = classroom.telegram.from_bot(classroom.group)
    assert not page.buttons
    assert page.text.endswith(SPANISH.config.hint_in_words)
    write("config", "longitud 120")
    await classroom.settle()
    assert (await classroom.preferences("chat:-100777")).words == 120


async def test_a_channel_is_forgotten_by_words(classroom):
    write = as_channel(classroom)
    write("config", "longitud 120")
    write("borrar", "")
    await classroom.settle()
    asked = classroom.telegram.from_bot(classroom.group)[-1]
    assert not asked.buttons
    assert asked.text.endswith(SPANISH.chat.erase_in_words)
    assert await classroom.preferences("chat:-100777") is not None
    write("borrar", "si")
    await classroom.settle()
    assert classroom.telegram.from_bot(classroom.group)[-1].text == SPANISH.chat.erased
    assert await classroom.preferences("chat:-100777") is None


STRANGE = [
    "cfg:{0}:s:len:7",
    "cfg:{0}:s:len:nan",
    "cfg:{0}:s:len:inf",
    "cfg:{0}:s:len:1e999",
    "cfg:{0}:s:tem:nan",
    "cfg:{0}:s:nope:7",
    "cfg:{0}:s:len",
    "cfg:{0}:?",
    "cfg:{0}:",
    "cfg:{0}:s:sty:x",
    "cfg:{0}:o",
    "cfg:u99999999999999999999999:s:len:500",
    "cfg:zz",
    "cfg::",
    "cfg:::s:len:500",
    "erase:u99999999999999999999999:yes",
    "erase:{0}:perhaps",
    "erase:{0}",
    "len:inf",
    "old:1",
    "stop:12345678",
    "stop:99999999999999999999999",
    "stop:",
    "again:ÿ",
    "",
]


async def test_buttons_of_another_version(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    for data in STRANGE:
        toast = await classroom.forge(data.format(f"u{classroom.lucia}"))
        assert toast == SPANISH.chat.button_gone
    assert await classroom.preferences() is None
    (job,) = await classroom.unfinished()
    assert job.state is JobState.RUNNING
    assert len(classroom.telegram.texts(classroom.lucia)) == 1


async def test_settings_survive_a_restart(classroom):
    await words(classroom, "longitud 300")
    await classroom.kill()
    await classroom.start()
    assert (await classroom.preferences()).words == 300


@given(st.sampled_from(["es", "en"]), st.integers(-(10**13), 2**52))
def test_callback_data_fits(language, number):
    person = f"user:{number}" if number > 0 else f"chat:{number}"
    chosen = Preferences(language=Language(language), seed=2**32 - 1)
    keyboards = [main_page(chosen, person)[1]]
    keyboards += [field_page(chosen, person, field, 2**32 - 2)[1] for field in FIELDS]
    for keyboard in keyboards:
        for row in keyboard["inline_keyboard"]:
            for button in row:
                assert 1 <= len(button["callback_data"].encode()) <= 64


@pytest.mark.parametrize("texts", [SPANISH.config, ENGLISH.config])
def test_every_example_in_the_texts_works(texts):
    for explanation in texts.explanations.values():
        last_line = explanation.splitlines()[-1]
        for example in last_line.replace(" or ", " o ").split(" o "):
            assert not asked_for(example.removeprefix("/config ")).errors


@pytest.mark.parametrize("texts", [SPANISH.config, ENGLISH.config])
def test_every_keyword_is_understood(texts):
    for name, keyword in texts.keyword.items():
        (error,) = asked_for(keyword).errors
        assert isinstance(error, config_fields.ValueMissingError)
        assert error.field == name


@given(st.sampled_from([field for field in FIELDS if field.name in RANGES]), st.floats(-5, 10**10))
def test_numbers_are_taken_exactly_within_their_range(field, value):
    value = round(value) if field.is_whole else round(value, 3)
    minimum, maximum = RANGES[field.name]
    word = SPANISH.config.keyword[field.name]
    typed = f"{value:.3f}".replace(".", ",") if not field.is_whole else str(value)
    asked = asked_for(f"{word} {typed}")
    if minimum <= value <= maximum:
        assert (asked.values, asked.errors) == ({field.name: value}, ())
    else:
        assert asked.values == {}
        assert isinstance(asked.errors[0], InvalidParameterError)


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

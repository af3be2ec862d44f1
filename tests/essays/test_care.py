import pytest

from bot.errors import SettingsError
from bot.essays.care import HELP_FILE, caring, read_help, refusal
from bot.storage.class_settings import HELP_FIELDS
from bot.texts import ENGLISH, SPANISH

WHERE = {"line": "Ayuda", "phone": "000", "hours": "de 9 a 21", "web": "ayuda.example",
         "emergency": "999", "school": "Nuria, orientadora"}  # fmt: skip


def test_the_first_start_puts_a_file_there_without_a_number(tmp_path):
    where = read_help(tmp_path)
    assert where == dict.fromkeys(HELP_FIELDS, "")
    (tmp_path / HELP_FILE).write_text('line = "Ayuda"\nphone = "000"\nunknown = 1\n', "utf-8")
    assert read_help(tmp_path) == where | {"line": "Ayuda", "phone": "000"}


def test_a_file_that_nobody_understands_stops_the_start(tmp_path):
    (tmp_path / HELP_FILE).write_text("line = Ayuda", "utf-8")
    with pytest.raises(SettingsError):
        read_help(tmp_path)


def test_what_is_empty_is_left_out():
    said = caring("self", {}, SPANISH.safety)
    assert said == (
        "Gracias por decirlo. Soy un programa y no puedo ayudarte como una persona, pero hay "
        "quien sí puede.\n"
        "Habla hoy con alguien de confianza, en casa o en tu escuela.\n"
        "Si estás en peligro ahora, busca a la persona adulta más cercana o llama a emergencias."
    )


def test_what_is_filled_in_is_said():
    said = caring("friend", WHERE, SPANISH.safety)
    assert "Ayuda: 000, de 9 a 21. ayuda.example" in said
    assert "En tu escuela puedes ir a Nuria, orientadora." in said
    assert "llama al 999 o busca" in said
    assert caring("sad", WHERE, SPANISH.safety) == SPANISH.safety.distress["sad"]
    assert refusal("self_harm", WHERE, SPANISH.safety).endswith("de 9 a 21. ayuda.example")
    assert "000" not in refusal("sex", WHERE, SPANISH.safety)


def test_nobody_is_sent_home_who_is_harmed_there_nor_to_the_school():
    for texts in (SPANISH.safety, ENGLISH.safety):
        assert "home" not in texts.distress["harmed"]
        assert "casa" not in texts.distress["harmed"]
    assert "Nuria" not in caring("harmed", WHERE, SPANISH.safety, names_teacher=True)


def test_whoever_a_teacher_is_told_of_knows_it():
    assert caring("self", {}, SPANISH.safety, is_told=True).endswith(SPANISH.safety.told_before)

"""The report of a lesson, the names in it, and recipes in words."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from bot.classroom import recipes, report
from bot.classroom.names import names_in, pseudonyms
from bot.classroom.report import Report
from bot.storage.classes import short_name, told_apart
from bot.storage.lessons import Lesson
from bot.storage.records import Address, EssayRequest, Job, JobState, Preferences, Style
from bot.texts import ENGLISH, SPANISH

START = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)
LESSON = Lesson(
    id=3,
    class_id=1,
    title="El mar",
    topic=None,
    is_only_topic=False,
    is_paused=False,
    started_at=START,
    ended_at=START + timedelta(minutes=47),
)


def essay(number, name="Ana", topic="El mar", text="El mar es grande.", **preferences):
    asked = START + timedelta(minutes=number)
    return Job(
        id=number,
        token=f"t{number}",
        update_id=number,
        request=EssayRequest(
            person=f"user:{number}",
            address=Address(-100, None, number, is_private=False),
            topic=topic,
            preferences=Preferences(**preferences),
            name=name,
            lesson_id=3,
        ),
        seed=183,
        state=JobState.DELIVERED,
        turn=number,
        attempts=0,
        text=text,
        created_at=asked,
        code=f"K7QF{number}",
        model="embedded@1a2b3c",
        ended_at=asked + timedelta(seconds=9),
    )


def a_report(*essays, has_names=True, **changes):
    names = names_in(LESSON, essays, SPANISH.classroom.report.pseudonyms, has_names=has_names)
    values = {
        "lesson": LESSON,
        "class_name": "3.º B",
        "essays": essays,
        "names": names,
        "has_names": has_names,
        "votes": {2: 4},
        "complaints": {2: 1},
        "retention_days": 30,
        "now": START,
        "zone": UTC,
    }
    return Report(**{**values, **changes})


class Reader(HTMLParser):
    """Tags that are closed, links to elsewhere, and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_html_is_whole_and_has_nothing_from_outside():
    page = report.as_html(a_report(essay(2), essay(3, "Luis")), SPANISH)
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.links == []
    assert "http" not in page
    assert "«El mar»" in reader.text
    assert "26 de noviembre de 2026, de 9:05 a 9:52" in reader.text
    assert (
        "2 personas pidieron 2 textos, 8 palabras en total; la espera media fue de 9 segundos."
        in reader.text
    )
    assert "30 días" in reader.text


def test_what_students_wrote_is_no_markup():
    topic = "<script>alert(1)</script> & «mar»"
    page = report.as_html(a_report(essay(2, topic=topic, text="Uno < dos.")), SPANISH)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Uno &lt; dos." in page


def test_the_chart_says_its_numbers():
    drawing = report.chart(a_report(*(essay(n) for n in (1, 1, 2, 30))), SPANISH)
    assert "minutos desde el comienzo" in drawing
    # 47 minutes are twelve stretches of four: three were asked for in the first.
    labels = re.findall(r'text-anchor="middle">(\d+)</text>', drawing)
    assert labels.count("3") == 2
    assert drawing.count("<rect") == 2 + 2 + 4
    assert "url(#s)" in drawing
    # A lesson without an essay has a chart too.
    assert "<svg" in report.chart(a_report(), ENGLISH)


def test_the_table_for_a_spreadsheet():
    one = a_report(essay(2, style=Style.POEM), essay(3, "Luis", topic="=1+1"))
    content = report.as_csv(one, SPANISH)
    assert content.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][:3] == ["N.º", "Nombre", "Tema"]
    assert rows[1] == [
        "1", "Ana", "El mar", "poema", "4", "K7QF2", "9:07", "9 s", "4", "1",
    ]  # fmt: skip
    assert rows[2][2] == "'=1+1"
    assert report.file_name(one, "csv") == "informe-3B-2026-11-26.csv"


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_without_names_nobody_is_named(texts):
    one = a_report(essay(2), essay(3, "Luis"), has_names=False)
    for content in (report.as_html(one, texts), report.as_csv(one, texts)):
        assert "Ana" not in content
        assert "Luis" not in content
        assert texts.classroom.report.pseudonym in content


def test_pseudonyms_are_drawn_anew_each_lesson():
    names = SPANISH.classroom.report.pseudonyms
    people = [f"user:{number}" for number in range(100)]
    first = pseudonyms(LESSON, people, names)
    assert len(set(first.values())) == 100
    assert pseudonyms(LESSON, people, names) == first
    # Who asks later changes nobody's name.
    assert pseudonyms(LESSON, people[:5], names).items() <= first.items()
    other = Lesson(4, 1, "", None, False, False, START + timedelta(days=1), None)
    assert pseudonyms(other, people, names) != first


def test_first_names_are_told_apart():
    names = {"a": short_name("Ana", "Ruiz"), "b": short_name("Ana", "López"),
             "c": short_name("Luis", "Gil"), "d": short_name("Noa")}  # fmt: skip
    assert told_apart(names) == {"a": "Ana R.", "b": "Ana L.", "c": "Luis", "d": "Noa"}
    assert short_name("María de los Ángeles del Pilar") == "María de los Ángeles"


def test_a_recipe_in_words():
    job = essay(2, temperature=0.7, style=Style.STORY)
    assert recipes.in_words(job, SPANISH).splitlines() == [
        "Receta K7QF2",
        "Tema: El mar",
        "Estilo: cuento, unas 250 palabras",
        "Creatividad 0,7: se arriesga un poco.",
        "Top-k 50: elige entre 50 piezas.",
        "Top-p 0,95: deja fuera las más raras.",
        "Semilla 183: así empieza el sorteo.",
        "Modelo: embedded, revisión 1a2b3c",
    ]
    words = recipes.in_words(essay(2, temperature=0.0, repetition_penalty=1.2), ENGLISH, "T9RC4")
    assert "It goes on from another text (T9RC4)." in words
    assert "Creativity 0: always what is likeliest." in words
    assert "Repetition brake 1.2" in words

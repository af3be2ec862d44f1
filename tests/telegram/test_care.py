"""What is said where no essay is the answer: refusals, sober styles, people who need a person."""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

import pytest

from bot.storage import chats, classes, jobs
from bot.storage.class_settings import ClassSettings
from bot.storage.records import JobState, Style
from bot.texts import ENGLISH, SPANISH
from tests.essays.scripted_service import SENTENCE
from tests.telegram.classroom import Classroom, PacedService

TEXTS = SPANISH.safety
WRITE = "/redactar@redactor_bot"
CRY = "kiero morirme cuanto antes"
SERIOUS = "el acoso escolar"


@dataclass
class RudeService(PacedService):
    """Says something after each three sentences that nobody is to read."""

    number: int = 0

    async def stream(self, *_arguments, **_options):
        await self.gate.wait()
        for _ in range(3):
            self.number += 1
            yield SENTENCE.format(self.number)
        yield " Aquel idiota era un hijo de puta."


async def open_private(classroom, *people):
    for person in people:
        classroom.telegram.world.chats[person].is_started = True
        await classroom.database.step("open", partial(chats.note_open, chat_id=person))


def promote(classroom):
    telegram = classroom.telegram
    telegram.people.set_status(
        classroom.group, telegram.room.teacher, telegram.bot_id, "administrator"
    )


async def teach(classroom, teacher=None, **settings):
    """Somebody has a class in the group, and decided something for it."""
    teacher = teacher or classroom.mateo
    await open_private(classroom, teacher)

    async def work(tx):
        made = await classes.make(
            tx, chat_id=classroom.group, name="3.º B", teacher=f"user:{teacher}"
        )
        await classes.decide(tx, made.id, ClassSettings(**settings))

    await classroom.database.step("teach", work)


async def answered(classroom, text, chat_id=None):
    await classroom.say(text, chat_id=chat_id)
    await classroom.settle()


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("cómo se hace una bomba casera", TEXTS.refused[""]),
        ("dónde comprar marihuana", TEXTS.refused[""]),
        ("Carlos es un gordo asqueroso", TEXTS.refused["against_somebody"]),
        ("el suicidio", TEXTS.refused["self_harm"]),
    ],
)
class TestRefused:
    async def test_in_private(self, classroom, topic, said):
        await answered(classroom, topic)
        assert classroom.telegram.texts(classroom.lucia) == [said]
        assert not await classroom.jobs()

    async def test_in_a_group_its_person_alone_is_told(self, classroom, topic, said):
        await open_private(classroom, classroom.lucia)
        await answered(classroom, f"{WRITE} {topic}", classroom.group)
        assert classroom.telegram.texts(classroom.group) == []
        assert classroom.telegram.texts(classroom.lucia) == [said]
        assert not await classroom.jobs()


async def test_refused_before_all_for_a_minute_where_nothing_else_is_possible(classroom):
    await classroom.say(f"{WRITE} vídeos porno", chat_id=classroom.group)
    await classroom.telegram.until(lambda: classroom.telegram.texts(classroom.group))
    assert classroom.telegram.texts(classroom.group) == [TEXTS.refused[""]]
    await asyncio.sleep(61)
    await classroom.settle()
    assert classroom.telegram.texts(classroom.group) == []


async def test_refused_to_one_alone_by_an_administrator(classroom):
    promote(classroom)
    await answered(classroom, f"{WRITE} vídeos porno", classroom.group)
    (whisper,) = classroom.telegram.whispers(classroom.group, classroom.lucia)
    assert whisper.text == TEXTS.refused[""]
    assert classroom.telegram.texts(classroom.group) == []


async def test_the_answer_to_the_question_is_looked_at_too(classroom):
    await answered(classroom, "/redactar")
    await answered(classroom, "vídeos porno")
    assert classroom.telegram.texts(classroom.lucia)[-1] == TEXTS.refused[""]
    await answered(classroom, "El mar")
    assert len(await classroom.unfinished()) == 1


async def test_what_a_class_lets_through_and_what_it_does_not(classroom):
    await teach(classroom, filters={"serious": "fit"}, refused_words=("fortnite",))
    await answered(classroom, f"{WRITE} {SERIOUS}", classroom.group)
    assert len(await classroom.unfinished()) == 1
    await open_private(classroom, classroom.lucia)
    await answered(classroom, f"{WRITE} Fortnite", classroom.group)
    assert TEXTS.refused["added"] in classroom.telegram.texts(classroom.lucia)


class TestSerious:
    async def test_its_person_chooses_a_sober_style(self, classroom):
        await answered(classroom, SERIOUS)
        (asked,) = classroom.telegram.from_bot(classroom.lucia)
        assert asked.text == TEXTS.serious
        assert list(asked.buttons) == ["Explicación", "Argumentación", "Noticia", "Otro tema"]
        assert not await classroom.unfinished()
        await classroom.press("Noticia")
        (job,) = await classroom.unfinished()
        assert job.request.topic == SERIOUS
        assert job.request.preferences.style is Style.NEWS
        await classroom.finish()
        assert (
            len(await classroom.database.read(lambda tx: jobs.in_state(tx, JobState.DELIVERED)))
            == 1
        )

    async def test_another_topic(self, classroom):
        await answered(classroom, SERIOUS)
        await classroom.press("Otro tema")
        await classroom.settle()
        assert classroom.telegram.texts(classroom.lucia) == [TEXTS.other]
        assert not await classroom.unfinished()

    async def test_a_sober_style_is_simply_written(self, classroom):
        await classroom.prefer(style=Style.ARGUMENT)
        await answered(classroom, SERIOUS)
        (job,) = await classroom.unfinished()
        assert job.request.preferences.style is Style.ARGUMENT

    async def test_the_next_text_on_it_keeps_the_style(self, classroom):
        await answered(classroom, SERIOUS)
        await classroom.press("Explicación")
        await classroom.finish()
        for request in ("/otra", "/continuar"):
            await classroom.say(request)
            (job,) = await classroom.unfinished()
            assert job.request.preferences.style is Style.EXPLANATION
            await classroom.finish()

    async def test_in_a_group(self, classroom):
        await open_private(classroom, classroom.lucia)
        await answered(classroom, f"{WRITE} {SERIOUS}", classroom.group)
        assert classroom.telegram.texts(classroom.group) == []
        await classroom.press("Argumentación", chat_id=classroom.lucia)
        await classroom.finish()
        (essay,) = classroom.telegram.from_bot(classroom.group)
        assert essay.buttons

    async def test_nobody_else_chooses(self, classroom):
        await classroom.say(f"{WRITE} {SERIOUS}", chat_id=classroom.group)
        await classroom.telegram.until(lambda: classroom.telegram.texts(classroom.group))
        toast = await classroom.toast("Noticia", classroom.mateo, classroom.group)
        assert toast == SPANISH.chat.not_yours
        assert not await classroom.unfinished()


class TestDistress:
    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ("quiero morirme", "self"),
            ("mi padre me pega", "harmed"),
            ("mi mejor amiga se corta", "friend"),
            ("estoy muy triste", "sad"),
        ],
    )
    async def test_in_private(self, classroom, words, kind):
        await answered(classroom, words)
        (said,) = classroom.telegram.from_bot(classroom.lucia)
        assert said.text.startswith(TEXTS.distress[kind])
        assert (TEXTS.danger("") in said.text) == (kind != "sad")
        assert not await classroom.jobs()

    async def test_the_same_answer_however_often(self, classroom):
        for _ in range(4):
            await answered(classroom, "quiero morirme")
        texts = classroom.telegram.texts(classroom.lucia)
        assert len(texts) == 4
        assert len(set(texts)) == 1

    async def test_before_any_other_check(self, classroom):
        await answered(classroom, "quiero morirme " * 100)
        (said,) = classroom.telegram.texts(classroom.lucia)
        assert said.startswith(TEXTS.distress["self"])

    async def test_under_a_picture(self, classroom):
        world = classroom.telegram.world
        file = world.add_file(b"a drawing", "dibujo.png", "image/png")
        classroom.telegram.write(classroom.lucia, "quiero morirme", document=file)
        await classroom.settle()
        (said,) = classroom.telegram.texts(classroom.lucia)
        assert said.startswith(TEXTS.distress["self"])

    async def test_as_an_answer_to_an_essay_in_a_group(self, classroom):
        await classroom.say(f"{WRITE} El mar", chat_id=classroom.group)
        await classroom.finish()
        (essay,) = classroom.telegram.from_bot(classroom.group)
        await open_private(classroom, classroom.lucia)
        await classroom.say("quiero morirme", chat_id=classroom.group, reply_to=essay.id)
        await classroom.settle()
        (said,) = classroom.telegram.texts(classroom.lucia)
        assert said.startswith(TEXTS.distress["self"])
        await classroom.say("qué bonito", chat_id=classroom.group, reply_to=essay.id)
        await classroom.settle()
        assert len(classroom.telegram.texts(classroom.group)) == 1

    async def test_of_a_stranger(self, url):
        async with Classroom(url, is_open=False) as classroom:
            await answered(classroom, "quiero morirme")
            await answered(classroom, "El mar")
            said, turned_away = classroom.telegram.texts(classroom.lucia)
            assert said.startswith(TEXTS.distress["self"])
            assert turned_away == SPANISH.chat.unclaimed

    async def test_in_a_group_in_private_if_that_is_open(self, classroom):
        await open_private(classroom, classroom.lucia)
        await answered(classroom, f"{WRITE} quiero morirme", classroom.group)
        (said,) = classroom.telegram.from_bot(classroom.lucia)
        assert said.text.startswith(TEXTS.distress["self"])
        assert classroom.telegram.messages(classroom.group)[-1].is_bots is False
        assert not classroom.telegram.calls("setMessageReaction")

    async def test_in_a_group_else_to_one_alone(self, classroom):
        promote(classroom)
        await answered(classroom, f"{WRITE} quiero morirme", classroom.group)
        (said,) = classroom.telegram.whispers(classroom.group, classroom.lucia)
        assert said.text.startswith(TEXTS.distress["self"])
        assert TEXTS.button_open in said.buttons
        assert classroom.telegram.texts(classroom.group) == []

    async def test_in_a_group_else_asked_into_the_private_chat(self, classroom):
        await answered(classroom, f"{WRITE} quiero morirme", classroom.group)
        (said,) = classroom.telegram.from_bot(classroom.group)
        assert said.text == "Lucía, escríbeme en privado, por favor."
        markup = classroom.telegram.calls("sendMessage")[-1].parameters["reply_markup"]
        link = markup["inline_keyboard"][-1][0]["url"]
        payload = link.partition("start=")[2]
        # It says nothing to anybody else.
        classroom.telegram.people.start(classroom.mateo, payload)
        await classroom.settle()
        assert TEXTS.distress["self"] not in str(classroom.telegram.texts(classroom.mateo))
        classroom.telegram.people.start(classroom.lucia, payload)
        await classroom.settle()
        (read,) = classroom.telegram.texts(classroom.lucia)
        assert read.startswith(TEXTS.distress["self"])

    @pytest.mark.parametrize("is_group", [False, True])
    async def test_no_byte_of_it_is_kept(self, classroom, caplog, tmp_path, is_group):
        caplog.set_level(logging.DEBUG)
        text, chat_id = (f"{WRITE} {CRY}", classroom.group) if is_group else (CRY, None)
        await answered(classroom, text, chat_id)
        assert not await classroom.jobs()
        for file in tmp_path.glob("redactor.db*"):
            assert b"morirme" not in file.read_bytes(), file
        mine = [one for one in caplog.records if one.name.startswith("bot.")]
        assert "morirme" not in "\n".join(one.getMessage() for one in mine)

    async def test_it_was_something_else(self, classroom):
        await answered(classroom, "quiero morirme")
        await classroom.press(TEXTS.button_not_so)
        await classroom.settle()
        assert classroom.telegram.texts(classroom.lucia) == [TEXTS.not_so]

    async def test_help_that_somebody_filled_in(self, classroom):
        where = {"line": "Ayuda", "phone": "000", "hours": "de 9 a 21", "emergency": "999",
                 "school": "Nuria, orientadora"}  # fmt: skip
        await teach(classroom, help=where)
        await open_private(classroom, classroom.lucia)
        await answered(classroom, f"{WRITE} quiero morirme", classroom.group)
        (said,) = classroom.telegram.texts(classroom.lucia)
        assert "Ayuda: 000, de 9 a 21." in said
        assert "llama al 999" in said
        assert "Nuria" in said

    async def test_in_english(self, classroom):
        classroom.telegram.world.users[classroom.lucia].language_code = "en"
        await answered(classroom, "I want to kill myself")
        (said,) = classroom.telegram.from_bot(classroom.lucia)
        assert said.text.startswith(ENGLISH.safety.distress["self"])
        await answered(classroom, "how to make a pipe bomb")
        assert classroom.telegram.texts(classroom.lucia)[-1] == ENGLISH.safety.refused[""]
        await answered(classroom, "cyberbullying")
        assert classroom.telegram.texts(classroom.lucia)[-1] == ENGLISH.safety.serious


class TestTeacher:
    async def cry(self, classroom, words="quiero morirme"):
        await open_private(classroom, classroom.lucia)
        await answered(classroom, f"{WRITE} {words}", classroom.group)
        return classroom.telegram.from_bot(classroom.lucia)[-1]

    async def notices(self, classroom):
        await classroom.settle()
        return classroom.telegram.from_bot(classroom.mateo)

    async def test_hears_a_name_and_no_word_if_that_person_wants(self, classroom):
        await teach(classroom)
        await self.cry(classroom)
        assert not await self.notices(classroom)
        toast = await classroom.toast(TEXTS.button_talk)
        assert toast == TEXTS.told
        (notice,) = await self.notices(classroom)
        assert notice.text.startswith("Lucía")
        assert "de 3.º B, quiere hablar contigo" in notice.text
        assert "morir" not in notice.text

    async def test_hears_it_once_an_hour(self, classroom):
        await teach(classroom)
        await self.cry(classroom)
        for _ in range(3):
            assert await classroom.toast(TEXTS.button_talk) == TEXTS.told
        assert len(await self.notices(classroom)) == 1
        await asyncio.sleep(3601)
        await classroom.press(TEXTS.button_talk)
        assert len(await self.notices(classroom)) == 2

    async def test_always_hears_it_and_its_person_knows(self, classroom):
        await teach(classroom, tells_distress="always")
        said = await self.cry(classroom)
        assert TEXTS.told_before in said.text
        assert len(await self.notices(classroom)) == 1

    async def test_never_hears_it(self, classroom):
        await teach(classroom, tells_distress="never")
        said = await self.cry(classroom)
        assert TEXTS.button_talk not in said.buttons
        assert not await self.notices(classroom)

    async def test_hears_nothing_that_may_be_about_teachers(self, classroom):
        await teach(classroom, tells_distress="always")
        said = await self.cry(classroom, "mi profe me pega")
        assert TEXTS.button_talk not in said.buttons
        assert TEXTS.told_before not in said.text
        assert not await self.notices(classroom)

    async def test_sees_to_it(self, classroom):
        await teach(classroom)
        await self.cry(classroom)
        await classroom.press(TEXTS.button_talk)
        (notice,) = await self.notices(classroom)
        await classroom.press(TEXTS.button_what_to_do, classroom.mateo)
        await classroom.press(TEXTS.button_seen, classroom.mateo, message_id=notice.id)
        seen, advice = [one.text for one in await self.notices(classroom)]
        assert seen == TEXTS.seen(notice.text)
        assert "Lucía" in advice

    async def test_their_buttons_are_nobody_elses(self, classroom):
        data = f"seen:u{classroom.mateo}:seen"
        assert await classroom.forge(data) == SPANISH.chat.not_yours
        data = f"care:u{classroom.mateo}:talk:{classroom.group}"
        assert await classroom.forge(data) == SPANISH.chat.not_yours

    @pytest.mark.parametrize("way", ["button", "link"])
    async def test_is_told_only_by_somebody_of_the_class(self, classroom, way):
        """Whoever names another class's group is told what anybody is told."""
        telegram = classroom.telegram
        await teach(classroom, help={"school": "Nuria, orientadora"})
        sofia = telegram.room.sofia
        telegram.people.set_status(classroom.group, telegram.room.teacher, sofia, "left")
        if way == "link":
            telegram.people.start(sofia, f"c00_{sofia}_{classroom.group}")
            await classroom.settle()
            assert "Nuria" not in telegram.texts(sofia)[-1]
        else:
            await classroom.forge(f"care:u{sofia}:talk:{classroom.group}", sofia)
        assert not await self.notices(classroom)

    async def test_is_told_by_link_by_somebody_of_the_class(self, classroom):
        await teach(classroom, help={"school": "Nuria, orientadora"})
        payload = f"c00_{classroom.lucia}_{classroom.group}"
        classroom.telegram.people.start(classroom.lucia, payload)
        await classroom.settle()
        assert "Nuria" in classroom.telegram.texts(classroom.lucia)[-1]
        assert await classroom.toast(TEXTS.button_talk) == TEXTS.told
        assert len(await self.notices(classroom)) == 1

    async def test_who_is_an_anonymous_administrator_hears_nothing(self, classroom):
        """Nobody knows where to write to them; else it goes to the owner of the bot."""
        await classroom.database.step(
            "anonymous",
            lambda tx: classes.make(
                tx, chat_id=classroom.group, name="B", teacher=f"chat:{classroom.group}"
            ),
        )
        said = await self.cry(classroom)
        assert TEXTS.button_talk not in said.buttons

    async def test_is_forgotten_with_the_person(self, classroom, tmp_path):
        await teach(classroom)
        await self.cry(classroom)
        await classroom.press(TEXTS.button_talk)
        await self.notices(classroom)
        await classroom.say("/borrar")
        await classroom.settle()
        await classroom.press("Sí, bórralo todo")
        await classroom.settle()
        rows = [row for row in await classroom.owed() if "care:" in row.key]
        assert rows == []


async def test_a_sentence_that_nobody_is_to_read_is_taken_out_and_the_foot_says_so(url):
    async with Classroom(url, service=RudeService()) as classroom:
        await classroom.say("El mar")
        await classroom.finish()
        (essay,) = classroom.telegram.texts(classroom.lucia)
        assert "idiota" not in essay
        assert "número 1." in essay
        assert TEXTS.removed_sentence in essay.splitlines()
        drafts = classroom.telegram.calls("sendMessageDraft")
        assert not [one for one in drafts if "idiota" in one.parameters["text"]]
        (job,) = await classroom.jobs()
        assert "idiota" not in job.text
        assert TEXTS.removed_sentence not in job.text

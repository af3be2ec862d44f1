"""``/clase``: the teacher's desk, in words and by buttons. A student can do nothing of it.

A button carries its class, ``cls:CLASS:ACTION[:ARGUMENT]``, and whoever presses it must lead that
class. Words do the same as buttons: ``/clase pausa``, ``/clase tema El mar``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.classroom import acts
from bot.errors import InvalidParameterError
from bot.essays.desk import Desk
from bot.storage import chats, classes, jobs, lessons, outbox
from bot.storage.class_settings import LongTexts
from bot.storage.classes import Class
from bot.storage.codes import RECIPE_LENGTH, as_typed
from bot.storage.database import Transaction
from bot.storage.lessons import Lesson
from bot.storage.records import Job, JobState, Kind, Language, Rank
from bot.telegram.commands import correcting, desk_pages, guessing, protecting
from bot.telegram.commands.answering import answer_alone, change
from bot.telegram.commands.config_fields import FIELDS, asked_for, folded
from bot.telegram.commands.desk_pages import Page
from bot.telegram.visit import Visit
from bot.texts import Texts

_CODE_FOR = timedelta(days=365)
_SPANISH = {
    "": "main", "empezar": "begin", "pausa": "pause", "pausar": "pause", "seguir": "go",
    "vaciar": "clear", "parar": "stop", "tema": "topic", "ajustes": "set", "fijar": "fix",
    "libre": "free", "maximo": "words", "porpersona": "texts", "textos": "texts",
    "idioma": "lang", "entrega": "deliv", "privado": "priv", "grupo": "group",
    "nombres": "names", "sinnombres": "anon", "anonimo": "anon", "personas": "people",
    "quien": "who", "lista": "strike", "codigo": "code", "corregir": "mend", "adivinar": "guess",
    "docentes": "coll",
    "informe": "report", "fin": "end", "terminar": "end", "avisos": "flags", "quitar": "remove",
    "filtro": "filter", "filtros": "filter", "ayuda": "help", "aviso": "notice",
}  # fmt: skip
_ENGLISH = {
    "": "main", "begin": "begin", "start": "begin", "pause": "pause", "resume": "go",
    "clear": "clear", "stop": "stop", "topic": "topic", "settings": "set", "fix": "fix",
    "free": "free", "most": "words", "each": "texts", "language": "lang",
    "delivery": "deliv", "private": "priv", "group": "group", "names": "names",
    "anonymous": "anon", "people": "people", "who": "who", "list": "strike", "code": "code",
    "correct": "mend", "guess": "guess",
    "teachers": "coll", "report": "report", "end": "end", "reports": "flags",
    "remove": "remove", "filter": "filter", "filters": "filter", "help": "help",
    "notice": "notice",
}  # fmt: skip
WORDS: Mapping[str, str] = {**_ENGLISH, **_SPANISH}
"""What a teacher may write behind the command, folded, and the action that it names."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an action of the desk works on."""

    tx: Transaction
    visit: Visit
    desk: Desk
    its_class: Class
    lesson: Lesson | None
    argument: str

    @property
    def texts(self) -> Texts:
        """What the bot says to the teacher."""
        return self.visit.texts

    @property
    def key(self) -> str:
        """What the step owes begins so."""
        return f"u{self.visit.update_id}"


async def class_command(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/clase``, alone or with what is to be done."""
    said = visit.texts.desk
    if not visit.is_teacher or visit.person is None or visit.address is None:
        await answer_alone(tx, visit, said.only_teacher)
        return
    its_class = await _class_for(tx, visit)
    action, argument = _asked(visit.text)
    if action not in ACTIONS:
        await answer_alone(tx, visit, said.not_known(visit.text[:40]))
        return
    text, keyboard = await _do(tx, visit, desk, its_class, action, argument)
    await answer_alone(tx, visit, text.replace("{link}", visit.link), keyboard)


def _asked(text: str) -> tuple[str, str]:
    """The action that words name, and what stands behind it: two words name it before one does."""
    words = text.split()
    for length in (2, 1):
        action = WORDS.get(folded("".join(words[:length])))
        if action is not None and len(words) >= length and folded(words[length - 1]):
            return action, text.split(maxsplit=length)[length] if len(words) > length else ""
    return ("main", "") if not words else ("", text)


async def press(tx: Transaction, visit: Visit, desk: Desk) -> str | None:
    """A button of the desk."""
    assert visit.press is not None  # mypy: the handler is for buttons
    said = visit.texts.desk
    if visit.its_class is None:
        return visit.texts.chat.button_gone
    if not visit.is_teacher:
        return said.only_teacher
    _, _, action, *rest = visit.press.parts
    if action not in ACTIONS or not visit.shows_page:
        return visit.texts.chat.button_gone
    argument = rest[0] if rest else ""
    text, keyboard = await _do(tx, visit, desk, visit.its_class, action, argument)
    return await change(tx, visit, text.replace("{link}", visit.link), keyboard)


async def _class_for(tx: Transaction, visit: Visit) -> Class:
    """The class that a teacher leads here; theirs, or a new one, in private."""
    assert visit.address is not None  # mypy: asked before
    assert visit.person is not None  # mypy: the same
    if not visit.address.is_private:
        its_class = visit.its_class or await classes.make(
            tx, chat_id=visit.address.chat_id, name=visit.group_name, teacher=visit.person
        )
        if its_class.settings.thread_id != visit.address.thread_id:
            # In a forum the class works where its teacher calls for the desk.
            return await acts.decide(tx, its_class, thread_id=visit.address.thread_id)
        return its_class
    theirs = await classes.taught_by(tx, visit.person)
    if theirs:
        return theirs[-1]
    return await classes.make(
        tx, chat_id=None, name=visit.texts.desk.class_of(visit.name), teacher=visit.person
    )


async def _do(
    tx: Transaction, visit: Visit, desk: Desk, its_class: Class, action: str, argument: str
) -> Page:
    lesson = await lessons.current(tx, its_class.id)
    scene = Scene(tx, visit, desk, its_class, lesson, argument)
    if lesson is None and action in _IN_LESSON:
        return visit.texts.desk.none_open, desk_pages.back(its_class, visit.texts)
    return await ACTIONS[action](scene)


async def _main(scene: Scene) -> Page:
    text, keyboard = await desk_pages.main(scene.tx, scene.its_class, scene.lesson, scene.texts)
    missing = protecting.what_is_missing(scene.tx, scene.its_class, scene.desk, scene.texts)
    return f"{text}\n{missing}".rstrip(), keyboard


async def _begin(scene: Scene) -> Page:
    if scene.lesson is not None:
        return scene.texts.desk.already, desk_pages.back(scene.its_class, scene.texts)
    title = scene.argument
    if not title:
        return desk_pages.title(scene.its_class, scene.texts, scene.tx.now)
    day = desk_pages.day_title(scene.texts, scene.tx.now)
    title = {"-": "", "day": day}.get(title, title)
    lesson = await lessons.begin(scene.tx, scene.its_class.id, title)
    return await desk_pages.main(scene.tx, scene.its_class, lesson, scene.texts)


async def _pause(scene: Scene) -> Page:
    return await _set_pause(scene, is_paused=True)


async def _resume(scene: Scene) -> Page:
    return await _set_pause(scene, is_paused=False)


async def _set_pause(scene: Scene, *, is_paused: bool) -> Page:
    assert scene.lesson is not None  # mypy: only in a lesson
    await acts.pause(
        scene.tx, scene.key, scene.its_class, scene.lesson, scene.texts, is_paused=is_paused
    )
    lesson = await lessons.get(scene.tx, scene.lesson.id)
    return await desk_pages.main(scene.tx, scene.its_class, lesson, scene.texts)


async def _clear(scene: Scene) -> Page:
    return await _clear_queue(scene, "clear", with_running=False)


async def _stop(scene: Scene) -> Page:
    return await _clear_queue(scene, "stop", with_running=True)


async def _clear_queue(scene: Scene, action: str, *, with_running: bool) -> Page:
    assert scene.lesson is not None  # mypy: only in a lesson
    if scene.argument != "yes":
        count = len(await acts.waiting(scene.tx, scene.lesson))
        return desk_pages.sure(scene.its_class, scene.texts, action, count)
    count = await acts.clear(scene.tx, scene.desk, scene.lesson, with_running=with_running)
    return scene.texts.desk.cleared(count), desk_pages.back(scene.its_class, scene.texts)


async def _topic(scene: Scene) -> Page:
    assert scene.lesson is not None  # mypy: only in a lesson
    topic = scene.argument
    if topic == "-":
        await lessons.change(scene.tx, scene.lesson.id, topic=None, is_only_topic=False)
    elif topic == "only":
        only = not scene.lesson.is_only_topic and scene.lesson.topic is not None
        await lessons.change(scene.tx, scene.lesson.id, is_only_topic=only)
    elif topic:
        scene.desk.ensure_topic(topic)
        await lessons.change(scene.tx, scene.lesson.id, topic=topic)
        said = scene.texts
        await acts.tell_class(
            scene.tx,
            f"{scene.key}:topic",
            scene.its_class,
            said.desk.topic_all(topic),
            markup=desk_pages.join(scene.lesson.id, said),
        )
    lesson = await lessons.get(scene.tx, scene.lesson.id)
    return desk_pages.topic(scene.its_class, lesson, scene.texts)


async def _settings(scene: Scene) -> Page:
    return desk_pages.settings(scene.its_class, scene.texts)


async def _fix(scene: Scene) -> Page:
    """``/clase fijar longitud 200``: that holds for everybody."""
    said, its_class = scene.texts, scene.its_class
    asked = asked_for(scene.argument.replace("words.", "longitud "))
    if asked.errors or not asked.values:
        return said.desk.fix_how, desk_pages.back(its_class, said)
    for name, value in asked.values.items():
        change = acts.with_fixed(its_class.settings, name, value)
        its_class = await acts.decide(scene.tx, its_class, **change)
    if its_class.chat_id is not None and scene.lesson is not None:
        line = ", ".join(desk_pages.value_of(its_class, name, said) for name in asked.values)
        await acts.tell_class(scene.tx, f"{scene.key}:fixed", its_class, said.desk.from_now(line))
    return desk_pages.settings(its_class, said)


async def _free(scene: Scene) -> Page:
    """``/clase libre longitud``, or ``todo``: everybody's own again."""
    name = scene.argument
    known = {word: field.name for field in FIELDS for word in (*field.words, field.name)}
    if folded(name) in ("todo", "all", "everything"):
        its_class = await acts.decide(
            scene.tx, scene.its_class, fixed={}, styles=(), most_words=None, most_essays=None
        )
    else:
        field = known.get(name) or known.get(folded(name))
        if field is None:
            return scene.texts.desk.fix_how, desk_pages.back(scene.its_class, scene.texts)
        change = acts.with_fixed(scene.its_class.settings, field, None)
        its_class = await acts.decide(scene.tx, scene.its_class, **change)
    return desk_pages.settings(its_class, scene.texts)


async def _most_words(scene: Scene) -> Page:
    return await _decide_number(scene, "most_words")


async def _most_essays(scene: Scene) -> Page:
    return await _decide_number(scene, "most_essays")


async def _decide_number(scene: Scene, name: str) -> Page:
    number = int(scene.argument) if scene.argument.isdecimal() else None
    try:
        its_class = await acts.decide(scene.tx, scene.its_class, **{name: number or None})
    except InvalidParameterError:
        return scene.texts.desk.fix_how, desk_pages.back(scene.its_class, scene.texts)
    return desk_pages.settings(its_class, scene.texts)


async def _language(scene: Scene) -> Page:
    word = folded(scene.argument)
    language = {"es": Language.SPANISH, "en": Language.ENGLISH}.get(word[:2])
    its_class = await acts.decide(scene.tx, scene.its_class, language=language)
    return desk_pages.settings(its_class, scene.texts)


async def _turn(scene: Scene) -> Page:
    """Turn a switch of the delivery, named by a button or by a word."""
    settings, name = scene.its_class.settings, scene.argument
    changes: dict[str, Any] = {}
    if name == "long":
        kinds = list(LongTexts)
        changes["long_texts"] = kinds[(kinds.index(settings.long_texts) + 1) % len(kinds)]
    elif name in desk_pages.SWITCHES:
        changes[name] = not getattr(settings, name)
    its_class = await acts.decide(scene.tx, scene.its_class, **changes)
    if name == "only_in_lessons":
        return desk_pages.settings(its_class, scene.texts)
    return desk_pages.delivery(its_class, scene.texts)


def _switch(name: str, *, is_on: bool) -> Callable[[Scene], Awaitable[Page]]:
    """An action that sets a switch of the delivery."""

    async def act(scene: Scene) -> Page:
        its_class = await acts.decide(scene.tx, scene.its_class, **{name: is_on})
        return desk_pages.delivery(its_class, scene.texts)

    return act


async def _delivery(scene: Scene) -> Page:
    return desk_pages.delivery(scene.its_class, scene.texts)


async def _people(scene: Scene) -> Page:
    return await desk_pages.people(scene.tx, scene.its_class, scene.lesson, scene.texts)


async def _who(scene: Scene) -> Page:
    """The key of the pseudonyms: in the teacher's private chat only."""
    is_private = scene.visit.address is not None and scene.visit.address.is_private
    if not is_private or scene.lesson is None:
        return scene.texts.desk.in_private_only, desk_pages.back(scene.its_class, scene.texts)
    return await desk_pages.who_is_who(scene.tx, scene.its_class, scene.lesson, scene.texts)


async def _strike(scene: Scene) -> Page:
    """Take somebody off the roster: a page to choose from, then it is done."""
    people = await classes.roster(scene.tx, scene.its_class.id)
    if scene.argument.startswith("u") and scene.argument[1:].isdecimal():
        await classes.remove(scene.tx, scene.its_class.id, f"user:{scene.argument[1:]}")
        people = await classes.roster(scene.tx, scene.its_class.id)
        return desk_pages.roster(scene.its_class, people, 0, scene.texts)
    page = int(scene.argument) if scene.argument.isdecimal() else 0
    return desk_pages.roster(scene.its_class, people, page, scene.texts)


async def _code(scene: Scene) -> Page:
    tx, its_class = scene.tx, scene.its_class
    if scene.argument == "-":
        await classes.revoke_code(tx, its_class.id)
    elif scene.argument == "out":
        await classes.remove_by_code(tx, its_class.id)
    elif scene.argument.isdecimal() and (its_class.code_expires_at or tx.now) > tx.now:
        days = min(max(int(scene.argument[:4]), 1), _CODE_FOR.days)
        await classes.extend_code(tx, its_class.id, tx.now + timedelta(days=days))
    elif its_class.code is None or (its_class.code_expires_at or tx.now) <= tx.now:
        await classes.renew_code(tx, its_class.id, tx.now + _CODE_FOR)
    found = await classes.get(tx, its_class.id)
    assert found is not None  # mypy: it is there
    people = await classes.roster(tx, its_class.id)
    chat_id = await _private_of(scene) if scene.argument == "qr" else None
    if found.code is not None and chat_id is not None:
        poster = desk_pages.poster(found, scene.visit.link, scene.texts)
        key = f"{scene.key}:qr"
        await outbox.owe(tx, key, Kind.ANSWER, Rank.ANSWER, chat_id, body=poster)
    return desk_pages.code(found, people, tx.now, scene.texts)


async def _colleague(scene: Scene) -> Page:
    code = await classes.invite_teacher(scene.tx)
    return scene.texts.desk.colleague(code), desk_pages.back(scene.its_class, scene.texts)


async def _report(scene: Scene) -> Page:
    tx, said = scene.tx, scene.texts
    lesson = scene.lesson or await lessons.last(tx, scene.its_class.id)
    whole = None
    if lesson is not None:
        whole = await acts.report_of(
            tx, scene.its_class, lesson, said, scene.desk.limits.retention_days
        )
    if whole is None:
        return said.desk.no_essays, desk_pages.back(scene.its_class, said)
    chat_id = await _private_of(scene)
    if chat_id is None:
        return said.desk.in_private, desk_pages.back(scene.its_class, said)
    await acts.send_report(tx, f"{scene.key}:report", chat_id, whole, said, scene.visit.person)
    return said.desk.report_sent, desk_pages.back(scene.its_class, said)


async def _private_of(scene: Scene) -> int | None:
    """The open private chat of whoever asks, else of the teacher whose class it is."""
    for person in (scene.visit.person, scene.its_class.teacher):
        chat_id = await chats.open_private(scene.tx, person)
        if chat_id is not None:
            return chat_id
    return None


async def _end(scene: Scene) -> Page:
    assert scene.lesson is not None  # mypy: only in a lesson
    tx, said = scene.tx, scene.texts
    left = [
        job
        for job in await lessons.essays(tx, scene.lesson.id)
        if job.state in (JobState.WAITING, JobState.RUNNING)
    ]
    if left and scene.argument not in ("now", "yes", "ya"):
        return desk_pages.end(scene.its_class, said, len(left))
    if scene.argument != "yes":
        await acts.clear(tx, scene.desk, scene.lesson, with_running=True)
    await lessons.end(tx, scene.lesson.id)
    lesson = await lessons.get(tx, scene.lesson.id)
    if lesson is not None:
        whole = await acts.report_of(
            tx, scene.its_class, lesson, said, scene.desk.limits.retention_days
        )
        chat_id = await _private_of(scene)
        if whole is not None and chat_id is not None:
            await acts.send_report(
                tx, f"{scene.key}:report", chat_id, whole, said, scene.visit.person
            )
    return said.desk.ended(scene.lesson.title), desk_pages.back(scene.its_class, said)


async def _complaints(scene: Scene) -> Page:
    tx, its_class = scene.tx, scene.its_class
    if scene.argument:
        job = await jobs.by_code(tx, scene.argument)
        if job is not None and await _is_of_class(scene, job):
            await lessons.settle(tx, job.id)
    found = await lessons.open_complaints(tx, its_class.id, its_class.chat_id)
    return await desk_pages.complaints(tx, its_class, found, scene.texts)


async def _filters(scene: Scene) -> Page:
    return await protecting.filters(scene.tx, scene.its_class, scene.argument, scene.texts)


async def _help(scene: Scene) -> Page:
    return await protecting.help_lines(scene.tx, scene.its_class, scene.argument, scene.texts)


async def _notices(scene: Scene) -> Page:
    return await protecting.notices(scene.tx, scene.its_class, scene.argument, scene.texts)


async def _remove(scene: Scene) -> Page:
    tx, said = scene.tx, scene.texts
    job = await _job(scene)
    if job is None:
        text = said.classroom.recipe.not_known
        return text, desk_pages.back(scene.its_class, said)
    await lessons.settle(tx, job.id)
    await scene.desk.remove(tx, job)
    return said.desk.removed(job.code or ""), desk_pages.back(scene.its_class, said)


async def _correct(scene: Scene) -> Page:
    """Let the class correct an essay in the group."""
    said, its_class = scene.texts, scene.its_class
    job = await _essay(scene)
    if job is None:
        return said.classroom.recipe.not_known, desk_pages.back(its_class, said)
    text, markup = await correcting.page(scene.tx, its_class, job, said)
    await acts.tell_class(scene.tx, f"{scene.key}:mend", its_class, text, markup=markup)
    return said.classroom.correcting.published, desk_pages.back(its_class, said)


async def _tally(scene: Scene) -> Page:
    """What the class found, under the essay that it corrects."""
    job = await _essay(scene)
    if job is None:
        return scene.texts.safety.gone, desk_pages.back(scene.its_class, scene.texts)
    return await correcting.page(scene.tx, scene.its_class, job, scene.texts, has_tally=True)


async def _guess(scene: Scene) -> Page:
    """Let the class guess which of three texts is the bot's: the code of its essay comes first."""
    code, _, written = scene.argument.partition("\n")
    job = await _essay(replace(scene, argument=code))
    if job is None:
        how = scene.texts.classroom.guessing.how
        return how, desk_pages.back(scene.its_class, scene.texts)
    return await guessing.publish(scene.tx, scene.its_class, job, written, scene.texts)


async def _reveal(scene: Scene) -> Page:
    code, _, letter = scene.argument.partition(".")
    job = await _essay(replace(scene, argument=code))
    if job is None:
        return scene.texts.safety.gone, desk_pages.back(scene.its_class, scene.texts)
    return await guessing.reveal(scene.tx, scene.its_class, job, letter, scene.texts)


async def _job(scene: Scene) -> Job | None:
    """What the class asked for whose code stands behind an action, written or not."""
    code = as_typed(scene.argument, RECIPE_LENGTH)
    job = None if code is None else await jobs.by_code(scene.tx, code)
    return job if job is not None and await _is_of_class(scene, job) else None


async def _essay(scene: Scene) -> Job | None:
    """The same, once it is written."""
    job = await _job(scene)
    return job if job is not None and job.text else None


async def _is_of_class(scene: Scene, job: Job) -> bool:
    if job.request.address.chat_id == scene.its_class.chat_id:
        return True
    lesson_id = job.request.lesson_id
    lesson = None if lesson_id is None else await lessons.get(scene.tx, lesson_id)
    return lesson is not None and lesson.class_id == scene.its_class.id


ACTIONS: Mapping[str, Callable[[Scene], Awaitable[Page]]] = {
    "main": _main,
    "begin": _begin,
    "pause": _pause,
    "go": _resume,
    "clear": _clear,
    "stop": _stop,
    "topic": _topic,
    "set": _settings,
    "fix": _fix,
    "free": _free,
    "words": _most_words,
    "texts": _most_essays,
    "lang": _language,
    "deliv": _delivery,
    "turn": _turn,
    "priv": _switch("is_private", is_on=True),
    "group": _switch("is_private", is_on=False),
    "names": _switch("has_names", is_on=True),
    "anon": _switch("has_names", is_on=False),
    "people": _people,
    "who": _who,
    "strike": _strike,
    "code": _code,
    "coll": _colleague,
    "report": _report,
    "end": _end,
    "flags": _complaints,
    "remove": _remove,
    "mend": _correct,
    "tally": _tally,
    "guess": _guess,
    "reveal": _reveal,
    "filter": _filters,
    "help": _help,
    "notice": _notices,
}
_IN_LESSON = ("pause", "go", "clear", "stop", "topic", "end", "who")

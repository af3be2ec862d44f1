"""The pages of the teacher's desk: what each says, and its buttons. Every one leads back."""

from datetime import datetime
from typing import Any

from bot.classroom.explaining import pictures
from bot.classroom.names import names_in
from bot.essays.messages import title_of
from bot.storage import classes, lessons
from bot.storage.class_settings import rules
from bot.storage.classes import Class, Member
from bot.storage.database import Transaction
from bot.storage.lessons import Complaint, Lesson
from bot.storage.records import JobState, Preferences
from bot.telegram.commands.config_fields import BY_NAME, shown_value
from bot.telegram.keyboards import CLASS, JOIN, Keyboard, data, rows
from bot.texts import Texts

Page = tuple[str, Keyboard]
SWITCHES = ("is_private", "has_names", "has_votes", "has_ideas", "only_in_lessons")
_ON_A_PAGE = 8
_FIXABLE = ("words", "style", "temperature")


def _button(its_class: Class, texts: Texts, action: str, argument: str = "") -> tuple[str, str]:
    label = texts.desk.labels[f"{action}:{argument}" if argument else action]
    return label, _data(its_class, action, argument)


def _data(its_class: Class, action: str, argument: object = "") -> str:
    parts: list[object] = [CLASS, its_class.id, action]
    return data(*parts, argument) if argument != "" else data(*parts)


def back(its_class: Class, texts: Texts) -> Keyboard:
    """Only the way back."""
    return rows([_back(its_class, texts)])


def _back(its_class: Class, texts: Texts) -> tuple[str, str]:
    return texts.config.back, _data(its_class, "main")


async def main(tx: Transaction, its_class: Class, lesson: Lesson | None, texts: Texts) -> Page:
    """The first page."""
    said = texts.desk
    flagged = len(await lessons.open_complaints(tx, its_class.id, its_class.chat_id))
    flags = said.labels["flags"] + (f": {flagged}" if flagged else "")
    flags_button = (flags, _data(its_class, "flags"))

    def button(action: str) -> tuple[str, str]:
        return _button(its_class, texts, action)

    if lesson is None:
        people = await classes.roster(tx, its_class.id)
        text = said.no_lesson(its_class.name, len(people))
        return text, rows(
            [button("begin")],
            [button("set"), button("deliv")],
            [button("people"), flags_button],
            [button("code"), button("report")],
        )
    asked = await lessons.essays(tx, lesson.id)
    done = sum(job.state is JobState.DELIVERED for job in asked)
    left = sum(
        job.state in (JobState.WAITING, JobState.RUNNING, JobState.WRITTEN) for job in asked
    )
    started = lesson.started_at.astimezone()
    text = said.in_lesson(lesson.title, f"{started.hour}:{started.minute:02}", done, left)
    if flagged:
        text += f"\n{said.unseen(flagged)}"
    return text, rows(
        [button("go" if lesson.is_paused else "pause"), button("topic")],
        [button("clear"), button("stop")],
        [button("set"), button("deliv")],
        [button("people"), flags_button],
        [button("report"), button("end")],
    )


def day_title(texts: Texts, now: datetime) -> str:
    """A title for a lesson of today."""
    day, said = now.astimezone(), texts.classroom.report
    return said.date(day.day, said.months[day.month - 1], day.year)


def title(its_class: Class, texts: Texts, now: datetime) -> Page:
    """How the lesson is to be called."""
    return texts.desk.title_ask, rows(
        [(day_title(texts, now), _data(its_class, "begin", "day"))],
        [(texts.desk.labels["untitled"], _data(its_class, "begin", "-"))],
        [_back(its_class, texts)],
    )


def sure(its_class: Class, texts: Texts, action: str, count: int) -> Page:
    """Asks again before essays are thrown away."""
    said = texts.desk
    text = said.clear_ask(count) if action == "clear" else said.stop_ask
    return text, rows(
        [(said.labels["yes"], _data(its_class, action, "yes")), _back(its_class, texts)]
    )


def topic(its_class: Class, lesson: Lesson | None, texts: Texts) -> Page:
    """One topic for everybody."""
    current = None if lesson is None else lesson.topic
    lines = [[_back(its_class, texts)]]
    if lesson is not None and current is not None:
        only = texts.desk.labels["only"] + f": {_yes(lesson.is_only_topic, texts)}"
        lines.insert(0, [(only, _data(its_class, "topic", "only"))])
        lines.insert(1, [(texts.desk.labels["untopic"], _data(its_class, "topic", "-"))])
    return texts.desk.topic_page(current), rows(*lines)


def join(lesson_id: int, texts: Texts) -> Keyboard:
    """Under the topic for everybody."""
    return rows([(texts.classroom.board.button_join, data(JOIN, lesson_id))])


def value_of(its_class: Class, name: str, texts: Texts) -> str:
    """A setting as it holds in a class: ``Longitud: 200 palabras``."""
    ruled = rules(Preferences(), its_class.settings)
    value = shown_value(BY_NAME[name], getattr(ruled, name), texts.config)
    return f"{texts.config.names[name]}: {value}"


def settings(its_class: Class, texts: Texts) -> Page:
    """What is fixed for everybody, and the ceilings."""
    said, chosen = texts.desk, its_class.settings
    names = [*_FIXABLE, *(name for name in chosen.fixed if name not in _FIXABLE)]
    lines = [
        value_of(its_class, name, texts) + f" ({said.fixed})"
        if name in chosen.fixed
        else f"{texts.config.names[name]}: {said.free}"
        for name in names
    ]
    lines += [said.most_words(chosen.most_words), said.most_essays(chosen.most_essays)]
    language = texts.config.languages[chosen.language] if chosen.language else said.free
    lines.append(f"{texts.config.names['language']}: {language}")
    only = said.labels["turn:only_in_lessons"] + f": {_yes(chosen.only_in_lessons, texts)}"
    freeing = [
        (f"{texts.config.names[name]}: {said.free}", _data(its_class, "free", name))
        for name in names
        if name in chosen.fixed
    ]
    lengths = [
        (texts.config.words(words), _data(its_class, "fix", f"words.{words}"))
        for words in (120, 200)
    ]
    return said.settings_page("\n".join(lines)), rows(
        lengths,
        *([one] for one in freeing),
        [
            (said.most_words(300), _data(its_class, "words", "300")),
            (said.labels["texts:3"], _data(its_class, "texts", "3")),
        ],
        [(only, _data(its_class, "turn", "only_in_lessons"))],
        [_back(its_class, texts)],
    )


def delivery(its_class: Class, texts: Texts) -> Page:
    """Where and how essays come."""
    said, chosen = texts.desk, its_class.settings
    where = said.labels["private" if chosen.is_private else "group"]
    names = said.labels["names" if chosen.has_names else "anon"]
    votes = said.labels["votes"] + f": {_yes(chosen.has_votes, texts)}"
    ideas = f"{texts.config.names['ideas']}: {_yes(chosen.has_ideas, texts)}"
    long_texts = said.labels["long"] + f": {said.long_texts[chosen.long_texts]}"
    text = said.delivery(chosen.is_private, chosen.has_names)
    return text, rows(
        [
            (where, _data(its_class, "turn", "is_private")),
            (names, _data(its_class, "turn", "has_names")),
        ],
        [
            (votes, _data(its_class, "turn", "has_votes")),
            (long_texts, _data(its_class, "turn", "long")),
        ],
        [(ideas, _data(its_class, "turn", "has_ideas"))],
        [_back(its_class, texts)],
    )


async def people(tx: Transaction, its_class: Class, lesson: Lesson | None, texts: Texts) -> Page:
    """Who has an essay, and who of the list has none."""
    members = await classes.roster(tx, its_class.id)
    asked = [] if lesson is None else await lessons.essays(tx, lesson.id)
    done = {job.request.person for job in asked}
    missing = [member.name for member in members if member.person not in done]
    text = texts.desk.people_page(len(done), missing if lesson is not None else [])
    lines = [
        [_button(its_class, texts, "strike"), _button(its_class, texts, "code")],
        [_back(its_class, texts)],
    ]
    if lesson is not None and not its_class.settings.has_names:
        lines.insert(1, [_button(its_class, texts, "who")])
    return text, rows(*lines)


async def who_is_who(tx: Transaction, its_class: Class, lesson: Lesson, texts: Texts) -> Page:
    """The key of the pseudonyms."""
    asked = await lessons.essays(tx, lesson.id)
    names = names_in(lesson, asked, texts.classroom.report.pseudonyms, has_names=False)
    called = {one.person: one.name for one in await classes.roster(tx, its_class.id)}
    lines = [f"{pseudonym}: {called.get(person, '?')}" for person, pseudonym in names.items()]
    return "\n".join(lines) or texts.desk.nobody, back(its_class, texts)


def roster(its_class: Class, members: list[Member], page: int, texts: Texts) -> Page:
    """The list, and buttons to take somebody off it, eight a page."""
    start = page * _ON_A_PAGE
    shown = members[start : start + _ON_A_PAGE]
    lines = [f"{number}. {member.name}" for number, member in enumerate(members, start=1)]
    buttons = [
        (str(start + number), _data(its_class, "strike", f"u{member.person.partition(':')[2]}"))
        for number, member in enumerate(shown, start=1)
        if member.person.startswith("user:")
    ]
    turn = []
    if page > 0:
        turn.append(("‹", _data(its_class, "strike", page - 1)))
    if len(members) > start + _ON_A_PAGE:
        turn.append(("›", _data(its_class, "strike", page + 1)))
    text = "\n".join([*lines, texts.desk.strike_ask]) if lines else texts.desk.nobody
    return text, rows(*(line for line in (buttons, turn) if line), [_back(its_class, texts)])


def code(its_class: Class, members: list[Member], now: datetime, texts: Texts) -> Page:
    """The code that lets people in."""
    said, until = texts.desk, its_class.code_expires_at
    if its_class.code is None or until is None:
        return said.code_none, back(its_class, texts)
    count = sum(member.by_code for member in members)
    if until <= now:
        out = [(said.labels["code:out"], _data(its_class, "code", "out"))] if count else []
        return said.code_ended(count), rows(
            [_button(its_class, texts, "code")], *([out] if out else []), [_back(its_class, texts)]
        )
    day = until.astimezone()
    last_day = texts.classroom.report.date(
        day.day, texts.classroom.report.months[day.month - 1], day.year
    )
    shown = _spaced(its_class.code)
    return said.code_page(its_class.name, shown, its_class.code, last_day, count), rows(
        [_button(its_class, texts, "code", days) for days in ("1", "30", "365")],
        [_button(its_class, texts, "code", "qr"), _button(its_class, texts, "code", "-")],
        [_button(its_class, texts, "strike")],
        [_back(its_class, texts)],
    )


def poster(its_class: Class, link: str, texts: Texts) -> dict[str, Any]:
    """The picture of a code, for the projector, and the words under it."""
    code = its_class.code or ""
    title = texts.desk.poster(its_class.name)
    picture = pictures.Poster(title, _spaced(code), f"{link}{code}")
    text = f"{title}\n{_spaced(code)}\n{link}{code}"
    return {"text": text, "picture": pictures.to_json(picture)}


def _spaced(code: str) -> str:
    return f"{code[:3]}-{code[3:]}"


def end(its_class: Class, texts: Texts, left: int) -> Page:
    """Asks what becomes of the essays that wait."""
    said = texts.desk
    return said.end_ask(left), rows(
        [(said.labels["end:yes"], _data(its_class, "end", "yes"))],
        [(said.labels["end:now"], _data(its_class, "end", "now"))],
        [_back(its_class, texts)],
    )


async def complaints(
    tx: Transaction, its_class: Class, found: list[Complaint], texts: Texts
) -> Page:
    """The first essay that readers reported, and what can be done about it."""
    said = texts.desk
    # What is only false alarms nobody.
    alarms = [
        {why: count for why, count in one.reasons.items() if why != "false"} for one in found
    ]
    filters = (texts.safety.button_filters, _data(its_class, "filter"))
    if not any(alarms):
        return said.no_complaints, rows([filters], [_back(its_class, texts)])
    job, reasons = next((one.job, why) for one, why in zip(found, alarms, strict=True) if why)
    request = job.request
    name = await classes.called(tx, request.person, request.name, request.address.chat_id)
    text = texts.safety.reported(job.code or "–", title_of(job, 40), name or "?", reasons)
    return f"{text}\n\n{job.text[:3000]}", rows(
        [
            (said.labels["remove"], _data(its_class, "remove", job.code or "")),
            (said.labels["settle"], _data(its_class, "flags", job.code or "")),
        ],
        [filters],
        [_back(its_class, texts)],
    )


def _yes(is_so: bool, texts: Texts) -> str:
    return texts.config.on if is_so else texts.config.off

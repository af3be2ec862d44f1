"""What is said where no essay is the answer: refusals, sober styles, and people who need a person.

Of a cry for help nothing is kept: no job, no topic, no count. A teacher may hear a name, if the
class wants that, and never a word.
"""

from datetime import timedelta

from telegram.helpers import create_deep_linked_url

from bot.essays import care, safety
from bot.essays.desk import Desk
from bot.essays.safety import UnfitTopicError, Verdict
from bot.storage import classes, jobs, outbox, people
from bot.storage.classes import Class, first_name
from bot.storage.database import Transaction
from bot.storage.records import EssayRequest, JobState, Way
from bot.telegram import keyboards
from bot.telegram.commands.answering import LATER, answer, answer_alone, settle
from bot.telegram.keyboards import Keyboard, data, packed, rows
from bot.telegram.visit import Visit
from bot.texts import TEXTS

_SELF_HARM = "self_harm"
_KINDS = ("self", "harmed", "friend", "sad", _SELF_HARM)
"""By their place in the link that opens the private chat."""
_TOLD_EVERY = timedelta(hours=1)
_NAME_BYTES = 24


def ensure_no_cry(visit: Visit) -> None:
    """Look at words that are no topic.

    Raises:
        UnfitTopicError: They are a cry for help.
    """
    finding = safety.judge(visit.text) if visit.text else None
    if finding is None or visit.person is None or visit.address is None:
        return
    if finding.verdict is Verdict.DISTRESS:
        request = EssayRequest(visit.person, visit.address, visit.text, visit.preferences)
        raise UnfitTopicError(finding, request)


async def answer_unfit(
    tx: Transaction, visit: Visit, desk: Desk, error: UnfitTopicError
) -> str | None:
    """Say why a topic is not written, or not so; in a group to its person alone if possible.

    Returns:
        What a press that asked for it is answered.
    """
    finding, request = error.finding, error.request
    is_later = False
    if finding.verdict is Verdict.SERIOUS:
        is_later = await _offer_styles(tx, visit, error)
    elif finding.verdict is Verdict.DISTRESS or finding.kind == _SELF_HARM:
        await _care(tx, visit, desk, finding.kind, safety.names_teacher(request.topic))
    else:
        where = await _help(tx, visit, desk, visit.address.chat_id if visit.address else 0)
        text = care.refusal(finding.kind, where, visit.texts.safety)
        is_later = await answer_alone(tx, visit, text)
    return LATER if is_later else None


async def _offer_styles(tx: Transaction, visit: Visit, error: UnfitTopicError) -> bool:
    job = await jobs.add(
        tx, error.request, update_id=visit.update_id, seed=0, state=JobState.ASKED
    )
    if job is None:
        return False
    texts = visit.texts.safety
    buttons = [
        (label, data(keyboards.STYLE, job.token, style))
        for style, label in texts.button_styles.items()
    ]
    other = (texts.button_other, data(keyboards.STYLE, job.token, keyboards.NO_STYLE))
    markup = rows(buttons[:2], [*buttons[2:], other])
    return await answer_alone(tx, visit, texts.serious, markup)


async def _care(tx: Transaction, visit: Visit, desk: Desk, kind: str, names_teacher: bool) -> None:
    """Answer somebody who needs a person; the same however often they write.

    Strangers once an hour, and without buttons: nobody of theirs is here.
    """
    address, person, texts = visit.address, visit.person, visit.texts.safety
    if address is None or person is None:
        return
    key = await _key(tx, visit, person)
    if key is None:
        return
    text, markup = await _caring(tx, visit, desk, kind, names_teacher, address.chat_id)
    lines: list[list[dict[str, str]]] = markup["inline_keyboard"]
    if address.is_private:
        await _say(tx, visit, key, text, markup)
        return
    said = Way(
        address.chat_id,
        {"text": texts.in_private(first_name(visit.name))},
        address.thread_id,
        reply_to=address.message_id,
    )
    user_id = person.removeprefix("user:")
    if not user_id.isdecimal():
        # An anonymous administrator has no private chat that anybody knows of.
        await outbox.owe_alone(tx, key, person, [said])
        return
    payload = f"c{_KINDS.index(kind)}{int(names_teacher)}_{user_id}_{address.chat_id}"
    link = create_deep_linked_url(visit.bot_username, payload)
    open_it = [{"text": texts.button_open, "url": link}]
    said.body["markup"] = {"inline_keyboard": [open_it]}
    for_them = {"text": text, "markup": {"inline_keyboard": [*lines, open_it]}}
    ways = [
        Way(int(user_id), {"text": text, **({"markup": markup} if lines else {})}),
        Way(
            address.chat_id,
            {**for_them, "only_for": {"receiver_user_id": int(user_id)}},
            address.thread_id,
        ),
        said,
    ]
    await outbox.owe_alone(tx, key, person, ways)


async def reopen(tx: Transaction, visit: Visit, desk: Desk) -> bool:
    """``/start`` by the button in a group: say there what could not be said before others.

    Returns:
        Whether the link was that, and this person's.
    """
    found = keyboards.CARE_LINK.fullmatch(visit.text.strip())
    if found is None or visit.person != f"user:{found[3]}":
        return False
    kind, names_teacher = _KINDS[int(found[1])], found[2] == "1"
    key = await _key(tx, visit, visit.person)
    if key is not None:
        chat_id = visit.named_group or int(found[3])
        text, markup = await _caring(tx, visit, desk, kind, names_teacher, chat_id)
        await _say(tx, visit, key, text, markup)
    return True


async def _key(tx: Transaction, visit: Visit, person: str) -> str | None:
    """What the answer is owed as; None if a stranger had it within the hour."""
    key = f"u{visit.update_id}:alone"
    if visit.is_admitted:
        return key
    theirs, since = f"alone:{person}:", tx.now - _TOLD_EVERY
    is_known = await outbox.was_owed(tx, theirs, since=since, person=person)
    return None if is_known else theirs + key


async def _say(tx: Transaction, visit: Visit, key: str, text: str, markup: Keyboard) -> None:
    assert visit.person is not None  # mypy: the callers know who it is
    assert visit.address is not None  # mypy: the same
    if visit.is_admitted:
        await answer(tx, visit, text, markup if markup["inline_keyboard"] else None)
    else:
        way = Way(visit.address.chat_id, {"text": text})
        await outbox.owe_alone(tx, key, visit.person, [way])


async def _caring(
    tx: Transaction, visit: Visit, desk: Desk, kind: str, names_teacher: bool, chat_id: int
) -> tuple[str, Keyboard]:
    """What is said, and the buttons under it; tells a teacher where one always hears of it."""
    assert visit.person is not None  # mypy: the callers know who it is
    texts = visit.texts.safety
    in_class = await classes.of_person(tx, visit.person, chat_id)
    tells = (in_class.settings.tells_distress if in_class else "") or "wish"
    teacher = await teacher_of(tx, in_class)
    can_tell = visit.is_admitted and teacher is not None and tells != "never" and not names_teacher
    where = await _help(tx, visit, desk, chat_id)
    owner = packed(visit.person)
    talk = [(texts.button_talk, data(keyboards.CARE, owner, "talk", chat_id))]
    if kind == _SELF_HARM:
        return care.refusal(kind, where, texts), rows(*([talk] if can_tell else []))
    is_told = can_tell and tells == "always"
    if is_told:
        await _tell_teacher(tx, visit, in_class)
    text = care.caring(kind, where, texts, names_teacher=names_teacher, is_told=is_told)
    not_so = [(texts.button_not_so, data(keyboards.CARE, owner, "no"))]
    lines = [*([talk] if can_tell else []), *([not_so] if visit.is_admitted else [])]
    return text, rows(*lines)


async def press(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """A button under what was said to somebody who needs a person."""
    assert visit.press is not None  # mypy: the handler is for buttons
    texts = visit.texts.safety
    if not visit.press.is_owner or visit.person is None or visit.address is None:
        return visit.texts.chat.not_yours
    if visit.press.parts[2] != "talk":
        return await settle(tx, visit, texts.not_so)
    chat_id = visit.named_group or visit.address.chat_id
    await _tell_teacher(tx, visit, await classes.of_person(tx, visit.person, chat_id))
    return texts.told


async def attend(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """A teacher's button under the news that somebody wants to talk."""
    assert visit.press is not None  # mypy: the handler is for buttons
    texts = visit.texts.safety
    _, _, choice, *rest = visit.press.parts
    if not visit.press.is_owner:
        return visit.texts.chat.not_yours
    if choice == "how":
        await answer(tx, visit, texts.what_to_do(rest[0] if rest else ""))
        return None
    return await settle(tx, visit, texts.seen(visit.press.said))


async def teacher_of(tx: Transaction, in_class: Class | None) -> str | None:
    """Who hears of what happens in a class: whoever made it, or the owner of the bot."""
    teacher = in_class.teacher if in_class else None
    # An anonymous administrator has no private chat that anybody knows of.
    return teacher if (teacher or "").startswith("user:") else await people.owner(tx)


async def _tell_teacher(tx: Transaction, visit: Visit, in_class: Class | None) -> None:
    """Tell a teacher that somebody wants to talk, once an hour at most; a name, and no words."""
    person, teacher = visit.person, await teacher_of(tx, in_class)
    if teacher is None or person is None:
        return
    key, since = f"care:{person}:", tx.now - _TOLD_EVERY
    if await outbox.was_owed(tx, key, since=since, person=person):
        return
    theirs = await people.preferences(tx, teacher)
    texts = TEXTS[(theirs or visit.preferences).language].safety
    chat_id = (in_class and in_class.chat_id) or 0
    name = await classes.called(tx, person, visit.name, chat_id)
    owner, cut = packed(teacher), _cut(name)
    markup = rows(
        [
            (texts.button_seen, data(keyboards.ATTEND, owner, "seen")),
            (texts.button_what_to_do, data(keyboards.ATTEND, owner, "how", cut)),
        ]
    )
    text = texts.wants_to_talk(name, in_class.name if in_class else "")
    way = Way(int(teacher.removeprefix("user:")), {"text": text, "markup": markup})
    await outbox.owe_alone(tx, f"{key}u{visit.update_id}", person, [way])


async def _help(tx: Transaction, visit: Visit, desk: Desk, chat_id: int) -> dict[str, str]:
    """Where to find help: what the class says, and else what the installation says."""
    in_class = visit.person and await classes.of_person(tx, visit.person, chat_id)
    return {**desk.help, **(in_class.settings.help if in_class else {})}


def _cut(name: str) -> str:
    """A name that fits into a button's data."""
    plain = name.replace(":", " ").encode()[:_NAME_BYTES]
    return plain.decode(errors="ignore").strip() or "?"

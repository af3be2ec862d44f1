"""How the model works: what people ask to see, the messages that show it, and their buttons."""

import secrets
from dataclasses import replace
from typing import Any

from bot.classroom.explaining import attention as looks
from bot.classroom.explaining import comparison, pictures, steps
from bot.classroom.explaining import probabilities as chances
from bot.classroom.explaining import tokens as cuts
from bot.classroom.explaining.showing import CLOSE, Buttons, Shown, Turn
from bot.errors import EmptyTopicError, QueueFullError, RequestError, TooManyWaitingError
from bot.essays import safety
from bot.essays.apologies import failure_text
from bot.essays.desk import Desk
from bot.essays.safety import UnfitTopicError, Verdict
from bot.storage import chats, classes, inquiries, jobs, outbox
from bot.storage.database import Transaction
from bot.storage.inquiries import Inquiry, Subject
from bot.storage.records import Address, EssayRequest, Kind, Rank
from bot.telegram.commands.answering import answer_alone, sign_answered
from bot.telegram.keyboards import LOOK, Keyboard, data
from bot.telegram.visit import Visit
from bot.texts import TEXTS, Texts

_MOST_CHARACTERS = 600
_SEEDS = 2**31

_ALONE = (Subject.TOKENS, Subject.PROBABILITIES, Subject.ATTENTION)
"""What somebody tries out: a group need not see it where their private chat is open."""

_SHOWN = {
    Subject.COMPARISON: comparison.shown,
    Subject.TOKENS: cuts.shown,
    Subject.PROBABILITIES: chances.shown,
    Subject.ATTENTION: looks.shown,
    Subject.STEPS: steps.shown,
}


async def compare(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/comparar TOPIC``: written several times, with the knob turned that the words name."""
    knob, topic = comparison.knob_and_topic(visit.text or visit.quoted, visit.texts)
    if topic and not any(character.isalnum() for character in topic):
        raise EmptyTopicError
    view = {"knob": knob, "seed": visit.ruled.seed or secrets.randbelow(_SEEDS)}
    missing = visit.texts.explaining.comparison.missing
    await _ask(tx, visit, desk, Subject.COMPARISON, topic, view, missing)


async def tokens(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/tokens TEXT``: the pieces of a text; of numbers, what they say."""
    missing = visit.texts.explaining.tokens.missing
    await _ask(tx, visit, desk, Subject.TOKENS, visit.text or visit.quoted, {}, missing)


async def probabilities(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/probabilidades TEXT``: what could come next."""
    view = {"temperature": visit.ruled.temperature}
    text, missing = visit.text or visit.quoted, visit.texts.explaining.probabilities.missing
    await _ask(tx, visit, desk, Subject.PROBABILITIES, text, view, missing)


async def attention(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/atencion TEXT``: where its last piece looks."""
    missing = visit.texts.explaining.attention.missing
    await _ask(tx, visit, desk, Subject.ATTENTION, visit.text or visit.quoted, {}, missing)


async def explain(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/explica``: five steps, with a person's own words, their last topic or an example.

    In a group only a teacher has them shown: they take the class's time.
    """
    if visit.address is not None and not visit.address.is_private and not visit.is_teacher:
        await answer_alone(tx, visit, visit.texts.desk.only_teacher)
        return
    text = visit.text or visit.quoted
    if not text and visit.person is not None and visit.address is not None:
        last = await jobs.last_of(tx, visit.person, visit.address.chat_id)
        text = last.request.topic if last else visit.texts.explaining.steps.example
    await _ask(tx, visit, desk, Subject.STEPS, text, {"step": 1}, "")


async def press(tx: Transaction, visit: Visit, desk: Desk) -> str | None:
    """A button of what is shown: only for whoever asked, and only in its chat."""
    assert visit.press is not None  # mypy: the handler is for buttons
    assert visit.address is not None  # mypy: a button is in a chat
    _, token, action = (*visit.press.parts[:2], ":".join(visit.press.parts[2:]))
    inquiry = await inquiries.by_token(tx, token)
    here = await chats.current(tx, visit.address.chat_id)
    if inquiry is None or inquiry.address.chat_id != here:
        return visit.texts.chat.button_gone
    if not visit.press.is_owner:
        return visit.texts.chat.not_yours
    target = visit.press.message_id
    if target is None:
        return visit.texts.chat.button_gone
    if not inquiry.found:
        return None
    inquiry = replace(inquiry, target=target)
    try:
        turn = _pressed(inquiry, action, visit.texts)
    except (ValueError, KeyError):
        return visit.texts.chat.button_gone
    if turn.closes:
        shown = _shown(inquiry)
        await _owe_change(tx, inquiry, replace(shown, buttons=()))
    elif turn.is_new:
        text = inquiry.text if turn.text is None else turn.text
        await inquiries.turn(tx, inquiry, turn.view, text, target=target)
    elif turn.opens is not None:
        await _open(tx, visit, desk, inquiry, turn.opens)
    elif turn.view != inquiry.view:
        await inquiries.look_otherwise(tx, inquiry, turn.view)
        await _owe_change(tx, inquiry, _shown(replace(inquiry, view=turn.view)))
    return turn.toast


async def owe(tx: Transaction, inquiry: Inquiry) -> None:
    """Owe the message that shows what was found, or its change."""
    shown = _shown(inquiry)
    if inquiry.target is None:
        await _owe_answer(tx, inquiry, _body(inquiry, shown))
    else:
        await _owe_change(tx, inquiry, shown)


async def owe_failure(tx: Transaction, inquiry: Inquiry, error: RequestError) -> None:
    """Owe the news that there is nothing to show."""
    text = failure_text(error, TEXTS[inquiry.preferences.language].failures)
    await _owe_answer(tx, inquiry, {"text": text})


async def _ask(
    tx: Transaction,
    visit: Visit,
    desk: Desk,
    subject: Subject,
    text: str,
    view: dict[str, Any],
    missing: str,
) -> None:
    """Note what somebody wants to see; it counts as one text among those that wait."""
    if not text:
        await answer_alone(tx, visit, missing)
        return
    if visit.person is None or visit.address is None:
        return
    await _ensure_fit(tx, visit, subject, text)
    own = await jobs.unfinished_of(tx, visit.person)
    limits = desk.limits
    if len(own) + await inquiries.count_waiting(tx, visit.person) > limits.waiting_per_person:
        raise TooManyWaitingError(limits.waiting_per_person)
    if await inquiries.count_waiting(tx) >= limits.waiting:
        raise QueueFullError(limits.waiting)
    if len(text) > _MOST_CHARACTERS:
        text, view = text[:_MOST_CHARACTERS], {**view, "is_shortened": True}
    address = visit.address
    alone = await chats.open_private(tx, visit.person) if subject in _ALONE else None
    if alone is not None and not address.is_private:
        address = Address(alone, None, None, is_private=True)
        await sign_answered(tx, visit)
    await inquiries.add(
        tx,
        subject,
        person=visit.person,
        address=address,
        text=text,
        preferences=visit.ruled,
        view=view,
        update_id=visit.update_id,
    )


async def _ensure_fit(tx: Transaction, visit: Visit, subject: Subject, text: str) -> None:
    """Look at words as at a topic; only to write of serious ones takes a sober style.

    Raises:
        UnfitTopicError: They are refused, or a cry for help.
    """
    assert visit.person is not None  # mypy: somebody asks
    assert visit.address is not None  # mypy: somewhere
    in_class = await classes.of_person(tx, visit.person, visit.address.chat_id)
    finding = safety.judge(text, safety.filters_of(in_class.settings) if in_class else None)
    is_harmless = finding.verdict is Verdict.SERIOUS and subject is not Subject.COMPARISON
    if finding.verdict is not Verdict.FIT and not is_harmless:
        request = EssayRequest(visit.person, visit.address, text, visit.ruled)
        raise UnfitTopicError(finding, request)


async def _open(
    tx: Transaction, visit: Visit, desk: Desk, inquiry: Inquiry, subject: Subject
) -> None:
    view = {"temperature": inquiry.preferences.temperature}
    await _ask(tx, visit, desk, subject, inquiry.text, view, "")


def _pressed(inquiry: Inquiry, action: str, texts: Texts) -> Turn:
    if action == CLOSE:
        return Turn(inquiry.view, closes=True)
    match inquiry.subject:
        case Subject.PROBABILITIES:
            return chances.pressed(inquiry, action, texts)
        case Subject.ATTENTION:
            return looks.pressed(inquiry, action)
        case Subject.COMPARISON:
            return comparison.pressed(inquiry, action)
        case Subject.STEPS:
            return steps.pressed(inquiry, action, texts)
    raise ValueError(action)


def _shown(inquiry: Inquiry) -> Shown:
    texts = TEXTS[inquiry.preferences.language]
    shown = _SHOWN[inquiry.subject](inquiry, texts)
    if not inquiry.view.get("is_shortened"):
        return shown
    note = texts.explaining.shortened(_MOST_CHARACTERS)
    return replace(shown, text=f"{shown.text}\n{note}")


async def _owe_answer(tx: Transaction, inquiry: Inquiry, body: dict[str, Any]) -> None:
    address = inquiry.address
    await outbox.owe(
        tx,
        f"q{inquiry.id}:v{inquiry.version}",
        Kind.ANSWER,
        Rank.ANSWER,
        address.chat_id,
        body=body,
        thread_id=address.thread_id,
        reply_to=None if address.is_private else address.message_id,
        person=inquiry.person,
    )


async def _owe_change(tx: Transaction, inquiry: Inquiry, shown: Shown) -> None:
    await outbox.owe(
        tx,
        f"c{inquiry.address.chat_id}:m{inquiry.target}",
        Kind.EDIT,
        Rank.ANSWER,
        inquiry.address.chat_id,
        body=_body(inquiry, shown),
        thread_id=inquiry.address.thread_id,
        target=inquiry.target,
        person=inquiry.person,
    )


def _body(inquiry: Inquiry, shown: Shown) -> dict[str, Any]:
    body: dict[str, Any] = {"text": shown.text}
    if shown.entities:
        body["entities"] = list(shown.entities)
    if shown.buttons:
        body["markup"] = _keyboard(shown.buttons, inquiry.token)
    if shown.picture is not None:
        body["picture"] = pictures.to_json(shown.picture)
    return body


def _keyboard(buttons: Buttons, token: str) -> Keyboard:
    def effect(action: str, copied: str) -> dict[str, Any]:
        if copied:
            return {"copy_text": {"text": copied}}
        return {"callback_data": data(LOOK, token, action)}

    return {
        "inline_keyboard": [
            [{"text": one.label, **effect(one.action, one.copied)} for one in row]
            for row in buttons
        ]
    }

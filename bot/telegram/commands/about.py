"""First contact, help, privacy, strangers, and what the bot does not understand."""

from bot.errors import ClassRule
from bot.essays.desk import Desk
from bot.storage import classes, people
from bot.storage.classes import first_name
from bot.storage.codes import CLASS_LENGTH, as_typed
from bot.storage.database import Transaction
from bot.telegram.commands import care
from bot.telegram.commands.answering import answer, answer_alone, tell_stranger
from bot.telegram.commands.membership import closed
from bot.telegram.commands.understanding import Talk, talk_of
from bot.telegram.menu import help_text
from bot.telegram.visit import Visit


async def start(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/start``, or a link, which is ``/start CODE``: the owner's, or one that was said alone."""
    texts = visit.texts.chat
    is_private = visit.address is not None and visit.address.is_private
    if not visit.text or visit.person is None or not is_private:
        await answer(tx, visit, texts.welcome)
    elif await care.reopen(tx, visit, desk):
        return
    elif await people.claim(tx, visit.person, visit.text.split()[0]):
        await answer(tx, visit, texts.owner_welcome)
    elif await classes.become_teacher(tx, visit.person, visit.text.split()[0]):
        await answer(tx, visit, visit.texts.desk.new_teacher)
    elif (code := as_typed(visit.text, CLASS_LENGTH)) is not None:
        await _join(tx, visit, visit.person, code)
    elif visit.is_admitted:
        await answer(tx, visit, texts.welcome)
    elif await classes.may_try_code(tx, visit.person):
        await classes.note_wrong_code(tx, visit.person)
        await answer(tx, visit, texts.owner_code_wrong)


async def show_help(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/ayuda``."""
    await answer_alone(tx, visit, help_text(visit.texts.chat))


async def show_privacy(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/privacidad``."""
    await answer_alone(tx, visit, visit.texts.chat.privacy)


async def talk(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A human answer to what is no topic."""
    said = visit.texts.talk
    answers = {
        Talk.GREETING: said.greeting(first_name(visit.name)),
        Talk.THANKS: said.thanks,
        Talk.GOODBYE: said.goodbye(first_name(visit.name)),
        Talk.WHO: said.who,
        Talk.INSULT: said.rather_a_topic,
    }
    await answer(tx, visit, answers.get(talk_of(visit.text) or Talk.VAGUE, said.what_about))


async def unknown_command(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A command of another bot, or a slip of the pen."""
    await answer(tx, visit, visit.texts.chat.unknown_command)


async def not_text(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A photo, a voice message, a sticker: say kindly that it takes words.

    Raises:
        UnfitTopicError: What stands under it is a cry for help.
    """
    care.ensure_no_cry(visit)
    await answer(tx, visit, visit.texts.chat.not_text)


async def turn_away(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """Tell a stranger so, once an hour at most.

    Raises:
        UnfitTopicError: It is a cry for help, which nobody is turned away with.
    """
    care.ensure_no_cry(visit)
    texts, address = visit.texts.chat, visit.address
    if visit.press is not None:
        return texts.stranger_toast
    if address is None:
        return None
    body = {"text": texts.stranger}
    if not address.is_private:
        body = await closed(tx, visit)
    elif visit.person is not None and (code := as_typed(visit.text, CLASS_LENGTH)) is not None:
        await _join(tx, visit, visit.person, code)
        return None
    elif await people.owner(tx) is None:
        body = {"text": texts.unclaimed}
    elif visit.person is not None and (left := await classes.removed_from(tx, visit.person)):
        rule = visit.texts.failures.class_rules[ClassRule.REMOVED]
        body = {"text": rule.format(value=left.name)}
    await tell_stranger(tx, visit, body)
    return None


async def _join(tx: Transaction, visit: Visit, person: str, code: str) -> None:
    """Somebody names the code of a class; after five wrong ones they hear nothing for an hour."""
    if not await classes.may_try_code(tx, person):
        return
    said, its_class = visit.texts.desk, await classes.by_code(tx, code)
    if its_class is None:
        await classes.note_wrong_code(tx, person)
        await answer(tx, visit, said.code_wrong)
    elif its_class.code_expires_at is None or its_class.code_expires_at <= tx.now:
        await answer(tx, visit, said.code_expired)
    elif await classes.join(tx, its_class.id, person, visit.name):
        await answer(tx, visit, said.welcome_student(first_name(visit.name), its_class.name))
    else:
        rule = visit.texts.failures.class_rules[ClassRule.REMOVED]
        await answer(tx, visit, rule.format(value=its_class.name))


async def ignore(_tx: Transaction, _visit: Visit, _desk: Desk) -> None:
    """Nothing that concerns the bot."""

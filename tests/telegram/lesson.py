"""A lesson in which anything may happen, judged by what stands in the chats at its end."""

import re
from collections import Counter
from dataclasses import dataclass, field

from bot.essays.desk import Limits
from bot.playground.permissions import PersonError
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom
from tests.telegram_in_process import Shown

CHAT = SPANISH.chat
_TOPIC = re.compile(r"Tema \d+")
_MARK = re.compile(r"\((\d+)/(\d+)\)$")
_NUMBER = re.compile(r"número (\d+)\.")
_STOPPED = (CHAT.stopped, CHAT.stopped_with_text.partition("\n")[0])
LIMITS = Limits(waiting=500, waiting_per_person=100)


def is_ack(message: Shown) -> bool:
    """Whether it is a placeholder, which may show a growing text."""
    return CHAT.button_cancel in message.buttons


@dataclass
class Asked:
    """A request that was written.

    Attributes:
        person: Who.
        chat_id: Where.
        message_id: Its number there.
        most: Essays on its topic that may come: one, and one for each further wish.
    """

    person: int
    chat_id: int
    message_id: int
    most: int = 1


@dataclass
class Lesson:
    """What people ask for in a class, and what they are owed for it.

    Attributes:
        classroom: The class.
        asked: Requests by topic.
        forgotten: Topics of people who wanted to be forgotten, and when they were told.
        cancelling: People who cancelled something.
        moved: Groups that became supergroups, by their old number.
    """

    classroom: Classroom
    asked: dict[str, Asked] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)
    cancelling: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Everybody has started the bot, and wants short essays; one in several messages."""
        await self.classroom.start()
        self.classroom.service.gate.set()
        for person, words in zip(self.people, (70, 30), strict=True):
            self.classroom.telegram.world.chats[person].is_started = True
            await self.classroom.prefer(person, words=words, chunk_units=200)

    @property
    def people(self) -> tuple[int, int]:
        """Those who speak."""
        return self.classroom.lucia, self.classroom.mateo

    @property
    def group(self) -> int:
        """The group, wherever it is now."""
        return self.moved.get(self.classroom.group, self.classroom.group)

    def ask(self, person: int, chat_id: int, thread_id: int | None = None) -> None:
        """Somebody asks for an essay, if they can write there."""
        topic = f"Tema {len(self.asked) + len(self.forgotten) + 1}"
        try:
            message = self.classroom.telegram.write(
                person, f"/redactar@redactor_bot {topic}", chat_id, thread_id=thread_id
            )
        except PersonError:
            return
        self.asked[topic] = Asked(person, chat_id, message.id)

    def command(self, person: int, text: str, chat_id: int) -> None:
        """Somebody writes a command."""
        try:
            self.classroom.telegram.write(person, text, chat_id)
        except PersonError:
            return
        if text.startswith("/otra"):
            # On whatever they asked for last, once the bot has read it.
            for asked in self.asked.values():
                asked.most += asked.person == person
        if text.startswith("/cancelar"):
            self.cancelling.add(person)

    def press(self, person: int, label: str, chat_id: int) -> None:
        """Somebody presses the newest button of a kind, if there is one and they may."""
        try:
            self.classroom.telegram.press(person, label, chat_id)
        except (LookupError, PersonError):
            return
        if label == CHAT.button_cancel:
            self.cancelling.update(self.people)
        else:
            for asked in self.asked.values():
                asked.most += asked.person == person

    async def erase(self, person: int) -> None:
        """Somebody wants to be forgotten, and waits for the word."""
        telegram = self.classroom.telegram
        try:
            telegram.write(person, "/borrar")
        except PersonError:
            return
        await self.classroom.settle()
        try:
            query = telegram.press(person, CHAT.button_erase)
        except (LookupError, PersonError):
            return
        topics = [topic for topic, one in self.asked.items() if one.person == person]
        for topic in topics:
            del self.asked[topic]
        await self.classroom.handled()
        await telegram.until(lambda: self._is_told(person, query.message_id), 3600)
        told_s = int(telegram.clock())
        self.forgotten.update(dict.fromkeys(topics, told_s))

    def _is_told(self, person: int, message_id: int) -> bool:
        return any(
            one.id == message_id and one.text == CHAT.erased
            for one in self.classroom.telegram.messages(person)
        )

    def migrate(self) -> None:
        """The group becomes a supergroup."""
        telegram = self.classroom.telegram
        if self.classroom.group not in self.moved:
            new = telegram.people.migrate(self.classroom.group, telegram.room.teacher)
            self.moved[self.classroom.group] = new.id

    def faults(self) -> list[str]:
        """Everything that is wrong once nothing is owed any more."""
        found: list[str] = []
        essays: Counter[str] = Counter()
        for chat_id in self.classroom.telegram.world.chats:
            messages = self.classroom.telegram.from_bot(chat_id)
            found += self._essays(chat_id, messages, essays)
            if chat_id not in self.moved:
                found += [
                    f"{chat_id}: a placeholder stands: {one.text!r}"
                    for one in messages
                    if is_ack(one)
                ]
        for topic, asked in self.asked.items():
            if not essays[topic] and not self._is_answered(asked):
                found.append(f"{topic}: neither an essay nor a word")
            if self._comes_after_its_word(asked):
                found.append(f"{topic}: a piece came after the word that it was cancelled")
            if essays[topic] > asked.most and asked.chat_id not in self.moved:
                found.append(f"{topic}: {essays[topic]} essays, {asked.most} asked for")
        return found

    def _essays(self, chat_id: int, messages: list[Shown], essays: Counter[str]) -> list[str]:
        """Count essays by topic; each must stand in order, every sentence of it."""
        found = []
        begun: list[tuple[int, int, int]] = []
        for one in messages:
            if "número" not in one.text or is_ack(one) or one.text.startswith(_STOPPED):
                continue
            topic, mark = _TOPIC.match(one.text), _MARK.search(one.text)
            number, count = (int(mark[1]), int(mark[2])) if mark else (1, 1)
            sentences = [int(text) for text in _NUMBER.findall(one.text)]
            before = (number - 1, count, sentences[0] - 1)
            if sentences != list(range(sentences[0], sentences[0] + len(sentences))):
                found.append(f"{chat_id}: sentences {sentences}")
            if before in begun:
                begun.remove(before)
            elif before != (0, count, -1):
                found.append(f"{chat_id}: piece {number} of {count} out of order: {one.text!r}")
            if number < count:
                begun.append((number, count, sentences[-1]))
            if topic and number == 1:
                essays[topic[0]] += 1
            if topic and topic[0] in self.forgotten and one.date > self.forgotten[topic[0]]:
                found.append(f"{topic[0]} came after its person was forgotten")
        if not self._may_break():
            found += [f"{chat_id}: only {number} of {count} pieces" for number, count, _ in begun]
        return found

    def _may_break(self) -> bool:
        """Whether an essay may have been stopped, erased or moved between two pieces."""
        return bool(self.cancelling or self.forgotten or self.moved)

    def _comes_after_its_word(self, asked: Asked) -> bool:
        """Whether a piece stands below the word that its essay was stopped."""
        if asked.most > 1:
            return False
        answers = [
            one
            for one in self.classroom.telegram.from_bot(asked.chat_id)
            if one.reply_to == asked.message_id
        ]
        words = [one.id for one in answers if one.text.startswith(_STOPPED)]
        pieces = [
            one.id
            for one in answers
            if "número" in one.text and not one.text.startswith(_STOPPED) and not is_ack(one)
        ]
        return bool(words and pieces) and max(pieces) > min(words)

    def _is_answered(self, asked: Asked) -> bool:
        telegram = self.classroom.telegram
        for chat_id in (asked.chat_id, self.moved.get(asked.chat_id, asked.chat_id)):
            for one in telegram.from_bot(chat_id):
                is_reply = one.reply_to in (asked.message_id, None)
                is_word = one.text.startswith(_STOPPED) or CHAT.button_retry in one.buttons
                if is_reply and is_word:
                    return True
        return asked.person in self.cancelling and any(
            CHAT.cancelled(count) == one.text
            for chat_id in telegram.world.chats
            for one in telegram.from_bot(chat_id)
            for count in range(1, 30)
        )

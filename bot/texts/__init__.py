"""Every sentence a person reads: one :class:`Texts` per language, Spanish first.

Each module holds one section, with its Spanish and its English instance side by side; a sentence
that lacks a translation is a type error. Plain text only: nothing here is markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.texts import (
    chat,
    classroom,
    config,
    console,
    desk,
    explaining,
    failures,
    frames,
    safety,
    talk,
    training,
)
from bot.texts.chat import ChatTexts
from bot.texts.classroom import BoardTexts, ClassroomTexts
from bot.texts.config import ConfigTexts
from bot.texts.console import ConsoleTexts
from bot.texts.desk import DeskTexts
from bot.texts.explaining import ExplainingTexts
from bot.texts.failures import FailureTexts
from bot.texts.frames import FrameTexts
from bot.texts.safety import SafetyTexts
from bot.texts.talk import TalkTexts
from bot.texts.training import TrainingTexts

__all__ = [
    "TEXTS",
    "BoardTexts",
    "ChatTexts",
    "ClassroomTexts",
    "ConfigTexts",
    "ConsoleTexts",
    "DeskTexts",
    "ExplainingTexts",
    "FailureTexts",
    "FrameTexts",
    "SafetyTexts",
    "TalkTexts",
    "Texts",
    "TrainingTexts",
    "texts_for",
]


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything the program says in one language.

    Attributes:
        chat: Sentences and labels of the chat.
        classroom: What is said of lessons.
        config: The same for a person's settings.
        console: What is said in a terminal.
        desk: What a teacher reads and presses.
        explaining: How the model works.
        failures: What cannot be done.
        frames: What is put around a topic.
        safety: What is said where a text is not the answer, or where somebody objects to one.
        talk: What is answered to what is no topic.
        training: What ``redactor train`` says.
    """

    chat: ChatTexts
    classroom: ClassroomTexts
    config: ConfigTexts
    console: ConsoleTexts
    desk: DeskTexts
    explaining: ExplainingTexts
    failures: FailureTexts
    frames: FrameTexts
    safety: SafetyTexts
    talk: TalkTexts
    training: TrainingTexts


SPANISH = Texts(
    chat=chat.SPANISH,
    classroom=classroom.SPANISH,
    config=config.SPANISH,
    console=console.SPANISH,
    desk=desk.SPANISH,
    explaining=explaining.SPANISH,
    failures=failures.SPANISH,
    frames=frames.SPANISH,
    safety=safety.SPANISH,
    talk=talk.SPANISH,
    training=training.ES,
)
ENGLISH = Texts(
    chat=chat.ENGLISH,
    classroom=classroom.ENGLISH,
    config=config.ENGLISH,
    console=console.ENGLISH,
    desk=desk.ENGLISH,
    explaining=explaining.ENGLISH,
    failures=failures.ENGLISH,
    frames=frames.ENGLISH,
    safety=safety.ENGLISH,
    talk=talk.ENGLISH,
    training=training.EN,
)

TEXTS: Mapping[str, Texts] = {"es": SPANISH, "en": ENGLISH}
"""By the values of ``Language``."""


def texts_for(language: str) -> Texts:
    """The texts of a language.

    Args:
        language: An IETF tag such as ``es``, ``en`` or ``en-GB``. Whatever is not English gets
            Spanish, the language of the class.
    """
    return ENGLISH if language.lower().startswith("en") else SPANISH

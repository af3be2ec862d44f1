"""What a class allows its members to ask for."""

from bot.errors import ClassRule, ClassRuleError
from bot.storage import classes, jobs
from bot.storage.classes import Class
from bot.storage.database import Transaction
from bot.storage.lessons import Lesson
from bot.storage.records import EssayRequest


async def ensure(
    tx: Transaction, its_class: Class, lesson: Lesson | None, request: EssayRequest
) -> None:
    """Let a request pass if the class allows it.

    Raises:
        ClassRuleError: It does not; the error says which rule is in the way.
    """
    settings = its_class.settings
    if await classes.is_removed(tx, its_class.id, request.person):
        raise ClassRuleError(ClassRule.REMOVED, its_class.name)
    if lesson is None:
        if settings.only_in_lessons:
            raise ClassRuleError(ClassRule.NO_LESSON)
        return
    if lesson.is_only_topic and lesson.topic is not None and request.topic != lesson.topic:
        raise ClassRuleError(ClassRule.ONLY_TOPIC, lesson.topic)
    if settings.most_essays is not None:
        asked = await jobs.count_in_lesson(tx, lesson.id, request.person)
        if asked >= settings.most_essays:
            raise ClassRuleError(ClassRule.ENOUGH, str(settings.most_essays))

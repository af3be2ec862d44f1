"""The class that lives in a fresh playground."""

from dataclasses import dataclass

from bot.playground.people import People
from bot.playground.world import World


@dataclass(frozen=True, slots=True)
class Classroom:
    """The ids of the people and chats that :func:`seed_classroom` made."""

    lucia: int
    mateo: int
    sofia: int
    diego: int
    teacher: int
    group: int
    forum: int
    topic_ids: tuple[int, int]

    @property
    def students(self) -> tuple[int, int, int, int]:
        """The four students, in the order of the page."""
        return self.lucia, self.mateo, self.sofia, self.diego


def seed_classroom(world: World) -> Classroom:
    """Fill a world with four students, their teacher, a class group and a forum.

    The bot is a member of both groups, in privacy mode, and nobody has written to it yet. What
    happened before counts as read: the bot gets no updates of it.
    """
    people = People(world)
    lucia, mateo, sofia, diego = (
        world.add_user(first, last_name=last, username=username)
        for first, last, username in (
            ("Lucía", "Romero", "lucia_r"),
            ("Mateo", "Vidal", "mateo_v"),
            ("Sofía", "Nguyen", "sofia_n"),
            ("Diego", "Marín", None),
        )
    )
    teacher = world.add_user("Profe Carmen", username="profe_carmen")
    ids = [lucia.id, mateo.id, sofia.id, diego.id]
    group = people.create_chat("group", "Clase 4.º B", teacher.id, ids)
    forum = people.create_chat("supergroup", "Taller de escritura", teacher.id, ids, is_forum=True)
    stories = people.create_topic(forum.id, teacher.id, "Cuentos")
    opinions = people.create_topic(forum.id, teacher.id, "Opinión")
    # A class that exists for a while doesn't show how each member came.
    for chat in (group, forum):
        for message in list(chat.messages.values()):
            if "new_chat_members" in message.service:
                world.remove(chat, message)
    world.updates.drop_all()
    return Classroom(
        lucia=lucia.id,
        mateo=mateo.id,
        sofia=sofia.id,
        diego=diego.id,
        teacher=teacher.id,
        group=group.id,
        forum=forum.id,
        topic_ids=(stories.thread_id, opinions.thread_id),
    )

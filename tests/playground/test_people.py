"""What people do, and what the bot hears of it."""

import pytest

from bot.playground.model import ANONYMOUS_ADMIN_ID, CHANNEL_BOT_ID, Draft
from bot.playground.people import People
from bot.playground.permissions import PersonError
from bot.playground.refusals import ApiRefusal
from bot.playground.seed import seed_classroom
from bot.playground.world import World

from .conftest import pending


def told(world) -> list[tuple[str, str | None]]:
    """The pending updates as (kind, text)."""
    return [
        (kind, payload.get("text"))
        for update in pending(world)
        for kind, payload in update.items()
        if kind != "update_id"
    ]


def test_the_seeded_class_is_there_and_the_bot_knows_nothing(world, room):
    assert len(room.students) == 4
    assert world.chats[room.group].type == "group"
    assert world.chats[room.group].title == "Clase 4.º B"
    assert world.chats[room.forum].is_forum
    assert [t.name for t in world.chats[room.forum].topics.values()] == ["Cuentos", "Opinión"]
    assert world.chats[room.group].member(world.bot.id).status == "member"
    assert str(room.forum).startswith("-100")
    assert told(world) == []


def test_numbers_grow_from_one_run_to_the_next(world, room, people, clock):
    message = people.start(room.lucia)
    clock.now += 10
    later = World(clock=clock)
    again = People(later).start(seed_classroom(later).lucia)
    assert again.chat_id == message.chat_id
    assert again.id > message.id
    assert pending(later)[0]["update_id"] > pending(world)[0]["update_id"]
    assert pending(later)[0]["update_id"] < 2**31


def test_the_bot_cannot_write_first(world, room, people):
    with pytest.raises(ApiRefusal, match="can't initiate conversation"):
        world.chat_for_bot(room.lucia)
    people.start(room.lucia, "clase-4b")
    assert told(world) == [("message", "/start clase-4b")]
    assert world.chat_for_bot(room.lucia).id == room.lucia


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("hola a todos", False),
        ("/redactar El mar", False),
        ("/redactar@redactor_bot El mar", True),
        ("/redactar@Redactor_Bot El mar", True),
        ("/redactar@otro_bot El mar", False),
        ("oye /redactar@redactor_bot", True),
    ],
)
def test_privacy_mode(world, room, people, text, is_heard):
    message = people.send(room.group, room.lucia, text)
    assert message.is_seen_by_bot is is_heard
    assert told(world) == ([("message", text)] if is_heard else [])


def test_bare_commands_are_heard_after_the_bot_spoke_last(world, room, people):
    group = world.chats[room.group]
    world.post(group, world.bot.id, text="hola")
    assert people.send(room.group, room.lucia, "/redactar El mar").is_seen_by_bot
    other = world.add_user("Otro", is_bot=True)
    people.set_status(room.group, room.teacher, other.id, "member")
    people.send(room.group, other.id, "soy otro bot")
    assert not people.send(room.group, room.lucia, "/redactar El mar").is_seen_by_bot


def test_replies_to_the_bot_are_heard(world, room, people):
    asked = world.post(world.chats[room.group], world.bot.id, text="¿Tema?")
    answer = people.send(room.group, room.lucia, "El mar", reply_to=asked.id)
    assert answer.is_seen_by_bot
    assert pending(world)[0]["message"]["reply_to_message"]["message_id"] == asked.id


def test_an_administrator_bot_hears_everything(world, room, people):
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    people.send(room.group, room.lucia, "hola")
    assert told(world) == [("my_chat_member", None), ("message", "hola")]


def test_a_bot_without_privacy_mode_hears_everything(world, room, people):
    world.reads_all_group_messages = True
    people.send(room.group, room.lucia, "hola")
    assert told(world) == [("message", "hola")]


def test_other_bots_are_never_heard(world, room, people):
    other = world.add_user("Otro", is_bot=True)
    people.set_status(room.group, room.teacher, other.id, "member")
    world.updates.drop_all()
    people.send(room.group, other.id, "/redactar@redactor_bot El mar")
    assert told(world) == []


def test_edits_are_told_when_the_message_was(world, room, people):
    message = people.send(room.lucia, room.lucia, "hola")
    people.edit(room.lucia, room.lucia, message.id, "adiós")
    hidden = people.send(room.group, room.lucia, "hola")
    people.edit(room.group, room.lucia, hidden.id, "adiós")
    assert told(world) == [("message", "hola"), ("edited_message", "adiós")]
    assert pending(world)[1]["edited_message"]["edit_date"] == int(world.now())


def test_deletions_are_not_told(world, room, people):
    message = people.send(room.lucia, room.lucia, "hola")
    people.delete(room.lucia, room.lucia, message.id)
    assert told(world) == [("message", "hola")]
    assert world.chats[room.lucia].messages == {}


def test_only_own_messages_can_be_changed(world, room, people):
    message = people.send(room.group, room.lucia, "hola")
    for change in (
        lambda: people.edit(room.group, room.mateo, message.id, "x"),
        lambda: people.delete(room.group, room.mateo, message.id),
    ):
        with pytest.raises(PersonError, match="not_yours"):
            change()
    people.delete(room.group, room.teacher, message.id)


def test_an_anonymous_administrator_writes_in_the_groups_name(world, room, people):
    people.set_status(room.group, room.teacher, room.teacher, "creator", is_anonymous=True)
    people.send(room.group, room.teacher, "/redactar@redactor_bot El mar")
    message = pending(world)[-1]["message"]
    assert message["from"]["id"] == ANONYMOUS_ADMIN_ID
    assert message["sender_chat"]["id"] == room.group


def test_a_channel_can_write_in_a_group(world, room, people):
    channel = people.create_chat("channel", "Revista", room.teacher, [], with_bot=False)
    people.send(
        room.group, room.teacher, "/redactar@redactor_bot El mar", sender_chat_id=channel.id
    )
    message = pending(world)[-1]["message"]
    assert message["from"]["id"] == CHANNEL_BOT_ID
    assert message["sender_chat"]["title"] == "Revista"
    with pytest.raises(PersonError, match="no_such_chat"):
        people.send(room.group, room.lucia, "x", sender_chat_id=channel.id)


def test_blocking_is_told_and_stops_the_bot(world, room, people):
    people.start(room.lucia)
    people.block(room.lucia)
    with pytest.raises(ApiRefusal, match="bot was blocked by the user"):
        world.chat_for_bot(room.lucia)
    with pytest.raises(PersonError, match="blocked"):
        people.send(room.lucia, room.lucia, "hola")
    people.start(room.lucia)
    kinds = [kind for kind, _ in told(world)]
    assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]
    assert pending(world)[1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"


def test_topic_messages_seem_to_reply_to_their_topic(world, room, people):
    cuentos, _ = room.topic_ids
    people.send(room.forum, room.lucia, "/redactar@redactor_bot El mar", thread_id=cuentos)
    message = pending(world)[-1]["message"]
    assert message["message_thread_id"] == cuentos
    assert message["is_topic_message"] is True
    assert message["reply_to_message"]["forum_topic_created"]["name"] == "Cuentos"


def test_the_general_topic_has_no_thread(world, room, people):
    people.send(room.forum, room.lucia, "/redactar@redactor_bot El mar")
    message = pending(world)[-1]["message"]
    assert "message_thread_id" not in message
    assert "reply_to_message" not in message


def test_closed_topics_are_for_administrators(world, room, people):
    cuentos, _ = room.topic_ids
    people.close_topic(room.forum, room.teacher, cuentos, is_closed=True)
    with pytest.raises(PersonError, match="topic_closed"):
        people.send(room.forum, room.lucia, "hola", thread_id=cuentos)
    people.send(room.forum, room.teacher, "hola", thread_id=cuentos)


def test_replies_in_a_supergroup_have_a_thread_but_no_topic(world, room, people):
    chat = people.create_chat("supergroup", "Otro", room.teacher, [room.lucia])
    first = people.send(chat.id, room.lucia, "/uno@redactor_bot")
    people.send(chat.id, room.lucia, "/dos@redactor_bot", reply_to=first.id)
    message = pending(world)[-1]["message"]
    assert message["message_thread_id"] == first.id
    assert "is_topic_message" not in message


def test_a_group_becomes_a_supergroup(world, room, people):
    new = people.migrate(room.group, room.teacher)
    service = [u["message"] for u in pending(world)]
    assert service[0]["migrate_to_chat_id"] == new.id
    assert service[1]["migrate_from_chat_id"] == room.group
    with pytest.raises(ApiRefusal) as refused:
        world.chat_for_bot(room.group)
    assert refused.value.parameters == {"migrate_to_chat_id": new.id}
    assert people.send(new.id, room.lucia, "/x@redactor_bot").is_seen_by_bot


def test_the_bot_is_told_when_it_is_removed_and_added(world, room, people):
    people.set_status(room.group, room.teacher, world.bot.id, "kicked")
    with pytest.raises(ApiRefusal, match="bot was kicked from the group chat"):
        world.chat_for_bot(room.group)
    people.send(room.group, room.lucia, "/x@redactor_bot")
    people.set_status(room.group, room.teacher, world.bot.id, "member")
    kinds = [kind for kind, _ in told(world)]
    assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]
    # The bot is told of its own leaving, too.
    assert pending(world)[0]["message"]["left_chat_member"]["id"] == world.bot.id
    assert pending(world)[-1]["message"]["new_chat_members"][0]["id"] == world.bot.id


def test_new_members_are_announced(world, room, people):
    vera = world.add_user("Vera")
    people.set_status(room.group, room.teacher, vera.id, "member")
    people.set_status(room.group, room.teacher, vera.id, "left")
    assert [kind for kind, _ in told(world)] == ["message", "message"]
    assert pending(world)[1]["message"]["left_chat_member"]["id"] == vera.id


def test_a_draft_can_be_stopped(world, room, people):
    people.start(room.lucia)
    chat = world.chats[room.lucia]
    with pytest.raises(PersonError, match="no_draft"):
        people.stop_draft(room.lucia)
    world.show_draft(chat, Draft(7, "El mar", [], world.now() + 30, can_stop=True))
    people.stop_draft(room.lucia)
    assert pending(world)[-1]["stopped_message_generation"]["draft_id"] == 7
    assert chat.draft is None


def test_a_part_of_a_message_is_quoted(world, room, people):
    asked = world.post(world.chats[room.group], world.bot.id, text="🌊 El mar y el faro")
    answer = {"reply_to": asked.id, "entities": [{"type": "bold", "offset": 0, "length": 7}]}
    people.send(room.group, room.lucia, "/config", **answer, quote="el faro")
    message = pending(world)[-1]["message"]
    assert message["quote"] == {"text": "el faro", "position": 12, "is_manual": True}
    assert {entity["type"] for entity in message["entities"]} == {"bold", "bot_command"}
    with pytest.raises(PersonError, match="no_such_quote"):
        people.send(room.group, room.lucia, "x", reply_to=asked.id, quote="la luz")


def test_wrong_actions_have_a_reason(world, room, people):
    for reason, action in {
        "empty": lambda: people.send(room.group, room.lucia, "  "),
        "too_long": lambda: people.send(room.group, room.lucia, "🌊" * 2049),
        "no_such_chat": lambda: people.send(1, room.lucia, "x"),
        "not_a_member": lambda: people.send(room.mateo, room.lucia, "x"),
        "no_such_message": lambda: people.send(room.group, room.lucia, "x", reply_to=99),
        "no_such_topic": lambda: people.send(room.forum, room.lucia, "x", thread_id=99),
        "wrong_kind": lambda: people.create_chat("group", "x", room.lucia, [], is_forum=True),
    }.items():
        with pytest.raises(PersonError, match=reason):
            action()

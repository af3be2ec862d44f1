"""Refused, lost and late: what becomes of a text that Telegram did not plainly take."""

import asyncio

import pytest

from bot.texts import SPANISH

CHAT = SPANISH.chat
ASK = "/redactar@redactor_bot El mar"


@pytest.fixture
async def writing(classroom):
    """Essays of three messages, written at once."""
    classroom.service.gate.set()
    await classroom.prefer(words=90, chunk_units=290, live_preview=False)
    return classroom


def essay(classroom, chat_id):
    """Where each message of the essays in a chat ends: ``(1/3)`` and so on."""
    texts = [m.text for m in classroom.telegram.from_bot(chat_id) if "El mar trae" in m.text]
    return [text[-5:] for text in texts]


WHOLE = ["(1/3)", "(2/3)", "(3/3)"]


def placeholders(classroom, chat_id):
    """Acknowledgements that stand."""
    return [m for m in classroom.telegram.from_bot(chat_id) if CHAT.button_cancel in m.buttons]


async def days_pass(classroom):
    """Two days in which the computer is off, so that they take no time."""
    await asyncio.sleep(30)
    await classroom.stop()
    await asyncio.sleep(2 * 86_400)
    await classroom.start()
    await asyncio.sleep(30)


class TestRefusedForATime:
    """Held with its reason, told in ``/cola``, and offered as soon as the chat is heard from."""

    async def test_blocked(self, writing):
        await writing.say(ASK)
        await asyncio.sleep(1)
        writing.telegram.people.block(writing.lucia)
        await asyncio.sleep(60)
        assert essay(writing, writing.lucia) == []
        writing.telegram.people.unblock(writing.lucia)
        await writing.finish()
        assert essay(writing, writing.lucia) == WHOLE
        assert placeholders(writing, writing.lucia) == []

    async def test_muted(self, writing):
        await writing.say(ASK, chat_id=writing.group)
        await asyncio.sleep(1)
        teacher = writing.telegram.room.teacher
        writing.telegram.people.mute_bot(writing.group, teacher)
        await asyncio.sleep(60)
        await writing.say("/cola")
        await writing.settle()
        assert CHAT.held(3) in writing.telegram.texts(writing.lucia)[-1]
        writing.telegram.people.mute_bot(writing.group, teacher, is_muted=False)
        await writing.say("/cola@redactor_bot", writing.mateo, writing.group)
        await writing.finish()
        assert essay(writing, writing.group) == WHOLE
        assert placeholders(writing, writing.group) == []

    async def test_closed_topic_holds_no_other(self, writing):
        room = writing.telegram.room
        stories, opinions = room.topic_ids
        await writing.say(ASK, chat_id=writing.forum, thread_id=stories)
        await asyncio.sleep(1)
        writing.telegram.people.close_topic(writing.forum, room.teacher, stories, is_closed=True)
        await asyncio.sleep(60)
        assert essay(writing, writing.forum) == []
        await writing.say("/cola@redactor_bot", writing.mateo, writing.forum, thread_id=opinions)
        await writing.settle()
        assert writing.telegram.from_bot(writing.forum)[-1].thread_id == opinions
        writing.telegram.people.close_topic(writing.forum, room.teacher, stories, is_closed=False)
        await writing.finish()
        assert essay(writing, writing.forum) == WHOLE
        assert placeholders(writing, writing.forum) == []

    async def test_nobody_says_anything(self, writing):
        """Then it is offered again after a quarter of an hour."""
        writing.telegram.fail("sendMessage", status=400, description="chat not found", skip=1)
        await writing.say(ASK)
        await asyncio.sleep(60)
        assert essay(writing, writing.lucia) == []
        await asyncio.sleep(900)
        assert essay(writing, writing.lucia) == WHOLE

    async def test_after_a_day_it_is_offered_by_a_button(self, writing):
        await writing.say(ASK, chat_id=writing.group)
        await asyncio.sleep(1)
        teacher = writing.telegram.room.teacher
        writing.telegram.people.mute_bot(writing.group, teacher)
        await days_pass(writing)
        writing.telegram.people.mute_bot(writing.group, teacher, is_muted=False)
        await writing.say("/cola@redactor_bot", writing.mateo, writing.group)
        await writing.settle()
        assert essay(writing, writing.group) == []
        assert writing.telegram.texts(writing.group).count(CHAT.kept) == 1
        # Nobody else gets it, and nothing but the button sends it.
        toast = await writing.toast(CHAT.button_receive, writing.mateo, writing.group)
        assert toast == CHAT.not_yours
        await days_pass(writing)
        assert essay(writing, writing.group) == []
        await writing.press(CHAT.button_receive, chat_id=writing.group)
        await writing.finish()
        assert essay(writing, writing.group) == WHOLE
        assert CHAT.kept not in writing.telegram.texts(writing.group)
        assert placeholders(writing, writing.group) == []

    async def test_what_is_refused_again_is_offered_again(self, writing):
        await writing.say(ASK)
        await asyncio.sleep(1)
        writing.telegram.people.block(writing.lucia)
        await days_pass(writing)
        writing.telegram.people.unblock(writing.lucia)
        await writing.say("/cola")
        await writing.settle()
        writing.telegram.fail("sendMessage", status=403, times=3)
        await writing.press(CHAT.button_receive)
        await days_pass(writing)
        await writing.say("/cola")
        await writing.settle()
        assert essay(writing, writing.lucia) == []
        await writing.press(CHAT.button_receive)
        await writing.finish()
        assert essay(writing, writing.lucia) == WHOLE

    async def test_what_was_cancelled_meanwhile_is_not_received(self, writing):
        await writing.say(ASK)
        await asyncio.sleep(1)
        writing.telegram.people.block(writing.lucia)
        await days_pass(writing)
        writing.telegram.people.unblock(writing.lucia)
        await writing.say("/cancelar")
        await writing.settle()
        assert await writing.toast(CHAT.button_receive) == CHAT.already_finished
        await writing.finish()
        assert essay(writing, writing.lucia) == []

    async def test_a_hold_outlives_the_process(self, writing):
        await writing.say(ASK)
        await asyncio.sleep(1)
        writing.telegram.people.block(writing.lucia)
        await asyncio.sleep(60)
        await writing.kill()
        await writing.start()
        writing.telegram.people.unblock(writing.lucia)
        await writing.finish()
        assert essay(writing, writing.lucia) == WHOLE

    async def test_an_odd_message_holds_no_other(self, writing):
        """What Telegram minds in one message says nothing about the chat."""
        writing.telegram.fail(
            "sendMessage", status=400, description="SOMETHING_NEW", skip=1, times=3
        )
        await writing.say(ASK)
        await asyncio.sleep(30)
        await writing.say("/privacidad")
        await asyncio.sleep(5)
        assert CHAT.privacy in writing.telegram.texts(writing.lucia)
        await writing.finish()
        assert essay(writing, writing.lucia) == WHOLE


class TestLost:
    """Telegram may have acted: it is looked for before it is sent again."""

    @pytest.mark.parametrize("fault", [{"status": 500}, {"status": 502}, {"status": 504}])
    @pytest.mark.parametrize("chat", ["lucia", "group", "forum"])
    async def test_gateway_error_after_it_acted(self, writing, chat, fault):
        writing.telegram.fail("sendMessage", **fault, acts="first", times=4)
        await writing.say(ASK, chat_id=getattr(writing, chat))
        await writing.finish()
        assert essay(writing, getattr(writing, chat)) == WHOLE
        assert placeholders(writing, getattr(writing, chat)) == []

    async def test_looking_is_paced_and_goes_on_where_it_was(self, writing):
        writing.telegram.limits.is_on = True
        writing.telegram.fail("sendMessage", "reset", skip=1)
        writing.telegram.fail("editMessageText", status=429, retry_after=9, skip=3)
        await writing.say(ASK)
        await writing.finish()
        looked_at = [
            call.parameters["message_id"]
            for call in writing.telegram.calls("editMessageText")
            if call.status == 400
        ]
        assert len(looked_at) == len(set(looked_at)) > 4
        assert writing.telegram.floods() == []
        assert essay(writing, writing.lucia) == WHOLE

    async def test_looking_goes_on_after_a_restart(self, writing):
        writing.telegram.fail("sendMessage", "reset", skip=1)
        await writing.say(ASK)
        await writing.telegram.until(lambda: len(writing.telegram.calls("editMessageText")) == 4)
        await writing.kill()
        await writing.start()
        await writing.finish()
        looked_at = [
            call.parameters["message_id"] for call in writing.telegram.calls("editMessageText")
        ]
        # The number at which it was killed may be looked at twice.
        assert len(looked_at) - len(set(looked_at)) <= 1
        assert essay(writing, writing.lucia) == WHOLE

    @pytest.mark.parametrize("chat", ["lucia", "forum"])
    async def test_killed_while_a_first_text_is_on_its_way(self, writing, chat):
        """Its request's number is where the search begins."""
        chat_id = getattr(writing, chat)
        writing.telegram.fail("sendMessage", "late", delay_s=30)
        await writing.say(ASK, chat_id=chat_id)
        await asyncio.sleep(0.5)
        await writing.kill()
        await writing.start()
        await writing.finish()
        assert essay(writing, chat_id) == WHOLE
        assert placeholders(writing, chat_id) == []
        assert len(writing.telegram.calls("sendMessage")) == 4

    async def test_found_behind_many_that_the_bot_does_not_see(self, writing):
        await writing.say(ASK, chat_id=writing.forum)
        await asyncio.sleep(1)
        for number in range(9):
            writing.telegram.write(writing.mateo, f"Nada {number}", writing.forum)
        writing.telegram.fail("sendMessage", "cut", acts="first")
        await writing.finish()
        assert essay(writing, writing.forum) == WHOLE

    async def test_found_though_its_button_was_pressed(self, writing):
        """Whoever presses it names its number; that is no message of somebody else's."""
        writing.telegram.fail("sendMessage", "late", delay_s=70)
        await writing.say(ASK)
        await asyncio.sleep(1)
        await writing.press(CHAT.button_cancel)
        await writing.settle()
        assert placeholders(writing, writing.lucia) == []
        assert len(writing.telegram.from_bot(writing.lucia)) == 1

    async def test_an_odd_answer_to_a_look_says_nothing(self, writing):
        writing.telegram.fail("sendMessage", "reset", acts="first", skip=1)
        writing.telegram.fail("editMessageText", status=400, description="SOMETHING_NEW")
        await writing.say(ASK)
        await writing.finish()
        assert essay(writing, writing.lucia) == WHOLE

    async def test_an_edit_is_simply_repeated(self, writing):
        await writing.say("/borrar")
        writing.telegram.fail("editMessageText", "reset", acts="first")
        await writing.press(CHAT.button_keep)
        await writing.settle()
        assert writing.telegram.texts(writing.lucia) == [CHAT.erase_kept]


class TestRemovals:
    async def test_one_that_cannot_be_deleted_keeps_no_other(self, writing):
        """Telegram deletes nothing that is older than two days."""
        writing.service.gate.clear()
        await writing.say(ASK, chat_id=writing.forum)
        await writing.settle()
        (placeholder,) = placeholders(writing, writing.forum)
        writing.telegram.world.chats[writing.forum].messages[placeholder.id].date -= 49 * 3600
        await writing.say(ASK, writing.mateo, writing.forum)
        await writing.finish()
        await writing.settle()
        assert placeholders(writing, writing.forum) == []
        over = [m for m in writing.telegram.from_bot(writing.forum) if not m.buttons]
        assert CHAT.placeholder_over in [m.text for m in over]

    async def test_a_refusal_is_no_poison(self, writing):
        writing.telegram.fail(
            "deleteMessages", status=400, description="message can't be deleted for everyone"
        )
        await writing.say(ASK)
        await writing.finish()
        await writing.say(ASK)
        await writing.finish()
        assert placeholders(writing, writing.lucia) == []


class TestMigration:
    @pytest.mark.parametrize("after_s", [1, 10.5, 11.5, 13])
    async def test_pieces_stay_in_order(self, writing, after_s):
        await writing.say(ASK, chat_id=writing.group)
        await asyncio.sleep(after_s)
        new = writing.telegram.people.migrate(writing.group, writing.telegram.room.teacher)
        await writing.finish()
        pieces = essay(writing, writing.group) + essay(writing, new.id)
        assert pieces == WHOLE
        assert placeholders(writing, new.id) == []

    async def test_a_refused_piece_is_the_first_that_the_bot_hears_of_it(self, writing):
        await writing.say(ASK, chat_id=writing.group)
        writing.telegram.fail("getUpdates", status=502, lasts_s=60)
        new = writing.telegram.people.migrate(writing.group, writing.telegram.room.teacher)
        await asyncio.sleep(30)
        assert essay(writing, new.id) == WHOLE
        await writing.finish()
        assert essay(writing, new.id) == WHOLE

    async def test_asked_before_and_handled_after(self, writing):
        await writing.kill()
        writing.telegram.write(writing.lucia, ASK, writing.group)
        new = writing.telegram.people.migrate(writing.group, writing.telegram.room.teacher)
        writing.telegram.write(writing.lucia, "/cola@redactor_bot", new.id)
        await writing.start()
        await writing.finish()
        assert essay(writing, new.id) == WHOLE
        assert placeholders(writing, new.id) == []

"""A topic becomes an essay: commands, plain messages, replies, buttons."""

from tests.telegram.classroom import ANA

SEA = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"


async def test_essay_in_private(classroom):
    request_id = await classroom.say(f"/redactar {SEA}")
    await classroom.settle()
    (ack,) = classroom.telegram.of("sendMessage")
    assert ack.text == "¡Anotado! Empiezo enseguida."
    assert ack.parameters["reply_parameters"]["message_id"] == request_id
    assert "Cancelar" in str(ack.parameters["reply_markup"])

    await classroom.finish()
    (essay,) = classroom.telegram.texts(ANA)
    assert essay.startswith(SEA)
    assert essay.endswith(".")
    assert classroom.telegram.drafts
    last = classroom.telegram.of("sendMessage")[-1]
    assert last.parameters["reply_parameters"]["message_id"] == request_id
    assert "parse_mode" not in last.parameters
    assert last.parameters["link_preview_options"] == {"is_disabled": True}

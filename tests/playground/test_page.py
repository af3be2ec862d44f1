"""The chat page in a real browser, with a real small bot behind the playground."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.classroom.explaining.finding import Finder
from bot.classroom.explaining.probabilities import drawn_shares
from bot.playground import PlaygroundServer
from tests.essays.scripted_service import ScriptedService

from . import echo_bot
from .conftest import png, room_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the page is tested in Chromium: install Debian's package chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer() as server, echo_bot.running(server):
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser, served: PlaygroundServer) -> AsyncIterator[OpenPage]:
    """Open the page; in the end, no script may have failed and nothing foreign been loaded."""
    problems: list[str] = []
    contexts = []

    async def open_page(
        width: int = 1280, height: int = 800, language: str = "es-ES", scheme: str = "light"
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on(
            "request",
            lambda r: None if r.url.startswith(served.url) else problems.append(r.url),
        )
        await page.goto(served.url)
        await page.locator("#app[data-ready]").wait_for()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert problems == []


async def call(served: PlaygroundServer, method: str, **parameters: Any) -> Any:
    """Do something as the bot."""
    answer = await served.gateway.call(served.token, method, parameters)
    assert isinstance(answer.body, dict)
    return answer.body["result"]


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def become(page: Page, name: str) -> None:
    await page.get_by_test_id("person").filter(has_text=name).click()


async def open_chat(page: Page, title: str) -> None:
    await page.locator(".chat-item").filter(has_text=title).first.click()
    await expect(page.get_by_test_id("chat-title")).to_be_visible()


async def talk(page: Page, name: str) -> None:
    """Be a person in the private chat with the bot, started if it wasn't."""
    await become(page, name)
    await open_chat(page, "Redactor")
    start = page.get_by_test_id("start")
    if await start.count():
        await start.click()
    await page.get_by_test_id("composer").wait_for()


def messages(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


async def menu(page: Page, text: str, entry: str) -> None:
    bubble = messages(page, text).last
    await bubble.hover()
    await bubble.get_by_test_id("message-menu-button").click()
    await page.get_by_test_id(entry).click()


async def test_a_topic_becomes_an_essay(open_page):
    page = await open_page()
    await expect(page.get_by_test_id("empty")).to_contain_text("Aquí todavía no hay mensajes")
    await page.get_by_test_id("start").click()
    await expect(messages(page, "Has entrado con: nada")).to_be_visible()
    await say(page, "/redactar El mar es hermoso")
    essay = messages(page, "Había una vez un mar.")
    await expect(essay.get_by_test_id("message-reply")).to_contain_text("/redactar El mar")
    asked = page.locator('[data-testid="message"][data-mine="yes"]').last
    await expect(asked.get_by_test_id("reaction")).to_have_attribute("data-emoji", "👍")


async def test_keyboards_edit_and_answer(open_page):
    page = await open_page()
    await talk(page, "Mateo")
    await say(page, "/config")
    config = messages(page, "Palabras:").last
    await config.get_by_test_id("inline-button").filter(has_text="600").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Ahora son 600 palabras")
    await expect(config.get_by_test_id("message-text")).to_have_text("Palabras: 600")
    await expect(config.get_by_test_id("message-edited")).to_be_visible()
    await config.get_by_test_id("inline-button").filter(has_text="Ayuda").click()
    await expect(page.get_by_test_id("alert-text")).to_have_text("Elige cuántas palabras quieres.")
    await page.get_by_test_id("alert-ok").click()
    await expect(page.get_by_test_id("alert")).to_have_count(0)
    await config.get_by_test_id("inline-button").filter(has_text="Enlace").click()
    await expect(messages(page, "Has entrado con: clase-4b")).to_be_visible()


async def test_a_draft_grows_and_can_be_stopped(open_page, served):
    page = await open_page()
    await talk(page, "Diego")
    await say(page, "/borrador")
    await expect(page.get_by_test_id("draft-text")).to_have_text("El mar es hermoso")
    await expect(page.get_by_test_id("typing")).to_be_visible()
    await page.get_by_test_id("draft-stop").click()
    await expect(page.get_by_test_id("draft")).to_have_count(0)


async def test_files_come_and_go(open_page, tmp_path):
    page = await open_page()
    await talk(page, "Sofía")
    await say(page, "/archivo")
    document = page.get_by_test_id("document").last
    await expect(document).to_contain_text("redacción.txt")
    async with page.expect_download() as download:
        await document.click()
    path = await (await download.value).path()
    assert path.read_text(encoding="utf-8") == "¡Qué mar!\n"
    mine = tmp_path / "mi tema.txt"
    mine.write_text("El faro", encoding="utf-8")
    await page.get_by_test_id("file-input").set_input_files(mine)
    await expect(messages(page, "Eco de mi tema.txt")).to_be_visible()


async def test_reply_edit_react_and_delete(open_page):
    page = await open_page()
    await talk(page, "Lucía")
    await say(page, "hola bot")
    await expect(messages(page, "Eco de hola bot")).to_be_visible()
    await menu(page, "Eco de hola bot", "menu-reply")
    await expect(page.get_by_test_id("reply-bar")).to_contain_text("Redactor")
    await say(page, "te respondo")
    answer = page.locator('[data-mine="yes"]').filter(has_text="te respondo")
    await expect(answer.get_by_test_id("message-reply")).to_contain_text("Eco de hola bot")
    await expect(messages(page, "Eco de te respondo")).to_be_visible()

    await page.locator('[data-mine="yes"]').filter(has_text="te respondo").hover()
    await answer.get_by_test_id("message-menu-button").click()
    await page.get_by_test_id("menu-edit").click()
    await expect(page.get_by_test_id("composer")).to_have_value("te respondo")
    await say(page, "te corrijo")
    await expect(messages(page, "Eco de editado: te corrijo")).to_be_visible()
    corrected = page.locator('[data-mine="yes"]').filter(has_text="te corrijo")
    await expect(corrected.get_by_test_id("message-edited")).to_be_visible()

    await corrected.hover()
    await corrected.get_by_test_id("message-menu-button").click()
    await page.get_by_test_id("menu-react").first.click()
    await expect(corrected.get_by_test_id("reaction")).to_have_attribute("aria-pressed", "true")
    await corrected.hover()
    await corrected.get_by_test_id("message-menu-button").click()
    await page.get_by_test_id("menu-delete").click()
    await expect(corrected).to_have_count(0)


async def test_a_group_with_several_people(open_page, served):
    page = await open_page()
    other = await open_page(language="en-GB")
    for one, name in ((page, "Lucía"), (other, "Mateo")):
        await become(one, name)
        await open_chat(one, "Clase 4.º")
    await say(page, "hola a todos")
    hello = other.get_by_test_id("message").filter(has_text="hola a todos")
    await expect(hello.get_by_test_id("message-author")).to_have_text("Lucía Romero")
    await expect(hello).to_have_attribute("data-mine", "no")
    await expect(hello.get_by_test_id("unseen")).to_be_visible()

    await say(page, "/redactar El faro")
    hint = page.get_by_test_id("unseen-hint")
    await expect(hint).to_contain_text("El bot no ve este mensaje")
    await hint.get_by_role("button").click()
    await expect(messages(page, "Había una vez un mar.")).to_be_visible()

    await other.get_by_test_id("composer").press_sequentially("/te")
    await expect(other.get_by_test_id("command-option")).to_have_count(1)
    await other.get_by_test_id("composer").press("Tab")
    await expect(other.get_by_test_id("composer")).to_have_value("/tema@redactor_bot ")
    await other.get_by_test_id("composer").press("Enter")
    await expect(other.get_by_test_id("reply-bar")).to_contain_text("Reply to Redactor")
    await expect(page.get_by_test_id("reply-bar")).to_have_count(0)
    await say(other, "El bosque")
    await expect(messages(other, "Eco de El bosque")).to_be_visible()
    await expect(messages(page, "Eco de El bosque")).to_be_visible()


async def test_topics_keep_to_themselves(open_page):
    page = await open_page()
    await become(page, "Sofía")
    await page.get_by_test_id("topic-item").filter(has_text="Cuentos").click()
    await say(page, "/redactar@redactor_bot El dragón")
    await expect(messages(page, "El dragón.")).to_be_visible()
    await page.get_by_test_id("topic-item").filter(has_text="Opinión").click()
    await expect(page.get_by_test_id("message")).to_have_count(0)


async def test_the_teacher_makes_the_bot_an_administrator(open_page, served):
    page = await open_page()
    await become(page, "Profe Carmen")
    await open_chat(page, "Taller")
    await page.get_by_test_id("chat-info-button").click()
    await page.get_by_test_id("bot-admin").click()
    await say(page, "ahora lo oyes todo")
    await expect(messages(page, "Eco de ahora lo oyes todo")).to_be_visible()
    bot_id = served.world.bot.id
    assert served.world.chats[room_of(served).forum].member(bot_id).is_administrator


async def test_a_link_into_the_bot_can_be_opened(open_page, served):
    page = await open_page()
    await page.goto(f"{served.url}/?start=codigo-7&as=teacher")
    await expect(page.get_by_role("radio", checked=True)).to_contain_text("Profe Carmen")
    await expect(messages(page, "Has entrado con: codigo-7")).to_be_visible()
    assert page.url == f"{served.url}/"


async def test_what_one_person_alone_sees(open_page, served):
    page, room = await open_page(), room_of(served)
    served.people.set_status(room.group, room.teacher, served.world.bot.id, "administrator")
    keyboard = {"inline_keyboard": [[{"text": "Cerrar", "callback_data": "alert"}]]}
    await call(
        served,
        "sendMessage",
        chat_id=room.group,
        text="Tus ajustes",
        reply_markup=keyboard,
        ephemeral_message_parameters={"receiver_user_id": room.lucia},
    )
    await become(page, "Mateo")
    await open_chat(page, "Clase 4.º")
    await expect(messages(page, "Tus ajustes")).to_have_count(0)
    await become(page, "Lucía")
    whisper = messages(page, "Tus ajustes")
    await expect(whisper.get_by_test_id("whisper")).to_have_text("Solo tú ves esto")
    await whisper.get_by_test_id("inline-button").click()
    await expect(page.get_by_test_id("alert-text")).to_have_text("Elige cuántas palabras quieres.")
    await page.get_by_test_id("alert-ok").click()
    served.people.set_status(room.group, room.teacher, served.world.bot.id, "member")


async def test_a_quotation_unfolds_and_stays_unfolded(open_page, served):
    page, room = await open_page(), room_of(served)
    await become(page, "Lucía")
    await open_chat(page, "Clase 4.º")
    text = "El mar es hermoso, pero esclavo. " * 30
    quotation = [{"type": "expandable_blockquote", "offset": 0, "length": len(text)}]
    sent = await call(served, "sendMessage", chat_id=room.group, text=text, entities=quotation)
    bubble = messages(page, "El mar es hermoso, pero").last
    folded = await bubble.bounding_box()
    await bubble.get_by_test_id("unfold").click()
    unfolded = await bubble.bounding_box()
    assert folded is not None
    assert unfolded is not None
    assert unfolded["height"] > 2 * folded["height"]
    served.people.react(room.group, room.mateo, sent["message_id"], "👍")
    await expect(bubble.get_by_test_id("reaction")).to_be_visible()
    await expect(bubble.get_by_test_id("unfold")).to_have_text("Ver menos")


async def test_people_vote_in_polls(open_page, served):
    page, room = await open_page(), room_of(served)
    await become(page, "Sofía")
    await open_chat(page, "Clase 4.º")
    question = {"question": "¿Cuál escribió el robot?", "options": ["Texto A", "Texto B"]}
    sent = await call(
        served, "sendPoll", chat_id=room.group, **question, hide_results_until_closes=True
    )
    poll = page.get_by_test_id("poll").last
    group = page.get_by_test_id("chat-item").filter(has_text="Clase 4.º")
    await expect(group).to_contain_text("¿Cuál escribió el robot?")
    option = poll.get_by_test_id("poll-option").filter(has_text="Texto B")
    await option.click()
    await expect(option).to_have_attribute("aria-pressed", "true")
    await expect(poll).to_contain_text("1 voto")
    await expect(poll).not_to_contain_text("%")
    await call(served, "stopPoll", chat_id=room.group, message_id=sent["message_id"])
    await expect(option).to_contain_text("100 %")
    await expect(option).to_be_disabled()


async def test_pictures_pins_and_texts_to_copy(open_page, served, tmp_path):
    page, room = await open_page(), room_of(served)
    await talk(page, "Diego")
    mine = tmp_path / "mar.png"
    mine.write_bytes(png(40, 30))
    await page.get_by_test_id("file-input").set_input_files(mine)
    picture = page.get_by_test_id("photo").last.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    await expect(messages(page, "Eco de una foto")).to_be_visible()
    keyboard = {"inline_keyboard": [[{"text": "Copiar", "copy_text": {"text": "faro, mar"}}]]}
    here = {"chat_id": room.diego}
    sent = await call(served, "sendMessage", **here, text="Mis ideas", reply_markup=keyboard)
    await call(served, "pinChatMessage", **here, message_id=sent["message_id"])
    await expect(page.get_by_test_id("pinned")).to_have_text("Fijado Mis ideas")
    await messages(page, "Mis ideas").last.get_by_test_id("inline-button").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Copiado")


async def test_blocking_the_bot(open_page):
    page = await open_page()
    await talk(page, "Mateo")
    await page.get_by_test_id("chat-info-button").click()
    await page.get_by_test_id("block").click()
    await expect(page.get_by_test_id("composer")).to_have_count(0)
    await page.get_by_test_id("unblock").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_unread_messages_are_counted(open_page, served):
    page = await open_page()
    await talk(page, "Lucía")
    room = room_of(served)
    served.people.send(room.group, room.diego, "uno")
    served.people.send(room.group, room.diego, "dos")
    group = page.get_by_test_id("chat-item").filter(has_text="Clase 4.º")
    await expect(group.get_by_test_id("unread")).to_have_text("2")
    await group.click()
    await expect(group.get_by_test_id("unread")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
async def test_nothing_is_cut_off(open_page, width, height):
    page = await open_page(width, height)
    await become(page, "Lucía")
    await open_chat(page, "Clase 4.º")
    await say(page, "una palabra " + "larguísima" * 30)
    for selector in ("#open-chat", "#messages", "#composer", ".bubble"):
        for element in await page.locator(selector).all():
            box = await element.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    if width < 720:
        await expect(page.get_by_test_id("chat-list")).to_be_hidden()
        await page.get_by_test_id("back").click()
        await expect(page.get_by_test_id("chat-list")).to_be_visible()


async def test_the_keyboard_is_enough(open_page):
    page = await open_page()
    await talk(page, "Lucía")
    person = page.get_by_role("radio", checked=True)
    await person.focus()
    await person.press("ArrowRight")
    await expect(page.get_by_role("radio", checked=True)).to_contain_text("Mateo")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.keyboard.type("/conf")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("composer")).to_have_value("/config ")
    await page.keyboard.press("Enter")
    await expect(messages(page, "Palabras: 300")).to_be_visible()
    more = messages(page, "Palabras: 300").last.get_by_test_id("message-menu-button")
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()


async def test_the_colours_follow_the_system(open_page):
    light, dark = await open_page(), await open_page(scheme="dark")
    colours = [
        await page.evaluate("getComputedStyle(document.body).backgroundColor")
        for page in (light, dark)
    ]
    assert colours[0] != colours[1]


async def test_the_page_comes_back_after_a_restart(browser):
    async with PlaygroundServer() as first:
        port = first.port
        context = await browser.new_context(locale="es-ES")
        page = await context.new_page()
        await page.goto(first.url)
        await page.locator("#app[data-ready]").wait_for()
    await expect(page.get_by_test_id("connection")).to_contain_text("Sin conexión")
    async with PlaygroundServer(port) as second:
        await expect(page.get_by_test_id("connection")).to_be_hidden(timeout=15_000)
        room = room_of(second)
        await open_chat(page, "Clase 4.º")
        second.people.send(room.group, room.diego, "ya hemos vuelto")
        await expect(messages(page, "ya hemos vuelto")).to_be_visible()
        await context.close()


@pytest.fixture
def service(served: PlaygroundServer) -> Iterator[ScriptedService]:
    """A service that can be looked into from the page."""
    service = ScriptedService()
    service.gate.set()
    served.api.inside = Finder(service, lambda: None).inside  # type: ignore[arg-type]
    yield service
    served.api.inside = None


async def look_inside(page: Page) -> Locator:
    await open_chat(page, "Redactor")
    await page.get_by_test_id("inside-button").click()
    await page.get_by_test_id("inside-text").fill("El mar es hermoso")
    pieces = page.get_by_test_id("inside-piece")
    await expect(pieces).to_have_count(4)
    return pieces


async def test_a_text_is_looked_into_beside_the_chat(open_page, service):
    page = await open_page()
    pieces = await look_inside(page)
    assert [text.replace("\xa0", " ") for text in await pieces.all_inner_texts()] == [
        "El\n100\n50 %",
        "·mar\n101\n17 %",
        "·es\n102\n17 %",
        "·hermoso\n103\n17 %",
    ]
    likely = page.get_by_test_id("inside-likely").get_by_role("button")
    await expect(likely).to_have_text(["·un50 % → 57 %", "·azul25 % → 21 %", "·1725 % → 21 %"])
    # A knob changes what is drawn from, at once and without asking again.
    looked = service.looked
    await page.get_by_test_id("inside-topK").fill("1")
    await expect(likely.first).to_have_text("·un50 % → 100 %")
    await expect(likely.nth(1)).to_have_text("·azul25 % → fuera")
    await page.get_by_test_id("inside-layer").select_option("1")
    assert service.looked == looked
    # From another piece: it sees nothing of what comes behind it.
    await pieces.nth(1).press("Enter")
    await expect(likely.last).to_contain_text("·6")
    await expect(pieces.nth(1)).to_be_focused()
    await expect(page.get_by_test_id("inside-layer")).to_have_value("1")
    assert (await pieces.nth(2).inner_text()).strip() == "·es\n102"
    await likely.filter(has_text="azul").click()
    await expect(page.get_by_test_id("inside-text")).to_have_value("El mar azul")
    # The chat goes on beside it.
    await talk(page, "Mateo")
    await say(page, "/redactar La luna")
    await expect(messages(page, "Había una vez un mar.").last).to_be_visible()
    await page.get_by_test_id("inside-close").click()
    await expect(page.get_by_test_id("inside")).to_be_hidden()
    await expect(page.get_by_test_id("inside-button")).to_be_focused()


async def test_the_panel_on_a_phone(open_page, service):
    page = await open_page(360, 740, scheme="dark")
    await look_inside(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await expect(page.get_by_test_id("room")).to_be_hidden()
    await page.get_by_test_id("inside-close").click()
    await expect(page.get_by_test_id("room")).to_be_visible()


async def test_the_panel_where_the_service_shows_nothing(open_page, service):
    page = await open_page()
    await look_inside(page)
    service.shows_inside = False
    await page.get_by_test_id("inside-text").fill("El sol")
    await expect(page.get_by_test_id("inside")).to_contain_text("no enseña cómo corta el texto")


async def test_no_panel_without_a_service(open_page):
    page = await open_page()
    await open_chat(page, "Redactor")
    await expect(page.get_by_test_id("inside-button")).to_be_hidden()


async def test_the_panel_draws_as_the_engine_does(open_page):
    page = await open_page()
    shares = [0.4, 0.2, 0.1, 0.05]
    draw = "([shares, knobs]) => import('./inside.js').then((m) => m.drawnShares(shares, knobs))"
    for temperature, top_k, top_p in product((0, 0.5, 1, 2), (0, 1, 2, 10), (0.3, 0.9, 1)):
        knobs = {"temperature": temperature, "topK": top_k, "topP": top_p}
        drawn = await page.evaluate(draw, [shares, knobs])
        assert drawn == pytest.approx(drawn_shares(shares, temperature, top_k, top_p))

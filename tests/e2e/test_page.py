"""What a newcomer does: ``redactor run`` without a token, and a browser on the printed page.

With ``SCREENSHOTS=FOLDER`` in the environment the pictures of the README and of the guide for
teachers are taken on the way.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.playground.test_page import ARGUMENTS, become, messages, open_chat, say

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs" / "guia-docente.md"
_DONE = re.compile(
    r"\*\*(?P<be>[^*]+)\*\*|\*(?P<touch>[^*]+)\*|`(?P<say>/\w+ [^`]+)`"
    r"|«(?P<see>[^«»]+)»|images/(?P<photo>\w+)\.png"
)
TOPIC = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"
PATIENCE_MS = 120_000


@pytest.fixture
async def address(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[str]:
    """The address that a start without a token prints."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REDACTOR_")}
    own = {"REDACTOR_DATA_DIR": str(tmp_path), "REDACTOR_PLAYGROUND_PORT": str(unused_tcp_port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        env={**clean, **own},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(60):
        while (found := re.search(r"http://127\.0\.0\.1:\d+", said)) is None:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
    rest = asyncio.create_task(process.stdout.read())
    yield found.group()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert b"Traceback" not in await rest


@pytest.fixture
async def page(address: str) -> AsyncIterator[Page]:
    """The page in a real browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("the page is tested in Chromium: `make chromium` installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 860}, locale="es-ES")
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(address)
        await page.locator("#app[data-ready]").wait_for()
        yield page
        await browser.close()


async def photograph(page: Page, name: str) -> None:
    """Take a picture for the documentation, if one is wanted."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


async def test_the_readme_s_first_minutes(page):
    expect.set_options(timeout=PATIENCE_MS)
    await page.get_by_test_id("start").click()
    await expect(messages(page, "/redactar").first).to_be_visible()
    await say(page, f"/redactar {TOPIC}")
    again = page.get_by_test_id("inline-button").filter(has_text="Otra")
    await expect(again.last).to_be_visible()
    essay = messages(page, TOPIC).filter(has=again).last
    assert len((await essay.get_by_test_id("message-text").inner_text()).split()) > 100
    cancel = page.get_by_test_id("inline-button").filter(has_text="Cancelar")
    await expect(cancel).to_have_count(0)
    await photograph(page, "playground")

    await say(page, "/config")
    board = messages(page, "Longitud").last
    await board.get_by_test_id("inline-button").filter(has_text="Longitud").click()
    await board.get_by_test_id("inline-button").filter(has_text="120").click()
    await expect(board.get_by_test_id("message-text")).to_contain_text("120")
    await photograph(page, "config")

    await again.last.click()
    await expect(messages(page, TOPIC).filter(has=again)).to_have_count(2)


async def test_a_class_writes_at_once(page):
    expect.set_options(timeout=PATIENCE_MS)
    topics = {
        "Lucía": "La amistad en la escuela",
        "Mateo": "¿Por qué es importante leer?",
        "Sofía": "Un verano sin teléfono",
    }
    for name, topic in topics.items():
        await become(page, name)
        await open_chat(page, "Clase 4.º B")
        await say(page, f"/redactar@redactor_bot {topic}")
    again = page.get_by_test_id("inline-button").filter(has_text="Otra")
    await expect(again).to_have_count(len(topics))
    await photograph(page, "group")


async def do(page: Page, what: str, words: str) -> None:
    """Do what the guide says: be somebody, touch or say something, see it."""
    match what:
        case "be":
            await become(page, words)
        case "touch":
            await touch(page, words)
        case "say":
            await say(page, words)
        case "see":
            await expect(messages(page, words).last).to_be_visible()
        case "photo" if words == "informe":
            await photograph_report(page)
        case "photo":
            if words == "tablero":
                await messages(page, "Hechos: 2").first.scroll_into_view_if_needed()
            await photograph(page, words)


async def touch(page: Page, label: str) -> None:
    """Open a chat, or press what has a label."""
    if label == "Empezar":
        start = page.get_by_test_id("start")
        if await start.count():
            await start.click()
    elif label == "Hacer admin al bot":
        await page.get_by_test_id("chat-info-button").click()
        await page.get_by_test_id("bot-admin").click()
        await expect(page.get_by_test_id("bot-admin")).to_have_count(0)
    elif label in ("Redactor", "Clase 4.º B"):
        await open_chat(page, label)
    else:
        await page.get_by_test_id("inline-button").filter(has_text=label).last.click()


async def photograph_report(page: Page) -> None:
    """Open the report as a browser does that has it on its disk."""
    link = page.get_by_test_id("document").filter(has_text=".html").last
    async with page.expect_download() as downloading:
        await link.click()
    assert page.context.browser is not None
    report = await page.context.browser.new_page(viewport={"width": 900, "height": 1100})
    path = f"{await (await downloading.value).path()}.html"
    await (await downloading.value).save_as(path)
    await report.goto(f"file://{path}")
    await photograph(report, "informe")
    await report.close()


async def test_the_guide_s_first_lesson_word_for_word(page):
    expect.set_options(timeout=PATIENCE_MS)
    _, _, rest = GUIDE.read_text("utf-8").partition("## Tu primera clase, paso a paso")
    steps, _, _ = rest.partition("\n## ")
    for found in _DONE.finditer(" ".join(steps.split())):
        assert found.lastgroup is not None
        await do(page, found.lastgroup, found[found.lastgroup])

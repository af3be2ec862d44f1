"""How the scripts of the page hang together."""

import re
from graphlib import TopologicalSorter

from bot.playground import server

PAGE = server._PAGE
IMPORT = re.compile(r'^import .*? from "\./(\w+\.js)";$', re.MULTILINE)


def test_no_script_imports_itself_in_a_circle():
    scripts = {path.name: IMPORT.findall(path.read_text("utf-8")) for path in PAGE.glob("*.js")}
    assert scripts["app.js"]
    assert set(TopologicalSorter(scripts).static_order()) == scripts.keys()

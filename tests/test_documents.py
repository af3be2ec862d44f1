"""What the documents name is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_named_in_the_documents_exists() -> None:
    """``docs/security.md`` tells what is defended by naming its test."""
    named = 0
    for document in (ROOT / "docs").glob("*.md"):
        path = ""
        for file, test in re.findall(r"`(tests/[\w/]+\.py)?(?:::(\w+))?`", document.read_text()):
            path = file or path
            if test:
                source = (ROOT / path).read_text()
                assert re.search(rf"def {test}\(", source), f"{path}::{test}"
                named += 1
            elif file:
                assert (ROOT / path).is_file(), path
    assert named > 40

from pathlib import Path

import pytest

from bot.workshop.teaching.preparation import prepare_folder


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare_folder(folder, None, 600, texts=400)
    return folder

import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training import corpus, errors

SPANISH = "El niño soñó con un pingüino en la montaña; ¿quién lo creería? ¡Nadie! «Jamás», dijo."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_text_is_read_in_the_encodings_that_people_have(encoding: str) -> None:
    assert corpus.decode_text(SPANISH.encode(encoding), Path("a.txt")) == SPANISH


def test_line_ends_and_decomposed_accents_become_one_form() -> None:
    assert corpus.decode_text("a\r\ncafe\u0301\rb".encode(), Path("a.txt")) == "a\ncafé\nb"


def test_one_damaged_byte_does_not_spoil_all_accents() -> None:
    raw = (SPANISH * 10).encode() + b"\xff"
    assert corpus.decode_text(raw, Path("a.txt")) == SPANISH * 10


@pytest.mark.parametrize("raw", [b"PK\x03\x04\x00\x00", bytes(range(1, 32)) * 9, b"a\x81\x8d\x8f"])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(errors.UnreadableTextError) as caught:
        corpus.decode_text(raw, Path("foto.txt"))
    assert caught.value.path == Path("foto.txt")


@given(st.lists(st.text("abc ñ.\n", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_form_feeds_part_records(records: list[str]) -> None:
    assert list(corpus.split_records("\n\f\n".join([*records, ""]))) == records


def test_blank_lines_part_records_only_where_nothing_else_does() -> None:
    paragraphs = ["Uno.", "Dos.", "Tres."]
    assert list(corpus.split_records("\n\n".join(paragraphs))) == ["Uno.\n\nDos.\n\nTres."]
    assert list(corpus.split_records("Uno.\n\nDos.\n\n\n\nTres.")) == ["Uno.\n\nDos.", "Tres."]
    long = [f"Párrafo {number} " + "palabra " * 100 for number in range(40)]
    assert list(corpus.split_records("\n\n".join(long))) == [text.strip() for text in long]


def read_folder(folder: Path) -> list[corpus.Record]:
    return [
        record
        for path in corpus.text_files(folder)
        for record in corpus.read_file(path, folder)[0]
    ]


def test_a_file_of_long_lines_holds_one_text_a_line(tmp_path: Path) -> None:
    lines = [f"El texto {number} " + "dice cosas del mar. " * 10 for number in range(20)]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    records, is_one_a_line = corpus.read_file(tmp_path / "a.txt", tmp_path)
    assert is_one_a_line
    assert [record.text for record in records] == [line.strip() for line in lines]
    assert list(corpus.split_records("\n".join(lines[:5]))) == ["\n".join(lines[:5]).strip()]
    assert list(corpus.split_records("\n".join([*lines, "fin"]))) != lines


def test_hidden_files_are_nobodys_texts(tmp_path: Path) -> None:
    for name in ("._x.txt", ".git/a.txt", "__MACOSX/b.txt", "c.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("hola")
    assert [path.name for path in corpus.text_files(tmp_path)] == ["c.txt"]


def test_documents_in_another_form_are_named(tmp_path: Path) -> None:
    for name in ("trabajo.docx", "libro.PDF", "foto.jpg"):
        (tmp_path / name).write_bytes(b"x")
    assert {path.name for path in corpus.documents(tmp_path)} == {"trabajo.docx", "libro.PDF"}
    with pytest.raises(errors.NoTextsError) as caught:
        corpus.text_files(tmp_path)
    assert set(caught.value.documents) == {"trabajo.docx", "libro.PDF"}


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("no es para aprender")
    folder = tmp_path / "textos"
    folder.mkdir()
    (folder / "a.txt").write_text("hola")
    (folder / "b.txt").symlink_to(folder / "a.txt")
    assert len(corpus.text_files(folder)) == 2
    (folder / "c.txt").symlink_to(secret)
    with pytest.raises(errors.LinkedOutError):
        corpus.text_files(folder)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.xz"])
def test_a_file_that_unpacks_without_end_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "GREATEST_BYTES", 1_000_000)
    bomb = b" " * 1_000_001
    (tmp_path / name).write_bytes(lzma.compress(bomb) if name.endswith(".xz") else bomb)
    with pytest.raises(errors.TextTooLargeError):
        corpus.read_file(tmp_path / name, tmp_path)


def test_a_folder_is_read_with_its_subfolders_and_compressed_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "uno.txt").write_text("Uno\n\f\nDos", encoding="utf-8")
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(b"Tres"))
    (tmp_path / "foto.png").write_bytes(b"\x89PNG")
    records = read_folder(tmp_path)
    assert [(record.source, record.text) for record in records] == [
        ("a.txt.xz", "Tres"),
        ("b/uno.txt", "Uno"),
        ("b/uno.txt", "Dos"),
    ]


def test_a_folder_without_texts_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(errors.NoTextsError):
            corpus.text_files(folder)


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt.xz").write_bytes(b"no xz")
    with pytest.raises(errors.UnreadableTextError):
        read_folder(tmp_path)


@given(st.text())
def test_a_position_is_a_share(text: str) -> None:
    assert 0 <= corpus.position_of(text) < 1


def test_positions_are_spread_evenly() -> None:
    positions = [corpus.position_of(f"texto {number}") for number in range(4000)]
    for low in (0.0, 0.25, 0.5, 0.75):
        assert 850 < sum(low <= place < low + 0.25 for place in positions) < 1150

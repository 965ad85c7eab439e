"""Vocabularies, windows and the texts that are on every machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.datasets import Vocabulary, english_prose, python_source, read_text, split_blocks, zen


@given(st.text(min_size=1))
def test_a_vocabulary_decodes_what_it_encodes(text):
    vocabulary = Vocabulary(text)
    indices = vocabulary.encode(text)
    assert vocabulary.decode(indices) == text
    assert len(indices) == len(text) and indices.max() == len(vocabulary) - 1


def test_characters_are_numbered_in_order_not_as_a_set_happens_to_lie():
    assert Vocabulary("hello").symbols == "ehlo"
    assert Vocabulary("hello").encode("hello").tolist() == [1, 0, 2, 2, 3]


def test_a_character_outside_the_vocabulary_is_named_with_its_position():
    with pytest.raises(ValueError, match=r"'y' at position 3 is not among the 4 .*'ehlo'"):
        Vocabulary("hello").encode("helyo")
    with pytest.raises(ValueError, match="empty"):
        Vocabulary("")


def test_prose_is_prose_and_no_paragraph_comes_twice():
    text = english_prose()
    paragraphs = text.splitlines()
    assert len(text) > 150_000 and text.isascii()
    assert len(paragraphs) == len(set(paragraphs))
    assert all(len(p.split()) >= 8 for p in paragraphs)
    assert sum(c.isalpha() or c == " " for c in text) > 0.9 * len(text)
    assert not any("::=" in p for p in paragraphs)
    assert text == english_prose()


def test_source_and_zen():
    source = python_source(50_000)
    assert len(source) == 50_000 and source.isascii() and "\t" not in source and "def " in source
    assert zen().startswith("The Zen of Python") and len(zen()) == 856


@given(st.integers(20, 50_000))
def test_a_split_loses_nothing_and_holds_out_about_a_tenth(length):
    text = "".join(chr(0x4E00 + k % 20_000) for k in range(length))
    training, held_out = split_blocks(text)
    assert sorted(training + held_out) == sorted(text)
    assert 0.03 * length < len(held_out) < 0.15 * length


def test_a_file_in_another_encoding_is_answered_with_what_to_do(tmp_path):
    file = tmp_path / "Erzählung with spaces.txt"
    file.write_bytes("Ein Café\nund süße Äpfel\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"not utf-8: byte 0xe9 in line 1, near 'Ein Café.*encoding='cp1252'"):
        read_text(file)
    assert read_text(file, "cp1252") == "Ein Café\nund süße Äpfel\n"
    with pytest.raises(ValueError, match="no encoding named 'klingon'"):
        read_text(file, "klingon")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read_and_not_kept(tmp_path, encoding):
    file = tmp_path / "text"
    file.write_bytes("süß\r\nsauer\rsalzig".encode(encoding))
    assert read_text(file) == "süß\nsauer\nsalzig"


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "empty").write_text(" \n", encoding="utf-8")
    (tmp_path / "zeros").write_bytes(b"GIF\0\0\1")
    (tmp_path / "program").write_bytes(b"\x7fELF\0\xff\xfe\x80")  # neither a text nor UTF-8: the first is what to say
    (tmp_path / "folder").mkdir()
    expected = {"empty": "no text", "zeros": "zero bytes", "program": "not a text", "missing": "no such file", "folder": "a folder"}
    for name, message in expected.items():
        with pytest.raises((ValueError, OSError), match=message):
            read_text(tmp_path / name)

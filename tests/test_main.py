"""The first minute: any word is learned in seconds, and everything else is answered in a sentence."""

import os
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import __main__ as first_minute
from minigrad import doctor


def run(*arguments, **environment):
    command = [sys.executable, "-m", "minigrad", *arguments]
    plain = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(command, capture_output=True, env=plain | environment, check=False, timeout=120)


@pytest.mark.parametrize("word", ["Anna", "A", "aaaaaaaa", "Mississippi", "東京", "Zoë 🙂", "a/b:c"])
def test_any_word_is_learned_and_its_shares_add(word):
    net = first_minute.Speller(word)
    _, shares = first_minute.first_lesson(net)
    assert len(shares) == len(word) and np.isclose(sum(shares), 1)
    assert first_minute.train(net, word) < 500
    assert net.spell() == word


def test_the_longest_word_within_five_seconds(capsys):
    word = "Donaudampfschifffahrtsgesellschaft"
    net = first_minute.Speller(word)
    first_minute.train(net, word, seconds=5)
    assert net.spell() == word


def test_it_spells_draws_and_names_the_picture(tmp_path):
    done = run("Anna", "--out", str(tmp_path / "Bilder für Anna"), PYTHONIOENCODING="utf-8")
    printed = done.stdout.decode("utf-8")
    assert done.returncode == 0, printed + done.stderr.decode()
    picture = tmp_path / "Bilder für Anna" / "Anna.html"
    assert str(picture) in printed and "It spells 'Anna'" in printed and printed.count("%") >= 4
    page = picture.read_text(encoding="utf-8")
    assert "<svg" in page and "W_hh" in page


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_poor_console_never_raises(tmp_path, environment):
    done = run("Łódź", "--out", str(tmp_path), **environment)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"It spells" in done.stdout and (tmp_path / "Łódź.html").exists()


def test_the_question_is_asked_only_at_a_terminal(monkeypatch, capsys):
    answers = iter(["2"])
    monkeypatch.setattr("builtins.input", lambda question: answers.__next__())
    first_minute.ask("Anna", [0.2, 0.5, 0.2, 0.1])
    assert "Right" not in capsys.readouterr().out
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    first_minute.ask("Anna", [0.2, 0.5, 0.2, 0.1])
    assert "Right!" in capsys.readouterr().out


@pytest.mark.parametrize("typed, status", [(EOFError, 0), (KeyboardInterrupt, 130)])
def test_leaving_at_the_question_still_gives_the_picture(typed, status, monkeypatch, capsys, tmp_path):
    def leave(question):
        raise typed

    monkeypatch.setattr("builtins.input", leave)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(first_minute.webbrowser, "open", lambda address: None)
    monkeypatch.setattr(sys, "argv", ["minigrad", "Anna", "--out", str(tmp_path)])
    assert first_minute.main() == status
    assert (tmp_path / "Anna.html").exists()


def test_words_that_cannot_be_learned_are_refused():
    assert run().returncode == 2 and b"say a word" in run().stderr
    assert b"at most 40 letters" in run("a" * 41).stderr


def test_a_wrong_seed_and_a_file_for_a_folder_are_said_in_a_sentence(tmp_path):
    done = run("Anna", "--seed", "-1")
    assert done.returncode == 2 and b"from 0 up, not '-1'" in done.stderr
    (tmp_path / "taken").write_text("")
    done = run("Anna", "--out", str(tmp_path / "taken"))
    assert done.returncode == 1 and b"is a file, not a folder; name another" in done.stderr and b"Traceback" not in done.stderr


def test_doctor_and_version():
    done = run("doctor", PYTHONIOENCODING="utf-8")
    printed = done.stdout.decode("utf-8")
    assert done.returncode == 0 and np.__version__ in printed and "BLAS" in printed and "GPU" in printed
    narrow = run("--version", COLUMNS="20").stdout.decode().splitlines()
    assert len(narrow) == 1 and narrow[0].endswith(str(doctor.Path(mg.__file__).parent)), "a path is not wrapped"


def test_what_is_missing_comes_with_the_line_that_mends_it(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_module", lambda name: None)
    assert doctor.main() == 0
    printed = capsys.readouterr().out
    for package in ("matplotlib", "scikit-learn", "tqdm"):
        assert f"pip install {package}" in printed

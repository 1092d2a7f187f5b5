"""`vrest web`: where the page goes, what is said of it, and what is refused."""

import re
import tempfile
import webbrowser
from pathlib import Path

import pytest

from vrest.model.cellfile import load, write_cell
from vrest.page import page as module


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """As if `web/` had been built."""
    monkeypatch.setattr(module, "asset", {"page.css": "", "open.js": "open()", "page.js": "run()"}.__getitem__)


@pytest.fixture(autouse=True)
def temporary(monkeypatch, tmp_path):
    """Temporary folders go when the test is over."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """What a browser was asked to open; it takes everything."""
    asked = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: not asked.append(uri))
    return asked


def test_the_page_is_saved_and_nothing_is_opened(vrest, opened, tmp_path):
    path = tmp_path / "page.html"
    answer = vrest("web", "--save", str(path), "--json")
    assert (answer.code, answer.err) == (0, "")
    result = answer.json["result"]
    assert result == {"path": str(path), "cells": ["mammalian_neuron"], "bytes": path.stat().st_size, "opened": False}
    assert answer.json["units"] == {"path": "", "cells": "", "bytes": "B", "opened": ""}
    assert answer.json["warnings"] == opened == []
    assert "vrest-doc" in path.read_text(encoding="utf-8")


def test_without_a_place_it_is_opened(vrest, opened):
    answer = vrest("web", "squid_axon", "mammalian_neuron")
    assert answer.code == 0
    assert re.fullmatch(r"squid_axon, mammalian_neuron, opened \([\d.]+ kB\):\n\S+\n", answer.out)
    path = Path(answer.out.splitlines()[1])
    assert opened == [path.as_uri()]
    assert (path.name, path.is_file()) == ("squid_axon.html", True)


@pytest.mark.parametrize("fails", [False, True])
def test_without_a_browser_it_says_where(vrest, monkeypatch, fails):
    def nothing(uri):
        if fails:
            raise webbrowser.Error("could not locate runnable browser")
        return False

    monkeypatch.setattr(webbrowser, "open", nothing)
    answer = vrest("web")
    assert answer.code == 0
    path = Path(answer.out.splitlines()[1])
    assert "written" in answer.out
    assert f"open {path} yourself" in " ".join(answer.err.split())
    assert vrest("web", "--quiet").err == ""


def test_cells_of_files_and_of_standard_input(vrest, tmp_path):
    text = write_cell(load("squid_axon"))
    own = tmp_path / "own.toml"
    own.write_text(text.replace("squid_axon", "one"), encoding="utf-8")
    answer = vrest(
        "web", str(own), "-", "--save", str(tmp_path / "x.html"), "--json", stdin=text.replace("squid_axon", "two")
    )
    assert answer.json["result"]["cells"] == ["one", "two"]


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["no_such_cell"], "unknown_cell", 3),
        (["squid_axon", "squid_axon"], "same_name", 3),
        (["--save", "page.txt"], "unknown_suffix", 3),
        (["--save", "no/such/folder/page.html"], "cannot_write", 3),
        (["--svae", "page.html"], "unknown_option", 2),
    ],
)
def test_what_is_refused(vrest, opened, arguments, code, exit_code):
    answer = vrest("web", *arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
    assert opened == []


@pytest.mark.library
def test_what_is_remarked_on_a_cell_is_told_with_its_page(vrest, tmp_path):
    file = tmp_path / "charged.toml"
    file.write_text(write_cell("mammalian_neuron").replace('"110 mM"', '"100 mM"', 1), encoding="utf-8")
    answer = vrest("web", str(file), "--save", str(tmp_path / "page.html"), "--json")
    assert [w["code"] for w in answer.json["warnings"]] == ["bath_not_neutral"]

"""The documentation names every law, exchange, cell and perturbation there is; its links and index lead somewhere."""

import re
from pathlib import Path

import pytest

from vrest.model.cellfile import library  # registers the laws
from vrest.model.compartment import KINDS
from vrest.model.exchange import EXCHANGES
from vrest.model.transport import TRANSPORTS
from vrest.study.perturb.library import perturbations

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cells.md").read_text(encoding="utf-8")


def test_every_law_kind_and_exchange_is_described():
    shipped = [law for law, kind in TRANSPORTS.items() if kind.__module__.startswith("vrest.")]
    for name in [*shipped, *KINDS, *EXCHANGES]:
        assert f"`{name}`" in TEXT, name


def test_every_cell_is_listed_and_every_perturbation_is_shown():
    assert re.findall(r"^\| `(\w+)` \|", TEXT.partition("## The library")[2], re.M) == library()
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", gallery, re.M) == perturbations()
    counts = re.findall(r"the (\d+) (cells|perturbations)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(counts) == sorted([(str(len(library())), "cells"), (str(len(perturbations())), "perturbations")])


def test_the_changelog_says_nothing_twice():
    """A merge may bring an old list back: then whole lines of a version stand in two of its sections."""
    _, *versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    for version in versions:
        lines = [line.strip() for line in version.splitlines() if len(line) > 40]
        assert [line for line in set(lines) if lines.count(line) > 1] == []


def test_each_page_begins_with_its_question_and_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+\?) \| \[.+\]\((\w+\.md)\) \|$", index, re.M)
    pages = {*ROOT.glob("docs/*.md")} - {ROOT / "docs" / "README.md"}
    questions = {page.name: page.read_text(encoding="utf-8").splitlines()[2] for page in pages}
    assert {name: f"*{question}*" for question, name in rows} == questions


def test_the_readme_fits_two_screens():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target

"""What `references.bib` has is BibTeX, complete, and what the package cites."""

import re
from pathlib import Path

import bibtexparser
import pytest
from bibtexparser.middlewares import LatexDecodingMiddleware

import vrest
from vrest.errors import InputError
from vrest.model.cellfile import cell_from, cell_to
from vrest.model.channels import InjectedCurrent
from vrest.model.citations import FILE, bibtex, of_cell, of_text
from vrest.model.exchange import EXCHANGES, UntrackedDiffusion
from vrest.model.gating import GATINGS
from vrest.model.junctions import Electrode, Wire
from vrest.model.transport import TRANSPORTS

SOURCE = Path(vrest.__file__).parent
ROOT = SOURCE.parents[1]
DOI = re.compile(r"10\.\d{4,9}/(?:\(\d+\)|[\w./:;<>-])+")
REQUIRED = {
    "article": {"author", "journal", "year"},
    "book": {"author", "title", "publisher", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "year"},
    "misc": {"author", "title", "year", "howpublished"},
}
OWN = {InjectedCurrent, UntrackedDiffusion, Electrode, Wire}
"""What follows from its own words alone."""


def parsed(text):
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert not library.failed_blocks
    return {entry.key: entry for entry in library.entries}


@pytest.fixture(scope="module")
def entries():
    return parsed(Path(FILE).read_text("utf-8"))


@pytest.fixture(scope="module")
def written():
    """Every text of the package, and the DOIs in them."""
    texts = {path: path.read_text("utf-8") for suffix in ("py", "toml") for path in SOURCE.rglob(f"*.{suffix}")}
    return texts, {doi.rstrip(".:;") for text in texts.values() for doi in DOI.findall(text)}


def plain(text):
    """Small letters without marks, as the cells' files spell names."""
    for letter, letters in {"ü": "ue", "ö": "oe", "æ": "ae", "ø": "o", "å": "a", "é": "e"}.items():
        text = text.lower().replace(letter, letters)
    return text


def test_entries_have_their_fields(entries):
    for key, entry in entries.items():
        missing = REQUIRED[entry.entry_type] - set(entry.fields_dict)
        assert not missing, (key, missing)
        surname = re.split(r",| and ", entry["author"])[0]
        assert plain(key) == plain(surname).replace("-", "") + entry["year"]
        assert 1880 < int(entry["year"]) < 2027


def test_every_doi_of_the_package_is_an_entry_and_every_entry_is_cited(entries, written):
    texts, dois = written
    held = {entry["doi"]: key for key, entry in entries.items() if "doi" in entry}
    assert len(held) > 40
    assert dois - set(held) == set()
    references = [text for name in vrest.library() for text in vrest.load(name).references.values()]
    cited = {key for text in references for key in of_text(text)} | {held[doi] for doi in dois}
    cited |= {key for key in entries for text in texts.values() if f'"{key}"' in text}
    assert set(entries) - cited == set()


def test_what_a_cell_says_of_its_sources_is_what_the_entries_say(entries):
    for name in vrest.library():
        for text in vrest.load(name).references.values():
            for key in of_text(text):
                entry = entries[key]
                assert plain(text).startswith(plain(entry["author"]).split(",")[0]), (name, key)
                assert f"({entry['year']})" in text
                authors = text[: text.index("(")].split(",")
                assert len(authors) == len(entry["author"].split(" and ")), (name, key)
                if "pages" in entry.fields_dict and ":" in text:
                    assert f"{entry['volume']}:{entry['pages'].replace('–', '-').replace('--', '-')}" in text, (
                        name,
                        key,
                    )


@pytest.mark.parametrize("kind", [*TRANSPORTS.values(), *EXCHANGES.values(), *GATINGS.values()])
def test_every_law_cites_what_its_docstring_does(entries, kind):
    assert set(kind.cites) <= set(entries)
    assert bool(kind.cites) != (kind in OWN)
    named = {doi.rstrip(".:;") for doi in DOI.findall(kind.__doc__ or "")}
    assert named <= {entries[key]["doi"] for key in kind.cites if "doi" in entries[key]}


@pytest.mark.parametrize("name", vrest.library())
def test_the_bibtex_of_a_cell_has_each_source_once(name):
    cell = vrest.load(name)
    found = parsed(bibtex(["Kay2017", "Kay2017"], cell))
    assert {"vrest", "Kay2017", *of_cell(cell)} <= set(found)
    alone = {f"{name}_{key}": text for key, text in cell.references.items() if not of_text(text)}
    assert {key: entry["note"] for key, entry in found.items() if "note" in entry and key in alone} == alone
    assert len(found) == len({"vrest", "Kay2017", *of_cell(cell), *alone})


def test_a_source_that_nobody_knows_is_its_own_text():
    text = r"Doe J (2031) 50 % of V_m & {more} \ ~ ^ $ #. J Phys 1:2, doi 10.1000/182"
    cell = cell_from(cell_to(vrest.load("kay_2017")) | {"references": {"own one": text}})
    found = parsed(bibtex((), cell))
    assert found["kay_2017_own_one"]["note"].replace("ˆ", "^") == text


def test_a_doi_is_matched_whole():
    assert of_text("Kay AR (2017), doi 10.3389/fcell.2017.00041.") == ("Kay2017",)
    assert of_text("Kay AR (2017), doi 10.3389/fcell.2017.000412") == ()


def test_an_unknown_key_is_refused():
    with pytest.raises(InputError, match="Kay2016") as caught:
        bibtex(["Kay2016"])
    assert "Kay2017" in str(caught.value.hint)


def test_vrest_itself_is_what_citation_cff_says():
    told = (ROOT / "CITATION.cff").read_text("utf-8")
    entry = parsed(bibtex())["vrest"]
    assert f'title: "{entry["title"]}"' in told
    assert f"  - name: {entry['author'].strip('{}')}\n" in told
    assert entry["howpublished"] == f"Python package, version {vrest.__version__}"
    assert f"\nversion: {vrest.__version__}\n" in told

"""One file that holds everything, shows itself in a notebook, and is written whole or not at all."""

import base64
import gzip
import json
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser

import jax.numpy as jnp
import pytest

import vrest
from vrest.errors import InputError, VrestError
from vrest.model.cellfile import write_cell
from vrest.page import html as builder
from vrest.page import page as module
from vrest.page.page import Page, page

STYLE, OPENER, CODE = "body { color: red }", "run(unpacked('vrest-code'))", "console.log('<p>')"


class Parts(HTMLParser):
    """Tags with their attributes, and the text inside each tag by its name or id."""

    def __init__(self, text):
        HTMLParser.__init__(self)
        self.tags, self.inside, self.open = [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open = dict(attrs).get("id") or tag

    def handle_data(self, data):
        self.inside[self.open] = self.inside.get(self.open, "") + data


@pytest.fixture
def built(monkeypatch):
    """As if `web/` had been built."""
    monkeypatch.setattr(module, "asset", {"page.css": STYLE, "open.js": OPENER, "page.js": CODE}.__getitem__)


def test_the_file_holds_style_code_and_document(built):
    made = page("mammalian_neuron")
    parts = Parts(made.html)
    assert parts.inside["style"].strip() == STYLE
    assert parts.inside["script"].strip() == OPENER
    assert gzip.decompress(base64.b64decode(parts.inside["vrest-code"])).decode() == CODE
    doc = json.loads(parts.inside["vrest-doc"])
    assert [cell["name"] for cell in doc["cells"]] == ["mammalian_neuron"]
    assert doc["cells"][0]["file"] == "mammalian_neuron"
    assert ("html", {"lang": "en"}) in parts.tags
    assert "JavaScript is off" in parts.inside["p"]  # shown where scripts are forbidden, too: no noscript
    assert parts.inside["title"].startswith("mammalian_neuron")  # its own title says what Predict asks


def test_it_asks_for_nothing(built):
    text = page("mammalian_neuron").html
    tags = Parts(text).tags
    assert not [attrs for _, attrs in tags if {"src", "href"} & set(attrs)]
    policy = next(attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy


def test_several_cells_and_one_of_a_file(built, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text(write_cell(vrest.load("squid_axon")).replace("squid_axon", "my_axon"), encoding="utf-8")
    made = page([own, "mammalian_neuron", vrest.apply("mammalian_neuron", "outside.K=6 mM")._with_si(name="other")])
    assert made.cells == ("my_axon", "mammalian_neuron", "other")
    doc = json.loads(Parts(made.html).inside["vrest-doc"])
    assert [cell["file"] for cell in doc["cells"]] == ["mine.toml", "mammalian_neuron", "other.toml"]
    assert repr(made).startswith("Page of my_axon, mammalian_neuron, other, ")


def test_a_changed_cell_of_the_library_is_not_called_by_its_name(built):
    doc = json.loads(Parts(page(vrest.apply("mammalian_neuron", "outside.K=6 mM")).html).inside["vrest-doc"])
    assert doc["cells"][0]["file"] == "mammalian_neuron.toml"


@pytest.mark.parametrize("first", ["import vrest.page.controls", "import vrest.page.page", "vrest.page"])
def test_vrest_page_is_the_verb_whatever_was_loaded_before(first):
    code = f"import vrest; {first}; from vrest.page.page import page; print(vrest.page is page)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([], "no_cell"),
        (["squid_axon", "squid_axon"], "same_name"),
        ("no_such_cell", "unknown_cell"),
        ([3], "not_a_cell"),
    ],
)
def test_what_is_refused(built, cells, code):
    with pytest.raises(InputError) as refused:
        page(cells)
    assert refused.value.code == code


def test_a_checkout_that_was_not_built_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(builder.resources, "files", lambda _: tmp_path)
    with pytest.raises(VrestError, match="make web") as refused:
        page("mammalian_neuron")
    assert refused.value.code == "not_built"


def test_a_notebook_shows_it_in_a_frame_of_its_own():
    made = Page(("a & b",), '<p title="x">"&amp;"</p>')
    parts = Parts(made._repr_html_())
    ((tag, attributes),) = parts.tags
    assert tag == "iframe"
    assert attributes["srcdoc"] == made.html
    assert "allow-same-origin" not in attributes["sandbox"]
    assert "allow-scripts" in attributes["sandbox"]
    assert unescape(re.search(r'title="([^"]*)"', made._repr_html_())[1]).endswith("a & b")


def test_it_says_what_to_cite(built):
    made = page("kay_2017")
    for key in ("Kay2017", "Sandu1997", "Steinebach2023"):  # its cell, how it rests, how it runs
        assert made.cite().count(f"{{{key},") == 1


def test_it_is_written_whole_or_not_at_all(tmp_path):
    made = Page(("a",), "<p>−70 mV</p>")
    path = tmp_path / "page.html"
    assert made.save(path) == path
    assert path.read_text(encoding="utf-8") == made.html
    for place, code in (("page.txt", "unknown_suffix"), ("nowhere/page.html", "cannot_write")):
        with pytest.raises(InputError) as refused:
            made.save(tmp_path / place)
        assert refused.value.code == code
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def of_own_law(law, function):
    """A cell with a leak of K+ whose law asks for a function."""

    @vrest.transport(law, strength="permeability")
    class Bent(vrest.Transport):
        permeability: float = vrest.quantity("permeability")

        def stoichiometry(self):
            return {"K": 1}

        def rate(self, here):
            driving = here.inside["K"] - here.outside["K"] * jnp.exp(-here.potential / 0.0267)
            return self.permeability * driving * (1.0 + 0.01 * function(here.potential))

    text = write_cell("mammalian_neuron").replace('law = "ghk_leak"\nion = "K"\n', f'law = "{law}"\n')
    return vrest.parse_cell(text.replace('name = "mammalian_neuron"', f'name = "with_{law}"'))


def test_a_law_of_ones_own_comes_along(built):
    made = page(of_own_law("bent_by_sine", jnp.sin))
    doc = json.loads(Parts(made.html).inside["vrest-doc"])
    assert doc["cells"][0]["golden"][0]["rest"]["outcome"] == "rests"


def test_a_law_with_an_operation_that_browsers_lack_is_refused(built, monkeypatch):
    monkeypatch.setenv("VREST_COMPILER", "")
    with pytest.raises(InputError, match=r"no code for 'atan' \(.*Bent.rate, .*test_page.py") as refused:
        page(of_own_law("bent_by_arctangent", jnp.arctan))
    assert refused.value.code == "not_for_browsers"

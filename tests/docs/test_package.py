"""What a package index shows of vrest: the built metadata, as PyPI renders it."""

import subprocess
import sys
import zipfile
from email import message_from_string
from html.parser import HTMLParser
from pathlib import Path

import pytest
from readme_renderer.markdown import render

ROOT = Path(__file__).parents[2]


class Links(HTMLParser):
    def __init__(self):
        HTMLParser.__init__(self)
        self.targets = []

    def handle_starttag(self, tag, attrs):
        self.targets += [value for name, value in attrs if name in ("href", "src")]


@pytest.fixture(scope="module")
def metadata(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True, text=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(wheel.read(name).decode("utf-8"))


def test_the_readme_renders_without_pictures_or_links_that_lead_nowhere(metadata):
    assert metadata["Description-Content-Type"] == "text/markdown"
    page = render(metadata.get_payload())
    assert page
    links = Links()
    links.feed(page)
    assert [target for target in links.targets if not target.startswith(("https://", "#"))] == []
    for shown in ("<h1", ">vrest<", "What people do first", "CHANGELOG.md", "docs/first_steps.md has"):
        assert shown in page
    for mark in ("](", "![", "&lt;img", "docs/images"):
        assert mark not in page


def test_no_link_of_the_project_is_made_up(metadata):
    """There is no public address yet; one that is added has to answer."""
    assert metadata.get_all("Project-URL") is None
    assert "http" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8")

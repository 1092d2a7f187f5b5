"""A figure is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from vrest.errors import InputError
from vrest.plot.saving import save

BEGINNINGS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_save_writes_the_format_of_the_suffix(tmp_path: Path, suffix: str) -> None:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    first = save(figure, tmp_path / f"a{suffix}").read_bytes()
    assert first.startswith(BEGINNINGS[suffix])
    assert save(figure, str(tmp_path / f"b{suffix}")).read_bytes() == first  # equal figures, equal files
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_png_has_200_dots_per_inch(tmp_path: Path) -> None:
    content = save(Figure(figsize=(2, 1)), tmp_path / "a.png").read_bytes()
    assert int.from_bytes(content[16:20]) == 400
    assert int.from_bytes(content[20:24]) == 200


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.tar.gz"])
def test_unknown_suffix_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as error:
        save(Figure(), tmp_path / name)
    assert error.value.code == "unknown_suffix"
    assert ".png" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        save(Figure(), tmp_path / "nowhere" / "a.png")
    assert error.value.code == "cannot_write"


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"before")
    figure = Figure()

    def half(path: str, **options: object) -> None:
        Path(path).write_bytes(b"half a figure")
        raise KeyboardInterrupt

    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(KeyboardInterrupt):
        save(figure, target)
    assert target.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]

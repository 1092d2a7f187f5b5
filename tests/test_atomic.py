"""Files are replaced whole or not at all."""

import os
import stat

import pytest

from vrest.atomic import check_target, replacing
from vrest.errors import InputError


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_new_file_has_ordinary_permissions(tmp_path):
    mask = os.umask(0o027)
    try:
        with replacing(tmp_path / "file.txt") as temporary:
            temporary.write_text("new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("slip", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path, slip):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write():
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise slip

    with pytest.raises(slip):
        write()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_full_disk_is_the_users_business(tmp_path):
    with pytest.raises(InputError, match="No space") as caught, replacing(tmp_path / "file.txt"):
        raise OSError(28, "No space left on device")
    assert caught.value.code == "cannot_write"
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "target.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("target.txt")
    with replacing(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text() == "new"


def test_targets_that_cannot_be_are_refused(tmp_path):
    check_target(str(tmp_path / "run.NC"), (".nc",), "a run")
    (tmp_path / "folder.nc").mkdir()
    for name, code in (("run", "unknown_suffix"), ("folder.nc", "cannot_write"), ("none/run.nc", "cannot_write")):
        with pytest.raises(InputError) as caught:
            check_target(str(tmp_path / name), (".nc",), "a run")
        assert caught.value.code == code

"""What is committed is what web/ gives, and web/'s own tests pass."""

import pytest

pytestmark = pytest.mark.page


def test_the_committed_page_is_what_its_sources_give(node):
    done = node("build.mjs", "--check")
    assert done.returncode == 0, done.stderr


def test_modules_pass_their_own_tests(node):
    done = node("--test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0" in done.stdout.replace("ℹ", "#")
    assert "\n# tests 0\n" not in done.stdout.replace("ℹ", "#")

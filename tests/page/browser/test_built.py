"""What is committed is what web/ gives, and web/'s own tests pass."""

import pytest

pytestmark = pytest.mark.page


def test_the_committed_page_is_what_its_sources_give(node):
    done = node("build.mjs", "--check")
    assert done.returncode == 0, done.stderr


def test_modules_pass_their_own_tests(node):
    done = node("--test", "--test-reporter=tap")
    said = [line for line in done.stdout.splitlines() if line.startswith(("not ok", "ok"))]
    assert [line for line in said if line.startswith("not")] == [], "npm test in web/ says more"
    assert len(said) > 50
    assert done.returncode == 0, done.stderr

"""The whole state stands in the link, readable, and comes back from it."""

import pytest

import vrest

pytestmark = pytest.mark.page


def test_a_link_opens_exactly_this_state(opened):
    page = opened()
    page.set("outside.K", 7.123456789012345)
    page.set("pump.max_rate", 1 / 3)
    shared = page.link
    again = opened(fragment=shared)
    assert again.values == page.values
    assert (again.now, again.settled, again.outcome) == (page.now, page.settled, page.outcome)
    assert again.link == shared


def test_a_link_can_be_written_by_hand(opened):
    page = opened(fragment="outside.K=12&outside.Na=138&mode=explore")
    assert page.values == {"outside.K": 12, "outside.Na": 138}
    assert page.settled == pytest.approx(
        vrest.settled("mammalian_neuron", ["outside.K=12 mM", "outside.Na=138 mM"]).v_rest, abs=1e-9
    )


def test_the_link_says_its_version(opened):
    page = opened()
    page.set("outside.K", 8)
    assert page.fragment["v"] == vrest.__version__
    assert page.fragment["cell"] == "mammalian_neuron"


@pytest.mark.parametrize(
    ("fragment", "named"), [("kalium=8", "kalium"), ("outside.K=-4", "outside.K"), ("mode=sleep", "sleep")]
)
def test_what_a_link_says_wrongly_is_named_and_left_out(opened, fragment, named):
    page = opened(fragment=f"outside.Na=150&outside.K=0.01&{fragment}" if fragment == "kalium=8" else fragment)
    assert named in page.tab.inner_text("body")
    assert page.outcome


def test_a_changed_link_in_the_same_window_is_followed(opened):
    page = opened()
    page.tab.evaluate("location.hash = 'outside.K=12&outside.Na=138'")
    page.settle()
    assert page.values["outside.K"] == 12
    assert page.now > -65


def test_nothing_of_a_link_is_run(opened):
    page = opened(fragment="cell=mammalian_neuron&<img src=x onerror=document.title='caught'>=1&lang=<b>x</b>")
    assert page.tab.title() != "caught"
    assert page.tab.locator("img").count() == 0

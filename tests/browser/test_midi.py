"""Hardware in the browser: a real page and server, a stand-in painter, a fake Web MIDI."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from styletune.networks import NETWORKS
from tests.browser.conftest import browsing
from tests.browser.live_server import wait_until
from tests.support.midi_hardware import TOKEN, Server

pytestmark = pytest.mark.browser
LAYERS = NETWORKS["lite"].default_layers
FADER = f"style.{LAYERS[0]}"

# Devices that a test can turn, pull and put back; the twin comes later.
FAKE = """
window.shown = [];
window.shownByTwin = [];
const make = (id, name) => Object.assign(new EventTarget(), {
  id, name, state: "connected", type: "input", onmidimessage: null });
const nano = make("1", "nanoKONTROL2 SLIDER/KNOB");
const twin = make("2", nano.name);
const outputs = new Map([["3", { id: "3", name: "nanoKONTROL2 CTRL",
  send: (data) => window.shown.push([...data]) }]]);
const access = Object.assign(new EventTarget(), {
  inputs: new Map([["0", make("0", "Midi Through Port-0")], ["1", nano]]), outputs,
  onstatechange: null });
window.turn = (...messages) => messages.forEach((data) =>
  nano.onmidimessage?.({ data: new Uint8Array(data) }));
window.plug = (there) => {
  nano.state = there ? "connected" : "disconnected";
  there ? access.inputs.set("1", nano) : access.inputs.delete("1");
  access.onstatechange?.({ port: nano });
};
window.plugTwin = (there) => {
  access.inputs.delete("2");
  outputs.delete("4");
  if (there) {
    access.inputs.set("2", twin);
    outputs.set("4", { id: "4", name: "nanoKONTROL2 CTRL",
      send: (data) => window.shownByTwin.push([...data]) });
  }
  access.onstatechange?.({ port: twin });
};
window.turnTwin = (data) => twin.onmidimessage?.({ data: new Uint8Array(data) });
window.requests = [];
navigator.requestMIDIAccess = async (options) => { window.requests.push(options); return access; };
"""
DENIED = """navigator.requestMIDIAccess = async () => {
  throw new DOMException("", "NotAllowedError");
};"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("served"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One where MIDI is allowed at once, and one where it is not."""
    with browsing(browser) as allowed, browsing(browser) as refused:
        allowed.add_init_script(FAKE)
        yield {"allowed": allowed, "refused": refused}


def opened(context: BrowserContext, server: Server) -> Page:
    """The page, which a window's tests share."""
    if context.pages:
        return context.pages[0]
    page = context.new_page()
    page.goto(f"{server.url}/?token={TOKEN}")
    expect(page.locator(f'.knob[data-control="{FADER}"]')).to_be_visible()
    wait_for(page, "document.querySelector('#midi-panel h2') !== null")
    return page


@pytest.fixture
def page(windows: dict[str, BrowserContext], server: Server) -> Page:
    """The page, with its panel open and a device that plays."""
    page = opened(windows["allowed"], server)
    if not page.locator("#midi-panel").is_visible():
        page.locator("#midi").click()
    expect(page.locator("#midi-panel")).to_contain_text("nanoKONTROL2 SLIDER/KNOB plays")
    return page


def wait_for(page: Page, expression: str) -> None:
    """Wait until an expression of the page is true; its policy lets no strings be polled there."""
    wait_until(expression, lambda: page.evaluate(expression))


def control(server: Server, name: str) -> object:
    return server.controls()[name]


def test_allowed_it_plays_and_the_device_shows_the_state(page: Page, server: Server) -> None:
    assert page.evaluate("window.requests") == [{"sysex": False}]
    wait_for(page, "window.shown.some((data) => data.join() === '176,41,127')")
    page.evaluate("window.turn([176, 42, 127], [176, 42, 0])")
    wait_until("the pause", lambda: control(server, "paused") is True)
    wait_for(page, "window.shown.some((data) => data.join() === '176,42,127')")
    page.evaluate("window.turn([176, 41, 127], [176, 41, 0])")
    wait_until("play", lambda: control(server, "paused") is False)


def test_a_click_before_the_panel_has_loaded_counts(browser: Browser, server: Server) -> None:
    with browsing(browser) as context:
        context.add_init_script(FAKE)
        held: list[Route] = []
        context.route("**/midi.js", lambda route: held.append(route))
        page = context.new_page()
        page.goto(f"{server.url}/?token={TOKEN}", wait_until="commit")
        page.locator("#midi").click()
        while not held:
            page.wait_for_timeout(20)
        held[0].continue_()
        expect(page.locator("#midi-panel")).to_contain_text("nanoKONTROL2 SLIDER/KNOB plays")


SECURE = "Object.defineProperty(window, 'isSecureContext', { value: %s, configurable: true });"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            DENIED + "navigator.permissions.query = async () => ({ state: 'prompt' });",
            "MIDI was not allowed this time",
        ),
        (
            DENIED + "navigator.permissions.query = async () => ({ state: 'denied' });",
            "MIDI is blocked for this page",
        ),
        (
            "navigator.requestMIDIAccess = async () => { throw new Error('driver is busy') };",
            "The browser could not open MIDI: driver is busy",
        ),
        ("navigator.requestMIDIAccess = undefined;", "This browser has no Web MIDI"),
        (SECURE % "false", "A browser gives MIDI only to pages from this computer"),
        # The last, after which nothing is requested any more.
        (
            "navigator.requestMIDIAccess = async () => ({ inputs: new Map() });",
            "MIDI is allowed, but no controller is plugged in",
        ),
    ],
)  # fmt: skip
def test_every_refusal_is_explained_and_the_controls_go_on_working(
    windows: dict[str, BrowserContext], server: Server, script: str, sentence: str
) -> None:
    page = opened(windows["refused"], server)
    page.evaluate(f"() => {{ {SECURE % 'true'} {script} }}")
    page.locator("#midi").click()
    expect(page.locator("#midi-panel")).to_contain_text(sentence)
    if "isSecureContext" in script:
        port = server.port
        expect(page.locator("#midi-panel code")).to_have_text(
            f"ssh -N -L {port}:localhost:{port} user@127.0.0.1"
        )
    if "no Web MIDI" in sentence:
        expect(page.locator("#midi-panel")).to_contain_text("styletune midi")
    before = float(str(control(server, "smooth")))
    slider = page.locator('input[type="range"][data-control="smooth"]')
    slider.focus()
    slider.press("ArrowUp")
    wait_until("the handle", lambda: control(server, "smooth") != before)


def test_a_fader_that_stands_elsewhere_leaves_a_ghost_until_it_meets_its_control(
    page: Page, server: Server
) -> None:
    knob = page.locator(f'.knob[data-control="{FADER}"]')
    start = round(float(str(control(server, FADER))) * 127)
    page.evaluate("window.turn([176, 16, 0])")
    expect(knob).to_have_class("knob waiting")
    assert knob.evaluate("(root) => root.style.getPropertyValue('--ghost')") == "0"
    assert knob.get_attribute("data-ghost") == "▲"
    page.evaluate(f"window.turn([176, 16, {start}])")
    expect(knob).to_have_class("knob")
    page.evaluate(f"window.turn([176, 16, {start + 1}])")
    wait_until("the knob", lambda: control(server, FADER) == (start + 1) / 127)


def test_a_device_in_another_mode_shows_the_keys_that_switch_it(page: Page, server: Server) -> None:
    before = control(server, FADER)
    page.evaluate("window.turn([224, 0, 64], [224, 1, 64])")
    panel = page.locator("#midi-panel")
    expect(panel).to_contain_text("of nanoKONTROL2 SLIDER/KNOB; 2 such events so far")
    expect(panel).to_contain_text("hold SET and CYCLE while you plug it in")
    expect(page.locator("#notice")).to_contain_text("hold SET and CYCLE")
    assert control(server, FADER) == before


def test_learn_a_handle_by_pressing_it_and_moving_hardware(page: Page, server: Server) -> None:
    page.keyboard.press("l")
    bound = page.locator('.fader[data-control="content.block1_conv1"] .binding')
    expect(bound).to_have_attribute("data-text", "CC 0")
    expect(page.locator("#learn [data-control=next_scene]")).to_be_visible()
    page.locator('button[data-control="kick"]').click()
    section = page.locator("#learn")
    expect(section).to_contain_text("kick: move a fader, press a key")
    expect(page.locator('button[data-control="kick"]')).to_have_class("key learning")
    page.evaluate("window.turn([144, 99, 100], [128, 99, 0])")
    expect(section).to_contain_text("learnt: ch 1 note 99, button")
    # A press while learning has chosen the key, and done nothing else.
    learnt = page.locator('button[data-control="kick"] .binding')
    expect(learnt).to_have_attribute("data-text", "note 99")
    page.keyboard.press("Escape")
    expect(page.locator("body")).not_to_have_class("learn-mode")
    expect(page.locator(".binding")).to_have_count(0)
    rows = section.locator("li").filter(has_text="kick")
    section.locator("summary").click()
    expect(rows).to_contain_text("ch 1 note 99, button")
    rows.get_by_role("button").click()
    expect(rows).to_have_count(0)


def test_learning_is_left_by_escape(page: Page, server: Server) -> None:
    page.get_by_role("button", name="learn", exact=True).click()
    page.locator(f'.knob[data-control="{FADER}"]').click()
    expect(page.locator("#learn")).to_contain_text("style colour: move a fader")
    page.keyboard.press("Escape")
    expect(page.locator(".learning")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="learn", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )


def test_a_profile_is_saved_and_loaded(page: Page, tmp_path: Path) -> None:
    save = page.locator("#learn a[download]")
    expect(save).to_be_attached()
    with page.expect_download() as download:
        # By itself: news of another device would close the list around it.
        save.evaluate("(link) => link.click()")
    saved = tmp_path / "nano.toml"
    download.value.save_as(saved)
    text = saved.read_text()
    assert 'name = "nanoKONTROL2"' in text
    saved.write_text(text.replace('name = "nanoKONTROL2"', 'name = "mine"'))
    page.locator("#learn input[type=file]").set_input_files(saved)
    expect(page.locator("#learn summary")).to_contain_text("mine")
    saved.write_text("x =")
    page.locator("#learn summary").click()
    page.locator("#learn input[type=file]").set_input_files(saved)
    expect(page.locator("#notice")).to_contain_text("not valid TOML")


@pytest.mark.skipif(bool(os.environ.get("STYLETUNE_NO_STORM")), reason="STYLETUNE_NO_STORM is set")
def test_of_a_storm_the_last_value_of_each_fader_arrives(page: Page, server: Server) -> None:
    page.evaluate(
        """() => {
          const send = WebSocket.prototype.send;
          window.out = [];
          WebSocket.prototype.send = function (text) {
            const message = JSON.parse(text);
            if (message.type !== "midi") return send.call(this, text);
            for (let at = 0; at < message.data.length; at += 3)
              window.out.push([performance.now(), ...message.data.slice(at, at + 3)]);
            return send.call(this, text);
          };
        }"""
    )
    page.evaluate(
        """() => new Promise((done) => {
          const start = performance.now();
          let step = 0;
          const more = () => {
            const due = Math.min(10000, (performance.now() - start) * 5);
            for (; step < due; step++) window.turn([176, step % 8, (step >> 3) % 100]);
            step < 10000 ? setTimeout(more, 1) : done();
          };
          more();
        })"""
    )
    last = {number: ((9992 + number) >> 3) % 100 for number in range(8)}
    ends = "Object.fromEntries(window.out.map((row) => [row[2], row[3]]))"
    wait_until(
        "the last of each",
        lambda: {int(n): v for n, v in page.evaluate(ends).items()} == last,
    )
    out = page.evaluate("window.out")
    seconds = (out[-1][0] - out[0][0]) / 1000
    for number in range(8):
        mine = [row for row in out if row[2] == number]
        for row in mine:
            near = sum(row[0] <= other[0] < row[0] + 1000 for other in mine)
            assert near <= 120, f"{near} in a second of {seconds:.1f}"


def test_two_controllers_of_one_name_play_at_once_or_one_is_chosen(
    page: Page, server: Server
) -> None:
    page.evaluate("window.plugTwin(true)")
    panel = page.locator("#midi-panel")
    expect(panel).to_contain_text("SLIDER/KNOB, nanoKONTROL2 SLIDER/KNOB 2 play.")
    page.evaluate("window.turnTwin([176, 42, 127])")
    wait_until("the pause", lambda: control(server, "paused") is True)
    wait_for(page, "window.shownByTwin.some((data) => data.join() === '176,42,127')")
    page.evaluate("window.turn([176, 41, 127])")
    wait_until("play", lambda: control(server, "paused") is False)

    panel.locator("select").select_option("2")
    expect(panel).to_contain_text("nanoKONTROL2 SLIDER/KNOB 2 plays.")
    page.evaluate("window.turn([176, 42, 127])")
    page.evaluate("window.turnTwin([176, 46, 127])")
    wait_until("the average", lambda: control(server, "average") is True)
    assert control(server, "paused") is False
    page.evaluate("window.turnTwin([176, 46, 127])")
    panel.locator("select").select_option("")
    page.evaluate("window.plugTwin(false)")
    expect(panel).to_contain_text("nanoKONTROL2 SLIDER/KNOB plays.")


def test_unplugged_and_put_back_it_plays_on(page: Page, server: Server) -> None:
    # The last, for the page knows two devices from then on.
    for _ in range(3):
        page.evaluate("window.plug(false)")
        # The loop-back port that is left is not what anybody plays, but it is there.
        expect(page.locator("#midi-panel select")).not_to_contain_text("nanoKONTROL2")
        page.evaluate("window.shown.length = 0; window.plug(true)")
        expect(page.locator("#midi-panel")).to_contain_text("nanoKONTROL2 SLIDER/KNOB plays")
        wait_for(page, "window.shown.length > 0")

"""What the page costs a browser: first picture, busy main thread, memory while hidden.

    python -m benchmarks.page.browser [--seconds 10] [--hidden 60]

The real server with a stand-in worker (`benchmarks.common.stand_in`: 512 px, 20 pictures a second),
the real page in a headless Chromium at 1440 × 900. Takes about two minutes. Exit code 1 where a
target was missed. Needs Chromium; `STYLETUNE_CHROMIUM` names another one.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

from benchmarks.common import report
from benchmarks.common.processes import StandInServer
from benchmarks.common.report import Row

_LOADS = 5
_SETTLE_S = 3.0
_TIMEOUT_S = 60.0
_MB = 1e6

# When the first picture is drawn, and every task over 50 ms; runs before the page's own code.
_INSTRUMENT = """
window.measured = { first: null, drawn: 0, longest: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    measured.longest = Math.max(measured.longest, duration);
  }
}).observe({ type: "longtask" });
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    measured.first ??= performance.now();
    measured.drawn++;
  }).observe(document.querySelector("#picture"), { attributeFilter: ["data-epoch"] });
});
"""

_SET_HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Metrics:
    """Chromium's own counters of one page."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    @classmethod
    async def attach(cls, page: Page) -> "Metrics":
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        return cls(session)

    async def read(self, *, collect_garbage: bool = False) -> dict[str, float]:
        """All counters by name."""
        if collect_garbage:
            for _ in range(2):
                await self._session.send("HeapProfiler.collectGarbage")
        answer = await self._session.send("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def first_pictures(browser: Browser, url: str) -> list[float]:
    """Seconds from the request to the first drawn picture, each in a fresh context."""
    times = []
    for _ in range(_LOADS):
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await open_page(context, url)
        times.append(await page.evaluate("measured.first") / 1000)
        await context.close()
    return times


async def open_page(context: BrowserContext, url: str) -> Page:
    """Open a page and wait for a picture on it."""
    await context.add_init_script(_INSTRUMENT)
    page = await context.new_page()
    await page.goto(url)
    await _wait_until(page, "measured.first !== null")
    return page


async def _wait_until(page: Page, expression: str) -> None:
    """Poll from here: the page's policy forbids what `wait_for_function` does."""
    async with asyncio.timeout(_TIMEOUT_S):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.05)


async def busy_rows(page: Page, seconds: float) -> list[Row]:
    """How busy the page's thread is while pictures come, and while a fader moves besides."""
    metrics = await Metrics.attach(page)
    rows = []
    for what in ("watching", "moving a fader"):
        await page.evaluate("measured.drawn = measured.longest = 0")
        before = await metrics.read()
        if what == "watching":
            await asyncio.sleep(seconds)
        else:
            await _drag(page, seconds)
        after = await metrics.read()
        took = after["Timestamp"] - before["Timestamp"]
        busy = (after["TaskDuration"] - before["TaskDuration"]) / took
        drawn, longest = await page.evaluate("[measured.drawn, measured.longest]")
        rows += [
            Row(f"{what}: main thread busy", 100 * busy, 50, "%"),
            Row(
                f"{what}: pictures drawn",
                drawn / took,
                19 if what == "watching" else None,
                "/s",
                True,
            ),
            Row(f"{what}: longest task", longest, None, "ms"),
        ]
    return rows


async def _drag(page: Page, seconds: float) -> None:
    box = await page.locator('.fader[data-control="content.block3_conv1"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await page.mouse.move(x, y)
    await page.mouse.down()
    up = True
    while loop.time() < end:
        up = not up
        await page.mouse.move(x, y + (-40 if up else 40), steps=20)
        await asyncio.sleep(0.1)
    await page.mouse.up()


async def hidden_rows(page: Page, seconds: float) -> list[Row]:
    """What has grown after some time out of sight.

    A headless Chromium hides no window, so the page is told that it is hidden; its timers and
    sockets go on, which is the harder case.
    """
    metrics = await Metrics.attach(page)
    await page.evaluate(_SET_HIDDEN, True)
    await asyncio.sleep(_SETTLE_S)
    before = await metrics.read(collect_garbage=True)
    await asyncio.sleep(seconds)
    after = await metrics.read(collect_garbage=True)
    await page.evaluate(_SET_HIDDEN, False)
    drawn = await page.evaluate("measured.drawn")
    await _wait_until(page, f"measured.drawn > {drawn}")
    heap = (after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / _MB
    return [
        Row(f"{seconds:.0f} s hidden: heap grown", heap, 1.0, "MB"),
        Row("elements grown", after["Nodes"] - before["Nodes"], 0, ""),
        Row("listeners grown", after["JSEventListeners"] - before["JSEventListeners"], 0, ""),
    ]


async def run(seconds: float, hidden_s: float) -> list[Row]:
    """Measure everything, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        async with StandInServer(Path(folder)) as server, async_playwright() as playwright:
            url = await server.login_url()
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox"]
            )
            # The first page of a server waits for its first picture too.
            await (await open_page(await browser.new_context(), url)).context.close()
            times = await first_pictures(browser, url)
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            page = await open_page(context, url)
            await asyncio.sleep(_SETTLE_S)
            rows = [
                Row("first picture, median", median(times), 1.0, "s"),
                Row("first picture, worst of five", max(times), None, "s"),
                *await busy_rows(page, seconds),
                *await hidden_rows(page, hidden_s),
            ]
            await browser.close()
            return rows


def chromium() -> str:
    """The browser of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("STYLETUNE_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if found is None:
        raise SystemExit("no Chromium here: apt-get install chromium, or set STYLETUNE_CHROMIUM")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("page.browser", __doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each window")
    parser.add_argument("--hidden", type=float, default=60.0, help="seconds out of sight")
    arguments = parser.parse_args(argv)
    rows = asyncio.run(run(arguments.seconds, arguments.hidden))
    return report.print_rows("the page in Chromium", rows)


if __name__ == "__main__":
    sys.exit(main())

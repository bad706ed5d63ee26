"""What the page takes of a browser: one command, one table.

    python -m benchmarks.page.browser [--seconds 10] [--hidden 60]

The real server with a stand-in worker (`benchmarks.common.stand_in`: 512 px, 20 pictures a second),
the real page in a headless Chromium at 1440 × 900. Exit code 1 where a goal was missed.
Needs Chromium; `STYLETUNE_CHROMIUM` names another one.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from benchmarks.common.processes import StandIn

_LOADS = 5
_SETTLE_S = 3.0
_PATIENCE_S = 60.0
_MB = 1e6

# When the first picture is drawn, and every task over 50 ms; runs before the page's own code.
_WATCH = """
window.seen = { first: null, drawn: 0, longest: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
}).observe({ type: "longtask" });
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    seen.first ??= performance.now();
    seen.drawn++;
  }).observe(document.querySelector("#picture"), { attributeFilter: ["data-epoch"] });
});
"""

_HIDE = """(away) => {
  Object.defineProperty(document, "hidden", { get: () => away, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and what was to be reached."""

    name: str
    value: float
    goal: float | None
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached; true where there is none."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


class Metrics:
    """Chromium's own counters of one page."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    @classmethod
    async def of(cls, page: Page) -> "Metrics":
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        return cls(session)

    async def read(self, *, swept: bool = False) -> dict[str, float]:
        """All counters by name; `swept`: after the garbage has been collected."""
        if swept:
            for _ in range(2):
                await self._session.send("HeapProfiler.collectGarbage")
        answer = await self._session.send("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def first_pictures(browser: Browser, url: str) -> list[float]:
    """Seconds from the request to the first drawn picture, each in a fresh context."""
    times = []
    for _ in range(_LOADS):
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await painted(context, url)
        times.append(await page.evaluate("seen.first") / 1000)
        await context.close()
    return times


async def painted(context: BrowserContext, url: str) -> Page:
    """A page with a picture on it."""
    await context.add_init_script(_WATCH)
    page = await context.new_page()
    await page.goto(url)
    await _until(page, "seen.first !== null")
    return page


async def _until(page: Page, expression: str) -> None:
    """Poll from here: the page's policy forbids what `wait_for_function` does."""
    async with asyncio.timeout(_PATIENCE_S):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.05)


async def playing(page: Page, seconds: float) -> list[Row]:
    """How busy the page's thread is while pictures come, and while a hand moves besides."""
    metrics = await Metrics.of(page)
    rows = []
    for what in ("watching", "moving a fader"):
        await page.evaluate("seen.drawn = seen.longest = 0")
        before = await metrics.read()
        if what == "watching":
            await asyncio.sleep(seconds)
        else:
            await _drag(page, seconds)
        after = await metrics.read()
        took = after["Timestamp"] - before["Timestamp"]
        busy = (after["TaskDuration"] - before["TaskDuration"]) / took
        drawn, longest = await page.evaluate("[seen.drawn, seen.longest]")
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
    box = await page.locator('.fader[data-control="content.block3_conv2"]').bounding_box()
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


async def hidden(page: Page, seconds: float) -> list[Row]:
    """What has grown after a time out of sight.

    A headless Chromium hides no window, so the page is told that it is hidden; its timers and
    sockets go on, which is the harder case.
    """
    metrics = await Metrics.of(page)
    await page.evaluate(_HIDE, True)
    await asyncio.sleep(_SETTLE_S)
    before = await metrics.read(swept=True)
    await asyncio.sleep(seconds)
    after = await metrics.read(swept=True)
    await page.evaluate(_HIDE, False)
    drawn = await page.evaluate("seen.drawn")
    await _until(page, f"seen.drawn > {drawn}")
    heap = (after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / _MB
    return [
        Row(f"{seconds:.0f} s hidden: heap grown", heap, 1.0, "MB"),
        Row("elements grown", after["Nodes"] - before["Nodes"], 0, ""),
        Row("listeners grown", after["JSEventListeners"] - before["JSEventListeners"], 0, ""),
    ]


async def run(seconds: float, away: float) -> list[Row]:
    """Measure everything, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        async with StandIn(Path(folder)) as server, async_playwright() as playwright:
            url = await server.url()
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox"]
            )
            # The first page of a server waits for its first picture too.
            await (await painted(await browser.new_context(), url)).context.close()
            times = await first_pictures(browser, url)
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            page = await painted(context, url)
            await asyncio.sleep(_SETTLE_S)
            rows = [
                Row("first picture, median", median(times), 1.0, "s"),
                Row("first picture, worst of five", max(times), None, "s"),
                *await playing(page, seconds),
                *await hidden(page, away),
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


def table(rows: Sequence[Row], notes: Sequence[str]) -> Table:
    """Lay the figures out."""
    made = Table(title="the page in Chromium", caption="\n".join(notes), caption_justify="left")
    made.add_column("")
    made.add_column("measured", justify="right")
    made.add_column("to reach", justify="right")
    for row in rows:
        goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal:g} {row.unit}"
        colour = "green" if row.met else "red"
        value = f"{row.value:.2f}" if abs(row.value) < 10 else f"{row.value:.0f}"
        made.add_row(row.name, f"[{colour}]{value} {row.unit}[/]", goal)
    return made


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page.browser", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measured play")
    parser.add_argument("--hidden", type=float, default=60.0, help="seconds out of sight")
    arguments = parser.parse_args()
    rows = asyncio.run(run(arguments.seconds, arguments.hidden))
    notes = (f"{machine.processor()}, {machine.cores()} cores", machine.versions())
    Console(highlight=False, width=100).print(table(rows, notes))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

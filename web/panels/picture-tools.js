// @ts-check
/** The tools under the painting: zoom, compare, save, render large. */

import { button, byId, el, setPressed, setText } from "../dom.js";
import { request } from "../http.js";
import { onShortcut } from "../shortcuts.js";
import { makeComparison } from "./compare.js";
import { makePanZoom } from "./pan-zoom.js";
import { fetchPng } from "./png-state.js";

const ZOOM_STEP = 1.25;
const PAN_PX = 60;

/** @param {Page} page */
export function start(page) {
  const stage = byId("stage");
  const zoom = makePanZoom(stage, byId("picture", HTMLCanvasElement));
  const comparison = makeComparison(page);
  const saveButton = button("save", save, { title: "save the painting in this size as PNG, its state inside (Ctrl S)" });
  const savedSize = el("small", { "aria-hidden": "true" });
  saveButton.append(savedSize);
  const shape = { width: 0, height: 0 };
  page.on("state", ({ width, height }) => {
    Object.assign(shape, { width, height });
    setText(savedSize, width ? ` ${width} × ${height}` : "");
  });
  /** @param {boolean} fill */
  function setFill(fill) {
    zoom.setFill(fill);
    localStorage.setItem("view", fill ? "fill" : "fit");
    for (const view of views) setPressed(view, (view.textContent === "fill") === fill);
  }
  const views = [
    button("fill", () => setFill(true), { title: "fill the window with it (w)" }),
    button("fit", () => setFill(false), { title: "see all of it (w)" }),
  ];
  setFill(localStorage.getItem("view") !== "fit");
  byId("stage-tools").append(
    el(
      "div", { class: "closer" }, ...views,
      button("1:1", zoom.actualSize, { title: "a pixel is a pixel (z)" }), zoom.output,
    ),
    el("div", { role: "group", "aria-label": "compare with" }, el("span", {}, "compare"), ...comparison.buttons),
    el(
      "div", {}, button("keep", comparison.keep, { title: "keep this moment, to compare with and to come back to (Shift B)" }), saveButton,
      !page.viewer && makeRenders(() => shape),
      el("a", { href: "stage", target: "styletune-stage", title: "only the picture, for a projector" }, "stage"),
    ),
  );

  async function save() {
    saveButton.disabled = true;
    const png = await fetchPng(page.showNotice);
    saveButton.disabled = false;
    if (!png) return;
    el("a", { href: png.url, download: png.name }).click();
    setTimeout(() => URL.revokeObjectURL(png.url), 60_000);
  }

  const zoomIn = () => zoom.zoomBy(ZOOM_STEP);
  const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => zoom.panBy(x * PAN_PX, y * PAN_PX);
  /** @type {Record<string, () => void>} */
  const keys = {
    z: zoom.toggle, "+": zoomIn, "=": zoomIn, "-": () => zoom.zoomBy(1 / ZOOM_STEP), B: comparison.keep,
    w: () => setFill(!stage.classList.contains("fill")),
  };
  /** @type {Record<string, () => void>} */
  const arrows = { ArrowLeft: pan(1, 0), ArrowRight: pan(-1, 0), ArrowUp: pan(0, 1), ArrowDown: pan(0, -1) };
  onShortcut((event) => {
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
    if (key === "Escape") comparison.hide(); // and the browser closes what is open
    const modified = ctrlKey || metaKey;
    const pans = target instanceof Element && target.matches("body, #stage *, #stage-tools *") && stage.classList.contains("zoomed");
    const action = modified ? key === "s" && save : ((pans && arrows[key]) || keys[key]);
    if (altKey || (modified && !action)) return false;
    if (action) action();
    return Boolean(action) || (!repeat && comparison.onKeyDown(event));
  });
}

/** Pure. @param {RenderStatus} job */
export function describeRender({ width, height, state, progress, seconds_left: s }) {
  const left = s === null ? "" : ` · ${s < 5400 ? `${Math.ceil(s / 60)} min` : `${Math.round(s / 360) / 10} h`} left`;
  return `${width} × ${height} px: ${state === "painting" ? `${Math.floor(progress * 100)} %${left}` : state}`;
}

/** Pure. @param {number} size longer edge, px @param {{width: number, height: number}} shape 0: unknown */
export function renderSize(size, { width, height }) {
  const scale = size / Math.max(width, height);
  return width ? `${Math.round(width * scale)} × ${Math.round(height * scale)}` : `${size} px`;
}

/** @param {() => {width: number, height: number}} shape of the painting */
function makeRenders(shape) {
  const percent = el("small");
  const key = button("large", open, { title: "paint this on in print size" });
  key.append(percent);
  const sizes = el("div", { class: "keys" });
  const [text, bar, note] = [el("p", { role: "status" }), el("progress", { max: 1 }), el("pre", { class: "note", role: "alert" })];
  const again = button("try again", () => act("POST", "api/renders/go-on"), { class: "key" });
  const cancel = button("cancel", () => act("DELETE"), { class: "key" });
  const job = el("section", {}, text, bar, el("div", { class: "keys" }, again, cancel));
  const list = el("ul");
  const dialog = el(
    "dialog", { id: "render-dialog", "aria-label": "render large" },
    el("h2", {}, "Render this large"), el("p", {}, "It is painted on in the background."),
    sizes, job, note, list, el("form", { method: "dialog" }, el("button", { class: "key", autofocus: true }, "close")),
  );
  document.body.append(dialog);
  let timer = 0;

  function open() {
    dialog.showModal();
    void act("GET");
  }

  /** @param {string} method @param {string} [path] @param {object} [body] */
  async function act(method, path = "api/renders", body) {
    try {
      show(await (await request(path, { method, body: body && JSON.stringify(body) })).json());
    } catch (error) {
      setText(note, String(/** @type {Error} */ (error).message));
    }
  }

  /** @param {RendersMessage} message */
  function show({ job: now, files, sizes: choices }) {
    clearTimeout(timer);
    const busy = now !== null && now.state !== "failed";
    if (busy) timer = window.setTimeout(act, 1500, "GET");
    setText(percent, busy ? ` ${Math.floor(now.progress * 100)} %` : "");
    setText(note, now?.error ?? "");
    sizes.hidden = busy;
    sizes.replaceChildren(...choices.map((size) => button(renderSize(size, shape()), () => act("POST", undefined, { size }), { class: "key" })));
    job.hidden = !now;
    if (now) setText(text, describeRender(now));
    bar.value = now?.progress ?? 0;
    bar.hidden = !busy;
    again.hidden = busy;
    list.replaceChildren(...files.map(({ name, bytes }) =>
      el("li", {}, el("a", { href: `api/renders/${encodeURIComponent(name)}`, download: name }, name), el("small", {}, `${(bytes / 1e6).toFixed(1)} MB`))));
  }

  void act("GET"); // one may be painted already
  return key;
}

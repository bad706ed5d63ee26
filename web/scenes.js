// @ts-check
/**
 * The scenes: store, recall at once or gliding, crossfade between two, undo and redo. The
 * server keeps them and does the moving; this panel shows and asks.
 */

import { byId, make, style } from "./element.js";

/**
 * @typedef {object} Scenes
 * @property {{name: string, saved: number}[]} scenes
 * @property {string | null} a
 * @property {string | null} b
 * @property {string | null} current
 * @property {{scene: string, seconds: number, done: number} | null} morph
 * @property {number} undo how many steps back there are
 * @property {number} redo
 */

const GLIDES = [0, 1, 2, 4, 8, 15, 30, 60, 120];

/** @type {[keys: string, meaning: string][]} */
const SHORTCUTS = [
  ["1…9", "recall a scene; with Shift store it"],
  ["[ ]", "scene before, next scene"],
  ["Ctrl Z", "undo; with Shift redo"],
];

/**
 * What a key press asks for; null: nothing of ours. Pure.
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "repeat">} event
 * @returns {{trigger: "undo" | "redo"} | {step: 1 | -1} | {place: number, store: boolean} | null}
 */
export function asked(event) {
  const key = event.key.toLowerCase();
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    if (key === "y" || (key === "z" && event.shiftKey)) return { trigger: "redo" };
    return key === "z" ? { trigger: "undo" } : null;
  }
  if (event.repeat) return null;
  if (key === "[" || key === "]") return { step: key === "]" ? 1 : -1 };
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  return digit ? { place: Number(digit[1]) - 1, store: event.shiftKey } : null;
}

/** @param {import("./types.js").Page} page */
export function start(page) {
  style("scenes.css");
  /** @type {Scenes} */
  let now = { scenes: [], a: null, b: null, current: null, morph: null, undo: 0, redo: 0 };
  const mayPlay = page.role !== "viewer";

  /** @param {object} message */
  const send = (message) => void (page.send(message) || page.notice("not connected"));
  /** @param {string} scene */
  const recall = (scene) => send({ type: "recall", scene, seconds: Number(glide.value) });

  const [undo, redo] = [
    icon("undo", "take back the last move (Ctrl+Z)", "M7 4 3 8l4 4M3.5 8H12a4.5 4.5 0 0 1 0 9H8"),
    icon("redo", "make it again (Ctrl+Shift+Z)", "m13 4 4 4-4 4M16.5 8H8a4.5 4.5 0 0 0 0 9h4"),
  ];
  for (const button of [undo, redo]) button.onclick = () => page.trigger(button.id);

  const glide = make("select", { "aria-label": "time that a recall takes" });
  glide.append(...GLIDES.map((s) => make("option", { value: `${s}` }, s ? `in ${s} s` : "at once")));
  const add = make("button", { type: "button", class: "scene new", title: "keep all values as a new scene" }, "+ store");
  add.onclick = () => page.trigger("snapshot");
  const keys = make("ol", {});
  const fade = makeFade(page);
  const editor = makeEditor(page, send, () => now);
  const panel = byId("scenes-panel", HTMLElement);
  panel.append(
    make("header", {}, make("h2", {}, "scenes"), glide, fade.root),
    keys, editor.root,
  );
  panel.hidden = false;
  // The bar of a phone is full.
  const bar = matchMedia("(max-width: 720px)").matches ? panel.firstElementChild : byId("keys", HTMLElement);
  bar?.prepend(undo, redo);

  /** @param {Scenes} scenes */
  const show = (scenes) => {
    // The keys stay while only the progress changes: a press must not lose its button.
    if (JSON.stringify([scenes.scenes, scenes.a, scenes.b]) !== JSON.stringify([now.scenes, now.a, now.b])) {
      keys.replaceChildren(
        ...scenes.scenes.map(({ name }, place) => makeKey(name, place, scenes, recall, editor.open)),
        make("li", {}, add),
      );
      fade.show(scenes);
    }
    now = scenes;
    for (const key of keys.querySelectorAll("li[data-scene]")) {
      if (!(key instanceof HTMLElement)) continue;
      const goal = scenes.morph?.scene === key.dataset.scene;
      key.classList.toggle("current", scenes.current === key.dataset.scene);
      key.classList.toggle("goal", goal);
      key.style.setProperty("--done", String(goal ? scenes.morph?.done : 0));
    }
    undo.disabled = !mayPlay || !scenes.undo;
    redo.disabled = !mayPlay || !scenes.redo;
  };
  keys.append(make("li", {}, add));
  page.hear("snapshot", (snapshot) => snapshot.scenes && show(snapshot.scenes));
  page.hear("scenes", show);

  const help = document.querySelector("#shortcuts dl");
  for (const [keys, meaning] of SHORTCUTS) {
    const words = keys.split(" ").map((key) => make("kbd", {}, key));
    help?.append(make("div", {}, make("dt", {}, ...words.flatMap((word) => [word, " "])), make("dd", {}, meaning)));
  }
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const types = target instanceof Element && target.matches("input:not([type=range]), select, textarea");
    const wish = asked(event);
    if (!wish || !mayPlay || types || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if ("trigger" in wish) return page.trigger(wish.trigger);
    if ("step" in wish) return step(wish.step);
    const scene = now.scenes[wish.place]?.name;
    if (wish.store) send(scene ? { type: "store", scene } : { type: "trigger", name: "snapshot" });
    else if (scene) recall(scene);
  });

  /** @param {1 | -1} by */
  function step(by) {
    const count = now.scenes.length;
    const at = now.scenes.findIndex(({ name }) => name === now.current);
    const place = at < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count;
    const scene = now.scenes[place];
    if (scene) recall(scene.name);
  }
}

/**
 * @param {string} name
 * @param {string} title
 * @param {string} path
 */
function icon(name, title, path) {
  const button = make("button", { type: "button", id: name, class: "key", "data-control": name, "aria-label": name, title });
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  picture.append(line);
  button.append(picture);
  return button;
}

/**
 * @param {string} name
 * @param {number} place from 0
 * @param {Scenes} scenes
 * @param {(name: string) => void} recall
 * @param {(name: string, at: HTMLElement) => void} edit
 */
function makeKey(name, place, { a, b }, recall, edit) {
  const ends = [a === name ? "A" : "", b === name ? "B" : ""].join("");
  const key = make(
    "button", { type: "button", class: "scene", title: `recall ${name}` },
    make("kbd", { "aria-hidden": "true" }, place < 9 ? String(place + 1) : ""), make("span", {}, name), make("b", {}, ends),
  );
  key.onclick = () => recall(name);
  const more = make("button", { type: "button", class: "more", "aria-label": `change ${name}`, title: "rename, store again, delete, crossfade" }, "⋯");
  more.onclick = () => edit(name, more);
  const item = make("li", { "data-scene": name, "data-control": `scene:${name}` }, key, more);
  item.oncontextmenu = (event) => {
    event.preventDefault();
    edit(name, more);
  };
  return item;
}

/**
 * The crossfade between the scenes A and B.
 * @param {import("./types.js").Page} page
 */
function makeFade({ store }) {
  const input = make("input", { type: "range", min: "0", max: "1", step: "0.001", "aria-label": "crossfade from scene A to scene B" });
  const [a, b] = [make("b", {}, "A"), make("b", {}, "B")];
  const root = make("div", { class: "fade", "data-control": "crossfade" }, a, input, b);
  input.addEventListener("pointerdown", () => store.hold("crossfade"));
  for (const type of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    input.addEventListener(type, () => store.release("crossfade"));
  }
  input.addEventListener("input", () => store.move("crossfade", Number(input.value), performance.now()));
  store.watch("crossfade", (position) => {
    input.value = String(position);
    root.style.setProperty("--position", String(position));
    input.setAttribute("aria-valuetext", `${Math.round(position * 100)} % towards B`);
  });
  return {
    root,
    /** @param {Scenes} scenes */
    show(scenes) {
      const ready = scenes.a !== null && scenes.b !== null;
      input.disabled = !ready;
      root.title = ready ? `from ${scenes.a} to ${scenes.b}` : "crossfade: choose its scenes A and B with ⋯";
    },
  };
}

/** What else can be done with a scene: one small form for whichever it is.
 * @param {import("./types.js").Page} page
 * @param {(message: object) => void} send
 * @param {() => Scenes} now
 */
function makeEditor(page, send, now) {
  let scene = "";
  const name = make("input", { maxlength: "60", required: "", "aria-label": "name of the scene" });
  /**
   * @param {string} text
   * @param {() => object} message
   */
  const key = (text, message) => {
    const button = make("button", { type: "button", class: "key" }, text);
    button.onclick = () => {
      send(message());
      root.hidePopover();
    };
    return button;
  };
  const ends = /** @type {const} */ (["a", "b"]).map((end) => {
    const button = key(`crossfade ${end.toUpperCase()}`, () => ({ type: "crossfade", [end]: now()[end] === scene ? null : scene }));
    return { end, button };
  });
  const form = make(
    "form", {}, name, make("button", { class: "key" }, "rename"),
    key("store again", () => ({ type: "store", scene })), key("delete", () => ({ type: "delete", scene })),
    ...ends.map(({ button }) => button), make("footer", {}, "all scenes: ", ...makeFiles(page)),
  );
  const root = make("div", { id: "scene-editor", popover: "" }, form);
  form.onsubmit = (event) => {
    event.preventDefault();
    const to = name.value.trim();
    if (to && to !== scene) send({ type: "rename", scene, to });
    root.hidePopover();
  };
  return {
    root,
    /**
     * @param {string} which
     * @param {HTMLElement} at
     */
    open(which, at) {
      scene = name.value = which;
      for (const { end, button } of ends) button.setAttribute("aria-pressed", String(now()[end] === scene));
      root.showPopover();
      const box = at.getBoundingClientRect();
      root.style.left = `${Math.max(8, Math.min(box.right, innerWidth - 8) - root.offsetWidth)}px`;
      root.style.top = `${Math.max(8, box.top - root.offsetHeight - 6)}px`;
      name.select();
    },
  };
}

/** @param {import("./types.js").Page} page */
function makeFiles(page) {
  const out = make("a", { href: "api/scenes", download: "styletune-scenes.json", title: "save all scenes as a file" }, "export");
  const file = make("input", { type: "file", accept: ".json,application/json", hidden: "" });
  const into = make("button", { type: "button", title: "add the scenes of such a file" }, "import");
  into.onclick = () => file.click();
  /** @param {string | File} body */
  const bring = async (body) => {
    try {
      const answer = await fetch("api/scenes", { method: "PUT", body });
      const told = await answer.json();
      page.notice(answer.ok ? `${told.scenes} scenes imported` : told.message);
    } catch {
      page.notice("the scenes could not be sent: not connected");
    }
  };
  file.onchange = () => {
    const [chosen] = file.files ?? [];
    file.value = "";
    if (chosen) void bring(chosen);
  };
  // As the page of a sweep copies them.
  addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (/^\s*\{\s*"scenes"/.test(text)) void bring(text);
  });
  return [out, into, file];
}

// @ts-check
/**
 * The scenes: store, recall at once or gliding, crossfade between two, undo and redo. The
 * server keeps them and does the moving; this panel shows and asks.
 */

import { ask } from "../http.js";
import { button, byId, make, makeFileInput, press, putAbove, set } from "../dom.js";
import { onKey } from "../shortcuts.js";
import { makeSlider } from "../fader.js";

const GLIDES_S = [0, 1, 2, 4, 8, 15, 30, 60, 120];

/**
 * What a key press asks for; null: nothing of ours. Pure.
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "repeat">} event
 * @returns {{trigger: "undo" | "redo"} | {step: 1 | -1} | {place: number, store: boolean} | null}
 */
export function asked({ key, code, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (/^y$/i.test(key) || (/^z$/i.test(key) && shiftKey)) return { trigger: "redo" };
    return key === "z" ? { trigger: "undo" } : null;
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code);
  if (repeat) return null;
  if (key === "[" || key === "]") return { step: key === "]" ? 1 : -1 };
  return digit ? { place: Number(digit[1]) - 1, store: shiftKey } : null;
}

/** @param {Page} page */
export function start({ store, viewer, send, trigger, notice, hear }) {
  /** @type {Scenes} */
  let now = { scenes: [], a: null, b: null, current: null, morph: null, undo: 0, redo: 0 };
  /** The scene in the editor. */
  let edited = "";

  const say = (/** @type {object} */ message) => void (send(message) || notice("not connected"));
  const recall = (/** @type {string} */ scene) => {
    now.current = scene;
    say({ type: "recall", scene, seconds: Number(glide.value) });
  };

  const steps = ["undo", "redo"].map((id) => byId(id, HTMLButtonElement));
  for (const key of steps) key.onclick = () => trigger(key.id);
  const glide = make("select", { "aria-label": "time that a recall takes" },
    ...GLIDES_S.map((s) => make("option", { value: s }, s ? `in ${s} s` : "at once")));
  const fade = makeSlider(store.row("crossfade"), store, "crossfade from scene A to scene B", "A", "B");
  const add = make("li", {}, button("+ store", () => trigger("snapshot"), { class: "scene new", title: "keep all values as a new scene" }));
  const keys = make("ol", {}, add);
  const header = make("header", {}, make("h2", {}, "scenes"), glide, fade);
  // The bar of a phone is full.
  if (matchMedia("(max-width: 899px)").matches) header.prepend(...steps);

  const name = make("input", { maxlength: 60, required: true, "aria-label": "name of the scene" });
  const act = (/** @type {string} */ text, /** @type {() => object} */ message) => button(text, () => {
    say(message());
    editor.hidePopover();
  }, { class: "key" });
  const ends = /** @type {const} */ (["a", "b"]).map((end) => ({
    end,
    key: act(`crossfade ${end.toUpperCase()}`, () => ({ type: "crossfade", [end]: now[end] === edited ? null : edited })),
  }));
  const editor = make("div", { id: "scene-editor", popover: true }, make(
    "form", { onsubmit: rename }, name, make("button", { class: "key" }, "rename"),
    act("store again", () => ({ type: "store", scene: edited })), act("delete", () => ({ type: "delete", scene: edited })),
    ...ends.map(({ key }) => key), make("footer", {}, "all scenes: ", ...makeFiles(notice)),
  ));
  byId("scenes-panel").append(header, keys, editor);
  hear("scenes", show);

  /** @param {Scenes} next */
  function show(next) {
    const { scenes, a, b, current, morph } = next;
    // The keys stay while only the progress changes: a press must not lose its button.
    if (JSON.stringify([scenes, a, b]) !== JSON.stringify([now.scenes, now.a, now.b])) {
      keys.replaceChildren(...scenes.map(({ name }, place) => makeKey(name, place, next)), add);
    }
    now = next;
    const fades = a !== null && b !== null;
    for (const input of fade.querySelectorAll("input")) input.disabled = !fades;
    fade.title = fades ? `from ${a} to ${b}` : "crossfade: choose its scenes A and B with ⋯";
    for (const key of /** @type {NodeListOf<HTMLElement>} */ (keys.querySelectorAll("li[data-scene]"))) {
      key.classList.toggle("current", current === key.dataset.scene);
      set(key, { "--done": morph?.scene === key.dataset.scene ? morph?.done : 0 });
    }
    for (const key of steps) key.disabled = viewer || !next[/** @type {"undo" | "redo"} */ (key.id)];
  }

  /** @param {string} scene @param {number} place from 0 @param {Scenes} scenes */
  function makeKey(scene, place, { a, b }) {
    const end = (a === scene ? "A" : "") + (b === scene ? "B" : "");
    const key = button(make("span", {}, scene), () => recall(scene), { class: "scene", title: `recall ${scene}` });
    key.prepend(make("kbd", { "aria-hidden": "true" }, place < 9 ? `${place + 1}` : ""));
    key.append(make("b", {}, end));
    const more = button("⋯", edit, { class: "more", "aria-label": `change ${scene}`, title: "rename, store again, delete, crossfade" });
    function edit() {
      edited = name.value = scene;
      for (const { end, key } of ends) press(key, now[end] === scene);
      editor.showPopover();
      putAbove(editor, more);
      name.select();
    }
    return make("li", {
      "data-scene": scene, "data-control": `scene:${scene}`,
      oncontextmenu(event) {
        event.preventDefault();
        edit();
      },
    }, key, more);
  }

  /** @param {Event} event */
  function rename(event) {
    event.preventDefault();
    const to = name.value.trim();
    if (to && to !== edited) say({ type: "rename", scene: edited, to });
    editor.hidePopover();
  }

  onKey((event) => {
    const wish = viewer ? null : asked(event);
    if (!wish) return false;
    if ("trigger" in wish) trigger(wish.trigger);
    else if ("step" in wish) {
      const at = now.scenes.findIndex(({ name }) => name === now.current);
      // From nowhere: first or last.
      const scene = now.scenes.at(at < 0 ? Math.min(0, wish.step) : (at + wish.step) % now.scenes.length)?.name;
      if (scene) recall(scene);
    } else {
      const scene = now.scenes[wish.place]?.name;
      if (wish.store) say(scene ? { type: "store", scene } : { type: "trigger", name: "snapshot" });
      else if (scene) recall(scene);
    }
    return true;
  });
}

/** All scenes as a file, and back. @param {(text: string) => void} notice */
function makeFiles(notice) {
  const bring = (/** @type {string | File} */ body) => ask("api/scenes", { method: "PUT", body })
    .then(async (answer) => notice(`${(await answer.json()).scenes} scenes imported`))
    .catch(({ message }) => notice(`the scenes were not imported: ${message}`));
  const file = makeFileInput({ accept: ".json,application/json", hidden: true }, bring);
  // As the page of a sweep copies them.
  addEventListener("paste", ({ clipboardData }) => {
    const text = clipboardData?.getData("text/plain") ?? "";
    if (/^\s*\{\s*"scenes"/.test(text)) bring(text);
  });
  const out = make("a", { href: "api/scenes", download: "styletune-scenes.json", title: "save all scenes as a file" }, "export");
  return [out, button("import", () => file.click(), { title: "add the scenes of such a file" }), file];
}

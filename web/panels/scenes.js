// @ts-check
/**
 * The scenes: store, recall at once or gliding, crossfade between two, undo and redo. The server
 * keeps them and moves the controls; this panel shows them and sends requests.
 */

import { button, byId, el, fileInput, placeAbove, setPressed, setProps, setText } from "../dom.js";
import { makeSlider } from "../fader.js";
import { request } from "../http.js";
import { onShortcut } from "../shortcuts.js";
import { labKey } from "./lab.js";
import { makeScenePreview, thumbnailUrl } from "./scene-preview.js";
import { openTakes } from "./takes.js";

const GLIDES_S = [0, 1, 2, 4, 8, 15, 30, 60, 120];

/**
 * The shortcut of a key press; null: none of ours. Pure.
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "repeat">} event
 * @returns {{trigger: "undo" | "redo"} | {step: 1 | -1} | {index: number, store: boolean} | null}
 */
export function parseShortcut({ key, code, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (/^y$/i.test(key) || (/^z$/i.test(key) && shiftKey)) return { trigger: "redo" };
    return key === "z" ? { trigger: "undo" } : null;
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code);
  if (repeat) return null;
  if (key === "[" || key === "]") return { step: key === "]" ? 1 : -1 };
  return digit ? { index: Number(digit[1]) - 1, store: shiftKey } : null;
}

/** @param {Page} page */
export function start({ store, names, viewer, send, trigger, showNotice, on }) {
  /** @type {Omit<ScenesMessage, "type">} */
  let state = { scenes: [], a: null, b: null, chosen: [], current: null, morph: null, undo: 0, redo: 0 };
  /** Name of the scene in the editor. */
  let edited = "";

  const sendNow = (/** @type {ClientMessage} */ message) => void (send(message) || showNotice("not connected"));
  const recall = (/** @type {string} */ scene) => {
    state.current = scene;
    sendNow({ type: "recall", scene, seconds: Number(glide.value) });
  };

  const undoButtons = ["undo", "redo"].map((id) => byId(id, HTMLButtonElement));
  for (const undoButton of undoButtons) undoButton.onclick = () => trigger(undoButton.id);
  const glide = el("select", { "aria-label": "time that a recall takes" },
    ...GLIDES_S.map((s) => el("option", { value: s }, s ? `in ${s} s` : "at once")));
  const crossfade = makeSlider(store.row("crossfade"), store, "crossfade from scene A to scene B", "", "");
  const [nameA, nameB] = [el("span"), el("span")];
  crossfade.querySelector("span")?.replaceWith(nameA);
  crossfade.append(nameB);
  // Keys are a hand, too: from the first pressed to the last let go it is one gesture.
  crossfade.addEventListener("keydown", () => store.hold("crossfade"), true);
  for (const type of ["keyup", "focusout"]) crossfade.addEventListener(type, () => store.release("crossfade"));
  const preview = makeScenePreview({ store, names });
  const add = el("li", {}, button("+ store", () => trigger("snapshot"), { class: "scene new", "data-control": "snapshot", title: "keep all values as a new scene" }));
  const list = el("ol", {}, add);
  const takes = button("takes", openTakes, { id: "takes-key", title: "what was recorded: name it, download it, paint it again (Shift T)" });
  const header = el("header", {}, el("h2", {}, "scenes"), takes, labKey(), glide, crossfade);
  // A phone's top bar is full.
  if (matchMedia("(max-width: 639px), (max-height: 499px)").matches) header.prepend(...undoButtons);

  const nameInput = el("input", { maxlength: 60, required: true, "aria-label": "name of the scene" });
  const action = (/** @type {string} */ text, /** @type {() => ClientMessage} */ message, name = "key") => button(text, () => {
    sendNow(message());
    editor.hidePopover();
  }, { class: name });
  const move = (/** @type {1 | -1} */ step) => () => {
    const at = state.scenes.findIndex(({ name }) => name === edited);
    if (state.scenes[at + step]) sendNow({ type: "move", scene: edited, to: at + step });
  };
  function tryBehindWall() {
    sendNow({ type: "set", controls: { hold: true } });
    recall(edited);
    editor.hidePopover();
  }
  const ends = /** @type {const} */ (["a", "b"]).map((end) => ({
    end,
    toggle: action(`crossfade ${end.toUpperCase()}`, () => ({ type: "crossfade", [end]: isChosen(end, edited) ? null : edited })),
  }));
  const isChosen = (/** @type {"a" | "b"} */ end, /** @type {string} */ scene) => state[end] === scene && state.chosen.includes(end);
  const [image, words] = [el("img", { alt: "" }), el("p")];
  const editor = el("div", { id: "scene-editor", popover: true }, image, words, el(
    "form", { onsubmit: rename }, nameInput, el("button", { class: "key" }, "rename"),
    action("store again", () => ({ type: "store", scene: edited })),
    ...ends.map(({ toggle }) => toggle),
    button("earlier", move(-1), { class: "key third", title: "one place to the front; number keys follow the order" }),
    button("later", move(1), { class: "key third", title: "one place to the end" }),
    action("delete", () => ({ type: "delete", scene: edited }), "key third"),
    button("try it behind the held wall", tryBehindWall, { class: "key whole", title: "the wall holds its picture; let go of hold (h), and it dissolves to this scene" }), el("footer", {}, "all scenes: ", ...makeFileButtons(showNotice)),
  ));
  byId("scenes-panel").append(header, list, editor, preview.root);
  on("scenes", show);

  /** @param {ScenesMessage} next */
  function show(next) {
    const { scenes, a, b, chosen, current, morph } = next;
    // The buttons stay while only the progress changes: a press must not lose its button.
    if (JSON.stringify([scenes, a, b, chosen]) !== JSON.stringify([state.scenes, state.a, state.b, state.chosen])) {
      preview.hide();
      const focused = list.contains(document.activeElement) ? document.activeElement : null;
      const place = (/** @type {Element | null} */ key) => `${key?.className} ${key?.closest("li")?.dataset.scene}`;
      list.replaceChildren(...scenes.map((scene, index) => makeScene(scene, index, next)), add);
      if (focused) [...list.querySelectorAll("button")].find((key) => place(key) === place(focused))?.focus();
    }
    state = next;
    const hasEnds = a !== null || b !== null;
    for (const input of crossfade.querySelectorAll("input")) input.disabled = !hasEnds;
    setText(nameA, `A ${a ?? (hasEnds ? "now" : "")}`);
    setText(nameB, `B ${b ?? (hasEnds ? "now" : "")}`);
    crossfade.title = hasEnds ? `crossfade from ${a ?? "where the desk stood"} to ${b ?? "where the desk stood"}` : "crossfade: store a scene first";
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("li[data-scene]"))) {
      const [was, is] = [item.classList.contains("current"), current === item.dataset.scene];
      item.classList.toggle("current", is);
      item.ariaCurrent = String(is);
      if (is && !was) item.scrollIntoView({ block: "nearest" }); // a number key, or hardware
      setProps(item, { "--done": morph?.scene === item.dataset.scene ? morph?.done : 0 });
    }
    for (const undoButton of undoButtons) undoButton.disabled = viewer || !next[/** @type {"undo" | "redo"} */ (undoButton.id)];
  }

  /** @param {SceneEntry} entry @param {number} index from 0 @param {ScenesMessage} scenes */
  function makeScene(entry, index, { a, b, chosen }) {
    const scene = entry.name;
    const end = (a === scene ? "A" : "") + (b === scene ? "B" : "");
    const recallButton = button(el("span", {}, scene), () => recall(scene), { class: "scene" });
    if (entry.thumbnail) recallButton.prepend(el("img", { src: thumbnailUrl(entry), alt: "", draggable: "false" }));
    recallButton.append(
      el("kbd", { "aria-hidden": "true" }, index < 9 ? `${index + 1}` : ""),
      el("b", { class: end && chosen.includes(end[0]?.toLowerCase() ?? "") && "chosen" }, end),
    );
    preview.attach(recallButton, entry);
    const more = button("⋯", edit, { class: "more", "aria-label": `change ${scene}`, title: "rename, store again, delete, crossfade, order" });
    function edit() {
      edited = nameInput.value = scene;
      for (const { end, toggle } of ends) setPressed(toggle, isChosen(end, scene));
      preview.hide();
      preview.fill(entry, image, words);
      editor.showPopover();
      placeAbove(editor, more);
      nameInput.select();
    }
    return el("li", {
      "data-scene": scene, "data-control": `scene:${scene}`,
      oncontextmenu(event) {
        event.preventDefault();
        edit();
      },
    }, recallButton, more);
  }

  /** @param {Event} event */
  function rename(event) {
    event.preventDefault();
    const to = nameInput.value.trim();
    if (to && to !== edited) sendNow({ type: "rename", scene: edited, to });
    editor.hidePopover();
  }

  onShortcut((event) => {
    const shortcut = viewer ? null : parseShortcut(event);
    if (!shortcut) return false;
    if ("trigger" in shortcut) trigger(shortcut.trigger);
    else if ("step" in shortcut) {
      const at = state.scenes.findIndex(({ name }) => name === state.current);
      // Where no scene is current: the first or the last.
      const scene = state.scenes.at(at < 0 ? Math.min(0, shortcut.step) : (at + shortcut.step) % state.scenes.length)?.name;
      if (scene) recall(scene);
    } else {
      const scene = state.scenes[shortcut.index]?.name;
      if (shortcut.store) sendNow(scene ? { type: "store", scene } : { type: "trigger", name: "snapshot" });
      else if (scene) recall(scene);
    }
    return true;
  });
}

/** Export and import of all scenes as a file. @param {(text: string) => void} showNotice */
function makeFileButtons(showNotice) {
  const importScenes = (/** @type {string | File} */ body) => request("api/scenes", { method: "PUT", body })
    .then(async (response) => showNotice(`${(await response.json()).scenes} scenes imported`))
    .catch(({ message }) => showNotice(`the scenes were not imported: ${message}`));
  const file = fileInput({ accept: ".json,application/json", hidden: true }, importScenes);
  // The report of a sweep copies scenes as text.
  addEventListener("paste", ({ clipboardData }) => {
    const text = clipboardData?.getData("text/plain") ?? "";
    if (/^\s*\{\s*"scenes"/.test(text)) importScenes(text);
  });
  const exportLink = el("a", { href: "api/scenes", download: "styletune-scenes.json", title: "save all scenes as a file" }, "export");
  return [exportLink, button("import", () => file.click(), { title: "add the scenes of such a file" }), file];
}

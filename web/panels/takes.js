// @ts-check
/** Takes: the key that records, with the time; the sheet of those there are. */

import { button, byId, el, setProps, setText } from "../dom.js";
import { request } from "../http.js";
import { showNotice } from "../notices.js";
import { onShortcut } from "../shortcuts.js";

/** Until a recording has begun, and between looks at whether it goes on. */
const BEGINS_MS = 700;
const GOES_ON_MS = 10_000;
/** A delete key that was pressed once waits for the second press, ms. */
const SURE_MS = 4000;

/** Minutes and seconds, 3:07; with hours 1:02:03. Pure. @param {number} seconds */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ number) => `${number}`.padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Pure. @param {number} seconds */
export const recentText = (seconds) => (seconds < 3300 ? `keep the last ${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`}` : "keep the last hour");

/** A shell gets the name as it is. Pure. @param {string} name */
export const renderCommand = (name) => `styletune render "${name.replace(/["\\$`]/g, "\\$&")}" -o film.mp4 --size 1024`;

/** @param {number} bytes */
const formatSize = (bytes) => (bytes < 99_500 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Pure. @param {TakeEntry} take */
export function describeTake({ error, recording, length_s, bytes, size, pictures: [content, ...styles] }) {
  if (error) return error;
  return [recording ? "being recorded" : formatDuration(length_s), formatSize(bytes), `${content} by ${styles.join(" + ")}, ${size} px`].join(" · ");
}

/** @type {ReturnType<typeof makeSheet> | undefined} */
let sheet;

/** Show the takes. */
export const openTakes = () => (sheet ??= makeSheet()).open();

/** @param {Page} page */
export function start({ store }) {
  startKey(store);
  onShortcut(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    if (!/^t$/i.test(key) || ctrlKey || metaKey || altKey || repeat) return false;
    if (key === "T") openTakes();
    else store.toggle("record");
    return true;
  });
}

/** All takes, and the server's time, seconds since 1970. */
async function fetchTakes() {
  const response = await request("api/takes");
  /** @type {TakesMessage} */
  const message = await response.json();
  return { ...message, now: Date.parse(response.headers.get("date") ?? "") / 1000 || Date.now() / 1000 };
}

/** The transport's key shows what is: the switch may be on where a full disk has ended the take. @param {ControlStore} store */
function startKey(store) {
  const text = el("span", {}, "record");
  const key = byId("record");
  key.replaceChildren(text);
  setProps(key, { "aria-label": "record", title: `${key.title} (t)` });
  // It stays while the controls fade.
  const sign = el("p", { id: "record-sign", "aria-hidden": "true" });
  document.body.append(sign);
  /** When the take began, by this page's clock, ms; NaN: none is recorded. */
  let began = NaN;
  let timer = 0;
  setInterval(show, 1000);
  store.watch("record", look);

  async function look() {
    clearTimeout(timer);
    const wanted = () => store.position("record") > 0;
    if (wanted()) {
      const found = await fetchTakes().catch(() => null);
      const take = found?.takes.find(({ recording }) => recording);
      if (found) began = take ? performance.now() - (found.now - take.time) * 1000 : NaN;
      clearTimeout(timer);
      if (wanted()) timer = setTimeout(look, Number.isNaN(began) ? BEGINS_MS : GOES_ON_MS);
    }
    if (!wanted()) began = NaN;
    show();
  }

  function show() {
    const records = !Number.isNaN(began);
    const time = records ? formatDuration((performance.now() - began) / 1000) : "";
    document.body.classList.toggle("recording", records);
    setText(text, time || "record");
    setText(sign, time);
  }
}

function makeSheet() {
  const list = el("ol");
  const [keep, nothing, status] = [button("", keepRecent, { class: "key" }), el("p", { class: "note" }), el("p", { class: "unseen", role: "status" })];
  const close = el("button", { class: "key", autofocus: true }, "close");
  const dialog = el(
    "dialog", { id: "takes", "aria-label": "takes" },
    el("header", {}, el("h2", {}, "Takes"), keep, el("form", { method: "dialog" }, close)), nothing, list, status,
  );
  document.body.append(dialog);
  return { open };

  function open() {
    refresh().then(() => dialog.open || dialog.showModal(), fail);
  }

  /** @param {Error} error */
  function fail({ message }) {
    setText(status, message);
    showNotice(message);
  }

  async function refresh() {
    const { takes, recent_s, reason } = await fetchTakes();
    setText(keep, recentText(recent_s));
    keep.hidden = recent_s < 1;
    setText(nothing, reason || (takes.length ? "" : "Record keeps all that you play. A take can be painted again, at any size."));
    list.replaceChildren(...takes.map(makeTake));
  }

  /** Do something, say so, and show what is there then. @param {Promise<Response>} doing @param {string} done @param {HTMLElement} [focus] */
  async function change(doing, done, focus) {
    try {
      await doing;
      setText(status, done);
      await refresh();
    } catch (error) {
      fail(/** @type {Error} */ (error));
    }
    focus?.focus();
  }

  function keepRecent() {
    change(request("api/takes", { method: "POST", body: JSON.stringify({ recent: true }) }), "kept as a take", keep);
  }

  /** @param {TakeEntry} take */
  function makeTake(take) {
    const { name, time, recording } = take;
    const url = `api/takes/${encodeURIComponent(name)}`;
    const when = new Date(time * 1000);
    const input = el("input", { value: name, maxlength: 40, "aria-label": "name of the take", disabled: recording, onchange: rename, onkeydown: restore });
    const remove = button("delete", askAndDelete, { class: "key", disabled: recording, "aria-label": `delete ${name}`, onblur: reset });
    let sure = false;
    const command = el("code", {}, renderCommand(name));
    const copy = button("copy", async () => {
      await navigator.clipboard?.writeText(command.textContent ?? "").then(() => setText(copy, "copied"), () => getSelection()?.selectAllChildren(command));
    }, { class: "key", "aria-label": `copy the command that paints ${name} again`, title: "copy the command that paints it again, as a film" });
    return el(
      "li", { class: take.error && "damaged" },
      input, el("a", { class: "key", href: `${url}.jsonl`, download: true, "aria-label": `download ${name}` }, "download"), remove,
      el("p", {}, el("time", { datetime: when.toISOString() }, when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })), ` · ${describeTake(take)}`),
      !take.error && command, !take.error && copy,
    );

    function rename() {
      const to = input.value.trim();
      if (!to || to === name) input.value = name;
      else change(request(url, { method: "PATCH", body: JSON.stringify({ name: to }) }), `renamed to ${to}`).then(refresh);
    }

    /** Escape takes back what was typed, and only then closes the sheet. @param {KeyboardEvent} event */
    function restore(event) {
      if (event.key === "Enter") input.blur();
      if (event.key !== "Escape" || input.value === name) return;
      event.preventDefault();
      input.value = name;
    }

    function askAndDelete() {
      if (sure) change(request(url, { method: "DELETE" }), `${name} deleted`, close);
      else {
        sure = true;
        setText(remove, "really?");
        setText(status, `press again to delete ${name}`);
        setTimeout(reset, SURE_MS);
      }
    }

    function reset() {
      sure = false;
      setText(remove, "delete");
    }
  }
}

// @ts-check
/**
 * The page, wired: what the server says goes to the parts that show it, what the hand does
 * goes out. Everything with a meaning is in the modules; this one only connects them.
 */

import { frames } from "./frame-stream.js";
import { makeLatency } from "./latency.js";
import { delayMs, makeLink, STOPS } from "./reconnecting-socket.js";
import { makeMixer } from "./mixer.js";
import { draw } from "./picture-canvas.js";
import { makeStatus } from "./status.js";
import { makeStore } from "./control-store.js";
import { flash, watchTransport } from "./transport.js";
import { notice } from "./notices.js";
import { sourceWords } from "./format.js";

/** Modules in `panels/` that the first picture does not wait for, each with `start(page)`. */
const PANELS = ["pictures", "picture-tools", "loss-table", "loss-chart", "strip-tooltip", "scenes", "midi"];

/** Parts of a snapshot that come as messages of their own, too. */
const PARTS = /** @type {const} */ (["state", "pictures", "scenes", "epoch"]);
/** A gap in the revisions is asked about no more often than that, ms. */
const ASK_MS = 1000;
/** No picture for that long although one paints: the link is dead, whatever it says, ms. */
const DEAD_MS = 15_000;

const status = makeStatus();
const latency = makeLatency();
const link = makeLink("ws", (data) => hear(JSON.parse(data)), (state) => {
  status.link(state);
  if (state.kind !== "open") latency.forget();
});
const pictures = frames((picture, head, bytes) => {
  draw(picture, head);
  latency.drawn(head.rev, performance.now());
  status.drawn(bytes, latency.ms());
}, () => {});

// The table of controls is the one thing that must be there before the rest.
const store = makeStore(await table());
watchTransport(store, trigger);
/** @type {ReturnType<typeof makeMixer> | undefined} */
let mixer;
/** @type {Snapshot | undefined} the last one */
let welcomed;
let painter = "";
let rev = -1;
// From anywhere: answers to another page's numbers must not look like answers to ours.
let seq = Math.floor(Math.random() * 2 ** 40);
let askedAt = -Infinity;
let flushing = false;

/** What the parts that are always there do with a message. @type {{[T in keyof Messages]?: (message: Messages[T], now: number) => void}} */
const answers = {
  snapshot: welcome,
  changed(message, now) {
    const own = message.source === welcomed?.client;
    const echo = message.seq == null ? null : latency.became(message.seq, message.rev, now);
    if (echo !== null) status.echo(echo);
    status.moved(sourceWords(message.source, welcomed?.client ?? ""));
    store.changed(message, own, now);
    if ((message.since ?? message.rev - 1) > rev && now - askedAt > ASK_MS) {
      askedAt = now;
      link.send({ type: "snapshot?" });
    }
    rev = message.rev;
  },
  epoch(message) {
    status.epoch(message);
    mixer?.update(message);
  },
  state(message) {
    // What was moved in a pause reaches a picture only after it: no measure of anything.
    if (message.state !== painter) latency.forget();
    painter = message.state;
    status.state(message);
  },
  pictures: ({ styles }) => mixer?.styles(styles.length),
  triggered: ({ name }) => flash(name),
  error({ seq, message, code }) {
    if (seq != null) store.refused(seq);
    notice(message, code);
  },
};
/** @type {Map<string, Set<(message: any) => void>>} of the panels, by type */
const ears = new Map();

store.onmove = flushSoon;
link.connect();
pictures.connect();
setInterval(() => {
  if (status.silentMs() > DEAD_MS) for (const one of [link, pictures]) one.drop();
}, 1000);

/** @returns {Promise<Row[]>} */
async function table() {
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch("api/controls").catch(() => null);
    if (answer?.ok) return (await answer.json()).controls;
    const why = STOPS.get(4000 + (answer?.status ?? 0));
    const wait = why ? Infinity : delayMs(attempt, Math.random());
    status.link(why ? { kind: "stopped", why } : { kind: "waiting", until: performance.now() + wait });
    await new Promise((resolve) => why || setTimeout(resolve, wait));
  }
}

/** @param {{type: keyof Messages}} message */
function hear(message) {
  // A panel that loads later begins with the newest of each part.
  if (welcomed && message.type in welcomed) Object.assign(welcomed, { [message.type]: message });
  for (const ear of ears.get(message.type) ?? []) ear(message);
  /** @type {((message: any, now: number) => void) | undefined} */
  const answer = answers[message.type];
  answer?.(message, performance.now());
}

/** All there is to know: at the start, after a gap. @param {Snapshot} message @param {number} now */
function welcome(message, now) {
  const first = !welcomed;
  const { layers, version, role, state } = message;
  // Another session, or another page code, answers under the old address.
  if (welcomed && (`${welcomed.layers}` !== `${layers}` || welcomed.version !== version)) location.reload();
  welcomed = message;
  rev = message.rev;
  mixer ??= makeMixer(store, layers, state.network ?? "");
  store.snapshot(message.controls, now);
  store.locked = role === "viewer";
  for (const part of document.querySelectorAll("fieldset")) part.disabled = store.locked;
  status.snapshot(message);
  for (const type of PARTS) if (message[type]) hear({ ...message[type], type });
  if (first) openPanels(message);
  flushSoon();
}

/** @param {Snapshot} snapshot the first one */
function openPanels({ layers }) {
  /** @type {Page} */
  const page = {
    store, layers, trigger, notice, viewer: store.locked,
    send(message) {
      if (!("data" in message)) return link.send(message);
      // A hand on hardware: how long until it is seen?
      latency.sent(++seq, performance.now());
      return link.send({ ...message, seq });
    },
    hear(type, ear) {
      ears.set(type, (ears.get(type) ?? new Set()).add(ear));
      /** @type {any} */
      const known = { ...welcomed, snapshot: welcomed }[/** @type {"snapshot"} */ (type)];
      if (known) ear(known);
    },
    network: () => welcomed?.state.network ?? "",
  };
  for (const name of PANELS) {
    import(`./panels/${name}.js`).then((panel) => panel.start(page))
      .catch((error) => notice(`a part of the page could not be loaded: ${error.message}`));
  }
}

/** One message a frame of the screen; a hidden page has no frames but a clock. */
function flushSoon() {
  if (flushing) return;
  flushing = true;
  if (document.hidden) setTimeout(flush, 16);
  else requestAnimationFrame(flush);
}

function flush() {
  flushing = false;
  // While there is no link, moves gather, newest value of each; the snapshot sends them.
  if (!link.open() || !welcomed) return;
  const set = store.take(++seq, performance.now());
  if (!set) return;
  const { since, ...rest } = set;
  latency.sent(seq, since);
  link.send({ type: "set", ...rest, seq });
}

/** A trigger that came seconds late would be a surprise: it is sent now or not at all. @param {string} name */
function trigger(name) {
  if (store.locked) notice(`this link may watch but not play: no ${name}`, "view_only");
  else if (!link.send({ type: "trigger", name, seq: ++seq })) notice(`not connected: no ${name}`);
}

// @ts-check
/**
 * The page, wired: what the server says goes to the parts that show it, what the hand does
 * goes out. Everything with a meaning is in the modules; this one only connects them.
 */

import { delayMs } from "./backoff.js";
import { Latency } from "./latency.js";
import { Link } from "./link.js";
import { Mixer } from "./mixer.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Store } from "./store.js";
import { Transport } from "./transport.js";
import { notice } from "./trouble.js";
import { sourceWords } from "./words.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Snapshot} Snapshot */

/**
 * Panels that the first picture does not wait for, each `export function start(page)`.
 * @type {(() => Promise<{start: (page: import("./types.js").Page) => void}>)[]}
 */
const PANELS = [
  () => import("./pictures.js"),
  () => import("./tools.js"),
  () => import("./losses.js"),
  () => import("./chart.js"),
  () => import("./hint.js"),
  () => import("./scenes.js"),
  () => import("./midi.js"),
  () => import("./ghosts.js"),
];

/** A gap in the revisions is asked about no more often than that, ms. */
const ASK_MS = 1000;
/** No picture for that long although one paints: the link is dead, whatever it says, ms. */
const DEAD_MS = 15_000;

const status = new Status();
const latency = new Latency();
/** @type {Store} */
let store;
/** @type {Mixer | null} */
let mixer = null;
let layers = "";
let version = "";
let client = "";
let painter = "";
let rev = -1;
// From anywhere: answers to another page's numbers must not look like answers to ours.
let seq = Math.floor(Math.random() * 2 ** 40);
let askedAt = -Infinity;
let flushing = false;

const link = new Link("ws", {
  message: (data) => hear(JSON.parse(data)),
  state: (state) => {
    status.link(state);
    if (state.kind !== "open") latency.forget();
  },
});
const frames = new Link("frames", { 
  message: (data) => {
    status.came(data.byteLength ?? 0);
    stage.show(data);
  },
});
const stage = new Stage({
  ack: (epoch) => frames.send({ type: "ack", epoch }),
  drawn: (head) => {
    latency.drawn(head.rev, performance.now());
    status.drawn(latency.ms);
  },
});
const transport = start();

/** The table of controls is the one thing that must be there before the rest. */
async function start() {
  const rows = await table();
  store = new Store(rows);
  store.onmove = flushSoon;
  const keys = new Transport(store, trigger);
  link.connect();
  frames.connect();
  setInterval(() => {
    if (status.silentMs > DEAD_MS) {
      link.drop();
      frames.drop();
    }
  }, 1000);
  return keys;
}

/** @returns {Promise<import("./types.js").Row[]>} */
async function table() {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch("api/controls");
      if (answer.ok) return (await answer.json()).controls;
      if (answer.status === 401 || answer.status === 403) {
        status.link({ kind: "stopped", why: "open the address that styletune printed when it started" });
        return new Promise(() => {});
      }
    } catch {
      // not there yet
    }
    const wait = delayMs(attempt, Math.random());
    status.link({ kind: "waiting", until: performance.now() + wait });
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** @type {Map<string, Set<(message: any) => void>>} of the panels, by type */
const ears = new Map();
/** @type {Snapshot} */
let welcomed;

/** @param {Message} message */
async function hear(message) {
  const now = performance.now();
  for (const ear of ears.get(message.type) ?? []) ear(message);
  switch (message.type) {
    case "snapshot":
      return welcome(message, now);
    case "changed": {
      if (message.seq != null) {
        const echo = latency.became(message.seq, message.rev, now);
        if (echo !== null) status.echo(echo);
      }
      status.moved(sourceWords(message.source, client));
      store.changed(message, message.source === client, now);
      if ((message.since ?? message.rev - 1) > rev) askAgain(now);
      rev = message.rev;
      return;
    }
    case "epoch":
      status.epoch(message);
      mixer?.update(message);
      return;
    case "state":
      // What was moved in a pause reaches a picture only after it: no measure of anything.
      if (message.state !== painter) latency.forget();
      painter = message.state;
      return status.state(message);
    case "pictures":
      return mixer?.styles(message.styles.length);
    case "triggered":
      return (await transport).flash(message.name);
    case "error":
      if (message.seq != null) store.refused(message.seq);
      return notice(message.message, message.code);
  }
}

/**
 * All there is to know, at the start, after a reconnect, after a gap.
 * @param {Snapshot} message
 * @param {number} now ms
 */
function welcome(message, now) {
  const same = message.layers.join();
  // Another session, or another page code, answers under the old address.
  if ((layers && layers !== same) || (version && version !== message.version)) location.reload();
  layers = same;
  version = message.version;
  client = message.client;
  rev = message.rev;
  mixer ??= new Mixer(store, message.layers, message.state.network ?? "");
  store.snapshot(message.controls, now);
  painter = message.state.state;
  store.locked = message.role === "viewer";
  for (const part of document.querySelectorAll("fieldset")) part.disabled = store.locked;
  status.snapshot(message);
  status.state(message.state);
  mixer.styles(message.pictures.styles.length);
  if (message.epoch) hear({ ...message.epoch, type: "epoch" });
  if (!welcomed) openPanels(message);
  welcomed = message;
  flushSoon();
}

/** @param {Snapshot} snapshot the first one */
function openPanels({ layers, role = "player" }) {
  /** @type {import("./types.js").Page} */
  const page = {
    store, layers, role, trigger, notice,
    send(message) {
      if (!("data" in message)) return link.send(message);
      // A hand on hardware: how long until it is seen?
      latency.sent(++seq, performance.now());
      return link.send({ ...message, seq });
    },
    hear(type, ear) {
      ears.set(type, (ears.get(type) ?? new Set()).add(ear));
      if (type === "snapshot") ear(welcomed);
    },
  };
  for (const load of PANELS) {
    load().then(
      (panel) => panel.start(page),
      (error) => notice(`a part of the page could not be loaded: ${error.message}`),
    );
  }
}

/** @param {number} now ms */
function askAgain(now) {
  if (now - askedAt < ASK_MS) return;
  askedAt = now;
  link.send({ type: "snapshot?" });
}

/** One message for each frame of the screen; a hidden page has no frames but a clock. */
function flushSoon() {
  if (flushing) return;
  flushing = true;
  if (document.hidden) setTimeout(flush, 16);
  else requestAnimationFrame(flush);
}

function flush() {
  flushing = false;
  // While there is no link, moves gather, newest value of each; the snapshot sends them.
  if (!link.open || !client) return;
  const set = store.take(++seq, performance.now());
  if (!set) return;
  latency.sent(seq, set.since);
  const { controls, gesture } = set;
  link.send({ type: "set", controls, seq, gesture });
}

/** A trigger that came seconds late would be a surprise: it is sent now or not at all.
 * @param {string} name
 */
function trigger(name) {
  if (store.locked) notice(`this link may watch but not play: no ${name}`, "view_only");
  else if (!link.send({ type: "trigger", name, seq: ++seq })) notice(`not connected: no ${name}`);
}

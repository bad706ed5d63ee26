/** What the server says and what the modules call each other: types only, for all modules. */

type Value = number | boolean | string;
type Values = Record<string, Value>;
type TermName = "content" | "style";

/** One row of the table of controls (`GET /api/controls`). */
interface Row {
  name: string; // stable and public, such as `style.block1_conv1`
  kind: "fader" | "switch" | "choice" | "trigger";
  default: Value; // position of a fader, 0..1; state of a switch; name
  curve: "linear" | "log" | "log_off";
  low: number; // value at position 0
  high: number;
  unit: string;
  help: string;
  term: TermName | null;
  choices: string[];
}

/** One loss: content or style of one layer. */
interface Term {
  raw: number;
  weight: number; // as heard: fader × master, 0 when muted or not soloed
  weighted: number; // what the optimiser feels
  share: number; // of the sum of all weighted terms, 0..1
}

type LayerLoss = { layer: string } & Record<TermName, Term>;

interface Epoch {
  type: "epoch";
  epoch: number;
  rev: number; // revision of the controls that it was painted with
  steps_per_s: number;
  losses: LayerLoss[];
  smooth: number;
  total: number;
}

/** What the worker and the server say about themselves. */
interface State {
  state: string; // "compiling", "running", "paused", "rolling back" …
  message?: string;
  device?: string;
  network?: string;
  weights?: string;
  width?: number;
  height?: number;
  viewers?: number;
  memory_mb?: number;
  retry_s?: number | null;
  log?: string[] | null; // last lines of a painter that has failed
}

interface Picture { name: string; version: number | string }
interface Pictures { content: Picture; styles: Picture[] }

interface Scenes {
  scenes: { name: string }[];
  a: string | null; // the ends of the crossfade
  b: string | null;
  current: string | null;
  morph: { scene: string; done: number } | null;
  undo: number; // how many steps back there are
  redo: number;
}

interface Snapshot {
  type: "snapshot";
  rev: number;
  controls: Values;
  state: State;
  layers: string[];
  epoch: Epoch | null;
  pictures: Pictures;
  version: string;
  client: string; // this page's own name in `changed.source`
  role?: "player" | "viewer";
  players?: number;
  clients: number;
  scenes?: Scenes;
}

interface Changed {
  type: "changed";
  rev: number;
  since?: number;
  controls: Values;
  source: string;
  seq?: number | null;
}

interface Messages {
  snapshot: Snapshot;
  changed: Changed;
  epoch: Epoch;
  triggered: { type: "triggered"; name: string };
  error: { type: "error"; code: string; message: string; seq?: number | null };
  state: State & { type: "state" };
  pictures: Pictures & { type: "pictures" };
  scenes: Scenes & { type: "scenes" };
  bindings: { type: "bindings" } & import("./panels/midi-learn.js").Bindings;
  learning: { type: "learning" } & import("./panels/midi-learn.js").Learning;
  feedback: { type: "feedback"; device: string; data: number[][] };
  hardware: { type: "hardware" } & import("./panels/midi.js").Hardware;
}

type Store = ReturnType<typeof import("./control-store.js").makeStore>;

/** What a panel that loads after the first picture gets: it exports `start(page)`. */
interface Page {
  store: Store;
  layers: readonly string[];
  viewer: boolean; // this page may watch but not play
  send(message: object): boolean; // on /ws; false: not connected
  trigger(name: string): void;
  notice(text: string): void; // tell the person, for some seconds
  network(): string;
  /** Each message of that type from now on; at once what the last snapshot says, or it. */
  hear<T extends keyof Messages>(type: T, ear: (message: Messages[T]) => void): void;
}

/** Head of a binary frame; the JPEG follows it. */
interface FrameHead { epoch: number; rev: number }

/** How the control socket stands. */
type LinkState =
  | { kind: "connecting" | "open" }
  | { kind: "waiting"; until: number }
  | { kind: "stopped"; why: string };

/** `onclick` and its like are handlers, `--at` and its like properties; true is an empty attribute; false, null and undefined are none. */
type Attributes = {
  [E in keyof HTMLElementEventMap as `on${E}`]?: (event: HTMLElementEventMap[E]) => void;
} & { [name: string]: string | number | boolean | null | undefined | ((event: any) => void) };

/**
 * What server and page exchange. Generated from the models in Python; do not edit:
 * `python -m tools.types` writes this file anew.
 */

/** One row of the table of controls (`GET /api/controls`). */
interface ControlRow {
  name: string;
  kind: "fader" | "switch" | "choice" | "trigger";
  default: number | boolean | string;
  curve: "linear" | "log" | "log_off" | "power";
  low: number;
  high: number;
  unit: string;
  help: string;
  term: string | null;
  layer: string | null;
  choices: string[];
  engine: boolean;
  costly: boolean;
  panel: "" | "masters" | "choices" | "transport" | "styles" | "blend";
  title: string;
  order: number;
  style: number | null;
}

/** One row of the table of loss terms; beside the controls. */
interface TermRow {
  name: string;
  per_layer: boolean;
  widget: "knob" | "fader";
  raised: string;
}

/** A layer of the session, as the page shows it. */
interface LayerRow {
  name: string;
  field_px: number;
  effect: string;
}

/** Controls have moved; `rev` is the revision that a picture must have to show it. */
interface ChangedMessage {
  type: "changed";
  rev: number;
  since?: number;
  controls: Record<string, number | boolean | string>;
  source: string;
  seq?: number;
}

/** A trigger has happened. */
interface TriggeredMessage {
  type: "triggered";
  name: string;
  source: string;
  seq?: number;
}

/** A `paint` has begun; epochs that belong to it carry `run`, and its controls have `rev`. */
interface PaintingMessage {
  type: "painting";
  run: number;
  rev: number;
  steps: number;
  start: string;
  seed: number | null;
  settle: number | null;
  source: string;
  seq?: number;
}

/** A scene in the list; `saved`: seconds since 1970; `thumbnail`: whether it has one. */
interface SceneEntry {
  name: string;
  saved: number;
  thumbnail: boolean;
}

/** A recall that takes time; `done`: 0..1 of it. */
interface MorphState {
  scene: string;
  seconds: number;
  done: number;
}

/** The scenes, the ends of the crossfade, a morph under way, how many steps undo has. */
interface ScenesMessage {
  type: "scenes";
  scenes: SceneEntry[];
  a: string | null;
  b: string | null;
  chosen: string[];
  current: string | null;
  morph: MorphState | null;
  undo: number;
  redo: number;
}

/** One term of one layer; see `ipc.frame_block.Term`. */
interface TermLoss {
  raw: number;
  weight: number;
  weighted: number;
  share: number;
}

/** The terms of one layer: a field for each of `terms.layer_terms`. */
interface LayerLoss {
  layer: string;
  content: TermLoss;
  style: TermLoss;
}

/** How far the run of a `paint` is; `done`: this is its last picture. */
interface RunStep {
  run: number;
  step: number;
  done: boolean;
}

/** An epoch has been painted; its picture goes out on /frames. */
interface EpochMessage {
  type: "epoch";
  epoch: number;
  step: number;
  rev: number;
  time: number;
  steps_per_s: number;
  width: number;
  height: number;
  losses: LayerLoss[];
  smooth: number;
  total: number;
  run?: RunStep;
}

/** What the painting is doing, on what. */
interface StateMessage {
  type: "state";
  state: string;
  message: string;
  device: string;
  network: string;
  weights: string;
  backend: string;
  width: number;
  height: number;
  memory_mb: number;
  steps_per_epoch: number;
  look: string;
  live: string;
  source: string;
  viewers: number;
  players: number;
  devices: string[];
  retry_s?: number;
  log?: string[];
  not_kept?: string[];
}

/** A content or style picture; `version` rises with each one put in its place. */
interface Picture {
  name: string;
  width: number;
  height: number;
  version: number;
}

/** The pictures that are painted from. */
interface PicturesMessage {
  type: "pictures";
  content: Picture;
  styles: Picture[];
}

/** A control or scene and the hardware that moves it. */
interface Binding {
  target: string;
  source: string;
  encoding: string;
  takeover: string;
  invert: boolean;
  learned: boolean;
  conflict?: string;
}

/** What the knobs of a device are bound to. */
interface BindingsMessage {
  type: "bindings";
  device: string;
  profile: string;
  bindings: Binding[];
}

/** Which target waits for hardware to be moved; null: none. */
interface LearningMessage {
  type: "learning";
  target: string | null;
  device?: string;
  source?: string;
  encoding?: string;
}

/** Where a fader of hardware stands while it does not move its control; `waiting`: until met. */
interface HardwareMessage {
  type: "hardware";
  control: string;
  position: number;
  waiting: boolean;
  direction: "up" | "down" | null;
  device: string;
}

/** A device has sent events that nothing is bound to: so many, and the last one's source. */
interface UnboundMessage {
  type: "unbound";
  device: string;
  source: string;
  count: number;
  hint?: string;
}

/** Raw MIDI messages for the device, to the clients that listen for it. */
interface FeedbackMessage {
  type: "feedback";
  device: string;
  data: number[][];
}

/** Everything at once: the first message on /ws, and the answer to `snapshot?`. */
interface SnapshotMessage {
  type: "snapshot";
  rev: number;
  controls: Record<string, number | boolean | string>;
  state: StateMessage;
  layers: string[];
  epoch: EpochMessage | null;
  pictures: PicturesMessage;
  version: string;
  client: string;
  clients: number;
  role: "player" | "viewer";
  players: number;
  scenes: ScenesMessage;
  seq?: number;
}

/** A message was not obeyed, and nothing has changed; `message` is for people. */
interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  seq?: number;
}

/** A picture that was used before; `id` goes into the header X-Recent of an upload. */
interface RecentPicture {
  id: string;
  name: string;
  width: number;
  height: number;
}

/** The pictures used last, newest first. */
interface RecentPicturesMessage {
  recent: RecentPicture[];
}

/** A picture to choose; `id` goes into the header X-Library of an upload. */
interface LibraryPicture {
  id: string;
  name: string;
  kind: "content" | "style" | null;
  origin: "sample" | "folder";
  version: string;
}

/** The pictures to choose from: the samples, then those of the user's folder by name. */
interface LibraryMessage {
  pictures: LibraryPicture[];
}

/** A look to choose. */
interface LookEntry {
  name: string;
  styles: string[];
  steps: number;
  style_left: number | null;
  shipped: boolean;
  version: string;
  error: string;
}

/** The look that is being learned. */
interface LearningStatus {
  name: string;
  styles: string[];
  minutes: number;
  state: "waiting" | "starting" | "training" | "exporting" | "failed";
  progress: number;
  style_left: number | null;
  seconds_left: number | null;
  samples: string;
  error: string;
}

/** The gallery: the looks that ship, then the user's, newest first. */
interface LooksMessage {
  looks: LookEntry[];
  learning: LearningStatus | null;
  player: boolean;
  reason: string;
}

/** A picture that is done. `time`: seconds since 1970. */
interface RenderEntry {
  name: string;
  bytes: number;
  time: number;
}

/** The picture that is painted large. */
interface RenderStatus {
  width: number;
  height: number;
  state: "waiting" | "starting" | "painting" | "failed";
  progress: number;
  seconds_left: number | null;
  error: string;
}

/** Pictures rendered large, newest first, and the one that is painted. */
interface RendersMessage {
  files: RenderEntry[];
  job: RenderStatus | null;
  sizes: number[];
  player: boolean;
}

/** A take. */
interface TakeEntry {
  name: string;
  time: number;
  length_s: number;
  bytes: number;
  size: number;
  pictures: string[];
  recording: boolean;
  error: string;
}

/** The takes, newest first. */
interface TakesMessage {
  takes: TakeEntry[];
  recent_s: number;
  player: boolean;
  reason: string;
}

/** Move controls, all or none, to absolute values: of several at once the newest counts. */
interface SetMessage {
  type: "set";
  controls: Record<string, unknown>;
  seq?: number | null;
  gesture?: string | null;
}

/** Let a trigger happen once. */
interface TriggerMessage {
  type: "trigger";
  name: string;
  seq?: number | null;
}

/** Go to a scene: at once and whole, or in so many `seconds`. */
interface RecallMessage {
  type: "recall";
  scene: string;
  seconds?: number;
  seq?: number | null;
}

/** Keep all present values as a scene of that name; one of the same name is replaced. */
interface StoreMessage {
  type: "store";
  scene: string;
  seq?: number | null;
}

/** Give a scene another name, at the same place in the list. */
interface RenameMessage {
  type: "rename";
  scene: string;
  to: string;
  seq?: number | null;
}

/** Give a scene another place in the list, counted from 0; beyond its end is the last. */
interface MoveMessage {
  type: "move";
  scene: string;
  to: number;
  seq?: number | null;
}

/** Forget a scene. */
interface DeleteMessage {
  type: "delete";
  scene: string;
  seq?: number | null;
}

/** Choose between which scenes the fader `crossfade` moves; absent: as before. */
interface CrossfadeMessage {
  type: "crossfade";
  a?: string | null;
  b?: string | null;
  seq?: number | null;
}

/** Whole raw MIDI messages, one after the other, of the device of that name. */
interface MidiMessage {
  type: "midi";
  device: string;
  data: number[];
  seq?: number | null;
}

/** The next move of hardware is bound to `target`, a control or `scene:<name>`; null: stop. */
interface LearnMessage {
  type: "learn";
  target: string | null;
  seq?: number | null;
}

/** Take hardware off `target`: of one device, or of all. */
interface UnlearnMessage {
  type: "unlearn";
  target: string;
  device?: string | null;
  seq?: number | null;
}

/** This client has the device open and takes `feedback` for it. */
interface ListenMessage {
  type: "listen";
  device: string;
  seq?: number | null;
}

/** This client has closed the device. */
interface UnlistenMessage {
  type: "unlisten";
  device: string;
  seq?: number | null;
}

/** Paint exactly `steps` steps with these controls, from the first picture or the `last` one. */
interface PaintMessage {
  type: "paint";
  steps: number;
  controls?: Record<string, unknown>;
  start?: "reset" | "last";
  seed?: number | null;
  settle?: number | null;
  seq?: number | null;
}

/** Ask for the whole state again, after a gap in the revisions. */
interface SnapshotRequestMessage {
  type: "snapshot?";
  seq?: number | null;
}

/** On /frames: the picture of this epoch is drawn. */
interface AckMessage {
  type: "ack";
  epoch: number;
}

/** The JSON before the JPEG in a message on /frames; `time`: seconds since 1970. */
interface FrameHeader {
  epoch: number;
  step: number;
  rev: number;
  width: number;
  height: number;
  time: number;
}

/** Everything that the server sends on /ws, by `type`. */
interface ServerMessages {
  changed: ChangedMessage;
  triggered: TriggeredMessage;
  painting: PaintingMessage;
  scenes: ScenesMessage;
  epoch: EpochMessage;
  state: StateMessage;
  pictures: PicturesMessage;
  bindings: BindingsMessage;
  learning: LearningMessage;
  hardware: HardwareMessage;
  unbound: UnboundMessage;
  feedback: FeedbackMessage;
  snapshot: SnapshotMessage;
  error: ErrorMessage;
}

/** Everything that a client sends on /ws. */
type ClientMessage =
  | SetMessage | TriggerMessage | RecallMessage | StoreMessage | RenameMessage | MoveMessage
  | DeleteMessage | CrossfadeMessage | MidiMessage | LearnMessage | UnlearnMessage | ListenMessage
  | UnlistenMessage | PaintMessage | SnapshotRequestMessage;

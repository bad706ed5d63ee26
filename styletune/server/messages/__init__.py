"""Every message on /ws, in and out, and what is checked of it.

JSON text comes in, one of the `…Message` models goes out, and the other way round. Knows nothing
about sockets and processes. Imports run one way: from `sent` to what is sent, and on to `outgoing`;
from `incoming` to `parsing`.
"""

from styletune.server.messages.answers import Changed, Error, Painting, Triggered
from styletune.server.messages.epoch import Epoch, LayerLoss, RunStep, TermLoss
from styletune.server.messages.hands import Binding, Bindings, Feedback, Hardware, Learning
from styletune.server.messages.incoming import (
    MAX_BYTES,
    MAX_MORPH_S,
    Ack,
    CrossfadeMessage,
    DeleteMessage,
    Incoming,
    LearnMessage,
    ListenMessage,
    MidiMessage,
    PaintMessage,
    RecallMessage,
    RenameMessage,
    SceneName,
    Seq,
    SetMessage,
    SnapshotRequest,
    StoreMessage,
    TriggerMessage,
    UnlearnMessage,
    UnlistenMessage,
)
from styletune.server.messages.outgoing import Outgoing, Snapshot
from styletune.server.messages.parsing import parse, parse_ack, refuse_viewer, seq_of
from styletune.server.messages.standing import (
    Morph,
    Picture,
    Pictures,
    RecentPicture,
    RecentPictures,
    SceneEntry,
    Scenes,
    WorkerState,
)

__all__ = [
    "MAX_BYTES",
    "MAX_MORPH_S",
    "Ack",
    "Binding",
    "Bindings",
    "Changed",
    "CrossfadeMessage",
    "DeleteMessage",
    "Epoch",
    "Error",
    "Feedback",
    "Hardware",
    "Incoming",
    "LayerLoss",
    "LearnMessage",
    "Learning",
    "ListenMessage",
    "MidiMessage",
    "Morph",
    "Outgoing",
    "PaintMessage",
    "Painting",
    "Picture",
    "Pictures",
    "RecallMessage",
    "RecentPicture",
    "RecentPictures",
    "RenameMessage",
    "RunStep",
    "SceneEntry",
    "SceneName",
    "Scenes",
    "Seq",
    "SetMessage",
    "Snapshot",
    "SnapshotRequest",
    "StoreMessage",
    "TermLoss",
    "TriggerMessage",
    "Triggered",
    "UnlearnMessage",
    "UnlistenMessage",
    "WorkerState",
    "parse",
    "parse_ack",
    "refuse_viewer",
    "seq_of",
]

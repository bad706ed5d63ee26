"""The table of metrics for Prometheus, read from the hub when somebody asks.

No label holds what a client has chosen, or a stranger could fill the memory of the monitor.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from styletune.ipc.commands import State
from styletune.server.hub import Hub
from styletune.session.outgoing import EpochMessage, TermLoss
from styletune.session.roles import Role
from styletune.terms import layer_terms

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
COUNTER, GAUGE = "counter", "gauge"

_Samples = Mapping[tuple[str, ...], float]


class Row(NamedTuple):
    """One metric: its name, kind and help as Prometheus has them, and where it is read."""

    name: str
    kind: str
    help: str
    read: Callable[[Hub], _Samples | float | None]
    labels: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name under which it is found."""
        return f"{self.name}_total" if self.kind == COUNTER else self.name


def _frame_age_s(hub: Hub) -> float | None:
    frame = hub.frame_stream.newest
    return None if frame is None else max(0.0, time.time() - frame.time)


def _of_epoch(read: Callable[[EpochMessage], float]) -> Callable[[Hub], float | None]:
    return lambda hub: None if hub.epoch is None else read(hub.epoch)


def _losses(read: Callable[[TermLoss], float]) -> Callable[[Hub], _Samples]:
    def samples(hub: Hub) -> _Samples:
        rows = () if hub.epoch is None else hub.epoch.losses
        return {
            (kind, row.layer): read(getattr(row, kind)) for row in rows for kind in layer_terms()
        }

    return samples


def _by_code(read: Callable[[Hub], Mapping[str, int]]) -> Callable[[Hub], _Samples]:
    return lambda hub: {(code,): count for code, count in read(hub).items()}


ROWS = (
    Row("styletune_epochs", COUNTER, "Epochs painted.", lambda hub: hub.stats.epochs),
    Row(
        "styletune_steps", COUNTER, "Optimisation steps of this painting.",
        _of_epoch(lambda epoch: epoch.step),
    ),
    Row(
        "styletune_steps_per_second", GAUGE, "Steps a second, in the last epoch.",
        _of_epoch(lambda epoch: epoch.steps_per_s),
    ),
    Row(
        "styletune_loss", GAUGE, "Sum of all weighted losses.",
        _of_epoch(lambda epoch: epoch.total),
    ),
    Row(
        "styletune_layer_loss_raw", GAUGE, "Loss of a layer's term, before its weight.",
        _losses(lambda term: term.raw), ("kind", "layer"),
    ),
    Row(
        "styletune_layer_loss_weighted", GAUGE, "Loss of a layer's term, times its weight.",
        _losses(lambda term: term.weighted), ("kind", "layer"),
    ),
    Row("styletune_frame_age_seconds", GAUGE, "Since the newest picture.", _frame_age_s),
    Row(
        "styletune_clients", GAUGE, "Clients of /ws.",
        lambda hub: {(role.value,): hub.count_clients(role) for role in Role}, ("role",),
    ),
    Row("styletune_viewers", GAUGE, "Sockets that take pictures.", lambda hub: hub.viewers),
    Row(
        "styletune_frames_sent", COUNTER, "Pictures sent, to each viewer.",
        lambda hub: hub.stats.sent,
    ),
    Row(
        "styletune_frames_dropped", COUNTER,
        "Pictures that gave way to newer ones: at a viewer that drew slowly, or at the worker "
        "before this process saw them.",
        lambda hub: {("viewer",): hub.stats.dropped, ("worker",): hub.stats.missed}, ("where",),
    ),
    Row("styletune_messages", COUNTER, "Messages on /ws.", lambda hub: hub.stats.messages),
    Row(
        "styletune_bad_messages", COUNTER, "Messages that were not obeyed, by error code.",
        _by_code(lambda hub: hub.stats.bad), ("code",),
    ),
    Row(
        "styletune_refusals", COUNTER, "Requests that did not get in, by reason.",
        _by_code(lambda hub: hub.stats.refusals), ("code",),
    ),
    Row(
        "styletune_uploads", COUNTER, "Uploaded pictures, by outcome.",
        _by_code(lambda hub: hub.stats.uploads), ("outcome",),
    ),
    Row(
        "styletune_restarts", COUNTER, "Times that the painting process had to be replaced.",
        lambda hub: hub.stats.restarts,
    ),
    Row(
        "styletune_spare", GAUGE, "1 while another painting process waits, ready to take over.",
        lambda hub: hub.standby_ready,
    ),
    Row(
        "styletune_rollbacks", COUNTER, "Times that the painting went back to a checkpoint.",
        lambda hub: hub.stats.rollbacks,
    ),
    Row(
        "styletune_state", GAUGE, "1 for what the painting is doing, 0 for all else.",
        lambda hub: {(state.value,): state.value == hub.state().state for state in State},
        ("state",),
    ),
    Row(
        "styletune_worker_memory_megabytes", GAUGE, "Memory of the painting's device.",
        lambda hub: hub.state().memory_mb,
    ),
)  # fmt: skip


class Metrics(Collector):
    """The table, filled; with the web process' own memory, CPU time and open files."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """The names, without asking the hub."""
        return [_family(row) for row in ROWS]

    def collect(self) -> Iterable[Metric]:
        """Every metric that there is something to say of."""
        for row in ROWS:
            value = row.read(self._hub)
            if value is None:
                continue
            family = _family(row)
            for labels, sample in (value if isinstance(value, Mapping) else {(): value}).items():
                family.add_metric(labels, sample)
            yield family


def _family(row: Row) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if row.kind == COUNTER else GaugeMetricFamily
    return make(row.name, row.help, labels=row.labels)

import io

from rich.console import Console

from benchmarks.server.live_figures import Answer, Figures, Stretch
from benchmarks.server.live_table import table


def text_of(*columns: Figures) -> str:
    console = Console(file=io.StringIO(), width=110)
    console.print(table(columns, title="title", caption="said below"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if f" {name} " in line]
    return line


def measured() -> Figures:
    return Figures(
        "lite",
        first_picture_s=7.5,
        first_painted_s=12.0,
        bare=[[0.0192], [0.0192]],
        served=[[0.02]],
        epochs=[Stretch(0.1, 5)],
        overheads=[0.05, 0.04, 0.01],
        answers=[Answer(0.1, 0.08), Answer(0.3, 0.25)],
        web_cores=0.12,
        web_mb=150.0,
        worker_mb=800.0,
        peak_flops=2e11,
        multiply_adds=10**9,
    )


def test_each_target_stands_beside_its_figure_with_whether_it_is_met():
    text = text_of(measured())
    assert "12.0 s  met" in row(text, "start to first painted picture")
    assert "4.0%  met" in row(text, "loop overhead, median of pairs")
    assert "+2.5% … +4.5%, 3 pairs" in row(text, "the middle half of them")
    # 5 % between the second and the last but one of two: 0.1 + 0.95 × 0.2 s.
    assert "290 ms of 170 ms  missed" in row(text, "control to picture, p95")
    assert "150 MB  missed" in row(text, "peak memory, web process")


def test_latency_is_told_in_milliseconds_and_in_epochs():
    text = text_of(measured())
    assert "200 ms" in row(text, "control to picture, p50")
    assert "2.00, 2.90" in row(text, "the same in epochs, p50, p95")


def test_the_floor_stands_beside_the_bare_step():
    text = text_of(measured())
    assert "20.0 ms" in row(text, "floor of a step, at that peak")
    assert "0.96 ×" in row(text, "bare step above the floor")


def test_what_was_not_measured_is_left_out_not_made_up():
    text = text_of(measured(), Figures("vgg16"))
    assert row(text, "steps per second").count("–") == 1
    assert "vgg16" in text
    assert "said below" in text

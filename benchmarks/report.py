"""Tables into benchmarks/README.md, between marks, and a plot beside it.

Each combination of BLAS kernels and threads has its own marks, so that a run replaces its own tables and no others.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent


def kernels() -> str:
    """"native", or what OPENBLAS_CORETYPE asks for."""
    core = os.environ.get("OPENBLAS_CORETYPE", "")
    return {"": "native", "haswell": "avx2"}.get(core.lower(), core.lower())


def write(text: str, ratios: dict[str, dict[str, float]], machine: str, threads: int) -> None:
    """Replaces what stands between this run's marks, or appends it with its marks."""
    name = f"recurrent-{kernels()}-{threads}"
    picture = f"\n\n![Times over torch.nn's]({name}.svg)" if ratios and plot(ratios, FOLDER / f"{name}.svg") else ""
    busy = f"{os.cpu_count()} processors, of which {os.getloadavg()[0]:.1f} were wanted (load average)" if hasattr(os, "getloadavg") else ""
    block = f"<!-- {name} -->\n## {kernels()} kernels, threads: {threads}\n\n{machine} · {busy}\n\n{text}{picture}\n<!-- end -->"
    file = FOLDER / "README.md"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    marks = re.compile(rf"<!-- {re.escape(name)} -->.*?<!-- end -->", re.DOTALL)
    after = marks.sub(lambda _: block, before) if marks.search(before) else f"{before.rstrip()}\n\n{block}\n"
    file.write_text(after.lstrip(), encoding="utf-8")
    print(f"written between the marks {name} of {file.name}")


def plot(ratios: dict[str, dict[str, float]], file: Path) -> bool:
    """One group of bars for each layer and size, torch.nn's time the line at 1; False where Matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: pip install matplotlib")
        return False
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "minigrad", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    names = [name for name in next(iter(ratios.values())) if name != "torch.nn"]
    figure, axes = plt.subplots(figsize=(10, 4))
    for k, name in enumerate(names):
        places = [row + (k - len(names) / 2 + 0.5) * 0.8 / len(names) for row in range(len(ratios))]
        axes.bar(places, [values[name] for values in ratios.values()], 0.8 / len(names), label=name)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_yscale("log", base=2)
    axes.set_ylim(bottom=0.25)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(ratios)), list(ratios))
    axes.set(ylabel="time over torch.nn's", title="One training step; the line is torch.nn, lower is faster")
    axes.legend(ncols=len(names), fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False)
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return True

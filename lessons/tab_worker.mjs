// Python in a thread of its own: it gets a cell of a lesson, and sends back what the cell prints and draws.

const SETUP = `
import os, sys
os.environ["MINIGRAD_LESSON_MODE"] = "fast"
sys.argv = ["lesson"]
names, shown = {"__name__": "__main__"}, set()

def drawn(stem):
    """The pictures that were not there before, as (name, kind, bytes)."""
    from pathlib import Path
    new = [p for p in sorted(Path("out", stem).glob("*")) if p.suffix in (".svg", ".png") and p not in shown]
    shown.update(new)
    return [(p.stem, p.suffix[1:], p.read_bytes()) for p in new]

def run(code, stem):
    import traceback
    try:
        exec(compile(code, "cell", "exec"), names)
    except SystemExit as end:
        return "" if not end.code else f"The lesson ended: {end.code}"
    except BaseException:
        return traceback.format_exc().replace('File "cell", ', "")
    return ""
`;

let loading;

async function load(base, plots) {
  const { loadPyodide } = await import(base + "pyodide.mjs");
  const python = await loadPyodide({ indexURL: base });
  await python.loadPackage(plots ? ["numpy", "matplotlib"] : ["numpy"], { messageCallback: () => {} });
  const answer = await fetch(new URL("minigrad.zip", import.meta.url));
  python.unpackArchive(await answer.arrayBuffer(), "zip");
  python.runPython(SETUP);
  return python;
}

onmessage = async ({ data: { cell, code, stem, base, plots } }) => {
  try {
    loading ??= load(base, plots);
    const python = await loading;
    python.setStdout({ batched: (text) => postMessage({ cell, text: text + "\n" }) });
    python.setStderr({ batched: () => {} });
    const error = python.globals.get("run")(code, stem);
    for (const [name, kind, bytes] of python.globals.get("drawn")(stem).toJs()) {
      postMessage({ cell, name, kind, bytes });
    }
    postMessage({ cell, done: true, error });
  } catch (problem) {
    postMessage({ cell, done: true, error: String(problem) });
  }
};

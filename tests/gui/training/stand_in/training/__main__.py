"""Stands in for ``python -m training``: the same words and files, no torch, as told by a file.

``behaviour.json`` in the work folder may say: ``fail`` (stage -> last words), ``steps`` of the
training, and ``slow`` (the training waits to be stopped or killed).
"""

import json
import os
import sys
import time
from pathlib import Path

METRICS = [
    {"name": "mean_auroc", "value": 0.91, "low": 0.88, "high": 0.94, "label": "", "source": ""},
    *(
        {
            "name": name,
            "value": value,
            "low": None,
            "high": None,
            "label": "DR",
            "source": "CLINIC",
            "positives": 12,
            "negatives": 30,
        }
        for name, value in (("auroc", 0.93), ("sensitivity", 0.9), ("specificity", 0.8))
    ),
]
RESULTS = {
    "metrics": METRICS,
    "run": {"best_epoch": 2, "input_size": 64, "architecture": "test_efficientnet"},
    "summary": {"pairs": 1},
    "sources": [{"test": 42}],
}


def prepare(work, behaviour):
    rows = behaviour.get("rows", ["1.png", "2.png"])
    words = sys.argv
    steps = [words[place + 1] for place, word in enumerate(words) if word == "--enhance"]
    content = {
        "side": int(option("--side")),
        "rows": [{"file": row} for row in rows],
        "enhancements": steps,
    }
    (work / "split.json").write_text(json.dumps(content))
    (work / "data.html").write_text("<h1>Training data</h1><p>two photographs</p>")


def train(work, behaviour):
    run = work / "run"
    run.mkdir(exist_ok=True)
    asked = {"arguments": sys.argv[1:], "recipe": {"name": "as begun", "model": {"size": 64}}}
    record = run / "run.json"
    if not record.exists():
        record.write_text(json.dumps(asked))
    (run / "arguments.json").write_text(json.dumps(sys.argv[1:]))
    if behaviour.get("teachers"):
        tell(run, event="teachers", share=0.34)
        wait_for_stop(run)
        sys.exit(4)
    (run / "state.pt").touch()
    tell(run, event="step", epoch=1, step=1, of_steps=2, loss=0.7, share=0.25, elapsed_s=5.0)
    if behaviour.get("slow"):
        wait_for_stop(run)
        tell(run, event="stopped", epoch=1, step=1, share=0.25, elapsed_s=6.0)
        sys.exit(4)
    for epoch in (1, 2):
        facts = {"loss": 0.6 / epoch, "val_auroc": 0.7 + epoch / 10, "of": 2}
        tell(run, event="epoch", epoch=epoch, share=epoch / 2, elapsed_s=9.0 * epoch, **facts)
        (run / "best.pt").touch()
    tell(run, event="end", epoch=3, step=0, share=1.0, elapsed_s=18.0)


def wait_for_stop(run):
    while not (run / "stop").exists():
        time.sleep(0.02)
    (run / "stop").unlink()


def audit(work, behaviour):
    pass


def evaluate(work, behaviour):
    (work / "results.json").write_text(json.dumps(RESULTS))
    (work / "evaluation.html").write_text("<h1>Evaluation</h1>")


def export(work, behaviour):
    destination = Path(option("--destination"))
    destination.mkdir()
    (destination / "named.txt").write_text(f"{option('--name')} {option('--version')}")


def tell(run, **facts):
    with (run / "events.jsonl").open("a") as stream:
        stream.write(json.dumps(facts) + "\n")


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def main():
    stage, work = sys.argv[1], Path(option("--work-dir"))
    path = work / "behaviour.json"
    behaviour = json.loads(path.read_text()) if path.exists() else {}
    sys.stdout.write(f"{stage} begins\n")
    words = behaviour.get("fail", {}).get(stage)
    if words:
        sys.stderr.write(f"{words}\n")
        sys.exit(behaviour.get("code", 3))
    if behaviour.get("killed") == stage:
        os.kill(os.getpid(), 9)
    globals()[stage](work, behaviour)


if __name__ == "__main__":
    main()

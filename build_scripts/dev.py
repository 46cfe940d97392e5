"""Set up and run Retina Desktop from a clone, with nothing but Python 3.11+ and pip.

``python3 build_scripts/dev.py run [-- ARGS]``  install the application and start it
``python3 build_scripts/dev.py test [-- ARGS]`` install everything and run the whole check

All make ``.venv`` beside this folder; a second run reuses it.
"""

import argparse
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "installed.txt"  # one line an installed set of extras: its name and hash
EXTRAS = {"run": "", "test": "[train,dev]"}

# What Qt loads at run time on Linux, with Debian's package for each.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-randr.so.0": "libxcb-randr0",
}
DEFAULT_PYTEST = ("-n", "2", "--dist", "loadfile")
FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")


def main() -> int:
    """Run the command named on the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Set up and run Retina Desktop from a clone.")
    parser.add_argument("command", choices=sorted(EXTRAS))
    parser.add_argument("arguments", nargs="*", help="handed on, after --")
    own, handed_on = split_arguments(sys.argv[1:])
    options = parser.parse_args(own)
    arguments = [*options.arguments, *handed_on]
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is also started by older ones
        return refuse("Python 3.11 or newer is needed.")
    provide_qt_libraries()
    if not install(EXTRAS[options.command]):
        return refuse("The installation failed; the messages above say why.")
    if options.command != "test":
        return start(["-m", "retina_desktop", *arguments], folder=Path.cwd())
    return check(arguments)


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--`` and what behind it, later ones included."""
    words = list(arguments)
    here = words.index("--") if "--" in words else len(words)
    return words[:here], words[here + 1 :]


def check(pytest_arguments: Sequence[str]) -> int:
    """Run linters, type check, import contracts and tests; stop at the first that fails."""
    steps = (
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
        ["-m", "pytest", *(pytest_arguments or DEFAULT_PYTEST)],
    )
    for step in steps:
        print("+ python", *step, flush=True)
        status = start(step)
        if status != 0:
            return status
    return 0


def start(arguments: Sequence[str], *, folder: Path = ROOT) -> int:
    """Run the environment's Python with `arguments` in `folder`."""
    environment = dict(os.environ, PYTHONUTF8="1")
    command = [str(python()), *arguments]
    try:
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode
    except KeyboardInterrupt:  # what was started got it too, and has said what there is to say
        return 1


def install(extras: str) -> bool:
    """Bring ``.venv`` up to date with ``pyproject.toml`` and `extras`; False if that fails."""
    wanted = f"{extras or 'application'} {hashlib.sha256(project_file()).hexdigest()}"
    installed = STAMP.read_text().splitlines() if STAMP.exists() else []
    complete = f"{EXTRAS['test']} {wanted.split()[1]}"
    if python().exists() and (wanted in installed or complete in installed):
        return True
    print(f"Installing into {ENVIRONMENT.name} (this happens once) ...", flush=True)
    if not python().exists():
        venv.create(ENVIRONMENT, with_pip=False, clear=True)
    command = [sys.executable, "-m", "pip", "--python", str(python()), "install"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    status = subprocess.run(
        [*command, *quiet, "--editable", f"{ROOT}{extras}"], cwd=ROOT, check=False
    ).returncode
    if status == 0:
        STAMP.write_text("\n".join([*installed, wanted]) + "\n")
    return status == 0


def provide_qt_libraries() -> None:
    """Install the system libraries that Qt needs where that can be done, else name them."""
    if not sys.platform.startswith("linux"):
        return
    packages = [package for name, package in QT_LIBRARIES.items() if not loads(name)]
    if not any(any(Path(folder).rglob("*.[to]tf")) for folder in FONT_FOLDERS):
        packages.append(FONT_PACKAGE)
    if not packages:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(
            "Qt needs libraries this system lacks; on Debian or Ubuntu: sudo apt-get install "
            + " ".join(packages),
            file=sys.stderr,
        )
        return
    print("Installing system libraries for Qt ...", flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def loads(library: str) -> bool:
    """Tell whether the dynamic loader finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def python() -> Path:
    """Return the path of the environment's Python."""
    if os.name == "nt":
        return ENVIRONMENT / "Scripts" / "python.exe"
    return ENVIRONMENT / "bin" / "python"


def project_file() -> bytes:
    """Return what decides about the installed packages."""
    return (ROOT / "pyproject.toml").read_bytes()


def refuse(message: str) -> int:
    """Say why nothing was done."""
    print(message, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())

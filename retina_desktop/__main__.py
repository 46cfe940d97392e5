"""Start: straight to the window without arguments, to the command line with them."""

import sys

_WINDOW_ARGUMENTS: tuple[list[str], ...] = ([], ["--sample"])


def main() -> None:
    """Run the program and exit with its status."""
    arguments = sys.argv[1:]
    if arguments not in _WINDOW_ARGUMENTS:
        from retina_desktop.cli.app import run

        sys.exit(run())
    if sys.platform == "win32":
        # Qt's DLLs loaded first make ONNX Runtime's fail to load (WinError 1114).
        import onnxruntime  # noqa: F401 - loaded for its DLLs
    from retina_desktop.bootstrap_records.window import open_window

    sys.exit(open_window(sample="--sample" in arguments))


if __name__ == "__main__":
    main()

"""Prints how many pixels of a canvas at 1:1 differ from the photograph's own; run by tests.

The screen's scale factor is fixed when Qt starts, so each one needs its own process.
"""

import json
import sys

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from retina_desktop.gui.viewer.camera import Camera, Size
from retina_desktop.gui.viewer.canvas import PhotographCanvas
from retina_desktop.gui.viewer.pyramid import build_pyramid
from retina_desktop.gui.viewer.state import Layer
from tests.gui.viewer.conftest import pixels_of


def main() -> None:
    app = QApplication([])
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (401, 501, 3), np.uint8)
    window = QWidget()
    rows = QVBoxLayout(window)
    rows.setContentsMargins(7, 5, 3, 3)  # an odd place in the window
    canvas = PhotographCanvas()
    rows.addWidget(canvas)
    window.resize(133, 111)
    window.show()
    canvas.camera_requested.connect(
        lambda camera: canvas.show_layer(Layer(build_pyramid(pixels, size)), camera)
    )
    size = Size(501, 401)
    canvas.show_layer(Layer(build_pyramid(pixels, size)), Camera())
    canvas.zoom_to(1.0, QPointF(31.0, 17.0))
    app.processEvents()

    placement = canvas.placement()
    view = canvas.viewport()
    expected = pixels[
        -placement.top : view.height - placement.top,
        -placement.left : view.width - placement.left,
    ]
    alone = pixels_of(canvas)[: view.height, : view.width]
    ratio = canvas.devicePixelRatioF()
    corner = canvas.mapTo(window, QPointF(0, 0))
    x, y = int(corner.x() * ratio + 0.5), int(corner.y() * ratio + 0.5)
    within = pixels_of(window)[y : y + view.height, x : x + view.width]
    point = canvas.image_point(QPointF(40.0, 30.0))
    json.dump(
        {
            "ratio": ratio,
            "shape": list(expected.shape[:2]),
            "scale": placement.scale,
            "wrong_alone": int((alone != expected).any(axis=2).sum()),
            "wrong_in_window": int((within[:-1, :-1] != expected[:-1, :-1]).any(axis=2).sum()),
            "colour_under_pointer": pixels[int(point[1]), int(point[0])].tolist(),
            "colour_shown": alone[int(30 * ratio), int(40 * ratio)].tolist(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

"""A square code that holds the report's id."""

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.platypus import Flowable

from retina_desktop.reporting.report_canvas import ReportCanvas

_INK = (0.0, 0.0, 0.0)


class QrCode(Flowable):
    """The id as a QR code of medium error correction (15 % may be lost)."""

    canv: ReportCanvas

    def __init__(self, text: str, *, side: float) -> None:
        super().__init__()
        self._text = text
        self.width = self.height = side

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Return the fixed size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the dark modules, row by row, neighbours as one rectangle."""
        code = QRCode(None, QRErrorCorrectLevel.M)
        code.addData(self._text)
        code.make()
        count = int(code.getModuleCount())  # type: ignore[no-untyped-call]
        module = self.width / count
        with self.canv.tagged("Figure", alternative=self._text):
            self.canv.setFillColorRGB(*_INK)
            path = self.canv.beginPath()
            for row in range(count):
                for start, length in _dark_stretches(code, row, count):
                    top = self.height - (row + 1) * module
                    path.rect(start * module, top, length * module, module)
            self.canv.drawPath(path, stroke=0, fill=1)


def _dark_stretches(code: QRCode, row: int, count: int) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    for column in range(count):
        if not code.isDark(row, column):  # type: ignore[no-untyped-call]
            continue
        if stretches and sum(stretches[-1]) == column:
            stretches[-1] = (stretches[-1][0], stretches[-1][1] + 1)
        else:
            stretches.append((column, 1))
    return stretches

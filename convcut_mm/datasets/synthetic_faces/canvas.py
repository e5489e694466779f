"""A canvas that paints in face space.

Face space has its origin between eyes and mouth, x to the right and y down; the chin of a face at
rest is near y = 0.95 and the cheeks are near x = -0.72 and 0.72.
"""

import numpy as np
from PIL import Image, ImageDraw

CURVE = np.linspace(-1, 1, 23)
ROUND = np.linspace(0, 2 * np.pi, 36, endpoint=False)
COS, SIN = np.cos(ROUND), np.sin(ROUND)


class Canvas:
    """Image with curves painted in face space, as on a slightly turned head."""

    def __init__(self, image: Image.Image, rng: np.random.Generator) -> None:
        # 'RGBA' makes Pillow blend by alpha although the image itself has none.
        self._pen = ImageDraw.Draw(image, 'RGBA')
        self.unit = image.width * rng.uniform(0.43, 0.5)
        self.yaw = rng.uniform(-0.22, 0.22)
        self._pitch = rng.uniform(-0.04, 0.04)
        angle = np.deg2rad(np.clip(rng.normal(0, 5), -12, 12))
        self._cos, self._sin = self.unit * np.cos(angle), self.unit * np.sin(angle)
        self._origin = image.width * (np.array([0.5, 0.51]) + rng.uniform(-0.035, 0.035, 2))

    def _pixels(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # The nearer to the middle, the nearer to the viewer, the further a turn shifts a point.
        depth = np.maximum(1 - x * x, 0)
        x, y = x + self.yaw * depth, y + self._pitch * depth
        points = np.empty((len(x), 2))
        points[:, 0] = x * self._cos - y * self._sin
        points[:, 1] = x * self._sin + y * self._cos
        return points + self._origin

    def fill(self, x: np.ndarray, y: np.ndarray, colour: np.ndarray, alpha: float = 1.0) -> None:
        """Fill the outline."""
        self._polygon(self._pixels(x, y), colour, alpha)

    def band(
        self,
        x: np.ndarray,
        top: np.ndarray,
        bottom: np.ndarray,
        colour: np.ndarray,
        alpha: float = 1.0,
    ) -> None:
        """Fill what lies between two curves over the same x."""
        self.fill(np.append(x, x[::-1]), np.append(top, bottom[::-1]), colour, alpha)

    def stroke(
        self,
        x: np.ndarray,
        y: np.ndarray,
        width: float,
        colour: np.ndarray,
        alpha: float = 1.0,
        taper: tuple[float, float] = (0.25, 0.25),
    ) -> None:
        """Paint a line that thins out to the fractions ``taper`` of its width at its two ends."""
        points = self._pixels(x, y)
        along = np.empty_like(points)
        along[1:-1] = points[2:] - points[:-2]
        along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
        across = along[:, ::-1] * (-1, 1) / (np.hypot(*along.T)[:, None] + 1e-9)
        t = np.linspace(-1, 1, len(points))
        ends = np.where(t < 0, *taper)
        half = self.unit * width / 2 * (ends + (1 - ends) * (1 - t**4))
        offset = across * half[:, None]
        self._polygon(np.concatenate([points + offset, (points - offset)[::-1]]), colour, alpha)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: np.ndarray, alpha: float = 1.0
    ) -> None:
        """Fill an upright ellipse."""
        self.fill(x + rx * COS, y + ry * SIN, colour, alpha)

    def glow(self, x: float, y: float, radius: float, colour: np.ndarray, alpha: float) -> None:
        """Fill a disc with a soft edge."""
        for scale in (1.0, 0.8, 0.6, 0.4):
            self.ellipse(x, y, radius * scale, radius * scale * 0.8, colour, alpha / 4)

    def _polygon(self, points: np.ndarray, colour: np.ndarray, alpha: float) -> None:
        rgb = [min(max(int(value), 0), 255) for value in colour.tolist()]
        self._pen.polygon(points.ravel().tolist(), fill=(*rgb, int(255 * alpha)))

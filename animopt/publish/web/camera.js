/** The camera: its projection to the picture, and how the viewer turns it. */

/** Limits of the elevation in degrees to which the viewer can turn the camera. */
const MIN_ELEVATION = 12;
const MAX_ELEVATION = 88;

/** Degrees by which the camera turns when the pointer is dragged by the width of the surface's box. */
const DEGREES_PER_WIDTH = 200;

/** Margin around the surface for heads at its edge. */
const MARGIN = 1.03;

/** Number of azimuths at which the surface must fit into its box. */
const FITTED_AZIMUTHS = 24;

/** A camera that looks at the origin. Angles are in degrees. */
export class Camera {
  /**
   * @param {number} azimuth
   * @param {number} elevation
   * @param {number} distance distance from the camera to the origin
   */
  constructor(azimuth, elevation, distance) {
    this.azimuth = azimuth;
    this.elevation = elevation;
    this.distance = distance;
    const [a, e] = [azimuth, elevation].map(degrees => (degrees * Math.PI) / 180);
    const [sine, cosine, up, along] = [Math.sin(a), Math.cos(a), Math.sin(e), Math.cos(e)];
    /** Unit vectors to the right, up, and towards the camera. */
    this.right = [-sine, cosine, 0];
    this.up = [-cosine * up, -sine * up, along];
    this.towards = [cosine * along, sine * along, up];
  }

  /**
   * Project points to pixels of the layout.
   *
   * @param {Float32Array} points (any, 3)
   * @param {number} count
   * @param {View} view
   * @param {Float32Array} pixels (any, 2), written
   * @param {Float32Array | null} depths distance in front of the origin, written
   */
  project(points, count, view, pixels, depths = null) {
    const [rx, ry] = this.right;
    const [ux, uy, uz] = this.up;
    const [tx, ty, tz] = this.towards;
    const { distance } = this;
    const { left, bottom, scale } = view;
    for (let index = 0, at = 0, to = 0; index < count; index++, at += 3, to += 2) {
      const x = points[at], y = points[at + 1], z = points[at + 2];
      const depth = tx * x + ty * y + tz * z;
      const factor = (scale * distance) / (distance - depth);
      pixels[to] = left + (rx * x + ry * y) * factor;
      pixels[to + 1] = bottom - (ux * x + uy * y + uz * z) * factor;
      if (depths) depths[index] = depth;
    }
  }
}

/** How the camera's units map to a box of pixels: the origin's pixel, and pixels per unit. */
export class View {
  /**
   * @param {number} left
   * @param {number} bottom
   * @param {number} scale
   */
  constructor(left, bottom, scale) {
    this.left = left;
    this.bottom = bottom;
    this.scale = scale;
  }

  /**
   * Return the view with limits along x and y in a box.
   *
   * @param {import("./data.js").Box} box
   * @param {import("./data.js").Range} x
   * @param {import("./data.js").Range} y
   */
  static within([left, top, width, height], x, y) {
    const scale = width / (x[1] - x[0]);
    return new View(left - x[0] * scale, top + height + y[0] * scale, scale);
  }

  /**
   * Return the view in which points fit into a box at every azimuth.
   *
   * @param {import("./data.js").Box} box
   * @param {Float32Array} points (any, 3)
   * @param {number} elevation
   * @param {number} distance
   */
  static fitted(box, points, elevation, distance) {
    const count = points.length / 3;
    const pixels = new Float32Array(2 * count);
    const whole = new View(0, 0, 1);
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let index = 0; index < FITTED_AZIMUTHS; index++) {
      new Camera((360 * index) / FITTED_AZIMUTHS, elevation, distance).project(points, count, whole, pixels);
      for (let at = 0; at < pixels.length; at += 2) {
        const x = pixels[at], y = -pixels[at + 1];
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
    }
    const [, , width, height] = box;
    const unit = (Math.max((x1 - x0) / width, (y1 - y0) / height) / 2) * MARGIN;
    const [across, up] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return View.within(
      box,
      [across - width * unit, across + width * unit],
      [up - height * unit, up + height * unit],
    );
  }
}

/**
 * Return the angles after the viewer has turned the camera by a distance in pixels.
 *
 * @param {{azimuth: number, elevation: number}} angles
 * @param {number} right
 * @param {number} down
 * @param {number} width width of the surface's box in the same pixels
 */
export function dragged({ azimuth, elevation }, right, down, width) {
  return turnedBy({ azimuth, elevation }, (-right * DEGREES_PER_WIDTH) / width, (down * DEGREES_PER_WIDTH) / width);
}

/**
 * Return the angles after a turn, with an elevation from which the surface can be seen.
 *
 * @param {{azimuth: number, elevation: number}} angles
 * @param {number} across degrees
 * @param {number} up degrees
 */
export function turnedBy({ azimuth, elevation }, across, up) {
  return {
    azimuth: (((azimuth + across) % 360) + 360) % 360,
    elevation: Math.min(MAX_ELEVATION, Math.max(MIN_ELEVATION, elevation + up)),
  };
}

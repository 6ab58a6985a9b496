/** The surface as a table of heights: points on it, and which points it hides. */

/** The table's number for a place without a height. */
const MISSING = 65535;

/** A point is seen, is hidden by a lower side, or is covered by an upper side. */
export const SEEN = 0;
export const HIDDEN = 1;
export const COVERED = 2;

export class HeightField {
  /** @param {import("./data.js").SurfaceData} surface */
  constructor(surface) {
    this.surface = surface;
    const { field, height, steps } = surface;
    this.rows = field.shape[0];
    this.columns = field.shape[1];
    /** Heights in the camera's units, (rows, columns). */
    this.z = Float32Array.from(field.data, value => (value === MISSING ? NaN : height * (value / steps - 0.5)));
    this.peak = this.z.reduce((highest, z) => (z > highest ? z : highest), -Infinity);
    const { raySamples } = surface;
    // Samples are dense near the point, where the ray is low.
    this.fractions = Float32Array.from({ length: raySamples }, (_, index) => ((index + 1) / raySamples) ** 1.5);
  }

  /** Convert a coordinate of the domain to the camera's units. @param {number} value @param {number} axis */
  flat(value, axis) {
    return (value - this.surface.middle[axis]) * this.surface.scale[axis];
  }

  /** Return the height of a loss in the camera's units. @param {number} loss */
  heightOf(loss) {
    const { low, high, knee, height, maxHeight } = this.surface;
    if (Number.isNaN(loss)) return NaN;
    const above = Math.max(Math.min(Math.max(loss, -1e300), 1e300) - low, 0);
    const span = high - low;
    const fraction = knee === null ? above / span : Math.log1p(above / knee) / Math.log1p(span / knee);
    return height * (Math.min(fraction, maxHeight) - 0.5);
  }

  /** Return the height at a place, both in the camera's units. @param {number} x @param {number} y */
  heightAt(x, y) {
    const { half } = this.surface;
    const { columns, rows, z } = this;
    const across = Math.min(Math.max(((x + half[0]) / (2 * half[0])) * (columns - 1), 0), columns - 1);
    const up = Math.min(Math.max(((y + half[1]) / (2 * half[1])) * (rows - 1), 0), rows - 1);
    const column = Math.min(Math.floor(across), columns - 2), row = Math.min(Math.floor(up), rows - 2);
    const right = across - column, above = up - row, at = row * columns + column;
    return (
      (1 - above) * ((1 - right) * z[at] + right * z[at + 1]) +
      above * ((1 - right) * z[at + columns] + right * z[at + columns + 1])
    );
  }

  /**
   * Find how points on the surface are seen by a camera.
   *
   * @param {Float32Array} points (any, 3)
   * @param {number} count
   * @param {import("./camera.js").Camera} camera
   * @param {Uint8Array} seen SEEN, HIDDEN or COVERED for each point, written
   */
  visibility(points, count, camera, seen) {
    const { half, clearance, minDepth } = this.surface;
    const { z: table, rows, columns, fractions, peak } = this;
    const [eyeX, eyeY, eyeZ] = camera.towards.map(part => part * camera.distance);
    const perX = (columns - 1) / (2 * half[0]), perY = (rows - 1) / (2 * half[1]);
    const samples = fractions.length, end = rows * columns - 1;
    for (let index = 0, at = 0; index < count; index++, at += 3) {
      const x = points[at], y = points[at + 1], z = points[at + 2];
      seen[index] = SEEN;
      if (!(x + y + z < Infinity)) continue;
      const rayX = eyeX - x, rayY = eyeY - y, rayZ = eyeZ - z;
      // A ray is clear once it is above the highest point, or outside the rectangle.
      let reach = 1;
      if (rayZ > 0) reach = Math.min(reach, (peak - z) / rayZ);
      if (rayX !== 0) reach = Math.min(reach, ((rayX > 0 ? half[0] : -half[0]) - x) / rayX);
      if (rayY !== 0) reach = Math.min(reach, ((rayY > 0 ? half[1] : -half[1]) - y) / rayY);
      const startX = (x + half[0]) * perX + 0.5, startY = (y + half[1]) * perY + 0.5, startZ = z + clearance;
      const alongX = rayX * reach * perX, alongY = rayY * reach * perY, alongZ = rayZ * reach;
      let below = false, deep = false, hidden = false, emerges = false;
      for (let sample = 0; sample < samples; sample++) {
        const part = fractions[sample];
        const cell = Math.trunc(startY + part * alongY) * columns + Math.trunc(startX + part * alongX);
        const depth = table[cell < 0 ? 0 : cell > end ? end : cell] - (startZ + part * alongZ);
        below = depth > 0;
        if (below) hidden = true;
        else if (deep) {
          emerges = true;
          break;
        }
        deep = depth > minDepth;
      }
      // A ray that emerges has passed through the upper side. Others end below the edge of the surface.
      if (hidden) seen[index] = emerges || !below ? COVERED : HIDDEN;
    }
  }
}

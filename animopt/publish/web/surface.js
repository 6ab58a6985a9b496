/** The surface: its shaded faces from back to front, mesh lines, outline, and contour lines on the floor under it. */

import { COVERED, HIDDEN } from "./field.js";
import { Raster } from "./raster.js";

/**
 * @typedef {import("./camera.js").Camera} Camera
 * @typedef {import("./camera.js").View} View
 * @typedef {import("./data.js").Colors} Colors
 */

export class Surface {
  /**
   * @param {import("./data.js").Payload} payload
   * @param {import("./field.js").HeightField} field
   */
  constructor(payload, field) {
    const { surface } = payload;
    this.field = field;
    this.data = surface;
    this.shading = payload.shading;
    this.sizes = payload.sizes;
    this.raster = new Raster();
    this.rows = surface.faceRows.length;
    this.columns = surface.faceColumns.length;
    const count = this.rows * this.columns;
    /** Vertices of the faces, and after them the points of the floor, (any, 3). */
    this.points = new Float32Array(3 * count + surface.floor.data.length);
    for (let row = 0, at = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++, at += 3) {
        this.points[at] = surface.half[0] * ((2 * column) / (this.columns - 1) - 1);
        this.points[at + 1] = surface.half[1] * ((2 * row) / (this.rows - 1) - 1);
        this.points[at + 2] = field.z[surface.faceRows[row] * field.columns + surface.faceColumns[column]];
      }
    }
    this.points.set(surface.floor.data, 3 * count);
    this.vertices = count;
    this.count = this.points.length / 3;
    this.pixels = new Float32Array(2 * this.count);
    this.depths = new Float32Array(this.count);
    this.seen = new Uint8Array(this.count);
    const faces = (this.rows - 1) * (this.columns - 1);
    this.upper = new Uint8Array(faces);
    this.levels = this.#levels();
    this.meshLines = segments(this.rows, this.columns, surface.lineRows, surface.lineColumns, this.points);
    this.edge = segments(this.rows, this.columns, this.rows - 1, this.columns - 1, this.points);
  }

  /**
   * Draw the surface. The context's units are pixels of the layout.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Camera} camera
   * @param {View} view
   * @param {import("./data.js").Box} box
   * @param {Colors} colors
   * @param {number} unit
   */
  draw(context, camera, view, box, colors, unit) {
    camera.project(this.points, this.count, view, this.pixels, this.depths);
    this.field.visibility(this.points, this.count, camera, this.seen);
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    context.lineCap = context.lineJoin = "round";
    this.#drawFloor(context, colors, unit);
    this.#findUpper();
    this.#drawFaces(context, camera, colors);
    this.#drawMesh(context, colors, unit);
    this.#drawOutline(context, colors, unit);
    context.restore();
  }

  /** Return the height of each face from 0 to 1, and NaN for one that is not drawn. */
  #levels() {
    const levels = new Float32Array((this.rows - 1) * (this.columns - 1));
    const { points, columns } = this;
    for (let row = 0, face = 0; row < this.rows - 1; row++) {
      for (let column = 0; column < columns - 1; column++, face++) {
        const at = 3 * (row * columns + column) + 2, above = at + 3 * columns;
        const mean = (points[at] + points[at + 3] + points[above] + points[above + 3]) / 4;
        levels[face] = Math.min(1, Math.max(0, mean / this.data.height + 0.5));
      }
    }
    return levels;
  }

  /** @param {CanvasRenderingContext2D} context @param {Colors} colors @param {number} unit */
  #drawFloor(context, colors, unit) {
    const { pixels, seen, sizes, vertices, count } = this;
    context.beginPath();
    let connected = false;
    for (let index = vertices; index < count; index++) {
      const x = pixels[2 * index];
      // The faces are drawn over the points beside the visible ones.
      const below =
        seen[index] === COVERED &&
        (index === vertices || seen[index - 1] === COVERED) &&
        (index === count - 1 || seen[index + 1] === COVERED);
      if (Number.isNaN(x) || below) {
        connected = false;
        continue;
      }
      if (connected) context.lineTo(x, pixels[2 * index + 1]);
      else context.moveTo(x, pixels[2 * index + 1]);
      connected = true;
    }
    context.strokeStyle = colors.floor;
    context.lineWidth = Math.max(sizes.minFloorLine, sizes.floorLine * unit);
    context.stroke();
  }

  /** Find the faces whose upper side is seen. */
  #findUpper() {
    const { pixels, columns, upper } = this;
    for (let row = 0, face = 0; row < this.rows - 1; row++) {
      for (let column = 0; column < columns - 1; column++, face++) {
        const at = 2 * (row * columns + column), above = at + 2 * columns;
        const firstX = pixels[above + 2] - pixels[at], firstY = pixels[at + 1] - pixels[above + 3];
        const secondX = pixels[above] - pixels[at + 2], secondY = pixels[at + 3] - pixels[above + 1];
        upper[face] = firstX * secondY > firstY * secondX ? 1 : 0;
      }
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Camera} camera @param {Colors} colors */
  #drawFaces(context, camera, colors) {
    const { raster, pixels, rows, columns, data } = this;
    const { a: density, e: left, f: top } = context.getTransform();
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let at = 0; at < 2 * this.vertices; at += 2) {
      const x = pixels[at], y = pixels[at + 1];
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
    const { width, height } = context.canvas;
    const first = Math.max(0, Math.floor(left + x0 * density)), last = Math.min(width, Math.ceil(left + x1 * density));
    const high = Math.max(0, Math.floor(top + y0 * density)), low = Math.min(height, Math.ceil(top + y1 * density));
    if (!(last > first && low > high)) return;
    raster.begin(first, high, last - first, low - high);
    const paint = this.#painter(camera, colors, density, left, top);
    // The cell under the camera is in front of all others.
    const [footX, footY] = [0, 1].map(axis => {
      const count = axis ? rows - 1 : columns - 1;
      return ((camera.towards[axis] * data.distance + data.half[axis]) / (2 * data.half[axis])) * count;
    });
    const down = order(rows - 1, footY), across = order(columns - 1, footX);
    for (const row of down) for (const column of across) paint(row, column);
    context.save();
    context.resetTransform();
    raster.draw(context);
    context.restore();
  }

  /**
   * Return the function that paints a face.
   *
   * @param {Camera} camera
   * @param {Colors} colors
   * @param {number} density
   * @param {number} left
   * @param {number} top
   */
  #painter(camera, colors, density, left, top) {
    const { pixels, columns, raster, levels, upper, seen } = this;
    const { light, highlight, squarings, glass: glassOpacity } = this.shading;
    const normals = this.data.normals.data;
    const toWorld = (/** @type {number[]} */ [x, y, z]) =>
      [0, 1, 2].map(axis => camera.right[axis] * x + camera.up[axis] * y + camera.towards[axis] * z);
    const [lx, ly, lz] = toWorld(light), [hx, hy, hz] = toWorld(highlight);
    const { ambient, diffuse, gloss } = colors;
    const [valleyR, valleyG, valleyB] = components(colors.valley);
    const [peakR, peakG, peakB] = components(colors.peak);
    /** @type {(row: number, column: number) => void} */
    return (row, column) => {
      const face = row * (columns - 1) + column;
      const level = levels[face];
      let nx = normals[3 * face], ny = normals[3 * face + 1], nz = normals[3 * face + 2];
      const length = Math.sqrt(nx * nx + ny * ny + nz * nz);
      if (!(level >= 0) || length === 0) return;
      const vertex = row * columns + column, above = vertex + columns;
      const a = seen[vertex], b = seen[vertex + 1], c = seen[above], d = seen[above + 1];
      // Also the far side of a hill shows its lower side, behind the hill's upper side.
      const hidden = a || b || c || d;
      const glass = !upper[face] && hidden && a !== COVERED && b !== COVERED && c !== COVERED && d !== COVERED;
      const sign = (glass ? -1 : 1) / length;
      nx *= sign;
      ny *= sign;
      nz *= sign;
      const lit = ambient + diffuse * Math.max(0, nx * lx + ny * ly + nz * lz);
      let shine = Math.max(0, nx * hx + ny * hy + nz * hz);
      for (let squaring = 0; squaring < squarings; squaring++) shine *= shine;
      shine *= 255 * gloss;
      const red = Math.min(255, (valleyR + level * (peakR - valleyR)) * lit + shine) + 0.5;
      const green = Math.min(255, (valleyG + level * (peakG - valleyG)) * lit + shine) + 0.5;
      const blue = Math.min(255, (valleyB + level * (peakB - valleyB)) * lit + shine) + 0.5;
      const color = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
      const at = 2 * vertex, over = 2 * above;
      raster.paint(
        left + pixels[at] * density, top + pixels[at + 1] * density,
        left + pixels[at + 2] * density, top + pixels[at + 3] * density,
        left + pixels[over + 2] * density, top + pixels[over + 3] * density,
        left + pixels[over] * density, top + pixels[over + 1] * density,
        color, glass ? glassOpacity : 1,
      );
    };
  }

  /** @param {CanvasRenderingContext2D} context @param {Colors} colors @param {number} unit */
  #drawMesh(context, colors, unit) {
    const { pixels, depths, seen, shading, sizes, meshLines } = this;
    const opacities = shading.lineOpacities;
    const paths = opacities.map(() => new Path2D());
    const ends = opacities.map(() => -1);
    /** @type {(vertex: number) => number} */
    const bucketOf = vertex =>
      seen[vertex] === HIDDEN ? 0 : 1 + shading.depths.reduce((near, depth) => near + Number(depths[vertex] >= depth), 0);
    const buckets = this.seen.subarray(0, this.vertices).map((kind, vertex) => (kind === COVERED ? 255 : bucketOf(vertex)));
    for (let at = 0; at < meshLines.length; at += 2) {
      const one = meshLines[at], other = meshLines[at + 1];
      if (buckets[one] === 255 || buckets[other] === 255) continue;
      const bucket = Math.min(buckets[one], buckets[other]);
      if (ends[bucket] !== one) paths[bucket].moveTo(pixels[2 * one], pixels[2 * one + 1]);
      paths[bucket].lineTo(pixels[2 * other], pixels[2 * other + 1]);
      ends[bucket] = other;
    }
    context.strokeStyle = colors.mesh;
    context.lineWidth = Math.max(sizes.minMeshLine, sizes.meshLine * unit);
    paths.forEach((path, bucket) => {
      context.globalAlpha = opacities[bucket];
      context.stroke(path);
    });
    context.globalAlpha = 1;
  }

  /** Draw the edge, and the rims, where an upper side meets a lower side. */
  #drawOutline(
    /** @type {CanvasRenderingContext2D} */ context, /** @type {Colors} */ colors, /** @type {number} */ unit,
  ) {
    const { pixels, seen, upper, rows, columns, sizes } = this;
    context.beginPath();
    let end = -1;
    const add = (/** @type {number} */ one, /** @type {number} */ other) => {
      if (seen[one] === COVERED || seen[other] === COVERED) return;
      if (end !== one) context.moveTo(pixels[2 * one], pixels[2 * one + 1]);
      context.lineTo(pixels[2 * other], pixels[2 * other + 1]);
      end = other;
    };
    for (let at = 0; at < this.edge.length; at += 2) add(this.edge[at], this.edge[at + 1]);
    for (let row = 0; row < rows - 1; row++) {
      for (let column = 1; column < columns - 1; column++) {
        const face = row * (columns - 1) + column, vertex = row * columns + column;
        if (upper[face] !== upper[face - 1]) add(vertex, vertex + columns);
      }
    }
    for (let row = 1; row < rows - 1; row++) {
      for (let column = 0; column < columns - 1; column++) {
        const face = row * (columns - 1) + column, vertex = row * columns + column;
        if (upper[face] !== upper[face - columns + 1]) add(vertex, vertex + 1);
      }
    }
    context.strokeStyle = colors.outline;
    context.lineWidth = Math.max(sizes.minOutline, sizes.outline * unit);
    context.stroke();
  }
}

/**
 * Return the faces along one side from the farthest to the nearest. The face that contains the camera's foot is last.
 *
 * @param {number} count
 * @param {number} foot
 */
function order(count, foot) {
  const own = Math.min(count, Math.max(-1, Math.floor(foot)));
  const faces = [];
  for (let face = 0; face < own; face++) faces.push(face);
  for (let face = count - 1; face > own; face--) faces.push(face);
  if (own >= 0 && own < count) faces.push(own);
  return faces;
}

/**
 * Return pairs of neighboring vertices along every `rowStride`-th row and every `columnStride`-th column.
 *
 * @param {number} rows
 * @param {number} columns
 * @param {number} rowStride
 * @param {number} columnStride
 * @param {Float32Array} points
 */
function segments(rows, columns, rowStride, columnStride, points) {
  /** @type {number[]} */
  const pairs = [];
  const add = (/** @type {number} */ one, /** @type {number} */ other) => {
    if (!Number.isNaN(points[3 * one + 2] + points[3 * other + 2])) pairs.push(one, other);
  };
  for (let row = 0; row < rows; row += rowStride) {
    for (let column = 0; column < columns - 1; column++) add(row * columns + column, row * columns + column + 1);
  }
  for (let column = 0; column < columns; column += columnStride) {
    for (let row = 0; row < rows - 1; row++) add(row * columns + column, (row + 1) * columns + column);
  }
  return Uint32Array.from(pairs);
}

/** Return red, green and blue of a color "#rrggbb". @param {string} color */
function components(color) {
  return [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16));
}

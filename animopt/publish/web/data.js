/**
 * The payload of the page: JSON whose arrays are parts of one deflated blob.
 *
 * @typedef {Float64Array | Float32Array | Uint16Array | Int16Array | Uint8Array | Int8Array} Numbers
 * @typedef {{type: string, shape: number[], offset: number, delta?: boolean}} Reference
 * @typedef {{data: Numbers, shape: number[]}} Table
 * @typedef {[left: number, top: number, width: number, height: number]} Box
 * @typedef {[low: number, high: number]} Range
 * @typedef {[value: number, text: string][]} Ticks
 *
 * @typedef {object} Racer
 * @property {string} name
 * @property {string} settings
 * @property {number} steps
 * @property {Table} shape outline of the head (points, 2) at a size of 1 pixel, y up
 *
 * @typedef {object} SurfaceData
 * @property {Range} half half the sides of the surface in the camera's units
 * @property {Range} middle middle of the domain
 * @property {Range} scale camera's units in a unit of the domain
 * @property {number} low
 * @property {number} high
 * @property {number | null} knee knee of the scale of heights, null if it is linear
 * @property {boolean} nonlinear
 * @property {number} height
 * @property {number} maxHeight
 * @property {number} steps
 * @property {Table} field heights (rows, columns) from 0 to `steps`; 65535 has no value
 * @property {number[]} faceRows
 * @property {number[]} faceColumns
 * @property {Table} normals (rows, columns, 3) of the faces, times 127
 * @property {number} lineRows
 * @property {number} lineColumns
 * @property {Table} floor lines (points, 3) in the camera's units, separated by NaN
 * @property {number} distance
 * @property {number} raySamples
 * @property {number} clearance
 * @property {number} minDepth
 * @property {number} pieces number of pieces of a path as long as the domain's side
 *
 * @typedef {object} Shading
 * @property {number[]} light
 * @property {number[]} highlight
 * @property {number} squarings
 * @property {number} glass
 * @property {number[]} depths
 * @property {number[]} lineOpacities
 *
 * @typedef {object} Colors colors of one theme
 * @property {string} background
 * @property {string} ink
 * @property {string} muted
 * @property {string} rule
 * @property {string} mesh
 * @property {string} valley
 * @property {string} peak
 * @property {number} ambient
 * @property {number} diffuse
 * @property {number} gloss
 * @property {string} floor
 * @property {string} outline
 * @property {string} labelGround
 * @property {string[]} hues color of each racer
 * @property {string[]} texts color of each racer's numbers
 * @property {string[]} hidden color of each racer's trail behind the surface
 * @property {string[]} tints
 * @property {string[]} levels
 *
 * @typedef {{lines: string[], x: number, y: number, size: number}} Line text, and the end of its first baseline
 *
 * @typedef {object} Entries form of the entries beside the curves
 * @property {number} size
 * @property {number} small
 * @property {string[]} names
 * @property {string[]} settings
 * @property {boolean} beside
 * @property {boolean} brief
 * @property {number} column
 * @property {number} aside
 *
 * @typedef {object} Layout
 * @property {[number, number]} size
 * @property {number} unit
 * @property {number} minText
 * @property {{[name: string]: Box}} boxes
 * @property {{x: Range, y: Range}} view
 * @property {[Range, Range]} window lower left and upper right corner of the contour plot
 * @property {{x: Ticks, y: Ticks}} ticks
 * @property {{x: string, y: string}} offsets what is added to the tick labels, or multiplied with them
 * @property {{x: Ticks, y: Ticks}} lossTicks
 * @property {string} lossOffset
 * @property {{title: Line | null, formula: Line | null, caption: Line | null, step: Line}} header
 * @property {string[]} labels names beside the heads
 * @property {Entries | null} entries
 * @property {Table[]} fills
 * @property {Table[]} lines
 *
 * @typedef {object} Starts runs from a grid of starts
 * @property {number} columns
 * @property {number} rows
 * @property {Range} x coordinates of the first and the last start
 * @property {Range} y
 * @property {number} steps
 * @property {[number, number]} origin
 * @property {[number, number]} quantum a position is the origin and this multiple of a 16-bit number
 * @property {number[]} racers index of the racer at each place of the tables
 * @property {{racer: number, reason: string}[]} absent
 * @property {{logarithmic: boolean, quantum: number, origin: number, lowest: number, highest: number}} losses
 * @property {Table} known number of known points of each run (racers, rows, columns)
 * @property {Table} sensitive whether a neighbor ends elsewhere (racers, rows, columns)
 * @property {{order: "steps" | "runs", differences: number, left: boolean}[]} streams x, y and loss of each racer
 * @property {Table} data bytes (streams, 2, points): the low ones of a stream, then its high ones
 *
 * @typedef {object} Payload
 * @property {string} lang
 * @property {string} title
 * @property {string} formulaOutline data of an SVG path at a type size of 1 pixel
 * @property {string} alt
 * @property {string} theme
 * @property {{[key: string]: string}} words
 * @property {Racer[]} racers
 * @property {[Range, Range]} domain
 * @property {[number, number, number][]} minima
 * @property {number | null} winner
 * @property {string} heading
 * @property {boolean} gaps
 * @property {number} last
 * @property {{low: number, high: number, logarithmic: boolean, levels: number[]}} axis
 * @property {{decimals: number | null, digits: number}} column
 * @property {{separators: string, smallest: number, largest: number}} numbers minus, group and decimal separator
 * @property {{fps: number, step: Table, turned: Table, hold: Table}} clip
 * @property {[step: number, sentence: string][]} events what happens in the scene's own race
 * @property {{azimuth: number, turn: number, elevation: number}} sweep
 * @property {SurfaceData} surface
 * @property {Shading} shading
 * @property {{[name: string]: number}} sizes
 * @property {{[name: string]: Colors}} themes
 * @property {Layout[]} layouts
 * @property {{step: Table, xyz: Table}[]} paths
 * @property {({step: Table, xyz: Table} | null)[]} training
 * @property {Table | null} box
 * @property {Table} xy
 * @property {Table} values
 * @property {Table} lost
 * @property {Starts | null} starts
 * @property {string[]} notes
 */

/** Maximum number of bytes of all arrays. */
const MAX_BYTES = 2 ** 28;

/** Number of bytes of which the first byte of each array is a multiple. */
const ALIGNMENT = 8;

/** Number of bytes that are inflated at a time. */
const PIECE = 2 ** 14;

/** @type {{[type: string]: {new (buffer: ArrayBuffer, offset: number, length: number): Numbers, BYTES_PER_ELEMENT: number}}} */
const TYPES = { f8: Float64Array, f4: Float32Array, u2: Uint16Array, i2: Int16Array, u1: Uint8Array, i1: Int8Array };

/**
 * Return the payload with its arrays. Damaged data leads to an error.
 *
 * @param {string} json
 * @param {string} blob deflated bytes in base64
 * @returns {Promise<Payload>}
 */
export async function readPayload(json, blob) {
  const payload = JSON.parse(json);
  const size = Math.max(0, ...ends(payload));
  if (size > MAX_BYTES) throw new RangeError(`arrays of ${size} bytes`);
  return withArrays(payload, await inflated(fromBase64(blob), size));
}

/** @param {string} text */
function fromBase64(text) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index++) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

/**
 * Return inflated bytes, at most as many as the arrays have: a few deflated bytes can become gigabytes.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {number} size
 */
async function inflated(bytes, size) {
  let at = 0;
  // A browser inflates a whole piece before it hands over the first bytes of it.
  const pieces = new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += PIECE)));
      else controller.close();
    },
  });
  const reader = pieces.pipeThrough(new DecompressionStream("deflate")).getReader();
  const whole = new Uint8Array(ALIGNMENT * Math.ceil(size / ALIGNMENT));
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    whole.set(value, length);
    length += value.length;
  }
  if (length < whole.length) throw new RangeError(`${length} of ${whole.length} bytes`);
  return whole.buffer;
}

/** @param {any} value @returns {value is Reference} */
function isReference(value) {
  return typeof value.offset === "number" && Array.isArray(value.shape);
}

/**
 * Yield the number of the byte after each array to which a value refers.
 *
 * @param {any} value
 * @returns {Generator<number>}
 */
function* ends(value) {
  if (value === null || typeof value !== "object") return;
  if (isReference(value)) yield extent(value).end;
  else for (const each of Object.values(value)) yield* ends(each);
}

/**
 * Replace references by arrays, everywhere in a value.
 *
 * @param {any} value
 * @param {ArrayBuffer} buffer
 * @returns {any}
 */
function withArrays(value, buffer) {
  if (Array.isArray(value)) return value.map(each => withArrays(each, buffer));
  if (value === null || typeof value !== "object") return value;
  if (isReference(value)) return table(value, buffer);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withArrays(each, buffer)]));
}

/**
 * Return the type of an array, its number of values, and the number of the byte after it.
 *
 * @param {Reference} reference
 */
function extent({ type, shape, offset }) {
  if (!Object.hasOwn(TYPES, type) || ![offset, ...shape].every(each => Number.isInteger(each) && each >= 0)) {
    throw new RangeError(`no array: ${type}, ${shape}, ${offset}`);
  }
  const count = shape.reduce((product, side) => product * side, 1);
  return { type: TYPES[type], count, end: offset + count * TYPES[type].BYTES_PER_ELEMENT };
}

/**
 * @param {Reference} reference
 * @param {ArrayBuffer} buffer
 * @returns {Table}
 */
function table(reference, buffer) {
  const { shape, offset, delta } = reference;
  const { type, count } = extent(reference);
  const data = new type(buffer, offset, count);
  if (delta) {
    // Sums wrap in the type of the array.
    const row = data.length / shape[0];
    for (let index = row; index < data.length; index++) data[index] += data[index - row];
  }
  return { data, shape };
}

/** The state of the page in its address: `?step=12&start=-3,2&racers=Adam,SGD&theme=dark`. */

/**
 * @typedef {object} Query
 * @property {number | null} step
 * @property {[number, number] | null} start
 * @property {string[] | null} racers
 * @property {string | null} theme
 * @property {string[]} ignored names of parameters whose values are wrong
 */

/**
 * Read the parameters of an address. Wrong values are ignored.
 *
 * @param {string} search
 * @param {import("./data.js").Payload} payload
 * @returns {Query}
 */
export function readQuery(search, payload) {
  const given = new URLSearchParams(search);
  /** @type {Query} */
  const query = { step: null, start: null, racers: null, theme: null, ignored: [] };
  /** @param {string} name @param {(text: string) => boolean} take */
  const read = (name, take) => {
    const text = given.get(name);
    if (text !== null && !take(text)) query.ignored.push(name);
  };
  read("step", text => {
    const step = number(text);
    if (step === null || step < 0 || step > payload.last) return false;
    query.step = step;
    return true;
  });
  read("start", text => {
    const [x, y, ...rest] = text.split(",").map(number);
    const { starts } = payload;
    if (x === null || y === null || y === undefined || rest.length > 0 || !starts?.racers.length) return false;
    if (!isNear(x, starts.x, starts.columns) || !isNear(y, starts.y, starts.rows)) return false;
    query.start = [x, y];
    return true;
  });
  read("racers", text => {
    const names = payload.racers.map(({ name }) => name);
    query.racers = writtenNames(search, names) ?? namesIn(text, names);
    return query.racers !== null;
  });
  read("theme", text => {
    if (!Object.hasOwn(payload.themes, text)) return false;
    query.theme = text;
    return true;
  });
  return query;
}

/**
 * Return the parameters of a state, without those of the scene's own.
 *
 * @param {{step: number | null, start: [number, number] | null, racers: string[] | null, theme: string | null}} state
 */
export function writeQuery({ step, start, racers, theme }) {
  const parts = [];
  if (step !== null) parts.push(`step=${step}`);
  if (start) parts.push(`start=${start.map(each => Number(each.toPrecision(6))).join(",")}`);
  if (racers) parts.push(`racers=${racers.map(encodeURIComponent).join(",")}`);
  if (theme) parts.push(`theme=${encodeURIComponent(theme)}`);
  return parts.length ? `?${parts.join("&")}` : "";
}

/**
 * Return whether a coordinate is at most half a cell away from the starts of a grid.
 *
 * @param {number} value
 * @param {import("./data.js").Range} range coordinates of the first and the last start
 * @param {number} count
 */
function isNear(value, [first, last], count) {
  const half = (last - first) / Math.max(1, count - 1) / 2;
  return value >= first - half && value <= last + half;
}

/** @param {string} text */
function number(text) {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : null;
}

/**
 * Return the names in a list that the page has written, in which a comma in a name is encoded, or null if it is another list.
 *
 * @param {string} search
 * @param {string[]} names
 * @returns {string[] | null}
 */
function writtenNames(search, names) {
  const list = search.replace("?", "").split("&").find(each => each.startsWith("racers="))?.slice("racers=".length);
  if (list === undefined) return null;
  const wanted = list ? list.split(",").map(each => new URLSearchParams(`name=${each}`).get("name") ?? "") : [];
  return wanted.every(each => names.includes(each)) ? wanted : null;
}

/**
 * Return the names in a list, which may contain commas themselves, or null if it is another list.
 *
 * @param {string} text
 * @param {string[]} names
 * @returns {string[] | null}
 */
function namesIn(text, names) {
  const found = new Set();
  const byLength = [...names].sort((one, other) => other.length - one.length);
  let rest = text;
  while (rest) {
    const name = byLength.find(each => rest === each || rest.startsWith(`${each},`));
    if (name === undefined) return null;
    found.add(name);
    rest = rest.slice(name.length + 1);
  }
  return found.size ? names.filter(name => found.has(name)) : null;
}

/** The order of the entries beside the curves, planned for the whole race so that they glide and never overlap. */

/** Seconds whose majority decides the order of two entries, and in which an entry glides to its new place. */
const WINDOW_SECONDS = 0.3;
const GLIDE_SECONDS = 0.4;

/** Smallest mean of the window's signs, from -1 to 1, at which two entries change their order. */
const CLEAR_MAJORITY = 0.2;

/**
 * Return the planned rank of each entry at each sampled moment. Rank 0 is the lowest.
 *
 * @param {Float64Array[]} heights values by which entries are ordered, at each sample
 * @param {number} rate samples in a second
 */
export function plannedRanks(heights, rate) {
  const window = Math.max(1, Math.round(WINDOW_SECONDS * rate)), glide = Math.max(1, Math.round((GLIDE_SECONDS * rate) / 2));
  const samples = heights[0]?.length ?? 0;
  return heights.map((own, entry) => {
    const rank = new Float64Array(samples);
    heights.forEach((other, index) => {
      if (index === entry) return;
      const ahead = filled(own.map((height, sample) => Math.sign(height - other[sample])));
      const majority = smoothed(ahead, window);
      const order = filled(majority.map(mean => (Math.abs(mean) > CLEAR_MAJORITY ? Math.sign(mean) : 0)));
      // Entries that are equal in the whole race have their own order.
      order.forEach((sign, sample) => {
        rank[sample] += (sign === 0 ? entry > index : sign > 0) ? 1 : 0;
      });
    });
    return smoothed(smoothed(rank, glide), glide);
  });
}

/** Replace zeros by the next sign, or at the end by the previous one. @param {Float64Array} signs */
function filled(signs) {
  const result = signs.slice();
  for (let at = result.length - 2; at >= 0; at--) if (result[at] === 0) result[at] = result[at + 1];
  for (let at = 1; at < result.length; at++) if (result[at] === 0) result[at] = result[at - 1];
  return result;
}

/** Return the mean of a window around each sample. The ends continue. @param {Float64Array} row @param {number} window */
function smoothed(row, window) {
  const before = window >> 1, last = row.length - 1;
  const result = new Float64Array(row.length);
  const at = (/** @type {number} */ index) => row[Math.min(last, Math.max(0, index))];
  let sum = 0;
  for (let index = -before; index < window - before; index++) sum += at(index);
  for (let index = 0; index <= last; index++) {
    result[index] = sum / window;
    sum += at(index + window - before) - at(index - before);
  }
  return result;
}

/**
 * Return places from `low` to `high` that are nearest to the targets and at least `spacing` apart, in their order.
 *
 * @param {number[]} targets
 * @param {number} spacing
 * @param {number} low
 * @param {number} high
 */
export function spread(targets, spacing, low, high) {
  const order = targets.map((_, index) => index).sort((one, other) => targets[one] - targets[other] || one - other);
  // The ascending sequence that is nearest to the targets: neighbors in the wrong order share their mean.
  /** @type {{sum: number, count: number}[]} */
  const groups = [];
  order.forEach((index, rank) => {
    groups.push({ sum: targets[index] - spacing * rank, count: 1 });
    while (groups.length > 1) {
      const last = groups[groups.length - 1], before = groups[groups.length - 2];
      if (before.sum / before.count <= last.sum / last.count) break;
      groups.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  });
  const most = Math.max(low, high - spacing * (targets.length - 1));
  const means = groups.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  const places = targets.slice();
  order.forEach((index, rank) => {
    places[index] = Math.min(most, Math.max(low, means[rank])) + spacing * rank;
  });
  return places;
}

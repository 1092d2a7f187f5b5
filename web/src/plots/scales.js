// Scales, ticks and places of labels: plain numbers, no drawing.

/** A map from [lo, hi] to [from, to], with its inverse. */
export function linear(lo, hi, from, to) {
  const k = (to - from) / (hi - lo);
  const at = (value) => from + (value - lo) * k;
  at.invert = (place) => lo + (place - from) / k;
  return at;
}

/** The same for logarithms; lo > 0. */
export function logarithmic(lo, hi, from, to) {
  const inner = linear(Math.log(lo), Math.log(hi), from, to);
  const at = (value) => inner(Math.log(value));
  at.invert = (place) => Math.exp(inner.invert(place));
  return at;
}

/** A step of 1, 2 or 5 times a power of ten, so that about `count` of them span the width. */
export function niceStep(width, count) {
  const rough = width / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough * 0.999999);
}

export function ticks(lo, hi, count) {
  const step = niceStep(hi - lo, count);
  const first = Math.ceil(lo / step - 1e-9), last = Math.floor(hi / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** 1, 2, 5 of each decade while at most `count` of them fit, else 1 of each, else fewer decades. */
export function logTicks(lo, hi, count) {
  const low = Math.floor(Math.log10(lo)), high = Math.ceil(Math.log10(hi));
  const made = (digits, every) => {
    const found = [];
    for (let decade = low; decade <= high; decade += 1)
      if (decade % every === 0) for (const digit of digits) found.push(Number(`${digit}e${decade}`));
    return found.filter((tick) => tick >= lo * 0.999999 && tick <= hi * 1.000001);
  };
  const choices = [made([1, 2, 5], 1), made([1, 3], 1), made([1], 1), made([1], 2), made([1], 3)];
  return choices.find((found) => found.length <= count) ?? choices.at(-1);
}

/** A range for [lo, hi] that stays as it was while it holds the data and they fill a good part of it. */
export function sticky(previous, lo, hi, count = 6) {
  if (!(Number.isFinite(lo) && Number.isFinite(hi))) return previous ?? [0, 1];
  if (previous) {
    const [low, high] = previous;
    if (lo >= low && hi <= high && hi - lo >= 0.4 * (high - low)) return previous;
  }
  // numbers that differ by rounding alone lie on one level
  const wide = hi - lo > 1e-9 * Math.abs(hi) ? hi - lo : Math.abs(hi) * 0.1 || 1;
  const step = niceStep(wide * 1.1, count);
  const floor = Math.floor((lo - 0.04 * wide) / step) * step;
  return [lo >= 0 ? Math.max(0, floor) : floor, Math.ceil((hi + 0.04 * wide) / step) * step]; // no axis of contents goes below 0
}

/** Places at least `gap` apart and within [lo, hi], as near as can be (least squares) to those wanted.
 *  Labels that touch are moved together as one block (pool adjacent violators). */
export function spread(wanted, gap, lo, hi) {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a] - wanted[b]);
  const blocks = [];
  order.forEach((k, rank) => {
    blocks.push({ sum: wanted[k] - rank * gap, count: 1 });
    while (blocks.length > 1 && blocks.at(-2).sum / blocks.at(-2).count > blocks.at(-1).sum / blocks.at(-1).count) {
      const { sum, count } = blocks.pop();
      blocks.at(-1).sum += sum;
      blocks.at(-1).count += count;
    }
  });
  const found = new Array(wanted.length), top = hi - (wanted.length - 1) * gap;
  let rank = 0;
  for (const { sum, count } of blocks)
    for (let k = 0; k < count; k += 1, rank += 1)
      found[order[rank]] = Math.max(lo, Math.min(top, sum / count)) + rank * gap;
  return found;
}

/** Least and greatest finite number of arrays. */
export function extent(...arrays) {
  let lo = Infinity, hi = -Infinity;
  for (const values of arrays)
    for (const value of values)
      if (Number.isFinite(value) && value !== null) {
        if (value < lo) lo = value;
        if (value > hi) hi = value;
      }
  return [lo, hi];
}

/** Runs of neighbouring indices for which `is(k)` holds, as [first, last]. */
export function stretches(length, is) {
  const found = [];
  for (let k = 0; k < length; k += 1)
    if (is(k)) {
      if (found.length && found.at(-1)[1] === k - 1) found.at(-1)[1] = k;
      else found.push([k, k]);
    }
  return found;
}

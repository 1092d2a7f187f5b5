// Random numbers that a link repeats: a seed and a label give the same draws in every browser.

/** A generator of numbers in [0, 1): mulberry32 (Tommy Ettinger, public domain), period 2^32. */
export function mulberry32(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** 32 bits of a text (FNV-1a over its UTF-16 units), so that each use of one seed has draws of its own. */
export function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The generator of one use of a seed. */
export const stream = (seed, label) => mulberry32(hash(`${seed}:${label}`));

/** One draw of a normal distribution of mean 0 and standard deviation 1 (Box and Muller 1958). */
export const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A number between two positive ones, its logarithm uniform. */
export const logUniform = (random, low, high) => low * (high / low) ** random();

export const mean = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

/** Standard error of the mean: the sample's standard deviation over the root of its size. */
export function sem(xs) {
  const m = mean(xs);
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - m) ** 2, 0) / (xs.length - 1) / xs.length);
}

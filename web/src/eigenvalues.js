// Eigenvalues of a small real matrix: balance, Hessenberg form, QR steps with double shifts.
// EISPACK's balanc, elmhes and hqr (Wilkinson & Reinsch 1971, Handbook for Automatic Computation II).

const EPSILON = 2 ** -52;
const MOST = 60; // QR steps for one eigenvalue; EISPACK allows 30

/**
 * Eigenvalues of a matrix.
 * @param {Float64Array} matrix n*n numbers, row by row; is overwritten.
 * @param {number} n Rows.
 * @returns {{re: Float64Array, im: Float64Array}|null} null where the QR steps do not converge or a number is not finite.
 */
export function eigenvalues(matrix, n) {
  for (let k = 0; k < n * n; k++) if (!Number.isFinite(matrix[k])) return null;
  balance(matrix, n);
  hessenberg(matrix, n);
  return schur(matrix, n);
}

/** Scale rows and columns by powers of two until they are of one size; changes no eigenvalue and rounds nothing. */
function balance(a, n) {
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < n; i++) {
      let column = 0;
      let row = 0;
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        column += Math.abs(a[j * n + i]);
        row += Math.abs(a[i * n + j]);
      }
      if (column === 0 || row === 0) continue;
      const sum = column + row;
      let factor = 1;
      while (column < row / 2) {
        factor *= 2;
        column *= 4;
      }
      while (column >= row * 2) {
        factor /= 2;
        column /= 4;
      }
      if ((column + row) / factor < 0.95 * sum) {
        changed = true;
        for (let j = 0; j < n; j++) a[i * n + j] /= factor;
        for (let j = 0; j < n; j++) a[j * n + i] *= factor;
      }
    }
  }
}

/** Similar matrix without entries below the first subdiagonal, by elimination with pivots. */
function hessenberg(a, n) {
  for (let m = 1; m < n - 1; m++) {
    let pivot = m;
    for (let i = m + 1; i < n; i++) if (Math.abs(a[i * n + m - 1]) > Math.abs(a[pivot * n + m - 1])) pivot = i;
    const largest = a[pivot * n + m - 1];
    if (pivot !== m) {
      for (let j = m - 1; j < n; j++) [a[pivot * n + j], a[m * n + j]] = [a[m * n + j], a[pivot * n + j]];
      for (let j = 0; j < n; j++) [a[j * n + pivot], a[j * n + m]] = [a[j * n + m], a[j * n + pivot]];
    }
    if (largest === 0) continue;
    for (let i = m + 1; i < n; i++) {
      const factor = a[i * n + m - 1] / largest;
      if (factor === 0) continue;
      a[i * n + m - 1] = 0;
      for (let j = m; j < n; j++) a[i * n + j] -= factor * a[m * n + j];
      for (let j = 0; j < n; j++) a[j * n + m] += factor * a[j * n + i];
    }
  }
}

function schur(a, n) {
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  let norm = 0;
  for (let i = 0; i < n; i++) for (let j = Math.max(i - 1, 0); j < n; j++) norm += Math.abs(a[i * n + j]);
  let shifted = 0;
  for (let last = n - 1, steps = 0; last >= 0; ) {
    let first = last;
    for (; first > 0; first--) {
      const beside = Math.abs(a[(first - 1) * n + first - 1]) + Math.abs(a[first * n + first]);
      if (Math.abs(a[first * n + first - 1]) <= EPSILON * (beside || norm)) {
        a[first * n + first - 1] = 0;
        break;
      }
    }
    let x = a[last * n + last];
    if (first === last) {
      re[last--] = x + shifted;
      steps = 0;
      continue;
    }
    let y = a[(last - 1) * n + last - 1];
    let w = a[last * n + last - 1] * a[(last - 1) * n + last];
    if (first === last - 1) {
      pair(re, im, last, x + shifted, y + shifted, w);
      last -= 2;
      steps = 0;
      continue;
    }
    if (steps === MOST) return null;
    if (steps % 10 === 9) {
      // a shift of another kind, where the usual ones go in circles
      shifted += x;
      for (let i = 0; i <= last; i++) a[i * n + i] -= x;
      const size = Math.abs(a[last * n + last - 1]) + Math.abs(a[(last - 1) * n + last - 2]);
      x = y = 0.75 * size;
      w = -0.4375 * size * size;
    }
    steps++;
    doubleStep(a, n, first, last, x, y, w);
  }
  return { re, im };
}

/** Both eigenvalues of the last block of two: x and y on its diagonal, w the product of the others. */
function pair(re, im, last, x, y, w) {
  const p = 0.5 * (y - x);
  const q = p * p + w;
  const root = Math.sqrt(Math.abs(q));
  if (q >= 0) {
    const z = p + (p >= 0 ? root : -root);
    re[last - 1] = x + z;
    re[last] = z === 0 ? x + z : x - w / z;
  } else {
    re[last - 1] = re[last] = x + p;
    im[last - 1] = root;
    im[last] = -root;
  }
}

/** One QR step with the shifts that are the eigenvalues of the last block, on rows first to last. */
function doubleStep(a, n, first, last, x, y, w) {
  let p = 0;
  let q = 0;
  let r = 0;
  let m = last - 2;
  for (; m >= first; m--) {
    const z = a[m * n + m];
    const u = x - z;
    const v = y - z;
    p = (u * v - w) / a[(m + 1) * n + m] + a[m * n + m + 1];
    q = a[(m + 1) * n + m + 1] - z - u - v;
    r = a[(m + 2) * n + m + 1];
    const sum = Math.abs(p) + Math.abs(q) + Math.abs(r);
    p /= sum;
    q /= sum;
    r /= sum;
    if (m === first) break;
    const small = Math.abs(a[m * n + m - 1]) * (Math.abs(q) + Math.abs(r));
    const beside = Math.abs(a[(m - 1) * n + m - 1]) + Math.abs(z) + Math.abs(a[(m + 1) * n + m + 1]);
    if (small <= EPSILON * Math.abs(p) * beside) break;
  }
  for (let i = m + 2; i <= last; i++) {
    a[i * n + i - 2] = 0;
    if (i > m + 2) a[i * n + i - 3] = 0;
  }
  for (let k = m; k < last; k++) {
    const three = k !== last - 1;
    let size = 0;
    if (k !== m) {
      p = a[k * n + k - 1];
      q = a[(k + 1) * n + k - 1];
      r = three ? a[(k + 2) * n + k - 1] : 0;
      size = Math.abs(p) + Math.abs(q) + Math.abs(r);
      if (size === 0) continue;
      p /= size;
      q /= size;
      r /= size;
    }
    const root = Math.sqrt(p * p + q * q + r * r);
    const s = p >= 0 ? root : -root;
    if (s === 0) continue;
    if (k !== m) a[k * n + k - 1] = -s * size;
    else if (first !== m) a[k * n + k - 1] = -a[k * n + k - 1];
    p += s;
    const fx = p / s;
    const fy = q / s;
    const fz = r / s;
    q /= p;
    r /= p;
    for (let j = k; j <= last; j++) {
      let t = a[k * n + j] + q * a[(k + 1) * n + j];
      if (three) {
        t += r * a[(k + 2) * n + j];
        a[(k + 2) * n + j] -= t * fz;
      }
      a[(k + 1) * n + j] -= t * fy;
      a[k * n + j] -= t * fx;
    }
    for (let i = first; i <= Math.min(last, k + 3); i++) {
      let t = fx * a[i * n + k] + fy * a[i * n + k + 1];
      if (three) {
        t += fz * a[i * n + k + 2];
        a[i * n + k + 2] -= t * r;
      }
      a[i * n + k + 1] -= t * q;
      a[i * n + k] -= t;
    }
  }
}

// Triples whose conditional mutual information I(X; Y | Z) is known.

/** @typedef {import('./pairs.js').Random} Random */

/** I of two normal columns. @param {number} rho */
const normalInformation = (rho) => -0.5 * Math.log(1 - rho * rho);

/** Pairs (a, b) of normal numbers at a correlation. @param {Random} random @param {number} rho */
function pair({ normal }, rho) {
  const a = normal();
  return [a, rho * a + Math.sqrt(1 - rho * rho) * normal()];
}

/**
 * x = f(z, a), y = g(z, b), where f and g are strictly monotone in a and b, and (a, b) is normal
 * at correlation rho and independent of z: I(X; Y | Z) is that of (a, b).
 *
 * @param {string} name
 * @param {(z: number, a: number) => number} f
 * @param {(z: number, b: number) => number} g
 * @param {number} [fixed] rho; drawn for each data set otherwise.
 */
function driven(name, f, g, fixed) {
  return {
    name,
    draw: (/** @type {Random} */ random, /** @type {number} */ rows) => {
      const rho = fixed ?? 0.95 * random.uniform();
      const table = Array.from({ length: rows }, () => {
        const [z, [a = 0, b = 0]] = [random.normal(), pair(random, rho)];
        return [f(z, a), g(z, b), z];
      });
      return { ...sides(table), truth: normalInformation(rho) };
    },
  };
}

/** @param {number[][]} table x, y, then the columns of z */
function sides(table) {
  return {
    x: table.map(([x]) => x),
    y: table.map(([, y]) => y),
    z: table.map((row) => row.slice(2)),
  };
}

export const TRIPLES = [
  driven(
    'normal',
    (z, a) => z + a,
    (z, b) => 0.5 * z + b,
  ),
  driven(
    'normal, independent given z',
    (z, a) => z + a,
    (z, b) => z + b,
    0,
  ),
  {
    name: 'normal, z of three columns',
    draw: (/** @type {Random} */ random, /** @type {number} */ rows) => {
      const rho = 0.95 * random.uniform();
      const table = Array.from({ length: rows }, () => {
        const z = Array.from({ length: 3 }, random.normal);
        const [[a = 0, b = 0], [z0 = 0, z1 = 0, z2 = 0]] = [pair(random, rho), z];
        return [z0 + z1 + a, z1 - z2 + b, ...z];
      });
      return { ...sides(table), truth: normalInformation(rho) };
    },
  },
  driven(
    'cubic in z',
    (z, a) => z + a,
    (z, b) => 0.3 * z ** 3 + b,
  ),
  driven(
    'cubic, independent given z',
    (z, a) => z + a,
    (z, b) => 0.3 * z ** 3 + b,
    0,
  ),
  driven(
    'spread by z',
    (z, a) => Math.exp(0.5 * z) * a,
    (z, b) => Math.exp(0.5 * z) * b,
  ),
  driven(
    'square of z in x',
    (z, a) => z * z + a,
    (z, b) => z + b,
  ),
  driven(
    'square of z in both, independent given z',
    (z, a) => z * z + a,
    (z, b) => z * z + b,
    0,
  ),
  {
    name: 'Student (a, b), 3 degrees of freedom',
    draw: (/** @type {Random} */ random, /** @type {number} */ rows) => {
      const rho = 0.95 * random.uniform();
      const table = Array.from({ length: rows }, () => {
        const scale = Math.hypot(random.normal(), random.normal(), random.normal()) / Math.sqrt(3);
        const [z, [a = 0, b = 0]] = [random.normal(), pair(random, rho)];
        return [z + a / scale, z + b / scale, z];
      });
      return { ...sides(table), truth: normalInformation(rho) + STUDENT_3 };
    },
  },
  {
    name: 'product of x and z',
    draw: (/** @type {Random} */ { normal }, /** @type {number} */ rows) => {
      const table = Array.from({ length: rows }, () => {
        const [x, z] = [normal(), normal()];
        return [x, x * z + 0.5 * normal(), z];
      });
      return { ...sides(table), truth: productInformation(0.5) };
    },
  },
];

/** What a bivariate Student with 3 degrees of freedom shares beyond its correlation, in nats. */
const STUDENT_3 = studentExcess(3);

/**
 * −log of a density ratio, by integration over the radius: h of a one-dimensional Student twice
 * less h of the two-dimensional one, both standard. @param {number} df
 */
function studentExcess(df) {
  // E log(1 + |t|² / df) of d dimensions: ψ((df + d) / 2) − ψ(df / 2), integrated numerically.
  const steps = 200_000;
  const expectation = (/** @type {number} */ d) => {
    // |t|² / df = u / (1 − u) with u ~ Beta(d / 2, df / 2).
    let [sum, total] = [0, 0];
    for (let i = 0; i < steps; i++) {
      const u = Math.sin(((i + 0.5) / steps) * (Math.PI / 2)) ** 2;
      const weight = u ** (d / 2 - 0.5) * (1 - u) ** (df / 2 - 0.5);
      sum += weight * -Math.log(1 - u);
      total += weight;
    }
    return sum / total;
  };
  // log of Γ((df + d) / 2) / (Γ(df / 2) (df π)^(d / 2)).
  const logConstant = { 1: Math.log(2 / (Math.PI * Math.sqrt(df))), 2: -Math.log(2 * Math.PI) };
  const entropy = (/** @type {1 | 2} */ d) => ((df + d) / 2) * expectation(d) - logConstant[d];
  return 2 * entropy(1) - entropy(2);
}

/** E ½ log(1 + z² / σ²) over normal z. @param {number} sigma */
function productInformation(sigma) {
  let [sum, weights] = [0, 0];
  for (let i = 0; i <= 4000; i++) {
    const z = -8 + (16 * i) / 4000;
    const weight = Math.exp((-z * z) / 2);
    sum += weight * 0.5 * Math.log(1 + (z / sigma) ** 2);
    weights += weight;
  }
  return sum / weights;
}

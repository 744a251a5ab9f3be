// Triples whose conditional mutual information I(X; Y | Z) is known.
import type { Random } from '../random.js';

/** A kind of data set; `draw` makes one. */
interface TripleKind {
  readonly name: string;
  readonly draw: (random: Random, rows: number) => Triple;
}

interface Triple {
  readonly x: number[];
  readonly y: number[];
  readonly z: number[][];
  /** I(X; Y | Z) in nats. */
  readonly truth: number;
}

/** Mutual information of two normal columns with correlation rho. */
function normalInformation(rho: number): number {
  return -0.5 * Math.log(1 - rho * rho);
}

/** Draws a pair (a, b) of normal numbers with correlation rho. */
function pair({ normal }: Random, rho: number): [number, number] {
  const a = normal();
  return [a, rho * a + Math.sqrt(1 - rho * rho) * normal()];
}

/**
 * x = f(z, a), y = g(z, b), where f and g are strictly monotone in a and b, and (a, b) is normal
 * with correlation rho and independent of z. So I(X; Y | Z) is the mutual information of a and b.
 *
 * @param fixed rho; drawn anew for each data set when it is missing.
 */
function driven(
  name: string,
  f: (z: number, a: number) => number,
  g: (z: number, b: number) => number,
  fixed?: number,
): TripleKind {
  return {
    name,
    draw: (random, rows) => {
      const rho = fixed ?? 0.95 * random.uniform();
      const table = Array.from({ length: rows }, () => {
        const [z, [a = 0, b = 0]] = [random.normal(), pair(random, rho)];
        return [f(z, a), g(z, b), z];
      });
      return { ...sides(table), truth: normalInformation(rho) };
    },
  };
}

/** @param table one row per observation: x, y, then the columns of z. */
function sides(table: number[][]): Omit<Triple, 'truth'> {
  return {
    x: table.map(([x = Number.NaN]) => x),
    y: table.map(([, y = Number.NaN]) => y),
    z: table.map((row) => row.slice(2)),
  };
}

export const TRIPLES: readonly TripleKind[] = [
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
    draw: (random, rows) => {
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
    draw: (random, rows) => {
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
    draw: ({ normal }, rows) => {
      const table = Array.from({ length: rows }, () => {
        const [x, z] = [normal(), normal()];
        return [x, x * z + 0.5 * normal(), z];
      });
      return { ...sides(table), truth: productInformation(0.5) };
    },
  },
];

/** Mutual information of a bivariate Student with 3 degrees of freedom in excess of a normal's. */
const STUDENT_3 = studentExcess(3);

/**
 * Twice the entropy of a standard one-dimensional Student minus that of a two-dimensional one; each
 * is integrated over the radius.
 */
function studentExcess(df: number): number {
  // E log(1 + |t|² / df) in d dimensions is ψ((df + d) / 2) − ψ(df / 2), integrated numerically.
  const steps = 200_000;
  const expectation = (d: number) => {
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
  const entropy = (d: 1 | 2) => ((df + d) / 2) * expectation(d) - logConstant[d];
  return 2 * entropy(1) - entropy(2);
}

/** E ½ log(1 + z² / σ²) over normal z. */
function productInformation(sigma: number): number {
  let [sum, weights] = [0, 0];
  for (let i = 0; i <= 4000; i++) {
    const z = -8 + (16 * i) / 4000;
    const weight = Math.exp((-z * z) / 2);
    sum += weight * 0.5 * Math.log(1 + (z / sigma) ** 2);
    weights += weight;
  }
  return sum / weights;
}

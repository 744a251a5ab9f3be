// Joint distributions of two columns of labels with exact mutual information, and tables drawn from
// them. Made for the benchmark alone: the priors of the mixture were fitted on other tables.
import { probit } from '../../src/maths/normal.js';
import { type Random, random } from '../../src/maths/random.js';
import { type Table, tableOfCounts } from '../../src/discrete/table.js';

export interface TableCase {
  readonly kind: Kind;
  readonly table: Table;
  /** Mutual information of the distribution, in nats. */
  readonly information: number;
}

/** Shape [rows][columns]; sums to 1. */
type Joint = number[][];

const KINDS = {
  independent: (s: Random, kx: number, ky: number) => product(shares(s, kx), shares(s, ky)),
  weak: (s: Random, kx: number, ky: number) => {
    const joint = normalized(dirichlet(s, kx, ky, 1));
    return mixed(product(rowSums(joint), columnSums(joint)), joint, 0.3 * s.uniform());
  },
  ordinal: (s: Random, kx: number, ky: number) => cutNormal(s, kx, ky, 2 * s.uniform() - 1),
  diagonal: (s: Random, kx: number) => {
    const p = shares(s, kx);
    const slips = 0.3 * s.uniform();
    return p.map((a, i) => p.map((b, j) => a * ((i === j ? 1 - slips : 0) + slips * b)));
  },
  function: (s: Random, kx: number, ky: number) => {
    const target = Array.from({ length: kx }, () => s.below(ky));
    const noise = s.uniform() < 0.3 ? 0 : 0.4 * s.uniform();
    const spread = shares(s, ky);
    return shares(s, kx).map((p, i) =>
      spread.map((q, j) => p * ((target[i] === j ? 1 - noise : 0) + noise * q)),
    );
  },
  sparse: (s: Random, kx: number, ky: number) => normalized(dirichlet(s, kx, ky, 0.1)),
  block: (s: Random, kx: number, ky: number) => {
    const blocks = 2 + s.below(3);
    const [x, y] = [kx, ky].map((k) => Array.from({ length: k }, () => s.below(blocks)));
    const noise = 0.1 + 0.4 * s.uniform();
    const [p, q] = [shares(s, kx), shares(s, ky)];
    return normalized(
      p.map((a, i) => q.map((b, j) => a * b * (x?.[i] === y?.[j] ? 1 : noise))),
    );
  },
  one_to_many: (s: Random, kx: number, ky: number) => {
    const group = Array.from({ length: ky }, (_, j) => (j < kx ? j : s.below(kx)));
    const q = shares(s, ky);
    const slips = s.uniform() < 0.5 ? 0 : 0.1 * s.uniform();
    return Array.from({ length: kx }, (_, i) =>
      q.map((b, j) => b * ((group[j] === i ? 1 - slips : 0) + slips / kx)),
    );
  },
};

/** Kinds that the priors were not fitted to. */
const OTHER_KINDS = {
  latent: (s: Random, kx: number, ky: number) => {
    const classes = shares(s, 2 + s.below(4));
    const parts = classes.map((p) => {
      const [a, b] = [shares(s, kx), shares(s, ky)];
      return product(a, b).map((row) => row.map((value) => p * value));
    });
    return parts.reduce((a, b) => a.map((row, i) => row.map((v, j) => v + (b[i]?.[j] as number))));
  },
  even: (s: Random, kx: number, ky: number) => normalized(dirichlet(s, kx, ky, 1)),
  very_sparse: (s: Random, kx: number, ky: number) => normalized(dirichlet(s, kx, ky, 0.02)),
  parabola: (s: Random, kx: number, ky: number) => {
    const width = 0.05 + 0.3 * s.uniform();
    return normalized(
      shares(s, kx).map((p, i) => {
        const center = 4 * ((i + 0.5) / kx - 0.5) ** 2;
        return normalizedList(
          Array.from({ length: ky }, (_, j) =>
            Math.exp(-((((j + 0.5) / ky - center) / width) ** 2) / 2),
          ),
        ).map((q) => p * q);
      }),
    );
  },
  half_function: (s: Random, kx: number, ky: number) => {
    const q = shares(s, ky);
    return shares(s, kx).map((p, i) => {
      const target = s.below(ky);
      return q.map((b, j) => p * (i % 2 === 0 ? b : Number(j === target)));
    });
  },
  poisson: (s: Random, kx: number, ky: number) =>
    shares(s, kx).map((p) => {
      const mean = ky * s.uniform();
      let term = 1;
      const weights = Array.from({ length: ky }, (_, j) => {
        if (j > 0) term *= mean / j;
        return term;
      });
      return normalizedList(weights).map((q) => p * q);
    }),
  slips_to_one: (s: Random, kx: number) => {
    const slips = 0.3 * s.uniform();
    return shares(s, kx).map((p, i, all) =>
      all.map((_, j) => p * ((i === j ? 1 - slips : 0) + (j === 0 ? slips : 0))),
    );
  },
  identity: (s: Random, kx: number) =>
    shares(s, kx).map((p, i, all) => all.map((_, j) => (i === j ? p : 0))),
};

const ALL_KINDS = { ...KINDS, ...OTHER_KINDS };

export type Kind = keyof typeof ALL_KINDS;

export const TABLE_KINDS = Object.keys(KINDS) as Kind[];
export const OTHER_TABLE_KINDS = Object.keys(OTHER_KINDS) as Kind[];

/** Tables of every kind: 2–50 labels a side, 50–20,000 observations. */
export function* tableCases(
  seed: number,
  perKind: number,
  kinds: readonly Kind[] = TABLE_KINDS,
): Generator<TableCase> {
  const stream = random(seed);
  const logUniform = (low: number, high: number) =>
    Math.round(Math.exp(Math.log(low) + stream.uniform() * Math.log(high / low)));
  for (let i = 0; i < perKind; i++) {
    for (const kind of kinds) {
      const joint = ALL_KINDS[kind](stream, logUniform(2, 50), logUniform(2, 50));
      const table = drawn(joint, logUniform(50, 20_000), stream);
      if (table !== undefined) yield { kind, table, information: informationOf(joint) };
    }
  }
}

export function informationOf(joint: Joint): number {
  const [p, q] = [rowSums(joint), columnSums(joint)];
  return joint.reduce(
    (total, row, i) =>
      total +
      row.reduce(
        (sum, value, j) =>
          value > 0 ? sum + value * Math.log(value / ((p[i] as number) * (q[j] as number))) : sum,
        0,
      ),
    0,
  );
}

/** Undefined when a side shows a single label. */
function drawn(joint: Joint, observations: number, { uniform }: Random): Table | undefined {
  const flat = joint.flat();
  const columns = joint[0]?.length ?? 0;
  const cumulative = Float64Array.from(flat);
  for (let i = 1; i < flat.length; i++) {
    cumulative[i] = (cumulative[i] as number) + (cumulative[i - 1] as number);
  }
  const counts = joint.map((row) => row.map(() => 0));
  for (let n = 0; n < observations; n++) {
    const at = uniform() * (cumulative[flat.length - 1] as number);
    let [low, high] = [0, flat.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] as number) > at) high = middle;
      else low = middle + 1;
    }
    const row = counts[Math.floor(low / columns)] as number[];
    row[low % columns] = (row[low % columns] as number) + 1;
  }
  const seen = counts.filter((row) => row.some((count) => count > 0));
  const kept = (seen[0] ?? []).map((_, j) => seen.some((row) => (row[j] as number) > 0));
  const left = seen.map((row) => row.filter((_, j) => kept[j]));
  const width = left[0]?.length ?? 0;
  if (left.length < 2 || width < 2) return undefined;
  return tableOfCounts(Float64Array.from(left.flat()), left.length, width);
}

function cutNormal(s: Random, kx: number, ky: number, rho: number): Joint {
  const [p, q] = [shares(s, kx), shares(s, ky)];
  const edges = (shares: number[]) => {
    let sum = 0;
    return [-8, ...shares.slice(0, -1).map((share) => probit((sum += share))), 8];
  };
  const [a, b] = [edges(p), edges(q)];
  // Cells by the midpoint rule on 4 points a cell and side, weighted by the normal density.
  const points = (cuts: number[], i: number) => {
    const [low, high] = [cuts[i] as number, cuts[i + 1] as number];
    return Array.from({ length: 12 }, (_, k) => low + ((k + 0.5) * (high - low)) / 12);
  };
  const root = 1 - rho * rho + 1e-3;
  return normalized(
    p.map((_, i) =>
      q.map((_, j) => {
        const [us, vs] = [points(a, i), points(b, j)];
        const area =
          (((a[i + 1] as number) - (a[i] as number)) * ((b[j + 1] as number) - (b[j] as number))) /
          144;
        return (
          area *
          us.reduce(
            (sum, u) =>
              sum +
              vs.reduce(
                (part, v) => part + Math.exp(-(u * u - 2 * rho * u * v + v * v) / (2 * root)),
                0,
              ),
            0,
          )
        );
      }),
    ),
  );
}

/** Random shares, from even to uneven. */
function shares(s: Random, k: number): number[] {
  const shape = Math.exp(Math.log(0.5) + s.uniform() * Math.log(20));
  return normalizedList(Array.from({ length: k }, () => gamma(s, shape) + 1e-9));
}

function dirichlet(s: Random, kx: number, ky: number, shape: number): Joint {
  return Array.from({ length: kx }, () =>
    Array.from({ length: ky }, () => gamma(s, shape) + 1e-300),
  );
}

/** A gamma variable (Marsaglia & Tsang 2000). */
function gamma(s: Random, shape: number): number {
  if (shape < 1) return gamma(s, shape + 1) * s.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = probit(Math.min(1 - 1e-12, Math.max(1e-12, s.uniform())));
    const v = (1 + c * z) ** 3;
    if (v <= 0) continue;
    if (Math.log(s.uniform() + 1e-300) < z * z / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

function product(p: readonly number[], q: readonly number[]): Joint {
  return p.map((a) => q.map((b) => a * b));
}

function mixed(a: Joint, b: Joint, share: number): Joint {
  return a.map((row, i) => row.map((v, j) => (1 - share) * v + share * (b[i]?.[j] as number)));
}

function normalized(joint: Joint): Joint {
  const total = joint.flat().reduce((sum, value) => sum + value, 0);
  return joint.map((row) => row.map((value) => value / total));
}

function normalizedList(values: number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}

function rowSums(joint: Joint): number[] {
  return joint.map((row) => row.reduce((sum, value) => sum + value, 0));
}

function columnSums(joint: Joint): number[] {
  return (joint[0] ?? []).map((_, j) => joint.reduce((sum, row) => sum + (row[j] as number), 0));
}

// Pairs of columns, independent and dependent, for the tests of independence.
import { mersenne } from 'pure-rand/generator/mersenne';

/** @typedef {{ uniform: () => number, normal: () => number }} Random */

/**
 * @typedef {{ name: string, draw: (random: Random, rows: number) => { x: unknown, y: unknown } }} Kind
 */

/**
 * @param {number} seed
 * @returns {Random}
 */
export function random(seed) {
  const generator = mersenne(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/**
 * @template T
 * @param {number} rows
 * @param {() => T} make
 */
const fill = (rows, make) => Array.from({ length: rows }, make);

/** @type {readonly Kind[]} */
export const INDEPENDENT = [
  {
    name: 'normal',
    draw: ({ normal }, rows) => ({ x: fill(rows, normal), y: fill(rows, normal) }),
  },
  {
    name: 'heavy tails (Cauchy) and skew',
    draw: ({ normal }, rows) => ({
      x: fill(rows, () => normal() / normal()),
      y: fill(rows, () => normal() ** 2),
    }),
  },
  {
    name: 'counts and classes',
    draw: ({ uniform }, rows) => ({
      x: fill(rows, () => Math.floor(-3 * Math.log(uniform()))),
      y: fill(rows, () => (uniform() < 0.2 ? 1 : 0)),
    }),
  },
  {
    name: '3 + 2 dependent columns',
    draw: ({ normal }, rows) => {
      const side = (/** @type {number} */ columns) =>
        fill(rows, () => {
          const shared = normal();
          return fill(columns, () => shared + normal());
        });
      return { x: side(3), y: side(2) };
    },
  },
];

/**
 * @param {string} name
 * @param {(random: Random) => [number, number]} row
 * @returns {{ name: string, draw: (random: Random, rows: number) => { x: number[], y: number[] } }}
 */
function rowByRow(name, row) {
  return {
    name,
    draw: (stream, rows) => {
      const table = fill(rows, () => row(stream));
      return { x: table.map(([x]) => x), y: table.map(([, y]) => y) };
    },
  };
}

/** Weak enough that neither finds them always. */
export const DEPENDENT = [
  rowByRow('linear, correlation 0.2', ({ normal }) => {
    const x = normal();
    return [x, 0.2 * x + Math.sqrt(0.96) * normal()];
  }),
  rowByRow('step', ({ normal }) => {
    const x = normal();
    return [x, (x > 1 ? 1 : 0) + normal()];
  }),
  rowByRow('Student, 3 degrees of freedom, uncorrelated', ({ normal }) => {
    const scale = Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
    return [normal() / scale, normal() / scale];
  }),
  rowByRow('spread grows with |x|', ({ normal }) => {
    const x = normal();
    return [x, normal() * Math.exp(0.4 * Math.abs(x))];
  }),
  rowByRow('sine, two periods', ({ uniform, normal }) => {
    const x = 2 * uniform() - 1;
    return [x, Math.sin(2 * Math.PI * x) + normal()];
  }),
  rowByRow('parabola', ({ uniform, normal }) => {
    const x = 2 * uniform() - 1;
    return [x, x * x + 0.5 * normal()];
  }),
  rowByRow('circle', ({ uniform, normal }) => {
    const angle = 2 * Math.PI * uniform();
    return [Math.cos(angle) + 0.4 * normal(), Math.sin(angle) + 0.4 * normal()];
  }),
  rowByRow('checkerboard', ({ uniform, normal }) => {
    const x = Math.floor(4 * uniform());
    const y = 2 * Math.floor(2 * uniform()) + (x % 2);
    return [x + uniform(), y + uniform() + 0.5 * normal()];
  }),
];

// Pairs of columns, independent and dependent, for the tests of independence.
import { fill, type Random } from '../random.js';

/** A kind of data set; `draw` makes one. */
export interface Kind<Side> {
  readonly name: string;
  readonly draw: (random: Random, rows: number) => { x: Side; y: Side };
}

export const INDEPENDENT: readonly Kind<number[] | number[][]>[] = [
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
      const side = (columns: number) =>
        fill(rows, () => {
          const shared = normal();
          return fill(columns, () => shared + normal());
        });
      return { x: side(3), y: side(2) };
    },
  },
];

function rowByRow(name: string, row: (random: Random) => [number, number]): Kind<number[]> {
  return {
    name,
    draw: (stream, rows) => {
      const table = fill(rows, () => row(stream));
      return { x: table.map(([x]) => x), y: table.map(([, y]) => y) };
    },
  };
}

/** Dependences that are weak enough for both tests to miss some of them. */
export const DEPENDENT: readonly Kind<number[]>[] = [
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

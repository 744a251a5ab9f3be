import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classesInformation } from '../../src/classical/classes.js';
import { discreteEntropy } from '../../src/maths/entropy.js';
import { matrixOf } from '../../src/maths/matrix.js';
import { normals, uniforms } from '../data.js';

interface Golden {
  readonly labels: number[];
  readonly column: number[];
  readonly information: number;
}

const golden: Golden[] = JSON.parse(readFileSync('test/golden/classes.json', 'utf8'));

const scoresOf = (...columns: number[][]) => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.length,
  values: Float32Array.from(columns.flat()),
});

describe('classesInformation', () => {
  it.each(golden.map((one) => [one.labels.length, one] as const))(
    'agrees with scikit-learn on %d rows',
    (_rows, { labels, column, information }) => {
      const estimate = classesInformation(Float64Array.from(labels), scoresOf(column));
      // scikit-learn cuts at 0.
      expect(Math.max(0, estimate.information)).toBeCloseTo(information, 9);
    },
  );

  it('finds the entropy of classes that a column separates', () => {
    const uniform = uniforms(3);
    const labels = Float64Array.from({ length: 600 }, (_, i) => i % 3);
    const column = Array.from(labels, (label) => 10 * label + uniform());
    const { information } = classesInformation(labels, scoresOf(column));
    expect(information).toBeCloseTo(Math.log(3), 2);
  });

  it('gives the plug-in estimate where the columns repeat few values', () => {
    const uniform = uniforms(4);
    const labels = Float64Array.from({ length: 400 }, () => Math.floor(3 * uniform()));
    const column = Array.from(labels, (label) => (uniform() < 0.7 ? label : 4));
    const entropy = (...columns: Float64Array[]) => discreteEntropy(matrixOf(columns));
    const other = Float64Array.from(column);
    const plugin = entropy(labels) + entropy(other) - entropy(labels, other);
    const { information } = classesInformation(labels, scoresOf(column));
    expect(information).toBeCloseTo(plugin, 1.7);
  });

  it('takes several columns together', () => {
    const normal = normals(5);
    const rows = Array.from({ length: 500 }, () => [normal(), normal()]);
    // The sign of a product: neither column alone knows anything of it.
    const labels = Float64Array.from(rows, ([a = 0, b = 0]) => Number(a * b > 0));
    const [first, second] = [rows.map(([a = 0]) => a), rows.map(([, b = 0]) => b)];
    expect(classesInformation(labels, scoresOf(first)).information).toBeLessThan(0.08);
    expect(classesInformation(labels, scoresOf(first, second)).information).toBeGreaterThan(0.5);
  });

  it('leaves out classes of a single row', () => {
    const labels = Float64Array.of(0, 0, 0, 1, 1, 1, 2);
    const scores = scoresOf([1, 2, 3, 11, 12, 13, 7]);
    const without = classesInformation(labels.subarray(0, 6), scoresOf([1, 2, 3, 11, 12, 13]));
    expect(classesInformation(labels, scores)).toEqual(without);
  });
});

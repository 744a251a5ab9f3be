import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classesInformation } from '../../src/classical/classes.js';
import { discreteEntropy } from '../../src/maths/entropy.js';
import { matrixOf } from '../../src/maths/matrix.js';
import { permutation, random } from '../../src/maths/random.js';
import { normals, uniforms } from '../data.js';

interface Golden {
  readonly labels: number[];
  readonly column: number[];
  readonly information: number;
}

const golden: Golden[] = JSON.parse(readFileSync('test/golden/classes.json', 'utf8'));

describe('classesInformation', () => {
  it.each(golden.map((one) => [one.labels.length, one] as const))(
    'agrees with scikit-learn on %d rows',
    (_rows, { labels, column, information }) => {
      const estimate = classesInformation(Float64Array.from(labels), Float64Array.from(column));
      // scikit-learn cuts at 0.
      expect(Math.max(0, estimate.information)).toBeCloseTo(information, 9);
    },
  );

  it('finds the entropy of classes that a column separates', () => {
    const uniform = uniforms(3);
    const labels = Float64Array.from({ length: 600 }, (_, i) => i % 3);
    const column = Array.from(labels, (label) => 10 * label + uniform());
    const { information } = classesInformation(labels, Float64Array.from(column));
    expect(information).toBeCloseTo(Math.log(3), 2);
  });

  it('gives the plug-in estimate where the columns repeat few values', () => {
    const uniform = uniforms(4);
    const labels = Float64Array.from({ length: 400 }, () => Math.floor(3 * uniform()));
    const column = Array.from(labels, (label) => (uniform() < 0.7 ? label : 4));
    const entropy = (...columns: Float64Array[]) => discreteEntropy(matrixOf(columns));
    const other = Float64Array.from(column);
    const plugin = entropy(labels) + entropy(other) - entropy(labels, other);
    const { information } = classesInformation(labels, Float64Array.from(column));
    expect(information).toBeCloseTo(plugin, 1.7);
  });

  it('depends neither on the order of rows, the names of classes nor the direction of the column', () => {
    const uniform = uniforms(6);
    const labels = Float64Array.from({ length: 300 }, () => Math.floor(4 * uniform()));
    const column = Float64Array.from(labels, (label) => Math.round(8 * (uniform() + label / 3)));
    const { information } = classesInformation(labels, column);
    const order = permutation(300, random(7));
    const shuffled = (values: Float64Array) =>
      values.map((_, i) => values[order[i] as number] as number);
    const same = [
      classesInformation(shuffled(labels), shuffled(column)),
      classesInformation(
        labels.map((label) => (7 * label + 5) % 11),
        column,
      ),
      classesInformation(
        labels,
        column.map((value) => -(value ** 3)),
      ),
    ];
    for (const other of same) expect(other.information).toBeCloseTo(information, 10);
  });

  it('is right about a rounded column as about the column itself', () => {
    const normal = normals(8);
    const labels = Float64Array.from({ length: 2000 }, (_, i) => i % 3);
    const column = Float64Array.from(labels, (label) => label + normal());
    const exact = classesInformation(labels, column).information;
    for (const digits of [0.05, 0.2]) {
      const rounded = column.map((value) => Math.round(value / digits));
      expect(Math.abs(classesInformation(labels, rounded).information - exact)).toBeLessThan(0.03);
    }
  });

  it('is 0 for classes of one row each, which have no neighbors', () => {
    const rows = Float64Array.of(0, 1, 2, 3, 4);
    expect(classesInformation(rows, rows)).toEqual({ information: 0, standardError: 0 });
  });
});

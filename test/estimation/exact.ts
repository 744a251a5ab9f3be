import { cca, gaussianCopula } from '../../src/classical/gaussian.js';
import type { ModelTraits } from '../../src/estimation/model.js';
import { type Ask, type Question, rearranged } from '../../src/estimation/question.js';
import { matrixOf } from '../../src/maths/matrix.js';
import { probit } from '../../src/maths/normal.js';
import { factsOf } from '../../src/samples/facts.js';
import { completeSamples, type NamedSide, type Samples } from '../../src/samples/samples.js';

/** Estimators that need no network: tests of the analyses know what their questions answer. */

/** What the analyses need to know of such an estimator. */
export const model: ModelTraits = {
  id: 'exact',
  kind: 'mistd',
  inputs: ['x', 'y'],
  taus: [0.05, 0.25, 0.5, 0.75, 0.95],
  trained: { rows: [2, 10_000], dim_x: [1, 32], dim_y: [1, 32] },
};

/** Standard deviation of every answer, in nats: small enough not to reach 0 from 0.05 nats. */
export const SPREAD = 0.01;

/** Answers each question by an estimator, with a normal distribution around its value. */
export function askBy(estimate: (samples: Samples) => number): Ask {
  return async (questions) =>
    questions.map((question) => {
      const complete = completeSamples(question);
      const samples = rearranged(question, complete, () => false);
      const nats = estimate(samples);
      return {
        knots: Float64Array.from(model.taus, (tau) => nats + SPREAD * probit(tau)),
        // On demand: of the draws of a test, nobody asks.
        get facts() {
          return factsOf(complete);
        },
        blocks: 1,
      };
    });
}

/** Depends on ranks alone, as the model does, so one null distribution serves all columns. */
export const copulaAsk = askBy(gaussianCopula);

/** For linear relations the chain rule of mutual information holds exactly in the sample. */
export const ccaAsk = askBy((samples) => cca(samples) ?? Number.NaN);

/** An estimator that also notes the questions it is asked. */
export function noting(ask: Ask): { ask: Ask; asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    ask: (questions) => {
      asked.push(...questions);
      return ask(questions);
    },
  };
}

/** A side of the columns given. */
export function sideOf(name: string, ...columns: readonly (readonly number[])[]): NamedSide {
  return {
    name,
    matrix: matrixOf(columns.map((values) => Float64Array.from(values))),
    columns: columns.map((_, c) => (columns.length === 1 ? name : `${name}${c}`)),
  };
}

/** I(X; Y) of jointly normal variables with a correlation, in nats. */
export function gaussianNats(rho: number): number {
  return -0.5 * Math.log(1 - rho * rho);
}

/** The sample correlation. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const product = (u: readonly number[], v: readonly number[]) =>
    mean(u.map((value, r) => value * (v[r] as number))) - mean(u) * mean(v);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** The sample correlation of what a linear fit on z leaves of a and b. */
export function partialCorrelation(
  a: readonly number[],
  b: readonly number[],
  z: readonly number[],
): number {
  const [ab, az, bz] = [correlation(a, b), correlation(a, z), correlation(b, z)];
  return (ab - az * bz) / Math.sqrt((1 - az * az) * (1 - bz * bz));
}

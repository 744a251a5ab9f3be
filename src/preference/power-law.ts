import { normalPValue } from '../maths/normal.js';
import { rootMeanSquare } from '../maths/root-mean-square.js';
import { type BetaFit, fitBeta } from './beta-fit.js';
import { type Calibration, calibrate } from './calibration.js';
import { logRatios, type Prompt } from './candidates.js';
import { interval } from './clusters.js';
import { fitLogistic } from './logistic.js';
import { logRatioMargins, type Pairs } from './pairs.js';

/** Tests whether a further term explains preferences beyond β δ. */
export interface TermTest {
  readonly term: 'cubed_margin' | 'length_difference';
  /** `separated` and `constant`: the fit with this term is not finite, so there is no test. */
  readonly status: 'tested' | 'separated' | 'constant';
  readonly coefficient: number | null;
  /** 2 (log L with − log L without the term), χ² with one degree of freedom under the power law. */
  readonly likelihood_ratio: number | null;
  readonly p_value: number | null;
  /** p-value of the coefficient, robust to dependence between the pairs of a prompt. */
  readonly clustered_p_value: number | null;
}

export interface Verdict {
  readonly conclusion:
    | 'rejected'
    | 'not_rejected'
    | 'undetermined'
    | 'exact'
    | 'close'
    | 'violated';
  readonly text: string;
}

export interface PairTests {
  readonly beta_fit: BetaFit;
  readonly tests: TermTest[];
  /** Calibration of σ(β̂ δ); null without a fit. */
  readonly calibration: Calibration | null;
  /** Smallest p-value times the number of tests (Bonferroni), at most 1; null without tests. */
  readonly p_value: number | null;
  readonly verdict: Verdict;
}

export interface TestOptions {
  /** Probability of the interval of β. */
  readonly level: number;
  /** Significance level of the verdict. */
  readonly alpha: number;
  /** Largest number of bins of the calibration table. */
  readonly bins: number;
}

/**
 * Tests the power law q_{π_ref/π_l} ∝ q_{π/π_ref}^β by what it implies for pairs: P(chosen wins) =
 * σ(βδ), with no other odd term of δ and no effect of the length. Pairs can contradict the law;
 * pairs that agree with it do not prove it.
 */
export function testPairs(pairs: Pairs, { level, alpha, bins }: TestOptions): PairTests {
  const margins = logRatioMargins(pairs);
  const fit = fitBeta(margins, pairs.clusters, level);
  if (fit.beta === null) {
    return {
      beta_fit: fit,
      tests: [],
      calibration: null,
      p_value: null,
      verdict: {
        conclusion: 'undetermined',
        text: 'Undetermined: no finite β fits these pairs, because all margins have one sign or all are 0.',
      },
    };
  }
  const baseline = -(fit.loss as number) * pairs.count;
  const test = (term: TermTest['term'], column: Float64Array) =>
    testTerm(term, column, { margins, pairs, baseline });
  const scale = rootMeanSquare(margins);
  const tests = [
    test(
      'cubed_margin',
      margins.map((margin) => (margin / scale) ** 3),
    ),
  ];
  const { tokens } = pairs;
  if (tokens !== undefined) {
    const difference = Float64Array.from(
      tokens.chosen,
      (n, i) => n - (tokens.rejected[i] as number),
    );
    tests.push(test('length_difference', difference));
  }
  const ps = tests.flatMap(({ p_value, clustered_p_value }) =>
    p_value === null ? [] : [Math.max(p_value, clustered_p_value ?? 0)],
  );
  const p = ps.length === 0 ? null : Math.min(1, ps.length * Math.min(...ps));
  return {
    beta_fit: fit,
    tests,
    calibration: calibrate(margins, fit.beta, bins),
    p_value: p,
    verdict: pairVerdict(fit, tests, p, alpha),
  };
}

/** The regression of log(π_ref/π_l) on log(π/π_ref) within prompts. */
export interface Regression {
  readonly prompts: number;
  readonly candidates: number;
  /** The slope: β of the power law. Null if the log ratios differ within no prompt. */
  readonly beta: number | null;
  /** Clustered by prompt; null with a single prompt. */
  readonly standard_error: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Within prompts: 1 if and only if the power law is exact. Null if π_l/π_ref is constant. */
  readonly r_squared: number | null;
  /** In nats. */
  readonly largest_residual: number | null;
  readonly verdict: Verdict;
}

/** From this R² on, the difference from 1 is rounding of the log-probabilities. */
const EXACT = 1 - 1e-8;
/** From this R² on, the verdict is that the power law nearly holds. */
const CLOSE = 0.95;

/**
 * Tests the power law itself by regression: log(π_ref/π_l) = β log(π/π_ref) + a constant per
 * prompt.
 *
 * @param prompts all candidates must have log π_l.
 */
export function regressLogRatios(prompts: readonly Prompt[], level: number): Regression {
  const centered = prompts.map((prompt) => ({
    x: center(logRatios(prompt)),
    y: center(
      Float64Array.from(
        prompt.candidates,
        ({ reference, rejected }) => reference - (rejected as number),
      ),
    ),
  }));
  const sum = (of: (x: number, y: number) => number) =>
    centered.reduce(
      (total, { x, y }) => total + x.reduce((part, v, i) => part + of(v, y[i] as number), 0),
      0,
    );
  const xx = sum((x) => x * x);
  const yy = sum((_x, y) => y * y);
  const xy = sum((x, y) => x * y);
  const candidates = centered.reduce((total, { x }) => total + x.length, 0);
  const groups = prompts.length;
  const counts = { prompts: groups, candidates };
  if (xx === 0) {
    return {
      ...counts,
      beta: null,
      standard_error: null,
      lower: null,
      upper: null,
      r_squared: null,
      largest_residual: null,
      verdict: {
        conclusion: 'undetermined',
        text: 'Undetermined: within each prompt, the log ratios of the policy are the same for all candidates.',
      },
    };
  }
  const beta = xy / xx;
  let squares = 0;
  let largest = 0;
  for (const { x, y } of centered) {
    let score = 0;
    for (let i = 0; i < x.length; i++) {
      const residual = (y[i] as number) - beta * (x[i] as number);
      score += (x[i] as number) * residual;
      largest = Math.max(largest, Math.abs(residual));
    }
    squares += score * score;
  }
  const error = groups > 1 ? Math.sqrt((groups / (groups - 1)) * squares) / xx : null;
  const rSquared = yy === 0 ? null : Math.min(1, (xy / xx) * (xy / yy));
  return {
    ...counts,
    beta,
    standard_error: error,
    ...(error === null ? { lower: null, upper: null } : interval(beta, error, level)),
    r_squared: rSquared,
    largest_residual: largest,
    verdict: regressionVerdict(beta, rSquared, largest),
  };
}

function testTerm(
  term: TermTest['term'],
  column: Float64Array,
  { margins, pairs, baseline }: { margins: Float64Array; pairs: Pairs; baseline: number },
): TermTest {
  const fit = fitLogistic([margins, column], pairs.clusters);
  if (fit.coefficients === null) {
    return {
      term,
      status: fit.status === 'constant' ? 'constant' : 'separated',
      coefficient: null,
      likelihood_ratio: null,
      p_value: null,
      clustered_p_value: null,
    };
  }
  const coefficient = fit.coefficients[1] as number;
  const ratio = Math.max(0, 2 * (fit.logLikelihood - baseline));
  const error = fit.clusteredErrors?.[1];
  return {
    term,
    status: 'tested',
    coefficient,
    likelihood_ratio: ratio,
    p_value: normalPValue(Math.sqrt(ratio)),
    clustered_p_value: error === undefined ? null : normalPValue(coefficient / error),
  };
}

function pairVerdict(
  fit: BetaFit,
  tests: readonly TermTest[],
  p: number | null,
  alpha: number,
): Verdict {
  const beta = `β = ${digits(fit.beta)} (${digits(fit.lower)} to ${digits(fit.upper)})`;
  if ((fit.upper as number) < 0) {
    return {
      conclusion: 'rejected',
      text: `Rejected: the log ratios rank rejected above chosen in these pairs; ${beta}.`,
    };
  }
  if (p !== null && p < alpha) {
    const terms = tests
      .filter(({ p_value }) => p_value !== null && p_value < alpha)
      .map(({ term }) => (term === 'cubed_margin' ? 'the cubed margin' : 'the length difference'));
    return {
      conclusion: 'rejected',
      text: `Rejected (p = ${digits(p)}, below ${alpha}): ${terms.join(' and ')} ${terms.length > 1 ? 'predict' : 'predicts'} preferences beyond β δ; ${beta}.`,
    };
  }
  if ((fit.lower as number) <= 0) {
    return {
      conclusion: 'undetermined',
      text: `Undetermined: these pairs do not show that the log ratios predict preferences at all; ${beta}.`,
    };
  }
  const tested = p === null ? '' : `, p = ${digits(p)}`;
  return {
    conclusion: 'not_rejected',
    text: `Not rejected${tested}: these pairs do not contradict the power law; ${beta}. Pairs alone cannot show that it holds; log-probabilities under π_ref, π_l and π can.`,
  };
}

function regressionVerdict(beta: number, rSquared: number | null, largest: number): Verdict {
  if (rSquared === null) {
    return {
      conclusion: 'violated',
      text: 'Violated: π_l equals π_ref up to a constant, although the policy differs from π_ref.',
    };
  }
  const figures = `β = ${digits(beta)}, R² = ${rSquared.toFixed(6)}, largest residual ${digits(largest)} nats`;
  if (beta <= 0) {
    return {
      conclusion: 'violated',
      text: `Violated: π_l moved away from π_ref in the same direction as the policy, not the opposite one; ${figures}.`,
    };
  }
  if (rSquared >= EXACT) {
    return { conclusion: 'exact', text: `Exact up to rounding on these candidates: ${figures}.` };
  }
  if (rSquared >= CLOSE) {
    return { conclusion: 'close', text: `Close but not exact on these candidates: ${figures}.` };
  }
  return { conclusion: 'violated', text: `Violated on these candidates: ${figures}.` };
}

function center(values: Float64Array): Float64Array {
  const first = values[0] ?? 0;
  let mean = 0;
  for (const value of values) mean += (value - first) / values.length;
  return values.map((value) => value - first - mean);
}

function digits(value: number | null): string {
  return value === null ? '?' : String(Number(value.toPrecision(3)));
}

import { fitBeta } from './beta-fit.js';
import {
  type PairFigures,
  type PairReport,
  pairFigures,
  type ReportOptions,
  reportPairs,
} from './pair-report.js';
import type { Pairs } from './pairs.js';
import { type PairTests, type TestOptions, testPairs } from './power-law.js';
import { askQuestions, type LinearCheck, linearCheck, type Questions } from './sufficiency.js';
import { fitWarnings, type PreferenceWarning, pairWarnings } from './warnings.js';

/** What a route works out from its pairs alone: plain data in and out, so that any thread can. */
export interface PairTask<Options> {
  readonly pairs: Pairs;
  /** Columns beside the pairs that were not read. */
  readonly ignored: readonly string[];
  readonly options: Options;
}

export type ReportTask = PairTask<ReportOptions & { readonly perPair: boolean }>;

export interface ReportResult {
  readonly report: PairReport;
  readonly perPair: PairFigures[] | undefined;
  readonly warnings: PreferenceWarning[];
}

/** For /did/pairs. */
export function reportTask({ pairs, ignored, options }: ReportTask): ReportResult {
  const report = reportPairs(pairs, options);
  return {
    report,
    perPair: options.perPair ? pairFigures(pairs, options) : undefined,
    warnings: [...pairWarnings(pairs, ignored), ...fitWarnings(report.beta_fit)],
  };
}

export type PowerLawTask = PairTask<TestOptions>;

export interface PowerLawResult {
  readonly tests: PairTests;
  readonly warnings: PreferenceWarning[];
}

/** For /did/power-law. */
export function powerLawTask({ pairs, ignored, options }: PowerLawTask): PowerLawResult {
  const tests = testPairs(pairs, options);
  return { tests, warnings: [...pairWarnings(pairs, ignored), ...fitWarnings(tests.beta_fit)] };
}

export type QuestionsTask = PairTask<{ readonly maxPairs: number; readonly seed: number }>;

export interface QuestionsResult {
  readonly questions: Questions;
  /** The best β of their pairs; null when none is finite. */
  readonly beta: number | null;
  readonly linear: LinearCheck | null;
  readonly warnings: PreferenceWarning[];
}

/** For /did/sufficiency: what comes before the model. */
export function questionsTask({ pairs, ignored, options }: QuestionsTask): QuestionsResult {
  const questions = askQuestions(pairs, options.maxPairs, options.seed);
  return {
    questions,
    beta: fitBeta(questions.margins, questions.clusters, 0.9).beta,
    linear: linearCheck(questions),
    warnings: pairWarnings(pairs, ignored),
  };
}

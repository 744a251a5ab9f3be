import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import { QuantileFunction } from '../../../estimation/quantile-function.js';
import { fromNats, type Unit } from '../../../estimation/units.js';
import { warningsFor } from '../../../estimation/warnings.js';
import type { ReadPairs } from '../../../formats/preference/pair-reader.js';
import type { Engine } from '../../../inference/engine.js';
import type { ProblemEstimate } from '../../../inference/estimate-task.js';
import { deadline } from '../../../http/deadline.js';
import { type LinearCheck, type NullTest, testGain } from '../../../preference/sufficiency.js';
import type { Samples } from '../../../samples/samples.js';
import type { Threads } from '../../../threads/threads.js';
import { compileCheck } from '../../../validation.js';
import { modelIdentity } from '../../models/index.js';
import { endOfReply, jsonBody, rowsOf } from '../reading.js';
import { SufficiencyOptions, type SufficiencyReply, sufficiencyRoute } from './schema.js';

type Options = Static<typeof SufficiencyOptions>;

interface Asked extends ReadPairs {
  readonly options: Options;
}

/** Fewer pairs leave nothing to compare. */
const MIN_PAIRS = 10;

export function sufficiencyRoutes(
  app: FastifyInstance,
  engine: Engine,
  threads: Threads,
  config: Config,
): void {
  const checkOptions = compileCheck(SufficiencyOptions);
  const rules = { takesPairs: true, candidates: undefined, most: config.MAX_PAIRS };

  async function ask(request: FastifyRequest, signal: AbortSignal): Promise<Asked> {
    const rows = await rowsOf(request, config, signal);
    if (rows !== undefined) return { ...rows, options: request.query as Options };
    const { read, fields } = await threads.readDid({ bytes: jsonBody(request), rules }, signal);
    return { ...(read as ReadPairs), options: checkOptions(fields) };
  }

  app.post(
    '/did/sufficiency',
    { schema: sufficiencyRoute },
    async (request, reply): Promise<SufficiencyReply> => {
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const arrived = performance.now();
      const { pairs, ignored, options } = await ask(request, signal);
      const { level, alpha, unit, resamples, seed } = options;
      const { count } = pairs;
      const manifest = engine.model(options.model, '/model');
      checkSize(count, pairs.features.size, config.MAX_DIM);

      const start = performance.now();
      const { questions, beta, linear, warnings } = await threads.prepare(
        { pairs, ignored, maxPairs: options.max_pairs, seed },
        signal,
      );
      const { features } = questions;
      const run = async (samples: Samples) => {
        const { estimates } = await engine.run(manifest, [samples], signal);
        return estimates[0] as ProblemEstimate;
      };
      const results = await Promise.all([run(questions.did), run(questions.all)]);
      const [did, all] = results.map((result) => oneBit(result.knots));
      // Half of the doubt to each side of a difference.
      const half = (1 + level) / 2;
      const [didHalf, allHalf] = results.map(({ knots }) =>
        new QuantileFunction(manifest.taus, oneBit(knots)).interval(half),
      );
      const summary = (knots: Float64Array | undefined) => {
        const quantile = new QuantileFunction(manifest.taus, knots ?? []);
        const { lower, upper } = quantile.interval(level);
        return { estimate: quantile.at(0.5), lower, upper };
      };
      const [didNats, allNats] = [summary(did), summary(all)];
      const gain = allNats.estimate - didNats.estimate;
      const test =
        resamples === 0 || beta === null
          ? null
          : await testGain(questions, beta, gain, {
              resamples,
              seed,
              estimate: async (samples) => {
                const { knots } = await run(samples);
                return new QuantileFunction(manifest.taus, oneBit(knots)).at(0.5);
              },
            });
      const y = { name: 'y', columns: ['S'] };
      const cases = results.map((estimate, i) => {
        const columns = i === 0 ? ['δ'] : ['δ', ...features.keys()];
        return { estimate, x: { name: 'x', columns }, y };
      });
      signal.throwIfAborted();
      return {
        pairs: questions.pairs,
        features: [...features.keys()],
        unit,
        level,
        did: inUnit(didNats, unit),
        all: inUnit(allNats, unit),
        gain: inUnit(
          {
            estimate: gain,
            lower: Math.max(0, (allHalf?.lower ?? 0) - (didHalf?.upper ?? 0)),
            upper: Math.max(0, (allHalf?.upper ?? 0) - (didHalf?.lower ?? 0)),
          },
          unit,
        ),
        test: test && { ...test, null_gain: fromNats(test.null_gain, unit) },
        linear: linear && {
          ...linear,
          did: fromNats(linear.did, unit),
          all: fromNats(linear.all, unit),
        },
        verdict: verdictOf(test, linear, alpha),
        model: modelIdentity(manifest),
        warnings: [
          ...warnings,
          ...(count > questions.pairs
            ? [
                {
                  code: 'subsampled' as const,
                  message: `${questions.pairs} of ${count} pairs, drawn at random; max_pairs says how many.`,
                },
              ]
            : []),
          ...warningsFor(cases, manifest),
        ],
        ...endOfReply(
          request,
          reply,
          { parseMs: start - arrived, computeMs: performance.now() - start },
          options.id,
        ),
      };
    },
  );
}

/** S is one bit: no more information about it than ln 2 nats. */
function oneBit(knots: Float64Array): Float64Array {
  return knots.map((value) => Math.min(value, Math.LN2));
}

function inUnit(
  { estimate, lower, upper }: { estimate: number; lower: number; upper: number },
  unit: Unit,
) {
  return {
    estimate: fromNats(estimate, unit),
    lower: fromNats(lower, unit),
    upper: fromNats(upper, unit),
  };
}

function checkSize(pairs: number, features: number, maxDim: number): void {
  if (features === 0) {
    throw new MistdError(
      'missing_field',
      'The pairs have no features to compare the DID with: give each pair features, such as {"length": 12}, chosen minus rejected.',
      { pointer: '/pairs/0/features' },
    );
  }
  if (features + 1 > maxDim) {
    throw new MistdError(
      'too_many_columns',
      `With δ there are ${features + 1} columns; the limit is ${maxDim}.`,
      { pointer: '/pairs/0/features' },
    );
  }
  if (pairs < MIN_PAIRS) {
    throw new MistdError(
      'too_few_rows',
      `${pairs} pairs are too few; at least ${MIN_PAIRS} are needed.`,
      { pointer: '/pairs' },
    );
  }
}

function verdictOf(
  test: NullTest | null,
  linear: LinearCheck | null,
  alpha: number,
): SufficiencyReply['verdict'] {
  const best = linear?.features
    .filter(({ p_value }) => p_value !== null)
    .sort((a, b) => (a.p_value as number) - (b.p_value as number))[0];
  const second =
    best === undefined
      ? ''
      : ` In a logistic regression, ${best.name} adds most (p = ${(best.p_value as number).toPrecision(2)}).`;
  if (test === null) {
    return {
      conclusion: 'untested',
      text: `Not tested: no labels were drawn, or no finite β fits the pairs.${second}`,
    };
  }
  const p = `p = ${test.p_value.toPrecision(2)}`;
  return test.p_value < alpha
    ? {
        conclusion: 'outside',
        text: `The features tell about these preferences what the DID does not (${p}): the power law does not hold for them.${second}`,
      }
    : {
        conclusion: 'none_found',
        text: `No preference information outside the DID was found in these features (${p}); that does not show that there is none.${second}`,
      };
}

import type { ModelAnswer } from '../estimation/question.js';
import type { Samples } from '../samples/samples.js';
import type { Engine } from './engine.js';
import { knotsOf } from './estimate-task.js';
import type { Manifest } from './manifest.js';
import type { PoolResult } from './model-pool.js';

/**
 * Estimates samples of any size. The blocks of many rows are shared among all threads. Each thread
 * ranks and splits all rows, which takes little time compared with the model. The answer is the
 * same as that of one thread.
 *
 * @throws MistdError as ModelPool.run
 */
export async function estimateSpread(
  engine: Engine,
  manifest: Manifest,
  samples: Samples,
  signal: AbortSignal,
): Promise<PoolResult> {
  const of = Math.min(engine.threads, Math.ceil(samples.x.rows / manifest.blocks.rows));
  if (of <= 1) return engine.run(manifest, [samples], signal);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const shares = Array.from({ length: of }, (_, from) =>
    engine.run(manifest, [{ ...samples, share: { from, of } }], either, from > 0),
  );
  try {
    const results = await Promise.all(shares);
    const slowest = (time: (result: PoolResult) => number) => Math.max(...results.map(time));
    return {
      answers: [
        joinShares(
          results.map((r) => r.answers[0] as ModelAnswer),
          manifest,
        ),
      ],
      queueMs: results[0]?.queueMs ?? 0,
      encodeMs: slowest(({ encodeMs }) => encodeMs),
      inferenceMs: slowest(({ inferenceMs }) => inferenceMs),
    };
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(shares);
    throw error;
  }
}

/** Combines the blocks of all shares, in their original order, to one answer. */
function joinShares(shares: readonly ModelAnswer[], manifest: Manifest): ModelAnswer {
  const [first] = shares as [ModelAnswer];
  const parts: Float64Array[] = [];
  for (let b = 0; ; b++) {
    const part = shares[b % shares.length]?.parts?.[Math.floor(b / shares.length)];
    if (part === undefined) break;
    parts.push(part);
  }
  const { facts, discrete } = first;
  return {
    facts,
    knots: knotsOf(parts, manifest, discrete),
    blocks: Math.max(1, parts.length),
    ...(discrete && { discrete }),
  };
}

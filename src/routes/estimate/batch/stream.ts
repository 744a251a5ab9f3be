import type { Readable } from 'node:stream';
import { MistdError } from '../../../errors.js';
import { type Line, readLines } from '../../../formats/text/separate-lines.js';
import type { TableLimits } from '../../../formats/table/table.js';
import type { Engine } from '../../../inference/engine.js';
import { CELLS_PER_RUN, cellsOf, type ProblemEstimate } from '../../../inference/estimate-task.js';
import type { Manifest } from '../../../inference/manifest.js';
import { type AskedEstimate, estimateReply, readEstimate } from '../index.js';
import type { EstimateReply } from '../schema.js';

/** How long to wait for another line to share a run with those that are here. */
const IDLE_MS = 5;

/** The answer to a line: a reply, or an error to make a problem of. */
export interface AnsweredLine {
  readonly index: number;
  readonly answer: EstimateReply | Error;
}

interface AskedLine {
  readonly index: number;
  readonly asked: AskedEstimate;
  readonly manifest: Manifest;
}

export interface BatchContext {
  readonly engine: Engine;
  readonly limits: TableLimits;
  readonly maxLineBytes: number;
  readonly signal: AbortSignal;
  readonly elapsedMs: () => number;
  readonly requestId: string;
}

/**
 * Answers lines as they come, in groups that share runs of the model, as many groups at once as
 * there are threads. Each line is answered once; when the signal aborts, those that were read fail
 * with its reason, and one more error stands for those that were not.
 */
export async function* answerLines(
  body: Readable,
  context: BatchContext,
): AsyncGenerator<AnsweredLine> {
  const { signal } = context;
  const groups = groupsOf(readLines(body, context.maxLineBytes), context);
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const running = new Set<Promise<Finished>>();
  let next: Promise<IteratorResult<Group>> | undefined = caught(groups.next());
  let read = 0;
  while (next !== undefined || running.size > 0) {
    const group = running.size < context.engine.threads ? next : undefined;
    const event = await Promise.race([
      ...running,
      ...(group === undefined ? [] : [group]),
      ...(next === undefined ? [] : [aborted]),
    ]);
    if (event === 'aborted') {
      next = undefined;
      for (const { answered } of await Promise.all(running)) yield* answered;
      yield { index: read, answer: signal.reason };
      return;
    }
    if ('answered' in event) {
      running.delete(event.self);
      yield* event.answered;
    } else if (event.done) {
      next = undefined;
    } else {
      next = caught(groups.next());
      const { lines, failed } = event.value;
      read += lines.length + failed.length;
      yield* failed;
      const finished: Promise<Finished> = answerGroup(lines, context).then((answered) => ({
        answered,
        self: finished,
      }));
      running.add(finished);
    }
  }
}

interface Finished {
  readonly answered: readonly AnsweredLine[];
  readonly self: Promise<Finished>;
}

interface Group {
  readonly lines: AskedLine[];
  /** Lines that cannot be estimated. */
  readonly failed: AnsweredLine[];
}

/** Gathers lines until they fill a run, or none has come for a moment. */
async function* groupsOf(
  lines: AsyncGenerator<Line>,
  context: BatchContext,
): AsyncGenerator<Group> {
  let next = caught(lines.next());
  for (;;) {
    const group: Group = { lines: [], failed: [] };
    let cells = 0;
    let event: IteratorResult<Line> | 'idle' = await next;
    while (event !== 'idle' && !event.done) {
      cells += addLine(group, event.value, context);
      next = caught(lines.next());
      if (cells >= CELLS_PER_RUN) break;
      event = await Promise.race([next, idle()]);
    }
    if (group.lines.length + group.failed.length > 0) yield group;
    if (event !== 'idle' && event.done) return;
  }
}

/** @returns the score cells that the line adds to a run. */
function addLine(
  { lines, failed }: Group,
  { index, content }: Line,
  { engine, limits }: BatchContext,
): number {
  try {
    if (content instanceof MistdError) throw content;
    const asked = readEstimate(content, limits);
    lines.push({ index, asked, manifest: engine.model(asked.options.model, '/model') });
    return cellsOf(asked.samples);
  } catch (error) {
    failed.push({ index, answer: error as Error });
    return 0;
  }
}

/** Runs a group; if that fails, each line alone, so that only the one at fault fails. */
async function answerGroup(
  lines: readonly AskedLine[],
  context: BatchContext,
): Promise<AnsweredLine[]> {
  const models = new Set(lines.map(({ manifest }) => manifest));
  const answers = await Promise.all(
    [...models].map(async (manifest) => {
      const same = lines.filter((line) => line.manifest === manifest);
      try {
        return await runLines(same, manifest, context);
      } catch (error) {
        const atFault = error instanceof MistdError && error.code === 'model_failed';
        if (atFault && same.length > 1) {
          return (await Promise.all(same.map((line) => answerGroup([line], context)))).flat();
        }
        return same.map(({ index }) => ({ index, answer: error as Error }));
      }
    }),
  );
  return answers.flat();
}

async function runLines(
  lines: readonly AskedLine[],
  manifest: Manifest,
  { engine, signal, elapsedMs, requestId }: BatchContext,
): Promise<AnsweredLine[]> {
  const problems = lines.map(({ asked }) => asked.samples);
  const result = await engine.run(manifest, problems, signal, lines[0]?.index !== 0);
  return lines.map(({ index, asked }, i) => {
    const estimate = result.estimates[i] as ProblemEstimate;
    const id = `${requestId}/${index}`;
    return {
      index,
      answer: estimateReply(asked, manifest, { estimate }, result, elapsedMs(), id),
    };
  });
}

/** Lets a promise wait to be looked at: until then its failure is no unhandled rejection. */
function caught<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function idle(): Promise<'idle'> {
  return new Promise((resolve) => {
    setTimeout(resolve, IDLE_MS, 'idle');
  });
}

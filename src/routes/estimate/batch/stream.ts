import type { Readable } from 'node:stream';
import { MistdError } from '../../../errors.js';
import type { ModelAnswer } from '../../../estimation/question.js';
import { type ReadSamples, readJsonSamples } from '../../../formats/samples.js';
import { type Line, separateLines } from '../../../formats/text/separate-lines.js';
import { modelTiming, type RequestStamp } from '../../../http/reply.js';
import { dataLimits } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { CELLS_PER_RUN, cellsOf } from '../../../inference/estimate-task.js';
import type { Manifest } from '../../../inference/manifest.js';
import { matricesOf, type Samples } from '../../../samples/samples.js';
import { estimateReply } from '../reply.js';
import { type EstimateReply, estimateForm } from '../schema.js';
import { LineOptions } from './schema.js';

/** How long lines wait for another line to share their run, in milliseconds. */
const IDLE_MS = 5;

/** The answer to a line: a reply, or an error that becomes a problem document. */
export interface AnsweredLine {
  readonly index: number;
  readonly answer: EstimateReply | Error;
}

interface ReadLine {
  readonly index: number;
  readonly read: ReadSamples<'x' | 'y', typeof LineOptions>;
  readonly samples: Samples;
  readonly parseMs: number;
  readonly model: Manifest;
}

export interface BatchContext {
  readonly service: Service;
  readonly stamp: RequestStamp;
  readonly signal: AbortSignal;
}

const FORM = { ...estimateForm, options: LineOptions };

/**
 * Answers lines as they arrive. Lines form groups that share runs of the model; at most one group
 * per thread runs at a time. Each line is answered once. When the signal aborts, the lines that
 * were read fail with its reason, and one more error stands for all lines that were not.
 */
export async function* answerLines(
  body: Readable,
  context: BatchContext,
): AsyncGenerator<AnsweredLine> {
  const { signal } = context;
  const { engine, config } = context.service;
  const groups = groupsOf(separateLines(body, config.MAX_BODY_BYTES), context);
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const running = new Set<Promise<Finished>>();
  let next: Promise<IteratorResult<Group>> | undefined = caught(groups.next());
  let read = 0;
  while (next !== undefined || running.size > 0) {
    const group = running.size < engine.threads ? next : undefined;
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
  readonly lines: ReadLine[];
  /** Lines that cannot be estimated. */
  readonly failed: AnsweredLine[];
}

/** Collects lines until they fill a run, or until none has arrived for IDLE_MS. */
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

/** Adds a line to a group. @returns the number of score cells that it adds to a run. */
function addLine(
  { lines, failed }: Group,
  { index, content }: Line,
  { service: { engine, config } }: BatchContext,
): number {
  try {
    if (content instanceof MistdError) throw content;
    const start = performance.now();
    const read = readJsonSamples(content, FORM, dataLimits(config));
    const samples = matricesOf(read.data.named);
    const parseMs = performance.now() - start;
    const model = engine.model(read.options.model, '/model');
    lines.push({ index, read, samples, parseMs, model });
    return cellsOf(samples);
  } catch (error) {
    failed.push({ index, answer: error as Error });
    return 0;
  }
}

/** Runs a group. If the model fails, runs each line alone, so that only the faulty one fails. */
async function answerGroup(
  lines: readonly ReadLine[],
  context: BatchContext,
): Promise<AnsweredLine[]> {
  const models = new Set(lines.map(({ model }) => model));
  const answers = await Promise.all(
    [...models].map(async (model) => {
      const same = lines.filter((line) => line.model === model);
      try {
        return await runLines(same, model, context);
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
  lines: readonly ReadLine[],
  model: Manifest,
  { service, stamp, signal }: BatchContext,
): Promise<AnsweredLine[]> {
  const questions = lines.map(({ samples }) => samples);
  const admitted = lines[0]?.index !== 0;
  const { answers, ...times } = await service.engine.run(model, questions, signal, admitted);
  return lines.map(({ index, read, parseMs }, i) => {
    const line = { ...stamp, id: `${stamp.id}/${index}` };
    const timing = modelTiming(parseMs, times);
    const answer = answers[i] as ModelAnswer;
    return { index, answer: estimateReply(line, read, model, answer, timing) };
  });
}

/** Marks a promise as handled until it is awaited. */
function caught<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function idle(): Promise<'idle'> {
  return new Promise((resolve) => {
    setTimeout(resolve, IDLE_MS, 'idle');
  });
}

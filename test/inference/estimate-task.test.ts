import { beforeAll, describe, expect, it } from 'vitest';
import type { ModelAnswer } from '../../src/estimation/question.js';
import { runTask } from '../../src/inference/estimate-task.js';
import { MODEL_FILE, readManifest, readModelFile } from '../../src/inference/manifest.js';
import { ModelSession } from '../../src/inference/session.js';
import { joinColumns, type Matrix } from '../../src/maths/matrix.js';
import { WorkCancelled } from '../../src/samples/shuffle.js';
import { normals } from '../data.js';

const FOLDER = 'models/mist-paper';

let model: ModelSession;
beforeAll(async () => {
  const manifest = await readManifest(FOLDER);
  model = await ModelSession.open(manifest, await readModelFile(FOLDER, manifest, MODEL_FILE));
});

function side(seed: number, rows: number): Matrix {
  return { rows, columns: 1, values: Float64Array.from({ length: rows }, normals(seed)) };
}

describe('runTask', () => {
  it('splits rows beyond the block size of the model into several blocks', async () => {
    const samples = { x: side(1, 1100), y: side(2, 1100) };
    const { answers } = await runTask(model, [samples], () => false);
    expect(answers.map(({ blocks }) => blocks)).toEqual([3]);
    expect(answers[0]?.knots.length).toBe(model.manifest.taus.length);
  });

  it('estimates shares of the blocks, which together are all blocks', async () => {
    const samples = { x: side(1, 1100), y: side(2, 1100) };
    const all = { ...samples, share: { from: 0, of: 1 } };
    const shares = [0, 1].map((from) => ({ ...samples, share: { from, of: 2 } }));
    const { answers } = await runTask(model, [all, ...shares], () => false);
    const [whole, even, odd] = answers.map(({ parts }) => parts);
    expect(whole?.length).toBe(3);
    [even?.[0], odd?.[0], even?.[1]].forEach((part, b) => {
      part?.forEach((q, k) => {
        expect(q).toBeCloseTo(whole?.[b]?.[k] as number, 5);
      });
    });
    expect([even?.length, odd?.length]).toEqual([2, 1]);
  });

  it('stops before the next run when it is cancelled', async () => {
    const samples = { x: side(1, 50), y: side(2, 50) };
    await expect(runTask(model, [samples], () => true)).rejects.toThrow(WorkCancelled);
  });

  it('answers each of many questions as it does on its own', async () => {
    const shared = side(3, 60);
    const questions = [
      { x: side(1, 60), y: shared },
      { x: side(4, 1100), y: side(5, 1100) },
      { x: joinColumns(side(6, 60), side(7, 60)), y: shared },
      { x: side(8, 60), y: { rows: 60, columns: 1, values: new Float64Array(60) } },
      { x: side(9, 60), y: shared, shuffle: { kind: 'rows', seed: 5 } as const },
      { x: side(9, 60), y: shared },
    ];
    const together = await runTask(model, questions, () => false);
    for (const [i, question] of questions.entries()) {
      const single = (await runTask(model, [question], () => false)).answers[0];
      const { knots, facts, blocks } = together.answers[i] as ModelAnswer;
      expect(facts).toEqual(single?.facts);
      expect(blocks).toBe(single?.blocks);
      single?.knots.forEach((q, k) => {
        expect(knots[k]).toBeCloseTo(q, 4);
      });
    }
    expect(together.answers[4]?.knots).not.toEqual(together.answers[5]?.knots);
  });
});

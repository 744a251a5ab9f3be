import { beforeAll, describe, expect, it } from 'vitest';
import { estimateKnots, TaskCancelled } from '../../src/inference/estimate-task.js';
import { MODEL_FILE, readManifest, readModelFile } from '../../src/inference/manifest.js';
import { ModelSession } from '../../src/inference/session.js';
import type { Matrix } from '../../src/samples/samples.js';
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

describe('estimateKnots', () => {
  it('deals rows beyond the blocks of the model into several', async () => {
    const samples = { x: side(1, 1100), y: side(2, 1100) };
    const { blocks, knots } = await estimateKnots(model, samples, () => false);
    expect(blocks).toBe(3);
    expect(knots.length).toBe(model.manifest.taus.length);
  });

  it('stops before the next run when nobody waits any more', async () => {
    const samples = { x: side(1, 50), y: side(2, 50) };
    await expect(estimateKnots(model, samples, () => true)).rejects.toThrow(TaskCancelled);
  });
});

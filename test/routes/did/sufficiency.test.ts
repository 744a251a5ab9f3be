import { describe, expect, it } from 'vitest';
import type { SufficiencyReply } from '../../../src/routes/did/sufficiency/schema.js';
import { normals, uniforms } from '../../data.js';
import { sharedService } from '../../service.js';
import { simulatedPairs } from './simulated-pairs.js';

const service = sharedService();

/** Largest error of a model on a two-valued label, in nats. */
const TOLERANCE = 0.2;

async function ask(pairs: unknown, more: object): Promise<SufficiencyReply> {
  const answer = await service.post<SufficiencyReply>(
    { pairs, resamples: 19, alpha: 0.06, ...more },
    undefined,
    '/did/sufficiency',
  );
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** The true I(S; δ) and I(S; (δ, length)) of simulatedPairs, in nats: ln 2 − E[−log P(S)]. */
function truth(weight: number): { did: number; all: number } {
  const [normal, uniform] = [normals(5), uniforms(6)];
  const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
  const entropy = (p: number) =>
    p > 0 && p < 1 ? -p * Math.log(p) - (1 - p) * Math.log(1 - p) : 0;
  const lengths = Array.from(
    { length: 400 },
    () => Math.floor(20 * uniform()) - Math.floor(20 * uniform()),
  );
  let [did, all] = [0, 0];
  const margins = 2000;
  for (let i = 0; i < margins; i++) {
    const margin = 4 * normal() - 4 * normal();
    const ps = lengths.map((length) => sigmoid(0.3 * margin + weight * length));
    did += Math.LN2 - entropy(ps.reduce((sum, p) => sum + p / ps.length, 0));
    all += ps.reduce((sum, p) => sum + (Math.LN2 - entropy(p)) / ps.length, 0);
  }
  return { did: did / margins, all: all / margins };
}

describe.each(['mist', 'mist-paper'])('/did/sufficiency with %s', (model) => {
  it('finds the preference information of the length outside the DID', async () => {
    const expected = truth(0.4);
    const pairs = simulatedPairs(400, (_margin, length) => 0.4 * length);
    const body = await ask(pairs, { model });
    expect(body.model.id).toBe(model);
    expect(body.verdict.conclusion).toBe('outside');
    // The gain exceeds all gains of labels drawn from the power law.
    expect(body.test?.p_value).toBe(0.05);
    expect(Math.abs(body.did.estimate - expected.did)).toBeLessThan(TOLERANCE);
    expect(Math.abs(body.all.estimate - expected.all)).toBeLessThan(TOLERANCE);
    expect(body.gain.estimate).toBeGreaterThan((expected.all - expected.did) / 2);
    expect(body.linear?.features[0]?.name).toBe('length');
    expect((body.linear?.all ?? 0) - (body.linear?.did ?? 0)).toBeGreaterThan(0.05);
  });

  it('finds none in a length without effect', async () => {
    const expected = truth(0);
    const replies = [];
    for (const seed of [11, 21]) {
      replies.push(
        await ask(
          simulatedPairs(300, () => 0, seed),
          { model },
        ),
      );
    }
    for (const body of replies) {
      expect(body.features).toEqual(['length']);
      expect(Math.abs(body.did.estimate - expected.did)).toBeLessThan(TOLERANCE);
      expect(Math.abs(body.gain.estimate)).toBeLessThan(TOLERANCE);
      expect(body.all.upper).toBeLessThanOrEqual(Math.LN2);
    }
    // One data set in twenty is rejected by chance, but rarely both.
    expect(replies.map(({ verdict }) => verdict.conclusion)).toContain('none_found');
  });
});

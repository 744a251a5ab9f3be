import { createReadStream, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import type { DistributionReply } from '../../../src/routes/did/distribution/schema.js';
import type { PairsReply } from '../../../src/routes/did/pairs/schema.js';
import type { PowerLawReply } from '../../../src/routes/did/power-law/schema.js';
import { normals } from '../../data.js';
import { type Service, startService } from '../../service.js';
import { pair } from './pair.js';
import { simulatedPairs } from './simulated-pairs.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const CSV = { 'content-type': 'text/csv; charset=utf-8' };

let service: Service;
beforeAll(async () => {
  service = await startService({ MAX_PAIRS: 60_000, MAX_BODY_BYTES: 1_900_000, MAX_ROWS: 5000 });
});
afterAll(() => service.close());

const swapped = pair({ chosen_logps: -12.5, ref_rejected_logps: -12.25 });
const codes = (body: { warnings: { code: string }[] }) => body.warnings.map(({ code }) => code);

async function pairs(list: unknown, more: object = {}): Promise<PairsReply> {
  const answer = await service.post<PairsReply>({ pairs: list, ...more }, undefined, '/did/pairs');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

describe('a log-prob is the same', () => {
  const tokens = [-1, -2.5, -0.25];
  const content = tokens.map((logprob) => ({ token: 'x', logprob, top_logprobs: [] }));
  const vllm = [
    null,
    { 5: { logprob: -9 } },
    ...tokens.map((logprob, i) => ({
      [100 + i]: { logprob, rank: 3, decoded_token: 'x' },
      7: { logprob: -0.01, rank: 1, decoded_token: 'y' },
    })),
  ];
  const ids = [4, 5, 100, 101, 102];
  const forms: [string, unknown][] = [
    ['a list of tokens', tokens],
    ['an OpenAI chat response', { choices: [{ logprobs: { content } }] }],
    ['an OpenAI chat choice', { logprobs: { content, refusal: null } }],
    ['OpenAI chat log-probs', { content }],
    [
      'an OpenAI completion',
      { choices: [{ logprobs: { token_logprobs: tokens, tokens: ['x'] } }] },
    ],
    ['an echoed completion', { token_logprobs: [null, -7, ...tokens], completion_start: 2 }],
    ['vLLM log-probs', { prompt_logprobs: vllm, prompt_token_ids: ids, completion_start: 2 }],
    [
      'a vLLM response',
      { choices: [{ prompt_logprobs: vllm, prompt_token_ids: ids }], completion_start: 2 },
    ],
    [
      'vLLM log-probs of only the actual tokens',
      {
        prompt_logprobs: [null, ...tokens.map((logprob) => ({ 9: { logprob } }))],
        completion_start: 1,
      },
    ],
  ];
  it.each(forms)('as %s', async (_name, form) => {
    const body = await pairs([pair({ chosen_logps: form, ref_chosen_logps: [-1, -1, -1] })]);
    expect(body.metrics['logps/chosen'].mean).toBe(-3.75);
    expect(body.displacement.chosen_log_ratio.mean).toBe(-0.75);
  });
});

describe('pairs are the same', () => {
  const rows = [pair({ prompt_id: 'a' }), swapped, pair({ rejected_logps: -10 })].map((row, i) => ({
    prompt_id: `p${i % 2}`,
    ...row,
  }));
  const strip = ({ timing, id, ...rest }: PairsReply) => rest;

  it('as rows, columns, NDJSON and CSV, with options in the body or the query', async () => {
    const list = rows.map((row) => ({ ...row, prompt_id: row.prompt_id }));
    const expected = strip(await pairs(list, { beta: 0.5, bins: 4 }));
    const names = Object.keys(list[0] as object) as (keyof (typeof list)[0])[];
    const columns = Object.fromEntries(names.map((name) => [name, list.map((row) => row[name])]));
    expect(strip(await pairs(columns, { beta: 0.5, bins: 4 }))).toEqual(expected);
    const lines = list.map((row) => JSON.stringify(row)).join('\r\n');
    const csv = [names, ...list.map((row) => names.map((name) => row[name]))]
      .map((row) => row.join(','))
      .join('\n');
    for (const [type, text] of [
      [NDJSON, lines],
      [NDJSON, `\uFEFF${lines}\n\n`],
      [CSV, csv],
      [CSV, `${csv.replaceAll('p1', '"p1"')}\r\n`],
    ] as const) {
      const answer = await service.post<PairsReply>(text, type, '/did/pairs?beta=0.5&bins=4');
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      expect(strip(answer.body)).toEqual(expected);
    }
  });

  it('as CSV with plain and with quoted cells, token counts and features', async () => {
    const head = ['prompt_id', ...Object.keys(pair()), 'note', 'features.größe'];
    const tokens = ['chosen_tokens', 'rejected_tokens'];
    const cells = (i: number) => [
      `größe ${i % 7}`,
      ...[-10 - (i % 3), -12 - (i % 5), -1.1e1, -(11 + 1 / 7)],
      'a note',
      i / 7,
    ];
    const csv = (quote: (cell: unknown, i: number) => string) =>
      [[...head, ...tokens], ...Array.from({ length: 40 }, (_, i) => [...cells(i), 5 + i, 9])]
        .map((row, i) => row.map((cell) => quote(cell, i)).join(','))
        .join('\n');
    const replies = await Promise.all(
      [
        csv((cell) => String(cell)),
        csv((cell) => `"${cell}"`),
        csv((cell, i) => (i % 2 === 0 ? `${cell}` : `"${cell}"`)),
      ].flatMap((text) =>
        ['pairs?loss=ipo', 'sufficiency?resamples=0'].map(async (path) => {
          const answer = await service.post<PairsReply>(text, CSV, `/did/${path}`);
          expect(answer.status, JSON.stringify(answer.body)).toBe(200);
          return strip(answer.body);
        }),
      ),
    );
    expect(replies[0]).toMatchObject({ pairs: 40, prompts: 7 });
    expect(codes(replies[0] as PairsReply)).toContain('ignored_columns');
    expect(replies[2]).toEqual(replies[0]);
    expect(replies[4]).toEqual(replies[0]);
    expect(replies[3]).toEqual(replies[1]);
    expect(replies[5]).toEqual(replies[1]);
  });

  it('under the older column names of TRL', async () => {
    const { ref_chosen_logps, ref_rejected_logps, ...rest } = pair();
    const old = {
      ...rest,
      reference_chosen_logps: ref_chosen_logps,
      reference_rejected_logps: ref_rejected_logps,
    };
    expect(strip(await pairs([old]))).toEqual(strip(await pairs([pair()])));
  });

  it('as CSV with lists, quoted cells, line breaks and ignored columns', async () => {
    const csv = `prompt,chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,features.len
"say ""hi"",
please","[-4, -6]","[-12]","[-5, -6]",-11.5,2
"b",-10,-12,-11,-11.5,-3`;
    const answer = await service.post<PairsReply>(csv, CSV, '/did/pairs');
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body.pairs).toBe(2);
    expect(answer.body.metrics['logps/chosen'].mean).toBe(-10);
    expect(answer.body.warnings.find(({ code }) => code === 'ignored_columns')?.message).toContain(
      'prompt',
    );
  });
});

it('an empty prompt_id column in CSV is the same as no such column', async () => {
  const csv = 'prompt_id,chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps';
  const row = ',-10,-12,-11,-11.5';
  const { body } = await service.post<PairsReply>(`${csv}\n${row}\n${row}`, CSV, '/did/pairs');
  expect(body).toMatchObject({ pairs: 2, prompts: 2 });
});

it('accepts any feature name, and skips blank lines', async () => {
  const features = (i: number) => `{"__proto__":${i},"b":${i % 3}}`;
  const row = (i: number) => JSON.stringify(pair()).replace('}', `,"features":${features(i)}}`);
  const lines = Array.from({ length: 12 }, (_, i) => row(i)).join('\n \n\n');
  const head = `${Object.keys(pair()).join()},features.__proto__,features.b`;
  const cells = Array.from(
    { length: 12 },
    (_, i) => `${Object.values(pair()).join()},${i % 2 ? i : `"${i}"`},${i % 3}`,
  );
  for (const [type, text] of [
    [NDJSON, lines],
    [CSV, [head, ...cells].join('\n')],
  ] as const) {
    const answer = await service.post<{ features: string[] }>(
      text,
      type,
      '/did/sufficiency?resamples=0',
    );
    expect(answer.body).toMatchObject({ features: ['__proto__', 'b'], pairs: 12 });
  }
});

describe('large bodies, which helper threads answer,', () => {
  const many = Array.from({ length: 6000 }, (_, i) => ({
    prompt_id: `p${i % 700}`,
    ...pair({ chosen_logps: -10 - (i % 7), ref_rejected_logps: -11 - (i % 5) }),
    chosen_tokens: 10 + (i % 3),
    rejected_tokens: 12,
    features: { length: (i % 3) - 2 },
  }));
  const lines = many.map((row) => JSON.stringify(row)).join('\n');

  it.each(['pairs', 'power-law', 'sufficiency'])('give the same as rows: %s', async (name) => {
    const options = { resamples: name === 'sufficiency' ? 0 : undefined };
    const json = await service.post<PairsReply>(
      { pairs: many, ...options, id: 'mine' },
      undefined,
      `/did/${name}`,
    );
    const query = name === 'sufficiency' ? '?resamples=0' : '';
    const rows = await service.post<PairsReply>(lines, NDJSON, `/did/${name}${query}`);
    expect(json.status, JSON.stringify(json.body)).toBe(200);
    expect(json.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(json.body.id).toBe('mine');
    expect(json.body.timing.parse_ms).toBeGreaterThan(0);
    const strip = ({ timing, id, ...rest }: PairsReply) => rest;
    expect(strip(rows.body)).toEqual(strip(json.body));
  });

  it('give the same for each prompt as a small body', async () => {
    const prompts = Array.from({ length: 1500 }, (_, p) => ({
      id: `p${p}`,
      candidates: [0, 1, 2].map((c) => ({
        id: `c${c}`,
        policy_logp: [-3 - c, -(p % 11)],
        ref_logp: [-4, -(p % 13) - c],
      })),
    }));
    for (const route of ['distribution', 'rejected']) {
      const large = await service.post<DistributionReply>({ prompts }, undefined, `/did/${route}`);
      const first = await service.post<DistributionReply>(
        { prompts: prompts.slice(0, 1) },
        undefined,
        `/did/${route}`,
      );
      expect(large.status).toBe(200);
      expect(large.body.prompts.length).toBe(1500);
      expect(large.body.prompts[0]).toEqual(first.body.prompts[0]);
    }
  });

  it('are refused with a pointer, as small ones are', async () => {
    const wrong = [...many.slice(0, 5000), { ...many[0], chosen_logps: 1 }];
    const answer = await service.post<Problem>({ pairs: wrong }, undefined, '/did/pairs');
    expect(answer.body).toMatchObject({
      status: 400,
      code: 'positive_log_prob',
      pointer: '/pairs/5000/chosen_logps',
    });
    const option = await service.post<Problem>({ pairs: many, beta: 0 }, undefined, '/did/pairs');
    expect(option.body).toMatchObject({ code: 'out_of_range', pointer: '/beta' });
    const rows = await service.post<Problem>(lines, NDJSON, '/did/pairs?per_pair=true');
    expect(rows.body).toMatchObject({ code: 'too_many_rows', pointer: '/per_pair' });
  });
});

it('50,000 pairs stream past MAX_BODY_BYTES, and all of them count', async () => {
  const normal = normals(5);
  const rows = Array.from({ length: 50_000 }, (_, i) =>
    [
      `prompt ${i % 9000}`,
      ...[0, 1, 2, 3].map(() => (-60 - Math.abs(9 * normal())).toFixed(3)),
    ].join(),
  );
  const csv = `prompt_id,chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps\n${rows.join('\n')}`;
  expect(csv.length).toBeGreaterThan(2_000_000);
  const { body } = await service.post<PairsReply>(csv, CSV, '/did/pairs');
  expect(body).toMatchObject({ pairs: 50_000, prompts: 9000 });
  const mean = rows.reduce((sum, row) => sum + Number(row.split(',')[1]), 0) / rows.length;
  expect(body.metrics['logps/chosen'].mean).toBeCloseTo(mean, 9);
  const counted = body.calibration.bins.reduce((sum, bin) => sum + bin.pairs, 0);
  expect(counted).toBe(50_000);
});

describe('warnings', () => {
  const many = (row: object) => Array.from({ length: 40 }, (_, i) => ({ ...row, prompt_id: i }));

  it('averaged_log_probs for averages sent as sums', async () => {
    const average = pair({
      chosen_logps: -1.4,
      rejected_logps: -1.6,
      ref_chosen_logps: -1.5,
      ref_rejected_logps: -1.5,
    });
    expect(codes(await pairs(many(average)))).toContain('averaged_log_probs');
    expect(
      codes(await pairs(many({ ...average, chosen_tokens: 90, rejected_tokens: 80 }))),
    ).toContain('averaged_log_probs');
    expect(
      codes(await pairs(many({ ...average, chosen_tokens: 1, rejected_tokens: 1 }))),
    ).not.toContain('averaged_log_probs');
    expect(codes(await pairs(many(pair({ chosen_logps: -0.2, rejected_logps: -0.3 }))))).toContain(
      'averaged_log_probs',
    );
    expect(codes(await pairs(many(pair())))).not.toContain('averaged_log_probs');
  });

  it('averaged_log_probs for only one of the models', async () => {
    const body = await pairs(
      many({ ...pair({ chosen_logps: -0.9, rejected_logps: -1.4 }), ref_chosen_logps: -200 }),
    );
    expect(body.warnings.find(({ code }) => code === 'averaged_log_probs')?.message).toContain(
      'No log-probability under the policy is below',
    );
    const candidates = [-2.5, -3.5].map((ref_logp) => ({
      policy_logp: -300,
      ref_logp,
      tokens: 90,
    }));
    const answer = await service.post<DistributionReply>(
      { prompts: [{ candidates }] },
      undefined,
      '/did/distribution',
    );
    expect(answer.body.warnings).toMatchObject([
      { code: 'averaged_log_probs', message: expect.stringContaining('the reference come to') },
    ]);
  });

  it('separated, reversed, few_prompts, floored_log_probs', async () => {
    expect(codes(await pairs([pair()]))).toEqual(['few_prompts', 'separated']);
    const against = [...many(swapped), pair()].map((row, i) => ({ ...row, prompt_id: i }));
    const reversed = await pairs(against);
    expect(codes(reversed)).toEqual(['reversed']);
    expect(reversed.beta_fit.beta).toBeLessThan(0);
    const floored = await pairs([pair({ chosen_logps: [-1, -9999] })]);
    expect(codes(floored)).toContain('floored_log_probs');
  });

  it('mass_above_one and duplicate_candidates', async () => {
    const candidates = [
      { id: 'a', policy_logp: -0.3, ref_logp: -0.4 },
      { id: 'b', policy_logp: -0.5, ref_logp: -0.6 },
      { id: 'a', policy_logp: -0.3, ref_logp: -0.4 },
    ];
    const body = { prompts: [{ candidates }] };
    const answer = await service.post<DistributionReply>(body, undefined, '/did/distribution');
    expect(codes(answer.body)).toEqual(['mass_above_one', 'duplicate_candidates']);
    expect(answer.body.prompts[0]?.candidates.length).toBe(2);
  });
});

describe('ties and extremes', () => {
  it('a tie does not count as a win, and is counted separately', async () => {
    const tie = pair({ chosen_logps: -11, rejected_logps: -11.5 });
    const body = await pairs([tie, pair(), swapped, tie]);
    expect(body.ties.mean).toBe(0.5);
    expect(body.metrics['rewards/accuracies'].mean).toBe(0.25);
  });

  it('log-probs of −100,000 give finite figures', async () => {
    const far = pair({ chosen_logps: -100_000, ref_rejected_logps: -250_000 });
    const body = await pairs([far, swapped, pair({ rejected_logps: -400_000 })], { beta: 1 });
    expect(JSON.stringify(body)).not.toMatch(/:null/);
    expect(body.beta_fit.status).toBe('fitted');
  });
});

describe('/did/power-law from pairs', () => {
  const ask = async (list: unknown) => {
    const answer = await service.post<PowerLawReply>({ pairs: list }, undefined, '/did/power-law');
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body.pairs as NonNullable<PowerLawReply['pairs']>;
  };

  it('does not reject pairs that follow the law, and never calls it confirmed', async () => {
    const { verdict, beta_fit } = await ask(simulatedPairs(2000, () => 0));
    expect(verdict.conclusion).toBe('not_rejected');
    expect(verdict.text).toContain('Pairs alone cannot show that it holds');
    expect(verdict.text).not.toMatch(/confirm/i);
    expect(Math.abs((beta_fit.beta as number) - 0.3)).toBeLessThan(
      4 * (beta_fit.standard_error as number),
    );
  });

  it('rejects pairs whose choices also depend on the length', async () => {
    const { verdict } = await ask(simulatedPairs(2000, (_margin, length) => 0.08 * length));
    expect(verdict.conclusion).toBe('rejected');
    expect(verdict.text).toContain('length difference');
  });

  it('rejects pairs whose choices follow another odd function of the margin', async () => {
    const { verdict } = await ask(
      simulatedPairs(3000, (margin) => -0.3 * margin + Math.tanh(margin)),
    );
    expect(verdict.conclusion).toBe('rejected');
    expect(verdict.text).toContain('cubed margin');
  });
});

describe('the shipped example', () => {
  const file = 'examples/did/pairs.ndjson';

  it('follows the law that it was simulated from', async () => {
    const text = readFileSync(file, 'utf8');
    const { body } = await service.post<PairsReply>(text, NDJSON, '/did/pairs?beta=0.3');
    expect(body).toMatchObject({ pairs: 240, prompts: 120, warnings: [] });
    const { beta, standard_error } = body.beta_fit as { beta: number; standard_error: number };
    expect(Math.abs(beta - 0.3)).toBeLessThan(2 * standard_error);
    // Chosen completions come from the reference, so their likelihood falls.
    expect(body.displacement.chosen_log_ratio.upper).toBeLessThan(0);
  });

  it('is accepted as a stream from a file', async () => {
    const response = await fetch(`${service.url}/did/power-law`, {
      method: 'POST',
      headers: NDJSON,
      body: createReadStream(file) as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    const body = (await response.json()) as PowerLawReply;
    expect(body.pairs?.verdict.conclusion).toBe('not_rejected');
  });
});

it('an error early in a stream is answered, however much of the stream follows', async () => {
  const good = JSON.stringify(pair());
  const text = `${good}\nnot json\n${`${good}\n`.repeat(20_000)}`;
  const answer = await service.post<Problem>(text, NDJSON, '/did/pairs');
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ code: 'invalid_json', pointer: '/pairs/1' });
  expect(answer.body.detail).toContain('Line 2');
});

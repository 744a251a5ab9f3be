import { describe, expect, it } from 'vitest';
import { isSum, readLogProb } from '../../../src/formats/preference/log-probs.js';

const read = (value: unknown) => readLogProb(value, '/p');
const fails = (value: unknown) => {
  try {
    read(value);
  } catch (error) {
    const { code, details } = error as { code: string; details: { pointer: string } };
    return [code, details.pointer];
  }
  return undefined;
};

describe('a log-probability', () => {
  it('as a number is the sum, of an unknown number of tokens', () => {
    expect(read(-12.5)).toEqual({ sum: -12.5, tokens: undefined, floored: 0 });
    expect(read(0)).toMatchObject({ sum: 0 });
  });

  it('as a list is summed, and its tokens are counted', () => {
    expect(read([-1, -0.5, -2.25])).toEqual({ sum: -3.75, tokens: 3, floored: 0 });
  });

  it('may exceed 0 by what rounding does, and no more', () => {
    expect(read(5e-7).sum).toBe(5e-7);
    expect(fails(2e-6)).toEqual(['positive_log_prob', '/p']);
    expect(fails([-1, 0.1])).toEqual(['positive_log_prob', '/p/1']);
  });

  it('that is a floor is counted, wherever it stands', () => {
    expect(read(-9999).floored).toBe(1);
    expect(read([-9999, -1, -9999]).floored).toBe(2);
    expect(read({ content: [{ logprob: -9999 }] }).floored).toBe(1);
    expect(isSum(-9999)).toBe(false);
    expect([isSum(-3), isSum(0), isSum(0.1), isSum(-Infinity), isSum('−3')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'missing_field', '/p'],
    ['null', null, 'not_a_number', '/p'],
    ['a string', '-3', 'not_a_number', '/p'],
    ['NaN', Number.NaN, 'not_a_number', '/p'],
    ['−Infinity', -Infinity, 'zero_probability', '/p'],
    ['"-inf", as Python writes it', '-inf', 'zero_probability', '/p'],
    ['less than any text has', -1e13, 'out_of_range', '/p'],
    ['no tokens', [], 'missing_token', '/p'],
    ['a token without one', [-1, null], 'missing_token', '/p/1'],
    ['a token that is a string', [-1, '-2'], 'not_a_number', '/p/1'],
    ['a response without log-probs', { choices: [{}] }, 'missing_token', '/p/choices/0'],
    ['a response of two choices', { choices: [{}, {}] }, 'invalid_value', '/p/choices'],
  ])('is refused as %s', (_name, value, code, pointer) => {
    expect(fails(value)).toEqual([code, pointer]);
  });
});

describe('a response', () => {
  it('of OpenAI chat counts its content', () => {
    const content = [{ logprob: -1, top_logprobs: [{ logprob: -0.1 }] }, { logprob: -2 }];
    for (const body of [
      { content },
      { logprobs: { content } },
      { choices: [{ logprobs: { content } }] },
    ]) {
      expect(read(body)).toMatchObject({ sum: -3, tokens: 2 });
    }
    expect(fails({ content: [{ logprob: -1 }, { token: 'x' }] })).toEqual([
      'missing_token',
      '/p/content/1',
    ]);
  });

  it('that echoes its prompt must say where the completion starts', () => {
    const token_logprobs = [null, -7, -1, -2];
    expect(read({ token_logprobs, completion_start: 2 })).toMatchObject({ sum: -3, tokens: 2 });
    expect(fails({ token_logprobs })?.[0]).toBe('missing_field');
    expect(fails({ token_logprobs, completion_start: 4 })?.[0]).toBe('missing_token');
    expect(fails({ token_logprobs, completion_start: -1 })).toEqual([
      'out_of_range',
      '/p/completion_start',
    ]);
  });

  it('of vLLM counts the actual tokens, not the most likely ones', () => {
    const prompt_logprobs = [
      null,
      { 5: { logprob: -9 } },
      { 7: { logprob: -0.1 }, 8: { logprob: -1.5 } },
    ];
    const ids = { prompt_token_ids: [4, 5, 8] };
    const body = { prompt_logprobs, completion_start: 2 };
    expect(read({ ...body, ...ids })).toEqual({ sum: -1.5, tokens: 1, floored: 0 });
    expect(fails(body)).toEqual(['missing_token', '/p/prompt_logprobs/2']);
    expect(fails({ ...body, prompt_token_ids: [4, 5] })).toEqual([
      'token_counts_differ',
      '/p/prompt_token_ids',
    ]);
    expect(fails({ ...body, prompt_token_ids: [4, 5, 9] })).toEqual([
      'missing_token',
      '/p/prompt_logprobs/2',
    ]);
    expect(fails({ prompt_logprobs, ...ids })?.[0]).toBe('missing_field');
  });
});

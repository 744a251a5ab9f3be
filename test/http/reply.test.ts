import { describe, expect, it } from 'vitest';
import { endModelReply, endReply, modelTiming } from '../../src/http/reply.js';
import type { Manifest } from '../../src/inference/manifest.js';
import { WARNING_CODES, type Warning } from '../../src/warnings.js';

const now = () => performance.timeOrigin + performance.now();
const stamp = (age = 0) => ({ id: 'request-1', arrivedAt: now() - age });
const warnings: Warning[] = [
  { code: 'subsampled', message: 'c' },
  { code: 'ties', message: 'b' },
  { code: 'few_rows', message: 'a' },
];

describe('the end of a reply', () => {
  it('puts warnings in the order of their table, and leaves those given as they were', () => {
    const result = { estimate: 1, warnings };
    const reply = endReply(stamp(), result, { id: undefined, timing: {} });
    expect(reply.warnings.map(({ message }) => message)).toEqual(['a', 'b', 'c']);
    expect(warnings[0]?.code).toBe('subsampled');
    const all = [...WARNING_CODES].reverse().map((code): Warning => ({ code, message: code }));
    const sorted = endReply(stamp(), { warnings: all }, { id: undefined, timing: {} }).warnings;
    expect(sorted.map(({ code }) => code)).toEqual(WARNING_CODES);
  });

  it('keeps the order of warnings of one code', () => {
    const twice = ['first', 'second'].map((message): Warning => ({ code: 'ties', message }));
    const reply = endReply(stamp(), { warnings: twice }, { id: undefined, timing: {} });
    expect(reply.warnings).toEqual(twice);
  });

  it('has the id that the request gave, or that of the request', () => {
    const of = (id: string | undefined) => endReply(stamp(), { warnings }, { id, timing: {} }).id;
    expect(of('mine')).toBe('mine');
    expect(of('')).toBe('');
    expect(of(undefined)).toBe('request-1');
  });

  it('counts the total from the arrival of the request', () => {
    const timing = { parse_ms: 3 };
    const reply = endReply(stamp(500), { warnings }, { id: undefined, timing });
    expect(reply.timing.parse_ms).toBe(3);
    expect(reply.timing.total_ms).toBeGreaterThanOrEqual(500);
    expect(reply.timing.total_ms).toBeLessThan(5000);
  });
});

describe('the end of a reply by a model', () => {
  it('names the unit and the model, by the checksum of its network', () => {
    const manifest = {
      id: 'mist',
      version: '1.2.3',
      files: { 'model.onnx': { sha256: 'abc' }, 'gradient.onnx': { sha256: 'def' } },
    } as unknown as Manifest;
    const times = { queueMs: 1, encodeMs: 2, inferenceMs: 3 };
    const ending = { id: undefined, timing: modelTiming(4, times), unit: 'bits' as const };
    const reply = endModelReply(stamp(), { estimate: 1, warnings }, { ...ending, model: manifest });
    expect(reply).toMatchObject({
      estimate: 1,
      unit: 'bits',
      model: { id: 'mist', version: '1.2.3', sha256: 'abc' },
      timing: { parse_ms: 4, queue_ms: 1, encode_ms: 2, inference_ms: 3 },
    });
    expect(reply.warnings.map(({ code }) => code)).toEqual(['few_rows', 'ties', 'subsampled']);
  });
});

import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  kindsOf,
  optionNames,
  type ParameterKind,
  parameterValue,
} from '../../../src/formats/table/parameters.js';

const kinds = kindsOf({
  level: Type.Number(),
  rows: Type.Optional(Type.Integer()),
  checks: Type.Boolean(),
  unit: Type.Enum(['nats', 'bits']),
  lags: Type.Array(Type.Integer()),
  methods: Type.Array(Type.String()),
  select: Type.Optional(Type.Object({ method: Type.String(), k: Type.Integer() })),
});

describe('parameters', () => {
  it('are the options, and one per field of an option that is an object', () => {
    expect(Object.keys(kinds)).toContain('select.k');
    expect(Object.keys(kinds)).not.toContain('select');
    expect(optionNames(kinds)).toEqual([
      'level',
      'rows',
      'checks',
      'unit',
      'lags',
      'methods',
      'select',
    ]);
  });

  it.each<[keyof typeof kinds, string | string[], unknown]>([
    ['level', '0.5', 0.5],
    ['level', '1e-3', 0.001],
    ['rows', '12', 12],
    ['checks', 'true', true],
    ['checks', 'false', false],
    ['unit', '1', '1'],
    ['lags', '-1,0,2', [-1, 0, 2]],
    ['lags', ['1', '2,3'], [1, 2, 3]],
    ['lags', '', []],
    ['methods', 'ksg1,2', ['ksg1', '2']],
    ['select.k', '3', 3],
    ['select.method', 'mrmr', 'mrmr'],
  ])('%s=%j is %j', (name, given, value) => {
    expect(parameterValue(given, kinds[name] as ParameterKind)).toEqual(value);
  });

  it.each<[keyof typeof kinds, string | string[]]>([
    ['level', 'high'],
    ['level', ''],
    ['level', ' '],
    ['checks', 'yes'],
    ['checks', 'True'],
    ['unit', ['bits', 'nats']],
  ])('%s=%j stays what it is, for the check to refuse', (name, given) => {
    expect(parameterValue(given, kinds[name] as ParameterKind)).toEqual(given);
  });
});

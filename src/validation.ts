import { Ajv, type ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { type ErrorCode, MistdError, pointerStep } from './errors.js';

/** No coercion and no dropped fields: a request is taken exactly as it was sent, or refused. */
const ajv = new Ajv({ coerceTypes: false, removeAdditional: false, useDefaults: true });

/** Parameters of a query string are always strings, so here "0.5" is accepted as a number. */
const queryAjv = new Ajv({ coerceTypes: true, removeAdditional: false, useDefaults: true });

/**
 * Compiles a schema to a check that fills in defaults.
 *
 * @returns a function that throws MistdError with the JSON pointer of the first fault.
 */
export function compileCheck<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  return check(ajv, schema);
}

const checks = new Map<string, (value: unknown) => unknown>();

/**
 * Returns the check of a schema, compiled once per thread and `$id`: a schema that comes from
 * another thread is a new object each time.
 */
export function checkOf<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const { $id } = schema as { $id?: string };
  if ($id === undefined) throw new Error('checkOf needs a schema with an $id');
  const check = checks.get($id) ?? compileCheck(schema);
  checks.set($id, check);
  return check as (value: unknown) => Static<T>;
}

/** Like `compileCheck`, for the parameters of a query string, which arrive as strings. */
export function compileQueryCheck<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const checked = check(queryAjv, schema);
  return (value) => {
    const options = checked(value);
    // Ajv converts "Infinity" to a number after its own test for finite numbers, and skips bounds.
    for (const [name, option] of Object.entries(options as object)) {
      if (Math.abs(option) === Number.POSITIVE_INFINITY) {
        const pointer = pointerStep(name);
        throw new MistdError('out_of_range', `${pointer} is not finite.`, { pointer });
      }
    }
    return options;
  };
}

function check<T extends TSchema>(validator: Ajv, schema: T): (value: unknown) => Static<T> {
  const validate = validator.compile<Static<T>>(schema);
  return (value) => {
    if (validate(value)) return value;
    throw toMistdError(validate.errors?.[0]);
  };
}

const CODES: Record<string, ErrorCode> = {
  type: 'invalid_type',
  enum: 'invalid_value',
  const: 'invalid_value',
  pattern: 'invalid_value',
  required: 'missing_field',
  additionalProperties: 'unknown_field',
};

function toMistdError(fault: ErrorObject | undefined): MistdError {
  if (fault === undefined) return new MistdError('bad_request', 'The request is not valid.');
  const { keyword, params } = fault;
  const field: unknown = params.missingProperty ?? params.additionalProperty;
  const step = typeof field === 'string' ? pointerStep(field) : '';
  const pointer = fault.instancePath + step;
  const code = CODES[keyword] ?? 'out_of_range';
  return new MistdError(code, `${pointer} ${faultText(fault)}.`, { pointer });
}

const COMPARISONS: Record<string, string> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'greater than',
  '<': 'less than',
};

/** What is wrong with a value, as the end of a sentence about it. */
function faultText({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not a known field';
    case 'type': {
      const type = [params.type].flat().join(' or ');
      return `must be ${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
    }
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${COMPARISONS[params.comparison]} ${params.limit}`;
    case 'minItems':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} items`;
    case 'maxItems':
      return `must have at most ${params.limit} items`;
    case 'minLength':
      return params.limit === 1
        ? 'must not be empty'
        : `must have at least ${params.limit} characters`;
    case 'maxLength':
      return `must have at most ${params.limit} characters`;
    case 'uniqueItems':
      return `must not repeat a value (items ${params.j} and ${params.i} are the same)`;
    default:
      return message ?? 'is not valid';
  }
}

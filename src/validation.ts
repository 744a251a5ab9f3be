import { Ajv, type ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { type ErrorCode, MistdError, pointerStep } from './errors.js';

/** No coercion, no dropped fields: a request means what it says or is refused. */
const ajv = new Ajv({ coerceTypes: false, removeAdditional: false, useDefaults: true });

/** A query string holds text only, so there "0.5" is a number. */
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
 * The check of a schema, compiled once per thread and `$id`: a schema that comes from another
 * thread is a new object each time.
 */
export function checkOf<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const { $id } = schema as { $id?: string };
  if ($id === undefined) throw new Error('a schema that is checked by its $id has one');
  const check = checks.get($id) ?? compileCheck(schema);
  checks.set($id, check);
  return check as (value: unknown) => Static<T>;
}

/** The same for the parameters of a query string, which arrive as text. */
export function compileQueryCheck<T extends TSchema>(schema: T): (value: unknown) => Static<T> {
  const checked = check(queryAjv, schema);
  return (value) => {
    const options = checked(value);
    // Ajv makes numbers of these texts after it has checked for such, and then checks no bounds.
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
  const { keyword, params, message } = fault;
  const field: unknown = params.missingProperty ?? params.additionalProperty;
  const step = typeof field === 'string' ? pointerStep(field) : '';
  const pointer = fault.instancePath + step;
  const allowed = keyword === 'enum' ? `: ${params.allowedValues.join(', ')}` : '';
  const text =
    keyword === 'additionalProperties' || keyword === 'required'
      ? `${pointer} is ${keyword === 'required' ? 'missing' : 'not a field here'}.`
      : `${pointer} ${message}${allowed}.`;
  return new MistdError(CODES[keyword] ?? 'out_of_range', text, { pointer });
}

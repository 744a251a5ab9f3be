import { MistdError, pointerStep } from '../../errors.js';
import { describe } from '../text/describe.js';

/** A JSON object whose values are still unchecked. */
export type Row = Record<string, unknown>;

/**
 * A value as a row.
 *
 * @param known the fields that the row may have; any, if undefined.
 * @throws MistdError invalid_type or unknown_field.
 */
export function asRow(value: unknown, pointer: string, known?: readonly string[]): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MistdError('invalid_type', `${pointer} is ${describe(value)}, not an object.`, {
      pointer,
    });
  }
  const unknown = known && Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new MistdError(
      'unknown_field',
      `${pointer} has no field ${JSON.stringify(unknown)}; its fields are ${known?.join(', ')}.`,
      { pointer: pointer + pointerStep(unknown) },
    );
  }
  return value as Row;
}

import { isUtf8 } from 'node:buffer';
import { MistdError, pointerStep } from '../errors.js';
import type { Side } from '../samples/columns.js';
import type { Matrix, SampleLimits, Samples } from '../samples/samples.js';
import { ColumnBuilder } from './column-builder.js';
import { describe, quote } from './describe.js';
import { checkShape } from './table.js';

/** A request's samples and the rest of its fields, still unchecked. */
export interface JsonRequest {
  readonly samples: Samples;
  readonly fields: Record<string, unknown>;
}

/**
 * Reads a JSON body `{x, y, ...fields}`.
 *
 * x and y are checked here in one pass that also fills the arrays: a schema validator needs
 * seconds for 100,000 rows and cannot name the element at fault.
 *
 * @param known names of the fields that a body may have, x and y among them.
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function readJsonRequest(
  bytes: Buffer,
  known: readonly string[],
  limits: SampleLimits,
): JsonRequest {
  const { x, y, ...fields } = readFields(bytes, known);
  return { samples: readMatrices({ x, y }, limits), fields };
}

/**
 * Reads sides of finite numbers, of as many rows each.
 *
 * @param sides by their names in the body.
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function readMatrices<Name extends string>(
  sides: Record<Name, unknown>,
  limits: SampleLimits,
): Record<Name, Matrix> {
  const names = Object.keys(sides) as Name[];
  const matrices = Object.fromEntries(
    names.map((name) => [name, readMatrix(sides[name], name, limits)]),
  ) as Record<Name, Matrix>;
  const [first, ...others] = names as [Name, ...Name[]];
  for (const name of others) checkSameRows(matrices[first], first, matrices[name], name);
  return matrices;
}

/**
 * Reads a JSON object of known fields, their values still unchecked.
 *
 * @throws MistdError invalid_json, invalid_type or unknown_field.
 */
export function readFields(bytes: Buffer, known: readonly string[]): Record<string, unknown> {
  const body = parseObject(bytes);
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) {
      throw unknownField(name, known);
    }
  }
  return body;
}

/** @throws MistdError unequal_rows, at the second side. */
export function checkSameRows(first: Matrix, firstName: string, side: Matrix, name: string): void {
  if (side.rows === first.rows) return;
  throw new MistdError(
    'unequal_rows',
    `${firstName} has ${first.rows} rows and ${name} has ${side.rows}.`,
    { pointer: `/${name}` },
  );
}

/** @throws MistdError unless the bytes are one JSON object in UTF-8. */
export function parseObject(bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes))
    throw new MistdError('invalid_json', 'The body is not UTF-8.', { pointer: '' });
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new MistdError('invalid_json', `The body is not JSON: ${(cause as Error).message}.`, {
      pointer: '',
      cause,
    });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new MistdError('invalid_type', `The body is ${describe(body)}, not an object.`, {
      pointer: '',
    });
  }
  return body as Record<string, unknown>;
}

/** The error for a field, or parameter, that is not there. */
export function unknownField(name: string, known: readonly string[]): MistdError {
  const pointer = pointerStep(name);
  return /^(sample_?)?weights?$/i.test(name)
    ? new MistdError('weights_not_supported', 'Every row counts the same.', { pointer })
    : new MistdError(
        'unknown_field',
        `There is no field ${quote(name)}; the fields are ${known.join(', ')}.`,
        { pointer },
      );
}

/**
 * Reads one side of finite numbers: rows of equal length, or a flat array for one column.
 *
 * @param name path of the side in the body: its JSON pointer without the first "/".
 * @returns shape [rows, columns].
 */
export function readMatrix(value: unknown, name: string, limits: SampleLimits): Matrix {
  const { columns, pointerOf } = readSide(value, name, limits);
  const rows = columns[0]?.values.length ?? 0;
  const values = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    const fault = column.kind === 'number' ? column.values.findIndex(Number.isNaN) : 0;
    if (fault >= 0) {
      const pointer = pointerOf(fault, c);
      const sample = Number.isNaN(column.values[fault]) ? 'null' : `a ${column.kind}`;
      throw new MistdError('not_a_number', `The sample at ${pointer} is ${sample}.`, { pointer });
    }
    values.set(column.values, c * rows);
  });
  return { rows, columns: columns.length, values };
}

/**
 * Reads one side: rows of equal length, or a flat array for one column. Columns are numbers,
 * booleans or texts; null is a missing value. They are called x0, x1, … for a side called x.
 *
 * @param name path of the side in the body: its JSON pointer without the first "/".
 */
export function readSide(value: unknown, name: string, limits: SampleLimits): Side {
  const pointer = `/${name}`;
  if (value === undefined) {
    throw new MistdError('missing_field', `${name} is missing.`, { pointer });
  }
  if (!Array.isArray(value)) {
    throw new MistdError('invalid_type', `${name} is ${describe(value)}, not an array.`, {
      pointer,
    });
  }
  const first: unknown = value[0];
  const width = Array.isArray(first) ? first.length : 1;
  checkShape(name, value.length, 1, limits, pointer);
  checkShape(`The first row of ${name}`, value.length, width, limits, `${pointer}/0`);
  const pointerOf = Array.isArray(first)
    ? (row: number, column: number) => `${pointer}/${row}/${column}`
    : (row: number) => `${pointer}/${row}`;
  const builders = Array.from(
    { length: width },
    (_, c) => new ColumnBuilder(`${name}${c}`, (row) => pointerOf(row, c), value.length),
  );
  if (Array.isArray(first)) addRows(builders, value, name);
  else for (const sample of value) builders[0]?.add(sample);
  return { columns: builders.map((builder) => builder.finish()), pointerOf };
}

function addRows(builders: readonly ColumnBuilder[], rows: readonly unknown[], name: string): void {
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r];
    if (!Array.isArray(row)) {
      throw new MistdError(
        'invalid_type',
        `Row ${r} of ${name} is ${describe(row)}, not an array as its first row is.`,
        { pointer: `/${name}/${r}` },
      );
    }
    if (row.length !== builders.length) {
      throw new MistdError(
        'ragged_rows',
        `Row ${r} of ${name} has ${row.length} columns; its first row has ${builders.length}.`,
        { pointer: `/${name}/${r}` },
      );
    }
    for (let c = 0; c < row.length; c++) builders[c]?.add(row[c]);
  }
}

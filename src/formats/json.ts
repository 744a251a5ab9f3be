import { isUtf8 } from 'node:buffer';
import { MistdError, pointerStep } from '../errors.js';
import { type Matrix, MIN_ROWS, type SampleLimits, type Samples } from '../samples/samples.js';

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
  const body = parseObject(bytes);
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) {
      throw new MistdError(
        'unknown_field',
        `There is no field ${quote(name)}; the fields are ${known.join(', ')}.`,
        { pointer: pointerStep(name) },
      );
    }
  }
  const { x, y, ...fields } = body;
  const samples = {
    x: readMatrix(x, 'x', limits),
    y: readMatrix(y, 'y', limits),
  };
  if (samples.x.rows !== samples.y.rows) {
    throw new MistdError(
      'unequal_rows',
      `x has ${samples.x.rows} rows and y has ${samples.y.rows}.`,
      { pointer: '/y' },
    );
  }
  return { samples, fields };
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

/**
 * Reads one side: rows of equal length, or a flat array of numbers for one column.
 *
 * @returns shape [rows, columns], every value finite.
 */
function readMatrix(value: unknown, name: string, limits: SampleLimits): Matrix {
  const pointer = pointerStep(name);
  if (value === undefined) {
    throw new MistdError('missing_field', `${name} is missing.`, { pointer });
  }
  if (!Array.isArray(value)) {
    throw new MistdError('invalid_type', `${name} is ${describe(value)}, not an array.`, {
      pointer,
    });
  }
  checkRowCount(value.length, name, limits);
  const first: unknown = value[0];
  return Array.isArray(first) ? readRows(value, first.length, name, limits) : readFlat(value, name);
}

function readRows(rows: unknown[], columns: number, name: string, limits: SampleLimits): Matrix {
  if (columns === 0) {
    throw new MistdError('empty_samples', `The first row of ${name} has no columns.`, {
      pointer: `/${name}/0`,
    });
  }
  if (columns > limits.maxColumns) {
    throw new MistdError(
      'too_many_columns',
      `${name} has ${columns} columns; the limit is ${limits.maxColumns}.`,
      { pointer: `/${name}/0` },
    );
  }
  const values = new Float64Array(rows.length * columns);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r];
    if (!Array.isArray(row)) {
      throw new MistdError(
        'invalid_type',
        `Row ${r} of ${name} is ${describe(row)}, not an array as its first row is.`,
        { pointer: `/${name}/${r}` },
      );
    }
    if (row.length !== columns) {
      throw new MistdError(
        'ragged_rows',
        `Row ${r} of ${name} has ${row.length} columns; its first row has ${columns}.`,
        { pointer: `/${name}/${r}` },
      );
    }
    for (let c = 0; c < columns; c++) {
      const value: unknown = row[c];
      if (!Number.isFinite(value)) throw badSample(value, `/${name}/${r}/${c}`);
      values[c * rows.length + r] = value as number;
    }
  }
  return { rows: rows.length, columns, values };
}

function readFlat(column: unknown[], name: string): Matrix {
  const values = new Float64Array(column.length);
  for (let r = 0; r < column.length; r++) {
    const value = column[r];
    if (!Number.isFinite(value)) throw badSample(value, `/${name}/${r}`);
    values[r] = value as number;
  }
  return { rows: column.length, columns: 1, values };
}

function checkRowCount(rows: number, name: string, limits: SampleLimits): void {
  const pointer = `/${name}`;
  if (rows === 0) throw new MistdError('empty_samples', `${name} has no rows.`, { pointer });
  if (rows < MIN_ROWS) throw new MistdError('too_few_rows', `${name} has one row.`, { pointer });
  if (rows > limits.maxRows) {
    throw new MistdError(
      'too_many_rows',
      `${name} has ${rows} rows; the limit is ${limits.maxRows}.`,
      { pointer },
    );
  }
}

/** JSON.parse turns a number beyond the range of a 64-bit float, such as 1e999, into Infinity. */
function badSample(value: unknown, pointer: string): MistdError {
  return typeof value === 'number'
    ? new MistdError('not_finite', `The sample at ${pointer} is too large for a 64-bit float.`, {
        pointer,
      })
    : new MistdError('not_a_number', `The sample at ${pointer} is ${describe(value)}.`, {
        pointer,
      });
}

/** What a value is, in the words of an error message. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (typeof value === 'number') return 'a number';
  return `the boolean ${value}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

import { isUtf8 } from 'node:buffer';
import { MistdError, pointerStep } from '../../errors.js';
import type { Matrix } from '../../maths/matrix.js';
import { record, rowsOf, type Side } from '../../samples/columns.js';
import type { SampleLimits } from '../../samples/samples.js';
import { counted, describe, quote } from '../text/describe.js';
import { ColumnBuilder } from './column-builder.js';
import { checkSameRows, checkShape } from './table.js';

/**
 * Reads sides of finite numbers; all must have the same number of rows.
 *
 * @param sides the sides by their names in the body.
 * @throws MistdError with the JSON pointer of the fault.
 */
export function readMatrices<Name extends string>(
  sides: Record<Name, unknown>,
  limits: SampleLimits,
): Record<Name, Matrix> {
  const names = Object.keys(sides) as Name[];
  const read = record(names, (name) => readSide(sides[name], name, limits));
  const matrices = record(names, (name) => numbersOf(read[name]));
  checkSameRows({ named: read, apart: [] });
  return matrices;
}

/**
 * Reads a JSON object whose fields must be known; their values remain unchecked.
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

/** The error for an unknown field or parameter. */
export function unknownField(
  name: string,
  known: readonly string[],
  pointer = pointerStep(name),
): MistdError {
  return /^(sample_?)?weights?$/i.test(name)
    ? new MistdError('weights_not_supported', 'All rows have the same weight.', { pointer })
    : new MistdError(
        'unknown_field',
        `There is no field ${quote(name)}; the fields are ${known.join(', ')}.`,
        { pointer },
      );
}

/** @throws MistdError not_a_number unless all values are numbers. */
function numbersOf(side: Side): Matrix {
  const { columns, pointerOf } = side;
  const rows = rowsOf(side);
  const values = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    const fault = column.kind === 'number' ? column.values.findIndex(Number.isNaN) : 0;
    if (fault >= 0) {
      const pointer = pointerOf(fault, c);
      const kind = column.kind === 'text' ? 'string' : column.kind;
      const sample = Number.isNaN(column.values[fault]) ? 'null' : `a ${kind}`;
      throw new MistdError('not_a_number', `The sample at ${pointer} is ${sample}.`, { pointer });
    }
    values.set(column.values, c * rows);
  });
  return { rows, columns: columns.length, values };
}

/**
 * Reads one side: rows of equal length, or a flat array for one column. Columns hold numbers,
 * booleans or strings; null is a missing value. The columns of a side x are called x0, x1, …
 *
 * Values are checked in the same pass that fills the arrays: a schema validator needs seconds for
 * 100,000 rows and cannot name the element at fault.
 *
 * @param path of the side in the body: its JSON pointer without the first "/".
 * @param own name of the side and its columns, if it differs from the path.
 */
export function readSide(value: unknown, path: string, limits: SampleLimits, own = path): Side {
  const pointer = `/${path}`;
  if (value === undefined) {
    throw new MistdError('missing_field', `${path} is missing.`, { pointer });
  }
  if (!Array.isArray(value)) {
    throw new MistdError('invalid_type', `${path} is ${describe(value)}, not an array.`, {
      pointer,
    });
  }
  const first: unknown = value[0];
  const width = Array.isArray(first) ? first.length : 1;
  checkShape(path, value.length, 1, limits, pointer);
  checkShape(`The first row of ${path}`, value.length, width, limits, `${pointer}/0`);
  const pointerOf = Array.isArray(first)
    ? (row: number, column: number) => `${pointer}/${row}/${column}`
    : (row: number) => `${pointer}/${row}`;
  const builders = Array.from(
    { length: width },
    (_, c) => new ColumnBuilder(`${own}${c}`, (row) => pointerOf(row, c), value.length),
  );
  if (Array.isArray(first)) addRows(builders, value, path);
  else for (const sample of value) builders[0]?.add(sample);
  return { name: own, columns: builders.map((builder) => builder.finish()), pointer, pointerOf };
}

function addRows(builders: readonly ColumnBuilder[], rows: readonly unknown[], name: string): void {
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r];
    if (!Array.isArray(row)) {
      throw new MistdError(
        'invalid_type',
        `Row ${r} of ${name} is ${describe(row)}; its first row is an array.`,
        { pointer: `/${name}/${r}` },
      );
    }
    if (row.length !== builders.length) {
      throw new MistdError(
        'ragged_rows',
        `Row ${r} of ${name} has ${counted(row.length, 'column')}; its first row has ${builders.length}.`,
        { pointer: `/${name}/${r}` },
      );
    }
    for (let c = 0; c < row.length; c++) builders[c]?.add(row[c]);
  }
}

import { type Static, type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../errors.js';
import { FORMATS, tableFormats } from '../formats/registry.js';
import { dataOptions } from '../formats/samples.js';
import type { Layout } from '../formats/table/layout.js';
import { parameterSchemas } from '../formats/table/parameters.js';
import { asGiven } from './request-schema.js';

const cell = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);

/** One side: each column holds only numbers, only strings or only booleans; null is missing. */
export const DataMatrix = Type.Union(
  [
    Type.Array(cell, { minItems: 2, description: 'One column: one value per row' }),
    Type.Array(Type.Array(cell, { minItems: 1 }), {
      minItems: 2,
      description: 'Rows of equal length',
    }),
  ],
  {
    $id: 'DataMatrix',
    description:
      'Samples, row by row. Each column holds finite numbers, strings (categories) or booleans; null is a missing value',
  },
);

/** The options of data as fields of a JSON body. */
export const dataFields = asGiven(dataOptions);

/** One side of a JSON body. */
export const dataMatrix = Type.Unsafe({ $ref: 'DataMatrix#' });

const tableReply = {
  rows: Type.Integer({ description: 'Number of rows used' }),
  dropped: Type.Integer({ description: 'Number of rows left out because of missing values' }),
  discrete: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.Enum(['boolean', 'categorical', 'discrete']),
        levels: Type.Integer(),
      }),
      { description: 'Columns with few distinct values, declared or detected' },
    ),
  ),
};

export const TableReply = Type.Object(tableReply);

export type TableReply = Static<typeof TableReply>;

const dim = (side: string) =>
  Type.Integer({ description: `Number of columns of ${side}, as they were sent` });

export const SamplesReply = Type.Object({ dim_x: dim('x'), dim_y: dim('y'), ...tableReply });

export type SamplesReply = Static<typeof SamplesReply>;

export const TripleReply = Type.Object({
  dim_x: dim('x'),
  dim_y: dim('y'),
  dim_z: dim('z'),
  ...tableReply,
});

/** The bodies of a route that accepts every format. */
export function dataBody(json: TSchema, layout: Layout) {
  const others = tableFormats().flatMap(({ mediaTypes, table }) => {
    const schema = table.describe(layout);
    return schema === undefined ? [] : [[mediaTypes[0], { schema }]];
  });
  return {
    content: { [FORMATS.json.mediaTypes[0]]: { schema: json }, ...Object.fromEntries(others) },
  };
}

/** The formats whose columns or arrays have names. */
const NAMED = tableFormats()
  .filter(({ name }) => name !== FORMATS.tensor.name)
  .map(({ name }) => name)
  .join(', ');

/**
 * The query parameters of a route that accepts every format: where the samples are in the body, and
 * the options. Lists are separated by commas; the fields of an object become `name.field`.
 */
export function dataQuery(layout: Layout, options: Record<string, TSchema>) {
  const { sides, apart } = layout;
  const names = (name: string, columns: string, defaultText: string) => [
    name,
    Type.Optional(
      Type.String({
        description: `${NAMED}: ${columns}, separated by commas; default: ${defaultText}`,
      }),
    ),
  ];
  const dims = sides.map((side) => [
    `dim_${side}`,
    Type.Optional(
      Type.Integer({ minimum: 1, description: `Raw numbers: columns of ${side}; default: 1` }),
    ),
  ]);
  const raw = {
    rows: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Raw numbers: number of rows; required' }),
    ),
    ...Object.fromEntries(dims),
    dtype: Type.Optional(
      Type.Enum(['float64', 'float32'], {
        description: 'Raw numbers: type of each number; default: float64',
      }),
    ),
  };
  return Type.Object({
    ...Object.fromEntries([
      ...sides.map((side) => names(side, `columns of ${side}`, `"${side}"`)),
      ...(apart === undefined
        ? []
        : [
            names(
              apart.name,
              'columns to use',
              sides.length === 0 ? 'all columns' : 'all other columns',
            ),
          ]),
    ]),
    ...(apart === undefined ? raw : {}),
    ...Object.fromEntries(
      parameterSchemas(options).map(([name, schema]) => [name, Type.Optional(schema)]),
    ),
  });
}

/** The errors that can occur while samples are read. */
export const DATA_ERRORS: readonly ErrorCode[] = [
  ...[FORMATS.json, ...tableFormats()].map(({ error }) => error),
  'unsupported_dtype',
  'unknown_column',
  'weights_not_supported',
  'missing_field',
  'unknown_field',
  'invalid_type',
  'invalid_value',
  'out_of_range',
  'not_a_number',
  'not_finite',
  'missing_value',
  'empty_samples',
  'ragged_rows',
  'unequal_rows',
  'too_few_rows',
  'too_many_rows',
  'too_many_columns',
  'too_many_categories',
  'bad_request',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
];

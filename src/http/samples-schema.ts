import { type Static, type TSchema, Type } from 'typebox';
import { FORMATS, tableFormats } from '../formats/registry.js';
import { dataOptions } from '../formats/samples.js';
import type { Layout } from '../formats/table/layout.js';
import { parameterSchemas } from '../formats/table/parameters.js';
import { asGiven } from './request-schema.js';

const cell = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);

/** One side: numbers, or columns that are texts or booleans throughout; null is missing. */
export const DataMatrix = Type.Union(
  [
    Type.Array(cell, { minItems: 2, description: 'One column: a value a row' }),
    Type.Array(Type.Array(cell, { minItems: 1 }), {
      minItems: 2,
      description: 'Rows of equal length',
    }),
  ],
  {
    $id: 'DataMatrix',
    description:
      'Row by row. A column is finite numbers, or texts (categories), or booleans; null is a missing value',
  },
);

/** The options of data as fields of a JSON body. */
export const dataFields = asGiven(dataOptions);

/** One side of a JSON body. */
export const dataMatrix = Type.Unsafe({ $ref: 'DataMatrix#' });

const tableReply = {
  rows: Type.Integer({ description: 'Rows in use' }),
  dropped: Type.Integer({ description: 'Rows left out for missing values' }),
  discrete: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.Enum(['boolean', 'categorical', 'discrete']),
        levels: Type.Integer(),
      }),
      { description: 'Columns that take few values, declared or seen' },
    ),
  ),
};

export const TableReply = Type.Object(tableReply);

export type TableReply = Static<typeof TableReply>;

const dim = (side: string) => Type.Integer({ description: `Columns of ${side} as they were sent` });

export const SamplesReply = Type.Object({ dim_x: dim('x'), dim_y: dim('y'), ...tableReply });

export type SamplesReply = Static<typeof SamplesReply>;

export const TripleReply = Type.Object({
  dim_x: dim('x'),
  dim_y: dim('y'),
  dim_z: dim('z'),
  ...tableReply,
});

/** The bodies of a route that takes every format. */
export function dataBody(json: TSchema, layout: Layout) {
  const others = tableFormats().flatMap(({ mediaTypes, table }) => {
    const schema = table.describe(layout);
    return schema === undefined ? [] : [[mediaTypes[0], { schema }]];
  });
  return {
    content: { [FORMATS.json.mediaTypes[0]]: { schema: json }, ...Object.fromEntries(others) },
  };
}

/**
 * The parameters of such a route: where the samples are, and the fields of a JSON body but the
 * samples themselves, lists separated by commas; those of objects as `name.field`.
 */
export function dataQuery(layout: Layout, options: Record<string, TSchema>) {
  const { sides, apart } = layout;
  const names = (name: string, otherwise: string) => [
    name,
    Type.Optional(
      Type.String({
        description: `CSV, NDJSON, npy, npz, Parquet: columns of ${name}, separated by commas; ${otherwise} by default`,
      }),
    ),
  ];
  const dims = sides.map((side) => [
    `dim_${side}`,
    Type.Optional(Type.Integer({ minimum: 1, description: 'Raw numbers; 1 by default' })),
  ]);
  const raw = {
    rows: Type.Optional(Type.Integer({ minimum: 1, description: 'Raw numbers: rows, required' })),
    ...Object.fromEntries(dims),
    dtype: Type.Optional(
      Type.Enum(['float64', 'float32'], { description: 'Raw numbers; float64 by default' }),
    ),
  };
  return Type.Object({
    ...Object.fromEntries([
      ...sides.map((side) => names(side, `"${side}"`)),
      ...(apart === undefined ? [] : [names(apart.name, 'all others')]),
    ]),
    ...(apart === undefined ? raw : {}),
    ...Object.fromEntries(
      parameterSchemas(options).map(([name, schema]) => [name, Type.Optional(schema)]),
    ),
  });
}

/** The errors that reading samples can end in. */
export const DATA_ERRORS = [
  'invalid_json',
  'invalid_csv',
  'invalid_tensor',
  'invalid_npy',
  'invalid_parquet',
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
] as const;

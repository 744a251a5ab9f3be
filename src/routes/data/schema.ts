import { type Static, type TSchema, Type } from 'typebox';
import { dataOptions, type Format, MEDIA_TYPES } from '../../formats/data.js';

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
export const dataFields = {
  missing: Type.Optional(dataOptions.missing),
  categorical: Type.Optional(dataOptions.categorical),
  discrete: Type.Optional(dataOptions.discrete),
};

export const SamplesReply = Type.Object({
  rows: Type.Integer({ description: 'Rows in use' }),
  dim_x: Type.Integer({ description: 'Columns of x as they were sent' }),
  dim_y: Type.Integer(),
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
});

export type SamplesReply = Static<typeof SamplesReply>;

const binary = (description: string) => Type.String({ format: 'binary', description });

const DESCRIPTIONS: Record<Exclude<Format, 'json'>, TSchema> = {
  csv: Type.String({
    description: 'UTF-8 with a header; ?x= and ?y= name the columns',
    examples: ['x,y\n58.1,1.61\n61.4,1.66\n49.9,1.58\n72.3,1.79\n66,1.7\n54.2,1.63\n'],
  }),
  ndjson: Type.String({
    description: 'An object a line and row; ?x= and ?y= name the fields',
    examples: [
      '{"x":58.1,"y":1.61}\n{"x":61.4,"y":1.66}\n{"x":49.9,"y":1.58}\n{"x":72.3,"y":1.79}\n{"x":66,"y":1.7}\n',
    ],
  }),
  tensor: binary('x, then y, row by row, little-endian; ?rows=, dim_x=, dim_y=, dtype='),
  npy: binary('One array of two dimensions; ?x= and ?y= number its columns from 0'),
  npz: binary('Arrays x and y of numpy.savez'),
  parquet: binary('?x= and ?y= name the columns'),
};

/** The bodies of a route that takes every format. */
export function dataBody(json: TSchema) {
  const others = Object.entries(DESCRIPTIONS).map(([format, schema]) => [
    MEDIA_TYPES[format as Format][0],
    { schema },
  ]);
  return { content: { 'application/json': { schema: json }, ...Object.fromEntries(others) } };
}

/**
 * The parameters of such a route: where the samples are, and the fields of a JSON body but the
 * samples themselves, lists separated by commas.
 */
export function dataQuery(options: Record<string, TSchema>) {
  const names = (side: string) =>
    Type.Optional(
      Type.String({
        description: `CSV, NDJSON, npy, Parquet: columns of ${side}, separated by commas; "${side}" by default`,
      }),
    );
  return Type.Object({
    x: names('x'),
    y: names('y'),
    rows: Type.Optional(Type.Integer({ minimum: 1, description: 'Raw numbers: rows, required' })),
    dim_x: Type.Optional(Type.Integer({ minimum: 1, description: 'Raw numbers; 1 by default' })),
    dim_y: Type.Optional(Type.Integer({ minimum: 1, description: 'Raw numbers; 1 by default' })),
    dtype: Type.Optional(
      Type.Enum(['float64', 'float32'], { description: 'Raw numbers; float64 by default' }),
    ),
    ...Object.fromEntries(
      Object.entries(options).map(([name, schema]) => [name, Type.Optional(schema)]),
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
  'bad_request',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
] as const;

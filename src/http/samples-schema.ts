import { type Static, type TSchema, Type } from 'typebox';
import { dataOptions, type Format, MEDIA_TYPES } from '../formats/table/data.js';
import { choiceFields, type Layout } from '../formats/table/layout.js';
import { parameterSchemas } from '../formats/table/parameters.js';

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

const binary = (description: string) => Type.String({ format: 'binary', description });

/** The bodies of a route that takes every format. */
export function dataBody(json: TSchema, layout: Layout) {
  const others = Object.entries(otherBodies(layout)).map(([format, schema]) => [
    MEDIA_TYPES[format as Format][0],
    { schema },
  ]);
  return { content: { 'application/json': { schema: json }, ...Object.fromEntries(others) } };
}

function otherBodies(layout: Layout): Partial<Record<Format, TSchema>> {
  const choice = choiceFields(layout).map((name) => `?${name}=`);
  const list = choice.join(' and ');
  const { names, rows } = exampleTable(layout);
  const { sides, apart } = layout;
  return {
    csv: Type.String({
      description: `UTF-8 with a header; ${list} name the columns`,
      examples: [[names, ...rows].map((cells) => `${cells.join(',')}\n`).join('')],
    }),
    ndjson: Type.String({
      description: `An object a line and row; ${list} name the fields`,
      examples: [
        rows
          .map((row) => Object.fromEntries(names.map((name, c) => [name, row[c]])))
          .map((row) => `${JSON.stringify(row)}\n`)
          .join(''),
      ],
    }),
    npy: binary(`One array of two dimensions; ${list} number its columns from 0`),
    npz: binary(
      apart === undefined
        ? `Arrays ${sides.join(', ')} of numpy.savez, or those that ${list} name`
        : `Arrays of numpy.savez, named by ${list}`,
    ),
    parquet: binary(`${list} name the columns`),
    ...(apart === undefined
      ? {
          tensor: binary(
            `${sides.join(', then ')}, row by row, little-endian; ?rows=, ?dim_x=, …, ?dtype=`,
          ),
        }
      : {}),
  };
}

/** Columns that the names of a layout find without parameters. */
function exampleTable({ sides, apart }: Layout): { names: string[]; rows: number[][] } {
  const names = [...sides, ...(apart === undefined ? [] : ['bmi', 'bp'])];
  const columns = [
    [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
    [34, 51, 28, 60, 45, 39, 71, 24, 36, 56, 48, 66],
  ].slice(0, names.length);
  return { names, rows: (columns[0] ?? []).map((_, r) => columns.map((column) => column[r] ?? 0)) };
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

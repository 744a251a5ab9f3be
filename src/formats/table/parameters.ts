import type { TSchema } from 'typebox';

/** How the string of a parameter is converted to a value. */
export interface ParameterKind {
  readonly value: 'number' | 'boolean' | 'string';
  /** Whether it is a list: values separated by commas, or one parameter per value. */
  readonly list: boolean;
}

/** Kinds by parameter name: the name of an option, or `option.field` if the option is an object. */
export type ParameterKinds = Readonly<Record<string, ParameterKind>>;

/** The query parameters of options; an option that is an object has one parameter per field. */
export function parameterSchemas(options: Readonly<Record<string, TSchema>>): [string, TSchema][] {
  return Object.entries(options).flatMap(([name, schema]) => {
    if (!('properties' in schema)) return [[name, schema]];
    const fields = Object.entries(schema.properties as Record<string, TSchema>);
    return fields.map(([field, inner]): [string, TSchema] => [`${name}.${field}`, inner]);
  });
}

/** Determines from the schemas of options how to read their parameters. */
export function kindsOf(options: Readonly<Record<string, TSchema>>): ParameterKinds {
  const kinds = parameterSchemas(options).map(([name, schema]): [string, ParameterKind] => {
    const list = 'items' in schema;
    return [name, { value: valueKind(list ? (schema.items as TSchema) : schema), list }];
  });
  return Object.fromEntries(kinds);
}

function valueKind(schema: TSchema): ParameterKind['value'] {
  const type = 'type' in schema ? schema.type : undefined;
  if (type === 'number' || type === 'integer') return 'number';
  return type === 'boolean' ? 'boolean' : 'string';
}

/** The options that the parameters belong to, each once. */
export function optionNames(kinds: ParameterKinds): string[] {
  return [...new Set(Object.keys(kinds).map((name) => name.split('.')[0] as string))];
}

/** The value of a parameter. A string that does not fit the kind stays one and fails the check. */
export function parameterValue(given: string | string[], { value, list }: ParameterKind): unknown {
  const one = (text: string): unknown => {
    if (value === 'number' && text.trim() !== '' && !Number.isNaN(Number(text))) {
      return Number(text);
    }
    if (value === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
    return text;
  };
  if (list) return [given].flat().flatMap((text) => (text === '' ? [] : text.split(',').map(one)));
  return Array.isArray(given) ? given : one(given);
}

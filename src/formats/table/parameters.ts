import type { TSchema } from 'typebox';

/** How the text of a parameter becomes a value. */
export interface ParameterKind {
  readonly value: 'number' | 'boolean' | 'text';
  /** Whether it is a list: values separated by commas, or a parameter for each. */
  readonly list: boolean;
}

/** By the name of the parameter: of an option, or `option.field` of one that is an object. */
export type ParameterKinds = Readonly<Record<string, ParameterKind>>;

/** Options as parameters: one that is an object, a parameter for each of its fields. */
export function parameterSchemas(options: Readonly<Record<string, TSchema>>): [string, TSchema][] {
  return Object.entries(options).flatMap(([name, schema]) => {
    if (!('properties' in schema)) return [[name, schema]];
    const fields = Object.entries(schema.properties as Record<string, TSchema>);
    return fields.map(([field, inner]): [string, TSchema] => [`${name}.${field}`, inner]);
  });
}

/** How to read the parameters that options are, by their schemas. */
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
  return type === 'boolean' ? 'boolean' : 'text';
}

/** The options that parameters stand for, each once. */
export function optionNames(kinds: ParameterKinds): string[] {
  return [...new Set(Object.keys(kinds).map((name) => name.split('.')[0] as string))];
}

/** The value of a parameter; a text that is none of its kind stays a text, for the check to refuse. */
export function parameterValue(
  given: string | string[],
  { value, list }: ParameterKind = { value: 'text', list: false },
): unknown {
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

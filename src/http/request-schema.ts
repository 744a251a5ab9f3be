/** Options that several routes share. */
import { type TProperties, Type } from 'typebox';
import { UNITS } from '../estimation/units.js';

const Probability = { exclusiveMinimum: 0, exclusiveMaximum: 1 };

export const probabilityOption = (description: string, defaultValue: number) =>
  Type.Number({ ...Probability, default: defaultValue, description });

export const tauList = (defaultValue: number[], description: string) =>
  Type.Array(Type.Number(Probability), { default: defaultValue, maxItems: 1000, description });

export const unitOption = Type.Enum([...UNITS], { default: 'nats' });

export const modelOption = Type.Optional(
  Type.String({
    description:
      'Id of a model, as listed by GET /models; default: the default model of the server',
  }),
);

export const idOption = Type.Optional(
  Type.String({
    maxLength: 200,
    description: 'Returned in the reply; default: the id of the request',
  }),
);

export const seedOption = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 0, description });

/** The options as fields of a request, in which options with a default are optional. */
export function asGiven<T extends TProperties>(options: T): TProperties {
  return Object.fromEntries(
    Object.entries(options).map(([name, schema]) => [
      name,
      'default' in schema ? Type.Optional(schema) : schema,
    ]),
  );
}

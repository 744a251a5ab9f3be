import { type TObject, type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../../errors.js';
import { UNITS } from '../../estimation/units.js';
import { FORMATS } from '../../formats/registry.js';
import { dataOptions } from '../../formats/samples.js';
import type { Layout } from '../../formats/table/layout.js';
import { MODEL_ERRORS, problemResponses } from '../../http/problem-schema.js';
import {
  estimateWarnings,
  informationCorrelation,
  interval,
  modelExample,
  modelReply,
  modelTimingReply,
  REQUEST_ID_EXAMPLE,
} from '../../http/reply-schema.js';
import {
  idOption,
  modelOption,
  probabilityOption,
  seedOption,
  unitOption,
} from '../../http/request-schema.js';
import { DATA_ERRORS, dataBody, dataMatrix, dataQuery } from '../../http/samples-schema.js';

/** The options of every analysis, apart from those about its samples. */
export const analysisOptions = {
  level: probabilityOption('Probability of the interval', 0.9),
  unit: unitOption,
  model: modelOption,
  seed: seedOption('Seed of all random draws; the same request gives the same answer'),
  id: idOption,
};

/** Largest number of draws of a permutation test. */
const MOST_PERMUTATIONS = 100_000;

export function permutationsOption(description: string, options: { default?: number } = {}) {
  return Type.Integer({ minimum: 0, maximum: MOST_PERMUTATIONS, description, ...options });
}

export const earlyStopOption = Type.Boolean({
  default: true,
  description:
    'Stop once 20 draws are at least as large as the estimate; the relative error of the p-value is then about a fifth',
});

/** Named columns: either the values of each name, or rows together with a name for each column. */
export const namedColumns = (name: string, description: string) => ({
  [name]: Type.Optional(Type.Record(Type.String(), dataMatrix, { description })),
  data: Type.Optional(
    Type.Unsafe({ $ref: 'DataMatrix#', description: `Rows of all columns, instead of ${name}` }),
  ),
  names: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Names of the columns of data; default: "column 0", "column 1", …',
    }),
  ),
});

/** The short form of an estimate. */
export const briefReply = {
  estimate: Type.Number({ minimum: 0, description: 'The median' }),
  interval: interval(),
  information_correlation: informationCorrelation,
};

export const probability = (description: string) =>
  Type.Number({ minimum: 0, maximum: 1, description });

/** The result of a permutation test. */
export const testReply = {
  p_value: probability('p-value of a permutation test'),
  p_value_error: Type.Number({ minimum: 0, description: 'Monte Carlo standard error of p_value' }),
  permutations: Type.Integer({ description: 'Number of draws behind p_value' }),
};

/** The result of a permutation test that may be switched off. */
export const optionalTestReply = {
  p_value: Type.Optional(testReply.p_value),
  p_value_error: Type.Optional(testReply.p_value_error),
  permutations: Type.Optional(testReply.permutations),
};

/** The fields of every reply, apart from the result of the analysis. */
export const analysisReply = {
  unit: Type.Enum([...UNITS]),
  model: modelReply,
  warnings: estimateWarnings,
  timing: modelTimingReply('summed over threads'),
  id: Type.String(),
};

export const analysisReplyExample = {
  unit: 'nats',
  model: modelExample,
  warnings: [],
  timing: { parse_ms: 0.6, queue_ms: 0.1, encode_ms: 88.2, inference_ms: 1902, total_ms: 1011 },
  id: REQUEST_ID_EXAMPLE,
};

interface AnalysisText {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
}

interface AnalysisForms {
  /** The JSON body. It and the reply have an `$id`. */
  readonly request: TSchema;
  readonly reply: TSchema;
  /** Errors besides those of data and models. */
  readonly problems?: readonly ErrorCode[];
}

/** A route of `addAnalysis`: what it reads, in any format, and its OpenAPI description. */
export function analysisRoute<Name extends string, Options extends TObject>(
  { url, layout, options }: { url: string; layout: Layout<Name>; options: Options },
  forms: AnalysisForms,
  text: AnalysisText,
) {
  const schema = {
    ...describeAnalysis(forms, text),
    querystring: dataQuery(layout, { ...dataOptions, ...options.properties }),
    body: dataBody(refTo(forms.request), layout),
  };
  return { url, layout, options, schemas: [forms.request, forms.reply], schema };
}

/** The description of a route that accepts only JSON. */
export function jsonAnalysisSchema(forms: AnalysisForms, text: AnalysisText) {
  return {
    ...describeAnalysis(forms, text),
    querystring: Type.Object({}, { additionalProperties: false }),
    body: { content: { [FORMATS.json.mediaTypes[0]]: { schema: refTo(forms.request) } } },
  };
}

function describeAnalysis({ reply, problems = [] }: AnalysisForms, text: AnalysisText) {
  return {
    tags: ['analyses'],
    ...text,
    response: {
      200: {
        description: text.summary,
        content: { 'application/json': { schema: refTo(reply) } },
      },
      ...problemResponses(...DATA_ERRORS, ...MODEL_ERRORS, ...problems),
    },
  };
}

/** A reference to a schema that has an `$id`. */
function refTo(schema: TSchema) {
  const { $id } = schema as { $id?: string };
  return Type.Unsafe({ $ref: `${$id}#` });
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { type Static, Type } from 'typebox';
import { MistdError } from '../errors.js';

const Range = Type.Array(Type.Integer({ minimum: 1 }), { minItems: 2, maxItems: 2 });

/** `manifest.json` of a model folder: what the model is, and what it was trained on. */
export const Manifest = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$' }),
  version: Type.String({ minLength: 1 }),
  kind: Type.Enum(['mistd', 'mist-reference']),
  description: Type.String(),
  files: Type.Record(
    Type.String(),
    Type.Object({
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      bytes: Type.Integer({ minimum: 0 }),
    }),
  ),
  encoding: Type.Enum(['normal-scores', 'zero-padding']),
  // Only for kind mist-reference: the number of columns of x and y together that the network reads.
  columns: Type.Optional(Type.Integer({ minimum: 2 })),
  // The scores of x and of y; for mist-reference the padded samples, and tau unless the network
  // gives a point estimate.
  inputs: Type.Array(Type.String(), { minItems: 1, maxItems: 2 }),
  output: Type.String(),
  taus: Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), { minItems: 3 }),
  trained: Type.Object({ rows: Range, dim_x: Range, dim_y: Range }),
  // Number of rows up to which the model's answer does not depend on their order; with more rows,
  // some of its statistics start from the first rows only.
  reads_first: Type.Optional(Type.Integer({ minimum: 1 })),
  // Whether samples get the same answer, to the bit, in any batch.
  batch_invariant: Type.Optional(Type.Boolean()),
  // May have more fields on how the exponent was calibrated.
  blocks: Type.Object(
    {
      rows: Type.Integer({ minimum: 4 }),
      spread_exponent: Type.Number({ minimum: 0, maximum: 1 }),
    },
    { additionalProperties: true },
  ),
  meta_distribution: Type.Record(Type.String(), Type.Unknown()),
  metrics: Type.Record(Type.String(), Type.Unknown()),
  created: Type.String(),
  training: Type.Record(Type.String(), Type.Unknown()),
});

export type Manifest = Static<typeof Manifest>;

export const MODEL_FILE = 'model.onnx';
/** Computes d quantile / d scores; optional. */
export const GRADIENT_FILE = 'gradient.onnx';

const ajv = new Ajv();
const check = ajv.compile<Manifest>(Manifest);

/**
 * Reads and checks `<folder>/manifest.json`.
 *
 * @throws Error that says what is wrong with the manifest.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  if (!check(manifest)) {
    throw new Error(`manifest.json: ${ajv.errorsText(check.errors, { dataVar: 'manifest' })}`);
  }
  const { taus, files, kind, encoding, columns, inputs } = manifest;
  if (taus.some((tau, k) => k > 0 && tau <= (taus[k - 1] as number))) {
    throw new Error('manifest.json: taus must ascend');
  }
  if (!taus.includes(0.5)) throw new Error('manifest.json: taus must contain 0.5');
  if (!Object.hasOwn(files, MODEL_FILE)) {
    throw new Error(`manifest.json: files must list ${MODEL_FILE}`);
  }
  const reference = kind === 'mist-reference';
  if (reference !== (encoding === 'zero-padding')) {
    throw new Error(`manifest.json: kind ${kind} cannot have encoding ${encoding}`);
  }
  if (reference && columns === undefined) throw new Error('manifest.json: columns is missing');
  if (!reference && inputs.length !== 2)
    throw new Error('manifest.json: inputs must list two names');
  return manifest;
}

/**
 * Reads a file of a model and compares its checksum with the manifest's. The service loads exactly
 * the bytes that were checked.
 *
 * @throws Error if the checksums differ.
 */
export async function readModelFile(
  folder: string,
  manifest: Manifest,
  name: string,
): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, name));
  const expected = manifest.files[name]?.sha256;
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) {
    throw new Error(`${name} has sha256 ${actual}, but the manifest says ${expected}`);
  }
  return bytes;
}

export function hasGradient(manifest: Manifest): boolean {
  return Object.hasOwn(manifest.files, GRADIENT_FILE);
}

/** @throws MistdError no_gradient */
export function requireGradient(manifest: Manifest): void {
  if (hasGradient(manifest)) return;
  throw new MistdError('no_gradient', `Model ${manifest.id} has no ${GRADIENT_FILE}.`, {
    pointer: '/model',
  });
}

export function modelSha256(manifest: Manifest): string {
  return manifest.files[MODEL_FILE]?.sha256 ?? '';
}

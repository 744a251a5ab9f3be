import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GRADIENT_FILE, hasGradient, MODEL_FILE, readManifest, readModelFile } from './manifest.js';
import type { LoadedModel, ModelFailure } from './protocol.js';

export interface LoadedFolder {
  readonly models: readonly LoadedModel[];
  readonly failures: readonly ModelFailure[];
}

/**
 * Reads every model in a folder: each subfolder has a manifest and the model files that it lists. A
 * model that cannot be read becomes a failure with its reason; the others are still loaded.
 */
export async function loadModels(folder: string): Promise<LoadedFolder> {
  const models: LoadedModel[] = [];
  const failures: ModelFailure[] = [];
  for (const name of await subfolders(folder)) {
    try {
      const path = join(folder, name);
      const manifest = await readManifest(path);
      if (manifest.id !== name)
        throw new Error(`manifest.json: id is ${manifest.id}, but the folder is ${name}`);
      models.push({
        manifest,
        bytes: await readModelFile(path, manifest, MODEL_FILE),
        ...(hasGradient(manifest)
          ? { gradient: await readModelFile(path, manifest, GRADIENT_FILE) }
          : {}),
      });
    } catch (error) {
      failures.push({ id: name, reason: (error as Error).message });
    }
  }
  return { models, failures };
}

/** @throws Error when the folder cannot be read. */
async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

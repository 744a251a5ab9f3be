// Adapts the default model to an example's columns and writes the figures into docs/adapt.md.
// Run it with: npm run adapt:example
import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from './root.js';
import { TRAINING, trainingPython } from './training-python.js';

const PAGE = `${ROOT}docs/adapt.md`;
const FOLDER = `${TRAINING}/runs/models/cell-nuclei`;
const MEASURES = ['radius', 'perimeter', 'area', 'compactness', 'concavity', 'concave_points'];

const args = ['adapt', '--samples', '../examples/breast_cancer.csv', '--id', 'cell-nuclei'];
args.push('--x', columns('mean'), '--y', columns('worst'), '--models', 'runs/models');
args.push('--steps', '400', '--workers', '1', '--no-gradient');
trainingPython()('-m', 'mistd_training.cli', ...args);

const card = readFileSync(`${FOLDER}/card.md`, 'utf8');
const figures = card.slice(card.indexOf('| rows |'), card.indexOf('**More than'));
// The base is training/checkpoints/mist.pt, which holds the weights of this model.
const manifest = JSON.parse(readFileSync(`${ROOT}models/mist/manifest.json`, 'utf8'));
const { version } = manifest as { version: string };
const page = readFileSync(PAGE, 'utf8');
const [before, after] = [page.split('<!-- figures -->')[0], page.split('<!-- /figures -->')[1]];
writeFileSync(
  PAGE,
  `${before}<!-- figures -->\nThe base is mist ${version}.\n\n${figures}<!-- /figures -->${after}`,
);

function columns(prefix: string): string {
  return MEASURES.map((measure) => `${prefix}_${measure}`).join(',');
}

// Adapts the default model to an example's columns and writes the figures into docs/adapt.md.
// Run it with: npm run adapt:example
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './python.js';
import { TRAINING, trainingPython } from './training.js';

const PAGE = fileURLToPath(new URL('../docs/adapt.md', import.meta.url));
const FOLDER = `${TRAINING}/runs/models/cell-nuclei`;
const MEASURES = ['radius', 'perimeter', 'area', 'compactness', 'concavity', 'concave_points'];

/** @param {string} prefix */
const columns = (prefix) => MEASURES.map((measure) => `${prefix}_${measure}`).join(',');

const args = ['adapt', '--samples', '../examples/breast_cancer.csv', '--id', 'cell-nuclei'];
args.push('--x', columns('mean'), '--y', columns('worst'), '--models', 'runs/models');
args.push('--steps', '400', '--workers', '1', '--no-gradient');
run(trainingPython(), ['-m', 'mistd_training.cli', ...args], TRAINING);

const card = readFileSync(`${FOLDER}/card.md`, 'utf8');
const figures = card.slice(card.indexOf('| rows |'), card.indexOf('**More than'));
// training/checkpoints/mist.pt, the base, holds its weights.
const { version } = JSON.parse(readFileSync(`${TRAINING}/../models/mist/manifest.json`, 'utf8'));
const page = readFileSync(PAGE, 'utf8');
const [before, after] = [page.split('<!-- figures -->')[0], page.split('<!-- /figures -->')[1]];
writeFileSync(
  PAGE,
  `${before}<!-- figures -->\nThe base is mist ${version}.\n\n${figures}<!-- /figures -->${after}`,
);

/**
 * The plan of src/, held by `npm run lint:imports`.
 *
 * A floor imports from itself and from the floors below it, never from one above. So a reader can
 * start at any floor and look only downwards, and the lower floors run anywhere, a browser included.
 */
const FLOORS = [
  { name: 'entries', path: '^src/(server|openapi|helper-thread)\\.ts$', is: 'what node starts: they compose, nothing imports them' },
  { name: 'app', path: '^src/app\\.ts$', is: 'puts the service together' },
  { name: 'routes', path: '^src/routes/', is: 'one folder per resource: a schema, and a handler that reads, asks and replies' },
  { name: 'http', path: '^src/http/', is: 'what is HTTP but no route: bodies, samples, replies, problems, deadlines' },
  { name: 'threads', path: '^src/threads/', is: 'helper threads: a pool and its protocol, no policy' },
  { name: 'inference', path: '^src/inference/', is: 'models: files, sessions, threads that run them, the queue' },
  { name: 'formats', path: '^src/formats/', is: 'bytes → samples, preference pairs, lines' },
  { name: 'preference', path: '^src/preference/', is: 'DID: what a policy has learned from preferences' },
  { name: 'estimation', path: '^src/estimation/', is: 'questions about mutual information, put to a model' },
  { name: 'discrete', path: '^src/discrete/', is: 'estimators for columns of few values' },
  { name: 'classical', path: '^src/classical/', is: 'estimators without a model' },
  { name: 'samples', path: '^src/samples/', is: 'columns and sides: types, missing values, categories, facts' },
  { name: 'encoding', path: '^src/encoding/', is: 'ranks and normal scores' },
  { name: 'maths', path: '^src/maths/', is: 'small numerics that several floors use' },
  { name: 'ground', path: '^src/(config|errors|warnings|validation|version)\\.ts$', is: 'settings and tables that every floor may use' },
];

const upwards = FLOORS.slice(1).map(({ name, path, is }, i) => ({
  name: `${name}-imports-nothing-above`,
  comment: `${name}: ${is}.`,
  severity: 'error',
  from: { path },
  to: { path: FLOORS.slice(0, i + 1).map((floor) => floor.path) },
}));

/** Floors that know only data: they run in Node, in a thread and in a browser alike. */
const PURE = '^src/(estimation|discrete|classical|preference|samples|encoding|maths)/';

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Files that import each other cannot be read one after the other.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-stray-file',
      comment: 'Every file of src stands on a floor.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: FLOORS.map(({ path }) => path) },
    },
    ...upwards,
    {
      name: 'pure-floors-do-not-know-node',
      comment: 'The pure floors import neither Node nor a server, threads or ONNX Runtime.',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-floors-do-not-know-servers',
      comment: 'The pure floors import neither Node nor a server, threads or ONNX Runtime.',
      severity: 'error',
      from: { path: PURE },
      to: { path: 'node_modules/(@?fastify|onnxruntime|piscina|pino|ajv)' },
    },
    {
      name: 'fastify-above',
      comment: 'Only the app, its routes and http know the server.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(app\\.ts$|routes/|http/)' },
      to: { path: 'node_modules/@?fastify' },
    },
    {
      name: 'onnxruntime-in-inference',
      comment: 'Only inference runs models.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/inference/' },
      to: { path: 'node_modules/onnxruntime' },
    },
    {
      name: 'piscina-in-threads',
      comment: 'Only threads knows the library of the helper threads.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/threads/' },
      to: { path: 'node_modules/piscina' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};

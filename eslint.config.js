import tseslint from 'typescript-eslint';

/** Clocks and unseeded randomness would make a result depend on more than its recipe. */
const nondeterminism = [
  { object: 'Math', property: 'random', message: 'Use a named Rng stream (pipeline/core/rng.ts).' },
  { object: 'Date', property: 'now', message: 'Operators must not read the clock.' },
];

/** What the pipeline may not import; only the NATS adapter may load its client. */
const pipelineImports = (...packages) => ({
  paths: packages.map((name) => ({ name, message: 'The pipeline decides; it computes nothing.' })),
  patterns: [
    { group: ['@tensorflow/*'], message: 'Only operators/tensor may load TensorFlow.' },
    {
      regex: 'operators/(?!methods/(registry|method)\\.js|report/(report-file|run-facts)\\.js|.*-data\\.js)',
      allowTypeImports: true,
      message: 'The pipeline knows shapes and method names; stage code is imported lazily, in stages.ts.',
    },
    {
      group: ['**/workers/**', '!**/workers/worker.js', '!**/workers/same-version.js'],
      message: 'The pipeline reaches workers through the bus.',
    },
  ],
});

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'runs', '.haf', 'data', 'coverage', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
      ],
    },
  },
  // The page runs in a browser: its modules have a configuration of their own.
  {
    files: ['src/page/**/*.ts'],
    languageOptions: { parserOptions: { project: './src/page/tsconfig.json' } },
  },
  {
    files: ['src/pipeline/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', pipelineImports('sharp', 'nats')] },
  },
  {
    files: ['src/pipeline/bus/nats/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', pipelineImports('sharp')] },
  },
  {
    files: ['src/pipeline/core/**/*.ts', 'src/operators/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', ...nondeterminism] },
  },
  {
    files: ['src/operators/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/workers/**', 'nats'], message: 'Operators know nothing of processes or messages.' },
            {
              regex:
                'pipeline/(?!core/|stage\\.js|config/(schema|data-schema|slots|presets)\\.js|config/cohorts/)',
              message:
                'Operators may import pipeline/core, the stage contract, and of the config its types, slots and predeclared cohorts.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/pipeline/core/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^\\.\\./|@tensorflow/|^nats$|^sharp$|^rxjs$',
              message: 'The core is pure: it imports nothing of the pipeline around it and no engine.',
            },
          ],
        },
      ],
    },
  },
  { files: ['src/**/*.ts'], rules: { 'max-lines': ['error', { max: 300 }] } },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);

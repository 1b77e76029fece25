import tseslint from 'typescript-eslint'

const only = (message, selector) => ({ message, selector })

export default tseslint.config(
  { ignores: ['dist', 'coverage', '**/*.cjs', '**/*.js'] },
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      complexity: ['error', 10],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        only('Use named exports.', 'ExportDefaultDeclaration'),
        only(
          'Throw an AppError with a code.',
          'ThrowStatement > NewExpression[callee.name="Error"]',
        ),
        only(
          'Read the environment in base/config.ts.',
          'MemberExpression[object.name="process"][property.name="env"]',
        ),
      ],
    },
  },
  {
    // The doors of the environment: the daemon's and the CLI's, and the host programs' own.
    files: [
      'src/base/config.ts',
      'src/cli/**/*.ts',
      'src/main.ts',
      'src/gateway-process.ts',
      'src/services/*/main.ts',
    ],
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
)

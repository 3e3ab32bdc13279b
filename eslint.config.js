import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';
import IMPORT_RULES from './eslint.imports.js';

export default tseslint.config(
  { ignores: ['dist/', 'lib/', 'node_modules/', 'coverage/', '.cache/', '.test-output/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Index signatures are read by brackets, as the compiler asks for in the environment and in open objects.
      '@typescript-eslint/dot-notation': 'off',
      // What is left out by destructuring is left out on purpose.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Each subject of the catalogue of texts adds its messages to those of the others like this.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  ...IMPORT_RULES,
  {
    files: ['__tests__/**/*.ts'],
    // Objects are written as they go over the wire, whatever classes a client has for them.
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['__tests__/**/*.test.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect[A-Z]*', 'stage.pass'] }],
      'jest/no-conditional-expect': 'error',
      'jest/no-standalone-expect': [
        'error',
        { additionalTestBlockFunctions: ['testOnEmbedded', 'testOnEmbedded.each'] },
      ],
    },
  },
);

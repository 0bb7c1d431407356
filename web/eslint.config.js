import vue from 'eslint-plugin-vue'
import globals from 'globals'
import typescript from 'typescript-eslint'

export default typescript.config(
  { ignores: ['dist', 'src/api/schema.ts'] },
  ...typescript.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.{ts,vue}'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        parser: typescript.parser,
        extraFileExtensions: ['.vue'],
        projectService: { allowDefaultProject: ['vite.config.ts'] },
      },
    },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 320, skipBlankLines: true }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': ['error', { html: { void: 'any', normal: 'always', component: 'always' } }],
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      // What a person reads is in src/texts.
      'vue/no-bare-strings-in-template': [
        'error',
        {
          allowlist: ['Pinhole'],
          attributes: { '/.+/': ['alt', 'aria-label', 'aria-valuetext', 'hint', 'label', 'placeholder', 'text', 'title'] },
        },
      ],
      'vue/no-v-html': 'error',
    },
  },
)

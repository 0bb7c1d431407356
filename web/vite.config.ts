import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const gateway = 'http://127.0.0.1:9475'

/** Puts the Swagger UI that `/api/docs` shows next to the client, so that it too comes from this server. */
function docsAssets(): Plugin {
  const require = createRequire(import.meta.url)
  return {
    name: 'docs-assets',
    apply: 'build',
    generateBundle() {
      for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
        const source = readFileSync(require.resolve(`swagger-ui-dist/${file}`))
        this.emitFile({ type: 'asset', fileName: `docs-assets/${file}`, source })
      }
    },
  }
}

export default defineConfig({
  plugins: [vue(), docsAssets()],
  build: {
    target: ['chrome123', 'edge123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0,
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': gateway,
      '/media': gateway,
      '/live': { target: gateway, ws: true },
    },
  },
  test: { include: ['tests/**/*.test.ts'], restoreMocks: true },
})

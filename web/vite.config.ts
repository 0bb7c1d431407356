import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
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

/** Puts each file that gets smaller by it compressed beside itself: the server sends what the browser takes. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      const texts = readdirSync(dir!, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(html|js|css|svg)$/.test(name))
      for (const path of texts.map((name) => join(dir!, name))) {
        const whole = readFileSync(path)
        // The best takes seconds for a megabyte.
        const params = { [constants.BROTLI_PARAM_QUALITY]: whole.length < 500_000 ? 11 : 5 }
        writeFileSync(`${path}.br`, brotliCompressSync(whole, { params }))
        writeFileSync(`${path}.gz`, gzipSync(whole, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [vue(), docsAssets(), compressed()],
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

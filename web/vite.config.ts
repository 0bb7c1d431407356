import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { build, minify, type Plugin, type Rolldown, transformWithOxc } from 'vite'
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

/** Gives `src/early.ts` a file of its own, and tells it the files that show photos, which it may preload. */
function early(): Plugin {
  const source = 'src/early.ts'
  let reference: string
  let name: string
  return {
    name: 'early',
    apply: 'build',
    async buildStart() {
      const { code } = await transformWithOxc(readFileSync(source, 'utf8'), source)
      reference = this.emitFile({ type: 'asset', name: 'early.js', source: (await minify('early.js', code)).code })
    },
    generateBundle() {
      name = this.getFileName(reference)
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle, chunk }) {
        const chunks = Object.values(bundle!).filter((each) => each.type === 'chunk')
        const first = new Set([...filesOf(chunk!, chunks)])
        const chunkOfPhotos = chunks.find(({ facadeModuleId }) => facadeModuleId === loggedIn)!
        const files = [...filesOf(chunkOfPhotos, chunks)].filter((file) => !first.has(file)).map((file) => `/${file}`)
        const before = `src="/${source}"`
        if (!html.includes(before)) throw new Error(`index.html has no ${before}`)
        return html.replace(before, `src="/${name}" data-photos="${files.join(' ')}"`)
      },
    },
  }
}

/** A chunk, what it imports, and their styles. */
function* filesOf(chunk: Rolldown.OutputChunk, chunks: Rolldown.OutputChunk[]): Generator<string> {
  yield chunk.fileName
  yield* chunk.viteMetadata?.importedCss ?? []
  for (const imported of chunk.imports) yield* filesOf(chunks.find(({ fileName }) => fileName === imported)!, chunks)
}

/**
 * Not of the shell: what only `/api/docs` shows, what only an installation does, letters that no text of ours has, and what shows
 * panoramas, which is as large as all the rest.
 */
const NOT_OF_SHELL = /^docs-assets\/|^icon-|\/inter-(?!latin-wght)|\/LookAround-/

/**
 * Builds the service worker as `/sw.js`: of that name, without a hash, since that is how browsers find a new one.
 * It is told the files of the shell with their digests, of which the browser takes no other content.
 */
function serviceWorker(): Plugin {
  const input = 'src/worker/worker.ts'
  const output = { entryFileNames: 'sw.js', format: 'iife' } as const
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const made = Object.values(bundle).map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source] as const)
        const laid = readdirSync('public').filter((name) => name !== 'docs-assets')
        const all = [...made, ...laid.map((name) => [name, readFileSync(join('public', name))] as const)]
        const shell = all.filter(([name]) => !NOT_OF_SHELL.test(name))
        const files = Object.fromEntries(shell.map(([name, content]) => [`/${name}`, `sha256-${sha256(content)}`]))
        // The page is kept with what tells browsers what it may do.
        const headers = readFileSync('../layers/core/pinhole/security_headers.py', 'utf8')
        const version = sha256(JSON.stringify(files) + headers).replace(/\W/g, '').slice(0, 12)
        const built = await build({
          configFile: false,
          publicDir: false,
          logLevel: 'warn',
          define: { __SHELL__: JSON.stringify({ version, files }) },
          build: { target, write: false, modulePreload: false, rolldownOptions: { input, output } },
        })
        const [worker] = (built as Rolldown.RolldownOutput).output
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker.code })
      },
    },
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64')
}

type Modules = { getModuleInfo: Rolldown.GetModuleInfo }

/** The modules that a module needs at once, itself among them. */
function needs(id: string, modules: Modules, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found
  found.add(id)
  for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) needs(imported, modules, found)
  return found
}

const main = join(import.meta.dirname, 'src/main.ts')
const loggedIn = join(import.meta.dirname, 'src/app/loggedIn.ts')

/** What is needed for a first look comes in few files: a slow line pays for each with headers, and takes six at once. */
function chunkOf(id: string, modules: Modules): string | null {
  if (needs(main, modules).has(id)) return 'first'
  return needs(loggedIn, modules).has(id) ? 'photos' : null
}

const target = ['chrome123', 'edge123', 'firefox125', 'safari17.5']

export default defineConfig({
  define: { __VUE_OPTIONS_API__: 'false' },
  plugins: [vue(), early(), docsAssets(), serviceWorker(), compressed()],
  build: {
    target,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of what shows panoramas, and comes when one is looked around in.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: chunkOf }] } },
    },
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
  // A busy machine is slow, not wrong.
  test: { include: ['tests/**/*.test.ts'], restoreMocks: true, testTimeout: 120_000 },
})

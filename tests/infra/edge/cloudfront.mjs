// A CloudFront function in a world that has no more than its runtime: stdin is {source, now, keys, requests}, stdout
// what the function returns for each request.
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import vm from 'node:vm'

const IMPORT = "import cf from 'cloudfront';"
const { source, now, keys, requests } = JSON.parse(readFileSync(0, 'utf8'))

function crypto(name) {
  if (name !== 'crypto') throw new Error(`there is no module ${name}`)
  return {
    createHmac: (algorithm, key) => ({
      update(text) {
        const digest = (encoding) => createHmac(algorithm, key).update(text).digest(encoding)
        return { digest }
      },
    }),
  }
}

function get(key) {
  if (!Object.hasOwn(keys, key)) return Promise.reject(new Error('KeyNotFound'))
  return Promise.resolve(keys[key])
}

const cf = { kvs: () => ({ get }) }
const world = vm.createContext(
  { require: crypto, cf, Buffer: { from: Buffer.from } },
  { codeGeneration: { strings: false, wasm: false } },
)
vm.runInContext(`Date.now = () => ${now * 1000}`, world)
if (!source.includes(IMPORT)) throw new Error(`the store of keys comes by ${IMPORT}`)
const handler = vm.runInContext(`'use strict'; ${source.replace(IMPORT, '')}; handler`, world)

const answers = []
for (const { method, path, query } of requests) {
  const request = {
    method,
    uri: path,
    querystring: { e: { value: 'as CloudFront reads it' } },
    headers: { range: { value: 'bytes=0-9' } },
    cookies: {},
    rawQueryString: () => (query === '' ? undefined : query),
  }
  const event = { version: '1.0', context: { eventType: 'viewer-request', requestId: 'request-1' }, request }
  answers.push(await handler(event))
}
process.stdout.write(JSON.stringify(answers))

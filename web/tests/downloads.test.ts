import { expect, test } from 'vitest'
import { uniqueNames } from '../src/downloads/names'
import { type Entry, entriesOf, type Original, type Source } from '../src/downloads/originals'
import { heldZips } from '../src/downloads/zip'

test('names are unique whatever a system makes of case and accents, and files of one item stay alike', () => {
  const nameAll = uniqueNames()
  expect(nameAll(['IMG_1.HEIC', 'IMG_1.MOV'])).toEqual(['IMG_1.HEIC', 'IMG_1.MOV'])
  expect(nameAll(['img_1.mov'])).toEqual(['img_1 (2).mov'])
  expect(nameAll(['IMG_1.heic', 'IMG_1.mov'])).toEqual(['IMG_1 (3).heic', 'IMG_1 (3).mov'])
  expect(nameAll(['Zoe\u0308.jpg'])).toEqual(['Zoe\u0308.jpg'])
  expect(nameAll(['Zoë.jpg'])).toEqual(['Zoë (2).jpg'])
  expect(nameAll(['Zoë (2).jpg'])).toEqual(['Zoë (2) (2).jpg'])
})

test('names are such that every system takes them', () => {
  const nameAll = uniqueNames()
  const odd = ['../../etc/passwd', 'a\\b:c.jpg', 'con.jpg', 'ends. ', '...', '\u0000.png', 'CON .jpg', 'com¹.jpg']
  expect(odd.flatMap((name) => nameAll([name]))).toEqual([
    '.._.._etc_passwd',
    'a_b_c.jpg',
    '_con.jpg',
    'ends',
    'photo',
    '_.png',
    '_CON .jpg',
    '_com¹.jpg',
  ])
  expect(nameAll(['花'.repeat(255) + '.jpg'])).toEqual(['花'.repeat(78) + '.jpg'])
})

/** A store that has the files `bytes`, and signs addresses that are good for `life` ms. */
class Store {
  asked: string[][] = []
  requests: string[] = []
  paused = 0
  missing: string[] = []
  taken: Record<string, string> = {}
  bytes = 0
  clock = 0
  /** What to do before an answer; e.g. to break it. */
  before: (address: string, from: number) => Response | undefined = () => undefined

  constructor(private readonly files: Record<string, string>) {}

  source(most = 2): Source {
    return {
      most,
      signal: new AbortController().signal,
      now: () => this.clock,
      pause: () => Promise.resolve(void (this.paused += 1)),
      onBytes: (bytes) => (this.bytes += bytes),
      onItem: (missing) => missing && this.missing.push('one'),
      sign: (ids) => {
        this.asked.push(ids)
        const files = ids.filter((id) => id in this.files).map((id): Original => {
          const url = `https://store/${id}?signed=${this.asked.length}`
          return { itemId: id, url, filename: `${id}.jpg`, sizeBytes: this.files[id]!.length, takenAtLocal: this.taken[id] ?? '2024-07-14T10:00:00' }
        })
        return Promise.resolve({ files, expiresAt: new Date(this.clock + 900_000).toISOString() })
      },
      fetch: (input, init) => {
        const address = input as string
        const range = new Headers(init?.headers).get('Range')
        const from = Number(range?.match(/\d+/)?.[0] ?? 0)
        this.requests.push(`${address} ${range ?? ''}`.trim())
        try {
          const instead = this.before(address, from)
          if (instead) return Promise.resolve(instead)
        } catch (error) {
          return Promise.reject(error as Error)
        }
        const id = address.match(/store\/(\w+)/)![1]!
        return Promise.resolve(new Response(this.files[id]!.slice(from), { status: range ? 206 : 200 }))
      },
    }
  }
}

async function read(store: Store, ids: string[], most?: number): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for await (const { name, input } of entriesOf(ids, store.source(most))) {
    let text = ''
    for await (const chunk of input) text += new TextDecoder().decode(chunk)
    files[name] = text
  }
  return files
}

test('addresses are asked for as they are needed', async () => {
  const store = new Store({ a: '1', b: '22', c: '333' })
  expect(await read(store, ['a', 'b', 'c'])).toEqual({ 'a.jpg': '1', 'b.jpg': '22', 'c.jpg': '333' })
  expect(store.asked).toEqual([['a', 'b'], ['c']])
  expect(store.bytes).toBe(6)
})

test('addresses that have run out meanwhile are asked for again', async () => {
  const store = new Store({ a: '1', b: '22' })
  store.before = () => {
    store.clock += 850_000
    return undefined
  }
  await read(store, ['a', 'b'])
  expect(store.asked).toEqual([['a', 'b'], ['b']])
})

test('a connection that breaks goes on where it was, by a fresh address', async () => {
  const store = new Store({ a: 'the whole file' })
  store.before = (_address, from) => {
    if (from > 0) return undefined
    const body = new ReadableStream<Uint8Array>({
      start: (to) => to.enqueue(new TextEncoder().encode('the wh')),
      pull: (to) => to.error(new TypeError('network error')),
    })
    return new Response(body)
  }
  expect(await read(store, ['a'])).toEqual({ 'a.jpg': 'the whole file' })
  expect(store.requests).toEqual(['https://store/a?signed=1', 'https://store/a?signed=1 bytes=6-'])
})

test('an address that is refused is replaced', async () => {
  const store = new Store({ a: '1' })
  store.before = (address) => (address.endsWith('=1') ? new Response('', { status: 403 }) : undefined)
  expect(await read(store, ['a'])).toEqual({ 'a.jpg': '1' })
  expect(store.requests.at(-1)).toBe('https://store/a?signed=2')
})

test('what is gone is left out and told, and all others come', async () => {
  const store = new Store({ a: '1', b: '22' })
  store.before = (address) => (address.includes('/b') ? new Response('', { status: 404 }) : undefined)
  expect(await read(store, ['a', 'gone', 'b'])).toEqual({ 'a.jpg': '1' })
  expect(store.missing).toHaveLength(2)
})

test('what the store refuses for good is left out and told, and all others come', async () => {
  const store = new Store({ a: '1', b: '22' })
  store.before = (address) => (address.includes('/b') ? new Response('', { status: 400 }) : undefined)
  expect(await read(store, ['b', 'a'])).toEqual({ 'a.jpg': '1' })
  expect(store.missing).toHaveLength(1)
})

test('a file tells when it was taken, but nothing before a ZIP can', async () => {
  const store = new Store({ a: '1', b: '2' })
  store.taken = { a: '1950-06-01T12:00:00', b: '2024-07-14T10:00:00' }
  const years: number[] = []
  for await (const { lastModified } of entriesOf(['a', 'b'], store.source())) years.push(lastModified.getFullYear())
  expect(years).toEqual([1980, 2024])
})

test('a ZIP of more files than 16 bits count tells how many there are', async () => {
  const entries = async function* (): AsyncGenerator<Entry> {
    await Promise.resolve()
    for (let number = 0; number < 66_000; number++) {
      const input = (async function* () {
        await Promise.resolve()
        yield new Uint8Array([65])
      })()
      yield { name: `${number}.txt`, size: 1, lastModified: new Date(2024, 0), input }
    }
  }
  const { value: zip } = await heldZips(entries()).next()
  const end = new DataView(await zip!.slice(-98).arrayBuffer())
  expect(end.getUint32(0, true)).toBe(0x06064b50)
  expect(end.getBigUint64(32, true)).toBe(66_000n)
  const directory = new DataView(await zip!.slice(Number(end.getBigUint64(48, true))).arrayBuffer())
  expect(directory.getUint32(0, true)).toBe(0x02014b50)
  expect(end.getBigUint64(64, true)).toBe(BigInt(zip!.size - 98))
}, 600_000)

test('a ZIP that the browser holds is begun anew where it would grow too large', async () => {
  const store = new Store({ a: '1'.repeat(60), b: '2'.repeat(30), c: '3'.repeat(200), d: '4' })
  const sizes: number[] = []
  for await (const blob of heldZips(entriesOf(['a', 'b', 'c', 'd'], store.source()), 100)) sizes.push(blob.size)
  expect(sizes).toHaveLength(3)
  expect(sizes[0]).toBeGreaterThan(90)
  expect(sizes[1]).toBeGreaterThan(200)
})

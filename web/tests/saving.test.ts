import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSaving } from '../src/downloads/saving'

type ServiceWorkerPart = {
  hearOfSaving(event: object): void
  answerSaving(event: object): Promise<Response> | null
}

/** The worker, and how often it was ended. Each `restart` has one that knows of nothing. */
let worker: ServiceWorkerPart
let frames: string[]
let living: Promise<unknown>[]
let abort: AbortController

async function restart(): Promise<void> {
  vi.resetModules()
  worker = await vi.importActual<ServiceWorkerPart>('../src/worker/saving')
}

const waitUntil = (work: Promise<unknown>) => void living.push(work)
/** What the browser is answered that asks for an address. */
const ask = (address: string) => worker.answerSaving({ request: new Request(`https://a.example${address}`), waitUntil })!

beforeEach(async () => {
  await restart()
  frames = []
  living = []
  abort = new AbortController()
  const controller = {
    postMessage: (data: unknown, ports: MessagePort[]) => worker.hearOfSaving({ data: structuredClone(data), ports, waitUntil }),
  }
  vi.stubGlobal('navigator', { serviceWorker: { controller } })
  vi.stubGlobal('window', new EventTarget())
  const frame = { remove: () => {} }
  vi.stubGlobal('document', {
    createElement: () => frame,
    body: { append: ({ src }: { src: string }) => void frames.push(src) },
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** The stream that a page writes to, and the answer that its browser saves. */
async function begin(name = 'a.zip'): Promise<{ into: WritableStream<Uint8Array>; answer: Response }> {
  const opening = openSaving(name, abort)
  await expect.poll(() => frames.length).toBe(1)
  const answer = await ask(frames[0]!)
  return { into: (await opening)!, answer }
}

function pieces(count: number, size = 1000): ReadableStream<Uint8Array> {
  let made = 0
  return new ReadableStream({
    pull: (to) => (made++ < count ? to.enqueue(new Uint8Array(size).fill(made)) : to.close()),
  })
}

test('what a page writes is what the browser saves, under its name', async () => {
  const { into, answer } = await begin("it's (1).zip")
  const [saved] = await Promise.all([answer.bytes(), pieces(50).pipeTo(into)])
  expect(saved).toEqual(await new Response(pieces(50)).bytes())
  expect(answer.headers.get('Content-Disposition')).toBe("attachment; filename*=UTF-8''it%27s%20%281%29.zip")
  await Promise.all(living) // the worker may end
})

test('no more is read than the browser takes', async () => {
  const { into, answer } = await begin()
  let read = 0
  const source = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(++read)) }, { highWaterMark: 0 })
  source.pipeTo(into).catch(() => {})
  const reader = answer.body!.getReader()
  for (let piece = 1; piece <= 5; piece++) expect((await reader.read()).value!.byteLength).toBe(piece)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(read).toBeLessThanOrEqual(7)
})

test('of a piece that lies in something larger only the piece is handed over', async () => {
  const { into, answer } = await begin()
  const writer = into.getWriter()
  void writer.write(new Uint8Array(1000).subarray(10, 13)).then(() => writer.close())
  const { value } = await answer.body!.getReader().read()
  expect([value!.byteLength, value!.buffer.byteLength]).toEqual([3, 3])
})

test('an address is answered once, and one that nobody has begun never', async () => {
  const { into } = await begin()
  expect((await ask(frames[0]!)).status).toBe(404)
  expect((await ask('/saving/00000000-0000-4000-8000-000000000000/a.zip')).status).toBe(404)
  expect(worker.answerSaving({ request: new Request('https://a.example/photo/1') })).toBeNull()
  await into.abort()
})

test('who cancels in the browser has the page stop reading', async () => {
  const { into, answer } = await begin()
  const stopped = vi.fn()
  const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(9)), cancel: stopped })
  const writing = endless.pipeTo(into)
  await answer.body!.cancel()
  await expect(writing).rejects.toMatchObject({ name: 'AbortError' })
  expect(stopped).toHaveBeenCalled()
  expect(abort.signal.aborted).toBe(true)
  await Promise.all(living)
})

test.each([['while the browser takes no more', 0], ['while it reads', 3]])(
  'who cancels in the page, %s, has a download that failed',
  async (_, count) => {
    const { into, answer } = await begin()
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(9)) })
    const writing = endless.pipeTo(into, { signal: abort.signal })
    const reader = answer.body!.getReader()
    for (let piece = 0; piece < count; piece++) await reader.read()
    abort.abort()
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' })
    await expect((async () => { while (!(await reader.read()).done); })()).rejects.toThrow('broken it off')
    await Promise.all(living)
  },
)

test('a page that is left breaks its download off', async () => {
  const { answer } = await begin()
  window.dispatchEvent(new Event('pagehide'))
  await expect(answer.bytes()).rejects.toThrow('broken it off')
})

test('a worker that was ended meanwhile has the page say so', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { into } = await begin()
  const writing = pieces(50).pipeTo(into)
  await restart()
  vi.advanceTimersByTime(10_000)
  await expect(writing).rejects.toThrow('The browser has ended it.')
})

test('a worker that answers no more is taken for ended', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { into } = await begin()
  const writing = pieces(50).pipeTo(into)
  navigator.serviceWorker.controller!.postMessage = () => {}
  vi.advanceTimersByTime(40_000)
  await expect(writing).rejects.toThrow('The browser has ended it.')
  expect(abort.signal.reason).toMatchObject({ message: 'The browser has ended it.' })
})

test('a worker that is at work is asked, and kept alive, until the end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { into, answer } = await begin()
  vi.advanceTimersByTime(30_000)
  expect(living.length).toBe(1 + 3)
  await Promise.all([answer.bytes(), pieces(2).pipeTo(into)])
  await Promise.all(living)
})

test('a worker that answers nothing is done without', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('navigator', { serviceWorker: { controller: { postMessage: () => {} } } })
  const opening = openSaving('a.zip', abort)
  vi.advanceTimersByTime(10_000)
  expect(await opening).toBeNull()
  expect(abort.signal.aborted).toBe(false)
})

test.each([['no worker', { serviceWorker: { controller: null } }], ['no such thing', {}]])('with %s there is none to do it', async (_, navigator) => {
  vi.stubGlobal('navigator', navigator)
  expect(await openSaving('a.zip', abort)).toBeNull()
})

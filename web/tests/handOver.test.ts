import { beforeEach, expect, test, vi } from 'vitest'
import { handOver } from '../src/offline/handOver'

vi.mock('../src/auth/keeper', () => ({ keeper: { session: { accessToken: 'token' } } }))

const HERE = 'https://photos.example.org'
const PICTURE = `/media/${'a'.repeat(24)}/1/480.webp`

let tell: (...entries: { path: string; startTime: number }[]) => void
let shown: string[]

beforeEach(() => {
  vi.stubGlobal('location', new URL(HERE))
  vi.spyOn(performance, 'now').mockReturnValue(1000)
  shown = []
  vi.stubGlobal('fetch', async (url: string) => {
    shown.push(url.slice(HERE.length))
    return new Response('')
  })
  vi.stubGlobal('PerformanceObserver', class {
    constructor(heard: (list: object) => void) {
      tell = (...entries) => {
        heard({ getEntries: () => entries.map(({ path, startTime }) => ({ name: HERE + path, startTime, workerStart: 0 })) })
      }
    }
    observe() {}
  })
  handOver()
})

test('what came before the worker is shown to it, also where it ends after that', async () => {
  tell({ path: '/api/timeline', startTime: 1 }, { path: '/assets/a.js', startTime: 2 })
  tell({ path: `${PICTURE}?s=old`, startTime: 999 })
  await expect.poll(() => shown).toEqual(['/api/timeline', `${PICTURE}?s=old`])
})

test('what is asked for to show it is not shown again, whatever the browser tells of it', async () => {
  tell({ path: '/api/timeline', startTime: 1 })
  tell({ path: '/api/timeline', startTime: 1001 }, { path: '/api/storage', startTime: 2 })
  await expect.poll(() => shown).toEqual(['/api/timeline', '/api/storage'])
})

test('an answer that breaks off keeps nothing else from being shown', async () => {
  const shows = fetch
  vi.stubGlobal('fetch', async (url: string) => {
    await shows(url)
    return new Response(new ReadableStream({ pull: (body) => body.error(new TypeError('Failed to fetch')) }))
  })
  tell({ path: '/api/timeline', startTime: 1 }, { path: '/api/storage', startTime: 2 })
  await expect.poll(() => shown).toEqual(['/api/timeline', '/api/storage'])
})

test('a picture is shown once, whatever its signatures', async () => {
  tell({ path: `${PICTURE}?s=old`, startTime: 1 }, { path: `${PICTURE}?s=new`, startTime: 2 }, { path: '/api/storage', startTime: 3 })
  await expect.poll(() => shown).toEqual([`${PICTURE}?s=old`, '/api/storage'])
})

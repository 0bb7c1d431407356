import { expect, test, vi } from 'vitest'
import { messageAndWait, messageOf, problemFrom, unreachable } from '../src/api/problem'
import { texts } from '../src/texts/texts'

const answered = (status: number, body: unknown) => messageOf(problemFrom(new Response(null, { status }), body))

test('an error of the server is told in the words of the page', () => {
  expect(answered(413, { code: 'storage_full', detail: 'In the server’s words.' })).toBe(texts.problems.storage_full)
})

test('what the limit is that was met is told', () => {
  expect(answered(413, { code: 'file_too_large', limit: 2e9 })).toContain('2 GB')
  expect(answered(413, { code: 'storage_full', limit: 5e12 })).toContain('5 TB')
  expect(answered(409, { code: 'too_many_uploads', limit: 1000 })).toContain('1,000 uploads')
})

test('an error that the server has learnt since the page was loaded is told in the words of the server', () => {
  expect(answered(409, { code: 'from_the_future', detail: 'In the server’s words.' })).toBe('In the server’s words.')
})

test('how long to wait is told where the server says so', () => {
  const refused = (headers: Record<string, string>) => messageAndWait(problemFrom(new Response(null, { status: 429, headers }), { code: 'too_many_requests' }))
  expect(refused({ 'Retry-After': '40' })).toBe(`${texts.problems.too_many_requests} ${texts.signIn.waitFor(40)}`)
  expect(refused({})).toBe(texts.problems.too_many_requests)
})

test('an answer that is not the server’s own tells its status', () => {
  expect(answered(502, '<html>')).toContain('502')
})

test('what the browser says to developers is told to nobody else', () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const error = new TypeError('Cannot read properties of undefined')
  expect(messageOf(error)).toBe(texts.api.unexpected)
  expect(logged).toHaveBeenCalledWith(error)
  expect(messageOf(unreachable())).toBe(texts.api.unreachable)
})

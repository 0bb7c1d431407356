import { expect, test } from 'vitest'
import { isPage, pastWorker, withoutPast } from '../src/app/addresses'
import { pages, searchPage, views } from '../src/app/pages'

const HERE = 'https://photos.example.org'
const isPageAt = (address: string) => isPage(new URL(address, HERE))

test.each([...pages, ...views, searchPage].map(({ path }) => path))('the page at %s opens without the network', (path) => {
  expect(isPageAt(path)).toBe(true)
})

test.each(['/index.html', '/login?next=/trash', '/photo/abcdefghijkl', '/share?full', '/folders/Trip 12.7', '/trash/photo/abcdefghijkl', '/welcome', '/invite#token', '/forgot', '/reset#token', '/confirm-email#token', '/account', '/admin/users'])(
  '%s is a page of the client',
  (address) => expect(isPageAt(address)).toBe(true),
)

test.each(['/api/docs', '/media/x', '/live', '/docs-assets/', '/robots.txt', '/bucket/a?X-Amz-Signature=s'])(
  '%s is none',
  (address) => expect(isPageAt(address)).toBe(false),
)

test.each(['/oauth2/callback?code=1', '/outpost.goauthentik.io/callback', '/cdn-cgi/access/authorized', '/.pomerium/callback'])(
  '%s, where the login of a proxy leads back to, is left to the network',
  (address) => expect(isPageAt(address)).toBe(false),
)

test('an address that leads past the worker is the same page but for that', () => {
  const past = new URL(pastWorker(`${HERE}/folders/Trips?a=b#c`))
  expect(isPage(past)).toBe(false)
  expect([past.pathname, past.hash]).toEqual(['/folders/Trips', '#c'])
  expect(withoutPast(Object.fromEntries(past.searchParams))).toEqual({ a: 'b' })
  expect(withoutPast({ a: 'b' })).toBeNull()
})

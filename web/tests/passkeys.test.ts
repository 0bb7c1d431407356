import { beforeEach, expect, test, vi } from 'vitest'
import { messageOf } from '../src/api/problem'
import { makePasskey, showPasskey } from '../src/auth/passkeys'
import { texts } from '../src/texts/texts'

const browser = vi.hoisted(() => ({ startAuthentication: vi.fn(), startRegistration: vi.fn(), WebAuthnAbortService: { cancelCeremony: vi.fn() } }))
vi.mock('@simplewebauthn/browser', () => browser)

const words = texts.factors.passkeys
const asked = { challenge: 'bm93' }
const toMake = { ...asked, rp: { name: 'Pinhole' }, user: { id: 'bWFyYQ', name: 'mara', displayName: 'mara' }, pubKeyCredParams: [] }
const refusal = (name: string) => Object.assign(new Error('For developers.'), { name })
const told = (call: Promise<unknown>) => call.then(() => 'nothing', messageOf)

let logged: ReturnType<typeof vi.spyOn>
beforeEach(() => (logged = vi.spyOn(console, 'error').mockImplementation(() => {})))

test('a passkey is what the browser says of it', async () => {
  browser.startAuthentication.mockResolvedValue({ id: 'one' })
  expect(await showPasskey(asked)).toEqual({ id: 'one' })
  expect(browser.startAuthentication).toHaveBeenCalledWith({ optionsJSON: asked })
})

test.each(['NotAllowedError', 'AbortError'])('an owner who shows none is told that it was none: %s', async (name) => {
  browser.startAuthentication.mockRejectedValue(refusal(name))
  expect(await told(showPasskey(asked))).toBe(words.cancelled)
  expect(logged).not.toHaveBeenCalled()
})

test('a device that has one already is told as that', async () => {
  browser.startRegistration.mockRejectedValue(refusal('InvalidStateError'))
  expect(await told(makePasskey(toMake))).toBe(words.known)
})

test('what a browser can’t do is told in the words of the page, and to developers in its own', async () => {
  browser.startRegistration.mockRejectedValue(refusal('SecurityError'))
  expect(await told(makePasskey(toMake))).toBe(words.failed)
  expect(logged).toHaveBeenCalledWith(expect.objectContaining({ message: 'For developers.' }))
})
